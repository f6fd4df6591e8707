"""Opens gates after the commit: once each, soon or never, with the result in the log."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

import structlog
from sqlalchemy.orm import Session

from platewatch.access.actuators import Actuator, open_gate
from platewatch.access.queues import GateQueues
from platewatch.access.repository import AccessRepository, GateRepository
from platewatch.access.schemas import AccessRead, GateState, actuator_of
from platewatch.background import BackgroundWorker
from platewatch.clock import Clock
from platewatch.db.engine import Database
from platewatch.db.events import EventLog
from platewatch.errors import GateError, SealError
from platewatch.notify.events import Event, EventKind
from platewatch.notify.outbox import OutboxTail
from platewatch.notify.subscription import Subscription
from platewatch.sealing import Seal

OPEN_WITHIN_S: Final = 10.0
"""A gate that could not be opened so soon after the decision stays closed: the vehicle may be another one by then."""
SHORTEST_CALL_S: Final = 0.5
"""A call that has less time left is not begun: it would be cut short, and nobody would know what the gate did."""
SWEEP_EVERY_S: Final = 5.0
_SWEPT_AT_ONCE: Final = 100
_RECEIVE_S: Final = 0.5
_RESUBSCRIBE_S: Final = 0.1
_LONGEST_CALL: Final = timedelta(minutes=1)
_CLOCKS_DIFFER_BY: Final = timedelta(minutes=5)
"""A decision that lies further ahead was made by a clock that was set back since."""
_NOT_CALLED: Final = f"it was not opened within {OPEN_WITHIN_S:g} s of the decision, so it stays closed"
_CUT_SHORT: Final = "the server stopped during the call; nobody knows whether the gate opened"
_GONE: Final = "the gate was deleted or disabled meanwhile"

log = structlog.get_logger(__name__)


class GateOpener:
    """Follows the outbox in a thread of its own. Several processes may run one: each decision is claimed by one.

    `opening` is given in tests; it gets how the gate is opened, and the seconds that are left for it.
    """

    def __init__(
        self,
        database: Database,
        tail: OutboxTail,
        clock: Clock,
        seal: Seal,
        opening: Callable[[Actuator, float], str] = open_gate,
    ) -> None:
        self._database = database
        self._tail = tail
        self._clock = clock
        self._seal = seal
        self._opening = opening
        self._subscription: Subscription | None = None
        self._swept_at_s = -SWEEP_EVERY_S
        self._worker = BackgroundWorker("gate opener", self._follow, interval_s=0, max_pause_s=_RECEIVE_S)
        self._queues: GateQueues | None = None

    def start(self) -> None:
        """Follow the events from now on. Earlier decisions are too old, or another process handles them."""
        self._queues = GateQueues(self.open)
        self._subscription = self._tail.subscribe()
        self._worker.start()

    def stop(self) -> None:
        """Returns when the calls that were begun have ended; they have their time-outs."""
        self._worker.ask_to_stop()
        if self._subscription is not None:
            self._subscription.close()
        self._worker.stop()
        self._subscription = None
        if self._queues is not None:
            self._queues.close()
            self._queues = None

    def open(self, log_id: int) -> None:
        """Open the gate of this decision, unless it was claimed already or is too old."""
        now = self._clock.now()
        since = now - timedelta(seconds=OPEN_WITHIN_S - SHORTEST_CALL_S)
        until = now + _CLOCKS_DIFFER_BY
        if not self._database.transact(lambda session: AccessRepository(session).claim(log_id, (since, until), now)):
            return
        state, detail = self._call(log_id)
        self._database.transact(lambda session: self._finish(session, log_id, state, detail))

    def sweep(self) -> int:
        """The number of gates given up because the process that was to open them did not."""
        now = self._clock.now()
        with self._database.reading() as session:
            if _lost(session, now) == ([], []):
                return 0
        return self._database.transact(lambda session: self._sweep(session, now))

    def _follow(self) -> None:
        """Take one event, or none within half a second, and sweep when it is time."""
        event = self._subscription.receive(timeout_s=_RECEIVE_S) if self._subscription is not None else None
        if event is not None and _waits(event):
            self._submit(int(event.payload["gate"]["id"]), int(event.payload["id"]))
        elif event is None and self._has_lost_its_place() and not self._worker.wait(_RESUBSCRIBE_S):
            self._subscription = self._tail.subscribe()
        if self._clock.monotonic_s() - self._swept_at_s >= SWEEP_EVERY_S:
            self._swept_at_s = self._clock.monotonic_s()
            self.sweep()

    def _has_lost_its_place(self) -> bool:
        return self._subscription is not None and self._subscription.end is not None

    def _submit(self, gate_id: int, log_id: int) -> None:
        if self._queues is not None and not self._queues.submit(gate_id, log_id):
            log.warning("gate.queue_full", gate=gate_id, log_id=log_id)

    def _call(self, log_id: int) -> tuple[GateState, str]:
        try:
            with self._database.reading() as session:
                actuator = _actuator(session, log_id, self._seal)
                decided_at = AccessRepository(session).get_or_raise(log_id).decided_at
            if actuator is None:
                return GateState.FAILED, _GONE
            age_s = max(0.0, (self._clock.now() - decided_at).total_seconds())
            detail = self._opening(actuator, max(SHORTEST_CALL_S, OPEN_WITHIN_S - age_s))
        except (GateError, SealError) as error:
            log.warning("gate.failed", log_id=log_id, error=str(error))
            return GateState.FAILED, str(error)
        except Exception as error:
            # Whatever a library raises: the log must say that the outcome is unknown.
            log.exception("gate.failed", log_id=log_id)
            return GateState.FAILED, f"the call was aborted: {type(error).__name__}"
        log.info("gate.opened", log_id=log_id)
        return GateState.OPENED, detail

    def _finish(self, session: Session, log_id: int, state: GateState, detail: str) -> None:
        if AccessRepository(session).finish(log_id, state, detail, self._clock.now()):
            self._publish(session, log_id)

    def _sweep(self, session: Session, now: datetime) -> int:
        rows = AccessRepository(session)
        pending, begun = _lost(session, now)
        swept = [log_id for log_id in pending if rows.expire(log_id, now, _NOT_CALLED)]
        swept += [log_id for log_id in begun if rows.finish(log_id, GateState.FAILED, _CUT_SHORT, now)]
        for log_id in swept:
            self._publish(session, log_id)
        return len(swept)

    def _publish(self, session: Session, log_id: int) -> None:
        row = AccessRepository(session).get_or_raise(log_id)
        session.refresh(row)
        event = AccessRead.of(row).model_dump(mode="json")
        EventLog(session).append(EventKind.ACCESS_UPDATED, event, self._clock.now())


def _actuator(session: Session, log_id: int, seal: Seal) -> Actuator | None:
    """The current actuator of the decision's gate; None if the gate is gone."""
    gate_id = AccessRepository(session).get_or_raise(log_id).gate_id
    gate = None if gate_id is None else GateRepository(session).get(gate_id)
    return actuator_of(gate, seal) if gate is not None and gate.enabled else None


def _lost(session: Session, now: datetime) -> tuple[list[int], list[int]]:
    """Decisions whose gate was to be opened, and such whose call was begun, and of which nobody will hear any more."""
    rows = AccessRepository(session)
    late, ahead = now - timedelta(seconds=OPEN_WITHIN_S), now + _CLOCKS_DIFFER_BY
    pending = rows.lost(GateState.PENDING, late, ahead, _SWEPT_AT_ONCE)
    return list(pending), list(rows.lost(GateState.OPENING, late - _LONGEST_CALL, ahead, _SWEPT_AT_ONCE))


def _waits(event: Event) -> bool:
    """Whether the event asks to open a gate."""
    if event.kind != EventKind.ACCESS_DECIDED:
        return False
    gate = event.payload.get("gate") or {}
    return gate.get("state") == GateState.PENDING
