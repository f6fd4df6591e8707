"""Users of the server: accounts, their log-ins and their API keys."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, BigInteger, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from platewatch.db.base import LASTING_IDS, Base, BigId


class UserRow(Base):
    """An account. `username` is as typed, `username_key` is its casefolded form and unique.

    `is_first` is True for the first account and None for all others; being unique, it keeps two registrations at the
    same moment from both becoming the first.
    """

    __tablename__ = "users"
    __table_args__ = LASTING_IDS

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    username: Mapped[str] = mapped_column(String(150))
    username_key: Mapped[str] = mapped_column(String(150), unique=True)
    password_hash: Mapped[str] = mapped_column(String(255))
    role: Mapped[str] = mapped_column(String(16))
    status: Mapped[str] = mapped_column(String(16))
    is_first: Mapped[bool | None] = mapped_column(unique=True)
    created_at: Mapped[datetime]
    sealed_totp_secret: Mapped[str | None] = mapped_column(String(255))
    totp_confirmed_at: Mapped[datetime | None]
    totp_last_step: Mapped[int | None] = mapped_column(BigInteger)

    @property
    def has_second_factor(self) -> bool:
        return self.totp_confirmed_at is not None


class RecoveryCodeRow(Base):
    """A code for the day when the second factor is lost. It works once; only its hash is kept."""

    __tablename__ = "recovery_codes"
    __table_args__ = (UniqueConstraint("user_id", "code_hash"), LASTING_IDS)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    user_id: Mapped[int] = mapped_column(BigId, ForeignKey("users.id", ondelete="CASCADE"))
    code_hash: Mapped[str] = mapped_column(String(64))
    used_at: Mapped[datetime | None]


class LoginSessionRow(Base):
    """One log-in of a browser. Only the hash of its token is kept."""

    __tablename__ = "login_sessions"
    __table_args__ = LASTING_IDS

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    user_id: Mapped[int] = mapped_column(BigId, ForeignKey("users.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    address: Mapped[str | None] = mapped_column(String(64))
    user_agent: Mapped[str | None] = mapped_column(String(255))

    user: Mapped[UserRow] = relationship(lazy="raise")


class ApiKeyRow(Base):
    """A key of a program. Only its hash and its first letters are kept.

    `maker_key_id` is the key that made it, None if its owner did; it ends with that key.
    """

    __tablename__ = "api_keys"
    __table_args__ = LASTING_IDS

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(String(150))
    prefix: Mapped[str] = mapped_column(String(16))
    key_hash: Mapped[str] = mapped_column(String(64), unique=True)
    user_id: Mapped[int] = mapped_column(BigId, ForeignKey("users.id", ondelete="CASCADE"), index=True)
    scopes: Mapped[list[str]] = mapped_column(JSON)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    maker_key_id: Mapped[int | None] = mapped_column(BigId)

    user: Mapped[UserRow] = relationship(lazy="raise")
