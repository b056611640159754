"""`newsletter subscribers import`: shows what a file holds, brings its people in, and reports bad rows."""

import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from newsletter.cli.base import Face, confirm, echo_json, pass_face
from newsletter.cli.subscribers.import_shown import show_bad, show_columns, show_result
from newsletter.cli.subscribers.values import pairs
from newsletter.errors import EXIT_UNFINISHED, Place, SubscriberError

if TYPE_CHECKING:
    from newsletter.cli.subscribers.import_watch import Watch
    from newsletter.subscribers import Definitions, ImportResult, MappedPart, Target

STANDARD_INPUT: Final = Path("-")


@dataclass(frozen=True, slots=True)
class Input:
    """What is imported: the file, and its name for people."""

    path: Path
    name: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be done with it."""

    report: Path | None
    report_all: Path | None
    dry_run: bool


@click.command(name="import")
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True))
@click.option("--list", "list_name", required=True, metavar="LIST", help="The list that they join.")
@click.option(
    "--basis", metavar="BASIS", help="Why they may be mailed: opt-in, customer, contract, or 'other: in your words'."
)
@click.option("--source", metavar="TEXT", help="Where they come from, kept as proof; the file's name if not given.")
@click.option("--sheet", metavar="NAME", help="The sheet of a workbook.")
@click.option("--map", "maps", multiple=True, metavar="COLUMN=FIELD", help="What a column holds; '-' passes it over.")
@click.option("--columns", "saved", metavar="NAME", help="Use the saved map subscribers/imports/NAME.yaml.")
@click.option("--report", "report", type=click.Path(path_type=Path, dir_okay=False), help="Write bad rows here.")
@click.option(
    "--report-all", type=click.Path(path_type=Path, dir_okay=False), help="Write here what became of every row."
)
@click.option("--dry-run", is_flag=True, help="Show what would happen; write nothing.")
@click.option("--yes", is_flag=True, help="Do not ask before writing.")
@click.option("--json", "as_json", is_flag=True, help="Print the counts as JSON.")
@pass_face
def import_(
    face: Face,
    file: Path,
    list_name: str,
    basis: str | None,
    source: str | None,
    sheet: str | None,
    maps: tuple[str, ...],
    saved: str | None,
    report: Path | None,
    report_all: Path | None,
    dry_run: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Import FILE into a list: CSV, an Excel workbook or a ZIP archive of CSV files; - is standard input.

    Exports of other programs are recognised. All good rows go in; bad ones go into a report that can be mended and
    imported. It is safe to repeat, and the same command goes on with an import that was cut off. Nobody who has left
    the list or may not be mailed is brought back.

    Exit code 10 means that some rows were bad.
    """
    from newsletter.subscribers import find_parts, map_parts, read_basis

    definitions = face.definitions
    definitions.list(list_name)
    stated = read_basis(basis) if basis is not None else None
    for other in (report, report_all):
        _assert_apart(file, other)
    with _input(file) as given:
        found = find_parts(given.path, given.name, sheet)
        parts = map_parts(found, _given(definitions, saved, maps), definitions)
        show_columns(face, parts, found.passed_over, definitions)
        if stated is None and not dry_run:
            stated = _ask_basis(face)
        said = _source(given, parts, source, asks=not dry_run and not yes)
        target = _target(face, given, parts, list_name, stated, said)
        if not dry_run and not yes:
            confirm(f"Import into {list_name}?")
        _import(face, given, parts, target, Wanted(report, report_all, dry_run), as_json=as_json)


def _target(
    face: Face, given: Input, parts: "Sequence[MappedPart]", list_name: str, basis: str | None, source: str
) -> "Target":
    from newsletter.clock import now
    from newsletter.dispatch.audit import who
    from newsletter.subscribers import Target, clean_text, fingerprint

    name = clean_text(Path(given.name).name)
    return Target(
        list_name,
        source,
        now(),
        face.definitions,
        face.signer.address_hashes,
        basis,
        who(),
        name if "@" not in name else "a file",
        fingerprint(given.path, parts, list_name, basis or "", source),
        face.settings.privacy.networks,
    )


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
            remedy="Name another file for it.",
        )


def _ask_basis(face: Face) -> str:
    """Ask why they may be mailed.

    Raises:
        SubscriberError: Nobody is there to answer, or the answer is none.
    """
    from newsletter.subscribers import EXPLAINED, read_basis

    if not sys.stdin.isatty():
        raise SubscriberError(
            "it is not said why these people may be mailed",
            remedy="Say it with --basis: opt-in, customer, contract, or 'other: in your words'. See docs/importing.md. "
            "With --dry-run nothing is written, and nobody asks.",
        )
    face.error_console.print("Why may these people be mailed? It is kept with each of them, as proof.")
    for basis, explained in EXPLAINED.items():
        face.error_console.print(f"  {basis.value:<9} {explained.english}", markup=False)
    return read_basis(click.prompt("Basis", err=True))


def _source(given: Input, parts: "Sequence[MappedPart]", source: str | None, *, asks: bool) -> str:
    """Find out where they come from: as it is said, or asked for, or the file's name."""
    from newsletter.subscribers import clean_text

    product = next((part.columns.product for part in parts if part.columns.product), "")
    usual = f"import {clean_text(Path(given.name).name)}" + (f" ({product})" if product else "")
    if source is None and asks and sys.stdin.isatty():
        source = click.prompt("Where do they come from?", default=usual, err=True)
    return clean_text(source or "") or usual


def _import(
    face: Face, given: Input, parts: "Sequence[MappedPart]", target: "Target", wanted: Wanted, *, as_json: bool
) -> None:
    from newsletter.cli.subscribers.import_watch import Watch
    from newsletter.subscribers import import_people, read_parts

    with ExitStack() as stack:
        watch = Watch(face, stack, parts, wanted.report_all, dry_run=wanted.dry_run)
        with face.database() as database, watch.at_work():
            rows = read_parts(parts, target.definitions, target.now, watch.opened)
            kept = frozenset[str]().union(*(part.columns.kept for part in parts))
            result = import_people(database, rows, target, watch, fields=kept, dry_run=wanted.dry_run)
        where = [] if wanted.dry_run or not result.bad else _report(face, given, watch, wanted.report)
        _tell(face, result, target.list, watch, where, wanted, as_json=as_json)


def _tell(
    face: Face,
    result: "ImportResult",
    list_name: str,
    watch: "Watch",
    where: list[str],
    wanted: Wanted,
    *,
    as_json: bool,
) -> None:
    if as_json:
        echo_json({"rows": result.rows, **{fate.value: count for fate, count in result.counts.items()}})
    else:
        show_result(face, result, list_name, dry_run=wanted.dry_run)
    if wanted.report_all is not None:
        click.echo(f"What became of every row is in {face.workspace.name_of(wanted.report_all)}.", err=True)
    if result.bad:
        show_bad(face, watch.first_bad, result.bad, where)
        raise SystemExit(EXIT_UNFINISHED)


def _report(face: Face, given: Input, watch: "Watch", report: Path | None) -> list[str]:
    """Write a report of bad rows for each table that has some, and give their names."""
    stem = Path(given.name).stem.replace(" ", "-")
    names: list[str] = []
    for table, rows in watch.bad_rows.items():
        more = f"-{Path(table).stem}" if len(watch.bad_rows) > 1 else ""
        if report is not None:
            chosen = report.with_stem(f"{report.stem}{more}")
            rows.save(chosen)
        else:
            chosen = rows.keep(face.workspace.state / "reports" / f"{stem}{more}-bad-rows.csv".replace(" ", "-"))
        names.append(face.workspace.name_of(chosen))
    return names


def _given(definitions: "Definitions", saved: str | None, maps: tuple[str, ...]) -> Mapping[str, str]:
    given: dict[str, str] = {}
    if saved is not None:
        if saved not in definitions.imports:
            known = ", ".join(definitions.imports) or "none yet"
            raise click.BadParameter(f"there is no saved map {saved!r}. There are: {known}.", param_hint="--columns")
        given |= definitions.imports[saved]
    return given | dict(pairs(maps, "--map", "COLUMN=FIELD"))
