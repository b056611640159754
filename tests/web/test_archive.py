"""What anybody may read: issues that have gone out, without anything of a reader; archive, search, feeds and files."""

import re
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime

import icalendar
import pytest
import sqlalchemy as sa
from lxml import etree

from newsletter.store import tables
from newsletter.web.archive.feeds import ATOM
from newsletter.web.archive.library import Library
from newsletter.web.archive.marking import read_state
from newsletter.web.archive.search import Index, excerpt, fold
from support.dispatching import SLUG, Bench
from support.public_site import ADDRESS, Stage, staged

ISSUE = f"/issues/{SLUG}/"
SUBJECT = "Douane onderschept bijna 60.000 kilo cocaïne"


@pytest.fixture
def out(stage: Stage) -> Stage:
    """A site whose issue has gone out."""
    stage.send()
    return stage


def change_issue(bench: Bench, before: str, after: str) -> None:
    file = bench.workspace.issues / SLUG / "issue.yaml"
    text = file.read_text(encoding="utf-8")
    assert before in text
    file.write_text(text.replace(before, after, 1), encoding="utf-8")


def test_an_issue_is_there_once_the_first_message_of_it_has_gone_and_not_before(stage: Stage) -> None:
    assert stage.client.get(ISSUE).status_code == 404
    dispatch = stage.bench.freeze()
    assert stage.client.get(ISSUE).status_code == 404
    assert stage.client.get("/archive/").text.count("<li>") == stage.client.get("/archive/?page=1").text.count("<li>")
    with stage.bench.database.writing() as connection:
        mine = tables.deliveries.c.subscriber_id == stage.numbers["jan"]
        connection.execute(sa.update(tables.deliveries).where(mine).values(state="accepted"))
    assert stage.client.get(ISSUE).status_code == 200
    assert dispatch.issue == SLUG


def test_the_web_version_holds_nothing_of_a_reader(out: Stage) -> None:
    html = out.client.get(ISSUE).text
    assert SUBJECT in html
    for never in ("/leave/", "/preferences/", "link.invalid", "jan@", "zq", "U ontvangt deze nieuwsbrief omdat"):
        assert never not in html
    assert "Dit is de webversie van Het Veiligheidshuis." in html
    assert re.search(r'href="/join"[^>]*>Aanmelden</a>', html)
    assert re.search(r'href="/archive/"[^>]*>Alle uitgaven</a>', html)
    assert f'<link rel="canonical" href="{ADDRESS}{ISSUE}">' in html


def test_what_depends_on_a_reader_is_shown_as_for_one_of_whom_nothing_is_known(stage: Stage) -> None:
    change_issue(
        stage.bench,
        "intro:",
        "intro: |\n  Dag {{ subscriber.first_name or 'lezer' }}, in {{ subscriber.region }}.\nold:",
    )
    file = stage.bench.workspace.issues / SLUG / "issue.yaml"
    text = re.sub(r"^old:.*(\n .*)*\n", "", file.read_text(encoding="utf-8"), flags=re.MULTILINE)
    file.write_text(text, encoding="utf-8")
    stage.send()
    assert "Dag lezer, in ." in stage.client.get(ISSUE).text


def test_what_went_out_stays_as_it_was_whatever_becomes_of_the_files(out: Stage) -> None:
    before = out.client.get(ISSUE).text
    change_issue(out.bench, "subject:", "subject: Iets anders #")
    assert out.client.get(ISSUE).text == before


def test_events_that_are_over_or_cancelled_are_marked(stage: Stage) -> None:
    stage.send()
    files = sorted((stage.bench.workspace.root / "var/media").glob("*.ics"))
    cancelled = next(
        file for file in files if b"Leergang" in file.read_bytes() and file.read_bytes().count(b"UID") == 1
    )
    cancelled.write_bytes(cancelled.read_bytes().replace(b"STATUS:CONFIRMED", b"STATUS:CANCELLED"))
    html = stage.client.get(ISSUE).text
    assert html.count("Geannuleerd</strong>") == 1
    assert "Dit is geweest" not in html
    stage.bench.clock.pass_by(days=400)
    html = stage.client.get(ISSUE).text
    assert html.count("Dit is geweest</span>") >= 2
    assert not re.search(r"Zet in agenda\s*</a>", html)


def test_an_event_is_over_after_its_end_and_several_after_the_last() -> None:
    def event(end: str, status: str = "CONFIRMED") -> bytes:
        return f"BEGIN:VEVENT\r\nDTSTART;TZID=Europe/Amsterdam:20240307T093000\r\n{end}\r\nSTATUS:{status}\r\n".encode()

    def at(text: str) -> datetime:
        return datetime.fromisoformat(text)

    one = event("DTEND;TZID=Europe/Amster\r\n dam:20240307T163000")
    assert not read_state(one, at("2024-03-07T15:29:00+00:00")).is_over
    assert read_state(one, at("2024-03-07T15:31:00+00:00")).is_over
    both = one + event("DTEND;VALUE=DATE:20240410")
    assert not read_state(both, at("2024-04-09T12:00:00+00:00")).is_over
    assert not read_state(
        one + event("DTEND:20240307T120000Z", "CANCELLED"), at("2024-03-01T00:00:00+00:00")
    ).is_cancelled
    assert read_state(event("", "CANCELLED"), at("2024-03-01T00:00:00+00:00")).is_cancelled
    assert not read_state(event("DTEND;TZID=Nowhere/Land:20240307T120000"), at("2030-01-01T00:00:00+00:00")).is_over
    assert not read_state(b"DTEND:nonsense", at("2030-01-01T00:00:00+00:00")).is_over


def test_the_archive_lists_what_went_to_a_public_list_as_a_whole(out: Stage) -> None:
    html = out.client.get("/archive/").text
    assert f'href="{ISSUE}"' in html
    assert SUBJECT in html
    assert "Ruim 1,1 miljoen euro" in html
    assert f'href="{ISSUE}"' in out.client.get("/").text


@pytest.mark.parametrize(("to", "segment"), [("intern", None), ("leden", "noord")])
def test_what_was_not_for_everybody_is_there_for_those_who_have_its_link(
    stage: Stage, to: str, segment: str | None
) -> None:
    (stage.bench.workspace.subscribers / "segments.yaml").write_text(
        "segments:\n  noord: {name: Noord, where: \"subscriber.region == 'Noord'\"}\n", encoding="utf-8"
    )
    stage.bench.subscribe(["kim"], to="intern")
    dispatch = stage.bench.freeze(to=to)
    with stage.bench.database.writing() as connection:
        connection.execute(sa.update(tables.deliveries).values(state="accepted", reason=None))
        connection.execute(sa.update(tables.dispatches).values(segment=segment or ""))
    assert dispatch.list == to
    assert stage.client.get(ISSUE).headers["x-robots-tag"] == "noindex"
    for path in ("/archive/", "/archive/feed.atom", "/archive/feed.rss", "/archive/?q=douane"):
        assert SLUG not in stage.client.get(path).text


def test_an_archive_that_is_not_wanted_is_not_there(bench: Bench) -> None:
    with staged(bench, ("jan",), archive=False) as stage:
        stage.send()
        for path in ("/archive/", "/archive/feed.atom", "/archive/feed.rss"):
            assert stage.client.get(path).status_code == 404
        assert "archive" not in stage.client.get("/").text
        assert stage.client.get(ISSUE).headers["x-robots-tag"] == "noindex"


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("cocaine", True),
        ("COCAÏNE douane", True),
        ("een", True),
        ("één slachtofferzorg", False),
        ("regiobijeenkomst", False),  # is for readers in the north only
        ("douane" * 50, False),
    ],
)
def test_search_finds_words_whatever_their_accents(out: Stage, query: str, found: bool) -> None:
    reply = out.client.get("/archive/", params={"q": query})
    assert reply.status_code == 200
    assert (SLUG in reply.text) == ("<mark>" in reply.text) == found


@pytest.mark.parametrize(
    "query", ["zzz", "douane zzz", "<script>alert(1)</script>", '"><img src=x>', "'; DROP TABLE x;--"]
)
def test_search_shows_what_was_asked_for_as_text(out: Stage, query: str) -> None:
    reply = out.client.get("/archive/", params={"q": query})
    assert reply.status_code == 200
    assert SLUG not in reply.text
    assert not re.search(r"<(script|img)", reply.text)


@pytest.mark.parametrize("page", ["0", "2", "-1", "x", "٣", "9" * 30])
def test_a_page_that_is_not_there_is_said_to_be_so(out: Stage, page: str) -> None:
    assert out.client.get("/archive/", params={"page": page}).status_code == 404


def test_a_long_archive_has_pages(out: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    volumes = out.site.library.listed() * 45
    monkeypatch.setattr(Library, "listed", lambda _self: volumes)
    first, last = out.client.get("/archive/").text, out.client.get("/archive/?page=3").text
    assert (first.count("<h3"), last.count("<h3")) == (20, 5)
    assert 'rel="next" href="?page=2"' in first
    assert 'rel="prev" href="?page=2"' in last


def test_excerpts_mark_whole_words_and_escape_the_rest() -> None:
    index = Index([("Kop", "a < b & de Coöperatie\n=====\n<https://example.org/cooperatie> groeit")])
    (hit,) = index.search("cooper")
    assert hit.excerpt == "a &lt; b &amp; de <mark>Coöperatie</mark> groeit"
    assert fold("Ĳsland ß Ø") == "ijsland ss o"
    assert index.search("kop groe") != []
    assert index.search("perat") == index.search("") == index.search("!?") == []
    assert len(excerpt("woord " * 500 + "einde " + "woord " * 500, ["einde"])) < 300


def test_feeds_are_what_readers_of_feeds_expect(out: Stage) -> None:
    rss = out.client.get("/archive/feed.rss")
    assert rss.headers["content-type"] == "application/rss+xml; charset=utf-8"
    channel = etree.fromstring(rss.content).find("channel")
    assert channel is not None
    assert {child.tag for child in channel} >= {"title", "link", "description", "language", "item"}
    item = channel.find("item")
    assert item is not None
    assert {child.tag: child.text for child in item}["guid"] == f"{ADDRESS}{ISSUE}"
    assert parsedate_to_datetime(item.findtext("pubDate") or "") == out.bench.clock()
    atom = out.client.get("/archive/feed.atom")
    feed = etree.fromstring(atom.content)
    assert feed.tag == f"{{{ATOM}}}feed"
    for holder, needed in (
        (feed, ("id", "title", "updated", "author")),
        (feed.find(f"{{{ATOM}}}entry"), ("id", "title", "updated")),
    ):
        assert holder is not None
        assert all(holder.find(f"{{{ATOM}}}{name}") is not None for name in needed)
    links = {link.get("rel"): link.get("href") for link in feed.findall(f"{{{ATOM}}}link")}
    assert links == {"self": f"{ADDRESS}/archive/feed.atom", "alternate": f"{ADDRESS}/"}


@pytest.mark.parametrize("path", ["/archive/feed.rss", "/archive/feed.atom", ISSUE])
def test_nobody_is_given_twice_what_they_have_already(out: Stage, path: str) -> None:
    first = out.client.get(path)
    again = out.client.get(path, headers={"if-none-match": f'"x", W/{first.headers["etag"]}'})
    assert (again.status_code, again.content) == (304, b"")
    assert out.client.get(path, headers={"if-none-match": '"other"'}).status_code == 200
    if "last-modified" in first.headers:
        since = {"if-modified-since": first.headers["last-modified"]}
        assert out.client.get(path, headers=since).status_code == 304
        older = parsedate_to_datetime(first.headers["last-modified"]) - timedelta(days=1)
        assert (
            out.client.get(path, headers={"if-modified-since": f"{older:%a, %d %b %Y %H:%M:%S} GMT"}).status_code == 200
        )


def test_feeds_are_there_before_anything_has_gone_out(stage: Stage) -> None:
    for kind in ("rss", "atom"):
        assert etree.fromstring(stage.client.get(f"/archive/feed.{kind}").content) is not None
    assert "nog niets" in stage.client.get("/archive/").text


def test_files_are_served_as_they_were_published(out: Stage) -> None:
    folder = out.bench.workspace.root / "var/media"
    kinds = set()
    for file in folder.iterdir():
        reply = out.client.get(f"/media/{file.name}")
        assert (reply.status_code, reply.content) == (200, file.read_bytes())
        assert "sandbox" in reply.headers["content-security-policy"]
        kinds.add((reply.headers["content-type"], "immutable" in reply.headers["cache-control"]))
    assert ("text/calendar; charset=utf-8", False) in kinds
    assert ("image/jpeg", True) in kinds
    calendar = next(folder.glob("*.ics"))
    assert icalendar.Calendar.from_ical(out.client.get(f"/media/{calendar.name}").content).walk("VEVENT")


@pytest.mark.parametrize("name", ["page.html", "drawing.svg", "script.js", "no-ending"])
def test_a_document_that_a_browser_would_run_is_only_to_be_saved(out: Stage, name: str) -> None:
    (out.bench.workspace.root / "var/media" / name).write_text("<script>alert(1)</script>", encoding="utf-8")
    reply = out.client.get(f"/media/{name}")
    assert (reply.headers["content-type"], reply.headers["content-disposition"]) == (
        "application/octet-stream",
        "attachment",
    )


@pytest.mark.parametrize(
    "path",
    [
        "/media/../newsletter.db",
        "/media/%2e%2e%2fnewsletter.toml",
        "/media/..%2f..%2fnewsletter.toml",
        "/media/%2e%2e/%2e%2e/newsletter.toml",
        "/media/..%5cnewsletter.toml",
        "/media//etc/passwd",
        "/media/%2fetc%2fpasswd",
        "/media/.hidden",
        "/media/x%00.jpg",
        "/media/" + "x" * 300,
        "/static/../app.py",
        "/static/site.css",
        "/issues/../newsletter.toml",
        "/issues/%2e%2e/",
    ],
)
def test_no_path_leads_out_of_what_was_published(out: Stage, path: str) -> None:
    (out.bench.workspace.root / "var/media/.hidden").write_text("x", encoding="utf-8")
    request = out.client.build_request("GET", "/")
    request.url = request.url.copy_with(raw_path=path.encode())
    assert out.client.send(request).status_code == 404
