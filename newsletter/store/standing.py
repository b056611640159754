"""A connection that one piece of work keeps for all its transactions, because opening one for each takes long."""

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from newsletter.store.engine import Database, explained


class StandingConnection:
    """A connection for many transactions, one after the other; after one that failed it is opened anew."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._connection: sa.Connection | None = None

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """Give the connection with a transaction that is committed when the block ends well."""
        with explained(self._database.name):
            connection = self._connection
            if connection is None:
                connection = self._connection = self._database.engine.connect()
            try:
                with self._database.transaction(connection):
                    yield connection
            except BaseException:
                self.close()
                raise

    def close(self) -> None:
        """Let go of the connection; the next transaction opens another."""
        if self._connection is not None:
            connection, self._connection = self._connection, None
            connection.close()
