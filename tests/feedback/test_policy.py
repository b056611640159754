"""What reports add up to does not depend on the order in which they are given."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.feedback.policy import WEIGHTS, Fact, Rules, Verdict, judge
from newsletter.providers.base.feedback import EventKind, Fault

NOW = datetime(2024, 2, 20, 8, 30, tzinfo=UTC)
RULES = Rules(limit=3, half_life=timedelta(days=90))


def bounce(day: float, fault: Fault, dispatch: str | None = None) -> Fact:
    return Fact(NOW + timedelta(days=day), EventKind.BOUNCED, fault, dispatch or f"d{day}", "5.2.2")


def delivered(day: float) -> Fact:
    return Fact(NOW + timedelta(days=day), EventKind.DELIVERED, None, f"d{day}")


facts = st.builds(
    Fact,
    st.integers(0, 20).map(lambda day: NOW + timedelta(days=day)),
    st.sampled_from(EventKind),
    st.none() | st.sampled_from(Fault),
    st.sampled_from(["a", "b", "c", "d", "e"]),
    st.sampled_from(["", "4.2.2", "5.1.1"]),
)


@given(st.lists(facts, max_size=12).flatmap(lambda found: st.tuples(st.just(found), st.permutations(found))))
def test_the_order_makes_no_difference(given_twice: tuple[list[Fact], list[Fact]]) -> None:
    assert judge(given_twice[0], RULES) == judge(given_twice[1], RULES)


def test_an_address_that_does_not_exist_counts_at_once() -> None:
    found = judge([Fact(NOW, EventKind.BOUNCED, Fault.ADDRESS, "d", "5.1.1")], RULES)
    assert (found.verdict, found.status) == (Verdict.BOUNCED, "5.1.1")
    assert judge([Fact(NOW, EventKind.DROPPED, Fault.ADDRESS, "d")], RULES).verdict is Verdict.BOUNCED
    assert judge([Fact(NOW, EventKind.DELAYED, Fault.ADDRESS, "d")], RULES).verdict is None


def test_a_complaint_goes_before_everything_else() -> None:
    complaint = Fact(NOW + timedelta(days=3), EventKind.COMPLAINED, None, "d")
    assert judge([bounce(1, Fault.ADDRESS), complaint, delivered(4)], RULES).verdict is Verdict.COMPLAINED


@pytest.mark.parametrize(
    ("every", "count", "is_too_many"),
    [(7, 3, False), (7, 4, True), (1, 3, False), (1, 4, True), (30, 4, False), (30, 5, True), (91, 40, False)],
)
def test_a_full_mailbox_is_given_up_after_several_issues(every: int, count: int, is_too_many: bool) -> None:
    found = judge([bounce(every * number, Fault.MAILBOX) for number in range(count)], RULES)
    assert (found.verdict is Verdict.SOFT_BOUNCED) == is_too_many


def test_one_issue_counts_once_however_often_it_is_reported() -> None:
    assert judge([bounce(day, Fault.MAILBOX, "same") for day in range(9)], RULES).score == 1


def test_an_issue_that_was_delivered_begins_anew() -> None:
    failures = [bounce(day, Fault.MAILBOX) for day in (1, 2, 3, 5, 6, 7)]
    assert judge([*failures, delivered(4)], RULES).verdict is None
    assert judge(failures, RULES).verdict is Verdict.SOFT_BOUNCED
    late = [bounce(day, Fault.MAILBOX) for day in (5, 6, 7, 8)]
    assert judge([*late, delivered(4)], RULES).verdict is Verdict.SOFT_BOUNCED


@pytest.mark.parametrize("fault", [Fault.SENDER, Fault.MESSAGE])
def test_nobody_is_blamed_for_what_is_our_fault(fault: Fault) -> None:
    assert judge([bounce(day, fault) for day in range(100)], RULES).score == 0


def test_every_fault_has_a_weight() -> None:
    assert set(WEIGHTS) == set(Fault)
