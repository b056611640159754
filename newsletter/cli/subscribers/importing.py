"""`newsletter subscribers import`: shows what a file holds, brings its people in, and reports bad rows."""

import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from newsletter.cli.base import Face, confirm, echo_json, pass_face, print_error, progress
from newsletter.cli.subscribers.values import pairs, shown
from newsletter.errors import EXIT_UNFINISHED, Place, SubscriberError

if TYPE_CHECKING:
    from newsletter.subscribers import BadRow, ColumnMap, Definitions, ImportResult, Person, Table, Target

PREVIEWED: Final = 2
PREVIEW_WIDTH: Final = 24
SHOWN_PROBLEMS: Final = 5
STANDARD_INPUT: Final = Path("-")


@dataclass(frozen=True, slots=True)
class Input:
    """What is imported: the file, and its name for people."""

    path: Path
    name: str

    @contextmanager
    def opened(self) -> "Iterator[Table]":
        """Open it as a table."""
        from newsletter.subscribers import open_table

        with open_table(self.path, self.name) as table:
            yield table


@click.command(name="import")
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True))
@click.option("--list", "list_name", required=True, metavar="LIST", help="The list that they join.")
@click.option("--map", "maps", multiple=True, metavar="COLUMN=FIELD", help="What a column holds; '-' passes it over.")
@click.option("--columns", "saved", metavar="NAME", help="Use the saved map subscribers/imports/NAME.yaml.")
@click.option("--source", metavar="TEXT", help="Where they come from, kept as proof; the file's name if not given.")
@click.option("--report", "report", type=click.Path(path_type=Path, dir_okay=False), help="Write bad rows here.")
@click.option("--dry-run", is_flag=True, help="Show what would happen; write nothing.")
@click.option("--yes", is_flag=True, help="Do not ask before writing.")
@click.option("--json", "as_json", is_flag=True, help="Print the counts as JSON.")
@pass_face
def import_(
    face: Face,
    file: Path,
    list_name: str,
    maps: tuple[str, ...],
    saved: str | None,
    source: str | None,
    report: Path | None,
    dry_run: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Import the CSV file FILE into a list; - is standard input.

    All good rows go in, in one step; bad ones go into a report that can be mended and imported. It is safe to
    repeat. Nobody who has left the list is brought back.

    Exit code 10 means that some rows were bad.
    """
    from newsletter.clock import now
    from newsletter.subscribers import Target, clean_text, map_columns

    definitions = face.definitions
    definitions.list(list_name)
    _assert_apart(file, report)
    with _input(file) as given:
        said = clean_text(source or "") or f"import {clean_text(given.name)}"
        target = Target(list_name, said, now(), definitions, face.signer.address_hashes)
        with given.opened() as table:
            columns = map_columns(table.headers, _given(definitions, saved, maps), definitions, given.name)
            _show_columns(face, table, columns, definitions, given.name)
        if not dry_run and not yes:
            confirm(f"Import into {list_name}?")
        result = _import(face, given, columns, target, dry_run=dry_run)
        where = None if dry_run or not result.bad else _report(face, given, result, columns, report)
    if as_json:
        echo_json({"rows": result.rows, **{fate.value: count for fate, count in result.counts.items()}})
    else:
        _show_result(face, result, list_name, dry_run=dry_run)
    if result.bad:
        _show_bad(face, result, given.name, where)
        raise SystemExit(EXIT_UNFINISHED)


@contextmanager
def _input(file: Path) -> Iterator[Input]:
    """Give the file, or what comes in on standard input, which is read more than once and so put aside first."""
    if file != STANDARD_INPUT:
        yield Input(file, str(file))
        return
    with tempfile.NamedTemporaryFile(prefix="newsletter-") as spooled:
        shutil.copyfileobj(sys.stdin.buffer, spooled)
        spooled.flush()
        yield Input(Path(spooled.name), "standard input")


def _assert_apart(file: Path, report: Path | None) -> None:
    if report is not None and report.exists() and file.exists() and report.samefile(file):
        raise SubscriberError(
            "the report would take the place of the file itself",
            where=Place(str(report)),
            remedy="Name another file with --report.",
        )


def _import(face: Face, given: Input, columns: "ColumnMap", target: "Target", *, dry_run: bool) -> "ImportResult":
    from newsletter.subscribers import import_people, read_rows

    description = "Checking" if dry_run else "Importing"
    with (
        face.database() as database,
        given.opened() as table,
        progress(face, description, total=None) as advance,
    ):
        rows = read_rows(table.rows, columns, target.definitions)
        return import_people(database, rows, target, advance, dry_run=dry_run)


def _report(face: Face, given: Input, result: "ImportResult", columns: "ColumnMap", report: Path | None) -> str:
    """Write the report of bad rows and give its name."""
    from newsletter.subscribers import keep_report, write_report

    if report is not None:
        write_report(result.bad, columns.headers, report)
        return face.workspace.name_of(report)
    stem = Path(given.name).stem.replace(" ", "-")
    wanted = face.workspace.state / "reports" / f"{stem}-bad-rows.csv"
    return face.workspace.name_of(keep_report(result.bad, columns.headers, wanted))


def _given(definitions: "Definitions", saved: str | None, maps: tuple[str, ...]) -> Mapping[str, str]:
    given: dict[str, str] = {}
    if saved is not None:
        if saved not in definitions.imports:
            known = ", ".join(definitions.imports) or "none yet"
            raise click.BadParameter(f"there is no saved map {saved!r}. There are: {known}.", param_hint="--columns")
        given |= definitions.imports[saved]
    return given | dict(pairs(maps, "--map", "COLUMN=FIELD"))


def _show_columns(face: Face, table: "Table", columns: "ColumnMap", definitions: "Definitions", name: str) -> None:
    """Show what becomes of each column, with what the first rows would be kept as."""
    from rich.table import Table as Grid
    from rich.text import Text

    from newsletter.subscribers import read_rows

    console = face.error_console
    delimiter = {"\t": "tab"}.get(table.delimiter, table.delimiter)
    console.print(f"{name}: {table.encoding}, parted by {delimiter!r}", markup=False)
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
    composed = {"infix": ("last_name",), "name": ("first_name", "last_name")}
    fields: dict[str, list[str]] = {}
    for number, field in columns.fields.items():
        for kept in composed.get(field, (field,)):
            fields.setdefault(kept, []).append(columns.headers[number])
    return fields


def _kept(row: "Person | BadRow", field: str) -> str:
    from newsletter.subscribers import SIGNS, Person

    if not isinstance(row, Person):
        return "(bad)"
    if field in SIGNS:
        return "has left" if row.has_left else ""
    return row.address.address if field == "email" else shown(row.values.get(field))


_FATES = {
    "added": "new",
    "joined": "known already, now on this list too",
    "changed": "on the list already, something changed",
    "unchanged": "on the list already, nothing changed",
    "left": "have left, says the file; kept so that no import adds them",
    "unsubscribed": "have left this list before; left alone",
    "suppressed": "may not be mailed; left alone",
    "repeated": "the same address as another row, which counts",
    "bad": "bad",
}


def _show_result(face: Face, result: "ImportResult", list_name: str, *, dry_run: bool) -> None:
    console = face.console
    verb = "Would import" if dry_run else "Imported"
    console.print(f"{verb} {result.written:,} of {result.rows:,} rows into {list_name}.")
    for fate, words in _FATES.items():
        count = next((count for one, count in result.counts.items() if one.value == fate), 0)
        if count:
            console.print(f"  {count:>9,}  {words}")


def _show_bad(face: Face, result: "ImportResult", name: str, report: str | None) -> None:
    for bad in result.bad[:SHOWN_PROBLEMS]:
        for problem in bad.problems:
            problem.where = Place(name, bad.row.line, row=bad.row.number, field=problem.where.field)
            print_error(problem)
    more = len(result.bad) - SHOWN_PROBLEMS
    and_more = f"And {more:,} more. " if more > 0 else ""
    where = (
        f"All bad rows are in {report}: mend them there and import that file."
        if report
        else "Nothing was written; without --dry-run the bad rows go into a report."
    )
    face.error_console.print(f"{and_more}{where}", soft_wrap=True, markup=False)
