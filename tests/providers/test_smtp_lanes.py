"""A domain with connections of its own keeps nobody waiting, and gets no more than these."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import dataclass, field

import pytest
from pydantic import ValidationError

from newsletter.errors import ProviderError
from newsletter.providers import smtp
from newsletter.providers.base import Accepted, Rejected
from support.smtp_server import Run, Sample, submit

FAST, SLOW = 30, 8
PATIENCE = 20.0


@dataclass
class Reluctant:
    """A server that answers the recipients of one domain only when everybody else has their message."""

    slow: str
    fast: int
    taken: list[str] = field(default_factory=list)
    waiting: int = 0
    most_waiting: int = 0
    refuses: bool = False
    rejects_slow: bool = False
    room: int = 1000
    open_now: int = 0
    _released: asyncio.Event = field(default_factory=asyncio.Event)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.open_now >= self.room:
            writer.write(b"421 4.3.2 too many connections\r\n")
            await writer.drain()
            writer.close()
            return
        self.open_now += 1
        try:
            await self._converse(reader, writer)
        finally:
            self.open_now -= 1

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 here\r\n")
        recipient = ""
        with closing(writer.transport), suppress(EOFError, OSError):
            while line := (await reader.readline()).decode():
                verb = line[:4].upper().strip()
                if verb == "RCPT":
                    recipient = line.partition("<")[2].partition(">")[0]
                    if recipient.endswith(self.slow) and not self.rejects_slow:
                        await self._hesitate()
                if verb == "DATA":
                    writer.write(b"354 go on\r\n")
                    await reader.readuntil(b"\r\n.\r\n")
                    self._take(recipient)
                reply = b"250 2.0.0 well\r\n"
                if verb == "MAIL" and self.refuses:
                    reply = b"530 5.7.0 log in first\r\n"
                if verb == "RCPT" and recipient.endswith(self.slow) and self.rejects_slow:
                    reply = b"550 5.4.1 recipient address rejected: access denied\r\n"
                writer.write(reply)
                if verb == "QUIT":
                    break

    def _take(self, recipient: str) -> None:
        self.taken.append(recipient)
        if sum(not one.endswith(self.slow) for one in self.taken) == self.fast:
            self._released.set()

    async def _hesitate(self) -> None:
        self.waiting += 1
        self.most_waiting = max(self.most_waiting, self.waiting)
        await self._released.wait()
        self.waiting -= 1


@asynccontextmanager
async def listening(server: Reluctant) -> AsyncIterator[int]:
    talks: set[asyncio.Task[None]] = set()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talks.add(asyncio.create_task(server.serve(reader, writer)))

    async with await asyncio.start_server(accept, "127.0.0.1", 0) as started:
        try:
            yield started.sockets[0].getsockname()[1]
        finally:
            for talk in talks:
                talk.cancel()
            await asyncio.gather(*talks, return_exceptions=True)


def messages(slow: str) -> list[Sample]:
    first = [Sample(number, f"lid{number}@{slow}") for number in range(SLOW)]
    return first + [Sample(number, f"lid{number}@example.com") for number in range(SLOW, SLOW + FAST)]


def run(server: Reluctant, domains: Mapping[str, int], slow: str, many: Sequence[Sample] = ()) -> Run:
    async def main() -> Run:
        async with asyncio.timeout(PATIENCE), listening(server) as port:
            return await submit(port, many or messages(slow), connections=2, domains=domains)

    return asyncio.run(main())


@pytest.mark.parametrize(
    ("named", "written"), [("slow.example", "Slow.Example"), ("münchen.example", "xn--mnchen-3ya.example")]
)
def test_who_writes_to_others_does_not_wait_for_a_slow_domain(named: str, written: str) -> None:
    server = Reluctant(written, FAST)
    result = run(server, {named: 1}, written)
    assert result.error is None
    assert [type(one) for one in result.outcomes.values()] == [Accepted] * (FAST + SLOW)
    assert not any(one.endswith(written) for one in server.taken[:FAST])
    assert server.most_waiting == 1


def test_without_connections_of_its_own_a_slow_domain_keeps_all_busy() -> None:
    with pytest.raises(TimeoutError):
        asyncio.run(_give_up_soon())


async def _give_up_soon() -> None:
    server = Reluctant("slow.example", FAST)
    async with asyncio.timeout(2.0), listening(server) as port:
        await submit(port, messages("slow.example"), connections=2, timeout=60.0)


def test_refusal_of_us_on_one_lane_ends_all() -> None:
    server = Reluctant("slow.example", FAST, refuses=True)
    result = run(server, {"slow.example": 1}, "slow.example")
    assert isinstance(result.error, ProviderError)
    assert server.taken == []
    assert result.tasks_left == 0


def mixed() -> list[Sample]:
    """Messages of which every fifth goes to the slow domain."""
    return [
        Sample(number, f"lid{number}@{'slow.example' if not number % 5 else 'example.com'}") for number in range(100)
    ]


@pytest.mark.parametrize("domains", [{}, {"slow.example": 2}])
def test_domain_that_refuses_everybody_is_judged_as_if_it_had_no_connections_of_its_own(
    domains: Mapping[str, int],
) -> None:
    server = Reluctant("slow.example", 80, rejects_slow=True)
    result = run(server, domains, "slow.example", mixed())
    assert result.error is None
    assert len(server.taken) == 80
    assert sum(isinstance(one, Rejected) for one in result.outcomes.values()) == 20


def test_lane_that_gets_no_connection_waits_for_those_who_have_one() -> None:
    server = Reluctant("slow.example", 80, room=2)
    result = run(server, {"slow.example": 1}, "slow.example", mixed())
    assert result.error is None
    assert len(server.taken) == 100


@pytest.mark.parametrize(
    ("domains", "says"),
    [
        ({"here": 1}, "is no domain"),
        ({"a b.example": 1}, "is no domain"),
        ({"example.org": 0}, "greater than"),
        ({"Example.org": 1, "example.org": 2}, "stands there twice"),
    ],
)
def test_domains_that_cannot_be_meant_are_refused(domains: Mapping[str, int], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        smtp.Settings.model_validate({"host": "localhost", "domains": domains})


def test_what_may_be_under_way_counts_all_lanes() -> None:
    async def main() -> int:
        server = Reluctant("slow.example", FAST)
        async with listening(server) as port:
            values = {"host": "127.0.0.1", "port": port, "tls": "none", "connections": 3, "pipeline_depth": 2}
            settings = smtp.Settings.model_validate({**values, "domains": {"slow.example": 2}})
            async with smtp.open(settings) as provider:
                return provider.limits.concurrency

    assert asyncio.run(main()) == (3 + 2) * 8
