"""Pictures of items and within texts: their sizes set, published as they are shown, and errors with their place."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import SLUG
from newsletter.dispatch import Built, build_issue, write_build
from newsletter.errors import ContentError, NewsletterError, Problems, TemplateError
from newsletter.items import Image, pictures_in
from newsletter.render.bodies import html_from_markdown, text_from_markdown
from newsletter.render.pictures import Picture
from newsletter.render.views import picture_of
from newsletter.settings import load
from newsletter.subscribers import Definitions, example_record
from newsletter.workspace import Workspace
from support import pictures as samples

ITEM = "douane-onderschept-meer.md"
SOURCES = ["images/x.jpg", "javascript:alert(1)", "data:image/svg+xml,<svg>", "//h/x"]
SOURCES = ["images/x.jpg", "javascript:alert(1)", "data:image/svg+xml,<svg>", "//h/x"]
SHOWN = Picture("https://example.org/media/a.jpg", 560, 315, "")


def known(source: str, alt: str) -> Picture | None:
    return Picture(SHOWN.url, SHOWN.width, SHOWN.height, alt) if source == "images/x.jpg" else None


def html(source: str) -> str:
    return html_from_markdown(source, heading_level=3, language="nl", pictures=known)


def build(workspace: Workspace, definitions: Definitions) -> Built:
    return build_issue(workspace, load(workspace, {}), definitions, SLUG, "leden", example_record(definitions))


def with_body(workspace: Workspace, body: str) -> None:
    """Add to the body of the first item, and have the template show it in full."""
    issue = workspace.issues / SLUG / "issue.yaml"
    issue.write_text(issue.read_text(encoding="utf-8").replace("layout: lead", "layout: story"), encoding="utf-8")
    file = workspace.issues / SLUG / ITEM
    file.write_text(f"{file.read_text(encoding='utf-8').rstrip()}\n\n{body}\n", encoding="utf-8")


def test_picture_in_a_text_has_its_size_and_what_it_shows() -> None:
    assert html("![Een “brug” & *meer*](images/x.jpg)") == (
        '<p><img src="https://example.org/media/a.jpg" alt="Een “brug” &amp; meer" width="560" height="315" '
        'style="display:block;max-width:100%;height:auto"></p>'
    )


def test_picture_that_only_decorates_has_an_empty_alternative() -> None:
    assert 'alt=""' in html("![](images/x.jpg)")


def test_picture_can_be_a_link() -> None:
    assert '<a href="https://example.org/"><img src=' in html("[![Brug](images/x.jpg)](https://example.org/)")


def test_picture_that_is_not_known_becomes_its_words() -> None:
    assert html("Kijk: ![een brug](elders.jpg).") == "<p>Kijk: een brug.</p>"
    assert html("![a ![b](images/x.jpg) c](elders.jpg)") == "<p>a b c</p>"


def test_plain_text_says_what_a_picture_shows_and_where_it_lies() -> None:
    def text(source: str) -> str:
        return "\n".join(text_from_markdown(source, pictures=known))

    assert text("![Een brug](images/x.jpg)") == "Een brug <https://example.org/media/a.jpg>"
    assert text("Voor. ![](images/x.jpg) Na.") == "Voor. Na."
    assert text("[![Brug](images/x.jpg)](https://example.org/)") == "Brug <https://example.org/>"


@given(st.text(max_size=40), st.sampled_from(SOURCES))
def test_nothing_but_published_pictures_is_shown(alt: str, source: str) -> None:
    shown = html(f"![{alt}]({source})")
    for tag in re.findall(r"<img[^>]*>", shown):
        assert 'src="https://example.org/media/a.jpg"' in tag
        assert re.findall(r"\s([a-z]+)=", re.sub(r'"[^"]*"', "", tag)) == ["src", "alt", "width", "height", "style"]


def test_pictures_of_a_text_are_found_with_their_line() -> None:
    found = list(pictures_in("Een.\n\n![a](b.jpg) en ![c](<d e.jpg>)\n\n- [![f](https://g/h)](https://i)\n\n`![j](k)`"))
    assert [(one.source, one.line) for one in found] == [("b.jpg", 3), ("d%20e.jpg", 3), ("https://g/h", 5)]


def test_picture_of_a_body_is_published_as_it_is_shown(
    workspace: Workspace, definitions: Definitions, tmp_path: Path
) -> None:
    folder = workspace.issues / SLUG / "images"
    (folder / "grote brug.jpg").write_bytes(samples.saved(samples.photograph(3000, 1500), "JPEG"))
    (folder / "klein.png").write_bytes(samples.saved(samples.logo(120, 60), "PNG"))
    with_body(workspace, "![Een grote brug](<images/grote brug.jpg>)\n\n![Een beeldmerk](images/klein.png)")
    built = build(workspace, definitions)
    tags = {re.search(r'alt="([^"]*)"', tag)[1]: tag for tag in re.findall(r"<img[^>]*>", built.html)}  # type: ignore[index]
    assert 'width="560" height="280"' in tags["Een grote brug"]
    assert 'width="120" height="60"' in tags["Een beeldmerk"]
    assert "max-width:100%" in tags["Een grote brug"]
    assert re.search(r"Een grote brug\s+<https://[^>]+\.jpg>", built.text)
    write_build(built, tmp_path / "out")
    names = re.findall(r'src="media/([^"]+)"', (tmp_path / "out/issue.html").read_text(encoding="utf-8"))
    media = [path for path in (tmp_path / "out/media").iterdir() if path.suffix != ".ics"]
    assert sorted(set(names)) == sorted(path.name for path in media)
    sizes = [samples.read((tmp_path / "out/media" / name).read_bytes()).size for name in names]
    assert (1120, 560) in sizes
    assert (120, 60) in sizes


@pytest.mark.parametrize(
    ("body", "where", "words"),
    [
        ("![a](images/weg.jpg)", 6, "'images/weg.jpg' does not exist"),
        ("Ziehier ![a](images/weg%20daar.jpg)", 14, "does not exist"),
        ("![a](/etc/passwd)", 6, "neither a file beside the item nor a whole address"),
        ("![a](../../newsletter.toml)", 6, "neither a file beside the item nor a whole address"),
        ("![a](data:image/png;base64,AAAA)", 6, "neither a file beside the item nor a whole address"),
        ("![a](//example.org/a.jpg)", 6, "neither a file beside the item nor a whole address"),
        ("![a](images/leeg.jpg)", 6, "'images/leeg.jpg' is empty"),
        ("![a](http://127.0.0.1/a.jpg)", 6, "is not a public address"),
    ],
)
def test_problem_of_a_picture_in_a_body_is_told_with_line_and_column(
    workspace: Workspace, definitions: Definitions, body: str, where: int, words: str
) -> None:
    (workspace.issues / SLUG / "images/leeg.jpg").write_bytes(b"")
    with_body(workspace, f"Eerst dit.\n\n{body}")
    lines = (workspace.issues / SLUG / ITEM).read_text(encoding="utf-8").splitlines()
    with pytest.raises(ContentError, match=re.escape(words)) as caught:
        build(workspace, definitions)
    place = caught.value.where
    assert (place.file, place.line, place.column) == (f"issues/{SLUG}/{ITEM}", lines.index(body) + 1, where)
    assert caught.value.remedy


def test_problem_of_an_items_picture_is_told_with_line_and_column(
    workspace: Workspace, definitions: Definitions
) -> None:
    (workspace.issues / SLUG / "images/haven-bij-schemering.jpg").write_bytes(b"<svg></svg>")
    with pytest.raises(ContentError, match="SVG drawing") as caught:
        build(workspace, definitions)
    line = (caught.value.where.line or 0) - 1
    text = (workspace.issues / SLUG / ITEM).read_text(encoding="utf-8").splitlines()[line]
    assert text[(caught.value.where.column or 0) - 1 :] == "images/haven-bij-schemering.jpg"


def test_problem_of_a_picture_that_the_issue_names_is_told_there(
    workspace: Workspace, definitions: Definitions
) -> None:
    (workspace.issues / SLUG / "images/leeg.jpg").write_bytes(b"")
    file = workspace.issues / SLUG / "issue.yaml"
    text = file.read_text(encoding="utf-8")
    wanted = f"file: {ITEM}\n        image:\n          source: images/leeg.jpg\n          alt: Leeg\n"
    file.write_text(re.sub(rf"(?:file: )?{re.escape(ITEM)}\n", wanted, text, count=1), encoding="utf-8")
    with pytest.raises(ContentError, match="is empty") as caught:
        build(workspace, definitions)
    assert caught.value.where.file == f"issues/{SLUG}/issue.yaml"
    line = file.read_text(encoding="utf-8").splitlines()[(caught.value.where.line or 0) - 1]
    assert line[(caught.value.where.column or 0) - 1 :] == "images/leeg.jpg"


def test_picture_of_a_body_that_is_not_shown_does_not_matter(workspace: Workspace, definitions: Definitions) -> None:
    file = workspace.issues / SLUG / "extra-geld-voor-slachtofferhulp.md"
    file.write_text(f"{file.read_text(encoding='utf-8')}\n![a](images/weg.jpg)\n", encoding="utf-8")
    assert "weg.jpg" not in build(workspace, definitions).html


def test_missing_pictures_are_all_told(workspace: Workspace, definitions: Definitions) -> None:
    with_body(workspace, "![a](images/weg.jpg)\n\n![b](images/ook-weg.jpg)")
    with pytest.raises(Problems) as caught:
        build(workspace, definitions)
    assert len(caught.value.errors) == 2


def test_changed_picture_has_another_address(workspace: Workspace, definitions: Definitions) -> None:
    before = build(workspace, definitions)
    picture = workspace.issues / SLUG / "images/haven-bij-schemering.jpg"
    picture.write_bytes(samples.saved(samples.photograph(1280, 720), "JPEG"))
    after = build(workspace, definitions)
    old, new = set(before.prepared.media.by_name), set(after.prepared.media.by_name)
    assert len(old - new) == len(new - old) == 1
    assert before.prepared.compiled.content_hash != after.prepared.compiled.content_hash


def test_pictures_of_a_build_without_texts_are_only_those_that_the_template_shows(
    workspace: Workspace, definitions: Definitions
) -> None:
    main = workspace.root / "templates/plain"
    main.mkdir()
    (main / "template.toml").write_text(
        'name = "Plain"\nlanguages = ["nl"]\nlayouts = ["lead", "news", "agenda", "publications"]\n', encoding="utf-8"
    )
    (main / "theme.toml").write_text("", encoding="utf-8")
    (main / "issue.mjml.j2").write_text(
        "<mjml><mj-body>{% for section in issue.sections %}{% for entry in section.entries %}"
        "{% if entry.item.image and entry.item.kind == 'article' %}{% set shown = entry.item.image | picture(100) %}"
        '<mj-section><mj-column><mj-image src="{{ shown.url }}" alt="{{ shown.alt }}" width="100px" />'
        "<mj-text>{{ shown.width }} × {{ shown.height }}</mj-text></mj-column></mj-section>"
        "{% endif %}{% endfor %}{% endfor %}</mj-body></mjml>",
        encoding="utf-8",
    )
    file = workspace.issues / SLUG / "issue.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("bulletin", "plain"), encoding="utf-8")
    built = build(workspace, definitions)
    assert [(one.source, one.width, one.height) for one in built.prepared.media.files] == [
        ("haven-bij-schemering.jpg", 200, 112)
    ]
    assert "100 × 56" in built.html


@pytest.mark.parametrize("width", [0, -1, 2001, True, "640", 1.5, None])
def test_width_that_is_none_is_refused(width: object) -> None:
    with pytest.raises(TemplateError, match="cannot be"):
        picture_of(Image("a.jpg", ""), width)


def test_picture_of_nothing_known_keeps_its_address() -> None:
    assert picture_of(Image("https://example.org/a.jpg", "A"), 100) == Picture(
        "https://example.org/a.jpg", 100, None, "A"
    )


def test_second_build_decodes_nothing(workspace: Workspace, definitions: Definitions, tmp_path: Path) -> None:
    first = build(workspace, definitions)
    write_build(first, tmp_path / "one")
    assert first.prepared.cache.decoded == 6
    second = build(workspace, definitions)
    write_build(second, tmp_path / "two")
    assert second.prepared.cache.decoded == 0
    for path in (tmp_path / "one/media").iterdir():
        assert path.read_bytes() == (tmp_path / "two/media" / path.name).read_bytes()


def test_errors_of_pictures_are_errors_that_people_see(workspace: Workspace, definitions: Definitions) -> None:
    (workspace.issues / SLUG / "images/haven-bij-schemering.jpg").write_bytes(samples.bomb())
    with pytest.raises(NewsletterError, match="million pixels"):
        build(workspace, definitions)
