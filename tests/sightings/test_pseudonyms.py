"""Pseudonyms: the same for the same plate and key, and nothing without the key."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from platewatch.errors import SettingsError
from platewatch.plates.text import is_pseudonym
from platewatch.sightings.pseudonyms import Pseudonyms, open_pseudonyms

KEY = "sixteen letters or more"


def test_a_pseudonym_depends_on_plate_and_key_alone(tmp_path: Path) -> None:
    first, again = (open_pseudonyms(KEY, tmp_path) for _ in range(2))
    assert first.of("AB12CDE") == again.of("AB12CDE")
    assert first.of("AB12CDE") != first.of("AB12CDF")
    assert first.of("AB12CDE") != open_pseudonyms(KEY + "!", tmp_path).of("AB12CDE")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("plate", ["AB12CDE", "京A12345"])
def test_a_pseudonym_fits_the_column_and_is_no_plate(plate: str) -> None:
    pseudonym = Pseudonyms(b"key").of(plate)
    assert is_pseudonym(pseudonym)
    assert not is_pseudonym(plate)
    assert len(pseudonym) <= 32
    assert plate not in pseudonym


def test_without_a_key_one_is_made_once_and_kept_from_others(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: open_pseudonyms(None, folder).of("AB12CDE"), range(8)))
    assert len(set(made)) == 1
    (path,) = folder.iterdir()
    assert path.name == "plate-key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("content", [b"no hex", b"\xff\xfe", b""], ids=["no hex", "no text", "empty"])
def test_a_damaged_key_is_reported_and_not_replaced(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "plate-key").write_bytes(content)
    with pytest.raises(SettingsError, match="Restore it from a backup"):
        open_pseudonyms(None, tmp_path)
    assert (tmp_path / "plate-key").read_bytes() == content
