"""Hides from checks of words what stands in a text but is no prose: addresses, code, and values for one reader."""

import re
from typing import Final

HIDDEN: Final = "\ufffc"
"""Stands for a character that is no prose; it is neither a letter nor a space."""

_PLAIN: Final = r"""
    \{\{[^{}]*\}\}                                # a value for one reader
  | \{%[^%]*%\}
  | (?:https?://|www\.)[^\s<>)\]]+                # an address of the web
  | [\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,9}  # an address of e-mail
"""
_CODE: Final = r"""
    ^[ ]{0,3}(?P<fence>```+|~~~+).*?(?:^[ ]{0,3}(?P=fence)|\Z)     # a block of code
  | (?P<ticks>`+)(?!`).+?(?<!`)(?P=ticks)(?!`)    # code within a line
"""
_MARKDOWN: Final = r"""
    (?<=\])\([^()\s]*(?:\([^()\s]*\)[^()\s]*)*(?:\s+"[^"]*")?\)    # where a link leads
  | ^[ ]{0,3}\[[^\]]+\]:\s*\S+.*?$                # the same, further down
  | <[^<>\s]+>                                    # an address in brackets
"""
_IN_TEXT: Final = re.compile(_PLAIN, re.VERBOSE | re.DOTALL | re.IGNORECASE)
_IN_MARKDOWN: Final = re.compile(f"{_CODE}|{_MARKDOWN}|{_PLAIN}", re.VERBOSE | re.DOTALL | re.MULTILINE | re.IGNORECASE)

_IN_CODE: Final = re.compile(_CODE, re.VERBOSE | re.DOTALL | re.MULTILINE)


def masked(text: str, *, markdown: bool) -> str:
    """Replace each character that is no prose by a mark; line ends and everything else stay where they are."""
    pattern = _IN_MARKDOWN if markdown else _IN_TEXT
    return pattern.sub(_hidden, text)


def without_code(text: str) -> str:
    """Replace each character of code in Markdown by a mark, and nothing else."""
    return _IN_CODE.sub(_hidden, text)


def _hidden(found: re.Match[str]) -> str:
    return re.sub(r"[^\r\n]", HIDDEN, found[0])
