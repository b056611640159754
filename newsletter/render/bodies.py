"""Markdown of authors as safe HTML for the message, and as plain lines for its text part."""

import re
import textwrap
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Final

import nh3
from markdown_it.token import Token

from newsletter.errors import ContentError
from newsletter.items import LESS_DEEP, markdown, too_deep
from newsletter.render.pictures import IMAGE_STYLE, Find, no_pictures, show
from newsletter.render.quoting import requoted

_TAGS: Final = frozenset(
    [
        "p",
        "br",
        "strong",
        "em",
        "b",
        "i",
        "u",
        "s",
        "a",
        "ul",
        "ol",
        "li",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "blockquote",
        "pre",
        "code",
        "hr",
        "table",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
        "sup",
        "sub",
        "img",
    ]
)
_ATTRIBUTES: Final = {
    "a": {"href", "title"},
    "ol": {"start"},
    "p": {"class"},
    "img": {"src", "alt", "width", "height", "style"},
}
_SCHEMES: Final = frozenset({"http", "https", "mailto", "tel"})
_BREAKS: Final = re.compile(r"\r\n?|[\x0b\x0c\x1c-\x1f\x85\u2028]")
_CONTROL: Final = re.compile(r"[\x00-\x08\x0e-\x1b\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufffe\uffff]")
_UNSAFE_LINK: Final = re.compile(r"<a(?![^>]*\shref=)[^>]*>(.*?)</a>", re.DOTALL)
_QUOTES: Final = {"nl": ("‘", "’"), "en": ("“", "”")}
_SPEAKER: Final = re.compile(r"^(?:—|–|--)\s+(?=\S)")
_LINK: Final = re.compile(
    r"(?:https?://[^\s\x00-\x1f\u0080-\u00a0\u2028\u2029]+|mailto:[^\s@]+@[^\s]+|tel:[+\d][\d\s().-]*)", re.IGNORECASE
)

_WEB: Final = re.compile(r"https?://[^\s\x00-\x1f\u0080-\u00a0\u2028\u2029]+", re.IGNORECASE)


@lru_cache(maxsize=1)
def _cleaner() -> nh3.Cleaner:
    return nh3.Cleaner(
        tags=set(_TAGS),
        attributes={tag: set(names) for tag, names in _ATTRIBUTES.items()},
        attribute_filter=_keep_attribute,
        url_schemes=set(_SCHEMES),
        link_rel=None,
        strip_comments=True,
    )


def _keep_attribute(tag: str, name: str, value: str) -> str | None:
    if name == "href":
        return value if _LINK.fullmatch(value) else None
    if tag == "img" and name == "src":
        return value if _WEB.fullmatch(value) else None
    if tag == "img" and name == "style":
        return value if value == IMAGE_STYLE else None
    if tag == "p" and name == "class":
        return value if value == "speaker" else None
    return value


def plain_source(source: str) -> str:
    """Take out of a text what nobody can see and some programs stumble over; unify line ends."""
    text = _BREAKS.sub("\n", source).replace("\u2029", "\n\n")
    return _CONTROL.sub("", text).encode("utf-8", "replace").decode("utf-8")


def html_from_markdown(source: str, *, heading_level: int, language: str, pictures: Find = no_pictures) -> str:
    """Write Markdown as HTML that is safe to put into a message.

    Markup in the source is shown, not interpreted. Links stay only when they are whole: http, https, mailto or tel.

    Args:
        heading_level: The level that a `##` heading gets; others follow.
        language: A BCP 47 tag; decides the quotation marks.
        pictures: Gives those that the text names.

    Raises:
        ContentError: The text is nested too deeply.
    """
    tokens = _parse(source, pictures)
    if too_deep(tokens) is not None:
        raise ContentError("a text is nested too deeply", remedy=LESS_DEEP)
    _shift_headings(tokens, heading_level - 2)
    _dress_quotes(tokens, language)
    html = markdown().renderer.render(tokens, markdown().options, {})
    clean = requoted(_cleaner().clean(html))
    clean = _UNSAFE_LINK.sub(r"\1", clean)
    # Outside of <pre> a line end between two elements is a space, whatever a later program makes of it.
    return _outside_pre(clean)


def text_from_markdown(source: str, *, width: int = 72, pictures: Find = no_pictures) -> list[str]:
    """Write Markdown as lines of plain text.

    Links stand behind their words in angle brackets, once where both are the same, and so do pictures behind what they
    show; nothing is broken within a word.
    """
    tokens = _parse(source, pictures)
    lines = list(_Text(width).blocks(tokens))
    while lines and not lines[-1]:
        lines.pop()
    return lines


def _parse(source: str, pictures: Find) -> list[Token]:
    """Read Markdown; links that lead nowhere become plain words, and so do pictures that are not known."""
    tokens = markdown().parse(plain_source(source))
    for token in tokens:
        if token.children:
            token.children = show(_with_whole_links(token.children), pictures)
    return tokens


def _with_whole_links(children: Sequence[Token]) -> list[Token]:
    kept: list[Token] = []
    whole: list[bool] = []
    for child in children:
        if child.type == "link_open":
            whole.append(_LINK.fullmatch(str(child.attrGet("href") or "")) is not None)
        good = whole[-1] if child.type in ("link_open", "link_close") else True
        if child.type == "link_close":
            whole.pop()
        if good:
            kept.append(child)
    return kept


def _outside_pre(html: str) -> str:
    parts = re.split(r"(<pre\b.*?</pre>)", html, flags=re.DOTALL)
    return "".join(part if number % 2 else re.sub(r"\s*\n\s*", " ", part) for number, part in enumerate(parts)).strip()


def _shift_headings(tokens: Sequence[Token], by: int) -> None:
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            level = max(2, int(token.tag[1]))
            token.tag = f"h{min(6, level + by)}"


def _dress_quotes(tokens: list[Token], language: str) -> None:
    """Give blockquotes quotation marks, and their last line, where it names a speaker, a class of its own."""
    left, right = _QUOTES.get(language.partition("-")[0], ("“", "”"))
    for number, token in enumerate(tokens):
        if token.type != "blockquote_open":
            continue
        inlines = _inlines_of_quote(tokens, number)
        if not inlines:
            continue
        last = inlines[-1]
        spoken = inlines
        if _SPEAKER.match(last.content):
            _strip_dash(last)
            _paragraph_of(tokens, last).attrSet("class", "speaker")
            spoken = inlines[:-1]
        elif _split_speaker(tokens, last):
            spoken = [*inlines[:-1], last]
        if spoken:
            _insert_text(spoken[0], left, at_start=True)
            _insert_text(spoken[-1], right, at_start=False)


def _inlines_of_quote(tokens: Sequence[Token], opening: int) -> list[Token]:
    level = tokens[opening].level
    found: list[Token] = []
    for token in tokens[opening + 1 :]:
        if token.type == "blockquote_close" and token.level == level:
            break
        if token.type == "inline":
            found.append(token)
    return found


def _paragraph_of(tokens: Sequence[Token], inline: Token) -> Token:
    return tokens[next(number for number, token in enumerate(tokens) if token is inline) - 1]


def _strip_dash(inline: Token) -> None:
    for child in inline.children or []:
        if child.type == "text":
            child.content = _SPEAKER.sub("", child.content, count=1)
            return


def _split_speaker(tokens: list[Token], inline: Token) -> bool:
    """Part a speaker who stands on the last line of the quote's own paragraph from what was said."""
    children = inline.children or []
    for number in range(len(children) - 1, 0, -1):
        if children[number - 1].type in ("softbreak", "hardbreak") and _SPEAKER.match(children[number].content):
            speaker = Token("inline", "", 0, content="", children=children[number:], level=inline.level)
            _strip_dash(speaker)
            inline.children = children[: number - 1]
            at = next(index for index, token in enumerate(tokens) if token is inline) + 2
            opening = Token("paragraph_open", "p", 1, block=True, level=inline.level - 1)
            opening.attrSet("class", "speaker")
            tokens[at:at] = [
                opening,
                speaker,
                Token("paragraph_close", "p", -1, block=True, level=inline.level - 1),
            ]
            return True
    return False


def _insert_text(inline: Token, text: str, *, at_start: bool) -> None:
    children = inline.children if inline.children is not None else []
    children.insert(0 if at_start else len(children), Token("text", "", 0, content=text))
    inline.children = children


class _Text:
    """Writes the tokens of Markdown as plain lines."""

    def __init__(self, width: int) -> None:
        self.width = width
        self.indents: list[str] = []
        self.counters: list[int | None] = []
        self.marker = ""
        self.cells: list[str] = []

    def blocks(self, tokens: Sequence[Token]) -> Iterator[str]:
        for number, token in enumerate(tokens):
            kind = token.type
            if kind == "inline" and tokens[number - 1].type in ("th_open", "td_open"):
                self.cells.append(" ".join(_inline_text(token.children or []).split()))
            elif kind == "inline":
                yield from self._inline(token, tokens[number - 1])
            elif kind in ("fence", "code_block"):
                indent = "".join(self.indents) + "    "
                yield from (indent + line for line in token.content.rstrip("\n").split("\n"))
                yield ""
            elif kind == "hr":
                yield "* * *"
                yield ""
            elif kind in ("tr_close", "table_close"):
                yield from self._row(last=kind == "table_close")
            elif kind.startswith("list_item"):
                self._item(opens=token.nesting == 1)
            elif kind.startswith("blockquote"):
                self._quote(opens=token.nesting == 1)
            elif kind.startswith(("bullet_list", "ordered_list")):
                yield from self._list(token)

    def _row(self, *, last: bool) -> Iterator[str]:
        """Write a row of a table on a line of its own, however long: a wrapped one could not be read."""
        if last:
            yield ""
            return
        yield "".join(self.indents) + " | ".join(self.cells)
        self.cells = []

    def _list(self, token: Token) -> Iterator[str]:
        if token.nesting == 1:
            ordered = token.type.startswith("ordered")
            self.counters.append(int(token.attrGet("start") or 1) if ordered else None)
            return
        self.counters.pop()
        if not self.counters:
            yield ""

    def _item(self, *, opens: bool) -> None:
        if not opens:
            self.indents.pop()
            self.marker = ""
            return
        number = self.counters[-1]
        self.marker = "- " if number is None else f"{number}. "
        if number is not None:
            self.counters[-1] = number + 1
        self.indents.append(" " * len(self.marker))

    def _quote(self, *, opens: bool) -> None:
        if opens:
            self.indents.append("    ")
        else:
            self.indents.pop()

    def _inline(self, token: Token, before: Token) -> Iterator[str]:
        yield from self._paragraph(token, "".join(self.indents), self.marker)
        self.marker = ""
        ends_paragraph = before.type != "heading_open" and not before.hidden
        if ends_paragraph:
            yield ""

    def _paragraph(self, inline: Token, indent: str, marker: str) -> Iterator[str]:
        first = indent[: len(indent) - len(marker)] + marker if marker else indent
        for number, piece in enumerate(_inline_text(inline.children or []).split("\n")):
            yield from textwrap.wrap(
                " ".join(piece.split()),
                self.width,
                initial_indent=first if number == 0 else indent,
                subsequent_indent=indent,
                break_long_words=False,
                break_on_hyphens=False,
            )


def _inline_text(children: Sequence[Token]) -> str:
    written: list[str] = []
    links: list[tuple[str, int]] = []
    for child in children:
        if child.type == "link_open":
            links.append((str(child.attrGet("href") or ""), len(written)))
        elif child.type == "link_close":
            target, start = links.pop()
            label = "".join(written[start:]).strip()
            if target not in (label, f"mailto:{label}"):
                written.append(f" <{target}>")
        elif child.type == "image":
            written.append(_picture_text(child, linked=bool(links)))
        elif child.type == "softbreak":
            written.append(" ")
        elif child.type == "hardbreak":
            written.append("\n")
        else:
            written.append(child.content)
    return "".join(written)


def _picture_text(image: Token, *, linked: bool) -> str:
    """Write what a picture shows, and where it lies unless it is a link to elsewhere; nothing if it only decorates."""
    if linked or not image.content:
        return image.content
    return f"{image.content} <{image.attrGet('src')}>"
