"""Texts that a spreadsheet would run as a formula, made harmless and back again."""

import re
from typing import Final

_FORMULA: Final = re.compile(r"'*[=+\-@\t\r\n＝＋－＠]")
"""What begins a formula, behind any number of the apostrophes that guard one."""


def guard_formula(text: str) -> str:
    """Keep a spreadsheet from taking a text for a formula, by an apostrophe in front.

    A text that looks guarded already gets another one, so that `without_guard` gives back exactly what was there.

    Source: OWASP, CSV Injection.
    """
    return f"'{text}" if _FORMULA.match(text) else text


def without_guard(text: str) -> str:
    """Take the apostrophe of `guard_formula` away again."""
    return text[1:] if text.startswith("'") and _FORMULA.match(text) else text
