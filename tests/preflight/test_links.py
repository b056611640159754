"""The checks of links: each finds the fault it is there for, where it stands, and nothing in an issue that is well."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from newsletter.errors import FetchError, FetchFault
from newsletter.fetching import Fetched, Fetcher, Redirect
from newsletter.links import LinkCache, Pace, page_of, pages_of, visit_pages
from newsletter.manuscript import mend
from newsletter.preflight import base
from newsletter.preflight.base import Context, Finding, run
from newsletter.preflight.staging_link import is_staging
from newsletter.preflight.tracking_link import without_marks
from newsletter.render.translations import read_translations
from newsletter.settings import load
from newsletter.workspace import Workspace
from support.checking import Desk
from support.web_server import Answer, Request, serving

ISSUE = "issue.yaml"
LEAD = "douane-onderschept-meer.md"
URL = "https://nieuwsbrief.example.org/berichten/douane-onderschept-meer/"
CHECKS = (
    *("broken-link", "unreachable-link", "unchecked-link", "moved-link", "insecure-link", "relative-link"),
    *("misleading-link", "staging-link", "missing-anchor", "contact-link", "long-link", "tracking-link"),
)


def assert_dutch(finding: Finding) -> None:
    """Hold that everything in a finding, what is said within a sentence too, has Dutch words."""
    gettext = read_translations([Path(base.__file__).with_name("words")], "nl").gettext

    def translate(words: str) -> str:
        assert gettext(words) != words
        return gettext(words)

    for said in (finding.message, finding.remedy):
        assert isinstance(said, base.Said)
        said.by(translate)


@pytest.fixture
def desk(workspace: Workspace) -> Desk:
    return Desk(workspace)


def linked(desk: Desk, url: str, text: str = "woorden") -> Desk:
    """Put a link into the intro."""
    return written(desk, f"De [{text}]({url}) zijn nieuw.")


def written(desk: Desk, *lines: str) -> Desk:
    """Write an intro."""
    desk.replace(ISSUE, 'intro: ""', "intro: '" + "\n\n  ".join(lines) + "'")
    return desk


def failed(kind: FetchFault, status: int | None = None, url: str = URL) -> Mapping[str, FetchError]:
    return {page_of(url): FetchError(url, kind, "why", status=status)}


def reached(url: str, *steps: tuple[int, str], content: bytes = b"") -> Mapping[str, Fetched]:
    end = steps[-1][1] if steps else url
    redirects = tuple(Redirect(*step) for step in steps)
    return {page_of(url): Fetched(end, 200, {"content-type": "text/html; charset=utf-8"}, content, redirects)}


def mended(desk: Desk, finding: Finding, file: str = LEAD) -> str:
    assert finding.fix is not None
    return mend((desk.folder / file).read_text(encoding="utf-8"), [finding.fix])


def test_issue_that_is_well_is_left_in_peace(desk: Desk) -> None:
    context = desk.context()
    fetched = {page.url: Fetched(page.url, 200, {}, b"") for page in pages_of(context.links.web)}
    assert fetched
    assert run(CHECKS, context, {}).reported == ()
    assert run(CHECKS, replace(context, fetched=fetched), {}).reported == ()


@pytest.mark.parametrize(
    ("check", "kind", "status", "words"),
    [
        ("broken-link", "status", 404, "no such page"),
        ("broken-link", "status", 410, "for good"),
        ("broken-link", "dns", None, "host is not known"),
        ("broken-link", "tls", None, "certificate"),
        ("broken-link", "redirect-loop", None, "in circles"),
        ("unreachable-link", "status", 500, "error 500"),
        ("unreachable-link", "timeout", None, "in time"),
        ("unreachable-link", "connection", None, "connection"),
        ("unchecked-link", "status", 401, "password"),
        ("unchecked-link", "status", 429, "programs out"),
        ("staging-link", "refused-address", None, "not for the public"),
    ],
)
def test_page_that_is_not_reached_is_found_by_one_check(
    desk: Desk, check: str, kind: FetchFault, status: int | None, words: str
) -> None:
    report = run(CHECKS, desk.context(fetched=failed(kind, status)), {})
    assert [one.check for one in report.reported] == [check]
    finding = report.reported[0].finding
    assert words in finding.message
    assert_dutch(finding)
    assert str(finding.place) == f"issues/{desk.slug}/{LEAD}:12:6, url"
    assert finding.block == "Douane onderschept bijna 60.000 kilo cocaïne"


def test_address_that_moved_for_good_is_taken_over(desk: Desk) -> None:
    new = "https://nieuwsbrief.example.org/nieuws/douane/"
    (finding,) = desk.findings("moved-link", fetched=reached(URL, (301, new)))
    assert f"url: {new}\n" in mended(desk, finding)


def test_what_is_only_for_now_further_on_is_not_taken_over(desk: Desk) -> None:
    other = "https://nieuwsbrief.example.org/b/"
    assert desk.findings("moved-link", fetched=reached(URL, (302, other))) == []
    (finding,) = desk.findings("moved-link", fetched=reached(URL, (308, other), (302, "https://login.example.org/")))
    assert f"url: {other}\n" in mended(desk, finding)


def test_move_to_the_front_page_is_left_to_a_person(desk: Desk) -> None:
    (finding,) = desk.findings("moved-link", fetched=reached(URL, (301, "https://nieuwsbrief.example.org/")))
    assert finding.fix is None
    assert "front page" in finding.message


def test_http_is_found_where_https_answers(desk: Desk) -> None:
    plain = URL.replace("https", "http")
    desk.replace(LEAD, URL, plain)
    answers = {**reached(plain), **reached(URL)}
    (finding,) = desk.findings("insecure-link", fetched=answers)
    assert f"url: {URL}\n" in mended(desk, finding)
    assert desk.findings("insecure-link", fetched={**reached(plain), **failed("tls")}) == []
    back = reached(URL, (302, plain))
    assert desk.findings("insecure-link", fetched={**reached(plain), **back}) == []


def test_move_to_https_alone_is_said_once(desk: Desk) -> None:
    plain = URL.replace("https", "http")
    desk.replace(LEAD, URL, plain)
    answers = {**reached(plain, (301, URL)), **reached(URL)}
    assert len(desk.findings("insecure-link", fetched=answers)) == 1
    assert desk.findings("moved-link", fetched=answers) == []


def test_move_to_https_elsewhere_is_said_once(desk: Desk) -> None:
    plain, new = URL.replace("https", "http"), "https://www.nieuwsbrief.example.org/x/"
    desk.replace(LEAD, URL, plain)
    answers = {**reached(plain, (301, new)), **reached(URL, (301, new))}
    assert desk.findings("insecure-link", fetched=answers) == []
    assert len(desk.findings("moved-link", fetched=answers)) == 1


@pytest.mark.parametrize("url", ["/berichten/", "berichten.html", "../x", "#", "ftp://example.org/", "localhost:80"])
def test_link_that_is_not_whole_is_found(desk: Desk, url: str) -> None:
    (finding,) = linked(desk, url).findings("relative-link")
    assert (finding.place.line, finding.place.column, finding.fix) == (9, 22, None)
    assert url in finding.message


def test_link_in_a_text_that_nobody_sees_is_left_in_peace(desk: Desk) -> None:
    body = "Hierover staat [meer](/berichten/) op onze site.\n"
    text = (desk.folder / LEAD).read_text(encoding="utf-8")
    desk.write(LEAD, f"{text.rpartition('---')[0]}---\n{body}")
    assert desk.findings("relative-link") == []
    compiled = desk.context().compiled
    seen = replace(compiled, text=(*compiled.text, "Hierover staat meer op onze site.\n"))
    (finding,) = desk.findings("relative-link", compiled=seen)
    assert (finding.place.file, finding.place.column) == (f"issues/{desk.slug}/{LEAD}", 23)


def test_address_without_scheme_is_completed(desk: Desk) -> None:
    (finding,) = linked(desk, "www.example.org/a").findings("relative-link")
    assert "[woorden](https://www.example.org/a)" in mended(desk, finding, ISSUE)


def test_words_that_promise_another_address_are_found(desk: Desk) -> None:
    misleading = {
        "https://bank.example.com/": "https://fraud.example.net/",
        "www.politie.nl": "https://example.org/",
        "politie.nl/nieuws": "https://example.org/a",
        "anna@example.org": "mailto:bert@example.org",
        "Mail anna@example.org": "mailto:carl@example.org",
        "Ga naar www.politie.nl": "https://evil.example.com/",
        "Ga naar politie.nl, meteen": "https://evil.example.com/a",
        "Go to https://www.politie.nl/aangifte now": "https://evil.example.com/b",
        "(politie.nl)": "https://evil.example.com/c",
    }
    honest = {
        "www.om.nl": "https://om.nl/nieuws",
        "om.nl": "https://www.om.nl/",
        "rapport.pdf": "https://example.org/b",
        "bert@example.org": "mailto:Bert@example.org?subject=x",
        "Lees verder": "https://example.org/c",
        "Mail anna@example.org of bert@example.org": "mailto:anna@example.org",
        "Ga naar www.om.nl of mijn.om.nl": "https://www.om.nl/x",
        "Ga naar om.nl": "https://mijn.om.nl/y",
        "Schrijf aan jan.de@politie.nl": "https://example.org/d",
        "Open rapport.pdf, bijlage.nl.docx of index.html, o.a. voor m.b.t. en d.w.z.": "https://example.org/e",
        "Booking.com wint rechtszaak": "https://example.org/f",
        "Het einde.De volgende stap van J.de Vries": "https://example.org/g",
        "Nieuwe website politie.nl en om.nl": "https://om.nl/z",
        "De uitslag is 3.nl": "https://example.org/h",
    }
    written(desk, *(f"[{text}]({url})" for text, url in {**misleading, **honest}.items()))
    found = desk.findings("misleading-link")
    assert [finding.message for finding in found] == [
        f"the words {text!r} lead to {url}" for text, url in misleading.items()
    ]


@pytest.mark.parametrize(
    "host",
    [
        *("localhost", "intranet", "www.local", "a.test", "127.0.0.1", "10.0.0.8", "::1", "staging.example.org"),
        *("test.example.org", "acc-www.example.org", "www.acc.example.org", "proef.example.org", "a.proef.example.org"),
    ],
)
def test_host_that_is_not_for_the_public_is_known(host: str) -> None:
    assert is_staging(host, ("proef.example.org",))


@pytest.mark.parametrize("host", ["example.org", "test.nl", "www.dev.nl", "8.8.8.8", "latest.example.org", "acc.org"])
def test_host_that_is_for_the_public_is_known(host: str) -> None:
    assert not is_staging(host, ("proef.example.org",))


def test_hosts_named_in_the_settings_are_found(desk: Desk) -> None:
    settings = load(desk.workspace, {"NEWSLETTER_PREFLIGHT__STAGING_HOSTS": '["example.com"]'})
    (finding,) = linked(desk, "https://www.example.com/a").findings("staging-link", settings=settings)
    assert (finding.place.line, finding.place.column) == (9, 22)


def test_part_that_a_page_does_not_have_is_found(desk: Desk) -> None:
    url = "https://example.org/a#deel%20twee"
    linked(desk, url)
    page = b'<html><h2 id="deel een">'
    assert len(desk.findings("missing-anchor", fetched=reached(url, content=page))) == 1
    assert desk.findings("missing-anchor", fetched=reached(url, content=page + b'<a name="deel twee">')) == []
    assert desk.findings("missing-anchor", fetched=reached(url)) == []
    assert desk.findings("missing-anchor", fetched=failed("dns", url=url)) == []


def test_part_that_the_message_does_not_have_is_found_in_its_template(desk: Desk) -> None:
    part = next(
        path for path in desk.workspace.templates.rglob("*.j2") if 'href="{{ links.unsubscribe }}"' in path.read_text()
    )
    part.write_text(part.read_text().replace('href="{{ links.unsubscribe }}"', 'href="#nergens"', 1))
    (finding,) = desk.findings("missing-anchor")
    assert finding.place.file == part.relative_to(desk.workspace.root).as_posix()
    assert finding.place.line is not None


@pytest.mark.parametrize("name", ["bestaatniet", "deel%20twee"])
def test_part_that_the_message_does_not_have_is_found_in_a_text(desk: Desk, name: str) -> None:
    linked(desk, f"#{name}", "onderdeel")
    assert desk.findings("relative-link") == []
    (finding,) = desk.findings("missing-anchor")
    assert (finding.place.line, finding.place.column) == (9, 24)
    assert f"the message has no part #{name}" in finding.message
    assert "whole" not in finding.remedy
    assert_dutch(finding)


def test_part_that_the_message_has_may_be_led_to(desk: Desk) -> None:
    desk.footer('<p id="colofon">Colofon</p>')
    linked(desk, "#colofon")
    assert desk.findings("missing-anchor") == desk.findings("relative-link") == []


def test_contacts_that_are_not_well_written_are_found(desk: Desk) -> None:
    wrong = {
        "mailto:anna": "no address",
        "mailto:anna@example": "no address",
        "mailto:?subject=x": "names no address",
        "mailto:anna@example.org?onderwerp=x": "no field",
        "tel:030-1234567": "no country",
        "tel:bel-ons": "no telephone number",
        "tel:+31%2030%201234567": "no telephone number",
    }
    right = (
        *("mailto:bert@example.org", "mailto:anna@example.org,bert@example.org?subject=Hallo%20daar&body=x"),
        *("tel:+31301234567", "tel:+31-30-1234567", "tel:112", "mailto:?to=anna@example.org"),
    )
    written(desk, *(f"[woorden]({url})" for url in (*wrong, *right)))
    found = desk.findings("contact-link")
    assert len(found) == len(wrong)
    for finding, (url, words) in zip(found, wrong.items(), strict=True):
        assert f"{url} " in finding.message
        assert words in finding.message
        assert_dutch(finding)


def test_very_long_address_is_found(desk: Desk) -> None:
    (finding,) = linked(desk, "https://example.org/?" + "a" * 500).findings("long-link")
    assert "521 characters" in finding.message
    assert len(finding.message) < 200


def test_marks_that_follow_readers_are_taken_out(desk: Desk) -> None:
    (finding,) = linked(desk, "https://example.org/?a=1&utm_source=x&fbclid=y#z").findings("tracking-link")
    assert "[woorden](https://example.org/?a=1#z)" in mended(desk, finding, ISSUE)


@pytest.mark.parametrize(
    ("url", "without"),
    [
        ("https://example.org/?utm_source=x", "https://example.org/"),
        ("https://example.org/?UTM_Source=x&b", "https://example.org/?b"),
        ("https://example.org/?b=utm_source", "https://example.org/?b=utm_source"),
        ("https://example.org/?", "https://example.org/"),
        ("https://example.org/#?utm_source=x", "https://example.org/#?utm_source=x"),
    ],
)
def test_rest_of_an_address_stays_as_it_is(url: str, without: str) -> None:
    assert without_marks(url) == without


def test_links_of_readers_and_what_is_published_with_the_issue_are_not_fetched(desk: Desk) -> None:
    context: Context = desk.context()
    urls = [page.url for page in pages_of(context.links.web)]
    assert URL in urls
    assert not [url for url in urls if "/leave/" in url or "/preferences/" in url or "/media/" in url]


def test_what_is_published_elsewhere_than_on_the_site_is_our_own_too(desk: Desk) -> None:
    desk.set('[media]\nurl = "https://beeld.example.net/nieuws/"')
    links = desk.context().links
    ours = [link.url for link in links.links if link.own and link.url.endswith(".ics")]
    assert ours
    assert all(url.startswith("https://beeld.example.net/nieuws/") for url in ours)
    assert not [link.url for link in links.web if link.url in ours]
    desk.replace(ISSUE, 'intro: ""', "intro: '[foto](https://nieuwsbrief.example.org/media/oud.pdf)'")
    assert "https://nieuwsbrief.example.org/media/oud.pdf" in [link.url for link in desk.context().links.web]


def test_what_a_server_answers_becomes_findings(desk: Desk, tmp_path: Path) -> None:
    def script(request: Request) -> Answer:
        return Answer(status=404) if request.path == "/gone" else Answer(b"hello")

    async def work(context: Context, host: str) -> Context:
        cache = LinkCache(tmp_path / "links", datetime(2024, 2, 20, tzinfo=UTC))
        pages = [page for page in pages_of(context.links.web) if page.host == host]
        async with Fetcher(allow=frozenset({host})) as fetcher:
            fetched = await visit_pages(pages, fetcher, cache, "newsletter/1", Pace(pause=0))
        return desk.context(fetched=fetched)

    with serving(script) as server:
        linked(desk, f"{server.url}/gone")
        desk.replace(LEAD, URL, f"{server.url}/there")
        context = asyncio.run(work(desk.context(), server.host))
        (finding,) = desk.findings("broken-link", fetched=context.fetched)
        assert (finding.place.line, f"{server.url}/gone" in finding.message) == (9, True)
