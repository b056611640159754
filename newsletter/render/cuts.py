"""Tells which blocks can be cut out of finished HTML without anything else changing.

A block can be cut when what stands between its borders is balanced, within Outlook's conditional comments as well
as outside of them, when both borders stand in the same kind of place, and when no column of a row goes with it:
the widths of its neighbours were computed with it in place.
"""

import re
from dataclasses import dataclass, field

from newsletter.render.slots import BEGIN, END, Tokens

_VOID = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
)
_MARKUP = re.compile(
    r"(?P<opening><!--\[if (?P<test>[^\]]*)\]>(?P<shown><!-->)?)"
    r"|(?P<closing>(?:<!--)?<!\[endif\]-->)"
    r"|<!--.*?-->"
    r"|<(?P<end>/?)(?P<tag>[a-zA-Z][a-zA-Z0-9:]*)(?P<attributes>(?:\"[^\"]*\"|'[^']*'|[^>\"'])*)>",
    re.DOTALL,
)
_COLUMN = "mj-outlook-group-fix"


def unclean_blocks(html: str, tokens: Tokens) -> frozenset[int]:
    """Give the numbers of the conditions whose blocks cannot be cut out.

    Args:
        html: Serialised HTML, in which `<` and `>` are escaped inside attributes.
    """
    open_at: dict[int, int] = {}
    unclean: set[int] = set()
    order: list[int] = []
    for match in tokens.pattern.finditer(html):
        number = int(match[2])
        if match[1] == BEGIN:
            order.append(number)
            open_at[number] = match.end()
        elif match[1] == END:
            if not order or order.pop() != number:
                return frozenset(range(len(tokens.conditions)))
            if not _can_be_cut(html, open_at.pop(number), match.start()):
                unclean.add(number)
    return frozenset(unclean)


def _can_be_cut(html: str, start: int, end: int) -> bool:
    before, after = _surroundings(html, start), _surroundings(html, end)
    if before != after or before.style:
        return False
    segment = html[start:end]
    return '"' not in segment if before.in_tag else is_balanced(segment, in_comment=before.in_comment)


@dataclass(frozen=True, slots=True)
class _Surroundings:
    in_tag: bool
    in_comment: bool
    style: bool


def _surroundings(html: str, position: int) -> _Surroundings:
    opened = html.rfind("<", 0, position)
    return _Surroundings(
        in_tag=html.rfind(">", 0, position) < opened,
        in_comment=html.rfind("<!--[if mso", 0, position) > html.rfind("<![endif]", 0, position),
        style=html.rfind("<style", 0, position) > html.rfind("</style", 0, position),
    )


@dataclass(slots=True)
class _Nesting:
    in_comment: bool
    outside: list[str] = field(default_factory=list)
    inside: list[str] = field(default_factory=list)

    @property
    def here(self) -> list[str]:
        return self.inside if self.in_comment else self.outside


def is_balanced(segment: str, *, in_comment: bool = False) -> bool:
    """Tell whether every element that a segment opens it also closes, and no other.

    Args:
        in_comment: Whether the segment begins inside a comment that only Outlook reads.
    """
    nesting = _Nesting(in_comment)
    for match in _MARKUP.finditer(segment):
        if not _follow(nesting, match):
            return False
    return nesting.in_comment == in_comment and not nesting.outside and not nesting.inside


def _follow(nesting: _Nesting, match: re.Match[str]) -> bool:
    if match["opening"]:
        if nesting.in_comment:
            return False
        if match["shown"]:
            nesting.outside.append("!")
        else:
            nesting.in_comment = True
        return True
    if match["closing"]:
        if nesting.in_comment:
            nesting.in_comment = False
            return True
        return bool(nesting.outside) and nesting.outside.pop() == "!"
    return _follow_tag(nesting, match) if match["tag"] else True


def _follow_tag(nesting: _Nesting, match: re.Match[str]) -> bool:
    tag, stack = match["tag"].lower(), nesting.here
    if match["end"]:
        return bool(stack) and stack.pop() == tag
    if tag in _VOID or match["attributes"].endswith("/"):
        return True
    if tag == "div" and not stack and _COLUMN in match["attributes"]:
        return False
    stack.append(tag)
    return True
