"""What all webhooks share: moments, keys, words and names as they are taken from what somebody else wrote."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.providers.base.feedback import WebhookRequest
from newsletter.providers.base.webhooks import (
    AHEAD,
    address,
    find_status,
    from_epoch,
    from_iso,
    happened,
    key_of_message_id,
    name,
    names,
    read_base64,
    read_key,
    read_seconds,
    reference,
    words,
)
from support.webhooks import KEY, NOW

REQUEST = WebhookRequest({}, b"", NOW)


@pytest.mark.parametrize(
    ("number", "moment"),
    [
        (0, datetime(1970, 1, 1, tzinfo=UTC)),
        (1_600_112_492, datetime(2020, 9, 14, 19, 41, 32, tzinfo=UTC)),
        (1_600_112_492.5, datetime(2020, 9, 14, 19, 41, 32, 500_000, tzinfo=UTC)),
        (1_600_112_492_500, datetime(2020, 9, 14, 19, 41, 32, 500_000, tzinfo=UTC)),
        (float("inf"), None),
        (float("nan"), None),
        (-(10**40), None),
        (10**4000, None),
        (True, None),
        ("1600112492", None),
        (None, None),
    ],
)
def test_number_of_seconds_or_milliseconds_is_a_moment(number: object, moment: datetime | None) -> None:
    assert from_epoch(number) == moment


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2020-09-14T19:41:32Z", datetime(2020, 9, 14, 19, 41, 32, tzinfo=UTC)),
        ("2020-09-14T19:41:32.1234567Z", datetime(2020, 9, 14, 19, 41, 32, 123_456, tzinfo=UTC)),
        ("2020-09-14T21:41:32+02:00", datetime(2020, 9, 14, 19, 41, 32, tzinfo=UTC)),
        ("2020-09-14T19:41:32", datetime(2020, 9, 14, 19, 41, 32, tzinfo=UTC)),
        ("0001-01-01T00:00:00+23:59", None),
        ("yesterday", None),
        ("", None),
        (20200914, None),
        ("2020-09-14T19:41:32Z" + " " * 1000, None),
    ],
)
def test_text_is_a_moment(text: object, moment: datetime | None) -> None:
    assert from_iso(text) == moment


@pytest.mark.parametrize("text", ["", "-1", "+1", " 1", "1 ", "1.0", "1e3", "١", "9" * 13, "0x1", 1, None])
def test_seconds_are_digits_and_nothing_else(text: object) -> None:
    assert read_seconds(text) is None


def test_moment_that_cannot_be_true_is_when_the_report_came() -> None:
    told = NOW - timedelta(hours=3)
    assert happened(told, REQUEST) == told
    assert happened(NOW + AHEAD, REQUEST) == NOW + AHEAD
    for moment in (None, NOW + AHEAD + timedelta(seconds=1), datetime(1999, 12, 31, tzinfo=UTC)):
        assert happened(moment, REQUEST) == NOW


@pytest.mark.parametrize(
    ("texts", "status"),
    [
        (("550 5.1.1 no such user",), "5.1.1"),
        (("smtp; 550-5.1.1 The email account",), "5.1.1"),
        (("no code", "421 4.7.28 too many"), "4.7.28"),
        (("(#5.1.10)",), "5.1.10"),
        (("ends with 5.7.1.",), "5.7.1"),
        (("host 15.1.1.2 and 5.1.1.4 and 250.2.1.5",), ""),
        (("version 3.1.4", "1.5.1.1"), ""),
        (("٥.1.1",), ""),
        ((), ""),
    ],
)
def test_status_code_is_found_and_no_address_of_a_machine_is_taken_for_one(texts: tuple[str, ...], status: str) -> None:
    assert find_status(*texts) == status


def test_key_is_ours_to_the_letter() -> None:
    assert read_key(KEY) == KEY
    assert not any(map(read_key, (f"{KEY}\n", KEY[1:], f" {KEY}", KEY.replace("a", "1"), KEY.upper(), 1, None)))
    assert key_of_message_id(f"<{KEY}@example.org>") == KEY
    assert key_of_message_id(f"{KEY}@example.org") == KEY
    assert not any(map(key_of_message_id, (KEY, f"<x{KEY}@example.org>", f"<{KEY}@a@b>", f"<{KEY}@ >", 1, None)))


@pytest.mark.parametrize("text", ["YQ", "YQ=", "YR==", "Y Q==", "YQ==\n", "YQ===", "YQ==YQ==", "é", "_w=="])
def test_base64_has_one_right_form(text: str) -> None:
    assert read_base64("YQ==") == b"a"
    assert read_base64(text) is None


def test_first_text_that_says_something_is_taken() -> None:
    assert words(None, 5, "", " \n ", "no such  user\r\n", "more") == "no such user"
    assert words() == ""


def test_half_an_address_does_not_stay_where_words_are_cut() -> None:
    text = f"{'a' * 480}@example.com " * 2 + "somebody.rather.long.of.name@example.com"
    assert words(text) == "(address) (address)"


@given(st.text(alphabet=st.characters() | st.sampled_from("@%40 \n"), max_size=60))
def test_name_is_short_and_plain_and_no_address(text: str) -> None:
    told = name(text)
    assert len(told) <= 80
    assert "\n" not in told
    told.encode()
    assert name(f"reader@example.com{text}") != f"reader@example.com{text}"


def test_names_are_joined_as_far_as_there_are_any() -> None:
    assert names("bounce", "", None, ["x"], "blocked") == "bounce/blocked"


@pytest.mark.parametrize("value", ["", "lid", None, 5, ["lid@example.com"], "x" * 320 + "@example.com"])
def test_what_can_be_no_address_is_none(value: object) -> None:
    assert address(value) == ""
    assert address("lid@example.com\0") == "lid@example.com"


def test_reference_is_one_line() -> None:
    assert reference("<1@example.org>\r\n") == "<1@example.org>"
    assert reference("x" * 1000) == ""
