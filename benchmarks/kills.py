"""What kills cost: workers are killed 200 times at random instants, and nobody may be missed or mailed twice.

`sweep` kills them at each of their commits, writes and replaced files, one run for each. Either ends with an error when
a promise does not hold.
"""

import json
import statistics
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from benchmarks.databases import ABSENT, SQLITE, New, databases
from benchmarks.figures import Figure, at_most, missing

READERS: Final = 20_000
KILLS: Final = 200
SEED: Final = 20_260_101
ORDEALS: Final[Sequence[tuple[str, Mapping[str, Any]]]] = (
    ("SQLite", {"workers": 1, "late": 3, "looks": 20}),
    ("SQLite", {"workers": 1, "late": 3, "looks": 20, "on_uncertain": "resend"}),
    ("PostgreSQL", {"workers": 1, "late": 3, "looks": 20}),
    ("PostgreSQL", {"workers": 3, "late": 80, "looks": 20}),
)
SWEEPS: Final = (("SQLite", 1), ("PostgreSQL", 1), ("PostgreSQL", 2))
LONGEST: Final = 3_600.0


def run() -> Iterator[Figure]:
    """Kill workers at random, on each database; a sink logs each message."""
    with databases() as kinds:
        for kind, more in ORDEALS:
            what = f"{kind}, {_workers(more['workers'])}{', resending' if 'on_uncertain' in more else ''}"
            new = kinds[kind]
            if new is None:
                yield missing(what, ABSENT)
            else:
                yield from _figures(what, _undergo(_url(new), more))


def sweep() -> Iterator[Figure]:
    """Kill workers wherever it could matter, on each database."""
    with databases() as kinds:
        for kind, workers in SWEEPS:
            new = kinds[kind]
            what = f"{kind}, {_workers(workers)}"
            if new is None:
                yield missing(what, ABSENT)
            else:
                yield from _sweep(what, _url(new), workers)


def _undergo(url: str, more: Mapping[str, Any]) -> Mapping[str, Any]:
    from support.forking import forking

    asked = {"readers": READERS, "kills": KILLS, "seed": SEED, **more}
    found: Mapping[str, Any] = json.loads(forking("repeated_kills", url, json.dumps(asked), seconds=LONGEST))
    assert not found["broken"], found["broken"]
    assert found["kills"] == KILLS, f"the dispatch was over after {found['kills']} kills"
    assert sum(found["states"].values()) == READERS, found["states"]
    assert found["twice"] <= found["resent"], found
    return found


def _figures(what: str, found: Mapping[str, Any]) -> Iterator[Figure]:
    """Tell what it cost. That nobody was missed, and that the receipt equals the sink's log, is ascertained already."""
    in_doubt, under_way = found["in_doubt"], found["in_flight"]
    hit = sum(count > 0 for count in in_doubt)
    yield Figure(f"{what}, kills", f"{found['kills']}", f"readers, {READERS:,}, in {found['seconds']:.0f} s")
    yield Figure(f"{what}, kills that left some in doubt", f"{hit}", f"messages in doubt, {sum(in_doubt)}")
    most = max(in_doubt)
    bar = at_most(most, under_way, "under way")
    yield Figure(f"{what}, most in doubt after one kill", f"{most}", bar=bar)
    again = at_most(found["twice"], found["resent"], "resent")
    yield Figure(f"{what}, mailed twice", f"{found['twice']}", bar=again)


def _sweep(what: str, url: str, workers: int) -> Iterator[Figure]:
    from support.forking import forking

    lines = forking("crash_sweep", url, str(workers), "1", seconds=LONGEST).splitlines()
    runs = [json.loads(line) for line in lines]
    broken = [run for run in runs if run["after_kill"] or run["at_rest"]]
    assert not broken, broken
    hit = Counter(run["point"].rpartition(" ")[0] for run in runs if run["hit"])
    points = ", ".join(f"{count} {kinds}" for kinds, count in hit.items())
    uncertain = statistics.mean(run["uncertain"] for run in runs if run["hit"])
    yield Figure(f"{what}, killed once each at so many points", f"{hit.total()}", points)
    yield Figure(f"{what}, uncertain after a kill", f"{uncertain:.2f}", "every invariant held, then and at rest")


def _url(new: New) -> str:
    """Make a fresh database; the modules that fork know SQLite by an empty URL."""
    where = new()
    return "" if where == SQLITE else where


def _workers(count: int) -> str:
    return f"{count} worker{'s' if count > 1 else ''}"
