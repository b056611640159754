"""Writes pages that show every part of templates in every state: light and dark, on a desk and on a telephone."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from newsletter.design.checking import in_arabic
from newsletter.design.compiling import SITE, collect_logo, picture_cache, sample_html
from newsletter.design.samples import COVER, PICTURE, issue_from_the_right, sample_issue
from newsletter.expressions import Schema
from newsletter.media import Collected
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
        files: Of the page in light and in dark, whatever the browser asks for.
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
        ContentError: A file of a logo cannot be shown.
        TemplateError: A template cannot show something; names file, line and column.
        WorkspaceError: The folder cannot be written.
    """
    shown: dict[str, list[Page]] = {}
    for name in names:
        template = load_template(workspace.templates / name)
        logo = collect_logo(workspace, template)
        logo_files = dict(_logo_files(workspace, template, logo))
        for file, content in logo_files.items():
            write_atomically(folder / file, content)
        for title, html in _pages(template, language, settings, definitions.schema(), logo):
            page = Page(title, (f"{name}-{title}.html", f"{name}-{title}-dark.html"))
            shown.setdefault(name, []).append(page)
            local = _with_pictures_beside(html, logo_files)
            for file, asked in zip(page.files, ("not all", "all"), strict=True):
                write_atomically(folder / file, local.replace(_DARK, f"@media {asked}").encode())
    for source in _PICTURES.values():
        write_atomically(folder / source.name, source.read_bytes())
    index = folder / "index.html"
    write_atomically(index, _index(shown, language).encode())
    return index


def _logo_files(workspace: Workspace, template: Template, logo: Collected) -> Iterator[tuple[str, bytes]]:
    """Give the files of a template's logo as they are published, by name; one that cannot be shown has no file."""
    mark = template.theme.logo
    if mark is None:
        return
    for reference in template.logos.values():
        shown = logo.variant(reference.file, reference.source, mark.width)
        if shown is not None:
            yield shown.name, picture_cache(workspace).encoded(shown)


def _pages(
    template: Template, language: str, settings: Settings, schema: Schema, logo: Collected
) -> Iterator[tuple[str, str]]:
    for layout in template.manifest.layouts:
        issue = sample_issue(template, [layout], language)
        yield layout, sample_html(issue, template, settings, schema, logo)
    issue = issue_from_the_right(template)
    yield "right-to-left", sample_html(issue, in_arabic(template), settings, schema, logo)


def _with_pictures_beside(html: str, logo_files: Iterable[str]) -> str:
    """Show pictures from where they lie beside the page."""
    names = {url: source.name for url, source in _PICTURES.items()} | {f"{SITE}{file}": file for file in logo_files}
    for url, name in names.items():
        html = html.replace(url, name)
    return html


def _index(shown: dict[str, list[Page]], language: str) -> str:
    from jinja2 import Environment, PackageLoader

    environment = Environment(loader=PackageLoader("newsletter.design", "."), autoescape=True, trim_blocks=True)
    return environment.get_template("gallery.html.j2").render(shown=shown, widths=WIDTHS, language=language)
