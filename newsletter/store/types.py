"""Column types that mean the same on SQLite and PostgreSQL."""

from datetime import UTC, datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement


class UtcDateTime(sa.TypeDecorator[datetime]):
    """An aware moment, kept and given back in UTC.

    Raises:
        ValueError: A moment without a time zone is written.
    """

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> datetime | None:  # noqa: ARG002
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment without a time zone cannot be kept")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Any) -> datetime | None:  # noqa: ARG002
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class lowered(FunctionElement[str]):  # noqa: N801 - named like the SQL it stands for
    """A text in lower case, letters beyond ASCII too."""

    type = sa.Text()
    inherit_cache = True


@compiles(lowered)
def _in_sqlite(element: lowered, compiler: SQLCompiler, **options: Any) -> str:
    """SQLite's own function knows ASCII only; this one is Python's, see `engine`."""
    return f"{SQLITE_LOWER}({compiler.process(element.clauses, **options)})"


@compiles(lowered, "postgresql")
def _in_postgresql(element: lowered, compiler: SQLCompiler, **options: Any) -> str:
    return f"lower({compiler.process(element.clauses, **options)})"


SQLITE_LOWER: Final = "newsletter_lower"

BigIdentifier = sa.BigInteger().with_variant(sa.Integer, "sqlite")
"""A number given by the database; SQLite numbers only its own kind of integer."""


def unbounded(kind: "sa.types.TypeEngine[Any]") -> "sa.types.TypeEngine[Any]":
    """Give the type for an array's values: PostgreSQL would cut to their length, without a word, what is too long."""
    return sa.Text() if isinstance(kind, sa.String) and kind.length is not None else kind
