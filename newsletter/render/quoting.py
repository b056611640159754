"""Writes the attributes of finished HTML in one way: in double quotes, with no sign in them that a tag is made of.

Styles alone keep theirs: no reader's value can stand there, and names of fonts in quotation marks stand there often.
What reads the page afterwards, here and in mail programs, need not know that a title may hold a `>`.
"""

import re
from typing import Final

_TAG: Final = re.compile(
    r"<!--.*?-->|<(?P<raw>style|script)\b.*?</(?P=raw)\s*>"
    r"|<[a-zA-Z][^\s<>/\"'=]*(?P<attributes>(?:\s+[^\s<>\"'=]+(?:=(?:\"[^\"]*\"|'[^']*'))?)+)\s*/?>",
    re.DOTALL,
)
_VALUE: Final = re.compile(r"(?<!\sstyle)=(?:\"([^\"]*)\"|'([^']*)')")
_SIGNS: Final = str.maketrans({'"': "&quot;", "<": "&lt;", ">": "&gt;"})


def requoted(html: str) -> str:
    """Write the attributes anew where that is needed.

    Args:
        html: As a serialiser writes it: `<` is escaped in text, and values of attributes have quotes.
    """
    return _TAG.sub(_tag, html)


def _tag(found: re.Match[str]) -> str:
    tag, attributes = found[0], found["attributes"]
    if not attributes or ("='" not in attributes and "<" not in attributes and ">" not in attributes):
        return tag
    start, end = (place - found.start() for place in found.span("attributes"))
    return f"{tag[:start]}{_VALUE.sub(_value, attributes)}{tag[end:]}"


def _value(found: re.Match[str]) -> str:
    value = found[1] if found[1] is not None else found[2]
    return f'="{value.translate(_SIGNS)}"'
