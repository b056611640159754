"""Traces and metrics by OpenTelemetry, as a collector on loopback receives them."""

import subprocess
import sys
import time
from collections.abc import Mapping

import pytest

from cli.test_process import run as run_with
from cli.test_send import append, to_smtp
from faults.test_kills import environment
from newsletter.errors import SettingsError
from newsletter.settings import load
from newsletter.telemetry import Signals, signals
from newsletter.workspace import Workspace
from support.collector import Collector, collecting, values_of
from support.dispatching import SLUG
from support.due import freeze_due
from support.scripted import scripted_server
from support.smtp_server import Script
from telemetry.conftest import PEOPLE
from telemetry.test_journal import SAID, lines_of

HERE = "OTEL_EXPORTER_OTLP_ENDPOINT"


def sent(addressed: Workspace, script: Script, environ: Mapping[str, str], code: int = 0) -> str:
    """Let a worker send to three people, and give what it said."""
    with scripted_server(script) as server:
        to_smtp(addressed, server.port)
        freeze_due(addressed)
        ended, _, said = run_with(addressed, "worker", "--once", "--log", "json", environ=dict(environ))
    assert ended == code, said
    return said


def assert_about_nobody(collector: Collector, said: str) -> None:
    assert {"newsletter.issue", SLUG, "dispatch run", "newsletter.runs"} <= set(collector.told.splitlines())
    assert not SAID.search(collector.told + said)


def test_run_and_its_batches_are_spans_with_counts_and_nobodys_name(addressed: Workspace) -> None:
    with collecting() as collector:
        refused = f"550 5.1.1 <{PEOPLE['Anna']}> Anna is not here"
        said = sent(addressed, Script({"RCPT": [refused, None]}), {HERE: collector.url})
    (run,), (batch,) = collector.named("dispatch run"), collector.named("dispatch batch")
    assert batch.parent_span_id == run.span_id
    assert batch.trace_id == run.trace_id
    assert run.start_time_unix_nano <= batch.start_time_unix_nano < batch.end_time_unix_nano <= run.end_time_unix_nano
    about = values_of(run.attributes)
    assert about.pop("newsletter.dispatch")
    assert about == {
        "newsletter.issue": SLUG,
        "newsletter.provider": "smtp",
        "newsletter.selected": 3,
        "newsletter.accepted": 2,
        "newsletter.rejected": 1,
        "newsletter.deferred": 0,
        "newsletter.uncertain": 0,
    }
    assert values_of(batch.attributes)["newsletter.messages"] == 3
    assert collector.numbers["newsletter.messages", "accepted"] == 2
    assert collector.numbers["newsletter.messages", "rejected"] == 1
    assert collector.numbers["newsletter.handover.duration",] == 2
    assert collector.numbers["newsletter.ledger.duration",] >= 3
    assert collector.numbers["newsletter.batches",] == 1
    assert collector.numbers["newsletter.runs", "rested"] == 1
    assert all(one["service.name"] == "newsletter" for one in collector.resources)
    assert_about_nobody(collector, said)


def test_run_that_fails_is_told_by_the_kind_of_error_only(addressed: Workspace) -> None:
    with collecting() as collector:
        script = Script({"MAIL": f"554 5.7.1 blocked: ask {PEOPLE['Anna']}"})
        environ = {HERE: collector.url, "OTEL_SERVICE_NAME": "nieuwsbrief"}
        said = sent(addressed, script, environ)
    (run,) = collector.named("dispatch run")
    assert values_of(run.attributes)["error.type"] == "ProviderError"
    assert (run.status.code, run.status.message, len(run.events)) == (2, "", 0)
    assert collector.numbers["newsletter.runs", "failed"] == 1
    assert all(one["service.name"] == "nieuwsbrief" for one in collector.resources)
    assert_about_nobody(collector, said)


def test_settings_go_before_the_environment_and_hold_for_send_too(addressed: Workspace) -> None:
    append(addressed, '\n[telemetry]\nendpoint = "http://127.0.0.1:1/"\n')
    with collecting() as collector:
        environ = {HERE: "http://127.0.0.1:2", "NEWSLETTER_TELEMETRY__ENDPOINT": f"{collector.url}/otlp"}
        code, _, said = run_with(addressed, "send", SLUG, "--list", "leden", "--yes", environ=environ)
    assert code == 0, said
    assert {*collector.paths} == {"/otlp/v1/traces", "/otlp/v1/metrics"}
    assert values_of(collector.named("dispatch run")[0].attributes)["newsletter.accepted"] == 3


def test_collector_that_is_down_costs_a_line_of_the_log_and_nobody_a_message(addressed: Workspace) -> None:
    began = time.monotonic()
    said = sent(addressed, Script(), {HERE: "http://127.0.0.1:9", "OTEL_EXPORTER_OTLP_TIMEOUT": "1"})
    assert time.monotonic() - began < 60
    lines = lines_of(said)
    assert next(line["accepted"] for line in lines if line["event"] == "dispatch.rested") == 3
    assert any(line["logger"].startswith("opentelemetry.") for line in lines if line["event"] == "log")


TRACES = {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://c:4318/v1/traces"}


@pytest.mark.parametrize(
    ("environ", "found"),
    [
        ({}, (False, False)),
        ({HERE: ""}, (False, False)),
        ({HERE: "http://c:4318"}, (True, True)),
        ({HERE: "http://c:4318", "OTEL_METRICS_EXPORTER": "none"}, (True, False)),
        ({HERE: "http://c:4318", "OTEL_TRACES_EXPORTER": "console"}, (False, True)),
        ({HERE: "http://c:4318", "OTEL_TRACES_EXPORTER": "console, otlp"}, (True, True)),
        ({HERE: "http://c:4318", "OTEL_SDK_DISABLED": "TRUE"}, (False, False)),
        ({**TRACES}, (True, False)),
        ({**TRACES, "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf"}, (True, False)),
        (
            {**TRACES, "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc", "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL": "http/protobuf"},
            (True, False),
        ),
    ],
)
def test_environment_says_what_goes_out(
    workspace: Workspace, environ: Mapping[str, str], found: tuple[bool, bool]
) -> None:
    assert signals(load(workspace, {}), environ) == Signals(*found, None)


def test_another_protocol_is_refused_before_anything_is_sent(addressed: Workspace) -> None:
    with pytest.raises(SettingsError, match="only OTLP over HTTP"):
        signals(load(addressed, {}), {HERE: "http://c:4317", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"})


@pytest.mark.parametrize(
    "wrong", ["collector", "ftp://c", "http://", "http://a:b@c", "http://c:port", "http://c/?key=1"]
)
def test_what_is_no_address_of_a_collector_is_refused(workspace: Workspace, wrong: str) -> None:
    with pytest.raises(SettingsError) as error:
        load(workspace, {"NEWSLETTER_TELEMETRY__ENDPOINT": wrong})
    assert "TELEMETRY__ENDPOINT" in str(error.value)
    assert error.value.remedy


@pytest.mark.parametrize(("asked_by", "code"), [("NEWSLETTER_TELEMETRY__ENDPOINT", 3), (HERE, 0)])
def test_missing_packages_stop_only_whom_the_settings_ask(addressed: Workspace, asked_by: str, code: int) -> None:
    program = (
        "import sys; sys.modules['opentelemetry'] = None\n"
        "from newsletter.cli import main; sys.exit(main(['worker', '--once', '--log', 'json'], standalone_mode=False))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=addressed.root,
        env={**environment(addressed), asked_by: "http://127.0.0.1:9"},
        capture_output=True,
        text=True,
        check=False,
    )
    (line,) = lines_of(done.stderr)
    assert (done.returncode, line["event"]) == (code, "worker.failed" if code else "telemetry.missing")
    assert "pip install 'newsletter[telemetry]'" in line["message"]
