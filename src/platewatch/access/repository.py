"""Rules, gates and the log of decisions in the database."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, cast

from sqlalchemy import CursorResult, Select, or_, select, update

from platewatch.access.rules import Decision
from platewatch.access.schemas import AccessFilter, AccessQuery, AccessSource, GateDirection, GateState
from platewatch.db.repository import NamedRepository, NewestFirst, Page, Repository
from platewatch.db.tables import AccessLogRow, GatePolicyRow, GateRow
from platewatch.plates.matching import LIKE_ESCAPE, is_pattern, search_key, wildcard_to_like
from platewatch.vision.types import Direction

_NEWEST_FIRST = NewestFirst(AccessLogRow.decided_at, AccessLogRow.id)
_EXACT_FILTERS = ("location_id", "direction", "decision", "reason", "source", "gate_state")


class PolicyRepository(Repository[GatePolicyRow]):
    row = GatePolicyRow
    kind = "policy"


class GateRepository(NamedRepository[GateRow]):
    row = GateRow
    kind = "gate"

    def all_by_name(self, location_id: int | None) -> list[GateRow]:
        query = select(GateRow).order_by(GateRow.name)
        if location_id is not None:
            query = query.where(GateRow.location_id == location_id)
        return list(self.session.scalars(query))

    def find(self, location_id: int, direction: Direction, camera_id: int | None) -> GateRow | None:
        """The gate that a vehicle going that way stands at: first one of its own camera, then one of its direction."""
        query = select(GateRow).where(
            GateRow.location_id == location_id,
            GateRow.enabled,
            GateRow.direction.in_([GateDirection.BOTH.value, direction.value]),
            or_(GateRow.camera_id.is_(None), GateRow.camera_id == camera_id),
        )
        gates = list(self.session.scalars(query.order_by(GateRow.id)))
        return min(
            gates, key=lambda row: (row.camera_id is None, row.direction == GateDirection.BOTH, row.id), default=None
        )


class AccessRepository(Repository[AccessLogRow]):
    row = AccessLogRow
    kind = "access log entry"

    def page(self, query: AccessQuery, texts: Collection[str]) -> Page[AccessLogRow]:
        """Newest first; `texts` as in `AccessService.page`.

        Raises:
            CursorError: the cursor is not one of ours.
        """
        return _NEWEST_FIRST.page(self.session, _filter(query, texts), query.limit, query.cursor)

    def was_granted(
        self, texts: Collection[str], location_id: int | None, direction: Direction, since: datetime
    ) -> bool:
        """Whether the plate that these texts stand for was let through there the same way since then."""
        query = select(AccessLogRow.id).where(
            AccessLogRow.plate.in_(texts),
            AccessLogRow.decided_at > since,
            AccessLogRow.decision == Decision.GRANTED,
            AccessLogRow.direction == direction,
            AccessLogRow.location_id == location_id,
        )
        return self.session.scalar(query.limit(1)) is not None

    def expected(self, location_id: int, since: datetime) -> set[str]:
        """Plates that somebody asked for and that were granted entry since then, whether or not they came."""
        query = select(AccessLogRow.plate).where(
            AccessLogRow.location_id == location_id,
            AccessLogRow.decided_at > since,
            AccessLogRow.decision == Decision.GRANTED,
            AccessLogRow.direction == Direction.ENTERING,
            AccessLogRow.source == AccessSource.REQUEST,
        )
        return set(self.session.scalars(query))

    def claim(self, identity: int, between: tuple[datetime, datetime], now: datetime) -> bool:
        """True for the one caller that may open the gate; never for a decision that was not made `between` the two."""
        since, until = between
        values = {"gate_state": GateState.OPENING, "gate_at": now}
        return self._move(
            identity, GateState.PENDING, values, AccessLogRow.decided_at > since, AccessLogRow.decided_at <= until
        )

    def expire(self, identity: int, now: datetime, detail: str) -> bool:
        """True if the gate was still to be opened, and now won't be any more."""
        values = {"gate_state": GateState.EXPIRED, "gate_at": now, "gate_detail": detail}
        return self._move(identity, GateState.PENDING, values)

    def finish(self, identity: int, state: GateState, detail: str, now: datetime) -> bool:
        """True if the gate was being opened, and now is in that state."""
        values = {"gate_state": state, "gate_at": now, "gate_detail": detail}
        return self._move(identity, GateState.OPENING, values)

    def lost(self, state: GateState, before: datetime, ahead: datetime, limit: int) -> Sequence[int]:
        """Ids of decisions whose gate is in that state, made `before` that time or dated `ahead` of it."""
        is_lost = or_(AccessLogRow.decided_at <= before, AccessLogRow.decided_at > ahead)
        query = select(AccessLogRow.id).where(AccessLogRow.gate_state == state, is_lost)
        return self.session.scalars(query.order_by(AccessLogRow.id).limit(limit)).all()

    def _move(self, identity: int, state: GateState, values: dict[str, Any], *conditions: Any) -> bool:
        moved = update(AccessLogRow).where(AccessLogRow.id == identity, AccessLogRow.gate_state == state, *conditions)
        result = self.session.execute(moved.values(**values).execution_options(synchronize_session=False))
        return cast("CursorResult[Any]", result).rowcount > 0


def _filter(query: AccessFilter, texts: Collection[str]) -> Select[AccessLogRow]:
    statement = select(AccessLogRow)
    for name in _EXACT_FILTERS:
        if (value := getattr(query, name)) is not None:
            statement = statement.where(getattr(AccessLogRow, name) == value)
    if query.plate is not None:
        plate = search_key(query.plate)
        fits = (
            AccessLogRow.plate.like(wildcard_to_like(plate), escape=LIKE_ESCAPE)
            if is_pattern(plate)
            else AccessLogRow.plate.in_(texts or [plate])
        )
        statement = statement.where(fits)
    if query.decided_from is not None:
        statement = statement.where(AccessLogRow.decided_at >= query.decided_from)
    if query.decided_to is not None:
        statement = statement.where(AccessLogRow.decided_at < query.decided_to)
    return statement
