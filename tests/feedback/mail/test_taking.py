"""Mail is taken out of a mailbox so that nothing is lost, whenever the process ends."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from newsletter.feedback.mail import Incoming, Maildir, MailKind, take_mail
from newsletter.feedback.mail.dissecting import LARGEST
from newsletter.feedback.mail.taking import TOGETHER
from newsletter.providers.base.feedback import EventKind, FeedbackEvent
from support.returned_mail import KEY, OURS, RETURN_PATH, full_report, group, mail, report


class Killed(BaseException):
    """The process ends here."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("new", "cur", "tmp"):
        (tmp_path / name).mkdir()
    return tmp_path


def test_everything_that_waits_is_taken_once(folder: Path) -> None:
    (folder / "new/1.a").write_bytes(report(full_report(group())))
    (folder / "new/2.b").write_bytes(mail("Ik ben er niet.", Subject="Afwezig", From="sanne@lezer.example", To=OURS))
    (folder / "new/3.c").write_bytes(mail("Mooi nummer!", Subject="Re: 12", From="sanne@lezer.example", Return_Path=""))
    stored: list[FeedbackEvent] = []
    done: list[int] = []
    tally = take_mail(Maildir(folder), RETURN_PATH, stored.extend, done.append)
    assert dict(tally.kinds) == {MailKind.REPORT: 1, MailKind.AUTOMATIC: 1, MailKind.OTHER: 1}
    assert [(event.kind, event.key) for event in stored] == [(EventKind.BOUNCED, KEY)]
    assert sum(done) == 3
    assert not take_mail(Maildir(folder), RETURN_PATH, stored.extend).kinds
    assert len(stored) == 1


def test_kill_before_or_while_storing_leaves_everything_waiting(folder: Path) -> None:
    (folder / "new/1.a").write_bytes(report(full_report(group())))

    def kill(_events: Sequence[FeedbackEvent]) -> None:
        raise Killed

    with pytest.raises(Killed):
        take_mail(Maildir(folder), RETURN_PATH, kill)
    stored: list[FeedbackEvent] = []
    take_mail(Maildir(folder), RETURN_PATH, stored.extend)
    assert len(stored) == 1


class Mortal(Maildir):
    """A Maildir whose process ends before anything is kept."""

    def keep(self, incoming: Incoming) -> None:
        raise Killed(incoming.place)


def test_kill_after_storing_gives_the_same_events_again(folder: Path) -> None:
    (folder / "new/1.a").write_bytes(report(full_report(group()), Date=""))
    stored: list[FeedbackEvent] = []
    with pytest.raises(Killed):
        take_mail(Mortal(folder), RETURN_PATH, stored.extend)
    take_mail(Maildir(folder), RETURN_PATH, stored.extend)
    first, again = stored
    assert first == again


def test_message_that_is_refused_stops_nobody_and_still_waits(folder: Path) -> None:
    (folder / "new/1.a").write_bytes(b"x" * (LARGEST + 1))
    (folder / "new/2.b").write_bytes(report(full_report(group())))
    stored: list[FeedbackEvent] = []
    tally = take_mail(Maildir(folder), RETURN_PATH, stored.extend)
    assert [place for place, _ in tally.refused] == ["new/1.a"]
    assert len(stored) == 1
    assert [incoming.place for incoming in Maildir(folder).waiting()] == ["new/1.a"]


def test_many_messages_are_stored_together(folder: Path) -> None:
    for number in range(2 * TOGETHER + 1):
        (folder / f"new/{number:04}.a").write_bytes(report(full_report(group())))
    sizes: list[int] = []
    take_mail(Maildir(folder), RETURN_PATH, lambda events: sizes.append(len(events)))
    assert sizes == [TOGETHER, TOGETHER, 1]
