"""Reads Mailgun's replies, and says what each one means for the message of its request.

Source: Mailgun's page "API Response Codes"; its reference of POST /v3/{domain_name}/messages.mime.
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

TABLE: Final = "providers.mailgun"

# "'to' parameter is not a valid address. please check documentation"
_ADDRESSEE: Final = re.compile(r"'?\bto'? parameter is not a valid address", re.IGNORECASE)
_NO_SUCH_PATH: Final = b"Mailgun Magnificent API"
"""What Mailgun says, with a status of success, about an address that leads to nothing."""


def judge(reply: Reply, *, sandbox: bool) -> Verdict:
    """Say what a reply means.

    Args:
        sandbox: The message was not to be sent.
    """
    status, words = reply.status, read_words(reply)
    if status == 200:
        return _judge_success(reply, words, sandbox=sandbox)
    if status == 400:
        refused = refusal(status, words)
        if not reply.text("message"):
            return Refused(refused)
        is_address = _ADDRESSEE.search(reply.text("message"))
        return Blamed({0: words}, {}, refused) if is_address else Blamed({}, {0: words}, refused)
    return judge_by_status(reply, words, refusal(status, words), ["retry-after"])


def read_words(reply: Reply) -> str:
    """Give what Mailgun says in one line, without anybody's address."""
    return say(reply.status, reply.text("message"))


def refusal(status: int, words: str) -> ProviderError:
    """Say why Mailgun takes nothing from us, and what to do about it."""
    if status in (401, 403):
        return ProviderError(
            f"the API key is refused by Mailgun: {words}",
            remedy="Set NEWSLETTER_PROVIDERS__MAILGUN__API_KEY to a valid key for this domain, "
            "and see whether the account may send.",
        )
    if status in (400, 402):
        return ProviderError(
            f"Mailgun refuses to send: {words}", remedy="Correct what it names and send again; this was not sent."
        )
    return ProviderError(
        f"Mailgun does not answer as it should: {words}",
        where=Place(field=TABLE),
        remedy=f"See whether domain, region and base_url are right in [{TABLE}].",
    )


def _judge_success(reply: Reply, words: str, *, sandbox: bool) -> Verdict:
    if _NO_SUCH_PATH in reply.body:
        return Refused(refusal(404, "it knows no such domain"))
    if not reply.text("id"):
        return Unknown(words)
    return Taken(reply.text("id"), "taken by Mailgun's test mode, not sent" if sandbox else "")
