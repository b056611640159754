"""Feeds of the archive, for programs that follow it: RSS 2.0 and Atom."""

import xml.etree.ElementTree as ET
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Final

from newsletter.settings import Settings
from newsletter.web.archive.library import Volume

MOST: Final = 20
"""How many issues a feed has."""
ATOM: Final = "http://www.w3.org/2005/Atom"
_BEGINNING: Final = datetime(1970, 1, 1, tzinfo=UTC)
_NOT_XML: Final = dict.fromkeys((*range(9), 11, 12, *range(14, 32), 0xFFFE, 0xFFFF))


def rss(
    settings: Settings, language: str, volumes: Sequence[Volume], self_url: str, url_of: Callable[[str], str]
) -> bytes:
    """Write a feed of RSS 2.0.

    Args:
        self_url: Where the feed is.
        url_of: Gives where an issue is, by its name.

    Source: RSS 2.0.11, with the practices of the RSS Advisory Board's profile.
    """
    ET.register_namespace("atom", ATOM)
    root = ET.Element("rss", {"version": "2.0"})
    channel = ET.SubElement(root, "channel")
    _text(channel, "title", settings.name)
    _text(channel, "link", settings.public_url)
    _text(channel, "description", settings.name)
    _text(channel, "language", language)
    _text(channel, "lastBuildDate", _rfc822(updated(volumes)))
    ET.SubElement(channel, f"{{{ATOM}}}link", {"href": self_url, "rel": "self", "type": "application/rss+xml"})
    for one in volumes[:MOST]:
        item = ET.SubElement(channel, "item")
        _text(item, "title", one.shown.subject)
        _text(item, "link", url_of(one.slug))
        _text(item, "guid", url_of(one.slug), isPermaLink="true")
        _text(item, "pubDate", _rfc822(one.out_at))
        _text(item, "description", one.summary or one.shown.subject)
    return _written(root)


def atom(
    settings: Settings, language: str, volumes: Sequence[Volume], self_url: str, url_of: Callable[[str], str]
) -> bytes:
    """Write a feed of Atom; see `rss`. Source: RFC 4287."""
    ET.register_namespace("", ATOM)
    root = ET.Element(f"{{{ATOM}}}feed", {"{http://www.w3.org/XML/1998/namespace}lang": language})
    _atom(root, "id", settings.public_url)
    _atom(root, "title", settings.name)
    _atom(root, "updated", updated(volumes).isoformat(timespec="seconds"))
    author = ET.SubElement(root, f"{{{ATOM}}}author")
    _atom(author, "name", settings.sender.organisation or settings.sender.name)
    ET.SubElement(root, f"{{{ATOM}}}link", {"rel": "self", "type": "application/atom+xml", "href": self_url})
    ET.SubElement(root, f"{{{ATOM}}}link", {"rel": "alternate", "type": "text/html", "href": settings.public_url})
    for one in volumes[:MOST]:
        entry = ET.SubElement(root, f"{{{ATOM}}}entry")
        _atom(entry, "id", url_of(one.slug))
        _atom(entry, "title", one.shown.subject)
        _atom(entry, "published", one.out_at.isoformat(timespec="seconds"))
        _atom(entry, "updated", one.edition.changed_at.isoformat(timespec="seconds"))
        ET.SubElement(entry, f"{{{ATOM}}}link", {"rel": "alternate", "type": "text/html", "href": url_of(one.slug)})
        _atom(entry, "summary", one.summary or one.shown.subject)
    return _written(root)


def updated(volumes: Sequence[Volume]) -> datetime:
    """Tell when something last changed."""
    return max((one.edition.changed_at for one in volumes[:MOST]), default=_BEGINNING)


def _rfc822(moment: datetime) -> str:
    return format_datetime(moment.astimezone(UTC), usegmt=True)


def _atom(parent: ET.Element, name: str, text: str) -> None:
    _text(parent, f"{{{ATOM}}}{name}", text)


def _text(parent: ET.Element, name: str, text: str, **attributes: str) -> None:
    ET.SubElement(parent, name, attributes).text = text.translate(_NOT_XML)


def _written(root: ET.Element) -> bytes:
    ET.indent(root)
    written: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return written + b"\n"
