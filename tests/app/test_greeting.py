from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import pytest

from platewatch.app import greeting as module
from platewatch.app.greeting import address_for_people, greeting
from platewatch.settings import Settings


@pytest.fixture
def _in_a_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_address_in_network", lambda _family: "192.0.2.7")


def lines(folder: Path, *, first_account: bool = False, proxied: bool = False, **chosen: Any) -> str:
    settings = Settings(data=folder, **chosen)
    return "\n".join(greeting(settings, first_account=first_account, proxied=proxied))


@pytest.mark.usefixtures("_in_a_network")
@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", "http://127.0.0.1:8000"),
        ("0.0.0.0", "http://192.0.2.7:8000"),
        ("::", "http://192.0.2.7:8000"),
        ("::1", "http://[::1]:8000"),
        ("plates.example.com", "http://plates.example.com:8000"),
    ],
)
def test_the_printed_address_can_be_typed_into_a_browser(tmp_path: Path, host: str, expected: str) -> None:
    assert address_for_people(Settings(data=tmp_path, host=host)) == expected


def test_a_machine_without_a_network_names_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable(*_: object) -> None:
        raise OSError(101, "Network is unreachable")

    monkeypatch.setattr(socket.socket, "connect", unreachable)
    assert address_for_people(Settings(data=tmp_path, host="0.0.0.0")) == "http://localhost:8000"


@pytest.mark.usefixtures("_in_a_network")
def test_a_server_for_the_network_names_both_addresses_and_the_token(tmp_path: Path) -> None:
    told = lines(tmp_path, first_account=True, host="0.0.0.0")
    assert "On this machine also at http://localhost:8000" in told
    assert "Open http://192.0.2.7:8000/app/ to make the first one" in told
    assert (tmp_path / "setup-token").read_text().strip() in told


def test_the_data_folder_and_the_places_of_settings_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert f"Data folder: {tmp_path}\nSettings: environment (there is no {tmp_path}/.env)" in lines(tmp_path)
    (tmp_path / ".env").touch()
    assert f"Settings: environment and {tmp_path}/.env" in lines(tmp_path)


@pytest.mark.parametrize(
    ("chosen", "who"),
    [({}, "anyone who works on this machine"), ({"auth_off_confirmed": True}, "anyone who can reach this server")],
    ids=["for this machine", "for all"],
)
def test_an_open_door_is_told_in_place_of_the_first_account(tmp_path: Path, chosen: dict[str, bool], who: str) -> None:
    told = lines(tmp_path, first_account=True, auth="off", **chosen)
    assert "The door is open (PLATEWATCH_AUTH=off)" in told
    assert who in told
    assert "first one" not in told
    assert not (tmp_path / "setup-token").exists()


def test_behind_a_proxy_the_token_is_told_and_no_address_of_this_machine(tmp_path: Path) -> None:
    told = lines(tmp_path, first_account=True, proxied=True)
    assert "Open the page /app/ to make the first one" in told
    assert (tmp_path / "setup-token").read_text().strip() in told
    assert "http://" not in told


def test_with_an_account_nothing_is_asked_for(tmp_path: Path) -> None:
    assert "first one" not in lines(tmp_path)
