"""What the doctor makes of provider, site, database, clock and secret key."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from newsletter.doctor.base import Outcome
from newsletter.providers.base import Inspection
from newsletter.settings import secret_keys
from newsletter.store import open_database
from newsletter.workspace import Workspace
from support import sendgrid_server as sendgrid
from support.api_server import running
from support.postmark_server import TOKEN, PostmarkServer
from support.real_smtp_server import make_certificate
from support.sendgrid_server import API_KEY, sendgrid_server
from support.smtp_server import EHLO, Script, serve
from support.surroundings import NOW, examine, outcomes, says
from support.web_server import Answer, Request, self_signed, serving

OK, WARNING, PROBLEM, UNKNOWN = Outcome.OK, Outcome.WARNING, Outcome.PROBLEM, Outcome.UNKNOWN


@contextmanager
def smtp_settings(workspace: Workspace, script: Script, **options: object) -> Iterator[dict[str, str]]:
    """Run a mail server in a thread, and have the workspace send by it."""
    loop = asyncio.new_event_loop()
    ready, stop = threading.Event(), asyncio.Event()
    port = 0

    async def main() -> None:
        nonlocal port
        async with serve(script) as server:
            port = server.port
            ready.set()
            await stop.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(main(),), daemon=True)
    thread.start()
    assert ready.wait(30)
    lines = [f"{name} = {value!r}" for name, value in {"host": "localhost", "port": port, **options}.items()]
    with workspace.settings_file.open("a", encoding="utf-8") as file:
        file.write("\n[providers.smtp]\n" + "\n".join(lines) + "\n")
    try:
        yield {"NEWSLETTER_PROVIDER": "smtp"}
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()
        loop.close()


def test_mail_server_on_this_machine_needs_no_encryption(workspace: Workspace) -> None:
    with smtp_settings(workspace, Script(), tls="none") as settings:
        assert outcomes(examine("provider", workspace, settings=settings)) == [OK, OK]
        assert outcomes(examine("tls", workspace, settings=settings)) == [OK]


def test_mail_server_elsewhere_in_the_clear_is_a_problem(workspace: Workspace) -> None:
    async def inspect() -> Inspection:
        return Inspection(server="smtp.ours.nl, port 25", logged_in=False, is_private=False)

    assert says(examine("tls", workspace, inspect=inspect), PROBLEM, "not encrypted")


def test_certificate_is_well_until_it_soon_ends(workspace: Workspace, tmp_path: Path) -> None:
    certificate = make_certificate(tmp_path / "server.pem")
    script = Script(extensions=(*EHLO, "STARTTLS"), context=certificate.server)
    with smtp_settings(workspace, script, tls="starttls", ca_file=str(certificate.file)) as settings:
        found = examine("tls", workspace, settings=settings, now=lambda: datetime.now(UTC) - timedelta(days=40))
        assert outcomes(found) == [OK]
        found = examine("tls", workspace, settings=settings, now=lambda: datetime.now(UTC))
        assert outcomes(found) == [WARNING]


def test_certificate_that_does_not_hold_is_said_by_the_provider(workspace: Workspace, tmp_path: Path) -> None:
    certificate = make_certificate(tmp_path / "server.pem")
    script = Script(extensions=(*EHLO, "STARTTLS"), context=certificate.server)
    with smtp_settings(workspace, script, tls="starttls") as settings:
        assert says(examine("provider", workspace, settings=settings), PROBLEM, "certificate")
        assert outcomes(examine("tls", workspace, settings=settings)) == [UNKNOWN]


def test_small_limit_of_the_mail_server_is_a_warning(workspace: Workspace) -> None:
    with smtp_settings(workspace, Script(extensions=("SIZE 100000",)), tls="none") as settings:
        assert says(examine("provider", workspace, settings=settings), WARNING, "100,000 bytes")


def test_key_is_judged_by_what_it_may_do(workspace: Workspace) -> None:
    with sendgrid_server() as server:
        settings = {
            "NEWSLETTER_PROVIDER": "sendgrid",
            "NEWSLETTER_PROVIDERS__SENDGRID__API_KEY": API_KEY,
            "NEWSLETTER_PROVIDERS__SENDGRID__BASE_URL": server.url,
        }
        assert set(outcomes(examine("provider", workspace, settings=settings))) == {OK}
        server.scopes = sendgrid.Answer(
            200, {"scopes": ["api_keys.create", *(f"stats.{number}" for number in range(9))]}
        )
        found = examine("provider", workspace, settings=settings)
        assert says(found, PROBLEM, "lacks permissions: mail.send")
        assert says(found, WARNING, "and 5 more")
        settings["NEWSLETTER_PROVIDERS__SENDGRID__API_KEY"] = "SG.wrong"
        found = examine("provider", workspace, settings=settings)
        assert says(found, PROBLEM, "refused by SendGrid")
        assert not any("SG.wrong" in str(one) for one in found)


def test_what_keeps_a_provider_from_sending_as_it_should_is_a_problem(workspace: Workspace) -> None:
    server = PostmarkServer()
    with running(server):
        settings = {
            "NEWSLETTER_PROVIDER": "postmark",
            "NEWSLETTER_PROVIDERS__POSTMARK__SERVER_TOKEN": TOKEN,
            "NEWSLETTER_PROVIDERS__POSTMARK__BASE_URL": server.url,
        }
        assert set(outcomes(examine("provider", workspace, settings=settings))) == {OK}
        settings["NEWSLETTER_PROVIDERS__POSTMARK__STREAM"] = "other"
        assert says(examine("provider", workspace, settings=settings), PROBLEM, "no stream 'other'")


def test_provider_with_wrong_settings_is_a_problem_with_its_place(workspace: Workspace) -> None:
    (found,) = examine("provider", workspace, settings={"NEWSLETTER_PROVIDER": "sendgrid"})
    assert found.outcome is PROBLEM
    assert "api_key" in found.message + found.remedy


def test_provider_that_cannot_be_asked_is_unknown(workspace: Workspace) -> None:
    assert outcomes(examine("provider", workspace)) == [UNKNOWN]
    assert outcomes(examine("tls", workspace)) == [UNKNOWN]


@pytest.mark.parametrize(
    ("reply", "outcome", "words"),
    [
        (Answer(status=200), OK, "answers"),
        (Answer(b"", 301, {"Location": "https://ours.nl/"}), WARNING, "leads on to https://ours.nl/"),
        (Answer(status=404), WARNING, "answers 404"),
        (Answer(status=500), WARNING, "answers 500"),
    ],
)
def test_site_is_judged_by_its_answer(workspace: Workspace, reply: Answer, outcome: Outcome, words: str) -> None:
    with serving(lambda _: reply) as server:
        found = examine("site", workspace, settings={"NEWSLETTER_PUBLIC_URL": server.url})
    assert says(found, outcome, words)
    assert says(found, WARNING, "readers cannot reach 127.0.0.1")


def test_site_that_is_missing_is_a_warning_and_one_that_cannot_be_trusted_a_problem(
    workspace: Workspace, tmp_path: Path
) -> None:
    missing = examine("site", workspace, settings={"NEWSLETTER_PUBLIC_URL": "http://127.0.0.1:9/"})
    assert outcomes(missing) == [WARNING]
    with serving(lambda _: Answer(), self_signed(tmp_path, "127.0.0.1")) as server:
        assert outcomes(examine("site", workspace, settings={"NEWSLETTER_PUBLIC_URL": server.url})) == [PROBLEM]


def test_one_click_is_posted_in_both_forms_without_anything_else(workspace: Workspace) -> None:
    with serving(lambda _: Answer(status=202)) as server:
        found = examine("one-click", workspace, settings={"NEWSLETTER_PUBLIC_URL": f"{server.url}/news/"})
        assert outcomes(found) == [OK, OK]
        plain, parts = server.requests
    assert {(one.method, one.path) for one in (plain, parts)} == {("POST", "/news/leave/doctor")}
    assert plain.content == b"List-Unsubscribe=One-Click"
    assert parts.headers["content-type"].startswith("multipart/form-data; boundary=")
    assert b'name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--' in parts.content
    assert not {"cookie", "origin", "referer"} & (plain.headers.keys() | parts.headers.keys())


@pytest.mark.parametrize(
    ("reply", "outcome", "words"),
    [
        (Answer(b"", 302, {"Location": "/form"}), PROBLEM, "led on to /form"),
        (Answer(status=403), PROBLEM, "refused"),
        (Answer(status=405), PROBLEM, "405"),
        (Answer(status=500), PROBLEM, "500"),
        (Answer(status=404), WARNING, "no page for leaving"),
    ],
)
def test_one_click_that_does_not_work_is_found(
    workspace: Workspace, reply: Answer, outcome: Outcome, words: str
) -> None:
    with serving(lambda _: reply) as server:
        assert says(examine("one-click", workspace, settings={"NEWSLETTER_PUBLIC_URL": server.url}), outcome, words)


def test_one_click_in_one_form_only_is_a_problem(workspace: Workspace) -> None:
    def answer(request: Request) -> Answer:
        return Answer(status=415 if request.headers["content-type"].startswith("multipart") else 200)

    with serving(answer) as server:
        found = examine("one-click", workspace, settings={"NEWSLETTER_PUBLIC_URL": server.url})
    assert outcomes(found) == [OK, PROBLEM]


@pytest.mark.parametrize(
    ("apart", "outcome", "words"),
    [
        (2, OK, "agree"),
        (-60, WARNING, "60 seconds ahead of"),
        (60, WARNING, "behind"),
        (3600, PROBLEM, "3,600 seconds"),
    ],
)
def test_clock_is_compared_with_that_of_the_site(
    workspace: Workspace, apart: int, outcome: Outcome, words: str
) -> None:
    theirs = (NOW + timedelta(seconds=apart)).strftime("%a, %d %b %Y %H:%M:%S GMT")
    with serving(lambda _: Answer(headers={"Date": theirs})) as server:
        found = examine("clock", workspace, settings={"NEWSLETTER_PUBLIC_URL": server.url})
    assert says(found, outcome, words)


def test_clock_is_compared_with_that_of_the_database(workspace: Workspace, database_url: str) -> None:
    settings = {"NEWSLETTER_PUBLIC_URL": "http://127.0.0.1:9/", "NEWSLETTER_DATABASE__URL": database_url}
    found = examine("clock", workspace, settings=settings, now=lambda: datetime.now(UTC))
    assert outcomes(found) == [UNKNOWN if database_url.startswith("sqlite") else OK]


def test_rules_of_time_zones_grow_old(workspace: Workspace) -> None:
    (found,) = examine("time-zone", workspace, now=lambda: datetime(2200, 1, 1, tzinfo=UTC))
    assert found.outcome is WARNING
    assert "Europe/Amsterdam" in found.message
    (found,) = examine("time-zone", workspace, now=lambda: datetime(2025, 6, 1, tzinfo=UTC))
    assert found.outcome is OK


def test_rules_of_the_package_are_used_where_the_system_has_none(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("zoneinfo.TZPATH", ())
    (found,) = examine("time-zone", workspace)
    assert "the package tzdata" in found.message


def test_database_is_judged_by_how_far_it_is(workspace: Workspace, database_url: str) -> None:
    settings = {"NEWSLETTER_DATABASE__URL": database_url}
    assert says(examine("database", workspace, settings=settings), WARNING, "no subscribers yet")
    database = open_database(database_url, workspace.root)
    assert outcomes(examine("database", workspace, settings=settings)) == [OK]
    for revision, outcome in (("z999", PROBLEM), ("0001", WARNING)):
        with database.writing() as connection:
            connection.execute(sa.text("UPDATE alembic_version SET version_num = :now"), {"now": revision})
        assert outcomes(examine("database", workspace, settings=settings)) == [outcome]
    database.close()


def test_database_that_cannot_be_reached_is_a_problem_without_its_password(workspace: Workspace) -> None:
    settings = {"NEWSLETTER_DATABASE__URL": "postgresql://news:geheim@127.0.0.1:9/news"}
    (found,) = examine("database", workspace, settings=settings)
    assert found.outcome is PROBLEM
    assert "geheim" not in str(found)


def test_database_that_another_process_holds_is_no_problem(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("newsletter.store.engine.BUSY_TIMEOUT_MILLISECONDS", 100)
    database = open_database("sqlite:///var/newsletter.db", workspace.root)
    with database.writing():
        assert outcomes(examine("database", workspace)) == [WARNING]
    database.close()


def test_secret_key_is_for_its_owner_only(workspace: Workspace) -> None:
    assert outcomes(examine("secret-key", workspace)) == [WARNING]
    secret_keys(workspace, {})
    assert outcomes(examine("secret-key", workspace)) == [OK]
    (workspace.state / "secret.key").chmod(0o644)
    assert says(examine("secret-key", workspace), PROBLEM, "0644")


def test_secret_key_of_the_environment_is_judged_and_not_shown(workspace: Workspace) -> None:
    found = examine("secret-key", workspace, settings={"NEWSLETTER_SECRET_KEY": "short-and-secret"})
    assert outcomes(found) == [PROBLEM]
    assert "short-and-secret" not in str(found)
    assert outcomes(examine("secret-key", workspace, settings={"NEWSLETTER_SECRET_KEY": "x" * 40})) == [OK]
