"""Makes text of octets whose character set is declared, declared wrongly, or not declared at all."""

import codecs
import html
import re
from collections.abc import Iterator
from typing import Final

_ESCAPES: Final = re.compile(rb"\x1b\$[@B]|\x1b\([BJI]|\x1b\$\(")
_KANA: Final = re.compile("[\u3041-\u3096\u30a1-\u30fa]")
_NOT_DECODING: Final = frozenset({"idna", "punycode", "unicode_escape", "raw_unicode_escape"})

_UNSEEN: Final = re.compile(r"<(style|script|title)\b[^<>]{0,2000}>|<!--", re.IGNORECASE)
_BREAK: Final = re.compile(
    r"<(?:br|/?p|/?div|/?tr|/?li|/?ul|/?table|/?h\d|hr|/?blockquote|/?pre)\b[^<>]{0,2000}>", re.IGNORECASE
)
_TAG: Final = re.compile(r"</?[a-zA-Z][a-zA-Z0-9:]{0,20}(?:[\s/][^<>]{0,4000})?/?>|<![^<>]{0,500}>")


def decode(octets: bytes, charset: str) -> str:
    """Make text: as declared where that fits, else by what the octets look like. Nothing is refused."""
    if _ESCAPES.search(octets):
        return _with(octets, "iso2022_jp_ext") or octets.decode("iso2022_jp_ext", "replace")
    declared = _codec(charset)
    for codec in (declared, "utf-8"):
        text = _with(octets, codec)
        if text is not None:
            return text
    japanese = _with(octets, "cp932")
    if japanese and len(_KANA.findall(japanese)) >= 3:
        return japanese
    # What spoils one line leaves the others as they are.
    return "\n".join(_decode_line(line, declared) for line in octets.split(b"\n"))


def _decode_line(line: bytes, declared: str) -> str:
    texts = (_with(line, codec) for codec in (declared, "utf-8"))
    return next((text for text in texts if text is not None), None) or line.decode("cp1252", "replace")


def html_to_text(markup: str) -> str:
    """Give what is read of HTML, with its line breaks; an address between < and > is no tag."""
    flat = "".join(_seen(markup))
    flat = re.sub(r"[ \t]*\n[ \t]*", " ", flat) if _BREAK.search(flat) else flat
    return html.unescape(_TAG.sub("", _BREAK.sub("\n", flat))).replace("\u00a0", " ")


def _seen(markup: str) -> Iterator[str]:
    """Give what stands outside of comments and of elements that nobody sees."""
    place, folded = 0, markup.lower()
    while opened := _UNSEEN.search(markup, place):
        yield markup[place : opened.start()]
        end = f"</{opened[1].lower()}" if opened[1] else "-->"
        closed = folded.find(end, opened.end())
        if closed < 0:
            return
        place = closed + len(end)
    yield markup[place:]


def _codec(charset: str) -> str:
    """Name the codec of a declared character set; empty where there is none."""
    try:
        found = codecs.lookup(charset.strip().strip("'\"")[:40])
    except (LookupError, ValueError):
        return ""
    return "" if found.name in _NOT_DECODING else found.name


def _with(octets: bytes, codec: str) -> str | None:
    """Decode octets that may have been cut off within a character; None where they are something else."""
    if not codec:
        return None
    try:
        text: object = codecs.getincrementaldecoder(codec)("strict").decode(octets, final=False)
    except Exception:  # noqa: BLE001 - codecs that are not for text raise what they like
        return None
    return text if isinstance(text, str) else None
