from __future__ import annotations

from collections.abc import Callable

import pytest

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
    watch = OverstayWatch(sqlite_database, clock, 60)
    assert (watch.look(), watch.look()) == (1, 0)
    assert site.told()[-1] == "visit.overstayed open AB10 (2)"


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
