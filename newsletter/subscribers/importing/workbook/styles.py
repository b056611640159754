"""Which numbers of a workbook are dates: those whose cells are shown as such."""

import re
from datetime import datetime, timedelta
from typing import Final

from newsletter.subscribers.importing.workbook.package import Package

PART: Final = "xl/styles.xml"
_DATES: Final = frozenset({*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)})
"""Formats of dates and times that need no definition. Source: ECMA-376 part 1, 18.8.30."""
_NOT_SHOWN: Final = re.compile(r'"[^"]*"|\\.|_.|\*.|\[(?!h|m|s)[^\]]*\]', re.IGNORECASE)
_EPOCH: Final = datetime(1899, 12, 30)  # noqa: DTZ001 - days on a sheet have no zone
_EPOCH_1904: Final = datetime(1904, 1, 1)  # noqa: DTZ001 - likewise
_LATEST: Final = 2_958_466
"""The number of 1 January 10000."""


def date_styles(package: Package) -> frozenset[int]:
    """Read which styles of cells show dates."""
    codes: dict[int, str] = {}
    formats: list[int] = []
    within: list[str] = []

    def start(name: str, attributes: dict[str, str]) -> None:
        within.append(name)
        if name == "numFmt":
            codes[_number(attributes.get("numFmtId"))] = attributes.get("formatCode", "")
        elif name == "xf" and "cellXfs" in within:
            formats.append(_number(attributes.get("numFmtId")))

    def end(_: str) -> None:
        within.pop()

    if PART in package.parts:
        package.parse_whole(PART, start, end)
    return frozenset(
        number
        for number, given in enumerate(formats)
        if (_is_date(codes[given]) if given in codes else given in _DATES)
    )


def as_day(serial: str, *, since_1904: bool) -> str:
    """Write the number of a day as the standard does: `2026-01-31`, with the time where it has one.

    What is no day of the calendar stays the number that it is.
    """
    try:
        days = float(serial)
    except ValueError:
        return serial
    if not 0 <= days < _LATEST:
        return serial
    moment = (_EPOCH_1904 if since_1904 else _EPOCH) + timedelta(seconds=round(days * 86_400))
    return moment.date().isoformat() if days.is_integer() else moment.isoformat(" ")


def _is_date(code: str) -> bool:
    shown = _NOT_SHOWN.sub("", code.split(";", maxsplit=1)[0]).lower()
    return "general" not in shown and any(letter in shown for letter in "dmyhs")


def _number(text: str | None) -> int:
    return int(text) if text and text.isdecimal() else -1
