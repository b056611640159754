"""How long a dispatch takes at least, under the limits there are. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from newsletter.dispatch.pacing.limits import Limit
from newsletter.dispatch.pacing.rules import Rules, title
from newsletter.dispatch.pacing.warm_up import WarmUp
from newsletter.settings import PERIODS

SHORT: Final = timedelta(minutes=1)
"""What is shorter, nobody needs to be told."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """How long it takes.

    Args:
        duration: At least; zero where no limit holds.
        because: Whose limit it is that makes it so long, for people.
    """

    duration: timedelta
    because: str = ""

    def line(self) -> str:
        """Say it to people; nothing where it is not worth a word."""
        if self.duration < SHORT:
            return ""
        return f"takes {spoken(self.duration)} at least, under the limit of {self.because}"


def forecast(domains: Mapping[str, int], rules: Rules, now: datetime, used: int = 0) -> Forecast:
    """Tell how long messages to some domains take: as long as the slowest limit.

    Args:
        domains: How many go to each domain, in ASCII and lower case.
        used: How many have gone today, where there is a warm-up.
    """
    return max(_forecasts(domains, rules, now, used), key=lambda one: one.duration, default=Forecast(timedelta()))


def spoken(duration: timedelta) -> str:
    """Write a duration as people say it: `2 h 10 min`, `3 days 4 h`."""
    minutes = max(round(duration / timedelta(minutes=1)), 1)
    days, hours, minutes = minutes // 1440, minutes // 60 % 24, minutes % 60
    if days:
        parts = [f"{days} day" if days == 1 else f"{days} days", f"{hours} h" if hours else ""]
    else:
        parts = [f"{hours} h" if hours else "", f"{minutes} min" if minutes else ""]
    return " ".join(part for part in parts if part)


def lasting(count: int, limit: Limit) -> timedelta:
    """Tell how long so many messages take under one limit, when nothing has gone before."""
    waits = timedelta()
    left = count
    for name in sorted(limit.quotas, key=lambda name: -PERIODS[name]):
        full = max(left - 1, 0) // limit.quotas[name]
        waits += full * timedelta(seconds=PERIODS[name])
        left -= full * limit.quotas[name]
    rate = limit.rate
    if rate is None:
        return waits
    return max(waits + timedelta(seconds=max(left - 1, 0) / rate), timedelta(seconds=max(count - 1, 0) / rate))


def warming_up(count: int, plan: WarmUp, now: datetime, used: int) -> timedelta:
    """Tell how long it takes until a warm-up has let so many messages go."""
    day, gone = plan.day(now), used
    left = count
    while (allowance := plan.allowance(day)) is not None and left > max(allowance - gone, 0):
        left -= max(allowance - gone, 0)
        day, gone = plan.day(plan.next_day(day)), 0
    return max(plan.begin(day) - now, timedelta())


def _forecasts(domains: Mapping[str, int], rules: Rules, now: datetime, used: int) -> Iterator[Forecast]:
    counts: dict[str, int] = {}
    for domain, count in domains.items():
        key = rules.domain(domain)
        for one in (rules.provider,) if rules.stays_here else (key, rules.provider):
            counts[one] = counts.get(one, 0) + count
    for key, count in counts.items():
        limit = rules.limit(key)
        if limit.counts:
            yield Forecast(lasting(count, limit), title(key))
    if rules.warm_up and not rules.stays_here:
        yield Forecast(warming_up(sum(domains.values()), rules.warm_up, now, used), "the warm-up")
