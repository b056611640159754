"""Workers are killed at random instants of a dispatch: nobody is missed, nobody is mailed twice, doubt is bounded.

`python -m benchmarks kills` does the same with 20,000 readers and 200 kills.
"""

import json
from typing import Any

import pytest

from support.forking import forking
from support.postgresql import Cluster

READERS = 400
KILLS = 10


def undergo(url: str, **more: object) -> dict[str, Any]:
    """Kill workers, and give what came of it."""
    asked = {"readers": READERS, "kills": KILLS, "late": 10, **more}
    found: dict[str, Any] = json.loads(forking("repeated_kills", url, json.dumps(asked)))
    assert found["broken"] == []
    assert found["kills"] >= KILLS // 2
    assert sum(found["states"].values()) == READERS
    assert max(found["in_doubt"]) > 0, "nobody was killed with a message under way"
    return found


def test_kills_of_one_worker_on_sqlite_leave_only_what_was_under_way_in_doubt() -> None:
    found = undergo("")
    assert found["twice"] == 0
    assert found["states"].get("uncertain", 0) == sum(found["in_doubt"])


def test_kills_may_lead_to_a_second_message_only_where_resending_was_chosen() -> None:
    found = undergo("", on_uncertain="resend", seed=1)
    assert found["resent"] > 0
    assert found["twice"] <= found["resent"]


@pytest.mark.parametrize("workers", [1, 3])
def test_kills_of_workers_on_postgresql_leave_only_what_was_under_way_in_doubt(cluster: Cluster, workers: int) -> None:
    found = undergo(cluster.new_database(), workers=workers, seed=2)
    assert found["twice"] == 0
