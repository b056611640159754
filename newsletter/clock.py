"""The one place that asks the machine for the time; everything else is given a clock."""

from datetime import UTC, datetime


def now() -> datetime:
    """Give the present moment, in UTC."""
    return datetime.now(UTC)
