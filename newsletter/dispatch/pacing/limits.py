"""What a rate limit is, and how a person writes one: `5/second 10000/hour`."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from newsletter.errors import DispatchError
from newsletter.settings import PERIODS, LimitSettings

UNLIMITED: Final = "none"
"""As a limit: that there is none, whatever the settings say."""

_PART: Final = re.compile(r"(?P<count>[0-9][0-9_,]*(?:\.[0-9]+)?)/(?P<period>[a-z]+)")
_BURST: Final = re.compile(r"burst=(?P<count>[0-9][0-9_,]*)")
_SHORT: Final = {"s": "second", "sec": "second", "m": "minute", "min": "minute", "h": "hour", "d": "day"}
_EVEN: Final = ("second", "minute")
_MOST: Final = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Limit:
    """How many may go, in some time. All parts hold together; one without parts limits nothing.

    Args:
        counts: The most in a second, a minute, an hour or a day. The first two are spread evenly.
        burst: How many may go at once after a pause; None for what goes in a tenth of a second.
    """

    counts: Mapping[str, float]
    burst: int | None = None

    @property
    def rate(self) -> float | None:
        """How many in a second, evenly."""
        return min((self.counts[one] / PERIODS[one] for one in _EVEN if one in self.counts), default=None)

    @property
    def quotas(self) -> Mapping[str, int]:
        """How many in any hour or day, however they are spread."""
        return {name: int(count) for name, count in self.counts.items() if name not in _EVEN}

    def __str__(self) -> str:
        parts = [f"{self.counts[name]:.10g}/{name}" for name in PERIODS if name in self.counts]
        return " ".join([*parts, *([f"burst={self.burst}"] if self.burst else [])]) or UNLIMITED

    @classmethod
    def of(cls, settings: LimitSettings) -> "Limit":
        """Take what the settings say."""
        given = {name: getattr(settings, f"per_{name}") for name in PERIODS}
        return cls({name: float(count) for name, count in given.items() if count is not None}, settings.burst)


def parse_limit(text: str) -> Limit:
    """Read a limit as a person writes it: `50/s`, `5/second 10_000/hour burst=3`, or `none`.

    Raises:
        DispatchError: It is none.
    """
    words = text.lower().split()
    if words == [UNLIMITED]:
        return Limit({})
    counts: dict[str, float] = {}
    burst: int | None = None
    for word in words:
        if found := _BURST.fullmatch(word):
            burst = int(_number(found["count"]))
        else:
            name, count = _part(word)
            if name in counts:
                raise DispatchError(f"there are two limits for a {name}", remedy="Leave one of them out.")
            counts[name] = count
    limit = Limit(counts, burst)
    if not counts or burst == 0 or (burst and limit.rate is None):
        raise DispatchError(f"{text!r} limits nothing", remedy=f"{_HOW} To take a limit away, write {UNLIMITED}.")
    return limit


def shown(limit: Limit) -> str:
    """Write a limit for people to read: `5 a second, 10,000 an hour`."""
    return ", ".join(_phrases(limit)) or "no limit"


def _phrases(limit: Limit) -> Iterator[str]:
    for name in PERIODS:
        if name in limit.counts:
            yield f"{limit.counts[name]:,.10g} {'an' if name == 'hour' else 'a'} {name}"
    if limit.burst:
        yield f"{limit.burst:,} at once"


def _part(word: str) -> tuple[str, float]:
    found = _PART.fullmatch(word)
    period = found["period"] if found else ""
    name = _SHORT.get(period, period)
    if not found or name not in PERIODS:
        raise DispatchError(f"{word!r} is not a rate", remedy=_HOW)
    count = _number(found["count"])
    if not 0 < count <= _MOST or (name != "second" and count != int(count)):
        raise DispatchError(f"{word!r} is not a rate", remedy=_HOW)
    return name, count


def _number(text: str) -> float:
    return float(text.replace(",", "").replace("_", ""))


_HOW: Final = (
    "Write it like 50/second, 600/minute, 10000/hour or 20000/day; several, with a space between, hold together."
)
