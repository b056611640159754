"""Lists of tags, `v=DMARC1; p=none`, as DKIM keys, DKIM signatures and DMARC policies are written.

Source: RFC 6376 §3.2.
"""

import re
from collections.abc import Mapping
from typing import Final

_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_FOLDING: Final = re.compile(r"[ \t\r\n]+")


class TagFault(ValueError):
    """A text is no list of tags; says why, as the end of a sentence."""


def read_tags(text: str) -> Mapping[str, str]:
    """Read a list of tags; names in small letters, values without the space around them.

    Raises:
        TagFault: A part has no name or no `=`, or a tag stands there twice.
    """
    tags: dict[str, str] = {}
    for part in text.split(";"):
        if not part.strip():
            continue
        name, equals, value = part.partition("=")
        name = name.strip()
        if not equals or not _NAME.fullmatch(name):
            raise TagFault(f"{_shown(part)} is no tag with a value")
        if name.lower() in tags:
            raise TagFault(f"the tag {name} stands there twice")
        tags[name.lower()] = value.strip()
    return tags


def without_space(value: str) -> str:
    """Take all white space out of a value, such as a key that was folded."""
    return _FOLDING.sub("", value)


def words(value: str) -> tuple[str, ...]:
    """Split a value at its colons, as in `h=from:to`; in small letters."""
    return tuple(word for word in without_space(value).lower().split(":") if word)


def _shown(part: str) -> str:
    return repr(part.strip()[:40])
