"""Each promise of the proof fails when it must, and no other one with it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import pytest

from newsletter.dispatch.account import Balance
from newsletter.dispatch.rehearsal.faults import Fault
from newsletter.dispatch.rehearsal.journal import read_journal
from newsletter.dispatch.rehearsal.proof import Circumstances, Delivery, prove, violations
from newsletter.dispatch.states import State

ACCEPTED, SECOND, DOUBTED, UNTAKEN, REFUSED, LEFT = (
    Delivery(State.ACCEPTED, None, "a" * 26, 1),
    Delivery(State.ACCEPTED, None, "b" * 26, 2),
    Delivery(State.UNCERTAIN, None, "c" * 26, 1),
    Delivery(State.UNCERTAIN, None, "d" * 26, 1),
    Delivery(State.REJECTED, None, None, 0),
    Delivery(State.EXCLUDED, "unsubscribed", None, 0),
)
LEDGER = (ACCEPTED, SECOND, DOUBTED, UNTAKEN, REFUSED, LEFT)
JOURNAL = (
    f"taken\t{'a' * 26}\tdigest\t1.000000\t1\n",
    f"seen\t{'b' * 26}\tdigest\t2.000000\t1\n",
    "fault\tunanswered\t\t2.500000\t1\n",
    f"taken\t{'b' * 26}\tdigest\t3.000000\t2\n",
    f"taken\t{'c' * 26}\tdigest\t4.000000\t2\n",
)
CIRCUMSTANCES = Circumstances(kills=1, concurrency=1, lost_replies=1)


def balance(ledger: Sequence[Delivery], selected: int | None = None) -> Balance:
    states = Counter(one.state for one in ledger)
    return Balance(len(ledger) if selected is None else selected, states, {})


def broken(
    ledger: Sequence[Delivery] = LEDGER,
    journal: Sequence[str] = JOURNAL,
    circumstances: Circumstances = CIRCUMSTANCES,
    told: Balance | None = None,
) -> set[str]:
    claims = prove(told or balance(ledger), ledger, read_journal(journal), circumstances)
    return {claim.name for claim in claims if not claim.holds}


def instead(old: Delivery, new: Delivery) -> list[Delivery]:
    return [new if one is old else one for one in LEDGER]


def test_dispatch_in_order_breaks_no_promise() -> None:
    assert broken() == set()


@pytest.mark.parametrize("state", [State.PLANNED, State.CLAIMED, State.DEFERRED])
def test_reader_who_is_not_at_an_end_is_not_accounted_for(state: State) -> None:
    assert broken(instead(REFUSED, Delivery(state, None, None, 0))) == {"accounted"}


def test_reader_whom_nobody_counts_is_not_accounted_for() -> None:
    assert broken(told=balance(LEDGER, selected=7)) == {"accounted"}


def test_reader_left_out_without_a_reason_is_not_accounted_for() -> None:
    assert broken(instead(LEFT, replace(LEFT, reason=None))) == {"accounted"}


def test_reader_who_is_accepted_and_never_taken_is_missed() -> None:
    assert broken(journal=JOURNAL[1:]) == {"missed", "agreement"}


def test_reader_who_is_accepted_without_a_key_is_missed() -> None:
    assert "missed" in broken(instead(ACCEPTED, replace(ACCEPTED, key=None)))


def test_message_taken_twice_is_found() -> None:
    assert broken(journal=[*JOURNAL, JOURNAL[0]]) == {"twice"}


def test_message_sent_again_after_doubt_may_be_taken_twice_and_not_three_times() -> None:
    again = instead(ACCEPTED, replace(ACCEPTED, attempts=2, resends=1))
    roomy = replace(CIRCUMSTANCES, lost_replies=2)
    assert broken(again, [*JOURNAL, JOURNAL[0]], roomy) == set()
    assert broken(again, [*JOURNAL, JOURNAL[0], JOURNAL[0]], roomy) == {"twice"}
    boundless = instead(ACCEPTED, replace(ACCEPTED, attempts=3, resends=2))
    assert broken(boundless, [*JOURNAL, JOURNAL[0], JOURNAL[0]], replace(roomy, lost_replies=9)) == {"twice"}


def test_one_more_in_doubt_than_may_be_is_found() -> None:
    assert broken(circumstances=replace(CIRCUMSTANCES, lost_replies=0)) == {"doubt"}
    assert broken(circumstances=Circumstances(kills=1, concurrency=2)) == set()
    assert broken(circumstances=Circumstances(lost_replies=1, batch=2)) == set()


def test_who_was_sent_it_again_counts_as_in_doubt() -> None:
    assert broken(instead(ACCEPTED, replace(ACCEPTED, attempts=2, resends=1))) == {"doubt"}


@pytest.mark.parametrize("line", [1, 3])
def test_other_bytes_at_another_attempt_are_found(line: int) -> None:
    altered = [text.replace("digest", "other") if place == line else text for place, text in enumerate(JOURNAL)]
    assert broken(journal=altered) == {"bytes"}


def test_message_of_a_key_that_nobody_knows_had_no_intent() -> None:
    stranger = f"taken\t{'e' * 26}\tdigest\t5.000000\t2\n"
    assert broken(journal=[*JOURNAL, stranger]) == {"intent", "agreement"}


@pytest.mark.parametrize(
    "delivery",
    [
        Delivery(State.REJECTED, None, "c" * 26, 1),
        Delivery(State.EXCLUDED, "abandoned", "c" * 26, 1),
        Delivery(State.UNCERTAIN, None, "c" * 26, 0),
    ],
)
def test_message_taken_of_a_reader_who_was_never_handed_over_had_no_intent(delivery: Delivery) -> None:
    assert broken(instead(DOUBTED, delivery)) == {"intent", "agreement"}


def test_what_was_wrong_right_after_a_kill_stays_wrong() -> None:
    assert broken(circumstances=replace(CIRCUMSTANCES, violations=["1 taken without an intent"])) == {"intent"}


def test_receipt_that_counts_otherwise_than_the_ledger_is_found() -> None:
    other = balance([*instead(ACCEPTED, Delivery(State.REJECTED, None, None, 0))])
    assert broken(told=other) == {"agreement"}


@pytest.mark.parametrize("state", [State.SUBMITTING, State.UNCERTAIN, State.ACCEPTED])
def test_ledger_of_a_killed_process_may_hold_what_was_under_way(state: State) -> None:
    open_ones = [Delivery(State.CLAIMED, None, None, 0), Delivery(State.SUBMITTING, None, "f" * 26, 1)]
    assert violations([Delivery(state, None, "a" * 26, 1), *open_ones], read_journal(JOURNAL[:1])) == ()


@pytest.mark.parametrize("state", [State.PLANNED, State.CLAIMED, State.DEFERRED, State.REJECTED])
def test_ledger_of_a_killed_process_must_know_what_was_taken(state: State) -> None:
    found = violations([Delivery(state, None, "a" * 26, 0)], read_journal(JOURNAL[:1]))
    assert found == ("1 taken without an intent in the ledger",)
    assert violations([], read_journal(JOURNAL[:1])) == found


def test_ledger_of_a_killed_process_must_not_run_ahead_of_the_sink() -> None:
    assert violations([ACCEPTED], read_journal([])) == ("1 accepted, and never taken",)


def test_journal_counts_faults_and_the_time_within_each_run_and_no_line_that_was_cut_off() -> None:
    journal = read_journal([*JOURNAL, f"taken\t{'d' * 26}\tdig"], starts=[0.5, 2.9])
    assert journal.faults == {Fault.UNANSWERED: 1}
    assert journal.messages == 3
    assert journal.seconds == pytest.approx(1.0)
    assert "d" * 26 not in journal.taken
