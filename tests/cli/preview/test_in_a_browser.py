"""The workbench in a real browser: by keyboard, in both languages of colour, without a script of anybody else."""

import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect, sync_playwright

from conftest import SLUG
from newsletter.cli.base import Face
from newsletter.cli.preview.choice import Choice
from newsletter.cli.preview.server import serve
from newsletter.cli.preview.workbench import Preview
from newsletter.workspace import Workspace
from support.browser import find_browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = find_browser()
    if path is None:
        pytest.skip("no browser on this machine")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def address(workspace: Workspace) -> Iterator[str]:
    with serve(Preview(Face(workspace.root, {}), SLUG, Choice(), "nl"), 0, 0) as address:
        yield address


def open_page(browser: Browser, address: str, width: int = 1400, scheme: Any = "light") -> Page:
    page = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme).new_page()
    page.faults = []  # type: ignore[attr-defined]
    page.on("pageerror", lambda error: page.faults.append(str(error)))  # type: ignore[attr-defined]
    page.on("console", lambda said: page.faults.append(said.text) if said.type == "error" else None)  # type: ignore[attr-defined]
    page.goto(address)
    return page


def test_message_is_shown_whole_without_a_scroll_bar_of_its_own(browser: Browser, address: str) -> None:
    page = open_page(browser, address)
    page.wait_for_function("parseInt(document.querySelector('iframe').style.height) > 1500")
    inner = page.evaluate("document.querySelector('iframe').contentDocument.documentElement.scrollHeight")
    outer = page.evaluate("document.querySelector('iframe').clientHeight")
    assert abs(inner - outer) <= 1
    assert page.faults == []  # type: ignore[attr-defined]


def test_views_are_switched_by_keyboard_and_the_focus_stays(browser: Browser, address: str) -> None:
    page = open_page(browser, address)
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")
    expect(page.locator("iframe")).to_have_count(2)
    page.keyboard.press("ArrowRight")
    expect(page.locator("pre")).to_contain_text("Douane onderschept")
    assert page.url.endswith("?view=text")
    page.keyboard.press("ArrowRight")
    expect(page.locator("iframe")).to_have_count(1)
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")
    expect(page.locator("iframe")).to_have_attribute("width", "600")
    assert page.evaluate("document.activeElement.value") == "600"


def test_focus_can_be_seen(browser: Browser, address: str) -> None:
    page = open_page(browser, address)
    for _ in range(8):
        page.keyboard.press("Tab")
        outline = page.evaluate(
            "(() => { const at = document.activeElement; const seen = at.type === 'radio' ? at.nextElementSibling : at;"
            "return getComputedStyle(seen).outlineWidth; })()"
        )
        assert outline == "2px"


def test_change_of_a_file_keeps_what_was_chosen(browser: Browser, address: str, workspace: Workspace) -> None:
    page = open_page(browser, f"{address}?width=375&scheme=dark&client=gmail.android")
    issue = workspace.issues / SLUG / "issue.yaml"
    issue.write_text(issue.read_text(encoding="utf-8").replace("Douane", "De douane"), encoding="utf-8")
    expect(page.locator("h1")).to_contain_text("De douane onderschept")
    expect(page.locator("iframe")).to_have_attribute("width", "375")
    assert "scheme=dark" in page.url
    assert page.locator("#client").input_value() == "gmail.android"
    assert page.locator("input[name=scheme][value=dark]").is_checked()


def test_problem_appears_and_goes_without_a_hand(browser: Browser, address: str, workspace: Workspace) -> None:
    page = open_page(browser, address)
    issue = workspace.issues / SLUG / "issue.yaml"
    whole = issue.read_text(encoding="utf-8")
    issue.write_text(whole.replace("layout: news", "layuot: news"), encoding="utf-8")
    expect(page.locator("[role=alert]")).to_contain_text("layuot")
    issue.write_text(whole, encoding="utf-8")
    expect(page.locator("[role=alert]")).to_have_count(0)
    expect(page.locator("iframe")).to_have_count(1)


def test_line_is_drawn_where_a_long_message_is_clipped(browser: Browser, address: str, workspace: Workspace) -> None:
    folder = workspace.issues / SLUG
    for number in range(70):
        shutil.copy(folder / "extra-geld-voor-slachtofferhulp.md", folder / f"long-{number}.md")
    issue = folder / "issue.yaml"
    listed = "".join(f"\n      - long-{number}.md" for number in range(70))
    name = "- extra-geld-voor-slachtofferhulp.md"
    issue.write_text(issue.read_text(encoding="utf-8").replace(name, name + listed), encoding="utf-8")
    page = open_page(browser, address)
    page.click("aside .alarm a")
    message = page.frame_locator("iframe")
    expect(message.locator("[data-clip-line]")).to_be_visible()
    expect(message.get_by_text("Publicaties")).to_be_visible()
    opacity = (
        "e => { let least = 1; for (; e; e = e.parentElement) least *= getComputedStyle(e).opacity; return least; }"
    )
    assert message.get_by_text("Publicaties").evaluate(opacity) == 0.25
    assert message.locator("h1").first.evaluate(opacity) == 1
    assert page.url.endswith("?clipped=1")


def test_script_in_a_message_does_not_run(browser: Browser, address: str, workspace: Workspace) -> None:
    hostile = "<mj-raw><script>top.document.title = 'taken'; document.title = 'taken'</script></mj-raw>"
    for part in workspace.templates.rglob("lead.mjml.j2"):
        part.write_text(hostile + part.read_text(encoding="utf-8"), encoding="utf-8")
    page = open_page(browser, address)
    assert "'taken'" in page.frames[1].content()
    expect(page).not_to_have_title("taken")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    ("width", "query"),
    [(1400, "?client=outlook.windows"), (900, "?view=both&images=0"), (375, "?width=375"), (1400, "?view=text")],
)
def test_page_has_no_violations_and_no_scroll_bar_across(
    browser: Browser, address: str, scheme: str, width: int, query: str
) -> None:
    page = open_page(browser, address + query, width, scheme)
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    found = Axe().run(page, options={"iframes": False})
    assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in found.response["violations"]] == []
    assert page.evaluate("document.documentElement.scrollWidth") == width
