"""Which limits hold for which message, by the settings; and under which names they are kept."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from newsletter.dispatch.pacing.limits import Limit
from newsletter.dispatch.pacing.mailboxes import GROUPS
from newsletter.dispatch.pacing.warm_up import WarmUp
from newsletter.errors import SettingsError
from newsletter.settings import DEFAULT, Settings, check_domain

_NONE = Limit({})


@dataclass(frozen=True, slots=True)
class Rules:
    """The limits of one provider and of all domains.

    Args:
        limits: By the names of their buckets.
        other: For each domain that has none of its own.
        groups: The name of the group of each domain that is in one.
        sender: The name of the bucket of the sender's warm-up.
        stays_here: The provider sends nothing, so that only its own limit holds.
    """

    provider: str
    limits: Mapping[str, Limit]
    other: Limit | None
    groups: Mapping[str, str]
    sender: str
    warm_up: WarmUp | None
    stays_here: bool = False

    @classmethod
    def of(cls, settings: Settings, provider: str, *, stays_here: bool = False) -> "Rules":
        """Take what the settings say.

        Raises:
            SettingsError: Two limits are for domains of one mail system.
        """
        given = settings.limits
        groups = {**GROUPS, **{domain: name for name, members in given.groups.items() for domain in members}}
        limits = {provider_key(name): Limit.of(one) for name, one in given.providers.items()}
        named: dict[str, str] = {}
        for domain, one in given.domains.items():
            if domain == DEFAULT:
                continue
            key = domain_key(groups.get(domain, domain))
            if key in limits:
                raise SettingsError(
                    f"{domain} and {named[key]} are one mail system and share one limit",
                    where=settings.origin("limits", "domains", domain).place,
                    remedy="Leave one of them out, or part them in [limits.groups].",
                )
            named[key] = domain
            limits[key] = Limit.of(one)
        other = given.domains.get(DEFAULT)
        return cls(
            provider=provider_key(provider),
            limits=limits,
            other=Limit.of(other) if other else None,
            groups=groups,
            sender=f"warm-up:{check_domain(settings.sender.email)}",
            warm_up=WarmUp.of(given.warm_up, settings.time_zone) if given.warm_up else None,
            stays_here=stays_here,
        )

    def domain(self, domain: str) -> str:
        """Name the bucket of a domain, in ASCII and lower case."""
        return domain_key(self.groups.get(domain, domain))

    def limit(self, key: str) -> Limit:
        """Tell what holds for a bucket."""
        return self.limits.get(key) or (self.other if key.startswith("domain:") else None) or _NONE

    def warm_up_of(self, key: str) -> WarmUp | None:
        """Give the plan that holds for a bucket."""
        return self.warm_up if key == self.sender else None

    def keys(self, domain_key: str, also: Collection[str] = ()) -> tuple[str, ...]:
        """Name the buckets that a message to a domain takes from.

        Args:
            also: Those that have a limit of which the settings know nothing.
        """
        possible = (self.provider,) if self.stays_here else (self.provider, domain_key, self.sender)
        return tuple(key for key in possible if self.limit(key).counts or self.warm_up_of(key) or key in also)


def provider_key(name: str) -> str:
    """Name the bucket of a provider."""
    return f"provider:{name.replace('_', '-')}"


def domain_key(group: str) -> str:
    """Name the bucket of a domain, or of a group of them."""
    return f"domain:{group}"


def title(key: str) -> str:
    """Name a bucket as people do."""
    return key.partition(":")[2]
