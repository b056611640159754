"""What real mail systems wrote: every sample is read, and nearly all of it as others read it.

The expectations are another program's judgement. Where it makes up a status for what names none (5.0.9xx), the class is
compared; what it calls filtered may be what we call an unknown user.
"""

import json
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from newsletter.feedback.mail import MailKind, MailReport, read_mail
from newsletter.providers.base.feedback import EventKind, Fault, FeedbackEvent
from support.returned_mail import RETURN_PATH

pytestmark = pytest.mark.corpora
NOW = datetime(2026, 1, 1, tzinfo=UTC)
FAILED = (EventKind.BOUNCED, EventKind.DELAYED)
COMPLAINTS = {"abuse": EventKind.COMPLAINED, "fraud": EventKind.COMPLAINED, "opt-out": EventKind.UNSUBSCRIBED}

Change = Callable[[bytes], bytes]
CHANGES: dict[str, Change] = {
    "as it is": lambda raw: raw,
    "bare line feeds": lambda raw: raw.replace(b"\r\n", b"\n"),
    "bare carriage returns": lambda raw: raw.replace(b"\r\n", b"\n").replace(b"\n", b"\r"),
    "carriage returns doubled": lambda raw: raw.replace(b"\r\n", b"\n").replace(b"\n", b"\r\r\n"),
    "garbage behind": lambda raw: raw + b"\xff\xfe\0garbage " * 200,
    "no MIME-Version": lambda raw: re.sub(rb"(?im)^mime-version:.*\r?\n", b"", raw),
    "no media type": lambda raw: re.sub(rb"(?im)^content-type:[^\n]*\n(?:[ \t][^\n]*\n)*", b"", raw, count=1),
    "forwarded": lambda raw: (
        b"From: Sanne <sanne@brug.example>\nSubject: Fwd: iets\nMIME-Version: 1.0\nContent-Type: multipart/mixed; "
        b'boundary="=_zz"\n\n--=_zz\nContent-Type: text/plain\n\nKijk eens.\n--=_zz\nContent-Type: message/rfc822\n\n'
        + raw
        + b"\n--=_zz--\n"
    ),
}


def is_hard(event: FeedbackEvent) -> bool:
    return event.kind is EventKind.BOUNCED and event.fault is Fault.ADDRESS


def labelled(corpora: Path, change: Change) -> Iterator[tuple[str, list[dict[str, object]], MailReport]]:
    folder = corpora / "sisimai"
    for entry in json.loads((folder / "expected.json").read_text(encoding="utf-8")):
        raw = change((folder / "emails" / entry["file"]).read_bytes())
        yield entry["file"], entry["expected"], read_mail(raw, NOW, RETURN_PATH)


def matches(found: str, status: str) -> bool:
    """Tell whether a status is the one that was expected; one that was made up tells its class only."""
    return (found[:1] in ("", status[0])) if re.fullmatch(r"[45]\.0\.9\d\d", status) else found == status


def pair(events: list[FeedbackEvent], status: str) -> FeedbackEvent | None:
    """Take the event that an expectation is about out of those of its message."""
    found = next((event for event in events if event.status == status), next(iter(events), None))
    if found is not None:
        events.remove(found)
    return found


@pytest.mark.parametrize("name", CHANGES)
def test_labelled_bounces_are_told_apart(corpora: Path, name: str) -> None:
    counts: Counter[str] = Counter()
    wrong: list[str] = []
    for file, expectations, report in labelled(corpora, CHANGES[name]):
        if expectations[0]["reason"] in ("feedback", "vacation"):
            continue
        events = list(report.events)
        for expectation in expectations:
            status, label = str(expectation["status"]), "hard" if expectation["hardbounce"] else "soft"
            event = pair(events, status)
            counts[label] += 1
            counts[f"{label} called hard"] += event is not None and is_hard(event)
            counts["all"] += 1
            right = event is not None and "@" in event.recipient and matches(event.status, status)
            counts["recipient and status right"] += right
            if not right or (event is not None and is_hard(event) != (label == "hard")):
                wrong.append(f"{file}: expected {expectation}, found {event}")
    measured = f"{dict(counts)}\n" + "\n".join(wrong)
    assert counts["hard called hard"] >= 0.95 * counts["hard"], measured
    assert counts["soft called hard"] <= 0.05 * counts["soft"], measured
    assert counts["recipient and status right"] >= 0.97 * counts["all"], measured


@pytest.mark.parametrize("name", CHANGES)
def test_recipients_are_found(corpora: Path, name: str) -> None:
    folder = corpora / "flufl-bounce"
    expectations = json.loads((folder / "expected.json").read_text(encoding="utf-8"))
    wrong: list[str] = []
    for file, expected in expectations.items():
        raw = CHANGES[name]((folder / "data" / file).read_bytes())
        events = [event for event in read_mail(raw, NOW, RETURN_PATH).events if event.kind in FAILED]
        named = {address.lower() for address in (*expected["permanent"], *expected["temporary"])}
        if {event.recipient.lower() for event in events} != named:
            wrong.append(f"{file}: expected {named}, found {[event.recipient for event in events]}")
        if expected["temporary"]:
            assert not any(map(is_hard, events)), file
    right = 1 - len(wrong) / len(expectations)
    assert right >= 0.97, f"{right:.1%}\n" + "\n".join(wrong)


@pytest.mark.parametrize("name", CHANGES)
def test_complaints_and_absences_are_never_bounces(corpora: Path, name: str) -> None:
    for file, expectations, report in labelled(corpora, CHANGES[name]):
        if expectations[0]["reason"] not in ("feedback", "vacation"):
            continue
        assert not [event for event in report.events if event.kind in FAILED], file
        if "feedbacktype" in expectations[0]:
            kind = COMPLAINTS.get(str(expectations[0]["feedbacktype"]), EventKind.OTHER)
            assert [event.kind for event in report.events] == [kind] * len(expectations), file


def test_ordinary_messages_tell_nothing(corpora: Path) -> None:
    for path in sorted((corpora / "mime-cpython/data").glob("*.txt")):
        report = read_mail(path.read_bytes(), NOW, RETURN_PATH)
        if report.kind is MailKind.OTHER:
            assert report.events == (), path.name
        assert not any(map(is_hard, report.events)) or b"delivery-status" in path.read_bytes(), path.name


def test_r6_every_sample_is_read_in_time_also_when_it_was_cut_off(corpora: Path) -> None:
    folders = ("sisimai/emails", "flufl-bounce/data", "mime-cpython/data")
    paths = [path for folder in folders for path in sorted((corpora / folder).iterdir())]
    assert len(paths) > 290
    for path in paths:
        raw = path.read_bytes()
        start = time.process_time()
        read_mail(raw, NOW, RETURN_PATH)
        assert time.process_time() - start < 1, path.name
        for length in range(0, min(len(raw), 2_600), 200):
            read_mail(raw[:length], NOW, RETURN_PATH)
