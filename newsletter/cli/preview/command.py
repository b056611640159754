"""The command: parses, starts the server, and ends with Ctrl-C."""

import webbrowser

import click

from newsletter.cli.base import Face, pass_face, reader_record, slug_of

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

    The page shows it at every width, in light and dark, with pictures blocked, as text, as mail programs show it, and
    for any reader. What is chosen there stands in its address. Ctrl-C ends it.
    """
    from newsletter.cli.preview.choice import Choice
    from newsletter.cli.preview.server import serve
    from newsletter.cli.preview.workbench import Preview
    from newsletter.issues import issue_folder

    issue_folder(face.workspace, slug)
    if email:
        # An address that is none, or that nobody has, is said here as well.
        reader_record(face, email)
    language = "nl" if face.settings.language.startswith("nl") else "en"
    preview = Preview(face, slug, Choice(email=email or "", list=list_name or ""), language)
    with serve(preview, port, PORT) as address:
        click.echo(f"Preview of {slug}: {address}")
        click.echo("It reloads when a file changes. Press Ctrl-C to end.")
        if browse:
            webbrowser.open(address)
        try:
            preview.ended.wait()
        except KeyboardInterrupt:
            click.echo("\nEnded.", err=True)
