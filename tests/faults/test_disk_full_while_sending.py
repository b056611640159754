"""The disk is full while a worker sends: it hands over nothing more, says so, and the next one goes on."""

import resource
from pathlib import Path

from newsletter.dispatch.dispatches import DispatchState
from newsletter.dispatch.rehearsal.faults import Fault
from newsletter.dispatch.rehearsal.proof import Circumstances
from support.sending_stage import END_SECONDS, stage

READERS = 1200
PAGE = 4096


def test_full_disk_stops_a_worker_before_it_hands_over_more_and_the_next_one_goes_on(tmp_path: Path) -> None:
    with stage(tmp_path, rates={Fault.LATE: 0.2}) as made:
        made.freeze(READERS)
        with made.worker("--once") as worker:
            made.wait_until(lambda: made.taken() > READERS // 4)
            # No file may grow beyond its first page any more: to a program that is a disk without room.
            resource.prlimit(worker.pid, resource.RLIMIT_FSIZE, (PAGE, resource.RLIM_INFINITY))
            stopped = made.taken()
            worker.wait(END_SECONDS)
        assert "the database says" in made.said
        assert "Traceback" not in made.said
        assert made.taken() <= stopped + 2 * made.in_flight
        with made.worker("--once") as worker:
            worker.wait(END_SECONDS)
        assert worker.returncode == 0, made.said
        assert made.now().state is DispatchState.FINISHED
        assert made.broken_promises(Circumstances(kills=1, concurrency=made.in_flight)) == []
