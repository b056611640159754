"""Workers that share a PostgreSQL server are watched like one that works alone."""

import re
import signal
import time

import pytest
import sqlalchemy as sa

from cli.test_send import to_smtp
from faults.test_kills import SLUG, run, start
from newsletter.store import Database
from newsletter.workspace import Workspace
from support.scripted import scripted_server
from support.smtp_server import Script
from telemetry.conftest import PEOPLE
from telemetry.test_journal import SAID, lines_of
from telemetry.test_metrics import Samples, get, read, serving, value


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_workers_that_share_tell_in_json_what_they_do_also_when_the_database_hangs_up(
    workspace: Workspace, database: Database, database_url: str
) -> None:
    text = workspace.settings_file.read_text(encoding="utf-8")
    text = re.sub(r"\[database\]\n(#.*\n)*(url = .*\n)?", "", text)
    workspace.settings_file.write_text(f'{text}\n[database]\nurl = "{database_url}"\n', encoding="utf-8")
    for name, address in PEOPLE.items():
        code, said = run(workspace, "subscribers", "add", f"{name} <{address}>", "--list", "leden")
        assert code == 0, said
    refused = f"550 5.1.1 <{PEOPLE['Anna']}> Anna is not here"
    with scripted_server(Script({"RCPT": [refused, None]})) as server:
        to_smtp(workspace, server.port)
        code, said = run(workspace, "send", SLUG, "--list", "leden", "--provider", "smtp", "--by-worker", "--yes")
        assert code == 0, said
        worker = start(workspace, "worker", "--every", "0.2", "--log", "json", "--metrics", "0")
        address = serving(worker)
        samples: Samples = {}
        deadline = time.monotonic() + 60
        while value(samples, "dispatch_state", state="finished") != 1 and time.monotonic() < deadline:
            time.sleep(0.1)
            samples = read(get(address))
        with database.writing() as connection:
            others = "datname = current_database() AND pid <> pg_backend_pid()"
            connection.execute(sa.text(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {others}"))
        time.sleep(1)
        after = read(get(address))
        worker.send_signal(signal.SIGTERM)
        _, err = worker.communicate(timeout=60)
    assert worker.returncode == 0, err
    assert value(samples, "dispatch_deliveries", state="accepted") == 2
    assert value(samples, "worker_messages_total", outcome="rejected") == 1
    assert value(after, "up") == 1, "it has connected anew"
    events = [line["event"] for line in lines_of(err)]
    assert "dispatch.rested" in events
    assert events[-1] == "worker.stopped"
    assert not SAID.search(err)
