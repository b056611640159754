"""The sink as a process: what it says to a client, and what stands in its journal when it does."""

import hashlib
import os
import signal
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from newsletter.dispatch.rehearsal.faults import Fault
from newsletter.dispatch.rehearsal.processes import SinkProcess
from newsletter.dispatch.rehearsal.session import Moment
from newsletter.dispatch.rehearsal.sink import Halt, Orders
from newsletter.providers.smtp.letter import dot_stuff

KEY = "abcdefghijklmnopqrstuvwxyz"
CONTENT = f"Subject: x\r\nMessage-ID: <{KEY}@example.org>\r\n\r\n.\r\n..\r\n.een\r\ntekst\r\n\r\n.\r\n".encode()
ENVELOPE = b"MAIL FROM:<bounces@example.org> SIZE=100\r\nRCPT TO:<lid@example.org>\r\n"
WIRE = b"EHLO x\r\n" + ENVELOPE + b"DATA\r\n" + dot_stuff(CONTENT) + b".\r\nQUIT\r\n"
DIGEST = hashlib.sha256(CONTENT).hexdigest()


@dataclass
class Client:
    """A connection to a sink."""

    wire: socket.socket

    def say(self, octets: bytes) -> None:
        self.wire.sendall(octets)

    def all_replies(self) -> list[bytes]:
        """Read to the end, and give the codes of all replies."""
        with self.wire.makefile("rb") as file:
            return [line[:3] for line in file if line[3:4] == b" "]

    def reply(self) -> bytes:
        """Read one reply, and give its code; nothing where the connection has ended."""
        line = b""
        while not line.endswith(b"\n") or line[3:4] == b"-":
            line = b"" if line.endswith(b"\n") else line
            octet = self.wire.recv(1)
            if not octet:
                return b""
            line += octet
        return line[:3]

    def converse(self, *says: bytes) -> list[bytes]:
        """Say something and read the reply, again and again."""
        replies = []
        for octets in says:
            self.say(octets)
            replies.append(self.reply())
        return replies


@dataclass
class Running:
    """A running sink."""

    process: SinkProcess
    journal: Path

    def lines(self) -> list[list[str]]:
        return [line.split("\t") for line in self.journal.read_text(encoding="ascii").splitlines()]

    @contextmanager
    def client(self) -> Iterator[Client]:
        with socket.create_connection(("127.0.0.1", self.process.port), timeout=30) as wire:
            yield Client(wire)


Start = Callable[..., Running]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start sinks, which end with the test."""
    started: list[SinkProcess] = []

    def start(rates: Mapping[Fault, float] | None = None, *halts: Halt, chunking: bool = True) -> Running:
        journal = tmp_path / f"journal-{len(started)}"
        process = SinkProcess(Orders(journal, 1, rates, halts, chunking), tmp_path / "complaints")
        started.append(process)
        return Running(process, journal)

    yield start
    for process in started:
        process.close()


def test_pipelined_conversation_cut_at_every_boundary_gives_the_same_message(start: Start) -> None:
    sink = start()
    for cut in range(len(WIRE)):
        with sink.client() as client:
            client.wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            client.say(WIRE[:cut])
            client.say(WIRE[cut:])
            assert client.all_replies() == [b"220", b"250", b"250", b"250", b"354", b"250", b"221"], cut
    lines = sink.lines()
    assert len(lines) == len(WIRE)
    assert {(entry, key, digest) for entry, key, digest, *_ in lines} == {("taken", KEY, DIGEST)}


def test_chunks_make_the_same_message_as_data(start: Start) -> None:
    sink = start()
    half = len(CONTENT) // 2
    chunks = b"BDAT %d\r\n%sBDAT %d LAST\r\n%s" % (half, CONTENT[:half], len(CONTENT) - half, CONTENT[half:])
    with sink.client() as client:
        client.say(b"EHLO x\r\n" + ENVELOPE + chunks + b"QUIT\r\n")
        assert client.all_replies() == [b"220", b"250", b"250", b"250", b"250", b"250", b"221"]
    assert [line[:3] for line in sink.lines()] == [["taken", KEY, DIGEST]]


@pytest.mark.parametrize("chunking", [True, False])
def test_offers_what_it_is_told_to(start: Start, chunking: bool) -> None:
    with start(chunking=chunking).client() as client:
        client.say(b"EHLO x\r\nQUIT\r\n")
        with client.wire.makefile("rb") as file:
            said = file.read()
    offered = {line[4:].split()[0] for line in said.splitlines() if line.startswith(b"250")}
    expected = {b"sink.invalid", b"PIPELINING", b"SIZE", b"8BITMIME", b"SMTPUTF8", b"ENHANCEDSTATUSCODES"}
    assert offered == expected | ({b"CHUNKING"} if chunking else set())


def test_several_messages_in_one_go_are_told_apart(start: Start) -> None:
    sink = start()
    other = CONTENT.replace(KEY.encode(), KEY[::-1].encode().replace(b"z", b"2"))
    with sink.client() as client:
        message = ENVELOPE + b"DATA\r\n"
        client.say(
            b"EHLO x\r\n" + message + dot_stuff(CONTENT) + b".\r\n" + message + dot_stuff(other) + b".\r\nQUIT\r\n"
        )
        client.all_replies()
    assert [line[1] for line in sink.lines()] == [KEY, KEY[::-1].replace("z", "2")]


def test_key_is_found_in_the_return_path_where_the_message_has_none(start: Start) -> None:
    sink = start()
    with sink.client() as client:
        sender = f"MAIL FROM:<bounces+{KEY}@example.org>\r\n".encode()
        client.say(b"EHLO x\r\n" + sender + b"RCPT TO:<a@b>\r\nDATA\r\nSubject: x\r\n\r\nx\r\n.\r\nQUIT\r\n")
        client.all_replies()
    assert sink.lines()[0][1] == KEY


def test_wrong_order_is_refused(start: Start) -> None:
    sink = start()
    with sink.client() as client:
        client.say(b"RCPT TO:<a@b>\r\nDATA\r\nBDAT 3\r\nabcMAIL FROM:x\r\nHELP\r\nQUIT\r\n")
        assert client.all_replies() == [b"220", b"503", b"554", b"503", b"501", b"502", b"221"]
    assert sink.lines() == []


def test_message_is_in_the_journal_when_its_reply_is_read_whatever_becomes_of_the_sink(start: Start) -> None:
    sink = start()
    with sink.client() as client:
        client.say(WIRE.removesuffix(b"QUIT\r\n"))
        assert [client.reply() for _ in range(6)][-1] == b"250"
        os.kill(sink.process.number, signal.SIGKILL)
        assert [line[:3] for line in sink.lines()] == [["taken", KEY, DIGEST]]


STEPS = (b"EHLO x\r\n", *ENVELOPE.splitlines(keepends=True), b"DATA\r\n", dot_stuff(CONTENT) + b".\r\n")


@pytest.mark.parametrize(
    ("moment", "answered", "then", "taken"),
    [
        (Moment.RECIPIENT, 2, b"250", 0),
        (Moment.CONTENT, 3, b"354", 0),
        (Moment.REPLY, 4, b"250", 1),
        (Moment.REPLIED, 5, None, 1),
    ],
)
def test_halts_where_it_is_told_to_and_goes_on(
    start: Start, moment: Moment, answered: int, then: bytes | None, taken: int
) -> None:
    sink = start(None, Halt(0, moment))
    with sink.client() as client:
        client.reply()
        assert set(client.converse(*STEPS[:answered])) <= {b"250", b"354"}
        client.say(b"".join(STEPS[answered : answered + 1]))
        assert sink.process.is_halted(30)
        assert len(sink.lines()) == taken
        sink.process.go_on()
        if then is not None:
            assert client.reply() == then
        rest = [*STEPS[answered + 1 :], b"QUIT\r\n"]
        assert client.converse(*rest)[-1] == b"221"
    assert len(sink.lines()) == 1


@pytest.mark.parametrize(
    ("fault", "last", "entries"),
    [
        (Fault.REJECTED, b"550", ["fault"]),
        (Fault.DEFERRED, b"450", ["fault"]),
        (Fault.REFUSED, b"451", ["seen", "fault"]),
        (Fault.CUT, b"", ["fault"]),
        (Fault.UNANSWERED, b"", ["taken", "fault"]),
        (Fault.LATE, b"250", ["taken", "fault"]),
        (Fault.SPLIT, b"250", ["taken", "fault"]),
    ],
)
def test_misbehaves_as_it_is_told_and_writes_it_down(
    start: Start, fault: Fault, last: bytes, entries: list[str]
) -> None:
    sink = start({fault: 1.0})
    with sink.client() as client:
        client.reply()
        for step in STEPS:
            (reply,) = client.converse(step)
            if reply not in (b"250", b"354"):
                break
    assert reply == last
    lines = sink.lines()
    assert [line[0] for line in lines] == entries
    assert lines[-1][1] == fault


def test_word_with_which_it_closes_is_the_last(start: Start) -> None:
    sink = start({Fault.CLOSING: 1.0})
    ends = set()
    for number in range(20):
        with sink.client() as client:
            client.reply()
            client.converse(b"EHLO x\r\n", b"MAIL FROM:<a@b>\r\n")
            (reply,) = client.converse(b"RCPT TO:<lid%d@b>\r\n" % number)
            at_end = reply == b"250"
            if at_end:
                reply = client.converse(b"DATA\r\n", dot_stuff(CONTENT) + b".\r\n")[-1]
            assert (reply, client.wire.recv(1)) == (b"421", b"")
            ends.add(at_end)
    assert ends == {True, False}
    assert {line[0] for line in sink.lines()} == {"seen", "fault"}
