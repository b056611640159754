"""Reads the replies of Amazon SES, and says what each one means for the message of its request.

Source: Amazon's service model of SES v2, errors of SendEmail; its developer guide, "Errors related to the sending
quotas"; the protocol "restJson1" of its service models.
"""

import re
from datetime import timedelta
from typing import Final

from newsletter.errors import Place, ProviderError
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
)
from newsletter.providers.ses.signing import TABLE

MOMENT: Final = timedelta(seconds=1)
"""What to wait when messages came too fast: their number is limited for each second."""

_TOO_FAST: Final = frozenset({"TooManyRequestsException", "ThrottlingException", "Throttling"})
_QUOTA: Final = re.compile(r"\bquota\b", re.IGNORECASE)
_NOT_VERIFIED: Final = re.compile(r"\bnot verified\b", re.IGNORECASE)

_IDENTITY: Final = "Verify the sender's domain with Amazon SES in this region, and have the account leave the sandbox."
_ACCOUNT: Final = "See in Amazon SES why the account may not send, and send again when it may."
_KEY: Final = "Set a valid key whose owner is allowed ses:SendRawEmail and ses:SendEmail, and set the clock right."
_REMEDIES: Final = {
    "AccessDeniedException": _KEY,
    "AccountSuspendedException": _ACCOUNT,
    "ExpiredTokenException": _KEY,
    "InvalidClientTokenId": _KEY,
    "InvalidSignatureException": _KEY,
    "LimitExceededException": "Raise the account's quota, or send again when it begins anew.",
    "MailFromDomainNotVerifiedException": _IDENTITY,
    "MissingAuthenticationTokenException": _KEY,
    "NotFoundException": f"See whether there is a configuration set of that name; correct it in [{TABLE}].",
    "RequestExpired": _KEY,
    "SendingPausedException": _ACCOUNT,
    "SignatureDoesNotMatch": _KEY,
    "UnrecognizedClientException": _KEY,
}
"""What to do about errors that are not a reader's matter."""

# "Missing final '@domain'", "Illegal address", "Local address contains control or whitespace", …
_ADDRESSEE: Final = re.compile(
    r"missing final '@domain'|illegal address|local address contains|domain (?:contains|starts|ends)|"
    r"invalid (?:email )?address|address is invalid|recipient address",
    re.IGNORECASE,
)


def judge(reply: Reply) -> Verdict:
    """Say what a reply means."""
    status, words, code = reply.status, read_words(reply), read_code(reply)
    if status == 200:
        return Taken(reply.text("MessageId")) if reply.text("MessageId") else Unknown(words)
    if status == 429 or code in _TOO_FAST:
        return _judge_throttling(reply, code, words)
    if code == "BadRequestException" and _ADDRESSEE.search(_message(reply)):
        return Blamed({0: words}, {}, refusal(status, code, words))
    if code in ("BadRequestException", "MessageRejected") and not _NOT_VERIFIED.search(_message(reply)):
        return Blamed({}, {0: words}, refusal(status, code, words))
    return judge_by_status(reply, words, refusal(status, code, words), ["retry-after"])


def read_code(reply: Reply) -> str:
    """Read the name of an error; empty where the reply is none of Amazon SES."""
    written = reply.headers.get("x-amzn-errortype") or reply.text("__type") or reply.text("code")
    return written.partition(":")[0].rpartition("#")[2]


def read_words(reply: Reply) -> str:
    """Give what Amazon SES says in one line, without anybody's address."""
    return say(reply.status, f"{read_code(reply)} {_message(reply)}")


def refusal(status: int, code: str, words: str) -> ProviderError:
    """Say why Amazon SES takes nothing from us, and what to do about it."""
    if status in (401, 403):
        return ProviderError(f"the key is refused by Amazon SES: {words}", remedy=_REMEDIES.get(code, _KEY))
    if not code:
        return ProviderError(
            f"Amazon SES does not answer as it should: {words}",
            where=Place(field=TABLE),
            remedy=f"See whether region and base_url are right in [{TABLE}].",
        )
    remedy = _IDENTITY if _NOT_VERIFIED.search(words) else "Correct what it names and send again; this was not sent."
    return ProviderError(f"Amazon SES refuses to send: {words}", remedy=_REMEDIES.get(code, remedy))


def _judge_throttling(reply: Reply, code: str, words: str) -> Verdict:
    if _QUOTA.search(_message(reply)):
        return Refused(refusal(reply.status, "LimitExceededException", words))
    return Later(words, read_delay(reply, ["retry-after"]) or (MOMENT if code else None))


def _message(reply: Reply) -> str:
    return reply.text("message") or reply.text("Message")
