"""A message that came back is signed as bulk mail must be.

Send yourself a test (`newsletter test`), save the message as your mailbox received it, and give it with
`--message`. Its signature must be by a domain that is aligned with the sender's, and cover both unsubscribe
headers: else large mail systems do not offer their button for leaving. It is verified with the key that stands in
the DNS now; what the receiving mail system found is read from its own note.

Source: RFC 6376 §5.4, §6.1 and §8.2, RFC 8058 §4, RFC 8601; rules of Gmail, Yahoo and Microsoft for bulk senders.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from typing import Final

from newsletter.authentication import (
    LookupFailed,
    Signature,
    SignatureFault,
    TagFault,
    are_aligned,
    find_policy,
    key_name,
    read_signature,
    verify,
)
from newsletter.doctor.base import Observation, Outcome, Surroundings, fine, problem, unknown, warning
from newsletter.message import Received

NEEDS_NETWORK: Final = True

ONE_CLICK: Final = "List-Unsubscribe=One-Click"

_UNSUBSCRIBE: Final = ("list-unsubscribe", "list-unsubscribe-post")
_WANTED: Final = ("subject", "date", "to", "message-id", "mime-version", "content-type", "reply-to", "list-id")
_PASSED: Final = frozenset({"pass", "bestguesspass"})


async def examine(surroundings: Surroundings) -> Sequence[Observation]:
    """Read the head of the message that was given."""
    received = surroundings.received
    if received is None:
        return [
            unknown(
                "how your messages arrive is not known",
                "Send yourself a test, save it as it was received, and give it with --message FILE.",
            )
        ]
    found = [*_unsubscribe(received), *_results(received)]
    if received.from_domain != surroundings.domain:
        found.append(
            warning(
                f"the message comes from {received.from_domain or 'nobody'}, and not from {surroundings.domain}",
                "Give a message of this newsletter.",
            )
        )
    return [*found, *[one async for one in _signatures(surroundings, received)]]


async def _signatures(surroundings: Surroundings, received: Received) -> AsyncIterator[Observation]:
    signatures: dict[int, Signature] = {}
    for number, text in enumerate(received.signatures):
        try:
            signatures[number] = read_signature(text)
        except TagFault as error:
            yield problem(f"a DKIM signature cannot be read: {error}", "Tell whoever signs: provider or mail server.")
    if not signatures:
        yield problem("the message has no DKIM signature", "Switch signing on with your provider or mail server.")
        return
    policy = await find_policy(surroundings.resolver, received.from_domain)
    strict = policy is not None and policy.strict_dkim
    aligned = {
        number: signature
        for number, signature in signatures.items()
        if await are_aligned(surroundings.resolver, signature.domain, received.from_domain, strict=strict)
    }
    if not aligned:
        domains = ", ".join(sorted({signature.domain for signature in signatures.values()}))
        yield problem(
            f"the message is signed by {domains}, which does not count for {received.from_domain}",
            f"Have your provider sign with {received.from_domain}; it calls that domain authentication, as a rule.",
        )
        return
    verified = [await _verified(surroundings, received, number, one) for number, one in aligned.items()]
    holds = any(one.outcome is Outcome.OK for one in verified)
    for observation in verified:
        # Mail systems need one that holds; another that does not is a fault all the same.
        yield replace(observation, outcome=Outcome.WARNING) if holds and _is_problem(observation) else observation
    for signature in aligned.values():
        for observation in _judge(signature, received):
            yield observation


def _is_problem(observation: Observation) -> bool:
    return observation.outcome is Outcome.PROBLEM


async def _verified(surroundings: Surroundings, received: Received, number: int, signature: Signature) -> Observation:
    """Verify a signature with the key that stands in the DNS now."""
    name = key_name(signature.selector, signature.domain)
    by = f"the signature by {signature.domain} ({signature.selector})"
    try:
        records = await surroundings.resolver.txt(name)
        verify(received.content, number, records, surroundings.now())
    except LookupFailed as error:
        return unknown(f"{by} could not be verified: {error.message}", error.remedy)
    except SignatureFault as error:
        return problem(
            f"{by} does not hold: {error}",
            f"Give the message just as it was received, and see whether whoever signs still uses the key at {name}; "
            "else something on the way changes messages.",
        )
    return fine(f"{by} holds: it was verified with the key at {name}")


def _judge(signature: Signature, received: Received) -> Sequence[Observation]:
    by = f"the signature by {signature.domain} ({signature.selector})"
    found: list[Observation] = []
    uncovered = [name for name in _UNSUBSCRIBE if name in received.fields and name not in signature.headers]
    if uncovered:
        found.append(
            problem(
                f"{by} does not cover {' and '.join(uncovered)}: mail systems then offer no button for leaving",
                "Have whoever signs (provider or mail server) sign both fields, as RFC 8058 wants.",
            )
        )
    if "from" not in signature.headers:
        found.append(problem(f"{by} does not cover From", "Tell whoever signs: every signature must."))
    missing = [name for name in _WANTED if name in received.fields and name not in signature.headers]
    if missing:
        found.append(
            warning(f"{by} does not cover {', '.join(missing)}, which others may thus change", "Have these signed too.")
        )
    if signature.covers_part:
        found.append(
            problem(f"{by} covers only the beginning of the message (l=)", "Have the whole message signed, without l=.")
        )
    if signature.algorithm.endswith("-sha1"):
        found.append(problem(f"{by} uses SHA-1, which nobody accepts", "Have it made with rsa-sha256."))
    return found or [fine(f"{by} counts for the sender and covers both unsubscribe headers")]


def _unsubscribe(received: Received) -> Sequence[Observation]:
    if "https://" not in received.unsubscribe.lower():
        return [problem("the message has no List-Unsubscribe with a web address", "See whether something removed it.")]
    if received.unsubscribe_post != ONE_CLICK:
        return [
            problem(
                f'List-Unsubscribe-Post of the message is not exactly "{ONE_CLICK}"',
                "See whether your provider replaces the unsubscribe headers; switch that off.",
            )
        ]
    return [fine("the message carries both unsubscribe headers")]


def _results(received: Received) -> Sequence[Observation]:
    """Read what the receiving mail system found; for each kind the best, as one that passes is enough."""
    found: dict[str, str] = {}
    for kind, result in received.results:
        if found.get(kind) not in _PASSED:
            found[kind] = result
    if not found:
        return [
            unknown(
                "the receiving mail system left no note of what it found",
                "Use a mailbox that does, such as Gmail's (Show original).",
            )
        ]
    good = [kind for kind, result in found.items() if result in _PASSED]
    observations = [fine(f"the receiving mail system found in order: {', '.join(good)}")] if good else []
    return [
        *observations,
        *(
            problem(f"the receiving mail system found: {kind}={result}", f"See what the check {kind} says.")
            for kind, result in found.items()
            if result not in _PASSED
        ),
    ]
