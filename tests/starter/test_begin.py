"""A new workspace has a word list in its language, which the check of terms reads."""

from dataclasses import replace
from pathlib import Path

import pytest

from newsletter.manuscript import read_terms
from newsletter.preflight.base import Severity, run
from newsletter.starter import begin
from newsletter.workspace import Workspace
from support.checking import Desk


@pytest.mark.parametrize(
    ("language", "written", "found"),
    [
        ("nl", "Ons veiligheids huis stuurt een Email.", ["veiligheidshuis", "E-mail"]),
        ("en", "Our web site and an e-mail of the Zorg en Veiligheidshuis.", ["website", "email", "Zorg- en"]),
    ],
)
def test_shipped_word_list_finds_what_it_names(
    tmp_path: Path, workspace: Workspace, language: str, written: str, found: list[str]
) -> None:
    begin(tmp_path / "new", {"language": language})
    terms = read_terms(Workspace(tmp_path / "new"))
    desk = Desk(workspace)
    before = desk.context()
    article = next(iter(before.entries())).file
    path = desk.folder / article
    desk.write(article, f"{path.read_text(encoding='utf-8')}\n{written}\n")
    context = replace(desk.context(), terms=terms)
    messages = [one.finding.message for one in run(["terms"], context, {"terms": Severity.ERROR}).reported]
    assert [any(words in message for message in messages) for words in found] == [True] * len(found)
    assert all(str(one.finding.place.file).endswith(article) for one in run(["terms"], context, {}).reported)


def test_word_list_says_how_it_is_used_in_its_own_language(tmp_path: Path) -> None:
    for language, words in (("nl", "Maak er uw eigen lijst van"), ("en", "Make it a list of your own")):
        begin(tmp_path / language, {"language": language})
        assert words in (tmp_path / language / "terms.yaml").read_text(encoding="utf-8")
