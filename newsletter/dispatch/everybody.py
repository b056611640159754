"""Merges an issue for its whole audience before it is sent, and counts what is wrong for how many.

Readers come in pages and are let go of again; what is kept does not grow with them.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

import sqlalchemy as sa

from newsletter.audience import Selection, selected
from newsletter.dispatch.build import CLIPPED_AT, EXAMPLE_KEY
from newsletter.dispatch.prepare import PreparedIssue
from newsletter.dispatch.readers import ReaderLinks, make_reader
from newsletter.expressions import Expression, Fixed, fields_of, predicate
from newsletter.issues import Issue
from newsletter.preflight.base import AudienceReport, Reach, ValueReport
from newsletter.render import CommonParts, Letterhead, MergedParts, Merger, Reader
from newsletter.render.slots import Slot, walk
from newsletter.store import Database
from newsletter.subscribers import Definitions, read_records

PAGE: Final = 1000
LONGEST_VALUE: Final = 60
"""Characters; longer than names of people, places and organisations are."""
_KEPT: Final = 512
_UNSAFE: Final = re.compile(
    r"<[a-zA-Z/!?]|&[#a-zA-Z]\w*;|\{[{%#]|[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]"
)


def survey_everybody(
    database: Database,
    prepared: PreparedIssue,
    letterhead: Letterhead,
    selection: Selection,
    definitions: Definitions,
    links: ReaderLinks,
) -> AudienceReport:
    """Merge an issue for everybody who would get it at its letterhead's date.

    Raises:
        ContentError: There is no such list or segment.
    """
    survey = Survey(prepared.issue, Merger(prepared.compiled, letterhead))
    for subscribers in _pages(database, selection, definitions, letterhead.date):
        with database.reading() as connection:
            records = read_records(connection, subscribers, definitions)
        for number in subscribers:
            if number in records:
                survey.add(make_reader(records[number], EXAMPLE_KEY, links(number)))
    return survey.report()


class Survey:
    """Counts what becomes of an issue, reader by reader.

    Args:
        merger: Merges the issue.
    """

    def __init__(self, issue: Issue, merger: Merger) -> None:
        self._merger = merger
        self._blocks = _blocks(issue)
        self._conditions = _conditions(self._blocks)
        self._deciders = [predicate(condition) for condition in self._conditions.values()]
        self._shown: dict[tuple[bool, ...], tuple[tuple[int, ...], bool]] = {}
        self._reached = [0] * len(self._blocks)
        self._fields = _fields(merger)
        self._measured: dict[int, _Measured] = {}
        self._values: dict[str, Counter[str]] = {}
        self._longest: dict[str, int] = {}
        self._readers = self._empty = self._unwritable = self._clipped = self._largest = self._largest_message = 0

    def add(self, reader: Reader) -> None:
        """Merge one reader's message, and look at it."""
        self._readers += 1
        try:
            message, merged = self._merger.both(reader)
        except ValueError:
            self._unwritable += 1
            return
        self._largest_message = max(self._largest_message, len(message))
        self._measure(merged)
        self._look_at_values(reader.values)
        answers = tuple([decide(reader.values) for decide in self._deciders])
        reached, empty = self._shown.get(answers) or self._decide(answers)
        for number in reached:
            self._reached[number] += 1
        self._empty += empty

    def report(self) -> AudienceReport:
        """Say what was found."""
        reaches = [
            Reach(number + 1, block.title, block.file, " and ".join(block.conditions), self._reached[number])
            for number, block in enumerate(self._blocks)
            if block.conditions
        ]
        values = [
            ValueReport(name, counted["missing"], counted["long"], counted["unsafe"], self._longest.get(name, 0))
            for name, counted in sorted(self._values.items())
        ]
        return AudienceReport(
            readers=self._readers,
            values=tuple(values),
            blocks=tuple(reaches),
            empty=self._empty,
            unwritable=self._unwritable,
            largest=self._largest,
            largest_message=self._largest_message,
            clipped=self._clipped,
        )

    def _measure(self, merged: MergedParts) -> None:
        common, values = merged.common, merged.values
        measured = self._measured.get(id(common))
        if measured is None or measured.common is not common:
            if len(self._measured) >= _KEPT:
                self._measured.clear()
            measured = self._measured[id(common)] = _measure(common)
        size = measured.literal
        for name, times in measured.uses:
            value = values[name]
            size += times * (len(value) if value.isascii() else len(value.encode("utf-8", "replace")))
        if size > self._largest:
            self._largest = size
        if size > CLIPPED_AT:
            self._clipped += 1
        if "" in values.values():
            self._count_missing(measured, values)

    def _count_missing(self, measured: "_Measured", values: Mapping[str, str]) -> None:
        for source in {source for name, source in measured.sources if not values[name]}:
            self._count(source, "missing")

    def _look_at_values(self, values: Mapping[str, object]) -> None:
        for name in self._fields:
            value = values.get(name)
            if type(value) is not str:
                continue
            if len(value) > LONGEST_VALUE:
                self._count(f"subscriber.{name}", "long")
                self._longest[f"subscriber.{name}"] = max(self._longest.get(f"subscriber.{name}", 0), len(value))
            if not value.isalnum() and _UNSAFE.search(value):
                self._count(f"subscriber.{name}", "unsafe")

    def _count(self, source: str, what: str) -> None:
        self._values.setdefault(source, Counter())[what] += 1

    def _decide(self, answers: tuple[bool, ...]) -> tuple[tuple[int, ...], bool]:
        """Tell which blocks somebody gets, and whether no item is among them."""
        if len(self._shown) >= _KEPT:
            self._shown.clear()
        holds = dict(zip(self._conditions, answers, strict=True))
        got = [n for n, block in enumerate(self._blocks) if all(holds[source] for source in block.conditions)]
        empty = any(block.file for block in self._blocks) and not any(self._blocks[number].file for number in got)
        self._shown[answers] = tuple(got), empty
        return self._shown[answers]


@dataclass(frozen=True, slots=True)
class _Block:
    """A section, or an item with the condition of its section too."""

    title: str
    file: str
    conditions: Mapping[str, Expression]


@dataclass(frozen=True, slots=True)
class _Measured:
    """The HTML that some readers have in common: its bytes, and how often each value stands in it."""

    common: CommonParts
    literal: int
    uses: tuple[tuple[str, int], ...]
    sources: tuple[tuple[str, str], ...] = field(default=())


def _measure(common: CommonParts) -> _Measured:
    uses = [(name, common.html.count(name)) for name, _ in common.slots]
    literal = len(common.html.encode()) - sum(len(name) * times for name, times in uses)
    sources = [(name, slot.value.source) for name, slot in common.slots if isinstance(slot.value, Expression)]
    return _Measured(common, literal, tuple(use for use in uses if use[1]), tuple(sources))


def _blocks(issue: Issue) -> tuple[_Block, ...]:
    blocks: list[_Block] = []
    for section in issue.sections:
        outer = _named(section.visible_to)
        blocks.append(_Block(section.title or section.layout, "", outer))
        blocks += [
            _Block(entry.item.title, entry.file, {**outer, **_named(entry.visible_to)}) for entry in section.entries
        ]
    return tuple(blocks)


def _named(condition: Expression | None) -> dict[str, Expression]:
    if condition is None or condition.tree == Fixed(holds=True):
        return {}
    return {condition.source: condition}


def _conditions(blocks: Sequence[_Block]) -> dict[str, Expression]:
    return {source: condition for block in blocks for source, condition in block.conditions.items()}


def _fields(merger: Merger) -> tuple[str, ...]:
    """Name the fields of readers that the issue shows."""
    compiled = merger.compiled
    slots = (
        part.value
        for parts in (compiled.subject, compiled.text, *(variant.html for variant in compiled.variants))
        for part in walk(parts)
        if isinstance(part, Slot)
    )
    return tuple(sorted({name for value in slots if isinstance(value, Expression) for name in fields_of(value)}))


def _pages(database: Database, selection: Selection, definitions: Definitions, now: datetime) -> Iterator[list[int]]:
    chosen = selected(selection, definitions, now).subquery()
    last = 0
    while True:
        page = (
            sa.select(chosen.c.subscriber_id)
            .where(chosen.c.exclusion.is_(None), chosen.c.subscriber_id > last)
            .order_by(chosen.c.subscriber_id)
            .limit(PAGE)
        )
        with database.reading() as connection:
            subscribers = list(connection.scalars(page))
        if not subscribers:
            return
        yield subscribers
        last = subscribers[-1]
