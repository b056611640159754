"""Intents that are asked for at the same time share a transaction, and each caller gets its own answer."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from newsletter.dispatch import Dispatch, Stop, account, ledger
from newsletter.dispatch.driving import drive_with
from newsletter.dispatch.transactions import BATCH, Transactions
from newsletter.errors import DispatchError, NewsletterError, ProviderError
from newsletter.message import DeliveryKey
from newsletter.providers.base import Accepted, Deferred, Intend, Limits, Message, Outcome, Rejected, Uncertain
from newsletter.store import Database, open_database, tables
from newsletter.subscribers import synchronise_attributes
from support.dispatching import ELSEWHERE, Bench, Clock, Scripted

NAMES = tuple(f"reader{number:02d}" for number in range(24))
PATIENCE = 20.0
STATES = {"accept": "accepted", "defer": "deferred", "reject": "rejected", "lose": "uncertain", "forget": "uncertain"}


def outcome_of(fate: str, key: DeliveryKey) -> Outcome | None:
    return {
        "accept": Accepted(key, "reference", "250 ok"),
        "defer": Deferred(key, "450 later"),
        "reject": Rejected(key, "550 no"),
        "lose": Uncertain(key, "lost"),
    }.get(fate)


@dataclass(frozen=True)
class Act:
    """What a worker does with the next messages that it takes.

    Args:
        turns: How many turns of the event loop pass before the intent, and before the outcome.
        early: It refuses them before there is an intent.
    """

    fate: str
    together: int = 1
    turns: tuple[int, int] = (0, 0)
    early: bool = False


@dataclass
class Workers:
    """A provider with several messages under way at once, which looks into the database after every intent."""

    database: Database
    acts: Sequence[Sequence[Act]]
    wrong: list[str] = field(default_factory=list)
    expected: dict[DeliveryKey, str] = field(default_factory=dict)
    withheld: set[DeliveryKey] = field(default_factory=set)
    stop: Stop = field(default_factory=Stop)
    limits = Limits()

    async def submit(self, messages: AsyncIterator[Message], intend: Intend) -> AsyncIterator[Outcome]:
        self.pulling, self.intend, self.messages = asyncio.Lock(), intend, messages
        outcomes: asyncio.Queue[Outcome | None] = asyncio.Queue()
        work = asyncio.gather(*(self.work(acts, outcomes) for acts in self.acts), return_exceptions=True)
        work.add_done_callback(lambda _: outcomes.put_nowait(None))
        while (outcome := await outcomes.get()) is not None:
            yield outcome
        for error in await work:
            if error is not None:
                raise error

    async def work(self, acts: Sequence[Act], outcomes: "asyncio.Queue[Outcome | None]") -> None:
        for act in acts:
            async with self.pulling:
                taken = [one for _ in range(act.together) if (one := await anext(self.messages, None)) is not None]
            if not taken:
                return
            await turn(act.turns[0])
            keys = [message.key for message in taken]
            if act.fate == "fail":
                raise ProviderError("quota")
            if act.fate == "stop":
                self.stop.ask()
            going = frozenset(keys) if act.early else await self.intend(keys)
            if not act.early:
                self.look(keys, going)
            await turn(act.turns[1])
            for key in going:
                self.expected[key] = STATES.get(act.fate, "accepted")
                fate = act.fate if act.fate in STATES else "accept"
                if outcome := outcome_of(fate, key):
                    outcomes.put_nowait(outcome)

    def look(self, keys: Sequence[DeliveryKey], going: frozenset[DeliveryKey]) -> None:
        """See by another connection that what may go is in the ledger."""
        if not going <= frozenset(keys):
            self.wrong.append(f"asked for {keys}, got {going}")
        self.withheld.update(frozenset(keys) - going)
        with self.database.reading() as connection:
            found = connection.execute(
                sa.select(tables.deliveries.c.key, tables.deliveries.c.state).where(tables.deliveries.c.key.in_(going))
            )
            if dict(map(tuple, found)) != dict.fromkeys(going, "submitting"):
                self.wrong.append(f"{going} may go, and the ledger does not say so")


async def turn(times: int) -> None:
    for _ in range(times):
        await asyncio.sleep(0)


def states_by_key(database: Database) -> dict[DeliveryKey, str]:
    with database.reading() as connection:
        chosen = sa.select(tables.deliveries.c.key, tables.deliveries.c.state)
        return {DeliveryKey(key): state for key, state in connection.execute(chosen) if key}


def drive(bench: Bench, dispatch: Dispatch, provider: Workers | Scripted, stop: Stop) -> Counter[DeliveryKey]:
    """Drive a dispatch, and count how often each outcome was told of."""
    told: Counter[DeliveryKey] = Counter()

    async def run() -> None:
        async with asyncio.timeout(PATIENCE):
            await drive_with(bench.surroundings, dispatch, provider, lambda one: told.update([one.key]), stop)

    asyncio.run(run())
    return told


def assert_counted(bench: Bench, dispatch: Dispatch) -> None:
    with bench.database.reading() as connection:
        assert account.balance(connection, dispatch) == account.recount(connection, dispatch)


acts = st.builds(
    Act,
    fate=st.sampled_from(("accept", "accept", "accept", "defer", "reject", "lose", "forget", "fail", "stop")),
    together=st.integers(1, 3),
    turns=st.tuples(st.integers(0, 3), st.integers(0, 3)),
)
early = st.builds(
    Act, fate=st.sampled_from(("defer", "reject")), early=st.just(True), turns=st.tuples(st.just(0), st.just(0))
)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(plan=st.lists(st.lists(st.one_of(acts, early), max_size=5), min_size=1, max_size=6))
def test_whatever_comes_between_each_caller_gets_its_answer_and_no_outcome_is_lost_or_written_twice(
    plan: list[list[Act]], bench: Bench
) -> None:
    with TemporaryDirectory() as folder:
        database = open_database(f"sqlite:///{folder}/test.db", Path(folder))
        synchronise_attributes(database, bench.definitions)
        own = Bench(bench.workspace, bench.definitions, bench.signer, database, Clock(bench.clock.moment))
        try:
            check(own, plan)
        finally:
            database.close()


def check(bench: Bench, plan: Sequence[Sequence[Act]]) -> None:
    bench.subscribe(NAMES)
    dispatch = bench.freeze()
    provider = Workers(bench.database, plan)
    failed = any(act.fate == "fail" for acts in plan for act in acts)
    try:
        told = drive(bench, dispatch, provider, provider.stop)
    except NewsletterError:
        assert failed
        told = None
    assert provider.wrong == []
    written = states_by_key(bench.database)
    assert all(written.get(key, state) == state for key, state in provider.expected.items())
    assert not provider.withheld & written.keys()
    if told is not None:
        assert set(told.values()) <= {1}
        assert told.keys() == {key for key in provider.expected if told[key] or written.get(key) != "uncertain"}
    assert_counted(bench, dispatch)
    states = Counter(bench.states(dispatch).values())
    assert states["claimed"] == states["submitting"] == 0


def test_answer_comes_after_the_commit_on_every_database(bench: Bench) -> None:
    bench.subscribe(NAMES)
    dispatch = bench.freeze()
    provider = Workers(bench.database, [[Act("accept", together=1 + number % 2)] * 9 for number in range(6)])
    assert sum(drive(bench, dispatch, provider, Stop()).values()) == len(NAMES)
    assert provider.wrong == []
    assert set(bench.states(dispatch).values()) == {"accepted"}
    assert_counted(bench, dispatch)


def test_intents_of_many_at_once_go_in_few_transactions(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.subscribe([f"reader{number}" for number in range(100)])
    dispatch = bench.freeze()
    sizes: list[int] = []
    intend = Transactions.intend

    def counted(self: Transactions, keys: Sequence[DeliveryKey]) -> object:
        sizes.append(len(keys))
        return intend(self, keys)

    monkeypatch.setattr(Transactions, "intend", counted)
    drive(bench, dispatch, Workers(bench.database, [[Act("accept")] * 100] * 20), Stop())
    assert sum(sizes) == 100
    assert len(sizes) <= 25


def test_failure_reaches_everybody_who_waits(bench: Bench) -> None:
    bench.subscribe(NAMES)
    dispatch = bench.freeze()
    answers: list[frozenset[DeliveryKey]] = []

    class Overtaken(Scripted):
        async def submit(self, messages: AsyncIterator[Message], intend: Intend) -> AsyncIterator[Outcome]:
            taken = [await anext(messages) for _ in range(6)]
            bench.take_over(dispatch)
            answers.extend(await asyncio.gather(*(intend([message.key]) for message in taken)))
            answers.append(await intend([taken[0].key]))
            for key in frozenset[DeliveryKey]():
                yield Accepted(key)

    with pytest.raises(DispatchError, match="has taken over"):
        drive(bench, dispatch, Overtaken(), Stop())
    assert answers == [frozenset()] * 7


def test_mistake_of_the_program_leaves_nobody_waiting(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.subscribe(NAMES)
    dispatch = bench.freeze()

    def fail(_self: Transactions, _keys: Sequence[DeliveryKey]) -> object:
        raise RuntimeError("a mistake")

    monkeypatch.setattr(Transactions, "intend", fail)
    provider = Workers(bench.database, [[Act("accept")] * 4] * 3)
    with pytest.raises(RuntimeError, match="a mistake"):
        drive(bench, dispatch, provider, Stop())
    assert provider.expected == {}
    assert set(bench.states(dispatch).values()) == {"planned"}


def test_provider_that_reports_twice_ends_the_run_and_the_first_report_stands(bench: Bench) -> None:
    bench.subscribe(NAMES)
    dispatch = bench.freeze()

    class Twice(Scripted):
        async def submit(self, messages: AsyncIterator[Message], intend: Intend) -> AsyncIterator[Outcome]:
            async for message in messages:
                for key in await intend([message.key]):
                    yield Accepted(key)
                    yield Rejected(key, "550")

    with pytest.raises(DispatchError, match="reports on the delivery"):
        drive(bench, dispatch, Twice(), Stop())
    assert Counter(bench.states(dispatch).values()) == {"accepted": 1, "planned": len(NAMES) - 1}


def test_next_batch_is_claimed_while_one_is_handed_over_and_given_back_on_a_stop(bench: Bench) -> None:
    bench.subscribe([f"reader{number}" for number in range(2 * BATCH + 50)])
    dispatch, stop = bench.freeze(), Stop()
    claimed: list[int] = []

    class Waiting(Scripted):
        async def submit(self, messages: AsyncIterator[Message], intend: Intend) -> AsyncIterator[Outcome]:
            message = await anext(messages)
            while (count := list(bench.states(dispatch).values()).count("claimed")) < 2 * BATCH:  # noqa: ASYNC110
                await asyncio.sleep(0)
            claimed.append(count)
            stop.ask()
            for key in await intend([message.key]):
                yield Accepted(key)

    drive(bench, dispatch, Waiting(), stop)
    assert claimed == [2 * BATCH]
    assert set(bench.states(dispatch).values()) == {"planned"}
    assert_counted(bench, dispatch)


def test_dispatch_that_is_not_open_hands_nothing_over(bench: Bench) -> None:
    bench.subscribe(NAMES)
    dispatch = bench.take(bench.freeze(), ELSEWHERE)
    with bench.database.writing() as connection:
        subscribers = ledger.claim(connection, dispatch, bench.clock(), 3)
    with bench.database.writing() as connection:
        ledger.finish(connection, dispatch, bench.clock())
        assert ledger.assert_lease(connection, dispatch) == "finished"
        keys = {subscriber: DeliveryKey(f"key{subscriber}") for subscriber in subscribers}
        assert ledger.intend(connection, dispatch, bench.clock(), keys) == {}
        assert ledger.claim(connection, dispatch, bench.clock(), 3) == []


def test_counts_that_are_not_those_of_the_deliveries_are_an_error(bench: Bench) -> None:
    bench.subscribe(NAMES)
    dispatch = bench.freeze()
    with bench.database.writing() as connection:
        connection.execute(
            sa.update(tables.deliveries)
            .where(tables.deliveries.c.subscriber_id == 1)
            .values(state="excluded", reason="cancelled")
        )
    with pytest.raises(DispatchError, match="in other states"):
        bench.drive(dispatch, Scripted())
