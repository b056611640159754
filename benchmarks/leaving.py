"""How many one-click unsubscribes the public site takes in a second on one core, each answered once it is on disk.

A real process is asked over real sockets, which stay open as those of mail systems do. Every reader leaves once, half
of them by a form in parts.
"""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import sqlalchemy as sa

from benchmarks.figures import Figure, at_least
from benchmarks.samples import workspace

if TYPE_CHECKING:
    from newsletter.workspace import Workspace

READERS = 5_000
CONNECTIONS = 50
LEAST = 500.0
PATIENCE_SECONDS = 60.0
SECRET = "a-secret-of-thirty-two-characters"  # noqa: S105 - of no use to anybody
PLAIN = (b"application/x-www-form-urlencoded", b"List-Unsubscribe=One-Click")
IN_PARTS = (
    b"multipart/form-data; boundary=b",
    b'--b\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--b--\r\n',
)


def run() -> Iterator[Figure]:
    """Measure many at once, and one after the other."""
    with workspace() as made:
        links = _subscribe(made)
        server, port = _serve(made)
        try:
            few = links[: READERS // 50]
            alone = asyncio.run(_leave(port, few, 1))
            rest = links[len(few) :]
            start_cpu = _cpu_seconds(server.pid)
            seconds = asyncio.run(_leave(port, rest, CONNECTIONS))
            used = _cpu_seconds(server.pid) - start_cpu
        finally:
            server.terminate()
            server.wait(PATIENCE_SECONDS)
        assert _left(made) == READERS
    rate = len(rest) / seconds
    bar = at_least(rate, LEAST, "/s")
    yield Figure(
        f"{CONNECTIONS} connections", f"{rate:,.0f}/s", f"{used / len(rest) * 1e6:,.0f} µs of CPU each", bar=bar
    )
    yield Figure("one after the other", f"{len(few) / alone:,.0f}/s")


def _subscribe(made: "Workspace") -> list[str]:
    """Subscribe everybody, and give the paths to leave by."""
    from newsletter.clock import now
    from newsletter.dispatch import UNSUBSCRIBE
    from newsletter.store import open_database
    from newsletter.subscribers import add, parse_address, read_definitions, synchronise_attributes
    from newsletter.tokens import Signer

    definitions = read_definitions(made)
    signer = Signer.of((SECRET.encode(),))
    database = open_database("sqlite:///var/newsletter.db", made.root)
    synchronise_attributes(database, definitions)
    known = {"source": "benchmark", "now": now(), "hashes": signer.address_hashes}
    with database.writing() as connection:
        numbers = [
            add(connection, parse_address(f"p{number}@example.org"), "leden", {}, definitions, **known)
            for number in range(READERS)
        ]
    database.close()
    return [f"/leave/{signer.sign(UNSUBSCRIBE, f'{number}:leden'.encode())}" for number in numbers]


def _left(made: "Workspace") -> int:
    from newsletter.store import open_database, tables

    database = open_database("sqlite:///var/newsletter.db", made.root)
    with database.reading() as connection:
        left = tables.subscriptions.c.status == "unsubscribed"
        count = connection.scalar(sa.select(sa.func.count()).select_from(tables.subscriptions).where(left)) or 0
    database.close()
    return count


def _serve(made: "Workspace") -> tuple[subprocess.Popen[str], int]:
    """Begin to serve on one core, and tell at which port."""
    environ = {**os.environ, "NEWSLETTER_SECRET_KEY": SECRET, "NEWSLETTER_DATABASE__URL": "sqlite:///var/newsletter.db"}
    command = [sys.executable, "-m", "newsletter", "--workspace", str(made.root), "serve", "--port", "0"]
    log = made.root / "var" / "serve.log"
    with log.open("w") as file:
        server = subprocess.Popen(command, env=environ, stderr=file, stdout=file, text=True)
    if hasattr(os, "sched_setaffinity"):
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(server.pid, cores[:1])
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        told = log.read_text()
        if "Serving at" in told:
            return server, int(told.partition("http://127.0.0.1:")[2].partition("/")[0])
        time.sleep(0.05)
    server.kill()
    raise AssertionError(f"the site is not served: {log.read_text()[-500:]}")


async def _leave(port: int, links: Sequence[str], connections: int) -> float:
    """Leave by every link, and tell how many seconds that took."""
    requests = [_request(link, PLAIN if number % 2 else IN_PARTS) for number, link in enumerate(links)]
    start = time.perf_counter()
    await asyncio.gather(*(_ask(port, requests[one::connections]) for one in range(connections)))
    return time.perf_counter() - start


async def _ask(port: int, requests: Sequence[bytes]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for request in requests:
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200 "), head
        length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
        await reader.readexactly(length)
    writer.close()


def _request(link: str, body: tuple[bytes, bytes]) -> bytes:
    kind, content = body
    head = f"POST {link} HTTP/1.1\r\nHost: nieuwsbrief.example.org\r\nContent-Length: {len(content)}\r\n"
    return head.encode() + b"Content-Type: " + kind + b"\r\n\r\n" + content


def _cpu_seconds(process: int) -> float:
    """Tell how much of a core a process has used."""
    try:
        with open(f"/proc/{process}/stat") as file:  # noqa: PTH123 - no file of ours
            fields = file.read().rpartition(")")[2].split()
    except FileNotFoundError:
        return float("nan")
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
