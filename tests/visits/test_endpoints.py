from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from sqlalchemy import select

from platewatch.db.tables import AuditRow
from tests.servers import Server
from tests.visits.passes import at
from tests.visits.site import Site

PATH = "/api/v1/visits"


def stamp(minute: float) -> str:
    return at(minute).isoformat().replace("+00:00", "Z")


def plates(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [item["plate"] for item in answer.json()["items"]]


def site_of(server: Server, **fields: Any) -> Site:
    return Site(server.runtime.database, server.runtime.clock, **fields)


def test_a_visit_is_shown_with_its_sightings_and_its_fee(server: Server) -> None:
    client = server.admin()
    site = site_of(server, overstay_minutes=60)
    site.tariff()
    entered, left = site.see("in AB10 0", "out AB1O 90")
    (shown,) = client.get(PATH).json()["items"]
    assert shown == {
        "id": shown["id"],
        "plate": "AB10",
        "written": None,
        "state": "closed",
        "location_id": site.id,
        "location": "depot",
        "entered_at": stamp(0),
        "left_at": stamp(90),
        "ended_at": stamp(90),
        "duration_s": 5400,
        "fee": 400,
        "currency": "EUR",
        "overstayed_at": stamp(60),
        "entry_sighting_id": entered,
        "exit_sighting_id": left,
    }
    assert client.get(f"{PATH}/{shown['id']}").json() == shown


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({}, ["CD77", "XY77", "EF55", "AB10"]),
        ({"plate": "ab-10"}, ["AB10"]),
        ({"plate": "AB1O"}, []),
        ({"plate": "?b*"}, ["AB10"]),
        ({"plate": "*7?"}, ["CD77", "XY77"]),
        ({"state": "open"}, ["CD77", "XY77"]),
        ({"state": "missed_entry"}, ["EF55"]),
        ({"location_id": 999_999}, []),
        ({"overstayed": True}, ["AB10"]),
        ({"overstayed": False}, ["CD77", "XY77", "EF55"]),
        ({"began_from": stamp(5)}, ["CD77", "XY77", "EF55"]),
        ({"began_to": stamp(5)}, ["AB10"]),
        ({"began_from": stamp(6), "began_to": stamp(20), "state": "open"}, ["XY77"]),
        ({"limit": 1}, ["CD77"]),
    ],
    ids=str,
)
def test_visits_are_found_newest_first(server: Server, filters: dict[str, Any], expected: list[str]) -> None:
    client = server.admin()
    site_of(server, overstay_minutes=60).see("in AB10 0", "out AB10 90", "out EF55 5", "in XY77 10", "in CD77 20")
    assert plates(client.get(PATH, params=filters)) == expected


def test_pages_follow_each_other(server: Server) -> None:
    client = server.admin()
    site_of(server).see(*(f"in AB{number}0 {number // 3}" for number in range(8)))
    seen: list[str] = []
    cursor: str | None = None
    while True:
        params = {"limit": 3} | ({"cursor": cursor} if cursor else {})
        answer = client.get(PATH, params=params)
        seen += plates(answer)
        cursor = answer.json()["next_cursor"]
        if cursor is None:
            break
    assert seen == [f"AB{number}0" for number in reversed(range(8))]


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({"state": "gone"}, "state"),
        ({"location_id": 0}, "location_id"),
        ({"location_id": 2**63}, "location_id"),
        ({"began_from": "2026-03-01T08:00:00"}, "began_from"),
        ({"limit": 0}, "limit"),
        ({"limit": 201}, "limit"),
        ({"plate": "a" * 65}, "plate"),
        ({"cursor": "x"}, None),
        ({"plates": "AB10"}, "plates"),
    ],
    ids=str,
)
def test_filters_that_can_not_be_are_refused(sqlite_server: Server, params: dict[str, Any], field: str | None) -> None:
    answer = sqlite_server.admin().get(PATH, params=params)
    assert answer.status_code == 422
    assert [problem["field"] for problem in answer.json()["errors"]] == ([field] if field else [])


def test_all_visits_are_exported_as_csv(server: Server) -> None:
    client = server.admin()
    site = site_of(server, name="=cmd|' /C calc'!A0")
    site.tariff()
    site.see("in AB10 0", "out AB10 30", "in XY77 40")
    answer = client.get(f"{PATH}/export", params={"location_id": site.id})
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert "visits.csv" in answer.headers["content-disposition"]
    still, closed = csv.DictReader(io.StringIO(answer.text.lstrip("\N{ZERO WIDTH NO-BREAK SPACE}")))
    assert (closed["plate"], closed["state"], closed["fee"], closed["currency"]) == ("AB10", "closed", "200", "EUR")
    assert (closed["entered_at"], closed["duration_s"]) == (at(0).isoformat(), "1800")
    assert (still["plate"], still["state"], still["left_at"], still["fee"]) == ("XY77", "open", "", "")
    assert still["location"].startswith("'=")
    with server.runtime.database.reading() as session:
        (note,) = session.scalars(select(AuditRow).where(AuditRow.action == "visits.exported")).all()
    assert note.details == {"location_id": site.id, "reason": None}


def test_the_export_is_whole_beyond_one_page(sqlite_server: Server) -> None:
    client = sqlite_server.admin()
    site_of(sqlite_server).see(*(f"in AB{number} {number % 7}" for number in range(230)))
    lines = client.get(f"{PATH}/export").text.splitlines()
    assert len(lines) == 231
    assert len(set(lines)) == 231


def test_an_operator_closes_a_visit_and_the_audit_log_says_so(server: Server) -> None:
    server.admin()
    client = server.user("otto")
    site_of(server).see("in AB10 0")
    (visit,) = client.get(PATH).json()["items"]
    closed = client.post(f"{PATH}/{visit['id']}/close", json={"left_at": stamp(30)})
    assert closed.json() == visit | {
        "state": "closed",
        "left_at": stamp(30),
        "ended_at": stamp(30),
        "duration_s": 1800,
    }
    again = client.post(f"{PATH}/{visit['id']}/close", json={})
    assert (again.status_code, "not open" in again.json()["detail"]) == (409, True)
    with server.runtime.database.reading() as session:
        (note,) = session.scalars(select(AuditRow).where(AuditRow.action == "visit.updated")).all()
    assert (note.username, note.subject) == ("otto", f"visit {visit['id']}")


@pytest.mark.parametrize("left_at", [stamp(-5), "2099-01-01T00:00:00Z"], ids=["before the entry", "in the future"])
def test_nobody_leaves_at_an_impossible_time(sqlite_server: Server, left_at: str) -> None:
    client = sqlite_server.admin()
    site_of(sqlite_server).see("in AB10 0")
    (visit,) = client.get(PATH).json()["items"]
    answer = client.post(f"{PATH}/{visit['id']}/close", json={"left_at": left_at})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "left_at"


def test_a_visit_that_is_not_there_is_not_found(sqlite_server: Server) -> None:
    client = sqlite_server.admin()
    assert client.get(f"{PATH}/4711").status_code == 404
    assert client.post(f"{PATH}/4711/close", json={}).status_code == 404
