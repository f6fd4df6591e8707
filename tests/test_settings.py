from __future__ import annotations

import re
from pathlib import Path

import pytest

from platewatch.errors import SettingsError
from platewatch.settings import DatabaseNames, Settings, is_loopback, load_settings, read_settings


@pytest.fixture(autouse=True)
def _empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_defaults_listen_on_loopback_and_use_sqlite_in_the_data_folder(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path)
    assert (settings.host, settings.port) == ("127.0.0.1", 8000)
    assert settings.listens_on_loopback
    assert settings.effective_database_url == f"sqlite:///{tmp_path.resolve()}/platewatch.db"
    assert settings.log_folder == tmp_path / "logs"


def test_a_checkout_keeps_its_data_in_its_data_folder_wherever_it_is_called() -> None:
    assert load_settings().data == Path(__file__).parents[1] / "data"


def test_an_installed_package_keeps_its_data_in_the_users_folder_even_in_a_checkout(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("platewatch.settings.server.checkout_folder", lambda: None)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "share"))
    (tmp_path / "pyproject.toml").touch()
    (tmp_path / "src/platewatch").mkdir(parents=True)
    assert load_settings().data == tmp_path / "share" / "platewatch"


def test_a_relative_data_folder_is_reported_from_the_root_on(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PLATEWATCH_DATA", "here")
    assert load_settings().data == tmp_path / "here"


def test_the_home_folder_can_be_written_as_a_tilde(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / ".env").write_text("PLATEWATCH_DATA=~/plates\nPLATEWATCH_LOGS=~/logs\nPLATEWATCH_IMPORT_FOLDERS=~/in\n")
    settings = load_settings()
    assert settings.data == tmp_path / "home/plates"
    assert settings.log_folder == tmp_path / "home/logs"
    assert settings.import_folders == (tmp_path / "home/in",)


def test_import_folder_below_an_unknown_home_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLATEWATCH_IMPORT_FOLDERS", "/srv/photos, ~nobody-here/in")
    (fault,) = read_settings().faults
    assert fault.startswith("PLATEWATCH_IMPORT_FOLDERS=~nobody-here/in can't be used: ")
    assert "home of a user that is not known here" in fault


def test_the_environment_wins_over_the_env_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".env").write_text("PLATEWATCH_PORT=8100\nPLATEWATCH_HOST=0.0.0.0\n")
    monkeypatch.setenv("PLATEWATCH_PORT", "8200")
    settings = load_settings()
    assert (settings.port, settings.host) == (8200, "0.0.0.0")
    assert not settings.listens_on_loopback


def test_carwatch_names_in_the_env_file_are_honored(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(
        "DB_HOST=db.local\nDB_USER=car\nDB_PASSWORD=p@ss/word\nDB_NAME=carwatch\nDB_PORT=3307\n"
        "SECRET_KEY=a key of thirty letters or so\nBCRYPT_ROUNDS=10\nDEBUG=True\n",
    )
    settings = load_settings()
    assert settings.effective_database_url == "mysql://car:p%40ss%2Fword@db.local:3307/carwatch"
    assert (settings.bcrypt_rounds, settings.secret_key) == (10, "a key of thirty letters or so")
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


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        pytest.param("ALLOWED_ORIGINS", "*", "https://plates.example.org", id="every site"),
        pytest.param("TRUSTED_PROXIES", "foo", "127.0.0.1,192.0.2.0/24", id="a proxy without an address"),
        pytest.param("SECRET_KEY", "x", "openssl rand -hex 32", id="a short key"),
        pytest.param("SECRET_KEY", "your_secret_key_here", "placeholder", id="the document's placeholder"),
        pytest.param("PLATE_KEY", "short", "16 are the least", id="a short key of pseudonyms"),
        pytest.param("ALLOWED_HOSTS", "https://plates.example.org", "name alone", id="an address as host"),
        pytest.param("REDIS_URL", "foo", "redis://localhost:6379/0", id="no address of a Redis"),
        pytest.param("LLM_URL", "foo", "https://", id="no address of a service"),
        pytest.param("LLM_DAILY_COST", "inf", "finite", id="an endless cost"),
        pytest.param("MAX_IMAGE_MB", "0", "greater than or equal to 1", id="a size of nothing"),
    ],
)
def test_a_value_that_can_not_work_is_refused_with_what_to_set(
    name: str, value: str, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"PLATEWATCH_{name}", value)
    with pytest.raises(SettingsError, match=f"PLATEWATCH_{name}") as told:
        load_settings()
    assert says in str(told.value)
    secret = name in {"SECRET_KEY", "PLATE_KEY", "REDIS_URL"}
    assert (f"PLATEWATCH_{name}={value}" in str(told.value)) is not secret


def test_all_faults_are_reported_at_once_with_their_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".env").write_text("PLATEWATCH_PROFIL=fast\nDEBUG=maybe\njunk line\nPLATEWATCH_READERS=0\n")
    monkeypatch.setenv("PLATEWATCH_PORTT", "9000")
    monkeypatch.setenv("PLATEWATCH_PORT", "eighty")
    with pytest.raises(SettingsError) as told:
        load_settings()
    lines = [line.strip() for line in str(told.value).splitlines()[1:]]
    assert [line.split(" ", 1)[0] if line.startswith("PLATE") else line[:14] for line in lines] == [
        ".env, line 3: ",
        "PLATEWATCH_PORTT",
        ".env, line 1: ",
        "PLATEWATCH_PORT=eighty",
        ".env, line 4: ",
        ".env, line 2: ",
    ]
    assert ".env, line 2: DEBUG=maybe can't be used" in str(told.value)
    assert "Did you mean PLATEWATCH_PROFILE?" in str(told.value)


def test_what_can_be_used_stays_beside_what_can_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLATEWATCH_PORT", "eighty")
    monkeypatch.setenv("DB_PORT", "x")
    monkeypatch.setenv("PLATEWATCH_HOST", "::1")
    read = read_settings()
    assert len(read.faults) == 2
    assert (read.settings.port, read.settings.db_port, read.settings.host) == (8000, 3306, "::1")


def test_the_port_that_kubernetes_sets_is_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLATEWATCH_PORT", "tcp://192.0.2.1:8000")
    with pytest.raises(SettingsError, match="enableServiceLinks"):
        load_settings()


def test_a_file_that_can_not_be_read_is_a_fault_beside_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".env").write_bytes("PLATEWATCH_PORT=9000\n".encode("utf-16"))
    monkeypatch.setenv("PLATEWATCH_READERS", "0")
    with pytest.raises(SettingsError, match=r"not in UTF-8[\s\S]*PLATEWATCH_READERS"):
        load_settings()


def test_a_file_with_the_mark_of_windows_is_read(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"\xef\xbb\xbfPLATEWATCH_PORT=9000\r\n")
    assert load_settings().port == 9000


def test_the_names_that_were_given_are_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".env").write_text("DB_NAME=plates\nDB_PASSWORD=x\n")
    monkeypatch.setenv("PLATEWATCH_DB_USER", "ada")
    names = load_settings().database_names
    assert names == DatabaseNames("DB_HOST and DB_PORT", "PLATEWATCH_DB_USER", "DB_PASSWORD", "DB_NAME")


@pytest.mark.parametrize(
    ("given", "expected"),
    [({}, "PLATEWATCH_DATA"), ({"database_url": "postgresql://h/x"}, "PLATEWATCH_DATABASE_URL")],
    ids=["the default", "a URL"],
)
def test_the_setting_of_the_database_is_named(given: dict[str, str], expected: str) -> None:
    assert Settings.model_validate(given).database_names == DatabaseNames(expected, expected, expected, expected)


def test_what_is_shown_of_settings_hides_secrets() -> None:
    settings = Settings(port=9000, secret_key="a key of thirty letters or so", redis_url="redis://:s3cret@localhost")
    assert settings.shown() == {"port": "9000", "secret_key": "***", "redis_url": "***"}


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
