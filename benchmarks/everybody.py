"""How long it takes to merge an issue of twenty items for everybody before it is sent, and how memory grows."""

import multiprocessing
import time
from collections.abc import Iterator

from benchmarks.figures import Figure, at_most
from benchmarks.memory import forget_peak, peak_now
from benchmarks.peopling import SECRET, people
from benchmarks.samples import DATE, LARGE, workspace

SIZES = (10_000, 100_000)
LIMIT = 25.0


def run() -> Iterator[Figure]:
    """Measure both; each size in a process of its own."""
    peaks = []
    for count in SIZES:
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            taken, peak, readers = pool.apply(measure, (count,))
        peaks.append(peak)
        bar = at_most(taken, LIMIT, "s") if readers == SIZES[-1] else None
        yield Figure(f"{readers:,} readers", f"{taken:.1f} s", f"{readers / taken:,.0f}/s, {peak:.0f} MB", bar=bar)
    yield Figure("growth of memory", f"{peaks[-1] - peaks[0]:+.0f} MB")


def measure(count: int) -> tuple[float, float, int]:
    """Import so many people and merge the large issue for all of them, on one core."""
    from newsletter.audience import Selection
    from newsletter.dispatch import make_letterhead, prepare_issue, reader_links, survey_everybody
    from newsletter.settings import load
    from newsletter.store import open_database
    from newsletter.subscribers import read_definitions
    from newsletter.tokens import Signer

    with workspace() as made:
        people(made, count, ("Noord", "Zuid", ""))
        definitions, settings = read_definitions(made), load(made, {})
        database = open_database("sqlite:///var/newsletter.db", made.root)
        forget_peak()
        start = time.process_time()
        prepared = prepare_issue(made, settings, definitions, LARGE, "leden")
        report = survey_everybody(
            database,
            prepared,
            make_letterhead(prepared, settings, DATE),
            Selection("leden"),
            definitions,
            reader_links(Signer.of((SECRET,)), settings.public_url, "leden", LARGE),
        )
        taken = time.process_time() - start
        database.close()
        return taken, peak_now(), report.readers
