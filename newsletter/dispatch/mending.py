"""Makes the changes that checks are certain of: each file is written in one step, and only as it was looked at."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from newsletter.documents import read_text
from newsletter.errors import ContentError, NewsletterError, Place
from newsletter.manuscript import Fix, mend
from newsletter.workspace import write_atomically

_MARK: Final = "\ufeff"


@dataclass(frozen=True, slots=True)
class Mended:
    """A file before and after its changes; neither text has the byte order mark that the file may have."""

    name: str
    path: Path
    before: str
    after: str


def mend_files(fixes: Iterable[Fix]) -> tuple[tuple[Mended, ...], tuple[NewsletterError, ...]]:
    """Work out changes without writing them.

    Returns:
        The files that would be others, and why some cannot be changed.
    """
    by_file: dict[tuple[str, Path], list[Fix]] = defaultdict(list)
    for fix in fixes:
        by_file[fix.name, fix.path].append(fix)
    mended: list[Mended] = []
    problems: list[NewsletterError] = []
    for (name, path), members in by_file.items():
        try:
            before = read_text(path, name)
            mended.append(Mended(name, path, before, mend(before, members)))
        except NewsletterError as error:
            problems.append(error)
    return tuple(one for one in mended if one.before != one.after), tuple(problems)


def write_mended(one: Mended) -> None:
    """Write a file.

    Raises:
        ContentError: Somebody has changed it meanwhile.
        WorkspaceError: It cannot be written.
    """
    now = read_text(one.path, one.name, keep_mark=True)
    if now.removeprefix(_MARK) != one.before:
        raise ContentError(
            "the file was changed meanwhile", where=Place(one.name), remedy="It stays as it is. Check the issue again."
        )
    mark = _MARK if now.startswith(_MARK) else ""
    write_atomically(one.path, (mark + one.after).encode())
