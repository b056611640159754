"""What a check is given, what it finds, and how all of them are run.

A check is a module of this folder, or an entry point in the group `newsletter.preflight`. Its docstring explains it
to editors, and the first line is its title. It has a `severity` and a function `check`, which is pure: everything it
may ask stands in the context. One that asks another program, which takes seconds, is an `async def check` that yields,
and is left out where nobody wants to wait.
"""

import asyncio
import inspect
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from difflib import get_close_matches
from enum import StrEnum
from functools import cached_property
from types import ModuleType
from typing import Any, Final, Protocol, TypeAlias, cast
from zoneinfo import ZoneInfo

from newsletter import plugins
from newsletter.compatibility import Verdict, added_uses, chosen_clients, judge
from newsletter.errors import Place, PluginError
from newsletter.issues import Entry, Issue
from newsletter.links import Links, collect_links
from newsletter.manuscript import Fix, Manuscript, Term
from newsletter.media import Media
from newsletter.render import CompiledIssue, Template
from newsletter.settings import Settings
from newsletter.starter import shipped_templates
from newsletter.workspace import Workspace

KIND = "preflight"


class Severity(StrEnum):
    """How much a finding weighs: an error stops sending, a warning wants to be looked at, a hint may be useful."""

    ERROR = "error"
    WARNING = "warning"
    HINT = "hint"


class Said(str):
    """A sentence that can be said in other languages too; as a text it is English.

    Args:
        words: The sentence, with `%(name)s` where a value goes; what translations are looked up by.
        values: Of those places. One that is a sentence itself is translated as well.
    """

    __slots__ = ("values", "words")

    words: str
    values: Mapping[str, object]

    def __new__(cls, words: str, values: Mapping[str, object]) -> "Said":
        """Say it in English."""
        said = super().__new__(cls, words % values if values else words)
        said.words, said.values = words, values
        return said

    def by(self, translate: Callable[[str], str]) -> str:
        """Say it in the words of a catalogue."""
        values = {name: in_words(value, translate) for name, value in self.values.items()}
        words = translate(self.words)
        return words % values if values else words


def say(words: str, /, **values: object) -> Said:
    """Make a sentence for a finding, such as `say("the link %(url)s is broken", url=url)`."""
    return Said(words, values)


def in_words(value: object, translate: Callable[[str], str]) -> object:
    """Translate what can be translated, and give back everything else as it is."""
    return value.by(translate) if isinstance(value, Said) else value


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that a check has found.

    Args:
        message: What is wrong; one sentence without its final full stop. See `say`.
        remedy: What to do about it; a sentence.
        block: The item or section that it is about, by its title; empty where the place says enough.
        fix: A change that is certain to be what the author meant.
    """

    place: Place
    message: str
    remedy: str
    block: str = ""
    fix: Fix | None = None


@dataclass(frozen=True, slots=True)
class EarlierItem:
    """An item of an issue that came out before.

    Args:
        digest: SHA-256 of its file, in hexadecimal.
    """

    title: str
    kind: str
    url: str | None
    digest: str


@dataclass(frozen=True, slots=True)
class EarlierIssue:
    """An issue that came out before the one that is checked."""

    slug: str
    date: date
    subject: str
    preheader: str
    items: tuple[EarlierItem, ...]


@dataclass(frozen=True, slots=True)
class Reach:
    """How many readers get a block.

    Args:
        number: Of all blocks with a condition, and the others, in the order of the issue; from 1.
        title: Of the section or item.
        file: Of the item, in the issue; empty for a section.
    """

    number: int
    title: str
    file: str
    condition: str
    readers: int


@dataclass(frozen=True, slots=True)
class ValueReport:
    """What is wrong with the values of one field or slot, and for how many readers.

    Args:
        value: The field, such as "subscriber.first_name", or the expression that a slot shows.
        missing: For how many the slot stays empty in what they are shown.
        long: For how many the value is longer than anybody's.
        unsafe: For how many it holds markup, an expression or a control character.
        longest: Characters of the longest value.
    """

    value: str
    missing: int = 0
    long: int = 0
    unsafe: int = 0
    longest: int = 0


@dataclass(frozen=True, slots=True)
class AudienceReport:
    """What merging the issue for its whole audience has found, without naming anybody.

    Args:
        readers: How many there are.
        values: Of fields and slots with which something is wrong.
        blocks: How many readers each block with a condition reaches.
        empty: How many would get no item at all.
        unwritable: How many have an address that no message can be written to.
        largest: Bytes of the largest HTML part.
        largest_message: Bytes of the largest message.
        clipped: How many get more HTML than Gmail shows.
    """

    readers: int
    values: tuple[ValueReport, ...] = ()
    blocks: tuple[Reach, ...] = ()
    empty: int = 0
    unwritable: int = 0
    largest: int = 0
    largest_message: int = 0
    clipped: int = 0


UNMERGED: Final = AudienceReport(0)
"""What is known of an audience that nobody merged the issue for: nothing."""


@dataclass(frozen=True)
class Context:
    """Everything that a check may ask.

    Args:
        html: The HTML part for one made-up reader; `text` and `subject` are for the same one.
        message: The whole message for that reader.
        media: What the issue publishes.
        manuscript: The texts of the issue as they stand in its files, with the place of every word.
        today: In the newsletter's own time zone.
        earlier: The issues before this one, the newest first, as far back as the settings say.
        terms: The workspace's word list.
        audience: What merging for everybody found.
        fetched: What each link led to: a `Fetched` or a `FetchError`, by the address of its page (see
            `links.page_of`); None without network.
        clients: The mail clients that the workspace cares about, by their Can I Email names.
        digests: SHA-256 of each item's file, in hexadecimal, by the file's name in the issue.
    """

    workspace: Workspace
    settings: Settings
    issue: Issue
    template: Template
    html: str
    text: str
    subject: str
    message: bytes
    compiled: CompiledIssue
    media: Media
    manuscript: Manuscript
    today: date
    earlier: Sequence[EarlierIssue] = ()
    terms: Sequence[Term] = ()
    audience: AudienceReport = UNMERGED
    fetched: Mapping[str, Any] | None = None
    clients: Sequence[str] = ()
    digests: Mapping[str, str] | None = None

    @cached_property
    def links(self) -> Links:
        """All links of the issue, each with the places where it is written."""
        urls = self.settings.public_url, self.settings.media_url
        return collect_links(self.workspace, self.issue, self.manuscript, self.compiled, *urls)

    @cached_property
    def verdicts(self) -> tuple[Verdict, ...]:
        """What the mail clients that matter make of what the template uses and the shipped ones do not."""
        added = added_uses(self.template.folders, shipped_templates())
        return tuple(judge(added, chosen_clients(self.clients)))

    def entries(self) -> Iterator[Entry]:
        """Give all items of the issue, in its order."""
        return (entry for section in self.issue.sections for entry in section.entries)

    def day(self, moment: date | datetime) -> date:
        """Give the day of a moment, in the newsletter's own time zone."""
        if not isinstance(moment, datetime):
            return moment
        return moment.astimezone(ZoneInfo(self.settings.time_zone)).date()

    def closing_day(self, moment: date | datetime) -> date:
        """Give the last day on which something is possible until a moment: of midnight, the day before."""
        return self.day(moment - timedelta(microseconds=1) if isinstance(moment, datetime) else moment)

    def place(self, entry: Entry, *path: str | int) -> Place:
        """Give the place of a key in an item's file; of the file's beginning where the key does not exist."""
        return self.manuscript.place(entry, *path)


Findings: TypeAlias = Iterator[Finding] | AsyncIterator[Finding]


class Check(Protocol):
    """What the module of a check offers."""

    severity: Severity
    """How much its findings weigh where the workspace does not say otherwise."""

    @staticmethod
    def check(context: Context, /) -> Findings:
        """Look at the issue, and yield what is found."""


@dataclass(frozen=True, slots=True)
class Reported:
    """A finding with the check that made it, and how much it weighs in this workspace."""

    check: str
    severity: Severity
    finding: Finding


@dataclass(frozen=True, slots=True)
class Report:
    """What all checks found: the weightiest first, in the order of the files."""

    reported: tuple[Reported, ...]

    @property
    def blocking(self) -> tuple[Reported, ...]:
        """What stops sending."""
        return self.of(Severity.ERROR)

    @property
    def fixes(self) -> tuple[Fix, ...]:
        """The changes that are safe to make."""
        return tuple(one.finding.fix for one in self.reported if one.finding.fix is not None)

    def of(self, severity: Severity) -> tuple[Reported, ...]:
        """Give the findings of one severity."""
        return tuple(one for one in self.reported if one.severity is severity)


def names() -> tuple[str, ...]:
    """Name all checks there are, as users write them."""
    return tuple(sorted(name.replace("_", "-") for name in plugins.names(KIND)))


def load(name: str) -> Check:
    """Import a check.

    Raises:
        PluginError: There is none of that name.
    """
    known = names()
    if name not in known:
        near = get_close_matches(name, known, n=2)
        hint = f"Did you mean {' or '.join(near)}?" if near else f"There are: {', '.join(known)}."
        raise PluginError(f"no check is called {name!r}", remedy=hint)
    return cast("Check", plugins.load(KIND, name))


def title(check: Check) -> str:
    """Give the first line of a check's explanation, without its full stop."""
    return (inspect.getdoc(cast("ModuleType", check)) or "").partition("\n")[0].rstrip(".")


def run(
    wanted: Iterable[str], context: Context, severities: Mapping[str, Severity | None], *, patient: bool = False
) -> Report:
    """Run checks, those that ask other programs all at once.

    Args:
        patient: Whether to run those too.
        wanted: Their names; see `names`.
        severities: How much each one weighs where that is not its own severity; None leaves a check out.

    Raises:
        PluginError: There is no such check.
    """
    checks = {name: load(name) for name in wanted if severities.get(name, Severity.HINT) is not None}
    found = {name: _findings(check, context) for name, check in checks.items() if not is_waiting(check)}
    waiting = {name: check for name, check in checks.items() if is_waiting(check)}
    if waiting and patient:
        found |= asyncio.run(_wait(waiting, context))
    reported = [
        Reported(name, severities.get(name) or Severity(checks[name].severity), finding)
        for name, findings in found.items()
        for finding in findings
    ]
    return Report(tuple(sorted(reported, key=_weight)))


def is_waiting(check: Check) -> bool:
    """Whether a check asks another program."""
    return inspect.isasyncgenfunction(check.check)


def _findings(check: Check, context: Context) -> list[Finding]:
    return list(cast("Iterator[Finding]", check.check(context)))


async def _wait(checks: Mapping[str, Check], context: Context) -> dict[str, list[Finding]]:
    found = await asyncio.gather(*(_collect(check, context) for check in checks.values()))
    return dict(zip(checks, found, strict=True))


async def _collect(check: Check, context: Context) -> list[Finding]:
    return [finding async for finding in cast("AsyncIterator[Finding]", check.check(context))]


def _weight(one: Reported) -> tuple[int, str, int, int, str, str]:
    place = one.finding.place
    order = list(Severity).index(one.severity)
    return order, place.file or "", place.line or 0, place.column or 0, one.check, one.finding.message
