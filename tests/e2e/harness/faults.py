"""Services that misbehave, on plain sockets: each connection runs a script of the test's, in a thread of its own."""

import contextlib
import socket
import ssl
import struct
import threading

import h2.config
import h2.connection
import h2.events
import h2.exceptions
import h2.settings



def grpc_frame(payload, compressed=0, length=None):
    return struct.pack(">BI", compressed, len(payload) if length is None else length) + payload


class Listener:
    """Accepts and gives each connection to serve(socket), in a thread. accepted counts them."""

    def __init__(self, serve, tls=None):
        self.serve, self.tls, self.accepted = serve, tls, 0
        self.socket = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = self.socket.getsockname()[1]
        self.open = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            self.accepted += 1
            self.open.append(connection)
            threading.Thread(target=self._run, args=(connection,), daemon=True).start()

    def _run(self, connection):
        with contextlib.suppress(OSError, ssl.SSLError, h2.exceptions.ProtocolError):
            if self.tls:
                connection = self.tls.wrap_socket(connection, server_side=True)
                self.open.append(connection)
            self.serve(connection)
        connection.close()

    def close(self):
        # shutdown wakes the thread in accept(); close alone does not.
        for each in [self.socket, *self.open]:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()


class H2Server:
    """HTTP/2 as a server whose answer is on_request(server, stream id, path), called when a request has come whole."""

    def __init__(self, connection, on_request, settings=None, validate=True):
        self.socket = connection
        self.on_request = on_request
        config = h2.config.H2Configuration(
            client_side=False, header_encoding="utf-8", validate_outbound_headers=validate, normalize_outbound_headers=validate
        )
        self.h2 = h2.connection.H2Connection(config)
        if settings:
            self.h2.local_settings = h2.settings.Settings(client=False, initial_values=settings)
        self.resets = []  # streams that the client reset
        self.paths = {}
        self.heads = {}  # [(name, value)] of each stream's request

    def run(self):
        self.h2.initiate_connection()
        self.flush()
        while data := self.socket.recv(65536):
            for event in self.h2.receive_data(data):
                if isinstance(event, h2.events.RequestReceived):
                    self.heads[event.stream_id] = event.headers
                    self.paths[event.stream_id] = dict(event.headers)[":path"]
                elif isinstance(event, h2.events.DataReceived):
                    self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
                elif isinstance(event, h2.events.StreamReset):
                    self.resets.append(event.stream_id)
                elif isinstance(event, h2.events.StreamEnded):
                    self.flush()
                    self.on_request(self, event.stream_id, self.paths[event.stream_id])
            self.flush()

    def flush(self):
        self.socket.sendall(self.h2.data_to_send())

    def head(self, stream, *extra, status="200", content_type="application/grpc"):
        self.h2.send_headers(stream, [(":status", status), ("content-type", content_type), *extra])
        self.flush()

    def data(self, stream, data, end=False):
        self.h2.send_data(stream, data, end_stream=end)
        self.flush()

    def trailers(self, stream, *fields):
        self.h2.send_headers(stream, fields, end_stream=True)
        self.flush()

    def answer(self, stream, payload=b"", status="0"):
        """A whole unary answer."""
        self.head(stream)
        self.data(stream, grpc_frame(payload))
        self.trailers(stream, ("grpc-status", status))

    def kill(self):
        """RST of the TCP connection."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()


def h2_service(on_request, tls=None, settings=None, validate=True):
    return Listener(lambda connection: H2Server(connection, on_request, settings, validate).run(), tls)


def silent_service():
    """Accepts, reads, and never says a byte."""

    def serve(connection):
        while connection.recv(65536):
            pass

    return Listener(serve)


def server_tls(certificate, key, client_ca=None, alpn=("h2",)):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    if alpn:
        context.set_alpn_protocols(list(alpn))
    if client_ca:
        context.load_verify_locations(client_ca)
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def refused_port():
    """A port on which nothing listens.."""
    with socket.create_server(("127.0.0.1", 0)) as s:
        return s.getsockname()[1]
