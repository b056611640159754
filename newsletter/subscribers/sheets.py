"""Writes an Excel workbook of one sheet, row by row, in which every cell is a text and nothing is ever computed."""

import re
import zipfile
from collections.abc import Sequence
from types import TracebackType
from typing import IO, Final, Self
from xml.sax.saxutils import escape, quoteattr

_TYPES: Final = "http://schemas.openxmlformats.org/package/2006/content-types"
_RELATIONS: Final = "http://schemas.openxmlformats.org/package/2006/relationships"
_OFFICE: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_MAIN: Final = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_KIND: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_DECLARED: Final = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
_UNFIT: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
"""What XML cannot hold."""
_ESCAPE: Final = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")
"""What a spreadsheet would take for a character written by its number."""
_NOT_IN_NAMES: Final = re.compile(r"[\\/*?:\[\]]")
_LONGEST_NAME: Final = 31
_LONGEST_CELL: Final = 32_767


class WorkbookWriter:
    """Writes rows into a workbook; complete when its block ends.

    Args:
        file: Where it goes; it need not be able to seek.
        name: What the sheet is called.
    """

    def __init__(self, file: IO[bytes], name: str) -> None:
        self._package = zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED)
        shown = _NOT_IN_NAMES.sub("-", name)[:_LONGEST_NAME] or "people"
        for part, content in _parts(shown).items():
            self._package.writestr(part, _DECLARED + content)
        self._sheet = self._package.open("xl/worksheets/sheet1.xml", "w", force_zip64=True)
        self._put(f'{_DECLARED}<worksheet xmlns="{_MAIN}"><sheetData>')

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._put("</sheetData></worksheet>")
        self._sheet.close()
        self._package.close()

    def writerow(self, cells: Sequence[str], /) -> None:
        """Write one row."""
        self._put(f"<row>{''.join(map(_cell, cells))}</row>")

    def _put(self, text: str) -> None:
        self._sheet.write(text.encode())


def _cell(text: str) -> str:
    if not text:
        return '<c t="inlineStr"/>'
    fit = _ESCAPE.sub("_x005F_", _UNFIT.sub("\ufffd", text[:_LONGEST_CELL]))
    return f'<c t="inlineStr"><is><t xml:space="preserve">{escape(fit)}</t></is></c>'


def _parts(name: str) -> dict[str, str]:
    return {
        "[Content_Types].xml": f'<Types xmlns="{_TYPES}"><Default Extension="rels" ContentType='
        '"application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/xl/workbook.xml" '
        f'ContentType="{_KIND}.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" '
        f'ContentType="{_KIND}.worksheet+xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{_RELATIONS}"><Relationship Id="r1" Type="{_OFFICE}/officeDocument" '
        'Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets><sheet name={quoteattr(name)} '
        'sheetId="1" r:id="r1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_RELATIONS}"><Relationship Id="r1" '
        f'Type="{_OFFICE}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
    }
