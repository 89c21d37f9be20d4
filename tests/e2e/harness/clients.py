"""The clients of the cases, behind one face: ours, which see every byte, and httpx, which is what people use."""

import dataclasses
import gzip
import json
import urllib.parse

import httpx

from . import http1, http2
from .process import PATIENCE

BOUNDARY = "e2e-boundary"


@dataclasses.dataclass
class Answer:
    status: int
    headers: list  # (lower-case name, value)
    body: bytes
    trailers: dict  # None: this client does not show them

    def unzip(self):
        """For the clients that do not do it themselves."""
        fields = dict(self.headers)
        if fields.get("content-encoding") == "gzip" and self.body:
            assert int(fields.get("content-length", len(self.body))) == len(self.body)
            self.body = gzip.decompress(self.body)
        return self


def name_parts(parts):
    """The parts of a form: name, content, and, of a file, filename and type."""
    for part in parts:
        content = part["content"]
        yield part, content.encode() if isinstance(content, str) else content


def multipart(parts):
    body = b""
    for part, content in name_parts(parts):
        body += f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{part["name"]}"'.encode()
        body += f'; filename="{part["filename"]}"'.encode() if "filename" in part else b""
        body += f"\r\nContent-Type: {part['type']}".encode() if "type" in part else b""
        body += b"\r\n\r\n" + content + b"\r\n"
    return body + f"--{BOUNDARY}--\r\n".encode()


def body_of(case):
    """(body or None, content-type or None) as the case gives it."""
    if "json" in case:
        body, kind = json.dumps(case["json"], ensure_ascii=False).encode(), "application/json"
    elif "form" in case:
        body, kind = urllib.parse.urlencode(case["form"], doseq=True).encode(), "application/x-www-form-urlencoded"
    elif "multipart" in case:
        body, kind = multipart(case["multipart"]), f"multipart/form-data; boundary={BOUNDARY}"
    else:
        body, kind = case.get("body"), None
    body = body.encode() if isinstance(body, str) else body
    return gzip.compress(body) if case.get("gzip") else body, kind


def headers_of(case, kind):
    """The case's headers, one for each value, and those that its body wants."""
    fields = []
    for name, value in case.get("headers", {}).items():
        fields += [(name, str(each)) for each in (value if isinstance(value, list) else [value])]
    names = {name.lower() for name, _ in fields}
    if kind and "content-type" not in names:
        fields.append(("Content-Type", kind))
    if case.get("gzip") and "content-encoding" not in names:
        fields.append(("Content-Encoding", "gzip"))
    return fields


class Client:
    """One connection, made again when the last request has broken it."""

    def __init__(self, sidespan):
        self.sidespan, self.connection = sidespan, None

    def close(self):
        if self.connection:
            self.connection.close()
            self.connection = None


class Http1(Client):
    def send(self, case, method, target):
        body, kind = body_of(case)
        fields = [f"{name}: {value}" for name, value in headers_of(case, kind)]
        if case.get("chunked"):
            fields.append("Transfer-Encoding: chunked")
            half = len(body) // 2
            pieces = [piece for piece in (body[:half], body[half:]) if piece]
            body = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"
        elif body is not None:
            fields.append(f"Content-Length: {len(body)}")
        if not any(field.lower().startswith("host:") for field in fields):
            fields.insert(0, "Host: localhost")
        if self.connection is None:
            self.connection = http1.Connection(self.sidespan.address())
        head = "\r\n".join([f"{method} {target} HTTP/1.1", *fields]) + "\r\n\r\n"
        self.connection.send(head.encode() + (body or b""))
        response = self.connection.read_response(method)
        if response.header("connection") == "close":
            self.close()
        return Answer(response.status, response.headers, response.body, dict(response.trailers)).unzip()


class Http2(Client):
    def send(self, case, method, target):
        body, kind = body_of(case)
        fields = [(name.lower(), value) for name, value in headers_of(case, kind)]
        if self.connection is None:
            self.connection = http2.Connection(self.sidespan.address())
        stream = self.connection.request(method, target, body, fields)
        assert stream.reset is None, f"reset with {stream.reset}, status {stream.status}"
        return Answer(stream.status, list(stream.headers.items()), stream.body, stream.trailers or {}).unzip()


class Httpx(Client):
    two = False

    @staticmethod
    def keeps(target):
        """Whether httpx sends the target as it is."""
        try:
            return httpx.URL("http://localhost" + target).raw_path == target.encode()
        except httpx.InvalidURL:
            return False

    @staticmethod
    def content(case):
        """Bodies as httpx makes them."""
        if "multipart" in case:
            parts = [
                (part["name"], (part.get("filename"), content, *([part["type"]] if "type" in part else [])))
                for part, content in name_parts(case["multipart"])
            ]
            return {"files": parts}
        if not case.get("gzip") and "form" in case:
            return {"data": case["form"]}
        if not case.get("gzip") and "json" in case:
            return {"json": case["json"]}
        body, _ = body_of(case)
        return {"content": iter([body]) if case.get("chunked") else body}

    def send(self, case, method, target):
        if self.connection is None:
            url = self.sidespan.url()
            self.connection = httpx.Client(
                base_url=url, http1=not self.two, http2=self.two, timeout=PATIENCE, trust_env=False
            )
        body = self.content(case)
        _, kind = body_of(case)
        headers = headers_of(case, kind if "content" in body else None)
        response = self.connection.request(method, target, headers=headers, **body)
        fields = [(name.lower(), value) for name, value in response.headers.multi_items()]
        return Answer(response.status_code, fields, response.content, None)


class Httpx2(Httpx):
    two = True


CLIENTS = {"http1": Http1, "http2": Http2, "httpx": Httpx, "httpx2": Httpx2}
