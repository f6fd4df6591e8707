"""Taking over a CarWatch database: each row once, counts that add up, the source unchanged."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import bcrypt
import pytest
from PIL import Image
from sqlalchemy import func, select

from platewatch.app.runtime import Runtime
from platewatch.clock import Clock
from platewatch.db.engine import Database
from platewatch.db.tables import AuditRow, ImageRow, ImportedRow, SightingRow, UserRow, VisitRow
from platewatch.errors import ConflictError, FieldError, InputError
from platewatch.imports.carwatch.report import Outcome, Report
from platewatch.imports.carwatch.source import SourceTable, opened
from platewatch.imports.carwatch.takeover import Takeover, TakeoverPlan, Target
from platewatch.settings import Settings
from platewatch.users.principal import Role
from tests.carwatch import Source, carwatch
from tests.cli.children import COMMAND, PATIENCE_S, environment, run
from tests.databases import Kind, database_url
from tests.servers import Server

PLAN = TakeoverPlan(admin="boss")
OLD = {"boss": "boss password", "guard": "gd 1", "php": "php password"}
KINDS = {"boss": "2b", "guard": "2a", "php": "2y"}


def hash_of(name: str) -> str:
    made = bcrypt.hashpw(OLD[name].encode(), bcrypt.gensalt(4)).decode()
    return made.replace("$2b$", f"${KINDS[name]}$")


def photo(color: str = "gray", size: tuple[int, int] = (160, 120)) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", size, color).save(buffer, "JPEG")
    return buffer.getvalue()


def fill(source: Source) -> None:
    """Three users, five records of which one has no plate, and three images of which one is damaged."""
    for number, name in enumerate(OLD, 1):
        source.insert("users", username=name, password=hash_of(name), created_at=f"2025-01-0{number} 08:00:00")
    for plate, subject, description, date, user_id in [
        ("AB12CDE", "Vehicle Entry", "car is available", "2025-06-15 10:30:00", 2),
        ("AB12CDE", "Vehicle Exit", "car has left", "2025-06-15 12:30:00", 2),
        ("XYZ789", "Manual Entry", "Manually recorded plate", "2025-06-16 08:00:00", 1),
        ("KL34MNO", "Vehicle Entry", "car is available", "2025-06-17 08:00:00", None),
        ("Unknown", "Vehicle Entry", "car is available", "2025-06-18 08:00:00", 3),
    ]:
        source.insert("history", plate=plate, subject=subject, description=description, date=date, user_id=user_id)
    for filename, data in [("image_1.jpg", photo()), ("image_2.jpg", photo("red")), ("cut.jpg", photo()[:300])]:
        source.insert(
            "images",
            filename=filename,
            image_data=data,
            file_size=len(data),
            file_type="jpg",
            upload_date="2025-06-15 10:29:58",
        )


@pytest.fixture(params=list(Kind), ids=lambda kind: f"from {kind}")
def source(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Source]:
    with carwatch(request.param, tmp_path / "source") as source:
        fill(source)
        yield source


@pytest.fixture
def mariadb_source(tmp_path: Path) -> Iterator[Source]:
    with carwatch(Kind.MARIADB, tmp_path / "source") as source:
        fill(source)
        yield source


@pytest.fixture
def sqlite_source(tmp_path: Path) -> Iterator[Source]:
    with carwatch(Kind.SQLITE, tmp_path / "source") as source:
        fill(source)
        yield source


@contextmanager
def host_of(database: Database, data: Path, **settings: object) -> Iterator[Runtime]:
    runtime = Runtime(Settings(data=data, database_url=database_url(database), bcrypt_rounds=4, **settings), Clock())  # type: ignore[arg-type]
    try:
        runtime.open_stores()
        yield runtime
    finally:
        runtime.close_stores()


def take_over(
    source: Source,
    host: Runtime,
    plan: TakeoverPlan = PLAN,
    zone: str | None = "UTC",
    tell: Callable[[int, int], None] = lambda *_: None,
) -> Report:
    with opened(source.url, ZoneInfo(zone) if zone else None) as rows:
        target = Target(host.settings, host.recorder, host.reading.limits)
        takeover = Takeover(rows, target, plan, tell)
        takeover.require_settled()
        takeover.run()
    return takeover.report


def outcomes(report: Report) -> dict[str, tuple[int, ...]]:
    """Taken, taken before, linked and left of each table, which together are all rows."""
    for tally in report.tallies.values():
        assert tally.outcomes.total() == tally.total
        assert sum(len(ids) for ids in tally.left.values()) == tally.outcomes[Outcome.LEFT]
    return {name: tuple(tally.outcomes[outcome] for outcome in Outcome) for name, tally in report.tallies.items()}


def counts(database: Database) -> tuple[int, ...]:
    with database.reading() as session:
        return tuple(
            session.scalar(select(func.count()).select_from(row)) or 0
            for row in (UserRow, SightingRow, ImageRow, ImportedRow)
        )


def test_everything_that_can_be_taken_is_taken_once(source: Source, sqlite_database: Database, tmp_path: Path) -> None:
    with host_of(sqlite_database, tmp_path / "data") as host:
        first = take_over(source, host)
        assert outcomes(first) == {"users": (3, 0, 0, 0), "history": (4, 0, 0, 1), "images": (2, 0, 0, 1)}
        assert counts(sqlite_database) == (3, 4, 2, 9)
        second = take_over(source, host)
        assert outcomes(second) == {"users": (0, 3, 0, 0), "history": (0, 4, 0, 1), "images": (0, 2, 0, 1)}
        assert counts(sqlite_database) == (3, 4, 2, 9)
        source.insert("history", plate="NEW123", date="2025-07-01 08:00:00", user_id=2)
        third = take_over(source, host)
        assert outcomes(third)["history"] == (1, 4, 0, 1)


def test_each_kind_of_database_takes_the_rows_over(mariadb_source: Source, database: Database, tmp_path: Path) -> None:
    with host_of(database, tmp_path / "data", media="database") as host:
        report = take_over(mariadb_source, host, TakeoverPlan(admin="boss", location="north"))
        assert outcomes(report) == {"users": (3, 0, 0, 0), "history": (4, 0, 0, 1), "images": (2, 0, 0, 1)}
        with database.reading() as session:
            keys = session.scalars(select(ImageRow.media_key)).all()
        assert sorted(len(host.media.get(key)) for key in keys) == sorted(map(len, (photo(), photo("red"))))
        assert host.media.pending() == []
    assert counts(database) == (3, 4, 2, 9)


def test_rows_keep_who_when_and_what(source: Source, sqlite_database: Database, tmp_path: Path) -> None:
    with host_of(sqlite_database, tmp_path / "data") as host:
        take_over(source, host, TakeoverPlan(admin="boss", location="north"))
    with sqlite_database.reading() as session:
        rows = session.scalars(select(SightingRow).order_by(SightingRow.id)).all()
        names = {row.id: row.username for row in session.scalars(select(UserRow))}
        assert [(row.plate, row.direction, names.get(row.user_id or 0), row.subject) for row in rows] == [
            ("AB12CDE", "entering", "guard", "Vehicle Entry"),
            ("AB12CDE", "leaving", "guard", "Vehicle Exit"),
            ("XYZ789", "unknown", "boss", "Manual Entry"),
            ("KL34MNO", "entering", None, "Vehicle Entry"),
        ]
        assert rows[0].captured_at == datetime(2025, 6, 15, 10, 30, tzinfo=UTC)
        assert {row.source for row in rows} == {"import"}
        image = session.scalars(select(ImageRow).order_by(ImageRow.id)).first()
        assert image is not None
        assert (image.filename, image.created_at) == ("image_1.jpg", datetime(2025, 6, 15, 10, 29, 58, tzinfo=UTC))
        visits = session.scalars(select(VisitRow).order_by(VisitRow.id)).all()
        assert [(visit.plate, visit.state) for visit in visits] == [("AB12CDE", "closed"), ("KL34MNO", "open")]


def test_without_a_location_the_history_makes_no_visits(
    sqlite_source: Source, sqlite_database: Database, tmp_path: Path
) -> None:
    with host_of(sqlite_database, tmp_path / "data") as host:
        take_over(sqlite_source, host)
    with sqlite_database.reading() as session:
        assert session.scalar(select(func.count()).select_from(VisitRow)) == 0


def test_users_log_in_with_their_old_passwords(mariadb_source: Source, server: Server) -> None:
    take_over(mariadb_source, server.runtime)
    for name, password in OLD.items():
        client = server.log_in(name, password)
        assert client.get("/auth/me").json()["data"]["role"] == ("admin" if name == "boss" else "operator")
        answer = server.new_client().post("/auth/login", json={"username": name, "password": password + "!"})
        assert answer.status_code == 401
    told = server.log_in("guard", OLD["guard"]).get("/api/history").json()["data"]
    assert told[-1] == {
        "subject": "Vehicle Entry",
        "plate": "AB12CDE",
        "description": "car is available",
        "date": "2025-06-15T10:30:00",
        "username": "guard",
    }
    assert server.log_in("boss", OLD["boss"]).post("/api/fetch_img").json()["upload_date"] == "2025-06-15T10:29:58"


def test_a_dry_run_counts_the_same_and_writes_nothing(
    source: Source, sqlite_database: Database, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    with host_of(sqlite_database, data) as host:
        dry = take_over(source, host, TakeoverPlan(admin="boss", location="north", is_dry=True))
        assert counts(sqlite_database) == (0, 0, 0, 0)
        with sqlite_database.reading() as session:
            assert session.scalar(select(func.count()).select_from(AuditRow)) == 0
        assert list(data.rglob("*.jpg")) == []
        assert outcomes(dry) == outcomes(take_over(source, host))
    assert "would be taken" in next(dry.lines())


def test_the_source_is_not_changed(source: Source, sqlite_database: Database, tmp_path: Path) -> None:
    def content() -> list[object]:
        with source.engine.connect() as connection:
            return [
                connection.exec_driver_sql(f"SELECT * FROM {table} ORDER BY 1").all()
                for table in ("users", "history", "images")
            ]

    before = content()
    with host_of(sqlite_database, tmp_path / "data") as host:
        take_over(source, host)
    assert content() == before


def test_the_source_can_not_be_written(source: Source) -> None:
    with opened(source.url, None) as rows, pytest.raises(Exception, match=r"(?i)read.?only"):
        rows._connection.exec_driver_sql("DELETE FROM history")


def test_rows_that_come_meanwhile_wait_for_the_next_run(
    mariadb_source: Source, sqlite_database: Database, tmp_path: Path
) -> None:
    def insert_once(done: int, _total: int) -> None:
        if done == 1:
            mariadb_source.insert("history", plate="LATE123", date="2025-07-01 08:00:00")

    with host_of(sqlite_database, tmp_path / "data") as host:
        assert outcomes(take_over(mariadb_source, host, tell=insert_once))["history"] == (4, 0, 0, 1)
        assert outcomes(take_over(mariadb_source, host))["history"] == (1, 4, 0, 1)


@pytest.mark.parametrize("kind", [Kind.POSTGRESQL, Kind.SQLITE], ids=str)
def test_dates_without_a_zone_ask_for_one_and_follow_it(kind: Kind, sqlite_database: Database, tmp_path: Path) -> None:
    with carwatch(kind, tmp_path / "source") as source, host_of(sqlite_database, tmp_path / "data") as host:
        fill(source)
        with pytest.raises(FieldError, match="--time-zone"):
            take_over(source, host, zone=None)
        report = take_over(source, host, zone="Europe/Berlin")
        assert "history: dates are in Europe/Berlin" in list(report.lines())
    with sqlite_database.reading() as session:
        first = session.scalars(select(SightingRow.captured_at).order_by(SightingRow.id)).first()
    assert first == datetime(2025, 6, 15, 8, 30, tzinfo=UTC)


def test_a_timestamp_of_mysql_needs_no_zone_whatever_zone_the_server_is_in(
    mariadb_source: Source, sqlite_database: Database, tmp_path: Path
) -> None:
    with mariadb_source.engine.begin() as connection:
        connection.exec_driver_sql("SET time_zone = '+05:00'")
        connection.exec_driver_sql("UPDATE history SET date = '2025-06-15 15:30:00' WHERE id = 1")
    with host_of(sqlite_database, tmp_path / "data") as host:
        report = take_over(mariadb_source, host, zone=None)
    with sqlite_database.reading() as session:
        first = session.scalars(select(SightingRow.captured_at).order_by(SightingRow.id)).first()
    assert first == datetime(2025, 6, 15, 10, 30, tzinfo=UTC)
    assert "history: dates are in UTC, by the column's type" in list(report.lines())


def test_a_datetime_column_of_mysql_asks_for_the_zone(
    mariadb_source: Source, sqlite_database: Database, tmp_path: Path
) -> None:
    mariadb_source.execute("ALTER TABLE history MODIFY date DATETIME NULL")
    with host_of(sqlite_database, tmp_path / "data") as host, pytest.raises(FieldError, match="dates in history have"):
        take_over(mariadb_source, host, zone=None)


def test_dates_that_are_none_leave_their_rows(sqlite_source: Source, sqlite_database: Database, tmp_path: Path) -> None:
    for number, date in enumerate([None, "yesterday", "1718445600", "0001-01-01 00:00:00", "2999-01-01 00:00:00"]):
        sqlite_source.insert("history", plate=f"DATE{number}", date=date)
    with host_of(sqlite_database, tmp_path / "data") as host:
        report = take_over(sqlite_source, host)
    assert outcomes(report)["history"] == (4, 0, 0, 6)


def test_a_server_that_nobody_administers_asks_who_will(sqlite_source: Source, sqlite_server: Server) -> None:
    with pytest.raises(FieldError, match="--admin"):
        take_over(sqlite_source, sqlite_server.runtime, TakeoverPlan())
    with pytest.raises(FieldError, match="no user 'nobody'"):
        take_over(sqlite_source, sqlite_server.runtime, TakeoverPlan(admin="nobody"))
    sqlite_server.admin()
    assert outcomes(take_over(sqlite_source, sqlite_server.runtime, TakeoverPlan(role=Role.VIEWER)))["users"][0] == 3
    assert sqlite_server.log_in("boss", OLD["boss"]).get("/auth/me").json()["data"]["role"] == "viewer"


def test_a_user_whose_name_is_here_already_is_linked_and_keeps_this_servers_password(
    sqlite_source: Source, sqlite_server: Server
) -> None:
    sqlite_source.insert("users", username="ADA", password=hash_of("boss"), created_at="2025-01-05 08:00:00")
    sqlite_source.insert("history", plate="ADA123", date="2025-07-01 08:00:00", user_id=4)
    client = sqlite_server.admin()
    report = take_over(sqlite_source, sqlite_server.runtime, TakeoverPlan())
    assert outcomes(report)["users"] == (3, 0, 1, 0)
    assert sqlite_server.log_in("ada").get("/auth/me").status_code == 200
    assert (
        sqlite_server.new_client().post("/auth/login", json={"username": "ada", "password": OLD["boss"]}).status_code
        == 401
    )
    assert client.get("/api/history", params={"plate": "ADA123"}).json()["data"][0]["username"] == "ada"


def test_of_two_users_whose_names_differ_in_capitals_the_second_is_left(
    sqlite_source: Source, sqlite_database: Database, tmp_path: Path
) -> None:
    sqlite_source.insert("users", username="GUARD", password=hash_of("boss"), created_at="2025-01-05 08:00:00")
    sqlite_source.insert("history", plate="OTHER1", date="2025-07-01 08:00:00", user_id=4)
    with host_of(sqlite_database, tmp_path / "data") as host:
        for is_dry in (True, False):
            report = take_over(sqlite_source, host, TakeoverPlan(admin="boss", is_dry=is_dry))
            assert outcomes(report)["users"] == (3, 0, 0, 1)
    with sqlite_database.reading() as session:
        assert session.scalar(select(SightingRow.user_id).where(SightingRow.plate == "OTHER1")) is None


def test_a_deleted_account_is_not_made_again_and_stops_nothing(sqlite_source: Source, sqlite_server: Server) -> None:
    take_over(sqlite_source, sqlite_server.runtime)
    boss = sqlite_server.log_in("boss", OLD["boss"])
    guard = next(one for one in boss.get("/api/v1/users").json()["items"] if one["username"] == "guard")
    assert boss.delete(f"/api/v1/users/{guard['user_id']}").status_code == 204
    sqlite_source.insert("history", plate="LATER1", date="2025-07-01 08:00:00", user_id=2)
    report = take_over(sqlite_source, sqlite_server.runtime)
    assert outcomes(report)["users"] == (0, 3, 0, 0)
    assert outcomes(report)["history"] == (1, 4, 0, 1)
    assert "guard" not in {one["username"] for one in boss.get("/api/v1/users").json()["items"]}


def test_another_carwatch_under_the_same_name_is_refused_before_it_is_mixed_up(
    sqlite_source: Source, sqlite_database: Database, tmp_path: Path
) -> None:
    with carwatch(Kind.SQLITE, tmp_path / "second") as second, host_of(sqlite_database, tmp_path / "data") as host:
        take_over(sqlite_source, host)
        second.insert("users", username="else", password=hash_of("boss"), created_at="2024-01-01 00:00:00")
        second.insert("history", plate="ELSE1", date="2024-01-01 00:00:00", user_id=1)
        with pytest.raises(InputError, match="--name"):
            take_over(second, host, TakeoverPlan())
        second.execute("DELETE FROM users")
        assert outcomes(take_over(second, host, TakeoverPlan()))["history"] == (0, 0, 0, 1)
        assert outcomes(take_over(second, host, TakeoverPlan(name="site b")))["history"] == (1, 0, 0, 0)


def test_photos_are_left_where_plates_are_stored_as_pseudonyms(
    sqlite_source: Source, sqlite_database: Database, tmp_path: Path
) -> None:
    with host_of(sqlite_database, tmp_path / "data", unlisted_plates="pseudonym") as host:
        report = take_over(sqlite_source, host)
    assert outcomes(report)["images"] == (0, 0, 0, 3)
    with sqlite_database.reading() as session:
        assert all(plate.startswith("~") for plate in session.scalars(select(SightingRow.plate)))


def test_images_beyond_the_limits_are_left_without_being_fetched(
    sqlite_source: Source, sqlite_database: Database, tmp_path: Path
) -> None:
    data = photo() + b"\0" * (1024 * 1024)
    sqlite_source.insert(
        "images", filename="big.jpg", image_data=data, file_size=1, file_type="jpg", upload_date="2025-06-15 10:30:00"
    )
    with host_of(sqlite_database, tmp_path / "data", max_image_mb=1) as host:
        report = take_over(sqlite_source, host)
    assert [ids for reason, ids in report.tallies[SourceTable.IMAGES].left.items() if "larger" in reason] == [[4]]


def test_two_runs_at_the_same_time_take_no_row_twice(sqlite_source: Source, database: Database, tmp_path: Path) -> None:
    def run_once() -> str:
        with host_of(database, tmp_path / "data") as host:
            try:
                take_over(sqlite_source, host)
            except ConflictError as error:
                return str(error)
        return ""

    with ThreadPoolExecutor(2) as threads:
        messages = [run.result() for run in [threads.submit(run_once) for _ in range(2)]]
    assert messages.count("") >= 1
    assert [message for message in messages if not message.startswith("Another import")] == [""] * messages.count("")
    run_once()
    assert counts(database) == (3, 4, 2, 9)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        pytest.param("DROP TABLE images", r"lacks images\.image_id", id="a table"),
        pytest.param("ALTER TABLE history RENAME COLUMN plate TO number", r"lacks history\.plate", id="a column"),
        pytest.param("ALTER TABLE users ADD COLUMN username_key TEXT", "a database of platewatch", id="our own"),
    ],
)
def test_a_database_that_is_not_carwatchs_is_refused(sqlite_source: Source, spoil: str, message: str) -> None:
    sqlite_source.execute(spoil)
    with pytest.raises(InputError, match=message), opened(sqlite_source.url, None):
        pass


@pytest.mark.parametrize(
    "url",
    ["sqlite:////no/such/file.db", "mysql://ada:s3cret@127.0.0.1:1/carwatch", "postgresql://ada:s3cret@127.0.0.1:1/x"],
)
def test_a_source_that_can_not_be_reached_is_named_without_its_password(url: str) -> None:
    with pytest.raises(InputError, match="--from") as caught, opened(url, None):
        pass
    assert "s3cret" not in str(caught.value)


def test_the_audit_log_has_the_run_and_each_new_account(
    sqlite_source: Source, sqlite_database: Database, tmp_path: Path
) -> None:
    with host_of(sqlite_database, tmp_path / "data") as host:
        take_over(sqlite_source, host)
    with sqlite_database.reading() as session:
        notes = session.scalars(select(AuditRow).order_by(AuditRow.id)).all()
    assert [note.action for note in notes] == ["import.started", *["user.created"] * 3, "import.finished"]
    assert notes[-1].details["history_taken"] == 4
    assert {note.username for note in notes} == {"(command)"}


def test_an_import_that_is_killed_goes_on_and_takes_each_row_once(mariadb_source: Source, tmp_path: Path) -> None:
    total = 300
    with mariadb_source.engine.begin() as connection:
        connection.exec_driver_sql("SET time_zone = '+00:00'")
        for number in range(total - 5):
            connection.exec_driver_sql(
                "INSERT INTO history (plate, subject, date) VALUES (%s, 'Vehicle Entry', '2025-07-01 08:00:00')",
                (f"K{number:04d}",),
            )
    assert run(tmp_path, "migrate").returncode == 0
    database = Database(f"sqlite:///{tmp_path / 'data' / 'platewatch.db'}")
    arguments = ["import", "carwatch", "--from", mariadb_source.url, "--admin", "boss"]
    for least in (50, 150):
        child = subprocess.Popen(
            [*COMMAND, *arguments],
            cwd=tmp_path,
            env=environment(tmp_path),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        wait_for(lambda least=least: counts(database)[1] >= least, child)  # type: ignore[misc]
        os.kill(child.pid, signal.SIGKILL)
        assert child.wait(PATIENCE_S) == -signal.SIGKILL
    taken = counts(database)[1]
    assert 150 <= taken < total - 1
    ended = run(tmp_path, *arguments)
    assert ended.returncode == 1, ended.stderr
    line = next(line.split() for line in ended.stdout.splitlines() if line.startswith("history "))
    assert line == ["history", str(total), str(total - 1 - taken), str(taken), "0", "1"]
    assert counts(database) == (3, total - 1, 2, 3 + total - 1 + 2)
    with database.reading() as session:
        assert session.scalar(select(func.count(func.distinct(SightingRow.plate)))) == total - 2
    database.dispose()
    assert list((tmp_path / "data" / "media" / ".pending").iterdir()) == []


def wait_for(condition: Callable[[], bool], child: subprocess.Popen[bytes]) -> None:
    deadline_s = time.monotonic() + PATIENCE_S
    while not condition():
        assert child.poll() is None, "the import ended before it was killed"
        assert time.monotonic() < deadline_s
        time.sleep(0.02)


def test_the_command_prints_a_table_and_writes_what_was_left(sqlite_source: Source, tmp_path: Path) -> None:
    unready = run(tmp_path, "import", "carwatch", "--from", sqlite_source.url)
    assert (unready.returncode, "platewatch migrate" in unready.stderr) == (2, True)
    assert run(tmp_path, "migrate").returncode == 0
    asked = run(tmp_path, "import", "carwatch", "--from", sqlite_source.url)
    assert (asked.returncode, "--time-zone" in asked.stderr) == (2, True)
    arguments = ["import", "carwatch", "--from", sqlite_source.url, "--time-zone", "UTC", "--admin", "boss"]
    for extra, word in (["--dry-run"], "would be taken"), (["--report", "left.csv"], "taken"):
        ended = run(tmp_path, *arguments, *extra)
        assert ended.returncode == 1, ended.stderr
        assert word in ended.stdout.splitlines()[0]
        assert "history: 1 left: no plate was read (id 5)" in ended.stdout
        assert "Traceback" not in ended.stderr
    left = (tmp_path / "left.csv").read_text("utf-8-sig").splitlines()
    assert left[:2] == ["table,id,reason", "history,5,no plate was read"]
    assert left[2].startswith('images,3,"the image')


@pytest.mark.parametrize(
    "arguments",
    [
        ["--time-zone", "Mars/Olympus"],
        ["--name", ""],
        ["--location", "a\x07b", "--time-zone", "UTC"],
        ["--from", "oracle://x/y"],
        ["--time-zone", "UTC", "--admin", "boss", "--report", "."],
        ["--time-zone", "UTC", "--admin", "boss", "--report", "nowhere/left.csv"],
    ],
    ids=["zone", "name", "location", "kind of database", "folder as report", "report in no folder"],
)
def test_options_that_can_not_work_are_named(sqlite_source: Source, tmp_path: Path, arguments: list[str]) -> None:
    assert run(tmp_path, "migrate").returncode == 0
    ended = run(tmp_path, "import", "carwatch", "--from", sqlite_source.url, *arguments)
    assert ended.returncode == 2
    assert "Traceback" not in ended.stderr
