"""What a benchmark reports: figures, each with what it stands beside and the bar that it is meant to meet."""

from dataclasses import dataclass
from typing import Final

NOT_MEASURED: Final = "not measured"


@dataclass(frozen=True, slots=True)
class Bar:
    """What the project asks of a figure, and whether that holds here."""

    words: str
    met: bool

    def __str__(self) -> str:
        return f"{self.words}: {'met' if self.met else 'not met'}"


@dataclass(frozen=True, slots=True)
class Figure:
    """One thing that was measured.

    Args:
        value: Our figure with its unit.
        beside: What it is to be seen beside, with its figure.
        ratio: How many times as good ours is as that.
    """

    what: str
    value: str
    beside: str = ""
    ratio: float | None = None
    bar: Bar | None = None

    def cells(self) -> tuple[str, ...]:
        """Give a row of a table."""
        ratio = "" if self.ratio is None else times(self.ratio)
        return self.what, self.value, self.beside, ratio, str(self.bar or "")

    def line(self) -> str:
        """Say it on a line, for whoever waits."""
        what, value, beside, ratio, bar = self.cells()
        comparison = ", ".join(part for part in (beside, ratio) if part)
        return f"  {what:<54} {value:<16} {f'({comparison})' if comparison else '':<42} {bar}".rstrip()


def missing(what: str, why: str) -> Figure:
    """Say of something that it was not measured."""
    return Figure(what, NOT_MEASURED, why)


def times(ratio: float) -> str:
    """Write a ratio, as exactly as it can be meant."""
    return f"{ratio:.2f} ×" if ratio < 10 else f"{ratio:,.0f} ×"


def at_least(value: float, bound: float, unit: str) -> Bar:
    """Ask for so much or more."""
    return Bar(f"≥ {bound:,g} {unit}", value >= bound)


def at_most(value: float, bound: float, unit: str) -> Bar:
    """Ask for so much or less."""
    return Bar(f"≤ {bound:,g} {unit}", value <= bound)


def within(value: float, target: float, share: float) -> Bar:
    """Ask for something near a target.

    Args:
        share: How far off it may be, as a share of the target.
    """
    return Bar(f"within {share:.0%}", abs(value - target) <= share * target)
