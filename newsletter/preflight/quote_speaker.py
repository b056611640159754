"""Quotation without a speaker.

A quotation tells who said it: in front matter by 'speaker', in a body by a last line such as
"> — Aukje de Vries, staatssecretaris".
"""

import re
from collections.abc import Iterator
from typing import Final

from newsletter.items import quotes_in
from newsletter.manuscript import Role
from newsletter.preflight.base import Context, Finding, Severity, say

severity: Severity = Severity.WARNING

_QUOTATION: Final = re.compile(r"^[ ]{0,3}>[^\r\n]*(?:\r?\n[ ]{0,3}>[^\r\n]*)*", re.MULTILINE)


def check(context: Context) -> Iterator[Finding]:
    """Look at the quotation of every article, and at those in all bodies."""
    message, remedy = say("the quotation names no speaker"), say("Say who said it.")
    for entry in context.entries():
        quote = entry.item.quote
        if quote is not None and not (quote.speaker or "").strip():
            yield Finding(context.place(entry, "quote"), message, remedy, entry.item.title)
    for passage in context.manuscript.of(Role.BODY):
        for found in passage.find(_QUOTATION):
            if any(not quote.speaker for quote in quotes_in(found.match[0])):
                yield Finding(found.place, message, remedy, passage.block)
