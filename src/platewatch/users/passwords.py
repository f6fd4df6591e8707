"""Password hashes (bcrypt) and random tokens, of which only the SHA-256 is stored."""

from __future__ import annotations

import hashlib
import secrets
from functools import lru_cache

import bcrypt

from platewatch.errors import FieldError
from platewatch.users.guesses import why_easy_to_guess

MIN_LENGTH = 8
MAX_BYTES = 72  # bcrypt looks at no more
TOKEN_BYTES = 32
NO_PASSWORD = "!"  # noqa: S105 -- no hash is this, so no password fits


def check_password(password: str, username: str = "") -> None:
    """Do nothing if the password can be used, for the account of that name where one is given.

    Length, and no password that is guessed first, as NIST SP 800-63B asks; no rules about kinds of characters.

    Raises:
        FieldError: it is too short, too long or too easy to guess.
    """
    if len(password) < MIN_LENGTH:
        raise FieldError("password", f"The password needs at least {MIN_LENGTH} characters.")
    if len(password.encode()) > MAX_BYTES:
        raise FieldError("password", f"The password is longer than {MAX_BYTES} bytes. Choose a shorter one.")
    if "\0" in password:
        raise FieldError("password", "The password has a NUL character. Choose one without.")
    if reason := why_easy_to_guess(password, username):
        raise FieldError(
            "password", f"The password is too easy to guess: {reason}. Choose another one, such as three or four words."
        )


def hash_password(password: str, *, rounds: int) -> str:
    return bcrypt.hashpw(password.encode(), bcrypt.gensalt(rounds)).decode()


def password_matches(password: str, password_hash: str | None, *, rounds: int) -> bool:
    """Whether the password is the hashed one; takes as long when there is no hash, so that names can't be guessed."""
    given = password.encode()
    if len(given) > MAX_BYTES:
        return False
    if password_hash is None or password_hash == NO_PASSWORD:
        bcrypt.checkpw(given, _hash_of_nobody(rounds))
        return False
    return bcrypt.checkpw(given, password_hash.encode())


@lru_cache(maxsize=4)
def _hash_of_nobody(rounds: int) -> bytes:
    return bcrypt.hashpw(secrets.token_bytes(16).hex().encode(), bcrypt.gensalt(rounds))


def new_token(prefix: str = "") -> str:
    return prefix + secrets.token_urlsafe(TOKEN_BYTES)


def hash_token(token: str) -> str:
    """SHA-256 as 64 hex digits; enough for tokens, which are random and long."""
    return hashlib.sha256(token.encode()).hexdigest()
