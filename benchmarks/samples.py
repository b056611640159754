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
WORDS = "De samenwerking in de keten vraagt om heldere afspraken, korte lijnen en aandacht voor wie het aangaat. "


@contextmanager
def workspace(items: int = 20, lead: int = 1) -> Iterator[Workspace]:
    """Make a workspace with the example issue and a large one of so many items, each with a lead so many times over."""
    with tempfile.TemporaryDirectory() as folder:
        begin(Path(folder) / "workspace", {})
        made = Workspace(Path(folder) / "workspace")
        issue = made.issues / LARGE
        issue.mkdir()
        files = []
        for number in range(items):
            name = f"item-{number}.md"
            (issue / name).write_text(
                f"---\nkind: article\ntitle: Bericht nummer {number} over samenwerken\nlead: >-\n  {WORDS * lead}\n"
                f"byline:\n  - name: Redactie\nurl: https://nieuwsbrief.example.org/{number}/\n---\n\n{WORDS * 3}\n",
                encoding="utf-8",
            )
            condition = "subscriber.region == 'Noord'" if number % 5 == 0 else ""
            files.append(f"      - file: {name}\n" + (f'        visible_to: "{condition}"\n' if condition else ""))
        (issue / "issue.yaml").write_text(
            'subject: "{{ subscriber.first_name }}, het nieuws"\ndate: 2024-02-20\ntemplate: bulletin\n'
            'intro: "Dag {{ subscriber.first_name }}."\n'
            f"sections:\n  - title: Nieuws\n    layout: news\n    items:\n{''.join(files)}",
            encoding="utf-8",
        )
        yield made


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
