"""What anybody writes goes the whole way, from the files to the message of a reader: whole, and as text.

A text may lose control characters on the way; white space is squeezed, and line ends become spaces. Below the front
matter it is Markdown, whose own signs go too. Nothing else is lost, and nothing of it becomes markup of the message.
"""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import unquote

import pytest

from newsletter.errors import ContentError, NewsletterError, Problems
from newsletter.subscribers import Definitions
from newsletter.workspace import Workspace
from support.example import compile_example, parse
from support.whole_way import LAYOUTS, Shown, WholeWay, differences, plain

STRANGE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'onmouseover='alert(1)",
    "zeg \"hallo\" en 'dag' <nu>",
    "<!--[if mso]><b>x</b><![endif]-->",
    "--> <![CDATA[x]]> ]]>",
    "</mj-text></mj-column><mj-raw><p>x</p>",
    "</title></style></script><h1>x",
    "javascript:alert(1)",
    'C:\\nieuws \\u{41} \\" \\\\',
    "❤️ 10\u00a0€ e\u0301 \u200d \u200b \u00ad \ue000 \U000e0001",
    "{{ 7 * 7 }} {% raw %} {# x #} %s %(x)s %",
    "&amp; &lt;b&gt; &#60; &nbsp; &eacute &eacute;",
    "zq00000000s0z zqb0z",
    "a\u2028b\u2029c\x85d\x0be\x0cf\r\ng\th",
    "a\x00b\x07c\x1cd\x1ee\x7ff\x80g\ufeffh\uffffi",
    "\u202eomgekeerd\u202c",
    "lang" * 400,
    "=?utf-8?q?=0D=0ABcc:?= \r\nBcc: a@b.example",
    ".",
    "-- \r\n.\r\n",
]

BECOMES_SPACE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
NO_CHARACTER = re.compile("[\ufeff\ufffe\uffff]")


@pytest.fixture
def way(workspace: Workspace) -> WholeWay:
    return WholeWay(workspace)


def naughty_strings(corpora: Path) -> list[str]:
    strings = json.loads((corpora / "blns/blns.json").read_text(encoding="utf-8"))
    usable = [text for text in strings if text.strip()]
    assert len(usable) > 500
    return usable


def all_differences(way: WholeWay, template: str, texts: Sequence[str]) -> list[str]:
    found: list[str] = []
    for start in range(0, len(texts), 50):
        found += way.differences(template, texts[start : start + 50])
    return found


@pytest.mark.parametrize("template", LAYOUTS)
def test_text_in_any_field_arrives_whole_and_as_nothing_but_text(way: WholeWay, template: str) -> None:
    assert all_differences(way, template, STRANGE) == []


@pytest.mark.corpora
@pytest.mark.parametrize("template", LAYOUTS)
def test_naughty_strings_in_any_field_arrive_whole_and_as_nothing_but_text(
    workspace: Workspace, template: str, corpora: Path
) -> None:
    way = WholeWay(workspace, checked=template == "digest")
    assert all_differences(way, template, naughty_strings(corpora)) == []


@pytest.mark.corpora
@pytest.mark.parametrize("template", LAYOUTS)
def test_inputs_of_sanitisers_in_any_field_arrive_whole_and_as_nothing_but_text(
    way: WholeWay, template: str, corpora: Path
) -> None:
    given = [path.read_text(encoding="utf-8").split("\n--\n")[0] for path in (corpora / "bleach").rglob("*.test")]
    assert len(given) > 10
    assert all_differences(way, template, given) == []


def refusals(way: WholeWay, text: str) -> tuple[Shown | None, Sequence[NewsletterError]]:
    """Put a text above an issue, and give what is shown of it or what is said against it."""
    try:
        return way.headed(text), ()
    except Problems as error:
        return None, error.errors
    except ContentError as error:
        return None, (error,)


def refused_or_whole(way: WholeWay, texts: Sequence[str]) -> list[str]:
    """Put each text above an issue: it arrives, or is refused with its place because it looks like an expression."""
    expected = way.headed("Kw0kw")
    found: list[str] = []
    for text in texts:
        shown, errors = refusals(way, text)
        if shown is not None:
            found += [f"{text!a}: {one}" for one in differences(expected, shown, [text.strip()])]
        for error in errors:
            assert re.search(r"{[{%#]", text), text
            assert error.where.line
            assert error.where.column
            assert error.remedy
    return found


def test_text_above_an_issue_arrives_whole_or_is_refused(way: WholeWay) -> None:
    assert refused_or_whole(way, STRANGE) == []


@pytest.mark.corpora
def test_naughty_strings_above_an_issue_arrive_whole_or_are_refused(way: WholeWay, corpora: Path) -> None:
    assert refused_or_whole(way, naughty_strings(corpora)) == []


def what_becomes_of(workspace: Workspace, definitions: Definitions, values: Sequence[str]) -> list[str]:
    """Give each value to a reader, who gets it in every kind of place that a message has."""
    way, name = WholeWay(workspace), "{{ subscriber.first_name }}"
    way.desk.footer(f'<p title="{name}">{name} <a href="https://x.example/?n={name}">x</a> <a href="{name}">y</a></p>')
    way.headed(f"Dag {name}, 'tot' \"{name}\"")
    example = compile_example(workspace, definitions, way.desk.slug)
    expected = Shown(parse(example.message(first_name="Kw0kw")))
    found: list[str] = []
    for one in values:
        value = NO_CHARACTER.sub("", one)
        shown = Shown(parse(example.message(first_name=value)))
        sent = BECOMES_SPACE.sub(" ", value)
        others = [line for line in differences(expected, shown, [sent]) if not line.startswith("a href")]
        found += [f"{value!a}: {line}" for line in others]
        query, whole = [href for text, href in shown.links if text in ("x", "y")]
        component = query.removeprefix("https://x.example/?n=")
        assert re.fullmatch(r"[\w.~%-]*", component, re.ASCII)
        assert plain(unquote(component)) == plain(sent)
        assert whole == "" or re.match("(https?://|mailto:)", whole, re.IGNORECASE)
    return found


def test_value_of_a_reader_is_text_wherever_it_stands(workspace: Workspace, definitions: Definitions) -> None:
    links = ["https://x.example/", "mailto:a@b.example?x=\r\nBcc: c", "JaVaScRiPt:alert(1)", " data:text/html,x"]
    assert what_becomes_of(workspace, definitions, [*STRANGE, *links]) == []


@pytest.mark.corpora
def test_naughty_value_of_a_reader_is_text_wherever_it_stands(
    workspace: Workspace, definitions: Definitions, corpora: Path
) -> None:
    assert what_becomes_of(workspace, definitions, naughty_strings(corpora)) == []
