from __future__ import annotations

import re
from pathlib import Path

import pytest

from platewatch.errors import SettingsError
from platewatch.settings import Settings, is_loopback, load_settings


@pytest.fixture(autouse=True)
def _empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_defaults_listen_on_loopback_and_use_sqlite_in_the_data_folder(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path)
    assert (settings.host, settings.port) == ("127.0.0.1", 8000)
    assert settings.listens_on_loopback
    assert settings.effective_database_url == f"sqlite:///{tmp_path.resolve()}/platewatch.db"
    assert settings.log_folder == tmp_path / "logs"


def test_a_checkout_keeps_its_data_in_the_data_folder(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").touch()
    (tmp_path / "src/platewatch").mkdir(parents=True)
    assert load_settings().data == Path("data")


def test_an_installed_package_keeps_its_data_in_the_users_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "share"))
    assert load_settings().data == tmp_path / "share" / "platewatch"


def test_the_environment_wins_over_the_env_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".env").write_text("PLATEWATCH_PORT=8100\nPLATEWATCH_HOST=0.0.0.0\n")
    monkeypatch.setenv("PLATEWATCH_PORT", "8200")
    settings = load_settings()
    assert (settings.port, settings.host) == (8200, "0.0.0.0")
    assert not settings.listens_on_loopback


def test_carwatch_names_in_the_env_file_are_honored(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(
        "DB_HOST=db.local\nDB_USER=car\nDB_PASSWORD=p@ss/word\nDB_NAME=carwatch\nDB_PORT=3307\n"
        "SECRET_KEY=x\nBCRYPT_ROUNDS=10\nDEBUG=True\n",
    )
    settings = load_settings()
    assert settings.effective_database_url == "mysql://car:p%40ss%2Fword@db.local:3307/carwatch"
    assert (settings.bcrypt_rounds, settings.secret_key) == (10, "x")
    assert settings.effective_log_level == "debug"


def test_our_own_name_wins_over_carwatchs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BCRYPT_ROUNDS", "10")
    monkeypatch.setenv("PLATEWATCH_BCRYPT_ROUNDS", "11")
    assert load_settings().bcrypt_rounds == 11


def test_a_database_url_wins_over_the_parts() -> None:
    settings = Settings(database_url="postgresql://somewhere/x", db_name="carwatch")
    assert settings.effective_database_url == "postgresql://somewhere/x"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        pytest.param("PLATEWATCH_PORT", "eighty", id="not a number"),
        pytest.param("PLATEWATCH_PORT", "70000", id="no such port"),
        pytest.param("PLATEWATCH_REGISTRATION", "maybe", id="not a choice"),
        pytest.param("PLATEWATCH_BCRYPT_ROUNDS", "99", id="over the limit"),
    ],
)
def test_a_bad_value_is_named(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=name):
        load_settings()


def test_allowed_origins_are_split_at_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLATEWATCH_ALLOWED_ORIGINS", "https://a.example/, https://b.example")
    assert load_settings().allowed_origins == ("https://a.example", "https://b.example")


def test_allowed_hosts_are_split_at_commas_in_lower_case(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLATEWATCH_ALLOWED_HOSTS", "Plates.example.com, *.gates.example.com,")
    assert load_settings().allowed_hosts == ("plates.example.com", "*.gates.example.com")


@pytest.mark.parametrize("name", ["redis_url", "db_password"])
def test_what_holds_a_password_is_not_shown(name: str) -> None:
    assert "s3cret" not in repr(Settings.model_validate({name: "redis://:s3cret@host"}))


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", True),
        ("127.8.9.10", True),
        ("::1", True),
        ("::ffff:127.0.0.1", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("::", False),
        ("192.168.1.5", False),
        ("example.org", False),
    ],
)
def test_loopback_addresses_are_recognized(host: str, expected: bool) -> None:
    assert is_loopback(host) is expected


def test_every_setting_is_in_the_documents() -> None:
    page = (Path(__file__).parents[1] / "docs" / "settings.md").read_text()
    documented = set(re.findall(r"PLATEWATCH_([A-Z_]+)`", page))
    assert documented == {name.upper() for name in Settings.model_fields}
