"""Reads Resend's replies, and says what each one means for the messages of its request.

Source: Resend's pages "Errors", "Usage Limits", "Idempotency Keys" and "Batch Validation Modes".
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from newsletter.errors import Place, ProviderError
from newsletter.providers.base.replies import (
    Fate,
    Refused,
    Reply,
    Suspect,
    Taken,
    Told,
    Unknown,
    Verdict,
    Wrong,
    judge_by_status,
    say,
    text_of,
)

TABLE: Final = "providers.resend"
RESTRICTED: Final = "restricted_api_key"
"""What a key is told that may send, and nothing else."""

_DELAYS: Final = ("retry-after", "ratelimit-reset")
_QUOTAS: Final = frozenset({"daily_quota_exceeded", "monthly_quota_exceeded"})
_KEYS: Final = frozenset({"missing_api_key", "invalid_api_key", RESTRICTED})

_ADDRESSEE: Final = re.compile(r"(?<![\w-])[`'\"]?to[`'\"]? (?:field|address|is)|\.to\b", re.IGNORECASE)
_OURS: Final = re.compile(r"(?<![\w-])[`'\"]?(?:from|reply_to)[`'\"]? (?:field|address|is)|\.(?:from|reply_to)\b")


def judge(reply: Reply, count: int) -> Verdict:
    """Say what a reply means.

    Args:
        count: How many messages the request carried.
    """
    status, words, name = reply.status, read_words(reply), reply.text("name")
    if status == 200:
        return _judge_success(reply, count)
    if status == 409:
        # The same request is under way, or another one bears its key: neither tells what became of these messages.
        return Unknown(words)
    if name in _QUOTAS:
        return Refused(refusal(status, name, words))
    return judge_by_status(reply, words, refusal(status, name, words), _DELAYS)


def read_words(reply: Reply) -> str:
    """Give what Resend says in one line, without anybody's address."""
    return say(reply.status, reply.text("message"))


def refusal(status: int, name: str, words: str) -> ProviderError:
    """Say why Resend takes nothing from us, and what to do about it."""
    if status == 401 or name in _KEYS:
        return ProviderError(
            f"the API key is refused by Resend: {words}",
            remedy="Set NEWSLETTER_PROVIDERS__RESEND__API_KEY to a valid key that may send.",
        )
    if name in _QUOTAS:
        return ProviderError(
            f"Resend takes no more for now: {words}",
            remedy="Raise the account's quota, or send again when it begins anew.",
        )
    if status == 403:
        return ProviderError(
            f"Resend refuses the sender: {words}", remedy="Add the sender's domain to Resend, and verify it."
        )
    if name:
        return ProviderError(
            f"Resend refuses the request: {words}",
            remedy="Correct what it names and send again; nothing of this request was sent.",
        )
    return ProviderError(
        f"Resend does not answer as it should: {words}",
        where=Place(field=TABLE),
        remedy=f"See whether base_url is right in [{TABLE}].",
    )


def _judge_success(reply: Reply, count: int) -> Verdict:
    """Read the identifiers of what was taken, in its order, and what is wrong with the rest, by place."""
    document = reply.document
    if not isinstance(document, dict):
        return Unknown(read_words(reply))
    taken, faults = document.get("data"), _faults(document.get("errors", []))
    if not isinstance(taken, list) or faults is None or len(taken) + len(faults) != count:
        return Unknown("the reply does not tell what became of each message")
    references = (text_of(entry.get("id")) if isinstance(entry, dict) else "" for entry in taken)
    return Told([_fate(faults[place]) if place in faults else Taken(next(references, "")) for place in range(count)])


def _faults(errors: Any) -> Mapping[int, str] | None:
    """Read what is wrong, by place; None when it cannot be told."""
    if not isinstance(errors, list):
        return None
    faults: dict[int, str] = {}
    for error in errors:
        place = error.get("index") if isinstance(error, dict) else None
        if not isinstance(place, int) or place in faults or place < 0:
            return None
        faults[place] = text_of(error.get("message"))
    return faults


def _fate(message: str) -> Fate:
    words = say(422, message)
    if _OURS.search(message):
        return Refused(refusal(422, "validation_error", words))
    if _ADDRESSEE.search(message):
        return Wrong(words)
    return Suspect(words, refusal(422, "validation_error", words))
