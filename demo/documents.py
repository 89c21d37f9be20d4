"""legal.v1.Documents: documents in memory, kept in the order of their names."""

import base64
import re
import threading
import uuid

ID = re.compile(r"[A-Za-z0-9-]{1,63}")
OUTPUT_ONLY = {"name", "create_time", "update_time", "revision"}


class Documents:
    """The servicer. Every document that leaves is a copy made under the lock."""

    def __init__(self, protos, errors):
        self._errors = errors
        self._Document = protos.message("legal.v1.Document")
        self._ListResponse = protos.message("legal.v1.ListDocumentsResponse")
        self._Empty = protos.message("google.protobuf.Empty")
        self._lock = threading.Lock()
        self._documents = {}
        self._states = protos.enum("legal.v1.Document.State")
        self._seed()

    def _seed(self):
        for number, (title, client, state) in enumerate(
            [
                ("Software maintenance agreement", "Northwind Harbour GmbH", "FINAL"),
                ("Non-disclosure agreement", "Kveldsol Seafood AS", "IN_REVIEW"),
                ("Lease of Warehouse 7", "Halvorsen & Pike Ltd", "DRAFT"),
            ],
            start=1,
        ):
            document = self._Document(title=title, state=self._states[state], labels={"demo": "yes"})
            document.matter.client = client
            document.matter.parties.extend([client, "Example & Sons"])
            self._add(f"documents/{number}", document)

    def _add(self, name, document):
        document.name = name
        document.revision = 1
        document.create_time.GetCurrentTime()
        document.update_time.CopyFrom(document.create_time)
        self._documents[name] = document

    def _copy(self, document):
        copy = self._Document()
        copy.CopyFrom(document)
        return copy

    def _find(self, name, field, context):
        """The document, or the end of the call. To be called under the lock."""
        if not re.fullmatch(r"documents/[^/]+", name):
            self._errors.bad_field(context, field, "expected documents/ID")
        document = self._documents.get(name)
        if document is None:
            self._errors.not_found(context, name)
        return document

    def Get(self, request, context):
        with self._lock:
            return self._copy(self._find(request.name, "name", context))

    def List(self, request, context):
        if request.page_size < 0:
            self._errors.bad_field(context, "page_size", "must not be negative")
        size = min(request.page_size or 20, 100)
        after = self._read_token(request.page_token, context)
        response = self._ListResponse()
        with self._lock:
            names = sorted(name for name, document in self._documents.items() if self._wanted(document, request))
            response.total_size = len(names)
            rest = [name for name in names if name > after]
            response.documents.extend(self._documents[name] for name in rest[:size])
            if len(rest) > size:
                response.next_page_token = base64.urlsafe_b64encode(rest[size - 1].encode()).decode()
        return response

    @staticmethod
    def _wanted(document, request):
        if request.state and document.state != request.state:
            return False
        return all(document.labels.get(key, None) == value for key, value in request.labels.items())

    def _read_token(self, token, context):
        try:
            return base64.b64decode(token, altchars="-_", validate=True).decode()
        except ValueError:  # not base64, or not UTF-8 in it
            self._errors.bad_field(context, "page_token", "not a token of an earlier answer")

    def Create(self, request, context):
        if not request.document.title:
            self._errors.bad_field(context, "document.title", "must not be empty")
        identity = request.document_id or uuid.uuid4().hex[:12]
        if not ID.fullmatch(identity):
            self._errors.bad_field(context, "document_id", "expected 1 to 63 letters, digits or -")
        name = f"documents/{identity}"
        document = self._copy(request.document)
        with self._lock:
            if name in self._documents:
                self._errors.already_exists(context, name)
            self._add(name, document)
            return self._copy(document)

    def Update(self, request, context):
        mask = list(request.update_mask.paths)
        if not mask or mask == ["*"]:
            mask = [field.name for field, _ in request.document.ListFields()]
        with self._lock:
            old = self._find(request.document.name, "document.name", context)
            document = self._copy(old)
            for path in mask:
                if path.split(".")[0] not in OUTPUT_ONLY:
                    self._set(request.document, document, path, context)
            document.revision += 1
            document.update_time.GetCurrentTime()
            self._documents[document.name] = document
            return self._copy(document)

    def _set(self, source, target, path, context):
        """target.path = source.path, where an absent field clears."""
        *parents, last = path.split(".")
        for name in parents:
            field = source.DESCRIPTOR.fields_by_name.get(name)
            if field is None or field.message_type is None or field.label == field.LABEL_REPEATED:
                self._errors.bad_field(context, "update_mask", f"no field {path} in a document")
            source, target = getattr(source, name), getattr(target, name)
        field = source.DESCRIPTOR.fields_by_name.get(last)
        if field is None:
            self._errors.bad_field(context, "update_mask", f"no field {path} in a document")
        target.ClearField(last)
        value = getattr(source, last)
        if field.message_type is not None and field.message_type.GetOptions().map_entry:
            getattr(target, last).update(value)
        elif field.label == field.LABEL_REPEATED:
            getattr(target, last).MergeFrom(value)
        elif field.message_type is not None:
            if source.HasField(last):
                getattr(target, last).CopyFrom(value)
        elif not field.has_presence or source.HasField(last):
            setattr(target, last, value)

    def Delete(self, request, context):
        with self._lock:
            self._find(request.name, "name", context)
            del self._documents[request.name]
        return self._Empty()
