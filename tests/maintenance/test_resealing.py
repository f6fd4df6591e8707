"""Giving up a secret key: everything that it sealed is sealed anew, or nothing is."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyotp
import pytest
from sqlalchemy import select, update

from platewatch.clock import SetClock
from platewatch.db.tables import AuditRow, CameraRow, GateRow, UserRow
from platewatch.errors import ResealError, SealError
from platewatch.maintenance.resealing import Resealed, reseal_all, sealed_columns
from platewatch.sealing import Seal
from tests.servers import PASSWORD, Server

CAMERA_URL = "rtsp://user:s3cret@192.0.2.7/stream"
RELAY = {"kind": "http", "url": "http://192.0.2.8/open", "headers": {"X-Token": "t0ken"}}
PLACES = {"cameras (sealed_source_url)", "gates (sealed_actuator)", "users (sealed_totp_secret)"}
OLD, NEW = "a phrase that sealed before", "a phrase that seals from now on"

StartServer = Callable[..., Server]


def store_secrets(client: Any) -> str:
    """One secret of each kind; that of the second factor."""
    place = client.post("/api/v1/locations", json={"name": "yard"})
    assert place.status_code == 201, place.text
    camera = client.post("/api/v1/cameras", json={"name": "north", "source_url": CAMERA_URL})
    assert camera.status_code == 201, camera.text
    body = {"name": "barrier", "location_id": place.json()["id"], "actuator": RELAY}
    gate = client.post("/api/v1/access/gates", json=body)
    assert gate.status_code == 201, gate.text
    secret: str = client.post("/api/v1/second-factor", json={"password": PASSWORD}).json()["secret"]
    return secret


def sealed_texts(server: Server) -> list[str]:
    with server.runtime.database.reading() as session:
        columns = (CameraRow.sealed_source_url, GateRow.sealed_actuator, UserRow.sealed_totp_secret)
        return [str(session.scalars(select(column).where(column.is_not(None))).one()) for column in columns]


def reseal(server: Server, keys: str) -> Resealed:
    seal = Seal(keys, Path("/nonexistent"))
    return server.runtime.database.transact(lambda session: reseal_all(session, seal, server.runtime.clock))


def places(error: ResealError) -> set[str]:
    """What the error names, without the ids."""
    return {re.sub(r" [0-9]+ ", " ", place) for place in error.places}


def test_every_column_with_a_secret_is_known() -> None:
    known = {f"{column.table.name}.{column.name}" for column in sealed_columns()}
    assert known == {"cameras.sealed_source_url", "gates.sealed_actuator", "users.sealed_totp_secret"}


def test_all_secrets_are_sealed_with_the_first_key_and_no_others_are_needed(server: Server) -> None:
    client = server.admin()
    secret = store_secrets(client)
    old = Seal(None, server.runtime.settings.data)
    keys = Seal(NEW, server.runtime.settings.data)  # and that of the file
    done = server.runtime.database.transact(lambda session: reseal_all(session, keys, server.runtime.clock))
    assert done == Resealed(changed=3, kept=0)
    new = Seal(NEW, Path("/nonexistent"))
    camera, gate, factor = (new.unseal(sealed) for sealed in sealed_texts(server))
    assert (camera, factor, "t0ken" in gate) == (CAMERA_URL, secret, True)
    with pytest.raises(SealError):
        old.unseal(sealed_texts(server)[0])
    assert reseal(server, NEW) == Resealed(changed=0, kept=3)
    notes = client.get("/api/v1/audit", params={"action": "secrets.resealed"}).json()["items"]
    assert [note["details"] for note in notes] == [{"changed": 0, "kept": 3}, {"changed": 3, "kept": 0}]
    assert {note["username"] for note in notes} == {"(command)"}


def test_nothing_is_changed_where_a_secret_is_opened_by_no_key(server: Server) -> None:
    store_secrets(server.admin())
    before = sealed_texts(server)
    with pytest.raises(ResealError, match="Nothing was changed") as caught:
        reseal(server, f"{NEW},{OLD}")
    assert places(caught.value) == PLACES
    assert sealed_texts(server) == before


def test_one_damaged_secret_stops_the_others_too(start_server: StartServer) -> None:
    server = start_server(secret_key=OLD)
    store_secrets(server.admin())
    with server.runtime.database.transaction() as session:
        session.execute(update(UserRow).values(sealed_totp_secret="damaged"))
    before = sealed_texts(server)
    with pytest.raises(ResealError) as caught:
        reseal(server, f"{NEW},{OLD}")
    assert places(caught.value) == {"users (sealed_totp_secret)"}
    assert sealed_texts(server) == before
    with server.runtime.database.reading() as session:
        assert session.scalars(select(AuditRow).where(AuditRow.action == "secrets.resealed")).all() == []


def test_without_secrets_there_is_nothing_to_do(sqlite_server: Server) -> None:
    assert reseal(sqlite_server, NEW) == Resealed(changed=0, kept=0)


def test_a_long_list_of_secrets_is_cut_short() -> None:
    error = ResealError([f"gates {number}" for number in range(1, 14)])
    assert "gates 10 and 3 more." in str(error)
    assert len(error.places) == 13


def test_a_key_is_replaced_step_by_step_while_everything_goes_on(start_server: StartServer, clock: SetClock) -> None:
    first = start_server(secret_key=OLD, unlisted_plates="pseudonym")
    ada = first.admin()
    secret = store_secrets(ada)
    code = pyotp.TOTP(secret).at(clock.now())
    assert ada.post("/api/v1/second-factor/confirm", json={"code": code}).status_code == 200
    assert ada.post("/api/v1/sightings/manual", json={"plate": "AB12CDE"}).status_code == 201

    both = start_server(secret_key=f"{NEW}, {OLD}", unlisted_plates="pseudonym")
    assert both.runtime.seal.unseal(sealed_texts(both)[0]) == CAMERA_URL
    assert both.runtime.database.transact(lambda session: reseal_all(session, both.runtime.seal, clock)).changed == 3

    last = start_server(secret_key=NEW, unlisted_plates="pseudonym")
    clock.advance(60)
    body = {"username": "ada", "password": PASSWORD, "code": pyotp.TOTP(secret).at(clock.now())}
    assert last.new_client().post("/auth/login", json=body).status_code == 200
    stayed = last.new_client(cookies=ada.cookies)
    assert stayed.get("/auth/me").status_code == 200, "sessions have nothing to do with the key"
    found = stayed.get("/api/v1/sightings", params={"plate": "AB12CDE"}).json()["items"]
    assert [item["plate"][0] for item in found] == ["~"], "nor have pseudonyms"
