"""Replies of APIs, and what they can mean for the messages of a request."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Final, TypeAlias

from newsletter.errors import ProviderError
from newsletter.message import one_line, without_addresses

WORDS_LENGTH: Final = 200
"""How much of what a provider says is kept."""
LONGEST_WAIT: Final = timedelta(days=1)
DELAYS: Final = ("retry-after", "x-ratelimit-reset")
"""The fields that say how long to wait, as a rule."""

_SECONDS: Final = re.compile(r"\d{1,12}(?:\.\d+)?")
_EPOCH_STARTS: Final = 1_000_000_000  # a smaller number is a span of time, not a moment


class UnreachableError(Exception):
    """No connection was made; nothing has left."""


class LostReplyError(Exception):
    """The request was on its way when the connection failed."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What was answered.

    Args:
        headers: Names in lower case.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def document(self) -> Any:
        """The body read as JSON; None when it is none."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None

    def text(self, name: str) -> str:
        """Give the text under a name of the body; empty when there is none."""
        document = self.document
        return text_of(document.get(name)) if isinstance(document, dict) else ""

    @property
    def clock(self) -> datetime | None:
        """What the server believes the time to be, if it says so."""
        return read_moment(self.headers.get("date", ""))


@dataclass(frozen=True, slots=True)
class Taken:
    """All messages were taken, or the one of which it is said."""

    reference: str
    words: str = ""


@dataclass(frozen=True, slots=True)
class Wrong:
    """One message was not taken, because of its address, which is the reader's own matter."""

    words: str


@dataclass(frozen=True, slots=True)
class Suspect:
    """One message was not taken, because of something else; if that is so with everybody, we made it so.

    Args:
        error: What is to be said in that case.
    """

    words: str
    error: ProviderError


@dataclass(frozen=True, slots=True)
class Blamed:
    """Nothing was taken, because of some messages: place in the request to what is said of it.

    Args:
        addresses: Where the address is wrong, which is the reader's own matter.
        suspects: Where something else is; if it is wrong with everybody, we made it so.
        error: What is to be said in that case.
    """

    addresses: Mapping[int, str]
    suspects: Mapping[int, str]
    error: ProviderError


@dataclass(frozen=True, slots=True)
class TooLarge:
    """Nothing was taken, because it was too much at once."""

    words: str


@dataclass(frozen=True, slots=True)
class Later:
    """Nothing was taken for now."""

    words: str
    after: timedelta | None


@dataclass(frozen=True, slots=True)
class Unknown:
    """The reply does not tell whether anything was taken."""

    words: str


@dataclass(frozen=True, slots=True)
class Refused:
    """Nothing was taken, and nothing will be before a person does something."""

    error: ProviderError


Fate: TypeAlias = Taken | Wrong | Suspect | Later | Unknown | Refused


@dataclass(frozen=True, slots=True)
class Told:
    """The reply tells of each message by itself, in the order of the request."""

    fates: Sequence[Fate]


Verdict: TypeAlias = Taken | Told | Blamed | TooLarge | Later | Unknown | Refused


def judge_by_status(
    reply: Reply, words: str, error: ProviderError, delays: Sequence[str] = DELAYS
) -> TooLarge | Later | Unknown | Refused:
    """Say what a reply without success means where only its status tells.

    Args:
        words: What to say of it.
        error: What to say if we are refused.
        delays: The fields that may say how long to wait.

    Source: RFC 9110 §15.
    """
    if reply.status == 413:
        return TooLarge(words)
    # 408: the request did not arrive whole.
    if reply.status in (408, 429) or (reply.status == 503 and "retry-after" in reply.headers):
        return Later(words, read_delay(reply, delays))
    # Above, and among them: written by something in between, or by a server that failed half-way.
    if reply.status >= 500 or 200 <= reply.status < 300:
        return Unknown(words)
    return Refused(error)


def say(status: int, words: str) -> str:
    """Give what a provider says in one line, without anybody's address."""
    said = clean(words)
    return f"{status} {said}" if said else f"HTTP status {status}"


def clean(words: str) -> str:
    """Make one short line of what a provider says, without anybody's address."""
    line = without_addresses(one_line(words))
    return line if len(line) <= WORDS_LENGTH else f"{line[: WORDS_LENGTH - 1]}…"


def text_of(value: object) -> str:
    """Give a value that should be a text; empty when it is none."""
    return value if isinstance(value, str) else ""


def read_delay(reply: Reply, names: Sequence[str] = DELAYS) -> timedelta | None:
    """Read how long to wait; None when not said.

    Args:
        names: The fields that may say so: seconds, a Unix timestamp or a date.
    """
    # The server's own time, so that a clock that is wrong here does no harm.
    now = reply.clock or datetime.now(UTC)
    for name in names:
        delay = _delay(reply.headers.get(name, ""), now)
        if delay is not None:
            return min(max(delay, timedelta(seconds=1)), LONGEST_WAIT)
    return None


def read_moment(text: str) -> datetime | None:
    """Read the value of a Date field; None when it is none."""
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _delay(value: str, now: datetime) -> timedelta | None:
    text = value.strip()
    if _SECONDS.fullmatch(text):
        number = float(text)
        return timedelta(seconds=number - now.timestamp() if number >= _EPOCH_STARTS else number)
    moment = read_moment(text)
    return moment - now if moment else None
