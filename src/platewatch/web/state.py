"""The running server's state for routes."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TypeVar, cast

import anyio

from platewatch.audit.service import Actor, AuditAction, AuditService, Details
from platewatch.clock import Clock
from platewatch.db.engine import Database
from platewatch.ephemeral.limiter import Limiter
from platewatch.media.health import StorageHealth
from platewatch.media.store import MediaStore
from platewatch.notify.outbox import OutboxTail
from platewatch.reading.service import ReadingService
from platewatch.sealing import Seal
from platewatch.settings import Settings

UPLOADS_OPENED_AT_ONCE = 4
"""Uploaded files whose bytes are in memory while their headers are checked."""

Part = TypeVar("Part")


@dataclass(slots=True)
class ServerState:
    """The parts that most features need, and those of single features, found by their class."""

    settings: Settings
    clock: Clock
    database: Database
    media: MediaStore
    storage: StorageHealth
    tail: OutboxTail
    seal: Seal
    limiter: Limiter
    reading: ReadingService
    live_places: threading.BoundedSemaphore
    uploads_opening: anyio.CapacityLimiter = field(
        default_factory=lambda: anyio.CapacityLimiter(UPLOADS_OPENED_AT_ONCE)
    )
    parts: dict[type[object], object] = field(default_factory=dict)

    def add(self, *parts: object) -> None:
        """Let routes find these parts by their class."""
        self.parts.update({type(part): part for part in parts})

    def part(self, kind: type[Part]) -> Part:
        """The part of this class.

        Raises:
            LookupError: the server has none.
        """
        if kind not in self.parts:
            raise LookupError(f"This server has no part {kind.__name__}.")
        return cast("Part", self.parts[kind])

    def note(
        self, action: AuditAction, actor: Actor, subject: str | None = None, details: Details | None = None
    ) -> None:
        """Write a note into the audit log, in a transaction of its own: for what only reads, or failed."""
        with self.database.transaction() as session:
            AuditService(session, self.clock).note(action, actor, subject, details)
