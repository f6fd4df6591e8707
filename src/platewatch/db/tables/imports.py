"""Bulk imports of photos: one row a job, one row a file; and rows that came from another system's database."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from platewatch.db.base import LASTING_IDS, Base, BigId


class ImportJobRow(Base):
    """One import. `place` is the folder on the server, or the name under which the uploaded archive is kept."""

    __tablename__ = "import_jobs"
    __table_args__ = LASTING_IDS

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    source: Mapped[str] = mapped_column(String(16))
    place: Mapped[str] = mapped_column(String(1000))
    name: Mapped[str] = mapped_column(String(255))
    state: Mapped[str] = mapped_column(String(16), index=True)
    is_listed: Mapped[bool]
    camera: Mapped[str | None] = mapped_column(String(150))
    location: Mapped[str | None] = mapped_column(String(150))
    direction: Mapped[str] = mapped_column(String(16))
    record_known: Mapped[bool] = mapped_column(default=False, server_default="0")
    user_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("users.id", ondelete="SET NULL"), index=True)
    total: Mapped[int]
    done: Mapped[int]
    failed: Mapped[int]
    known: Mapped[int] = mapped_column(default=0, server_default="0")
    sightings: Mapped[int]
    error: Mapped[str | None] = mapped_column(String(500))
    created_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]


class ImportFileRow(Base):
    """One file of an import, and what became of it. Its row is written in the transaction that records its plates."""

    __tablename__ = "import_files"
    __table_args__ = (
        UniqueConstraint("job_id", "path"),
        Index(None, "job_id", "state", "id"),
        LASTING_IDS,
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    job_id: Mapped[int] = mapped_column(BigId, ForeignKey("import_jobs.id", ondelete="CASCADE"))
    path: Mapped[str] = mapped_column(String(500))
    state: Mapped[str] = mapped_column(String(16))
    sightings: Mapped[int]
    captured_at: Mapped[datetime | None]
    captured_at_source: Mapped[str | None] = mapped_column(String(8))
    note: Mapped[str | None] = mapped_column(String(500))
    known_sighting_id: Mapped[int | None] = mapped_column(BigId)
    error: Mapped[str | None] = mapped_column(String(500))
    finished_at: Mapped[datetime | None]


class ImportedRow(Base):
    """A row of another system's database that was taken over, written in the transaction that takes it over.

    `source` is the name that the operator gave the other database, `digest` the SHA-256 of what never changes in its
    row, `target_id` the id of the user, sighting or image that came of it.
    """

    __tablename__ = "imported_rows"
    __table_args__ = (UniqueConstraint("source", "source_table", "source_id"), LASTING_IDS)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    source: Mapped[str] = mapped_column(String(64))
    source_table: Mapped[str] = mapped_column(String(32))
    source_id: Mapped[int] = mapped_column(BigInteger)
    digest: Mapped[str] = mapped_column(String(64))
    outcome: Mapped[str] = mapped_column(String(16))
    target_id: Mapped[int] = mapped_column(BigId)
    imported_at: Mapped[datetime]
