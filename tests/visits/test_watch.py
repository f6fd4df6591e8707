from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
import structlog
from sqlalchemy.orm import Session

from platewatch.clock import SetClock
from platewatch.db.engine import Database
from platewatch.visits.watch import OverstayWatch
from tests.servers import Server
from tests.visits.passes import at
from tests.visits.site import Site

WAIT_S = 20


def test_a_look_tells_of_those_who_stay_too_long(sqlite_database: Database, clock: SetClock) -> None:
    site = Site(sqlite_database, clock, overstay_minutes=60)
    site.see("in AB10 0", "in XY77 230")
    watch = OverstayWatch(sqlite_database.transact, clock, 60)
    assert (watch.look(), watch.look()) == (1, 0)
    assert site.told()[-1] == "visit.overstayed open AB10 (2)"


def test_the_thread_looks_again_and_again_and_outlives_errors(clock: SetClock) -> None:
    looks: list[int] = []
    done = threading.Event()

    def transact(_: Callable[[Session], int]) -> int:
        looks.append(len(looks))
        if len(looks) in (2, 3):
            raise ConnectionError("the database is away")
        if len(looks) >= 5:
            done.set()
        return 0

    watch = OverstayWatch(transact, clock, 0.001)
    with structlog.testing.capture_logs() as logs:
        watch.start()
        assert done.wait(WAIT_S)
        watch.stop()
    assert [line["event"] for line in logs] == ["overstays.failed", "overstays.recovered"]
    assert not any(thread.name == "overstays" for thread in threading.enumerate())


def test_stopping_does_not_wait_for_the_next_look(clock: SetClock) -> None:
    looked = threading.Event()

    def transact(_: Callable[[Session], int]) -> int:
        looked.set()
        return 0

    watch = OverstayWatch(transact, clock, 3600)
    watch.start()
    assert looked.wait(WAIT_S)
    watch.stop()


@pytest.mark.parametrize("interval_s", [1])
def test_a_running_server_tells_of_them(start_server: Callable[..., Server], interval_s: int) -> None:
    server = start_server(overstay_check_s=interval_s, event_poll_ms=20)
    with server.runtime.tail.subscribe() as subscription:
        site = Site(server.runtime.database, server.runtime.clock, overstay_minutes=60)
        site.see("in AB10 0")
        server.runtime.tail.wake()
        kinds: list[str] = []
        while "visit.overstayed" not in kinds:
            event = subscription.receive(WAIT_S)
            assert event is not None, kinds
            kinds.append(event.kind)
    assert site.rows()[0].overstayed_at == at(60)
