"""A mail server that shows what came in one read, takes BDAT, and breaks its word about what it offers."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

OFFERS = ("PIPELINING", "SIZE 1000000", "8BITMIME", "ENHANCEDSTATUSCODES")
FAR = 0.004
"""Seconds that replies take from a server that is far away."""
SILENCE = "SILENCE"
"""Instead of a reply: nothing any more."""


@dataclass
class WireServer:
    """A running server, and what came to it.

    Args:
        offers: What EHLO offers.
        answer: Gives another reply to a command than the usual one; of DATA to its command, of END to its dot.
        distance: How many seconds a reply takes to us.
        leaves_at_once: Hang up behind the reply to EHLO.
        closes_after: Hang up once so many messages were taken on a connection.
        forgets_behind: Commands behind which everything is thrown away that came with them.
        in_octets: Write replies one octet at a time.
        patient: How many messages will come: the end of one is answered only once the next has begun behind it.
    """

    offers: Sequence[str] = OFFERS
    answer: Callable[[str, str], str | None] = lambda _verb, _rest: None
    distance: float = 0
    leaves_at_once: bool = False
    closes_after: int = 0
    forgets_behind: Sequence[str] = ()
    in_octets: bool = False
    patient: int = 0
    port: int = 0
    connections: int = 0
    messages: list[tuple[str, bytes]] = field(default_factory=list)
    commands: list[list[str]] = field(default_factory=list)
    reads: list[bytes] = field(default_factory=list)
    dots: int = 0
    unanswered: int = 0
    most_unanswered: int = 0

    @property
    def recipients(self) -> list[str]:
        """Whom the messages were for that were taken."""
        return [recipient for recipient, _ in self.messages]


class _Session(asyncio.Protocol):
    def __init__(self, server: WireServer) -> None:
        self.server = server
        self.buffer = b""
        self.recipient = ""
        self.has_sender = False
        self.taken = 0
        self.mode = "command"
        self.size = 0
        self.commands: list[str] = []
        server.connections += 1
        server.commands.append(self.commands)

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        self.say("220 wire.example ESMTP")

    def data_received(self, data: bytes) -> None:
        self.server.reads.append(data)
        self.buffer += data
        while self.mode != "gone" and self.step():
            pass

    def step(self) -> bool:
        if self.mode == "data":
            return self.take_data()
        if self.mode == "chunk":
            return self.take_chunk()
        line, found, rest = self.buffer.partition(b"\r\n")
        if not found:
            return False
        self.buffer = rest
        verb, _, argument = line.decode("latin-1").partition(" ")
        self.commands.append(line.decode("latin-1"))
        self.obey(verb.upper(), argument)
        if verb.upper() in self.server.forgets_behind and self.mode != "chunk":
            self.buffer = b""
        return True

    def obey(self, verb: str, argument: str) -> None:
        answer = self.server.answer(verb, argument) or self.usual(verb)
        done = answer[:1] in "23"
        if verb == "MAIL":
            self.has_sender = done
        elif verb == "RCPT":
            self.recipient = argument if done else ""
        elif verb == "RSET":
            self.has_sender, self.recipient = False, ""
        elif verb == "DATA" and done:
            self.mode = "data"
        elif verb == "BDAT" and not answer.startswith("502"):
            self.mode, self.size = "chunk", int(argument.split(maxsplit=1)[0])
            return
        self.say(answer)
        if verb == "QUIT" or (verb == "EHLO" and self.server.leaves_at_once) or answer.startswith("421"):
            self.leave()

    def usual(self, verb: str) -> str:
        if verb == "EHLO":
            lines = ["wire.example", *self.server.offers]
            return "\r\n".join(f"250{' ' if line is lines[-1] else '-'}{line}" for line in lines)
        if verb == "RCPT" and not self.has_sender:
            return "503 5.5.1 MAIL first"
        if verb == "DATA":
            return "354 go on" if self.recipient else "554 5.5.1 no valid recipients"
        known = {"MAIL": "250 2.1.0 ok", "RCPT": "250 2.1.5 ok", "RSET": "250 2.0.0 ok", "QUIT": "221 2.0.0 bye"}
        return known.get(verb, "250 2.0.0 ok" if verb == "BDAT" else "500 5.5.2 what?")

    def take_data(self) -> bool:
        content, found, rest = (b"\r\n" + self.buffer).partition(b"\r\n.\r\n")
        if not found or (self.server.patient and not rest and self.taken + 1 < self.server.patient):
            return False
        self.buffer, self.mode = rest, "command"
        self.server.dots += 1
        self.end(content[2:] + b"\r\n")
        if "." in self.server.forgets_behind and self.mode == "command":
            self.buffer = b""
        return True

    def take_chunk(self) -> bool:
        if len(self.buffer) < self.size:
            return False
        content, self.buffer, self.mode = self.buffer[: self.size], self.buffer[self.size :], "command"
        self.end(content)
        return True

    def end(self, content: bytes) -> None:
        refusal = "" if self.recipient else "554 5.5.1 no valid recipients"
        answer = self.server.answer("END", self.recipient) or refusal or "250 2.0.0 Ok: queued as 7WireX"
        if answer.startswith("2") and self.recipient:
            self.server.messages.append((self.recipient, content))
            self.taken += 1
        self.has_sender, self.recipient = False, ""
        self.say(answer)
        if answer.startswith("421") or (self.server.closes_after and self.taken >= self.server.closes_after):
            self.leave()

    def leave(self) -> None:
        self.mode = "gone"
        asyncio.get_running_loop().call_later(self.server.distance, self.transport.close)

    def say(self, answer: str) -> None:
        if answer == SILENCE:
            self.mode = "gone"
            return
        self.server.unanswered += 1
        self.server.most_unanswered = max(self.server.most_unanswered, self.server.unanswered)
        if self.server.distance:
            asyncio.get_running_loop().call_later(self.server.distance, self.write, answer)
        else:
            self.write(answer)

    def write(self, answer: str) -> None:
        self.server.unanswered -= 1
        octets = answer.encode() + b"\r\n"
        pieces = [octets[place : place + 1] for place in range(len(octets))] if self.server.in_octets else [octets]
        for piece in pieces:
            self.transport.write(piece)


@asynccontextmanager
async def wire_server(server: WireServer) -> AsyncIterator[WireServer]:
    """Run a server on this machine."""
    listening = await asyncio.get_running_loop().create_server(lambda: _Session(server), "127.0.0.1", 0)
    server.port = listening.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listening.close()
