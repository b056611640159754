"""Collects the pictures and documents that an issue names, wherever they lie, and finds out what they are."""

import logging
import re
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path, PurePosixPath
from typing import Final

from newsletter.errors import ContentError, raise_all
from newsletter.media.cache import PictureCache
from newsletter.media.copies import Copies, Copy, Missing
from newsletter.media.model import BYTE_LIMIT, Collected, Document, Original, Reference, UnreadablePicture
from newsletter.workspace import has_file

DOCUMENT_LIMIT: Final = 100_000_000
_LOG: Final = logging.getLogger(__name__)
_BESIDE_OR_WHOLE: Final = "Put the picture beside the item and name it, or write a whole address: https://…."
_FOLDERS: Final = {"item": "the issue's folder", "theme": "the folder of templates"}
_SUFFIX: Final = re.compile(r"\.[a-z0-9]{1,8}")


def collect(
    references: Iterable[Reference], cache: PictureCache, copies: Copies, *, base: str, paper: str
) -> Collected:
    """Find the pictures and documents that an issue, or the theme of its template, names.

    What cannot be fetched anew and of which there is a copy is told on standard error.

    Args:
        base: The public URL before the names of the files, with a slash at the end.
        paper: The colour that pictures stand on, such as `#ffffff`.

    Raises:
        ContentError: A document is missing. The problems of all documents are raised together.
    """
    wanted = list(references)
    remote = copies.of(one.source for one in wanted if one.path is None and not one.fault)
    pictures: dict[tuple[str, str], Original] = {}
    documents: dict[tuple[str, str], Document] = {}
    problems: dict[tuple[str, str], ContentError] = {}
    lost: list[ContentError] = []
    for one in wanted:
        try:
            if one.kind == "document":
                documents[one.file, one.source] = _document(one)
            else:
                pictures[one.file, one.source] = _picture(one, cache, remote.get(one.source))
        except _Problem as problem:
            error = ContentError(problem.message, where=one.where(), remedy=problem.remedy)
            if one.kind == "document":
                lost.append(error)
            else:
                problems.setdefault((one.file, one.source), error)
    raise_all(lost)
    return Collected(base, paper, pictures, problems, documents)


@dataclass(frozen=True)
class _Problem(Exception):
    message: str
    remedy: str


def _picture(one: Reference, cache: PictureCache, copy: Copy | Missing | None) -> Original:
    if one.fault:
        raise _Problem(one.fault, _BESIDE_OR_WHOLE)
    if isinstance(copy, Missing):
        raise _Problem(f"the picture {one.source} cannot be fetched: {copy.problem}", copy.remedy)
    if copy is not None and copy.problem:
        _LOG.warning(
            "%s: the picture %s cannot be fetched: %s. An older copy of it is shown.",
            one.where(), one.source, copy.problem,
        )  # fmt: skip
    content, path = (copy.content, copy.path) if copy is not None else _content(one, BYTE_LIMIT)
    try:
        return cache.original(content, path, _label(one))
    except UnreadablePicture as error:
        raise _Problem(f"the picture {one.source!r} {error.message}", error.remedy) from error


def _document(one: Reference) -> Document:
    content, path = _content(one, DOCUMENT_LIMIT)
    suffix = path.suffix.lower()
    name = sha256(content).hexdigest()[:16] + (suffix if _SUFFIX.fullmatch(suffix) else "")
    return Document(name, _label(one), path)


def _content(one: Reference, limit: int) -> tuple[bytes, Path]:
    """Read a file that lies on this machine, and tell where that is."""
    path = one.path
    remedy = f"Put it beside the {one.beside}, or correct its name."
    if path is None or not has_file(path):
        raise _Problem(f"the file {one.source!r} does not exist", remedy)
    if not path.resolve().is_relative_to(one.folder.resolve()):
        raise _Problem(f"the file {one.source!r} does not lie in {_FOLDERS[one.beside]}", remedy)
    try:
        if path.stat().st_size > limit:
            raise _Problem(f"the file {one.source!r} has more than {limit // 1_000_000} MB", "Make it smaller.")
        return path.read_bytes(), path
    except OSError as error:
        raise _Problem(f"the file {one.source!r} cannot be read: {error.strerror}", remedy) from error


def _label(one: Reference) -> str:
    return one.source if one.path is None else PurePosixPath(one.source).name
