"""Where mail that came back waits: nothing is lost by a kill, and nothing is given again once it is kept."""

import io
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from newsletter.errors import FeedbackError
from newsletter.feedback.mail import Incoming, Maildir, StandardInput, read_mail
from newsletter.feedback.mail.dissecting import LARGEST

NOW = datetime(2024, 2, 20, 9, 0, tzinfo=UTC)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("new", "cur", "tmp"):
        (tmp_path / name).mkdir()
    return tmp_path


def deliver(folder: Path, name: str, content: bytes = b"Subject: x\n\nx\n") -> None:
    (folder / name).write_bytes(content)
    os.utime(folder / name, (NOW.timestamp(), NOW.timestamp()))


def test_messages_wait_until_they_are_kept(folder: Path) -> None:
    deliver(folder, "new/2.b", b"second")
    deliver(folder, "new/1.a", b"first")
    deliver(folder, "cur/3.c:2,", b"moved, but not read")
    deliver(folder, "cur/0.d:2,RS", b"kept before")
    deliver(folder, "tmp/4.e", b"not yet whole")
    maildir = Maildir(folder)
    waiting = list(maildir.waiting())
    assert [incoming.content for incoming in waiting] == [b"first", b"second", b"moved, but not read"]
    assert waiting[0].received_at == NOW
    maildir.keep(waiting[0])
    maildir.keep(waiting[0])
    maildir.keep(waiting[2])
    assert [incoming.content for incoming in Maildir(folder).waiting()] == [b"second"]
    assert sorted(path.name for path in (folder / "cur").iterdir()) == ["0.d:2,RS", "1.a:2,S", "3.c:2,S"]


def test_message_that_is_given_again_has_the_same_identifier(folder: Path) -> None:
    deliver(folder, "new/1.a", b"Subject: x\n\nx\n")
    maildir = Maildir(folder)
    [first], [again] = list(maildir.waiting()), list(maildir.waiting())
    [piped] = StandardInput(io.BytesIO(b"Subject: x\r\n\r\nx\r\n"), NOW).waiting()
    assert first.identifier == again.identifier == piped.identifier
    deliver(folder, "new/1.a", b"Subject: y\n\nx\n")
    assert next(maildir.waiting()).identifier != first.identifier


def test_links_in_a_maildir_are_not_followed(folder: Path, tmp_path: Path) -> None:
    (folder / "secret").write_bytes(b"secret")
    (folder / "new/1.a").symlink_to(folder / "secret")
    assert list(Maildir(folder).waiting()) == []


def test_folder_that_is_no_maildir_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FeedbackError, match="no Maildir"):
        Maildir(tmp_path)


def test_message_that_is_too_large_is_refused_when_it_is_read(folder: Path) -> None:
    deliver(folder, "new/1.a", b"x" * (LARGEST + 100))
    [incoming] = Maildir(folder).waiting()
    with pytest.raises(FeedbackError):
        read_mail(incoming.content, incoming.received_at)


def test_message_that_somebody_else_moved_is_passed_over(folder: Path) -> None:
    deliver(folder, "new/1.a")
    deliver(folder, "new/2.b")
    waiting = Maildir(folder).waiting()
    next(waiting)
    (folder / "new/2.b").unlink()
    assert list(waiting) == []


def test_standard_input_is_one_message() -> None:
    mailbox = StandardInput(io.BytesIO(b"Subject: x\n\nx"), NOW)
    [incoming] = mailbox.waiting()
    assert isinstance(incoming, Incoming)
    assert (incoming.content, incoming.received_at) == (b"Subject: x\n\nx", NOW)
    mailbox.keep(incoming)
    assert list(StandardInput(io.BytesIO(b" \n"), NOW).waiting()) == []
