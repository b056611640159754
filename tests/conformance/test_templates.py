"""Every template in the folder: can be read by everybody, weighs little, and is laid out as MJML means it."""

import json
import os
import re
import subprocess
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from babel.messages.pofile import read_po

from newsletter.design import begin_template, check_template, write_gallery
from newsletter.design.checking import in_arabic, spoken
from newsletter.design.compiling import sample_html
from newsletter.design.samples import issue_from_the_right, sample_issue
from newsletter.dispatch import Built, build_issue, prepare_issue
from newsletter.errors import TemplateError
from newsletter.render import load_template, template_names
from newsletter.render.compile import _Compilation, nonce_for
from newsletter.render.contrast import contrast
from newsletter.render.inline import inline, to_html
from newsletter.render.prepare import prepare
from newsletter.render.theme import SHARED_PAIRS
from newsletter.settings import load
from newsletter.subscribers import Definitions, example_record
from newsletter.workspace import Workspace
from support.pages import browsing, installed, shown

ROOT = Path(__file__).parents[2]
NAMES = template_names(ROOT / "templates")
EXAMPLES = tuple(sorted(path.parent.name for path in (ROOT / "issues").glob("*/issue.yaml")))
NOT_FOR_MAIL = ("region", "landmark-one-main", "bypass")
OUTLOOK = (
    "Attribute “xmlns:v” not allowed here.",
    "Attribute “xmlns:o” not allowed here.",
    "CSS: “mso-table-lspace”: Property “mso-table-lspace” doesn't exist.",
    "CSS: “mso-table-rspace”: Property “mso-table-rspace” doesn't exist.",
    "CSS: “mso-padding-alt”: Property “mso-padding-alt” doesn't exist.",
)
"""What MJML writes for Outlook, and no other program reads; a button needs the last one there."""


@pytest.fixture(scope="module")
def build(made: Workspace, people: Definitions) -> Any:
    @cache
    def built(slug: str) -> Built:
        return build_issue(made, load(made, {}), people, slug, "leden", example_record(people))

    return built


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    executable = installed()
    if executable is None:
        pytest.skip("no browser is installed")
    with browsing(executable) as opened:
        yield opened


@pytest.mark.parametrize("slug", EXAMPLES)
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [640, 375])
def test_axe_finds_nothing(build: Any, browser: Any, slug: str, dark: bool, width: int) -> None:
    from axe_playwright_python.sync_playwright import Axe

    options = {"rules": {rule: {"enabled": False} for rule in NOT_FOR_MAIL}}
    with shown(browser, build(slug).html, width, dark=dark) as page:
        found = Axe().run(page, options=options)
    told = [f"{one['id']}: {node['html'][:200]}" for one in found.response["violations"] for node in one["nodes"]]
    assert told == []


@pytest.mark.parametrize("slug", EXAMPLES)
def test_links_that_stand_alone_are_large_enough_for_a_finger(build: Any, browser: Any, slug: str) -> None:
    with shown(browser, build(slug).html, 375) as page:
        heights = page.evaluate(
            "[...document.links].filter(a => !a.closest('.prose')).map(a => [a.textContent.trim(), a.offsetHeight])"
        )
    assert len(heights) >= 3
    assert [link for link in heights if link[1] < 44] == []


@pytest.mark.parametrize("slug", EXAMPLES)
def test_text_is_large_enough_to_read(build: Any, browser: Any, slug: str) -> None:
    sizes = (
        "[...document.querySelectorAll('body *')]"
        ".filter(e => [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()) && e.getClientRects().length)"
        ".map(e => [e.className, parseFloat(getComputedStyle(e).fontSize)])"
    )
    quiet = {
        "quiet",
        "byline",
        "byline near",
        "small",
        "month",
        "kicker",
        "status",
        "fact",
        "link action",
        "speaker",
        "together",
    }
    with shown(browser, build(slug).html, 375) as page:
        found = page.evaluate(sizes)
    assert min(size for _, size in found) >= 14
    assert {name for name, size in found if size < 16} - {""} <= quiet


@pytest.mark.parametrize("slug", EXAMPLES)
def test_structure_is_that_of_a_document(build: Any, slug: str) -> None:
    html = build(slug).html
    levels = [int(level) for level in re.findall(r"<h([1-6])\b", html)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert '<html lang="nl" dir="ltr"' in html
    assert 'role="article"' in html
    assert f"<title>{build(slug).subject}</title>" in html
    assert all(re.search(r'\balt="', image) for image in re.findall(r"<img\b[^>]*>", html))
    assert all('role="presentation"' in table for table in re.findall(r"<table\b[^>]*>", html))


@pytest.mark.parametrize("slug", EXAMPLES)
def test_links_say_alone_where_they_lead(build: Any, slug: str) -> None:
    links = re.findall(r"<a\b([^>]*)>(.*?)</a>", build(slug).html, re.DOTALL)
    named: dict[str, set[str]] = {}
    for attributes, words in links:
        label = re.search(r'aria-label="([^"]*)"', attributes)
        text = re.sub(r"<[^>]*>", "", words).strip()
        target = re.search(r'href="([^"]*)"', attributes)
        assert target
        assert label is None or label[1].startswith(text)
        named.setdefault(label[1] if label else text, set()).add(target[1])
    assert {name for name, targets in named.items() if len(targets) > 1} == set()
    assert not any(
        re.fullmatch(r"(lees|klik|read|click)\b.*(meer|hier|more|here)", name, re.IGNORECASE) for name in named
    )


@pytest.mark.parametrize("slug", EXAMPLES)
def test_validator_finds_nothing_but_what_outlook_needs(build: Any, slug: str, tmp_path: Path) -> None:
    jar = VALIDATOR
    if not jar:
        pytest.skip("NEWSLETTER_VNU names no jar of the Nu Html Checker")
    page = tmp_path / "page.html"
    page.write_text(build(slug).html, encoding="utf-8")
    done = subprocess.run(
        ["java", "-jar", jar, "--errors-only", "--exit-zero-always", "--format", "json", str(page)],
        capture_output=True,
        text=True,
        check=True,
    )
    messages = {one["message"] for one in json.loads(done.stderr)["messages"]}
    assert messages - set(OUTLOOK) == set()


VALIDATOR = os.environ.get("NEWSLETTER_VNU")
NODE_MODULES = os.environ.get("NEWSLETTER_NODE_MJML")
_NODE = """
const mjml = require("mjml"); let source = "";
process.stdin.on("data", part => source += part).on("end", async () => {
  const options = {keepComments: false, fonts: {}, validationLevel: "skip"};
  const made = await (mjml.default || mjml)(source, options);
  process.stdout.write(made.html);
});
"""
_BOXES = """[...document.querySelectorAll('[class*="mj-column"]')].map(e => {
  const box = e.getBoundingClientRect(); return [box.left, box.top, box.width, box.height].map(Math.round) })"""


@pytest.mark.parametrize("slug", EXAMPLES)
def test_columns_stand_where_the_other_mjml_engine_puts_them(
    made: Workspace, people: Definitions, browser: Any, slug: str
) -> None:
    if not NODE_MODULES:
        pytest.skip("NEWSLETTER_NODE_MJML names no folder with the other MJML engine")
    prepared = prepare_issue(made, load(made, {}), people, slug, "leden")
    nonce = nonce_for(prepared.issue, prepared.template, prepared.masthead)
    work = _Compilation(
        prepared.issue,
        prepared.template,
        prepared.masthead,
        people.schema(),
        prepared.collected,
        prepared.calendar,
        inline,
        nonce,
    )
    source = prepare(work._mjml({}, tracing=False)[0], "issue", nonce)
    done = subprocess.run(
        ["node", "-e", _NODE],
        input=source.source,
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "NODE_PATH": f"{NODE_MODULES}/node_modules"},
    )
    for width in (600, 375):
        boxes = []
        for html in (to_html(source), done.stdout):
            with shown(browser, html, width) as page:
                boxes.append(page.evaluate(_BOXES))
        assert len(boxes[0]) > 3
        assert boxes[0] == boxes[1]


@pytest.mark.parametrize("name", NAMES)
def test_template_is_in_order_in_every_language(made: Workspace, people: Definitions, name: str) -> None:
    checked = check_template(made, load(made, {}), people, name)
    assert {"nl", "en", "nl-x-informal"} <= set(checked.languages)
    assert {language: dict(words) for language, words in checked.missing.items() if words} == {}
    assert checked.issues


@pytest.mark.parametrize("name", NAMES)
def test_nothing_sticks_out_whatever_stands_in_it(
    made: Workspace, people: Definitions, browser: Any, name: str
) -> None:
    template = load_template(made.templates / name)
    settings, schema = load(made, {}), people.schema()
    pages = {
        layout: sample_html(sample_issue(template, [layout], "nl"), template, settings, schema)
        for layout in template.manifest.layouts
    }
    pages["right to left"] = sample_html(issue_from_the_right(template), in_arabic(template), settings, schema)
    for layout, html in pages.items():
        for width in (375, 320):
            with shown(browser, html, width) as page:
                assert page.evaluate("document.documentElement.scrollWidth") <= width, layout


@pytest.mark.parametrize("name", NAMES)
def test_text_begins_on_the_right_where_the_language_does(
    made: Workspace, people: Definitions, browser: Any, name: str
) -> None:
    template = load_template(made.templates / name)
    html = sample_html(issue_from_the_right(template), in_arabic(template), load(made, {}), people.schema())
    assert '<html lang="ar" dir="rtl"' in html
    with shown(browser, html, 640) as page:
        sides = page.evaluate(
            "[...document.querySelectorAll('h1, h2, h3, p:not(.day, .month)')].filter(e => !e.closest('[align=left]'))"
            ".map(e => [getComputedStyle(e).direction, getComputedStyle(e).textAlign])"
        )
    assert len(sides) > 10
    assert {tuple(side) for side in sides} == {("rtl", "right")}


def test_informal_words_differ_only_where_readers_are_spoken_to(made: Workspace, people: Definitions) -> None:
    template = load_template(made.templates / "bulletin")
    formal, informal = (template.translations(tag) for tag in ("nl", "nl-x-informal"))
    assert informal.gettext("Change your preferences") == "Wijzig je voorkeuren"
    assert informal.gettext("Unsubscribe") == formal.gettext("Unsubscribe") == "Afmelden"
    changed = {word for word, forms in informal.words.items() if forms != formal.words[word]}
    assert all(re.search(r"\bu(w|zelf)?\b", formal.words[word][0], re.IGNORECASE) for word in changed)
    left = [forms for word, forms in informal.words.items() if re.search(r"\bu(w|zelf)?\b", forms[0], re.IGNORECASE)]
    assert left == []
    issue = sample_issue(template, ["news"], "nl-x-informal")
    assert '<html lang="nl" dir' in sample_html(issue, template, load(made, {}), people.schema())


def test_new_template_works_at_once_and_is_never_written_over(made: Workspace, people: Definitions) -> None:
    written = begin_template(made, "kwartaal")
    assert sum(path.read_text(encoding="utf-8").count("\n") for path in written) < 60
    checked = check_template(made, load(made, {}), people, "kwartaal")
    assert checked.template.manifest.name == "Kwartaal"
    for name in ("kwartaal", "shared", "../outside", "bulletin"):
        with pytest.raises(TemplateError):
            begin_template(made, name)
    for path in sorted((made.templates / "kwartaal").rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    (made.templates / "kwartaal").rmdir()


def test_mistake_in_a_part_that_nothing_includes_is_found(workspace: Workspace, definitions: Definitions) -> None:
    (workspace.templates / "bulletin/parts").mkdir()
    (workspace.templates / "bulletin/parts/unused.mjml.j2").write_text("<p>\n{% if %}</p>", encoding="utf-8")
    with pytest.raises(TemplateError) as raised:
        check_template(workspace, load(workspace, {}), definitions, "bulletin")
    assert "templates/bulletin/parts/unused.mjml.j2:2" in str(raised.value)


def test_gallery_shows_every_layout_light_and_dark(made: Workspace, people: Definitions, tmp_path: Path) -> None:
    index = write_gallery(made, load(made, {}), people, NAMES, "nl", tmp_path)
    text = index.read_text(encoding="utf-8")
    for name in NAMES:
        for layout in (*load_template(made.templates / name).manifest.layouts, "right-to-left"):
            assert text.count(f'src="{name}-{layout}.html"') == text.count(f'src="{name}-{layout}-dark.html"') == 2
            for scheme in ("", "-dark"):
                page = (tmp_path / f"{name}-{layout}{scheme}.html").read_text(encoding="utf-8")
                assert "prefers-color-scheme" not in page, "what a frame shows is not up to the browser"
    assert "https://example.org/picture.svg" not in (tmp_path / "bulletin-lead.html").read_text(encoding="utf-8")


def test_colours_can_be_read_when_a_program_inverts_them_by_force() -> None:
    theme = load_template(ROOT / "templates/bulletin").theme
    for pair in SHARED_PAIRS:
        text, ground = (_inverted(theme.colors[name]) for name in (pair.text, pair.ground))
        assert contrast(text, ground) >= 4.5, pair


def _inverted(colour: str) -> str:
    """Invert a colour and turn its hue back, as programs do. Source: Filter Effects Module Level 1, hueRotate(180)."""
    red, green, blue = (1 - int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5))
    rows = ((-0.574, 1.430, 0.144), (0.426, 0.430, 0.144), (0.426, 1.430, -0.856))
    turned = (row[0] * red + row[1] * green + row[2] * blue for row in rows)
    return "#" + "".join(f"{round(min(max(part, 0), 1) * 255):02x}" for part in turned)


def test_manners_that_have_words_are_spoken() -> None:
    assert spoken(load_template(ROOT / "templates/digest")) == ("en", "nl", "nl-x-informal")


@pytest.mark.parametrize("slug", EXAMPLES)
def test_outlook_that_recolours_is_given_colours_that_can_be_read(build: Any, browser: Any, slug: str) -> None:
    from axe_playwright_python.sync_playwright import Axe

    with shown(browser, build(slug).html, 375) as page:
        page.evaluate("['data-ogsc', 'data-ogsb'].forEach(name => document.documentElement.setAttribute(name, ''))")
        found = Axe().run(page, options={"runOnly": {"type": "rule", "values": ["color-contrast"]}})
        colours = page.evaluate(
            "['.paper', 'h1', '.foot'].map(s => getComputedStyle(document.querySelector(s)))"
            ".map((style, n) => n === 1 ? style.color : style.backgroundColor)"
        )
    assert [node["html"][:200] for one in found.response["violations"] for node in one["nodes"]] == []
    assert colours == ["rgb(24, 33, 43)", "rgb(242, 237, 228)", "rgb(16, 22, 29)"]


def test_words_of_a_blocked_picture_can_be_read_in_the_dark(build: Any, browser: Any) -> None:
    with shown(browser, build(EXAMPLES[0]).html, 375, dark=True) as page:
        colours = page.evaluate("[...document.images].map(image => getComputedStyle(image).color)")
    assert set(colours) == {"rgb(223, 228, 234)"}


@pytest.mark.parametrize("dark", ["", 'dark = "media/logo-dark.png"\n'], ids=["one logo", "one for the dark"])
def test_logo_can_be_seen_on_every_ground(
    workspace: Workspace, definitions: Definitions, browser: Any, dark: str
) -> None:
    theme = (
        f'[logo]\nlight = "https://example.org/logo.png"\n{dark}alt = "Het Veiligheidshuis"\nwidth = 160\nheight = 40\n'
    )
    for name in NAMES:
        (workspace.templates / name / "theme.toml").write_text(theme, encoding="utf-8")
        template = load_template(workspace.templates / name)
        issue = sample_issue(template, template.manifest.layouts[:1], "nl")
        html = sample_html(issue, template, load(workspace, {}), definitions.schema())
        with shown(browser, html, 375, dark=True) as page:
            seen = page.evaluate(
                "[...document.images].filter(i => i.alt === 'Het Veiligheidshuis' && i.getClientRects().length)"
                ".map(i => [i.getAttribute('src'), getComputedStyle(i.parentElement).backgroundImage])"
            )
        address, behind = seen[0]
        assert len(seen) == 1
        if dark:
            assert address == "https://nieuwsbrief.example.org/media/logo-dark.png"
        else:
            assert behind == "linear-gradient(rgb(255, 255, 255), rgb(255, 255, 255))"


def test_every_word_of_the_catalogues_is_asked_for() -> None:
    asked = {word for name in NAMES for word in load_template(ROOT / "templates" / name).environment("nl").words()}
    for language in ("nl", "nl-x-informal"):
        with (ROOT / f"templates/shared/translations/{language}.po").open("rb") as file:
            words = {one.id if isinstance(one.id, str) else one.id[0] for one in read_po(file) if one.id}
        assert words - asked == set()
