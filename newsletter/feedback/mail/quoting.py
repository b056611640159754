"""Parts what somebody wrote themselves from what they quote below it, and from their signature."""

import re
from collections.abc import Iterator
from typing import Final

from newsletter.feedback.mail.charsets import html_to_text
from newsletter.feedback.mail.entities import Entity

_QUOTE_BEGINS: Final = re.compile(
    "|".join(
        (
            r"^\s{0,10}>",
            r"^\s{0,10}(?:on|op|am|le|el|il|em|den|en)\b[^\n]{0,300}\b(?:wrote|schreef|schrieb|a [ée]crit|escribi[óo]"
            r"|ha scritto|escreveu|skrev)\b[^\n]{0,80}:?\s*$",
            r"^\s{0,10}[^\n]{0,200}\b(?:schreef|wrote)\b[^\n]{0,100}:\s*$",
            r"^[-_\s*]{0,20}(?:original message|oorspronkelijk bericht|urspr[üu]ngliche nachricht|message d['’]origine"
            r"|mensaje original|doorgestuurd bericht|forwarded message)[-_\s*]{0,20}$",
            r"^\*?(?:from|van|von|de|da)\s?:\*?\s[^\n]{1,300}$",
            r"^_{10,}\s*$",
            r"^--\s?$",
            r"^(?:verzonden|verstuurd|sent|gesendet) (?:vanaf|met|from|von) (?:mijn|my|outlook|mail|meinem)\b",
            r"^(?:outlook|get outlook) (?:voor|for) ",
        )
    ),
    re.IGNORECASE,
)
_HTML_QUOTE: Final = re.compile(
    r"<blockquote\b|<div[^<>]{0,200}\b(?:gmail_quote|divRplyFwdMsg|moz-cite-prefix|yahoo_quoted|OutlookMessageHeader)",
    re.IGNORECASE,
)


def own_text(message: Entity) -> str:
    """Give what somebody wrote themselves, without what they quote and their signature."""
    return "\n".join(_own_lines(_before_html_quote(message))).strip()


def _before_html_quote(message: Entity) -> str:
    for part in message.walk():
        if part.parts:
            continue
        if part.type == "text/html" and (found := _HTML_QUOTE.search(part.source)):
            return html_to_text(part.source[: found.start()])
        if part.type in ("text/plain", "text/html"):
            return part.text
    return ""


def _own_lines(text: str) -> Iterator[str]:
    lines = text.split("\n")[:200]
    for number, line in enumerate(lines):
        # A line of who wrote when may be broken in two.
        joined = f"{line} {lines[number + 1]}" if number + 1 < len(lines) else line
        if _QUOTE_BEGINS.match(line[:400]) or (
            re.match(r"\s{0,10}(?:on|op|am|le)\b", line, re.IGNORECASE) and _QUOTE_BEGINS.match(joined[:400])
        ):
            return
        yield line
