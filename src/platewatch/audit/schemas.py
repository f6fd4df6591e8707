"""Bodies of `/api/v1/audit`."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from platewatch.csv_rows import Cell
from platewatch.db.base import MAX_ID
from platewatch.db.tables import AuditRow
from platewatch.fields import NO_CONTROLS, Instant

MAX_PAGE = 200
EXPORT_HEADER = ("id", "noted_at", "action", "user_id", "username", "api_key_id", "address", "subject", "details")
FilterText = Annotated[str, StringConstraints(min_length=1, max_length=255, pattern=NO_CONTROLS)]


class AuditRead(BaseModel):
    """One note."""

    id: int = Field(examples=[17])
    noted_at: datetime
    action: str = Field(examples=["login.succeeded"])
    user_id: int | None = Field(examples=[1], description="None if nobody was logged in, or the server itself did it")
    username: str | None = Field(examples=["gatekeeper"], description="as it was then")
    api_key_id: int | None
    address: str | None = Field(examples=["192.0.2.7"])
    subject: str | None = Field(examples=["AB12CDE"], description="what it is about: a plate, or a kind and an id")
    details: dict[str, Any]

    @classmethod
    def of(cls, row: AuditRow) -> AuditRead:
        return cls(
            id=row.id,
            noted_at=row.noted_at,
            action=row.action,
            user_id=row.user_id,
            username=row.username,
            api_key_id=row.api_key_id,
            address=row.address,
            subject=row.subject,
            details=row.details,
        )

    def as_cells(self) -> list[Cell]:
        """The row of an export, in the order of `EXPORT_HEADER`."""
        details = json.dumps(self.details, ensure_ascii=False, sort_keys=True)
        who: list[Cell] = [self.user_id, self.username, self.api_key_id, self.address]
        return [self.id, self.noted_at, self.action, *who, self.subject, details]


class AuditPage(BaseModel):
    items: list[AuditRead]
    next_cursor: str | None = Field(description="give it as `cursor` for the next page; None on the last one")


class AuditFilter(BaseModel):
    """Filters of the audit log."""

    model_config = ConfigDict(extra="forbid")

    action: FilterText | None = Field(default=None, description="such as `login.failed` or `gate.opened`")
    user_id: int | None = Field(default=None, ge=1, le=MAX_ID)
    username: FilterText | None = Field(default=None, description="as it was at that time")
    address: FilterText | None = None
    subject: FilterText | None = Field(default=None, description="a plate, or a kind and an id such as `user 7`")
    noted_from: Instant | None = Field(default=None, description="not before; ISO 8601 with offset")
    noted_to: Instant | None = Field(default=None, description="before; ISO 8601 with offset")
    reason: str | None = Field(
        default=None, max_length=300, description="why plates are searched; kept in the audit log, filters nothing"
    )


class AuditQuery(AuditFilter):
    """Filters and paging of the list."""

    limit: int = Field(default=50, ge=1, le=MAX_PAGE)
    cursor: str | None = Field(default=None, max_length=500, description="`next_cursor` of the page before")
