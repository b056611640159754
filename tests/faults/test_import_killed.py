"""An import's process is killed at random instants: the same command goes on, and all ends as if it never was."""

import os
import random
import signal
import subprocess
import sys
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import sqlalchemy as sa

from newsletter.store import Database, open_database, tables
from newsletter.workspace import Workspace

ROWS = 3_000
CHUNK = 60
KILLS = 6
PATIENCE = 120.0
RUN = (
    "from newsletter.subscribers.importing import running\n"
    f"running.CHUNK, running.BREATH, running.READ_AT_ONCE = {CHUNK}, 0.02, 500\n"
    "from newsletter.cli import main\n"
    "main(['subscribers', 'import', 'people.csv', '--list', 'leden', '--basis', 'opt-in', '--yes'])\n"
)


def write_people(path: Path) -> None:
    lines = ["email;voornaam;status;topics;tags;aanmelddatum"]
    for number in range(ROWS):
        status = {7: "unsubscribed", 8: "bounced", 9: "pending"}.get(number % 40, "")
        lines.append(f"r{number}@example.org;Lezer {number};{status};jeugd;nieuw;2020-01-01")
    lines += [f"r{number}@example.org;;unsubscribed;;;" for number in range(0, ROWS, 100)]
    path.write_text("\n".join(lines), encoding="utf-8")


def begin(workspace: Workspace, url: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", RUN],
        cwd=workspace.root,
        env={**os.environ, "NEWSLETTER_DATABASE__URL": url},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def count(database: Database, table: sa.Table) -> int:
    with database.reading() as connection:
        return connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0


def content(database: Database) -> dict[str, Any]:
    """What an import writes, but for numbers and moments."""
    people, subscriptions, consents = tables.subscribers, tables.subscriptions, tables.consents
    queries = {
        "people": sa.select(people.c.address, people.c.first_name),
        "subscriptions": sa.select(people.c.address, subscriptions.c.status).join_from(subscriptions, people),
        "consents": sa.select(people.c.address, consents.c.act, consents.c.basis).join_from(consents, people),
        "topics": sa.select(people.c.address, tables.subscriber_topics.c.topic).join_from(
            tables.subscriber_topics, people
        ),
        "tags": sa.select(people.c.address, tables.subscriber_tags.c.tag).join_from(tables.subscriber_tags, people),
        "suppressions": sa.select(tables.suppressions.c.address_hash, tables.suppressions.c.reason),
        "touched": sa.select(people.c.address, tables.changed_people.c.fate).join_from(tables.changed_people, people),
        "added": sa.select(people.c.address).join(
            tables.changed_spans, people.c.id.between(tables.changed_spans.c.first_id, tables.changed_spans.c.last_id)
        ),
        "changes": sa.select(tables.changes.c.action, tables.changes.c.count, tables.changes.c.list),
    }
    with database.reading() as connection:
        return {name: sorted(map(tuple, connection.execute(query))) for name, query in queries.items()}


def test_import_that_is_killed_again_and_again_ends_as_one_that_was_not(
    workspace: Workspace, database_url: str, tmp_path: Path
) -> None:
    write_people(workspace.root / "people.csv")
    whole_url = f"sqlite:///{tmp_path}/whole.db"
    undisturbed = begin(workspace, whole_url)
    said, _ = undisturbed.communicate(timeout=PATIENCE)
    assert undisturbed.returncode == 0, said
    chance = random.Random(database_url.partition(":")[0])
    goals = sorted(chance.sample(range(CHUNK, ROWS - 2 * CHUNK), KILLS))
    database = open_database(database_url, workspace.root)
    try:
        for goal in goals:
            kill_when(begin(workspace, database_url), database, goal, chance.random() * 0.05)
        last = begin(workspace, database_url)
        said, _ = last.communicate(timeout=PATIENCE)
        assert last.returncode == 0, said
        assert "this one goes on from there" in said
        whole = open_database(whole_url, workspace.root)
        try:
            expected, found = content(whole), content(database)
        finally:
            whole.close()
        for name, rows in expected.items():
            assert found[name] == rows, name
        with database.reading() as connection:
            assert connection.scalar(sa.select(tables.changes.c.finished_at)) is not None
    finally:
        database.close()


def kill_when(process: "subprocess.Popen[str]", database: Database, people: int, moment: float) -> None:
    """Kill a process as soon as there are so many people, or shortly after."""
    deadline = monotonic() + PATIENCE
    while count(database, tables.subscribers) < people:
        assert process.poll() is None, "it ended before it was killed"
        assert monotonic() < deadline
        sleep(0.002)
    sleep(moment)
    process.send_signal(signal.SIGKILL)
    process.communicate()
