from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from platewatch.clock import SetClock
from platewatch.db.engine import Database
from platewatch.errors import ConflictError, FieldError, NotFoundError
from platewatch.visits.stays import Pass, PassDirection, derive
from tests.databases import delete_all_rows
from tests.visits.passes import at, pass_lists, passes, written
from tests.visits.site import Site

WAYS = {PassDirection.ENTERING: "in", PassDirection.LEAVING: "out"}


def line(one: Pass) -> str:
    mark = "?" if one.is_unsure else ""
    return f"{WAYS[one.direction]}{mark} {one.plate} {(one.passed_at - at(0)).total_seconds() / 60:g}"


@pytest.fixture
def site(database: Database, clock: SetClock) -> Site:
    return Site(database, clock)


def test_entering_opens_and_leaving_closes(site: Site) -> None:
    entered, left = site.see("in AB10 0", "out AB1O 30")
    (visit,) = site.rows()
    assert (visit.state, visit.plate, visit.duration_s) == ("closed", "AB10", 1800)
    assert (visit.entered_at, visit.left_at, visit.ended_at) == (at(0), at(30), at(30))
    assert visit.entry is not None
    assert visit.exit is not None
    assert (visit.entry.sighting_id, visit.exit.sighting_id) == (entered, left)
    assert site.told() == ["visit.opened open AB10 (1)", "visit.closed closed AB10 (0)"]


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        pytest.param(["? AB10 0"], [], id="an unknown way"),
        pytest.param(["in AB10 0", "in AB10 9"], ["missed_exit AB10 0- (9)", "open AB10 9- ()"], id="a second entry"),
        pytest.param(["out AB10 9"], ["missed_entry AB10 -9 (9)"], id="an exit alone"),
        pytest.param(["out AB10 9", "in AB10 2"], ["closed AB10 2-9 (9)"], id="the entry comes late"),
        pytest.param(
            ["in AB10 0", "out AB10 9", "in AB10 5"],
            ["closed AB10 5-9 (9)", "missed_exit AB10 0- (5)"],
            id="a second entry in between comes late",
        ),
        pytest.param(
            ["in AB10 0", "in XY77 1", "out AB10 2"], ["closed AB10 0-2 (2)", "open XY77 1- ()"], id="others stay"
        ),
    ],
)
def test_visits_follow_what_was_seen(site: Site, lines: list[str], expected: list[str]) -> None:
    site.see(*lines)
    assert site.visits() == expected


def test_what_is_seen_elsewhere_makes_no_difference(site: Site) -> None:
    other = Site(site.database, site.clock, name="harbor")
    site.see("in AB10 0")
    other.see("out AB10 5")
    assert site.visits() == ["missed_entry AB10 -5 (5)", "open AB10 0- ()"]
    assert (site.occupancy(), other.occupancy()) == (1, 0)


def test_a_sighting_without_a_location_makes_no_visit(site: Site) -> None:
    (seen,) = site.see("in AB10 0")
    site.change(seen, location_id=None)
    assert site.visits() == []


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pass_lists(10), st.integers(0, 3))
def test_visits_are_the_same_in_every_order_of_arrival(
    sqlite_database: Database, clock: SetClock, given_passes: list[Pass], same_pass_minutes: int
) -> None:
    delete_all_rows(sqlite_database)
    site = Site(sqlite_database, clock, same_pass_s=same_pass_minutes * 60)
    site.see(*(line(one) for one in given_passes))
    from_scratch = derive(given_passes, same_pass=at(same_pass_minutes) - at(0))
    assert site.visits() == written(from_scratch)
    assert site.occupancy() == sum(stay.is_open for stay in from_scratch)


def test_visits_are_the_same_in_every_order_of_arrival_on_each_database(site: Site) -> None:
    lines = [f"{way} {plate} {minute}" for minute, (way, plate) in enumerate(_traffic(random.Random(7), 40))]
    random.Random(8).shuffle(lines)
    site.see(*lines)
    assert site.visits() == sorted(
        text for key in "AX" for text in written(derive(one for one in passes(*lines) if one.plate[0] == key))
    )


def _traffic(chance: random.Random, count: int) -> list[tuple[str, str]]:
    return [(chance.choice(["in", "out"]), chance.choice(["AB10", "AB1O", "XY77"])) for _ in range(count)]


def test_a_corrected_plate_moves_to_its_own_visits(site: Site) -> None:
    _, wrong, _ = site.see("in AB10 0", "in XY77 5", "out AB10 9")
    site.change(wrong, plate="AB10")
    assert site.visits() == ["closed AB10 5-9 (9)", "missed_exit AB10 0- (5)"]
    assert site.occupancy() == 0


def test_a_visit_that_a_correction_undoes_is_reported_as_withdrawn(site: Site) -> None:
    wrong, _ = site.see("in AB10 0", "out XY77 5")
    (opened,) = [payload for kind, payload in site.events() if kind == "visit.opened"]
    site.change(wrong, plate="XY77")
    assert site.told()[2:] == ["visit.closed withdrawn AB10 (0)", "visit.closed closed XY77 (0)"]
    assert site.events()[2][1]["id"] == opened["id"]


def test_a_corrected_plate_that_looks_alike_stays_the_same_visit(site: Site) -> None:
    (seen,) = site.see("in AB10 0")
    (before,) = site.rows()
    site.change(seen, plate="AB1O")
    (after,) = site.rows()
    assert (after.id, after.plate) == (before.id, "AB1O")


def test_a_late_entry_keeps_the_visit_of_the_exit(site: Site) -> None:
    site.see("out AB10 9")
    (before,) = site.rows()
    site.see("in AB10 3")
    (after,) = site.rows()
    assert (after.id, after.state) == (before.id, "closed")


def test_a_sighting_that_is_applied_again_changes_nothing_and_tells_nothing(site: Site) -> None:
    (seen,) = site.see("in AB10 0")
    told = site.told()
    site.change(seen, confidence=0.5)
    assert site.told() == told


@pytest.mark.parametrize(
    ("gone", "expected"),
    [
        (0, ["missed_entry AB10 -9 (9)"]),
        (1, ["open AB10 0- ()"]),
    ],
    ids=["its entry", "its exit"],
)
def test_a_deleted_sighting_takes_its_part_of_the_visit_away(site: Site, gone: int, expected: list[str]) -> None:
    seen = site.see("in AB10 0", "out AB10 9")
    site.delete(seen[gone])
    assert site.visits() == expected


def test_deleting_both_sightings_leaves_no_visit(site: Site) -> None:
    for seen in site.see("in AB10 0", "out AB10 9"):
        site.delete(seen)
    assert site.visits() == []


def test_another_time_moves_the_pass(site: Site) -> None:
    _, left = site.see("in AB10 5", "out AB10 9")
    site.change(left, captured_at=at(2))
    assert site.visits() == ["missed_entry AB10 -2 (2)", "open AB10 5- ()"]


@pytest.mark.parametrize(("plate", "inside"), [("AB10", True), ("AB1O", True), ("AB17", False), ("XY77", False)])
def test_a_plate_is_inside_if_it_or_one_that_looks_alike_entered(site: Site, plate: str, inside: bool) -> None:
    site.see("in AB10 0", "in XY77 1", "out XY77 2")
    with site.service() as service:
        assert service.is_inside({plate}, site.id) is inside
        assert service.is_inside({plate}, site.id + 1) is False


def test_two_processes_at_once_lose_nothing(site: Site) -> None:
    plates = [f"CD{number}X" for number in range(6)]
    together = Barrier(2)

    def drive(way: str) -> None:
        together.wait(10)
        for minute, plate in enumerate(plates):
            site.see(f"{way} {plate} {minute + (30 if way == 'out' else 0)}")

    with ThreadPoolExecutor(2) as threads:
        list(threads.map(drive, ["in", "out"]))
    assert site.visits() == [
        f"closed {plate} {minute}-{minute + 30} ({minute + 30})" for minute, plate in enumerate(plates)
    ]


def test_while_one_holds_the_lock_another_one_waits(site: Site) -> None:
    """Two who count the places in turn never both see the last one free."""
    together = Barrier(2)

    def enter_if_empty(number: int) -> bool:
        together.wait(10)
        with site.service() as service:
            service.lock(site.id)
            if service.occupancy(site.id):
                return False
            site._record(service._session, f"in CD{number}X {number}")
            return True

    with ThreadPoolExecutor(2) as threads:
        assert sorted(threads.map(enter_if_empty, range(2))) == [False, True]


def test_a_fee_is_that_of_the_tariff_at_the_entry(site: Site) -> None:
    site.tariff(unit_price=200)
    site.tariff(unit_price=500, valid_from=at(100))
    site.see("in AB10 0", "out AB10 150", "in XY77 100", "out XY77 150", "in CD77 -50", "out CD77 -45")
    assert {row.plate: (row.fee, row.currency) for row in site.rows()} == {
        "AB10": (600, "EUR"),
        "XY77": (500, "EUR"),
        "CD77": (200, "EUR"),
    }


def test_only_a_visit_with_both_ends_has_a_fee(site: Site) -> None:
    site.tariff()
    site.see("in AB10 0", "in AB10 9", "out XY77 9")
    assert [(row.fee, row.duration_s) for row in site.rows()] == [(None, None)] * 3


def test_an_open_visit_is_closed_by_hand(site: Site) -> None:
    site.tariff()
    site.see("in AB10 0")
    (visit,) = site.rows()
    with site.service() as service:
        closed = service.close(visit.id, at(61))
    assert (closed.state, closed.left_at, closed.fee) == ("closed", at(61), 400)
    assert closed.exit is not None
    assert closed.exit.sighting_id is None
    site.see("in AB10 90")
    assert site.visits() == ["closed AB10 0-61 (61)", "open AB10 90- ()"]


def test_closing_takes_now_for_the_time(site: Site, clock: SetClock) -> None:
    site.see("in AB10 0")
    with site.service() as service:
        assert service.close(site.rows()[0].id, None).left_at == clock.now()


def test_a_visit_that_is_not_open_or_not_there_is_not_closed(site: Site) -> None:
    site.see("in AB10 0", "out AB10 5")
    visit_id = site.rows()[0].id
    with pytest.raises(ConflictError, match="not open"), site.service() as service:
        service.close(visit_id, None)
    with pytest.raises(NotFoundError), site.service() as service:
        service.close(visit_id + 1, None)


@pytest.mark.parametrize("minute", [-1, 24 * 60])
def test_nobody_left_before_the_entry_or_in_the_future(site: Site, minute: int) -> None:
    site.see("in AB10 0")
    visit_id = site.rows()[0].id
    with pytest.raises(FieldError, match="between the entry"), site.service() as service:
        service.close(visit_id, at(minute))


def test_visits_over_the_limit_are_reported_once(database: Database, clock: SetClock) -> None:
    site = Site(database, clock, overstay_minutes=60)
    # The clock stands at minute 240.
    site.see("in AB10 0", "in XY77 200", "in CD77 100", "out CD77 190")
    with site.service() as service:
        assert service.publish_overstays() == 1
        assert service.publish_overstays() == 0
    (told,) = [payload for kind, payload in site.events() if kind == "visit.overstayed"]
    assert (told["plate"], told["overstayed_at"]) == ("AB10", at(60).isoformat().replace("+00:00", "Z"))
    assert {row.plate: row.overstayed_at for row in site.rows()} == {"AB10": at(60), "XY77": None, "CD77": at(160)}
    clock.advance(25 * 60)
    with site.service() as service:
        assert service.publish_overstays() == 1
    site.see("out AB10 260")
    assert {row.plate: row.overstayed_at for row in site.rows()}["AB10"] == at(60)


def test_a_location_without_a_limit_is_never_overstayed(site: Site, clock: SetClock) -> None:
    site.see("in AB10 0")
    clock.advance(10**6)
    with site.service() as service:
        assert service.publish_overstays() == 0
