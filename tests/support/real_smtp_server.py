"""A mail server that others have written, what it keeps, and a certificate for TLS."""

import asyncio
import ssl
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread
from typing import Any

from aiosmtpd.smtp import SMTP
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from newsletter.providers.base import Message
from support.smtp_server import Run, submit


class Keeper:
    """Keeps what aiosmtpd takes."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, list[str], bytes]] = []

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        self.taken.append((envelope.mail_from, envelope.rcpt_tos, envelope.original_content))
        return "250 2.0.0 Ok: queued as 1234"


@contextmanager
def mail_server() -> Iterator[tuple[int, Keeper]]:
    """Run aiosmtpd in a thread of its own; gives its port, and what keeps what it takes."""
    keeper = Keeper()
    ready: Future[tuple[int, Callable[[], object]]] = Future()

    async def serve_until_stopped() -> None:
        loop, stopped = asyncio.get_running_loop(), asyncio.Event()
        listening = await loop.create_server(lambda: SMTP(keeper, loop=loop), "127.0.0.1", 0)
        ready.set_result((listening.sockets[0].getsockname()[1], lambda: loop.call_soon_threadsafe(stopped.set)))
        async with listening:
            await stopped.wait()

    thread = Thread(target=asyncio.run, args=(serve_until_stopped(),), daemon=True)
    thread.start()
    port, stop = ready.result(timeout=30)
    try:
        yield port, keeper
    finally:
        stop()
        thread.join()


@dataclass
class Certificate:
    """A certificate for localhost that nobody else vouches for."""

    file: Path
    server: ssl.SSLContext


def make_certificate(file: Path) -> Certificate:
    """Make a certificate and a server's context with it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    names = x509.SubjectAlternativeName([x509.DNSName("localhost")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    builder = builder.add_extension(names, critical=False)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    made = builder.sign(key, hashes.SHA256())
    plain = serialization.NoEncryption()
    file.write_bytes(
        made.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return Certificate(file, context)


def run_real(
    messages: Iterable[Message], server: dict[str, Any], wrapped: ssl.SSLContext | None = None, **options: Any
) -> tuple[Run, Keeper]:
    """Send to aiosmtpd; `wrapped` is for TLS from the start."""
    keeper = Keeper()

    async def main() -> Run:
        loop = asyncio.get_running_loop()
        listening = await loop.create_server(lambda: SMTP(keeper, loop=loop, **server), "127.0.0.1", 0, ssl=wrapped)
        async with listening:
            return await submit(listening.sockets[0].getsockname()[1], messages, **options)

    return asyncio.run(main()), keeper
