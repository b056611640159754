"""PostgreSQL is restarted, or cuts its connections, while a worker sends: it goes on by itself, and nobody is lost."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import psycopg
import pytest

from newsletter.dispatch.dispatches import DispatchState, hold_dispatch
from newsletter.dispatch.rehearsal.faults import Fault
from newsletter.dispatch.rehearsal.proof import Circumstances
from newsletter.store import Database, DatabaseAway
from support.postgresql import Cluster, Unavailable
from support.sending_stage import Stage, stage

READERS = 1200
CUTS = 4


@pytest.fixture
def own_cluster() -> Iterator[Cluster]:
    """A server that no other test needs."""
    try:
        running = Cluster.start()
    except Unavailable as error:
        pytest.skip(str(error))
    yield running
    running.stop()


@contextmanager
def sending(tmp_path: Path, url: str) -> Iterator[Stage]:
    # Some replies are late, so that there is always something under way.
    with stage(tmp_path, url, rates={Fault.LATE: 0.2}) as made:
        made.freeze(READERS)
        yield made


def finished(made: Stage) -> bool:
    return made.now().state is DispatchState.FINISHED


def cut(url: str) -> int:
    """End every connection to a database but our own, and tell how many there were."""
    every = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> %s"
    with psycopg.connect(url, autocommit=True) as connection:
        return len(connection.execute(every, [connection.info.backend_pid]).fetchall())


def test_worker_outlives_a_restart_of_the_database(own_cluster: Cluster, tmp_path: Path) -> None:
    with sending(tmp_path, own_cluster.new_database()) as made:
        with made.worker() as worker:
            made.wait_until(lambda: made.taken() > READERS // 5)
            own_cluster.restart()
            made.wait_until(lambda: finished(made))
            assert worker.poll() is None
        assert worker.returncode == 0, made.said
        assert "Traceback" not in made.said
        assert made.broken_promises(Circumstances(kills=1, concurrency=made.in_flight)) == []


def has_taken(made: Stage, count: int) -> bool:
    return made.taken() > count


def test_connections_that_are_cut_while_sending_lose_nobody(cluster: Cluster, tmp_path: Path) -> None:
    url = cluster.new_database()
    with sending(tmp_path, url) as made:
        with made.worker() as worker:
            for number in range(1, CUTS + 1):
                made.wait_until(partial(has_taken, made, READERS * number // (CUTS + 2)))
                assert cut(url)
            made.wait_until(lambda: finished(made))
            assert worker.poll() is None
        assert worker.returncode == 0, made.said
        assert "Traceback" not in made.said
        assert made.broken_promises(Circumstances(kills=CUTS, concurrency=made.in_flight)) == []


def test_process_that_stands_still_in_a_transaction_is_not_waited_for_for_ever(
    cluster: Cluster, tmp_path: Path
) -> None:
    with sending(tmp_path, cluster.new_database()) as made, made.open() as database:
        with pytest.raises(DatabaseAway):
            stand_still(made, database)
        assert made.broken_promises(Circumstances(kills=0, concurrency=made.in_flight)) == []


def stand_still(made: Stage, database: Database) -> None:
    """Hold the dispatch as a process does that is stopped right then, until a worker has sent it all the same."""
    with database.writing() as connection:
        hold_dispatch(connection, made.dispatch)
        with made.worker() as worker:
            made.wait_until(lambda: finished(made))
            assert worker.poll() is None
        assert worker.returncode == 0, made.said
        hold_dispatch(connection, made.dispatch)
