"""The preview: a page on loopback that shows the issue, or what is wrong with it, and notices changes."""

import http.client
import json
import re
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from conftest import SLUG
from newsletter.cli.preview.server import Preview, in_scheme, serve
from newsletter.dispatch import build_issue
from newsletter.errors import WorkspaceError
from newsletter.settings import load
from newsletter.subscribers import example_record, read_definitions
from newsletter.workspace import Workspace


@pytest.fixture
def preview(workspace: Workspace) -> Preview:
    def build() -> object:
        definitions = read_definitions(workspace)
        return build_issue(workspace, load(workspace, {}), definitions, SLUG, None, example_record(definitions))

    return Preview(build, workspace, SLUG, None, "nl")  # type: ignore[arg-type]


@pytest.fixture
def address(preview: Preview) -> Iterator[str]:
    with serve(preview, 0, 0) as address:
        yield address


def get(address: str, path: str, host: str | None = None) -> tuple[int, dict[str, str], str]:
    parts = urlsplit(address)
    connection = http.client.HTTPConnection(parts.netloc, timeout=20)
    connection.request("GET", path, headers={"Host": host} if host else {})
    reply = connection.getresponse()
    text = reply.read().decode("utf-8", "replace")
    connection.close()
    return reply.status, dict(reply.getheaders()), text


def test_page_shows_four_views_and_no_script_but_its_own(address: str) -> None:
    status, headers, page = get(address, "/")
    assert status == 200
    assert page.count("<iframe") == 3
    assert "<pre" in page
    assert "Donker" in page
    assert "script-src 'self'" in headers["Content-Security-Policy"]


def test_views_are_light_and_dark_whatever_the_browser_prefers(address: str) -> None:
    light, dark = get(address, "/light.html")[2], get(address, "/dark.html")[2]
    assert "prefers-color-scheme" not in light + dark
    assert "@media not all" in light
    assert "@media all" in dark


def test_pictures_come_from_the_issue_and_nothing_else_does(address: str) -> None:
    html = get(address, "/light.html")[2]
    picture = html.partition('src="media/')[2].partition('"')[0]
    status, headers, _ = get(address, f"/media/{picture}")
    assert (status, headers["Content-Type"]) == (200, "image/jpeg")
    assert get(address, "/media/../newsletter.toml")[0] == 404
    assert get(address, "/newsletter.toml")[0] == 404


def test_calendar_files_come_with_the_type_that_they_say(address: str) -> None:
    calendar = re.search(r"/media/\w+\.ics", get(address, "/")[2])
    assert calendar
    status, headers, content = get(address, calendar[0])
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
    issue.write_text(whole, encoding="utf-8")
    assert "layuot" not in get(address, "/")[2]


def test_other_host_names_are_turned_away(address: str) -> None:
    assert get(address, "/", host="evil.example:80")[0] == 421


def test_port_that_is_taken_is_a_clear_error(address: str, preview: Preview) -> None:
    port = urlsplit(address).port
    with pytest.raises(WorkspaceError, match="cannot be used"), serve(preview, port, 0):
        pass


def test_in_scheme_opens_links_elsewhere() -> None:
    assert '<base target="_blank">' in in_scheme("<html><head></head></html>", dark=False)
