"""A request that is sent twice with one Idempotency-Key is done once and answered twice."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.orm import Session

from platewatch.clock import Clock
from platewatch.db.tables import IdempotencyRow
from platewatch.errors import FieldError, IdempotencyError
from platewatch.sightings.repository import IdempotencyRepository
from platewatch.sightings.schemas import RecordAnswer

MAX_KEY_LENGTH = 255


@dataclass(frozen=True, slots=True)
class IdempotencyKey:
    """The key, whose it is, and a hash of everything that was sent with it."""

    owner: str
    key: str
    request_hash: str


def idempotency_key(owner: str, key: str | None, parts: Iterable[bytes]) -> IdempotencyKey | None:
    """None without a key.

    Raises:
        FieldError: the key is empty or too long.
    """
    if key is None:
        return None
    if not 0 < len(key) <= MAX_KEY_LENGTH:
        raise FieldError("Idempotency-Key", f"An Idempotency-Key has 1 to {MAX_KEY_LENGTH} characters.")
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "big") + part)
    return IdempotencyKey(owner, key, digest.hexdigest())


class Answered:
    """The answers given within the last `hours`. Never commits; an answer is kept in the transaction of its request."""

    def __init__(self, session: Session, clock: Clock, *, hours: int) -> None:
        self._rows = IdempotencyRepository(session)
        self._clock = clock
        self._keep_for = timedelta(hours=hours)

    def get(self, key: IdempotencyKey) -> RecordAnswer | None:
        """The answer given to this key before.

        Raises:
            IdempotencyError: the key came with another request.
        """
        row = self._rows.get_by_key(key.owner, key.key)
        if row is None or row.created_at < self._clock.now() - self._keep_for:
            return None
        if row.request_hash != key.request_hash:
            raise IdempotencyError(key.key)
        return RecordAnswer.model_validate(row.response)

    def keep(self, key: IdempotencyKey, answer: RecordAnswer) -> None:
        """Keep the answer, and forget those that are too old.

        Raises:
            ConflictError: another request with this key was faster.
        """
        now = self._clock.now()
        self._rows.delete_before(now - self._keep_for)
        self._rows.add(
            IdempotencyRow(
                owner=key.owner,
                key=key.key,
                request_hash=key.request_hash,
                response=answer.model_dump(mode="json"),
                created_at=now,
            ),
        )
