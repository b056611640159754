"""`newsletter rehearse`, as a person calls it: real processes, killed, and nothing left of it."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from newsletter.cli import main
from newsletter.dispatch.rehearsal.journal import Journal
from newsletter.store import open_database, tables
from newsletter.workspace import Workspace

READERS = 60
SLUG = "2024-02-20-nieuwsbrief-12"
Rehearse = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def temporary(tmp_path: Path) -> Path:
    """Where temporary folders are made."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    return folder


@pytest.fixture
def newsletter(workspace: Workspace, temporary: Path) -> Rehearse:
    """Start a command in the workspace."""

    def newsletter(*arguments: str, **environ: str) -> "subprocess.Popen[str]":
        ours = {name: value for name, value in os.environ.items() if not name.startswith("NEWSLETTER_")}
        return subprocess.Popen(
            [sys.executable, "-m", "newsletter", "--workspace", str(workspace.root), *arguments],
            env={**ours, "TMPDIR": str(temporary), "PYTHONWARNINGS": "ignore", **environ},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    return newsletter


def finish(process: "subprocess.Popen[str]", code: int = 0) -> tuple[str, str]:
    out, err = process.communicate(timeout=300)
    assert process.returncode == code, out + err
    assert "Traceback" not in err
    return out, err


@pytest.fixture
def peopled(workspace: Workspace, newsletter: Rehearse) -> Workspace:
    """The workspace, with readers of whom one has left."""
    lines = ["email,voornaam", *(f"reader{number}@example.org,Lezer {number}" for number in range(READERS))]
    file = workspace.root / "people.csv"
    file.write_text("\n".join(lines), encoding="utf-8")
    finish(newsletter("subscribers", "import", str(file), "--list", "leden", "--basis", "opt-in", "--yes"))
    finish(newsletter("subscribers", "unsubscribe", "reader7@example.org"))
    return workspace


def contents(folder: Path) -> dict[str, str]:
    """Give the digest of every file below a folder."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_rehearsal_with_kills_and_faults_holds_and_leaves_everything_as_it_was(
    peopled: Workspace, newsletter: Rehearse, temporary: Path
) -> None:
    before = contents(peopled.root)
    out, _ = finish(
        newsletter("rehearse", SLUG, "--list", "leden", "--kill", "2", "--faults", "many", "--seed", "3", "--json")
    )
    said: dict[str, Any] = json.loads(out)
    assert said["holds"]
    assert [claim["holds"] for claim in said["proof"]] == [True] * 7
    assert said["kills"] == {"asked": 2, "done": 2}
    states = said["receipt"]["states"]
    assert sum(states.values()) == said["receipt"]["selected"] == READERS
    assert states["excluded"] == 1
    assert states["accepted"] + states["rejected"] + states["uncertain"] == READERS - 1
    assert states["accepted"] <= said["messages"] <= states["accepted"] + states["uncertain"]
    assert sum(said["faults"].values()) > 0
    assert "example.org" not in out
    assert contents(peopled.root) == before
    assert list(temporary.iterdir()) == []


def test_whoever_is_uncertain_is_sent_it_again_where_that_was_decided(peopled: Workspace, newsletter: Rehearse) -> None:
    out, _ = finish(
        newsletter(
            *("rehearse", SLUG, "--list", "leden", "--kill", "3", "--faults", "many", "--seed", "4"),
            *("--on-uncertain", "resend", "--json"),
        )
    )
    said = json.loads(out)
    assert said["holds"]
    twice = next(claim for claim in said["proof"] if claim["claim"] == "twice")
    assert "taken twice, each after nobody knew" in twice["detail"]
    assert said["messages"] > said["receipt"]["states"]["accepted"]


def test_limit_and_segment_choose_the_first_readers(peopled: Workspace, newsletter: Rehearse, temporary: Path) -> None:
    (peopled.subscribers / "segments.yaml").write_text(
        'segments:\n  later:\n    name: Later\n    where: subscriber.first_name != "Lezer 0"\n', encoding="utf-8"
    )
    quick = ("rehearse", SLUG, "--list", "leden", "--kill", "0", "--faults", "none", "--limit", "5")
    out, _ = finish(newsletter(*quick, "--segment", "later", "--keep"))
    assert "5 selected = 5 accepted + 0 rejected + 0 excluded + 0 uncertain" in out
    assert "Nothing was made to go wrong." in out
    (folder,) = temporary.iterdir()
    assert f"Left in {folder}" in out
    assert folder.stat().st_mode & 0o077 == 0
    assert {path.name for path in (folder / "var").iterdir() if path.stat().st_mode & 0o077} <= {
        "cache",
        "complaints.txt",
    }
    database = open_database("sqlite:///var/newsletter.db", folder)
    with database.reading() as connection:
        addresses = set(connection.scalars(sa.select(tables.subscribers.c.address)))
        sent = set(connection.scalars(sa.select(tables.deliveries.c.subscriber_id)))
    database.close()
    assert "reader1@example.org" in addresses
    assert len(sent) == 5


def test_interrupt_leaves_no_folder_and_no_process(peopled: Workspace, newsletter: Rehearse, temporary: Path) -> None:
    process = newsletter("rehearse", SLUG, "--list", "leden", "--kill", "0", "--faults", "many")
    deadline = time.monotonic() + 120
    while not any(path.read_bytes() for path in temporary.glob("*/var/journal")):
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.005)
    (folder,) = temporary.iterdir()
    process.send_signal(signal.SIGINT)
    _, err = finish(process, 130)
    assert err.endswith("Stopped.\n")
    assert list(temporary.iterdir()) == []
    assert not [one for one in command_lines() if str(folder) in one]


def command_lines() -> list[str]:
    found = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found.append(file.read_bytes().decode(errors="replace"))
        except OSError:
            continue
    return found


@pytest.mark.parametrize(
    ("list_name", "code", "words"),
    [("leden", 9, "Nobody on the list 'leden' is selected"), ("pers", 4, "pers")],
)
def test_list_without_readers_is_a_clear_error(
    workspace: Workspace, newsletter: Rehearse, temporary: Path, list_name: str, code: int, words: str
) -> None:
    finish(newsletter("lists", "list"))
    _, err = finish(newsletter("rehearse", SLUG, "--list", list_name), code)
    assert words in err
    assert list(temporary.iterdir()) == []


def test_list_that_everybody_has_left_is_a_clear_error(peopled: Workspace, newsletter: Rehearse) -> None:
    database = open_database("sqlite:///var/newsletter.db", peopled.root)
    with database.writing() as connection:
        subscriptions = tables.subscriptions
        connection.execute(
            sa.update(subscriptions)
            .where(subscriptions.c.status == "subscribed")
            .values(status="unsubscribed", unsubscribed_at=subscriptions.c.subscribed_at)
        )
    database.close()
    _, err = finish(newsletter("rehearse", SLUG, "--list", "leden"), 9)
    assert "Nobody of the 60 on the list 'leden' would be mailed: 60 unsubscribed." in err


def test_workspace_without_a_database_gets_none(workspace: Workspace, newsletter: Rehearse, temporary: Path) -> None:
    before = contents(workspace.root)
    _, err = finish(newsletter("rehearse", SLUG, "--list", "leden"), 7)
    assert "There is no database yet." in err
    assert contents(workspace.root) == before
    assert list(temporary.iterdir()) == []


def test_issue_that_there_is_not_is_a_clear_error(peopled: Workspace, newsletter: Rehearse, temporary: Path) -> None:
    _, err = finish(newsletter("rehearse", "no-such-issue", "--list", "leden"), 4)
    assert "no-such-issue" in err
    assert str(temporary) not in err
    assert list(temporary.iterdir()) == []


def test_broken_promise_is_an_error_that_says_what_to_do(
    peopled: Workspace, temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from newsletter.dispatch.rehearsal import rehearsing

    true = rehearsing.read_sink_journal

    def twice(*arguments: Any) -> Journal:
        journal = true(*arguments)
        return replace(journal, taken={key: count + 1 for key, count in journal.taken.items()})

    monkeypatch.setattr(rehearsing, "read_sink_journal", twice)
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    quick = ("rehearse", SLUG, "--list", "leden", "--kill", "0", "--faults", "none", "--limit", "5")
    result = CliRunner().invoke(main, ["--workspace", str(peopled.root), *quick])
    assert result.exit_code == 9, result.output
    assert "✗ Nobody gets it twice" in result.output
    assert "The rehearsal has broken 1 of 7 promises." in result.output
    assert "Send nothing with this version." in result.output
    assert list(temporary.iterdir()) == []
