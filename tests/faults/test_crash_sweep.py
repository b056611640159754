"""A worker is killed at each of its commits, writes and replaced files: every invariant holds then, and at rest.

Here at a part of these points, evenly spread; `python -m benchmarks sweep` goes through all of them.
"""

import json
from collections import Counter

import pytest

from support.forking import forking
from support.killing import MOMENTS
from support.postgresql import Cluster

STRIDE = 11


def sweep(url: str, workers: int) -> list[dict[str, object]]:
    """Sweep in a process of its own, and give what each run has shown."""
    told = forking("crash_sweep", url, str(workers), str(STRIDE))
    return [json.loads(line) for line in told.splitlines()]


def judge(runs: list[dict[str, object]], kills: int) -> None:
    """Hold that no invariant was broken in any run, and that there were so many kills, at points of every kind."""
    failed = [(run["point"], run["after_kill"], run["at_rest"]) for run in runs if run["after_kill"] or run["at_rest"]]
    assert not failed
    hit = Counter(str(run["point"]).rpartition(" ")[0] for run in runs if run["hit"])
    assert set(hit) == {f"{moment} {place}" for place, moments in MOMENTS.items() for moment in moments}
    assert hit.total() >= kills


def test_every_invariant_holds_wherever_the_one_worker_of_sqlite_is_killed() -> None:
    judge(sweep("", 1), kills=10)


@pytest.mark.parametrize("workers", [1, 2])
def test_every_invariant_holds_wherever_a_worker_of_postgresql_is_killed(cluster: Cluster, workers: int) -> None:
    judge(sweep(cluster.new_database(), workers), kills=8)
