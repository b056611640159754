"""Tells a mail system's own notice from the message that it returns.

A notice is what stands in the parts for people before the returned message, or in a plain message before the line that
announces it. What our reader's message says never counts as what a mail system says.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from newsletter.feedback.mail.dissecting import DEEPEST, read_quoted
from newsletter.feedback.mail.entities import LONGEST_TEXT, Entity, read_header

_MESSAGES: Final = frozenset({"message/rfc822", "message/global", "message/partial"})
_HEADERS: Final = frozenset({"text/rfc822-headers", "message/rfc822-headers", "message/global-headers"})
_REPORTS: Final = frozenset(
    {
        *("message/delivery-status", "message/global-delivery-status", "message/feedback-report"),
        *("message/disposition-notification", "message/global-disposition-notification"),
    }
)

_NO_TEXT: Final = ("image/", "audio/", "video/", "application/pdf", "application/zip")
_THING: Final = (
    r"(?:original|returned|unsent|failed|forwarded|enclosed|rejected|your|the|first|top|header|headers|message|mail"
    r"|e-?mail|text|copy|contents?|lines|attached|undelivered|body)"
)
_ANNOUNCED: Final = re.compile(
    r"^(?![^\n]{0,200}\b(?:transcript|session|address(?:es)?|recipients?|reason|log|errors?|diagnos\w+)\b)"
    r"[ \t>|*#]{0,10}(?:"
    r"[-=_*|+ ]{2,80}[^\n]{0,80}\b(?:below this line|copy of (?:the|your) (?:message|mail)|(?:original|returned|unsent"
    r"|undelivered|forwarded|enclosed) (?:e-?mail |mail )?(?:message|mail|text)|message (?:text|header|headers|body)"
    r"|headers? (?:of|and)|follows?\W{0,40}$|mensaje original|message d'origine|oorspronkelijk bericht"
    r"|original-?nachricht|urspr[üu]ngliche nachricht|messaggio originale|mensagem original)"
    rf"|(?:the first \d{{1,4}} lines of )?(?:{_THING}[ \t-]{{1,4}}){{1,8}}(?:as received )?(?:is |are )?"
    r"(?:as follows|follow(?:s|ing)?|below|reads?(?: \(in part\))?)\W{0,40}$"
    r"|(?:this|below|here|following) is (?:a copy|the (?:header|original|message))[^\n]{0,80}"
    r"|original message (?:headers?|details)[ \t]*:"
    r"|--- ?(?:below|enclosed|attachment|the header|[^\n]{0,40}原信件|[^\n]{0,60}コピー)[^\n]{0,80}"
    r"|(?:the )?(?:first|top) \d{1,4} lines[^\n]{0,60}"
    r")",
    re.IGNORECASE,
)
_STARTS_HEADER: Final = re.compile(
    r"^[ \t>|]{0,10}(?:Received:[ \t]?(?:from|by|\()|Return-Path:[ \t]?[<\w]|Delivered-To:[ \t]?\S|DKIM-Signature:)",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Notice:
    """What a mail system wrote, and what it returned.

    Attributes:
        text: Its own words.
        reports: The text of its parts that are for machines, with their media types.
        returned: The header fields of the message that it returns, as far as it does.
        returned_text: What it returns as text, where no header can be read out of it.
        messages: Whole messages that stand in it, which may be the returned one, or reports that somebody passes on.
    """

    text: str
    reports: tuple[tuple[str, str], ...] = ()
    returned: tuple[tuple[str, str], ...] = ()
    returned_text: str = field(default="", repr=False)
    messages: tuple[Entity, ...] = ()


def read_notice(message: Entity) -> Notice:
    """Part a message into a notice and what it returns."""
    texts: list[str] = []
    reports: list[tuple[str, str]] = []
    headers: list[str] = []
    messages: list[Entity] = []
    for part in _leaves(message):
        if part.type in _MESSAGES:
            messages += part.parts
        elif part.type in _REPORTS:
            # Some leave the empty line out, so that the report's first fields read as the part's own.
            reports.append((part.type, f"{_as_text(part.fields)}\n{part.text}"))
        elif part is not message and _is_returned(part):
            headers.append(f"{_as_text(part.fields)}\n{part.text}")
        elif part.type in _HEADERS:
            headers.append(part.text)
        elif part.type.startswith("text/") or not part.is_typed or part.type == "application/octet-stream":
            texts.append(part.text)
        elif not part.type.startswith(_NO_TEXT) and "final-recipient:" in part.text.lower():
            reports.append(("message/delivery-status", part.text))
    quoted = read_quoted("\n".join(texts)[:LONGEST_TEXT], message.depth + 1) if message.depth < DEEPEST else None
    own, rest = divide("\n\n".join(_without_repetition(texts))[:LONGEST_TEXT])
    returned_text = "\n".join([*headers, rest])[:LONGEST_TEXT]
    fields = next((inner.fields for inner in messages if inner.fields), ())
    within = (*messages, *([quoted] if quoted else []))
    return Notice(own, tuple(reports), (*fields, *_returned_fields(returned_text)), returned_text, within)


def divide(text: str) -> tuple[str, str]:
    """Part a text before the line that announces the returned message, or that its header begins with."""
    lines = text.split("\n")
    for number, line in enumerate(lines):
        if _STARTS_HEADER.match(line) or (_ANNOUNCED.match(line[:300]) and _something_stands_in(lines[:number])):
            return "\n".join(lines[:number]), "\n".join(lines[number:])
    return text, ""


def _something_stands_in(lines: Iterable[str]) -> bool:
    return any("@" in line for line in lines)


def _leaves(entity: Entity) -> Iterator[Entity]:
    """Give the parts of a message that have none themselves, and messages within as wholes."""
    if entity.parts and entity.type not in _MESSAGES:
        for part in entity.parts:
            yield from _leaves(part)
    else:
        yield entity


def _is_returned(part: Entity) -> bool:
    """Tell whether a part begins with a message's header instead of its own, or is a file with one."""
    names = {name for name, _ in part.fields}
    return "received" in names or {"from", "to", "subject"} <= names


def _as_text(fields: Iterable[tuple[str, str]]) -> str:
    return "\n".join(f"{name}: {value}" for name, value in fields)


def _returned_fields(text: str) -> tuple[tuple[str, str], ...]:
    unquoted = "\n".join(re.sub(r"^(?:[>|][ \t]?){1,5}", "", line) for line in text.split("\n")[:400])
    return read_header(unquoted)


def _without_repetition(texts: Iterable[str]) -> Iterator[str]:
    """Leave out what says the same again, such as HTML beside text."""
    seen: set[str] = set()
    for text in texts:
        essence = re.sub(r"\W+", "", text.lower())[:400]
        if essence and essence not in seen:
            seen.add(essence)
            yield text
