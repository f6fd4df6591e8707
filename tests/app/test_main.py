from __future__ import annotations

from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from platewatch.app.main import create_app
from platewatch.db.engine import Database
from platewatch.errors import SettingsError
from platewatch.settings import Settings
from tests.servers import BlindReader, started


def migrated_settings(folder: Path, **chosen: object) -> Settings:
    settings = Settings(data=folder, bcrypt_rounds=4, **chosen)  # type: ignore[arg-type]  # whatever the test sets
    database = Database(settings.effective_database_url)
    database.migrate()
    database.dispose()
    return settings


def test_two_apps_in_one_process_know_nothing_of_each_other(tmp_path: Path) -> None:
    first, second = migrated_settings(tmp_path / "a"), migrated_settings(tmp_path / "b", registration="closed")
    with started(first, BlindReader()) as one, started(second, BlindReader()) as other:
        ada = one.admin()
        assert other.runtime.first_account_missing()
        assert other.register("bob").json()["data"]["role"] == "admin"
        assert [user["username"] for user in ada.get("/api/v1/users").json()["items"]] == ["ada"]
        cookie = ada.cookies["platewatch_session"]
        assert other.new_client(cookies={"platewatch_session": cookie}).get("/auth/me").status_code == 401
        assert one.register("cleo").status_code == 201
        assert other.register("cleo").status_code == 403
        assert one.app.openapi() is not other.app.openapi()


def test_one_app_can_be_started_again_after_it_stopped(tmp_path: Path) -> None:
    settings = migrated_settings(tmp_path)
    for expected in (201, 409):
        with started(settings, BlindReader()) as server:
            assert server.register().status_code == expected


def test_making_an_app_touches_neither_disk_nor_database(tmp_path: Path) -> None:
    create_app(Settings(data=tmp_path / "data"))
    assert list(tmp_path.iterdir()) == []


def test_an_app_does_not_start_on_a_database_without_its_tables(tmp_path: Path) -> None:
    app = create_app(Settings(data=tmp_path))
    with pytest.raises(SettingsError, match="platewatch migrate"), TestClient(app):
        pass
