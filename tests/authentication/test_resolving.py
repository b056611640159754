"""The DNS: what is not there is an empty answer, and only a question without an answer is an error."""

import asyncio

import pytest

from newsletter.authentication import LookupFailed
from support.dns_server import name_server, text

RECORDS = {
    ("example.org", "TXT"): [text("v=spf1 ", "-all")],
    ("example.org", "MX"): ["20 b.example.org.", "10 A.example.org."],
    ("a.example.org", "A"): ["192.0.2.1"],
    ("a.example.org", "AAAA"): ["2001:db8::1"],
    ("none.example.org", "MX"): ["0 ."],
    ("1.2.0.192.in-addr.arpa", "PTR"): ["a.example.org."],
}


def test_pieces_of_a_text_are_joined() -> None:
    with name_server(RECORDS) as server:
        assert asyncio.run(server.resolver().txt("example.org")) == ["v=spf1 -all"]


def test_mail_servers_come_by_preference_and_a_null_one_is_a_dot() -> None:
    with name_server(RECORDS) as server:
        assert asyncio.run(server.resolver().mx("example.org")) == [(10, "a.example.org"), (20, "b.example.org")]
        assert asyncio.run(server.resolver().mx("none.example.org")) == [(0, ".")]


def test_addresses_of_both_kinds_and_their_names() -> None:
    with name_server(RECORDS) as server:
        assert asyncio.run(server.resolver().addresses("a.example.org")) == ["192.0.2.1", "2001:db8::1"]
        assert asyncio.run(server.resolver().ptr("192.0.2.1")) == ["a.example.org"]


@pytest.mark.parametrize("name", ["nothing.example.org", "a.example.org"])
def test_what_is_not_there_is_an_empty_answer(name: str) -> None:
    with name_server(RECORDS) as server:
        assert asyncio.run(server.resolver().txt(name)) == []


def test_server_that_fails_leaves_the_answer_unknown() -> None:
    with name_server(RECORDS) as server:
        server.broken.add("example.org")
        with pytest.raises(LookupFailed, match=r"does not answer for example\.org"):
            asyncio.run(server.resolver().txt("example.org"))


def test_server_that_is_silent_leaves_the_answer_unknown() -> None:
    with name_server(RECORDS) as server:
        server.silent.add("example.org")
        with pytest.raises(LookupFailed, match="no answer in time"):
            asyncio.run(server.resolver(seconds=0.3).txt("example.org"))


@pytest.mark.parametrize("name", ["a..b", "x" * 64 + ".example.org", ".".join(["long"] * 60)])
def test_name_that_is_none_is_told_as_such(name: str) -> None:
    with name_server(RECORDS) as server, pytest.raises(LookupFailed):
        asyncio.run(server.resolver().txt(name))
