"""Whatever stands below the front matter of an item is Markdown: all its words are shown, and none of it runs.

Markdown's own signs go, and so do control characters and those that turn the direction of writing. HTML is no markup
here; it is shown as it is written.
"""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from html import unescape
from pathlib import Path

import pytest
from lxml import html as lxml_html

from newsletter.items import markdown, pictures_in
from newsletter.workspace import Workspace
from support.whole_way import Shown, WholeWay, without_control

TAGS = frozenset(
    (
        "p",
        "br",
        "strong",
        "em",
        "s",
        "a",
        "ul",
        "ol",
        "li",
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
    )
)
ATTRIBUTES = frozenset(("href", "title", "start", "class", "style"))
_ELEMENT = re.compile(r"<((?:\w+:)?(?:description|summary|content|encoded|title|body))\b[^>]*>(.*?)</\1\s*>", re.DOTALL)
_BLOCK = re.compile(r"</?(?:p|div|li|td|th|h\d|tr|br|hr|pre|blockquote|table|ul|ol)\b")
_TURNING = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_BATCH = 50
_CDATA = re.compile(r"<!\[CDATA\[(.*?)\]\]>", re.DOTALL)
STRANGE = [
    "<script>alert(1)</script> <style>p { color: red }</style> <iframe src='https://x.example'></iframe>",
    "<img src=x onerror=alert(1)> <svg onload=alert(1)> <form action='javascript:x'><input></form>",
    '[a](javascript:alert(1)) [b](<vbscript:x>) [c](data:text/html,x) <javascript:alert(1)> [d](/e "f")',
    '[a](https://x.example "\' onmouseover=\'alert(1)") [b](https://x.example/?"><script>)',
    "[a]: javascript:alert(1)\n\n[a] en [b][a]",
    "```<script>\n</code></pre><script>alert(1)</script>\n```\n\n    <b>x</b>\n\n`</p><b onclick=x>`",
    "| a<b> | c |\n|---|:-:|\n| <script> | [d](https://x.example) |",
    "> <blockquote onclick=x>\n> \u2014 <b>Jan</b>",
    "<!--[if mso]><b>x</b><![endif]--> --> ]]> </mj-text> {{ 7 * 7 }} {% raw %} zq00000000s0z",
    "1\\. a\n\n3. b\n   - c\n\n# d\n\ne\n===\n\n***\n\n&amp;lt; &#60;b&#62; \\<i\\>",
    "een\x0btwee\x00drie\x07vier\u202evijf\u2028zes\r\nzeven",
]


@pytest.fixture
def way(workspace: Workspace) -> WholeWay:
    return WholeWay(workspace)


def words(text: str) -> Counter[str]:
    return Counter(re.findall(r"\w+", text))


def text_of(html: str) -> str:
    """Give the text of a page, that of blocks beside one another apart."""
    return str(lxml_html.document_fromstring(_BLOCK.sub(r" \g<0>", html)).text_content())


def written(body: str) -> Counter[str]:
    """Give the words that Markdown itself finds in a text."""
    return words(text_of(f"<p>{markdown().render(_TURNING.sub('', without_control(body)))}</p>"))


def elements(shown: Shown) -> Counter[tuple[str, ...]]:
    tree = lxml_html.document_fromstring(shown.html)
    return Counter((str(one.tag), *map(str, one.attrib)) for one in tree.iter() if isinstance(one.tag, str))


def faults(way: WholeWay, template: str, bodies: Sequence[str]) -> Iterator[str]:
    """Tell what comes out of texts besides their words, and which of their words do not."""
    usual = elements(way.shown(template, ["Kop"] * min(_BATCH, len(bodies))))
    for start in range(0, len(bodies), _BATCH):
        some = bodies[start : start + _BATCH]
        shown = way.shown(template, ["Kop"] * len(some), some)
        for tag, *attributes in elements(shown) - usual:
            if tag not in TAGS or not ATTRIBUTES.issuperset(attributes):
                yield f"<{tag} {' '.join(attributes)}>"
        for _, href in shown.links:
            if not re.match("(https?://|mailto:|tel:)", href, re.IGNORECASE):
                yield f"a link to {href}"
        wanted = sum((written(body) for body in some), Counter[str]())
        for what, text in (("the HTML", text_of(shown.html)), ("the text part", shown.text)):
            lost = wanted - words(text)
            if lost:
                yield f"{what} has lost {sorted(lost)[:5]!a}"


@pytest.mark.parametrize("template", ["bulletin", "digest", "announcement"])
def test_strange_bodies_are_shown_whole_and_as_text(way: WholeWay, template: str) -> None:
    assert [*faults(way, template, STRANGE)] == []


def feeds(corpora: Path) -> Iterator[str]:
    for path in sorted((corpora / "feedparser").rglob("*.xml")):
        for found in _ELEMENT.finditer(path.read_bytes().decode("utf-8", "replace")):
            inner = _CDATA.fullmatch(found[2].strip())
            yield inner[1] if inner else unescape(found[2])


def exports(corpora: Path) -> Iterator[str]:
    for path in sorted((corpora / "ghost-migrate").rglob("*")):
        if path.suffix in (".xml", ".html", ".md", ".json"):
            text = path.read_bytes().decode("utf-8", "replace")
            yield text
            yield from (found[1] for found in _CDATA.finditer(text))
            if path.suffix == ".json":
                with suppress(ValueError):  # one of them holds a line for each object
                    yield from texts_in(json.loads(text))


def texts_in(data: object) -> Iterator[str]:
    if isinstance(data, str) and "<" in data:
        yield data
    elif isinstance(data, dict | list):
        for one in data.values() if isinstance(data, dict) else data:
            yield from texts_in(one)


def messages(corpora: Path) -> Iterator[str]:
    for path in sorted((corpora / "mime-cpython").rglob("*.txt")):
        yield path.read_bytes().decode("utf-8", "replace")


def naughty_strings(corpora: Path) -> Iterator[str]:
    yield from json.loads((corpora / "blns/blns.json").read_text(encoding="utf-8"))


def inputs_of_sanitisers(corpora: Path) -> Iterator[str]:
    for path in (corpora / "bleach").rglob("*.test"):
        yield path.read_text(encoding="utf-8").split("\n--\n")[0]


@pytest.mark.corpora
@pytest.mark.parametrize(
    ("source", "at_least"),
    [(feeds, 800), (exports, 200), (messages, 40), (naughty_strings, 500), (inputs_of_sanitisers, 20)],
)
def test_bodies_of_others_are_shown_whole_and_as_text(
    workspace: Workspace, corpora: Path, source: Callable[[Path], Iterator[str]], at_least: int
) -> None:
    found = dict.fromkeys(text for text in source(corpora) if text.strip() and len(text) < 100_000)
    bodies = [text for text in found if not any(pictures_in(text))]
    assert len(bodies) >= at_least
    assert [*faults(WholeWay(workspace, checked=False), "announcement", bodies)] == []
