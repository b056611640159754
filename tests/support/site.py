"""A web site on loopback that answers as a test says."""

import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Request:
    """What arrived; header names in small letters."""

    method: str
    path: str
    headers: Mapping[str, str]
    content: bytes


@dataclass(frozen=True)
class Reply:
    """What is answered."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


Script = Callable[[Request], Reply | None]
"""Decides what is answered; None: nothing, until the server ends."""


class Site:
    """What tests see of the server."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.requests: list[Request] = []
        self.ended = threading.Event()
        self.url = ""


class _Handler(BaseHTTPRequestHandler):
    def __init__(self, owner: Site, *rest: Any) -> None:
        self.owner = owner
        super().__init__(*rest)

    def do_GET(self) -> None:
        content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request(self.command, self.path, headers, content)
        self.owner.requests.append(request)
        reply = self.owner.script(request)
        self.close_connection = True
        if reply is None:
            self.owner.ended.wait()
            return
        with suppress(OSError):
            self.send_response_only(reply.status)
            for name, value in {"Content-Length": "0", **reply.headers}.items():
                self.send_header(name, value)
            self.end_headers()

    def do_POST(self) -> None:
        self.do_GET()

    def do_HEAD(self) -> None:
        self.do_GET()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class _Listener(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """Say nothing: clients that turn away are what is tested."""


@contextmanager
def site(script: Script, tls: ssl.SSLContext | None = None) -> Iterator[Site]:
    """Serve until the block ends.

    Args:
        tls: The site then speaks TLS, and is called localhost.
    """
    owner = Site(script)
    listener = _Listener(("127.0.0.1", 0), partial(_Handler, owner))
    owner.url = f"http://127.0.0.1:{listener.server_port}/"
    if tls is not None:
        listener.socket = tls.wrap_socket(listener.socket, server_side=True, do_handshake_on_connect=False)
        owner.url = f"https://localhost:{listener.server_port}/"
    thread = threading.Thread(target=listener.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield owner
    finally:
        owner.ended.set()
        listener.shutdown()
        listener.server_close()
        thread.join()
