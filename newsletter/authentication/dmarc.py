"""DMARC: the policy that holds for a domain, its organisation, and whether two domains are aligned.

The organisation of a domain is found by walking up the DNS, not with a list of public suffixes: such a list grows
old, and the standard no longer wants one.

Source: RFC 9989 §4.10 (the walk), §4.7 (tags).
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from newsletter.authentication.resolving import Resolver
from newsletter.authentication.tags import TagFault, read_tags

LONGEST_WALK: Final = 8
"""How many questions one walk asks at most."""

Request: TypeAlias = Literal["none", "quarantine", "reject"]

_REQUESTS: Final[dict[str, Request]] = {"none": "none", "quarantine": "quarantine", "reject": "reject"}


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy record.

    Attributes:
        domain: Where it was found, without `_dmarc`.
        request: What it asks for mail of that domain that fails.
        request_below: What it asks for mail of domains below it.
        reports_to: The URIs that daily reports go to.
        is_test: It asks that the next milder request be followed (`t=y`).
        strict_dkim: The signing domain must be the very domain of the sender.
        strict_spf: Likewise for the domain of the return path.
        suffix: Whether domains of others lie below it (`psd`): yes, no, or not said.
        fault: What is wrong with it; it then asks for nothing.
        outdated: Tags in it that the standard no longer has.
    """

    domain: str
    request: Request = "none"
    request_below: Request = "none"
    reports_to: tuple[str, ...] = ()
    is_test: bool = False
    strict_dkim: bool = False
    strict_spf: bool = False
    suffix: Literal["y", "n", "u"] = "u"
    fault: str = ""
    outdated: tuple[str, ...] = ()

    def request_for(self, domain: str) -> Request:
        """Give what it asks for mail of a domain at or below its own."""
        return self.request if domain == self.domain else self.request_below


def read_policy(domain: str, text: str) -> Policy:
    """Read a record that begins with `v=DMARC1`; one that is wrong is a policy with a fault."""
    try:
        tags = read_tags(text)
    except TagFault as error:
        return Policy(domain, fault=str(error))
    request = tags.get("p", "").lower()
    reports = tuple(uri.strip() for uri in tags.get("rua", "").split(",") if uri.strip())
    fault = ""
    if request not in _REQUESTS:
        fault = f"p={request} is no policy" if request else "it says no policy (p=)"
    below = tags.get("sp", request).lower()
    suffix = tags.get("psd", "u").lower()
    return Policy(
        domain,
        request=_REQUESTS.get(request, "none"),
        request_below=_REQUESTS.get(below, "none"),
        reports_to=reports,
        is_test=tags.get("t", "n").lower() == "y",
        strict_dkim=tags.get("adkim", "r").lower() == "s",
        strict_spf=tags.get("aspf", "r").lower() == "s",
        suffix="y" if suffix == "y" else "n" if suffix == "n" else "u",
        fault=fault,
        outdated=tuple(name for name in ("pct", "rf", "ri") if name in tags),
    )


async def find_policy(resolver: Resolver, domain: str) -> Policy | None:
    """Find the policy that holds for mail from a domain: its own, or else its organisation's.

    Raises:
        LookupFailed: The DNS does not answer.
    """
    found = [policy async for policy in _walk(resolver, domain)]
    if not found or found[0].domain == domain:
        return found[0] if found else None
    organisation = _organisation(domain, found)
    at_organisation = (policy for policy in found if policy.domain == organisation)
    return next(at_organisation, next((policy for policy in found if policy.suffix == "y"), None))


async def find_organisation(resolver: Resolver, domain: str) -> str:
    """Find the domain of the organisation that a domain belongs to.

    Raises:
        LookupFailed: The DNS does not answer.
    """
    return _organisation(domain, [policy async for policy in _walk(resolver, domain)])


async def are_aligned(resolver: Resolver, one: str, other: str, *, strict: bool) -> bool:
    """Tell whether two domains count as one: the same, or, unless that is asked for, of one organisation.

    Raises:
        LookupFailed: The DNS does not answer.
    """
    if one == other or strict:
        return one == other
    return await find_organisation(resolver, one) == await find_organisation(resolver, other)


async def _walk(resolver: Resolver, domain: str) -> AsyncIterator[Policy]:
    """Give the policies of a domain and those above it, the nearest first. Source: RFC 9989 §4.10."""
    labels = domain.split(".")
    # A long name is asked for itself, and then from so far up that the walk has an end.
    longer = len(labels) - (LONGEST_WALK - 1)
    starts = range(len(labels)) if longer <= 0 else (0, *range(longer, len(labels)))
    for start in starts:
        here = ".".join(labels[start:])
        records = [text for text in await resolver.txt(f"_dmarc.{here}") if _is_policy(text)]
        if len(records) != 1:
            continue
        policy = read_policy(here, records[0])
        yield policy
        if policy.suffix == "n" or (policy.suffix == "y" and start > 0):
            return


def _organisation(domain: str, found: list[Policy]) -> str:
    for policy in found:
        if policy.suffix == "n":
            return policy.domain
        if policy.suffix == "y" and policy.domain != domain:
            below = len(policy.domain.split(".")) + 1
            return ".".join(domain.split(".")[-below:])
    return found[-1].domain if found else domain


def _is_policy(text: str) -> bool:
    first = text.partition(";")[0].replace(" ", "").replace("\t", "")
    return first in ("v=DMARC1", "V=DMARC1")
