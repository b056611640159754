"""Tells what each section and item of an issue costs in bytes of HTML: what leaving it out would save."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from newsletter.dispatch.prepare import PreparedIssue
from newsletter.issues import Issue
from newsletter.render import compile_issue
from newsletter.render.slots import Block, Parts


@dataclass(frozen=True, slots=True)
class Cost:
    """What something of an issue costs.

    Args:
        what: The title of a section or item; the layout of a section without one.
        size: Bytes of HTML that are the same for all, with what stands in blocks for some readers only.
        items: Of a section; what is left of its size are its title and its frame.
    """

    what: str
    size: int
    items: tuple["Cost", ...] = ()


@dataclass(frozen=True, slots=True)
class Costs:
    """What an issue costs.

    Args:
        frame: Bytes of the head with its style sheets, the header and the footer.
    """

    frame: int
    sections: tuple[Cost, ...]


def measure_costs(prepared: PreparedIssue) -> Costs:
    """Compile an issue without each of its sections and items, and compare."""
    issue = prepared.issue

    def size_of(changed: Issue) -> int:
        compiled = compile_issue(
            changed, prepared.template, prepared.masthead, prepared.schema, prepared.collected, prepared.calendar
        )
        return literal_bytes(compiled.variants[0].html)

    whole = literal_bytes(prepared.compiled.variants[0].html)
    sections = tuple(
        Cost(
            section.title or section.layout,
            whole - size_of(_without_section(issue, number)),
            tuple(
                Cost(entry.item.title, whole - size_of(shorter))
                for entry, shorter in zip(section.entries, _without_each_entry(issue, number), strict=True)
            ),
        )
        for number, section in enumerate(issue.sections)
    )
    return Costs(size_of(replace(issue, sections=())), sections)


def literal_bytes(parts: Parts) -> int:
    """Count the bytes that are the same for all, blocks for some readers only with them."""
    return sum(
        len(part.encode()) if isinstance(part, str) else literal_bytes(part.parts) if isinstance(part, Block) else 0
        for part in parts
    )


def _without_section(issue: Issue, number: int) -> Issue:
    return replace(issue, sections=(*issue.sections[:number], *issue.sections[number + 1 :]))


def _without_each_entry(issue: Issue, number: int) -> Iterator[Issue]:
    section = issue.sections[number]
    for place in range(len(section.entries)):
        shorter = replace(section, entries=(*section.entries[:place], *section.entries[place + 1 :]))
        yield replace(issue, sections=(*issue.sections[:number], shorter, *issue.sections[number + 1 :]))
