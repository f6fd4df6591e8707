"""Sealed secrets: read with the key that sealed them, by nobody else, and changed by nobody."""

from __future__ import annotations

import base64
import hashlib
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from platewatch.errors import SealError, SettingsError
from platewatch.sealing import KEY_FILE, Seal

TEXTS = ["", "s3cret", "Schlüssel 🔑 " * 500]


@pytest.mark.parametrize("key", [None, "your_secret_key_here", "x"], ids=["file", "setting", "short setting"])
@pytest.mark.parametrize("text", TEXTS, ids=["empty", "ascii", "long"])
def test_what_was_sealed_is_read_again_by_another_process(tmp_path: Path, key: str | None, text: str) -> None:
    sealed = Seal(key, tmp_path).seal(text)
    assert sealed.isascii()
    assert not text or text not in sealed
    assert Seal(key, tmp_path).unseal(sealed) == text


def test_the_same_text_is_sealed_otherwise_each_time(tmp_path: Path) -> None:
    seal = Seal(None, tmp_path)
    assert seal.seal("s3cret") != seal.seal("s3cret")


def test_another_key_does_not_open_it(tmp_path: Path) -> None:
    sealed = Seal("one key", tmp_path).seal("s3cret")
    for other in (Seal("another key", tmp_path), Seal(None, tmp_path)):
        with pytest.raises(SealError, match="PLATEWATCH_SECRET_KEY"):
            other.unseal(sealed)


@pytest.mark.parametrize("place", [0, 20, -1])
def test_a_changed_text_is_not_opened(tmp_path: Path, place: int) -> None:
    seal = Seal(None, tmp_path)
    signs = list(seal.seal("s3cret").rstrip("="))
    signs[place] = "A" if signs[place] != "A" else "B"
    for damaged in ("".join(signs), "", "s3cret"):
        with pytest.raises(SealError):
            seal.unseal(damaged)


def test_a_key_that_is_set_later_leaves_the_old_secrets_readable(tmp_path: Path) -> None:
    old = Seal(None, tmp_path).seal("s3cret")
    seal = Seal("a key of the settings", tmp_path)
    assert seal.unseal(old) == "s3cret"
    with pytest.raises(SealError):
        Seal(None, tmp_path).unseal(seal.seal("s3cret"))


def test_the_files_key_is_made_once_and_kept_from_others(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    with ThreadPoolExecutor(8) as pool:
        sealed = list(pool.map(lambda number: Seal(None, folder).seal(str(number)), range(8)))
    assert [Seal(None, folder).unseal(text) for text in sealed] == [str(number) for number in range(8)]
    (path,) = folder.iterdir()
    assert (path.name, stat.S_IMODE(path.stat().st_mode)) == (KEY_FILE, 0o600)


def test_no_file_is_made_where_the_setting_has_a_key(tmp_path: Path) -> None:
    Seal("a key of the settings", tmp_path).require_key()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"no hex", b"\xff\xfe", b"abcd"], ids=["empty", "no hex", "no text", "short"])
def test_a_damaged_key_is_reported_and_not_replaced(tmp_path: Path, content: bytes) -> None:
    (tmp_path / KEY_FILE).write_bytes(content)
    with pytest.raises(SettingsError, match="Restore it from a backup"):
        Seal(None, tmp_path).require_key()
    assert (tmp_path / KEY_FILE).read_bytes() == content


def test_the_first_of_several_keys_seals_and_all_of_them_open(tmp_path: Path) -> None:
    both = Seal("new, old", tmp_path)
    assert both.unseal(Seal("old", tmp_path).seal("s3cret")) == "s3cret"
    assert Seal("new", tmp_path).unseal(both.seal("s3cret")) == "s3cret"
    with pytest.raises(SealError):
        Seal("old", tmp_path).unseal(both.seal("s3cret"))


@pytest.mark.parametrize("keys", ["new,old", " new ,, old,", "new,\nold"])
def test_spaces_and_gaps_between_keys_do_not_count(tmp_path: Path, keys: str) -> None:
    seal = Seal(keys, tmp_path)
    assert Seal("new", tmp_path).unseal(seal.seal("s3cret")) == "s3cret"
    assert seal.unseal(Seal("old", tmp_path).seal("s3cret")) == "s3cret"


def test_spaces_around_a_single_key_belong_to_it(tmp_path: Path) -> None:
    sealed = Seal(" key ", tmp_path).seal("s3cret")
    assert Seal(" key ", tmp_path).unseal(sealed) == "s3cret"
    with pytest.raises(SealError):
        Seal("key", tmp_path).unseal(sealed)


def test_a_key_of_before_with_a_comma_in_it_still_opens(tmp_path: Path) -> None:
    phrase = "alas, poor Yorick"
    key = hashlib.scrypt(phrase.encode(), salt=b"platewatch.sealing", n=2**14, r=8, p=1, dklen=32)
    sealed = Fernet(base64.urlsafe_b64encode(key)).encrypt(b"s3cret").decode()
    assert Seal(phrase, tmp_path).unseal(sealed) == "s3cret"
    assert Seal(phrase, tmp_path).unseal(Seal(phrase, tmp_path).reseal(sealed)) == "s3cret"


def test_sealing_again_leaves_what_the_first_key_sealed(tmp_path: Path) -> None:
    seal = Seal("new,old", tmp_path)
    current = seal.seal("s3cret")
    assert seal.reseal(current) == current
    former = Seal("old", tmp_path).seal("s3cret")
    assert Seal("new", tmp_path).unseal(seal.reseal(former)) == "s3cret"
    with pytest.raises(SealError):
        seal.reseal(Seal("another", tmp_path).seal("s3cret"))
    with pytest.raises(SealError):
        seal.reseal(former[:-1])


def test_the_files_key_gives_way_to_one_of_the_settings(tmp_path: Path) -> None:
    former = Seal(None, tmp_path).seal("s3cret")
    resealed = Seal("new", tmp_path).reseal(former)
    (tmp_path / KEY_FILE).unlink()
    assert Seal("new", tmp_path).unseal(resealed) == "s3cret"
