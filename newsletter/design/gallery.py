"""Writes pages that show every part of templates in every state: light and dark, on a desk and on a telephone."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from newsletter.design.checking import in_arabic
from newsletter.design.compiling import sample_html
from newsletter.design.samples import COVER, PICTURE, issue_from_the_right, sample_issue
from newsletter.expressions import Schema
from newsletter.render import Template, load_template
from newsletter.settings import Settings
from newsletter.subscribers import Definitions
from newsletter.workspace import Workspace, write_atomically

WIDTHS: Final = (600, 375)
_DARK: Final = "@media (prefers-color-scheme: dark)"
_PICTURES: Final = {PICTURE: Path(__file__).with_name("picture.svg"), COVER: Path(__file__).with_name("cover.svg")}


@dataclass(frozen=True, slots=True)
class Page:
    """What a page of the gallery shows.

    Args:
        title: Of the layout.
        files: Of the page in light and in dark.
    """

    title: str
    files: tuple[str, str]


def write_gallery(
    workspace: Workspace,
    settings: Settings,
    definitions: Definitions,
    names: Sequence[str],
    language: str,
    folder: Path,
) -> Path:
    """Write the gallery of templates into a folder.

    Args:
        names: Of the templates.
        language: Of the templates' own words; one page of each is written from right to left.

    Returns:
        The file to begin with.

    Raises:
        TemplateError: A template cannot show something; names file, line and column.
        WorkspaceError: The folder cannot be written.
    """
    shown: dict[str, list[Page]] = {}
    for name in names:
        template = load_template(workspace.templates / name)
        for title, html in _pages(template, language, settings, definitions.schema()):
            page = Page(title, (f"{name}-{title}.html", f"{name}-{title}-dark.html"))
            shown.setdefault(name, []).append(page)
            for file, text in zip(page.files, (html, html.replace(_DARK, "@media all")), strict=True):
                write_atomically(folder / file, text.encode())
    for source in _PICTURES.values():
        write_atomically(folder / source.name, source.read_bytes())
    index = folder / "index.html"
    write_atomically(index, _index(shown, language).encode())
    return index


def _pages(template: Template, language: str, settings: Settings, schema: Schema) -> Iterator[tuple[str, str]]:
    for layout in template.manifest.layouts:
        issue = sample_issue(template, [layout], language)
        yield layout, _with_pictures(sample_html(issue, template, settings, schema))
    issue = issue_from_the_right(template)
    yield "right-to-left", _with_pictures(sample_html(issue, in_arabic(template), settings, schema))


def _with_pictures(html: str) -> str:
    for url, source in _PICTURES.items():
        html = html.replace(url, source.name)
    return html


def _index(shown: dict[str, list[Page]], language: str) -> str:
    from jinja2 import Environment, PackageLoader

    environment = Environment(loader=PackageLoader("newsletter.design", "."), autoescape=True, trim_blocks=True)
    return environment.get_template("gallery.html.j2").render(shown=shown, widths=WIDTHS, language=language)
