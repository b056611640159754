"""`newsletter segments`: saved conditions, and whom they hold for at this moment."""

from typing import TYPE_CHECKING

import click

from newsletter.cli.base import Face, echo_json, pass_face
from newsletter.cli.subscribers.choosing import query_of
from newsletter.cli.subscribers.finding import show_people
from newsletter.errors import ContentError, Place

if TYPE_CHECKING:
    from newsletter.audience import Query

list_option = click.option("--list", "list_name", metavar="LIST", help="Of this list; the first one if not given.")
sample_option = click.option("--sample", default=10, show_default=True, type=click.IntRange(0, 100), help="How many.")


@click.group(name="segments")
def command() -> None:
    """Show segments, try conditions, and count whom they hold for."""


@command.command(name="list")
@list_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@pass_face
def list_(face: Face, list_name: str | None, as_json: bool) -> None:
    """List the segments, each with how many of a list would get mail."""
    name = _list(face, list_name)
    counts = {one: _count(face, _query(face, name, segment=one)) for one in face.definitions.segments}
    if as_json:
        echo_json({"list": name, "segments": counts})
        return
    if not counts:
        click.echo("There are no segments. They stand in subscribers/segments.yaml.")
    width = max(map(len, counts), default=0)
    for one, count in counts.items():
        found = face.definitions.segments[one]
        click.echo(f"{one:<{width}}  {count:>9,}  {found.name}: {found.where}")


@command.command(name="show")
@click.argument("name", metavar="SEGMENT")
@list_option
@sample_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@pass_face
def show(face: Face, name: str, list_name: str | None, sample: int, as_json: bool) -> None:
    """Show a segment: its condition, how many it holds for, and some of them."""
    found = face.definitions.segment(name)
    _show(face, _query(face, _list(face, list_name), segment=name), f"{found.name}: {found.where}", sample, as_json)


@command.command(name="try")
@click.argument("condition")
@list_option
@sample_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@pass_face
def try_(face: Face, condition: str, list_name: str | None, sample: int, as_json: bool) -> None:
    """Try a CONDITION before it becomes a segment: how many it holds for, and some of them."""
    _show(face, _query(face, _list(face, list_name), where=condition), condition, sample, as_json)


def _show(face: Face, query: "Query", title: str, sample: int, as_json: bool) -> None:
    from newsletter import audience
    from newsletter.clock import now
    from newsletter.subscribers import read_records

    definitions = face.definitions
    with face.database() as database, database.snapshot() as connection:
        moment = now()
        total = audience.count(connection, query, definitions, moment)
        numbers = audience.page(connection, query, definitions, moment, limit=sample) if total and sample else ()
        records = read_records(connection, list(numbers), definitions)
    if as_json:
        echo_json({"list": query.list, "condition": str(query.where), "count": total, "sample": list(numbers)})
        return
    face.console.print(title, style="bold", markup=False, soft_wrap=True)
    show_people(face, [records[number] for number in numbers if number in records])
    click.echo(f"{total:,} of {query.list} would get mail.")


def _count(face: Face, query: "Query") -> int:
    from newsletter import audience
    from newsletter.clock import now

    with face.database() as database, database.snapshot() as connection:
        return audience.count(connection, query, face.definitions, now())


def _query(face: Face, list_name: str, *, segment: str | None = None, where: str | None = None) -> "Query":
    return query_of(face.definitions, list_name=list_name, segment=segment, where=where, standing="receiving")


def _list(face: Face, list_name: str | None) -> str:
    """Name the list that is meant."""
    if list_name is not None:
        return face.definitions.list(list_name).id
    if not face.definitions.lists:
        raise ContentError("there is no list", where=Place("subscribers/lists.yaml"), remedy="Define one there.")
    return next(iter(face.definitions.lists))
