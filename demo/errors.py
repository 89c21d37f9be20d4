"""Errors as services should raise them: a code, a sentence, and details in grpc-status-details-bin."""

import grpc


class Errors:
    DOMAIN = "legal.example"

    def __init__(self, protos):
        self.Status = protos.message("google.rpc.Status")
        self.ErrorInfo = protos.message("google.rpc.ErrorInfo")
        self.BadRequest = protos.message("google.rpc.BadRequest")

    def abort(self, context, code, message, *details):
        """Ends the call; never returns."""
        status = self.Status(code=code.value[0], message=message)
        for detail in details:
            status.details.add().Pack(detail)
        context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
        context.abort(code, message)

    def not_found(self, context, resource):
        info = self.ErrorInfo(reason="RESOURCE_NOT_FOUND", domain=self.DOMAIN, metadata={"resource": resource})
        self.abort(context, grpc.StatusCode.NOT_FOUND, f"no {resource}", info)

    def already_exists(self, context, resource):
        info = self.ErrorInfo(reason="RESOURCE_EXISTS", domain=self.DOMAIN, metadata={"resource": resource})
        self.abort(context, grpc.StatusCode.ALREADY_EXISTS, f"{resource} exists already", info)

    def bad_field(self, context, field, description):
        bad = self.BadRequest()
        bad.field_violations.add(field=field, description=description)
        self.abort(context, grpc.StatusCode.INVALID_ARGUMENT, f"{field}: {description}", bad)
