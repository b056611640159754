"""Pictures of an issue as public files: named by what is in them, so that a changed picture has a new name."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from newsletter.errors import ContentError, Place
from newsletter.issues import Issue
from newsletter.items import Publication
from newsletter.workspace import write_atomically

MEDIA_PATH = "media/"


@dataclass(frozen=True, slots=True)
class MediaFile:
    """A local picture or document, and the name it is published under."""

    source: Path
    name: str


@dataclass(frozen=True, slots=True)
class Media:
    """The local pictures and documents of an issue.

    Args:
        urls: Public URLs, by item file and the source that the item names.
        files: What must lie at those URLs.
    """

    urls: Mapping[tuple[str, str], str]
    files: tuple[MediaFile, ...]


def collect_media(issue: Issue, public_url: str) -> Media:
    """Find the local pictures and documents of an issue.

    Args:
        public_url: With a slash at the end.

    Raises:
        ContentError: One cannot be read.
    """
    urls: dict[tuple[str, str], str] = {}
    files: dict[str, MediaFile] = {}
    for section in issue.sections:
        for entry in section.entries:
            item = entry.item
            sources = [item.image.source] if item.image else []
            if isinstance(item, Publication) and item.file:
                sources.append(item.file)
            for source in sources:
                if "://" in source:
                    continue
                path = (issue.folder / entry.file).parent / source
                name = _public_name(path, f"issues/{issue.slug}/{entry.file}")
                files[name] = MediaFile(path, name)
                urls[entry.file, source] = f"{public_url}{MEDIA_PATH}{name}"
    return Media(urls, tuple(files.values()))


def publish_media(media: Media, folder: Path) -> None:
    """Write the files of an issue into the media folder; those that lie there already are left alone."""
    for file in media.files:
        target = folder / file.name
        if not target.exists():
            write_atomically(target, file.source.read_bytes())


def _public_name(path: Path, where: str) -> str:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ContentError(
            f"the file {path.name!r} cannot be read: {error.strerror}",
            where=Place(file=where),
            remedy="Put it beside the item, or correct its name.",
        ) from error
    return f"{hashlib.sha256(content).hexdigest()[:16]}{path.suffix.lower()}"
