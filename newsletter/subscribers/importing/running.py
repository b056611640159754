"""Imports people into a list: chunk by chunk, safe to repeat and to go on with, and nobody is brought back.

Who has unsubscribed from the list stays so, and who may not be mailed at all is not added again. Whom the file calls
unsubscribed is kept as somebody who has left, so that no later import adds them. An empty cell changes nothing.

The rows are read, checked and put aside first, which may take its time; only then is the database written. Each chunk
is one transaction, which also holds how far the import has come: senders and people who leave wait no longer than one
chunk takes, and an import that was cut off goes on where it was. The rows are written in the order of their addresses.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from time import monotonic, sleep
from typing import Final, TypeAlias

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from newsletter.clock import now
from newsletter.store import Database, has_collided
from newsletter.subscribers.holding import hold_suppressions
from newsletter.subscribers.importing.applying import apply, new_numbers
from newsletter.subscribers.importing.changes import (
    Progress,
    advance,
    begin,
    find_unfinished,
    finish,
    note_known_people,
    note_people,
)
from newsletter.subscribers.importing.deciding import decide, decide_and_hold
from newsletter.subscribers.importing.rows import BadRow, Person
from newsletter.subscribers.importing.staging import Staging
from newsletter.subscribers.importing.target import WRITTEN, Fate, Target

CHUNK: Final = 20_000
"""How many rows are written in one transaction."""
READ_AT_ONCE: Final = 2_000
MOST_CELLS: Final = 200_000
"""How many rows, and cells of them, are held in memory at once."""
MOST_ATTEMPTS: Final = 10
"""How often a chunk is tried where others write the same people at the same moment."""
TIDY_EVERY: Final = 5
"""After how many chunks SQLite's log is brought into its file."""
LONGEST_TURN: Final = 1.0
"""For how many seconds SQLite is written to before others get their turn, but for the chunk that goes beyond that."""
BREATH: Final = 0.1
"""For how many seconds others may then write to it: as long as one of them waits to try again."""

Decided: TypeAlias = tuple[int, int, str, Fate]
"""The number of a row among all that were read, from 1; the line that it begins on; its address; its fate."""


@dataclass(slots=True)
class ImportResult:
    """What an import did, or would do: every row counts once.

    Attributes:
        resumed_after: How many rows an earlier run had done that was cut off.
    """

    counts: Counter[Fate] = field(default_factory=Counter)
    resumed_after: int = 0

    @property
    def rows(self) -> int:
        """How many rows there were."""
        return self.counts.total()

    @property
    def written(self) -> int:
        """How many rows changed something."""
        return sum(self.counts[fate] for fate in WRITTEN)

    @property
    def bad(self) -> int:
        """How many rows could not be imported."""
        return self.counts[Fate.BAD]


class Watcher:
    """Is told what an import does while it does it; this one does nothing with it."""

    wants_fates = False
    """Whether it is to be told of every row."""

    def read(self, count: int) -> None:
        """Take note that so many more rows were read."""

    def bad(self, number: int, row: BadRow) -> None:
        """Take note of a bad row, while it is read."""

    def resumed(self, done: int) -> None:
        """Take note that an earlier run had done so many rows."""

    def writes(self, done: int, total: int) -> None:
        """Take note that the writing begins, or has come to a row of so many."""

    def decided(self, fates: Sequence[Decided]) -> None:
        """Take note of what became of some rows, in their order."""


def import_people(
    database: Database,
    rows: Iterable[Person | BadRow],
    target: Target,
    watcher: Watcher | None = None,
    *,
    fields: Collection[str] | None = None,
    dry_run: bool = False,
) -> ImportResult:
    """Import all good rows, or only find out what that would do.

    Of several rows with one address the first counts, unless another says that the person has left: then that one.

    Args:
        fields: The fields that rows may say something of; all that there are, if not given.

    Raises:
        StoreError: The database cannot be written; what was written until then stays, and the same again goes on.
    """
    watcher = watcher or Watcher()
    result = ImportResult()
    with database.connected() as connection:
        # The rows are put aside in temporary tables, which go when this connection is closed for good.
        connection.detach()
        _prepare(connection)
        staging = Staging(connection, target.definitions, fields, target.networks)
        _stage(rows, staging, target, result, watcher)
        if dry_run:
            _try_out(connection, staging, target, result, watcher)
        else:
            _write(database, connection, staging, target, result, watcher)
    result.counts += Counter()
    return result


def _prepare(connection: sa.Connection) -> None:
    """Suit the connection to much work that can be begun anew at any moment."""
    sqlite = (
        "PRAGMA synchronous = NORMAL",
        "PRAGMA wal_autocheckpoint = 0",
        # Four times as much is no quicker, and stays with the process when all is done.
        "PRAGMA main.cache_size = -16384",
        "PRAGMA temp.cache_size = -16384",
        "PRAGMA temp_store = FILE",
    )
    # Plans that are good for one chunk, whatever the server believes about tables that grow while it looks away.
    postgresql = (
        "SET synchronous_commit = off",
        "SET enable_hashjoin = off",
        "SET enable_mergejoin = off",
        "SET work_mem = '32MB'",
    )
    for statement in sqlite if connection.dialect.name == "sqlite" else postgresql:
        connection.exec_driver_sql(statement)
    if connection.dialect.name != "sqlite":
        connection.commit()


def _stage(
    rows: Iterable[Person | BadRow], staging: Staging, target: Target, result: ImportResult, watcher: Watcher
) -> None:
    """Put the good rows aside, many at a time, but no more than fit into little memory."""
    count = cells = 0
    people: list[tuple[int, Person]] = []
    with staging.filling(target.hashes) as add:
        for number, row in enumerate(rows, 1):
            if isinstance(row, Person):
                people.append((number, row))
            else:
                result.counts[Fate.BAD] += 1
                watcher.bad(number, row)
            count += 1
            cells += len(row.row.cells)
            if count >= READ_AT_ONCE or cells >= MOST_CELLS:
                add(people)
                watcher.read(count)
                people.clear()
                count = cells = 0
        add(people)
        watcher.read(count)


def _try_out(
    connection: sa.Connection, staging: Staging, target: Target, result: ImportResult, watcher: Watcher
) -> None:
    watcher.writes(0, staging.last)
    for after in range(0, staging.last, CHUNK):
        result.counts += decide(connection, staging, target, after, after + CHUNK)
        if watcher.wants_fates:
            staging.keep_fates()
        watcher.writes(min(after + CHUNK, staging.last), staging.last)
    _tell(staging, watcher)
    connection.rollback()


def _write(
    database: Database,
    connection: sa.Connection,
    staging: Staging,
    target: Target,
    result: ImportResult,
    watcher: Watcher,
) -> None:
    with database.transaction(connection):
        known = find_unfinished(connection, target.identity, staging.digest) if target.identity else None
        progress = known or begin(connection, target, staging.digest)
    # What was begun is gone on with as of the moment that it began at, so that all of it can be told as one change.
    target = replace(target, now=progress.at)
    if progress.row:
        result.resumed_after = progress.row
        watcher.resumed(progress.row)
    watcher.writes(progress.row, staging.last)
    turns = _Turns(connection) if database.is_sqlite else None
    while progress.row < staging.last:
        progress = _write_patiently(database, connection, staging, target, progress, watcher)
        watcher.writes(progress.row, staging.last)
        if progress.row < staging.last and turns:
            turns.let_others_write()
    _tell(staging, watcher)
    _let_it_last(connection)
    with database.transaction(connection):
        finish(connection, progress, max(now(), target.now))
    result.counts += progress.counts


def _write_patiently(
    database: Database,
    connection: sa.Connection,
    staging: Staging,
    target: Target,
    progress: Progress,
    watcher: Watcher,
) -> Progress:
    """Write a chunk; anew, where somebody else has written the same people at the same moment."""
    attempts = 0
    while True:
        attempts += 1
        try:
            with database.transaction(connection):
                return _write_chunk(connection, staging, target, progress, watcher)
        except DBAPIError as error:
            if attempts == MOST_ATTEMPTS or not has_collided(error):
                raise


def _write_chunk(
    connection: sa.Connection, staging: Staging, target: Target, progress: Progress, watcher: Watcher
) -> Progress:
    until = min(progress.row + CHUNK, staging.last)
    hold_suppressions(connection)
    new_number = new_numbers(connection, staging, progress.row)
    counts = decide_and_hold(connection, staging, target, progress.row, until, new_number)
    if any(counts[fate] for fate in WRITTEN):
        # What is kept of people is noted before it changes; the rows that name new ones wait for these.
        before = note_known_people(connection, staging, target, progress.change, counts)
        apply(connection, staging, target, counts)
        note_people(connection, staging, progress.change, before)
    advance(connection, progress, until, counts)
    if watcher.wants_fates:
        staging.keep_fates()
    return replace(progress, row=until, counts=progress.counts + counts)


def _tell(staging: Staging, watcher: Watcher) -> None:
    if watcher.wants_fates:
        for page in staging.told(READ_AT_ONCE):
            watcher.decided([(number, line, address, Fate(fate)) for number, line, address, fate in page])


def _let_it_last(connection: sa.Connection) -> None:
    """Let the next commit, and with it all before, be on disk when it is done."""
    is_sqlite = connection.dialect.name == "sqlite"
    connection.exec_driver_sql("PRAGMA synchronous = FULL" if is_sqlite else "SET synchronous_commit = on")
    connection.commit()


class _Turns:
    """Sees to it that others get their turn to write to SQLite."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection
        self._begun = monotonic()
        self._chunks = 0

    def let_others_write(self) -> None:
        """After each chunk: wait for who wants to write, when this has written for long enough.

        The time is used to bring what was written into the file, which locks nobody out; but not each time, since most
        of it is the same pages again after the next chunk.
        """
        self._chunks += 1
        paused = monotonic()
        if paused - self._begun < LONGEST_TURN:
            return
        if self._chunks >= TIDY_EVERY:
            self._connection.exec_driver_sql("PRAGMA wal_checkpoint(PASSIVE)").close()
            self._chunks = 0
        sleep(max(0.0, BREATH - (monotonic() - paused)))
        self._begun = monotonic()
