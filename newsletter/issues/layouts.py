"""What an issue's sections may hold: a template's layouts each show some kinds of item."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final, TypeAlias

from newsletter.documents import KeyPath, read_yaml
from newsletter.errors import ContentError, raise_all
from newsletter.issues.files import ISSUE_FILE
from newsletter.issues.model import Issue
from newsletter.workspace import Workspace

Kinds: TypeAlias = Mapping[str, Sequence[str]]
"""The kinds of item that a layout shows; one that is not named shows all."""

ALL_KINDS: Final[Kinds] = MappingProxyType({})


def shows(layout: str, kind: str, kinds: Kinds) -> bool:
    """Tell whether a layout can show a kind of item."""
    return layout not in kinds or kind in kinds[layout]


def assert_layouts(workspace: Workspace, issue: Issue, layouts: Sequence[str], kinds: Kinds) -> None:
    """Hold an issue's sections against what its template can show.

    Raises:
        ContentError: A section asks for another layout, or holds an item that its layout cannot show; names the line.
    """
    problems: list[tuple[KeyPath, str, str]] = []
    for number, section in enumerate(issue.sections):
        if section.layout not in layouts:
            message = f"the template {issue.template!r} has no layout {section.layout!r}"
            problems.append((("sections", number, "layout"), message, f"There are: {', '.join(layouts)}."))
        for position, entry in enumerate(section.entries):
            if not shows(section.layout, entry.item.kind, kinds):
                message = cannot_show(section.layout, entry.item.kind)
                remedy = f"It shows: {', '.join(kinds[section.layout])}. Move the item to another section."
                problems.append((("sections", number, "items", position), message, remedy))
    if problems:
        document = read_yaml(workspace.issues / issue.slug / ISSUE_FILE, f"issues/{issue.slug}/{ISSUE_FILE}")
        raise_all(
            ContentError(message, where=document.place(path), remedy=remedy) for path, message, remedy in problems
        )


def cannot_show(layout: str, kind: str) -> str:
    """Say that a layout cannot show a kind of item."""
    return f"the layout {layout!r} cannot show an item of the kind {kind}"
