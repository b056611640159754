"""How deeply an expression is nested, and room on the stack for one that is deeper than a person may write."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

_FRAMES_A_LEVEL: Final = 40
"""More calls than Jinja's parser and the checker make for one level of parentheses."""


def nesting(source: str) -> int:
    """Count the levels of the deepest parentheses, or the negations where these are more."""
    depth = deepest = 0
    for character in source:
        if character in "([{":
            depth += 1
            deepest = max(deepest, depth)
        elif character in ")]}":
            depth -= 1
    return max(deepest, source.count("not "))


@contextmanager
def room_for(source: str, *, trusted: bool) -> Iterator[None]:
    """Let a trusted source be nested as deeply as it is."""
    if not trusted:
        yield
        return
    limit = sys.getrecursionlimit()
    # Jinja reads "a or b or c" as "(a or b) or c".
    levels = nesting(source) + source.count(" or ") + source.count(" and ")
    sys.setrecursionlimit(limit + _FRAMES_A_LEVEL * levels)
    try:
        yield
    finally:
        sys.setrecursionlimit(limit)
