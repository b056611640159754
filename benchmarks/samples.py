"""What the benchmarks measure with: an issue of many items, and readers."""

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from newsletter.dispatch import PreparedIssue, make_letterhead, make_reader, prepare_issue
from newsletter.message import delivery_key
from newsletter.render import Merger, Reader
from newsletter.settings import Settings, load
from newsletter.starter import begin
from newsletter.subscribers import Definitions, Record, example_record, read_definitions
from newsletter.workspace import Workspace

DATE = datetime(2024, 2, 20, 8, 30, tzinfo=UTC)
SLUG = "2024-02-20-nieuwsbrief-12"
LARGE = "large"
SMALL = "small"
"""An issue whose messages have 5 kB."""
WORDS = "De samenwerking in de keten vraagt om heldere afspraken, korte lijnen en aandacht voor wie het aangaat. "


KINDS = (("lead", "article", 1), ("news", "article", 9), ("agenda", "event", 6), ("publications", "publication", 4))
"""The sections of the large issue: layout, kind of item, and how many of twenty."""


@contextmanager
def workspace(lead: int = 1) -> Iterator[Workspace]:
    """Make a workspace with the example issue, a large one of twenty items of all kinds, and a small one.

    Args:
        lead: How many times over each item says what it is about.
    """
    with tempfile.TemporaryDirectory() as folder:
        begin(Path(folder) / "workspace", {})
        made = Workspace(Path(folder) / "workspace")
        issue = made.issues / LARGE
        issue.mkdir()
        sections: list[str] = []
        for layout, kind, count in KINDS:
            files = []
            for number in range(count):
                name = f"{layout}-{number}.md"
                (issue / name).write_text(_item(kind, number, WORDS * lead), encoding="utf-8")
                condition = "        visible_to: \"subscriber.region == 'Noord'\"\n" if number % 5 == 4 else ""
                files.append(f"      - file: {name}\n{condition}")
            sections.append(f"  - title: {layout.title()}\n    layout: {layout}\n    items:\n{''.join(files)}")
        (issue / "issue.yaml").write_text(
            'subject: "{{ subscriber.first_name }}, het nieuws"\ndate: 2024-02-20\ntemplate: bulletin\n'
            f'intro: "Dag {{{{ subscriber.first_name }}}}."\nsections:\n{"".join(sections)}',
            encoding="utf-8",
        )
        _write_small(made)
        yield made


PLAIN = """\
<mjml>
  <mj-head><mj-title>{{ issue.subject }}</mj-title></mj-head>
  <mj-body><mj-section><mj-column>
    <mj-text>Dag {{ subscriber.first_name }}.</mj-text>
    {% for section in issue.sections %}{% for entry in section.entries -%}
    <mj-text>{{ entry.item.title }}. {{ entry.item.lead }}</mj-text>
    {% endfor %}{% endfor %}
    <mj-text><a href="{{ links.unsubscribe }}">Afmelden</a></mj-text>
  </mj-column></mj-section></mj-body>
</mjml>
"""


def _write_small(made: Workspace) -> None:
    template, issue = made.templates / "plain", made.issues / SMALL
    template.mkdir()
    issue.mkdir()
    (template / "template.toml").write_text(
        'name = "Plain"\ndescription = "Hardly anything."\nlanguages = ["nl"]\nlayouts = ["news"]\n', encoding="utf-8"
    )
    (template / "issue.mjml.j2").write_text(PLAIN, encoding="utf-8")
    (issue / "news-0.md").write_text(_item("article", 0, WORDS), encoding="utf-8")
    (issue / "issue.yaml").write_text(
        'subject: "{{ subscriber.first_name }}, het nieuws"\ndate: 2024-02-20\ntemplate: plain\n'
        "sections:\n  - title: Nieuws\n    layout: news\n    items:\n      - file: news-0.md\n",
        encoding="utf-8",
    )


def _item(kind: str, number: int, words: str) -> str:
    own = {
        "article": f"lead: >-\n  {words}\nbyline:\n  - name: Redactie\n    role: redacteur\n",
        "event": f"lead: >-\n  {words}\nstart: 2024-03-{number + 1:02} 09:30\nend: 2024-03-{number + 1:02} 16:30\n"
        "place: De Observant, Amersfoort\nregistration:\n  url: https://nieuwsbrief.example.org/aanmelden/\n"
        "  deadline: 2024-03-01\n",
        "publication": f"summary: >-\n  {words}\ngenre: Rapport\npages: 48\n",
    }
    return (
        f"---\nkind: {kind}\ntitle: Bericht nummer {number} over samenwerken in de keten\n{own[kind]}"
        f"url: https://nieuwsbrief.example.org/{kind}/{number}/\n---\n\n{WORDS * 3}\n"
    )


def prepare(made: Workspace, slug: str) -> tuple[PreparedIssue, Settings, Definitions]:
    """Read and compile an issue."""
    settings, definitions = load(made, {}), read_definitions(made)
    return prepare_issue(made, settings, definitions, slug, "leden"), settings, definitions


def merger(prepared: PreparedIssue, settings: Settings) -> Merger:
    """Make what merges an issue."""
    return Merger(prepared.compiled, make_letterhead(prepared, settings, DATE))


def readers(count: int, definitions: Definitions) -> list[Reader]:
    """Make up readers, no two the same."""
    example = example_record(definitions)
    base = "https://nieuwsbrief.example.org/"
    made = []
    for number in range(count):
        values = {**example.values, "first_name": f"Lezer {number}", "region": ("Noord", "Zuid")[number % 2]}
        record = Record(number, f"lezer{number}@example.org", values)
        key = delivery_key(b"s" * 32, "benchmark", number)
        links = {"unsubscribe": f"{base}leave/{key}", "preferences": f"{base}preferences/{key}", "web": f"{base}w/"}
        made.append(make_reader(record, key, links))
    return made


def timed(work: Callable[[], object], times: int) -> float:
    """Give the median time of a piece of work, in seconds."""
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)
