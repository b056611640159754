"""One connection to the sink: answers its commands, and misbehaves as the fate of each message says."""

import asyncio
import hashlib
import re
from collections.abc import Callable
from enum import StrEnum
from typing import Final, Protocol, cast

from newsletter.dispatch.rehearsal.faults import UNHARMED, Fate, Fault
from newsletter.dispatch.rehearsal.incoming import Incoming, TooLongError
from newsletter.dispatch.rehearsal.journal import Entry

LARGEST_MESSAGE: Final = 50_000_000
PIECES_APART: Final = 0.001
"""Seconds between the two pieces of a reply that is split."""

_PATH: Final = re.compile(rb"(?:FROM|TO): ?<([^>]*)>", re.IGNORECASE)
_MESSAGE_ID: Final = re.compile(rb"^Message-ID:\s*<([a-z2-7]{26})@", re.IGNORECASE | re.MULTILINE)
_KEY: Final = re.compile(rb"(?<![a-z2-7])[a-z2-7]{26}(?![a-z2-7])")


class Moment(StrEnum):
    """Where a halt may come: before a reply to the recipient, before the content, before the last reply, after it."""

    RECIPIENT = "recipient"
    CONTENT = "content"
    REPLY = "reply"
    REPLIED = "replied"


class Keeper(Protocol):
    """What a session asks of the sink."""

    is_halted: bool
    chunking: bool

    def fate(self, recipient: bytes) -> Fate:
        """Draw what the next message for a recipient meets with."""

    def message(self, entry: Entry, key: str, digest: str, connection: int) -> None:
        """Write down that a message has come; it is out of this process's hands when this returns."""

    def fault(self, fault: Fault, connection: int) -> None:
        """Write down that something went wrong as planned."""

    def reach(self, moment: Moment) -> None:
        """Come to a moment, at which everything may be halted."""

    def forget(self, session: "Session") -> None:
        """Take note that a connection has ended."""


class Session(asyncio.Protocol):
    """One connection.

    Args:
        number: Which one, in the journal.
    """

    def __init__(self, keeper: Keeper, number: int) -> None:
        self._keeper = keeper
        self._number = number
        self._incoming = Incoming()
        self._replies: list[bytes] = []
        self._step: Callable[[], bool] = self._command
        self._waiting = False
        self._ended = False
        self._closing = False
        self._chunk = (0, False)
        self._chunks = bytearray()
        self._clear()
        self._commands: dict[bytes, Callable[[bytes], None]] = {
            b"EHLO": self._ehlo,
            b"HELO": lambda _: self._say(b"250 sink"),
            b"MAIL": self._mail,
            b"RCPT": self._rcpt,
            b"DATA": self._data,
            b"BDAT": self._bdat,
            b"RSET": self._rset,
            b"NOOP": lambda _: self._say(b"250 2.0.0 ok"),
            b"QUIT": self._quit,
        }

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._say(b"220 sink.invalid ESMTP rehearsal")
        self.go_on()

    def data_received(self, data: bytes) -> None:
        self._incoming.feed(data)
        self.go_on()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 (asyncio's signature)
        self._ended = True
        self._keeper.forget(self)

    def go_on(self) -> None:
        """Deal with what has come, as far as it goes."""
        try:
            while not (self._waiting or self._closing or self._ended or self._keeper.is_halted) and self._step():
                pass
        except TooLongError:
            self._say(b"500 5.5.2 line too long")
            self._closing = True
        self._write()

    def _write(self) -> None:
        if self._ended or self._keeper.is_halted:
            return
        if self._replies:
            self._transport.write(b"".join(self._replies))
            self._replies.clear()
        if self._closing and not self._waiting:
            self._transport.close()

    def _say(self, reply: bytes) -> None:
        self._replies.append(reply + b"\r\n")

    def _clear(self) -> None:
        self._sender: bytes | None = None
        self._recipient: bytes | None = None
        self._fate = UNHARMED
        self._chunks.clear()

    def _command(self) -> bool:
        line = self._incoming.line()
        if line is None:
            return False
        verb, _, rest = line.partition(b" ")
        answer = self._commands.get(verb.upper())
        if answer is None:
            self._say(b"502 5.5.2 unknown command")
        else:
            answer(rest)
        return True

    def _ehlo(self, _rest: bytes) -> None:
        self._clear()
        offered = [b"sink.invalid", b"PIPELINING", b"SIZE %d" % LARGEST_MESSAGE, b"8BITMIME", b"SMTPUTF8"]
        offered += [b"CHUNKING"] if self._keeper.chunking else []
        for line in offered:
            self._say(b"250-" + line)
        self._say(b"250 ENHANCEDSTATUSCODES")

    def _mail(self, rest: bytes) -> None:
        path = _PATH.match(rest)
        if path is None or self._sender is not None:
            self._say(b"501 5.5.4 write it as MAIL FROM:<address>" if path is None else b"503 5.5.1 one at a time")
            return
        self._clear()
        self._sender = path[1]
        self._say(b"250 2.1.0 ok")

    def _rcpt(self, rest: bytes) -> None:
        path = _PATH.match(rest)
        if self._sender is None or path is None or self._recipient is not None:
            self._say(b"503 5.5.1 one recipient after one sender")
            return
        self._keeper.reach(Moment.RECIPIENT)
        fate = self._keeper.fate(path[1])
        if fate.breaking is Fault.REJECTED:
            self._misbehave(fate.breaking, b"550 5.1.1 no such mailbox here")
        elif fate.breaking is Fault.DEFERRED:
            self._misbehave(fate.breaking, b"450 4.2.1 the mailbox is busy, come again")
        elif fate.breaking is Fault.CLOSING and not fate.at_end:
            self._misbehave(fate.breaking, b"421 4.3.2 closing, come again")
            self._closing = True
        else:
            self._recipient, self._fate = path[1], fate
            self._say(b"250 2.1.5 ok")

    def _data(self, _rest: bytes) -> None:
        if self._recipient is None or self._chunks:
            self._say(b"554 5.5.1 no recipient")
            return
        self._keeper.reach(Moment.CONTENT)
        self._say(b"354 go on")
        self._step = self._content

    def _bdat(self, rest: bytes) -> None:
        size, _, last = rest.partition(b" ")
        if not size.isdigit() or last.upper() not in (b"", b"LAST") or int(size) > LARGEST_MESSAGE:
            self._say(b"501 5.5.4 write it as BDAT size")
            self._closing = True  # how many octets follow is not known
            return
        self._chunk = int(size), bool(last)
        self._step = self._chunk_of_content

    def _rset(self, _rest: bytes) -> None:
        self._clear()
        self._say(b"250 2.0.0 ok")

    def _quit(self, _rest: bytes) -> None:
        self._say(b"221 2.0.0 bye")
        self._closing = True

    def _content(self) -> bool:
        if self._fate.breaking is Fault.CUT and self._incoming:
            self._cut(Fault.CUT)
            return False
        content = self._incoming.content()
        if content is None:
            if len(self._incoming) > LARGEST_MESSAGE:
                self._say(b"552 5.3.4 too large")
                self._closing = True
            return False
        self._step = self._command
        self._finish(content)
        return True

    def _chunk_of_content(self) -> bool:
        if self._fate.breaking is Fault.CUT and self._incoming:
            self._cut(Fault.CUT)
            return False
        size, is_last = self._chunk
        chunk = self._incoming.chunk(size)
        if chunk is None:
            return False
        self._step = self._command
        if self._recipient is None:
            self._say(b"503 5.5.1 no recipient")
            return True
        self._chunks += chunk
        if is_last:
            self._finish(bytes(self._chunks))
        else:
            self._say(b"250 2.0.0 ok")
        return True

    def _finish(self, content: bytes) -> None:
        """Take a message, or refuse it; what is in the journal is there before the reply is."""
        fate = self._fate
        key, digest = delivery_key_of(content, self._sender or b""), digest_of(content)
        self._clear()
        if fate.breaking is Fault.REFUSED or fate.breaking is Fault.CLOSING:
            self._keeper.message(Entry.SEEN, key, digest, self._number)
            if fate.breaking is Fault.REFUSED:
                self._misbehave(fate.breaking, b"451 4.3.0 not now, come again")
            else:
                self._misbehave(fate.breaking, b"421 4.3.2 closing, come again")
                self._closing = True
            return
        self._keeper.message(Entry.TAKEN, key, digest, self._number)
        if fate.breaking is Fault.UNANSWERED:
            self._cut(Fault.UNANSWERED)
            return
        self._keeper.reach(Moment.REPLY)
        self._answer(b"250 2.0.0 taken as " + key.encode() + b"\r\n", fate)

    def _answer(self, reply: bytes, fate: Fate) -> None:
        """Give the last reply of a message, at once and whole, or late, or in two pieces."""
        if fate.late:
            self._keeper.fault(Fault.LATE, self._number)
            self._after(fate.late, reply)
        elif fate.is_split:
            self._keeper.fault(Fault.SPLIT, self._number)
            self._replies.append(reply[: len(reply) // 2])
            self._write()
            self._after(PIECES_APART, reply[len(reply) // 2 :])
        else:
            self._replies.append(reply)
            self._write()
            self._keeper.reach(Moment.REPLIED)

    def _after(self, seconds: float, octets: bytes) -> None:
        def go_on() -> None:
            self._waiting = False
            self._replies.append(octets)
            self.go_on()

        self._waiting = True
        asyncio.get_running_loop().call_later(seconds, go_on)

    def _misbehave(self, fault: Fault, reply: bytes) -> None:
        self._keeper.fault(fault, self._number)
        self._say(reply)

    def _cut(self, fault: Fault) -> None:
        self._keeper.fault(fault, self._number)
        self._write()
        self._ended = True
        self._transport.abort()


def delivery_key_of(content: bytes, sender: bytes) -> str:
    """Find the delivery's key in a message's Message-ID, or else in its return path."""
    head = content[: content.find(b"\r\n\r\n") + 1]
    found = _MESSAGE_ID.search(head)
    if found:
        return found[1].decode("ascii")
    in_path = _KEY.search(sender)
    return in_path[0].decode("ascii") if in_path else "unknown"


def digest_of(content: bytes) -> str:
    """Give the SHA-256 of a message."""
    return hashlib.sha256(content).hexdigest()
