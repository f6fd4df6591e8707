from __future__ import annotations

import pytest

from platewatch.clock import SetClock
from platewatch.db.engine import Database
from tests.servers import BlindReader
from tests.watchlists.lists import add, make_list


@pytest.fixture(scope="session")
def reader() -> BlindReader:
    """Nothing here looks at plates, so no models are loaded."""
    return BlindReader()


@pytest.fixture
def filled(database: Database, clock: SetClock) -> int:
    """The id of a list with a plate, a pattern and a plate with a tolerance."""
    with database.transaction() as session:
        watchlist_id = make_list(session, clock)
        add(session, clock, watchlist_id, "AB12")
        add(session, clock, watchlist_id, "CD*")
        add(session, clock, watchlist_id, "EF56GH", tolerance=1)
    return watchlist_id
