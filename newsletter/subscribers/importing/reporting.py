"""The report of an import's bad rows: once mended, the report can be imported itself."""

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path

from newsletter.subscribers.formulas import guard_formula
from newsletter.subscribers.importing.headers import REPORTED
from newsletter.subscribers.importing.rows import BadRow
from newsletter.workspace import write_atomically


def write_report(bad: Iterable[BadRow], headers: Sequence[str], path: Path) -> None:
    """Write the bad rows, each with all that is wrong with it.

    The file holds people's data: it is readable by its owner only.
    """
    write_atomically(path, _report(bad, headers), private=True)


def keep_report(bad: Iterable[BadRow], headers: Sequence[str], path: Path) -> Path:
    """Write the bad rows where no other report is lost by it: there, or beside it under a name with a number.

    Returns:
        Where they are now.
    """
    content = _report(bad, headers)
    number, chosen = 1, path
    while chosen.exists() and chosen.read_bytes() != content:
        number += 1
        chosen = path.with_stem(f"{path.stem}-{number}")
    write_atomically(chosen, content, private=True)
    return chosen


def _report(bad: Iterable[BadRow], headers: Sequence[str]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow([*REPORTED, *map(guard_formula, headers)])
    for one in bad:
        places = (f"{problem.where.field}: " if problem.where.field else "" for problem in one.problems)
        said = "; ".join(place + problem.message for place, problem in zip(places, one.problems, strict=True))
        remedies = " ".join(dict.fromkeys(problem.remedy for problem in one.problems))
        cells = (one.row.number, one.row.line, said, remedies, *one.row.cells)
        writer.writerow([guard_formula(str(cell)) for cell in cells])
    return text.getvalue().encode("utf-8-sig")
