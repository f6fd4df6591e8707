"""Every import of a list is seen, whether or not its sender waited for the answer."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient

from platewatch.clock import SetClock
from platewatch.db.engine import Database
from platewatch.db.tables import WatchlistImportRow
from platewatch.watchlists import endpoints
from platewatch.watchlists.csv_files import read_lines
from platewatch.watchlists.import_records import ImportRecord, ListImportRepository, SentFile
from platewatch.watchlists.import_schemas import ImportMode, ListImportQuery
from tests.events.test_endpoints import listening
from tests.servers import Server
from tests.watchlists.lists import ADMIN
from tests.watchlists.test_endpoints import make, put_file

IMPORTS = "/api/v1/watchlists/imports"


def told(client: TestClient, **query: Any) -> list[dict[str, Any]]:
    answer = client.get(IMPORTS, params=query)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


class Slow:
    """Reads the lines of files once the test lets it."""

    def __init__(self) -> None:
        self.began = threading.Event()
        self.may_go_on = threading.Event()

    def __call__(self, *arguments: Any) -> Iterator[Any]:
        lines = read_lines(*arguments)
        first = next(lines)
        self.began.set()
        assert self.may_go_on.wait(30)
        yield first
        yield from lines


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> Iterator[Slow]:
    slow = Slow()
    monkeypatch.setattr(endpoints, "read_lines", slow)
    yield slow
    slow.may_go_on.set()


@pytest.mark.parametrize(("mode", "removed"), [("add", 0), ("replace", 1)])
def test_an_import_is_reported_with_what_it_did(server: Server, mode: str, removed: int) -> None:
    client = server.admin()
    watchlist_id = make(client)
    put_file(client, watchlist_id, "OLD1\n")
    put_file(client, watchlist_id, "NEW1\nNEW2\nNEW1\n", mode)
    newest = told(client)[0]
    assert (newest["watchlist_id"], newest["watchlist"], newest["mode"]) == (watchlist_id, "residents", mode)
    assert (newest["state"], newest["error"]) == ("done", None)
    assert (newest["added"], newest["skipped"], newest["removed"]) == (2, 1, removed)
    assert (newest["filename"], newest["username"]) == ("list.csv", "ada")
    assert newest["finished_at"] >= newest["started_at"]
    assert [item["added"] for item in told(client)] == [2, 1]


@pytest.mark.parametrize("mode", ["add", "replace"])
def test_an_import_that_changed_nothing_is_reported_with_the_reason(server: Server, mode: str) -> None:
    client = server.admin()
    watchlist_id = make(client)
    assert put_file(client, watchlist_id, "AB12\n\x00\n--\n", mode).status_code == 422
    (item,) = told(client)
    assert (item["state"], item["added"], item["removed"]) == ("failed", 0, 0)
    assert "can't be used" in item["error"]
    assert client.get(f"/api/v1/watchlists/{watchlist_id}").json()["entries"] == 0


def test_refused_lines_are_kept_with_their_import(server: Server) -> None:
    client = server.admin()
    watchlist_id = make(client)
    answer = put_file(client, watchlist_id, "plate,owner\nAB12,ann\n\x1b--,ben\n,cy\n").json()
    (item,) = told(client)
    assert (item["refused"], "problems" in item) == (2, False)
    detail = client.get(f"{IMPORTS}/{item['id']}").json()
    assert {key: detail[key] for key in item} == item
    assert [(problem["line"], problem["field"]) for problem in detail["problems"]] == [(3, "plate"), (4, "plate")]
    assert all(problem["message"] for problem in detail["problems"])
    assert [problem["message"] for problem in detail["problems"]][1] == answer["errors"][1]["message"]
    assert "\x1b" not in str(detail)


def test_no_more_refused_lines_are_kept_than_are_answered(sqlite_server: Server) -> None:
    client = sqlite_server.admin()
    put_file(client, make(client), "plate\n" + "--\n" * 250)
    (item,) = told(client)
    assert item["refused"] == 100
    assert len(client.get(f"{IMPORTS}/{item['id']}").json()["problems"]) == 100


@pytest.mark.parametrize("text", ["AB12\n", ""], ids=["done", "no rows"])
def test_an_import_without_refused_lines_has_none(sqlite_server: Server, text: str) -> None:
    client = sqlite_server.admin()
    put_file(client, make(client), text)
    (item,) = told(client)
    assert (item["refused"], client.get(f"{IMPORTS}/{item['id']}").json()["problems"]) == (0, [])


def test_an_import_that_is_not_there_is_not_found(sqlite_server: Server) -> None:
    assert sqlite_server.admin().get(f"{IMPORTS}/999").status_code == 404


def test_a_crash_is_reported_without_its_inside(database: Database, clock: SetClock, filled: int) -> None:
    sent = SentFile(filled, ImportMode.ADD, "list.csv")
    ImportRecord.begin(database, clock, sent, ADMIN).fail(ZeroDivisionError("inside"))
    with database.reading() as session:
        (row,) = ListImportRepository(session).page(ListImportQuery()).items
    assert (row.state, row.error) == ("failed", "Something went wrong (ZeroDivisionError).")


@pytest.mark.parametrize("mode", ["add", "replace"])
def test_an_import_whose_sender_gave_up_is_shown_while_it_runs_and_after_it(
    sqlite_server: Server, slow: Slow, mode: str
) -> None:
    client = sqlite_server.admin()
    watchlist_id = make(client)
    key = client.post("/api/v1/api-keys", json={"name": "importer", "scopes": ["manage"]}).json()["key"]
    body = (
        b'--x\r\nContent-Disposition: form-data; name="file"; filename="long.csv"\r\n\r\n'
        b"AB12\nCD34\nEF56\n\r\n--x--\r\n"
    )
    head = (
        f"POST /api/v1/watchlists/{watchlist_id}/import?mode={mode} HTTP/1.1\r\nHost: localhost\r\n"
        f"Authorization: Bearer {key}\r\nContent-Type: multipart/form-data; boundary=x\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    with listening(sqlite_server) as address:
        host, _, port = address.rpartition(":")
        with socket.create_connection((host, int(port))) as connection:
            connection.sendall(head.encode() + body)
            assert slow.began.wait(30)
        (running,) = told(client)
        assert (running["state"], running["filename"], running["finished_at"]) == ("running", "long.csv", None)
        slow.may_go_on.set()
        for _ in range(600):
            (item,) = told(client)
            if item["state"] != "running":
                break
            threading.Event().wait(0.05)
    assert (item["state"], item["added"], item["username"]) == ("done", 3, "ada")


def test_an_import_whose_process_died_is_reported_as_interrupted(
    start_server: Callable[..., Server], clock: SetClock
) -> None:
    server = start_server()
    client = server.admin()
    put_file(client, make(client), "AB12\n")
    with server.runtime.database.transaction() as session:
        session.query(WatchlistImportRow).update({"state": "running", "finished_at": None})
    right = clock.now()
    states = []
    for moved in (timedelta(minutes=4), timedelta(minutes=6), timedelta(days=-2)):
        clock.set(right + moved)
        states += [item["state"] for item in told(client)]
    assert states == ["running", "interrupted", "interrupted"]


def test_imports_are_listed_by_list_and_page_and_outlive_the_list(server: Server) -> None:
    client = server.admin()
    first, second = make(client, "first"), make(client, "second")
    for watchlist_id in (first, second, first):
        put_file(client, watchlist_id, "AB12\n")
    assert [item["watchlist"] for item in told(client, watchlist_id=first)] == ["first", "first"]
    page = client.get(IMPORTS, params={"limit": 2}).json()
    rest = client.get(IMPORTS, params={"limit": 2, "cursor": page["next_cursor"]}).json()
    assert [item["watchlist"] for item in page["items"] + rest["items"]] == ["first", "second", "first"]
    client.delete(f"/api/v1/watchlists/{second}")
    assert [(item["watchlist_id"], item["watchlist"]) for item in told(client)][1] == (None, "second")


def test_a_list_that_is_not_there_gets_no_record(sqlite_server: Server) -> None:
    client = sqlite_server.admin()
    assert put_file(client, 999_999, "AB12\n").status_code == 404
    assert told(client) == []


def test_only_administrators_see_imports(sqlite_server: Server) -> None:
    sqlite_server.admin()
    operator = sqlite_server.user("otto", "operator")
    assert [operator.get(path).status_code for path in (IMPORTS, f"{IMPORTS}/1")] == [403, 403]


def test_a_file_name_is_shown_without_what_would_steer_a_terminal(sqlite_server: Server) -> None:
    client = sqlite_server.admin()
    path = f"/api/v1/watchlists/{make(client)}/import"
    client.post(path, files={"file": ("\x1b[2J" + "n" * 300 + ".csv", "AB12\n", "text/csv")})
    (item,) = told(client)
    assert len(item["filename"]) <= 255
    assert "\x1b" not in item["filename"]


def test_refused_lines_that_quote_a_plate_go_with_its_erasure(server: Server) -> None:
    client = server.admin()
    watchlist = make(client)
    put_file(client, watchlist, "plate\nMU AB 12#\nXY 77#\n")
    path = f"{IMPORTS}/{told(client)[0]['id']}"
    assert ["AB 12" in problem["message"] for problem in client.get(path).json()["problems"]] == [True, False]
    erased = client.post("/api/v1/privacy/erasures", json={"plate": "MU-AB 12", "reason": "asked", "dry_run": False})
    assert erased.status_code == 200, erased.text
    kept = client.get(path).json()
    assert [problem["line"] for problem in kept["problems"]] == [3]
    assert "AB 12" not in str(kept)
    assert kept["refused"] == 2


def test_refused_lines_go_when_events_do(server: Server) -> None:
    client = server.admin()
    assert put_file(client, make(client), "plate\nMU AB 12#\nXY 77#\n").status_code == 422
    path = f"{IMPORTS}/{told(client)[0]['id']}"
    server.runtime.privacy.run()
    assert len(client.get(path).json()["problems"]) == 2
    with server.runtime.database.transaction() as session:
        session.query(WatchlistImportRow).update({"started_at": server.runtime.clock.now() - timedelta(days=31)})
    server.runtime.privacy.run()
    kept = client.get(path).json()
    assert (kept["problems"], kept["refused"], kept["state"]) == ([], 2, "failed")
