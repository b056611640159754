"""Makes the rules of a style sheet quick to match: a class is looked for on the elements that have it, not on all."""

import itertools
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, TypeAlias

Rule: TypeAlias = tuple[Any, str, str]
"""Specificity, selector and declarations, as the inliner keeps them."""

MOST: Final = 6
"""How many narrow selectors may stand for a wide one."""

_CLASSED: Final = re.compile(r"<([a-zA-Z][a-zA-Z0-9]*)\b[^<>]*?\sclass=\"([^\"]*)\"")
_CLASS: Final = re.compile(r"\.(-?[A-Za-z_][\w-]*)")
_UNTAGGED: Final = re.compile(r"(?<![\w\]\).#:*-])(?=\.)")
_PLAIN: Final = re.compile(r"[\w\s.>-]+")


def narrowed(rules: Iterable[Rule], html: str) -> list[Rule]:
    """Give rules that match the same elements of a document as those given, in the same order.

    Args:
        html: The document, as the engine writes it.
    """
    tags: dict[str, set[str]] = {}
    for tag, names in _CLASSED.findall(html):
        for name in names.split():
            tags.setdefault(name, set()).add(tag.lower())
    return [
        (specificity, selector, declarations)
        for specificity, wide, declarations in rules
        for selector in _narrow(wide, tags)
    ]


def _narrow(selector: str, tags: Mapping[str, set[str]]) -> Iterator[str]:
    if not _PLAIN.fullmatch(selector):
        yield selector
        return
    if any(name not in tags for name in _CLASS.findall(selector)):
        return
    parts = _UNTAGGED.split(selector)
    choices = [sorted(tags[_CLASS.findall(part)[0]]) for part in parts[1:]]
    combinations = list(itertools.islice(itertools.product(*choices), MOST + 1))
    if len(combinations) > MOST:
        yield selector
        return
    for chosen in combinations:
        yield parts[0] + "".join(tag + part for tag, part in zip(chosen, parts[1:], strict=True))
