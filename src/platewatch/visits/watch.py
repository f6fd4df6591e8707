"""Looks, from time to time, for vehicles that stay too long."""

from __future__ import annotations

import structlog

from platewatch.background import BackgroundWorker
from platewatch.clock import Clock
from platewatch.db.engine import Database
from platewatch.visits.service import VisitService

log = structlog.get_logger(__name__)


class OverstayWatch:
    """Reports each visit that exceeds its limit once, however many processes look."""

    def __init__(self, database: Database, clock: Clock, interval_s: float) -> None:
        self._database = database
        self._clock = clock
        self.worker = BackgroundWorker("overstays", self.look, interval_s)

    def look(self) -> int:
        """The number of visits that exceeded their limit since the last look."""
        overstayed = self._database.transact(lambda session: VisitService(session, self._clock).publish_overstays())
        log.debug("overstays.looked", visits=overstayed)
        if overstayed:
            log.info("visits.overstayed", visits=overstayed)
        return overstayed
