"""The log of a process that works by itself: a line for each thing, in words or as a JSON object.

Whatever goes through Python's own logging comes out alike: what libraries warn of too.
"""

import json
import logging
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Final, Literal, TypeAlias

from newsletter.dispatch import Notice
from newsletter.message import without_addresses

LogFormat: TypeAlias = Literal["text", "json"]

OTHER: Final = "log"
"""The event of a line that a library has written."""

_LEVELS: Final = {"info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}
_LOG: Final = logging.getLogger("newsletter.events")


def tell(notice: Notice) -> None:
    """Write a notice into the log."""
    _LOG.log(_LEVELS[notice.level], "%s", notice.message, extra={"notice": notice})


@contextmanager
def keeping_journal(log_format: LogFormat) -> Iterator[None]:
    """Write everything that is logged to standard error until the block ends: ours, and what libraries warn of."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_JsonLines() if log_format == "json" else _Words())
    root, ours = logging.getLogger(), logging.getLogger("newsletter")
    level = ours.level
    root.addHandler(handler)
    ours.setLevel(logging.INFO)
    logging.captureWarnings(True)
    try:
        yield
    finally:
        logging.captureWarnings(False)
        ours.setLevel(level)
        root.removeHandler(handler)


class _Words(logging.Formatter):
    """Writes a line as a person reads it."""

    def format(self, record: logging.LogRecord) -> str:
        return without_addresses(super().format(record))


class _JsonLines(logging.Formatter):
    """Writes a line as one JSON object."""

    def format(self, record: logging.LogRecord) -> str:
        notice: Notice | None = getattr(record, "notice", None)
        line: dict[str, Any] = {
            "time": _moment(datetime.fromtimestamp(record.created, UTC)),
            "level": record.levelname.lower(),
            "event": notice.name if notice else OTHER,
            "message": record.getMessage(),
        }
        if notice:
            line |= {name: value for name, value in notice.fields.items() if value is not None}
        else:
            line["logger"] = record.name
        if record.exc_info and record.exc_info[0]:
            line["error"] = record.exc_info[0].__name__
            line["traceback"] = "".join(traceback.format_exception(*record.exc_info))
        return json.dumps({name: _safe(value) for name, value in line.items()}, default=str)


def _safe(value: Any) -> Any:
    if isinstance(value, datetime):
        return _moment(value)
    return without_addresses(value) if isinstance(value, str) else value


def _moment(moment: datetime) -> str:
    """Write a moment by the clock of UTC. Source: RFC 3339 §5.6."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
