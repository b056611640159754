"""The pages in a real browser: with and without JavaScript, by keyboard, and without a violation that axe finds."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from newsletter.store import open_database
from newsletter.subscribers import read_definitions, synchronise_attributes
from newsletter.tokens import Signer
from newsletter.web import build_app, write_archive
from newsletter.workspace import Workspace
from support.dispatching import SLUG, Bench, Clock
from support.pages import browsing, installed
from support.public_site import LISTS, Stage, serving, staged
from web.conftest import EDITABLE
from web.test_join import ask

SMALLEST = (
    "Math.min(...[...document.querySelectorAll('body *')]"
    ".filter(e => [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()) && e.getClientRects().length)"
    ".map(e => parseFloat(getComputedStyle(e).fontSize)))"
)
SMALL_TARGETS = (
    "[...document.querySelectorAll("
    "'button, .button, input:not([type=hidden]):not([tabindex]), select, textarea, nav a')]"
    ".map(e => e.getBoundingClientRect()).filter(r => r.height < 22 || r.width < 22).length"
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    executable = installed()
    if executable is None:
        pytest.skip("no browser is installed")
    with browsing(executable) as opened:
        yield opened


@pytest.fixture
def stage(workspace: Workspace, signer: Signer, now: datetime) -> Iterator[Stage]:
    (workspace.subscribers / "lists.yaml").write_text(LISTS, encoding="utf-8")
    (workspace.subscribers / "attributes.yaml").write_text(EDITABLE, encoding="utf-8")
    (workspace.subscribers / "segments.yaml").write_text("segments: {}\n", encoding="utf-8")
    definitions = read_definitions(workspace)
    database = open_database("sqlite:///var/newsletter.db", workspace.root)
    synchronise_attributes(database, definitions)
    bench = Bench(workspace, definitions, signer, database, Clock(now))
    with staged(bench, ("jan", "mia", "kim")) as found:
        # In a thread of its own: the browser's driver has an event loop in this one.
        with ThreadPoolExecutor(1) as elsewhere:
            elsewhere.submit(found.send).result()
        yield found
    database.close()


@pytest.fixture
def address(stage: Stage) -> Iterator[str]:
    with serving(build_app(stage.site)) as served:
        yield served


def pages_of(stage: Stage) -> dict[str, str]:
    """Give a path to every kind of page that can be looked at."""
    ask(stage, "waiting@example.org")
    own, leave = stage.link("jan", "preferences"), stage.link("jan", "unsubscribe")
    forged = "A" * 40
    return {
        "home": "/",
        "join": "/join",
        "join one": "/join/leden?language=en",
        "framed": "/join/leden/embed",
        "leave": leave,
        "undo": f"/return/{forged}",
        "confirm": stage.confirm_link(),
        "expired": f"/confirm/{forged}",
        "preferences": own,
        "address": f"{own}/address",
        "data": f"{own}/data",
        "erase": f"{own}/erase",
        "link": "/link",
        "archive": "/archive/",
        "found": "/archive/?q=douane",
        "not found": "/archive/?q=zzz",
        "gone": f"/preferences/{forged}",
        "missing": "/nothing",
        "issue": f"/issues/{SLUG}/",
    }


def answers_of(stage: Stage) -> dict[str, tuple[str, str]]:
    """Give every kind of page that answers a button: where it is pressed, and which one."""
    return {
        "left": (stage.link("mia", "unsubscribe"), "button[value=leave]"),
        "paused": (stage.link("kim", "unsubscribe"), "button[value='30']"),
        "link sent": (stage.link("kim", "unsubscribe"), "button[value=link]"),
        "saved": (stage.link("jan", "preferences"), "main form button"),
        "wrong": ("/join/leden", "main form button"),
        "wrong link": ("/link", "main form button"),
    }


def look_over(page: Page, width: int, *, ours: bool = True) -> dict[str, Any]:
    """Find what is wrong with a page: what axe says, what sticks out, what is too small."""
    options = {} if ours else {"rules": {"region": {"enabled": False}}}
    found = {
        "axe": [one["id"] for one in Axe().run(page, options=options).response["violations"]],
        "sticks out": page.evaluate("document.documentElement.scrollWidth") > width,
        "small text": page.evaluate(SMALLEST) < 14,
        "small targets": ours and page.evaluate(SMALL_TARGETS) > 0,
    }
    return {name: value for name, value in found.items() if value}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [375, 1280])
def test_no_page_has_anything_wrong_with_it(
    browser: Browser, stage: Stage, address: str, width: int, scheme: Any
) -> None:
    context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme, locale="nl-NL")
    page = context.new_page()
    told: list[str] = []
    page.on("console", lambda message: told.append(f"{page.url}: {message.text}"))
    page.on("pageerror", lambda error: told.append(f"{page.url}: {error}"))
    wrong: dict[str, Any] = {}
    for name, path in pages_of(stage).items():
        page.goto(address + path)
        wrong[name] = look_over(page, width, ours=name != "issue")
    for name, (path, button) in answers_of(stage).items():
        page.goto(address + path)
        page.click(button)
        wrong[name] = look_over(page, width)
    context.close()
    assert {name: found for name, found in wrong.items() if found} == {}
    # A page that its policy keeps from something says so here; that a page is missing is said too, and is meant.
    assert [one for one in told if "status of 4" not in one] == []


def test_at_320_pixels_and_at_twice_the_size_nothing_sticks_out(browser: Browser, stage: Stage, address: str) -> None:
    context = browser.new_context(viewport={"width": 320, "height": 800}, locale="nl-NL")
    page = context.new_page()
    out = []
    for name, path in pages_of(stage).items():
        page.goto(address + path)
        if page.evaluate("document.documentElement.scrollWidth") > 320:
            out.append(name)
    context.close()
    assert out == []


@pytest.mark.parametrize("javascript", [True, False])
def test_somebody_joins_confirms_chooses_leaves_and_comes_back(
    browser: Browser, stage: Stage, address: str, javascript: bool
) -> None:
    context = browser.new_context(locale="nl-NL", java_script_enabled=javascript)
    page = context.new_page()
    page.goto(address)
    page.click("main .button")
    page.fill("#email", "noor@example.org")
    page.fill("#first_name", "Noor")
    page.check("#list-leden")
    page.check("#topic-jeugd")
    stage.bench.clock.pass_by(seconds=10)
    page.click("main button")
    assert "noor@example.org" in page.inner_text("main")
    page.goto(address + stage.confirm_link())
    page.click("main button")
    assert page.inner_text("h1") == "U bent aangemeld"
    page.click("main a.button")
    assert page.is_checked("#list-leden")
    assert page.is_checked("#topic-jeugd")
    page.select_option("#frequency-leden", "maandelijks")
    page.check("#list-agenda")
    page.click("main form button")
    assert "Opgeslagen." in page.inner_text("[role=status]")
    assert page.input_value("#frequency-leden") == "maandelijks"
    assert stage.status("noor", "agenda") == "subscribed"
    page.goto(address + stage.links(4)["unsubscribe"].partition("example.org")[2])
    stage.bench.clock.pass_by(days=1)
    page.click("button[value=leave]")
    assert stage.status("noor") == "unsubscribed"
    page.click("main form[action] button")
    assert stage.status("noor") == "subscribed"
    context.close()


def test_a_form_can_be_filled_in_by_keyboard_and_its_errors_are_reached_first(
    browser: Browser, stage: Stage, address: str
) -> None:
    context = browser.new_context(locale="nl-NL")
    page = context.new_page()
    page.goto(f"{address}/join/leden")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "email"
    assert page.evaluate("getComputedStyle(document.activeElement).outlineWidth") == "2px"
    page.keyboard.type("noor@")
    page.keyboard.press("Enter")
    page.wait_for_selector(".summary")
    assert page.evaluate("document.activeElement.className") == "summary"
    assert page.input_value("#email") == "noor@"
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "email"
    assert page.get_attribute("#email", "aria-describedby") == "email-error"
    page.keyboard.press("End")
    page.keyboard.type("example.org")
    stage.bench.clock.pass_by(seconds=10)
    page.keyboard.press("Enter")
    page.wait_for_selector("text=noor@example.org")
    assert stage.count("confirmations") == 1
    context.close()


def test_the_archive_as_files_opens_from_its_folder_and_is_searched(
    browser: Browser, stage: Stage, tmp_path: Path
) -> None:
    write_archive(stage.site, tmp_path / "archive")
    context = browser.new_context(locale="nl-NL", offline=True)
    page = context.new_page()
    page.goto((tmp_path / "archive" / "index.html").as_uri())
    assert look_over(page, 1280) == {}
    assert page.locator(".entries > li:visible").count() == 1
    page.fill("#q", "cocaine dou")
    assert page.locator(".entries > li:visible").count() == 1
    page.fill("#q", "zzz")
    assert page.locator(".entries > li:visible").count() == 0
    page.fill("#q", "")
    page.click(".entries h3 a")
    assert page.inner_text("h1") == "Het Veiligheidshuis"
    pictures = page.evaluate("[...document.images].map(i => i.naturalWidth)")
    assert pictures
    assert all(pictures)
    page.click("text=Alle uitgaven")
    assert page.locator(".entries > li:visible").count() == 1
    context.close()


def test_the_archive_as_files_shows_all_issues_without_javascript(
    browser: Browser, stage: Stage, tmp_path: Path
) -> None:
    write_archive(stage.site, tmp_path / "archive")
    context = browser.new_context(java_script_enabled=False, offline=True)
    page = context.new_page()
    page.goto((tmp_path / "archive" / "index.html").as_uri())
    assert page.locator(".entries > li:visible").count() == 1
    assert page.locator("#search:visible").count() == 0
    context.close()
