"""Staged rendering against the plain thing: for every reader the merged message is what a whole render would give."""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st
from jinja2 import Environment, StrictUndefined

from newsletter.errors import NewsletterError, TemplateError
from newsletter.expressions import Expression, Field, Schema, Type, parse, predicate
from newsletter.issues import Entry, Issue, Section
from newsletter.items import Article
from newsletter.media import Collected
from newsletter.message import DeliveryKey, Mailbox
from newsletter.render import Letterhead, Masthead, Merger, Reader, compile_issue, load_template
from newsletter.render.compile import VARIANT_LIMIT
from newsletter.render.inline import inline, to_html
from newsletter.render.prepare import prepare
from support.example import DATE

SCHEMA = Schema(
    {
        "name": Field(Type.TEXT),
        "region": Field(Type.TEXT, ("Noord", "Zuid")),
        "member": Field(Type.BOOLEAN),
        "topics": Field(Type.TEXT_SET),
    }
)
READERS: tuple[Mapping[str, Any], ...] = (
    {"name": "Zoë <b>& 'co'</b>", "region": "Noord", "member": True, "topics": frozenset({"jeugd"})},
    {"name": "", "region": "Zuid", "member": False, "topics": frozenset()},
    {"name": None, "region": None, "member": None, "topics": frozenset({"jeugd", "bestuur"})},
)
LINKS = {name: f"https://example.org/{name}/x" for name in ("unsubscribe", "preferences", "web")}
HEAD = '<mjml lang="nl"><mj-head><mj-title>T</mj-title><mj-style inline="inline">p { margin: 0; }</mj-style></mj-head>'

conditions = st.sampled_from(
    [
        "subscriber.member",
        "subscriber.region == 'Noord'",
        "'jeugd' in subscriber.topics and not subscriber.member",
        "subscriber.name is none or subscriber.region in ['Zuid']",
        "'jeugd' in subscriber.topics or issue.language == 'en'",
    ]
)
values = st.sampled_from(
    [
        "{{ subscriber.name }}",
        "{{ subscriber.name or 'lezer' }}",
        "{{ (subscriber.region or '?')|upper }}",
        "{{ 'lid' if subscriber.member else 'gast' }}",
        "{{ issue.language ~ (subscriber.name or '') }}",
    ]
)
words = st.sampled_from(["a", "bé", "x &amp; y", "<br/>", "❤️"])


def chosen(inner: st.SearchStrategy[str], otherwise: bool = True) -> st.SearchStrategy[str]:
    """Something that only some readers get, with or without something else for the others."""
    either = st.builds("{{% if {} %}}{}{{% else %}}{}{{% endif %}}".format, conditions, inner, inner)
    one_of_three = st.builds(
        "{{% if {} %}}{}{{% elif {} %}}{}{{% endif %}}".format, conditions, inner, conditions, inner
    )
    alone = st.builds("{{% if {} %}}{}{{% endif %}}".format, conditions, inner)
    return st.one_of(alone, either, one_of_three) if otherwise else alone


def run_of(inner: st.SearchStrategy[str], most: int = 3) -> st.SearchStrategy[str]:
    return st.lists(inner, min_size=1, max_size=most).map("".join)


def around(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return chosen(run_of(inner, 2)) | run_of(inner, 2).map("<b>{}</b>".format)


# HTML has no links within links: a parser takes them apart, and the last words of a page may move with that.
unlinked = st.recursive(words | values, around, max_leaves=4)
links = st.one_of(
    st.builds('<a href="https://example.org/{}" title="{}">{}</a>'.format, values, values, run_of(unlinked, 2)),
    unlinked.map('<a href="{{{{ links.web }}}}">{}</a>'.format),
)
phrases = st.recursive(words | values | links, around, max_leaves=6)
texts = run_of(phrases).map("<mj-text><p>{}</p></mj-text>".format)
rows = phrases.map("<tr><td>{}</td></tr>".format)
tables = run_of(rows | chosen(rows)).map("<mj-table>{}</mj-table>".format)
buttons = st.builds('<mj-button href="https://example.org/{}">{}</mj-button>'.format, values, run_of(unlinked, 2))
pictures = st.builds(
    '<mj-image src="https://example.org/i.png" alt="{}" />'.format,
    run_of(values | words.filter(lambda w: "<" not in w)),
)
elements = texts | tables | buttons | pictures
columns = run_of(elements | chosen(elements)).map("<mj-column>{}</mj-column>".format)
sections = run_of(columns | chosen(columns, otherwise=False), 2).map("<mj-section>{}</mj-section>".format)
bodies = run_of(sections | chosen(sections))


@pytest.fixture
def template_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "templates/any"
    folder.mkdir(parents=True)
    (folder / "theme.toml").write_text("", encoding="utf-8")
    (folder / "template.toml").write_text('name = "Any"\nlanguages = ["nl"]\nlayouts = ["x"]\n', encoding="utf-8")
    return folder


def an_issue(*sections: Section) -> Issue:
    return Issue("proef", Path(), "Onderwerp", "", None, date(2024, 2, 20), "nl", "any", "", sections)


def compiled(folder: Path, body: str, issue: Issue) -> Merger:
    page = body if body.startswith("<mjml") else f"{HEAD}<mj-body>{body}</mj-body></mjml>"
    (folder / "issue.mjml.j2").write_text(page, encoding="utf-8")
    masthead = Masthead("N", "O", "P", "https://example.org/")
    found = compile_issue(issue, load_template(folder), masthead, SCHEMA, Collected())
    return Merger(found, Letterhead(Mailbox("n@example.org"), None, DATE, "L", "l.example.org", "f"))


def merged(merger: Merger, values: Mapping[str, Any]) -> str:
    parts = merger.parts(Reader(Mailbox("r@example.org"), DeliveryKey("k"), values, LINKS))
    return re.sub(
        "|".join(map(re.escape, parts.values)) or "$^", lambda match: parts.values[match[0]], parts.common.html
    )


def rendered(folder: Path, issue: Issue, values: Mapping[str, Any]) -> str:
    """Render for one reader from the first to the last step, by Jinja alone."""
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.finalize = lambda value: "" if value is None else value
    source = (folder / "issue.mjml.j2").read_text(encoding="utf-8")
    mjml = environment.from_string(source).render(subscriber=values, links=LINKS, issue=issue)
    prepared = prepare(mjml, "plain")
    return inline(to_html(prepared), prepared.css)


def alike(html: str) -> str:
    """Leave out what two ways to write the same HTML may differ in, and the head, which knows every column."""
    html = html[html.index("<body") :]
    html = re.sub(r'(?<=href="https://example.org/)[^"]*', "", html)
    html = re.sub(r">\s+<", "><", re.sub(r"\s+", " ", unescape(html)))
    return html.replace("<![endif]--><!--[if mso | IE]>", "")


@given(body=bodies)
@settings(
    max_examples=100,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_merged_message_is_what_a_whole_render_for_that_reader_gives(template_folder: Path, body: str) -> None:
    issue = an_issue()
    try:
        merger = compiled(template_folder, body, issue)
    except TemplateError as error:
        assume("cannot be cut out" not in str(error))
        raise
    for values in READERS:
        assert alike(merged(merger, values)) == alike(rendered(template_folder, issue, values))


NORTH, SOUTH, UNKNOWN = READERS
ONLY_NORTH = parse("subscriber.region == 'Noord'", SCHEMA)
ONLY_SOUTH = parse("subscriber.region == 'Zuid'", SCHEMA)


def shown(html: str) -> str:
    """Give the words of a page."""
    body = re.sub(r"<!--.*?-->", "", html[html.index("<body") :], flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", body)).split())


def in_text(body: str) -> str:
    return f"<mj-section><mj-column><mj-text>{body}</mj-text></mj-column></mj-section>"


def entry(title: str, condition: Expression | None = None) -> Entry:
    return Entry(f"{title}.md", Article(title), condition)


@pytest.mark.parametrize(
    ("expression", "of_nobody"),
    [
        ('subscriber.name or "lezer"', "lezer"),
        ("subscriber.name or 5", "5"),
        ('subscriber.name or ""', ""),
        ("subscriber.name or issue.language", "nl"),
        ('subscriber.name or subscriber.region or "lezer"', "lezer"),
        ('"N" if subscriber.region == "Noord" else subscriber.name or "x"', "x"),
        ('(subscriber.name or "lezer")|upper', "LEZER"),
    ],
)
def test_value_with_something_to_fall_back_on(template_folder: Path, expression: str, of_nobody: str) -> None:
    merger = compiled(template_folder, in_text(f"<p>[{{{{ {expression} }}}}]</p>"), an_issue())
    assert shown(merged(merger, UNKNOWN)) == f"[{of_nobody}]"


@pytest.mark.parametrize(
    "body",
    [
        "{% filter upper %}{{ subscriber.name }}{% endfilter %}",
        "{% filter upper %}{% if subscriber.member %}n{% endif %}{% endfilter %}",
        "{% set x %}{{ subscriber.name }}{% endset %}{{ x|upper }}",
        "{% set x | upper %}{% if subscriber.member %}n{% endif %}{% endset %}{{ x }}",
        "{% macro m() %}{{ subscriber.name }}{% endmacro %}{{ m()|upper }}",
        "{% macro m() %}{{ subscriber.name }}{% endmacro %}{{ m()|length }}",
        "{% macro m() %}{{ subscriber.name }}{% endmacro %}{{ m()|title }}",
        "{% macro m() %}{{ subscriber.name }}{% endmacro %}{{ (m() ~ 'x' * 20)|truncate(9, true, '') }}",
        "{% macro m() %}{{ caller()|upper }}{% endmacro %}{% call m() %}{{ subscriber.name }}{% endcall %}",
        "{% macro m() %}{{ subscriber.name }}{% endmacro %}{{ m().replace('z', 's') }}",
        "{{ issue.subject|upper }}",
        "{{ issue.subject|title }}",
        "{{ issue.preheader|truncate(12) }}",
    ],
)
def test_text_with_a_readers_value_in_it_cannot_be_changed(template_folder: Path, body: str) -> None:
    value = "Dag {{ subscriber.name }}"
    issue = replace(an_issue(), subject=value, preheader=value, intro=value)
    with pytest.raises(NewsletterError, match=r"issue\.mjml\.j2") as caught:
        compiled(template_folder, in_text(f"<p>{body}</p>"), issue)
    assert "{{ subscriber" in str(caught.value)


def test_macros_may_show_readers_values(template_folder: Path) -> None:
    body = "{% macro m(x) %}<b>{{ x }} {{ subscriber.region }}</b>{% endmacro %}<p>{{ m('uit') }}</p>"
    assert shown(merged(compiled(template_folder, in_text(body), an_issue()), NORTH)) == "uit Noord"


LEAKS = [
    "{{ issue.sections[0].entries|map(attribute='item.title')|join(',') }}",
    "{{ issue.sections[0].entries[1].item.title }}",
    "{{ issue.sections[0].entries|last }}",
    "{% set n = namespace(e=0) %}{% for e in issue.sections[0].entries %}{% set n.e = e %}{% endfor %}{{ n.e.file }}",
    "{% for e in issue.sections[0].entries %}{{ loop.nextitem.item.title if loop.nextitem }}{% endfor %}",
]


@pytest.mark.parametrize("leak", LEAKS)
def test_what_is_for_some_is_reached_by_a_loop_and_in_no_other_way(template_folder: Path, leak: str) -> None:
    issue = an_issue(Section("x", "S", (entry("een"), entry("twee", ONLY_NORTH))))
    loop = "{% for e in issue.sections[0].entries %}{{ e.item.title }}{% endfor %}"
    with pytest.raises(TemplateError, match="for"):
        compiled(template_folder, in_text(f"<p>{loop}{leak}</p>"), issue)
    merger = compiled(template_folder, in_text(f"<p>{loop}</p>"), issue)
    assert (shown(merged(merger, NORTH)), shown(merged(merger, SOUTH))) == ("eentwee", "een")


def test_loop_may_do_what_it_likes_with_its_variable(template_folder: Path) -> None:
    issue = an_issue(Section("x", "S", (entry("een", ONLY_NORTH), entry("twee"))))
    body = "{% for e in issue.sections[0].entries %}{{ e.item.title }}{% set e = 3 %}{{ e }}{% endfor %}"
    merger = compiled(template_folder, in_text(f"<p>{body}</p>"), issue)
    assert (shown(merged(merger, NORTH)), shown(merged(merger, SOUTH))) == ("een3twee3", "twee3")


ROWS = """
<mj-section><mj-column>{% for section in issue.sections %}<mj-text><h2>{{ section.title }}</h2>
{% for entry in section.entries %}{% if not loop.first %}<p>-</p>{% endif %}<p>{{ entry.item.title }}</p>
{% if loop.last %}<p>.</p>{% endif %}{% endfor %}</mj-text>{% endfor %}</mj-column></mj-section>
"""


@given(st.lists(st.lists(st.sampled_from([None, ONLY_NORTH, ONLY_SOUTH]), max_size=4), min_size=1, max_size=3))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_first_and_last_are_those_a_reader_sees_and_no_title_stands_alone(
    template_folder: Path, conditions: list[list[Expression | None]]
) -> None:
    sections = [
        Section("x", f"S{number}", tuple(entry(f"{number}{at}", one) for at, one in enumerate(several)))
        for number, several in enumerate(conditions)
    ]
    merger = compiled(template_folder, ROWS, an_issue(*sections))
    for values in READERS:
        expected: list[str] = []
        for section in sections:
            seen = [
                one.item.title for one in section.entries if one.visible_to is None or predicate(one.visible_to)(values)
            ]
            if seen:
                expected += [str(section.title), " - ".join(seen), "."]
        assert shown(merged(merger, values)) == " ".join(expected)
        plain = merger.parts(Reader(Mailbox("r@example.org"), DeliveryKey("k"), values, LINKS)).common.text
        assert [section.title in plain for section in sections] == [section.title in expected for section in sections]


@pytest.mark.parametrize(
    ("head", "body"),
    [
        (
            '<mj-style inline="inline">{% if subscriber.member %}p {color: red}{% endif %} p {margin: 0}</mj-style>',
            "<p>x</p>",
        ),
        (
            '<mj-style inline="inline">.q { color: red }</mj-style>',
            '<p class="{% if subscriber.member %}q{% endif %}">x</p>',
        ),
        (
            '<mj-style inline="inline">.q { color: red }</mj-style>',
            '<p {% if subscriber.member %}class="q"{% endif %}>x</p>',
        ),
        (
            '<mj-style inline="inline">p { margin: 0 }</mj-style>',
            '<p style="color: {% if subscriber.member %}red{% else %}blue{% endif %}">x</p>',
        ),
        ("{% if subscriber.member %}<mj-style>p { color: red }</mj-style>{% endif %}", "<p>x</p>"),
        ('<mj-attributes>{% if subscriber.member %}<mj-text color="red" />{% endif %}</mj-attributes>', "<p>x</p>"),
    ],
)
def test_condition_that_no_block_can_be_cut_for_becomes_a_variant(template_folder: Path, head: str, body: str) -> None:
    page = f"<mjml><mj-head>{head}</mj-head><mj-body>{in_text(body)}</mj-body></mjml>"
    merger = compiled(template_folder, page, an_issue())
    assert len(merger.compiled.variants) == 2
    for values in (NORTH, SOUTH):
        assert merged(merger, values) == rendered(template_folder, an_issue(), values)
    assert merged(merger, NORTH) != merged(merger, SOUTH)


def test_conditions_that_need_too_many_variants_are_refused_with_their_names(template_folder: Path) -> None:
    columns = "".join(
        f"{{% if '{number}' in subscriber.topics %}}<mj-column><mj-text>{number}</mj-text></mj-column>{{% endif %}}"
        for number in range(VARIANT_LIMIT.bit_length())
    )
    with pytest.raises(TemplateError, match=r'"4" in subscriber\.topics') as caught:
        compiled(template_folder, f"<mj-section>{columns}</mj-section>", an_issue())
    assert "At most 4 may" in str(caught.value)


def test_misplaced_value_is_named_at_its_own_line(template_folder: Path) -> None:
    body = in_text('\n<p>{{ subscriber.name }}</p>\n\n<p style="color:{{ subscriber.name }}">x</p>')
    with pytest.raises(TemplateError) as caught:
        compiled(template_folder, body, an_issue())
    assert str(caught.value).startswith("templates/any/issue.mjml.j2:4:")


def test_condition_on_something_unknown_is_named_at_its_own_line(template_folder: Path) -> None:
    body = in_text("\n\n{% if subscriber.region == nope %}x{% endif %}")
    with pytest.raises(TemplateError, match="nope") as caught:
        compiled(template_folder, body, an_issue())
    assert str(caught.value).startswith("templates/any/issue.mjml.j2:3:")


@pytest.mark.parametrize(
    "body",
    [
        "{{ 'x' * 10**8 }}",
        "{{ ([1] * 100000000)|length }}",
        "{{ 'x'|center(100000000) }}",
        "{{ 'x'.ljust(100000000) }}",
        "{{ '%0100000000d' % 1 }}",
        "{{ '{:>100000000}'.format('x') }}",
        "{{ '{:>{}}'.format('x', 100000000) }}",
        "{{ ('x' * 99999).replace('x', 'y' * 99999) }}",
    ],
)
def test_template_cannot_fill_the_memory(template_folder: Path, body: str) -> None:
    with pytest.raises(TemplateError, match="not for templates"):
        compiled(template_folder, in_text(body), an_issue())


def test_body_stands_in_the_text_part_where_it_stands_in_the_html(template_folder: Path) -> None:
    both = Section(
        "x", "S", (Entry("a.md", Article("A", body="Alleen hier.")), Entry("b.md", Article("B", body="Niet.")))
    )
    shows = "{{ e.item.title }}{% if e.item.title == 'A' %}{{ e.html }}{% endif %}"
    loop = f"{{% for e in issue.sections[0].entries %}}{shows}{{% endfor %}}"
    merger = compiled(template_folder, in_text(loop), an_issue(both))
    text = merger.parts(Reader(Mailbox("r@example.org"), DeliveryKey("k"), NORTH, LINKS)).common.text
    assert "Alleen hier." in text
    assert "Niet." not in text
