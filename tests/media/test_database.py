from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from platewatch.clock import Clock, SetClock
from platewatch.db.engine import Database
from platewatch.errors import StorageError
from platewatch.media.database import BLOBS, MARKS, DatabaseMediaStore
from platewatch.media.store import reclaim, staged
from tests.databases import Kind, delete_all_rows
from tests.media.stores import Rows, database_store

PHOTO = b"\xff\xd8 a photo"


@pytest.fixture
def store(database: Database, tmp_path: Path) -> Iterator[DatabaseMediaStore]:
    store = database_store(database, tmp_path)
    yield store
    store.close()


def test_equal_images_are_one_row(database: Database, store: DatabaseMediaStore) -> None:
    for _ in range(3):
        with staged(store, Rows()) as staging:
            staging.put(PHOTO)
            staging.put(PHOTO)
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(BLOBS)) == 1
        assert session.scalar(select(func.count()).select_from(MARKS)) == 0


def test_a_damaged_image_is_never_given_out(database: Database, store: DatabaseMediaStore) -> None:
    with staged(store, Rows()) as staging:
        key = staging.put(PHOTO)
    with database.engine.begin() as connection:
        connection.execute(update(BLOBS).values(data=b"changed"))
    with pytest.raises(StorageError, match="damaged"):
        store.get(key)


def test_a_row_is_committed_after_its_image_in_one_block(database: Database, store: DatabaseMediaStore) -> None:
    """On SQLite the two writers must not wait for each other."""
    with staged(store, Rows()) as staging:
        key = staging.put(PHOTO)
        with database.transaction() as session:
            session.execute(select(BLOBS.c.key))
    assert store.get(key) == PHOTO


def test_marks_of_another_installation_are_given_a_day(database: Database, tmp_path: Path, clock: SetClock) -> None:
    engines = database.engine, database.reading_engine
    away = DatabaseMediaStore(*engines, tmp_path / "away", clock)
    here = DatabaseMediaStore(*engines, tmp_path / "here", clock)
    key = away.put(PHOTO, away.new_holder())
    away.close()
    clock.advance(23 * 3600)
    assert reclaim(here, Rows()) == 0
    assert here.exists(key)
    clock.advance(2 * 3600)
    assert reclaim(here, Rows()) == 1
    assert not here.exists(key)


def test_a_database_that_is_away_is_a_storage_error_without_the_image_in_it(tmp_path: Path) -> None:
    database = Database("postgresql://ada:s3cret@127.0.0.1:1/plates")
    store = database_store(database, tmp_path)
    with pytest.raises(StorageError, match="can't keep or give") as caught, staged(store, Rows()) as staging:
        staging.put(PHOTO)
    assert "a photo" not in str(caught.value)
    assert "s3cret" not in str(caught.value)
    store.close()


def test_a_holders_folder_that_can_not_be_made_is_a_storage_error(database: Database, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    store = DatabaseMediaStore(database.engine, database.reading_engine, tmp_path / "file" / "x", Clock())
    with pytest.raises(StorageError, match="file/x"):
        store.new_holder()


@pytest.mark.parametrize("kind", [Kind.MARIADB, Kind.POSTGRESQL], ids=str)
def test_an_image_that_is_put_while_another_holder_discards_stays(
    kind: Kind, migrated: Callable[[Kind], Database], tmp_path: Path
) -> None:
    """The discarding one locked no row, since the image was gone; what is put now is not its to take away."""
    database = migrated(kind)
    delete_all_rows(database)
    store, other = database_store(database, tmp_path), database_store(database, tmp_path)
    holder, other_holder = store.new_holder(), other.new_holder()
    key = store.put(PHOTO, holder)
    store.delete(key)

    def put_meanwhile(_keys: Sequence[str]) -> set[str]:
        other.put(PHOTO, other_holder)
        return set()

    store.discard([key], holder, put_meanwhile)
    assert store.exists(key)
    assert [mark.holder for mark in store.pending()] == [other_holder]
    for one in (store, other):
        one.close()
