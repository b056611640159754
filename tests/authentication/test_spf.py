"""SPF: records are read to their end, within the limits of the standard."""

import asyncio
from collections.abc import Sequence

import pytest

from newsletter.authentication import SpfFault, SpfResult, Verdict, evaluate, find_record
from support.dns_server import name_server, text

OURS, OTHER = "192.0.2.10", "198.51.100.7"

RECORDS = {
    ("_spf.provider.example", "TXT"): [text("v=spf1 ip4:192.0.2.0/28 ip6:2001:db8::/32 ~all")],
    ("open.example", "TXT"): [text("v=spf1 +all")],
    ("loop.example", "TXT"): [text("v=spf1 include:loop.example -all")],
    ("example.org", "A"): [OURS],
    ("mail.example.org", "A"): [OURS],
    ("mail.example.org", "AAAA"): ["2001:db8::25"],
    ("example.org", "MX"): ["10 mail.example.org."],
    ("10.2.0.192.in-addr.arpa", "PTR"): ["mail.example.org."],
}


def judged(record: str, address: str | None = None) -> SpfResult:
    with name_server(RECORDS) as server:
        return asyncio.run(evaluate(server.resolver(), "example.org", record, address))


@pytest.mark.parametrize(
    ("terms", "address", "expected"),
    [
        ("ip4:192.0.2.10 -all", OURS, Verdict.PASS),
        ("ip4:192.0.2.0/24 -all", OURS, Verdict.PASS),
        ("ip4:192.0.2.0/24 -all", OTHER, Verdict.FAIL),
        ("-ip4:192.0.2.0/24 +all", OURS, Verdict.FAIL),
        ("a ~all", OURS, Verdict.PASS),
        ("a ~all", OTHER, Verdict.SOFT_FAIL),
        ("a/24 -all", "192.0.2.200", Verdict.PASS),
        ("a:mail.example.org//64 -all", "2001:db8::99", Verdict.PASS),
        ("a:mail.example.org//128 -all", "2001:db8::99", Verdict.FAIL),
        ("mx -all", OURS, Verdict.PASS),
        ("mx -all", OTHER, Verdict.FAIL),
        ("include:_spf.provider.example -all", OURS, Verdict.PASS),
        ("include:_spf.provider.example -all", "2001:db8:1::1", Verdict.PASS),
        ("include:_spf.provider.example -all", OTHER, Verdict.FAIL),
        ("redirect=_spf.provider.example", OTHER, Verdict.SOFT_FAIL),
        ("-all redirect=_spf.provider.example", OURS, Verdict.FAIL),
        ("ptr -all", OURS, Verdict.PASS),
        ("ptr -all", OTHER, Verdict.FAIL),
        ("exists:mail.example.org -all", OTHER, Verdict.PASS),
        ("", OURS, Verdict.NEUTRAL),
        ("?all", OURS, Verdict.NEUTRAL),
        ("INCLUDE:_SPF.provider.example -ALL", OURS, Verdict.PASS),
        ("exp=why.example.org unknown=x -all", OURS, Verdict.FAIL),
    ],
)
def test_verdict_is_that_of_the_first_term_that_matches(terms: str, address: str, expected: Verdict) -> None:
    assert judged(f"v=spf1 {terms}".strip(), address).verdict is expected


def test_stranger_is_judged_by_what_is_said_of_everybody() -> None:
    assert judged("v=spf1 a mx ~all").verdict is Verdict.SOFT_FAIL
    assert judged("v=spf1 include:open.example -all").verdict is Verdict.PASS
    assert judged("v=spf1 include:_spf.provider.example").verdict is Verdict.NEUTRAL


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        ("v=spf1 ip4:192.0.2.300 -all", "no address"),
        ("v=spf1 ip4:2001:db8::1 -all", "the other kind"),
        ("v=spf1 ipv4:192.0.2.1 -all", "no part of SPF"),
        ("v=spf1 a/33 -all", "prefix"),
        ("v=spf1 include -all", "names no domain"),
        ("v=spf1 include:nothing.example -all", "has no SPF record"),
        ("v=spf1 include:loop.example -all", "includes itself"),
        ("v=spf1 a:x.example a:y.example a:z.example -all", "do not exist"),
        ("v=spf1 " + "a " * 11 + "-all", "more than 10 questions"),
        ("v=spf1 -all nonsense", "no part of SPF"),
    ],
)
def test_record_that_mail_systems_pass_over_is_a_fault(record: str, reason: str) -> None:
    with pytest.raises(SpfFault, match=reason):
        judged(record, OTHER)


def test_questions_are_counted_through_what_is_included() -> None:
    assert judged("v=spf1 a mx include:_spf.provider.example -all").lookups == 3
    assert judged("v=spf1 " + "a " * 10 + "-all", OTHER).lookups == 10


def test_macro_leaves_the_verdict_open() -> None:
    result = judged("v=spf1 exists:%{i}._spf.example.org -all", OURS)
    assert result.unclear
    assert result.lookups == 1


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["v=spf1 -all"], "v=spf1 -all"),
        (["V=SPF1 -all", "v=spf10 x", "google-site-verification=x"], "V=SPF1 -all"),
        (["something"], None),
    ],
)
def test_one_record_is_found_among_other_texts(texts: Sequence[str], expected: str | None) -> None:
    with name_server({("example.org", "TXT"): [text(one) for one in texts]}) as server:
        assert asyncio.run(find_record(server.resolver(), "example.org")) == expected


def test_two_records_are_a_fault() -> None:
    records = {("example.org", "TXT"): [text("v=spf1 -all"), text("v=spf1 ~all")]}
    with name_server(records) as server, pytest.raises(SpfFault, match="2 SPF records"):
        asyncio.run(find_record(server.resolver(), "example.org"))
