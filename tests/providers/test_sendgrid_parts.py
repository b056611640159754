"""SendGrid's settings, the wait it asks for, and the size of requests; nothing is sent here."""

from datetime import timedelta

import pytest
from pydantic import ValidationError

from newsletter.errors import ProviderError
from newsletter.message import Content, DeliveryKey, Mailbox
from newsletter.providers.base import PersonalParts, Rejected, SharedParts
from newsletter.providers.base.grouping import Grouping, Room
from newsletter.providers.base.letters import Letter
from newsletter.providers.base.replies import Reply, read_delay
from newsletter.providers.sendgrid import Settings
from newsletter.providers.sendgrid.replies import read_words
from newsletter.providers.sendgrid.requests import (
    MAXIMUM_BYTES,
    RESERVED_HEADERS,
    SendGridLetter,
    bare_size,
    make_body,
    prepare,
)

DATE = "Mon, 02 Nov 2026 12:00:00 GMT"
DATE_STAMP = 1793620800
IMPERSONAL = PersonalParts({}, {})


class Sample:
    """A message of a test."""

    envelope_sender = "bounces@example.org"

    def __init__(self, shared: SharedParts, personal: PersonalParts = IMPERSONAL, number: int = 1) -> None:
        self.key = DeliveryKey(f"key{number}")
        self.recipient = Mailbox(f"lid{number}@example.com")
        self._parts = shared, personal

    def raw(self) -> bytes:
        raise AssertionError

    def merged(self) -> Content:
        raise AssertionError

    def parts(self) -> tuple[SharedParts, PersonalParts]:
        return self._parts


def shared(subject: str = "s", html: str = "<p>", text: str = "t", sender: str = "a@example.org") -> SharedParts:
    return SharedParts(Mailbox(sender), None, subject, html, text, {"List-Post": "NO"})


def prepared(*arguments: object) -> SendGridLetter:
    letter = prepare(Sample(*arguments))  # type: ignore[arg-type]
    assert isinstance(letter, Letter)
    return letter


@pytest.mark.parametrize(
    ("options", "host"),
    [
        ({}, "https://api.sendgrid.com"),
        ({"region": "eu"}, "https://api.eu.sendgrid.com"),
        ({"base_url": "https://mail.example.org:8443/"}, "https://mail.example.org:8443"),
        ({"base_url": "http://127.0.0.1:80"}, "http://127.0.0.1:80"),
        ({"base_url": "http://localhost"}, "http://localhost"),
        ({"base_url": "http://[::1]:8025"}, "http://[::1]:8025"),
    ],
)
def test_the_host_follows_the_settings(options: dict[str, str], host: str) -> None:
    assert Settings.model_validate({"api_key": "SG.x", **options}).host == host


@pytest.mark.parametrize(
    "options",
    [
        {"api_key": ""},
        {"api_key": "SG.x\n"},
        {"api_key": "SG.x y"},
        {"api_key": "SG.é"},
        {"base_url": "http://api.sendgrid.com"},
        {"base_url": "http://127.0.0.1.example.org"},
        {"base_url": "ftp://127.0.0.1"},
        {"base_url": "https://user:secret@example.org"},
        {"base_url": "https://example.org/v3"},
        {"base_url": "https://example.org:port"},
        {"base_url": "https://[::1"},
        {"base_url": "api.sendgrid.com"},
        {"batch": 0},
        {"batch": 1001},
        {"concurrency": 0},
        {"timeout": 0},
        {"region": "mars"},
        {"unknown": 1},
    ],
)
def test_settings_that_cannot_be_right_are_refused(options: dict[str, object]) -> None:
    with pytest.raises(ValidationError) as caught:
        Settings.model_validate({"api_key": "SG.good", **options})
    for problem in caught.value.errors():
        if problem["type"] == "value_error":
            message, _, remedy = str(problem["ctx"]["error"]).partition("|")
            assert message
            assert remedy
            assert "secret" not in message


def test_settings_do_not_show_the_key() -> None:
    assert "SG.hidden" not in repr(Settings.model_validate({"api_key": "SG.hidden"}))


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "120"}, 120),
        ({"retry-after": "0"}, 1),
        ({"retry-after": "Mon, 02 Nov 2026 12:05:00 GMT"}, 300),
        ({"retry-after": "Mon, 02 Nov 2026 11:00:00 GMT"}, 1),
        ({"x-ratelimit-reset": str(DATE_STAMP + 45)}, 45),
        ({"x-ratelimit-reset": "45"}, 45),
        ({"x-ratelimit-reset": str(DATE_STAMP + 10**9)}, 86400),
        ({"retry-after": "soon", "x-ratelimit-reset": "7"}, 7),
        ({"retry-after": "-1"}, None),
        ({"x-ratelimit-reset": "9" * 400}, None),
        ({}, None),
    ],
)
def test_the_wait_that_is_asked_for(headers: dict[str, str], seconds: int | None) -> None:
    delay = read_delay(Reply(429, {"date": DATE, **headers}, b""))
    assert delay == (None if seconds is None else timedelta(seconds=seconds))


def test_words_hold_no_address_and_are_short() -> None:
    body = b'{"errors": [{"message": "first duplicate of [Jan.Jansen+x@example.com] ' + b"x" * 500 + b'"}, 3]}'
    words = read_words(Reply(400, {}, body))
    assert words.startswith("400 first duplicate of [(address)] xxx")
    assert len(words) < 250


def test_reserved_headers_are_left_out_and_others_encoded() -> None:
    reserved = {name.title(): "x" for name in RESERVED_HEADERS}
    own = {"list-post": "<mailto:x@example.org>", "X-Plaats": "Łódź " * 30, "X-Breuk": "a\r\nBcc: b"}
    headers = prepared(shared(), PersonalParts({}, {**reserved, **own})).entry["headers"]
    assert set(headers) == {"list-post", "X-Plaats", "X-Breuk"}
    assert headers["list-post"] == "<mailto:x@example.org>"
    assert headers["X-Breuk"] == "a Bcc: b"
    assert headers["X-Plaats"].startswith("=?utf-8?")
    assert headers["X-Plaats"].isascii()
    assert "\n" not in headers["X-Plaats"]


def test_values_too_large_are_filled_in_here() -> None:
    letter = prepared(shared(text="a P1 b"), PersonalParts({"P1": "x" * 10_001}, {}))
    assert letter.alone
    assert "substitutions" not in letter.entry
    assert letter.kind.text == "a " + "x" * 10_001 + " b"
    assert not prepared(shared(text="a P1 b"), PersonalParts({"P1": "x" * 9_000}, {})).alone


def test_placeholders_within_each_other_are_filled_in_here() -> None:
    letter = prepared(shared(text="P1 P11"), PersonalParts({"P1": "a", "P11": "b"}, {}))
    assert letter.alone
    assert letter.kind.text == "a b"


@pytest.mark.parametrize(
    "parts",
    [
        (shared(subject=" \n"),),
        (shared(subject="P1"), PersonalParts({"P1": ""}, {})),
        (shared(html="", text=""),),
        (shared(html="é" * (MAXIMUM_BYTES // 6)),),
    ],
)
def test_messages_that_sendgrid_never_takes_are_rejected(
    parts: tuple[SharedParts] | tuple[SharedParts, PersonalParts],
) -> None:
    assert isinstance(prepare(Sample(*parts)), Rejected)


def test_an_empty_part_is_left_out() -> None:
    letter = prepared(shared(html=""))
    assert make_body(letter.kind, [letter], sandbox=False)["content"] == [{"type": "text/plain", "value": "t"}]


@pytest.mark.parametrize("sender", ["nobody", "zoë@example.org"])
def test_a_sender_that_cannot_be_written_is_our_fault(sender: str) -> None:
    letter = prepared(shared(sender=sender))
    with pytest.raises(ProviderError, match="sender"):
        make_body(letter.kind, [letter], sandbox=False)


def test_a_group_stays_below_sendgrids_size() -> None:
    common = shared(html="x" * (MAXIMUM_BYTES - 20_000))
    grouping, ready = Grouping(Room(1000, MAXIMUM_BYTES, bare_size, distinct=True)), []
    for number in range(9):
        letter = prepared(common, PersonalParts({"P1": "y" * 5_000}, {}), number)
        ready += grouping.add(letter)
    ready += grouping.rest()
    assert [len(group.letters) for group in ready] == [3, 3, 3]
    assert all(group.size <= MAXIMUM_BYTES for group in ready)


def test_few_letters_wait_even_when_each_is_unlike_the_others() -> None:
    grouping, ready = Grouping(Room(5, MAXIMUM_BYTES, bare_size, distinct=True)), []
    for number in range(50):
        ready += grouping.add(prepared(shared(), PersonalParts({}, {}), number))
    assert len(ready) == 40
    assert len(grouping.rest()) == 10
