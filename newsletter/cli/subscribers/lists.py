"""`newsletter subscribers export`: lists, segments or everybody, written as CSV or as an Excel workbook."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING

import click

from newsletter.cli.base import Face, pass_face, progress

if TYPE_CHECKING:
    import sqlalchemy as sa

WORKBOOK = ".xlsx"


@click.command(name="export")
@click.option("--list", "list_name", metavar="LIST", help="The list; all people if not given, a row for each list.")
@click.option("--segment", metavar="SEGMENT", help="Only those of this segment.")
@click.option("-o", "--output", "output", type=click.Path(path_type=Path, dir_okay=False), help="Write here.")
@click.option("--xlsx", is_flag=True, help="Write an Excel workbook, as a file that ends in .xlsx is anyhow.")
@click.option("--everybody", is_flag=True, help="Those who have unsubscribed too.")
@pass_face
def export(
    face: Face, list_name: str | None, segment: str | None, output: Path | None, xlsx: bool, everybody: bool
) -> None:
    """Write people as CSV or as a workbook, which can be imported again; to standard output without -o.

    Addresses that nobody may mail are kept as hashes only: they are counted, and cannot be written.
    """
    from newsletter.subscribers import count_people, count_suppressed, export_people

    if list_name is not None:
        face.definitions.list(list_name)
    among = _among(face, segment, list_name)
    is_workbook = xlsx or (output is not None and output.suffix.lower() == WORKBOOK)
    with face.database() as database, database.snapshot() as connection:
        total = count_people(connection, list_name, everybody=everybody, among=among)
        suppressed = count_suppressed(connection)
        with _output(output) as file, progress(face, "Exporting", total=total) as advance:
            count = export_people(
                connection,
                face.definitions,
                list_name,
                file,
                advance,
                everybody=everybody,
                among=among,
                workbook=is_workbook,
            )
    if output is not None:
        rows = "people" if list_name is not None else "rows"
        click.echo(
            f"Wrote {count:,} {rows} to {output}. Keep it out of git and delete it when you are done.",
            err=True,
        )
        if suppressed:
            told = ", ".join(f"{number:,} {reason}" for reason, number in suppressed.items())
            click.echo(f"Beside them, addresses that nobody may mail are kept as hashes: {told}.", err=True)


def _among(face: Face, segment: str | None, list_name: str | None) -> "sa.ColumnElement[bool] | None":
    if segment is None:
        return None
    from newsletter.audience import segment_clause

    return segment_clause(face.definitions.segment(segment).where, face.definitions, list_name)


@contextmanager
def _output(path: Path | None) -> Iterator[IO[bytes]]:
    from newsletter.workspace import replacing

    if path is None:
        yield sys.stdout.buffer
        return
    with replacing(path, private=True) as file:
        yield file
