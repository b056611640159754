"""Somebody leaves in the very moment in which their message is about to go: they are first, or they wait."""

import threading
from collections.abc import Callable
from datetime import datetime

import pytest
import sqlalchemy as sa

from newsletter.dispatch import transactions
from newsletter.store import Database, tables
from newsletter.subscribers import Definitions, parse_address, remove, unsubscribe
from newsletter.tokens import Signer
from newsletter.workspace import Workspace
from support.dispatching import Bench, Clock, Scripted
from support.postgresql import wait_for_lock

ADDRESS = parse_address("jan@example.org")


def leave(bench: Bench) -> None:
    with bench.database.writing() as connection:
        unsubscribe(connection, ADDRESS, "leden", bench.clock())


def be_erased(bench: Bench) -> None:
    with bench.database.writing() as connection:
        remove(connection, ADDRESS, bench.clock(), bench.signer.address_hashes, suppress=True)


def complain(bench: Bench) -> None:
    hashed = bench.signer.hash_address(ADDRESS.key)
    row = {"address_hash": hashed, "reason": "complaint", "created_at": bench.clock()}
    with bench.database.writing() as connection:
        connection.execute(sa.insert(tables.suppressions).values(row))


@pytest.fixture
def bench(workspace: Workspace, definitions: Definitions, signer: Signer, database: Database, now: datetime) -> Bench:
    return Bench(workspace, definitions, signer, database, Clock(now))


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.parametrize("go", [leave, be_erased, complain])
def test_nothing_goes_after_a_departure_that_is_committed(
    bench: Bench, go: Callable[[Bench], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.subscribe(["jan", "piet"])
    dispatch = bench.freeze()
    look, threads = transactions.departed, []

    def look_and_be_overtaken(
        connection: sa.Connection, subscribers: list[int], list_name: str, now: datetime
    ) -> dict[int, str]:
        gone = look(connection, subscribers, list_name, now)
        if not threads:
            thread = threading.Thread(target=go, args=[bench])
            threads.append(thread)
            thread.start()
            assert wait_for_lock(bench.database, lambda: not thread.is_alive()), "it was committed before the intent"
        return gone

    monkeypatch.setattr(transactions, "departed", look_and_be_overtaken)
    provider = Scripted()
    assert bench.drive(dispatch, provider).balance.is_settled
    threads[0].join()
    assert provider.handed_over == ["jan@example.org", "piet@example.org"]
