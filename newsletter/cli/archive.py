"""`newsletter archive`: the issues that have gone out, as a site of files."""

from pathlib import Path

import click

from newsletter.cli.base import Face, pass_face
from newsletter.cli.dispatch.opening import opened


@click.group(name="archive")
def command() -> None:
    """Do something with the issues that have gone out."""


@command.command(name="build")
@click.option(
    "-o", "--output", "folder", required=True, type=click.Path(path_type=Path), help="The folder to write to."
)
@click.option("--url", metavar="URL", help="Where the archive will be found; by default where the public site is.")
@pass_face
def build(face: Face, folder: Path, url: str | None) -> None:
    """Write the archive as a site of files: pages, feeds, calendars, pictures, and a search.

    Links are relative, so that it can be opened from the folder, and served from anywhere. What an earlier build wrote
    and this one does not goes; nothing else in the folder is touched.
    """
    from newsletter import web

    with opened(face) as there:
        written = web.write_archive(web.Site(there), folder, _checked(url) if url else None)
    issues = "1 issue" if written.issues == 1 else f"{written.issues:,} issues"
    removed = f"; {written.removed:,} files of an earlier one removed" if written.removed else ""
    click.echo(f"{folder}: {issues} in {written.files:,} files{removed}.")
    click.echo(f"Open {folder / 'index.html'} to look at it.")


def _checked(url: str) -> str:
    from newsletter.settings.urls import check_public_url

    try:
        return check_public_url(url)
    except ValueError as error:
        message, _, remedy = str(error).partition("|")
        raise click.BadParameter(f"{message}. {remedy}", param_hint="--url") from error
