"""One reader of an audience after another, for those who want to see what real readers get."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from newsletter.audience.selection import Selection, selected
from newsletter.subscribers import Definitions


@dataclass(frozen=True, slots=True)
class Example:
    """A reader of an audience.

    Args:
        number: Which one, from 1, in the order in which they were added.
        count: How many there are.
    """

    subscriber: int
    number: int
    count: int


def example(
    connection: sa.Connection, selection: Selection, definitions: Definitions, number: int, now: datetime
) -> Example | None:
    """Give one of those who would get an issue; beyond the last the last, and None where there is nobody.

    Raises:
        ContentError: There is no such list or segment.
    """
    audience = selected(selection, definitions, now).subquery()
    receiving = sa.select(audience.c.subscriber_id).where(audience.c.exclusion.is_(None))
    count = connection.scalar(sa.select(sa.func.count()).select_from(receiving.subquery())) or 0
    if not count:
        return None
    chosen = min(max(number, 1), count)
    subscriber = connection.scalars(receiving.order_by(audience.c.subscriber_id).offset(chosen - 1).limit(1)).one()
    return Example(subscriber, chosen, count)
