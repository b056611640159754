"""The theme's logo: a file is published as pictures are, an address stays, and what cannot be shown is named."""

import re
from pathlib import Path

import pytest

from conftest import SLUG
from newsletter.design import check_template, write_gallery
from newsletter.dispatch import Built, build_issue, write_build
from newsletter.errors import ContentError, NewsletterError, TemplateError
from newsletter.render import load_template
from newsletter.settings import load
from newsletter.subscribers import Definitions, example_record
from newsletter.workspace import Workspace
from support import pictures as samples

IMAGE = re.compile(r'<img[^>]*alt="Het Veiligheidshuis"[^>]*>')
SHOWN = {"light": "bare in-light", "dark": "in-dark"}


def with_logo(workspace: Workspace, said: str, template: str = "bulletin") -> Path:
    """Give a template a logo that is 160 pixels wide; its folder, for the files."""
    folder = workspace.templates / template
    text = f'[logo]\n{said}\nalt = "Het Veiligheidshuis"\nwidth = 160\n'
    theme = folder / "theme.toml"
    before = theme.read_text(encoding="utf-8") if template == "shared" else ""
    theme.write_text(before + text, encoding="utf-8")
    return folder


def drawn(folder: Path, name: str = "logo.png", width: int = 600, height: int = 200) -> None:
    (folder / name).write_bytes(samples.saved(samples.logo(width, height), "PNG"))


def build(workspace: Workspace, definitions: Definitions) -> Built:
    return build_issue(workspace, load(workspace, {}), definitions, SLUG, "leden", example_record(definitions))


def shown(html: str) -> dict[str, str]:
    """Give the logos of a message by their addresses."""
    return {found[1]: image for image in IMAGE.findall(html) if (found := re.search(r'src="([^"]*)"', image))}


def test_file_is_published_twice_as_wide_as_it_is_shown(workspace: Workspace, definitions: Definitions) -> None:
    drawn(with_logo(workspace, 'light = "./logo.png"'))
    built = build(workspace, definitions)
    ((address, image),) = shown(built.html).items()
    file = built.prepared.media.by_name[address.removeprefix("https://nieuwsbrief.example.org/media/")]
    assert (file.source, file.width, file.height) == ("logo.png", 320, 107)
    assert 'width="160"' in image
    assert 'height="53"' in image
    assert 'class="plate"' in built.html


def test_file_for_the_dark_is_published_beside_the_other(
    workspace: Workspace, definitions: Definitions, tmp_path: Path
) -> None:
    folder = with_logo(workspace, 'light = "./logo.png"\ndark = "../shared/logo.png"')
    drawn(folder)
    drawn(workspace.templates / "shared", width=480, height=160)
    built = build(workspace, definitions)
    logos = shown(built.html)
    assert len(logos) == 2
    assert all(any(f'class="{name}"' in image for image in logos.values()) for name in SHOWN.values())
    write_build(built, tmp_path / "out")
    page = (tmp_path / "out/issue.html").read_text(encoding="utf-8")
    assert all((tmp_path / "out" / address).is_file() for address in shown(page))


def test_another_content_has_another_address(workspace: Workspace, definitions: Definitions) -> None:
    folder = with_logo(workspace, 'light = "./logo.png"')
    drawn(folder)
    first = shown(build(workspace, definitions).html)
    drawn(folder, width=500)
    assert not shown(build(workspace, definitions).html).keys() & first.keys()


def test_logo_of_the_template_goes_before_the_shared_one(workspace: Workspace, definitions: Definitions) -> None:
    drawn(with_logo(workspace, 'light = "./logo.png"', "shared"))
    folder = with_logo(workspace, 'light = "./own.png"')
    drawn(folder, "own.png")
    assert {file.source for file in build(workspace, definitions).prepared.media.files} >= {"own.png"}
    (folder / "theme.toml").unlink()
    assert {file.source for file in build(workspace, definitions).prepared.media.files} >= {"logo.png"}


@pytest.mark.parametrize(
    ("written", "address"),
    [
        ("https://example.org/logo.png", "https://example.org/logo.png"),
        ("media/logo.png", "https://nieuwsbrief.example.org/media/logo.png"),
    ],
)
def test_address_stays_as_it_is(workspace: Workspace, definitions: Definitions, written: str, address: str) -> None:
    with_logo(workspace, f'light = "{written}"\nheight = 40')
    built = build(workspace, definitions)
    assert list(shown(built.html)) == [address]
    assert not any(file.source == "logo.png" for file in built.prepared.media.files)


def test_address_needs_a_height(workspace: Workspace) -> None:
    with pytest.raises(TemplateError, match="height") as raised:
        load_template(with_logo(workspace, 'light = "media/logo.png"'))
    assert str(raised.value.where) == "templates/bulletin/theme.toml:1:1"


@pytest.mark.parametrize(
    ("source", "content", "says", "remedy"),
    [
        ("./logo.png", None, "does not exist", "beside the theme"),
        ("./logo.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "which mail programs do not show", "as PNG"),
        ("./logo.png", b"\x89PNG\r\n\x1a\n", "is damaged", "anew"),
        ("../../newsletter.toml", None, "does not lie in the folder of templates", "beside the theme"),
    ],
    ids=["missing", "a drawing", "damaged", "outside"],
)
def test_file_that_cannot_be_shown_is_named_with_its_place(
    workspace: Workspace, definitions: Definitions, source: str, content: bytes | None, says: str, remedy: str
) -> None:
    folder = with_logo(workspace, f'light = "{source}"')
    if content is not None:
        (folder / source).write_bytes(content)
    for work in (
        lambda: build(workspace, definitions),
        lambda: check_template(workspace, load(workspace, {}), definitions, "bulletin"),
    ):
        with pytest.raises(ContentError, match=says) as raised:
            work()
        assert str(raised.value.where) == "templates/bulletin/theme.toml:2:1"
        assert remedy in raised.value.remedy


def test_gallery_shows_a_logo_from_its_own_folder(
    workspace: Workspace, definitions: Definitions, tmp_path: Path
) -> None:
    drawn(with_logo(workspace, 'light = "./logo.png"'))
    write_gallery(workspace, load(workspace, {}), definitions, ["bulletin"], "nl", tmp_path)
    page = (tmp_path / "bulletin-news.html").read_text(encoding="utf-8")
    (address,) = shown(page)
    assert (tmp_path / address).is_file()


def test_template_with_a_logo_that_is_a_file_can_be_checked(workspace: Workspace, definitions: Definitions) -> None:
    drawn(with_logo(workspace, 'light = "./logo.png"'))
    try:
        check_template(workspace, load(workspace, {}), definitions, "bulletin")
    except NewsletterError as error:  # pragma: no cover - says what is wrong
        pytest.fail(str(error))
