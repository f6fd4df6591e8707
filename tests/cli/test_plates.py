from __future__ import annotations

import csv
import io
from pathlib import Path

from sqlalchemy import update

from platewatch.clock import Clock
from platewatch.db.engine import Database
from platewatch.db.tables import WatchlistEntryRow
from platewatch.settings import Settings
from tests.cli.children import run
from tests.sightings.rows import add_sighting
from tests.watchlists.lists import add, make_list


def fill(folder: Path) -> None:
    """Three entries of which the text was not kept, one of which it was, and a reading with one letter more."""
    database = Database(Settings(data=folder / "data").effective_database_url)
    with database.transaction() as session:
        watchlist = make_list(session, Clock(), "allow", name="residents")
        for plate in ("GAB123", "1234", "WOBCD12"):
            add(session, Clock(), watchlist, plate)
        session.execute(update(WatchlistEntryRow).values(written=None))
        add(session, Clock(), watchlist, "GÖ-AB 123")
        add_sighting(session, "GOAB123")
    database.dispose()


def listed(text: str) -> list[tuple[str, str, str]]:
    rows = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")))
    return [(row["plate"], row["doubts"], row["seen_with_one_letter_more"]) for row in rows]


def test_undecided_lists_plates_that_may_lack_a_letter(tmp_path: Path) -> None:
    assert run(tmp_path, "migrate").returncode == 0
    fill(tmp_path)
    done = run(tmp_path, "plates", "undecided")
    assert done.returncode == 0
    assert listed(done.stdout) == [
        ("GAB123", "it may have been GÖAB123, GÜAB123", "GOAB123"),
        ("1234", "it has no letter", ""),
    ]
    assert done.stderr.startswith("2 of 3 plates that were typed before their text was kept may lack a letter.")
    whole = run(tmp_path, "plates", "undecided", "--all")
    assert [plate for plate, _, _ in listed(whole.stdout)] == ["GAB123", "1234", "WOBCD12"]


def test_undecided_asks_for_the_migration_first(tmp_path: Path) -> None:
    done = run(tmp_path, "plates", "undecided")
    assert (done.returncode, done.stdout) == (2, "")
    assert "platewatch migrate` and start again" in done.stderr
