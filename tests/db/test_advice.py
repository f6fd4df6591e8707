from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from platewatch.db.advice import advice
from platewatch.db.engine import Database
from platewatch.errors import SettingsError
from platewatch.settings import DatabaseNames
from tests.databases import Kind, database_url

NAMES = DatabaseNames("ADDRESS", "USER", "PASSWORD", "NAME")
MYSQL = "mysql://ada:secret@db.example/plates"
POSTGRESQL = "postgresql://ada:secret@db.example/plates"


@pytest.mark.parametrize(
    ("url", "arguments", "says"),
    [
        pytest.param(MYSQL, (1045, "Access denied for user 'ada'"), "Correct USER and PASSWORD", id="MySQL: password"),
        pytest.param(MYSQL, (1049, "Unknown database 'plates'"), "another one with NAME", id="MySQL: no database"),
        pytest.param(
            MYSQL, (1044, "Access denied for 'plates'"), "all rights on the database 'plates'", id="MySQL: right"
        ),
        pytest.param(
            MYSQL, (2003, "Can't connect ([Errno -2] Name or service not known)"), "name in ADDRESS", id="MySQL: host"
        ),
        pytest.param(MYSQL, (2003, "Can't connect (Connection refused)"), "Check that it runs", id="MySQL: away"),
        pytest.param(
            POSTGRESQL, ('FATAL: password authentication failed for user "ada"',), "USER and PASSWORD", id="PostgreSQL"
        ),
        pytest.param(
            POSTGRESQL, ('FATAL: database "plates" does not exist',), "with NAME", id="PostgreSQL: no database"
        ),
        pytest.param(POSTGRESQL, ("failed to resolve host 'db.example'",), "name in ADDRESS", id="PostgreSQL: host"),
        pytest.param(POSTGRESQL, ("permission denied for database plates",), "all rights", id="PostgreSQL: right"),
        pytest.param(POSTGRESQL, ("connection refused",), "check ADDRESS", id="PostgreSQL: away"),
        pytest.param(
            "sqlite:////x/y.db", ("file is not a database",), "Restore it from a backup", id="SQLite: damaged"
        ),
        pytest.param("sqlite:////x/y.db", ("database disk image is malformed",), "ADDRESS", id="SQLite: malformed"),
        pytest.param("sqlite:////x/y.db", ("unable to open database file",), "read and write", id="SQLite: no right"),
        pytest.param(
            "sqlite:////x/y.db", ("attempt to write a readonly database",), "and its folder", id="SQLite: only read"
        ),
        pytest.param("sqlite:////x/y.db", ("database or disk is full",), "Free some space", id="SQLite: full"),
        pytest.param("sqlite:////x/y.db", ("database is locked",), "Another program", id="SQLite: locked"),
    ],
)
def test_the_advice_fits_what_the_driver_says(url: str, arguments: tuple[object, ...], says: str) -> None:
    told = advice(make_url(url), NAMES, Exception(*arguments))
    assert says in told
    assert "secret" not in told


def test_a_folder_in_place_of_the_file_is_named(tmp_path: Path) -> None:
    url = make_url(f"sqlite:///{tmp_path}")
    assert "is a folder, not a file" in advice(url, NAMES, Exception("unable to open database file"))


def test_a_file_that_is_no_database_is_named_with_its_setting(tmp_path: Path) -> None:
    (tmp_path / "x.db").write_text("this is no database, whatever its name says " * 9)
    database = Database(f"sqlite:///{tmp_path}/x.db", NAMES)
    with pytest.raises(SettingsError, match=r"Restore it from a backup.*ADDRESS says where"):
        database.ping()
    database.dispose()


def test_real_servers_get_fitting_advice(database: Database) -> None:
    url = database.url
    if url.get_backend_name() == Kind.SQLITE:
        pytest.skip("it has no user and no server")
    cases = {
        url.set(database="platewatch_no_such_database"): "platewatch_no_such_database",
        url.set(port=1): "Check that it runs",
        url.set(username="platewatch_nobody", password="wrong"): "USER and PASSWORD",
    }
    for wrong, says in cases.items():
        other = Database(wrong.render_as_string(hide_password=False), NAMES)
        try:
            with pytest.raises(SettingsError) as told:
                other.ping()
        except pytest.fail.Exception:
            # A server that trusts every local user lets anybody in.
            assert "nobody" in str(wrong)
            continue
        finally:
            other.dispose()
        assert says in str(told.value)
        assert "wrong@" not in str(told.value)
    assert database_url(database)


@pytest.mark.parametrize(
    ("url", "says"),
    [
        pytest.param("postgresql://u:p@host:abc/x", "can't be read", id="a word as port"),
        pytest.param("postgresql://u:p@ss@host/x", "%40", id="a sign of the password that ends it"),
        pytest.param("sqlite://relative.db", "sqlite:///file", id="two slashes"),
        pytest.param("oracle://x/y", "'oracle' is not known", id="another database"),
    ],
)
def test_an_address_that_can_not_be_is_refused_without_its_password(url: str, says: str) -> None:
    with pytest.raises(SettingsError, match=says) as told:
        Database(url)
    assert "p@ss" not in str(told.value)
