"""google-cloud-translate's own client over REST, and a gRPC service behind; runs in the environment of requirements.txt.

  translate.py service FOLDER     writes FOLDER/translate.pb and FOLDER/routes.yaml, prints its port, serves until stdin ends
  translate.py calls HOST:PORT    makes the client's calls there, and prints {name: what came} as JSON

The package holds messages, and what its REST client sends for each method; the service's descriptor and the routes are made
from those, as the published google/cloud/translate/v3/translation_service.proto has them."""

import concurrent.futures
import json
import pathlib
import re
import sys

import grpc
from google.api_core import exceptions, operation
from google.auth.credentials import AnonymousCredentials
from google.cloud import translate_v3 as translate
from google.cloud.translate_v3.services.translation_service.transports import (
    TranslationServiceGrpcTransport,
    TranslationServiceRestTransport,
)
from google.cloud.translate_v3.services.translation_service.transports.rest_base import _BaseTranslationServiceRestTransport
from google.longrunning import operations_pb2
from google.protobuf import any_pb2, descriptor_pb2, empty_pb2, field_mask_pb2
from google.rpc import status_pb2

SERVICE = "google.cloud.translation.v3.TranslationService"
PARENT = "projects/p/locations/global"
GLOSSARY = f"{PARENT}/glossaries/law"
ENTRY = f"{GLOSSARY}/glossaryEntries/1"


# ---- what the package knows of the service ----


def recorder():
    """A channel that only notes the methods that are asked of it, in its `methods`: {path: (serializer, deserializer)}."""
    found = {}

    def note(self, path, request_serializer=None, response_deserializer=None, *_, **__):
        found[path] = (request_serializer, response_deserializer)
        return lambda *args, **kwargs: None

    members = {name: lambda self, *_, **__: None for name in grpc.Channel.__abstractmethods__}
    return type("Recorder", (grpc.Channel,), {**members, "unary_unary": note, "methods": found})()


def descriptor_of(function):
    """The descriptor of the class whose serializer or parser this is: of proto-plus, or of protobuf."""
    owner = getattr(function, "__self__", None)
    if owner is not None:
        return owner.pb().DESCRIPTOR if hasattr(owner, "pb") else owner.DESCRIPTOR
    return operations_pb2.Operation.DESCRIPTOR if "Operation" in repr(function) else None


def methods():
    """{name: (input, output, http options)} of TranslationService."""
    channel = recorder()
    transport = TranslationServiceGrpcTransport(channel=channel)
    transport._logged_channel = channel  # the interceptors around it ask only when a call is made
    transport._stubs.clear()
    found = {}
    for name in dir(_BaseTranslationServiceRestTransport):
        if not re.match(r"_Base[A-Z]", name):
            continue
        method = name.removeprefix("_Base")
        getattr(transport, re.sub(r"(?<!^)(?=[A-Z])", "_", method).lower(), None)
        path = f"/{SERVICE}/{method}"
        if path in channel.methods:
            request, response = channel.methods[path]
            options = getattr(_BaseTranslationServiceRestTransport, name)._get_http_options()
            found[method] = (descriptor_of(request), descriptor_of(response) or operations_pb2.Operation.DESCRIPTOR, options)
    return found


def add_file(files, file):
    if file.name in files:
        return
    for each in file.dependencies:
        add_file(files, each)
    proto = descriptor_pb2.FileDescriptorProto()
    file.CopyToProto(proto)
    files[file.name] = proto


def write_descriptors(path, found):
    files = {}
    service = descriptor_pb2.FileDescriptorProto(name="translation.proto", package=SERVICE.rpartition(".")[0], syntax="proto3")
    made = service.service.add(name=SERVICE.rpartition(".")[2])
    for method, (request, response, _) in found.items():
        for each in (request, response):
            add_file(files, each.file)
            if each.file.name not in service.dependency:
                service.dependency.append(each.file.name)
        made.method.add(name=method, input_type="." + request.full_name, output_type="." + response.full_name)
    add_file(files, operations_pb2.DESCRIPTOR)
    path.write_bytes(descriptor_pb2.FileDescriptorSet(file=[*files.values(), service]).SerializeToString())


def write_routes(path, found):
    rules = []
    for method, (_, _, options) in found.items():
        bindings = [
            {option["method"]: option["uri"], **({"body": option["body"]} if "body" in option else {})} for option in options
        ]
        rules.append({"selector": f"{SERVICE}.{method}", **bindings[0], "additional_bindings": bindings[1:]})
    operations = _BaseTranslationServiceRestTransport._BaseGetOperation._get_http_options()
    rules.append({"selector": "google.longrunning.Operations.GetOperation", "get": operations[0]["uri"]})
    document = {"type": "google.api.Service", "config_version": 3, "upstream": "translate", "http": {"rules": rules}}
    path.write_text(json.dumps(document))  # JSON is YAML


# ---- the service ----


def pack(message):
    packed = any_pb2.Any()
    packed.Pack(message)
    return packed


class Service:
    """What the tests ask of TranslationService. A language XX is echoed in brackets."""

    def __init__(self):
        self.polls = 0

    def TranslateText(self, r, context):
        if not r.target_language_code:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, "target_language_code is missing")
        return translate.TranslateTextResponse(
            translations=[{"translated_text": f"[{r.target_language_code}] {text}"} for text in r.contents]
        )

    def DetectLanguage(self, r, context):
        return translate.DetectLanguageResponse(languages=[{"language_code": "de", "confidence": 0.75}])

    def GetSupportedLanguages(self, r, context):
        return translate.SupportedLanguages(
            languages=[{"language_code": r.display_language_code, "display_name": r.model, "support_target": True}]
        )

    def TranslateDocument(self, r, context):
        return translate.TranslateDocumentResponse(
            document_translation={"byte_stream_outputs": [r.document_input_config.content[::-1]], "mime_type": "text/plain"}
        )

    def ListGlossaries(self, r, context):
        first = int(r.page_token or 0)
        names = [f"{r.parent}/glossaries/{i}" for i in range(first, min(first + r.page_size, 7))]
        more = str(first + r.page_size) if first + r.page_size < 7 else ""
        return translate.ListGlossariesResponse(glossaries=[{"name": name} for name in names], next_page_token=more)

    def UpdateGlossary(self, r, context):
        masked = translate.Glossary(name=r.glossary.name, display_name=r.glossary.display_name, entry_count=len(r.update_mask.paths))
        return operations_pb2.Operation(name=f"{PARENT}/operations/1", done=True, response=pack(translate.Glossary.pb(masked)))

    def UpdateGlossaryEntry(self, r, context):
        return r.glossary_entry

    def CreateGlossary(self, r, context):
        self.polls = 0
        metadata = translate.CreateGlossaryMetadata(name=r.glossary.name, state="RUNNING")
        return operations_pb2.Operation(name=f"{PARENT}/operations/2", metadata=pack(translate.CreateGlossaryMetadata.pb(metadata)))

    def GetOperation(self, r, context):
        self.polls += 1
        done = self.polls > 1
        made = pack(translate.Glossary.pb(translate.Glossary(name=GLOSSARY, entry_count=3)))
        return operations_pb2.Operation(name=r.name, done=done, response=made if done else None)

    def DeleteGlossaryEntry(self, r, context):
        if r.name != ENTRY:
            detail = status_pb2.Status(code=5, message=f"no entry {r.name}")
            context.set_trailing_metadata([("grpc-status-details-bin", detail.SerializeToString())])
            context.abort(grpc.StatusCode.NOT_FOUND, detail.message)
        return empty_pb2.Empty()


def handler_of(function, request_class, plus):
    def run(raw, context):
        request = request_class.deserialize(raw) if plus else request_class.FromString(raw)
        answer = function(request, context)
        return type(answer).serialize(answer) if hasattr(type(answer), "serialize") else answer.SerializeToString()

    return grpc.unary_unary_rpc_method_handler(run)


def serve(folder):
    found = methods()
    write_descriptors(folder / "translate.pb", found)
    write_routes(folder / "routes.yaml", found)
    service = Service()
    handlers = {
        name: handler_of(getattr(service, name), getattr(translate, found[name][0].name), True)
        for name in dir(service)
        if name in found
    }
    server = grpc.server(concurrent.futures.ThreadPoolExecutor(4))
    operations = {"GetOperation": handler_of(service.GetOperation, operations_pb2.GetOperationRequest, False)}
    server.add_generic_rpc_handlers([
        grpc.method_handlers_generic_handler(SERVICE, handlers),
        grpc.method_handlers_generic_handler("google.longrunning.Operations", operations),
    ])
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(port, flush=True)
    sys.stdin.read()
    server.stop(0).wait()


# ---- the client ----


def refused(call):
    """Name of the exception that the client makes of the answer, and the google.rpc.Status that the answer is."""
    try:
        call()
    except exceptions.GoogleAPICallError as error:
        status = error.response.json()
        return [type(error).__name__, status["code"], status["message"]]
    return None


def make_calls(host):
    transport = TranslationServiceRestTransport(host=host, credentials=AnonymousCredentials(), url_scheme="http")
    client = translate.TranslationServiceClient(transport=transport)
    text = client.translate_text(parent=PARENT, contents=["Vertrag", "§ 5 & 合同"], target_language_code="fr")
    short = client.translate_text(parent="projects/p", contents=["x"], target_language_code="fr")  # the second binding
    languages = client.get_supported_languages(parent=PARENT, display_language_code="de", model="nmt + x")
    document = client.translate_document(
        {"parent": PARENT, "target_language_code": "fr", "document_input_config": {"content": b"\x00\xff abc", "mime_type": "text/plain"}}
    )
    pages = client.list_glossaries(request={"parent": PARENT, "page_size": 3})
    mask = field_mask_pb2.FieldMask(paths=["display_name"])
    updated = client.update_glossary(glossary={"name": GLOSSARY, "display_name": "Recht"}, update_mask=mask)
    entry = client.update_glossary_entry(
        glossary_entry={"name": ENTRY, "terms_pair": {"source_term": {"language_code": "de", "text": "Recht"}}, "description": "d"}
    )
    created = client.create_glossary(parent=PARENT, glossary={"name": GLOSSARY})
    assert isinstance(created, operation.Operation)
    return {
        "translate_text": [each.translated_text for each in text.translations],
        "second_binding": [each.translated_text for each in short.translations],
        "detect_language": client.detect_language(parent=PARENT, content="Vertrag").languages[0].confidence,
        "supported": [languages.languages[0].language_code, languages.languages[0].display_name],
        "document": document.document_translation.byte_stream_outputs[0].hex(),
        "pages": [glossary.name for glossary in pages],
        "patch_operation": [updated.result(timeout=20).display_name, updated.result().entry_count],
        "patch": [entry.name, entry.terms_pair.source_term.text, entry.description],
        "operation": [created.metadata.state.name, created.result(timeout=20).entry_count],
        "deleted": client.delete_glossary_entry(name=ENTRY),
        "not_found": refused(lambda: client.delete_glossary_entry(name=f"{GLOSSARY}/glossaryEntries/2")),
        "invalid": refused(lambda: client.translate_text(parent=PARENT, contents=["x"])),
    }


def main():
    if sys.argv[1] == "service":
        serve(pathlib.Path(sys.argv[2]))
    else:
        print(json.dumps(make_calls(sys.argv[2])))


if __name__ == "__main__":
    main()
