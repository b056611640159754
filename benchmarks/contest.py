"""Contests: senders that take turns within one run, so that their ratios hold whatever else the machine does."""

import statistics
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from benchmarks.figures import Figure, at_least

ROUNDS: Final = 5


@dataclass(frozen=True, slots=True)
class Speed:
    """How fast messages leave.

    Args:
        rate: In a second.
        cpu: Of the sending process, in µs for each; 0 where nobody knows.
    """

    rate: float
    cpu: float = 0

    def __str__(self) -> str:
        return f"{self.rate:,.0f}/s"


Send = Callable[[], Speed]


def hold(senders: Mapping[str, Send], rounds: int = ROUNDS) -> dict[str, Speed]:
    """Let all take turns, and give the medians of each."""
    found: dict[str, list[Speed]] = {name: [] for name in senders}
    for _ in range(rounds):
        for name, send in senders.items():
            found[name].append(send())
    return {name: _median(speeds) for name, speeds in found.items()}


def against(what: str, ours: Speed, rival: str, theirs: Speed, bar: float | None = None) -> Figure:
    """Set us beside a rival.

    Args:
        bar: How many times as fast we are meant to be.
    """
    ratio = ours.rate / theirs.rate
    return Figure(what, str(ours), f"{rival}, {theirs}", ratio, None if bar is None else at_least(ratio, bar, "×"))


def _median(speeds: list[Speed]) -> Speed:
    return Speed(statistics.median(one.rate for one in speeds), statistics.median(one.cpu for one in speeds))
