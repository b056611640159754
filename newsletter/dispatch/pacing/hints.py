"""What a provider's answer says about our speed.

Most refusals for now say nothing about it: a full mailbox, a greylist, a server that is ill. Those that do are known
by their words.
"""

import re
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final

from newsletter.providers.base import Deferred, Outcome

LONGEST_PAUSE: Final = timedelta(hours=1)
"""What a server may keep everybody of its domain waiting for; the one reader waits for as long as it wants."""


class Scope(StrEnum):
    """Whom a hint speaks for."""

    PROVIDER = "provider"
    DOMAIN = "domain"


@dataclass(frozen=True, slots=True)
class Hint:
    """That we are too fast.

    Args:
        pause: How long nothing may go, where it was said.
    """

    scope: Scope
    pause: timedelta | None


NOT_ABOUT_SPEED: Final = (
    # A greylist wants this one message later; the next reader's message is another matter.
    r"gr[ae]y-?\s?list",
    r"postgrey",
    # One reader's mailbox, full or in demand. Google: 4.2.1.
    r"(mailbox|account|user|inbox)\b.{0,40}\b(full|over ?quota)",
    r"receiving mail (at a rate|too quickly)",
)
ABOUT_ALL_WE_SEND: Final = (
    # SendGrid and others, by HTTP.
    r"^(http status )?429\b",
    # Amazon SES.
    r"maximum sending rate exceeded",
    r"daily message quota exceeded",
    # cPanel.
    r"exceeded the max(imum)? (emails|messages|defers and failures) per (hour|day)",
    # Exchange and Google Workspace, of the sender's own mailbox.
    r"(hourly|daily|sending|submission|message) (quota|limit|rate limit)\b.{0,30}\bexceeded",
    r"exceeded\b.{0,30}\b(hourly|daily|sending) (quota|limit)",
)
ABOUT_A_DOMAIN: Final = (
    # Postfix, Exim, Sendmail, Cloudmark.
    r"too many\b.{0,30}\b(connections|sessions)",
    r"too (much mail|many (messages|mails|emails|recipients)) from",
    # Exchange.
    r"(maximum|max) number of\b.{0,30}\bconnections",
    r"connection (rate|count|frequency)\b.{0,20}\b(limit|exceeded)",
    r"\brate[ -]?limit",
    r"\bthrottl",
    # Google: 4.7.28. Yahoo: TSS04. Microsoft: RP-001 and 4.7.500.
    r"unusual rate of",
    r"deferred due to (unexpected|excessive) volume",
    r"\bsending\b.{0,30}\btoo (fast|quickly)",
    r"server (is )?(too )?busy",
    r"\bslow(er)? ?(down)?\b.{0,20}\bplease|please\b.{0,20}\bslow",
    # One of no known make that says how long.
    r"try again (in|after) \d+ ?(s|m|h)",
)
_PAUSE: Final = re.compile(
    r"(?:try again|retry|wait|come back|available)\b[^.;]{0,30}?(?P<count>\d{1,6}) ?(?P<unit>s|sec|m|min|h|hour)"
    r"(?:ond|ute)?s?\b"
)
_SECONDS: Final = {"s": 1, "m": 60, "h": 3600}


def hint_of(outcome: Outcome) -> Hint | None:
    """Tell what an outcome says about our speed; None where it says nothing."""
    if not isinstance(outcome, Deferred):
        return None
    words = " ".join(outcome.reply.lower().split())
    if _says(NOT_ABOUT_SPEED, words):
        return None
    scope = Scope.PROVIDER if _says(ABOUT_ALL_WE_SEND, words) else Scope.DOMAIN
    if scope is Scope.DOMAIN and not _says(ABOUT_A_DOMAIN, words):
        return None
    pause = outcome.retry_after if outcome.retry_after is not None else _pause(words)
    return Hint(scope, min(pause, LONGEST_PAUSE) if pause is not None and pause > timedelta() else None)


def _says(patterns: tuple[str, ...], words: str) -> bool:
    return any(re.search(pattern, words) for pattern in patterns)


def _pause(words: str) -> timedelta | None:
    found = _PAUSE.search(words)
    return timedelta(seconds=int(found["count"]) * _SECONDS[found["unit"][0]]) if found else None
