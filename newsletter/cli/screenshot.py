"""`newsletter screenshot`: pictures an issue as readers see it, with a Chromium of this machine."""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import click

from newsletter.cli.base import Face, pass_face, reader_record, slug_of

WIDTHS: Final = (640, 375)
SCHEMES: Final = ("light", "dark")


@click.command(name="screenshot")
@click.argument("slug", type=slug_of)
@click.option(
    "-o",
    "--output",
    "folder",
    metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where to write; var/screenshots/SLUG if not given.",
)
@click.option("--as", "email", metavar="EMAIL", help="Picture it for this subscriber instead of a made-up one.")
@click.option("--list", "list_name", metavar="LIST", help="The list whose name and reason stand in the footer.")
@click.option(
    "--width",
    "widths",
    type=click.IntRange(240, 1600),
    multiple=True,
    help="Width in pixels, may be repeated; 640 and 375 if not given.",
)
@click.option("--dark/--light", "dark", default=None, help="Only dark, or only light; both if neither is given.")
@pass_face
def command(
    face: Face,
    slug: str,
    folder: Path | None,
    email: str | None,
    list_name: str | None,
    widths: Sequence[int],
    dark: bool | None,
) -> None:
    """Write pictures of the issue SLUG at its full height, such as SLUG-640-light.png.

    They have two pixels for each one of the page. It takes a Chromium, Google Chrome or Microsoft Edge on this machine;
    nothing is fetched from elsewhere.
    """
    from newsletter.chromium import find_chromium, open_chromium
    from newsletter.dispatch import build_issue, write_build
    from newsletter.workspace import write_atomically

    find_chromium()
    record = reader_record(face, email)
    built = build_issue(face.workspace, face.settings, face.definitions, slug, list_name, record)
    target = folder or face.workspace.state / "screenshots" / slug
    schemes = SCHEMES if dark is None else (SCHEMES[dark],)
    with tempfile.TemporaryDirectory(prefix="newsletter-") as pages, open_chromium() as browser:
        write_build(built, Path(pages))
        page = (Path(pages) / "issue.html").as_uri()
        for width in dict.fromkeys(widths or WIDTHS):
            for scheme in schemes:
                picture = browser.picture(page, width=width, dark=scheme == "dark")
                file = target / f"{slug}-{width}-{scheme}.png"
                write_atomically(file, picture)
                face.console.print(f"wrote {face.workspace.name_of(file)}", soft_wrap=True, markup=False)
