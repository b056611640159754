"""The domain of the return path lets your mail server send (SPF).

Its record names who may send with that domain in the return path. There must be exactly one, whose reading takes
ten questions to the DNS at most, and it must not let just anybody send. Whether your own server is among those it
lets can be told only when its address is known: from `--sends-from`, or from a message that came back
(`--message`).

Source: RFC 7208 §3.2, §4.6.4 and §5.1.
"""

from collections.abc import AsyncIterator, Sequence
from typing import Final

from newsletter.authentication import (
    Resolver,
    SpfFault,
    SpfResult,
    Verdict,
    are_aligned,
    evaluate,
    find_policy,
    find_record,
)
from newsletter.doctor.base import Observation, Surroundings, fine, problem, unknown, warning

NEEDS_NETWORK: Final = True

_MANY_LOOKUPS: Final = 9


async def examine(surroundings: Surroundings) -> Sequence[Observation]:
    """Look up the record, read it to its end, and judge our addresses by it."""
    resolver, domain = surroundings.resolver, surroundings.return_domain
    try:
        record = await find_record(resolver, domain)
        if record is None:
            return [
                problem(
                    f"{domain} has no SPF record",
                    f'Publish a TXT record at {domain}: "v=spf1 include:… ~all", with what your provider names.',
                )
            ]
        found = [*_general(domain, await evaluate(resolver, domain, record))]
        found += [
            _of_address(domain, address, await evaluate(resolver, domain, record, address))
            for address in surroundings.sending_addresses
        ]
    except SpfFault as error:
        return [problem(f"the SPF record of {domain} cannot be used: {error}", f"Correct the TXT record at {domain}.")]
    if not surroundings.sending_addresses:
        found.append(
            unknown(
                f"which addresses your mail leaves from, and whether {domain} lets them send, is not known",
                "Name them with --sends-from, or give a message that you received with --message.",
            )
        )
    return [*found, *[one async for one in _alignment(resolver, surroundings.domain, domain)]]


def _general(domain: str, result: SpfResult) -> Sequence[Observation]:
    """Judge what the record says of strangers, and what reading it costs."""
    if result.verdict is Verdict.PASS:
        return [problem(f"{domain} lets everybody send in its name", 'End its SPF record with "~all" or "-all".')]
    if result.verdict is Verdict.NEUTRAL:
        return [
            warning(
                f"the SPF record of {domain} says nothing of strangers",
                'End it with "~all", or "-all" once all is well.',
            )
        ]
    found = [fine(f"{domain} has an SPF record, whose reading takes {result.lookups} questions of the 10 allowed")]
    if result.lookups >= _MANY_LOOKUPS:
        found.append(
            warning(
                f"the SPF record of {domain} is nearly too long to be read: one more inclusion may break it",
                "Take out what you no longer use.",
            )
        )
    if result.slow:
        found.append(
            warning(f'the SPF record of {domain} uses "ptr", which many pass over', "Name addresses instead: ip4, ip6.")
        )
    return found


def _of_address(domain: str, address: str, result: SpfResult) -> Observation:
    if result.verdict is Verdict.PASS:
        return fine(f"{domain} lets {address} send")
    if result.unclear:
        return unknown(
            f"whether {domain} lets {address} send depends on the message: its record holds a macro",
            "See what a mail system says of a message that it received: --message.",
        )
    return problem(
        f"{domain} does not let {address} send ({result.verdict})",
        f"Add ip{6 if ':' in address else 4}:{address}, or what your provider names, to the SPF record of {domain}.",
    )


async def _alignment(resolver: Resolver, domain: str, return_domain: str) -> AsyncIterator[Observation]:
    policy = await find_policy(resolver, domain)
    strict = policy is not None and policy.strict_spf
    if not await are_aligned(resolver, return_domain, domain, strict=strict):
        yield warning(
            f"SPF of {return_domain} does not count for {domain}: DMARC then rests on DKIM alone",
            f"Set sender.return_path to an address at {domain}, if your provider allows it.",
        )
