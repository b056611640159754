"""One connection to a mail server: its dialogue carried over the network, with a limit to every wait."""

import asyncio
import ipaddress
import math
import ssl
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Final, TypeAlias, cast

from newsletter.providers.smtp.access import Access, LostError
from newsletter.providers.smtp.dialogue import Answered, Dialogue, Event, Level, Transaction
from newsletter.providers.smtp.letter import Letter
from newsletter.providers.smtp.protocol import PATIENCE, Extensions, Phase, Reply, command

BLOCK: Final = 262_144
"""How many octets of a content are written before the network is asked whether it can follow."""


Listener: TypeAlias = Callable[[Sequence[Event]], None]


class Connection(asyncio.Protocol):
    """A connection, and what is said on it.

    Attributes:
        extensions: What the server offers.
        round_trip: How many seconds an answer took that needs no thought.
        begun: How many messages were begun on it.
        completed: How many of them came to their end.
        listener: Told at once of what happens to messages.
    """

    def __init__(self, access: Access) -> None:
        self.access = access
        self.extensions = Extensions()
        self.round_trip = 0.0
        self.begun = 0
        self.completed = 0
        self.let_in = False
        self.dialogue = Dialogue()
        self.listener: Listener | None = None
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._answers: deque[Reply] = deque()
        self._reader: asyncio.Future[None] | None = None
        self._writer: asyncio.Future[None] | None = None
        self._is_full = False
        self._has_stirred = False
        self._held: Sequence[bytes] = ()
        self._holding: asyncio.Handle | None = None
        self._patience = {phase: min(seconds, access.timeout) for phase, seconds in PATIENCE.items()}
        self._deadline = math.inf
        self._timer: asyncio.TimerHandle | None = None
        self._answered = 0
        # The server speaks first, perhaps before anybody listens.
        self.dialogue.ask(Phase.GREETING)

    @property
    def is_ready(self) -> bool:
        """Whether another message can begin."""
        return self.let_in and self.dialogue.is_idle

    @property
    def trouble(self) -> str:
        """What keeps us from writing on, or nothing."""
        if self._there.is_closing():
            self._end("the connection was lost")
        return self.dialogue.broken

    @property
    def is_private(self) -> bool:
        """Whether nobody else can read along: TLS, or a server on this machine."""
        peer = self._there.get_extra_info("peername")[0]
        return bool(self._there.get_extra_info("ssl_object")) or ipaddress.ip_address(peer).is_loopback

    @property
    def own_address(self) -> str:
        """The address of this end."""
        return str(self._there.get_extra_info("sockname")[0])

    @property
    def certificate_ends(self) -> datetime | None:
        """When the certificate that the server showed runs out; None without TLS."""
        certificate = self._there.get_extra_info("peercert")
        if not certificate:
            return None
        return datetime.fromtimestamp(ssl.cert_time_to_seconds(certificate["notAfter"]), UTC)

    def begin(self, letter: Letter, level: Level, *, intended: bool = False) -> Transaction:
        """Begin a message; see `Dialogue.begin`."""
        self.begun += 1
        transaction = self.dialogue.begin(letter, level, intended=intended)
        self._flush()
        return transaction

    async def write_content(self, content: Sequence[bytes]) -> None:
        """Write a content, no faster than the network takes it; stop when the connection breaks.

        A short one waits for the end of what is being done: if its final dot comes by then, both go in one write.
        """
        if self.trouble:
            return
        if sum(map(len, content)) <= BLOCK and not self._is_full:
            self._held = content
            self._holding = self._loop.call_soon(self._let_go)
            return
        for block in _blocks(content):
            while self._is_full and not self.trouble:
                self._wait_until(Phase.CONTENT)
                self._writer = self._loop.create_future()
                await self._writer
            if self.trouble:
                return
            self._there.write(block)
        self._watch(anew=True)

    def finish(self, transaction: Transaction, following: Letter | None) -> Transaction | None:
        """Write a message's final dot, and the envelope of the next one in the same write."""
        self.dialogue.finish(transaction)
        if following is None:
            self._flush()
            return None
        return self.begin(following, Level.CHAINED)

    async def stir(self) -> None:
        """Wait until something has happened that was not waited for yet."""
        if not self._has_stirred:
            self._reader = self._loop.create_future()
            await self._reader
        self._has_stirred = False

    async def ask(self, phase: Phase, line: bytes) -> Reply:
        """Say something that belongs to no message, and wait for the reply.

        Raises:
            LostError: The connection failed.
        """
        self.dialogue.ask(phase, line)
        self._flush()
        return await self.reply()

    async def reply(self) -> Reply:
        """Wait for a reply that belongs to no message, such as the greeting.

        Raises:
            LostError: The connection failed.
        """
        while not self._answers and not self.dialogue.broken:
            await self.stir()
        if self._answers:
            return self._answers.popleft()
        raise LostError(self.dialogue.broken)

    async def start_tls(self) -> None:
        """Go on encrypted."""
        access = self.access
        there = await self._loop.start_tls(self._there, self, access.context, server_hostname=access.host)
        self._transport = cast("asyncio.Transport", there)

    async def quit(self) -> None:
        """Say goodbye and close; no error."""
        try:
            with suppress(LostError):
                if self.is_ready and not self.trouble:
                    await self.ask(Phase.QUIT, command("QUIT"))
        finally:
            self.close()

    def close(self) -> None:
        """Close at once; what is not written yet never will be."""
        self.let_in = False
        self._end("the connection was closed")

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._watch()

    def data_received(self, data: bytes) -> None:
        events = self.dialogue.feed(data)
        self._flush()
        if events:
            self._tell(events)

    def eof_received(self) -> None:
        self._lose()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio calls it so
        self._lose()

    def pause_writing(self) -> None:
        self._is_full = True

    def resume_writing(self) -> None:
        self._is_full = False
        self._release()

    @property
    def _there(self) -> asyncio.Transport:
        if self._transport is None:
            raise RuntimeError("there is no connection yet")
        return self._transport

    def _flush(self) -> None:
        """Write what the dialogue has to say."""
        output = self.dialogue.take_output()
        if output and not self.trouble:
            if self._holding:
                self._there.writelines((*self._held, *output))
                self._forget_held()
            else:
                self._there.write(b"".join(output))
        self._watch()

    def _let_go(self) -> None:
        content = self._held
        self._forget_held()
        if not self.trouble:
            self._there.writelines(content)

    def _forget_held(self) -> None:
        if self._holding:
            self._holding.cancel()
        self._held, self._holding = (), None

    def _watch(self, *, anew: bool = False) -> None:
        """Give the next reply its time, from the one before it on."""
        dialogue = self.dialogue
        phase = dialogue.waits_for
        if phase is None:
            self._deadline = math.inf
        elif anew or self._deadline == math.inf or self._answered != dialogue.answered:
            self._answered = dialogue.answered
            self._wait_until(phase)

    def _wait_until(self, phase: Phase) -> None:
        self._deadline = self._loop.time() + self._patience[phase]
        # A timer that rings too early looks again; most never ring.
        if self._timer is None or self._timer.when() > self._deadline:
            self._set_timer()

    def _set_timer(self) -> None:
        if self._timer:
            self._timer.cancel()
        self._timer = self._loop.call_at(self._deadline, self._ring)

    def _ring(self) -> None:
        self._timer = None
        if self._deadline == math.inf:
            return
        if self._loop.time() < self._deadline:
            self._set_timer()
            return
        phase = self.dialogue.waits_for or Phase.CONTENT
        self._end(f"no answer within {self._patience[phase]:g} seconds at {phase}")

    def _lose(self) -> None:
        phase = self.dialogue.waits_for
        self._end(f"the connection was lost at {phase}" if phase else "the connection was lost")

    def _end(self, reason: str) -> None:
        self.dialogue.break_off(reason)
        self._tell(self.dialogue.take_events())

    def _tell(self, events: Sequence[Event]) -> None:
        """Tell what has happened, and let those who wait look; of a broken connection nothing more is wanted."""
        if self.dialogue.broken:
            self._hang_up()
        for event in events:
            if isinstance(event, Answered):
                self._answers.append(event.reply)
        if self.listener and events:
            self.listener(events)
        self._has_stirred = True
        if self._reader and not self._reader.done():
            self._reader.set_result(None)

    def _hang_up(self) -> None:
        self._deadline = math.inf
        if self._timer:
            self._timer.cancel()
            self._timer = None
        if self._transport:
            self._transport.abort()
        self._forget_held()
        self._release()

    def _release(self) -> None:
        if self._writer and not self._writer.done():
            self._writer.set_result(None)


def _blocks(content: Sequence[bytes]) -> Iterator[bytes]:
    return (piece[start : start + BLOCK] for piece in content for start in range(0, len(piece), BLOCK))
