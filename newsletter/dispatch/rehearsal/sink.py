"""The sink: a mail server for this machine only, in a process of its own, that keeps a journal and no message.

It is told what to do in one line of JSON on standard input, says on standard output which port it listens on, and ends
when standard input does. Where it is told to, it halts: it says so, and answers nobody before it is told to go on.
"""

import asyncio
import json
import os
import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from newsletter.dispatch.rehearsal.faults import Fate, Fates, Fault
from newsletter.dispatch.rehearsal.journal import Entry, JournalWriter
from newsletter.dispatch.rehearsal.session import Moment, Session

HALTED: Final = b"halted\n"
GO_ON: Final = b"go on\n"
_STANDARD_INPUT: Final = 0
_STANDARD_OUTPUT: Final = 1


@dataclass(frozen=True, slots=True)
class Halt:
    """A moment at which the sink stops answering: the first of its kind after so many messages were taken."""

    after: int
    moment: Moment


@dataclass(frozen=True, slots=True)
class Orders:
    """What a sink is told to do.

    Args:
        journal: The file to keep the journal in.
        rates: How probable each fault is.
        halts: In the order in which they come.
        chunking: Whether it offers CHUNKING.
    """

    journal: Path
    seed: int = 0
    rates: Mapping[Fault, float] | None = None
    halts: Sequence[Halt] = ()
    chunking: bool = True

    def json(self) -> str:
        """Write it on one line."""
        return json.dumps(
            {
                "journal": str(self.journal),
                "seed": self.seed,
                "rates": dict(self.rates or {}),
                "halts": [[halt.after, halt.moment.value] for halt in self.halts],
                "chunking": self.chunking,
            }
        )


def read_orders(line: str) -> Orders:
    """Read what `Orders.json` has written."""
    told: dict[str, Any] = json.loads(line)
    return Orders(
        Path(told["journal"]),
        told["seed"],
        {Fault(name): rate for name, rate in told["rates"].items()},
        tuple(Halt(after, Moment(moment)) for after, moment in told["halts"]),
        told["chunking"],
    )


class Sink:
    """A running sink; it is what its sessions ask.

    Attributes:
        is_halted: Whether nobody is answered.
    """

    def __init__(self, orders: Orders, writer: JournalWriter) -> None:
        self.is_halted = False
        self.chunking = orders.chunking
        self._writer = writer
        self._fates = Fates(orders.seed, orders.rates or {})
        self._halts = deque(orders.halts)
        self._sessions: set[Session] = set()
        self._connections = 0
        self._taken = 0

    def accept(self) -> Session:
        """Take a connection."""
        self._connections += 1
        session = Session(self, self._connections)
        self._sessions.add(session)
        return session

    def go_on(self) -> None:
        """Answer again."""
        self.is_halted = False
        # What a process that was killed has left behind is dealt with first; the next halt is for the next process.
        halts, self._halts = self._halts, deque()
        for session in tuple(self._sessions):
            session.go_on()
        self._halts = halts

    def fate(self, recipient: bytes) -> Fate:
        return self._fates.draw(recipient)

    def message(self, entry: Entry, key: str, digest: str, connection: int) -> None:
        self._taken += entry is Entry.TAKEN
        self._writer.message(entry, key, digest, time.time(), connection)

    def fault(self, fault: Fault, connection: int) -> None:
        self._writer.fault(fault, time.time(), connection)

    def reach(self, moment: Moment) -> None:
        if self.is_halted or not self._halts:
            return
        halt = self._halts[0]
        if halt.moment is moment and self._taken >= halt.after:
            self._halts.popleft()
            self.is_halted = True
            os.write(_STANDARD_OUTPUT, HALTED)

    def forget(self, session: Session) -> None:
        self._sessions.discard(session)


async def serve(orders: Orders) -> None:
    """Run a sink until standard input ends."""
    writer = JournalWriter(orders.journal)
    sink = Sink(orders, writer)
    loop, told_to_end = asyncio.get_running_loop(), asyncio.Event()

    def listen() -> None:
        told = os.read(_STANDARD_INPUT, 4096)
        if not told:
            loop.remove_reader(_STANDARD_INPUT)
            told_to_end.set()
        elif GO_ON in told:
            sink.go_on()

    server = await loop.create_server(sink.accept, "127.0.0.1", 0)
    loop.add_reader(_STANDARD_INPUT, listen)
    os.write(_STANDARD_OUTPUT, b"%d\n" % server.sockets[0].getsockname()[1])
    await told_to_end.wait()
    server.close()
    writer.close()


def main(_arguments: Sequence[str]) -> int:
    """Run a sink as a process."""
    told = _first_line()
    if told:
        asyncio.run(serve(read_orders(told)))
    return 0


def _first_line() -> str:
    """Read the orders, and not one octet more."""
    line = bytearray()
    while not line.endswith(b"\n") and (octet := os.read(_STANDARD_INPUT, 1)):
        line += octet
    return line.decode()
