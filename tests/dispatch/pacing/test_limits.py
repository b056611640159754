"""Limits as people write them, and which of them holds for which address."""

from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.dispatch.pacing import Limit, Rules, parse_limit, shown
from newsletter.dispatch.pacing.mailboxes import GROUPS
from newsletter.errors import DispatchError, SettingsError
from newsletter.settings import load
from newsletter.workspace import Workspace

counts = st.dictionaries(
    st.sampled_from(["second", "minute", "hour", "day"]), st.integers(1, 1_000_000).map(float), min_size=1
)


@given(counts, st.none() | st.integers(1, 1000))
def test_limit_is_read_as_it_was_written(given_counts: dict[str, float], burst: int | None) -> None:
    limit = Limit(given_counts, burst if {"second", "minute"} & given_counts.keys() else None)
    assert parse_limit(str(limit)) == limit


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("50/s", "50 a second"),
        ("0.5/second", "0.5 a second"),
        ("600/min 10_000/h", "600 a minute, 10,000 an hour"),
        ("10,000/hour 5/s burst=3", "5 a second, 10,000 an hour, 3 at once"),
        ("none", "no limit"),
    ],
)
def test_limit_is_shown_in_words(text: str, says: str) -> None:
    assert shown(parse_limit(text)) == says


@pytest.mark.parametrize(
    "text", ["", "50", "50/week", "0/s", "-1/s", "0.5/hour", "1e9/s", "5/s 6/second", "burst=3", "9/hour burst=3", "x"]
)
def test_what_is_no_limit_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(DispatchError) as caught:
        parse_limit(text)
    assert caught.value.remedy


def test_slowest_even_rate_counts() -> None:
    assert Limit({"second": 5, "minute": 60}).rate == 1
    assert Limit({"hour": 60}).rate is None


def rules(workspace: Workspace, text: str, provider: str = "smtp") -> Rules:
    with workspace.settings_file.open("a", encoding="utf-8") as file:
        file.write(text)
    return Rules.of(load(workspace, {}), provider)


def test_domains_of_one_mail_system_share_a_bucket(workspace: Workspace) -> None:
    found = rules(workspace, '\n[limits.domains]\n"hotmail.nl" = { per_second = 5 }\ndefault = { per_second = 1 }\n')
    keys = {found.domain(domain) for domain in ("outlook.com", "hotmail.nl", "live.nl", "msn.com")}
    assert keys == {"domain:outlook.com"}
    assert found.limit("domain:outlook.com").rate == 5
    assert found.limit(found.domain("example.org")).rate == 1


def test_workspace_parts_and_joins_domains_as_it_likes(workspace: Workspace) -> None:
    found = rules(workspace, '\n[limits.groups]\nxs4all = ["xs4all.nl", "Example.NET"]\n')
    assert found.domain("xs4all.nl") == found.domain("example.net") == "domain:xs4all"
    assert found.domain("planet.nl") == "domain:kpnmail.nl"


def test_two_limits_for_one_mail_system_are_refused_with_their_place(workspace: Workspace) -> None:
    text = '\n[limits.domains]\n"gmail.com" = { per_second = 5 }\n"googlemail.com" = { per_second = 1 }\n'
    with pytest.raises(SettingsError, match=r"googlemail\.com and gmail\.com are one mail system") as caught:
        rules(workspace, text)
    assert caught.value.where.line == workspace.settings_file.read_text(encoding="utf-8").count("\n")


def test_only_what_is_limited_is_asked_about(workspace: Workspace) -> None:
    found = rules(workspace, "\n[limits.smtp]\nper_second = 50\n")
    assert found.keys("domain:example.org") == ("provider:smtp",)
    assert found.keys("domain:example.org", {"domain:example.org"}) == ("provider:smtp", "domain:example.org")
    assert Rules.of(load(workspace, {}), "sendgrid").keys("domain:example.org") == ()


def test_what_stays_here_is_not_slowed_down_for_mail_systems(workspace: Workspace) -> None:
    text = "\n[limits.domains]\ndefault = { per_second = 1 }\n[limits.warm_up]\nstart = 2024-01-01\n"
    found = rules(workspace, text)
    assert found.keys("domain:example.org") == ("domain:example.org", "warm-up:example.org")
    assert Rules.of(load(workspace, {}), "outbox", stays_here=True).keys("domain:example.org") == ()


def test_days_of_a_warm_up_are_those_of_the_newsletter(workspace: Workspace) -> None:
    plan = rules(workspace, "\n[limits.warm_up]\nstart = 2024-01-01\n").warm_up
    assert plan is not None
    assert plan.zone == ZoneInfo("Europe/Amsterdam")


def test_table_of_mail_systems_names_each_domain_once_and_its_group_first() -> None:
    assert all(GROUPS[group] == group for group in GROUPS.values())
    assert len(GROUPS) == len({domain.lower() for domain in GROUPS})
