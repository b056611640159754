"""One connection to a mail server: TLS, login, one message after another, and what the network does meanwhile."""

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import Any, Final

from newsletter.errors import Place, ProviderError
from newsletter.providers.base import Deferred, Intend, Uncertain
from newsletter.providers.smtp.access import (
    Access,
    LostError,
    RefusedError,
    UnavailableError,
    connecting,
    error_about,
    server_name,
)
from newsletter.providers.smtp.protocol import (
    CLOSING,
    END_OF_MESSAGE,
    PATIENCE,
    Extensions,
    GarbageError,
    Letter,
    Phase,
    Reply,
    ReplyReader,
    command,
    encode64,
    name_for_hello,
    plain_response,
    read_extensions,
    secrets,
)
from newsletter.providers.smtp.replies import Ending, Verdict, end, judge, remedy_for

BLOCK: Final = 65536


class _Reader(asyncio.StreamReader):
    """A reader that knows how much has arrived, read or not."""

    arrived = 0

    def feed_data(self, data: Any) -> None:
        self.arrived += len(data)
        super().feed_data(data)


class Connection:
    """An open connection, greeted and logged in.

    Attributes:
        extensions: What the server offers.
        sent: How many messages were begun on it.
    """

    def __init__(self, access: Access, reader: _Reader, writer: asyncio.StreamWriter) -> None:
        self.extensions = Extensions()
        self.sent = 0
        self._access = access
        self._reader = reader
        self._writer = writer
        self._replies = ReplyReader()
        self._taken = 0
        self._ready = False
        self._unclean = False

    @property
    def is_ready(self) -> bool:
        """Whether another message can begin."""
        return self._ready and not self._trouble()

    @property
    def is_private(self) -> bool:
        """Whether nobody else can read along: TLS, or a server on this machine."""
        peer = self._writer.get_extra_info("peername")[0]
        return bool(self._writer.get_extra_info("ssl_object")) or ipaddress.ip_address(peer).is_loopback

    @property
    def certificate_ends(self) -> datetime | None:
        """When the certificate that the server showed runs out; None without TLS."""
        certificate = self._writer.get_extra_info("peercert")
        if not certificate:
            return None
        return datetime.fromtimestamp(ssl.cert_time_to_seconds(certificate["notAfter"]), UTC)

    async def greet(self) -> None:
        """Go through greeting, TLS and login.

        Raises:
            ProviderError: The server refuses us, or does not do what the settings ask for.
            LostError: The connection failed meanwhile.
        """
        self._expect(Phase.GREETING, await self._read(Phase.GREETING))
        await self._hello()
        if self._access.tls == "starttls":
            await self._start_tls()
            await self._hello()
        if self._access.username:
            await self._log_in()
        self._ready = True

    async def send(self, letter: Letter, intend: Intend, *, pipelining: bool) -> Ending | None:
        """Hand over one message; None when its key was withheld.

        Args:
            intend: Asked once the whole content is written, except the final dot.
            pipelining: Write the envelope in one go where the server allows it.

        Raises:
            LostError: The connection failed before `intend` was asked.
            RefusedError: The server refuses us as a sender, and the message waits.
            ProviderError: It does so before it knows whom we write to.
        """
        self._ready = False
        self.sent += 1
        if self._unclean:
            await self._reset()
        at_once = pipelining and "PIPELINING" in self.extensions
        refusal = await (self._in_one_go(letter) if at_once else self._one_by_one(letter))
        if refusal:
            return refusal
        for start in range(0, len(letter.content), BLOCK):
            await self._write(Phase.CONTENT, letter.content[start : start + BLOCK])
        if trouble := self._trouble():
            raise LostError(trouble)
        if letter.key not in await intend([letter.key]):
            self.close()
            return None
        if trouble := self._trouble():
            return Ending(Deferred(letter.key, trouble))
        return await self._end(letter)

    async def quit(self) -> None:
        """Say goodbye and close; no error."""
        try:
            with suppress(LostError):
                if self.is_ready:
                    await self._ask(Phase.QUIT, command("QUIT"))
        finally:
            self.close()

    def close(self) -> None:
        """Close at once; what is not written yet never will be."""
        self._ready = False
        self._writer.transport.abort()

    async def _end(self, letter: Letter) -> Ending:
        """Write the final dot. From here on only a reply says that the message was not taken. RFC 1047."""
        try:
            reply = await self._ask(Phase.END, END_OF_MESSAGE)
        except LostError as error:
            self.close()
            return Ending(Uncertain(letter.key, str(error)))
        verdict = judge(Phase.END, reply)
        self._ready = reply.code != CLOSING and verdict is not Verdict.UNCLEAR
        self._unclean = verdict is not Verdict.GO_ON
        ending = end(letter.key, Phase.END, verdict, reply)
        if verdict is Verdict.REFUSED:
            raise RefusedError(self._refusal(Phase.END, reply, temporary=False), ending)
        return ending

    async def _one_by_one(self, letter: Letter) -> Ending | None:
        """Go through MAIL, RCPT and DATA; give the message's ending if it is there."""
        for phase, line in letter.steps:
            reply = await self._ask(phase, line)
            verdict = self._expect(phase, reply, letter)
            if verdict is not Verdict.GO_ON:
                self._ready = self._unclean = True
                return end(letter.key, phase, verdict, reply)
        return None

    async def _in_one_go(self, letter: Letter) -> Ending | None:
        """Do the same in one write; every reply is read. Source: RFC 2920 §3.1."""
        steps = letter.steps
        await self._write(Phase.SENDER, b"".join(line for _, line in steps))
        for place, (phase, _) in enumerate(steps, 1):
            reply = await self._read(phase)
            verdict = self._expect(phase, reply, letter)
            if verdict is not Verdict.GO_ON:
                await self._give_up(phase, [later for later, _ in steps[place:]])
                return end(letter.key, phase, verdict, reply)
        return None

    async def _give_up(self, refused: Phase, unread: Sequence[Phase]) -> None:
        """End a refused transaction whose other commands are written already; a failure here changes nothing."""
        with suppress(LostError):
            replies = [await self._read(phase) for phase in unread]
            if replies and judge(Phase.DATA, replies[-1]) is Verdict.GO_ON:
                if refused is Phase.SENDER:
                    # It may have taken the recipient all the same: a dot would deliver an empty message.
                    return
                await self._ask(Phase.END, END_OF_MESSAGE)
            self._ready = self._unclean = True

    async def _reset(self) -> None:
        """Clear what the message before may have left."""
        reply = await self._ask(Phase.RESET, command("RSET"))
        if judge(Phase.RESET, reply) is not Verdict.GO_ON:
            raise LostError(f"the server broke off at {Phase.RESET}: {reply.words}")
        self._unclean = False

    async def _hello(self) -> None:
        address = self._writer.get_extra_info("sockname")[0]
        name = self._access.helo or name_for_hello(socket.gethostname(), address)
        reply = await self._ask(Phase.HELLO, command("EHLO", name))
        if reply.code in (500, 502):  # RFC 5321 §3.2
            reply = await self._ask(Phase.HELLO, command("HELO", name))
        self._expect(Phase.HELLO, reply)
        self.extensions = read_extensions(reply)

    async def _start_tls(self) -> None:
        """Turn the connection over to TLS. Source: RFC 3207."""
        access = self._access
        if "STARTTLS" not in self.extensions:
            remedy = 'Set tls = "implicit" if the server does TLS from the start, as it does on port 465.'
            raise error_about(access, "offers no STARTTLS", "tls", remedy)
        self._expect(Phase.STARTTLS, await self._ask(Phase.STARTTLS, command("STARTTLS")))
        async with connecting(access):
            await self._writer.start_tls(access.context, server_hostname=access.host)
        # The server must not speak before our EHLO: what is here was put in before TLS, by whomever.
        if not self._has_read_all():
            what = "sent something between STARTTLS and TLS, as somebody does who breaks into a connection"
            raise error_about(access, what, "host", "Try from another network, or tell the server's keeper.")

    async def _log_in(self) -> None:
        """Log in with PLAIN or LOGIN; never in the clear, except on this machine. Source: RFC 4954, 4616."""
        access, mechanisms = self._access, self.extensions.mechanisms
        if not self.is_private:
            raise error_about(access, "would get the password in the clear", "tls", 'Set tls = "starttls".')
        if "PLAIN" in mechanisms:
            reply = await self._ask(
                Phase.LOGIN, command("AUTH", "PLAIN", plain_response(access.username, access.password))
            )
        elif "LOGIN" in mechanisms:
            reply = await self._ask(Phase.LOGIN, command("AUTH", "LOGIN"))
            for text in (access.username, access.password):
                if reply.code == 334:
                    reply = await self._ask(Phase.LOGIN, command(encode64(text)))
        else:
            remedy = "Take username and password away if the server needs none, or try another tls or port."
            raise error_about(access, "offers no login with PLAIN or LOGIN", "username", remedy)
        self._expect(Phase.LOGIN, reply)

    def _expect(self, phase: Phase, reply: Reply, letter: Letter | None = None) -> Verdict:
        """Judge a reply, and raise what is not about a single message.

        Args:
            letter: The message under way; it waits if we are refused in answer to its recipient.
        """
        verdict = judge(phase, reply)
        if verdict is Verdict.GO_ON:
            return verdict
        if phase in (Phase.GREETING, Phase.HELLO, Phase.STARTTLS, Phase.LOGIN):
            raise self._refusal(phase, reply, temporary=verdict in (Verdict.LATER, Verdict.CLOSED))
        if verdict is Verdict.REFUSED:
            refusal = self._refusal(phase, reply, temporary=False)
            if letter is None or phase is Phase.SENDER:
                raise refusal
            raise RefusedError(refusal, end(letter.key, phase, verdict, reply))
        if verdict in (Verdict.CLOSED, Verdict.UNCLEAR):
            raise LostError(f"the server broke off at {phase}: {reply.words}")
        return verdict

    def _refusal(self, phase: Phase, reply: Reply, *, temporary: bool) -> ProviderError:
        words = reply.words_without(secrets(self._access.username, self._access.password))
        message = f"{server_name(self._access)} refuses us at {phase}: {words}"
        if temporary:
            remedy = "Wait a while, then run the same command again."
            return UnavailableError(message, where=Place(field="providers.smtp"), remedy=remedy)
        remedy = remedy_for(phase, reply, logged_in=bool(self._access.username))
        return ProviderError(message, where=Place(field="providers.smtp"), remedy=remedy)

    async def _ask(self, phase: Phase, octets: bytes) -> Reply:
        await self._write(phase, octets)
        return await self._read(phase)

    async def _write(self, phase: Phase, octets: bytes) -> None:
        async with self._patience(phase):
            self._writer.write(octets)
            await self._writer.drain()

    async def _read(self, phase: Phase) -> Reply:
        async with self._patience(phase):
            while (reply := self._replies.next_reply()) is None:
                octets = await self._reader.read(BLOCK)
                if not octets:
                    raise _lost(phase)
                self._taken += len(octets)
                self._replies.feed(octets)
            return reply

    @asynccontextmanager
    async def _patience(self, phase: Phase) -> AsyncIterator[None]:
        """Turn every failure of the network into a lost connection."""
        limit = min(PATIENCE[phase], self._access.timeout)
        try:
            async with asyncio.timeout(limit):
                yield
        except TimeoutError as error:
            raise LostError(f"no answer within {limit:g} seconds at {phase}") from error
        except GarbageError as error:
            raise LostError(f"the server sent {error} at {phase}") from error
        except OSError as error:
            raise _lost(phase) from error

    def _trouble(self) -> str:
        """Say what keeps us from writing on: a closed connection, or words that answer nothing."""
        if self._writer.transport.is_closing() or self._reader.at_eof():
            return "the connection was lost"
        return "" if self._has_read_all() else "the server spoke out of turn"

    def _has_read_all(self) -> bool:
        """Tell whether everything that came was a reply to something. A stray one would answer the next command."""
        return self._reader.arrived == self._taken and self._replies.is_empty


async def connect(access: Access) -> Connection:
    """Open a connection, up to and including the login.

    Raises:
        UnavailableError: The server cannot be reached, or not now.
        ProviderError: It refuses us, or its certificate is not what it should be.
    """
    loop = asyncio.get_running_loop()
    reader = _Reader(loop=loop)
    protocol = asyncio.StreamReaderProtocol(reader, loop=loop)
    secure = access.tls == "implicit"
    async with connecting(access):
        transport, _ = await loop.create_connection(
            lambda: protocol,
            access.host,
            access.port,
            ssl=access.context if secure else None,
            server_hostname=access.host if secure else None,
        )
    connection = Connection(access, reader, asyncio.StreamWriter(transport, protocol, reader, loop))
    try:
        await connection.greet()
    except LostError as error:
        raise UnavailableError(
            f"{server_name(access)} does not let us in: {error}",
            where=Place(field="providers.smtp.host"),
            remedy='Check host and port; port 465 wants tls = "implicit", as a rule.',
        ) from error
    finally:
        if not connection.is_ready:
            connection.close()
    return connection


def _lost(phase: Phase) -> LostError:
    return LostError(f"the connection was lost at {phase}")
