"""What a person does with a dispatch holds at once, whoever is sending, and loses nobody."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from newsletter.dispatch import (
    Controls,
    Dispatch,
    Receipt,
    Settlement,
    State,
    Stop,
    Worker,
    dispatches,
    find_dispatch,
    lease,
    ledger,
    standing,
)
from newsletter.dispatch.audit import Action
from newsletter.errors import DispatchError
from newsletter.message import DeliveryKey
from newsletter.providers.base import Accepted, Deferred, Message, Rejected, Uncertain
from newsletter.store import tables
from support.dispatching import ELSEWHERE, PACE, SLUG, Bench, Scripted

NAMES = ("anna", "ben", "cas", "dirk", "eva")


def controls(bench: Bench, dispatch: Dispatch) -> Controls:
    return Controls(bench.database, dispatch.id, "tester", bench.clock)


def current(bench: Bench, dispatch: Dispatch) -> Dispatch:
    with bench.database.reading() as connection:
        return dispatches.read_dispatch(connection, dispatch.id)


def actions(bench: Bench, dispatch: Dispatch) -> list[tuple[str, str, str]]:
    with bench.database.reading() as connection:
        found = standing(connection, dispatch, bench.clock(), PACE)
    return [(event.action.value, event.by, event.detail) for event in found.events]


@pytest.fixture
def frozen(bench: Bench) -> Dispatch:
    bench.subscribe(NAMES)
    return bench.freeze()


def test_nothing_is_handed_over_after_a_pause(bench: Bench, frozen: Dispatch) -> None:
    """I9: the process that sends sees it at its next step, and gives back what it has claimed."""
    count = 0

    def pause_before_the_third(_message: Message) -> None:
        nonlocal count
        count += 1
        if count == 3:
            controls(bench, frozen).pause()

    provider = Scripted(before_intent=pause_before_the_third)
    receipt = bench.drive(frozen, provider)
    assert len(provider.handed_over) == 2
    assert count == 3  # the others are not even offered any more
    assert receipt.balance.of(State.ACCEPTED) == 2
    assert receipt.balance.of(State.PLANNED) == 3
    assert current(bench, frozen).state == "paused"


def test_what_is_under_way_is_settled_in_spite_of_a_pause(bench: Bench, frozen: Dispatch) -> None:
    def pause(_message: Message) -> None:
        if current(bench, frozen).state == "open":
            controls(bench, frozen).pause()

    provider = Scripted(after_intent=pause)
    receipt = bench.drive(frozen, provider)
    assert len(provider.handed_over) == 1
    assert receipt.balance.of(State.ACCEPTED) == 1


def test_paused_dispatch_hands_over_nothing_and_goes_on_when_resumed(bench: Bench, frozen: Dispatch) -> None:
    controls(bench, frozen).pause()
    provider = Scripted()
    bench.drive(frozen, provider)
    assert provider.handed_over == []
    assert current(bench, frozen).state == "paused"
    controls(bench, frozen).resume()
    receipt = bench.drive(frozen, provider)
    assert sorted(provider.handed_over) == [f"{name}@example.org" for name in NAMES]
    assert receipt.balance.is_settled
    assert current(bench, frozen).state == "finished"


def test_cancelling_excludes_who_was_not_mailed(bench: Bench, frozen: Dispatch) -> None:
    assert controls(bench, frozen).cancel("wrong issue") == len(NAMES)
    receipt = bench.drive(frozen, Scripted())
    assert receipt.balance.reasons == {"cancelled": len(NAMES)}
    found = current(bench, frozen)
    assert (found.state, found.finished_at) == ("cancelled", bench.clock())


def test_cancelling_under_way_settles_what_is_handed_over_and_no_more(bench: Bench, frozen: Dispatch) -> None:
    """I9: whoever was in the process's hands is put down by it, and excluded too."""
    count = 0

    def cancel_before_the_third(_message: Message) -> None:
        nonlocal count
        count += 1
        if count == 3:
            controls(bench, frozen).cancel()

    provider = Scripted(before_intent=cancel_before_the_third)
    receipt = bench.drive(frozen, provider)
    assert len(provider.handed_over) == 2
    assert receipt.balance.of(State.ACCEPTED) == 2
    assert receipt.balance.reasons == {"cancelled": 3}
    assert current(bench, frozen).finished_at is not None


def test_cancelling_after_a_crash_puts_right_what_was_left(bench: Bench, frozen: Dispatch) -> None:
    with bench.database.writing() as connection:
        leased = lease.take(connection, frozen, ELSEWHERE, bench.clock())
        (first, second, *_) = ledger.claim(connection, leased, bench.clock(), 3)
        ledger.intend(connection, leased, bench.clock(), {first: DeliveryKey("k1"), second: DeliveryKey("k2")})
    bench.clock.pass_by(seconds=lease.LASTING.total_seconds() + 1)
    controls(bench, frozen).cancel()
    with bench.database.reading() as connection:
        balance = standing(connection, frozen, bench.clock(), PACE).receipt.balance
    assert balance.of(State.UNCERTAIN) == 2
    assert balance.reasons == {"cancelled": 3}
    assert balance.at_rest


@pytest.mark.parametrize("act", ["cancel", "work"])
def test_process_killed_after_a_cancellation_leaves_nothing_that_cannot_be_put_right(
    bench: Bench, frozen: Dispatch, act: str
) -> None:
    leased = bench.take(frozen, ELSEWHERE)
    with bench.database.writing() as connection:
        (first, second, *_) = ledger.claim(connection, leased, bench.clock(), 3)
        ledger.intend(connection, leased, bench.clock(), {first: DeliveryKey("k1"), second: DeliveryKey("k2")})
    controls(bench, frozen).cancel()
    worker = Worker(bench.surroundings, Stop())
    assert list(worker.work()) == []
    assert current(bench, frozen).finished_at is None
    bench.clock.moment += lease.LASTING + timedelta(seconds=1)
    controls(bench, frozen).cancel() if act == "cancel" else list(worker.work())
    assert current(bench, frozen).finished_at is not None
    with bench.database.reading() as connection:
        balance = standing(connection, frozen, bench.clock(), PACE).receipt.balance
    assert balance.of(State.UNCERTAIN) == 2
    assert balance.reasons == {"cancelled": 3}


@pytest.mark.parametrize(
    ("before", "act"),
    [
        ("pause", "pause"),
        ("resume", "resume"),
        ("cancel", "pause"),
        ("cancel", "resume"),
        ("cancel", "cancel"),
        ("cancel", "retry"),
    ],
)
def test_what_does_not_fit_is_refused_and_logged_nowhere(bench: Bench, frozen: Dispatch, before: str, act: str) -> None:
    if before != act or before == "pause":
        getattr(controls(bench, frozen), before)()
    elif before == "cancel":
        controls(bench, frozen).cancel()
    known = actions(bench, frozen)
    with pytest.raises(DispatchError, match=f"dispatch {frozen.id} is"):
        getattr(controls(bench, frozen), act)()
    assert actions(bench, frozen) == known


def test_deferred_are_due_at_once_when_retried(bench: Bench, frozen: Dispatch) -> None:
    bench.drive(frozen, Scripted(lambda message: Deferred(message.key, "450 later", timedelta(hours=5))))
    provider = Scripted()
    bench.drive(frozen, provider)
    assert provider.handed_over == []
    assert controls(bench, frozen).retry() == len(NAMES)
    receipt = bench.drive(frozen, provider)
    assert receipt.balance.of(State.ACCEPTED) == len(NAMES)


def test_retry_with_nobody_deferred_is_refused(bench: Bench, frozen: Dispatch) -> None:
    with pytest.raises(DispatchError, match="nobody"):
        controls(bench, frozen).retry()


def uncertain(bench: Bench, frozen: Dispatch) -> Receipt:
    return bench.drive(frozen, Scripted(lambda message: Uncertain(message.key, "no reply")))


def test_uncertain_are_sent_again_once_with_the_same_key(bench: Bench, frozen: Dispatch) -> None:
    """I3: with `resend`, at most twice."""
    keys: list[str] = []

    def note(message: Message) -> None:
        keys.append(message.key)

    bench.drive(frozen, Scripted(lambda message: Uncertain(message.key, "no reply"), after_intent=note))
    assert current(bench, frozen).state == "finished"
    done = controls(bench, frozen).settle(Settlement.RESEND)
    assert (done.settled, done.held) == (len(NAMES), 0)
    found = current(bench, frozen)
    assert (found.state, found.finished_at) == ("open", None)
    bench.drive(frozen, Scripted(lambda message: Uncertain(message.key, "no reply again"), after_intent=note))
    assert sorted(keys) == sorted(2 * keys[: len(NAMES)])
    with pytest.raises(DispatchError, match="third time"):
        controls(bench, frozen).settle(Settlement.RESEND)


def test_uncertain_can_be_given_up(bench: Bench, frozen: Dispatch) -> None:
    uncertain(bench, frozen)
    assert controls(bench, frozen).settle(Settlement.DROP).settled == len(NAMES)
    receipt = bench.drive(current(bench, frozen), Scripted())
    assert receipt.balance.reasons == {"abandoned": len(NAMES)}
    assert receipt.balance.is_settled


def test_uncertain_can_be_noted_as_accepted_one_by_one(bench: Bench, frozen: Dispatch) -> None:
    uncertain(bench, frozen)
    with bench.database.reading() as connection:
        first = connection.scalar(sa.select(sa.func.min(tables.deliveries.c.subscriber_id)))
    assert first is not None
    assert controls(bench, frozen).settle(Settlement.ACCEPTED, subscribers=[first]).settled == 1
    with bench.database.reading() as connection:
        balance = standing(connection, frozen, bench.clock(), PACE).receipt.balance
    assert (balance.of(State.ACCEPTED), balance.of(State.UNCERTAIN)) == (1, len(NAMES) - 1)
    with pytest.raises(DispatchError, match="none of them"):
        controls(bench, frozen).settle(Settlement.ACCEPTED, subscribers=[first])


def test_nothing_is_sent_again_after_the_deadline_without_a_new_one(bench: Bench, frozen: Dispatch) -> None:
    """I14."""
    uncertain(bench, frozen)
    bench.clock.pass_by(days=5)
    with pytest.raises(DispatchError, match="deadline"):
        controls(bench, frozen).settle(Settlement.RESEND)
    deadline = bench.clock() + timedelta(days=1)
    controls(bench, frozen).settle(Settlement.RESEND, deadline=deadline)
    receipt = bench.drive(current(bench, frozen), Scripted())
    assert receipt.balance.of(State.ACCEPTED) == len(NAMES)


def test_nothing_of_a_cancelled_dispatch_is_sent_again(bench: Bench, frozen: Dispatch) -> None:
    first = [True]

    def decide(message: Message) -> Uncertain | Exception:
        if first.pop():
            first.append(False)
            return Uncertain(message.key, "no reply")
        return RuntimeError

    def cancel(_message: Message) -> None:
        if current(bench, frozen).state == "open":
            controls(bench, frozen).cancel()

    bench.drive(frozen, Scripted(decide, after_intent=cancel))
    with pytest.raises(DispatchError, match="cancelled"):
        controls(bench, frozen).settle(Settlement.RESEND)
    assert controls(bench, frozen).settle(Settlement.DROP).settled == 1


def test_policy_of_resending_tries_the_uncertain_once_more_by_itself(bench: Bench, frozen: Dispatch) -> None:
    with bench.database.writing() as connection:
        connection.execute(sa.update(tables.dispatches).values(on_uncertain="resend"))
    frozen = current(bench, frozen)
    receipt = uncertain(bench, frozen)
    assert receipt.balance.of(State.DEFERRED) == len(NAMES)
    assert receipt.next_due == bench.clock() + timedelta(minutes=30)
    bench.clock.pass_by(minutes=31)
    receipt = uncertain(bench, current(bench, frozen))
    assert receipt.balance.of(State.UNCERTAIN) == len(NAMES)
    assert receipt.complete


def test_everything_done_is_logged_with_who_did_it(bench: Bench, frozen: Dispatch) -> None:
    acting = controls(bench, frozen)
    acting.pause()
    acting.resume()
    bench.drive(frozen, Scripted(lambda message: Deferred(message.key, "450 later")))
    acting.retry()
    acting.cancel("enough")
    me = bench.surroundings.by
    assert actions(bench, frozen) == [
        (Action.FROZEN, me, ""),
        (Action.PAUSED, "tester", ""),
        (Action.RESUMED, "tester", ""),
        (Action.STARTED, me, ""),
        (Action.RETRIED, "tester", ""),
        (Action.CANCELLED, "tester", "enough"),
    ]


def test_dispatch_is_found_by_its_name_and_by_its_only_audience(two_lists: Bench) -> None:
    two_lists.subscribe(NAMES)
    frozen = two_lists.freeze()
    with two_lists.database.reading() as connection:
        assert find_dispatch(connection, frozen.id) == find_dispatch(connection, SLUG) == frozen
        with pytest.raises(DispatchError, match="no dispatch 'other'"):
            find_dispatch(connection, "other")
    two_lists.subscribe(["fleur"], to="anderen")
    two_lists.freeze(to="anderen")
    with two_lists.database.reading() as connection, pytest.raises(DispatchError, match="2 dispatches"):
        find_dispatch(connection, SLUG)


def test_rejected_stay_rejected_whatever_is_retried(bench: Bench, frozen: Dispatch) -> None:
    """I6: what has come to its end absorbs every step."""

    def decide(message: Message) -> Rejected | Deferred | Accepted:
        name = message.recipient.address[0]
        return {"a": Rejected, "b": Deferred}.get(name, Accepted)(message.key, "reply")

    bench.drive(frozen, Scripted(decide))
    assert controls(bench, frozen).retry() == 1
    bench.drive(frozen, Scripted())
    assert bench.states(frozen)["anna"] == "rejected"
