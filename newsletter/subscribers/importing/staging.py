"""Puts the rows of an import aside in temporary tables, which are this connection's own and lock nobody out."""

from collections.abc import Collection, Sequence
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
from newsletter.subscribers.importing.filling import converters, fill
from newsletter.subscribers.importing.headers import ATTRIBUTES
from newsletter.subscribers.importing.rows import Person
from newsletter.subscribers.networks import Policy, kept_network

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
        rows: One row for each person read, numbered in the order of the file.
        topics: The topics of each row.
        tags: The tags of each row.
        older_hashes: The hashes of each row's address by secrets that are no longer in use.
        fates: What becomes of each row of the chunk that is being written; filled by `deciding`.
        last: The highest number of a row.
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
        self.rows = _temporary(
            metadata,
            "import_rows",
            _number(),
            sa.Column("line", sa.Integer, nullable=False),
            sa.Column("address", sa.Text, nullable=False),
            sa.Column("address_key", sa.Text, nullable=False),
            sa.Column("address_hash", sa.LargeBinary, nullable=False),
            sa.Column("standing", sa.Integer, nullable=False),
            sa.Column("requested_at", UtcDateTime),
            sa.Column("network", sa.Text),
            sa.Column("detail", sa.Text),
            *(sa.Column(column.name, column.type) for column in values),
        )
        self.topics = _temporary(metadata, "import_topics", _number(), sa.Column("topic", sa.Text, primary_key=True))
        self.tags = _temporary(metadata, "import_tags", _number(), sa.Column("tag", sa.Text, primary_key=True))
        self.older_hashes = _temporary(
            metadata, "import_hashes", _number(), sa.Column("address_hash", sa.LargeBinary, primary_key=True)
        )
        self.fates = _temporary(
            metadata,
            "import_fates",
            _number(),
            sa.Column("subscriber_id", sa.BigInteger),
            sa.Column("fate", sa.Text, nullable=False),
            sa.Column("is_known", sa.Boolean, nullable=False),
        )
        if connection.dialect.name == "sqlite":
            # One transaction for all that is put aside; it touches no other table, so that it locks none.
            connection.exec_driver_sql("BEGIN")
        metadata.create_all(connection, checkfirst=False)

    @property
    def holds(self) -> Holdings:
        """Which of the tables hold anything."""
        return Holdings(**{name: count > 0 for name, count in self._filled.items()})

    def add(self, people: Sequence[tuple[int, Person]], hashes: AddressHashes) -> None:
        """Put some people aside, each under its number; the numbers go up from call to call."""
        rows: list[tuple[Any, ...]] = []
        more: dict[str, list[tuple[int, Any]]] = {"topics": [], "tags": [], "older_hashes": []}
        for number, person in people:
            current, *others = hashes(person.address.key)
            rows.append(self._row(number, person, current))
            chosen = person.values.get(TOPICS)
            if isinstance(chosen, frozenset):
                more["topics"] += [(number, topic) for topic in sorted(chosen)]
            if person.tags:
                more["tags"] += [(number, tag) for tag in sorted(person.tags)]
            if others:
                more["older_hashes"] += [(number, hashed) for hashed in others]
        if people:
            self.last = people[-1][0]
        fill(self._connection, self.rows, rows)
        for name, found in more.items():
            fill(self._connection, getattr(self, name), found)
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

    def close(self) -> None:
        """End the reading: mark the rows that do not count because another one of their address does.

        The row of an address that says the worst of it counts, and the first of several that say the same.
        """
        connection, rows = self._connection, self.rows
        place = sa.func.row_number().over(
            partition_by=rows.c.address_key, order_by=(rows.c.standing.desc(), rows.c.number)
        )
        placed = sa.select(rows.c.number, place.label("place")).subquery()
        beaten = sa.select(placed.c.number).where(placed.c.place > 1)
        connection.execute(sa.update(rows).where(rows.c.number.in_(beaten)).values(standing=REPEATED))
        for table in (self.rows, self.topics, self.tags, self.older_hashes):
            connection.exec_driver_sql(f"ANALYZE {table.name}")
        connection.commit()

    def clear_fates(self) -> None:
        """Make room for the fates of the next chunk."""
        # Rows that were deleted would stay in the way of PostgreSQL until the end of the transaction.
        emptying = "DELETE FROM" if self._connection.dialect.name == "sqlite" else "TRUNCATE"
        self._connection.exec_driver_sql(f"{emptying} {self.fates.name}")


def _number() -> sa.Column[int]:
    return sa.Column("number", sa.Integer, primary_key=True, autoincrement=False)


def _temporary(metadata: sa.MetaData, name: str, *columns: sa.Column[Any]) -> sa.Table:
    return sa.Table(name, metadata, *columns, prefixes=["TEMPORARY"])
