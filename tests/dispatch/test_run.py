"""Driving a dispatch: every outcome lands in the ledger, and whatever happens the account balances."""

import json
from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa

from newsletter.dispatch import State, Stop
from newsletter.dispatch.account import MOST_REPLIES
from newsletter.errors import DispatchError, Problems, ProviderError
from newsletter.providers.base import Accepted, Deferred, Message, Outcome, Rejected, Uncertain
from newsletter.store import tables
from newsletter.subscribers import parse_address, remove, unsubscribe
from support.dispatching import Bench, Scripted

NAMES = tuple(f"reader{number:02d}" for number in range(12))


def by_name(fates: dict[str, Callable[[Message], Outcome | Exception | None]]) -> Scripted:
    def decide(message: Message) -> Outcome | Exception | None:
        name = message.recipient.address.partition("@")[0]
        return fates[name](message) if name in fates else Accepted(message.key)

    return Scripted(decide)


def state_of(bench: Bench, name: str) -> str:
    with bench.database.reading() as connection:
        return str(
            connection.scalar(
                sa.select(tables.deliveries.c.state)
                .join(tables.subscribers, tables.subscribers.c.id == tables.deliveries.c.subscriber_id)
                .where(tables.subscribers.c.address == f"{name}@example.org")
            )
        )


def test_every_outcome_is_written_down(bench: Bench) -> None:
    bench.subscribe(NAMES)
    provider = by_name(
        {
            "reader01": lambda message: Rejected(message.key, "550 no such user"),
            "reader02": lambda message: Deferred(message.key, "451 later", timedelta(minutes=50)),
            "reader03": lambda message: Uncertain(message.key, "the reply was lost"),
            "reader04": lambda _message: None,
        }
    )
    receipt = bench.drive(bench.freeze(), provider)
    assert receipt.balance.states == {
        State.PLANNED: 0,
        State.CLAIMED: 0,
        State.SUBMITTING: 0,
        State.ACCEPTED: 8,
        State.REJECTED: 1,
        State.DEFERRED: 1,
        State.UNCERTAIN: 2,
        State.EXCLUDED: 0,
    }
    assert receipt.next_due == bench.clock() + timedelta(minutes=50)
    assert not receipt.complete


def test_deferred_one_is_tried_again_when_it_is_due_and_not_before(bench: Bench) -> None:
    bench.subscribe(NAMES[:2])
    dispatch = bench.freeze()
    bench.drive(dispatch, by_name({"reader00": lambda message: Deferred(message.key, "later", timedelta(minutes=50))}))
    early, late = Scripted(), Scripted()
    bench.drive(dispatch, early)
    assert early.handed_over == []
    bench.clock.pass_by(minutes=51)
    receipt = bench.drive(dispatch, late)
    assert late.handed_over == ["reader00@example.org"]
    assert receipt.complete
    assert receipt.dispatch.state == "finished"


def test_same_key_is_used_for_every_attempt(bench: Bench) -> None:
    bench.subscribe(NAMES[:1])
    dispatch = bench.freeze()
    keys: list[str] = []

    def defer(message: Message) -> Outcome:
        keys.append(message.key)
        return Deferred(message.key, "later", timedelta(0))

    for _ in range(3):
        bench.drive(dispatch, Scripted(lambda message: defer(message) if len(keys) < 3 else Accepted(message.key)))
        bench.clock.pass_by(hours=3)
    assert len(set(keys)) == 1


def test_provider_that_refuses_us_blames_nobody_and_the_dispatch_goes_on_later(bench: Bench) -> None:
    bench.subscribe(NAMES)
    dispatch = bench.freeze()
    failing = by_name({"reader05": lambda _message: ProviderError("quota")})
    with pytest.raises(ProviderError, match="quota"):
        bench.drive(dispatch, failing)
    states = bench.receipt.balance.states
    assert states[State.ACCEPTED] == 5
    assert states[State.UNCERTAIN] == 1  # it was intended, and nobody knows
    assert states[State.PLANNED] == 6
    rest = Scripted()
    assert bench.drive(dispatch, rest).complete
    assert len(rest.handed_over) == 6


def test_intent_is_in_the_ledger_before_a_message_is_handed_over(bench: Bench) -> None:
    bench.subscribe(NAMES[:3])
    seen: list[str] = []
    provider = Scripted(
        after_intent=lambda message: seen.append(state_of(bench, message.recipient.address.partition("@")[0]))
    )
    bench.drive(bench.freeze(), provider)
    assert seen == ["submitting"] * 3


def test_who_leaves_after_the_freeze_gets_nothing(bench: Bench) -> None:
    bench.subscribe(NAMES[:4])
    dispatch = bench.freeze()

    def leave(message: Message) -> None:
        address = parse_address(message.recipient.address)
        with bench.database.writing() as connection:
            if message.recipient.address.startswith("reader01"):
                unsubscribe(connection, address, "leden", bench.clock())
            if message.recipient.address.startswith("reader02"):
                remove(connection, address, bench.clock(), bench.signer.address_hashes, suppress=True)

    provider = Scripted(before_intent=leave)
    receipt = bench.drive(dispatch, provider)
    assert provider.handed_over == ["reader00@example.org", "reader03@example.org"]
    assert receipt.balance.reasons == {"unsubscribed": 2}
    assert receipt.complete


def test_stop_ends_in_order_and_the_rest_is_sent_later(bench: Bench) -> None:
    bench.subscribe(NAMES)
    dispatch, stop = bench.freeze(), Stop()

    def ask(message: Message) -> Outcome:
        if message.recipient.address.startswith("reader03"):
            stop.ask()
        return Accepted(message.key)

    first = bench.drive(dispatch, Scripted(ask), stop)
    assert first.balance.states[State.ACCEPTED] == 4
    assert first.balance.states[State.PLANNED] == 8
    assert bench.drive(dispatch, Scripted()).complete


def test_owner_that_slept_through_its_lease_writes_nothing_more(bench: Bench) -> None:
    bench.subscribe(NAMES[:2])
    dispatch = bench.freeze()

    def oversleep(_message: Message) -> None:
        bench.take_over(dispatch)

    provider = Scripted(before_intent=oversleep)
    with pytest.raises(DispatchError, match="has taken over"):
        bench.drive(dispatch, provider)
    assert provider.handed_over == []


def test_receipt_is_balanced_and_names_nobody(bench: Bench) -> None:
    bench.subscribe(NAMES)
    receipt = bench.drive(
        bench.freeze(),
        by_name({"reader01": lambda message: Rejected(message.key, "550 <reader01@example.org>")}),
    )
    document = json.loads(receipt.json())
    assert document["selected"] == sum(document["states"].values()) == 12
    assert document["balanced"]
    assert "@" not in receipt.json().decode()
    assert receipt.equation() == "12 selected = 11 accepted + 1 rejected + 0 excluded + 0 uncertain"


def test_receipt_groups_what_was_said(bench: Bench) -> None:
    bench.subscribe(NAMES)
    refused = {f"reader{number:02d}": f"550 5.1.1 <reader{number:02d}@example.org> no such user" for number in range(4)}
    fates: dict[str, Callable[[Message], Outcome | Exception | None]] = {
        name: lambda message, words=words: Rejected(message.key, words)  # type: ignore[misc]
        for name, words in refused.items()
    }
    fates["reader04"] = lambda message: Rejected(message.key, "550 5.7.1 go away")
    fates["reader05"] = lambda message: Deferred(message.key, "450 later")
    fates["reader06"] = lambda _message: None
    receipt = bench.drive(bench.freeze(), by_name(fates))
    assert receipt.document()["replies"] == [
        {"state": "rejected", "reply": "550 5.1.1 <(address)> no such user", "count": 4},
        {"state": "rejected", "reply": "550 5.7.1 go away", "count": 1},
        {"state": "deferred", "reply": "450 later", "count": 1},
        {"state": "uncertain", "reply": "the sending process ended before the reply", "count": 1},
    ]


def test_receipt_does_not_grow_with_replies_that_are_all_different(bench: Bench) -> None:
    bench.subscribe([f"reader{number}" for number in range(30)])
    provider = Scripted(lambda message: Rejected(message.key, f"550 {message.key}"))
    replies = bench.drive(bench.freeze(), provider).document()["replies"]
    assert len(replies) == MOST_REPLIES + 1
    assert replies[-1] == {"state": "rejected", "reply": None, "count": 30 - MOST_REPLIES}
    assert sum(one["count"] for one in replies) == 30


def test_failure_of_the_ledger_does_not_hide_that_of_the_provider(bench: Bench) -> None:
    bench.subscribe(NAMES[:2])
    dispatch = bench.freeze()

    def fail(_message: Message) -> Exception:
        bench.take_over(dispatch)
        return ProviderError("quota")

    with pytest.raises(Problems) as raised:
        bench.drive(dispatch, Scripted(fail))
    assert [type(error) for error in raised.value.errors] == [ProviderError, DispatchError]
    assert raised.value.exit_code == ProviderError.exit_code


def test_ledger_that_does_not_balance_is_an_error(bench: Bench) -> None:
    bench.subscribe(NAMES)
    dispatch = bench.freeze()
    with bench.database.writing() as connection:
        connection.execute(sa.delete(tables.deliveries).where(tables.deliveries.c.subscriber_id == 1))
    with pytest.raises(DispatchError, match="does not balance"):
        bench.drive(dispatch, Scripted())


def test_more_readers_than_one_batch_holds(bench: Bench) -> None:
    bench.subscribe([f"lezer{number}" for number in range(1100)])
    provider = Scripted()
    assert bench.drive(bench.freeze(), provider).complete
    assert len(set(provider.handed_over)) == len(provider.handed_over) == 1100


def test_receipt_tells_how_long_it_took(bench: Bench) -> None:
    bench.subscribe(["zoe"])
    dispatch = bench.freeze()
    assert bench.drive(dispatch, Scripted(lambda message: Deferred(message.key, "450 later"))).seconds is None
    bench.clock.pass_by(minutes=31)
    receipt = bench.drive(dispatch, Scripted())
    assert receipt.seconds == 31 * 60
    document = receipt.document()
    assert (document["started_at"], document["seconds"]) == (dispatch.created_at.isoformat(), 1860.0)
