"""What `issue.yaml` may hold: the border between that file and an issue."""

from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from newsletter.documents import Day, KeyPath, Text
from newsletter.items import ImageGroup


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


def repeats(matter: IssueMatter) -> Iterator[tuple[KeyPath, str]]:
    """Find the entries whose item stands in the issue already, each with its path and its file."""
    met: set[str] = set()
    for number, section in enumerate(matter.sections):
        for position, entry in enumerate(section.items):
            if entry.file in met:
                yield ("sections", number, "items", position), entry.file
            met.add(entry.file)
