"""What holds for every page: what browsers may do with it, who is believed about who asks, and what the log says."""

import logging
from typing import Any

import pytest

from newsletter.errors import StoreError, WebhookRefused
from newsletter.providers.base.feedback import WebhookRequest
from newsletter.web import hooks
from newsletter.web.access import address_of
from support.dispatching import Bench
from support.public_site import ADDRESS, Stage, staged

PERSONAL = ("unsubscribe", "preferences")


@pytest.mark.parametrize("path", ["/", "/join", "/link", "/archive/", "/nothing", "/health", "/robots.txt", "/media/x"])
def test_every_answer_carries_what_keeps_browsers_safe(stage: Stage, path: str) -> None:
    headers = stage.client.get(path).headers
    assert headers["content-security-policy"].startswith("default-src 'none'")
    assert "unsafe" not in headers["content-security-policy"]
    assert "script-src" not in headers["content-security-policy"]
    assert (headers["x-content-type-options"], headers["referrer-policy"]) == ("nosniff", "no-referrer")
    assert headers["strict-transport-security"] == "max-age=31536000"
    assert "set-cookie" not in headers
    assert "server" not in headers


def test_pages_hold_no_script_and_no_style_of_their_own(stage: Stage) -> None:
    stage.send()
    for path in ("/", "/join", "/archive/", stage.link("jan", "preferences"), stage.link("jan", "unsubscribe")):
        html = stage.client.get(path).text
        for never in ("<script", "<style", " style=", " onclick", "javascript:"):
            assert never not in html


@pytest.mark.parametrize("kind", PERSONAL)
def test_pages_of_readers_are_kept_by_nobody_and_are_not_for_robots(stage: Stage, kind: str) -> None:
    reply = stage.client.get(stage.link("jan", kind))
    assert reply.headers["cache-control"] == "no-store"
    assert '<meta name="robots" content="noindex, nofollow">' in reply.text
    assert f"Disallow: /{stage.link('jan', kind).split('/')[1]}/" in stage.client.get("/robots.txt").text


@pytest.mark.parametrize(
    ("client", "named", "expected"),
    [
        ("203.0.113.9", "198.51.100.1", "203.0.113.9"),
        ("10.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "1.1.1.1, 198.51.100.1, 10.0.0.2", "198.51.100.1"),
        ("10.0.0.1", "198.51.100.1, nonsense", "10.0.0.1"),
        ("10.0.0.1", "10.0.0.2", "10.0.0.2"),
        ("::ffff:10.0.0.1", "2001:db8::1", "2001:db8::1"),
        ("10.0.0.1", "", "10.0.0.1"),
    ],
)
def test_only_a_proxy_of_ours_is_believed_about_who_asks(client: str, named: str, expected: str) -> None:
    from ipaddress import ip_network

    scope = {"type": "http", "client": (client, 1), "headers": [(b"x-forwarded-for", named.encode())]}
    assert address_of(scope, [ip_network("10.0.0.0/8")]) == expected


def test_a_site_below_a_path_is_served_with_and_without_it(bench: Bench) -> None:
    settings = bench.workspace.settings_file
    text = settings.read_text(encoding="utf-8")
    settings.write_text(text.replace(f'"{ADDRESS}/"', f'"{ADDRESS}/nieuws/"'), encoding="utf-8")
    with staged(bench, ("jan",)) as stage:
        for path in ("/", "/nieuws/", "/join", "/nieuws/join", "/nieuws/archive/"):
            reply = stage.client.get(path)
            assert reply.status_code == 200
            assert 'href="/nieuws/join"' in reply.text
        assert stage.client.get("/nieuws/archive").headers["location"] == "/nieuws/archive/"
        style = stage.client.get("/").text.partition('rel="stylesheet" href="')[2].partition('"')[0]
        assert stage.client.get(style).headers["content-type"].startswith("text/css")


@pytest.mark.parametrize("path", ["/archive", "//evil.test/archive", "/issues/x", "/issues/%2f%2fevil.test", "/join/"])
def test_what_leads_on_leads_to_no_other_site(stage: Stage, path: str) -> None:
    request = stage.client.build_request("GET", "/", headers={"host": "evil.test"})
    request.url = request.url.copy_with(raw_path=path.encode())
    location = stage.client.send(request).headers.get("location", "/")
    assert location.startswith("/")
    assert not location.startswith("//")


def test_the_name_that_a_request_gives_the_site_stands_nowhere(stage: Stage) -> None:
    for path in ("/", "/archive/", "/archive/feed.atom", "/join"):
        assert "evil.test" not in stage.client.get(path, headers={"host": "evil.test"}).text


@pytest.mark.parametrize("value", ["x\r\nSet-Cookie: a=b", "nl\r\n\r\n<script>", "nl;q=" + "9" * 2000, ",,,;q=;", "é"])
def test_what_stands_in_a_header_or_a_query_reaches_no_header(stage: Stage, value: str) -> None:
    reply = stage.client.get(
        "/join", params={"language": value}, headers={"accept-language": value.encode()[:20].strip()}
    )
    assert reply.status_code == 200
    assert "set-cookie" not in reply.headers
    assert reply.headers["content-language"] in ("nl", "en")


@pytest.mark.parametrize(
    ("asked", "accepted", "language"),
    [
        ("", "", "nl"),
        ("", "en-GB,nl;q=0.5", "en"),
        ("", "fr, nl;q=0.3, en;q=0.9", "en"),
        ("", "de", "nl"),
        ("?language=en", "nl", "en"),
        ("?language=xx", "en", "en"),
    ],
)
def test_pages_speak_the_language_that_a_reader_wants(stage: Stage, asked: str, accepted: str, language: str) -> None:
    reply = stage.client.get(f"/join{asked}", headers={"accept-language": accepted})
    assert f'<html lang="{language}" dir="ltr">' in reply.text


def test_words_in_another_language_than_the_page_are_marked(stage: Stage) -> None:
    html = stage.client.get("/join?language=en").text
    assert '<span lang="nl">Leden van het netwerk</span>' in html
    assert "<span lang" not in html.partition("list-agenda")[2].partition("</label>")[0]


def test_a_body_that_is_too_large_is_refused(stage: Stage) -> None:
    for path in (stage.link("jan", "unsubscribe"), stage.link("jan", "preferences"), "/join/leden", "/link"):
        assert stage.client.post(path, content=b"x" * 70_000).status_code == 413
        assert stage.client.post(path, data={f"f{number}": "" for number in range(500)}).status_code == 400


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
def test_other_methods_are_refused(stage: Stage, method: str) -> None:
    before = stage.dump()
    assert stage.client.request(method, stage.link("jan", "unsubscribe")).status_code == 405
    assert stage.dump() == before


def test_a_database_that_cannot_be_used_is_said_without_a_traceback(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_given: object) -> Any:
        raise StoreError("the disk is full")

    links = [stage.link("jan", kind) for kind in PERSONAL]
    monkeypatch.setattr(stage.bench.database, "reading", fail)
    monkeypatch.setattr(stage.bench.database, "writing", fail)
    replies = [
        stage.client.get(links[1]),
        stage.client.post(links[0], data={"List-Unsubscribe": "One-Click"}),
        stage.client.get("/archive/"),
    ]
    for reply in replies:
        assert (reply.status_code, reply.headers["retry-after"]) == (503, "30")
        assert "disk" not in reply.text
    assert stage.client.get("/health").status_code == 503


def test_the_log_names_kinds_of_pages_and_nothing_of_a_reader(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    token = stage.link("jan", "preferences").split("/")[2]
    with caplog.at_level(logging.INFO, "newsletter"):
        stage.client.get(f"/preferences/{token}?x=geheim", headers={"user-agent": "jan@example.org"})
        stage.client.post("/link", data={"email": "jan@example.org"})
        stage.client.get(f"/nothing/{token}")
    told = [(record.getMessage(), record.notice.fields) for record in caplog.records if hasattr(record, "notice")]
    assert [message for message, _ in told] == [
        "GET /preferences/{token}: 200",
        "POST /link: 200",
        "GET none: 404",
    ]
    for never in (token, "jan", "geheim", "testclient"):
        assert never not in str(told)


def test_a_report_of_a_provider_is_taken_as_it_came_and_only_once_it_has_proved_itself(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    headers = {"X-Signature": "s", "origin": "https://provider.test", "sec-fetch-site": "cross-site"}
    assert stage.client.post("/hooks/postmark", content=b"forged", headers=headers).status_code in (403, 503)
    taken: list[tuple[str, WebhookRequest]] = []

    def take(_there: object, name: str, request: WebhookRequest) -> None:
        if request.body == b"forged":
            raise WebhookRefused("the signature is not right")
        if request.body == b"busy":
            raise StoreError("the database is locked")
        taken.append((name, request))

    monkeypatch.setattr(hooks, "take_webhook", take)
    assert stage.client.post("/hooks/postmark", content=b'{"a": 1}\n\x00', headers=headers).status_code == 200
    assert stage.client.post("/hooks/postmark", content=b"forged").status_code == 403
    assert stage.client.post("/hooks/postmark", content=b"busy").status_code == 503
    assert stage.client.post("/hooks/postmark", content=b"x" * (1_048_576 + 1)).status_code == 413
    assert stage.client.get("/hooks/postmark").status_code == 405
    ((name, request),) = taken
    assert (name, request.body, request.headers["x-signature"]) == ("postmark", b'{"a": 1}\n\x00', "s")
    assert request.at == stage.bench.clock()


@pytest.mark.parametrize("provider", ["nobody", "outbox", "base", "..%2fbase"])
def test_only_a_provider_that_reports_by_webhook_is_listened_to(stage: Stage, provider: str) -> None:
    assert stage.client.post(f"/hooks/{provider}", content=b"x").status_code == 404
