"""Following links when an issue is checked, and saying so when that cannot be."""

from cli.conftest import Call
from conftest import SLUG
from newsletter.workspace import Workspace

ONLINE = {"NEWSLETTER_PREFLIGHT__NETWORK": "true"}


def test_links_are_not_followed_offline_and_one_line_says_so(call: Call, workspace: Workspace) -> None:
    result = call("check", SLUG, "--offline", environ=ONLINE)
    assert result.stderr.splitlines() == ["De links zijn niet gevolgd, zoals u het wilt."]
    assert not (workspace.state / "cache" / "links").exists()


def test_links_are_not_followed_where_the_settings_say_so(call: Call, workspace: Workspace) -> None:
    result = call("check", SLUG, environ={"NEWSLETTER_PREFLIGHT__NETWORK": "false"})
    assert "zoals u het wilt" in result.stderr


def test_where_nothing_at_all_answers_no_link_is_blamed(call: Call) -> None:
    """The hosts of the example do not exist: that looks as a machine without network does."""
    assert "er is geen netwerk" in call("check", SLUG, environ=ONLINE).stderr


def test_link_into_our_own_network_is_refused_and_stops_the_issue(call: Call, workspace: Workspace) -> None:
    path = workspace.issues / SLUG / "issue.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace('intro: ""', "intro: Zie [hier](http://127.0.0.1:9/)."), encoding="utf-8")
    result = call("check", SLUG, code=11, environ=ONLINE)
    assert "staging-link" in result.stdout
    assert "er is geen netwerk" not in result.stderr


def test_words_around_the_findings_are_in_the_language_of_the_workspace(call: Call, workspace: Workspace) -> None:
    text = workspace.settings_file.read_text(encoding="utf-8").replace('language = "nl"', 'language = "en"')
    workspace.settings_file.write_text(text, encoding="utf-8")
    assert "Links were not followed: as you wish." in call("check", SLUG, "--offline").stderr
