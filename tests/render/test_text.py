"""The text part: written from the issue itself, short lines, whole links, and blocks for some readers."""

import re

import pytest

from conftest import SLUG
from newsletter.subscribers import Definitions
from newsletter.workspace import Workspace
from support.example import compile_example, parse


def text_for(workspace: Workspace, definitions: Definitions, **values: object) -> str:
    body = parse(compile_example(workspace, definitions, SLUG).message(**values)).get_body(("plain",))
    assert body is not None
    text: str = body.get_content()
    return text.replace("\r\n", "\n")


def test_lines_are_short_unless_a_link_stands_in_them(workspace: Workspace, definitions: Definitions) -> None:
    for line in text_for(workspace, definitions).split("\n"):
        assert len(line) <= 72 or "<https://" in line


def test_blocks_come_and_go_with_their_blank_lines(workspace: Workspace, definitions: Definitions) -> None:
    everything = text_for(workspace, definitions, region="Noord", topics=frozenset({"jeugd"}))
    little = text_for(workspace, definitions, region="Zuid", topics=frozenset())
    assert "Regiobijeenkomst Noord" in everything
    assert "Jongeren praten mee" in everything
    assert "Regiobijeenkomst Noord" not in little
    assert "Jongeren praten mee" not in little
    assert not re.search(r"\n{4,}", everything)
    assert not re.search(r"\n{4,}", little)


@pytest.mark.parametrize(
    "expected",
    [
        "[Vol] Intervisie procesregisseurs",
        "[Verplaatst] Leergang",
        "\nNieuwe datum, was 2 april\n",
        "donderdag 7 maart 2024, 9.30–16.30 uur",
        "‘Zo raken we de criminelen waar het pijn doet.’",
        "— Aukje de Vries, staatssecretaris van Toeslagen en Douane",
        "Aanmelden t/m 1 maart: <https://",
        "Zet in agenda: <https://nieuwsbrief.example.org/media/",
        "Meerdere data tegelijk: <https://nieuwsbrief.example.org/media/",
        "Rapport · Landelijk overleg (voorbeeld) · 48 pagina’s",
        "nieuwsbrief 12 · dinsdag 20 februari 2024",
        "Het Veiligheidshuis, Voorbeeldstraat 1, 3500 AA Utrecht",
    ],
)
def test_everything_that_matters_is_said(workspace: Workspace, definitions: Definitions, expected: str) -> None:
    assert expected in text_for(workspace, definitions)


def test_day_to_register_until_is_said_without_a_link(workspace: Workspace, definitions: Definitions) -> None:
    item = workspace.issues / SLUG / "studiedag-ondermijning.md"
    lines = item.read_text(encoding="utf-8").splitlines(keepends=True)
    item.write_text("".join(line for line in lines if not line.startswith("  url:")), encoding="utf-8")
    assert "\nAanmelden t/m 1 maart\n" in text_for(workspace, definitions)


def test_story_is_written_out_with_headings_lists_and_quotes(workspace: Workspace, definitions: Definitions) -> None:
    issue = workspace.issues / SLUG / "issue.yaml"
    issue.write_text(issue.read_text(encoding="utf-8").replace("layout: lead", "layout: story"), encoding="utf-8")
    item = workspace.issues / SLUG / "douane-onderschept-meer.md"
    lists = "\n\n1. eerst\n2. dan\n   - onder\n\n> gezegd\n> — Iemand, rol\n\n***\n\n    code\n\n[een link](https://a.example/)\n"
    item.write_text(item.read_text(encoding="utf-8") + lists, encoding="utf-8")
    text = text_for(workspace, definitions)
    assert "\nNiet vaker, wel zwaarder\n" in text
    for expected in (
        "1. eerst\n2. dan\n   - onder",
        "    gezegd",
        "* * *",
        "    code",
        "een link <https://a.example/>",
    ):
        assert expected in text


def test_title_of_control_characters_breaks_nothing(workspace: Workspace, definitions: Definitions) -> None:
    file = workspace.issues / SLUG / "issue.yaml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("title: Nieuws\n", 'title: "\\x01\\x07"\n'), encoding="utf-8")
    assert "\x07" not in text_for(workspace, definitions)
