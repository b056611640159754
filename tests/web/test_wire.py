"""The site over real sockets, in a process of its own: what is too slow, too large or not HTTP, and how it ends."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from time import monotonic, sleep

import pytest
import sqlalchemy as sa

from newsletter.clock import now
from newsletter.dispatch import reader_links
from newsletter.settings import load
from newsletter.store import Database, open_database, tables
from newsletter.subscribers import Definitions, synchronise_attributes
from newsletter.tokens import Signer
from newsletter.workspace import Workspace
from support.dispatching import SLUG, Bench, Clock

SECRET = "a-secret-of-thirty-two-characters"
PATIENCE = 60.0
SLOW_MODULE = (
    "import newsletter.web.wire as wire, newsletter.web.forms as forms\n"
    "wire.PatientProtocol.head_seconds = 1.0\n"
    "forms.read_body.__defaults__ = (4.0,)\n"
    "from newsletter.__main__ import run; run()\n"
)


@dataclass
class Served:
    """A site in a process of its own, in which patience lasts a few seconds."""

    process: "subprocess.Popen[bytes]"
    port: int
    log: Path
    leave: str
    bench: Bench

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE)

    def ask(self, request: bytes) -> bytes:
        """Send something as it is, and read until the other side hangs up."""
        with self.connect() as connection:
            connection.sendall(request)
            return read_all(connection)

    def status(self) -> str | None:
        with self.bench.database.reading() as connection:
            return connection.scalar(sa.select(tables.subscriptions.c.status))


def read_all(connection: socket.socket) -> bytes:
    found = b""
    try:
        while piece := connection.recv(65_536):
            found += piece
    except ConnectionResetError:
        pass
    return found


@pytest.fixture
def served(workspace: Workspace, definitions: Definitions, tmp_path: Path) -> Iterator[Served]:
    signer = Signer.of((SECRET.encode(),))
    database: Database = open_database("sqlite:///var/newsletter.db", workspace.root)
    synchronise_attributes(database, definitions)
    bench = Bench(workspace, definitions, signer, database, Clock(now()))
    bench.subscribe(["jan"])
    log = tmp_path / "log"
    environ = {**os.environ, "NEWSLETTER_SECRET_KEY": SECRET, "NEWSLETTER_WORKSPACE": str(workspace.root)}
    command = [sys.executable, "-c", SLOW_MODULE, "serve", "--port", "0", "--log", "json"]
    with log.open("wb") as file:
        process = subprocess.Popen(command, env=environ, stderr=file, stdout=file)
    port = wait_for_port(process, log)
    leave = reader_links(signer, load(workspace, {}).public_url, "leden", SLUG)(1)["unsubscribe"]
    yield Served(process, port, log, "/leave/" + leave.rpartition("/")[2], bench)
    if process.poll() is None:
        process.kill()
    process.wait(PATIENCE)
    database.close()


def wait_for_port(process: "subprocess.Popen[bytes]", log: Path) -> int:
    deadline = monotonic() + PATIENCE
    while monotonic() < deadline and process.poll() is None:
        for line in log.read_text().splitlines():
            told = json.loads(line)
            if told["event"] == "web.started":
                return int(told["port"])
        sleep(0.05)
    raise AssertionError(log.read_text())


def posted(path: str, body: bytes, kind: str = "application/x-www-form-urlencoded", more: str = "") -> bytes:
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n"
    return f"{head}{more}Connection: close\r\n\r\n".encode() + body


def test_one_click_is_exactly_what_mail_systems_send(served: Served) -> None:
    reply = served.ask(posted(served.leave, b"List-Unsubscribe=One-Click"))
    assert reply.startswith(b"HTTP/1.1 200 OK\r\n")
    assert served.status() == "unsubscribed"
    head = reply.partition(b"\r\n\r\n")[0].lower()
    for never in (b"location:", b"set-cookie:", b"server:", b"transfer-encoding:"):
        assert never not in head
    again = served.ask(
        b"POST " + served.leave.encode() + b" HTTP/1.1\r\nHost: x\r\nUser-Agent:\r\nTransfer-Encoding: chunked\r\n"
        b"Content-Type: application/x-www-form-urlencoded\r\nConnection: close\r\n\r\n"
        b"1a\r\nList-Unsubscribe=One-Click\r\n0\r\n\r\n"
    )
    assert again.startswith(b"HTTP/1.1 200 OK\r\n")
    assert again.partition(b"\r\n\r\n")[2] == reply.partition(b"\r\n\r\n")[2]
    forged = served.ask(posted("/leave/" + "A" * 44, b"List-Unsubscribe=One-Click"))
    assert forged.partition(b"\r\n\r\n")[2] == reply.partition(b"\r\n\r\n")[2]


def test_who_sends_no_whole_head_in_time_is_hung_up_on(served: Served) -> None:
    for sent in (b"", b"GET / HT", b"GET / HTTP/1.1\r\nHost: x\r\n"):
        began = monotonic()
        with served.connect() as connection:
            connection.sendall(sent)
            assert b"200" not in read_all(connection)
        assert 0.5 < monotonic() - began < PATIENCE / 2


def test_who_sends_a_head_letter_by_letter_is_hung_up_on_after_an_answer_too(served: Served) -> None:
    with served.connect() as connection:
        connection.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
        assert connection.recv(65_536).startswith(b"HTTP/1.1 200")
        began = monotonic()
        try:
            while monotonic() - began < PATIENCE / 2:
                connection.sendall(b"G")
                sleep(0.2)
        except OSError:
            pass
        assert monotonic() - began < PATIENCE / 2


def test_a_body_that_never_comes_whole_is_refused(served: Served) -> None:
    request = posted(served.leave, b"List-Unsubscribe=One-Click")
    with served.connect() as connection:
        connection.sendall(request[:-5])
        assert read_all(connection).startswith(b"HTTP/1.1 408 ")
    assert served.status() == "subscribed"


@pytest.mark.parametrize(
    "size",
    [b"Content-Length: 70000\r\n\r\n", b"Transfer-Encoding: chunked\r\n\r\n" + b"8000\r\n" + b"x" * 32768 + b"\r\n"],
)
def test_a_body_that_is_too_large_is_refused_before_it_has_come(served: Served, size: bytes) -> None:
    with served.connect() as connection:
        connection.sendall(b"POST " + served.leave.encode() + b" HTTP/1.1\r\nHost: x\r\n" + size)
        if b"chunked" in size:
            connection.sendall((b"8000\r\n" + b"x" * 32768 + b"\r\n") * 2)
        assert read_all(connection).startswith(b"HTTP/1.1 413 ")
    assert served.status() == "subscribed"


@pytest.mark.parametrize(
    "request_",
    [
        b"GET /join HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 40_000 + b"\r\n\r\n",
        b"GET /" + b"y" * 40_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 100,
        b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nX: a\r\n b\x00c\r\n\r\n",
    ],
)
def test_what_is_no_request_or_too_long_is_refused_and_others_are_served(served: Served, request_: bytes) -> None:
    reply = served.ask(request_)
    assert reply[:10] in (b"", b"HTTP/1.1 4"), reply[:200]
    assert b"404" not in reply[:12]
    assert served.ask(b"GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").startswith(b"HTTP/1.1 200")


def test_a_signal_ends_it_after_what_is_being_answered(served: Served) -> None:
    request = posted(served.leave, b"List-Unsubscribe=One-Click", more="Expect: 100-continue\r\n")
    with served.connect() as connection:
        connection.sendall(request[:-5])
        assert connection.recv(65_536).startswith(b"HTTP/1.1 100 ")
        served.process.send_signal(signal.SIGTERM)
        sleep(0.2)
        connection.sendall(request[-5:])
        assert read_all(connection).startswith(b"HTTP/1.1 200 ")
    assert served.process.wait(PATIENCE) == 0
    assert served.status() == "unsubscribed"
    events = [json.loads(line) for line in served.log.read_text().splitlines()]
    assert events[-1]["event"] == "web.stopped"
    assert "leave/{token}" in served.log.read_text()
    for never in (served.leave.rpartition("/")[2], "jan@", "127.0.0.1:"):
        assert never not in "".join(json.dumps(one) for one in events[1:])


def test_somebody_joins_by_the_mail_that_the_site_itself_has_sent(served: Served, workspace: Workspace) -> None:
    page = served.ask(b"GET /join/leden HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").decode()
    stamp = page.partition('name="stamp" value="')[2].partition('"')[0]
    sleep(2.1)
    reply = served.ask(posted("/join/leden", f"email=noor%40example.org&stamp={stamp}".encode()))
    assert reply.startswith(b"HTTP/1.1 200 ")
    mail = wait_for_mail(workspace.root / "var" / "outbox")
    link = re.search(r"/confirm/[\w-]+", mail.get_body(("plain",)).get_content())  # type: ignore[union-attr]
    assert link is not None
    assert str(mail["To"]) == "noor@example.org"
    looked = served.ask(f"GET {link[0]} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    assert looked.startswith(b"HTTP/1.1 200 ")
    assert served.ask(posted(link[0], b"")).startswith(b"HTTP/1.1 200 ")
    with served.bench.database.reading() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(tables.subscriptions)) == 2


def wait_for_mail(folder: Path) -> EmailMessage:
    deadline = monotonic() + PATIENCE
    while monotonic() < deadline:
        for file in folder.rglob("*.eml"):
            return message_from_bytes(file.read_bytes(), policy=policy.default)
        sleep(0.1)
    raise AssertionError("no mail came")


def test_a_port_that_is_taken_is_said(served: Served, workspace: Workspace) -> None:
    command = [
        sys.executable,
        "-m",
        "newsletter",
        "--workspace",
        str(workspace.root),
        "serve",
        "--port",
        str(served.port),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert done.returncode == 3
    assert "Traceback" not in done.stderr
    assert f"cannot be served at 127.0.0.1, port {served.port}" in done.stderr
    assert "name another port" in done.stderr


@pytest.mark.parametrize(
    ("option", "value", "code", "told"),
    [
        ("--proxy", "nonsense", 2, "write it as 127.0.0.1 or 10.0.0.0/8"),
        ("--host", "203.0.113.7", 3, "cannot be served at 203.0.113.7"),
        ("--host", "no.such.host.invalid", 3, "cannot be served at no.such.host.invalid"),
        ("--port", "99999", 2, "99999"),
    ],
)
def test_a_wrong_call_is_said(workspace: Workspace, option: str, value: str, code: int, told: str) -> None:
    command = [sys.executable, "-m", "newsletter", "--workspace", str(workspace.root), "serve", option, value]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert (done.returncode, "Traceback" in done.stderr) == (code, False), done.stderr
    assert told in done.stderr
