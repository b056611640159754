"""What goes wrong between MJML, its engine and the inliner when nobody takes care; each was met with a real input.

The names end in the number that the team's list of hazards gives them.
"""

import re
import subprocess
import sys
from contextlib import suppress
from html import escape, unescape
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest
from lxml.html import fromstring

from conftest import SLUG
from newsletter.errors import NewsletterError, TemplateError
from newsletter.render.inline import inline, to_html
from newsletter.render.prepare import Prepared, prepare
from newsletter.subscribers import Definitions
from newsletter.workspace import Workspace
from support.checking import Desk
from support.example import compile_example, parse

SHELL = "<mjml><mj-head>{head}</mj-head><mj-body>{body}</mj-body></mjml>"
RED = '<mj-style inline="inline">.q, p, td { color: red }</mj-style>'
COLUMN = "<mj-section><mj-column>{}</mj-column></mj-section>"


def build(content: str = "", *, body: str = "", head: str = "") -> str:
    """Go from the content of a column, or of the body, to the finished HTML."""
    source = SHELL.format(head=head, body=body or COLUMN.format(content))
    prepared = prepare(source, "templates/x")
    return inline(to_html(prepared), prepared.css)


def refused(content: str = "", *, body: str = "", head: str = "") -> str:
    """Give the problem that is reported, with its place."""
    with pytest.raises(NewsletterError) as raised:
        build(content, body=body, head=head)
    return str(raised.value)


SIGNS = ["❤️ 10 €", "a\u00a0b", "e\u0301", "\u200d", 'say "hi"', "back\\slash", "tab\there", "line\nbreak", "a\ue000b"]
SIGNS += ["C:\\new", "\\u{41}", 'it\'s "so"', "a > b"]


@pytest.mark.parametrize("alt", SIGNS)
@pytest.mark.parametrize("head", ["", RED])
def test_signs_in_attributes_arrive_as_they_were_h1(alt: str, head: str) -> None:
    html = build(f'<mj-image src="https://x.example/a.png" alt="{alt.replace(chr(34), "&quot;")}" />', head=head)
    shown = " ".join(alt.split()) if "\n" in alt or "\t" in alt else alt
    assert fromstring(html).xpath("//img/@alt") == [shown]


@pytest.mark.parametrize("title", SIGNS)
@pytest.mark.parametrize("head", ["", RED])
def test_signs_in_the_title_arrive_as_they_were_and_so_do_those_of_its_label_h1(title: str, head: str) -> None:
    html = build("<mj-text>a</mj-text>", head=f"<mj-title>{escape(title, quote=False)}</mj-title>{head}")
    shown = " ".join(title.split()) if "\n" in title or "\t" in title else title
    tree = fromstring(html)
    assert tree.xpath("//title/text()") == [shown]
    assert tree.xpath("//*[@role='article']/@aria-label") == [shown]


def test_attribute_that_the_engine_would_change_is_refused_h1() -> None:
    source = SHELL.format(head="", body=COLUMN.format('<mj-image src="https://x.example/a.png" alt="e\u0301" />'))
    with pytest.raises(TemplateError, match="would change the attribute"):
        to_html(Prepared(source, (), "templates/x"))


@pytest.mark.parametrize("title", ["a > b", "<b>", "<!--[if mso]>", 'it\'s "so"', "</style>"])
def test_attributes_stand_in_double_quotes_and_look_like_no_tag(title: str) -> None:
    html = build(f'<mj-text><a title="{escape(title)}" href="https://x.example">a</a></mj-text>', head=RED)
    written = re.findall(r'<a title="([^"<>]*)" href="https://x.example"', html)
    assert [unescape(one) for one in written] == [title]


def test_line_ends_in_attributes_become_spaces_h2() -> None:
    html = build('<mj-text><a style="color:red;\n margin:0" title="l1\nl2" href="https://x.example">a</a></mj-text>')
    assert "\\n" not in html
    assert 'title="l1 l2"' in html
    assert "color:red; margin:0" in html


def test_space_between_elements_stays_h3() -> None:
    html = build("<mj-text><b>a</b>\n<i>b</i> <u>c</u><pre><b>x</b>\n<b>y</b></pre></mj-text>")
    assert "<b>a</b> \n<i>b</i> <u>c</u>" in html or "<b>a</b> <i>b</i> <u>c</u>" in html
    assert "<b>x</b> \n<b>y</b>" in html or "<b>x</b>\n<b>y</b>" in html


def test_quotation_marks_cannot_break_out_of_attributes_h4() -> None:
    html = build(
        "<mj-button href='https://x.example/\"onmouseover=alert(1)'>a</mj-button>", head='<mj-title>Say "hi"</mj-title>'
    )
    tree = fromstring(html)
    assert not tree.xpath("//@onmouseover")
    assert tree.xpath("//a/@href") == ['https://x.example/"onmouseover=alert(1)']
    assert '\\"' not in html
    assert tree.xpath("//title/text()") == tree.xpath("//*[@role='article']/@aria-label") == ['Say "hi"']


def test_line_ends_and_comments_in_the_head_do_no_harm_h5() -> None:
    head = "<mj-attributes> \r\n<!-- c --> <mj-all color='red' /> \r\n</mj-attributes> \r\n"
    assert "hallo" in build(body=COLUMN.format("<mj-text>hallo</mj-text>") + " \r\n", head=head)
    element = (
        '<mj-social-element src="https://x.example/a.png" alt="A" href="https://x.example"> \r\nA</mj-social-element>'
    )
    assert "https://x.example/a.png" in build(f"<mj-social> \r\n{element} \r\n</mj-social>")
    link = '<mj-navbar-link href="https://x.example">hallo</mj-navbar-link>'
    assert "hallo" in build(f"<mj-navbar> \r\n{link} \r\n</mj-navbar>")


def test_comments_between_sections_vanish_h6() -> None:
    section = COLUMN.format("<mj-text>a</mj-text>")
    plain = build(body=f"<mj-wrapper>{section}{section}</mj-wrapper>")
    assert build(body=f"<mj-wrapper>{section}<!-- c -->{section}</mj-wrapper>") == plain


def test_raw_html_in_a_wrapper_is_refused_h7() -> None:
    problem = refused(body=f"<mj-wrapper>{COLUMN.format('<mj-text>a</mj-text>')}<mj-raw><p>Z</p></mj-raw></mj-wrapper>")
    assert "<mj-raw> cannot stand in <mj-wrapper>" in problem
    assert "templates/x:1:" in problem


def test_wrong_closing_tag_is_named_with_line_and_tag_h8() -> None:
    problem = refused(body="<mj-section>\n<mj-column>\n<mj-text>a</mj-column>\n</mj-section>")
    assert "templates/x:3:" in problem
    assert "</mj-column> comes while <mj-text> is still open" in problem


def test_deep_nesting_is_refused_and_does_not_crash_the_process_h9() -> None:
    code = (
        "from newsletter.render.prepare import prepare\n"
        "from newsletter.errors import NewsletterError\n"
        "body = '<mj-section><mj-column><mj-text>' + '<div>' * 16000\n"
        "try:\n    prepare('<mjml><mj-body>' + body, 'x')\n"
        "except NewsletterError as error:\n    print('REFUSED', 'within one another' in str(error))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "REFUSED True\n"


def test_nesting_that_would_lose_text_is_refused_h10() -> None:
    assert "within one another" in refused(f"<mj-text>{'<div>' * 260}x{'</div>' * 260}</mj-text>")


@pytest.mark.parametrize("tag", ["style", "script"])
def test_style_within_text_is_refused_before_it_takes_text_away_h11(tag: str) -> None:
    problem = refused(f"<mj-text><{tag}>.q{{}}</{tag}>LOST</mj-text>")
    assert f"<{tag}> stands in a text" in problem


def test_style_sheets_load_nothing_h12() -> None:
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}/x.css"
    try:
        assert "@import loads from elsewhere" in refused(
            head=f'<mj-style inline="inline">@import url({url});</mj-style>'
        )
        html = build(
            "<mj-text>a</mj-text>",
            head=f'<mj-style inline="inline">p {{ background: url({url}) }}</mj-style>'
            f'<mj-raw><link rel="stylesheet" href="{url}" /></mj-raw>',
        )
        assert "a" in html
    finally:
        server.shutdown()
        server.server_close()
    assert asked == []


@pytest.mark.parametrize("value", ["head", ":", "color", "{}", "color:red;;", "\u0000", "a:b:c", "'"])
def test_strange_style_attributes_are_a_clear_error_or_do_no_harm_h13(value: str) -> None:
    content = f'<mj-text><p class="q" style="{value}">a</p></mj-text>'
    with suppress(TemplateError):
        assert ">a</p>" in build(content, head=RED)


def test_style_beside_the_inliner_can_overrule_the_engine_h14() -> None:
    rule = "@media screen { .loud div { color: red !important; } }"
    html = build('<mj-text css-class="loud">a</mj-text>', head=f"<mj-style>{rule}</mj-style>{RED}")
    assert rule in html


@pytest.mark.parametrize("css", ['a[title="a,b"]{color:red}', "@media screen{@media (min-width:1px){p{color:red}}}"])
def test_selectors_that_the_inliner_cannot_read_are_refused_with_their_line_h15(css: str) -> None:
    problem = refused(head=f'\n\n<mj-style inline="inline">{css}</mj-style>')
    assert "templates/x:3:" in problem


def test_fallback_that_the_inliner_would_drop_is_refused_h16() -> None:
    content = '<mj-text><p class="q" style="background:#ffffff;background:linear-gradient(red,blue)">a</p></mj-text>'
    assert "'background' stands in a style twice" in refused(content, head=RED)
    assert "background:#ffffff;background:linear-gradient(red,blue)" in build(content)


def test_link_around_a_table_is_refused_h17() -> None:
    raw = '<mj-raw><tr><td><a href="https://x.example/"><table><tr><td>WORDS</td></tr></table></a></td></tr></mj-raw>'
    assert "<table> stands within a link" in refused(raw)


def test_doctype_stays_h18() -> None:
    assert build("<mj-text>a</mj-text>", head='<mj-style inline="inline">p{color:red}</mj-style>').startswith(
        "<!DOCTYPE html>"
    )


def test_svg_is_not_part_of_what_authors_can_bring_in_h19() -> None:
    from newsletter.render.bodies import html_from_markdown

    assert "<svg" not in html_from_markdown('<svg viewBox="0 0 1 1"></svg>', heading_level=3, language="nl")


def test_empty_document_passes_the_inliner_h20() -> None:
    assert inline("", ["p{color:red}"]) == ""
    assert inline("", []) == ""


def test_nothing_is_loaded_from_font_services_h21(workspace: Workspace, definitions: Definitions) -> None:
    html = parse(compile_example(workspace, definitions, SLUG).message()).get_body(("html",))
    assert html is not None
    content = html.get_content()
    assert "fonts.googleapis" not in content
    assert "@import" not in content
    assert "<link" not in content
    assert "fonts.googleapis" not in build("<mj-text>no font named</mj-text>")


@pytest.mark.parametrize("sign", ["\x00", "\ud800", "\x08", "\x7f", "\x80", "\x9f", "\ufeff", "\ufffe"])
def test_signs_that_no_engine_can_carry_are_left_out_h22(sign: str) -> None:
    html = build(f'<mj-text><a href="https://x.example" title="a{sign}b">Een{sign}woord</a></mj-text>', head=RED)
    link = fromstring(html).xpath("//a")[0]
    assert (link.text, link.get("title")) == ("Eenwoord", "ab")


@pytest.mark.parametrize("sign", ["\x0b", "\x0c", "\x1c", "\x1f", "\x85", "\r", "\r\n"])
def test_line_ends_of_every_kind_part_words_h22(sign: str) -> None:
    html = build(f'<mj-text><a href="https://x.example" title="a{sign}b">Een{sign}woord</a></mj-text>', head=RED)
    link = fromstring(html).xpath("//a")[0]
    assert (link.text.split(), link.get("title")) == (["Een", "woord"], "a b")


@pytest.mark.parametrize(
    "title", ["A <b onclick=x>fat</b>", "1 < 2 & 3 > 2", "</mj-text><mj-raw>", "{{ 7*7 }}", "zq00000000s0z"]
)
def test_words_of_authors_are_escaped_everywhere_h23(
    workspace: Workspace, definitions: Definitions, title: str
) -> None:
    import json

    item = workspace.issues / SLUG / "overdracht-met-een-formulier.md"
    text = item.read_text(encoding="utf-8")
    item.write_text(
        text.replace("title: Een goede overdracht begint bij één formulier", f"title: {json.dumps(title)}"),
        encoding="utf-8",
    )
    html = parse(compile_example(workspace, definitions, SLUG).message()).get_body(("html",))
    assert html is not None
    tree = fromstring(html.get_content())
    assert title in [" ".join(found.text_content().split()) for found in tree.xpath("//h3")]
    assert not tree.xpath("//@onclick")


def test_value_that_looks_like_a_slot_is_not_filled_again_h24(workspace: Workspace, definitions: Definitions) -> None:
    issue = workspace.issues / SLUG / "issue.yaml"
    intro = 'intro: "{{ subscriber.first_name }} / {{ subscriber.last_name }}"'
    issue.write_text(issue.read_text(encoding="utf-8").replace('intro: ""', intro), encoding="utf-8")
    example = compile_example(workspace, definitions, SLUG)
    nonce = example.merger.compiled.nonce
    for number in range(8):
        for letter in ("s", "vm", "vt", "vl"):
            token = f"zq{nonce}{letter}{number}z"
            plain = parse(example.message(first_name=token, last_name="SECRET")).get_body(("plain",))
            assert plain is not None
            assert f"{token} / SECRET" in plain.get_content()
            assert plain.get_content().count("SECRET") == 1


@pytest.mark.parametrize("column", ["150px", "25%"])
def test_picture_component_is_no_wider_than_its_column_h25(column: str) -> None:
    image = '<mj-image src="https://x.example/a.png" width="184px" padding="0" />'
    section = f'<mj-section><mj-column width="{column}">{image}</mj-column></mj-section>'
    assert fromstring(build(body=section)).xpath("//img/@width") == ["150"]


@pytest.mark.parametrize(
    ("column", "content", "found"),
    [
        (
            "150px",
            '<mj-text><img src="{}" alt="Een kaart" width="184" /></mj-text>',
            "184 pixels wide in a column of 150",
        ),
        (
            "25%",
            '<mj-text><img src="{}" alt="Een kaart" width="184" /></mj-text>',
            "184 pixels wide in a column of 160",
        ),
        ("25%", '<mj-text><img src="{}" alt="Een kaart" width="160" /></mj-text>', ""),
        ("33%", '<mj-image src="{}" alt="Een kaart" />', "has the width “161.2”"),
        ("50%", '<mj-image src="{}" alt="Een kaart" />', ""),
    ],
)
def test_picture_that_does_not_fit_its_column_is_found_h25(
    workspace: Workspace, column: str, content: str, found: str
) -> None:
    file = workspace.templates / "bulletin/issue.mjml.j2"
    columns = f'<mj-column width="{column}">{content.format("https://x.example/a.png")}</mj-column>'
    text = file.read_text(encoding="utf-8").replace("</mj-body>", f"<mj-section>{columns}</mj-section></mj-body>")
    file.write_text(text, encoding="utf-8")
    messages = [finding.message for finding in Desk(workspace).findings("picture-width")]
    assert messages == ([f"a picture is {found}"] if "pixels" in found else [f"a picture {found}"] if found else [])


def test_attribute_that_stands_twice_is_refused_h26() -> None:
    problem = refused('<mj-text font-size="12px" color="red" font-size="14px">a</mj-text>')
    assert "<mj-text> has the attribute 'font-size' twice" in problem


def test_base_of_navigation_links_is_refused_h27() -> None:
    problem = refused('<mj-navbar base-url="https://a"><mj-navbar-link href="https://b">b</mj-navbar-link></mj-navbar>')
    assert "'base-url' of <mj-navbar> cannot be used" in problem


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("<mj-txt>a</mj-txt>", "there is no tag <mj-txt>. Did you mean <mj-text>?"),
        ('<mj-text colour="red">a</mj-text>', "<mj-text> has no attribute 'colour'. Did you mean 'color'?"),
        ("loose words", "the text 'loose words' stands between components"),
        ("<mj-text>a < b</mj-text>", "a '<' that begins no tag"),
        ('<mj-text align="centre">a</mj-text>', "'centre' will not do for 'align'"),
        ("<mj-text color=red>a</mj-text>", "has no quotes"),
        ("<p>a</p>", "<p> stands between components"),
        ('<mj-text mj-class="x">a</mj-text>', "the mj-class 'x' is not defined"),
    ],
)
def test_mistakes_in_mjml_are_named_with_their_remedy(content: str, message: str) -> None:
    assert message in refused(content)
