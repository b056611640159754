"""Writes what the benchmarks have found as one page: how it was made, on which machine, and a table for each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from benchmarks.figures import Figure
from newsletter.workspace import write_atomically

COLUMNS: Final = ("what", "here", "beside", "ratio", "bar")
NO_FIGURES: Final = "It told no figures."
READING: Final = """\
## How to read this

*Here* is ours, on this machine; *beside* is what it is compared with; the *ratio* says how many times as good ours is,
so that more than 1 is better. A *bar* is what the project asks of itself. *Not measured* means just that: a program or
a server is missing, and nothing is known.

Figures of one run belong together. Where programs are compared they take turns within one run, and the median of their
turns counts, so a ratio holds much better than the figures it is made of: those move with the machine, its disk and
whatever else it does. All senders share the machine with the server that they send to, whose work is part of every
figure. On a machine that is busy or shared, run it twice before believing a difference of less than a fifth.
"""


@dataclass(frozen=True, slots=True)
class Section:
    """What one benchmark has found.

    Args:
        question: What it measures, and beside what, in a sentence or two.
        seconds: How long it took.
        broken: Whether it ended before its time.
    """

    name: str
    question: str
    figures: Sequence[Figure]
    seconds: float
    broken: bool = False


def page(command: str, moment: datetime, commit: str, machine: Mapping[str, str], sections: Sequence[Section]) -> str:
    """Write the page.

    Args:
        command: What was run.
        commit: What is measured, as git names it.
        machine: Whatever is to be known of it.
    """
    total = sum(section.seconds for section in sections)
    head = (
        "# Benchmarks\n\n"
        f"Made by `{command}` on {moment:%Y-%m-%d}, of commit {commit}, in {lasting(total)}. Run it yourself: "
        "what counts is your machine.\n\n"
        f"## The machine\n\n{_table(('', ''), list(machine.items()))}"
    )
    return "\n".join([head, *map(_section, sections), READING])


def write(path: Path, text: str) -> None:
    """Put the page in its place in one step."""
    write_atomically(path, text.encode())


def lasting(seconds: float) -> str:
    """Say how long something took."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def _section(section: Section) -> str:
    found = _table(COLUMNS, [figure.cells() for figure in section.figures]) if section.figures else f"{NO_FIGURES}\n"
    return f"## `{section.name}`\n\n{section.question} It took {lasting(section.seconds)}.\n\n{found}"


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |\n" for line in lines)
