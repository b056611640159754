"""The attributes of one tag: read, held against what MJML knows, and written so that the engine reads them right."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from html import unescape
from typing import Final

from newsletter.render import tags

_ATTRIBUTE: Final = re.compile(r"\s*([^\s=\"'<>/]+)(?:\s*=\s*(\"[^\"]*\"|'[^']*'|[^\s\"'<>]+))?")
_PLAIN_VALUE: Final = re.compile(r"[ !#-&(-;=?-\[\]-~]*")
_SPACE: Final = re.compile(r"[ \t]*[\n\t][ \t\n]*")


@dataclass(frozen=True, slots=True)
class Attribute:
    """One attribute as it is written; its position is counted from the start of the tag's attributes."""

    name: str
    value: str
    position: int


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong with a tag's attributes, where, and what to do."""

    position: int
    message: str
    remedy: str


def read_attributes(tag: str, text: str) -> tuple[list[Attribute], list[Fault]]:
    """Read the attributes of a tag, and tell what cannot be read.

    Args:
        text: What stands between the tag's name and its end.
    """
    found: list[Attribute] = []
    faults: list[Fault] = []
    end = 0
    for match in _ATTRIBUTE.finditer(text):
        if text[end : match.start()].strip(" \t\n/"):
            break
        end = match.end()
        name, quoted, position = match[1], match[2] or '""', match.start(1)
        if any(one.name == name for one in found):
            faults.append(Fault(position, f"<{tag}> has the attribute {name!r} twice", "Keep one of the two."))
        if quoted[0] not in "\"'":
            what = f"the value of {name!r} on <{tag}> has no quotes"
            faults.append(Fault(position, what, f'Write {name}="{quoted}".'))
            quoted = f'"{quoted}"'
        found.append(Attribute(name, quoted[1:-1], position))
    if text[end:].strip(" \t\n/"):
        faults.append(Fault(end, f"the attributes of <{tag}> cannot be read", "Put values in quotes."))
    return found, faults


def component_faults(
    tag: str, attributes: Sequence[Attribute], undecided: re.Pattern[str], *, defaults: bool
) -> Iterator[Fault]:
    """Hold a component's attributes against what MJML knows of it.

    Args:
        undecided: Matches the tokens of what is not known yet.
        defaults: They stand in mj-attributes, and hold for every such component.
    """
    allowed = tags.ATTRIBUTES.get(tag)
    if allowed is None:
        return
    for one in attributes:
        if (tag, one.name) in tags.UNFIT:
            what = f"the attribute {one.name!r} of <{tag}> cannot be used"
            yield Fault(one.position, what, tags.UNFIT[tag, one.name])
        elif one.name not in allowed:
            near = get_close_matches(one.name, allowed, n=1)
            hint = f"Did you mean {near[0]!r}?" if near else f"Take it out; <{tag}> does not know it."
            yield Fault(one.position, f"<{tag}> has no attribute {one.name!r}", hint)
        elif not undecided.search(one.value):
            expected = tags.value_fault(one.name, unescape(one.value))
            if expected:
                what = f"{one.value!r} will not do for {one.name!r} of <{tag}>"
                yield Fault(one.position, what, f"Expected: {expected}.")
    if tag == "mj-social-element" and not defaults and not any(one.name == "src" for one in attributes):
        remedy = "Name a picture of your own; the default lies elsewhere."
        yield Fault(0, "<mj-social-element> has no 'src'", remedy)


def twice_declared(style: str) -> list[str]:
    """Name the properties that a style attribute declares more than once."""
    names = [declaration.partition(":")[0].strip().lower() for declaration in style.split(";")]
    return [name for name in sorted(set(names)) if name and names.count(name) > 1]


def written(value: str) -> str:
    """Write a value so that the engine, which would escape it in its own way, has nothing to escape."""
    if _PLAIN_VALUE.fullmatch(value):
        return value
    return "".join(_characters(_SPACE.sub(" ", value)))


def _characters(value: str) -> Iterator[str]:
    for character in value:
        if character == "\\":
            yield "&#92;"
        elif character == '"':
            yield "&quot;"
        elif character == "<":
            yield "&lt;"
        elif character == ">":
            yield "&gt;"
        elif character < " " or character > "~":
            yield f"&#x{ord(character):x};"
        else:
            yield character
