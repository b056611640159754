"""Reads SendGrid's replies, and says what each one means for the messages of its request.

Source: SendGrid's reference of POST /v3/mail/send; its pages "Errors" and "Rate limits".
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final, TypeAlias

from newsletter.errors import ProviderError
from newsletter.message import one_line

WORDS_LENGTH: Final = 200
"""How much of what SendGrid says is kept."""
LONGEST_WAIT: Final = timedelta(days=1)

_PERSONAL: Final = re.compile(r"personalizations[.\[](\d{1,6})\]?(?:[.\[](.*))?")
_ADDRESSEE: Final = re.compile(r"to(?:[.\[].*)?")
_ADDRESS: Final = re.compile(r"[^\s<>()\[\]\"',;:]+@[^\s<>()\[\]\"',;:]+")
_SECONDS: Final = re.compile(r"\d{1,12}(?:\.\d+)?")
_EPOCH_STARTS: Final = 1_000_000_000  # a smaller number is a span of time, not a moment


@dataclass(frozen=True, slots=True)
class Reply:
    """What SendGrid answered.

    Args:
        headers: Names in lower case.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Taken:
    """All messages were taken."""

    reference: str
    words: str = ""


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


Verdict: TypeAlias = Taken | Blamed | TooLarge | Later | Unknown | Refused


@dataclass(frozen=True, slots=True)
class Fault:
    """One entry of `errors` in a reply."""

    field: str
    message: str


def judge(reply: Reply, count: int, *, sandbox: bool) -> Verdict:
    """Say what a reply means.

    Args:
        count: How many messages the request carried.
        sandbox: The request was only to be checked.
    """
    status, words = reply.status, read_words(reply)
    if 200 <= status < 300:
        return _judge_success(reply, sandbox=sandbox)
    if status == 400:
        return _judge_bad_request(reply, count)
    if status == 413:
        return TooLarge(words)
    if status in (408, 429):
        # 408: the request did not arrive whole. Source: RFC 9110 §15.5.9.
        return Later(words, read_delay(reply))
    if status == 503 and (read_faults(reply.body) or "retry-after" in reply.headers):
        return Later(words, read_delay(reply))
    if status >= 500:
        # Written by something in between, or by a server that failed half-way.
        return Unknown(words)
    return Refused(refusal(status, words))


def read_faults(body: bytes) -> tuple[Fault, ...]:
    """Read the entries of `errors`; none when the body is something else than SendGrid writes."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return ()
    entries = document.get("errors") if isinstance(document, dict) else None
    if not isinstance(entries, list):
        return ()
    return tuple(
        Fault(_text(entry.get("field")), _text(entry.get("message"))) for entry in entries if isinstance(entry, dict)
    )


def read_words(reply: Reply) -> str:
    """Give what SendGrid says in one line, without anybody's address."""
    said = "; ".join(fault.message for fault in read_faults(reply.body) if fault.message)
    return f"{reply.status} {_clean(said)}" if said else f"HTTP status {reply.status}"


def read_delay(reply: Reply) -> timedelta | None:
    """Read how long to wait: Retry-After, or X-RateLimit-Reset, a Unix timestamp; None when not said."""
    now = _time_of(reply)
    for name in ("retry-after", "x-ratelimit-reset"):
        delay = _delay(reply.headers.get(name, ""), now)
        if delay is not None:
            return min(max(delay, timedelta(seconds=1)), LONGEST_WAIT)
    return None


def _judge_success(reply: Reply, *, sandbox: bool) -> Verdict:
    if reply.status == 202:
        return Taken(reply.headers.get("x-message-id", ""))
    if sandbox and reply.status == 200:
        # Source: "When your request validates, you will receive a 200 OK response".
        return Taken("", "checked by SendGrid's sandbox mode, not sent")
    return Unknown(read_words(reply))


def _judge_bad_request(reply: Reply, count: int) -> Verdict:
    """Tell a bad message, of whose place the field speaks, from a request that is wrong for all."""
    refused = refusal(reply.status, read_words(reply))
    addresses: dict[int, str] = {}
    suspects: dict[int, str] = {}
    for fault in read_faults(reply.body):
        match = _PERSONAL.fullmatch(fault.field)
        if match is None or int(match[1]) >= count:
            return Refused(refused)
        named = addresses if _ADDRESSEE.fullmatch(match[2] or "") else suspects
        named[int(match[1])] = f"{reply.status} {_clean(fault.message)}"
    if not (addresses or suspects):
        return Refused(refused)
    return Blamed(addresses, {place: words for place, words in suspects.items() if place not in addresses}, refused)


def refusal(status: int, words: str) -> ProviderError:
    """Say why SendGrid takes nothing from us, and what to do about it."""
    if status == 401:
        return ProviderError(
            f"the API key is refused by SendGrid: {words}",
            remedy="Set NEWSLETTER_PROVIDERS__SENDGRID__API_KEY to a valid key of the account's region, "
            "and see whether the account has credits left.",
        )
    if status == 403:
        return ProviderError(
            f"the API key is refused by SendGrid for this sender: {words}",
            remedy="Give the key the permission Mail Send, and verify the sender with SendGrid.",
        )
    if status == 400:
        return ProviderError(
            f"SendGrid refuses the request: {words}",
            remedy="Correct what it names and send again; nothing of this request was sent.",
        )
    return ProviderError(
        f"SendGrid does not answer as it should: {words}",
        remedy="See whether region and base_url are right in [providers.sendgrid].",
    )


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _clean(words: str) -> str:
    line = _ADDRESS.sub("(address)", one_line(words))
    return line if len(line) <= WORDS_LENGTH else f"{line[: WORDS_LENGTH - 1]}…"


def _time_of(reply: Reply) -> datetime:
    """Give the server's own time, so that a clock that is wrong here does no harm."""
    return read_moment(reply.headers.get("date", "")) or datetime.now(UTC)


def _delay(value: str, now: datetime) -> timedelta | None:
    text = value.strip()
    if _SECONDS.fullmatch(text):
        number = float(text)
        return timedelta(seconds=number - now.timestamp() if number >= _EPOCH_STARTS else number)
    moment = read_moment(text)
    return moment - now if moment else None


def read_moment(text: str) -> datetime | None:
    """Read the value of a Date field; None when it is none."""
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
