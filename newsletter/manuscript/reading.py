"""Reads the files of an issue as a manuscript."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from newsletter.documents import Document, KeyPath, Node, compose, document_of, read_text, split_front_matter
from newsletter.issues import ISSUE_FILE, Entry, Issue
from newsletter.items import Publication
from newsletter.manuscript.passages import Manuscript, Passage, Role, Sheet
from newsletter.workspace import Workspace

_QUOTED: Final = ("'", '"')


def read_manuscript(workspace: Workspace, issue: Issue) -> Manuscript:
    """Read the texts of an issue, each with its place.

    A title or lead that the issue has of its own goes before that of the item's file.

    Raises:
        ContentError: A file cannot be read any more.
    """
    pages = _Page.of_issue(workspace, issue)
    items: dict[str, Sheet] = {}
    passages = [*_heading(pages)]
    for number, section in enumerate(issue.sections):
        passages += pages.passages((Role.SECTION_TITLE, ("sections", number, "title")), section=number)
        for entry in section.entries:
            page = _Page.of_item(workspace, issue, entry)
            items[entry.file] = page.sheet
            passages += _item(pages, page, entry, number)
    return Manuscript(pages.sheet, items, tuple(passages))


@dataclass(frozen=True, slots=True)
class _Page:
    """A sheet with its nodes, which tell where a value stands."""

    sheet: Sheet
    root: Node | None
    offset: int
    """Where the YAML begins in the text."""

    @classmethod
    def of_issue(cls, workspace: Workspace, issue: Issue) -> "_Page":
        path = workspace.issues / issue.slug / ISSUE_FILE
        name = f"issues/{issue.slug}/{ISSUE_FILE}"
        text = read_text(path, name)
        root = compose(text, name)
        return cls(Sheet(name, path, text, document_of(root, name), len(text)), root, 0)

    @classmethod
    def of_item(cls, workspace: Workspace, issue: Issue, entry: Entry) -> "_Page":
        path = workspace.issues / issue.slug / entry.file
        name = f"issues/{issue.slug}/{entry.file}"
        text = read_text(path, name)
        parts = split_front_matter(text, name)
        root = compose(parts.matter, name, 2)
        document: Document = document_of(root, name, 2)
        return cls(Sheet(name, path, text, document, len(text) - len(parts.body)), root, parts.start)

    def passages(
        self, *wanted: tuple[Role, KeyPath], section: int | None = None, entry: Entry | None = None
    ) -> Iterator[Passage]:
        for role, path in wanted:
            node = self._node(path)
            if node is None or node.kind != "scalar" or not node.value.strip():
                continue
            start, end = self._inside(node)
            markdown = role is Role.INTRO
            yield Passage(role, node.value, self.sheet, start, end, path, section, entry, markdown)

    def body(self, entry: Entry, section: int) -> Iterator[Passage]:
        body = self.sheet.text[self.sheet.body_start :]
        if body.strip():
            start = self.sheet.body_start + len(body) - len(body.lstrip())
            end = self.sheet.body_start + len(body.rstrip())
            yield Passage(Role.BODY, body.strip(), self.sheet, start, end, (), section, entry, markdown=True)

    def _node(self, path: KeyPath) -> Node | None:
        here = self.root
        for part in path:
            here = here.resolved if here else None
            if here is None:
                return None
            if isinstance(part, int):
                here = here.elements[part] if part < len(here.elements) else None
            else:
                here = next((value for key, value in here.pairs if key.resolved.value == part), None)
        return here.resolved if here else None

    def _inside(self, node: Node) -> tuple[int, int]:
        """Give the span of a scalar without its quotes, or without the line that begins a block."""
        start, end = self.offset + node.content, self.offset + node.end
        if node.style in _QUOTED:
            return start + 1, end - 1
        if node.style:
            first = self.sheet.text.find("\n", start, end)
            return (end if first < 0 else first + 1), end
        return start, end


def _heading(page: _Page) -> Iterator[Passage]:
    return page.passages((Role.SUBJECT, ("subject",)), (Role.PREHEADER, ("preheader",)), (Role.INTRO, ("intro",)))


def _item(issue: _Page, item: _Page, entry: Entry, number: int) -> Iterator[Passage]:
    """Give the texts of an item, with those that the issue has of its own in their places."""
    own = _entry_path(issue, entry, number)
    lead = "summary" if isinstance(entry.item, Publication) else "lead"
    for role, key in ((Role.TITLE, "title"), (Role.LEAD, lead)):
        override = [*issue.passages((role, (*own, role.value)), section=number, entry=entry)]
        yield from override or item.passages((role, (key,)), section=number, entry=entry)
    quoted: tuple[Role, KeyPath] = (Role.QUOTE, ("quote", "text"))
    yield from item.passages(quoted, section=number, entry=entry)
    yield from item.body(entry, number)
    yield from item.passages((Role.LINK_TEXT, ("link_text",)), section=number, entry=entry)


def _entry_path(issue: _Page, entry: Entry, number: int) -> KeyPath:
    listed = issue.sheet.document.data["sections"][number].get("items") or []
    for position, one in enumerate(listed):
        if isinstance(one, dict) and str(one.get("file")) == entry.file:
            return ("sections", number, "items", position)
    return ("sections", number, "items", len(listed))
