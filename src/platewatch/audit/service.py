"""The audit log: one note for each thing that somebody did or tried, in the transaction that does it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from sqlalchemy.orm import Session

from platewatch.audit.repository import AuditRepository
from platewatch.audit.schemas import AuditQuery
from platewatch.clock import Clock
from platewatch.db.repository import Page
from platewatch.db.tables import AuditRow
from platewatch.redaction import printable

Detail: TypeAlias = str | int | float | bool | Sequence[str | int] | None
Details: TypeAlias = Mapping[str, Detail]

MAX_TEXT = 500
MAX_SUBJECT = 255
MAX_ITEMS = 50


class AuditAction(StrEnum):
    """Actions in the audit log, one name each; features add theirs here."""

    LOG_IN = "login.succeeded"
    LOG_IN_FAILED = "login.failed"
    LOG_IN_THROTTLED = "login.throttled"
    LOG_OUT = "logout"
    SESSION_REVOKED = "session.revoked"
    USER_REGISTERED = "user.registered"
    USER_CREATED = "user.created"
    USER_UPDATED = "user.updated"
    USER_RENAMED = "user.renamed"
    USER_DELETED = "user.deleted"
    PASSWORD_CHANGED = "password.changed"  # noqa: S105 -- a name, no password
    PASSWORD_RESET = "password.reset"  # noqa: S105
    SECOND_FACTOR_ENABLED = "second_factor.enabled"
    SECOND_FACTOR_DISABLED = "second_factor.disabled"
    KEY_CREATED = "api_key.created"
    KEY_REVOKED = "api_key.revoked"
    SECRETS_RESEALED = "secrets.resealed"
    AUDIT_READ = "audit.read"
    AUDIT_EXPORTED = "audit.exported"
    SETTINGS_CHANGED = "settings.changed"
    SIGHTINGS_SEARCHED = "sightings.searched"
    PLATES_SEARCHED = "plates.searched"
    SIGHTINGS_EXPORTED = "sightings.exported"
    SIGHTING_RECORDED = "sighting.recorded"
    SIGHTING_CORRECTED = "sighting.corrected"
    SIGHTINGS_MERGED = "sightings.merged"
    SIGHTING_DELETED = "sighting.deleted"
    IMPORT_STARTED = "import.started"
    IMPORT_FINISHED = "import.finished"
    IMPORT_CHANGED = "import.changed"
    IMPORT_DELETED = "import.deleted"
    WATCHLIST_CREATED = "watchlist.created"
    WATCHLIST_UPDATED = "watchlist.updated"
    WATCHLIST_DELETED = "watchlist.deleted"
    WATCHLIST_IMPORTED = "watchlist.imported"
    WATCHLIST_EXPORTED = "watchlist.exported"
    ENTRY_CREATED = "entry.created"
    ENTRY_UPDATED = "entry.updated"
    ENTRY_DELETED = "entry.deleted"
    ACCESS_DECIDED = "access.decided"
    ACCESS_EXPORTED = "access.exported"
    GATE_OPENED = "gate.opened"
    GATE_CREATED = "gate.created"
    GATE_UPDATED = "gate.updated"
    GATE_DELETED = "gate.deleted"
    POLICY_UPDATED = "gate_policy.updated"
    LOCATION_CREATED = "location.created"
    LOCATION_UPDATED = "location.updated"
    LOCATION_DELETED = "location.deleted"
    CAMERA_CREATED = "camera.created"
    CAMERA_UPDATED = "camera.updated"
    CAMERA_DELETED = "camera.deleted"
    TARIFF_UPDATED = "tariff.updated"
    VISIT_UPDATED = "visit.updated"
    VISITS_EXPORTED = "visits.exported"
    WEBHOOK_CREATED = "webhook.created"
    WEBHOOK_UPDATED = "webhook.updated"
    WEBHOOK_DELETED = "webhook.deleted"
    MEDIA_SWEPT = "media.swept"
    RETENTION_UPDATED = "retention.updated"
    RETENTION_RUN = "retention.run"
    LEGAL_HOLD_SET = "legal_hold.set"
    LEGAL_HOLD_LIFTED = "legal_hold.lifted"
    PLATE_REPORTED = "plate.reported"
    PLATE_ERASED = "plate.erased"


@dataclass(frozen=True, slots=True)
class Actor:
    """The user and address behind an action. Without a user, the caller is unknown or the server itself."""

    user_id: int | None = None
    username: str | None = None
    api_key_id: int | None = None
    address: str | None = None


SERVER = Actor(username="(server)")
"""The server's own jobs."""

COMMAND = Actor(username="(command)")
"""Anyone who may run `platewatch` on the server's machine."""


class AuditService:
    """Never commits; a note is written in the transaction of what it describes, or not at all."""

    def __init__(self, session: Session, clock: Clock) -> None:
        self._clock = clock
        self._notes = AuditRepository(session)

    def note(
        self,
        action: AuditAction,
        actor: Actor,
        subject: str | None = None,
        details: Details | None = None,
    ) -> AuditRow:
        """Add a note. `subject` names what it is about: a plate, `user 7`, `watchlist 3`. No secrets in `details`."""
        return self._notes.add(
            AuditRow(
                noted_at=self._clock.now(),
                action=action,
                user_id=actor.user_id,
                username=_text(actor.username, 150),
                api_key_id=actor.api_key_id,
                address=_text(actor.address, 64),
                subject=_text(subject, MAX_SUBJECT),
                details={name: _detail(value) for name, value in (details or {}).items()},
            )
        )

    def page(self, query: AuditQuery) -> Page[AuditRow]:
        """Newest first.

        Raises:
            CursorError: the cursor is not one of ours.
        """
        return self._notes.page(query)


def _detail(value: Detail) -> Detail:
    if isinstance(value, str):
        return _text(value, MAX_TEXT)
    if isinstance(value, Sequence):
        return [_text(item, MAX_TEXT) or "" if isinstance(item, str) else item for item in value[:MAX_ITEMS]]
    return value


def _text(text: str | None, limit: int) -> str | None:
    """The text as every database and terminal takes it: no control characters, no half letters, not too long."""
    return None if text is None else printable(text, lines=True)[:limit]
