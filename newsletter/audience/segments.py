"""Segments as SQL on the table of subscribers, each beside its subscription to a list."""

from collections.abc import Callable, Mapping
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from newsletter.errors import ExpressionError, Place
from newsletter.expressions import Expression, fields_of
from newsletter.expressions.clause import Columns, clause
from newsletter.store import tables
from newsletter.subscribers import TOPICS, Definitions, attribute_columns
from newsletter.subscribers.definitions import ACCEPTED_OF, JOINED, TAGS

_people, _subscriptions = tables.subscribers, tables.subscriptions
_topics, _tags = tables.subscriber_topics, tables.subscriber_tags
_deliveries, _dispatches, _counts = tables.deliveries, tables.dispatches, tables.delivery_counts


def segment_clause(condition: Expression, definitions: Definitions, list_name: str | None) -> sa.ColumnElement[bool]:
    """Compile a segment's condition to SQL; true or false for each subscriber, never NULL.

    Stands in a statement that selects from the subscribers and their subscriptions to the list.

    Args:
        list_name: The list; without one nothing can be asked that depends on it.

    Raises:
        ExpressionError: It asks about a list, and there is none.
    """
    if list_name is None and (asked := reads_subscription(condition)):
        raise ExpressionError(
            f"subscriber.{asked} depends on a list", where=Place(field=asked), remedy="Say which list."
        )
    plain: dict[str, sa.ColumnElement[Any]] = {
        "email": _people.c.address,
        "first_name": _people.c.first_name,
        "last_name": _people.c.last_name,
        "language": _people.c.language,
        **attribute_columns(definitions),
        JOINED: _day_of(_subscriptions.c.subscribed_at),
        **{name: _accepted_of(count, list_name or "") for name, count in ACCEPTED_OF.items()},
    }
    return clause(condition, Columns(plain, _SETS))


def reads_subscription(condition: Expression) -> str | None:
    """Name a field that a condition asks about and that is another for each list; None where there is none."""
    return next((name for name in sorted(fields_of(condition)) if name == JOINED or name in ACCEPTED_OF), None)


def _has(table: sa.Table, column: sa.Column[str]) -> Callable[[str | None], sa.ColumnElement[bool]]:
    def has(text: str | None) -> sa.ColumnElement[bool]:
        chosen = sa.exists().where(table.c.subscriber_id == _people.c.id)
        return chosen if text is None else chosen.where(column == text)

    return has


_SETS: Final[Mapping[str, Callable[[str | None], sa.ColumnElement[bool]]]] = {
    TOPICS: _has(_topics, _topics.c.topic),
    TAGS: _has(_tags, _tags.c.tag),
}


def _accepted_of(count: int, list_name: str) -> sa.ColumnElement[Any]:
    """Count in how many of the last issues of a list somebody's message was accepted; corrections count as issues.

    An issue counts once anybody's message of it was accepted, and so not while it is frozen for this very audience.
    """
    went_out = sa.exists().where(
        _counts.c.dispatch_id == _dispatches.c.id, _counts.c.state == "accepted", _counts.c["count"] > 0
    )
    lately = (
        sa.select(_dispatches.c.issue)
        .where(_dispatches.c.list == list_name, went_out)
        .group_by(_dispatches.c.issue)
        .order_by(sa.func.min(_dispatches.c.created_at).desc())
        .limit(count)
    )
    return (
        sa.select(sa.func.count(_dispatches.c.issue.distinct()))
        .join_from(_deliveries, _dispatches, _deliveries.c.dispatch_id == _dispatches.c.id)
        .where(
            _deliveries.c.subscriber_id == _people.c.id,
            _deliveries.c.state == "accepted",
            _dispatches.c.list == list_name,
            _dispatches.c.issue.in_(lately),
        )
        .correlate(_people)
        .scalar_subquery()
    )


class _day_of(FunctionElement[Any]):  # noqa: N801 - named like the SQL it stands for
    """The day of a moment, in UTC."""

    type = sa.Date()
    inherit_cache = True


@compiles(_day_of)
def _in_sqlite(element: _day_of, compiler: SQLCompiler, **options: Any) -> str:
    return f"substr({compiler.process(element.clauses, **options)}, 1, 10)"


@compiles(_day_of, "postgresql")
def _in_postgresql(element: _day_of, compiler: SQLCompiler, **options: Any) -> str:
    return f"CAST(({compiler.process(element.clauses, **options)}) AT TIME ZONE 'UTC' AS DATE)"
