"""A file that people come from, of whatever kind, as one or several tables."""

import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from newsletter.errors import Place, SubscriberError
from newsletter.subscribers.importing.archives import list_tables, unpacked
from newsletter.subscribers.importing.headers import SYNONYMS, plain
from newsletter.subscribers.importing.products import find_product
from newsletter.subscribers.importing.tabular import Table, open_table
from newsletter.subscribers.importing.workbook.sheets import PART
from newsletter.subscribers.importing.workbook.tables import choose_sheets, open_sheet

_ZIP: Final = b"PK\x03\x04"
_COMPOUND: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
"""What begins the files of older office programs, and those that are locked by a password."""
_LOCKED: Final = "EncryptedPackage".encode("utf-16-le")
_LOOKED_THROUGH: Final = 1024**2


@dataclass(frozen=True, slots=True)
class Part:
    """One table of a file.

    Args:
        name: What errors and reports call it.
        open: Opens it, as often as is wanted.
    """

    name: str
    open: Callable[[], AbstractContextManager[Table]]


@dataclass(frozen=True, slots=True)
class Source:
    """The tables of a file that hold people, and the names of those that do not."""

    parts: Sequence[Part]
    passed_over: Sequence[str] = ()


def find_parts(path: Path, name: str = "", sheet: str | None = None) -> Source:
    """Find the tables of a file: a CSV file is one, a workbook has sheets, and an archive holds several files.

    Args:
        name: What errors call the file; its path if not given.
        sheet: The sheet of a workbook that is meant.

    Raises:
        SubscriberError: It cannot be read, or holds no people, or nobody can tell which sheet is meant.
    """
    name = name or str(path)
    start = _start(path, name)
    if start.startswith(_ZIP):
        return _packed(path, name, sheet)
    if sheet is not None:
        raise SubscriberError("only a workbook has sheets", where=Place(name), remedy="Leave out --sheet.")
    if start.startswith(_COMPOUND):
        raise _compound(path, name)
    return Source((Part(name, partial(open_table, path, name)),))


def _packed(path: Path, name: str, sheet: str | None) -> Source:
    try:
        with zipfile.ZipFile(path) as archive:
            members = set(archive.namelist())
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise SubscriberError(
            f"the file is damaged: {error}", where=Place(name), remedy="Download or save it once more."
        ) from error
    if PART in members:
        sheets = choose_sheets(path, name, sheet)
        return Source([Part(_sheet_name(name, one, sheets), partial(open_sheet, path, name, one)) for one in sheets])
    for sign, kind in (
        ("content.xml", "an OpenDocument sheet (.ods)"),
        ("xl/workbook.bin", "a binary workbook (.xlsb)"),
    ):
        if sign in members:
            raise _unreadable(f"this is {kind}", name)
    return _archive(path, name)


def _sheet_name(name: str, sheet: str, sheets: Sequence[str]) -> str:
    return name if len(sheets) == 1 else f"{name}/{sheet}"


def _archive(path: Path, name: str) -> Source:
    """Take the tables of a known program, if there are any; otherwise all with addresses."""
    known: dict[str, bool] = {}
    passed_over: list[str] = []
    for member in list_tables(path, name):
        try:
            with _open_member(path, name, member) as table:
                headers = table.headers
        except SubscriberError:
            if not _is_empty(path, member):
                raise
            passed_over.append(member)
            continue
        if any(SYNONYMS.get(plain(header)) == "email" for header in headers):
            known[member] = find_product(headers) is not None
        else:
            passed_over.append(member)
    chosen = [member for member, is_known in known.items() if is_known] or list(known)
    if not chosen:
        raise SubscriberError(
            "no table of the archive has a column of addresses",
            where=Place(name),
            remedy="Unpack it, and say what the columns of the file with the people hold with --map.",
        )
    passed_over += [member for member in known if member not in chosen]
    parts = [Part(f"{name}/{member}", partial(_open_member, path, name, member)) for member in chosen]
    return Source(parts, passed_over)


def _is_empty(path: Path, member: str) -> bool:
    with zipfile.ZipFile(path) as archive:
        return archive.getinfo(member).file_size == 0


@contextmanager
def _open_member(path: Path, name: str, member: str) -> Iterator[Table]:
    with unpacked(path, name, member) as file, open_table(file, f"{name}/{member}") as table:
        yield table


def _start(path: Path, name: str) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(len(_COMPOUND))
    except OSError as error:
        raise SubscriberError(
            f"the file cannot be read: {error.strerror}",
            where=Place(name),
            remedy="Check its name and rights.",
        ) from error


def _compound(path: Path, name: str) -> SubscriberError:
    with path.open("rb") as file:
        is_locked = _LOCKED in file.read(_LOOKED_THROUGH)
        file.seek(-min(_LOOKED_THROUGH, path.stat().st_size), 2)
        is_locked = is_locked or _LOCKED in file.read()
    return _unreadable("the workbook is locked by a password" if is_locked else "this is an old workbook (.xls)", name)


def _unreadable(what: str, name: str) -> SubscriberError:
    return SubscriberError(
        what,
        where=Place(name),
        remedy="Open it, save it as an Excel workbook (.xlsx) without a password, or as CSV in UTF-8, and name that.",
    )
