"""Other programs that send by SMTP, and the most that the receiving end can take."""

import asyncio
import selectors
import smtplib
import socket
import subprocess
import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any, Final

import aiosmtplib

from benchmarks import nodemailer
from benchmarks.contest import Speed
from benchmarks.receiving import program

CONNECTIONS: Final = 10
SENDER: Final = "bounces@example.org"
SMTP_SOURCE: Final = "`smtp-source -d`"
HEAD: Final = (
    b"From: Nieuws <nieuws@example.org>\r\nTo: Sanne <sanne@example.com>\r\nSubject: Nieuwsbrief 12\r\n"
    b"Date: Tue, 20 Feb 2024 09:30:00 +0100\r\nMessage-ID: <k@example.org>\r\nMIME-Version: 1.0\r\n"
    b"Content-Type: text/html; charset=us-ascii\r\n\r\n"
)
LINE: Final = b"Een regel van gewone lengte, zoals zij in een bericht staan, van zeventig.\r\n"


def content(size: int) -> bytes:
    """Write a message of about so many bytes."""
    return HEAD + LINE * ((size - len(HEAD)) // len(LINE))


def send_with_smtp_source(port: int, count: int, size: int) -> Speed:
    """Let Postfix's own load generator send."""
    arguments = ["-d", "-s", str(CONNECTIONS), "-m", str(count), "-l", str(size), "-f", SENDER, "-t", "a@example.com"]
    start = time.perf_counter()
    subprocess.run([program("smtp-source") or "", *arguments, f"127.0.0.1:{port}"], check=True)
    return Speed(count / (time.perf_counter() - start))


def send_with_smtplib(port: int, count: int, size: int) -> Speed:
    """Send by the standard library, over one connection."""
    message = content(size)
    with smtplib.SMTP("127.0.0.1", port) as client:
        start, cpu = time.perf_counter(), time.process_time()
        for number in range(count):
            client.sendmail(SENDER, [f"lid{number}@example.com"], message)
        return _speed(count, start, cpu)


def send_with_aiosmtplib(port: int, count: int, size: int, loop: Callable[[Any], Any] = asyncio.run) -> Speed:
    """Send by aiosmtplib.

    Args:
        loop: What runs its coroutine.
    """
    speed: Speed = loop(_send_with_aiosmtplib(port, count, size))
    return speed


async def _send_with_aiosmtplib(port: int, count: int, size: int) -> Speed:
    message, numbers = content(size), iter(range(count))

    async def send(client: aiosmtplib.SMTP) -> None:
        for number in numbers:
            await client.sendmail(SENDER, [f"lid{number}@example.com"], message)

    clients = [
        aiosmtplib.SMTP(hostname="127.0.0.1", port=port, start_tls=False, use_tls=False) for _ in range(CONNECTIONS)
    ]
    await asyncio.gather(*(client.connect() for client in clients))
    start, cpu = time.perf_counter(), time.process_time()
    await asyncio.gather(*map(send, clients))
    speed = _speed(count, start, cpu)
    await asyncio.gather(*(client.quit() for client in clients))
    return speed


def send_with_nodemailer(port: int, count: int, size: int) -> Speed:
    """Send by Nodemailer, which writes each message anew."""
    return Speed(nodemailer.send(port, count, size))


def write_beforehand(port: int, count: int, size: int) -> Speed:
    """Write the same octets over and over, and hardly read what comes back: the most that the sink can take."""
    envelope = b"MAIL FROM:<%s>\r\nRCPT TO:<lid@example.com>\r\nDATA\r\n" % SENDER.encode()
    whole = content(size) + b".\r\n" + envelope
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
        return _speed(count, start, cpu)


def _speed(count: int, start: float, cpu: float) -> Speed:
    return Speed(count / (time.perf_counter() - start), (time.process_time() - cpu) / count * 1e6)
