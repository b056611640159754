"""What may stand in an author's style sheet: the parser behind the inliner loses or misreads the rest."""

import re
from collections.abc import Iterator
from typing import Final

_BAD: Final = (
    (re.compile(r"@import\b", re.IGNORECASE), "@import loads from elsewhere", "Write the rules out here."),
    (
        re.compile(r"@media[^{]*\{(?:[^{}]*\{[^{}]*\})*[^{}]*@media"),
        "@media within @media",
        "Join the two conditions with 'and'.",
    ),
    (
        re.compile(r"\[[^\]]*[\"'][^\"'\]]*,[^\"'\]]*[\"'][^\]]*\]"),
        "a comma within an attribute selector",
        "Use a class.",
    ),
)
_BAD_INLINE: Final = (
    (
        re.compile(r"@[a-z-]+", re.IGNORECASE),
        "a rule that begins with @ cannot be written into elements",
        "Move it into an <mj-style> without 'inline'.",
    ),
    (
        re.compile(
            r"[+~](?=[^{}]*\{)|:(?:first|last|only|nth)-[a-z-]+|:(?:empty|not|is|where|has)\b(?=[^{}]*\{)",
            re.IGNORECASE,
        ),
        "a selector that looks at neighbours, which may be there for some readers only,",
        "Use a class.",
    ),
    (
        re.compile(r":(?:hover|focus|active|visited|link|root|before|after)\b(?=[^{}]*\{)|::", re.IGNORECASE),
        "a selector of a state or of something beside the element, which cannot be written into elements,",
        "Move the rule into an <mj-style> without 'inline'.",
    ),
)
_COMMENT: Final = re.compile(r"/\*.*?\*/", re.DOTALL)


def faults(css: str, *, inlined: bool) -> Iterator[tuple[int, str, str]]:
    """Find what cannot stay in a style sheet.

    Args:
        inlined: Its rules are to be written into the elements they match.

    Yields:
        Position in the sheet, what is wrong, and the remedy.
    """
    bare = _COMMENT.sub(lambda comment: " " * len(comment[0]), css)
    for pattern, what, remedy in (*_BAD, *(_BAD_INLINE if inlined else ())):
        found = pattern.search(bare)
        if found:
            yield found.start(), what, remedy
