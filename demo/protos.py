"""Message classes of .proto files, made by protoc when the service starts: nothing generated is kept."""

import pathlib
import subprocess
import tempfile

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory


class Protos:
    """The types of some .proto files, by full name: protos.message("legal.v1.Document")."""

    def __init__(self, roots, files):
        with tempfile.TemporaryDirectory() as folder:
            out = pathlib.Path(folder, "protos.pb")
            includes = [f"-I{root}" for root in roots]
            names = [str(name) for name in files]
            subprocess.run(
                ["protoc", *includes, "--include_imports", f"--descriptor_set_out={out}", *names], check=True
            )
            descriptors = descriptor_pb2.FileDescriptorSet.FromString(out.read_bytes())
        self.pool = descriptor_pool.DescriptorPool()
        for file in descriptors.file:  # protoc writes imports before those who import them
            self.pool.AddSerializedFile(file.SerializeToString())
        self._factory = message_factory.MessageFactory(self.pool)

    def message(self, full_name):
        return self._factory.GetPrototype(self.pool.FindMessageTypeByName(full_name))

    def service(self, full_name):
        return self.pool.FindServiceByName(full_name)

    def enum(self, full_name):
        """Numbers by name."""
        return {value.name: value.number for value in self.pool.FindEnumTypeByName(full_name).values}

    def handlers(self, grpc, full_name, servicer):
        """The grpc handler of a service whose methods are those of servicer with the same names."""
        shapes = {
            (False, False): grpc.unary_unary_rpc_method_handler,
            (False, True): grpc.unary_stream_rpc_method_handler,
            (True, False): grpc.stream_unary_rpc_method_handler,
            (True, True): grpc.stream_stream_rpc_method_handler,
        }
        methods = {}
        for method in self.service(full_name).methods:
            proto = descriptor_pb2.MethodDescriptorProto()
            method.CopyToProto(proto)
            shape = shapes[proto.client_streaming, proto.server_streaming]
            methods[method.name] = shape(
                getattr(servicer, method.name),
                request_deserializer=self.message(method.input_type.full_name).FromString,
                response_serializer=lambda message: message.SerializeToString(),
            )
        return grpc.method_handlers_generic_handler(full_name, methods)
