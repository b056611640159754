"""`newsletter init`: makes a workspace that works at once."""

import shlex
from pathlib import Path

import click

from newsletter.cli.base import Face, pass_face


def _named(_context: click.Context, _parameter: click.Parameter, value: str) -> Path:
    if not value.strip():
        raise click.BadParameter("there is no name in it; write . for this folder.")
    return Path(value)


@click.command(name="init")
@click.argument("folder", metavar="DIR", callback=_named)
@click.option("--name", help="The newsletter's name; also the sender's, to begin with.")
@click.option("--language", metavar="TAG", help="The language of its issues, such as nl or en.")
@click.option("--time-zone", metavar="ZONE", help="Where it is made, such as Europe/Amsterdam.")
@click.option("--email", metavar="ADDRESS", help="The address that it comes from.")
@click.option("--postal-address", metavar="TEXT", help="Where the sender can be reached by post.")
@click.option("--public-url", metavar="URL", help="Where readers find its web site.")
@pass_face
def command(face: Face, /, folder: Path, **given: str | None) -> None:
    """Make a workspace in DIR, with a template and an example issue.

    Nothing is overwritten. DIR may exist, as long as nothing in it stands in the way.
    """
    from newsletter.starter import begin

    begin(folder, {name: value for name, value in given.items() if value is not None})
    console = face.console
    console.print(f"Made a workspace in {folder}.\n", markup=False)
    console.print("Next:")
    steps = [
        (f"cd {shlex.quote(str(folder))}", ""),
        ("newsletter config", "look at the settings, and correct newsletter.toml"),
        ("newsletter issue list", "see the example issue"),
        ("newsletter --help", "see what else there is"),
    ]
    width = max(len(step) for step, _ in steps)
    for step, reason in steps:
        console.print(f"  {step:<{width}}  {reason}".rstrip(), markup=False)
