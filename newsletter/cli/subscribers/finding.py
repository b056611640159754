"""`newsletter subscribers find`: people by name, address, list, condition, tag and standing."""

from typing import TYPE_CHECKING, Any, Final

import click

from newsletter.cli.base import Face, echo_json, pass_face
from newsletter.cli.subscribers.choosing import choosing, query_of
from newsletter.cli.subscribers.values import shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from newsletter.subscribers import Record

LEGIBLE: Final = 36
"""How much of an address or a name a narrow terminal shows at least."""
SURELY_SHOWN: Final = 3
"""Number, address and name go before what else is known."""


@click.command(name="find")
@click.argument("text", default="")
@choosing
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 1000), help="How many are shown.")
@click.option("--after", default=0, type=click.IntRange(0, 2**62), metavar="NUMBER", help="Those after this number.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@pass_face
def find(face: Face, /, text: str, limit: int, after: int, as_json: bool, **chosen: Any) -> None:
    """Find people, and count them; TEXT is a part of their name or address."""
    from newsletter import audience
    from newsletter.clock import now
    from newsletter.subscribers import read_records

    definitions, moment = face.definitions, now()
    query = query_of(definitions, text=text, **chosen)
    with face.database() as database, database.snapshot() as connection:
        total = audience.count(connection, query, definitions, moment)
        numbers = audience.page(connection, query, definitions, moment, after=after, limit=limit) if total else ()
        records = read_records(connection, list(numbers), definitions)
    people = [records[number] for number in numbers if number in records]
    if as_json:
        echo_json({"count": total, "people": [_document(one) for one in people]})
        return
    show_people(face, people)
    more = f", shown are {len(people):,}" if len(people) < total else ""
    click.echo(f"{total:,} {'person' if total == 1 else 'people'}{more}.", err=True)
    if people and len(people) == limit and (after or len(people) < total):
        click.echo(f"The next: --after {people[-1].id}", err=True)


def show_people(face: Face, people: "Sequence[Record]") -> None:
    """Show people as a table: number, address, name, and what is known of most of them."""
    from rich.table import Table
    from rich.text import Text

    if not people:
        return
    names = [name for name in people[0].values if name not in ("email", "first_name", "last_name")]
    filled = [name for name in names if any(one.values.get(name) not in (None, frozenset()) for one in people)]
    grid = Table(box=None, pad_edge=False, header_style="dim")
    rows = [(str(one.id), one.address, _name(one), *(shown(one.values.get(name)) for name in filled)) for one in people]
    for number, name in enumerate(("number", "address", "name", *filled)):
        longest = max(len(row[number]) for row in rows)
        grid.add_column(
            name,
            justify="right" if number == 0 else "left",
            no_wrap=True,
            min_width=max(len(name), min(longest, LEGIBLE)) if number < SURELY_SHOWN else None,
        )
    for row in rows:
        grid.add_row(*map(Text, row))
    face.console.print(grid)


def _name(one: "Record") -> str:
    return " ".join(str(one.values[part]) for part in ("first_name", "last_name") if one.values.get(part))


def _document(one: "Record") -> dict[str, Any]:
    values = {
        name: sorted(value) if isinstance(value, frozenset) else value
        for name, value in one.values.items()
        if value is not None
    }
    return {"number": one.id, **values}
