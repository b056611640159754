"""A local server that answers an API's requests as its provider documents it, or as badly as a test says."""

import json
import socket
import struct
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, TypeAlias


@dataclass(frozen=True)
class Answer:
    """A scripted reply.

    Args:
        body: Bytes as they are, or something to write as JSON.
        missing: How many bytes fewer are sent than Content-Length says.
    """

    status: int = 200
    body: Any = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    missing: int = 0


class Hang:
    """Say nothing until the server ends."""


class Drop:
    """Close the connection without a word."""


class Reset:
    """Break the connection off."""


Reaction: TypeAlias = Answer | Hang | Drop | Reset


@dataclass(frozen=True)
class Request:
    """What arrived; names of headers in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    content: bytes

    @cached_property
    def body(self) -> Any:
        return json.loads(self.content)


Script: TypeAlias = Callable[[Any], Reaction | None]


class ApiServer:
    """What tests see of a server.

    Attributes:
        requests: Everything that asked for something to be sent, in order.
        accepted: Those that were taken.
        problems: What was wrong with them, by the documentation.
        script: Decides over the replies; None from it means an ordinary one.
        after: Decides over the replies to what was taken; None from it means an ordinary one.
        unread: How to answer before the body of a request is read.
        most_at_once: How many requests were under way together.

    A subclass says of its provider: `module`; `secret`, and `key`, the setting that holds it; `batch`, the most
    messages in a request; `repeats`, whether a request is carried out only once; `unauthorized` and `throttled`, what
    it answers then; `asked`, the attribute with the answer to the question how we stand.
    """

    request_type: type[Request] = Request

    def __init__(self) -> None:
        self.requests: list[Any] = []
        self.accepted: list[Any] = []
        self.problems: list[str] = []
        self.script: Script = lambda _request: None
        self.after: Script = lambda _request: None
        self.unread: Reaction | None = None
        self.most_at_once = 0
        self.ended = threading.Event()
        self.url = ""
        self.lock = threading.Lock()
        self._under_way = 0

    def post(self, request: Any) -> Reaction:
        """Answer a request that sends something."""
        raise NotImplementedError

    def get(self, request: Any) -> Reaction:
        """Answer a question."""
        self.problems.append(f"no such question: {request.path}")
        return Answer(404)

    def take(self, request: Request) -> Reaction:
        """Count a request for as long as it is decided over."""
        if request.method == "GET":
            return self.get(request)
        with self.lock:
            self.requests.append(request)
            self._under_way += 1
            self.most_at_once = max(self.most_at_once, self._under_way)
        try:
            return self.post(request)
        finally:
            with self.lock:
                self._under_way -= 1


class _Handler(BaseHTTPRequestHandler):
    owner: ApiServer
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.close_connection = True
        self._react(self.owner.unread or self.owner.take(self._read()))

    def do_GET(self) -> None:
        self.do_POST()

    def _read(self) -> Request:
        content = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        return self.owner.request_type(self.command, self.path, headers, content)

    def _react(self, reaction: Reaction) -> None:
        if isinstance(reaction, Hang):
            self.owner.ended.wait(30)
        if isinstance(reaction, Reset):
            # Closing with no time left to linger resets the connection.
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
        if isinstance(reaction, Answer):
            self._write(reaction)

    def _write(self, answer: Answer) -> None:
        body = answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body).encode()
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body) + answer.missing))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        pass


class _Listener(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, *_: object) -> None:
        """Say nothing: connections that break are what is tested."""


@contextmanager
def running(owner: ApiServer) -> Iterator[None]:
    """Run a server on this machine for as long as a test lasts."""
    handler = type("Handler", (_Handler,), {"owner": owner})
    with _Listener(("127.0.0.1", 0), handler) as httpd:
        owner.url = f"http://127.0.0.1:{httpd.server_address[1]}"
        thread = threading.Thread(target=httpd.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield
        finally:
            owner.ended.set()
            httpd.shutdown()
            thread.join()


def free_port() -> int:
    """Find a port on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
