"""Remembers what has been worked out of pictures, so that a second build costs nothing.

Everything in it is named by the content that it was made from, so nothing in it can be out of date: the whole folder
may be deleted at any time.
"""

import json
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path
from typing import Final

from newsletter.errors import ContentError, Place
from newsletter.media.model import ENCODING, Document, Facts, MediaFile, Original, UnreadablePicture, Variant
from newsletter.workspace import write_atomically

CACHE_FOLDER: Final = "cache/media"
"""Below the workspace's state."""


class PictureCache:
    """The cache in one folder.

    Attributes:
        decoded: How often a picture had to be read, for its facts or to be encoded.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.decoded = 0

    def original(self, content: bytes, path: Path, name: str) -> Original:
        """Find out what a picture is.

        Args:
            path: Where its content lies and stays.
            name: As a person would name it.

        Raises:
            UnreadablePicture: It cannot be shown.
        """
        digest = sha256(content).hexdigest()
        file = self.folder / "facts" / f"{digest}-{ENCODING}.json"
        facts = _read_facts(file)
        if facts is None:
            from newsletter.media.reading import examine  # brings in Pillow, which pictures known already do without

            self.decoded += 1
            facts = examine(content)
            write_atomically(file, json.dumps(asdict(facts)).encode())
        return Original(name, path, digest, facts)

    def encoded(self, variant: Variant) -> bytes:
        """Give the file of a variant.

        Raises:
            ContentError: The original is not there any more, or is another by now.
        """
        file = self.folder / "encoded" / variant.name
        try:
            return file.read_bytes()
        except FileNotFoundError:
            pass
        made = self._encode(variant)
        write_atomically(file, made)
        return made

    def _encode(self, variant: Variant) -> bytes:
        original = variant.original
        content = _read(original.path, original.name)
        if sha256(content).hexdigest() != original.digest:
            raise ContentError(
                "the picture has changed meanwhile", where=Place(original.name), remedy="Build it again."
            )
        from newsletter.media.encoding import encode

        self.decoded += 1
        try:
            return encode(content, variant)
        except UnreadablePicture as error:
            raise ContentError(
                f"the picture {error.message}", where=Place(original.name), remedy=error.remedy
            ) from error

    def picture_file(self, variant: Variant) -> MediaFile:
        """Give a variant as a file to publish."""
        return MediaFile(
            variant.name, variant.original.name, variant.width, variant.height, lambda: self.encoded(variant)
        )


def document_file(document: Document) -> MediaFile:
    """Give a document as a file to publish."""
    return MediaFile(document.name, document.source, None, None, lambda: _read(document.path, document.source))


def _read(path: Path, name: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ContentError(
            f"the file cannot be read: {error.strerror}", where=Place(name), remedy="Put it back, or build it again."
        ) from error


def _read_facts(file: Path) -> Facts | None:
    try:
        return Facts(**json.loads(file.read_bytes()))
    except (OSError, ValueError, TypeError):
        return None
