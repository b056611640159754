"""Issues as folders of files: reading one whole, and listing what there is."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from difflib import get_close_matches
from pathlib import Path, PurePosixPath
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from newsletter.documents import Day, Document, KeyPath, Text, read_yaml, validate
from newsletter.errors import ContentError, NewsletterError, Place, raise_all
from newsletter.expressions import Expression, Schema, parse
from newsletter.issues.model import Entry, Issue, Section
from newsletter.items import ImageGroup, Item, Publication, place_of_value, read_item
from newsletter.workspace import Workspace

ISSUE_FILE: Final = "issue.yaml"


def is_item_file(name: str) -> bool:
    """Whether a name is that of a Markdown file in an issue's folder."""
    path = PurePosixPath(name)
    inside = not path.is_absolute() and ".." not in path.parts and "\\" not in name
    return inside and path.suffix.lower() == ".md"


def _relative(value: str) -> str:
    if not is_item_file(value):
        raise ValueError(f"{value!r} is no Markdown file in the issue's folder|Items lie beside issue.yaml.|")
    return PurePosixPath(value).as_posix()


def _as_text(value: Any) -> Any:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _as_entry(value: Any) -> Any:
    return {"file": value} if isinstance(value, str) else value


class EntryMatter(BaseModel):
    """One item of a section: its file, and what is particular to it in this issue."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    file: Annotated[str, AfterValidator(_relative)]
    visible_to: str | None = None
    title: Text | None = None
    lead: Text | None = None
    image: ImageGroup | None = None


class SectionMatter(BaseModel):
    """One section of an issue."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    layout: Text
    title: str | None = None
    visible_to: str | None = None
    items: tuple[Annotated[EntryMatter, BeforeValidator(_as_entry)], ...] = ()


class IssueMatter(BaseModel):
    """`issue.yaml`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    subject: Text
    preheader: str = ""
    number: Annotated[str, BeforeValidator(_as_text)] | None = None
    date: Day
    language: str | None = None
    template: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]+$")]
    intro: str = ""
    sections: tuple[SectionMatter, ...] = ()


@dataclass(frozen=True, slots=True)
class Listed:
    """What a list of issues shows of one: either what it is, or why it cannot be read."""

    slug: str
    date: date | None
    subject: str | None
    items: int
    problem: NewsletterError | None = None


def issue_folder(workspace: Workspace, slug: str) -> Path:
    """Give the folder of an issue that exists.

    Raises:
        ContentError: There is no such issue; names those that are near.
    """
    folder = workspace.issues / slug
    if slug in {"", ".", ".."} or "/" in slug or "\\" in slug or not (folder / ISSUE_FILE).is_file():
        known = slugs(workspace)
        near = get_close_matches(slug, known, n=3, cutoff=0.4) or known[-3:]
        raise ContentError(
            f"there is no issue called {slug!r}",
            where=Place(f"issues/{slug}/{ISSUE_FILE}"),
            remedy=f"There are: {', '.join(near)}." if near else "Make one with 'newsletter issue new SLUG'.",
        )
    return folder


def slugs(workspace: Workspace) -> list[str]:
    """Name all issues, in the order of their names."""
    return sorted(path.parent.name for path in workspace.issues.glob(f"*/{ISSUE_FILE}"))


def read_issue(workspace: Workspace, slug: str, schema: Schema, *, time_zone: str, language: str) -> Issue:
    """Read an issue and all its items.

    Args:
        schema: What `visible_to` may ask about a subscriber.
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
    )


def repeats(matter: IssueMatter) -> Iterator[tuple[KeyPath, str]]:
    """Find the entries whose item stands in the issue already, each with its path and its file."""
    met: set[str] = set()
    for number, section in enumerate(matter.sections):
        for position, entry in enumerate(section.items):
            if entry.file in met:
                yield ("sections", number, "items", position), entry.file
            met.add(entry.file)


def assert_layouts(
    workspace: Workspace, issue: Issue, layouts: Sequence[str], kinds: Mapping[str, Sequence[str]]
) -> None:
    """Hold an issue's sections against what its template can show.

    Args:
        kinds: The kinds of item that a layout shows; one that is not named shows all.

    Raises:
        ContentError: A section asks for another layout, or holds an item that its layout cannot show; names the line.
    """
    problems: list[tuple[KeyPath, str, str]] = []
    for number, section in enumerate(issue.sections):
        if section.layout not in layouts:
            message = f"the template {issue.template!r} has no layout {section.layout!r}"
            problems.append((("sections", number, "layout"), message, f"There are: {', '.join(layouts)}."))
        shown = kinds.get(section.layout)
        for position, entry in enumerate(section.entries):
            if shown is not None and entry.item.kind not in shown:
                message = f"the layout {section.layout!r} cannot show an item of the kind {entry.item.kind}"
                remedy = f"It shows: {', '.join(shown)}. Move the item to another section."
                problems.append((("sections", number, "items", position), message, remedy))
    if problems:
        document = read_yaml(workspace.issues / issue.slug / ISSUE_FILE, f"issues/{issue.slug}/{ISSUE_FILE}")
        raise_all(
            ContentError(message, where=document.place(path), remedy=remedy) for path, message, remedy in problems
        )


def list_issues(workspace: Workspace) -> Sequence[Listed]:
    """List all issues, the newest first; one that cannot be read is listed with its problem."""
    listed = [_listed(workspace, slug) for slug in slugs(workspace)]
    return sorted(listed, key=lambda one: (one.date or date.max, one.slug), reverse=True)


def _listed(workspace: Workspace, slug: str) -> Listed:
    try:
        document = read_yaml(workspace.issues / slug / ISSUE_FILE, f"issues/{slug}/{ISSUE_FILE}")
        matter = validate(IssueMatter, document)
    except NewsletterError as error:
        return Listed(slug, None, None, 0, error)
    return Listed(slug, matter.date, matter.subject, sum(len(section.items) for section in matter.sections))


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
            title=section.title,
            entries=tuple(entry for entry in entries if entry is not None),
            visible_to=self.condition(section.visible_to, (*path, "visible_to")),
        )

    def entry(self, entry: EntryMatter, path: KeyPath) -> Entry | None:
        condition = self.condition(entry.visible_to, (*path, "visible_to"))
        file = self.folder / entry.file
        if not file.is_file() or not file.resolve().is_relative_to(self.folder.resolve()):
            self.problems.append(
                ContentError(
                    f"the item {entry.file!r} does not lie in the issue's folder",
                    where=self.document.place(path),
                    remedy="Put it there, or take it out of the issue.",
                )
            )
            return None
        try:
            item = self.overridden(read_item(file, f"{self.name}/{entry.file}", self.time_zone), entry)
        except NewsletterError as error:
            self.problems.append(error)
            return None
        self.assert_files(item, entry.file)
        return Entry(entry.file, item, condition)

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
        place = self.document.place(path)
        if place.column is not None and self._is_quoted(place):
            place = replace(place, column=place.column + 1)
        try:
            return parse(source, self.schema, place)
        except NewsletterError as error:
            self.problems.append(error)
            return None

    def assert_files(self, item: Item, file: str) -> None:
        names = [item.image.source] if item.image else []
        if isinstance(item, Publication) and item.file:
            names.append(item.file)
        for name in names:
            path = (self.folder / file).parent / name
            if "://" not in name and not path.is_file():
                self.problems.append(
                    ContentError(
                        f"the file {name!r} does not exist",
                        where=self.place_in_item(file, name),
                        remedy="Put it beside the item, or correct its name.",
                    )
                )

    def place_in_item(self, file: str, value: str) -> Place:
        """Give the place where an item names a file, or the item itself where this issue names it."""
        keys = (("image", "source"), ("cover", "source"), ("file",))
        name = f"{self.name}/{file}"
        return place_of_value(self.folder / file, name, value, keys) or Place(name)

    def _is_quoted(self, place: Place) -> bool:
        line, column = place.line or 0, place.column or 0
        lines = (self.folder / ISSUE_FILE).read_text(encoding="utf-8-sig").splitlines()
        return 0 < line <= len(lines) and lines[line - 1][column - 1 : column] in ("'", '"')
