"""Imports people into a list: all good rows in one transaction, safe to repeat, and nobody is brought back.

Who has unsubscribed from the list stays so, and who may not be mailed at all is not added again. Whom the file calls
unsubscribed is kept as somebody who has left, so that no later import adds them. An empty cell changes nothing.

The rows are read, checked and put aside first, which may take its time; only then is the database written, by a few
statements on all of them at once, so that senders and people who leave need hardly wait.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Final, TypeAlias, TypeVar

from newsletter.store import Database
from newsletter.subscribers.importing.applying import Fate, Target, apply, decide
from newsletter.subscribers.importing.rows import BadRow, Person
from newsletter.subscribers.importing.staging import Staging

CHUNK: Final = 500

Progress: TypeAlias = Callable[[int], None]
_T = TypeVar("_T")


@dataclass(slots=True)
class ImportResult:
    """What an import did, or would do: every row counts once."""

    counts: Counter[Fate] = field(default_factory=Counter)
    bad: list[BadRow] = field(default_factory=list)

    @property
    def rows(self) -> int:
        """How many rows there were."""
        return self.counts.total()

    @property
    def written(self) -> int:
        """How many rows changed something."""
        return sum(self.counts[fate] for fate in (Fate.ADDED, Fate.JOINED, Fate.CHANGED, Fate.LEFT))


def import_people(
    database: Database, rows: Iterable[Person | BadRow], target: Target, progress: Progress, *, dry_run: bool
) -> ImportResult:
    """Import all good rows in one transaction, or only find out what that would do.

    Of several rows with one address the first counts, unless another says that the person has left: then that one.

    Args:
        progress: Told how many rows were read since it was last told.

    Raises:
        StoreError: The database cannot be written; nothing was changed then.
    """
    result = ImportResult()
    with database.connected() as connection:
        # The rows are put aside in temporary tables, which go when this connection is closed for good.
        connection.detach()
        staging = Staging(connection, target.definitions)
        staged = _stage(rows, staging, target, result, progress)
        if dry_run:
            fates = decide(connection, staging, target)
        else:
            with database.transaction(connection):
                fates = decide(connection, staging, target)
                apply(connection, staging, target)
    result.counts.update({Fate(fate): count for fate, count in fates.items()})
    result.counts[Fate.REPEATED] = staged - sum(fates.values())
    result.counts += Counter()
    return result


def _stage(
    rows: Iterable[Person | BadRow], staging: Staging, target: Target, result: ImportResult, progress: Progress
) -> int:
    """Put the good rows aside and give how many there are."""
    staged = 0
    for chunk in _chunks(rows, CHUNK):
        people = [row for row in chunk if isinstance(row, Person)]
        result.bad += [row for row in chunk if isinstance(row, BadRow)]
        staging.add(people, target.hashes)
        staged += len(people)
        progress(len(chunk))
    staging.close()
    result.counts[Fate.BAD] = len(result.bad)
    return staged


def _chunks(items: Iterable[_T], size: int) -> Iterator[list[_T]]:
    iterator = iter(items)
    while chunk := list(islice(iterator, size)):
        yield chunk
