"""`newsletter feedback`: what came back is read, listed, explained, lifted and applied anew."""

import io
import json
from email.message import EmailMessage
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from cli.conftest import Call
from conftest import SLUG
from newsletter.cli import main
from newsletter.store import open_database, tables
from newsletter.workspace import Workspace

JAN = "jan@example.org"


@pytest.fixture
def sent(call: Call) -> Call:
    """An issue that went to one reader."""
    call("subscribers", "add", JAN, "--list", "leden")
    call("send", SLUG, "--list", "leden", "--yes", "--override", "proef")
    return call


def key_of(workspace: Workspace) -> str:
    database = open_database("sqlite:///var/newsletter.db", workspace.root)
    with database.reading() as connection:
        key: str = connection.scalars(sa.select(tables.deliveries.c.key)).one()
    database.close()
    return key


def bounce(key: str, status: str = "5.1.1") -> bytes:
    """A report of delivery as a mail system writes it, in words of our own."""
    boundary = "=-grens"
    return "\r\n".join(
        [
            "From: MAILER-DAEMON@mail.example.net",
            f"To: bounces+{key}@example.org",
            "Subject: Undelivered Mail Returned to Sender",
            "Date: Tue, 20 Feb 2024 08:30:00 +0000",
            f'Content-Type: multipart/report; report-type=delivery-status; boundary="{boundary}"',
            "MIME-Version: 1.0",
            "",
            f"--{boundary}",
            "Content-Type: text/plain",
            "",
            "Your message could not be delivered.",
            f"--{boundary}",
            "Content-Type: message/delivery-status",
            "",
            "Reporting-MTA: dns; mail.example.net",
            "",
            f"Final-Recipient: rfc822; {JAN}",
            "Action: failed",
            f"Status: {status}",
            f"Diagnostic-Code: smtp; 550 {status} no such user here",
            "",
            f"--{boundary}",
            "Content-Type: message/rfc822-headers",
            "",
            f"Message-ID: <{key}@example.org>",
            "",
            f"--{boundary}--",
            "",
        ]
    ).encode()


def test_a_bounce_on_standard_input_is_applied_explained_and_lifted(sent: Call, workspace: Workspace) -> None:
    given = {"NEWSLETTER_WORKSPACE": str(workspace.root)}
    read = ["feedback", "read", "--json"]
    result = CliRunner().invoke(main, read, env=given, input=io.BytesIO(bounce(key_of(workspace))).read())
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout) == {"read": {"a report of delivery": 1}, "refused": 0}
    listed = json.loads(sent("feedback", "list", "--json").stdout)
    assert [(one["kind"], one["fault"], one["status"]) for one in listed] == [("bounced", "address", "5.1.1")]
    assert "jan" not in str(listed)
    explained = sent("feedback", "explain", JAN).stdout
    assert "Not mailed: bounced." in explained
    assert "550 5.1.1" in explained
    assert "0 " in sent("feedback", "replay").stdout
    sent("feedback", "lift", JAN)
    assert "Nothing that was reported keeps them from mail." in sent("feedback", "explain", JAN).stdout
    assert "may be mailed already" in sent("feedback", "lift", JAN, code=6).stderr


def test_a_maildir_is_read_once(sent: Call, workspace: Workspace, tmp_path: Path) -> None:
    maildir = tmp_path / "Maildir"
    for folder in ("new", "cur", "tmp"):
        (maildir / folder).mkdir(parents=True)
    (maildir / "new" / "1.a.host").write_bytes(bounce(key_of(workspace)))
    vacation = EmailMessage()
    vacation["From"], vacation["Subject"], vacation["Auto-Submitted"] = JAN, "Afwezig", "auto-replied"
    vacation.set_content("Ik ben er even niet.")
    (maildir / "new" / "2.a.host").write_bytes(vacation.as_bytes())
    counts = json.loads(sent("feedback", "read", "--maildir", maildir, "--json").stdout)
    assert counts == {"read": {"a report of delivery": 1, "an automatic reply": 1}, "refused": 0}
    assert "No mail was waiting." in sent("feedback", "read", "--maildir", maildir).stdout
    assert json.loads(sent("lists", "list", "--json").stdout)["leden"]["suppressed"] == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--imap", "mail.example.org"), "--user"),
        (("--imap", "mail.example.org", "--user", "x"), "NEWSLETTER_IMAP_PASSWORD"),
    ],
)
def test_what_is_missing_for_imap_is_said(call: Call, arguments: tuple[str, ...], said: str) -> None:
    assert said in call("feedback", "read", *arguments, code=2).stderr


def test_nobody_is_explained_who_is_not_there(call: Call) -> None:
    assert "Nobody has the address" in call("feedback", "explain", JAN, code=6).stderr
    assert "Nothing of that kind" in call("feedback", "list").stdout
    assert "0 refusals" in call("feedback", "collect").stdout
