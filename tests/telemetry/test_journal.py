"""The log of a worker: the same for people and for programs, and nobody's address in it."""

import io
import json
import logging
import re
import signal
import time
import warnings
from datetime import UTC, datetime
from typing import Any

import pytest

from cli.test_process import run as run_with
from cli.test_send import append, to_smtp
from faults.test_kills import SLUG, run, start
from newsletter.dispatch import Notice
from newsletter.telemetry import LogFormat, keeping_journal, tell
from newsletter.workspace import Workspace
from support.due import freeze_due
from support.scripted import scripted_server
from support.smtp_server import Script
from telemetry.conftest import PEOPLE

MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
SAID = re.compile("|".join([*PEOPLE, "bakker", "brien", "elik", "@", "%40"]), re.IGNORECASE)


def lines_of(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_libraries_are_heard_in_the_same_form_and_without_addresses(
    log_format: LogFormat, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = io.StringIO()
    monkeypatch.setattr("sys.stderr", out)
    with keeping_journal(log_format):
        logging.getLogger("sqlalchemy.pool").warning("closing %s", '"Anna Bakker"@example.org')
        logging.getLogger("alembic").info("a detail that nobody asked for")
        with warnings.catch_warnings():
            warnings.simplefilter("always")
            warnings.warn("old: https://news.example.org/?to=anna.bakker%40example.org", stacklevel=1)
        try:
            raise ValueError("no such person: <anna.bakker@example.org>")
        except ValueError:
            logging.getLogger("procrastinate").exception("a job failed")
        tell(Notice("worker.started", "Waiting", {"at": datetime(2024, 2, 20, 8, 30, tzinfo=UTC), "none": None}))
    logging.getLogger("sqlalchemy.pool").warning("nobody listens any more")
    assert not SAID.search(out.getvalue())
    if log_format == "text":
        assert out.getvalue().startswith("closing (address)\n")
        assert "Traceback" in out.getvalue()
        assert out.getvalue().endswith("\nWaiting\n")
        return
    closing, old, failed, started = lines_of(out.getvalue())
    assert all(MOMENT.fullmatch(line["time"]) for line in (closing, old, failed, started))
    assert (closing["level"], closing["event"], closing["logger"]) == ("warning", "log", "sqlalchemy.pool")
    assert old["logger"] == "py.warnings"
    assert (failed["level"], failed["error"]) == ("error", "ValueError")
    assert "Traceback" in failed["traceback"]
    assert started["event"] == "worker.started"
    assert started["at"] == "2024-02-20T08:30:00.000Z"
    assert "none" not in started


def test_worker_tells_in_json_what_it_does_and_never_to_whom(addressed: Workspace) -> None:
    refused = f"550 5.1.1 <{PEOPLE['Anna']}> Anna is not here"
    with scripted_server(Script({"RCPT": [refused, None, f"451 4.2.1 {PEOPLE['Bob']} later"]})) as server:
        to_smtp(addressed, server.port)
        freeze_due(addressed)
        worker = start(addressed, "worker", "--every", "0.1", "--log", "json")
        deadline = time.monotonic() + 60
        while "receipt" not in str(list((addressed.issues / SLUG).glob("*.json"))) and time.monotonic() < deadline:
            time.sleep(0.05)
        worker.send_signal(signal.SIGTERM)
        out, err = worker.communicate(timeout=60)
    assert (worker.returncode, out) == (0, "")
    lines = lines_of(err)
    assert [line["event"] for line in lines] == [
        "worker.started",
        "dispatch.continued",
        "dispatch.rested",
        "worker.stopped",
    ]
    rested = lines[2]
    assert (rested["selected"], rested["accepted"], rested["rejected"], rested["deferred"]) == (3, 1, 1, 1)
    assert rested["issue"] == SLUG
    assert len(rested["dispatch"]) == 8
    assert MOMENT.fullmatch(rested["next_due"])
    assert not SAID.search(err)


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_worker_tells_what_failed_and_when_it_tries_again(addressed: Workspace, log_format: str) -> None:
    with scripted_server(Script({"MAIL": f"554 5.7.1 blocked: ask {PEOPLE['Anna']}"})) as server:
        to_smtp(addressed, server.port)
        append(addressed, f'[log]\nformat = "{log_format}"\n')
        freeze_due(addressed)
        code, said = run(addressed, "worker", "--once")
    assert code == 0
    assert not SAID.search(said)
    if log_format == "text":
        assert re.search(r"^\w{8}: tried again from [-\d]+ [:\d]+ UTC$", said, re.MULTILINE)
        assert "{" not in said
        return
    failed, put_off = lines_of(said)[-2:]
    assert (failed["event"], failed["level"], failed["error"]) == ("dispatch.failed", "error", "ProviderError")
    assert "554" in failed["message"]
    assert (put_off["event"], bool(MOMENT.fullmatch(put_off["until"]))) == ("dispatch.put-off", True)


def test_what_ends_a_worker_is_a_line_of_json_too(workspace: Workspace) -> None:
    environ = {"NEWSLETTER_DATABASE__URL": "sqlite:///newsletter.toml", "NEWSLETTER_LOG__FORMAT": "json"}
    code, _, said = run_with(workspace, "worker", "--once", environ=environ)
    (line,) = lines_of(said)
    assert (code, line["event"], line["error"]) == (7, "worker.failed", "StoreError")
    code, _, said = run_with(workspace, "worker", "--once", "--log", "text", environ=environ)
    assert (code, said.startswith("{")) == (7, False)
