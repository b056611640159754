"""Addresses of people: what passes for one, and when two are the same."""

import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.errors import Place, SubscriberError
from newsletter.message import wire_address
from newsletter.subscribers import Address, clean_text, parse_address, split_named
from newsletter.subscribers.addresses import parse_carefully


@pytest.mark.parametrize(
    ("text", "address", "key"),
    [
        (" Zoe@Example.ORG ", "Zoe@example.org", "zoe@example.org"),
        ("zoë@example.org", "zoë@example.org", "zoë@example.org"),
        ("zoe@münchen.example", "zoe@münchen.example", "zoe@xn--mnchen-3ya.example"),
        ("zoe@xn--mnchen-3ya.example", "zoe@münchen.example", "zoe@xn--mnchen-3ya.example"),
        ("ZOË@MÜNCHEN.example", "ZOË@münchen.example", "zoë@xn--mnchen-3ya.example"),
        ("a+b_c-d@sub.example.org", "a+b_c-d@sub.example.org", "a+b_c-d@sub.example.org"),
        ("用户@例え.テスト", "用户@例え.テスト", "用户@xn--r8jz45g.xn--zckzah"),
    ],
)
def test_address_is_normalised(text: str, address: str, key: str) -> None:
    parsed = parse_address(text)
    assert (parsed.address, parsed.key) == (address, key)


NO_ADDRESSES = (
    *("", "zoe", "@example.org", "zoe@", "zoe@example", "a b@example.org", "a@b@c.example", "a@-b.example"),
    *("a..b@example.org", "a@example..org", ".a@example.org", "a\r\n@example.org", "a@exa\u200bmple.org"),
    *(f"{'a' * 65}@example.org", f"{'é' * 33}@example.org", f"a@{'b' * 64}.example", "a@[127.0.0.1]"),
)


@pytest.mark.parametrize("text", NO_ADDRESSES)
def test_what_is_no_address_says_why(text: str) -> None:
    with pytest.raises(SubscriberError) as raised:
        parse_address(text)
    assert raised.value.remedy


@given(text=st.text(max_size=80) | st.from_regex(r"[^@]{0,10}@[^@]{0,10}\.[^@]{0,5}", fullmatch=True))
@settings(max_examples=400, deadline=None)
def test_any_text_is_an_address_that_can_be_mailed_or_a_clear_error(text: str) -> None:
    try:
        parsed = parse_address(text)
    except SubscriberError:
        return
    assert wire_address(parsed.address)
    assert parse_address(parsed.address) == parsed
    assert parse_address(parsed.address.swapcase()).key == parsed.key or not parsed.address.isascii()
    assert "\n" not in parsed.address


labels = st.from_regex(r"[A-Za-z0-9_-]{1,12}", fullmatch=True)
ends = st.sampled_from(["org", "nl", "LOCAL", "onion", "arpa", "test", "localhost", "invalid", "example", "x1", "c"])


@given(st.lists(labels, min_size=1, max_size=3), st.lists(labels, min_size=1, max_size=3), ends)
@settings(max_examples=500, deadline=None)
def test_short_way_and_careful_way_agree(local: list[str], domain: list[str], end: str) -> None:
    text = f"{'.'.join(local)}@{'.'.join(domain)}.{end}"

    def verdict(parse: Callable[[str, Place], Address]) -> Address | None:
        try:
            return parse(text, Place())
        except SubscriberError:
            return None

    assert verdict(parse_address) == verdict(parse_carefully)


@pytest.mark.parametrize("text", ["x@printer.local", "x@foo.onion", "x@home.arpa"])
def test_address_of_no_mail_on_the_internet_is_none(text: str) -> None:
    with pytest.raises(SubscriberError):
        parse_address(text)


def test_letters_that_only_look_alike_make_two_people() -> None:
    assert parse_address("straße@example.org").key != parse_address("strasse@example.org").key


@given(text=st.text(max_size=100))
@settings(max_examples=300, deadline=None)
def test_cleaned_text_is_one_visible_line_and_stays_so(text: str) -> None:
    cleaned = clean_text(text)
    assert "\n" not in cleaned
    assert "  " not in cleaned
    assert clean_text(cleaned) == cleaned


def test_name_and_address_are_parted() -> None:
    assert split_named('"Vries, Jan de" <jan@example.org>') == ("Vries, Jan de", "jan@example.org")
    assert split_named("jan@example.org") == ("", "jan@example.org")


@pytest.mark.corpora
def test_corpora_of_addresses_never_crash_and_agree_on_plain_ones(corpora: Path) -> None:
    files = [path for folder in ("isemail", "jsonschema-email") for path in (corpora / folder).rglob("*.json")]
    texts: set[str] = set()
    for path in files:
        texts.update(_strings(json.loads(path.read_text(encoding="utf-8"))))
    assert len(texts) > 200
    for text in texts:
        with suppress(SubscriberError):
            assert wire_address(parse_address(text).address)


def _strings(data: object) -> list[str]:
    if isinstance(data, str):
        return [data]
    inner = data.values() if isinstance(data, dict) else data if isinstance(data, list) else ()
    return [text for one in inner for text in _strings(one)]
