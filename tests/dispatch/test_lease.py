"""The lease: a sender that lives keeps it, however long a reply takes; one that has ended is succeeded at once."""

import asyncio
import os
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from datetime import timedelta

import pytest
import sqlalchemy as sa

from newsletter.audience import Selection
from newsletter.dispatch import (
    Dispatch,
    Step,
    Stop,
    accept,
    dispatches,
    ledger,
    propose,
    standing,
    transactions,
    write_receipt,
)
from newsletter.dispatch.driving import drive_with
from newsletter.dispatch.lease import LASTING, SHARED_LASTING, Fate, at_work, fate, owner_name
from newsletter.dispatch.ledger import Settled
from newsletter.errors import DispatchError
from newsletter.message import DeliveryKey
from newsletter.providers.base import Accepted, Intend, Message, Outcome, Uncertain
from newsletter.store import tables
from support.dispatching import ELSEWHERE, PACE, SLUG, Bench, Scripted

PATIENCE = 20.0


def lease_until(bench: Bench, dispatch: Dispatch) -> object:
    with bench.database.reading() as connection:
        return connection.scalar(sa.select(tables.leases.c.until).where(tables.leases.c.dispatch_id == dispatch.id))


class Slow(Scripted):
    """A provider whose first reply takes until something has happened."""

    until: Callable[[], bool]

    async def submit(self, messages: AsyncIterator[Message], intend: Intend) -> AsyncIterator[Outcome]:
        async for message in messages:
            for key in await intend([message.key]):
                self.handed_over.append(message.recipient.address)
                async with asyncio.timeout(PATIENCE):
                    while not self.until():  # noqa: ASYNC110 - the condition is in the database
                        await asyncio.sleep(0)
                yield Accepted(key)


def test_lease_is_renewed_while_one_reply_takes_longer_than_it_lasts(bench: Bench) -> None:
    bench.subscribe(["zoe"])
    dispatch = bench.freeze()
    provider, waited = Slow(), []

    def renewed() -> bool:
        if not waited:
            waited.append(None)
            bench.clock.pass_by(seconds=LASTING.total_seconds() * 10)
        return lease_until(bench, dispatch) == bench.clock() + LASTING

    provider.until = renewed
    receipt = bench.drive(dispatch, provider, renewal=timedelta(milliseconds=1))
    assert receipt.balance.is_settled


def test_second_process_is_turned_away_while_the_first_lives_on_this_machine(bench: Bench) -> None:
    bench.subscribe(["zoe"])
    dispatch = bench.freeze()
    bench.take(dispatch, owner_name("first"))
    bench.clock.pass_by(hours=1)
    with pytest.raises(DispatchError, match="another process is sending"):
        bench.drive(dispatch, Scripted())


def test_run_that_fails_and_cannot_give_its_lease_back_does_not_lock_out_its_own_process(bench: Bench) -> None:
    bench.subscribe(["zoe"])
    dispatch = bench.freeze()
    with suppress(TimeoutError), at_work() as first:
        bench.take(dispatch, first)
        raise TimeoutError
    assert bench.drive(dispatch, Scripted()).complete


def test_owner_on_another_machine_is_waited_for_until_its_lease_ends(bench: Bench) -> None:
    bench.subscribe(["zoe"])
    dispatch = bench.freeze()
    bench.take(dispatch, ELSEWHERE)
    with pytest.raises(DispatchError, match="another process is sending"):
        bench.drive(dispatch, Scripted())
    bench.clock.pass_by(seconds=LASTING.total_seconds() + 1)
    assert bench.drive(dispatch, Scripted()).complete


def test_owner_that_has_ended_on_this_machine_need_not_be_waited_for(bench: Bench) -> None:
    bench.subscribe(["zoe"])
    dispatch = bench.freeze()
    ended = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True)
    bench.take(dispatch, f"{socket.gethostname()}:{int(ended.stdout)}:1:token")
    assert bench.drive(dispatch, Scripted()).complete


def test_of_two_that_share_a_dispatch_only_what_the_dead_one_held_is_put_right(bench: Bench) -> None:
    bench.subscribe([f"reader{number}" for number in range(6)])
    frozen = bench.freeze()
    dead = bench.take(frozen, ELSEWHERE, shared=True)
    living = bench.take(frozen, owner_name("living"), shared=True)
    with bench.database.writing() as connection:
        (first, second) = ledger.claim(connection, dead, bench.clock(), 2)
        (third, fourth) = ledger.claim(connection, living, bench.clock(), 2)
        assert len({first, second, third, fourth}) == 4
        ledger.intend(connection, dead, bench.clock(), {first: DeliveryKey("a")})
        ledger.intend(connection, living, bench.clock(), {third: DeliveryKey("b")})
    bench.clock.pass_by(seconds=SHARED_LASTING.total_seconds() + 1)
    bench.take(frozen, owner_name("next"), shared=True)
    with bench.database.writing() as connection:
        by_number = sa.select(tables.deliveries.c.state).order_by(tables.deliveries.c.subscriber_id)
        assert list(connection.scalars(by_number)) == [
            "uncertain", "planned", "submitting", "claimed", "planned", "planned",
        ]  # fmt: skip
        assert standing(connection, frozen, bench.clock(), PACE).processes == 2
        ledger.settle(connection, living, bench.clock(), [Settled(third, Step.ACCEPT)])
    with pytest.raises(DispatchError, match="taken over"), bench.database.writing() as connection:
        ledger.settle(connection, dead, bench.clock(), [Settled(first, Step.ACCEPT)])


def test_nobody_hands_over_what_another_one_holds_who_shares_the_dispatch(bench: Bench) -> None:
    bench.subscribe(["zoe"])
    frozen = bench.freeze()
    one, other = (bench.take(frozen, owner_name(name), shared=True) for name in ("a", "b"))
    with bench.database.writing() as connection:
        (zoe,) = ledger.claim(connection, one, bench.clock(), 1)
    with pytest.raises(DispatchError, match="not where they should be"), bench.database.writing() as connection:
        ledger.intend(connection, other, bench.clock(), {zoe: DeliveryKey("k")})


@pytest.mark.parametrize(("first", "second"), [(True, False), (False, True), (False, False)])
def test_who_wants_a_dispatch_alone_and_who_has_it_alone_share_it_with_nobody(
    bench: Bench, first: bool, second: bool
) -> None:
    bench.subscribe(["zoe"])
    frozen = bench.freeze()
    bench.take(frozen, owner_name("first"), shared=first)
    with pytest.raises(DispatchError, match=r"(is|are) sending"):
        bench.take(frozen, owner_name("second"), shared=second)


def test_of_two_that_end_together_the_last_one_finishes_the_dispatch(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.subscribe(["anna", "ben", "cas", "dirk"])
    frozen, there = bench.freeze(), bench.surroundings

    async def both() -> None:
        meeting = asyncio.Barrier(2)

        class Meeting(Scripted):
            async def submit(self, messages: AsyncIterator[Message], intend: Intend) -> AsyncIterator[Outcome]:
                first = await anext(messages)
                async with asyncio.timeout(PATIENCE):
                    await meeting.wait()
                for key in await intend([first.key]):
                    yield Accepted(key)
                async for message in messages:
                    for key in await intend([message.key]):
                        yield Accepted(key)

        drives = [drive_with(there, frozen, Meeting(), lambda _: None, Stop(), shared=True) for _ in range(2)]
        await asyncio.gather(*drives)

    monkeypatch.setattr(transactions, "SMALLEST_BATCH", 1)
    monkeypatch.setattr(transactions, "BATCH", 1)
    asyncio.run(both())
    receipt = write_receipt(bench.database, frozen)
    assert receipt.equation() == "4 selected = 4 accepted + 0 rejected + 0 excluded + 0 uncertain"
    with bench.database.reading() as connection:
        assert dispatches.read_dispatch(connection, frozen.id).state == "finished"


@pytest.mark.parametrize("shared", [False, True])
def test_who_comes_when_a_dispatch_has_ended_leaves_it_as_it_is(bench: Bench, shared: bool) -> None:
    bench.subscribe(["zoe"])
    plan = propose(bench.surroundings, SLUG, Selection("leden"), None, on_uncertain="resend")
    frozen = accept(bench.surroundings, plan)
    bench.drive(frozen, Scripted(lambda message: Uncertain(message.key, "lost")))
    bench.clock.pass_by(hours=1)
    bench.drive(frozen, Scripted(lambda message: Uncertain(message.key, "lost again")))
    with bench.database.reading() as connection:
        before = standing(connection, frozen, bench.clock(), PACE)
    assert before.dispatch.state == "finished"
    asyncio.run(drive_with(bench.surroundings, frozen, Scripted(), lambda _: None, Stop(), shared=shared))
    with bench.database.reading() as connection:
        assert standing(connection, frozen, bench.clock(), PACE) == before
        assert not connection.scalar(sa.select(sa.func.count()).select_from(tables.leases))


def test_fate_of_a_process_is_told_from_its_number_and_its_start() -> None:
    mine = owner_name("token")
    host, number, started, token = mine.rsplit(":", 3)
    assert fate(mine) is Fate.LIVES
    assert fate(f"{host}:{number}:{int(started) - 1}:{token}") is Fate.ENDED
    assert fate(f"{host}x:{number}:{started}:{token}") is Fate.ELSEWHERE
    assert fate("nonsense") is Fate.ELSEWHERE


def test_process_that_was_killed_has_ended_before_its_parent_asks() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        owner = f"{socket.gethostname()}:{process.pid}::token"
        assert fate(owner) is Fate.LIVES
        process.kill()
        # Waits for the end and leaves it unasked for.
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert fate(owner) is Fate.ENDED
