"""Imports files in tests the way the command does, and makes the tables, workbooks and archives for that."""

import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import sqlalchemy as sa

from newsletter.store import Database, tables
from newsletter.subscribers import (
    BadRow,
    ImportResult,
    Target,
    Watcher,
    find_parts,
    import_people,
    map_parts,
    read_parts,
)

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"


class Listening(Watcher):
    """Keeps what it is told."""

    def __init__(self, *, wants_fates: bool = False) -> None:
        self.wants_fates = wants_fates
        self.bad_rows: list[BadRow] = []
        self.fates: list[tuple[int, int, str, str]] = []
        self.done_before = 0

    def bad(self, number: int, row: BadRow) -> None:  # noqa: ARG002 - as it is called
        self.bad_rows.append(row)

    def resumed(self, done: int) -> None:
        self.done_before = done

    def decided(self, fates: Sequence[tuple[int, int, str, str]]) -> None:
        self.fates += fates


def import_file(
    database: Database,
    path: Path,
    target: Target,
    watcher: Watcher | None = None,
    *,
    maps: Mapping[str, str] | None = None,
    sheet: str | None = None,
    dry_run: bool = False,
) -> ImportResult:
    """Import all that a file holds."""
    parts = map_parts(find_parts(path, sheet=sheet), maps or {}, target.definitions)
    rows = read_parts(parts, target.definitions, target.now)
    kept = frozenset[str]().union(*(part.columns.kept for part in parts))
    return import_people(database, rows, target, watcher, fields=kept, dry_run=dry_run)


class Stopping(Watcher):
    """Stops an import when a chunk has been written."""

    def __init__(self, after: int) -> None:
        self._after = after

    def writes(self, done: int, total: int) -> None:  # noqa: ARG002 - as its base
        if done >= self._after:
            raise KeyboardInterrupt


def write_rows(path: Path, rows: Sequence[str], header: str = "email;status;voornaam;topics;tags") -> Path:
    """Write a table as CSV."""
    path.write_text("\n".join([header, *rows]), encoding="utf-8")
    return path


def rows_of(database: Database, table: sa.Table) -> list[dict[str, Any]]:
    """Read a table in the order of its key."""
    with database.reading() as connection:
        return [dict(row._mapping) for row in connection.execute(sa.select(table).order_by(*table.primary_key.columns))]


def content(database: Database) -> dict[str, list[dict[str, Any]]]:
    """Everything of people that an import writes."""
    kept = (tables.subscribers, tables.subscriptions, tables.subscriber_topics, tables.subscriber_tags)
    return {table.name: rows_of(database, table) for table in (*kept, tables.suppressions, tables.consents)}


def numbered(count: int) -> list[str]:
    """Make rows for `write_rows`."""
    return [f"r{number}@example.org;;R{number};jeugd;nieuw" for number in range(count)]


def write_workbook(path: Path, sheets: Mapping[str, Sequence[Sequence[str]]], *, hidden: Sequence[str] = ()) -> None:
    """Write a workbook of plain texts."""
    made = {name: sheet_of(rows) for name, rows in sheets.items()}
    write_package(path, made, hidden=hidden)


def sheet_of(rows: Sequence[Sequence[str]]) -> str:
    """Write a sheet as XML, its texts in the cells themselves."""
    lines = (
        "".join(f'<c t="inlineStr"><is><t xml:space="preserve">{escape(cell)}</t></is></c>' for cell in row)
        for row in rows
    )
    return "".join(f"<row>{line}</row>" for line in lines)


def write_package(
    path: Path,
    sheets: Mapping[str, str],
    more: Mapping[str, str] | None = None,
    *,
    hidden: Sequence[str] = (),
    prefix: str = "",
) -> None:
    """Write a workbook of sheets that are XML already.

    Args:
        more: Other parts of the package, by name.
        prefix: What stands before each sheet, such as a declaration of its type.
    """
    listed, related = "", ""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as package:
        for number, (name, rows) in enumerate(sheets.items(), 1):
            state = ' state="hidden"' if name in hidden else ""
            listed += f'<sheet name={quoteattr(name)} sheetId="{number}" r:id="r{number}"{state}/>'
            related += f'<Relationship Id="r{number}" Type="{OFFICE}/worksheet" Target="worksheets/sheet{number}.xml"/>'
            content = f'{prefix}<worksheet xmlns="{MAIN}"><sheetData>{rows}</sheetData></worksheet>'
            package.writestr(f"xl/worksheets/sheet{number}.xml", content)
        package.writestr(
            "xl/workbook.xml", f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets>{listed}</sheets></workbook>'
        )
        package.writestr("xl/_rels/workbook.xml.rels", f'<Relationships xmlns="{PACKAGE}">{related}</Relationships>')
        for name, content in (more or {}).items():
            package.writestr(name, content)


def write_archive(path: Path, members: Mapping[str, str]) -> None:
    """Write an archive of texts."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
