"""What an issue shows beside words: pictures and documents, where they come from and what they are published as."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Final, Literal, TypeAlias

from newsletter.errors import ContentError, Place

BYTE_LIMIT: Final = 30_000_000
"""How large a picture may be."""
ENCODING: Final = 1
"""Raised when the same picture is encoded in another way, so that it gets another name."""

Format: TypeAlias = Literal["jpeg", "png", "gif"]

_SUFFIXES: Final[Mapping[Format, str]] = {"jpeg": ".jpg", "png": ".png", "gif": ".gif"}
_DENSITY: Final = 2
"""Pixels of the file for each pixel of the page, so that fine screens show it sharp."""


class UnreadablePicture(Exception):
    """Something keeps a file from being shown as a picture.

    Args:
        message: What is wrong, to stand behind the picture's name.
    """

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy


@dataclass(frozen=True, slots=True)
class Reference:
    """A picture or a document that an issue names.

    Args:
        file: The file that names it, relative to the issue's folder; a theme as `templates/NAME/theme.toml`.
        source: As it is named there: a path, or an address of the web.
        path: Where it lies; None for an address of the web.
        folder: What the path may not lead out of.
        where: Tells the place where it is named, for messages.
        fault: Why its source leads nowhere, if it does not.
        beside: What it is to be put beside.
    """

    file: str
    source: str
    kind: Literal["picture", "document"]
    path: Path | None
    folder: Path
    where: Callable[[], Place] = field(compare=False, repr=False)
    fault: str = ""
    beside: Literal["item", "theme"] = "item"


@dataclass(frozen=True, slots=True)
class Facts:
    """What a look into a picture's file tells.

    Args:
        width: In pixels, as it is to be seen: turned upright.
        height: Likewise.
        orientation: How to turn it upright, as EXIF counts: 1 to 8.
        frames: More than one in a picture that moves.
        format: What it is published as.
        opaque: Whether see-through places are filled with the paper's colour.
    """

    width: int
    height: int
    orientation: int
    frames: int
    format: Format
    opaque: bool


@dataclass(frozen=True, slots=True)
class Original:
    """A picture as the author gave it.

    Args:
        name: As a person would name it.
        path: Where it lies on this machine.
        digest: SHA-256 of its content, in hexadecimal.
    """

    name: str
    path: Path
    digest: str
    facts: Facts


@dataclass(frozen=True, slots=True)
class Variant:
    """A picture as it is published for one width.

    Args:
        width: Of its file, in pixels.
        paper: The colour behind it, such as `#ffffff`; empty where nothing is seen of it.
    """

    original: Original
    width: int
    paper: str

    @property
    def height(self) -> int:
        """Of its file, in pixels."""
        facts = self.original.facts
        return max(1, round(facts.height * self.width / facts.width))

    @property
    def name(self) -> str:
        """The name of its file: another for another picture, width, colour or way to encode."""
        shown = f"{self.original.digest} {self.width} {self.paper} {self.original.facts.format} {ENCODING}"
        return hashlib.sha256(shown.encode()).hexdigest()[:16] + _SUFFIXES[self.original.facts.format]


@dataclass(frozen=True, slots=True)
class Document:
    """A document that is published as it is."""

    name: str
    source: str
    path: Path


@dataclass(frozen=True, slots=True)
class MediaFile:
    """A file that an issue publishes.

    Args:
        name: Of the file, below the media folder.
        source: The picture or document that it was made from, as a person would name it.
        width: Of a picture, in pixels; None for anything else.
        height: Likewise.
        content: Makes or reads its bytes.
    """

    name: str
    source: str
    width: int | None
    height: int | None
    content: Callable[[], bytes] = field(compare=False, repr=False)


@dataclass(frozen=True)
class Media:
    """What an issue publishes.

    Args:
        base: The public URL before the names of the files, with a slash at the end.
    """

    base: str = ""
    files: tuple[MediaFile, ...] = ()

    @cached_property
    def by_name(self) -> Mapping[str, MediaFile]:
        """The files, by their names."""
        return {file.name: file for file in self.files}


@dataclass(frozen=True)
class Collected:
    """The pictures and documents that an issue may show, by the file that names them and the name it has for them.

    Args:
        base: The public URL before the names of the files, with a slash at the end.
        paper: The colour that pictures stand on, such as `#ffffff`.
        problems: What is wrong with those pictures that cannot be shown; it matters where one is to be shown.
    """

    base: str = ""
    paper: str = "#ffffff"
    pictures: Mapping[tuple[str, str], Original] = field(default_factory=dict)
    problems: Mapping[tuple[str, str], ContentError] = field(default_factory=dict)
    documents: Mapping[tuple[str, str], Document] = field(default_factory=dict)

    def variant(self, file: str, source: str, width: int) -> Variant | None:
        """Give a picture for a width on the page, or None where there is no such picture.

        Its file is twice as wide as it is shown, and never wider than the original.
        """
        original = self.pictures.get((file, source))
        if original is None:
            return None
        paper = self.paper if original.facts.opaque else ""
        return Variant(original, min(original.facts.width, width * _DENSITY), paper)

    def url(self, name: str) -> str:
        """Give the public URL of a published file."""
        return f"{self.base}{name}"
