"""What the benchmarks send to: Postfix's smtp-sink, a server that takes BDAT, and a network that takes its time."""

import asyncio
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

PLACES = (*os.environ.get("PATH", "").split(os.pathsep), "/usr/sbin", "/usr/local/sbin")
BLOCK = 262_144


def program(name: str) -> str | None:
    """Find a program, also where system programs are."""
    return shutil.which(name, path=os.pathsep.join(PLACES))


def has_postfix() -> bool:
    """Tell whether Postfix's programs for measuring are here."""
    return bool(program("smtp-sink") and program("smtp-source"))


@contextmanager
def sink() -> Iterator[int]:
    """Run smtp-sink and give its port."""
    port = _free_port()
    with _running(_sink_arguments(port), port):
        yield port


@contextmanager
def counting_sink() -> Iterator[tuple[int, Callable[[], int]]]:
    """Run smtp-sink; give its port, and what tells how many messages have come."""
    port = _free_port()
    with tempfile.NamedTemporaryFile() as counters, _running(_sink_arguments(port, "-c"), port, counters):
        yield port, lambda: int(Path(counters.name).read_text(encoding="ascii").rpartition("mesg=")[2].split()[0])


def _sink_arguments(port: int, *options: str) -> list[str]:
    unprivileged = ["-u", "nobody"] if os.geteuid() == 0 else []
    return [program("smtp-sink") or "smtp-sink", *unprivileged, *options, f"127.0.0.1:{port}", "1000"]


@contextmanager
def chunking_sink() -> Iterator[int]:
    """Run a server that offers CHUNKING and give its port."""
    port = _free_port()
    with _running([sys.executable, "-m", "benchmarks.receiving", "chunking", str(port)], port):
        yield port


@contextmanager
def far_away(port: int, seconds: float) -> Iterator[int]:
    """Put so many seconds between us and a server, there and back; give the port to go to."""
    here = _free_port()
    arguments = [sys.executable, "-m", "benchmarks.receiving", "distance", str(here), str(port), str(seconds / 2)]
    with _running(arguments, here):
        yield here


@contextmanager
def _running(arguments: list[str], port: int, said: IO[bytes] | None = None) -> Iterator[None]:
    process = subprocess.Popen(arguments, stdout=said or subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 10
        while not _answers(port):
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{arguments[0]} does not run")
            time.sleep(0.02)
        yield
    except Exception as error:
        if process.poll() is not None:
            error.add_note(f"{Path(arguments[0]).name} has ended by itself, with {process.returncode}")
        raise
    finally:
        process.kill()
        process.wait()


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


class _Delayed(asyncio.Protocol):
    """Passes on what comes, later, in its order."""

    def __init__(self, delay: float) -> None:
        self.delay = delay
        self.other: asyncio.Transport | None = None
        self.transport: asyncio.Transport | None = None
        self.early: list[bytes] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]

    def data_received(self, data: bytes) -> None:
        asyncio.get_running_loop().call_later(self.delay, self.pass_on, data)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        asyncio.get_running_loop().call_later(self.delay, self.hang_up)

    def pass_on(self, data: bytes) -> None:
        if self.other is None:
            self.early.append(data)
        elif not self.other.is_closing():
            self.other.write(data)

    def hang_up(self) -> None:
        if self.other:
            self.other.close()

    def join(self, other: asyncio.Transport) -> None:
        self.other = other
        for data in self.early:
            other.write(data)


async def _keep_distance(here: int, there: int, delay: float) -> None:
    loop = asyncio.get_running_loop()

    def accept() -> _Delayed:
        near, far = _Delayed(delay), _Delayed(delay)

        async def connect() -> None:
            transport, _ = await loop.create_connection(lambda: far, "127.0.0.1", there)
            near.join(transport)
            assert near.transport
            far.join(near.transport)

        tasks.append(loop.create_task(connect()))
        return near

    tasks: list[asyncio.Task[None]] = []
    server = await loop.create_server(accept, "127.0.0.1", here)
    await server.serve_forever()


async def _take_chunks(port: int) -> None:
    server = await asyncio.start_server(_converse, "127.0.0.1", port, limit=BLOCK)
    await server.serve_forever()


async def _converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"220 sink.example ESMTP\r\n")
    with suppress(EOFError, OSError):
        while line := await reader.readline():
            verb = line.split()[0].upper()
            if verb == b"BDAT":
                await reader.readexactly(int(line.split()[1]))
            if verb == b"EHLO":
                writer.write(b"250-sink.example\r\n250-PIPELINING\r\n250-CHUNKING\r\n250 8BITMIME\r\n")
            elif verb == b"DATA":
                writer.write(b"354 go on\r\n")
                await reader.readuntil(b"\r\n.\r\n")
                writer.write(b"250 2.0.0 ok\r\n")
            else:
                writer.write(b"250 2.0.0 ok\r\n")
            if verb == b"QUIT":
                break
    writer.close()


def main(kind: str, *numbers: str) -> None:
    """Run a server until it is killed."""
    import uvloop

    work: dict[str, Callable[..., Awaitable[None]]] = {
        "distance": lambda: _keep_distance(int(numbers[0]), int(numbers[1]), float(numbers[2])),
        "chunking": lambda: _take_chunks(int(numbers[0])),
    }
    uvloop.run(work[kind]())  # type: ignore[arg-type]


if __name__ == "__main__":
    main(*sys.argv[1:])
