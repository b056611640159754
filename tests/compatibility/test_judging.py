"""Clients are held to what the data says of them, and only where they come."""

import pytest

from newsletter.compatibility import Level, Verdict, chosen_clients, clients, judge, read_uses
from newsletter.errors import SettingsError


def verdicts(text: str, *names: str) -> list[Verdict]:
    return list(judge(read_uses(text, "templates/eigen/issue.mjml.j2"), chosen_clients(names)))


def told(text: str, *names: str) -> dict[tuple[str, Level], str]:
    return {(one.feature.slug, one.level): one.told for one in verdicts(text, *names)}


def test_each_level_names_its_clients_with_their_versions() -> None:
    found = told("<p style='box-shadow:0 0 1px #000'>", "outlook.windows", "apple-mail")
    assert found["css-box-shadow", Level.NO] == "Outlook, Windows (2019)"


def test_partial_support_is_told_in_the_words_of_the_data() -> None:
    found = told("<mj-style>a:hover { color: red }</mj-style>", "gmail.android", "apple-mail.ios")
    assert (
        "Gmail, Android (2019-10): “Partial. Not supported with non Google accounts”"
        in (found["css-pseudo-class-hover", Level.PARTLY])
    )


@pytest.mark.parametrize(
    ("text", "slug"),
    [
        ("<!--[if !mso]><!--><p style='opacity:.5'>a</p><!--<![endif]-->", "css-opacity"),
        ("<mj-style>@media (max-width: 400px) { .a { opacity: .5 } }</mj-style>", "css-opacity"),
    ],
)
def test_client_is_not_held_to_what_it_does_not_come_to(text: str, slug: str) -> None:
    assert (slug, Level.NO) not in told(text, "outlook.windows")
    assert (slug, Level.NO) in told("<p style='opacity:.5'>a</p>", "outlook.windows")


def test_nothing_is_said_of_clients_that_were_not_tested() -> None:
    assert verdicts("<p style='border-radius:4px'>a</p>", "rainloop.desktop-webmail") == []


@pytest.mark.parametrize(
    ("text", "lost"),
    [
        ("<video src=a></video>", True),
        ("<video src=a><a href=b>Bekijk de film</a></video>", False),
        ("<form action=a><input type=text></form>", True),
        ("<p style='opacity:.5'>a</p>", False),
    ],
)
def test_content_is_lost_with_elements_that_are_what_they_show(text: str, lost: bool) -> None:
    assert any(one.loses_content for one in verdicts(text, "outlook", "gmail")) is lost


def test_same_feature_is_told_once_with_its_number() -> None:
    (found,) = [
        one
        for one in verdicts("<p style='opacity:1'>a</p><p style='opacity:.5'>b</p>", "outlook.windows")
        if one.feature.slug == "css-opacity"
    ]
    assert (found.subject, [use.place.column for use in found.uses]) == ("opacity (2×)", [11, 37])


def test_families_stand_for_all_their_clients_and_wrong_names_are_refused() -> None:
    assert {one.name for one in chosen_clients(["gmail"])} == {name for name in clients() if name.startswith("gmail.")}
    with pytest.raises(SettingsError, match=r"preflight\.clients: there is no mail client 'outlok\.windows'.*outlook"):
        chosen_clients(["outlok.windows"])
