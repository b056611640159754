"""Answers to the newsletter, and reports of failures, can be delivered (MX).

Mail systems also doubt senders whose own domain takes no mail.

Source: RFC 5321 §5.1, RFC 7505 (a domain that takes no mail).
"""

from collections.abc import Sequence
from typing import Final

from newsletter.authentication import Resolver
from newsletter.doctor.base import Observation, Surroundings, domain_of, fine, problem, warning

NEEDS_NETWORK: Final = True


async def examine(surroundings: Surroundings) -> Sequence[Observation]:
    """Look up the mail servers of every domain that we ask mail to be sent to."""
    sender = surroundings.settings.sender
    domains = [surroundings.domain, domain_of(sender.reply_to or sender.email), surroundings.return_domain]
    return [await _examine(surroundings.resolver, domain) for domain in dict.fromkeys(domains)]


async def _examine(resolver: Resolver, domain: str) -> Observation:
    servers = [host for _, host in await resolver.mx(domain)]
    if servers == ["."]:
        return problem(
            f"{domain} says that it takes no mail", f"Publish an MX record at {domain} in the place of that."
        )
    if servers:
        lost = [host for host in servers if not await resolver.addresses(host)]
        if len(lost) == len(servers):
            return problem(f"no mail server of {domain} has an address: {', '.join(lost)}", "Correct the MX records.")
        if lost:
            return warning(f"a mail server of {domain} has no address: {', '.join(lost)}", "Correct the MX records.")
        return fine(f"{domain} takes mail at {', '.join(servers)}")
    if await resolver.addresses(domain):
        return warning(f"{domain} names no mail server; mail goes to the host of that name", "Publish an MX record.")
    return problem(
        f"{domain} takes no mail: answers and reports of failures are lost", f"Publish an MX record at {domain}."
    )
