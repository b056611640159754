"""What a check of the doctor is, what it is given, and how all of them are run.

A check is a module in this folder (or behind an entry point `newsletter.doctor`), named as users write it. Its
docstring explains it to people. It has two names:

- `NEEDS_NETWORK`: whether it asks anything of another machine;
- `examine(surroundings)`: a coroutine that gives what it found.

A `NewsletterError` that it raises is a problem that was found; a question that the DNS does not answer leaves the
matter unknown.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, Generic, Protocol, TypeVar, cast

from newsletter import plugins
from newsletter.authentication import LookupFailed, Resolver
from newsletter.errors import NewsletterError, Problems
from newsletter.message import Received, ascii_domain
from newsletter.probing import Web
from newsletter.providers.base import Inspection
from newsletter.settings import Settings, provider_settings
from newsletter.workspace import Workspace

PATIENCE: Final = 60.0
"""How many seconds one check may take."""

Result = TypeVar("Result")


class Outcome(StrEnum):
    """How something is, the best first."""

    OK = "ok"
    UNKNOWN = "unknown"
    WARNING = "warning"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class Observation:
    """One thing that was found.

    Attributes:
        message: What is so; a sentence without its final full stop.
        remedy: What to do about it; a sentence, empty where nothing is to be done.
    """

    outcome: Outcome
    message: str
    remedy: str = ""


def fine(message: str) -> Observation:
    """Say that something is as it should be."""
    return Observation(Outcome.OK, message)


def warning(message: str, remedy: str) -> Observation:
    """Say that something could be better, or soon will be worse."""
    return Observation(Outcome.WARNING, message, remedy)


def problem(message: str, remedy: str) -> Observation:
    """Say that something keeps messages from their readers."""
    return Observation(Outcome.PROBLEM, message, remedy)


def unknown(message: str, remedy: str) -> Observation:
    """Say that something could not be found out, and how it can."""
    return Observation(Outcome.UNKNOWN, message, remedy)


class Once(Generic[Result]):
    """Asks something once, however often the answer is wanted."""

    def __init__(self, ask: Callable[[], Awaitable[Result]]) -> None:
        self._ask = ask
        self._asked: asyncio.Future[Result] | None = None

    async def __call__(self) -> Result:
        if self._asked is None:
            self._asked = asyncio.ensure_future(self._ask())
        # One check that runs out of time does not take the answer away from the others.
        return await asyncio.shield(self._asked)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What checks look at.

    Attributes:
        environ: The environment.
        now: Tells the time.
        inspect: Asks the provider how we stand with it; None where it cannot be asked.
        received: A message of ours as it came to a reader.
        selectors: The names of our DKIM keys, as far as a person gave them.
        sent_from: The addresses of the Internet that our mail leaves from, likewise.
    """

    workspace: Workspace
    settings: Settings
    environ: Mapping[str, str]
    now: Callable[[], datetime]
    resolver: Resolver
    web: Web
    inspect: Callable[[], Awaitable[Inspection | None]]
    received: Received | None = None
    selectors: tuple[str, ...] = ()
    sent_from: tuple[str, ...] = ()

    @property
    def domain(self) -> str:
        """The domain that the newsletter comes from, in ASCII."""
        return domain_of(self.settings.sender.email)

    @property
    def return_domain(self) -> str:
        """The domain that failures are reported to: as a message that came back has it, or as it is set."""
        if self.received is not None and self.received.return_domain:
            return self.received.return_domain
        sender = self.settings.sender
        return domain_of(sender.return_path or sender.email)

    @property
    def sending_addresses(self) -> tuple[str, ...]:
        """The addresses that our mail leaves from, as far as anybody knows."""
        if not self.sent_from and self.received is not None and self.received.sent_from:
            return (self.received.sent_from,)
        return self.sent_from


class Check(Protocol):
    """What `plugins.load("doctor", name)` gives."""

    NEEDS_NETWORK: bool

    async def examine(self, surroundings: Surroundings, /) -> Sequence[Observation]:
        """Look, and say what was found."""


@dataclass(frozen=True, slots=True)
class Report:
    """What all checks found, by their names."""

    found: Mapping[str, Sequence[Observation]]

    def count(self, outcome: Outcome) -> int:
        """Count the observations of one outcome."""
        return sum(one.outcome is outcome for all_of_one in self.found.values() for one in all_of_one)


def names() -> tuple[str, ...]:
    """Name the checks there are, as users write them."""
    return tuple(name.replace("_", "-") for name in plugins.names("doctor"))


async def run(wanted: Sequence[str], surroundings: Surroundings, *, offline: bool = False) -> Report:
    """Run checks, all at once.

    Args:
        wanted: Their names.
        offline: Leave out those that ask another machine.
    """
    checks = [cast(Check, plugins.load("doctor", name)) for name in wanted]
    found = await asyncio.gather(*(_examine(check, surroundings, offline=offline) for check in checks))
    return Report(dict(zip(wanted, found, strict=True)))


async def ask_provider(workspace: Workspace, settings: Settings) -> Inspection | None:
    """Ask the provider in use how we stand with it; None where it cannot be asked.

    Raises:
        ProviderError: It cannot be reached, or refuses us.
        SettingsError: Its settings are not as they should be.
    """
    module = plugins.load("providers", settings.provider)
    read = provider_settings(settings, workspace, settings.provider)
    if not hasattr(module, "inspect"):
        return None
    inspection: Inspection = await module.inspect(read)
    return inspection


def domain_of(address: str) -> str:
    """Give the domain of an address, in ASCII."""
    return ascii_domain(address.rpartition("@")[2]).lower()


async def _examine(check: Check, surroundings: Surroundings, *, offline: bool) -> Sequence[Observation]:
    if offline and check.NEEDS_NETWORK:
        return [unknown("not examined, because the network is not to be used", "Leave --offline out.")]
    try:
        async with asyncio.timeout(PATIENCE):
            return await check.examine(surroundings)
    except TimeoutError:
        return [unknown(f"there was no end to it after {PATIENCE:g} seconds", "Look at the network, and try again.")]
    except LookupFailed as error:
        return [unknown(error.message, error.remedy)]
    except NewsletterError as error:
        errors = error.errors if isinstance(error, Problems) else (error,)
        return [problem(_placed(one), one.remedy) for one in errors]


def _placed(error: NewsletterError) -> str:
    place = str(error.where)
    return f"{place}: {error.message}" if place else error.message
