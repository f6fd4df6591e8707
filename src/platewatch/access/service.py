"""Decisions at gates: made, logged and published in one transaction. `opener` opens the gate after the commit."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from sqlalchemy.orm import Session

from platewatch.access.actuator_fields import Actuator
from platewatch.access.actuator_secrets import completed
from platewatch.access.repository import AccessRepository, GateRepository, PolicyRepository
from platewatch.access.rules import Decision, Facts, Policy, Reason, Verdict, judge
from platewatch.access.schemas import (
    AccessQuery,
    AccessRead,
    AccessSource,
    GateCreate,
    GateState,
    GateUpdate,
    PolicyWrite,
    actuator_of,
    policy_of,
    shown,
)
from platewatch.audit.service import Actor, AuditAction, AuditService
from platewatch.clock import Clock
from platewatch.db.events import EventLog
from platewatch.db.repository import Page
from platewatch.db.tables import AccessLogRow, CameraRow, GatePolicyRow, GateRow, LocationRow, SightingRow
from platewatch.errors import ConflictError, FieldError, SealError
from platewatch.locations.service import LocationService
from platewatch.notify.events import EventKind
from platewatch.plates.text import is_pseudonym
from platewatch.sealing import Seal
from platewatch.vision.recognizer.regions import sure_region
from platewatch.vision.types import Direction
from platewatch.visits.service import VisitService
from platewatch.watchlists.service import Match, WatchlistService

__all__ = ["AccessService", "Decision", "Evidence", "Reason"]

TRIED_ONLY: Final = "dry run: the gate was not opened"
_DECIDED_SOURCES: Final = frozenset({"upload", "camera"})
"""Sources of sightings that lie in the past: written by hand or imported."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """The facts beside the plate. A typed plate has no confidence."""

    confidence: float | None = None
    is_unsure: bool = False
    region: str | None = None
    camera_id: int | None = None
    sighting_id: int | None = None
    user_id: int | None = None
    matches: Sequence[Match] | None = None
    """The matches, where they are known already."""
    texts: Collection[str] = ()
    """The texts that may stand for the plate in the database, if there are more than the plate."""
    written: str | None = None
    """The plate as somebody typed it; None where it was read."""


class AccessService:
    """Never commits; the caller's transaction does. Plates are keys, or pseudonyms."""

    def __init__(self, session: Session, clock: Clock) -> None:
        self._session = session
        self._clock = clock
        self._log = AccessRepository(session)
        self._gates = GateRepository(session)
        self._policies = PolicyRepository(session)
        self._visits = VisitService(session, clock)
        self._locations = LocationService(session, clock)
        self._audit = AuditService(session, clock)

    def decide(
        self, plate: str, location_id: int | None, direction: Direction, evidence: Evidence | None = None
    ) -> AccessLogRow:
        """The decision, logged and published; if it is granted where a gate is, the gate is opened after the commit.

        Two decisions at one location follow each other, so that one place left is given to one vehicle.

        Raises:
            FieldError: no such location.
        """
        return self._decide(plate, location_id, direction, evidence or Evidence(), AccessSource.REQUEST)

    def try_out(self, plate: str, location_id: int | None, direction: Direction, evidence: Evidence) -> AccessLogRow:
        """The decision that `decide` would make now, with the gate that would open, as a row that is not stored.

        Raises:
            FieldError: no such location.
        """
        policy = Policy()
        if location_id is not None:
            self._require_location(location_id)
            policy = self.policy(location_id)
        row, gate = self._judge(plate, location_id, direction, evidence, policy)
        row.source = AccessSource.REQUEST
        row.decided_at = self._clock.now()
        row.gate_state = GateState.NONE
        if gate is not None:
            row.gate_id, row.gate_name, row.gate_detail = gate.id, gate.name, TRIED_ONLY
        return row

    def decide_on(
        self, sighting: SightingRow, matches: Sequence[Match], texts: Collection[str] = ()
    ) -> AccessLogRow | None:
        """The decision on a sighting that was just recorded; None where the location's rules are not enabled.

        Call it before the visit is opened: who is inside by this very sighting was not inside before. `texts` are
        those of `Evidence`.
        """
        if sighting.location_id is None or sighting.source not in _DECIDED_SOURCES:
            return None
        policy = self.policy(sighting.location_id)
        age = self._clock.now() - sighting.captured_at
        if not policy.enabled or age > timedelta(seconds=policy.max_age_s):
            return None
        evidence = Evidence(
            confidence=sighting.confidence,
            is_unsure=sighting.is_unsure,
            region=sure_region(sighting.region, sighting.region_confidence),
            camera_id=sighting.camera_id,
            sighting_id=sighting.id,
            user_id=sighting.user_id,
            matches=matches,
            texts=texts,
            written=sighting.written,
        )
        direction = Direction(sighting.direction)
        return self._decide(sighting.plate, sighting.location_id, direction, evidence, AccessSource.SIGHTING)

    def open_by_hand(
        self, gate_id: int, plate: str, reason: str, actor: Actor, *, written: str | None = None
    ) -> AccessLogRow:
        """A gate that somebody opens; it opens after the commit. `written` is the plate as that person typed it.

        Raises:
            NotFoundError: no such gate.
            ConflictError: it is not enabled.
        """
        gate = self._gates.get_or_raise(gate_id)
        if not gate.enabled:
            raise ConflictError(f"The gate {gate.name!r} is not enabled. Enable it first.")
        direction = Direction(gate.direction) if gate.direction in set(Direction) else Direction.UNKNOWN
        row = AccessLogRow(
            plate=plate,
            written=written,
            location_id=gate.location_id,
            direction=direction,
            decision=Decision.GRANTED,
            reason=Reason.MANUAL,
            source=AccessSource.MANUAL,
            note=reason,
            user_id=actor.user_id,
        )
        self._audit.note(
            AuditAction.GATE_OPENED, actor, _gate_subject(gate), {"name": gate.name, "reason": reason, "plate": plate}
        )
        return self._log_decision(row, gate)

    def write_down(self, plate: str, decision: Decision, note: str | None, evidence: Evidence) -> AccessLogRow:
        """A decision that was made elsewhere, put into the log; no gate opens."""
        row = AccessLogRow(
            plate=plate,
            written=_shown_text(plate, evidence),
            confidence=evidence.confidence,
            direction=Direction.UNKNOWN,
            decision=decision,
            reason=Reason.MANUAL,
            source=AccessSource.NOTE,
            note=note,
            user_id=evidence.user_id,
        )
        return self._log_decision(row, None)

    def get_or_raise(self, log_id: int) -> AccessLogRow:
        """The entry of the log.

        Raises:
            NotFoundError: no such entry.
        """
        return self._log.get_or_raise(log_id)

    def page(self, query: AccessQuery, texts: Collection[str] = ()) -> Page[AccessLogRow]:
        """Newest first.

        Args:
            query: Which decisions.
            texts: What may stand for its plate in the log, if that is more than the plate; not for a pattern.

        Raises:
            CursorError: the cursor is not one of ours.
        """
        return self._log.page(query, texts)

    def policy(self, location_id: int) -> Policy:
        """The location's rules; the defaults if it was given none."""
        row = self._policies.get(location_id)
        return policy_of(row) if row else Policy()

    def policy_or_raise(self, location_id: int) -> Policy:
        """The location's rules.

        Raises:
            NotFoundError: no such location.
        """
        self._locations.get_or_raise(location_id)
        return self.policy(location_id)

    def set_policy(self, location_id: int, body: PolicyWrite, actor: Actor) -> Policy:
        """The location's new rules.

        Raises:
            NotFoundError: no such location.
        """
        self._locations.get_or_raise(location_id)
        # The lock of the decisions there: two administrators can't both add the first row.
        self._visits.lock(location_id)
        row = self._policies.get(location_id) or GatePolicyRow(location_id=location_id)
        fields = body.model_dump()
        for name, value in fields.items():
            setattr(row, name, value)
        row.updated_at = self._clock.now()
        self._policies.add(row)
        self._audit.note(AuditAction.POLICY_UPDATED, actor, f"location {location_id}", fields)
        return policy_of(row)

    def gates(self, location_id: int | None) -> list[GateRow]:
        """By name."""
        return self._gates.all_by_name(location_id)

    def gate_or_raise(self, gate_id: int) -> GateRow:
        """The gate.

        Raises:
            NotFoundError: no such gate.
        """
        return self._gates.get_or_raise(gate_id)

    def create_gate(self, body: GateCreate, seal: Seal, actor: Actor) -> GateRow:
        """A new gate, whose secrets are sealed.

        Raises:
            ConflictError: there is one of that name.
            FieldError: no such location or camera, or `***` in place of a secret.
        """
        self._require_location(body.location_id)
        self._require_free_name(body.name, None)
        self._require_camera(body.camera_id)
        now = self._clock.now()
        row = GateRow(**body.model_dump(exclude={"actuator"}), created_at=now, updated_at=now)
        _set_actuator(row, completed(body.actuator, None), seal)
        self._gates.add(row)
        self._audit.note(AuditAction.GATE_CREATED, actor, _gate_subject(row), {"name": row.name})
        return row

    def update_gate(self, gate_id: int, body: GateUpdate, seal: Seal, actor: Actor) -> GateRow:
        """The gate, changed; its secrets are sealed.

        Raises:
            NotFoundError: no such gate.
            ConflictError: there is another one of that name.
            FieldError: no such camera, or `***` in place of a secret that is not known.
        """
        row = self._gates.get_or_raise(gate_id)
        fields = body.model_dump(exclude_unset=True)
        changes = {name: value for name, value in fields.items() if value is not None or name == "camera_id"}
        self._require_free_name(changes.get("name", row.name), row.id)
        self._require_camera(changes.get("camera_id"))
        for name, value in changes.items():
            if name != "actuator":
                setattr(row, name, value)
        if body.actuator is not None:
            _set_actuator(row, completed(body.actuator, _stored_actuator(row, seal)), seal)
        row.updated_at = self._clock.now()
        self._session.flush()
        self._audit.note(AuditAction.GATE_UPDATED, actor, _gate_subject(row), {"changed": sorted(changes)})
        return row

    def delete_gate(self, gate_id: int, actor: Actor) -> None:
        """Take the gate away; what it did stays in the log.

        Raises:
            NotFoundError: no such gate.
        """
        row = self._gates.get_or_raise(gate_id)
        self._audit.note(AuditAction.GATE_DELETED, actor, _gate_subject(row), {"name": row.name})
        self._gates.delete(row)

    def _decide(
        self, plate: str, location_id: int | None, direction: Direction, evidence: Evidence, source: AccessSource
    ) -> AccessLogRow:
        policy = Policy()
        if location_id is not None:
            self._require_location(location_id)
            # First of all: what is read from here on, nobody changes before this transaction ends.
            self._visits.lock(location_id)
            policy = self.policy(location_id)
        row, gate = self._judge(plate, location_id, direction, evidence, policy)
        row.source = source
        return self._log_decision(row, gate)

    def _judge(
        self, plate: str, location_id: int | None, direction: Direction, evidence: Evidence, policy: Policy
    ) -> tuple[AccessLogRow, GateRow | None]:
        """The decision as a row that is not stored yet, and the gate that it opens."""
        gate = None
        verdict = judge(policy, self._facts(plate, location_id, direction, evidence, policy))
        if verdict.decision is Decision.GRANTED and location_id is not None:
            gate = self._gates.find(location_id, direction, evidence.camera_id)
        row = AccessLogRow(
            plate=plate,
            written=_shown_text(plate, evidence),
            confidence=evidence.confidence,
            location_id=location_id,
            direction=direction,
            decision=verdict.decision,
            reason=verdict.reason,
            sighting_id=evidence.sighting_id,
            user_id=evidence.user_id,
            **_match_columns(verdict),
        )
        return row, gate

    def _facts(
        self, plate: str, location_id: int | None, direction: Direction, evidence: Evidence, policy: Policy
    ) -> Facts:
        now = self._clock.now()
        matches = evidence.matches
        if matches is None:
            lists = WatchlistService(self._session, self._clock)
            matches = lists.match(
                plate, at=now, location_id=location_id, region=evidence.region, written=evidence.written
            )
        texts = evidence.texts or (plate,)
        cool_down = timedelta(seconds=policy.cool_down_s)
        entering = location_id is not None and direction is Direction.ENTERING
        return Facts(
            plate=plate,
            direction=direction,
            confidence=evidence.confidence,
            is_unsure=evidence.is_unsure,
            matches=tuple(matches),
            is_inside=bool(entering and policy.anti_passback and self._is_inside(texts, location_id)),
            is_full=bool(entering and policy.check_capacity and self._is_full(texts, location_id, policy)),
            is_cooling_down=bool(
                policy.cool_down_s and self._log.was_granted(texts, location_id, direction, now - cool_down)
            ),
        )

    def _is_inside(self, texts: Collection[str], location_id: int | None) -> bool:
        return location_id is not None and self._visits.is_inside(texts, location_id)

    def _is_full(self, texts: Collection[str], location_id: int | None, policy: Policy) -> bool:
        if location_id is None:
            return False
        capacity = self._locations.get_or_raise(location_id).capacity
        if capacity is None:
            return False
        taken = self._visits.occupancy(location_id)
        if taken < capacity:
            # Who was let in by a request keeps a place until a camera sees them enter.
            since = self._clock.now() - timedelta(seconds=policy.arrival_s)
            expected = self._log.expected(location_id, since) - set(texts)
            taken += sum(not self._visits.is_inside({other}, location_id) for other in expected)
        return taken >= capacity

    def _log_decision(self, row: AccessLogRow, gate: GateRow | None) -> AccessLogRow:
        row.decided_at = self._clock.now()
        row.gate_state = GateState.NONE
        if gate is not None:
            row.gate_id, row.gate_name, row.gate_state = gate.id, gate.name, GateState.PENDING
        self._log.add(row)
        event = AccessRead.of(row).model_dump(mode="json")
        EventLog(self._session).append(EventKind.ACCESS_DECIDED, event, row.decided_at)
        return row

    def _require_location(self, location_id: int) -> None:
        if self._session.get(LocationRow, location_id) is None:
            raise FieldError("location_id", f"There is no location {location_id}. Give an id of /api/v1/locations.")

    def _require_camera(self, camera_id: int | None) -> None:
        if camera_id is not None and self._session.get(CameraRow, camera_id) is None:
            raise FieldError("camera_id", f"There is no camera {camera_id}. Give an id of /api/v1/cameras.")

    def _require_free_name(self, name: str, own_id: int | None) -> None:
        taken = self._gates.get_by_name(name)
        if taken is not None and taken.id != own_id:
            raise ConflictError(f"There is already a gate {name!r}. Choose another name.")


def _shown_text(plate: str, evidence: Evidence) -> str | None:
    """The plate as written; None beside a pseudonym, which hides it."""
    return None if is_pseudonym(plate) else evidence.written


def _match_columns(verdict: Verdict) -> dict[str, object]:
    match = verdict.match
    if match is None:
        return {}
    return {
        "watchlist_id": match.watchlist.id,
        "watchlist_name": match.watchlist.name,
        "entry_plate": match.entry.plate,
        "entry_written": match.entry.written,
        "match_distance": match.distance,
        "match_folded": match.folded,
    }


def _stored_actuator(row: GateRow, seal: Seal) -> Actuator | None:
    """The gate's actuator; None if the server's key was lost, so that the actuator has to be entered again."""
    try:
        return actuator_of(row, seal)
    except SealError:
        return None


def _set_actuator(row: GateRow, actuator: Actuator, seal: Seal) -> None:
    row.actuator = shown(actuator).model_dump()
    row.sealed_actuator = seal.seal(actuator.model_dump_json())


def _gate_subject(row: GateRow) -> str:
    return f"gate {row.id}"
