"""What templates weigh: many items stay small, and what each block costs is told."""

import re

import pytest

from conftest import SLUG
from newsletter.dispatch import build_issue, measure_costs, prepare_issue
from newsletter.settings import load
from newsletter.subscribers import Definitions, example_record
from newsletter.workspace import Workspace

_BULLETIN = (("lead", "article", 1), ("news", "article", 9), ("agenda", "event", 6), ("publications", "publication", 4))
_DIGEST = (("lead", "article", 1), ("short", "article", 23), ("dates", "event", 8), ("short", "publication", 8))


@pytest.mark.parametrize(("template", "sections"), [("bulletin", _BULLETIN), ("digest", _DIGEST)])
def test_many_items_stay_far_below_what_mail_programs_clip(
    made: Workspace, people: Definitions, template: str, sections: tuple[tuple[str, str, int], ...]
) -> None:
    html = _many(made, people, template, sections)
    tracked = re.sub(r'href="https?://[^"]*"', f'href="https://links.example.org/{"x" * 172}"', html)
    assert tracked.count("x" * 172) > sum(count for _, _, count in sections)
    assert len(tracked.encode()) <= 60_000


def _many(made: Workspace, people: Definitions, template: str, sections: tuple[tuple[str, str, int], ...]) -> str:
    slug = f"many-{template}"
    folder = made.issues / slug
    folder.mkdir()
    written = []
    for place, (layout, kind, count) in enumerate(sections):
        files = [f"{place}-{kind}-{number}.md" for number in range(count)]
        for number, file in enumerate(files):
            (folder / file).write_text(_ITEM[kind].format(number=number, day=number + 1), encoding="utf-8")
        listed = "".join(f"      - {file}\n" for file in files)
        written.append(f"  - title: Sectie {place}\n    layout: {layout}\n    items:\n{listed}")
    (folder / "issue.yaml").write_text(
        f"subject: Veel\npreheader: Van alles\nnumber: 1\ndate: 2024-02-20\ntemplate: {template}\n"
        f"sections:\n{''.join(written)}",
        encoding="utf-8",
    )
    try:
        return build_issue(made, load(made, {}), people, slug, "leden", example_record(people)).html
    finally:
        for path in folder.iterdir():
            path.unlink()
        folder.rmdir()


_LEAD = "Twee regels zeggen wat er is gebeurd, met wie, en waarom dat ertoe doet voor wie dit leest of doorstuurt."
_ITEM = {
    "article": f"---\nkind: article\ntitle: Een kop van gewone lengte over onderwerp {{number}}\nlead: '{_LEAD}'\n"
    "byline:\n  - name: Frank van Summeren\n    role: adviseur\nurl: https://example.org/berichten/{number}/\n---\n",
    "event": "---\nkind: event\ntitle: Een bijeenkomst met een naam {number}\nstart: 2024-04-{day:02} 09:30\n"
    "end: 2024-04-{day:02} 12:00\ntime_zone: Europe/Amsterdam\nplace: Amersfoort\n"
    "url: https://example.org/agenda/{number}/\nregistration:\n  url: https://example.org/aanmelden/{number}/\n"
    "  deadline: 2024-03-30\n---\n",
    "publication": f"---\nkind: publication\ntitle: Een rapport met een naam {{number}}\nsummary: '{_LEAD}'\n"
    "genre: Rapport\npages: 48\npublisher: Kenniscentrum\nurl: https://example.org/rapport/{number}/\n---\n",
}


def test_costs_of_blocks_are_what_leaving_them_out_saves(made: Workspace, people: Definitions) -> None:
    prepared = prepare_issue(made, load(made, {}), people, SLUG, "leden")
    costs = measure_costs(prepared)
    assert [section.what for section in costs.sections] == ["lead", "Nieuws", "Agenda", "Publicaties"]
    assert all(section.size > 0 for section in costs.sections)
    for section in costs.sections[1:]:
        assert all(0 < item.size < section.size for item in section.items)
        assert sum(item.size for item in section.items) < section.size
    whole = costs.frame + sum(section.size for section in costs.sections)
    actual = sum(len(part.encode()) for part in prepared.compiled.variants[0].html if isinstance(part, str))
    assert abs(whole - actual) < 0.15 * actual
