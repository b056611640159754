"""Addresses on the wire."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.message import ascii_domain, needs_utf8, wire_address, without_addresses


@pytest.mark.parametrize(
    ("address", "wire"),
    [
        ("zoe@example.org", "zoe@example.org"),
        ("zoe@münchen.example", "zoe@xn--mnchen-3ya.example"),
        ("zoë@münchen.example", "zoë@xn--mnchen-3ya.example"),
        ("a@例え.テスト", "a@xn--r8jz45g.xn--zckzah"),
    ],
)
def test_domain_travels_as_a_labels(address: str, wire: str) -> None:
    assert wire_address(address) == wire


@pytest.mark.parametrize("address", ["zoe", "@example.org", "zoe@", f"{'a' * 65}@example.org", f"a@{'b.' * 200}org"])
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(ValueError):
        wire_address(address)


def test_only_a_local_part_beyond_ascii_needs_an_extension() -> None:
    assert needs_utf8("zoë@example.org")
    assert not needs_utf8("zoe@münchen.example")


@pytest.mark.parametrize(
    ("domain", "ascii_form"),
    [("faß.de", "xn--fa-hia.de"), ("βόλος.com", "xn--nxasmm1c.com"), ("MÜNCHEN.example", "xn--mnchen-3ya.example")],
)
def test_domain_is_written_by_the_newer_standard(domain: str, ascii_form: str) -> None:
    assert ascii_domain(domain) == ascii_form
    assert ascii_domain(ascii_form) == ascii_form
    assert wire_address(f"info@{domain}") == f"info@{ascii_form}"


@given(st.text(st.characters(codec="ascii", exclude_characters="@"), min_size=1))
def test_ascii_domain_stays_as_it_is(domain: str) -> None:
    assert ascii_domain(domain) == domain


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("550 5.1.1 <zoe@example.org>: unknown", "550 5.1.1 <(address)>: unknown"),
        ("to=zoe%40example.org&n=1 is unknown", "(address) is unknown"),
        ('no "zoë van dam"@example.org here', "no (address) here"),
        ("zoe@example.org,mo@example.net", "(address),(address)"),
        ("250 2.0.0 Ok: queued as 4F1C", "250 2.0.0 Ok: queued as 4F1C"),
        ("100%", "100%"),
    ],
)
def test_what_looks_like_an_address_is_left_out_of_what_others_say(said: str, kept: str) -> None:
    assert without_addresses(said) == kept


@given(st.from_regex(r"[a-z0-9.+_-]{3,20}@[a-z0-9-]{3,20}\.nl", fullmatch=True), st.text(max_size=20))
def test_no_address_survives_whatever_stands_around_it(address: str, around: str) -> None:
    assert address not in without_addresses(f"{around} {address} {around}")
