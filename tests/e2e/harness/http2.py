"""An HTTP/2 client that shows what httpx hides: trailers, resets, windows, GOAWAY."""

import dataclasses
import json
import socket

import h2.config
import h2.connection
import h2.events
import h2.settings

from .process import PATIENCE


@dataclasses.dataclass
class Stream:
    status: int = None
    headers: dict = None
    body: bytes = b""
    trailers: dict = None
    ended: bool = False
    reset: int = None  # error code of RST_STREAM

    def json(self):
        return json.loads(self.body)


class Connection:
    def __init__(self, address, tls=None, server_name="localhost", window=None):
        self.socket = socket.create_connection(address, PATIENCE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if tls:
            tls.set_alpn_protocols(["h2", "http/1.1"])
            self.socket = tls.wrap_socket(self.socket, server_hostname=server_name)
            assert self.socket.selected_alpn_protocol() == "h2"
        self.scheme = "https" if tls else "http"
        config = h2.config.H2Configuration(client_side=True, header_encoding="utf-8", validate_outbound_headers=False)
        self.h2 = h2.connection.H2Connection(config)
        if window is not None:
            self.h2.local_settings = h2.settings.Settings(
                client=True, initial_values={h2.settings.SettingCodes.INITIAL_WINDOW_SIZE: window}
            )
        self.consume = True  # give credit back as data comes
        self.held = set()  # streams that get none back, though the connection does
        self.goaway = None  # error code
        self.goaways = []  # (last stream, error code) of each
        self._partial = b""
        self.streams = {}
        self.h2.initiate_connection()
        self.flush()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def flush(self):
        self.socket.sendall(self.h2.data_to_send())

    def start(self, method, path, body=None, headers=(), end=True):
        """Sends a request; its stream id."""
        stream = self.h2.get_next_available_stream_id()
        self.streams[stream] = Stream()
        fields = [(":method", method), (":scheme", self.scheme), (":authority", "localhost"), (":path", path), *headers]
        self.h2.send_headers(stream, fields, end_stream=end and body is None)
        if body is not None:
            self.h2.send_data(stream, body, end_stream=end)
        self.flush()
        return stream

    def send(self, stream, data, end=False):
        self.h2.send_data(stream, data, end_stream=end)
        self.flush()

    def reset(self, stream, code=8):
        self.h2.reset_stream(stream, code)
        self.flush()

    def read(self):
        """Takes what the socket has; False at its end."""
        data = self.socket.recv(65536)
        if not data:
            return False
        for event in self.h2.receive_data(self._without_goaway(data)):
            self._take(event)
        self.flush()
        return True

    def _without_goaway(self, data):
        """Whole frames but GOAWAY: h2 refuses everything behind one, where streams may well finish (RFC 9113, 6.8)."""
        self._partial += data
        frames = b""
        while len(self._partial) >= 9:
            end = 9 + int.from_bytes(self._partial[:3], "big")
            if len(self._partial) < end:
                break
            frame, self._partial = self._partial[:end], self._partial[end:]
            if frame[3] == 7:
                self.goaway = int.from_bytes(frame[13:17], "big")
                self.goaways.append((int.from_bytes(frame[9:13], "big"), self.goaway))
            else:
                frames += frame
        return frames

    def _take(self, event):
        stream = self.streams.get(getattr(event, "stream_id", None))
        if stream is None:
            return
        if isinstance(event, h2.events.ResponseReceived):
            stream.headers = dict(event.headers)
            stream.status = int(stream.headers.pop(":status"))
        elif isinstance(event, h2.events.DataReceived):
            stream.body += event.data
            if event.stream_id in self.held and event.flow_controlled_length:
                self.h2.increment_flow_control_window(event.flow_controlled_length)
            elif self.consume:
                self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        elif isinstance(event, h2.events.TrailersReceived):
            stream.trailers = dict(event.headers)
        elif isinstance(event, h2.events.StreamEnded):
            stream.ended = True
        elif isinstance(event, h2.events.StreamReset):
            stream.ended, stream.reset = True, int(event.error_code)

    def wait(self, stream, until=lambda stream: stream.ended):
        """Reads until the condition holds for the stream; the stream."""
        state = self.streams[stream]
        while not until(state):
            assert self.read(), "the connection ended before its stream"
        return state

    def request(self, method, path, body=None, headers=()):
        stream = self.start(method, path, headers=headers, end=body is None)
        if body is not None:
            self.send_whole(stream, body)
        return self.wait(stream)

    def send_whole(self, stream, body):
        """Sends the body as windows and frame sizes allow, unless the answer comes first."""
        while not self.streams[stream].ended:
            room = min(self.h2.local_flow_control_window(stream), self.h2.max_outbound_frame_size)
            if body and not room:
                assert self.read(), "the connection ended before the request"
                continue
            piece, body = body[:room], body[room:]
            self.send(stream, piece, end=not body)
            if not body:
                return
