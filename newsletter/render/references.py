"""Finds the pictures and documents that an issue names, and where it names them."""

from collections.abc import Callable, Iterator
from typing import Literal
from urllib.parse import unquote

from newsletter.documents import read_text, read_yaml, split_front_matter
from newsletter.errors import NewsletterError, Place
from newsletter.issues import ISSUE_FILE, Entry, Issue
from newsletter.items import Named, Publication, pictures_in, place_of_value
from newsletter.media import Reference


def references(issue: Issue) -> tuple[Reference, ...]:
    """Find what an issue names: pictures and covers of items, pictures within texts, documents of publications."""
    found = [*_of_text(issue, ISSUE_FILE, issue.intro)]
    for section, members in enumerate(issue.sections):
        for position, entry in enumerate(members.entries):
            found += _of_matter(issue, entry, section, position)
            found += _of_text(issue, entry.file, entry.item.body)
    return tuple(dict.fromkeys(found))


def _of_matter(issue: Issue, entry: Entry, section: int, position: int) -> Iterator[Reference]:
    item = entry.item
    if item.image is not None:
        key = "cover" if isinstance(item, Publication) else "image"
        where = _place_in_matter(issue, entry, key, item.image.source, ("sections", section, "items", position))
        yield _of_item(issue, entry.file, item.image.source, "picture", where)
    if isinstance(item, Publication) and item.file:
        where = _place_in_matter(issue, entry, "file", item.file, ("sections", section, "items", position))
        yield _of_item(issue, entry.file, item.file, "document", where)


def _of_text(issue: Issue, file: str, text: str) -> Iterator[Reference]:
    for one in pictures_in(text):
        beside = (issue.folder / file).parent
        path = beside / one.file_in(beside) if one.is_beside else None
        where = _place_in_text(issue, file, one)
        yield Reference(file, one.source, "picture", path, issue.folder, where, _fault(one))


def _fault(one: Named) -> str:
    """Tell why the source of a picture leads nowhere."""
    if "{{" in unquote(one.source):
        return "a picture's address cannot depend on the reader"
    if one.is_elsewhere or one.is_beside:
        return ""
    return f"{one.source!r} is neither a file beside the item nor a whole address"


def _of_item(
    issue: Issue, file: str, source: str, kind: Literal["picture", "document"], where: Callable[[], Place]
) -> Reference:
    path = None if "://" in source else (issue.folder / file).parent / source
    return Reference(file, source, kind, path, issue.folder, where)


def _place_in_matter(
    issue: Issue, entry: Entry, key: str, source: str, entry_path: tuple[str | int, ...]
) -> Callable[[], Place]:
    """Make what finds where an item, or the issue on its behalf, names something in its front matter."""

    def where() -> Place:
        name = f"issues/{issue.slug}/{entry.file}"
        found = place_of_value(issue.folder / entry.file, name, source, ((key, "source"), (key,)))
        if found is not None:
            return found
        try:
            document = read_yaml(issue.folder / ISSUE_FILE, f"issues/{issue.slug}/{ISSUE_FILE}")
        except NewsletterError:  # it was changed since it was read
            return Place(name)
        return document.place((*entry_path, "image", "source"))

    return where


def _place_in_text(issue: Issue, file: str, one: Named) -> Callable[[], Place]:
    """Make what finds where a text names a picture."""

    def where() -> Place:
        name = f"issues/{issue.slug}/{file}"
        try:
            text = read_text(issue.folder / file, name)
        except NewsletterError:
            return Place(name)
        lines = text.splitlines()
        first = 1 if file == ISSUE_FILE else split_front_matter(text, name).body_line
        for number in range(first - 1, len(lines)):
            for written in (one.source, unquote(one.source)):
                column = lines[number].find(f"]({written}")
                if column < 0:
                    column = lines[number].find(f"](<{written}")
                if column >= 0:
                    return Place(name, number + 1, column + 3)
        return Place(name, first if file == ISSUE_FILE else first + one.line - 1)

    return where
