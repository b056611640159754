"""Metrics: what the ledger and a worker tell Prometheus, read by Prometheus' own parser."""

import re
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Mapping
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from prometheus_client import CollectorRegistry
from prometheus_client.parser import text_string_to_metric_families as parsed
from ruamel.yaml import YAML

from cli.conftest import Call, call
from cli.test_send import append, to_smtp
from faults.test_kills import run, start
from newsletter.dispatch import Controls, Dispatch
from newsletter.dispatch.pacing import parse_limit, set_override
from newsletter.errors import SettingsError
from newsletter.providers.base import Accepted, Deferred, Message, Outcome, Rejected, Uncertain
from newsletter.settings import load
from newsletter.store import tables
from newsletter.subscribers import parse_address, unsubscribe
from newsletter.telemetry import LedgerMetrics, WorkerMetrics, ledger_metrics_text, place_of
from newsletter.workspace import Workspace
from support.dispatching import SLUG, Bench, Scripted
from support.due import freeze_due
from support.scripted import scripted_server
from support.smtp_server import Script
from telemetry.test_journal import SAID, lines_of

__all__ = ["call"]

Samples = Mapping[tuple[str, frozenset[tuple[str, str]]], float]


def read(text: str) -> Samples:
    """Read samples by name and labels, without those that name the dispatch; none may be there twice."""
    found: dict[tuple[str, frozenset[tuple[str, str]]], float] = {}
    for family in parsed(text):
        assert family.documentation
        assert family.type in ("gauge", "counter", "histogram")
        for sample in family.samples:
            labels = {name: value for name, value in sample.labels.items() if name not in ("dispatch", "issue")}
            key = (sample.name, frozenset(labels.items()))
            assert key not in found
            found[key] = sample.value
    return found


def value(samples: Samples, name: str, **labels: str) -> float | None:
    return samples.get((f"newsletter_{name}", frozenset(labels.items())))


def text_of(bench: Bench) -> str:
    return ledger_metrics_text(LedgerMetrics(bench.database, load(bench.workspace, {}), bench.clock))


def decide(message: Message) -> Outcome:
    kind = message.recipient.address.partition("@")[0]
    if kind == "nee":
        return Rejected(message.key, "550 no")
    if kind == "later":
        return Deferred(message.key, "451 later")
    return Uncertain(message.key, "lost") if kind == "weg" else Accepted(message.key)


@pytest.fixture
def sent(bench: Bench) -> Dispatch:
    """A dispatch that came to all kinds of ends, begun ten minutes after it was frozen."""
    bench.subscribe(["ja", "ook", "nee", "later", "weg", "afgemeld"])
    with bench.database.writing() as connection:
        unsubscribe(connection, parse_address("afgemeld@example.org"), "leden", bench.clock())
    dispatch = bench.freeze()
    bench.clock.pass_by(minutes=10)
    bench.drive(dispatch, Scripted(decide))
    return dispatch


def test_every_delivery_of_a_dispatch_is_in_one_state_and_all_are_selected(bench: Bench, sent: Dispatch) -> None:
    samples = read(text_of(bench))
    states = {
        dict(labels)["state"]: number
        for (name, labels), number in samples.items()
        if name == "newsletter_dispatch_deliveries"
    }
    assert {state: count for state, count in states.items() if count} == {
        "accepted": 2,
        "rejected": 1,
        "deferred": 1,
        "uncertain": 1,
        "excluded": 1,
    }
    assert len(states) == 8
    assert value(samples, "dispatch_selected") == sum(states.values()) == 6
    assert value(samples, "dispatch_excluded", reason="unsubscribed") == 1
    assert value(samples, "uncertain_deliveries") == 1
    assert f'dispatch="{sent.id}",issue="{SLUG}"' in text_of(bench)
    assert not re.search(r"@|example\.org", text_of(bench))


def test_time_is_measured_from_the_freeze_the_start_the_deadline_and_the_first_that_is_due(
    bench: Bench, sent: Dispatch
) -> None:
    bench.clock.pass_by(minutes=50)
    samples = read(text_of(bench))
    assert value(samples, "dispatch_age_seconds") == 3600
    assert value(samples, "dispatch_sending_seconds") == 3000
    assert value(samples, "dispatch_deadline_seconds") == (sent.deadline - bench.clock()).total_seconds()
    due = value(samples, "dispatch_oldest_due_seconds")
    assert due is not None
    assert 0 < due <= 1200
    bench.clock.pass_by(seconds=-due - 60)
    assert value(read(text_of(bench)), "dispatch_oldest_due_seconds") == -60


def test_who_watches_sees_whether_a_dispatch_is_in_hand_paused_or_over(bench: Bench, sent: Dispatch) -> None:
    samples = read(text_of(bench))
    assert (value(samples, "dispatch_state", state="open"), value(samples, "dispatch_leases")) == (1, 0)
    bench.take_over(sent)
    assert value(read(text_of(bench)), "dispatch_leases") == 1
    bench.clock.pass_by(minutes=5)
    assert value(read(text_of(bench)), "dispatch_leases") == 0, "the lease has run out"
    controls = Controls(bench.database, sent.id, "tester", bench.clock)
    controls.pause()
    samples = read(text_of(bench))
    assert (value(samples, "dispatch_state", state="open"), value(samples, "dispatch_state", state="paused")) == (0, 1)
    assert value(samples, "dispatches", state="paused") == 1
    with bench.database.writing() as connection:
        ended = {"state": "finished", "finished_at": bench.clock()}
        connection.execute(sa.update(tables.dispatches).values(ended))
    samples = read(text_of(bench))
    assert value(samples, "dispatch_state", state="finished") == 1
    assert value(samples, "dispatch_deadline_seconds") is None
    bench.clock.pass_by(hours=24, seconds=1)
    samples = read(text_of(bench))
    assert value(samples, "dispatch_selected") is None, "it ended more than a day ago"
    assert value(samples, "dispatches", state="finished") == 1
    assert value(samples, "uncertain_deliveries") == 1, "they still wait for somebody"


def test_quiet_hours_are_no_reason_to_worry(bench: Bench, sent: Dispatch) -> None:
    samples = read(text_of(bench))
    assert (value(samples, "quiet"), value(samples, "dispatch_closed")) == (0, 0)
    append(bench.workspace, '\n[dispatch]\nquiet_hours = "00:00-23:59"\n')
    samples = read(text_of(bench))
    assert (value(samples, "quiet"), value(samples, "dispatch_closed")) == (1, 1)


def test_limits_are_named_only_where_somebody_has_named_them(bench: Bench) -> None:
    append(bench.workspace, "\n[limits.outbox]\nper_hour = 100\n")
    with bench.database.writing() as connection:
        set_override(connection, "domain:gmail.com", parse_limit("10/day"), bench.clock())
        paused = int((bench.clock() + timedelta(hours=1)).timestamp() * 1e9)
        rows = [{"key": "domain:devries.example", "paused_until": paused, "used": {}}]
        connection.execute(sa.insert(tables.rate_limits), rows)
    metrics = LedgerMetrics(bench.database, load(bench.workspace, {}), bench.clock)
    text = ledger_metrics_text(metrics)
    samples = read(text)
    assert value(samples, "limit_used", limit="provider:outbox", period="hour") == 0
    assert value(samples, "limit_used", limit="domain:gmail.com", period="day") == 0
    assert value(samples, "limits_slowed") == 0
    if bench.database.is_sqlite:  # the other one goes by its own clock, for which that hour is long past
        assert value(samples, "limits_paused") == 1
    assert "devries" not in text


def test_names_with_odd_letters_are_escaped(bench: Bench, sent: Dispatch) -> None:
    odd = 'a "quoted\\" name\nof two lines'
    with bench.database.writing() as connection:
        connection.execute(sa.update(tables.dispatches).values(segment=odd))
    text = text_of(bench)
    (info,) = (one for family in parsed(text) if family.name == "newsletter_dispatch_info" for one in family.samples)
    assert info.labels["segment"] == odd
    assert text.endswith("\n")


def test_database_is_measured_too(bench: Bench) -> None:
    samples = read(text_of(bench))
    size = value(samples, "database_bytes")
    assert size is not None
    assert size > 50_000
    kind = "sqlite" if bench.database.is_sqlite else "postgresql"
    infos = [dict(labels) for name, labels in samples if name == "newsletter_database_info"]
    assert [(one["kind"], one["revision"].isdigit()) for one in infos] == [(kind, True)]


def test_command_prints_metrics_and_changes_nothing(call: Call, workspace: Workspace) -> None:
    assert "There is no database yet" in call("metrics", code=7).stderr
    call("subscribers", "add", "anna@example.org", "--list", "leden")
    call("send", SLUG, "--list", "leden", "--yes")
    text = call("metrics").stdout
    samples = read(text)
    assert value(samples, "dispatch_deliveries", state="accepted") == 1
    assert text.count("# TYPE") == text.count("# HELP") == len(list(parsed(text)))


def get(address: str) -> str:
    with urllib.request.urlopen(address, timeout=30) as answer:  # noqa: S310 (a worker of our own)
        assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
        return str(answer.read().decode())


def serving(worker: "subprocess.Popen[str]") -> str:
    """Read where a worker serves its metrics from what it says first."""
    assert worker.stderr is not None
    (line,) = lines_of(worker.stderr.readline())
    return str(line["metrics"])


def test_worker_serves_what_it_does_and_what_the_ledger_says(addressed: Workspace) -> None:
    with scripted_server(Script({"RCPT": ["550 5.1.1 no such mailbox", None]})) as server:
        to_smtp(addressed, server.port)
        worker = start(addressed, "worker", "--every", "0.1", "--metrics", "0", "--log", "json")
        address = serving(worker)
        before = read(get(address))
        dispatch = freeze_due(addressed)
        deadline = time.monotonic() + 60
        samples = before
        while not value(samples, "worker_runs_total", end="rested") and time.monotonic() < deadline:
            time.sleep(0.05)
            samples = read(get(address))
        text = get(address)
        worker.send_signal(signal.SIGTERM)
        _, err = worker.communicate(timeout=60)
    assert worker.returncode == 0, err
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/metrics", address)
    outcomes = ("accepted", "rejected", "deferred", "uncertain")
    assert [value(before, "worker_messages_total", outcome=one) for one in outcomes] == [0, 0, 0, 0]
    assert [value(samples, "worker_messages_total", outcome=one) for one in outcomes] == [2, 1, 0, 0]
    assert value(samples, "worker_handover_seconds_count") == 2, "who is refused at once is not handed over"
    assert value(samples, "worker_batches_total") == 1
    commits = value(samples, "worker_ledger_seconds_count")
    assert commits is not None
    assert commits >= 3
    assert value(samples, "dispatch_deliveries", state="accepted") == 2
    assert (value(samples, "up"), samples["process_open_fds", frozenset()] > 0) == (1, True)
    assert dispatch.id in text
    assert "_created" not in text
    assert not SAID.search(text + err)


def test_ledger_that_cannot_be_read_is_told_and_does_not_end_the_metrics(addressed: Workspace) -> None:
    worker = start(addressed, "worker", "--every", "3600", "--metrics", "localhost:0", "--log", "json")
    address = serving(worker)
    with closing(sqlite3.connect(addressed.root / "var/newsletter.db", timeout=30)) as connection:
        connection.execute("ALTER TABLE delivery_counts RENAME TO away")
    samples = read(get(address))
    worker.send_signal(signal.SIGTERM)
    _, err = worker.communicate(timeout=60)
    assert value(samples, "up") == 0
    assert value(samples, "worker_batches_total") == 0
    assert "metrics.failed" in [line["event"] for line in lines_of(err)]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("9464", ("127.0.0.1", 9464)),
        (":9464", ("127.0.0.1", 9464)),
        ("192.0.2.7:80", ("192.0.2.7", 80)),
        ("[::1]:9464", ("::1", 9464)),
        ("metrics.example.org:0", ("metrics.example.org", 0)),
    ],
)
def test_metrics_are_for_this_machine_unless_told_otherwise(text: str, place: tuple[str, int]) -> None:
    assert place_of(text) == place


@pytest.mark.parametrize("text", ["", "localhost", "::1:9464", "a:65536", "http://a:80", "a:b", "a b:80"])
def test_what_is_no_place_is_refused(text: str) -> None:
    with pytest.raises(SettingsError, match="no place to serve"):
        place_of(text)


def test_metrics_and_alerts_in_the_documentation_are_those_that_there_are(bench: Bench) -> None:
    page = (Path(__file__).parents[2] / "docs/operations.md").read_text(encoding="utf-8")
    section = page.partition("## Metrics")[2].partition("\n## ")[0]
    ledger = LedgerMetrics(bench.database, load(bench.workspace, {}), bench.clock)
    registry = CollectorRegistry()
    registry.register(ledger)
    WorkerMetrics(registry)
    real = {
        f"{one.name}_total" if one.type == "counter" else one.name
        for one in registry.collect()
        if one.name.startswith("newsletter_")
    }
    assert real == set(re.findall(r"^\| `(newsletter_[a-z_]+)`", section, re.MULTILINE))
    for block in re.findall(r"^```yaml\n(.*?)^```", section, re.MULTILINE | re.DOTALL):
        assert YAML().load(block)
        for name in re.findall(r"newsletter_[a-z_]+", block):
            assert re.sub("_(bucket|count|sum)$", "", name) in real


def test_port_that_is_taken_is_a_clear_error(addressed: Workspace) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, said = run(addressed, "worker", "--once", "--metrics", str(port))
    assert code == 3
    assert f"Metrics cannot be served at {port}: Address already in use" in said
    code, said = run(addressed, "worker", "--once", "--metrics", "nowhere.invalid:0", "--log", "json")
    assert code == 3
    assert lines_of(said)[0]["event"] == "worker.failed"


def test_missing_package_is_named_with_the_extra_that_brings_it(addressed: Workspace) -> None:
    code = (
        "import sys; sys.modules['prometheus_client'] = None\n"
        "from newsletter.cli import main; sys.exit(main(['metrics'], standalone_mode=False))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=addressed.root, capture_output=True, text=True, check=False)
    assert done.returncode == 3
    assert "pip install 'newsletter[metrics]'" in done.stderr
