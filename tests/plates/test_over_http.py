"""Plates as people write them, through every route that takes one: each is compared by its key."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient

from platewatch.db.tables import UserRow
from tests.servers import Server

WRITTEN = "GÖ-AB 123"
KEY = "GOAB123"
STRANGER = "GAB123"


def created(answer: Any) -> Any:
    assert answer.status_code in (200, 201), answer.text
    return answer.json()


def make_yard(client: TestClient, **policy: Any) -> tuple[int, int]:
    """A location whose gate denies unknown plates, and an allow list."""
    location = created(client.post("/api/v1/locations", json={"name": "yard"}))["id"]
    watchlist = created(client.post("/api/v1/watchlists", json={"name": "residents", "kind": "allow"}))["id"]
    rules = {"enabled": True, "unknown": "deny", **policy}
    created(client.put(f"/api/v1/access/policies/{location}", json=rules))
    return location, watchlist


def add_entry(client: TestClient, watchlist: int, plate: str, **fields: Any) -> Any:
    return created(client.post(f"/api/v1/watchlists/{watchlist}/entries", json={"plate": plate, **fields}))


def decide(client: TestClient, location: int, plate: str) -> Any:
    body = {"plate": plate, "location_id": location, "direction": "entering", "confidence": 0.99}
    return created(client.post("/api/v1/access/decide", json=body))


def write_down(client: TestClient, plate: str, **fields: Any) -> Any:
    return created(client.post("/api/v1/sightings/manual", json={"plate": plate, **fields}))


def found(client: TestClient, plate: str, **query: Any) -> list[str]:
    page = created(client.get("/api/v1/sightings", params={"plate": plate, **query}))
    return [sighting["plate"] for sighting in page["items"]]


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))


def test_gate_lets_in_the_plate_on_the_list_and_not_a_stranger(server: Server) -> None:
    client = server.admin()
    location, watchlist = make_yard(client)
    entry = add_entry(client, watchlist, WRITTEN)
    assert (entry["plate"], entry["written"]) == (KEY, WRITTEN)
    read = decide(client, location, KEY)
    assert (read["decision"], read["reason"], read["match"]["folded"]) == ("granted", "allow_list", True)
    assert (read["match"]["entry_plate"], read["match"]["entry_written"]) == (KEY, WRITTEN)
    stranger = decide(client, location, STRANGER)
    assert (stranger["decision"], stranger["reason"], stranger["match"]) == ("denied", "unknown_plate", None)
    typed = decide(client, location, "gö ab 123")
    assert (typed["plate"], typed["written"], typed["decision"]) == (KEY, "gö ab 123", "granted")
    assert typed["match"]["folded"] is False


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ("TÜ-X 77", "TUX77"),
        ("ÅSA 11", "ASA11"),
        ("А123ВС 77", "A123BC77"),
        ("КА 1234 АА", "KA1234AA"),
        ("ＡＢ１２３", "AB123"),
        ("粵B12345", "粤B12345"),
        ("ΙΒΜ-1234", "IBM1234"),
        ("ŽU·ĐČ 12", "ZUDC12"),
    ],
)
def test_entry_is_compared_by_its_key_and_shown_as_written(sqlite_server: Server, written: str, key: str) -> None:
    client = sqlite_server.admin()
    location, watchlist = make_yard(client)
    entry = add_entry(client, watchlist, written)
    assert (entry["plate"], entry["written"]) == (key, written)
    assert decide(client, location, key)["decision"] == "granted"
    checked = created(client.get("/api/v1/watchlists/check", params={"plate": written}))
    assert (checked["plate"], checked["written"]) == (key, written)
    assert [(fit["entry"]["id"], fit["folded"]) for fit in checked["matches"]] == [(entry["id"], False)]
    for plate in (written, key, f"{key[:3]}*"):
        page = created(client.get(f"/api/v1/watchlists/{watchlist}/entries", params={"plate": plate}))
        assert [one["id"] for one in page["items"]] == [entry["id"]]
    part = created(client.get(f"/api/v1/watchlists/{watchlist}/entries", params={"q": written[:4]}))
    assert [one["id"] for one in part["items"]] == [entry["id"]]


def requests_with(plate: str) -> list[tuple[str, str, dict[str, Any]]]:
    query, body = {"params": {"plate": plate}}, {"json": {"plate": plate}}
    return [
        ("POST", "/api/v1/watchlists/1/entries", body),
        ("GET", "/api/v1/watchlists/1/entries", query),
        ("GET", "/api/v1/watchlists/check", query),
        ("POST", "/api/v1/access/decide", body),
        ("POST", "/api/v1/access/gates/1/open", {"json": {"plate": plate, "reason": "test"}}),
        ("GET", "/api/v1/access/log", query),
        ("GET", "/api/v1/access/log/export", query),
        ("POST", "/api/v1/sightings/manual", body),
        ("PATCH", "/api/v1/sightings/1", body),
        ("GET", "/api/v1/sightings", query),
        ("GET", "/api/v1/sightings", {"params": {"plate": plate, "match": "fuzzy"}}),
        ("GET", "/api/v1/sightings/count", query),
        ("GET", "/api/v1/sightings/export", query),
        ("GET", "/api/v1/visits", query),
        ("GET", "/api/v1/visits/export", query),
        ("GET", "/api/v1/privacy/report", query),
        ("POST", "/api/v1/privacy/erasures", {"json": {"plate": plate, "reason": "test"}}),
        ("POST", "/api/v1/privacy/holds", {"json": {"plate": plate, "reason": "test"}}),
        ("POST", "/api/plate", body),
        ("GET", "/api/history", query),
        ("GET", "/plate_status", query),
        ("GET", "/plate_queries", query),
        ("GET", "/vehicle_queries", query),
        ("GET", "/detections", query),
        ("GET", "/session_queries", query),
        ("POST", "/verification", body),
        ("POST", "/logs", {"json": {"plate": plate, "decision": "granted"}}),
        ("GET", "/logs", query),
    ]


@pytest.mark.parametrize(
    ("plate", "named"),
    [("12가3456", "HANGUL SYLLABLE GA"), ("Ж 123", "CYRILLIC CAPITAL LETTER ZHE"), ("AB|12", "VERTICAL LINE")],
)
def test_every_route_refuses_a_plate_without_a_key_by_name(sqlite_server: Server, plate: str, named: str) -> None:
    client = sqlite_server.admin()
    make_yard(client)
    write_down(client, "AB12")
    answers = {f"{method} {path}": client.request(method, path, **sent) for method, path, sent in requests_with(plate)}
    assert {place: answer.status_code for place, answer in answers.items()} == dict.fromkeys(answers, 422)
    assert [place for place, answer in answers.items() if named not in answer.text] == []


def test_search_finds_a_pass_however_its_plate_is_written(server: Server) -> None:
    client = server.admin()
    told = write_down(client, "MÜ-ÖL 5")
    assert (told["plate"], told["written"], told["read_plate"]) == ("MUOL5", "MÜ-ÖL 5", "MUOL5")
    for plate in ("MUOL5", "mü öl 5", "MÜ*", "mu*", "*öl?", "MU？L5"):
        assert found(client, plate) == ["MUOL5"], plate
    assert found(client, "MÜÖL6", match="fuzzy") == ["MUOL5"]
    assert found(client, "MÜ", match="prefix") == ["MUOL5"]
    for plate in ("ML5", "M*ÄL5", "MOUL5"):
        assert found(client, plate) == [], plate


def test_correction_keeps_the_plate_as_written(server: Server) -> None:
    client = server.admin()
    sighting = write_down(client, "UBO12")["id"]
    path = f"/api/v1/sightings/{sighting}"
    same = created(client.patch(path, json={"plate": "ub-o 12"}))
    assert (same["written"], same["is_corrected"]) == ("UBO12", False)
    marked = created(client.patch(path, json={"plate": "ÜB-Ö 12"}))
    assert (marked["plate"], marked["written"], marked["is_corrected"]) == ("UBO12", "ÜB-Ö 12", True)
    other = created(client.patch(path, json={"plate": "ÜB-Ä 12"}))
    assert (other["plate"], other["written"], other["read_plate"]) == ("UBA12", "ÜB-Ä 12", "UBO12")
    changes = created(client.get(f"{path}/history"))["items"]
    assert [(change["before"], change["after"]) for change in changes] == [
        ({"written": "UBO12"}, {"written": "ÜB-Ö 12"}),
        ({"plate": "UBO12", "written": "ÜB-Ö 12"}, {"plate": "UBA12", "written": "ÜB-Ä 12"}),
    ]


def test_entry_typed_with_marks_and_exit_read_without_them_are_one_visit(server: Server) -> None:
    client = server.admin()
    write_down(client, "WÜ-X 9", location="yard", direction="entering")
    write_down(client, "WUX9", location="yard", direction="leaving")
    (visit,) = created(client.get("/api/v1/visits", params={"plate": "wü x9"}))["items"]
    assert (visit["plate"], visit["written"], visit["state"]) == ("WUX9", "WÜ-X 9", "closed")
    (row,) = rows(client.get("/api/v1/visits/export").text)
    assert (row["plate"], row["written"]) == ("WUX9", "WÜ-X 9")


def test_privacy_report_and_erasure_concern_this_plate_and_no_stranger(server: Server) -> None:
    client = server.admin()
    _, watchlist = make_yard(client)
    add_entry(client, watchlist, WRITTEN, owner="Ada")
    kept = write_down(client, STRANGER)["id"]
    for plate in (WRITTEN, KEY):
        write_down(client, plate, location="yard", direction="entering")
    report = created(client.get("/api/v1/privacy/report", params={"plate": WRITTEN}))
    assert report["plate"] == KEY
    assert {(one["plate"], one["written"]) for one in report["sightings"]} == {(KEY, WRITTEN), (KEY, KEY)}
    assert {one["plate"] for one in report["visits"]} == {KEY}
    assert [(one["entry"], one["entry_written"], one["owner"]) for one in report["watchlists"]] == [
        (KEY, WRITTEN, "Ada")
    ]
    erasure = {"plate": "gö ab123", "reason": "request", "dry_run": False, "watchlists": True}
    gone = created(client.post("/api/v1/privacy/erasures", json=erasure))
    assert (gone["sightings"], gone["entries"]) == (2, 1)
    assert [one["id"] for one in created(client.get("/api/v1/sightings"))["items"]] == [kept]
    assert WRITTEN not in client.get("/api/v1/visits").text


def test_legal_hold_is_set_by_the_key_and_shown_as_written(sqlite_server: Server) -> None:
    client = sqlite_server.admin()
    sighting = write_down(client, KEY)["id"]
    hold = created(client.post("/api/v1/privacy/holds", json={"plate": WRITTEN, "reason": "police"}))
    assert (hold["plate"], hold["written"]) == (KEY, WRITTEN)
    assert client.delete(f"/api/v1/sightings/{sighting}").status_code == 409


def test_folded_match_is_for_review_where_the_policy_says_so(server: Server) -> None:
    client = server.admin()
    location, watchlist = make_yard(client, folded="review")
    add_entry(client, watchlist, "BÖ AB 12")
    read = decide(client, location, "BOAB12")
    assert (read["decision"], read["reason"], read["match"]["folded"]) == ("review", "folded_match", True)
    assert decide(client, location, "BÖ-AB 12")["decision"] == "granted"
    add_entry(client, watchlist, "BO AB 12")
    assert decide(client, location, "BOAB12")["decision"] == "granted"
    log = created(client.get("/api/v1/access/log", params={"plate": "bö ab 12"}))["items"]
    assert [(one["written"], one["match"]["folded"]) for one in log] == [
        ("BOAB12", False), ("BÖ-AB 12", False), ("BOAB12", True)
    ]  # fmt: skip
    exported = rows(client.get("/api/v1/access/log/export").text)
    assert [(row["plate"], row["written"], row["entry_written"], row["folded"]) for row in exported] == [
        ("BOAB12", "BOAB12", "BO AB 12", "false"),
        ("BOAB12", "BÖ-AB 12", "BÖ AB 12", "false"),
        ("BOAB12", "BOAB12", "BÖ AB 12", "true"),
    ]


def test_policy_without_a_word_on_folded_matches_accepts_them(sqlite_server: Server) -> None:
    client = sqlite_server.admin()
    location, _ = make_yard(client)
    assert created(client.get(f"/api/v1/access/policies/{location}"))["folded"] == "accept"
    refused = client.put(f"/api/v1/access/policies/{location}", json={"folded": "perhaps"})
    assert refused.status_code == 422


def test_one_list_holds_two_plates_with_one_key(server: Server) -> None:
    """Germany has BÖ and BO: two cars, and neither entry takes the place of the other."""
    client = server.admin()
    location, watchlist = make_yard(client)
    with_marks, without = (add_entry(client, watchlist, plate) for plate in ("BÖ AB 12", "BO AB 12"))
    assert with_marks["plate"] == without["plate"] == "BOAB12"
    assert decide(client, location, "BOAB12")["match"]["entry_written"] == "BO AB 12"
    assert decide(client, location, "BÖAB12")["match"]["entry_written"] == "BÖ AB 12"
    client.delete(f"/api/v1/watchlists/{watchlist}/entries/{without['id']}")
    assert decide(client, location, "BOAB12")["match"]["entry_written"] == "BÖ AB 12"


@pytest.mark.parametrize("mode", ["add", "replace"])
def test_import_keeps_two_plates_with_one_key_and_skips_one_that_is_written_twice(server: Server, mode: str) -> None:
    client = server.admin()
    _, watchlist = make_yard(client)
    path = f"/api/v1/watchlists/{watchlist}"
    file = {"file": ("list.csv", "plate\nBÖ AB 12\nBO AB 12\nbö-ab12\nКА 1234 АА\nKA1234AA\n".encode())}
    answer = created(client.post(f"{path}/import", params={"mode": mode}, files=file))
    assert (answer["added"], answer["skipped"]) == (3, 2)
    exported = client.get(f"{path}/export").text
    assert [(row["plate"], row["key"]) for row in rows(exported)] == [
        ("BÖ AB 12", "BOAB12"), ("BO AB 12", "BOAB12"), ("КА 1234 АА", "KA1234AA")
    ]  # fmt: skip
    again = created(client.post(f"{path}/import", files={"file": ("again.csv", exported.encode())}))
    assert (again["added"], again["skipped"]) == (0, 3)


def test_match_of_a_manual_pass_tells_the_text_as_written(server: Server) -> None:
    client = server.admin()
    _, watchlist = make_yard(client)
    add_entry(client, watchlist, "BÖ*")
    write_down(client, "BO 1234")
    write_down(client, "BÖ 1234")
    matches = created(client.get("/api/v1/matches"))["items"]
    assert [(one["plate"], one["entry_plate"], one["entry_written"], one["folded"]) for one in matches] == [
        ("BO1234", "BO*", "BÖ*", False), ("BO1234", "BO*", "BÖ*", True)
    ]  # fmt: skip


def test_exports_have_the_text_as_written_beside_the_key(sqlite_server: Server) -> None:
    client = sqlite_server.admin()
    write_down(client, WRITTEN)
    (row,) = rows(client.get("/api/v1/sightings/export").text)
    assert (row["plate"], row["written"]) == (KEY, WRITTEN)
    (told,) = created(client.get("/api/v1/sightings/export", params={"format": "json"}))
    assert (told["plate"], told["written"]) == (KEY, WRITTEN)


def test_other_systems_routes_compare_by_the_key(sqlite_server: Server) -> None:
    client = sqlite_server.admin()
    location, watchlist = make_yard(client)
    add_entry(client, watchlist, WRITTEN)
    assert created(client.post("/api/plate", json={"plate": WRITTEN}))["data"]["plate"] == KEY
    assert len(created(client.get("/api/history", params={"plate": "gö ab 123"}))["data"]) == 1
    status = created(client.get("/plate_status", params={"plate": WRITTEN}))
    assert (status["plate"], status["last_seen"]["written"]) == (KEY, WRITTEN)
    assert [(fit["entry"]["written"], fit["folded"]) for fit in status["lists"]] == [(WRITTEN, False)]
    (detection,) = created(client.get("/plate_queries", params={"plate": "GÖ*"}))["detections"]
    assert (detection["plate"], detection["written"]) == (KEY, WRITTEN)
    verified = created(client.post("/verification", json={"plate": WRITTEN, "location_id": location}))
    assert (verified["plate"], verified["written"], verified["decision"]) == (KEY, WRITTEN, "granted")
    logged = created(client.post("/logs", json={"plate": WRITTEN, "decision": "granted"}))
    assert (logged["plate"], logged["written"]) == (KEY, WRITTEN)
    assert len(created(client.get("/logs", params={"plate": "göab123"}))["logs"]) == 2


def test_region_is_a_choice_of_known_codes_on_every_way_in(sqlite_server: Server) -> None:
    client = sqlite_server.admin()
    location, watchlist = make_yard(client)
    sighting = write_down(client, "AB12", region="FR")
    assert sighting["region"] == "fr"
    path, named = f"/api/v1/sightings/{sighting['id']}", {"plate": "AB12", "region": "france"}
    file = {"file": ("list.csv", b"plate,region\nAB12,france\n")}
    answers = [
        client.patch(path, json={"region": "france"}),
        client.post("/api/v1/sightings/manual", json=named),
        client.post(f"/api/v1/watchlists/{watchlist}/entries", json=named),
        client.post(f"/api/v1/watchlists/{watchlist}/import", files=file),
        client.get("/api/v1/watchlists/check", params=named),
        client.post("/api/v1/access/decide", json=named | {"location_id": location}),
        client.post("/verification", json=named),
        client.get("/api/v1/sightings", params={"region": "france"}),
    ]
    assert [answer.status_code for answer in answers] == [422] * len(answers)
    assert [answer.text for answer in answers if "Did you mean 'fr'?" not in answer.text] == []
    assert client.patch(path, json={"region": "xx"}).status_code == 422
    assert created(client.patch(path, json={"region": None}))["region"] is None
    regions = {region["code"]: region["name"] for region in created(client.get("/api/v1/regions"))["items"]}
    assert (regions["fr"], regions["us-ca"]) == ("France", "California")
    assert sqlite_server.anonymous.get("/api/v1/regions").status_code == 401


def test_plate_that_is_hidden_is_written_nowhere(start_server: Callable[..., Server]) -> None:
    server = start_server(unlisted_plates="pseudonym")
    client = server.admin()
    make_yard(client)
    told = write_down(client, "MÜ-ÖL 5", location="yard", direction="entering")
    assert (told["plate"][0], told["written"]) == ("~", None)
    assert found(client, "mü öl 5") == found(client, told["plate"]) == [told["plate"]]
    assert found(client, "MÜ*") == []
    logged = created(client.post("/logs", json={"plate": "MÜ-ÖL 5", "decision": "granted"}))
    assert (logged["plate"], logged["written"]) == (told["plate"], None)
    decided = created(client.post("/api/v1/access/decide", json={"plate": "MÜ-ÖL 5", "location_id": 1}))
    assert (decided["plate"], decided["written"]) == (told["plate"], None)
    client.patch(f"/api/v1/sightings/{told['id']}", json={"plate": "MÜ-ÖL 6"})
    places = []
    with server.runtime.database.engine.connect() as connection:
        for table in UserRow.metadata.sorted_tables:
            if table.name != "audit_log":
                texts = [str(cell) for row in connection.execute(table.select()) for cell in row]
                places += [table.name for text in texts if "ÖL" in text or "MUOL" in text or "\\u00d6L" in text]
    assert places == []
