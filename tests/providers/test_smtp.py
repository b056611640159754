"""The SMTP provider against real servers that behave, and scripted ones that do not."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager, aclosing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from newsletter.errors import ProviderError, StoreError
from newsletter.message import DeliveryKey, Mailbox
from newsletter.providers import smtp
from newsletter.providers.base import (
    Accepted,
    Deferred,
    Message,
    Outcome,
    PersonalParts,
    Rejected,
    SharedParts,
    Uncertain,
)
from newsletter.providers.smtp.protocol import (
    Extensions,
    GarbageError,
    Phase,
    Reply,
    ReplyReader,
    Verdict,
    dot_stuff,
    judge,
    read_extensions,
)
from pydantic import ValidationError

from support.smtp_server import DROP, EHLO, HANG, RESET, Script, ScriptedServer, serve

CONTENT = b"Subject: x\r\n\r\n.\r\n..\r\n.een\r\ntekst.\r\n\r\n.\r\n"
PASSWORD = "geheim van de smid"


@dataclass
class Sample:
    """A message of a test."""

    number: int
    address: str = ""
    content: bytes = CONTENT

    @property
    def key(self) -> DeliveryKey:
        return DeliveryKey(f"key{self.number}")

    @property
    def envelope_sender(self) -> str:
        return "bounces@example.org"

    @property
    def recipient(self) -> Mailbox:
        return Mailbox(self.address or f"lid{self.number}@example.com")

    def raw(self) -> bytes:
        return self.content

    def parts(self) -> tuple[SharedParts, PersonalParts]:
        raise AssertionError("SMTP takes raw messages")


@dataclass
class Run:
    """What came of a run."""

    outcomes: dict[str, Outcome] = field(default_factory=dict)
    intended: list[str] = field(default_factory=list)
    error: BaseException | None = None
    tasks_left: int = 0

    def only(self) -> Outcome:
        (outcome,) = self.outcomes.values()
        return outcome


def samples(count: int) -> list[Sample]:
    return [Sample(number) for number in range(count)]


async def submit(
    port: int,
    messages: Iterable[Message],
    *,
    withheld: Sequence[str] = (),
    intend_error: Exception | None = None,
    **options: Any,
) -> Run:
    options = {"host": "127.0.0.1", "tls": "none", "port": port, "timeout": 5.0, "connections": 1, **options}
    settings = smtp.Settings(**options)
    result = Run()
    before = asyncio.all_tasks()

    async def source() -> AsyncIterator[Message]:
        for message in messages:
            yield message

    async def intend(keys: Sequence[DeliveryKey]) -> frozenset[DeliveryKey]:
        if intend_error:
            raise intend_error
        assert not set(keys) & set(result.intended), "intended twice"
        result.intended += keys
        return frozenset(key for key in keys if key not in withheld)

    try:
        async with smtp.open(settings) as provider:
            async for outcome in provider.submit(source(), intend):
                assert outcome.key not in result.outcomes, "two outcomes"
                result.outcomes[outcome.key] = outcome
    except Exception as error:
        result.error = error
    result.tasks_left = sum(1 for task in asyncio.all_tasks() - before if "newsletter" in str(task.get_coro()))
    return result


def run(script: Script, messages: Iterable[Message], **options: Any) -> tuple[Run, ScriptedServer]:
    async def main() -> tuple[Run, ScriptedServer]:
        async with serve(script) as server:
            return await submit(server.port, messages, **options), server

    result, server = asyncio.run(main())
    assert result.tasks_left == 0
    return result, server


# --- a server that behaves ---------------------------------------------------------------------------------------


class Keeper:
    """Keeps what aiosmtpd takes."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, list[str], bytes]] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        self.taken.append((envelope.mail_from, envelope.rcpt_tos, envelope.original_content))
        return "250 2.0.0 Ok: queued as 1234"


@dataclass
class Certificate:
    """A certificate for localhost that nobody else vouches for."""

    file: Path
    server: ssl.SSLContext


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    file = tmp_path_factory.mktemp("tls") / "certificate.pem"
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


class TlsController(Controller):
    """A controller whose own probe speaks TLS as its server does."""

    def _trigger_server(self) -> None:
        if self.ssl_context is None:
            super()._trigger_server()


def run_real(messages: Iterable[Message], server: dict[str, Any], **options: Any) -> tuple[Run, Keeper]:
    keeper = Keeper()
    controller = Controller(keeper, hostname="127.0.0.1", port=0, **server)
    return asyncio.run(_against(controller, messages, options)), keeper


async def _against(controller: Controller, messages: Iterable[Message], options: dict[str, Any]) -> Run:
    loop = asyncio.get_running_loop()
    listening = await loop.create_server(
        controller._factory_invoker, "127.0.0.1", 0, ssl=controller.ssl_context
    )
    async with listening:
        port = listening.sockets[0].getsockname()[1]
        return await submit(port, messages, **options)
