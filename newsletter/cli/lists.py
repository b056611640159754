"""`newsletter lists`: what can be subscribed to, and how many are."""

from typing import TYPE_CHECKING, Any, Final

import click

from newsletter.cli.base import Face, echo_json, pass_face

if TYPE_CHECKING:
    from newsletter.subscribers import ListDefinition

COUNTED: Final = ("receiving", "subscribed", "paused", "suppressed", "unsubscribed")


@click.group(name="lists")
def command() -> None:
    """Show the lists, and how many people are on each."""


@command.command(name="list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@pass_face
def list_(face: Face, as_json: bool) -> None:
    """List the lists, with how many get mail, pause, are suppressed and have left."""
    from rich.table import Table
    from rich.text import Text

    counts = {name: _counts(face, name) for name in face.definitions.lists}
    if as_json:
        echo_json(counts)
        return
    grid = Table(box=None, pad_edge=False, header_style="dim")
    grid.add_column("list")
    for name in COUNTED:
        grid.add_column(name, justify="right", no_wrap=True, min_width=len(name))
    grid.add_column("name", no_wrap=True, overflow="ellipsis")
    for name, found in counts.items():
        numbers = (f"{found[one]:,}" for one in COUNTED)
        grid.add_row(*map(Text, (name, *numbers, str(face.definitions.lists[name].name))))
    face.console.print(grid)


@command.command(name="show")
@click.argument("name", metavar="LIST")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@pass_face
def show(face: Face, name: str, as_json: bool) -> None:
    """Show all about a list: its words in every language, how people join it, and how many there are."""
    chosen = face.definitions.list(name)
    counts = _counts(face, name)
    if as_json:
        echo_json({**_document(chosen), "counts": counts})
        return
    console = face.console
    console.print(str(chosen.name), style="bold", markup=False)
    for title, texts in (("description", chosen.description), ("reason", chosen.reason), ("consent", chosen.consent)):
        for language, text in texts.by_language.items():
            label = f"{title} {language}".strip()
            console.print(f"  {label:<16} {text or '(none)'}", markup=False, soft_wrap=True)
    joining = "confirmed by mail" if chosen.is_double else "without a confirmation"
    console.print(f"  {'joining':<16} {joining if chosen.is_public else 'by staff only'}", markup=False)
    for one in chosen.frequencies.values():
        console.print(f"  {'frequency':<16} {one.id}: {one.name}, at most every {one.days} days", markup=False)
    for what, count in counts.items():
        console.print(f"  {what:<16} {count:,}", markup=False)


def _counts(face: Face, name: str) -> dict[str, int]:
    from newsletter import audience
    from newsletter.clock import now

    with face.database() as database, database.snapshot() as connection:
        return {
            one: audience.count(connection, audience.Query(name, audience.Standing(one)), face.definitions, now())
            for one in COUNTED
        }


def _document(chosen: "ListDefinition") -> dict[str, Any]:
    return {
        "id": chosen.id,
        "name": dict(chosen.name.by_language),
        "description": dict(chosen.description.by_language),
        "reason": dict(chosen.reason.by_language),
        "consent": dict(chosen.consent.by_language),
        "public": chosen.is_public,
        "opt_in": "double" if chosen.is_double else "single",
        "frequencies": {one.id: one.days for one in chosen.frequencies.values()},
    }
