"""Brings together what the files of an issue say and what its message shows: all links, each with its places."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

from newsletter.documents import line_start
from newsletter.errors import Place
from newsletter.issues import Issue
from newsletter.links.addresses import address_of
from newsletter.links.model import Link, Spot
from newsletter.links.shown import PERSONAL, Shown, links_shown, text_shown
from newsletter.links.written import spots_in
from newsletter.manuscript import Manuscript
from newsletter.render import CompiledIssue
from newsletter.render.bodies import text_from_markdown
from newsletter.workspace import Workspace

_SOURCES: Final = (".j2", ".toml", ".po")


@dataclass(frozen=True)
class Links:
    """The links of an issue, in the order of its message; those that it leaves out follow.

    Args:
        anchors: What can be led to within the message.
    """

    links: tuple[Link, ...]
    anchors: frozenset[str]

    @property
    def web(self) -> Iterator[Link]:
        """Links that can be fetched: the same for all readers, and published by others."""
        return (link for link in self.links if link.shown and not link.personal and not link.own)


def collect_links(
    workspace: Workspace,
    issue: Issue,
    manuscript: Manuscript,
    compiled: CompiledIssue,
    public_url: str,
    media_url: str,
) -> Links:
    """Find all links of an issue, those of the reader's own aside.

    Args:
        public_url: The issue's own page lies below it.
        media_url: The pictures and documents that are published with it lie below it.
    """
    titles = {entry.file: entry.item.title for section in issue.sections for entry in section.entries}
    spots: dict[str, list[Spot]] = {}
    sheets = [(manuscript.sheet, ""), *((sheet, titles.get(file, "")) for file, sheet in manuscript.items.items())]
    for sheet, block in sheets:
        for spot in spots_in(sheet, block):
            spots.setdefault(address_of(spot.written), []).append(spot)
    shown = links_shown(compiled)
    elsewhere = _Elsewhere(workspace, issue.template)
    own = (media_url, f"{public_url}issues/{issue.slug}/")
    links = [*_shown(shown, spots, elsewhere, own), *_left_out(shown, spots, text_shown(compiled))]
    return Links(tuple(links), frozenset(shown.anchors))


def _shown(
    shown: Shown, spots: Mapping[str, list[Spot]], elsewhere: "_Elsewhere", own: tuple[str, ...]
) -> Iterator[Link]:
    by_address: dict[str, tuple[str, dict[str, None]]] = {}
    for url, texts in shown.texts.items():
        by_address.setdefault(address_of(url), (url, {}))[1].update(texts)
    for address, (url, words) in by_address.items():
        found = spots.get(address) or [elsewhere.spot(url)]
        is_own = url.startswith(own) and address not in spots
        yield Link(url, tuple(words), tuple(found), personal=PERSONAL in url, own=is_own)


def _left_out(shown: Shown, spots: Mapping[str, list[Spot]], text: str) -> Iterator[Link]:
    """Give the links of texts that readers see without them, since they are not whole."""
    present = {address_of(url) for url in shown.texts}
    for address, found in spots.items():
        in_texts = [spot for spot in found if address not in present and _is_read(spot, text)]
        if in_texts:
            yield Link(in_texts[0].written, (), tuple(in_texts), shown=False)


def _is_read(spot: Spot, text: str) -> bool:
    """Whether an address stands in a text that readers see; bodies and keys may hold what no template shows."""
    if spot.place.field != "body" or spot.sheet is None:
        return spot.place.field == "intro"
    lines = text_from_markdown(spot.sheet.text[spot.sheet.body_start :])
    return max(lines, key=len, default="\n") in text


@dataclass(frozen=True)
class _Elsewhere:
    """The files of a template, for links that stand in none of the issue's."""

    workspace: Workspace
    template: str

    def spot(self, url: str) -> Spot:
        """Find where a template, or a setting, writes an address; name the template where it is put together."""
        for path, text in self._texts.items():
            at = text.find(url)
            if at >= 0:
                start = line_start(text, at)
                return Spot(Place(self.workspace.name_of(path), text.count("\n", 0, at) + 1, at - start + 1), url)
        return Spot(Place(f"templates/{self.template}/issue.mjml.j2"), url)

    @cached_property
    def _texts(self) -> Mapping[Path, str]:
        folders = [self.workspace.templates / name for name in (self.template, "shared")]
        paths = [path for folder in folders for path in sorted(folder.rglob("*")) if path.suffix in _SOURCES]
        found = [*paths, self.workspace.settings_file]
        return {path: path.read_text(encoding="utf-8", errors="replace") for path in found if path.is_file()}
