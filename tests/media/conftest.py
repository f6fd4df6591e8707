from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from platewatch.db.engine import Database
from platewatch.media.store import MediaStore
from tests.databases import Kind, delete_all_rows
from tests.media.stores import database_store, filesystem_store


@pytest.fixture(params=["filesystem", *Kind], ids=str)
def open_store(
    request: pytest.FixtureRequest, tmp_path: Path, migrated: Callable[[Kind], Database]
) -> Iterator[Callable[[], MediaStore]]:
    """Opens the one media store of this test as another process would; the test runs once on each kind."""
    opened: list[MediaStore] = []
    if request.param != "filesystem":
        delete_all_rows(migrated(request.param))

    def open_store() -> MediaStore:
        if request.param == "filesystem":
            opened.append(filesystem_store(tmp_path))
        else:
            opened.append(database_store(migrated(request.param), tmp_path))
        return opened[-1]

    yield open_store
    for store in opened:
        store.close()


@pytest.fixture
def store(open_store: Callable[[], MediaStore]) -> MediaStore:
    return open_store()
