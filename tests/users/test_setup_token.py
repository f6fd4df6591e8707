from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from platewatch.errors import SettingsError
from platewatch.users.setup_token import SetupToken


def test_the_file_is_for_the_servers_user_only(tmp_path: Path) -> None:
    SetupToken(tmp_path / "data").get_or_create()
    assert stat.S_IMODE((tmp_path / "data/setup-token").stat().st_mode) == 0o600


def test_only_the_whole_token_matches(tmp_path: Path) -> None:
    tokens = SetupToken(tmp_path)
    token = tokens.get_or_create()
    assert len(token) >= 20
    assert tokens.matches(token)
    assert tokens.matches(f" {token}\n")
    assert not any(tokens.matches(wrong) for wrong in (None, "", token[:-1], token + "x", "é" * 20))


def test_it_stays_the_same_for_every_process_of_the_server(tmp_path: Path) -> None:
    assert SetupToken(tmp_path).get_or_create() == SetupToken(tmp_path).get_or_create()


def test_processes_that_start_at_once_agree(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as threads:
        found = set(threads.map(lambda _: SetupToken(tmp_path).get_or_create(), range(64)))
    assert len(found) == 1
    assert found != {""}
    assert [path.name for path in tmp_path.iterdir()] == ["setup-token"]


@pytest.mark.parametrize("content", ["", "\n"], ids=["empty", "a line end"])
def test_a_file_without_a_token_opens_nothing_and_is_reported(tmp_path: Path, content: str) -> None:
    (tmp_path / "setup-token").write_text(content)
    for given in ("", " ", None):
        with pytest.raises(SettingsError, match="setup-token' holds no token"):
            SetupToken(tmp_path).matches(given)


def test_after_discarding_the_old_token_is_worth_nothing(tmp_path: Path) -> None:
    tokens = SetupToken(tmp_path)
    old = tokens.get_or_create()
    tokens.discard()
    assert not tokens.matches(old)


def test_discarding_twice_is_no_error(tmp_path: Path) -> None:
    tokens = SetupToken(tmp_path)
    tokens.get_or_create()
    tokens.discard()
    tokens.discard()
    assert not (tmp_path / "setup-token").exists()
