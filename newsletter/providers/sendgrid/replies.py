"""Reads SendGrid's replies, and says what each one means for the messages of its request.

Source: SendGrid's reference of POST /v3/mail/send; its pages "Errors" and "Rate limits".
"""

import re
from dataclasses import dataclass
from typing import Final

from newsletter.errors import ProviderError
from newsletter.providers.base.replies import (
    Blamed,
    Later,
    Refused,
    Reply,
    Taken,
    Unknown,
    Verdict,
    judge_by_status,
    read_delay,
    say,
    text_of,
)

_PERSONAL: Final = re.compile(r"personalizations[.\[](\d{1,6})\]?(?:[.\[](.*))?")
_ADDRESSEE: Final = re.compile(r"to(?:[.\[].*)?")


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
    if status == 503 and read_faults(reply):
        return Later(words, read_delay(reply))
    return judge_by_status(reply, words, refusal(status, words))


def read_faults(reply: Reply) -> tuple[Fault, ...]:
    """Read the entries of `errors`; none when the body is something else than SendGrid writes."""
    document = reply.document
    entries = document.get("errors") if isinstance(document, dict) else None
    if not isinstance(entries, list):
        return ()
    return tuple(
        Fault(text_of(entry.get("field")), text_of(entry.get("message")))
        for entry in entries
        if isinstance(entry, dict)
    )


def read_words(reply: Reply) -> str:
    """Give what SendGrid says in one line, without anybody's address."""
    return say(reply.status, "; ".join(fault.message for fault in read_faults(reply) if fault.message))


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
    for fault in read_faults(reply):
        match = _PERSONAL.fullmatch(fault.field)
        if match is None or int(match[1]) >= count:
            return Refused(refused)
        named = addresses if _ADDRESSEE.fullmatch(match[2] or "") else suspects
        named[int(match[1])] = say(reply.status, fault.message)
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
