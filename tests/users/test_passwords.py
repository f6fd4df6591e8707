from __future__ import annotations

import pytest

from platewatch.errors import FieldError
from platewatch.users.passwords import (
    MAX_BYTES,
    MIN_LENGTH,
    check_password,
    hash_password,
    hash_token,
    new_token,
    password_matches,
)

ROUNDS = 4


@pytest.mark.parametrize(
    "password",
    [
        pytest.param("7kQ!vd29", id="just long enough"),
        pytest.param(("correct horse battery staple " * 3)[:MAX_BYTES], id="just short enough"),
        pytest.param("correct horse battery" + "é" * 25, id="bytes count, not letters"),
        pytest.param("two of  us", id="spaces are letters"),
    ],
)
def test_a_password_within_the_limits_is_taken_and_matches_itself(password: str) -> None:
    check_password(password)
    hashed = hash_password(password, rounds=ROUNDS)
    assert password_matches(password, hashed, rounds=ROUNDS)
    assert not password_matches(password + "x", hashed, rounds=ROUNDS)
    assert not password_matches(password[:-1], hashed, rounds=ROUNDS)


@pytest.mark.parametrize(
    ("password", "says"),
    [
        pytest.param("", "at least 8", id="empty"),
        pytest.param("a" * (MIN_LENGTH - 1), "at least 8", id="one letter short"),
        pytest.param("a" * (MAX_BYTES + 1), "longer than 72 bytes", id="one byte long"),
        pytest.param("é" * (MAX_BYTES // 2) + "x", "longer than 72 bytes", id="one byte long in letters of two"),
        pytest.param("long enough\0", "NUL", id="NUL"),
        pytest.param("password", "easy to guess: this is a top-10 common password. Choose another", id="common"),
        pytest.param("gatekeeper", "easy to guess", id="the user name"),
    ],
)
def test_a_password_beyond_the_limits_is_refused(password: str, says: str) -> None:
    with pytest.raises(FieldError, match=says) as caught:
        check_password(password, "gatekeeper")
    assert caught.value.field == "password"


def test_two_hashes_of_one_password_differ_and_neither_shows_it() -> None:
    hashes = [hash_password("correct horse", rounds=ROUNDS) for _ in range(2)]
    assert hashes[0] != hashes[1]
    assert not any("correct" in one for one in hashes)


def test_the_rounds_are_those_asked_for() -> None:
    assert hash_password("correct horse", rounds=5).startswith("$2b$05$")


@pytest.mark.parametrize("password", ["correct horse", "a\0b", "", "x" * 1000], ids=["usual", "NUL", "empty", "long"])
def test_nothing_matches_where_there_is_no_hash(password: str) -> None:
    assert not password_matches(password, None, rounds=ROUNDS)


def test_a_nul_does_not_cut_a_password_short() -> None:
    assert not password_matches("correct horse\0", hash_password("correct horse", rounds=ROUNDS), rounds=ROUNDS)


def test_tokens_are_long_and_never_the_same() -> None:
    tokens = {new_token("pw_") for _ in range(100)}
    assert len(tokens) == 100
    assert all(token.startswith("pw_") and len(token) >= 43 for token in tokens)


def test_the_hash_of_a_token_is_its_sha_256() -> None:
    assert hash_token("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
