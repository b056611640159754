"""Checks of the content stand anything that people write, and take a time that grows with the text and no faster."""

import json
import re
import time
from pathlib import Path

import pytest

from newsletter.manuscript import masking
from newsletter.preflight import abbreviation, base, link_text, placeholder, quote_speaker, subject, weekday
from newsletter.workspace import Workspace
from support.checking import Desk

MODULES = (masking, abbreviation, link_text, placeholder, quote_speaker, subject, weekday)
PATTERNS = {
    f"{module.__name__.rpartition('.')[2]}{name}": pattern
    for module in MODULES
    for name, pattern in vars(module).items()
    if isinstance(pattern, re.Pattern)
}
UNITS = (
    "(",
    "[",
    "[a](",
    "`",
    "`a ",
    "```\n",
    "{{",
    "{% ",
    "<",
    "a@",
    "a.b-",
    "b.",
    " ",
    "en 2 ",
    "maandag 1, ",
    "ma 1,",
)
UNITS += (
    "> a\n",
    "ABC (",
    "\n",
    "[a]: b\n",
    "a",
    "[\\",
    "1,",
    "ABC(a ",
    "!",
    "|",
    "~~~",
    "www.",
    "https://a(",
    "1 mei ",
)
LENGTH = 20_000


@pytest.mark.parametrize("name", PATTERNS)
def test_no_pattern_takes_long_over_a_text_that_repeats_itself(name: str) -> None:
    for unit in UNITS:
        text = unit * (LENGTH // len(unit))
        start = time.process_time()
        assert sum(len(found[0]) for found in PATTERNS[name].finditer(text)) <= len(text)
        assert time.process_time() - start < 0.5, unit


@pytest.mark.corpora
def test_naughty_strings_go_through_all_checks(workspace: Workspace, corpora: Path) -> None:
    naughty = json.loads((corpora / "blns/blns.json").read_text(encoding="utf-8"))
    usable = [
        text for text in naughty if text.strip() and re.fullmatch(r"[^\x00-\x1f\x7f-\x9f\ufeff\ufffe\uffff]+", text)
    ]
    assert len(usable) > 400
    desk = Desk(workspace)
    for number in range(0, len(usable), 25):
        name = f"naughty-{number}.md"
        some = usable[number : number + 25]
        title, lead = (json.dumps(text, ensure_ascii=False) for text in (some[0], " ".join(some)))
        body = "\n\n".join(some)
        desk.write(name, f"---\nkind: article\ntitle: {title}\nlead: {lead}\n---\n{body}\n")
        desk.replace("issue.yaml", "  - title: Agenda", f"      - {name}\n\n  - title: Agenda")
    context = desk.context()
    report = base.run(base.names(), context, {})
    assert {one.check for one in report.reported} >= {"byline", "long-lead"}
    for one in report.reported:
        assert one.finding.place.file
        assert one.finding.message
