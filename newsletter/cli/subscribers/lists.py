"""`newsletter subscribers export`: whole lists, written as CSV."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import click

from newsletter.cli.base import Face, pass_face, progress


@click.command(name="export")
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


@contextmanager
def _output(path: Path | None) -> Iterator[IO[bytes]]:
    from newsletter.workspace import replacing

    if path is None:
        yield sys.stdout.buffer
        return
    with replacing(path, private=True) as file:
        yield file
