"""`newsletter issue`: makes issues, and fills and orders them."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from newsletter.cli.base import Face, confirm, echo_json, pass_face, print_error, slug_of
from newsletter.errors import TemplateError

if TYPE_CHECKING:
    from newsletter.issues import Entry, Issue, Kinds, Listed


@click.group(name="issue")
def command() -> None:
    """Make, list, show and edit issues."""


@command.command(name="new")
@click.argument("slug")
@click.option("--subject", required=True, help="The subject line.")
@click.option("--date", "day", metavar="DATE", help="The day on it, such as 2024-02-20; today if not given.")
@click.option("--template", default="bulletin", show_default=True, metavar="NAME", help="A folder in templates/.")
@click.option("--language", metavar="TAG", help="Its language; the workspace's if not given.")
@pass_face
def new(face: Face, slug: str, subject: str, day: str | None, template: str, language: str | None) -> None:
    """Make an empty issue."""
    from newsletter.issues import new_issue
    from newsletter.render import load_template

    found = load_template(face.workspace.templates / template)
    path = new_issue(
        face.workspace,
        slug,
        subject=subject,
        day=_day(day, face),
        template=template,
        language=language or face.settings.language,
        languages=found.manifest.languages,
        layouts=found.manifest.first_layouts,
    )
    click.echo(f"Made {face.workspace.name_of(path)}.")
    click.echo(f"Next: newsletter issue add {slug} ITEM.md")


@command.command(name="list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@pass_face
def list_(face: Face, as_json: bool) -> None:
    """List all issues, the newest first."""
    from newsletter.issues import list_issues

    listed = list_issues(face.workspace)
    if as_json:
        echo_json(
            [
                {
                    "slug": one.slug,
                    "date": one.date,
                    "subject": one.subject,
                    "items": one.items,
                    "readable": not one.problem,
                }
                for one in listed
            ]
        )
    else:
        _print_list(listed)
    for one in listed:
        if one.problem:
            print_error(one.problem)


@command.command(name="show")
@click.argument("slug", type=slug_of)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@pass_face
def show(face: Face, slug: str, as_json: bool) -> None:
    """Show the issue SLUG: its sections and the items in them, with the numbers that 'move' and 'remove' take."""
    from newsletter.issues import read_issue

    issue = read_issue(
        face.workspace, slug, face.schema, time_zone=face.settings.time_zone, language=face.settings.language
    )
    if as_json:
        echo_json(_document(issue))
        return
    _print_issue(face, issue)


@command.command(name="add")
@click.argument("slug", type=slug_of)
@click.argument("files", metavar="FILE…", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--section", metavar="SECTION", help="Number, title or layout; by the kind of item if not given.")
@click.option("--at", type=click.IntRange(min=1), metavar="POSITION", help="From 1; at the end if not given.")
@pass_face
def add(face: Face, slug: str, files: tuple[Path, ...], section: str | None, at: int | None) -> None:
    """Copy Markdown files, with their pictures, into the issue SLUG: all of them, or none if one will not do."""
    from newsletter.issues import add_items

    positions = add_items(
        face.workspace,
        slug,
        files,
        section=section,
        at=at,
        time_zone=face.settings.time_zone,
        kinds=_kinds(face, slug),
    )
    for file, position in zip(files, positions, strict=True):
        click.echo(f"Added {file.name} as {position} ({position.section_title}).")


@command.command(name="move")
@click.argument("slug", type=slug_of)
@click.argument("entry", metavar="ITEM")
@click.option("--section", metavar="SECTION", help="Number, title or layout; the same one if not given.")
@click.option("--at", type=click.IntRange(min=1), metavar="POSITION", help="From 1; at the end if not given.")
@pass_face
def move(face: Face, slug: str, entry: str, section: str | None, at: int | None) -> None:
    """Move an ITEM (its file, or its number such as 2.3) within the issue SLUG."""
    from newsletter.issues import move_item

    position = move_item(face.workspace, slug, entry, section=section, at=at, kinds=_kinds(face, slug))
    click.echo(f"Moved {entry} to {position} ({position.section_title}).")


@command.command(name="remove")
@click.argument("slug", type=slug_of)
@click.argument("entry", metavar="ITEM")
@click.option("--delete-file", is_flag=True, help="Delete the item's file too.")
@click.option("--yes", is_flag=True, help="Do not ask before deleting.")
@pass_face
def remove(face: Face, slug: str, entry: str, delete_file: bool, yes: bool) -> None:
    """Take an ITEM (its file, or its number such as 2.3) out of the issue SLUG; its file stays."""
    from newsletter.issues import remove_item

    if delete_file and not yes:
        confirm(f"Delete the file of {entry} for good?")
    file = remove_item(face.workspace, slug, entry, delete_file=delete_file)
    click.echo(f"Took {file} out of {slug}.")
    if not delete_file:
        click.echo(f"Its file stays; bring it back with: newsletter issue restore {slug} {file}")


@command.command(name="restore")
@click.argument("slug", type=slug_of)
@click.argument("file")
@click.option("--section", metavar="SECTION", help="Number, title or layout; by the kind of item if not given.")
@click.option("--at", type=click.IntRange(min=1), metavar="POSITION", help="From 1; at the end if not given.")
@pass_face
def restore(face: Face, slug: str, file: str, section: str | None, at: int | None) -> None:
    """Put a FILE that lies in the issue's folder, but not in the issue, back into it."""
    from newsletter.issues import restore_item

    position = restore_item(
        face.workspace,
        slug,
        file,
        section=section,
        at=at,
        time_zone=face.settings.time_zone,
        kinds=_kinds(face, slug),
    )
    click.echo(f"{file} is {position} ({position.section_title}) again.")


def _kinds(face: Face, slug: str) -> "Kinds":
    """Tell what the layouts of an issue's template can show; an issue whose template is broken can still be edited."""
    from newsletter.issues import template_of
    from newsletter.render import load_template

    try:
        return load_template(face.workspace.templates / template_of(face.workspace, slug)).manifest.kinds
    except TemplateError:
        return {}


def _day(text: str | None, face: Face) -> date:
    from zoneinfo import ZoneInfo

    from newsletter.clock import now

    if text is None:
        return now().astimezone(ZoneInfo(face.settings.time_zone)).date()
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise click.BadParameter(f"{text!r} is no date. Write it as 2024-02-20.", param_hint="--date") from None


def _print_list(rows: "Sequence[Listed]") -> None:
    if not rows:
        click.echo("There are no issues yet. Make one: newsletter issue new SLUG --subject '…'", err=True)
        return
    width = max(len(one.slug) for one in rows)
    for one in rows:
        what = "cannot be read" if one.problem else f"{one.items} items" if one.items != 1 else "1 item"
        click.echo(f"{one.slug:<{width}}  {one.date or ''!s:<10}  {what:>9}  {one.subject or ''}".rstrip())


def _print_issue(face: Face, issue: "Issue") -> None:
    from rich.markup import escape

    console = face.console
    console.print(f"[bold]{escape(issue.subject)}[/bold]")
    facts = [issue.slug, issue.date.isoformat(), issue.language, f"template {issue.template}"]
    console.print(" · ".join(facts), style="dim", markup=False)
    if issue.preheader:
        console.print(issue.preheader, markup=False)
    for number, section in enumerate(issue.sections, 1):
        title = section.title or f"({section.layout})"
        only = f"  only if {section.visible_to.source}" if section.visible_to else ""
        console.print(f"\n[bold]{number}  {escape(title)}[/bold][dim]{escape(only)}[/dim]")
        if not section.entries:
            console.print("     nothing yet", style="dim")
        for position, entry in enumerate(section.entries, 1):
            console.print(f"{number}.{position:<3}{_line(entry)}", markup=False, soft_wrap=True)


def _line(entry: "Entry") -> str:
    only = f"  only if {entry.visible_to.source}" if entry.visible_to else ""
    return f"{entry.item.kind:<12} {entry.item.title}  [{entry.file}]{only}"


def _document(issue: "Issue") -> dict[str, object]:
    return {
        "slug": issue.slug,
        "subject": issue.subject,
        "preheader": issue.preheader,
        "date": issue.date,
        "language": issue.language,
        "template": issue.template,
        "sections": [
            {
                "title": section.title,
                "layout": section.layout,
                "visible_to": section.visible_to.source if section.visible_to else None,
                "items": [
                    {
                        "file": entry.file,
                        "kind": entry.item.kind,
                        "title": entry.item.title,
                        "visible_to": entry.visible_to.source if entry.visible_to else None,
                    }
                    for entry in section.entries
                ],
            }
            for section in issue.sections
        ],
    }
