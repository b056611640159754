"""A mailbox of a real IMAP server: what waits, what is kept, and what is told when it cannot be read."""

import imaplib
import ssl
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from newsletter.clock import now
from newsletter.errors import FeedbackError
from newsletter.feedback.mail import ImapAccess, open_imap, read_mail
from newsletter.feedback.mail.dissecting import LARGEST
from support.imap_server import PASSWORD, PROGRAM, USER, ImapServer, imap_server
from support.returned_mail import KEY, RETURN_PATH, full_report, group, report

pytestmark = pytest.mark.skipif(PROGRAM is None, reason="Dovecot is not installed")


@pytest.fixture(scope="module")
def running() -> Iterator[ImapServer]:
    with imap_server() as server:
        yield server


@pytest.fixture
def server(running: ImapServer) -> ImapServer:
    for path in (*(running.maildir / "new").iterdir(), *(running.maildir / "cur").iterdir()):
        path.unlink()
    return running


@pytest.fixture
def access(server: ImapServer) -> ImapAccess:
    return ImapAccess("localhost", USER, PASSWORD, server.port, ca_file=server.certificate.file)


def subjects(access: ImapAccess) -> list[bytes]:
    with open_imap(access) as mailbox:
        return [incoming.content.split(b"\r\n")[0] for incoming in mailbox.waiting()]


@pytest.mark.parametrize("tls", ["implicit", "starttls"])
def test_messages_wait_until_they_are_kept(server: ImapServer, access: ImapAccess, tls: str) -> None:
    if tls == "starttls":
        access = replace(access, tls="starttls", port=server.plain_port)
    for number in range(3):
        server.deliver(b"Subject: %d\r\n\r\nx\r\n" % number)
    with open_imap(access) as mailbox:
        first, second, _third = mailbox.waiting()
        assert abs(first.received_at - now()) < timedelta(hours=1)
        mailbox.keep(second)
    assert subjects(access) == [b"Subject: 0", b"Subject: 2"]


def test_message_is_given_again_after_a_kill_with_the_same_identifier(server: ImapServer, access: ImapAccess) -> None:
    server.deliver(report(full_report(group())))
    found = []
    for _ in range(2):
        with open_imap(access) as mailbox:
            [incoming] = mailbox.waiting()
            found.append(incoming.identifier)
    assert found[0] == found[1]
    assert read_mail(incoming.content, incoming.received_at, RETURN_PATH).events[0].key == KEY


def test_message_that_a_person_has_read_still_waits(server: ImapServer, access: ImapAccess) -> None:
    server.deliver(b"Subject: x\r\n\r\nx\r\n")
    context = ssl.create_default_context(cafile=access.ca_file)
    with imaplib.IMAP4_SSL("localhost", server.port, ssl_context=context) as person:
        person.login(USER, PASSWORD)
        person.select()
        person.store("1", "+FLAGS", r"\Seen")
    assert subjects(access) == [b"Subject: x"]


def test_looking_at_messages_does_not_mark_them_as_seen(server: ImapServer, access: ImapAccess) -> None:
    server.deliver(b"Subject: x\r\n\r\nx\r\n")
    subjects(access)
    flags = [path.name.partition(":2,")[2] for path in (server.maildir / "cur").iterdir()]
    assert flags in ([], [""])


def test_what_is_kept_can_be_taken_out(server: ImapServer, access: ImapAccess) -> None:
    access = replace(access, delete=True)
    server.deliver(b"Subject: 0\r\n\r\nx\r\n")
    server.deliver(b"Subject: 1\r\n\r\nx\r\n")
    with open_imap(access) as mailbox:
        for incoming in mailbox.waiting():
            mailbox.keep(incoming)
            break
    assert len([*(server.maildir / "cur").iterdir(), *(server.maildir / "new").iterdir()]) == 1
    assert subjects(access) == [b"Subject: 1"]


def test_large_message_is_taken_up_to_what_is_read(server: ImapServer, access: ImapAccess) -> None:
    server.deliver(b"Subject: x\r\n\r\n" + b"x" * 1_000_000)
    with open_imap(access) as mailbox:
        [incoming] = mailbox.waiting()
    assert 1_000_000 < len(incoming.content) <= LARGEST


def test_other_mailboxes_are_read_by_their_names(server: ImapServer, access: ImapAccess) -> None:
    context = ssl.create_default_context(cafile=access.ca_file)
    with imaplib.IMAP4_SSL("localhost", server.port, ssl_context=context) as person:
        person.login(USER, PASSWORD)
        for written in ('"Terug gekomen"', '"Geweigerd &- gefa&AO8-ld"'):
            person.create(written)
            person.append(written, "", None, b"Subject: y\r\n\r\nx\r\n")  # type: ignore[arg-type]
    for name in ("Terug gekomen", "Geweigerd & gefaïld"):
        assert subjects(replace(access, folder=name)) == [b"Subject: y"]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"password": "wrong"}, "refuses the login"),
        ({"password": "w\u00f6rong"}, "refuses the login"),
        ({"folder": "nowhere"}, "no mailbox 'nowhere'"),
        ({"folder": 'a"b\\'}, "no mailbox"),
        ({"folder": "a\r\nb LOGOUT"}, "no mailbox"),
        ({"ca_file": None}, "certificate that does not hold"),
        ({"port": 1}, "cannot be reached"),
        ({"tls": "starttls"}, "IMAP server"),
    ],
)
def test_what_keeps_us_out_is_told_without_the_password(
    access: ImapAccess, change: dict[str, object], told: str
) -> None:
    with pytest.raises(FeedbackError, match=told) as raised, open_imap(replace(access, timeout=3, **change)):  # type: ignore[arg-type]
        pass
    assert PASSWORD not in f"{raised.value}{raised.value.__context__!r}"
    assert raised.value.remedy


def test_time_of_arrival_is_aware(server: ImapServer, access: ImapAccess) -> None:
    path: Path = server.deliver(b"Subject: x\r\n\r\nx\r\n")
    assert path.exists()
    with open_imap(access) as mailbox:
        [incoming] = mailbox.waiting()
    assert isinstance(incoming.received_at, datetime)
    assert incoming.received_at.tzinfo is not None
