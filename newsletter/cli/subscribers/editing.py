"""`newsletter subscribers edit`, `changes` and `undo`: many people at once, and back again."""

from typing import TYPE_CHECKING, Any

import click

from newsletter.cli.base import Face, confirm, echo_json, pass_face, progress
from newsletter.cli.subscribers.choosing import choosing, query_of
from newsletter.cli.subscribers.values import read_values

if TYPE_CHECKING:
    from newsletter.subscribers import Change, Definitions


@click.command(name="edit")
@click.argument("text", required=False)
@choosing
@click.option("--all", "everybody", is_flag=True, help="All people there are.")
@click.option("--set", "settings", multiple=True, metavar="FIELD=VALUE", help="Set it; without a value, forget it.")
@click.option("--add-tag", "tags", multiple=True, metavar="TAG", help="Give them this tag.")
@click.option("--remove-tag", "without_tags", multiple=True, metavar="TAG", help="Take this tag from them.")
@click.option("--add-topic", "topics", multiple=True, metavar="TOPIC", help="Give them this topic.")
@click.option("--remove-topic", "without_topics", multiple=True, metavar="TOPIC", help="Take this topic from them.")
@click.option("--unsubscribe", is_flag=True, help="Take them off the list.")
@click.option("--dry-run", is_flag=True, help="Say how many it would be; write nothing.")
@click.option("--yes", is_flag=True, help="Do not ask before.")
@pass_face
def edit(
    face: Face,
    /,
    text: str | None,
    everybody: bool,
    settings: tuple[str, ...],
    tags: tuple[str, ...],
    without_tags: tuple[str, ...],
    topics: tuple[str, ...],
    without_topics: tuple[str, ...],
    unsubscribe: bool,
    dry_run: bool,
    yes: bool,
    **chosen: Any,
) -> None:
    """Edit all people that 'subscribers find' would show; TEXT is a part of their name or address.

    It can be undone with 'subscribers undo'.
    """
    from newsletter.audience import matching
    from newsletter.clock import now
    from newsletter.dispatch.audit import who
    from newsletter.subscribers import Edit, edit_people

    if text is not None and not text.strip():
        raise click.UsageError("TEXT is empty: leave it out, or say whom to edit.")
    if text is None and not everybody and not any(chosen.values()):
        raise click.UsageError("Say whom to edit: a part of their name or address, --list, --where, --all …")
    if unsubscribe and chosen["list_name"] is None:
        raise click.UsageError("Say which list to take them off, with --list.")
    definitions, moment = face.definitions, now()
    made = Edit(
        read_values(definitions, settings),
        _tags(tags),
        _tags(without_tags),
        _topics(definitions, topics, "--add-topic"),
        _topics(definitions, without_topics, "--remove-topic"),
        chosen["list_name"] if unsubscribe else None,
    )
    if not made or "topics" in made.values:
        raise click.UsageError("Say what to change: --set, --add-tag, --add-topic, --unsubscribe and others.")
    query = query_of(definitions, text=text or "", **chosen)
    with face.database() as database:
        with database.reading() as connection:
            numbers = connection.scalars(matching(query, definitions, moment)).all()
        people = f"{len(numbers):,} {'person' if len(numbers) == 1 else 'people'}"
        if dry_run or not numbers:
            click.echo(f"Would {made}: {people}.")
            return
        if not yes:
            confirm(f"{str(made).capitalize()}: {people}?")
        with progress(face, "Editing", total=len(numbers)) as advance:
            edit_people(database, numbers, made, definitions, by=who(), now=moment, progress=advance)
    click.echo(f"Edited {people}. To take it back: newsletter subscribers undo")


@click.command(name="changes")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@pass_face
def changes(face: Face, as_json: bool) -> None:
    """List the last changes of many people at once, the newest first."""
    from dataclasses import asdict

    from newsletter.subscribers import read_changes

    with face.database() as database, database.reading() as connection:
        found = read_changes(connection)
    if as_json:
        echo_json([asdict(one) for one in found])
        return
    if not found:
        click.echo("Nothing was changed in bulk yet.")
    for one in found:
        click.echo(_told(one))


@click.command(name="undo")
@click.option("--yes", is_flag=True, help="Do not ask before.")
@pass_face
def undo(face: Face, yes: bool) -> None:
    """Undo the last bulk change or import.

    People who have acted themselves since, or were changed again, are left alone.
    """
    from newsletter.clock import now
    from newsletter.dispatch.audit import who
    from newsletter.subscribers import last_change
    from newsletter.subscribers import undo as undo_change

    with face.database() as database:
        with database.reading() as connection:
            change = last_change(connection)
        click.echo(_told(change), err=True)
        if not yes:
            confirm("Undo this?")
        with progress(face, "Undoing", total=change.count) as advance:
            counts = undo_change(database, change, face.definitions, by=who(), now=now(), progress=advance)
    if not counts:
        click.echo("Nobody had been changed.")
    for what, count in sorted(counts.items()):
        click.echo(f"{count:>9,}  {what.value}")


def _told(change: "Change") -> str:
    state = "" if change.finished_at else ", not finished"
    undone = f", undone on {change.undone_at:%Y-%m-%d}" if change.undone_at else ""
    moment = f"{change.at.astimezone():%Y-%m-%d %H:%M}"
    people = "person" if change.count == 1 else "people"
    words = f"{change.action}: {change.detail}" if change.detail else change.action
    return f"{change.number:>5}  {moment}  {change.count:>9,} {people}  {words} (by {change.by}{state}{undone})"


def _tags(given: tuple[str, ...]) -> frozenset[str]:
    from newsletter.subscribers import clean_text

    return frozenset(filter(None, map(clean_text, given)))


def _topics(definitions: "Definitions", given: tuple[str, ...], option: str) -> frozenset[str]:
    for name in given:
        if name not in definitions.topics:
            known = ", ".join(definitions.topics) or "none yet"
            raise click.BadParameter(f"there is no topic {name!r}. There are: {known}.", param_hint=option)
    return frozenset(given)
