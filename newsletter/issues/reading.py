"""Reads an issue whole: `issue.yaml`, its items, and what these need."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from newsletter.documents import Document, KeyPath, read_yaml, validate
from newsletter.errors import ContentError, NewsletterError, raise_all
from newsletter.expressions import Expression, Schema, parse, parse_text
from newsletter.issues.files import ISSUE_FILE, issue_folder
from newsletter.issues.model import Entry, Issue, Section
from newsletter.issues.schema import EntryMatter, IssueMatter, SectionMatter, repeats
from newsletter.items import LESS_DEEP, Item, Publication, line_too_deep, local_files, place_in_item, read_item
from newsletter.workspace import Workspace, has_file

TEXTS: Final = ("subject", "preheader", "intro")
"""The texts of an issue that may hold values for one reader."""


def read_issue(workspace: Workspace, slug: str, schema: Schema, *, time_zone: str, language: str) -> Issue:
    """Read an issue and all its items.

    Args:
        schema: What `visible_to`, and values in a text, may ask about a subscriber.
        time_zone: Of event times that name none.
        language: Of an issue that names none.

    Raises:
        ContentError: A file is not as it should be. The problems of all files are raised together.
    """
    folder = issue_folder(workspace, slug)
    name = f"issues/{slug}/{ISSUE_FILE}"
    document = read_yaml(folder / ISSUE_FILE, name)
    matter = validate(IssueMatter, document)
    reader = _IssueReader(folder, f"issues/{slug}", document, schema, time_zone, [])
    for field in TEXTS:
        reader.assert_text(field)
    reader.assert_depth("intro")
    sections = tuple(reader.section(section, number) for number, section in enumerate(matter.sections))
    for path, file in repeats(matter):
        reader.problems.append(
            ContentError(
                f"the item {file!r} stands in this issue twice",
                where=document.place(path),
                remedy="Take one of the two out.",
            )
        )
    raise_all(reader.problems)
    return Issue(
        slug=slug,
        folder=folder,
        subject=" ".join(matter.subject.split()),
        preheader=" ".join(matter.preheader.split()),
        number=matter.number,
        date=matter.date,
        language=matter.language or language,
        template=matter.template,
        intro=matter.intro,
        sections=sections,
        places={field: document.place_within((field,))(0) for field in TEXTS if field in document.data},
    )


@dataclass(frozen=True, slots=True)
class _IssueReader:
    folder: Path
    name: str
    document: Document
    schema: Schema
    time_zone: str
    problems: list[NewsletterError]

    def section(self, section: SectionMatter, number: int) -> Section:
        path: KeyPath = ("sections", number)
        entries = [self.entry(entry, (*path, "items", position)) for position, entry in enumerate(section.items)]
        return Section(
            layout=section.layout,
            title=(section.title or "").strip() or None,
            entries=tuple(entry for entry in entries if entry is not None),
            visible_to=self.condition(section.visible_to, (*path, "visible_to")),
        )

    def entry(self, entry: EntryMatter, path: KeyPath) -> Entry | None:
        condition = self.condition(entry.visible_to, (*path, "visible_to"))
        file = self.folder / entry.file
        if not has_file(file) or not file.resolve().is_relative_to(self.folder.resolve()):
            self.problems.append(
                ContentError(
                    f"the item {entry.file!r} does not lie in the issue's folder",
                    where=self.document.place(path),
                    remedy="Put it there, or take it out of the issue.",
                )
            )
            return None
        try:
            written = read_item(file, f"{self.name}/{entry.file}", self.time_zone)
        except NewsletterError as error:
            self.problems.append(error)
            return None
        item = self.overridden(written, entry)
        self.assert_files(item, entry, path)
        return Entry(entry.file, item, condition, written.title if item.title != written.title else None)

    def overridden(self, item: Item, entry: EntryMatter) -> Item:
        publication = isinstance(item, Publication)
        changes: dict[str, Any] = {}
        if entry.title:
            changes["title"] = entry.title
        if entry.lead:
            changes["summary" if publication else "lead"] = entry.lead
        if entry.image:
            changes["cover" if publication else "image"] = entry.image.read()
        return replace(item, **changes)

    def condition(self, source: str | None, path: KeyPath) -> Expression | None:
        if source is None:
            return None
        try:
            return parse(source, self.schema, self.document.place_within(path))
        except NewsletterError as error:
            self.problems.append(error)
            return None

    def assert_text(self, field: str) -> None:
        try:
            parse_text(self.document.data.get(field, ""), self.schema, self.document.place_within((field,)))
        except NewsletterError as error:
            self.problems.append(error)

    def assert_depth(self, field: str) -> None:
        text = str(self.document.data.get(field, ""))
        line = line_too_deep(text)
        if line is not None:
            before = "".join(text.splitlines(keepends=True)[: line - 1])
            first = len(text) - len(text[len(before) :].lstrip())
            place = self.document.place_within((field,))(first)
            self.problems.append(ContentError(f"the {field} is nested too deeply", where=place, remedy=LESS_DEEP))

    def assert_files(self, item: Item, entry: EntryMatter, path: KeyPath) -> None:
        file, name = self.folder / entry.file, f"{self.name}/{entry.file}"
        for keys, needed in local_files(item):
            if not has_file(file.parent / needed):
                from_issue = entry.image is not None and "source" in keys
                place = (
                    self.document.place((*path, "image", "source")) if from_issue else place_in_item(file, name, keys)
                )
                message = f"the file {needed!r} does not exist"
                self.problems.append(
                    ContentError(message, where=place, remedy="Put it beside the item, or correct its name.")
                )
