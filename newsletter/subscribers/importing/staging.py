"""Puts the rows of an import aside in temporary tables, which are this connection's own and lock nobody out."""

import hashlib
import struct
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from newsletter.expressions import Value
from newsletter.store import tables
from newsletter.store.types import UtcDateTime
from newsletter.subscribers.attributes import column_of, people_table
from newsletter.subscribers.definitions import TOPICS, Definitions
from newsletter.subscribers.hashes import AddressHashes
from newsletter.subscribers.importing.filling import Filling, converters
from newsletter.subscribers.importing.headers import ATTRIBUTES
from newsletter.subscribers.importing.rows import Person
from newsletter.subscribers.networks import Policy, kept_network

_PLACED: Final = struct.Struct("<qb").pack
"""Packs what an address's place depends on, besides itself."""
REPEATED: Final = -1
"""Stands in the place of the standing of a row that does not count because another one of its address does."""


@dataclass(frozen=True, slots=True)
class Holdings:
    """Which of the temporary tables hold anything, so that nobody asks in vain."""

    topics: bool
    tags: bool
    older_hashes: bool


class Staging:
    """The temporary tables of one import.

    Args:
        fields: The fields that rows may say something of; all that there are, if not given.
        networks: How much is kept of where on the network somebody signed up.

    Attributes:
        values: The names of the columns that hold what a row says of somebody; NULL where it says nothing.
        rows: One row for each person read: with its number in the file, and its place in the order of addresses, from
            1, by which the rows are written. So each chunk touches but a few pages of the index on addresses.
        topics: The topics of each row, by its number.
        tags: The tags of each row, by its number.
        older_hashes: The hashes of each row's address by secrets that are no longer in use, by its number.
        fates: What becomes of each row of the chunk that is being written; filled by `deciding`.
        last: How many rows there are, which is the place of the last.
        digest: Tells these rows from any others that would get other places: 32 hexadecimal digits.
    """

    def __init__(
        self,
        connection: sa.Connection,
        definitions: Definitions,
        fields: Collection[str] | None = None,
        networks: Policy = "none",
    ) -> None:
        self._connection = connection
        self._networks = networks
        self._filled = {"topics": 0, "tags": 0, "older_hashes": 0}
        self.last = 0
        self._digest = hashlib.blake2b(digest_size=16)
        people = people_table(definitions)
        possible = ("first_name", "last_name", "language", *definitions.attributes)
        wanted = [name for name in possible if fields is None or name in fields or ATTRIBUTES in fields]
        values = [people.c[column_of(name)] for name in wanted]
        self.values = tuple(column.name for column in values)
        self._positions = {name: position for position, name in enumerate(wanted)}
        kept = converters(connection, [*values, tables.consents.c.requested_at])
        self._convert = {name: kept[column_of(name)] for name in wanted if column_of(name) in kept}
        self._convert_moment = kept.get("requested_at")
        metadata = sa.MetaData()
        self._read = _temporary(metadata, "import_read", *_said(values))
        self.rows = _temporary(metadata, "import_rows", _key("place"), *_said(values))
        self.topics, self.tags, self.older_hashes = (
            _temporary(metadata, name, _key("number"), sa.Column(what, kind, primary_key=True))
            for name, what, kind in (
                ("import_topics", "topic", sa.Text),
                ("import_tags", "tag", sa.Text),
                ("import_hashes", "address_hash", sa.LargeBinary),
            )
        )
        self.fates = _temporary(
            metadata,
            "import_fates",
            _key("place"),
            sa.Column("number", sa.Integer, nullable=False),
            sa.Column("subscriber_id", sa.BigInteger),
            sa.Column("fate", sa.Text, nullable=False),
            sa.Column("is_known", sa.Boolean, nullable=False),
        )
        self._told = _temporary(
            metadata,
            "import_told",
            _key("number"),
            sa.Column("place", sa.Integer, nullable=False),
            sa.Column("fate", sa.Text, nullable=False),
        )
        if connection.dialect.name == "sqlite":
            # One transaction for all that is put aside; it touches no other table, so that it locks none.
            connection.exec_driver_sql("BEGIN")
        metadata.create_all(connection, checkfirst=False)

    @property
    def holds(self) -> Holdings:
        """Which of the tables hold anything."""
        return Holdings(**{name: count > 0 for name, count in self._filled.items()})

    @property
    def digest(self) -> str:
        """What the attributes say of it."""
        return self._digest.hexdigest()

    @contextmanager
    def filling(self, hashes: AddressHashes) -> Iterator[Callable[[Sequence[tuple[int, Person]]], None]]:
        """Give what puts some people aside, each under its number; when the block ends, the rows get their places.

        The row of an address that says the worst of it counts, and the first of several that say the same.
        """
        with Filling(self._connection, self._read) as filling:
            yield lambda people: self._add(people, hashes, filling)
        self._sort()

    def _add(self, people: Sequence[tuple[int, Person]], hashes: AddressHashes, filling: Filling) -> None:
        rows: list[tuple[Any, ...]] = []
        told: list[bytes] = []
        more: dict[str, list[tuple[int, Any]]] = {"topics": [], "tags": [], "older_hashes": []}
        for number, person in people:
            current, *others = hashes(person.address.key)
            rows.append(self._row(number, person, current))
            told += (_PLACED(number, person.standing), current)
            chosen = person.values.get(TOPICS)
            if isinstance(chosen, frozenset):
                more["topics"] += [(number, topic) for topic in sorted(chosen)]
            if person.tags:
                more["tags"] += [(number, tag) for tag in sorted(person.tags)]
            if others:
                more["older_hashes"] += [(number, hashed) for hashed in others]
        self.last += len(rows)
        self._digest.update(b"".join(told))
        filling.add(rows)
        for name, found in more.items():
            filling.add_beside(getattr(self, name), found)
            self._filled[name] += len(found)

    def _row(self, number: int, person: Person, hashed: bytes) -> tuple[Any, ...]:
        convert, positions = self._convert, self._positions
        values: list[Value] = [None] * len(positions)
        for name, value in person.values.items():
            if name in convert:
                values[positions[name]] = convert[name](value)
            elif name != TOPICS:
                values[positions[name]] = value
        asked: datetime | str | None
        asked, network, detail = person.evidence
        if asked is not None and self._convert_moment is not None:
            asked = self._convert_moment(asked)
        address, key = person.address
        told = (asked, kept_network(network, self._networks), detail or None)
        return (number, person.row.line, address, key, hashed, int(person.standing), *told, *values)

    def _sort(self) -> None:
        """Give each row its place, and mark those that do not count because another one of their address does."""
        connection = self._connection
        if connection.dialect.name == "sqlite":
            self._place_in_sqlite()
        else:
            self._place_in_postgresql()
        connection.exec_driver_sql(f"DROP TABLE {self._read.name}")
        for table in (self.rows, self.topics, self.tags, self.older_hashes):
            connection.exec_driver_sql(f"ANALYZE {table.name}")
        connection.commit()

    def _order(self, by_octets: str) -> tuple[sa.ColumnElement[Any], ...]:
        """Give what rows are ordered by, addresses as their octets are, whatever the database sorts by."""
        read = self._read.c
        return (sa.collate(read.address_key, by_octets), read.standing.desc(), read.number)

    def _place_in_sqlite(self) -> None:
        """Let it number what is inserted, and look rows up: its window functions take longer."""
        read, rows = self._read, self.rows
        ordered = sa.select(*read.c).order_by(*self._order("BINARY"))
        self._connection.execute(sa.insert(rows).from_select([column.name for column in read.c], ordered))
        above = rows.alias()
        is_repeated = sa.exists().where(above.c.place == rows.c.place - 1, above.c.address_key == rows.c.address_key)
        self._connection.execute(sa.update(rows).where(is_repeated).values(standing=REPEATED))

    def _place_in_postgresql(self) -> None:
        read, order = self._read.c, self._order("C")
        is_repeated = sa.func.lag(read.address_key).over(order_by=order) == read.address_key
        given = {column.name: column for column in read} | {
            "place": sa.func.row_number().over(order_by=order),
            "standing": sa.case((is_repeated, REPEATED), else_=read.standing),
        }
        ordered = sa.select(*given.values()).order_by(*order)
        self._connection.execute(sa.insert(self.rows).from_select(list(given), ordered))

    def clear_fates(self) -> None:
        """Make room for the fates of the next chunk."""
        # Rows that were deleted would stay in the way of PostgreSQL until the end of the transaction.
        emptying = "DELETE FROM" if self._connection.dialect.name == "sqlite" else "TRUNCATE"
        self._connection.exec_driver_sql(f"{emptying} {self.fates.name}")

    def keep_fates(self) -> None:
        """Keep the fates of this chunk until all can be told."""
        fates, told = self.fates, self._told
        names = ["number", "place", "fate"]
        self._connection.execute(sa.insert(told).from_select(names, sa.select(*(fates.c[name] for name in names))))

    def told(self, at_once: int) -> Iterator[Sequence[tuple[int, int, str, str]]]:
        """Give what was kept of the fates, so many at once: the number of each row, its line, its address, its fate."""
        told, rows = self._told, self.rows
        chosen = sa.select(told.c.number, rows.c.line, rows.c.address, told.c.fate)
        chosen = chosen.join_from(told, rows, rows.c.place == told.c.place).order_by(told.c.number)
        for page in self._connection.execute(chosen, execution_options={"yield_per": at_once}).partitions():
            yield [(number, line, address, fate) for number, line, address, fate in page]


def _key(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer, primary_key=True, autoincrement=False)


def _said(values: Iterable[sa.ColumnClause[Any]]) -> list[sa.Column[Any]]:
    """Give the columns of what a row says."""
    return [
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("line", sa.Integer, nullable=False),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("address_key", sa.Text, nullable=False),
        sa.Column("address_hash", sa.LargeBinary, nullable=False),
        sa.Column("standing", sa.Integer, nullable=False),
        sa.Column("requested_at", UtcDateTime),
        sa.Column("network", sa.Text),
        sa.Column("detail", sa.Text),
        *(sa.Column(column.name, column.type) for column in values),
    ]


def _temporary(metadata: sa.MetaData, name: str, *columns: sa.Column[Any]) -> sa.Table:
    return sa.Table(name, metadata, *columns, prefixes=["TEMPORARY"])
