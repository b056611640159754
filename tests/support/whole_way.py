"""An issue with one text in every field that people write, in every layout, and what a reader then gets to see.

The same issue is made twice: with the texts, and with a plain word in the place of each. Whatever the one message has
that the other has not came out of the texts.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from email.message import EmailMessage

from lxml import html as lxml_html

from newsletter.preflight.base import names, run
from newsletter.workspace import Workspace
from support import pictures
from support.checking import Desk
from support.example import parse

SLUG = "whole-way"
LAYOUTS: Mapping[str, Mapping[str, str]] = {
    "bulletin": {
        "lead": "article",
        "news": "event",
        "cards": "article",
        "agenda": "event",
        "publications": "publication",
        "story": "article",
        "quotes": "article",
        "note": "article",
    },
    "digest": {"lead": "event", "short": "publication", "dates": "event", "note": "article"},
    "announcement": {"announcement": "event", "quotes": "article", "agenda": "event", "note": "article"},
}
_KINDS: Mapping[str, Sequence[str]] = {
    "article": [
        "title: {}",
        "lead: {}",
        "link_text: {}",
        "byline:\n  - name: {}\n    role: {}\n    organisation: {}",
        "image:\n  source: brug.png\n  alt: {}\n  credit: {}",
        "quote:\n  text: {}\n  speaker: {}\n  role: {}",
        "date: 2024-02-19\nurl: https://nieuwsbrief.example.org/bericht/",
    ],
    "event": [
        "title: {}",
        "lead: {}",
        "link_text: {}",
        "place: {}",
        "organiser: {}",
        "price: {}",
        "image:\n  source: brug.png\n  alt: {}\n  credit: {}",
        "status: full\nstart: 2024-03-07 09:30",
    ],
    "publication": [
        "title: {}",
        "summary: {}",
        "publisher: {}",
        "genre: {}",
        "authors:\n  - name: {}\n    role: {}\n    organisation: {}",
        "cover:\n  source: brug.png\n  alt: {}",
        "url: https://nieuwsbrief.example.org/publicatie/",
    ],
}
_NOT_PRINTABLE = re.compile(r"[^\t\n\r\x20-\x7e\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
_WORD = re.compile(r"kw(\d+)kw", re.IGNORECASE)
_CALENDAR = re.compile(r"[0-9a-f]{16}\.ics")
_BREAKS = re.compile(r"[\x0b\x0c\x1c-\x1f\x85\u2028\u2029]")
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1b\x7f-\x9f\ufeff\ufffe\uffff]")


def quoted(text: str) -> str:
    """Write a text as YAML, whatever stands in it."""
    written = json.dumps(text, ensure_ascii=False)
    return _NOT_PRINTABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", written)


def without_control(text: str) -> str:
    """Take out of a text what need not arrive; every kind of line end becomes a line feed."""
    return _CONTROL.sub("", _BREAKS.sub("\n", text))


def plain(text: str) -> str:
    """Do so, and squeeze white space."""
    return " ".join(without_control(text).split())


@dataclass(frozen=True)
class Shown:
    """What a reader gets."""

    message: EmailMessage

    @property
    def header(self) -> list[tuple[str, str]]:
        """All fields of the header, decoded and without spaces, of which parsers add some between encoded words."""
        found: list[tuple[str, str]] = []
        for name, value in self.message.items():
            shown = value.addresses[0].display_name if hasattr(value, "addresses") else value
            shown = value.content_type if name == "Content-Type" else shown
            found.append((f"{name} in the header", str(shown)))
        return found

    @property
    def html(self) -> str:
        """The HTML part, out of the finished message."""
        return self._part("html")

    @property
    def text(self) -> str:
        """The text part, likewise."""
        return self._part("plain")

    def _part(self, kind: str) -> str:
        body = self.message.get_body((kind,))
        assert body is not None
        content: str = body.get_content()
        return content

    @property
    def links(self) -> list[tuple[str, str]]:
        """The links of the HTML: their words, and where they lead."""
        links = lxml_html.document_fromstring(self.html).iter("a")
        return [(str(link.text_content()), str(link.get("href"))) for link in links]

    @property
    def pieces(self) -> Iterator[tuple[str, str]]:
        """All that the HTML consists of, in its order: elements with the names of their attributes, and every text."""
        for element in lxml_html.document_fromstring(self.html).iter():
            tag = element.tag if isinstance(element.tag, str) else "a comment"
            yield tag, ""
            for name, value in element.attrib.items():
                yield f"{tag} {name}", str(value)
            yield f"in {tag}", element.text or ""
            yield f"behind {tag}", element.tail or ""


class WholeWay:
    """A workspace with an issue that is written anew for each template and each handful of texts.

    Args:
        checked: Run all checks too, which takes most of the time.
    """

    def __init__(self, workspace: Workspace, *, checked: bool = True) -> None:
        self.checked = checked
        self.desk = Desk(workspace, SLUG)
        self.desk.folder.mkdir()
        (self.desk.folder / "brug.png").write_bytes(pictures.saved(pictures.photograph(40, 20), "PNG"))

    def shown(self, template: str, texts: Sequence[str], bodies: Sequence[str] = ()) -> Shown:
        """Write the issue, and go the whole way with it.

        Args:
            texts: Each stands in every field of one item in every layout.
            bodies: What stands below the front matter of each.
        """
        lines = [*_matter_of_issue(template, "Onderwerp"), "sections:"]
        for layout, kind in LAYOUTS[template].items():
            lines += [f"  - layout: {layout}", "    title: Kop", "    items:"]
            for number, text in enumerate(texts):
                lines.append(f"      - {layout}-{number}.md")
                matter = "\n".join(_KINDS[kind]).replace("{}", quoted(text))
                body = bodies[number] if bodies else "Meer."
                self.desk.write(f"{layout}-{number}.md", f"---\nkind: {kind}\n{matter}\n---\n{body}\n")
        self.desk.write("issue.yaml", "\n".join(lines) + "\n")
        context = self.desk.context()
        report = run(names() if self.checked else [], context, {})
        assert all(one.finding.place.file and one.finding.message for one in report.reported)
        return Shown(parse(context.message))

    def headed(self, text: str) -> Shown:
        """Write an issue that has the text as its subject, its preheader and the title of its only section."""
        self.desk.write("item.md", "---\nkind: article\ntitle: Bericht\n---\nMeer.\n")
        section = f"sections:\n  - layout: story\n    title: {quoted(text)}\n    items: [item.md]\n"
        self.desk.write("issue.yaml", "\n".join([*_matter_of_issue("bulletin", text), section]))
        return Shown(parse(self.desk.context().message))

    def differences(self, template: str, texts: Sequence[str]) -> list[str]:
        """Tell where a message with these texts is anything else than one with words, the texts in their place."""
        words = [f"Kw{number}kw" for number in range(len(texts))]
        stripped = [text.strip() for text in texts]
        found = differences(self.shown(template, words), self.shown(template, texts), stripped)
        return [f"{template}: {one}" for one in found]


def differences(expected: Shown, found: Shown, texts: Sequence[str]) -> list[str]:
    """Tell where one message is anything else than another one with texts in the place of its words."""
    fill = _filler(texts)
    before, after = ([*one.header, *one.pieces] for one in (expected, found))
    if [name for name, _ in before] != [name for name, _ in after]:
        pairs = zip(before, after, strict=False)
        other = next((pair for pair in pairs if pair[0][0] != pair[1][0]), "something at the end")
        return [f"another field, element or attribute: {other!a}"]
    parts = [*zip(before, after, strict=True)]
    parts.append((("the text part", expected.text), ("", found.text)))
    return [
        f"{where}: {_first_difference(plain(fill(value)), plain(shown))}"
        for (where, value), (_, shown) in parts
        if _comparable(where, value, fill) != _comparable(where, shown, str)
    ]


def _matter_of_issue(template: str, line: str) -> list[str]:
    written = quoted(line)
    return [f"subject: {written}", f"preheader: {written}", "date: 2024-02-20", "language: nl", f"template: {template}"]


def _filler(texts: Sequence[str]) -> Callable[[str], str]:
    return lambda value: _WORD.sub(lambda found: texts[int(found[1])], value)


def _comparable(where: str, value: str, fill: Callable[[str], str]) -> list[str]:
    """Take a script, which holds the data of an event, apart; the name of a calendar file is of no concern."""
    if where == "in script":
        return [plain(fill(text)) for text in _strings(json.loads(value))]
    filled = fill(_CALENDAR.sub("", value))
    text = plain(_without_rules(filled) if where == "the text part" else filled)
    return ["".join(text.split()) if where.endswith("in the header") else text]


def _strings(data: object) -> list[str]:
    if isinstance(data, dict):
        return [text for key, value in data.items() for text in (key, *_strings(value))]
    return [text for one in data for text in _strings(one)] if isinstance(data, list) else [str(data)]


def _first_difference(expected: str, found: str) -> str:
    at = next((place for place, pair in enumerate(zip(expected, found, strict=False)) if len({*pair}) > 1), 0)
    return f"{expected[at : at + 80]!a} has become {found[at : at + 80]!a}"


def _without_rules(text: str) -> str:
    """Leave out the lines below titles, which are as long as these."""
    return "\n".join(line for line in text.split("\r\n") if not re.fullmatch("-+|=+", line))
