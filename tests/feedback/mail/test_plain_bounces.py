"""Notices of mail systems that follow no standard: what they tell, in whatever language and form."""

from datetime import UTC, datetime

import pytest

from feedback.mail.notices import NOTICES, Sample
from newsletter.feedback.mail import MailKind, read_mail
from support.returned_mail import KEY, RETURN_PATH

NOW = datetime(2024, 2, 20, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize("sample", NOTICES.values(), ids=NOTICES)
def test_notices_tell_whom_they_are_about_and_whose_fault_it_is(sample: Sample) -> None:
    report = read_mail(sample.content, NOW, RETURN_PATH)
    assert report.kind is MailKind.REPORT
    told = tuple((event.kind, event.fault, event.recipient, event.status) for event in report.events)
    assert sorted(told) == sorted(sample.told)
    for event in report.events:
        assert event.source == "mail"
        assert event.key == KEY
        assert event.at.tzinfo is not None
        assert "@" not in event.reply
        assert "\n" not in event.reply
