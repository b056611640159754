"""Carries messages by SMTP, over several connections at once.

Source: RFC 5321, 6409 (submission) and 8314 (TLS).
"""

import asyncio
import ipaddress
import re
import ssl
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Final

import idna
from pydantic import Field, SecretStr, ValidationInfo, field_validator

from newsletter.errors import Place, ProviderError
from newsletter.providers.base import (
    Accepted,
    Deferred,
    Intend,
    Limits,
    Message,
    Outcome,
    Provider,
    ProviderSettings,
    Rejected,
)
from newsletter.providers.smtp.connection import (
    Access,
    Connection,
    LostError,
    Tls,
    UnavailableError,
    connect,
)
from newsletter.providers.smtp.protocol import Letter, prepare

__all__ = ["Settings", "open"]

ATTEMPTS: Final = 2
"""How many connections may break under one message before it waits for later."""

_PORTS: Final = {"starttls": 587, "implicit": 465, "none": 25}
_HOST = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?\.?")
_HELO = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Za-z.:]+\]")


class Settings(ProviderSettings):
    """The table `[providers.smtp]`.

    Args:
        host: The server's name or address.
        tls: `starttls` begins in the clear and goes on only encrypted; `implicit` is encrypted from the start.
        port: 587, 465 or 25 by default, by `tls`.
        username: Whom to log in as; none where the server needs no login.
        password: Belongs to `username`.
        ca_file: The certificates to trust instead of the system's, as PEM; starts from the workspace.
        helo: What this machine calls itself; its own full name, or its address, by default.
        connections: How many to have at once.
        messages_per_connection: After how many messages to begin a new one.
        timeout: The most seconds to wait for any one answer; the standard's own limits hold too.
    """

    host: str
    tls: Tls = "starttls"
    port: Annotated[int, Field(ge=1, le=65535)] | None = None
    username: str | None = None
    password: SecretStr | None = Field(default=None, validate_default=True)
    ca_file: Path | None = None
    helo: str | None = None
    connections: Annotated[int, Field(ge=1, le=64)] = 4
    messages_per_connection: Annotated[int, Field(ge=1)] = 100
    timeout: Annotated[float, Field(gt=0, le=600)] = 600.0

    @field_validator("host")
    @classmethod
    def _check_host(cls, value: str) -> str:
        remedy = 'Write it like "smtp.example.org", and the port as a setting of its own.'
        if _is_address(value):
            return value
        try:
            host = value if value.isascii() else idna.encode(value, uts46=True).decode("ascii")
        except idna.IDNAError:
            raise ValueError(f"this is not the name of a host|{remedy}") from None
        if not _HOST.fullmatch(host):
            raise ValueError(f"this is not the name of a host|{remedy}")
        return host

    @field_validator("username")
    @classmethod
    def _check_username(cls, value: str | None) -> str | None:
        if value is not None and (not value or "\0" in value):
            raise ValueError("this is no username|Leave it out where the server needs no login.")
        return value

    @field_validator("password")
    @classmethod
    def _check_password(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        known = info.data
        if "username" in known and (value is None) != (known["username"] is None):
            if value is None:
                raise ValueError(
                    "the username has no password|Set the environment variable NEWSLETTER_PROVIDERS__SMTP__PASSWORD."
                )
            raise ValueError("the password has no username|Set username too.")
        if value is None:
            return None
        if not value.get_secret_value() or "\0" in value.get_secret_value():
            raise ValueError("this is no password|Set it again, without the character NUL.")
        if known.get("tls") == "none" and not _is_loopback(known.get("host", "localhost")):
            raise ValueError('the password would travel in the clear|Set tls = "starttls" or tls = "implicit".')
        return value

    @field_validator("ca_file")
    @classmethod
    def _find_ca_file(cls, value: Path | None, info: ValidationInfo) -> Path | None:
        if value is None:
            return None
        root: Path = (info.context or {}).get("root", Path())
        try:
            found = (root / value).is_file()
        except OSError:  # a name that is too long for a file
            found = False
        if not found:
            raise ValueError("there is no such file|Name a file of certificates (PEM), from the workspace's folder.")
        return root / value

    @field_validator("helo")
    @classmethod
    def _check_helo(cls, value: str | None) -> str | None:
        if value is not None and not _HELO.fullmatch(value):
            raise ValueError('this is not the name of a host|Write it like "mail.example.org", or leave it out.')
        return value


class _Smtp:
    """An open way to a mail server; keeps connections for the next message."""

    def __init__(self, settings: Settings, access: Access) -> None:
        self._settings = settings
        self._access = access
        self._kept: list[Connection] = []
        self._message_bytes: int | None = None

    @property
    def limits(self) -> Limits:
        return Limits(1, self._settings.connections, self._message_bytes)

    async def submit(self, messages: AsyncIterator[Message], intend: Intend) -> AsyncIterator[Outcome]:
        """Hand over messages; see `Provider.submit`."""
        outcomes: asyncio.Queue[Outcome | None] = asyncio.Queue()
        submission = _Submission(self, messages, intend, outcomes.put_nowait)
        work = asyncio.create_task(submission.run(self._settings.connections))
        work.add_done_callback(lambda _: outcomes.put_nowait(None))
        try:
            while (outcome := await outcomes.get()) is not None:
                yield outcome
            await work
        finally:
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)

    async def take(self, *, fresh: bool) -> Connection:
        """Give an open connection, kept or new.

        Args:
            fresh: A new one, in the place of one that was kept.

        Raises:
            ProviderError: As `connection.connect` does.
        """
        kept = await self.take_kept()
        if kept and not fresh:
            return kept
        if kept:
            kept.close()
        connection = await connect(self._access)
        self._message_bytes = connection.extensions.message_bytes
        return connection

    async def take_kept(self) -> Connection | None:
        """Give a connection that is open already, if there is one; those used up are closed on the way."""
        while self._kept:
            connection = self._kept.pop()
            if connection.is_ready and connection.sent < self._settings.messages_per_connection:
                return connection
            await connection.quit()
        return None

    def give_back(self, connection: Connection) -> None:
        """Keep a connection for the next message, or close it if one broke off on it."""
        if connection.is_ready:
            self._kept.append(connection)
        else:
            connection.close()

    async def close(self) -> None:
        """Say goodbye on every connection."""
        kept, self._kept = self._kept, []
        await asyncio.gather(*(connection.quit() for connection in kept))


class _Submission:
    """One call of `submit`: workers that take messages from one source, each over one connection at a time.

    Args:
        report: Takes every outcome.
    """

    def __init__(
        self,
        server: _Smtp,
        messages: AsyncIterator[Message],
        intend: Intend,
        report: Callable[[Outcome], None],
    ) -> None:
        self._server = server
        self._messages = messages
        self._intend = intend
        self._report = report
        self._pulling = asyncio.Lock()
        self._returned: deque[Message] = deque()
        self._in_use = 0
        self._accepted = False
        self._failure: BaseException | None = None

    async def run(self, count: int) -> None:
        """Hand over all messages; after a failure, let what is under way come to its end first.

        Raises:
            ProviderError: The server refuses us or cannot be reached.
        """
        workers = [asyncio.create_task(self._work()) for _ in range(count)]
        for worker in workers:
            worker.add_done_callback(self._note_failure)
        try:
            await asyncio.wait(workers)
        finally:
            for worker in workers:
                worker.cancel()
            await asyncio.gather(*workers, return_exceptions=True)
        if self._failure:
            raise self._failure

    def _note_failure(self, worker: asyncio.Task[None]) -> None:
        if not worker.cancelled() and (error := worker.exception()):
            self._failure = self._failure or error

    async def _work(self) -> None:
        """Carry messages until there are no more, or until the server takes no more connections."""
        while (message := await self._next()) is not None:
            if not await self._carry(message):
                self._returned.append(message)
                return

    async def _next(self) -> Message | None:
        async with self._pulling:
            if self._failure:
                return None
            message = self._returned.popleft() if self._returned else await anext(self._messages, None)
            if message is None and self._returned:  # one came back while the source came to its end
                message = self._returned.popleft()
            return None if self._failure else message

    async def _carry(self, message: Message) -> bool:
        """Bring a message to its outcome; tell whether the server let us in."""
        lost = ""
        for attempt in range(ATTEMPTS):
            # Not every server that offers PIPELINING can do it: the second time goes step by step.
            first = attempt == 0
            connection = await self._connect(fresh=not first)
            if connection is None:
                return False
            self._in_use += 1
            try:
                outcome = await self._hand_over(connection, message, pipelining=first)
            except LostError as error:
                lost = str(error)
                continue
            finally:
                self._in_use -= 1
                self._server.give_back(connection)
            if outcome:
                self._settle(connection, outcome)
            return True
        self._report(Deferred(message.key, lost))
        return True

    def _settle(self, connection: Connection, outcome: Outcome) -> None:
        """Report an outcome; a policy that refuses content before any was accepted refuses us, not the reader.

        Raises:
            ProviderError: It does; the message waits.
        """
        self._accepted = self._accepted or isinstance(outcome, Accepted)
        if not (isinstance(outcome, Rejected) and connection.against_policy) or self._accepted:
            self._report(outcome)
            return
        self._report(Deferred(outcome.key, outcome.reply))
        raise ProviderError(
            f"the server refuses the message itself: {outcome.reply}",
            where=Place(field="providers.smtp"),
            remedy="Check the sender's address, SPF, DKIM and DMARC of its domain, and what the issue links to.",
        )

    async def _connect(self, *, fresh: bool) -> Connection | None:
        """Give a connection; None when the server takes no more while another worker goes on with one."""
        try:
            return await self._server.take(fresh=fresh)
        except UnavailableError:
            if kept := await self._server.take_kept():
                return kept
            if self._in_use:
                return None
            raise

    async def _hand_over(self, connection: Connection, message: Message, *, pipelining: bool) -> Outcome | None:
        letter = prepare(message, connection.extensions)
        if not isinstance(letter, Letter):
            return letter
        limit = connection.extensions.message_bytes
        if limit is not None and letter.size > limit:
            raise ProviderError(
                f"a message of {letter.size} bytes is larger than the server takes ({limit} bytes)",
                where=Place(field="providers.smtp"),
                remedy="Make the issue smaller, or ask the server's keeper for more room.",
            )
        return await connection.send(letter, self._intend, pipelining=pipelining)


@asynccontextmanager
async def open(settings: Settings) -> AsyncIterator[Provider]:  # noqa: A001 - the name that providers share
    """Open the provider: make a first connection, so that a wrong setting shows before anything is sent.

    Raises:
        ProviderError: The server cannot be reached, or refuses us.
    """
    password = settings.password.get_secret_value() if settings.password else ""
    access = Access(
        host=settings.host,
        port=settings.port or _PORTS[settings.tls],
        tls=settings.tls,
        context=await asyncio.to_thread(_context, settings),
        username=settings.username or "",
        password=password,
        helo=settings.helo or "",
        timeout=settings.timeout,
    )
    server = _Smtp(settings, access)
    server.give_back(await server.take(fresh=False))
    try:
        yield server
    finally:
        await server.close()


def _context(settings: Settings) -> ssl.SSLContext:
    """Load the certificates to trust; certificate and host name are always checked."""
    try:
        return ssl.create_default_context(cafile=settings.ca_file)
    except OSError as error:
        raise ProviderError(
            "the certificates cannot be read",
            where=Place(field="providers.smtp.ca_file"),
            remedy="Name a file of certificates in the format PEM.",
        ) from error


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _is_loopback(host: str) -> bool:
    return host == "localhost" or (_is_address(host) and ipaddress.ip_address(host).is_loopback)
