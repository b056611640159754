"""Where each character of a scalar's value stands in the text of a file, whatever way the scalar is written."""

import re
from collections.abc import Iterator
from typing import Final

from newsletter.documents.nodes import Node

_TOKENS: Final = {
    '"': re.compile(r"\\(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|\r\n|.)|.", re.DOTALL),
    "'": re.compile(r"''|.", re.DOTALL),
}
_OTHERS: Final = re.compile(r".", re.DOTALL)
_HEADER: Final = re.compile(r"[|>][^\r\n]*")
_BLANK_ESCAPES: Final = frozenset("ntrvfN_LP \t\r\n\x85\u2028\u2029")


def positions_in(text: str, node: Node) -> tuple[int, ...]:
    """Give for each character of a scalar's value, and for its end, the position in the text that it comes from.

    Blanks and line breaks are folded, added and taken away by YAML; each gets the position of what stands before it.
    All other characters stand in the text in the same order.
    """
    written = [position for position, token in _tokens(text, node) if not _is_blank(token)]
    found: list[int] = []
    count = 0
    for character in node.value:
        if not character.isspace() and count < len(written):
            found.append(written[count])
            count += 1
        else:
            found.append(written[count - 1] + 1 if count else node.content)
    return (*found, written[-1] + 1 if written else node.content)


def _tokens(text: str, node: Node) -> Iterator[tuple[int, str]]:
    quoted = node.style in ("'", '"') and len(node.style) == 1
    start, end = (node.content + 1, node.end - 1) if quoted else (node.content, node.end)
    header = _HEADER.match(text, start, end) if node.style in ("|", ">") else None
    for token in _TOKENS.get(node.style, _OTHERS).finditer(text, header.end() if header else start, end):
        yield token.start(), token[0]


def _is_blank(token: str) -> bool:
    if len(token) == 1 or not token.startswith("\\"):
        return token.isspace()
    if token[1] in "xuU":
        return chr(int(token.lstrip("\\xuU"), 16)).isspace()
    return token[1] in _BLANK_ESCAPES
