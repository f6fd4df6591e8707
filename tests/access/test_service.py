from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from platewatch.access.actuators import HttpActuator
from platewatch.access.schemas import AccessQuery, GateCreate, GateUpdate, PolicyWrite, actuator_of
from platewatch.access.service import AccessService, Decision, Evidence
from platewatch.clock import SetClock
from platewatch.db.engine import Database
from platewatch.db.tables import AccessLogRow, AuditRow, CameraRow, EventRow, SightingRow
from platewatch.errors import ConflictError, FieldError, NotFoundError
from platewatch.vision.types import Direction
from platewatch.visits.service import VisitService
from platewatch.watchlists.service import WatchlistService
from tests.db.rows import NOON, sighting
from tests.seals import SEAL
from tests.watchlists.lists import ADMIN, add, make_list, make_location

IN, OUT = Direction.ENTERING, Direction.LEAVING
HTTP = {"kind": "http", "url": "http://127.0.0.1:9/open", "headers": {"X-Key": "secret"}}


def set_policy(session: Session, clock: SetClock, location_id: int, **fields: Any) -> None:
    AccessService(session, clock).set_policy(location_id, PolicyWrite(**fields), ADMIN)


def make_gate(session: Session, clock: SetClock, location_id: int, name: str = "barrier", **fields: Any) -> int:
    body = GateCreate.model_validate({"name": name, "location_id": location_id, "actuator": HTTP, **fields})
    return AccessService(session, clock).create_gate(body, SEAL, ADMIN).id


def decide(
    database: Database, clock: SetClock, plate: str, location_id: int | None, direction: Direction = IN, **evidence: Any
) -> tuple[str, str]:
    def work(session: Session) -> tuple[str, str]:
        row = AccessService(session, clock).decide(plate, location_id, direction, Evidence(**evidence))
        return row.decision, row.reason

    return database.transact(work)


def pass_by(database: Database, clock: SetClock, plate: str, location_id: int, direction: Direction = IN) -> None:
    """A sighting that opens or closes a visit, without a decision."""

    def work(session: Session) -> None:
        row = sighting(plate=plate, location_id=location_id, direction=direction.value, captured_at=clock.now())
        session.add(row)
        session.flush()
        VisitService(session, clock).apply(row)

    database.transact(work)


@pytest.fixture
def place(database: Database, clock: SetClock) -> int:
    """A location with two places, at which AB12 and CD34 are allowed and XX99 is denied."""
    with database.transaction() as session:
        allow, deny = make_list(session, clock, "allow", "residents"), make_list(session, clock, "deny", "banned")
        for plate in ("AB12", "CD34", "EF56", "GH78"):
            add(session, clock, allow, plate)
        add(session, clock, deny, "XX99")
        return make_location(session, capacity=2)


def test_a_decision_is_logged_with_what_it_rests_on_and_told(database: Database, clock: SetClock, place: int) -> None:
    assert decide(database, clock, "AB12", place, confidence=0.9) == ("granted", "allow_list")
    with database.reading() as session:
        (row,) = AccessService(session, clock).page(AccessQuery()).items
        assert (row.plate, row.confidence, row.location_id, row.direction) == ("AB12", 0.9, place, "entering")
        assert (row.watchlist_name, row.entry_plate, row.match_distance) == ("residents", "AB12", 0)
        assert (row.source, row.gate_state, row.decided_at) == ("request", "none", clock.now())
        (event,) = session.scalars(select(EventRow).where(EventRow.kind == "access.decided"))
        assert (event.payload["id"], event.payload["decision"]) == (row.id, "granted")
        assert event.payload["match"]["watchlist"] == "residents"


@pytest.mark.parametrize(
    ("plate", "expected"),
    [
        ("AB12", ("granted", "allow_list")),
        ("XX99", ("denied", "deny_list")),
        ("ZZ00", ("denied", "unknown_plate")),
        ("", ("review", "no_plate")),
        ("~ABCDEFGHIJKLMNOPQRSTUVWXYZ", ("denied", "unknown_plate")),
    ],
    ids=["allowed", "denied", "unknown", "no plate", "pseudonym"],
)
@pytest.mark.parametrize("somewhere", [True, False], ids=["at a location", "at none"])
def test_lists_decide_without_a_policy(
    database: Database, clock: SetClock, place: int, plate: str, expected: tuple[str, str], somewhere: bool
) -> None:
    assert decide(database, clock, plate, place if somewhere else None) == expected


def test_an_unknown_location_is_named(database: Database, clock: SetClock) -> None:
    with pytest.raises(FieldError, match="no location 4711"):
        decide(database, clock, "AB12", 4711)


def test_who_is_inside_can_t_enter_again_until_they_left(database: Database, clock: SetClock, place: int) -> None:
    with database.transaction() as session:
        set_policy(session, clock, place, anti_passback=True)
        elsewhere = make_location(session, "south")
        set_policy(session, clock, elsewhere, anti_passback=True)
    assert decide(database, clock, "AB12", place)[0] == "granted"
    pass_by(database, clock, "AB12", place)
    clock.advance(60)
    assert decide(database, clock, "AB12", place) == ("denied", "already_inside")
    assert decide(database, clock, "CD34", place)[0] == "granted"
    assert decide(database, clock, "AB12", elsewhere)[0] == "granted"
    assert decide(database, clock, "AB12", place, OUT) == ("granted", "free_exit")
    pass_by(database, clock, "AB12", place, OUT)
    assert decide(database, clock, "AB12", place)[0] == "granted"


def test_nobody_enters_when_it_is_full(database: Database, clock: SetClock, place: int) -> None:
    with database.transaction() as session:
        set_policy(session, clock, place, check_capacity=True, arrival_s=0)
    for plate in ("AB12", "CD34"):
        assert decide(database, clock, plate, place)[0] == "granted"
        pass_by(database, clock, plate, place)
        clock.advance(1)
    assert decide(database, clock, "EF56", place) == ("denied", "full")
    assert decide(database, clock, "AB12", place, OUT)[0] == "granted"
    pass_by(database, clock, "AB12", place, OUT)
    assert decide(database, clock, "EF56", place)[0] == "granted"


def test_a_place_is_kept_for_who_was_granted_entry(database: Database, clock: SetClock, place: int) -> None:
    with database.transaction() as session:
        set_policy(session, clock, place, check_capacity=True, arrival_s=100)
    assert decide(database, clock, "AB12", place)[0] == "granted"
    assert decide(database, clock, "CD34", place)[0] == "granted"
    assert decide(database, clock, "AB12", place)[0] == "granted", "its own place"
    assert decide(database, clock, "EF56", place) == ("denied", "full")
    pass_by(database, clock, "AB12", place)
    assert decide(database, clock, "EF56", place) == ("denied", "full"), "counted once, not twice"
    clock.advance(101)
    assert decide(database, clock, "EF56", place)[0] == "granted", "CD34 never came"


def test_without_a_capacity_nothing_is_full(database: Database, clock: SetClock, place: int) -> None:
    with database.transaction() as session:
        endless = make_location(session, "endless")
        set_policy(session, clock, endless, check_capacity=True)
    assert decide(database, clock, "AB12", endless)[0] == "granted"


def test_one_place_left_is_given_to_one_of_two_at_once(database: Database, clock: SetClock, place: int) -> None:
    with database.transaction() as session:
        set_policy(session, clock, place, check_capacity=True)
    pass_by(database, clock, "GH78", place)
    together = Barrier(3)

    def ask(plate: str) -> tuple[str, str]:
        together.wait(10)
        return decide(database, clock, plate, place)

    with ThreadPoolExecutor(3) as threads:
        answers = sorted(threads.map(ask, ["AB12", "CD34", "EF56"]))
    assert answers == [("denied", "full"), ("denied", "full"), ("granted", "allow_list")]


def test_a_plate_cools_down_after_it_was_granted(database: Database, clock: SetClock, place: int) -> None:
    with database.transaction() as session:
        set_policy(session, clock, place, cool_down_s=30)
    assert decide(database, clock, "AB12", place)[0] == "granted"
    clock.advance(29)
    assert decide(database, clock, "AB12", place) == ("denied", "cool_down")
    assert decide(database, clock, "CD34", place)[0] == "granted"
    assert decide(database, clock, "AB12", place, OUT)[0] == "granted"
    clock.advance(1)
    assert decide(database, clock, "AB12", place)[0] == "granted", "a refusal begins no new cool-down"


@pytest.mark.parametrize(
    ("gates", "direction", "camera", "opened"),
    [
        pytest.param({}, IN, None, None, id="no gate"),
        pytest.param({"a": {}}, IN, None, "a", id="one for both ways"),
        pytest.param({"a": {"direction": "leaving"}}, IN, None, None, id="the other way only"),
        pytest.param({"a": {}, "b": {"direction": "entering"}}, IN, None, "b", id="the one of its way first"),
        pytest.param({"a": {"direction": "entering"}}, Direction.UNKNOWN, None, None, id="no way known"),
        pytest.param({"a": {"enabled": False}, "b": {}}, IN, None, "b", id="not enabled"),
        pytest.param({"a": {}, "b": {"camera": True}}, IN, "mine", "b", id="the one of its camera first"),
        pytest.param({"a": {"camera": True}}, IN, "other", None, id="of another camera"),
        pytest.param({"a": {"camera": True}}, IN, None, None, id="of a camera, seen by none"),
    ],
)
def test_the_gate_is_the_one_that_the_vehicle_stands_at(
    sqlite_database: Database,
    clock: SetClock,
    gates: dict[str, dict[str, Any]],
    direction: Direction,
    camera: str | None,
    opened: str | None,
) -> None:
    with sqlite_database.transaction() as session:
        place = make_location(session)
        add(session, clock, make_list(session, clock, "allow"), "AB12")
        cameras = {}
        for name in ("mine", "other"):
            row = CameraRow(name=name, location_id=place, direction="both", created_at=NOON)
            session.add(row)
            session.flush()
            cameras[name] = row.id
        for name, fields in gates.items():
            chosen = {key: value for key, value in fields.items() if key != "camera"}
            make_gate(session, clock, place, name, camera_id=cameras["mine"] if "camera" in fields else None, **chosen)
        make_gate(session, clock, make_location(session, "elsewhere"), "elsewhere")
        evidence = Evidence(camera_id=cameras[camera] if camera else None)
        decided = AccessService(session, clock).decide("AB12", place, direction, evidence)
        assert (decided.gate_name, decided.gate_state) == (opened, "pending" if opened else "none")


def test_no_gate_opens_for_who_is_denied(database: Database, clock: SetClock, place: int) -> None:
    with database.transaction() as session:
        make_gate(session, clock, place)
    decide(database, clock, "XX99", place)
    with database.reading() as session:
        (row,) = AccessService(session, clock).page(AccessQuery()).items
        assert (row.gate_id, row.gate_state) == (None, "none")


def record(session: Session, clock: SetClock, place: int | None, **fields: Any) -> AccessLogRow | None:
    """What SightingService does with a new sighting."""
    row = sighting(
        **{"plate": "AB12", "location_id": place, "direction": "entering", "captured_at": clock.now(), **fields}
    )
    session.add(row)
    session.flush()
    matches = WatchlistService(session, clock).note_matches(row)
    return AccessService(session, clock).decide_on(row, matches)


@pytest.mark.parametrize(
    ("policy", "fields", "decided"),
    [
        pytest.param({"enabled": True}, {}, True, id="enabled"),
        pytest.param({"enabled": True}, {"source": "camera"}, True, id="by a camera"),
        pytest.param({}, {}, False, id="not enabled"),
        pytest.param(None, {}, False, id="no policy"),
        pytest.param({"enabled": True}, {"source": "manual"}, False, id="written by hand"),
        pytest.param({"enabled": True}, {"source": "import"}, False, id="imported"),
        pytest.param({"enabled": True}, {"captured_at": NOON - timedelta(seconds=30)}, True, id="just new enough"),
        pytest.param({"enabled": True}, {"captured_at": NOON - timedelta(seconds=31)}, False, id="of the past"),
        pytest.param({"enabled": True}, {"location_id": None}, False, id="at no location"),
    ],
)
def test_a_sighting_is_decided_on_where_the_policy_is_enabled(
    database: Database,
    clock: SetClock,
    place: int,
    policy: dict[str, Any] | None,
    fields: dict[str, Any],
    decided: bool,
) -> None:
    with database.transaction() as session:
        if policy is not None:
            set_policy(session, clock, place, **policy)
        row = record(session, clock, place, **fields)
        assert (row is not None) is decided
        if row is not None:
            assert (row.decision, row.source, row.sighting_id) == (
                "granted",
                "sighting",
                session.scalar(select(SightingRow.id)),
            )


def test_the_log_is_filtered_and_paged(database: Database, clock: SetClock, place: int) -> None:
    with database.transaction() as session:
        south = make_location(session, "south")
    for plate, location, direction in (
        ("AB12", place, IN), ("XX99", place, IN), ("ZZ00", south, IN), ("AB12", south, OUT), ("CD34", None, IN),
    ):  # fmt: skip
        decide(database, clock, plate, location, direction)
        clock.advance(60)

    def found(**query: Any) -> list[str]:
        with database.reading() as session:
            return [row.plate for row in AccessService(session, clock).page(AccessQuery.model_validate(query)).items]

    assert found() == ["CD34", "AB12", "ZZ00", "XX99", "AB12"]
    assert found(plate="ab-12") == ["AB12", "AB12"]
    assert found(plate="?B*") == ["AB12", "AB12"]
    assert found(location_id=south) == ["AB12", "ZZ00"]
    assert found(decision="denied") == ["ZZ00", "XX99"]
    assert found(reason="deny_list") == ["XX99"]
    assert found(direction="leaving") == ["AB12"]
    assert found(decided_from=NOON + timedelta(minutes=1), decided_to=NOON + timedelta(minutes=3)) == ["ZZ00", "XX99"]
    with database.reading() as session:
        service = AccessService(session, clock)
        first = service.page(AccessQuery(limit=3))
        second = service.page(AccessQuery(limit=3, cursor=first.next_cursor))
        assert [row.plate for row in [*first.items, *second.items]] == found()
        assert second.next_cursor is None


def test_a_policy_is_kept_and_has_defaults(database: Database, clock: SetClock, place: int) -> None:
    with database.transaction() as session:
        service = AccessService(session, clock)
        assert service.policy_or_raise(place) == PolicyWrite().policy()
        set_policy(session, clock, place, min_confidence=0.5, unknown="review")
        set_policy(session, clock, place, min_confidence=0.6)
    with database.reading() as session:
        policy = AccessService(session, clock).policy_or_raise(place)
        assert (policy.min_confidence, policy.unknown) == (0.6, "deny")
        with pytest.raises(NotFoundError):
            AccessService(session, clock).policy_or_raise(4711)


def test_a_gate_is_opened_by_hand_with_a_reason(database: Database, clock: SetClock, place: int) -> None:
    with database.transaction() as session:
        gate_id = make_gate(session, clock, place, direction="leaving")
        row = AccessService(session, clock).open_by_hand(gate_id, "AB12", "fire brigade", ADMIN)
        assert (row.decision, row.reason, row.source, row.note) == ("granted", "manual", "manual", "fire brigade")
        assert (row.direction, row.gate_state, row.location_id) == ("leaving", "pending", place)
        note = session.scalars(select(AuditRow).where(AuditRow.action == "gate.opened")).one()
        assert (note.username, note.details["reason"]) == ("ada", "fire brigade")
        AccessService(session, clock).update_gate(gate_id, GateUpdate(enabled=False), SEAL, ADMIN)
        with pytest.raises(ConflictError, match="not enabled"):
            AccessService(session, clock).open_by_hand(gate_id, "", "again", ADMIN)


def test_a_decision_of_another_system_is_written_down(database: Database, clock: SetClock) -> None:
    with database.transaction() as session:
        service = AccessService(session, clock)
        row = service.write_down("AB12", Decision.DENIED, "guard said no", Evidence(user_id=None))
        assert (row.decision, row.source, row.note, row.gate_state) == ("denied", "note", "guard said no", "none")


def test_gates_are_kept_apart_by_name_and_know_their_places(database: Database, clock: SetClock, place: int) -> None:
    with database.transaction() as session:
        service = AccessService(session, clock)
        gate_id, other_id = make_gate(session, clock, place, "north"), make_gate(session, clock, place, "south")
        with pytest.raises(ConflictError, match="'north'"):
            make_gate(session, clock, place, "north")
        with pytest.raises(ConflictError, match="'north'"):
            service.update_gate(other_id, GateUpdate(name="north"), SEAL, ADMIN)
        with pytest.raises(FieldError, match="no camera 4711"):
            service.update_gate(other_id, GateUpdate(camera_id=4711), SEAL, ADMIN)
        with pytest.raises(FieldError, match="no location 4711"):
            make_gate(session, clock, 4711, "mars")
        assert [row.name for row in service.gates(place)] == ["north", "south"]
        assert service.gates(4711) == []
        service.delete_gate(gate_id, ADMIN)
        with pytest.raises(NotFoundError):
            service.gate_or_raise(gate_id)


def test_an_actuator_stays_with_its_secrets_unless_it_is_replaced(
    database: Database, clock: SetClock, place: int
) -> None:
    with database.transaction() as session:
        gate_id = make_gate(session, clock, place)
        AccessService(session, clock).update_gate(gate_id, GateUpdate(name="other"), SEAL, ADMIN)
    with database.reading() as session:
        row = AccessService(session, clock).gate_or_raise(gate_id)
        actuator = actuator_of(row, SEAL)
    assert isinstance(actuator, HttpActuator)
    assert (row.name, actuator.headers) == ("other", {"X-Key": "secret"})
