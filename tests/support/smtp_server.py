"""A mail server that misbehaves as its script says, messages for it, and a run that keeps what came of them."""

import asyncio
import ssl
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from newsletter.message import Content, DeliveryKey, Mailbox
from newsletter.message.content import split
from newsletter.providers import smtp
from newsletter.providers.base import Message, Outcome, PersonalParts, SharedParts

DROP = "DROP"
"""Close the connection instead of a reply."""
HANG = "HANG"
"""Never reply."""
RESET = "RESET"
"""Break the connection off instead of a reply."""

CONTENT = b"Subject: x\r\n\r\n.\r\n..\r\n.een\r\ntekst.\r\n\r\n.\r\n"

Action = str | None
EHLO = ("PIPELINING", "SIZE 1000000", "8BITMIME", "ENHANCEDSTATUSCODES")

_REPLIES = {
    "GREETING": "220 test.example ESMTP",
    "HELO": "250 test.example",
    "STARTTLS": "220 2.0.0 go ahead",
    "AUTH": "235 2.7.0 welcome",
    "MAIL": "250 2.1.0 ok",
    "RCPT": "250 2.1.5 ok",
    "DATA": "354 go on",
    "BODY": "",
    "END": "250 2.0.0 Ok: queued as 4XyZ",
    "RSET": "250 2.0.0 ok",
    "QUIT": "221 2.0.0 bye",
}


@dataclass
class Received:
    """A message that the server took, its content as it came over the wire, without the final dot."""

    sender: str
    recipient: str
    content: bytes


@dataclass
class Script:
    """What the server does.

    Args:
        actions: For GREETING, EHLO, MAIL, RCPT, DATA, BODY (the first line of the content), END and so on: a reply,
            DROP, RESET or HANG; or a list of them, one for each time, None for the usual.
        extensions: What EHLO offers.
        room: How many connections there may be at once; others are greeted with 421.
        context: For TLS after STARTTLS.
        stalls: How many seconds the answer to a content takes, by how many came before.
    """

    actions: Mapping[str, Action | Sequence[Action]] = field(default_factory=dict)
    extensions: Sequence[str] = EHLO
    room: int = 1000
    context: ssl.SSLContext | None = None
    stalls: Mapping[int, float] = field(default_factory=dict)


@dataclass
class ScriptedServer:
    """A running server, and what came to it."""

    script: Script
    port: int = 0
    messages: list[Received] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    connections: int = 0
    open_now: int = 0
    most_open: int = 0
    times: Counter[str] = field(default_factory=Counter)
    tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.get_running_loop().create_task(self._serve(reader, writer))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.open_now += 1
        self.most_open = max(self.most_open, self.open_now)
        try:
            with suppress(OSError, EOFError):
                await _Session(self, reader, writer).run()
        finally:
            self.open_now -= 1
            writer.transport.abort() if writer.transport.is_closing() else writer.close()

    def action(self, step: str) -> str | None:
        """Give what is to be done at a step, this time."""
        self.times[step] += 1
        wanted = self.script.actions.get(step)
        if wanted is not None and not isinstance(wanted, str):
            place = self.times[step] - 1
            wanted = wanted[place] if place < len(wanted) else None
        if wanted is None and step == "EHLO":
            lines = ["test.example", *self.script.extensions]
            return "\r\n".join(f"250{' ' if line is lines[-1] else '-'}{line}" for line in lines)
        return wanted if wanted is not None else _REPLIES.get(step)


class _StopError(EOFError):
    pass


class _Session:
    def __init__(self, server: ScriptedServer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.server, self.reader, self.writer = server, reader, writer
        self.sender = self.recipient = ""

    async def run(self) -> None:
        if self.server.open_now > self.server.script.room:
            self.writer.write(b"421 4.7.0 too many connections\r\n")
            return
        await self.do("GREETING")
        while True:
            line = await self.line()
            verb, _, rest = line.partition(" ")
            self.server.commands.append(line)
            await self.answer(verb.upper(), rest)

    async def answer(self, verb: str, rest: str) -> None:
        reply = await self.do(verb, self.out_of_order(verb))
        if verb == "QUIT":
            raise _StopError
        if verb == "STARTTLS" and reply.startswith("220"):
            assert self.server.script.context
            await self.writer.start_tls(self.server.script.context)
        elif verb == "MAIL":
            self.sender, self.recipient = rest if reply.startswith("250") else "", ""
        elif verb == "RCPT":
            self.recipient = rest if reply.startswith("250") else ""
        elif verb == "DATA" and reply.startswith("354"):
            await self.content()
        elif verb == "AUTH" and reply.startswith("334"):
            while reply.startswith("334"):
                self.server.commands.append(await self.line())
                reply = await self.do("AUTH")

    def out_of_order(self, verb: str) -> str | None:
        if verb == "RCPT" and not self.sender:
            return "503 5.5.1 MAIL first"
        if verb == "DATA" and not self.recipient and "DATA" not in self.server.script.actions:
            return "554 5.5.1 no valid recipients"
        return None

    async def content(self) -> None:
        lines = []
        while (line := await self.reader.readuntil(b"\n")) != b".\r\n":
            if not lines:
                await self.do("BODY")
            lines.append(line)
        if not self.recipient:
            assert not lines, "content for nobody"
            self.writer.write(b"554 5.5.1 no valid recipients\r\n")
            return
        await asyncio.sleep(self.server.script.stalls.get(self.server.times["END"], 0))
        action = self.server.action("END") or ""
        if not action.startswith(("4", "5")):
            # Kept before the reply: when that is lost, the message is here all the same.
            self.server.messages.append(Received(self.sender, self.recipient, b"".join(lines)))
        await self.perform(action)

    async def do(self, step: str, otherwise: str | None = None) -> str:
        """Do what the script says of a step, or else what is given."""
        scripted = step in self.server.script.actions
        action = self.server.action(step) if scripted or otherwise is None else otherwise
        return await self.perform(action if action is not None else "502 5.5.2 unknown")

    async def perform(self, action: str) -> str:
        if action == HANG:
            await asyncio.Event().wait()
        if action == RESET:
            self.writer.transport.abort()
        if action in (DROP, RESET):
            raise _StopError
        if action:
            self.writer.write(action.encode() + b"\r\n")
            await self.writer.drain()
        if action.startswith("421"):
            raise _StopError
        return action

    async def line(self) -> str:
        return (await self.reader.readuntil(b"\n")).decode().rstrip("\r\n")


@asynccontextmanager
async def serve(script: Script, tls: ssl.SSLContext | None = None) -> AsyncIterator[ScriptedServer]:
    """Run a server on this machine.

    Args:
        tls: For TLS from the start.
    """
    running = ScriptedServer(script)
    listening = await asyncio.start_server(running.accept, "127.0.0.1", 0, ssl=tls)
    running.port = listening.sockets[0].getsockname()[1]
    try:
        yield running
    finally:
        listening.close()
        for task in list(running.tasks):
            task.cancel()
        await asyncio.gather(*running.tasks, return_exceptions=True)
        await listening.wait_closed()


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

    def merged(self) -> Content:
        return split(self.content)

    def parts(self) -> tuple[SharedParts, PersonalParts]:
        raise AssertionError("SMTP takes raw messages")


@dataclass
class Run:
    """What came of a run."""

    outcomes: dict[str, Outcome] = field(default_factory=dict)
    intended: list[str] = field(default_factory=list)
    ahead: list[str] = field(default_factory=list)
    """What was asked for before its turn."""
    most_in_doubt: int = 0
    """How many intended messages had no outcome yet, at most."""
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
    intend_takes: float = 0,
    **options: Any,
) -> Run:
    options = {"host": "127.0.0.1", "tls": "none", "port": port, "timeout": 5.0, "connections": 1, **options}
    settings = smtp.Settings(**options)
    result = Run()
    in_doubt: set[str] = set()
    before = asyncio.all_tasks()

    async def source() -> AsyncIterator[Message]:
        for message in messages:
            yield message

    async def intend(keys: Sequence[DeliveryKey], *, ahead: bool = False) -> frozenset[DeliveryKey]:
        if intend_error:
            raise intend_error
        assert not set(keys) & set(result.intended), "intended twice"
        result.intended += keys
        result.ahead += keys if ahead else ()
        await asyncio.sleep(intend_takes)
        going = frozenset(key for key in keys if key not in withheld)
        in_doubt.update(going)
        result.most_in_doubt = max(result.most_in_doubt, len(in_doubt - result.outcomes.keys()))
        return going

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
