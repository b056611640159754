"""The order in which what concerns people is locked, so that those who change them at once wait and never lock up.

First the suppressions, then people by number, then everything that hangs on them. A sender that is about to hand
messages over holds the suppressions first as well. SQLite has one writer at a time, and needs none of this.
"""

from collections.abc import Collection

import sqlalchemy as sa

from newsletter.store import tables
from newsletter.store.conditions import Numbers, is_among

_people = tables.subscribers


def hold_suppressions(connection: sa.Connection) -> None:
    """Be about to write suppressions in this transaction; before anything else of it is locked."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("LOCK TABLE suppressions IN ROW EXCLUSIVE MODE")


def hold_people(connection: sa.Connection, subscribers: Collection[int]) -> None:
    """Let nobody else change some people before this transaction ends; waits for who does."""
    if connection.dialect.name == "postgresql" and subscribers:
        numbers = sa.bindparam("numbers", sorted(subscribers), type_=Numbers())
        held = sa.select(_people.c.id).where(is_among(_people.c.id, numbers)).order_by(_people.c.id)
        connection.execute(held.with_for_update())
