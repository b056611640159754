"""A web server on loopback that answers as a test says: well, slowly, endlessly or not at all."""

import datetime as dt
import ipaddress
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


@dataclass(frozen=True)
class Answer:
    """A scripted reply.

    Args:
        pieces: Sent after the body without an announced length, for as long as there are any.
    """

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    pieces: Callable[[], Iterator[bytes]] | None = None


class Hang:
    """Read the request and say nothing until the server ends."""


class Drop:
    """Read the request and close the connection without a word."""


@dataclass(frozen=True)
class Request:
    """What arrived."""

    method: str
    path: str
    headers: Mapping[str, str]
    content: bytes = b""


Script = Callable[[Request], Answer | Hang | Drop]


class WebServer:
    """What tests see of the server.

    Attributes:
        host: With its port, as it stands in addresses.
        requests: Everything that arrived, in order.
        most_at_once: How many requests were under way together.
        ended: Set when the test is over; pieces may wait for it.
    """

    def __init__(self, script: Script) -> None:
        self.script = script
        self.requests: list[Request] = []
        self.most_at_once = 0
        self.ended = threading.Event()
        self.port = 0
        self.scheme = "http"
        self._under_way = 0
        self._lock = threading.Lock()

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"{self.scheme}://{self.host}"

    @contextmanager
    def taking(self, request: Request) -> Iterator[None]:
        """Count a request for as long as it is under way."""
        with self._lock:
            self.requests.append(request)
            self._under_way += 1
            self.most_at_once = max(self.most_at_once, self._under_way)
        try:
            yield
        finally:
            with self._lock:
                self._under_way -= 1


class _Handler(BaseHTTPRequestHandler):
    def __init__(self, server_of_test: WebServer, *rest: Any) -> None:
        self.test = server_of_test
        super().__init__(*rest)

    def do_GET(self) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        content = self.rfile.read(int(headers.get("content-length", 0)))
        request = Request(self.command, self.path, headers, content)
        with self.test.taking(request), suppress(OSError):
            self._answer(self.test.script(request))

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_POST(self) -> None:
        self.do_GET()

    def _answer(self, answer: Answer | Hang | Drop) -> None:
        self.close_connection = True
        if isinstance(answer, Hang):
            self.test.ended.wait()
        if not isinstance(answer, Answer):
            return
        # The one writes the present date by itself, the other does not.
        send = self.send_response_only if "Date" in answer.headers else self.send_response
        send(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if answer.pieces is None and "Content-Length" not in answer.headers:
            self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if self.command == "HEAD":
            return
        self.wfile.write(answer.body)
        for piece in answer.pieces() if answer.pieces else ():
            self.wfile.write(piece)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class _Listener(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, *_: object) -> None:
        """Say nothing: readers that turn away are what is tested."""


@contextmanager
def serving(script: Script, certificate: Path | None = None) -> Iterator[WebServer]:
    """Serve until the block ends.

    Args:
        certificate: A file of `self_signed`; with it the server speaks TLS.
    """
    server = WebServer(script)
    listener = _Listener(("127.0.0.1", 0), partial(_Handler, server))
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        listener.socket = context.wrap_socket(listener.socket, server_side=True, do_handshake_on_connect=False)
        server.scheme = "https"
    server.port = listener.server_port
    thread = threading.Thread(target=listener.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.ended.set()
        listener.shutdown()
        listener.server_close()
        thread.join()


def self_signed(folder: Path, host: str) -> Path:
    """Write a certificate for a host, with its key, that nobody else has signed."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    try:
        shown: x509.GeneralName = x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        shown = x509.DNSName(host)
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([shown]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = folder / f"{host}.pem"
    file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return file
