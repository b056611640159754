"""What a worker does when something is wrong, and what it finds to do."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
import sqlalchemy as sa

from newsletter.audience import Selection
from newsletter.dispatch import (
    Dispatch,
    Notice,
    Start,
    Step,
    Stop,
    Worker,
    accept,
    counts,
    lease,
    ledger,
    propose,
    scheduling,
    working,
)
from newsletter.dispatch.audit import Action, read_log
from newsletter.dispatch.dispatches import read_dispatch
from newsletter.dispatch.driving import drive_with
from newsletter.dispatch.ledger import Settled
from newsletter.dispatch.tasks import MOST_OFF, share_work
from newsletter.dispatch.transactions import Transactions
from newsletter.errors import DispatchError
from newsletter.message import DeliveryKey
from newsletter.providers.base import Message
from newsletter.store import tables
from newsletter.subscribers import parse_address, unsubscribe
from support.dispatching import ELSEWHERE, PACE, SLUG, Bench, Scripted


def state(bench: Bench, dispatch: Dispatch) -> str:
    with bench.database.reading() as connection:
        return read_dispatch(connection, dispatch.id).state.value


def test_mistake_of_the_program_pauses_a_dispatch_and_leaves_the_others_alone(
    two_lists: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = two_lists
    bench.subscribe(["zoe"])
    bench.subscribe(["mo"], to="anderen")
    dispatch = bench.freeze()
    bench.clock.pass_by(minutes=1)
    other = bench.freeze(to="anderen")
    drive = working.drive

    def fail(_there: object, one: Dispatch, *rest: object, **more: object) -> object:
        if one.id == dispatch.id:
            raise RuntimeError("a mistake")
        return drive(_there, one, *rest, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(working, "drive", fail)
    worker = Worker(bench.surroundings, Stop())
    told = [notice.name for notice in worker.work()]
    assert told == ["dispatch.continued", "dispatch.broken", "dispatch.continued", "dispatch.rested"]
    assert state(bench, dispatch) == "paused"
    assert state(bench, other) == "finished"
    with bench.database.reading() as connection:
        last = read_log(connection, dispatch.id)[-1]
    assert (last.action, last.detail) == (Action.PAUSED, "a mistake in the program: RuntimeError")
    assert list(worker.work()) == []


def test_who_joins_a_dispatch_that_was_for_nobody_when_it_was_frozen_gets_it(bench: Bench) -> None:
    bench.subscribe(["zoe"])
    with bench.database.writing() as connection:
        unsubscribe(connection, parse_address("zoe@example.org"), "leden", bench.clock())
    start = Start(bench.clock() + timedelta(hours=1))
    dispatch = accept(bench.surroundings, propose(bench.surroundings, SLUG, Selection("leden"), None, start=start))
    bench.subscribe(["mo"])
    bench.clock.pass_by(hours=2)
    assert any("1 accepted" in notice.message for notice in Worker(bench.surroundings, Stop()).work())
    assert state(bench, dispatch) == "finished"


@contextmanager
def held(bench: Bench, dispatch: Dispatch) -> Iterator[None]:
    leased = bench.take(dispatch, lease.owner_name("other"), shared=True)
    yield
    with bench.database.writing() as connection:
        lease.give_back(connection, leased)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_dispatch_that_is_in_other_hands_and_has_nothing_left_is_not_due(bench: Bench) -> None:
    bench.subscribe(["zoe"])
    dispatch, worker = bench.freeze(), Worker(bench.surroundings, Stop())
    assert [one.id for one in worker.due()] == [dispatch.id]
    with held(bench, dispatch):
        assert [one.id for one in worker.due()] == [dispatch.id]
        with bench.database.writing() as connection:
            connection.execute(sa.update(tables.deliveries).values(state="claimed", lease_number=1))
        assert worker.due() == []


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.parametrize("sign", [-1, 1])
def test_worker_whose_clock_is_wrong_does_not_begin(bench: Bench, sign: int) -> None:
    with bench.database.reading() as connection:
        bench.clock.moment = connection.execute(sa.select(sa.func.clock_timestamp())).scalar_one()
    bench.clock.moment += sign * (MOST_OFF + timedelta(minutes=1))
    with pytest.raises(DispatchError, match="the clock of this machine is 6"):
        share_work(Worker(bench.surroundings, Stop()), timedelta(seconds=1), lambda _notice: None)


def test_first_part_is_looked_at_only_when_nobody_has_some_of_it_in_hand(bench: Bench) -> None:
    bench.subscribe([f"reader{number}" for number in range(10)])
    plan = propose(bench.surroundings, SLUG, Selection("leden"), None, canary=40)
    dispatch = accept(bench.surroundings, plan)
    slow = bench.take(dispatch, lease.owner_name("slow"), shared=True)
    with bench.database.writing() as connection:
        (claimed,) = ledger.claim(connection, slow, bench.clock(), 1)
    asyncio.run(drive_with(bench.surroundings, dispatch, Scripted(), lambda _: None, Stop(), shared=True))
    with bench.database.reading() as connection:
        assert list(bench.states(dispatch).values()).count("accepted") == 3
        assert read_dispatch(connection, dispatch.id).canary_until is None
        assert scheduling.due(connection, bench.clock(), PACE, shared=True) == []
    with bench.database.writing() as connection:
        ledger.intend(connection, slow, bench.clock(), {claimed: DeliveryKey("k")})
        ledger.settle(connection, slow, bench.clock(), [Settled(claimed, Step.ACCEPT)])
        scheduling.conclude_first_part(connection, slow, bench.clock(), PACE, "tester")
        assert read_dispatch(connection, dispatch.id).canary_until == bench.clock() + PACE.observation


def test_slow_worker_that_dies_with_some_of_the_first_part_is_put_right(bench: Bench) -> None:
    bench.subscribe([f"reader{number}" for number in range(10)])
    plan = propose(bench.surroundings, SLUG, Selection("leden"), None, canary=40)
    dispatch = accept(bench.surroundings, plan)
    dead = bench.take(dispatch, ELSEWHERE, shared=True)
    with bench.database.writing() as connection:
        assert len(ledger.claim(connection, dead, bench.clock(), 4)) == 4
    with bench.database.reading() as connection:
        assert scheduling.due(connection, bench.clock(), PACE, shared=True) == []
    bench.clock.pass_by(minutes=2)
    with bench.database.reading() as connection:
        assert [one.id for one in scheduling.due(connection, bench.clock(), PACE, shared=True)] == [dispatch.id]
    bench.drive(dispatch, Scripted())
    assert list(bench.states(dispatch).values()).count("accepted") == 4


def test_counts_are_moved_once_in_a_transaction_whatever_happens_in_it(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two workers that came back to these rows, in another order each, would wait for each other."""
    bench.subscribe([f"reader{number}" for number in range(6)])
    dispatch, seen, stand = bench.freeze(), [], counts._MOVE

    class Watched:
        def run(self, connection: sa.Connection, rows: list[tuple[object, ...]], **values: object) -> int:
            seen.append(connection.get_transaction())
            return stand.run(connection, rows, **values)

    monkeypatch.setattr(counts, "_MOVE", Watched())

    def leave(message: Message) -> None:
        with bench.database.writing() as connection:
            unsubscribe(connection, parse_address(message.recipient.address), "leden", bench.clock())

    provider = Scripted(
        before_intent=lambda message: leave(message) if "reader3" in message.recipient.address else None
    )
    with monkeypatch.context() as only_while_sending:
        only_while_sending.setattr(Transactions, "put_down", lambda _self: ())
        asyncio.run(drive_with(bench.surroundings, dispatch, provider, lambda _: None, Stop()))
    assert list(bench.states(dispatch).values()).count("excluded") == 1
    assert len(seen) == len(set(map(id, seen))) >= 6


def test_worker_waits_for_a_database_that_it_cannot_read_and_goes_on_with_it(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(working, "LATER", timedelta(seconds=0.1))
    bench.subscribe(["zoe"])
    dispatch = bench.freeze()
    bench.clock.pass_by(minutes=1)
    stop, told = Stop(), []

    def rename(old: str, new: str) -> None:
        with bench.database.writing() as connection:
            connection.execute(sa.text(f"ALTER TABLE {old} RENAME TO {new}"))

    def tell(notice: Notice) -> None:
        told.append(notice.name)
        if notice.name == "worker.waiting":
            rename("gone", "leases")
        if notice.name == "dispatch.rested":
            stop.ask()

    rename("leases", "gone")
    Worker(bench.surroundings, stop).keep_working(timedelta(seconds=0.01), tell)
    assert told == ["worker.waiting", "dispatch.continued", "dispatch.rested"]
    assert state(bench, dispatch) == "finished"
