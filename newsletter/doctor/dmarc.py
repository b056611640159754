"""The sender's domain says what is to be done with mail that only pretends to come from it (DMARC).

Gmail, Yahoo and Microsoft want a policy from everybody who sends in bulk, even one that asks for nothing
(`p=none`). The policy of the organisation's domain holds for all below it. That domain is found by walking up the
DNS, as the standard has it, and not with a list of public suffixes.

Source: RFC 9989 §4.7 and §4.10; RFC 9990 on reports to another domain.
"""

from collections.abc import AsyncIterator, Sequence
from typing import Final

from newsletter.authentication import Policy, Resolver, find_organisation, find_policy
from newsletter.doctor.base import Observation, Surroundings, domain_of, fine, problem, warning

NEEDS_NETWORK: Final = True


async def examine(surroundings: Surroundings) -> Sequence[Observation]:
    """Find the policy that holds for the sender's domain, and judge it."""
    resolver, domain = surroundings.resolver, surroundings.domain
    policy = await find_policy(resolver, domain)
    if policy is None:
        return [
            problem(
                f"no DMARC policy holds for {domain}",
                f'Publish a TXT record at _dmarc.{domain}: "v=DMARC1; p=none; rua=mailto:…".',
            )
        ]
    if policy.fault:
        return [problem(f"the DMARC policy at {policy.domain} is wrong: {policy.fault}", _where(policy))]
    return [*_judge(policy, domain), *[one async for one in _reports(resolver, policy)]]


def _judge(policy: Policy, domain: str) -> Sequence[Observation]:
    found = []
    request = policy.request_for(domain)
    if request == "none":
        found.append(
            warning(
                f"the DMARC policy at {policy.domain} lets everything through (none)",
                "That will do to begin with; ask for quarantine once the reports show nothing of yours that fails.",
            )
        )
    else:
        found.append(fine(f"the DMARC policy at {policy.domain} asks that what fails be treated so: {request}"))
    if policy.is_test:
        found.append(warning(f"the DMARC policy at {policy.domain} is marked as a test (t=y)", _where(policy)))
    if policy.outdated:
        found.append(
            warning(
                f"the DMARC policy at {policy.domain} holds {', '.join(policy.outdated)}, which the standard no longer "
                "has: some mail systems heed it, others do not",
                _where(policy),
            )
        )
    return found


async def _reports(resolver: Resolver, policy: Policy) -> AsyncIterator[Observation]:
    """Judge where reports go; another organisation must have agreed to get them."""
    if not policy.reports_to:
        yield warning(
            f"nobody gets reports on mail in the name of {policy.domain}",
            f"Add rua=mailto:… to the record at _dmarc.{policy.domain}.",
        )
        return
    organisation = await find_organisation(resolver, policy.domain)
    for uri in policy.reports_to:
        scheme, _, address = uri.partition(":")
        if scheme.lower() != "mailto" or "@" not in address:
            yield warning(f"reports cannot go to {uri}: it is no mail address", _where(policy))
            continue
        try:
            target = domain_of(address.partition("!")[0])
        except ValueError:
            yield warning(f"reports cannot go to {uri}: its domain is none", _where(policy))
            continue
        if target != policy.domain and await find_organisation(resolver, target) != organisation:
            consent = f"{policy.domain}._report._dmarc.{target}"
            if not any(text.startswith("v=DMARC1") for text in await resolver.txt(consent)):
                yield warning(
                    f"reports will not arrive: {target} does not say that it takes those of {policy.domain}",
                    f'Have it publish a TXT record at {consent}: "v=DMARC1".',
                )


def _where(policy: Policy) -> str:
    return f"Correct the TXT record at _dmarc.{policy.domain}."
