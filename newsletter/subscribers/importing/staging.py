"""Puts the rows of an import aside in temporary tables, which are this connection's own and lock nobody out."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from newsletter.expressions import Value
from newsletter.store import tables
from newsletter.subscribers.attributes import column_of, people_table
from newsletter.subscribers.definitions import TOPICS, Definitions
from newsletter.subscribers.hashes import AddressHashes
from newsletter.subscribers.importing.rows import Person


class Staging:
    """The temporary tables of one import.

    Attributes:
        values: The names of the columns that hold what a row says of somebody; NULL where it says nothing.
        rows: One row for each person read, numbered in the order of the file.
        topics: The topics of each row.
        older_hashes: The hashes of each row's address by secrets that are no longer in use.
        fates: What becomes of each row that counts; filled by `applying`.
    """

    def __init__(self, connection: sa.Connection, definitions: Definitions) -> None:
        self._connection = connection
        self._count = 0
        people = people_table(definitions)
        known = [column for column in people.columns if column.name not in tables.subscribers.columns]
        values = [people.c.first_name, people.c.last_name, people.c.language, *known]
        self.values = tuple(column.name for column in values)
        metadata = sa.MetaData()
        self.rows = _temporary(
            metadata,
            "import_rows",
            sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
            sa.Column("address", sa.Text, nullable=False),
            sa.Column("address_key", sa.Text, nullable=False),
            sa.Column("address_hash", sa.LargeBinary, nullable=False),
            sa.Column("has_left", sa.Boolean, nullable=False),
            *(sa.Column(column.name, column.type) for column in values),
        )
        self.topics = _temporary(
            metadata,
            "import_topics",
            sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
            sa.Column("topic", sa.Text, primary_key=True),
        )
        self.older_hashes = _temporary(
            metadata,
            "import_hashes",
            sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
            sa.Column("address_hash", sa.LargeBinary, primary_key=True),
        )
        self.fates = _temporary(
            metadata,
            "import_fates",
            sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
            sa.Column("subscriber_id", sa.BigInteger),
            sa.Column("fate", sa.Text, nullable=False),
        )
        if connection.dialect.name == "sqlite":
            # One transaction for all that is put aside; it touches no other table, so that it locks none.
            connection.exec_driver_sql("BEGIN")
        metadata.create_all(connection, checkfirst=False)

    def add(self, people: Sequence[Person], hashes: AddressHashes) -> None:
        """Put some people aside."""
        rows: list[dict[str, Any]] = []
        topics: list[dict[str, Any]] = []
        older: list[dict[str, Any]] = []
        for number, person in enumerate(people, self._count):
            current, *others = hashes(person.address.key)
            row: dict[str, Value | bytes | int] = dict.fromkeys(self.values)
            row |= {column_of(name): value for name, value in person.values.items() if name != TOPICS}
            row |= {
                "number": number,
                "address": person.address.address,
                "address_key": person.address.key,
                "address_hash": current,
                "has_left": person.has_left,
            }
            rows.append(row)
            chosen = person.values.get(TOPICS)
            if isinstance(chosen, frozenset):
                topics += [{"number": number, "topic": topic} for topic in sorted(chosen)]
            older += [{"number": number, "address_hash": hashed} for hashed in others]
        self._count += len(people)
        for table, found in ((self.rows, rows), (self.topics, topics), (self.older_hashes, older)):
            if found:
                self._connection.execute(sa.insert(table), found)

    def close(self) -> None:
        """End the reading: drop the rows that do not count because another one of their address does."""
        connection, mine, other = self._connection, self.rows, self.rows.alias()
        connection.execute(sa.schema.CreateIndex(sa.Index("import_rows_address_key", mine.c.address_key)))
        better = sa.or_(
            other.c.has_left & sa.not_(mine.c.has_left),
            (other.c.has_left == mine.c.has_left) & (other.c.number < mine.c.number),
        )
        connection.execute(
            sa.delete(mine).where(
                sa.exists().where(other.c.address_key == mine.c.address_key, better).select_from(other)
            )
        )
        for table in (self.rows, self.topics, self.older_hashes):
            connection.exec_driver_sql(f"ANALYZE {table.name}")
        connection.commit()


def _temporary(metadata: sa.MetaData, name: str, *columns: sa.Column[Any]) -> sa.Table:
    return sa.Table(name, metadata, *columns, prefixes=["TEMPORARY"])
