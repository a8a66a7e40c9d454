"""Routers and nodes that are played, on free ports of 127.0.0.1, each in a thread of its own."""

import json
import socket
import struct
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def _taken(self):
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        self.server.played.take(self, body)

    do_GET = do_POST = _taken  # noqa: N815 - so the standard library wants them

    def tell(self, body=b"", status=200, **headers):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, *_):
        """A client that has left is no news."""


class Played:
    """A server that behaves as it is told, and remembers what it was asked."""

    def __init__(self, behave):
        self.behave = behave
        self.asked = []
        self._server = None
        self.port = 0

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def take(self, handler, body):
        self.asked.append((handler.path, {name.lower(): value for name, value in handler.headers.items()}, body))
        self.behave(handler)

    def start(self):
        self._server = _Server(("127.0.0.1", self.port), _Handler)
        self._server.played = self
        self.port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def stop(self):
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None


@contextmanager
def played(behave):
    server = Played(behave).start()
    try:
        yield server
    finally:
        server.stop()


@contextmanager
def hung():
    """A node that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0), backlog=128) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


def answers(handler):
    handler.tell({"said": "hello"})


def full(handler):
    handler.tell(status=429, retry_after="7", x_should_retry="false")


def gone(handler):
    handler.tell(status=503)


def no_such(handler):
    handler.tell({"error": {"message": "no"}}, status=404)


def resets(handler):
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.close_connection = True
    handler.connection.close()


def breaks_off(handler):
    """After half of what it promised."""
    handler.send_response(200)
    handler.send_header("content-length", "100")
    handler.end_headers()
    handler.wfile.write(b"x" * 50)
    handler.close_connection = True


def route(places, ttl=60, **more):
    """A router's answer: the first of *places* (region, URL) and the others."""
    told = [{"region": region, "name": region, "endpoint": url, "rtt_ms": 1.0} for region, url in places]
    return {**told[0], "ttl": ttl, "alternates": told[1:], **more}
