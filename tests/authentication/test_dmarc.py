"""DMARC: policies are found by walking up the DNS, and domains aligned by the organisation they belong to."""

import asyncio
from collections.abc import Mapping

import pytest

from newsletter.authentication import Policy, are_aligned, find_organisation, find_policy
from support.dns_server import name_server, text


def zone(policies: Mapping[str, str]) -> dict[tuple[str, str], list[str]]:
    return {(f"_dmarc.{domain}", "TXT"): [text(policy)] for domain, policy in policies.items()}


def policy_for(domain: str, policies: Mapping[str, str]) -> Policy | None:
    with name_server(zone(policies)) as server:
        return asyncio.run(find_policy(server.resolver(), domain))


def organisation_of(domain: str, policies: Mapping[str, str]) -> str:
    with name_server(zone(policies)) as server:
        return asyncio.run(find_organisation(server.resolver(), domain))


def test_own_policy_goes_before_that_of_the_organisation() -> None:
    found = policy_for(
        "news.example.org", {"news.example.org": "v=DMARC1; p=reject", "example.org": "v=DMARC1; p=none"}
    )
    assert found is not None
    assert (found.domain, found.request_for("news.example.org")) == ("news.example.org", "reject")


def test_policy_of_the_organisation_holds_below_it() -> None:
    found = policy_for("a.news.example.org", {"example.org": "v=DMARC1; p=reject; sp=quarantine; rua=mailto:a@x.nl"})
    assert found is not None
    assert found.request_for("a.news.example.org") == "quarantine"
    assert found.request_for("example.org") == "reject"
    assert found.reports_to == ("mailto:a@x.nl",)


def test_policy_of_a_suffix_holds_where_the_organisation_has_none() -> None:
    found = policy_for("news.example.gov", {"gov": "v=DMARC1; p=reject; psd=y"})
    assert found is not None
    assert found.domain == "gov"


def test_nothing_found_is_no_policy() -> None:
    assert policy_for("example.org", {}) is None


def test_several_records_count_for_none() -> None:
    records = {("_dmarc.example.org", "TXT"): [text("v=DMARC1; p=none"), text("v=DMARC1; p=reject")]}
    with name_server(records) as server:
        assert asyncio.run(find_policy(server.resolver(), "example.org")) is None


def test_other_texts_at_its_place_are_passed_over() -> None:
    records = {("_dmarc.example.org", "TXT"): [text("hello"), text("v=DMARC1 ; p=reject")]}
    with name_server(records) as server:
        found = asyncio.run(find_policy(server.resolver(), "example.org"))
    assert found is not None
    assert found.request == "reject"


@pytest.mark.parametrize(
    ("record", "fault"),
    [
        ("v=DMARC1", "no policy"),
        ("v=DMARC1; p=refuse", "p=refuse"),
        ("v=DMARC1; p=none; p=none", "twice"),
        ("v=DMARC1; p", "no tag"),
    ],
)
def test_wrong_policy_asks_for_nothing_and_says_why(record: str, fault: str) -> None:
    found = policy_for("example.org", {"example.org": record})
    assert found is not None
    assert fault in found.fault
    assert found.request == "none"


@pytest.mark.parametrize(
    ("domain", "policies", "expected"),
    [
        ("example.org", {}, "example.org"),
        ("a.b.example.org", {}, "a.b.example.org"),
        ("a.b.example.org", {"example.org": "v=DMARC1; p=none"}, "example.org"),
        ("a.b.example.org", {"b.example.org": "v=DMARC1; p=none", "example.org": "v=DMARC1; p=none"}, "example.org"),
        (
            "a.b.example.org",
            {"b.example.org": "v=DMARC1; p=none; psd=n", "example.org": "v=DMARC1; p=none"},
            "b.example.org",
        ),
        ("a.b.co.uk", {"co.uk": "v=DMARC1; p=none; psd=y"}, "b.co.uk"),
        ("co.uk", {"co.uk": "v=DMARC1; p=none; psd=y"}, "co.uk"),
    ],
)
def test_organisation_is_what_the_walk_finds(domain: str, policies: Mapping[str, str], expected: str) -> None:
    assert organisation_of(domain, policies) == expected


def test_walk_asks_eight_times_at_most() -> None:
    with name_server({}) as server:
        asyncio.run(find_organisation(server.resolver(), "a.b.c.d.e.f.g.h.i.j.example.org"))
    assert [name for name, _ in server.questions] == [
        "_dmarc.a.b.c.d.e.f.g.h.i.j.example.org",
        *(f"_dmarc.{name}" for name in ("f.g.h.i.j.example.org", "g.h.i.j.example.org", "h.i.j.example.org")),
        *(f"_dmarc.{name}" for name in ("i.j.example.org", "j.example.org", "example.org", "org")),
    ]


@pytest.mark.parametrize(
    ("one", "other", "strict", "expected"),
    [
        ("example.org", "example.org", True, True),
        ("mail.example.org", "example.org", True, False),
        ("mail.example.org", "example.org", False, True),
        ("mail.example.org", "news.example.org", False, True),
        ("sendgrid.net", "example.org", False, False),
    ],
)
def test_domains_are_aligned_by_their_organisation(one: str, other: str, strict: bool, expected: bool) -> None:
    with name_server(zone({"example.org": "v=DMARC1; p=none"})) as server:
        assert asyncio.run(are_aligned(server.resolver(), one, other, strict=strict)) is expected
