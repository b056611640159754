"""Which features the files of a template make use of, and where: HTML, style sheets and fonts, with Jinja between.

MJML's own elements are left to their engine, and comments, which hold what is written for Outlook alone, to their
authors.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from html import unescape
from pathlib import Path
from typing import Final

from newsletter.compatibility import naming
from newsletter.compatibility.stylesheet import Block, Rule, placed_declarations, rules, split
from newsletter.errors import Place

THEME_FILE: Final = "theme.toml"

_JINJA: Final = re.compile(r"\{#.*?#\}|\{%.*?%\}|\{\{(?P<value>.*?)\}\}", re.DOTALL)
_OTHERWISE: Final = re.compile(r"\{%-?\s*el(?:se|if)\b")
_LITERAL: Final = re.compile(r"\s*([\"'])(?P<text>[^\"']*)\1\s*")
_PIECE: Final = re.compile(
    r"(?P<comment><!--.*?-->|<!\[endif\]-->)"
    r"|(?P<sheet><(?P<style>mj-style|style)\b(?P<options>[^>]*)>(?P<css>.*?)</(?P=style)\s*>)"
    r"|<(?P<tag>[a-zA-Z][\w:-]*)(?P<attributes>(?:\"[^\"]*\"|'[^']*'|[^<>\"'])*)>"
    r"|</[a-zA-Z][^>]*>",
    re.DOTALL,
)
_ATTRIBUTE: Final = re.compile(r"\s([^\s=/>\"']+)(?:\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s>\"']+)))?")
_INLINED: Final = re.compile(r"\binline\s*=\s*[\"']?inline")
_NOT_FOR_WORD: Final = re.compile(r"<!--\[if !mso[^\]]*\]><!-->.*?<!--<!\[endif\]-->", re.DOTALL)
_FONTS: Final = re.compile(r"^\[fonts\]\s*\n(?P<lines>(?:(?!\[).*\n?)*)", re.MULTILINE)
_FONT: Final = re.compile(r"^[\w-]+\s*=\s*\"(?P<family>[^\"\n]*)\"", re.MULTILINE)
_PROPERTY: Final = re.compile(r"-{0,2}[a-z][\w-]*")
_SOMETHING: Final = re.compile(r"<(?:a|img|p|table)\b|[^\s<>](?![^<]*>)")


@dataclass(frozen=True, slots=True)
class Use:
    """A feature that a file makes use of.

    Args:
        slug: Of the feature; the data may not know it.
        written: What makes use of it, with what it stands in: the same words elsewhere are the same use.
        within: Features that a client must know to come to this one at all.
        for_word: Whether clients that draw with Word read it.
        has_fallback: Whether something else is inside for clients that do not know it.
    """

    slug: str
    place: Place
    written: str
    within: tuple[str, ...] = ()
    for_word: bool = True
    has_fallback: bool = False


def added_uses(folders: Sequence[Path], shipped: Sequence[Path]) -> tuple[Use, ...]:
    """Find what the files of a template use and shipped ones do not.

    Args:
        folders: The template's own, then the shared one: a file of the first hides that of the same name in the second.
        shipped: Folders whose files are known to hold in every mail client.
    """
    untouched = _shipped_texts(tuple(shipped))
    seen: set[Path] = set()
    found: list[Use] = []
    for folder in folders:
        for path in _files(folder):
            name = path.relative_to(folder)
            if name not in seen or name.name == THEME_FILE:
                text = _text(path)
                # Reading takes long, and most files are as they came.
                if text not in untouched:
                    found += read_uses(text, f"templates/{folder.name}/{name.as_posix()}")
            seen.add(name)
    known = _shipped(tuple(shipped)) if found else frozenset()
    return tuple(use for use in found if (use.slug, use.written) not in known)


def read_uses(text: str, file: str) -> Iterator[Use]:
    """Give each use of a feature in a file: a template, a part of one, a style sheet or a theme."""
    if file.endswith(THEME_FILE):
        return _Reader(text, text, file).fonts()
    return _Reader(text, _without_jinja(text), file).uses()


@lru_cache(maxsize=4)
def _shipped(folders: tuple[Path, ...]) -> frozenset[tuple[str, str]]:
    uses = (use for folder in folders for path in _files(folder) for use in read_uses(_text(path), path.name))
    return frozenset((use.slug, use.written) for use in uses)


@lru_cache(maxsize=4)
def _shipped_texts(folders: tuple[Path, ...]) -> frozenset[str]:
    return frozenset(_text(path) for folder in folders for path in _files(folder))


def _files(folder: Path) -> list[Path]:
    return sorted(path for pattern in ("*.j2", "*.css", THEME_FILE) for path in folder.rglob(pattern))


def _text(path: Path) -> str:
    # A part that this issue does not show was read by nobody yet: it may be anything.
    return path.read_text(encoding="utf-8", errors="replace")


def _without_jinja(text: str) -> str:
    """Put something as long in the place of everything that is Jinja's: values become digits, the rest spaces."""

    def masked(found: re.Match[str]) -> str:
        value = found["value"]
        literal = _LITERAL.fullmatch(value) if value is not None else None
        if literal is not None:
            return literal["text"].ljust(len(found[0]))
        if value is None:
            hidden = re.sub(r"[^\n]", " ", found[0])
            # The declarations before and behind are two, even where the first one has no semicolon.
            return f";{hidden[1:]}" if _OTHERWISE.match(found[0]) else hidden
        before = text[text.rfind("\n", 0, found.start()) + 1 : found.start()].rstrip()
        rest = text[found.end() :].partition("\n")[0]
        stands_alone = (not before or before.endswith(("}", ">", ";"))) and not rest.strip()
        return re.sub(r"[^\n]", " " if stands_alone else "0", found[0])

    return _JINJA.sub(masked, text)


class _Reader:
    """Reads one file.

    Args:
        text: The file as it stands.
        masked: The same without Jinja, as long.
    """

    def __init__(self, text: str, masked: str, file: str) -> None:
        self._masked = masked
        self._file = file
        self._lines = [0, *(found.end() for found in re.finditer("\n", text))]
        self._hidden = [found.span() for found in _NOT_FOR_WORD.finditer(masked)]

    def fonts(self) -> Iterator[Use]:
        """Give what a theme's fonts use."""
        for table in _FONTS.finditer(self._masked):
            for font in _FONT.finditer(table["lines"]):
                at = table.start("lines") + font.start("family")
                yield from self._declared("", "font-family", font["family"], at, ())

    def uses(self) -> Iterator[Use]:
        """Give what a template uses; text in braces that stands in no element is for a style sheet elsewhere."""
        loose = self._masked
        for piece in _PIECE.finditer(self._masked):
            loose = loose[: piece.start()] + re.sub(r"[^\n]", " ", piece[0]) + loose[piece.end() :]
            if piece["sheet"]:
                inlined = _INLINED.search(piece["options"]) is not None
                yield from self._sheet(piece["css"], piece.start("css"), inlined=inlined)
            elif piece["tag"] and not piece["tag"].startswith("mj"):
                yield from self._element(piece)
        if "{" in loose:
            yield from self._sheet(loose, 0, inlined=False)

    def _element(self, piece: re.Match[str]) -> Iterator[Use]:
        name = piece["tag"].lower()
        attributes: dict[str, str] = {}
        for found in _ATTRIBUTE.finditer(piece["attributes"]):
            value = found[2] or found[3] or found[4] or ""
            attributes.setdefault(found[1].lower(), unescape(value))
            if found[1].lower() == "style":
                at = piece.start("attributes") + found.start(max(found.lastindex or 1, 2))
                yield from self._declarations(_squeezed(piece[0]), value, at, ())
        has_fallback = self._has_fallback(name, piece.end())
        for slug in naming.of_element(name, attributes):
            yield self._use(slug, piece.start(), _squeezed(piece[0]), has_fallback=has_fallback)

    def _has_fallback(self, name: str, start: int) -> bool:
        end = self._masked.find(f"</{name}", start)
        return end > start and _SOMETHING.search(self._masked, start, end) is not None

    def _sheet(self, css: str, at: int, *, inlined: bool) -> Iterator[Use]:
        yield from self._rules(rules(css), at, (), inlined=inlined)

    def _rules(self, parts: Sequence[Rule], at: int, within: tuple[str, ...], *, inlined: bool) -> Iterator[Use]:
        """Give what rules use.

        Args:
            at: Where the sheet begins in the file.
            inlined: Their selectors are used up before a client sees them.
        """
        for part in parts:
            prelude = part.prelude if isinstance(part, Block) else part.text
            if isinstance(part, Block) and not prelude.startswith("@"):
                yield from self._rule(part, at, within, inlined=inlined)
                continue
            slugs = tuple(naming.of_at_rule(prelude))
            yield from (self._use(slug, at + part.start, _squeezed(prelude), within) for slug in slugs)
            # What stands in @supports is for those who say that they know it.
            if isinstance(part, Block) and not isinstance(part.body, str) and "css-at-supports" not in slugs:
                yield from self._rules(part.body, at, (*within, *slugs), inlined=inlined)

    def _rule(self, rule: Block, at: int, within: tuple[str, ...], *, inlined: bool) -> Iterator[Use]:
        position = at + rule.start
        for selector in split(rule.prelude, ","):
            indent = len(selector) - len(selector.lstrip())
            if not inlined:
                for slug in naming.of_selector(selector.strip()):
                    yield self._use(slug, position + indent, _squeezed(selector), within)
            position += len(selector) + 1
        body = str(rule.body)
        if "{" in body:
            yield self._use("css-nesting", at + rule.inside + body.index("{"), _squeezed(rule.prelude), within)
        yield from self._declarations(_squeezed(rule.prelude), body, at + rule.inside, within)

    def _declarations(self, around: str, body: str, at: int, within: tuple[str, ...]) -> Iterator[Use]:
        seen: set[str] = set()
        for one in placed_declarations(body):
            # The value before it is for clients that do not know this one.
            if _PROPERTY.fullmatch(one.name) and one.name not in seen:
                yield from self._declared(around, one.name, one.value, at + one.start, within)
            seen.add(one.name)

    def _declared(self, around: str, name: str, value: str, at: int, within: tuple[str, ...]) -> Iterator[Use]:
        written = f"{around} {name}: {_squeezed(value)}"
        return (self._use(slug, at, written, within) for slug in dict.fromkeys(naming.of_declaration(name, value)))

    def _use(
        self, slug: str, at: int, written: str, within: tuple[str, ...] = (), *, has_fallback: bool = False
    ) -> Use:
        line = bisect_right(self._lines, at)
        place = Place(self._file, line, at - self._lines[line - 1] + 1)
        for_word = not any(start <= at < end for start, end in self._hidden)
        return Use(slug, place, written, within, for_word, has_fallback)


def _squeezed(text: str) -> str:
    return " ".join(text.split())
