"""`newsletter subscribers`: brings people in, shows them, and lets them go."""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import click

from newsletter.cli.base import Face, confirm, echo_json, pass_face, print_error, progress
from newsletter.errors import EXIT_UNFINISHED

if TYPE_CHECKING:
    from newsletter.subscribers import (
        BadRow,
        ColumnMap,
        Definitions,
        ImportResult,
        Person,
        Profile,
        Table,
        Target,
    )

PREVIEWED = 2
PREVIEW_WIDTH = 24
SHOWN_PROBLEMS = 5


@click.group(name="subscribers")
def command() -> None:
    """Import, export, add, show, unsubscribe and remove people."""


@command.command(name="import")
@click.argument("file", type=click.Path(path_type=Path))
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
    """Import the CSV file FILE into a list.

    All good rows go in, in one step; bad ones go into a report that can be mended and imported. It is safe to
    repeat. Nobody who has left the list is brought back.

    Exit code 10 means that some rows were bad.
    """
    from newsletter.clock import now
    from newsletter.subscribers import Target, map_columns, write_report

    definitions = face.definitions
    definitions.list(list_name)
    target = Target(list_name, source or f"import {file.name}", now(), definitions, face.signer.hash_address)
    with _opened(file) as table:
        columns = map_columns(table.headers, _given(definitions, saved, maps), definitions, str(file))
        _show_columns(face, table, columns, definitions, file)
    if not dry_run and not yes:
        confirm(f"Import into {list_name}?")
    result = _import(face, file, columns, target, dry_run=dry_run)
    report = report or face.workspace.state / "reports" / f"{file.stem}-bad-rows.csv"
    if result.bad:
        write_report(result, columns.headers, report)
    if as_json:
        echo_json({"rows": result.rows, **{fate.value: count for fate, count in result.counts.items()}})
    else:
        _show_result(face, result, list_name, dry_run=dry_run)
    if result.bad:
        _show_bad(face, result, file, face.workspace.name_of(report))
        raise SystemExit(EXIT_UNFINISHED)


@command.command(name="export")
@click.option("--list", "list_name", required=True, metavar="LIST", help="The list.")
@click.option("-o", "--output", "output", type=click.Path(path_type=Path, dir_okay=False), help="Write here.")
@click.option("--everybody", is_flag=True, help="Those who have unsubscribed too.")
@pass_face
def export(face: Face, list_name: str, output: Path | None, everybody: bool) -> None:
    """Write the people of a list as CSV; to standard output without -o."""
    from newsletter.subscribers import count_people, export_people

    face.definitions.list(list_name)
    with face.database() as database, database.reading() as connection:
        total = count_people(connection, list_name, everybody=everybody)
        with _output(output) as file, progress(face, "Exporting", total=total) as advance:
            count = export_people(connection, face.definitions, list_name, file, advance, everybody=everybody)
    if output is not None:
        click.echo(
            f"Wrote {count:,} people to {output}. Keep it out of git and delete it when you are done.",
            err=True,
        )


@command.command(name="add")
@click.argument("email")
@click.option("--list", "list_name", required=True, metavar="LIST", help="The list to join.")
@click.option("--set", "settings", multiple=True, metavar="FIELD=VALUE", help="A name, language, attribute or topics.")
@click.option("--source", default="added by staff", metavar="TEXT", show_default=True, help="Kept as proof.")
@pass_face
def add(face: Face, email: str, list_name: str, settings: tuple[str, ...], source: str) -> None:
    """Add EMAIL to a list, or change what is kept of them."""
    from newsletter.clock import now
    from newsletter.subscribers import add as add_person
    from newsletter.subscribers import parse_address, split_named

    definitions = face.definitions
    definitions.list(list_name)
    name, bare = split_named(email)
    values = _values(definitions, settings)
    if name and "first_name" not in values:
        first, _, last = name.partition(" ")
        values |= {"first_name": first, "last_name": last or None}
    address = parse_address(bare)
    with face.database() as database, database.writing() as connection:
        add_person(
            connection,
            address,
            list_name,
            values,
            definitions,
            source=source,
            now=now(),
            hash_address=face.signer.hash_address,
        )
    click.echo(f"{address.address} is on {list_name}.")


@command.command(name="show")
@click.argument("email")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@pass_face
def show(face: Face, email: str, as_json: bool) -> None:
    """Show all that is kept of EMAIL."""
    from newsletter.subscribers import parse_address
    from newsletter.subscribers import show as show_person

    with face.database() as database, database.reading() as connection:
        profile = show_person(connection, parse_address(email), face.definitions, face.signer.hash_address)
    if as_json:
        echo_json(_document(profile))
    else:
        _show_profile(face, profile)


@command.command(name="unsubscribe")
@click.argument("email")
@click.option("--list", "list_name", metavar="LIST", help="Only from this list; from all of them if not given.")
@pass_face
def unsubscribe(face: Face, email: str, list_name: str | None) -> None:
    """Take EMAIL off a list; holds at once, for a sending under way too."""
    from newsletter.clock import now
    from newsletter.subscribers import parse_address
    from newsletter.subscribers import unsubscribe as unsubscribe_person

    if list_name is not None:
        face.definitions.list(list_name)
    address = parse_address(email)
    with face.database() as database, database.writing() as connection:
        lists = unsubscribe_person(connection, address, list_name, now())
    click.echo(
        f"{address.address} has left {', '.join(lists)}." if lists else f"{address.address} was on no such list."
    )


@command.command(name="remove")
@click.argument("email")
@click.option("--suppress", is_flag=True, help="Keep a hash too, so that no import brings them back.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@pass_face
def remove(face: Face, email: str, suppress: bool, yes: bool) -> None:
    """Erase EMAIL. Of somebody who has unsubscribed a hash stays, so that no import brings them back."""
    from newsletter.clock import now
    from newsletter.subscribers import parse_address
    from newsletter.subscribers import remove as remove_person

    address = parse_address(email)
    if not yes:
        confirm(f"Erase all that is kept of {address.address}? This cannot be undone.")
    with face.database() as database, database.writing() as connection:
        remove_person(connection, address, now(), face.signer.hash_address, suppress=suppress)
    click.echo(f"{address.address} is erased.")


@command.command(name="list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@pass_face
def list_(face: Face, as_json: bool) -> None:
    """List the lists, and how many people are on each."""
    from newsletter.subscribers import count_people

    definitions = face.definitions
    with face.database() as database, database.reading() as connection:
        counts = {
            name: (
                count_people(connection, name, everybody=False),
                count_people(connection, name, everybody=True),
            )
            for name in definitions.lists
        }
    if as_json:
        echo_json({name: {"subscribed": on, "unsubscribed": all_ - on} for name, (on, all_) in counts.items()})
        return
    width = max((len(name) for name in counts), default=0)
    for name, (on, everybody) in counts.items():
        click.echo(f"{name:<{width}}  {on:>9,} subscribed  {everybody - on:>7,} left  {definitions.lists[name].name}")


@contextmanager
def _opened(file: Path) -> "Iterator[Table]":
    from newsletter.subscribers import open_table

    with open_table(file) as table:
        yield table


@contextmanager
def _output(path: Path | None) -> Iterator[IO[bytes]]:
    from newsletter.workspace import replacing

    if path is None:
        yield sys.stdout.buffer
        return
    with replacing(path, private=True) as file:
        yield file


def _import(face: Face, file: Path, columns: "ColumnMap", target: "Target", *, dry_run: bool) -> "ImportResult":
    from newsletter.subscribers import import_people, read_rows

    description = "Checking" if dry_run else "Importing"
    with (
        face.database() as database,
        _opened(file) as table,
        progress(face, description, total=None) as advance,
    ):
        rows = read_rows(table.rows, columns, target.definitions)
        return import_people(database, rows, target, advance, dry_run=dry_run)


def _given(definitions: "Definitions", saved: str | None, maps: tuple[str, ...]) -> Mapping[str, str]:
    given: dict[str, str] = {}
    if saved is not None:
        if saved not in definitions.imports:
            known = ", ".join(definitions.imports) or "none yet"
            raise click.BadParameter(f"there is no saved map {saved!r}. There are: {known}.", param_hint="--columns")
        given |= definitions.imports[saved]
    return given | dict(_pairs(maps, "--map", "COLUMN=FIELD"))


def _pairs(texts: tuple[str, ...], option: str, form: str) -> Iterator[tuple[str, str]]:
    for text in texts:
        name, equals, value = text.rpartition("=") if option == "--map" else text.partition("=")
        if not equals or not name:
            raise click.BadParameter(f"{text!r} is not of the form {form}.", param_hint=option)
        yield name.strip(), value.strip()


def _values(definitions: "Definitions", settings: tuple[str, ...]) -> dict[str, Any]:
    from newsletter.subscribers import read_value

    known = ("first_name", "last_name", "language", "topics", *definitions.attributes)
    values: dict[str, Any] = {}
    for name, text in _pairs(settings, "--set", "FIELD=VALUE"):
        if name not in known:
            raise click.BadParameter(f"there is no field {name!r}. There are: {', '.join(known)}.", param_hint="--set")
        values[name] = read_value(definitions, name, text)
    return values


def _show_columns(face: Face, table: "Table", columns: "ColumnMap", definitions: "Definitions", file: Path) -> None:
    """Show what becomes of each column, with what the first rows would be kept as."""
    from rich.table import Table as Grid

    from newsletter.subscribers import read_rows

    console = face.error_console
    delimiter = {"\t": "tab"}.get(table.delimiter, table.delimiter)
    console.print(f"{file}: {table.encoding}, parted by {delimiter!r}", markup=False)
    rows = list(read_rows(islice(table.rows, PREVIEWED), columns, definitions))
    grid = Grid(box=None, pad_edge=False, header_style="dim")
    grid.add_column("field", no_wrap=True)
    grid.add_column("from the column", no_wrap=True)
    for number in range(1, len(rows) + 1):
        grid.add_column(f"row {number}", overflow="ellipsis", no_wrap=True, max_width=PREVIEW_WIDTH)
    for field, headers in _fields(columns).items():
        grid.add_row(field, ", ".join(headers), *(_kept(row, field) for row in rows))
    console.print(grid)
    if columns.ignored:
        console.print(f"passed over: {', '.join(columns.ignored)}", style="dim", markup=False)


def _fields(columns: "ColumnMap") -> dict[str, list[str]]:
    """Give the fields that will be kept, each with the columns it comes from."""
    composed = {"infix": ("last_name",), "name": ("first_name", "last_name")}
    fields: dict[str, list[str]] = {}
    for number, field in columns.fields.items():
        for kept in composed.get(field, (field,)):
            fields.setdefault(kept, []).append(columns.headers[number])
    return fields


def _kept(row: "Person | BadRow", field: str) -> str:
    from newsletter.subscribers import Person

    if not isinstance(row, Person):
        return "(bad)"
    if field in ("status", "left_at"):
        return "has left" if row.has_left else ""
    return row.address.address if field == "email" else _shown(row.values.get(field))


def _shown(value: Any) -> str:
    if isinstance(value, frozenset):
        return ", ".join(sorted(value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


_FATES = {
    "added": "new",
    "joined": "known already, now on this list too",
    "changed": "on the list already, something changed",
    "unchanged": "on the list already, nothing changed",
    "left": "have left, says the file; kept so that no import adds them",
    "unsubscribed": "have left this list before; left alone",
    "suppressed": "may not be mailed; left alone",
    "repeated": "the same address as a row above",
    "bad": "bad; see the report",
}


def _show_result(face: Face, result: "ImportResult", list_name: str, *, dry_run: bool) -> None:
    console = face.console
    verb = "Would import" if dry_run else "Imported"
    console.print(f"{verb} {result.written:,} of {result.rows:,} rows into {list_name}.")
    for fate, words in _FATES.items():
        count = next((count for one, count in result.counts.items() if one.value == fate), 0)
        if count:
            console.print(f"  {count:>9,}  {words}")


def _show_bad(face: Face, result: "ImportResult", file: Path, report: str) -> None:
    from newsletter.errors import Place

    for bad in result.bad[:SHOWN_PROBLEMS]:
        bad.problem.where = Place(str(file), bad.row.line, row=bad.row.number, field=bad.problem.where.field)
        print_error(bad.problem)
    more = len(result.bad) - SHOWN_PROBLEMS
    and_more = f"And {more:,} more. " if more > 0 else ""
    face.error_console.print(
        f"{and_more}All bad rows are in {report}: mend them there and import that file.", soft_wrap=True
    )


def _show_profile(face: Face, profile: "Profile") -> None:
    console = face.console
    console.print(profile.address, style="bold", markup=False)
    for name, value in profile.values.items():
        if name != "email" and value not in (None, frozenset()):
            console.print(f"  {name:<16} {_shown(value)}", markup=False)
    console.print(f"  {'known since':<16} {profile.created_at:%Y-%m-%d}")
    for one in profile.subscriptions:
        since = f"since {one.subscribed_at:%Y-%m-%d} ({one.source})"
        left = f", left {one.unsubscribed_at:%Y-%m-%d}" if one.unsubscribed_at else ""
        console.print(f"  {one.list:<16} {one.status} {since}{left}", markup=False, soft_wrap=True)
    if profile.suppressed:
        console.print(f"  may not be mailed: {profile.suppressed}", style="red", markup=False)


def _document(profile: "Profile") -> dict[str, Any]:
    return {
        "address": profile.address,
        "values": {
            name: sorted(value) if isinstance(value, frozenset) else value for name, value in profile.values.items()
        },
        "created_at": profile.created_at.isoformat(),
        "subscriptions": [
            {
                "list": one.list,
                "status": one.status,
                "source": one.source,
                "subscribed_at": one.subscribed_at.isoformat(),
                "unsubscribed_at": one.unsubscribed_at.isoformat() if one.unsubscribed_at else None,
            }
            for one in profile.subscriptions
        ],
        "suppressed": profile.suppressed,
    }
