"""Answers what limits there are, which of them a person has set, and what has been used of each."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from typing import Any

from newsletter import plugins
from newsletter.dispatch.pacing.buckets import WARM_UP, Bucket, Gate, moment_of, paused_until, slow_rate
from newsletter.dispatch.pacing.limits import Limit
from newsletter.dispatch.pacing.rows import Buckets, read_buckets
from newsletter.dispatch.pacing.rules import Rules, domain_key, provider_key
from newsletter.errors import DispatchError
from newsletter.settings import DEFAULT, check_domain


@dataclass(frozen=True, slots=True)
class Holding:
    """What holds for one provider, mail system or sender.

    Args:
        key: Its bucket; `domain:default` stands for each domain that has no limit of its own.
        is_override: A person has set the limit, in the place of the settings' one.
        allowance: How many a warm-up lets go today; None where there is none.
        used: How many went in the last hour and day, where that is limited, and today in a warm-up.
        slowed: How many in a second after a complaint.
        paused_until: When the mail system wants to see us again.
    """

    key: str
    limit: Limit
    is_override: bool
    allowance: int | None
    used: Mapping[str, int]
    slowed: float | None
    paused_until: datetime | None

    def document(self) -> dict[str, Any]:
        """Give it as data, ready for JSON."""
        return {
            "key": self.key,
            "limit": str(self.limit),
            "set_by_hand": self.is_override,
            "allowance_today": self.allowance,
            "used": dict(self.used),
            "slowed_to_per_second": self.slowed,
            "paused_until": self.paused_until.isoformat() if self.paused_until else None,
        }


def survey_limits(buckets: Buckets) -> list[Holding]:
    """Tell what holds now: what the settings limit, and what they do not and is limited all the same."""
    rules = buckets.rules
    with buckets.database.reading() as connection:
        now, found = buckets.time(connection), read_buckets(connection)
    named = [*rules.limits, *([rules.sender] if rules.warm_up else [])]
    others = [
        key
        for key, bucket in found.items()
        if key not in named and (bucket.override or slow_rate(bucket, now) or paused_until(bucket, now) > now)
    ]
    holdings = [_holding(buckets, key, found.get(key, Bucket()), now) for key in [*named, *others]]
    if rules.other:
        holdings.append(Holding(domain_key(DEFAULT), rules.other, False, None, {}, None, None))
    return holdings


def survey_named(buckets: Buckets) -> list[Holding]:
    """Tell what holds now of what somebody has named, in the settings or by hand, and of nothing else."""
    rules = buckets.rules
    by_hand = [key for key, one in buckets.standing().items() if one.override]
    named = list(dict.fromkeys([*rules.limits, *([rules.sender] if rules.warm_up else []), *by_hand]))
    if not named:
        return []
    with buckets.database.reading() as connection:
        now, found = buckets.time(connection), read_buckets(connection, *named)
    return [_holding(buckets, key, found.get(key, Bucket()), now) for key in named]


def key_of(name: str, rules: Rules) -> str:
    """Find the bucket that a person names: a provider's or a domain's.

    Raises:
        DispatchError: There is no such provider, and it is no domain.
    """
    providers = [one.replace("_", "-") for one in plugins.names("providers")]
    if name.replace("_", "-") in providers:
        return provider_key(name)
    try:
        return rules.domain(check_domain(name))
    except ValueError:
        near = get_close_matches(name, providers, n=1)
        raise DispatchError(
            f"{name!r} is neither a provider nor a domain",
            remedy=f"Did you mean {near[0]!r}?" if near else f"Write a domain, or one of: {', '.join(providers)}.",
        ) from None


def _holding(buckets: Buckets, key: str, bucket: Bucket, now: int) -> Holding:
    limit, warm_up = buckets.limit(key, bucket.override), buckets.rules.warm_up_of(key)
    until = paused_until(bucket, now)
    counted = Gate(bucket, limit, now, warm_up).bucket().used
    limited = {*limit.quotas, *([WARM_UP] if warm_up else [])}
    return Holding(
        key=key,
        limit=limit,
        is_override=bucket.override is not None,
        allowance=warm_up.allowance(warm_up.day(moment_of(now))) if warm_up else None,
        used={name: sum(counted.get(name, {}).values()) for name in sorted(limited)},
        slowed=slow_rate(bucket, now),
        paused_until=moment_of(until) if until > now else None,
    )
