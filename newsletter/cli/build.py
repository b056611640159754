"""`newsletter build`: writes an issue as files to look at."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from newsletter.cli.base import Face, echo_json, pass_face, reader_record, slug_of

if TYPE_CHECKING:
    from rich.console import Console

    from newsletter.dispatch import Built, Costs


@click.command(name="build")
@click.argument("slug", type=slug_of)
@click.option(
    "-o",
    "--output",
    "folder",
    required=True,
    metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where to write.",
)
@click.option("--list", "list_name", metavar="LIST", help="The list whose name and reason stand in the footer.")
@click.option("--as", "email", metavar="EMAIL", help="Build it for this subscriber instead of a made-up one.")
@click.option("--json", "as_json", is_flag=True, help="Print the statistics as JSON.")
@pass_face
def command(face: Face, slug: str, folder: Path, list_name: str | None, email: str | None, as_json: bool) -> None:
    """Write the issue SLUG as HTML, text, one example message and statistics.

    The same files give the same bytes.
    """
    from newsletter.dispatch import build_issue, statistics, write_build

    record = reader_record(face, email)
    built = build_issue(face.workspace, face.settings, face.definitions, slug, list_name, record)
    files = write_build(built, folder)
    described = statistics(built)
    if as_json:
        echo_json(described)
        return
    _show(face, built, described)
    print_costs(face.console, built.costs)
    for file in files:
        face.console.print(f"wrote {file}", soft_wrap=True, markup=False)


def _show(face: Face, built: "Built", statistics: dict[str, Any]) -> None:
    from rich.table import Table

    console = face.console
    console.print(built.subject, style="bold", markup=False)
    table = Table(box=None, pad_edge=False, header_style="dim")
    for title in ("part", "bytes", "of these the same for all", "slots", "blocks"):
        table.add_column(title, justify="left" if title == "part" else "right")
    for name, part in statistics["parts"].items():
        counts = (part["example_bytes"], part["literal_bytes"], part["slots"], part["blocks"])
        table.add_row(name, *(f"{count:,}" for count in counts))
    console.print(table)
    for block in statistics["blocks"]:
        shown = f"block in {block['part']}: {block['literal_bytes']:,} bytes if {block['shown_if']}"
        console.print(shown, markup=False, soft_wrap=True)
    variants = statistics["variants"]
    if variants > 1:
        console.print(f"{variants} variants, by {'; '.join(statistics['variant_conditions'])}", markup=False)
    console.print(f"whole message: {statistics['message_bytes']:,} bytes")
    if statistics["clipped"]:
        face.error_console.print(
            "The HTML is so long that a well-known mail program cuts it off: leave something out.",
            style="yellow",
        )


def print_costs(console: "Console", costs: "Costs") -> None:
    """Print what each section and item of an issue costs."""
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("what each block costs in the HTML", overflow="fold")
    table.add_column("bytes", justify="right")
    table.add_row("head, header and footer", f"{costs.frame:,}")
    for section in costs.sections:
        table.add_row(escape(section.what), f"{section.size:,}", style="bold")
        for item in section.items:
            table.add_row(f"  {escape(item.what)}", f"{item.size:,}")
    console.print(table)
