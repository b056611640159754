"""Workers on one PostgreSQL server share a dispatch: exactly once, and stopped and let go on as one."""

import json
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
import sqlalchemy as sa

from faults.test_kills import SLUG, run, start
from newsletter.dispatch.tasks import prepare
from newsletter.store import Database, tables
from newsletter.workspace import Workspace
from support.scripted import scripted_server
from support.smtp_server import Script, ScriptedServer

READERS = 3000
PATIENCE = 120.0
SOON = 2.0
"""How soon whatever a person says holds for all workers, in seconds."""
IN_HAND = 2 * 64

pytestmark = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


def wait_for(holds: Callable[[], bool], seconds: float = PATIENCE) -> bool:
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


@contextmanager
def workers(workspace: Workspace, count: int) -> Iterator[list["subprocess.Popen[str]"]]:
    """Let so many workers run, and end them in order."""
    started = [start(workspace, "worker", "--every", "0.5") for _ in range(count)]
    try:
        yield started
        for worker in started:
            worker.send_signal(signal.SIGTERM)
        for worker in started:
            _, said = worker.communicate(timeout=PATIENCE)
            assert worker.returncode == 0, said
            assert "Traceback" not in said
    finally:
        for worker in started:
            worker.kill()
            worker.communicate()


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with scripted_server(Script()) as server:
        yield server


@pytest.fixture
def frozen(workspace: Workspace, database_url: str, server: ScriptedServer) -> str:
    """A dispatch to many readers, paused."""
    file = workspace.root / "newsletter.toml"
    text = re.sub(r"\[database\]\n(#.*\n)*(url = .*\n)?", "", file.read_text(encoding="utf-8"))
    text += (
        f'\n[database]\nurl = "{database_url}"\n'
        f'\n[providers.smtp]\nhost = "127.0.0.1"\ntls = "none"\nport = {server.port}\nconnections = 4\n'
    )
    file.write_text(text, encoding="utf-8")
    lines = ["email,voornaam", *(f"reader{number}@example.org,Lezer {number}" for number in range(READERS))]
    (workspace.root / "people.csv").write_text("\n".join(lines), encoding="utf-8")
    code, said = run(workspace, "subscribers", "import", "people.csv", "--list", "leden", "--basis", "opt-in", "--yes")
    assert code == 0, said
    code, said = run(workspace, "send", SLUG, "--list", "leden", "--provider", "smtp", "--by-worker", "--yes")
    assert code == 0, said
    code, said = run(workspace, "dispatch", "pause", SLUG)
    assert code == 0, said
    return SLUG


def shown(workspace: Workspace, dispatch: str) -> dict[str, object]:
    code, said = run(workspace, "dispatch", "show", dispatch, "--json")
    assert code == 0, said
    found: dict[str, object] = json.loads(said)
    return found


def let_go_on(workspace: Workspace, dispatch: str) -> None:
    code, said = run(workspace, "dispatch", "resume", dispatch, "--only-allow")
    assert code == 0, said


def test_two_share_a_dispatch_and_what_a_person_says_holds_for_both(
    workspace: Workspace, database: Database, frozen: str, server: ScriptedServer
) -> None:
    with workers(workspace, 2):
        let_go_on(workspace, frozen)
        assert wait_for(lambda: len(server.messages) > READERS // 10)
        code, said = run(workspace, "dispatch", "pause", frozen)
        arrived = len(server.messages)
        assert code == 0, said
        time.sleep(SOON)
        assert len(server.messages) <= arrived + IN_HAND < READERS
        states = shown(workspace, frozen)["states"]
        assert isinstance(states, dict)
        assert states["accepted"] == len(server.messages)
        assert states["planned"] == READERS - states["accepted"]
        let_go_on(workspace, frozen)
        assert wait_for(lambda: len(server.messages) > states["accepted"])
        assert wait_for(lambda: shown(workspace, frozen)["state"] == "finished")
        assert wait_for(lambda: any((workspace.issues / SLUG).glob("receipt-*.json")))
    taken = [message.recipient for message in server.messages]
    assert len(taken) == len(set(taken)) == READERS
    with database.reading() as connection:
        hands = sa.select(tables.deliveries.c.lease_number, sa.func.count()).group_by(tables.deliveries.c.lease_number)
        assert len(connection.execute(hands).all()) >= 3
        assert not connection.scalar(sa.select(sa.func.count()).select_from(tables.leases))
    document = shown(workspace, frozen)
    events = document["events"]
    assert isinstance(events, list)
    assert [event["action"] for event in events].count("finished") == 1
    (receipt,) = (workspace.issues / SLUG).glob("receipt-*.json")
    assert json.loads(receipt.read_text(encoding="utf-8"))["states"] == document["states"]


def test_workers_and_sending_by_hand_do_not_get_in_each_others_way(
    workspace: Workspace, frozen: str, server: ScriptedServer
) -> None:
    with workers(workspace, 1):
        let_go_on(workspace, frozen)
        assert wait_for(lambda: len(server.messages) > 0)
        code, said = run(workspace, "dispatch", "resume", frozen, "--yes")
        assert code == 9, said
        assert "Workers are sending" in said
        assert wait_for(lambda: len(server.messages) == READERS)
    assert len({message.recipient for message in server.messages}) == READERS


def test_jobs_are_left_for_all_and_wait_once_for_each_dispatch(database: Database) -> None:
    assert prepare(database) == prepare(database)
    with database.reading() as connection:
        schemas = [name for name in sa.inspect(connection).get_schema_names() if name.startswith("newsletter_jobs_")]
        assert schemas == [prepare(database)]
        assert "procrastinate_jobs" in sa.inspect(connection).get_table_names(schema=schemas[0])
