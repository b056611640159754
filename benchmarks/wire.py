"""How fast messages leave by SMTP, beside other programs, on one machine and to a server far away.

The receiving end is Postfix's smtp-sink, which throws everything away; how much it can take at most is measured too, by
octets that were made beforehand. All senders take turns within one run, so that
their ratios hold whatever else the machine does. Nodemailer is measured where NODEMAILER_FOLDER names a folder in which
`npm install nodemailer` was run.
"""

import asyncio
import os
import selectors
import shutil
import smtplib
import socket
import statistics
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import aiosmtplib

from benchmarks.receiving import chunking_sink, far_away, program, sink
from newsletter.event_loop import run as run_loop
from newsletter.message import Content, DeliveryKey, Mailbox
from newsletter.message.content import looked_through
from newsletter.providers import smtp
from newsletter.providers.base import Accepted, PersonalParts, SharedParts
from newsletter.providers.smtp.keys import make_key_file

ROUNDS = 5
CONNECTIONS = 10
ROUND_TRIP = 0.02
SIZES = (60_000, 5_000)
SENDER = "bounces@example.org"
HEAD = (
    b"From: Nieuws <nieuws@example.org>\r\nTo: Sanne <sanne@example.com>\r\nSubject: Nieuwsbrief 12\r\n"
    b"Date: Tue, 20 Feb 2024 09:30:00 +0100\r\nMessage-ID: <k@example.org>\r\nMIME-Version: 1.0\r\n"
    b"Content-Type: text/html; charset=us-ascii\r\n\r\n"
)
LINE = b"Een regel van gewone lengte, zoals zij in een bericht staan, van zeventig.\r\n"
NODEMAILER = """
const [folder, port, count, size] = process.argv.slice(1)
const mailer = require(folder + "/node_modules/nodemailer").createTransport(
  {host: "127.0.0.1", port: +port, pool: true, maxConnections: 10, maxMessages: Infinity, ignoreTLS: true})
const html = "Een regel van gewone lengte, zoals zij in een bericht staan, van zeventig.\\r\\n".repeat(size / 76)
const start = process.hrtime.bigint()
Promise.all(Array.from({length: +count}, (_, n) => mailer.sendMail(
  {from: "bounces@example.org", to: `lid${n}@example.com`, subject: "Nieuwsbrief 12", html}))).then(() => {
  console.log(Number(process.hrtime.bigint() - start) / 1e9); process.exit(0) })
"""


@dataclass(frozen=True, slots=True)
class Made:
    """A message that is written already."""

    key: DeliveryKey
    recipient: Mailbox
    content: Content
    envelope_sender: str = SENDER

    def raw(self) -> bytes:
        return self.content.octets

    def merged(self) -> Content:
        return self.content

    def parts(self) -> tuple[SharedParts, PersonalParts]:
        raise NotImplementedError


@dataclass
class Contest:
    """Senders that take turns.

    Args:
        senders: By name; each gives its messages per second, and its CPU in µs per message where it is ours.
    """

    senders: dict[str, Callable[[], tuple[float, float]]] = field(default_factory=dict)

    def run(self, yardstick: str) -> None:
        """Print the medians, and their ratios to one of them."""
        found: dict[str, list[tuple[float, float]]] = {name: [] for name in self.senders}
        for _ in range(ROUNDS):
            for name, send in self.senders.items():
                found[name].append(send())
        rates = {name: statistics.median(rate for rate, _ in figures) for name, figures in found.items()}
        for name, rate in rates.items():
            burden = statistics.median(microseconds for _, microseconds in found[name])
            cpu = f"{burden:6.0f} µs CPU" if burden else " " * 13
            print(f"  {name:<28}{rate:>9,.0f}/s  {cpu}  {rate / rates[yardstick]:5.2f} × {yardstick}")


def run() -> None:
    """Print the figures for each size, with signatures, and from far away."""
    if not (program("smtp-sink") and program("smtp-source")):
        print("smtp-sink and smtp-source are missing: install Postfix")
        return
    with sink() as port, tempfile.TemporaryDirectory() as folder:
        for size in SIZES:
            print(f"messages of {size:,} bytes, {CONNECTIONS} connections, medians of {ROUNDS}")
            _here(port, size, Path(folder)).run("smtp-source -d")
        with far_away(port, ROUND_TRIP) as far:
            print(f"messages of {SIZES[0]:,} bytes, {ROUND_TRIP * 1000:g} ms there and back")
            _far(far).run("aiosmtplib")
    with chunking_sink() as port, far_away(port, ROUND_TRIP) as far:
        print("the same, to a server that offers CHUNKING")
        depths = {f"ours, pipeline_depth {depth}": partial(_ours, far, 1500, 60_000, depth) for depth in (1, 2, 4, 8)}
        Contest({**depths}).run("ours, pipeline_depth 1")


def _here(port: int, size: int, folder: Path) -> Contest:
    few, many = (600, 3_000) if size > SIZES[-1] else (1_500, 15_000)
    contest = Contest(
        {
            "smtp-source -d": partial(smtp_source, port, many, size),
            "ours": partial(_ours, port, many, size),
            "ours, Ed25519": partial(_ours, port, many, size, dkim=signing_key(folder, "ed25519")),
            "ours, RSA-2048": partial(_ours, port, few * 3, size, dkim=signing_key(folder, "rsa")),
            "octets made beforehand": partial(_beforehand, port, many, size),
            "smtplib, 1 connection": partial(_smtplib, port, few, size),
            "aiosmtplib": partial(_aiosmtplib, port, few, size, asyncio.run),
            "aiosmtplib on uvloop": partial(_aiosmtplib, port, few, size, run_loop),
        }
    )
    node = os.environ.get("NODEMAILER_FOLDER")
    if node and shutil.which("node"):
        contest.senders["nodemailer, pooled"] = partial(_nodemailer, node, port, few, size)
    else:
        print("  nodemailer is left out: NODEMAILER_FOLDER names no folder, or there is no node")
    return contest


def _far(port: int) -> Contest:
    return Contest(
        {
            "ours": partial(_ours, port, 800, SIZES[0]),
            "aiosmtplib": partial(_aiosmtplib, port, 200, SIZES[0], asyncio.run),
        }
    )


def _content(size: int) -> bytes:
    return HEAD + LINE * ((size - len(HEAD)) // len(LINE))


def signing_key(folder: Path, kind: Any) -> dict[str, Path]:
    """Make a key of a kind, and name its file."""
    file = folder / f"{kind}.pem"
    if not file.exists():
        make_key_file(file, "example.org", kind, kind)
    return {kind: file}


def _ours(port: int, count: int, size: int, depth: int = 2, dkim: dict[str, Path] | None = None) -> tuple[float, float]:
    return run_loop(_submit(port, count, size, depth, dkim or {}))


async def _submit(port: int, count: int, size: int, depth: int, dkim: dict[str, Path]) -> tuple[float, float]:
    # Looked through beforehand, as the common parts of an issue are.
    content = looked_through(_content(size))
    messages = [Made(DeliveryKey(f"k{n}"), Mailbox(f"lid{n}@example.com"), content) for n in range(count)]

    async def source() -> AsyncIterator[Made]:
        for message in messages:
            yield message

    async def intend(keys: Sequence[DeliveryKey]) -> frozenset[DeliveryKey]:
        return frozenset(keys)

    settings = smtp.Settings(
        host="127.0.0.1",
        port=port,
        tls="none",
        connections=CONNECTIONS,
        messages_per_connection=100_000,
        pipeline_depth=depth,
        dkim=dkim,
        dkim_domain="example.org" if dkim else None,
    )
    async with smtp.open(settings) as provider:
        start, cpu, accepted = time.perf_counter(), time.process_time(), 0
        async for outcome in provider.submit(source(), intend):
            accepted += isinstance(outcome, Accepted)
        taken, busy = time.perf_counter() - start, time.process_time() - cpu
    assert accepted == count
    return count / taken, busy / count * 1e6


def smtp_source(port: int, count: int, size: int) -> tuple[float, float]:
    """Let Postfix's own load generator send."""
    arguments = ["-d", "-s", str(CONNECTIONS), "-m", str(count), "-l", str(size), "-f", SENDER, "-t", "a@example.com"]
    start = time.perf_counter()
    subprocess.run([program("smtp-source") or "", *arguments, f"127.0.0.1:{port}"], check=True)
    return count / (time.perf_counter() - start), 0


def _smtplib(port: int, count: int, size: int) -> tuple[float, float]:
    content = _content(size)
    with smtplib.SMTP("127.0.0.1", port) as client:
        start, cpu = time.perf_counter(), time.process_time()
        for number in range(count):
            client.sendmail(SENDER, [f"lid{number}@example.com"], content)
        return count / (time.perf_counter() - start), (time.process_time() - cpu) / count * 1e6


def _beforehand(port: int, count: int, size: int) -> tuple[float, float]:
    """Write the same octets over and over, and hardly read what comes back: the most that the sink can take."""
    envelope = b"MAIL FROM:<%s>\r\nRCPT TO:<lid@example.com>\r\nDATA\r\n" % SENDER.encode()
    whole = _content(size) + b".\r\n" + envelope
    with ExitStack() as stack, selectors.DefaultSelector() as selector:
        for _ in range(CONNECTIONS):
            here = stack.enter_context(socket.create_connection(("127.0.0.1", port)))
            for line in (b"", b"EHLO example.org\r\n"):
                here.sendall(line)
                here.recv(4096)
            here.sendall(envelope)
            selector.register(here, selectors.EVENT_READ, here)
        start, cpu, opened = time.perf_counter(), time.process_time(), 0
        while opened < count + CONNECTIONS:
            for key, _ in selector.select():
                if b"354" in key.data.recv(4096):
                    opened += 1
                    key.data.sendall(whole)
        return count / (time.perf_counter() - start), (time.process_time() - cpu) / count * 1e6


def _aiosmtplib(port: int, count: int, size: int, loop: Callable[[Any], Any]) -> tuple[float, float]:
    figures: tuple[float, float] = loop(_send_with_aiosmtplib(port, count, size))
    return figures


async def _send_with_aiosmtplib(port: int, count: int, size: int) -> tuple[float, float]:
    content, numbers = _content(size), iter(range(count))

    async def send(client: aiosmtplib.SMTP) -> None:
        for number in numbers:
            await client.sendmail(SENDER, [f"lid{number}@example.com"], content)

    clients = [
        aiosmtplib.SMTP(hostname="127.0.0.1", port=port, start_tls=False, use_tls=False) for _ in range(CONNECTIONS)
    ]
    await asyncio.gather(*(client.connect() for client in clients))
    start, cpu = time.perf_counter(), time.process_time()
    await asyncio.gather(*map(send, clients))
    figures = count / (time.perf_counter() - start), (time.process_time() - cpu) / count * 1e6
    await asyncio.gather(*(client.quit() for client in clients))
    return figures


def _nodemailer(folder: str, port: int, count: int, size: int) -> tuple[float, float]:
    done = subprocess.run(
        ["node", "-e", NODEMAILER, folder, str(port), str(count), str(size)],
        check=True,
        capture_output=True,
        text=True,
    )
    return count / float(done.stdout), 0
