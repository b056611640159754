"""The command: parses, starts the server, and ends with Ctrl-C."""

import webbrowser
from typing import TYPE_CHECKING

import click

from newsletter.cli.base import Face, pass_face, reader_record, slug_of

if TYPE_CHECKING:
    from newsletter.dispatch import Built

PORT = 8025


@click.command(name="preview")
@click.argument("slug", type=slug_of)
@click.option("--as", "email", metavar="EMAIL", help="Show it for this subscriber instead of a made-up one.")
@click.option("--list", "list_name", metavar="LIST", help="The list whose name and reason stand in the footer.")
@click.option("--port", type=click.IntRange(0, 65535), help=f"Serve there; {PORT} or a free one if not given.")
@click.option("--open", "browse", is_flag=True, help="Open it in the browser.")
@pass_face
def command(face: Face, slug: str, email: str | None, list_name: str | None, port: int | None, browse: bool) -> None:
    """Show the issue SLUG on a page of this machine, anew whenever a file changes.

    Desktop, telephone, dark and text stand side by side. Ctrl-C ends it.
    """
    from newsletter.cli.preview.server import Preview, serve
    from newsletter.dispatch import build_issue
    from newsletter.issues import issue_folder
    from newsletter.settings import load
    from newsletter.subscribers import read_definitions

    workspace = face.workspace
    issue_folder(workspace, slug)
    record = reader_record(face, email)

    def build() -> "Built":
        # Read anew each time: settings and lists are among the files that change.
        settings, definitions = load(workspace, face.environ), read_definitions(workspace)
        return build_issue(workspace, settings, definitions, slug, list_name, record)

    language = "nl" if face.settings.language.startswith("nl") else "en"
    preview = Preview(build, workspace, slug, record.address if email else None, language)
    with serve(preview, port, PORT) as address:
        click.echo(f"Preview of {slug}: {address}")
        click.echo("It reloads when a file changes. Press Ctrl-C to end.")
        if browse:
            webbrowser.open(address)
        try:
            preview.ended.wait()
        except KeyboardInterrupt:
            click.echo("\nEnded.", err=True)
