"""The mails that something is confirmed by, as they are made today; a change shows up here and is reviewed by eye."""

import json
import os
import subprocess
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from conftest import NOW
from newsletter.starter import begin
from newsletter.store import open_database
from newsletter.subscribers import Kind, read_definitions, synchronise_attributes
from newsletter.workspace import Workspace
from support.confirming import Desk, text_of
from support.dispatching import Clock
from support.pages import browsing, installed, shown

HERE = Path(__file__).parent / "confirmation"
MAILS = list(product(Kind, ("nl", "en")))
WISH = '{"lists": ["leden"], "topics": [], "values": {}}'


@pytest.fixture(scope="module")
def mails(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[Kind, str], bytes]:
    folder = tmp_path_factory.mktemp("confirmation") / "workspace"
    begin(folder, {})
    workspace = Workspace(folder)
    definitions = read_definitions(workspace)
    database = open_database("sqlite:///var/newsletter.db", folder)
    synchronise_attributes(database, definitions)
    desk = Desk(workspace, definitions, database, Clock(NOW))
    jan = desk.person("jan")
    for kind, language in MAILS:
        if kind is Kind.JOIN:
            agreed = {
                "nl": "Ja, stuur mij elke maand de nieuwsbrief.",
                "en": "Yes, send me the newsletter every month.",
            }
            desk.ask(f"join-{language}", language, agreed[language])
        else:
            desk.want(kind, "jan" if kind is Kind.LINK else f"{kind}-{language}", jan, language)
        desk.mail()
        desk.clock.pass_by(days=1)
    database.close()
    found = {}
    for raw, message in zip(desk.raw(), desk.outbox(), strict=True):
        kind = next(one for one in Kind if str(message["Subject"]).startswith(SUBJECTS[one]))
        found[kind, str(message["Content-Language"])] = raw
    return found


SUBJECTS = {
    Kind.JOIN: ("Bevestig uw aanmelding", "Confirm your subscription"),
    Kind.ADDRESS: ("Bevestig uw nieuwe adres", "Confirm your new address"),
    Kind.MOVED: ("Uw adres voor", "Your address for"),
    Kind.LINK: ("Uw eigen pagina", "Your own page"),
}


@pytest.mark.parametrize(("kind", "language"), MAILS)
def test_mail_is_made_as_it_was_reviewed(
    mails: dict[tuple[Kind, str], bytes], kind: Kind, language: str, request: pytest.FixtureRequest
) -> None:
    from support.example import parse

    raw = mails[kind, language]
    message = parse(raw)
    contents = {
        "eml": raw,
        "txt": text_of(message).encode(),
        "html": text_of(message, "html").encode(),
    }
    for ending, content in contents.items():
        file = HERE / f"{kind}-{language}.{ending}"
        if request.config.getoption("--update-golden"):
            file.parent.mkdir(exist_ok=True)
            file.write_bytes(content)
        assert content == file.read_bytes(), "review the change, then run: make golden"


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    executable = installed()
    if executable is None:
        pytest.skip("no browser is installed")
    with browsing(executable) as opened:
        yield opened


@pytest.mark.parametrize(("kind", "language"), MAILS)
def test_mail_can_be_read_and_pressed_at_every_width_light_and_dark(browser: Any, kind: Kind, language: str) -> None:
    from axe_playwright_python.sync_playwright import Axe

    html = (HERE / f"{kind}-{language}.html").read_text(encoding="utf-8")
    for width, dark in product((640, 375, 320), (False, True)):
        with shown(browser, html, width, dark=dark) as page:
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            assert page.evaluate("Math.min(...[...document.links].map(a => a.offsetHeight))") >= 44
            assert page.evaluate(SMALLEST) >= 14
            if width != 375:
                continue
            found = Axe().run(page, options={"runOnly": {"type": "tag", "values": RULES}})
            assert [(one["id"], one["nodes"][0]["html"][:200]) for one in found.response["violations"]] == []


RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
VALIDATOR = os.environ.get("NEWSLETTER_VNU")


def test_validator_finds_nothing_but_what_outlook_needs() -> None:
    if not VALIDATOR:
        pytest.skip("NEWSLETTER_VNU names no jar of the Nu Html Checker")
    pages = sorted(HERE.glob("*.html"))
    command = ["java", "-jar", VALIDATOR, "--errors-only", "--exit-zero-always", "--format", "json", *map(str, pages)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    messages = {one["message"] for one in json.loads(done.stderr)["messages"]}
    assert len(pages) == len(MAILS)
    assert {one for one in messages if "mso-" not in one and "“xmlns:" not in one} == set()


SMALLEST = (
    "Math.min(...[...document.querySelectorAll('body *')]"
    ".filter(e => [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()) && e.getClientRects().length)"
    ".map(e => parseFloat(getComputedStyle(e).fontSize)))"
)
