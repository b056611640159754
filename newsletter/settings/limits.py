"""The table `[limits]`: how fast messages may go, in all, to one mail system, and from a sender that is new."""

import re
from collections.abc import Iterator, Mapping
from datetime import date
from itertools import pairwise
from typing import Annotated, Any, Final

import idna
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from newsletter.errors import SettingsError
from newsletter.settings.providers import check_provider
from newsletter.settings.sources import Sources

PERIODS: Final[Mapping[str, int]] = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400}
"""What a rate may be given for, each in seconds."""
DEFAULT: Final = "default"
"""In the place of a domain: any domain that is not named."""

_DOMAIN: Final = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}")
_Count = Annotated[int, Field(gt=0, le=1_000_000_000)]


def check_domain(text: str) -> str:
    """Bring the name of a mail domain into the form that limits are kept under.

    Raises:
        ValueError: It is none.
    """
    domain = text.strip().rpartition("@")[2].lower()
    try:
        domain = domain if domain.isascii() else idna.encode(domain, uts46=True).decode("ascii")
    except idna.IDNAError:
        domain = ""
    if not _DOMAIN.fullmatch(domain):
        raise ValueError(f"{text!r} is not the domain of an address|Write it as gmail.com, or 'default' for any other.")
    return domain


def _check_name(text: str) -> str:
    return text if text == DEFAULT else check_domain(text)


def _check_groups(groups: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    checked = {name: tuple(map(check_domain, members)) for name, members in groups.items()}
    seen: dict[str, str] = {}
    for name, members in checked.items():
        for domain in members:
            if seen.setdefault(domain, name) != name:
                raise ValueError(f"{domain} is in {seen[domain]!r} and in {name!r}|Leave it in one of them.")
    return checked


def _is_plan(counts: tuple[int, ...]) -> tuple[int, ...]:
    if not counts:
        raise ValueError("the plan has no days|Give a number for each day, or leave the plan out for the usual one.")
    if any(later < earlier for earlier, later in pairwise(counts)):
        raise ValueError("a day has fewer messages than the day before it|Let the numbers rise.")
    return counts


def _is_day(value: Any) -> Any:
    if isinstance(value, str):
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass
    elif type(value) is date:
        return value
    raise ValueError(f"{value!s} is not a day|Write it as 2026-01-31, without quotes.")


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class LimitSettings(_Table):
    """How many messages may go, in some time. All that are given hold together."""

    per_second: Annotated[float, Field(gt=0, le=1_000_000)] | None = None
    """The most in a second, evenly; 0.5 is one every two seconds."""

    per_minute: _Count | None = None
    """The most in a minute, evenly."""

    per_hour: _Count | None = None
    """The most in any hour, as fast as the others let them go."""

    per_day: _Count | None = None
    """The most in any 24 hours, likewise."""

    burst: _Count | None = None
    """How many may go at once after a pause; what goes in a tenth of a second where it is not given."""

    @model_validator(mode="after")
    def _says_something(self) -> "LimitSettings":
        if not any((self.per_second, self.per_minute, self.per_hour, self.per_day)):
            raise ValueError("this limits nothing|Give per_second, per_minute, per_hour or per_day.")
        if self.burst and not (self.per_second or self.per_minute):
            raise ValueError("a burst needs an even rate|Give per_second or per_minute too.")
        return self


class WarmUpSettings(_Table):
    """How many messages a sender that nobody knows yet may send on each day."""

    start: Annotated[date, BeforeValidator(_is_day)]
    """The first day; nothing goes before it."""

    plan: Annotated[tuple[_Count, ...], AfterValidator(_is_plan)] | None = None
    """The most on each day from the first one; after the last of them there is no limit any more.

    Where it is not given: 50, 100, 500, 1,000, 5,000, 10,000, 20,000, 40,000, and then twice as many each day.
    """


class LimitsSettings(BaseModel):
    """How fast messages may go. Beside these, a table for each provider: `[limits.smtp]`."""

    model_config = ConfigDict(extra="allow", frozen=True, use_attribute_docstrings=True)
    __pydantic_extra__: dict[str, LimitSettings] = Field(init=False)

    domains: dict[Annotated[str, AfterValidator(_check_name)], LimitSettings] = {}
    """Limits for what goes to one domain, such as `gmail.com`; `default` is for each one that is not named."""

    groups: Annotated[dict[str, tuple[str, ...]], AfterValidator(_check_groups)] = {}
    """Domains that are one mail system and share its limit: `{ "example.org" = ["example.org", "example.net"] }`."""

    warm_up: WarmUpSettings | None = None
    """The warm-up of the sender's domain."""

    @property
    def providers(self) -> Mapping[str, LimitSettings]:
        """The limits of each provider, by its name."""
        return self.__pydantic_extra__ or {}


def check_limits(sources: Sources, limits: Mapping[str, Any] | None = None) -> Iterator[SettingsError]:
    """Find limits of providers that do not exist: in the file, or in a table that is read already."""
    table = sources.table.get("limits")
    in_file = table if isinstance(table, Mapping) else {}
    for name in in_file if limits is None else limits.keys() - in_file.keys():
        if name not in LimitsSettings.model_fields:
            yield from check_provider(name, sources.origin(("limits", name)).place)
