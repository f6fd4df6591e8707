from __future__ import annotations

import os
import socket
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from platewatch.app.start import prepare_data, prepare_start, require_free_port
from platewatch.errors import SettingsError
from platewatch.settings import ReadSettings, Settings
from tests.redis_server import AWAY_URL
from tests.vision.networks import constant_network


@pytest.fixture(autouse=True)
def _same_umask() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


def start(folder: Path, **chosen: Any) -> list[str]:
    return prepare_start(ReadSettings(Settings(data=folder / "data", **chosen), (), ()))


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_first_start_makes_the_folders_for_its_user_alone(tmp_path: Path) -> None:
    assert start(tmp_path) == []
    assert mode(tmp_path / "data") == mode(tmp_path / "data" / "logs") == 0o700
    (tmp_path / "data" / "later").touch()
    assert mode(tmp_path / "data" / "later") == 0o600


def test_everything_that_can_not_work_is_named_at_once_and_nothing_is_made(tmp_path: Path) -> None:
    settings = Settings(
        data=tmp_path / "data",
        detector="crystal-ball",
        recognizer="easyocr",
        host="0.0.0.0",
        auth="off",
        llm="on",
        database_url="oracle://x/y",
    )
    with pytest.raises(SettingsError) as told:
        prepare_start(ReadSettings(settings, ("a name is misspelt",), ()))
    text = str(told.value)
    for part in (
        "a name is misspelt",
        "PLATEWATCH_AUTH_OFF_CONFIRMED",
        "'oracle' is not known",
        "PLATEWATCH_LLM_KEY",
        "PLATEWATCH_DETECTOR=crystal-ball can't be used: There is no detector 'crystal-ball'. Ready are: ",
        "PLATEWATCH_RECOGNIZER=easyocr can't be used: ",
    ):
        assert part in text
    assert len(text.splitlines()) == 7
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("chosen", "says"),
    [
        pytest.param(
            {"provider": "tensorrt"}, "PLATEWATCH_PROVIDER can't be used: The provider 'tensorrt'", id="provider"
        ),
        pytest.param(
            {"detector_model": Path("gone.onnx")}, "PLATEWATCH_DETECTOR_MODEL=gone.onnx", id="a missing model"
        ),
        pytest.param({"detector": "yolo"}, "PLATEWATCH_DETECTOR=yolo can't be used: .* needs a model", id="no model"),
        pytest.param(
            {"recognizer": "ensemble", "ensemble": "platewatch,nosuch"},
            "PLATEWATCH_ENSEMBLE names 'nosuch'",
            id="ensemble",
        ),
        pytest.param({"ensemble": "platewatch,nosuch"}, "PLATEWATCH_ENSEMBLE names 'nosuch'", id="ensemble by request"),
    ],
)
def test_a_model_that_can_not_be_used_is_named(tmp_path: Path, chosen: dict[str, Any], says: str) -> None:
    with pytest.raises(SettingsError, match=says):
        start(tmp_path, **chosen)


def test_a_users_model_that_is_no_detection_export_is_named(tmp_path: Path) -> None:
    (tmp_path / "own.onnx").write_bytes(constant_network(np.zeros((1, 3), np.float32)))
    with pytest.raises(SettingsError, match="PLATEWATCH_DETECTOR=yolo can't be used"):
        start(tmp_path, detector="yolo", detector_model=tmp_path / "own.onnx")


def test_a_redis_that_is_away_is_reported_and_keeps_nothing_from_starting(tmp_path: Path) -> None:
    (line,) = start(tmp_path, redis_url=AWAY_URL)
    assert line.startswith("PLATEWATCH_REDIS_URL: the Redis can't be reached: ")
    assert "alone" in line


def test_an_import_folder_that_is_not_there_is_reported(tmp_path: Path) -> None:
    (line,) = start(tmp_path, import_folders=str(tmp_path / "nas"))
    assert "PLATEWATCH_IMPORT_FOLDERS" in line
    assert str(tmp_path / "nas") in line


def test_a_folder_that_can_not_be_written_is_named_with_its_setting(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SettingsError, match=r"'.*/file/data' can't be written: a part of its path is a file.*_DATA"):
        start(tmp_path / "file")
    with pytest.raises(SettingsError, match=r"'.*/file' can't be written: it is a file.*PLATEWATCH_LOGS"):
        start(tmp_path, logs=tmp_path / "file")
    with pytest.raises(SettingsError, match="PLATEWATCH_DATABASE_URL"):
        start(tmp_path, database_url=f"sqlite:///{tmp_path}/file/x.db")
    with pytest.raises(SettingsError, match="a part of its path is a file"):
        prepare_data(Settings(data=tmp_path / "file" / "data"))


@pytest.mark.parametrize("name", ["media", "images", "logs/app.log", "platewatch.db", "secret-key"])
def test_a_file_in_place_of_a_folder_is_named_and_the_reverse(tmp_path: Path, name: str) -> None:
    path = tmp_path / "data" / name
    path.parent.mkdir(parents=True)
    if "." in name or "-" in name:
        path.mkdir()
    else:
        path.touch()
    with pytest.raises(SettingsError, match=rf"'{path}' is a (file|folder), and platewatch keeps a .* Move it away"):
        start(tmp_path)


@pytest.mark.parametrize(("name", "chosen"), [("secret-key", {}), ("plate-key", {"unlisted_plates": "pseudonym"})])
def test_a_damaged_key_is_named_before_the_server_starts(tmp_path: Path, name: str, chosen: dict[str, Any]) -> None:
    start(tmp_path)
    (tmp_path / "data" / name).write_text("no key")
    with pytest.raises(SettingsError, match=rf"{name}', can't be used: .* Restore it from a backup"):
        start(tmp_path, **chosen)


def test_a_database_that_is_none_is_named_before_anything_is_made(tmp_path: Path) -> None:
    (tmp_path / "x.db").write_text("no database at all, whatever is asked " * 9)
    with pytest.raises(SettingsError, match="Restore it from a backup"):
        start(tmp_path, database_url=f"sqlite:///{tmp_path}/x.db")
    assert not (tmp_path / "data").exists()


def test_a_database_file_elsewhere_is_closed_to_others(tmp_path: Path) -> None:
    (tmp_path / "x.db").touch(mode=0o644)
    start(tmp_path, database_url=f"sqlite:///{tmp_path}/x.db")
    assert mode(tmp_path / "x.db") == 0o600


def test_data_in_the_place_of_before_are_pointed_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chosen, before = tmp_path / "chosen", tmp_path / "before"
    before.mkdir()
    (before / "platewatch.db").touch()
    monkeypatch.setattr("platewatch.settings.default_data_folder", lambda: chosen)
    monkeypatch.setattr("platewatch.app.start.user_data_folder", lambda: before)
    monkeypatch.chdir(tmp_path)
    settings = Settings(data=chosen)
    settings.__pydantic_fields_set__.clear()
    lines = prepare_start(ReadSettings(settings, (), ()))
    assert lines == [
        f"There is another database in {before}, which is not used. To use it, set PLATEWATCH_DATA={before}"
    ]


def test_a_port_whose_last_connections_still_fade_is_free() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)):
            accepted, _ = listener.accept()
            accepted.close()
    require_free_port("127.0.0.1", port)


@pytest.mark.parametrize(
    ("host", "says"),
    [
        pytest.param("192.0.2.1", "does not have that address", id="not ours"),
        pytest.param("a" * 70, "no host of that name", id="no name"),
    ],
)
def test_a_host_that_can_not_be_listened_on_is_reported_with_what_to_choose(host: str, says: str) -> None:
    with pytest.raises(SettingsError, match=f"can't listen on '{host}'.*{says}.*PLATEWATCH_HOST"):
        require_free_port(host, 18_999)


def test_a_host_that_nobody_knows_is_reported_with_what_to_choose(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(SettingsError, match=r"can't listen on 'nobody.invalid'.*no host of that name.*PLATEWATCH_HOST"):
        require_free_port("nobody.invalid", 18_999)


def test_a_taken_port_is_reported_with_what_to_choose() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(
            SettingsError, match=f"port {port}: Address already in use. End what uses it, .*PLATEWATCH_PORT"
        ):
            require_free_port("127.0.0.1", port)
