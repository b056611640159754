"""Reads Brevo's replies, and says what each one means for the message of its request.

Source: Brevo's reference of POST /v3/smtp/email; its pages "Idempotency for batch emails" and "Rate limit headers".
"""

import re
from typing import Final

from newsletter.errors import Place, ProviderError
from newsletter.providers.base.replies import (
    Blamed,
    Refused,
    Reply,
    Taken,
    Unknown,
    Verdict,
    judge_by_status,
    say,
)

TABLE: Final = "providers.brevo"
_DELAYS: Final = ("retry-after", "x-sib-ratelimit-reset")
_USED: Final = frozenset({"duplicate_parameter", "duplicate_request"})
"""What is said of a key that Brevo has seen before; not whether it then sent anything."""
_ACCOUNT: Final = frozenset({"account_under_validation", "not_enough_credits", "permission_denied"})

# "email is not valid in to"
_ADDRESSEE: Final = re.compile(r"\bin to\b|\bto (?:is|email)\b", re.IGNORECASE)
_OURS: Final = re.compile(r"\b(?:sender|reply-?to)\b", re.IGNORECASE)


def judge(reply: Reply, *, sandbox: bool) -> Verdict:
    """Say what a reply means.

    Args:
        sandbox: The message was only to be checked.
    """
    status, words, code = reply.status, read_words(reply), reply.text("code")
    if status in (201, 202):
        reference = reply.text("messageId")
        said = "checked by Brevo's sandbox mode, not sent" if sandbox else ""
        return Taken(reference, said) if reference else Unknown(words)
    if code in _USED:
        return Unknown(words)
    if status == 400 and code not in _ACCOUNT:
        return _judge_bad_request(reply, words)
    return judge_by_status(reply, words, refusal(status, code, words), _DELAYS)


def read_words(reply: Reply) -> str:
    """Give what Brevo says in one line, without anybody's address."""
    return say(reply.status, reply.text("message"))


def refusal(status: int, code: str, words: str) -> ProviderError:
    """Say why Brevo takes nothing from us, and what to do about it."""
    if status == 401:
        return ProviderError(
            f"the API key is refused by Brevo: {words}",
            remedy="Set NEWSLETTER_PROVIDERS__BREVO__API_KEY to a valid key, and let this machine's address in.",
        )
    if status in (402, 403) or code in _ACCOUNT:
        return ProviderError(
            f"Brevo lets this account send nothing: {words}",
            remedy="See in Brevo whether the account is approved, may send by the API, and has credits left.",
        )
    if code:
        return ProviderError(
            f"Brevo refuses to send: {words}", remedy="Correct what it names and send again; this was not sent."
        )
    return ProviderError(
        f"Brevo does not answer as it should: {words}",
        where=Place(field=TABLE),
        remedy=f"See whether base_url is right in [{TABLE}].",
    )


def _judge_bad_request(reply: Reply, words: str) -> Verdict:
    refused, message = refusal(reply.status, reply.text("code"), words), reply.text("message")
    if not reply.text("code") or _OURS.search(message):
        return Refused(refused)
    if _ADDRESSEE.search(message):
        return Blamed({0: words}, {}, refused)
    return Blamed({}, {0: words}, refused)
