"""Counts that are held back until the end of a transaction are moved once, and never hide what went wrong in it."""

import pytest
import sqlalchemy as sa

from newsletter.dispatch import counts
from newsletter.dispatch.states import State
from newsletter.store import Database, DatabaseAway, open_database
from support.dispatching import Bench
from support.postgresql import Cluster


def test_moves_are_gathered_and_moved_by_whoever_holds_them_back(bench: Bench) -> None:
    bench.subscribe(["zoe", "mo"])
    dispatch = bench.freeze()
    with bench.database.writing() as connection:
        with counts.held_back(connection) as moves:
            counts.move(connection, dispatch.id, {(State.PLANNED, ""): -1, (State.CLAIMED, ""): 1})
            counts.move(connection, dispatch.id, {(State.PLANNED, ""): -1, (State.CLAIMED, ""): 1})
            assert counts.read(connection, dispatch.id) == {(State.PLANNED, ""): 2}
        counts.move(connection, dispatch.id, moves)
        assert counts.read(connection, dispatch.id) == {(State.CLAIMED, ""): 2}


def lose_the_connection(database: Database) -> None:
    """Lose a connection on which counts are held back, and go on with it."""
    with database.writing() as connection, counts.held_back(connection):
        own = connection.execute(sa.select(sa.func.pg_backend_pid())).scalar_one()
        with database.writing() as other:
            other.execute(sa.select(sa.func.pg_terminate_backend(own)))
        counts.read(connection, "none")


def test_a_connection_that_is_lost_meanwhile_is_told_as_such(cluster: Cluster) -> None:
    database = open_database(cluster.new_database(), cluster.folder)
    try:
        with pytest.raises(DatabaseAway):
            lose_the_connection(database)
    finally:
        database.close()
