"""HTTP/1.1 byte by byte: for what a well-behaved client never sends, and for seeing exactly what comes back."""

import dataclasses
import json
import socket
import ssl

from .process import PATIENCE


@dataclasses.dataclass
class Response:
    status: int
    headers: list  # (lower-case name, value)
    body: bytes
    trailers: list
    interim: list  # statuses of 1xx responses before it

    def header(self, name):
        """The values of the header joined as RFC 9110 allows, or None."""
        values = [value for each, value in self.headers if each == name]
        return ", ".join(values) if values else None

    def json(self):
        return json.loads(self.body)


class Closed(Exception):
    """The peer closed the connection where a response, or the rest of one, was due."""


class Connection:
    def __init__(self, address, tls=None, server_name="localhost", receive_buffer=None):
        self.socket = socket.socket()
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(PATIENCE)
        self.socket.connect(address)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if tls:
            self.socket = tls.wrap_socket(self.socket, server_hostname=server_name)
        self.buffer = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data.encode() if isinstance(data, str) else data)

    def send_request(self, method, target, body=None, headers=()):
        lines = [f"{method} {target} HTTP/1.1", "Host: localhost", *headers]
        if body is not None:
            lines += [f"Content-Length: {len(body)}"]
        self.send("\r\n".join(lines).encode() + b"\r\n\r\n" + (body or b""))

    def request(self, method, target, body=None, headers=()):
        self.send_request(method, target, body, headers)
        return self.read_response(method)

    def _fill(self):
        try:
            data = self.socket.recv(65536)
        except (ConnectionResetError, ssl.SSLEOFError):
            data = b""
        if not data:
            raise Closed
        self.buffer += data

    def read_exactly(self, n):
        while len(self.buffer) < n:
            self._fill()
        data, self.buffer = self.buffer[:n], self.buffer[n:]
        return data

    def read_line(self):
        while b"\r\n" not in self.buffer:
            self._fill()
        line, _, self.buffer = self.buffer.partition(b"\r\n")
        return line.decode("latin-1")

    def _read_fields(self):
        fields = []
        while line := self.read_line():
            name, _, value = line.partition(":")
            fields.append((name.lower(), value.strip()))
        return fields

    def read_head(self):
        """(status, headers) of the next response, interim ones included."""
        version, status, _ = (self.read_line() + " ").split(" ", 2)
        assert version == "HTTP/1.1", version
        return int(status), self._read_fields()

    def read_chunk(self):
        """The next chunk of a chunked body; b"" for the last."""
        chunk = self.read_exactly(int(self.read_line().split(";")[0], 16))
        if chunk:
            assert self.read_line() == ""
        return chunk

    def read_response(self, method="GET"):
        interim = []
        status, headers = self.read_head()
        while status < 200:
            interim.append(status)
            status, headers = self.read_head()
        response = Response(status, headers, b"", [], interim)
        if method == "HEAD" or status in (204, 304):
            return response
        if response.header("transfer-encoding") == "chunked":
            assert response.header("content-length") is None, "a response with both framings"
            while chunk := self.read_chunk():
                response.body += chunk
            response.trailers = self._read_fields()
        elif response.header("content-length") is not None:
            response.body = self.read_exactly(int(response.header("content-length")))
        else:
            assert response.header("connection") == "close", f"no framing and no close: {headers}"
            try:
                while True:
                    self._fill()
            except Closed:
                response.body, self.buffer = self.buffer, b""
        return response

    def closed_by_peer(self, timeout=PATIENCE):
        """Whether the peer closes the connection, without another byte, within timeout."""
        if self.buffer:
            return False
        self.socket.settimeout(timeout)
        try:
            return self.socket.recv(1) == b""
        except (ConnectionResetError, ssl.SSLEOFError):
            return True
        except TimeoutError:
            return False
        finally:
            self.socket.settimeout(PATIENCE)
