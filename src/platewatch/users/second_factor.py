"""The second factor of a log-in: codes of an authenticator app (TOTP, RFC 6238), and recovery codes for its loss."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from datetime import datetime

import pyotp
from sqlalchemy.orm import Session

from platewatch.clock import Clock
from platewatch.db.tables import RecoveryCodeRow, UserRow
from platewatch.errors import ConflictError, FieldError, SecondFactorError
from platewatch.sealing import Seal
from platewatch.users.passwords import hash_token
from platewatch.users.repository import RecoveryCodeRepository, UserRepository

ISSUER = "platewatch"
STEP_S = 30
DRIFT_STEPS = 1
"""Clocks may differ by half a minute."""

RECOVERY_CODES = 10
_RECOVERY_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # none that look alike
_RECOVERY_LENGTH = 16
_TOTP_CODE = re.compile(r"[0-9]{6}")


@dataclass(frozen=True, slots=True)
class Enrollment:
    """The secret for an authenticator app, as text and as the URI of a QR code."""

    secret: str
    uri: str


@dataclass(frozen=True, slots=True)
class SecondFactorState:
    enabled: bool
    recovery_codes_left: int


class SecondFactor:
    """Never commits; the caller's transaction does."""

    def __init__(self, session: Session, clock: Clock, seal: Seal) -> None:
        self._clock = clock
        self._seal = seal
        self._users = UserRepository(session)
        self._recovery = RecoveryCodeRepository(session)

    def state(self, user_id: int) -> SecondFactorState:
        """Whether the account's log-ins need a code, and how many recovery codes are left."""
        user = self._users.get_or_raise(user_id)
        return SecondFactorState(user.has_second_factor, self._recovery.count_unused(user.id))

    def begin(self, user_id: int) -> Enrollment:
        """A new secret; it counts once a code of it is confirmed.

        Raises:
            ConflictError: the account has a second factor.
        """
        user = self._users.lock_or_raise(user_id)
        if user.has_second_factor:
            raise ConflictError("This account has a second factor. Disable it first.")
        secret = pyotp.random_base32()
        user.sealed_totp_secret = self._seal.seal(secret)
        user.totp_last_step = None
        uri = pyotp.TOTP(secret).provisioning_uri(name=user.username, issuer_name=ISSUER)
        return Enrollment(secret, uri)

    def confirm(self, user_id: int, code: str) -> list[str]:
        """Turn the second factor on; the recovery codes, of which only hashes are kept.

        Raises:
            ConflictError: it is on, or nothing was begun.
            FieldError: the code is wrong.
        """
        user = self._users.lock_or_raise(user_id)
        if user.has_second_factor:
            raise ConflictError("This account has a second factor already.")
        if user.sealed_totp_secret is None:
            raise ConflictError("Begin the set-up first.")
        if not self._take_totp(user, _plain(code)):
            raise FieldError("code", "The code is wrong. Check the clock of the device and send the one it shows now.")
        user.totp_confirmed_at = self._clock.now()
        return self._new_recovery_codes(user)

    def disable(self, user_id: int) -> None:
        """Turn it off, or end a set-up that was not finished."""
        user = self._users.lock_or_raise(user_id)
        user.sealed_totp_secret = user.totp_confirmed_at = user.totp_last_step = None
        self._recovery.delete_of_user(user.id)

    def check(self, user: UserRow, code: str | None) -> None:
        """Do nothing if the account has no second factor, or the code is right. No code is taken twice.

        The row of `user` must be locked.

        Raises:
            SecondFactorError: the code is missing or wrong.
            SealError: the secret was sealed with a key that the server has no more; recovery codes still work.
        """
        if not user.has_second_factor:
            return
        if code is None:
            raise SecondFactorError("Send the code of your authenticator app, or a recovery code, as `code`.")
        given = _plain(code)
        if not (self._take_totp(user, given) or self._take_recovery(user, given)):
            raise SecondFactorError("The code is wrong or was used already. Send the one that the app shows now.")

    def _take_totp(self, user: UserRow, code: str) -> bool:
        if user.sealed_totp_secret is None or not _TOTP_CODE.fullmatch(code):
            return False
        totp = pyotp.TOTP(self._seal.unseal(user.sealed_totp_secret), interval=STEP_S)
        now_step = _step(self._clock.now())
        for step in range(now_step - DRIFT_STEPS, now_step + DRIFT_STEPS + 1):
            new = user.totp_last_step is None or step > user.totp_last_step
            if new and secrets.compare_digest(totp.generate_otp(step), code):
                user.totp_last_step = step
                return True
        return False

    def _take_recovery(self, user: UserRow, code: str) -> bool:
        row = self._recovery.get_unused(user.id, hash_token(code))
        if row is None:
            return False
        row.used_at = self._clock.now()
        return True

    def _new_recovery_codes(self, user: UserRow) -> list[str]:
        self._recovery.delete_of_user(user.id)
        codes = [
            "".join(secrets.choice(_RECOVERY_ALPHABET) for _ in range(_RECOVERY_LENGTH)) for _ in range(RECOVERY_CODES)
        ]
        for code in codes:
            self._recovery.add(RecoveryCodeRow(user_id=user.id, code_hash=hash_token(code)))
        return ["-".join(code[at : at + 4] for at in range(0, len(code), 4)) for code in codes]


def _step(now: datetime) -> int:
    return int(now.timestamp()) // STEP_S


def _plain(code: str) -> str:
    """The code without what people put in to read it."""
    return re.sub(r"[\s-]", "", code).lower()
