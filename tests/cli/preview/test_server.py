"""The preview: pages on loopback that show the issue, or what is wrong with it, and notice changes."""

import http.client
import json
import re
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from conftest import SLUG
from newsletter.cli.base import Face
from newsletter.cli.preview.choice import Choice
from newsletter.cli.preview.server import serve
from newsletter.cli.preview.workbench import Preview
from newsletter.errors import WorkspaceError
from newsletter.workspace import Workspace


@pytest.fixture
def preview(workspace: Workspace) -> Preview:
    return Preview(Face(workspace.root, {}), SLUG, Choice(), "nl")


@pytest.fixture
def address(preview: Preview) -> Iterator[str]:
    with serve(preview, 0, 0) as address:
        yield address


def get(address: str, path: str, host: str | None = None, method: str = "GET") -> tuple[int, dict[str, str], str]:
    parts = urlsplit(address)
    connection = http.client.HTTPConnection(parts.netloc, timeout=20)
    connection.request(method, path, headers={"Host": host} if host else {})
    reply = connection.getresponse()
    text = reply.read().decode("utf-8", "replace")
    connection.close()
    return reply.status, dict(reply.getheaders()), text


@pytest.mark.parametrize("path", ["/", "/?as=x&width=375", "/view.html", "/page.css", "/page.js", "/state"])
def test_nothing_is_kept_by_a_browser_or_runs_but_the_one_script(address: str, path: str) -> None:
    status, headers, page = get(address, path)
    assert status == 200
    assert headers["Cache-Control"] == "no-store"
    assert "unsafe" not in headers["Content-Security-Policy"].partition("script-src")[2].partition(";")[0]
    assert "<script>" not in page
    # What tells of events is no script that runs.
    scripts = page.count("<script") - page.count('<script type="application/ld+json">')
    assert scripts == (1 if path.startswith("/?") or path == "/" else 0)


def test_page_needs_no_style_in_its_elements(address: str) -> None:
    _, headers, page = get(address, "/?client=outlook.windows&view=both")
    assert "style-src 'self'" in headers["Content-Security-Policy"]
    assert "style=" not in page


def test_views_are_light_and_dark_whatever_the_browser_prefers(address: str) -> None:
    light, dark = get(address, "/view.html")[2], get(address, "/view.html?scheme=dark")[2]
    assert "prefers-color-scheme" not in light + dark
    assert "@media not all" in light
    assert "@media all" in dark
    assert "invert(1)" in get(address, "/view.html?scheme=inverted")[2]


def test_blocked_pictures_are_not_even_asked_for(address: str) -> None:
    assert "img-src 'none'" in get(address, "/view.html?images=0")[1]["Content-Security-Policy"]
    assert "img-src 'self'" in get(address, "/view.html")[1]["Content-Security-Policy"]


def test_pictures_come_from_the_issue_and_nothing_else_does(address: str) -> None:
    html = get(address, "/view.html")[2]
    picture = html.partition('src="media/')[2].partition('"')[0]
    status, headers, _ = get(address, f"/media/{picture}")
    assert (status, headers["Content-Type"]) == (200, "image/jpeg")
    assert get(address, "/media/../newsletter.toml")[0] == 404
    assert get(address, "/newsletter.toml")[0] == 404
    assert get(address, "/page.py")[0] == 404


def test_calendar_files_come_with_the_type_that_they_say(address: str) -> None:
    calendar = re.search(r'"(media/\w+\.ics)"', get(address, "/view.html")[2])
    assert calendar
    status, headers, content = get(address, f"/{calendar[1]}")
    assert (status, headers["Content-Type"]) == (200, "text/calendar; method=PUBLISH; charset=utf-8")
    assert content.startswith("BEGIN:VCALENDAR")


def test_change_of_a_file_changes_the_state_and_the_page(address: str, workspace: Workspace) -> None:
    before = json.loads(get(address, "/state")[2])
    issue = workspace.issues / SLUG / "issue.yaml"
    issue.write_text(issue.read_text(encoding="utf-8").replace("Douane", "De douane"), encoding="utf-8")
    assert json.loads(get(address, "/state")[2]) != before
    assert "De douane onderschept" in get(address, "/")[2]


def test_broken_issue_shows_its_problem_and_recovers(address: str, workspace: Workspace) -> None:
    issue = workspace.issues / SLUG / "issue.yaml"
    whole = issue.read_text(encoding="utf-8")
    issue.write_text(whole.replace("layout: news", "layuot: news"), encoding="utf-8")
    status, _, page = get(address, "/")
    assert status == 200
    assert "layuot" in page
    assert "issue.yaml:" in page
    assert get(address, "/view.html")[0] == 404
    issue.write_text(whole, encoding="utf-8")
    assert "layuot" not in get(address, "/")[2]


def test_nothing_but_reading_is_answered(address: str) -> None:
    assert get(address, "/", method="POST")[0] == 501


@pytest.mark.parametrize("host", ["evil.example:80", "evil.example", "", "127.0.0.1.evil.example:1"])
def test_other_host_names_are_turned_away(address: str, host: str) -> None:
    assert get(address, "/", host=host or "x")[0] == 421


def test_port_that_is_taken_is_a_clear_error(address: str, preview: Preview) -> None:
    port = urlsplit(address).port
    with pytest.raises(WorkspaceError, match="cannot be used"), serve(preview, port, 0):
        pass
