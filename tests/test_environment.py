from __future__ import annotations

from pathlib import Path

import pytest

from platewatch.environment import read_names

KNOWN = frozenset(
    {
        "PLATEWATCH_PORT",
        "PLATEWATCH_PROFILE",
        "PLATEWATCH_REGISTRATION",
        "PLATEWATCH_DB_PASSWORD",
        "DB_PASSWORD",
        "DB_USER",
    }
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / ".env"


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("PLATEWATCH_PORTT", "PLATEWATCH_PORT"),
        ("PLATEWATCH_REGISTRATON", "PLATEWATCH_REGISTRATION"),
        ("PLATEWATCH_PROFIL", "PLATEWATCH_PROFILE"),
        ("platewatch_prot", "PLATEWATCH_PORT"),
        ("PLATEWACH_PROFILE", "PLATEWATCH_PROFILE"),
        ("PLATE_WATCH_PORT", "PLATEWATCH_PORT"),
        ("PLATEWATCHPORT", "PLATEWATCH_PORT"),
        ("LATEWATCH_PORT", "PLATEWATCH_PORT"),
        ("PALTEWATCH_PORT", "PLATEWATCH_PORT"),
    ],
)
def test_a_misspelt_name_is_a_fault_that_names_the_nearest_setting(file: Path, name: str, near: str) -> None:
    assert read_names({name: "9000"}, file, KNOWN).faults == (f"{name} is no setting. Did you mean {near}?",)
    file.write_text(f"OTHER=1\n\n{name}=9000\n")
    assert read_names({}, file, KNOWN).faults == (f"{file}, line 3: {name} is no setting. Did you mean {near}?",)


def test_a_name_like_no_setting_is_a_fault_too(file: Path) -> None:
    (fault,) = read_names({"PLATEWATCH_XYZZY_Q": "1"}, file, KNOWN).faults
    assert "docs/settings.md" in fault


@pytest.mark.parametrize(
    "name",
    [
        "PLATEWATCH_PORT",
        "platewatch_port",
        "DB_PASSWORD",
        "PATH",
        "PLATE",
        "PLATFORM",
        "PLATEWATCH_TEST_POSTGRESQL",
        "PLATEWATCH_SERVICE_HOST",
        "PLATEWATCH_SERVICE_PORT_HTTP",
        "PLATEWATCH_PORT_8000_TCP",
        "PLATEWATCH_PORT_8000_TCP_ADDR",
        "MYSQL_PASSWORD",
        "WEB_CONCURRENCY",
    ],
)
def test_settings_and_names_of_others_are_no_fault(file: Path, name: str) -> None:
    file.write_text(f"{name}=1\n")
    names = read_names({name: "1"}, file, KNOWN)
    assert (names.faults, names.hints) == ((), ())


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        pytest.param("junk line here", "'junk line here'", id="words"),
        pytest.param("= x", "'=...'", id="no name"),
        pytest.param("PLATEWATCH PORT=90", "'PLATEWATCH PORT=...'", id="a blank in the name"),
        pytest.param("PLATEWATCH_DB_PASSWORD='hunter2", "'PLATEWATCH_DB_PASSWORD=...'", id="a quote without an end"),
        pytest.param("PLATEWATCH_DB_PASSWORD: hunter2", "'PLATEWATCH_DB_PASSWORD:...'", id="a colon"),
        pytest.param("PLATEWATCH_DB_PASSWORD hunter2", "'PLATEWATCH_DB_PASSWORD ...'", id="nothing between"),
    ],
)
def test_a_line_that_is_no_setting_is_a_fault_without_its_value(file: Path, line: str, shown: str) -> None:
    file.write_text(f"# a remark\nOTHER=1\n\n{line}\n")
    (fault,) = read_names({}, file, KNOWN).faults
    assert fault == f"{file}, line 4: {shown} is no setting. Write NAME=value, or # before a remark"


def test_a_setting_without_a_value_is_a_fault(file: Path) -> None:
    file.write_text("FOR_OTHERS\nPLATEWATCH_PORT\n")
    (fault,) = read_names({}, file, KNOWN).faults
    assert fault == f"{file}, line 2: PLATEWATCH_PORT has no value. Write PLATEWATCH_PORT=value"


def test_a_name_of_the_file_like_carwatchs_is_pointed_out_only(file: Path) -> None:
    file.write_text("DB_PASWORD=x\nDB_USER=ada\nDB_USERS=2\n")
    names = read_names({"DB_PASWORD": "of another program"}, file, KNOWN)
    assert names.faults == ()
    assert names.hints == (f"{file}, line 1: DB_PASWORD is none of platewatch's settings. Did you mean DB_PASSWORD?",)


def test_the_environment_wins_over_the_file(file: Path) -> None:
    file.write_text("PLATEWATCH_PORT=1\nPLATEWATCH_PROFILE=fast\n")
    places = read_names({"PLATEWATCH_PORT": "2"}, file, KNOWN).places
    assert str(places["PLATEWATCH_PORT"]) == "PLATEWATCH_PORT"
    assert str(places["PLATEWATCH_PROFILE"]) == f"{file}, line 2: PLATEWATCH_PROFILE"


def test_a_folder_in_place_of_the_file_is_a_fault(file: Path) -> None:
    file.mkdir()
    names = read_names({}, file, KNOWN)
    assert names.faults == (f"{file}: the file can't be read: Is a directory",)
    assert not names.readable


def test_a_setting_that_the_file_gives_twice_is_a_fault(file: Path) -> None:
    file.write_text("OTHER=1\nPLATEWATCH_PORT=1\nOTHER=2\nplatewatch_port=2\n")
    (fault,) = read_names({}, file, KNOWN).faults
    assert fault == f"{file}, line 4: platewatch_port is given in line 2 already. Keep one of the two"


def test_a_setting_that_the_environment_gives_in_two_spellings_is_a_fault(file: Path) -> None:
    file.write_text("PLATEWATCH_PORT=1\n")
    (fault,) = read_names({"PLATEWATCH_PORT": "2", "platewatch_port": "3"}, file, KNOWN).faults
    assert fault == "platewatch_port is given as PLATEWATCH_PORT already. Keep one of the two"
