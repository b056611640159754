"""An issue as anybody may read it on the web: without readers' links, and with its events as they stand now.

What was sent is left as it is, but for what would lead a visitor astray: the links of a reader, why that reader got
it, and the offer to keep the date of an event that is over or was cancelled.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from html import escape
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from newsletter.dispatch import CHOOSING, LEAVING

_CALENDAR: Final = re.compile(
    r'<a\b(?P<before>[^>]*)\bhref="(?P<url>[^"]*/(?P<name>[^"/]+\.ics))"(?P<after>[^>]*)>(?P<inside>.*?)</a>',
    re.DOTALL,
)
_STYLE: Final = re.compile(r'\bstyle="[^"]*"|\bstyle=\'[^\']*\'')
_COLOUR: Final = re.compile(r"(?<![-\w])color:[^;\"']+")
_UNDERLINED: Final = re.compile(r"text-decoration:underline;?")
_FOLD: Final = re.compile(rb"\r?\n[ \t]")
_MOMENT: Final = re.compile(r"(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)(\d\d)(Z?))?")
_ALARM: Final = "color:#8c1d18;border:1px solid #8c1d18;border-radius:4px;padding:2px 6px;text-decoration:none"


@dataclass(frozen=True, slots=True)
class Links:
    """Where the links lead that stand in the place of a reader's own, and what they say."""

    joining: str
    joining_words: str
    archive: str
    archive_words: str


@dataclass(frozen=True, slots=True)
class EventState:
    """How an event stands by its calendar file."""

    is_cancelled: bool
    is_over: bool


def for_anybody(
    html: str,
    links: Links,
    reasons: dict[str, str],
    state_of: Callable[[str], EventState | None],
    words: Callable[[str], str],
) -> str:
    """Rewrite the HTML of an issue for the web.

    Args:
        reasons: What is said instead of why a reader gets mail, by those words.
        state_of: Tells how the events of a calendar file stand, by its name; None where there is none.
        words: Translates.
    """
    # What is an article among others in a mail program is the one thing on a page of its own.
    html = html.replace('role="article"', 'role="main"', 1)
    html = _replace_link(html, CHOOSING, links.joining, links.joining_words)
    html = _replace_link(html, LEAVING, links.archive, links.archive_words)
    for reason, instead in reasons.items():
        html = html.replace(escape(reason), escape(instead))

    def marked(found: re.Match[str]) -> str:
        state = state_of(found["name"])
        if state is None or not (state.is_cancelled or state.is_over):
            return found[0]
        if state.is_cancelled:
            return f'<strong class="status" style="{_ALARM}">{escape(words("Cancelled"))}</strong>'
        style = _STYLE.search(found["before"] + found["after"])
        quiet = _UNDERLINED.sub("", _COLOUR.sub("color:inherit", style[0])) if style else ""
        return f"<span {quiet}>{escape(words('This is over'))}</span>"

    return _CALENDAR.sub(marked, html)


def read_state(calendar: bytes, now: datetime) -> EventState:
    """Tell how the event of a calendar file stands; several are over when the last is, and cancelled when all are.

    Source: RFC 5545 §3.8.1.11, §3.8.2.2, §3.8.2.4.
    """
    text = _FOLD.sub(b"", calendar).decode("utf-8", "replace")
    events = text.split("BEGIN:VEVENT")[1:]
    ends = [moment for event in events if (moment := _end_of(event)) is not None]
    cancelled = bool(events) and all("\nSTATUS:CANCELLED" in event for event in events)
    return EventState(cancelled, bool(ends) and max(ends) < now)


def _end_of(event: str) -> datetime | None:
    lines = [line.strip() for line in event.split("\n")]
    for name in ("DTEND", "DTSTART"):
        for line in lines:
            if line.startswith((f"{name}:", f"{name};")):
                return _moment(line)
    return None


def _moment(line: str) -> datetime | None:
    found = _MOMENT.search(line.partition(":")[2])
    if found is None:
        return None
    year, month, day, hour, minute, second = (int(part) if part else 0 for part in found.groups()[:6])
    zone = re.search(r"TZID=\"?([^:;\"]+)", line)
    try:
        known = UTC if found[7] or zone is None else ZoneInfo(zone[1])
        return datetime.combine(date(year, month, day), time(hour, minute, second), known)
    except (ValueError, ZoneInfoNotFoundError, OSError):
        return None


def _replace_link(html: str, link: str, target: str, words: str) -> str:
    written = escape(link)
    anchor = re.compile(rf'(<a\b[^>]*\bhref="){re.escape(written)}("[^>]*>).*?(</a>)', re.DOTALL)
    html = anchor.sub(lambda found: f"{found[1]}{escape(target)}{found[2]}{escape(words)}{found[3]}", html)
    return html.replace(written, escape(target))
