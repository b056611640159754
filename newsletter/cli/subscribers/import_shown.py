"""What `newsletter subscribers import` shows: the columns before, and what became of the rows after."""

from collections.abc import Sequence
from itertools import islice
from typing import TYPE_CHECKING, Final

from newsletter.cli.base import Face, print_error
from newsletter.cli.subscribers.values import shown
from newsletter.errors import Place

if TYPE_CHECKING:
    from newsletter.subscribers import BadRow, ColumnMap, Definitions, ImportResult, MappedPart, Person

PREVIEWED: Final = 2
PREVIEW_WIDTH: Final = 24

_FATES: Final = {
    "added": "new",
    "joined": "known already, now on this list too",
    "changed": "on the list already, something changed",
    "unchanged": "on the list already, nothing changed",
    "left": "have left or cannot be mailed, says the file; kept so that no import adds them",
    "unsubscribed": "have left this list before; left alone",
    "suppressed": "may not be mailed; left alone",
    "unconfirmed": "never confirmed there, or were never subscribed; not brought in",
    "repeated": "the same address as another row, which counts",
    "bad": "bad",
}


def show_columns(
    face: Face, parts: Sequence["MappedPart"], passed_over: Sequence[str], definitions: "Definitions"
) -> None:
    """Show what becomes of each column of each table, with what the first rows would be kept as."""
    for part in parts:
        _show_part(face, part, definitions)
    if passed_over:
        face.error_console.print(
            f"tables without people, passed over: {', '.join(passed_over)}", style="dim", markup=False
        )


def _show_part(face: Face, mapped: "MappedPart", definitions: "Definitions") -> None:
    from rich.table import Table as Grid
    from rich.text import Text

    from newsletter.subscribers import read_rows

    console, columns = face.error_console, mapped.columns
    looks = f"; looks like an export of {columns.product}" if columns.product else ""
    console.print(f"{mapped.part.name}: {mapped.form}{looks}", markup=False)
    if columns.standing is not None:
        console.print(f"everybody in it: {columns.standing.name.lower()}, says its name", markup=False)
    with mapped.part.open() as table:
        rows = list(read_rows(islice(table.rows, PREVIEWED), columns, definitions))
    grid = Grid(box=None, pad_edge=False, header_style="dim")
    grid.add_column("field", no_wrap=True)
    grid.add_column("from the column", no_wrap=True)
    for number in range(1, len(rows) + 1):
        grid.add_column(f"row {number}", overflow="ellipsis", no_wrap=True, max_width=PREVIEW_WIDTH)
    for field, headers in _fields(columns).items():
        cells = (field, ", ".join(headers), *(_kept(row, field) for row in rows))
        grid.add_row(*(Text(cell) for cell in cells))
    console.print(grid)
    if columns.ignored:
        console.print(f"passed over: {', '.join(columns.ignored)}", style="dim", markup=False)
    if columns.doubtful:
        console.print(
            f"Do these say who has left? {', '.join(columns.doubtful)}. Whoever they call gone would be added all the "
            "same. Say what they hold with --map 'COLUMN=status' or 'COLUMN=opted_out', or that it is something else "
            "with --map 'COLUMN=-'.",
            style="yellow",
            markup=False,
            soft_wrap=True,
        )


def _fields(columns: "ColumnMap") -> dict[str, list[str]]:
    """Give the fields that will be kept, each with the columns it comes from."""
    from newsletter.subscribers import EVIDENCE

    composed = {"infix": ("last_name",), "name": ("first_name", "last_name")}
    fields: dict[str, list[str]] = {}
    for number, field in columns.fields.items():
        names = ("consent",) if field in EVIDENCE else composed.get(field, (field,))
        for kept in names:
            fields.setdefault(kept, []).append(columns.headers[number])
    return fields


def _kept(row: "Person | BadRow", field: str) -> str:
    from newsletter.subscribers import SIGNS, Person, Standing

    if not isinstance(row, Person):
        return "(bad)"
    if field in SIGNS:
        return {Standing.SUBSCRIBED: "", Standing.LEFT: "has left"}.get(row.standing, row.standing.name.lower())
    if field == "consent":
        at = row.evidence.requested_at
        return f"{at:%Y-%m-%d}" if at else row.evidence.detail
    if field == "tags":
        return ", ".join(sorted(row.tags))
    return row.address.address if field == "email" else shown(row.values.get(field))


def show_result(face: Face, result: "ImportResult", list_name: str, *, dry_run: bool) -> None:
    """Show how many rows had which fate."""
    console = face.console
    verb = "Would import" if dry_run else "Imported"
    console.print(f"{verb} {result.written:,} of {result.rows:,} rows into {list_name}.")
    for fate, words in _FATES.items():
        count = next((count for one, count in result.counts.items() if one.value == fate), 0)
        if count:
            console.print(f"  {count:>9,}  {words}")


def show_bad(face: Face, first: Sequence[tuple[str, "BadRow"]], count: int, reports: Sequence[str]) -> None:
    """Show the first bad rows, and where all of them are.

    Args:
        first: Each with the name of its table.
    """
    for name, bad in first:
        for problem in bad.problems:
            problem.where = Place(name, bad.row.line, row=bad.row.number, field=problem.where.field)
            print_error(problem)
    more = count - len(first)
    and_more = f"And {more:,} more. " if more > 0 else ""
    where = (
        f"All bad rows are in {', '.join(reports)}: mend them there and import that file."
        if reports
        else "Nothing was written; without --dry-run the bad rows go into a report."
    )
    face.error_console.print(f"{and_more}{where}", soft_wrap=True, markup=False)
