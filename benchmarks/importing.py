"""How long it takes to import a spreadsheet's worth of people and to import it again, and how much memory that holds.

By default 100,000 people; `python -m benchmarks import-million` takes a million. Everything that an import writes is
written: people, subscriptions, the ledger of consent, and what is needed to undo it; on databases that are on disk.
"""

import multiprocessing
import random
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from benchmarks.databases import ABSENT, databases, opened
from benchmarks.figures import Figure, at_most, missing
from benchmarks.waiting import sender

FEW: Final = 100_000
MANY: Final = 1_000_000
SECONDS: Final = 60.0
MEMORY: Final = 300.0
_NAMES: Final = ("Piet", "Zoë", "Jan", "Anna", "Willem", "Fatima", "Noor", "Bram", "Sanne", "Tijn")
_DOMAINS: Final = ("gmail.com", "kpnmail.nl", "ziggo.nl", "example.org", "outlook.com", "gemeente.example.org")


def run() -> Iterator[Figure]:
    """Import some people on each database, in a process of its own."""
    yield from _run(FEW)


def run_many() -> Iterator[Figure]:
    """Import a million."""
    yield from _run(MANY)


def _run(count: int) -> Iterator[Figure]:
    with tempfile.TemporaryDirectory() as folder, databases() as kinds:
        file = Path(folder) / "people.csv"
        _write_people(file, count)
        for kind, new in kinds.items():
            if new is None:
                yield missing(kind, ABSENT)
                continue
            with multiprocessing.get_context("spawn").Pool(1) as pool:
                first, again, longest, peak = pool.apply(measure, (str(file), new()))
            bar = at_most(first, SECONDS, "s") if count == MANY else None
            yield Figure(f"{kind}: {count:,} rows", f"{first:.1f} s", f"{count / first:,.0f} rows/s", bar=bar)
            bar = at_most(again, SECONDS, "s") if count == MANY else None
            yield Figure(f"{kind}: the same again", f"{again:.1f} s", f"{count / again:,.0f} rows/s", bar=bar)
            yield Figure(f"{kind}: longest that a sender waits meanwhile", f"{longest:.2f} s")
            yield Figure(f"{kind}: peak of memory", f"{peak:.0f} MB", bar=at_most(peak, MEMORY, "MB"))


def measure(file: str, where: str) -> tuple[float, float, float, float]:
    """Import a file twice; give both times and the longest that a sender waits, in seconds, and the memory in MB."""
    import gc

    from benchmarks.memory import peak_now
    from benchmarks.samples import workspace
    from newsletter.__main__ import OBJECTS_PER_COLLECTION
    from newsletter.clock import now
    from newsletter.subscribers import (
        Target,
        find_parts,
        import_people,
        map_parts,
        read_definitions,
        read_parts,
        synchronise_attributes,
    )
    from newsletter.tokens import Signer

    gc.set_threshold(OBJECTS_PER_COLLECTION)  # as every command does

    with workspace() as made, opened(where, made.root) as database:
        definitions = read_definitions(made)
        synchronise_attributes(database, definitions)
        hashes = Signer.of((b"a secret of thirty-two characters",)).address_hashes
        taken = []
        with sender(where, made.root) as waited:
            for _ in range(2):
                start = time.perf_counter()
                parts = map_parts(find_parts(Path(file)), {}, definitions)
                target = Target("leden", "benchmark", now(), definitions, hashes, "opt-in", "benchmark")
                rows = read_parts(parts, definitions, target.now)
                result = import_people(database, rows, target, fields=parts[0].columns.kept)
                taken.append(time.perf_counter() - start)
        assert result.written == 0, result.counts
        return taken[0], taken[1], waited.longest, peak_now()


def _write_people(file: Path, count: int) -> None:
    chance = random.Random(1)
    with file.open("w", encoding="utf-8") as people:
        people.write("E-mailadres;Voornaam;Achternaam;Regio;Lid sinds;Taal\n")
        for number in range(count):
            name, domain = chance.choice(_NAMES), chance.choice(_DOMAINS)
            region = chance.choice(("Noord", "Zuid", "Oost", ""))
            day = f"{chance.randint(1, 28)}-{chance.randint(1, 12)}-{chance.randint(2010, 2023)}"
            address = f"{chance.getrandbits(32):08x}.{number}@{domain}"
            people.write(f"{address};{name};de Vries {number % 5000};{region};{day};nl\n")
