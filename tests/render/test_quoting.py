"""Attributes of the finished page stand in double quotes, and nothing in them looks like a tag."""

import re
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from lxml.html import fromstring, tostring

from newsletter.render.quoting import requoted
from newsletter.subscribers import Definitions
from newsletter.workspace import Workspace
from support.checking import Desk
from support.example import compile_example, parse

SIGNS = st.text(st.sampled_from("ab <>\"'=&/!-"), max_size=12)


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ('<a title=\'"b" > c\' href="d">e</a>', '<a title="&quot;b&quot; &gt; c" href="d">e</a>'),
        ("<p style='font:\"A\"' title='\"'>e</p>", '<p style=\'font:"A"\' title="&quot;">e</p>'),
        ('<img alt="<b>"/>', '<img alt="&lt;b&gt;"/>'),
        ('<a b c="d>">', '<a b c="d&gt;">'),
        ("<p>it's =\"'\"</p>", "<p>it's =\"'\"</p>"),
        ("<!--[if mso]><a title='\"'><![endif]-->", "<!--[if mso]><a title='\"'><![endif]-->"),
        ("<style>a>b{content:'<i a=\"'}</style>", "<style>a>b{content:'<i a=\"'}</style>"),
    ],
)
def test_only_attributes_of_elements_are_written_anew(html: str, expected: str) -> None:
    assert requoted(html) == expected


@given(SIGNS, SIGNS, SIGNS)
def test_page_stays_the_same_to_whoever_reads_it(title: str, alt: str, text: str) -> None:
    link = etree.Element("a", title=title, name=alt)
    link.text = text
    page = tostring(fromstring(tostring(link, encoding="unicode")), encoding="unicode")
    written = requoted(page)
    assert tostring(fromstring(written)) == tostring(fromstring(page))
    values = re.fullmatch(r'<a title="([^"<>]*)" name="([^"<>]*)">[^<>]*</a>', written)
    assert values is not None
    assert unescape(values[1]) == title


def page_of(workspace: Workspace, definitions: Definitions, slug: str, **values: str) -> tuple[str, str]:
    message = parse(compile_example(workspace, definitions, slug).message(**values))
    body = message.get_body(("html",))
    assert body is not None
    return str(message["Subject"]), body.get_content()


def test_subject_with_a_readers_value_in_quotes_stands_in_title_and_label(
    workspace: Workspace, definitions: Definitions
) -> None:
    desk = Desk(workspace)
    desk.replace("issue.yaml", "subject: Douane", 'subject: Voor "{{ subscriber.first_name }}" > Douane')
    subject, html = page_of(workspace, definitions, desk.slug, first_name='"><b')
    assert subject.startswith('Voor ""><b" > Douane')
    assert fromstring(html).xpath("//title/text()") == [subject]
    assert fromstring(html).xpath("//*[@role='article']/@aria-label") == [subject]


def test_link_is_a_link_whatever_its_title_holds(workspace: Workspace, definitions: Definitions) -> None:
    desk = Desk(workspace)
    desk.footer('<p><a id="own" title="a > b &quot;c&quot;" href="{{ subscriber.first_name }}">a</a></p>')
    for name, shown in (("javascript:alert(1)", ""), ("https://x.example/?a=1&b", "https://x.example/?a=1&b")):
        _, html = page_of(workspace, definitions, desk.slug, first_name=name)
        assert fromstring(html).xpath("//a[@id='own']/@href") == [shown]
