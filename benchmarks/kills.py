"""What kills cost: workers are killed 200 times at random instants, and nobody may be missed or mailed twice.

With `--sweep` they are killed at each of their commits, writes and replaced files, one run for each. Either ends with
an error when a promise does not hold.
"""

import json
import statistics
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

READERS: Final = 20_000
KILLS: Final = 200
SEED: Final = 20_260_101
ORDEALS: Final[Sequence[tuple[str, Mapping[str, Any]]]] = (
    ("sqlite", {"workers": 1, "late": 3, "looks": 20}),
    ("sqlite", {"workers": 1, "late": 3, "looks": 20, "on_uncertain": "resend"}),
    ("postgresql", {"workers": 1, "late": 3, "looks": 20}),
    ("postgresql", {"workers": 3, "late": 80, "looks": 20}),
)
SWEEPS: Final = (("sqlite", 1), ("postgresql", 1), ("postgresql", 2))
COLUMNS: Final = ("database", "workers", "uncertain", "kills", "hit", "doubt", "most", "resent", "twice", "seconds")
LONGEST: Final = 3_600.0


def run() -> None:
    """Print a line for each database and number of workers."""
    sys.path.append(str(Path(__file__).parents[1] / "tests"))
    if "--sweep" in sys.argv:
        _sweep_all()
    else:
        _kill_all()


def _kill_all() -> None:
    print(f"{READERS:,} readers, SIGKILL at {KILLS} random instants, a sink that logs each message")
    print("  ".join(f"{name:>10}" for name in COLUMNS))
    for kind, more in ORDEALS:
        with _database(kind) as url:
            if url is None:
                print(f"{kind:>10}  left out: there is no server here")
                continue
            _print(kind, more, _undergo(url, more))
    print(
        "hit: kills with a message under way; doubt: messages that were; most: after one kill, of those that may be;\n"
        "seconds: all told. Nobody was missed, nobody was mailed twice unless resending was chosen, and the receipt\n"
        "equals what the sink has logged."
    )


def _undergo(url: str, more: Mapping[str, Any]) -> Mapping[str, Any]:
    from support.forking import forking

    asked = {"readers": READERS, "kills": KILLS, "seed": SEED, **more}
    found: Mapping[str, Any] = json.loads(forking("repeated_kills", url, json.dumps(asked), seconds=LONGEST))
    assert not found["broken"], found["broken"]
    assert found["kills"] == KILLS, f"the dispatch was over after {found['kills']} kills"
    assert sum(found["states"].values()) == READERS, found["states"]
    assert found["twice"] <= found["resent"], found
    return found


def _print(kind: str, more: Mapping[str, Any], found: Mapping[str, Any]) -> None:
    in_doubt = found["in_doubt"]
    cells = (
        kind,
        more["workers"],
        more.get("on_uncertain", "hold"),
        found["kills"],
        sum(count > 0 for count in in_doubt),
        sum(in_doubt),
        f"{max(in_doubt)} of {found['in_flight']}",
        found["resent"],
        found["twice"],
        f"{found['seconds']:.0f}",
    )
    print("  ".join(f"{cell:>10}" for cell in cells))


def _sweep_all() -> None:
    for kind, workers in SWEEPS:
        with _database(kind) as url:
            if url is None:
                print(f"{kind}: left out, there is no server here")
                continue
            _sweep(kind, url, workers)


def _sweep(kind: str, url: str, workers: int) -> None:
    from support.forking import forking

    began = time.monotonic()
    lines = forking("crash_sweep", url, str(workers), "1", seconds=LONGEST).splitlines()
    runs = [json.loads(line) for line in lines]
    broken = [run for run in runs if run["after_kill"] or run["at_rest"]]
    assert not broken, broken
    hit = Counter(run["point"].rpartition(" ")[0] for run in runs if run["hit"])
    points = ", ".join(f"{count} {kinds}" for kinds, count in hit.items())
    uncertain = statistics.mean(run["uncertain"] for run in runs if run["hit"])
    print(
        f"{kind}, workers {workers}: killed at {hit.total()} points ({points}), every invariant held after each kill "
        f"and at rest; {uncertain:.2f} uncertain a kill; {time.monotonic() - began:.0f} s"
    )


@contextmanager
def _database(kind: str) -> Iterator[str | None]:
    """Give the URL of a fresh database, empty for SQLite; None where there is none of that kind."""
    if kind == "sqlite":
        yield ""
        return
    from support.postgresql import Cluster, Unavailable

    try:
        cluster = Cluster.start()
    except Unavailable:
        yield None
        return
    try:
        yield cluster.new_database()
    finally:
        cluster.stop()
