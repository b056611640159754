"""The database is locked while replies come in: they are kept, and written as soon as it is free again."""

import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from newsletter.dispatch import runner
from newsletter.dispatch.transactions import Transactions
from newsletter.providers.base import Accepted, Intend, Message, Outcome
from newsletter.store import DatabaseBusy, engine, insist, open_database, patience
from newsletter.subscribers import Definitions, synchronise_attributes
from newsletter.tokens import Signer
from newsletter.workspace import Workspace
from support.dispatching import Bench, Clock, Scripted

NAMES = tuple(f"reader{number}" for number in range(6))


@dataclass
class Other:
    """Another process that writes to the same file."""

    connection: sqlite3.Connection

    def lock(self) -> None:
        self.connection.execute("BEGIN IMMEDIATE")

    def let_go(self) -> None:
        if self.connection.in_transaction:
            self.connection.execute("COMMIT")


@dataclass
class InFlight(Scripted):
    """A provider that has several messages under way at once: all are intended before any reply is read."""

    in_flight: Callable[[], None] = lambda: None
    together: int = 3

    async def submit(self, messages: AsyncIterator[Message], intend: Intend) -> AsyncIterator[Outcome]:
        under_way: list[Message] = []
        async for message in messages:
            if await intend([message.key]):
                under_way.append(message)
            if len(under_way) == self.together:
                self.in_flight()
                for one in under_way:
                    self.handed_over.append(one.recipient.address)
                    yield Accepted(one.key)
                under_way = []


@pytest.fixture
def bench(
    tmp_path: Path,
    workspace: Workspace,
    definitions: Definitions,
    signer: Signer,
    now: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Bench]:
    monkeypatch.setattr(engine, "BUSY_TIMEOUT_MILLISECONDS", 10)
    database = open_database(f"sqlite:///{tmp_path}/test.db", tmp_path)
    synchronise_attributes(database, definitions)
    yield Bench(workspace, definitions, signer, database, Clock(now))
    database.close()


@pytest.fixture
def other(tmp_path: Path, bench: Bench) -> Iterator[Other]:
    connection = sqlite3.connect(tmp_path / "test.db", isolation_level=None, check_same_thread=False)
    yield Other(connection)
    connection.close()


def test_lock_that_passes_costs_nothing(bench: Bench, other: Other, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.subscribe(NAMES)
    dispatch = bench.freeze()
    monkeypatch.setattr(patience, "sleep", lambda _seconds: other.let_go())
    provider = InFlight(in_flight=other.lock)
    receipt = bench.drive(dispatch, provider)
    assert receipt.balance.is_settled
    assert len(provider.handed_over) == len(NAMES)


def test_replies_read_under_a_lock_that_outlasts_all_patience_are_written_at_the_end(
    bench: Bench, other: Other, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.subscribe(NAMES)
    dispatch = bench.freeze()
    monkeypatch.setattr(runner, "insist", lambda work: insist(work, timedelta(0)))
    put_down = Transactions.put_down

    def put_down_at_last(self: Transactions) -> object:
        other.let_go()
        return put_down(self)

    monkeypatch.setattr(Transactions, "put_down", put_down_at_last)
    provider = InFlight(in_flight=other.lock)
    with pytest.raises(DatabaseBusy, match="locked"):
        bench.drive(dispatch, provider)
    assert bench.receipt.equation() == "6 selected = 3 accepted + 0 rejected + 0 excluded + 0 uncertain + 3 planned"
