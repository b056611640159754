"""The key of our delivery: wherever a report repeats it, and only where it is ours to find."""

from datetime import UTC, datetime

import pytest

from newsletter.feedback.mail import read_mail
from support.returned_mail import KEY, OTHER_KEY, OURS, READER, RETURN_PATH, RETURNED, full_report, group, mail, report

NOW = datetime(2024, 2, 20, 9, 0, tzinfo=UTC)
ELSEWHERE = "postmaster@brug.example"
NOTICE = f"Your message could not be delivered.\n\n<{READER}>: 550 5.1.1 no such user\n"


def key_of(raw: bytes, return_path: str = RETURN_PATH) -> str | None:
    [event] = read_mail(raw, NOW, return_path).events
    return event.key


@pytest.mark.parametrize(
    "address",
    [
        OURS,
        OURS.upper(),
        f"<{OURS}>",
        f"De Brug <{OURS}>",
        f"prvs=1234abcd56={OURS}",
    ],
)
@pytest.mark.parametrize("name", ["To", "Delivered_To", "X_Original_To", "Envelope_To", "X_Envelope_To", "Cc"])
def test_address_that_a_report_came_to_names_the_delivery(name: str, address: str) -> None:
    assert key_of(mail(NOTICE, **{"To": ELSEWHERE, name: address})) == KEY


def test_mail_systems_on_the_way_tell_the_address_too() -> None:
    received = f"from a.example by b.example for <{OURS}>; Tue, 20 Feb 2024 09:31:00 +0100"
    assert key_of(mail(NOTICE, To=ELSEWHERE, Received=received)) == KEY


@pytest.mark.parametrize(
    "returned",
    [
        f"Message-ID: <{KEY}@brug.example>\n",
        f"Return-Path: <{OURS}>\n",
        f"Subject: x\nMessage-Id: <{KEY.upper()}@brug.example>\n",
        f"X-Mailin-custom: delivery:{KEY}\n",
        f"Received: from a\nMessage-ID:\n <{KEY}@brug.example>\n",
    ],
)
def test_returned_header_names_the_delivery(returned: str) -> None:
    assert key_of(report(full_report(group()), To=ELSEWHERE, returned=returned)) == KEY
    assert key_of(mail(f"{NOTICE}\n--- Original message follows ---\n\n{returned}", To=ELSEWHERE)) == KEY


def test_identifier_of_the_envelope_names_the_delivery() -> None:
    groups = f"Original-Envelope-Id: {KEY}@brug.example\nReporting-MTA: dns; x\n\n{group()}"
    assert key_of(report(groups, To=ELSEWHERE, returned="")) == KEY


def test_message_that_a_notice_answers_names_the_delivery() -> None:
    assert key_of(mail(NOTICE, To=ELSEWHERE, In_Reply_To=f"<{KEY}@brug.example>")) == KEY
    assert key_of(mail(NOTICE, To=ELSEWHERE, References=f"<x@y.example> <{KEY}@brug.example>")) == KEY


def test_address_counts_more_than_what_is_returned() -> None:
    returned = RETURNED.replace(KEY, OTHER_KEY)
    assert key_of(report(full_report(group()), returned=returned)) == KEY


@pytest.mark.parametrize(
    "text", [f"bounces+{KEY[:-1]}@brug.example", f"bounces+{KEY}a@brug.example", f"bounces+{KEY[:-1]}1@brug.example"]
)
def test_what_is_no_key_is_not_taken_for_one(text: str) -> None:
    assert key_of(mail(NOTICE, To=text)) is None


@pytest.mark.parametrize("address", [f"bounces+{KEY}@else.example", f"other+{KEY}@brug.example", f"{KEY}@else.example"])
def test_address_of_somebody_else_is_no_return_path(address: str) -> None:
    assert key_of(mail(NOTICE, To=address)) is None


def test_return_path_without_a_place_for_the_key_leaves_what_is_returned() -> None:
    assert key_of(report(full_report(group()), To=ELSEWHERE), "bounces@brug.example") == KEY
    assert key_of(mail(NOTICE, To=ELSEWHERE), "") is None
