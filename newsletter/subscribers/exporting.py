"""Exports people as CSV or an Excel workbook that opens without harm, and that can be imported again."""

import codecs
import csv
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import IO, Any, Final, Protocol

import sqlalchemy as sa

from newsletter.expressions import Value
from newsletter.store import tables
from newsletter.store.conditions import Numbers, is_among
from newsletter.subscribers.consent import Act
from newsletter.subscribers.definitions import TOPICS, Definitions
from newsletter.subscribers.formulas import guard_formula
from newsletter.subscribers.importing.headers import EXPORTED, EXPORTED_TOO, TAGS
from newsletter.subscribers.loading import read_records
from newsletter.subscribers.sheets import WorkbookWriter

PAGE: Final = 500
_JOINING: Final = (Act.JOINED, Act.ADDED, Act.IMPORTED, Act.RETURNED)

_subscriptions, _tags, _consents = tables.subscriptions, tables.subscriber_tags, tables.consents
_suppressions = tables.suppressions


class Writer(Protocol):
    """What rows are written to."""

    def writerow(self, cells: Sequence[str], /) -> object:
        """Write one row."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """Whom to export.

    Args:
        list: The list; None takes all people, one row for each list that they are or were on.
        among: A clause on the table of subscribers, such as a segment's; None takes everybody.
        everybody: Those who have unsubscribed too.
    """

    list: str | None = None
    among: sa.ColumnElement[bool] | None = None
    everybody: bool = False

    def clause(self) -> sa.ColumnElement[bool]:
        """Give what holds for the subscriptions of those people."""
        parts: list[sa.ColumnElement[bool]] = []
        if self.list is not None:
            parts.append(_subscriptions.c.list == self.list)
        if not self.everybody:
            parts.append(_subscriptions.c.status == "subscribed")
        if self.among is not None:
            people = tables.subscribers
            parts.append(sa.exists().where(people.c.id == _subscriptions.c.subscriber_id, self.among))
        return sa.and_(sa.true(), *parts)


def export_people(
    connection: sa.Connection,
    definitions: Definitions,
    list_name: str | None,
    file: IO[bytes],
    progress: Callable[[int], None],
    *,
    everybody: bool,
    among: sa.ColumnElement[bool] | None = None,
    workbook: bool = False,
) -> int:
    """Write people to a file: CSV in UTF-8 with its mark, so that spreadsheets know the encoding, or a workbook.

    Args:
        list_name: The list, or None for all people, with the list of each row in a column.
        everybody: Those who have unsubscribed too.
        among: A clause on the table of subscribers, such as a segment's.

    Returns:
        How many rows there are.
    """
    chosen = Chosen(list_name, among, everybody)
    if workbook:
        with WorkbookWriter(file, list_name or "people") as writer:
            # In a workbook a text is a text, whatever it begins with.
            return _write(connection, definitions, chosen, writer, progress)
    file.write(codecs.BOM_UTF8)
    count = _write(connection, definitions, chosen, _Guarded(csv.writer(_Encoding(file))), progress)
    file.flush()
    return count


def _write(
    connection: sa.Connection,
    definitions: Definitions,
    chosen: Chosen,
    writer: Writer,
    progress: Callable[[int], None],
) -> int:
    fields = ("email", "first_name", "last_name", "language", *definitions.attributes, TOPICS)
    lists = () if chosen.list is not None else ("list",)
    writer.writerow([*fields, TAGS, *lists, *EXPORTED, *EXPORTED_TOO])
    count = 0
    for page in _pages(connection, chosen):
        numbers = list(dict.fromkeys(row.subscriber_id for row in page))
        records = read_records(connection, numbers, definitions)
        tags, consents = _tags_of(connection, numbers), _consents_of(connection, numbers)
        for row in page:
            values = records[row.subscriber_id].values
            consent = consents.get((row.subscriber_id, row.list))
            writer.writerow(
                [
                    *(_cell(values.get(field)) for field in fields),
                    "; ".join(_quoted(tag) for tag in tags.get(row.subscriber_id, ())),
                    *([row.list] if lists else []),
                    row.status,
                    row.source,
                    _cell(row.subscribed_at),
                    _cell(row.unsubscribed_at),
                    _cell(row.paused_until),
                    row.frequency or "",
                    *_shown(consent),
                ]
            )
        count += len(page)
        progress(len(page))
    return count


def count_people(
    connection: sa.Connection,
    list_name: str | None,
    *,
    everybody: bool,
    among: sa.ColumnElement[bool] | None = None,
) -> int:
    """Count the rows that an export would have."""
    chosen = Chosen(list_name, among, everybody).clause()
    return connection.scalar(sa.select(sa.func.count()).select_from(_subscriptions).where(chosen)) or 0


def count_suppressed(connection: sa.Connection) -> Mapping[str, int]:
    """Count the addresses that nobody may mail, by the reason; they are hashes, and cannot be exported."""
    counted = sa.select(_suppressions.c.reason, sa.func.count()).group_by(_suppressions.c.reason)
    return {row[0]: row[1] for row in connection.execute(counted.order_by(_suppressions.c.reason))}


class _Encoding:
    """Encodes what it is given; unlike the wrapper of the standard library it never closes the file behind it."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def write(self, text: str) -> int:
        return self._file.write(text.encode())


class _Guarded:
    """Writes rows in which a spreadsheet takes nothing for a formula."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer

    def writerow(self, cells: Sequence[str], /) -> object:
        return self._writer.writerow([guard_formula(cell) for cell in cells])


def _pages(connection: sa.Connection, chosen: Chosen) -> Iterator[Sequence[sa.Row[*tuple[Any, ...]]]]:
    place = sa.tuple_(_subscriptions.c.subscriber_id, _subscriptions.c.list)
    last: tuple[int, str] = (0, "")
    while True:
        query = (
            sa.select(_subscriptions)
            .where(chosen.clause(), _subscriptions.c.subscriber_id >= last[0], place > sa.tuple_(*last))
            .order_by(_subscriptions.c.subscriber_id, _subscriptions.c.list)
            .limit(PAGE)
        )
        page = connection.execute(query).all()
        if not page:
            return
        yield page
        last = (page[-1].subscriber_id, page[-1].list)


def _tags_of(connection: sa.Connection, numbers: Sequence[int]) -> dict[int, list[str]]:
    wanted = sa.bindparam("numbers", numbers, type_=Numbers())
    chosen = sa.select(_tags).where(is_among(_tags.c.subscriber_id, wanted)).order_by(_tags.c.tag)
    found: dict[int, list[str]] = {}
    for number, tag in connection.execute(chosen):
        found.setdefault(number, []).append(tag)
    return found


def _consents_of(connection: sa.Connection, numbers: Sequence[int]) -> dict[tuple[int, str], sa.Row[*tuple[Any, ...]]]:
    """Give how each of some people came to be on each list: the last time that they did."""
    wanted = sa.bindparam("numbers", numbers, type_=Numbers())
    chosen = (
        sa.select(_consents)
        .where(is_among(_consents.c.subscriber_id, wanted), _consents.c.act.in_([act.value for act in _JOINING]))
        .order_by(_consents.c.id)
    )
    return {(row.subscriber_id, row.list): row for row in connection.execute(chosen)}


def _shown(consent: "sa.Row[*tuple[Any, ...]] | None") -> tuple[str, str, str]:
    """Show when, how and where somebody consented."""
    if consent is None:
        return "", "", ""
    how = consent.method if consent.basis is None else f"{consent.method} ({consent.basis})"
    return _cell(consent.requested_at or consent.at), how, consent.source or ""


def _quoted(tag: str) -> str:
    """Write a tag so that no mark in it parts it."""
    return f'"{tag.replace(chr(34), chr(34) * 2)}"' if any(mark in tag for mark in ',;|"') else tag


def _cell(value: Value | datetime) -> str:
    if value is None:
        return ""
    if isinstance(value, frozenset):
        return "; ".join(sorted(value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.15g}"
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    return value.isoformat() if isinstance(value, date) else str(value)
