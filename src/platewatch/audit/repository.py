"""The audit log in the database: notes are added and read, nothing else."""

from __future__ import annotations

from sqlalchemy import select

from platewatch.audit.schemas import AuditQuery
from platewatch.db.repository import NewestFirst, Page, Repository
from platewatch.db.tables import AuditRow

_NEWEST_FIRST = NewestFirst(AuditRow.noted_at, AuditRow.id)


class AuditRepository(Repository[AuditRow]):
    row = AuditRow
    kind = "audit note"

    def page(self, query: AuditQuery) -> Page[AuditRow]:
        """Newest first.

        Raises:
            CursorError: the cursor is not one of ours.
        """
        statement = select(AuditRow)
        if query.action is not None:
            statement = statement.where(AuditRow.action == query.action)
        if query.user_id is not None:
            statement = statement.where(AuditRow.user_id == query.user_id)
        if query.username is not None:
            statement = statement.where(AuditRow.username == query.username)
        if query.address is not None:
            statement = statement.where(AuditRow.address == query.address)
        if query.subject is not None:
            statement = statement.where(AuditRow.subject == query.subject)
        if query.noted_from is not None:
            statement = statement.where(AuditRow.noted_at >= query.noted_from)
        if query.noted_to is not None:
            statement = statement.where(AuditRow.noted_at < query.noted_to)
        return _NEWEST_FIRST.page(self.session, statement, query.limit, query.cursor)
