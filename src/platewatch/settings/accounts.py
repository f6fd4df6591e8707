"""Accounts, log-in, and the key that seals secrets."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from platewatch import setting_values as values
from platewatch.settings.group import SettingsGroup, ShownDefault, carwatch_name

Registration = Literal["approval", "open", "closed"]


class AccountSettings(SettingsGroup):
    """Accounts and log-in."""

    auth: Literal["on", "off"] = "on"
    """`off`: no log-in, anyone who works on this machine is its administrator; only on loopback, and requests through a
    proxy are refused."""

    auth_off_confirmed: bool = False
    """`true`: `PLATEWATCH_AUTH=off` is meant although others can reach the server, or a proxy in front of it."""

    registration: Registration = "approval"
    """Who may register after the first account."""

    session_hours: int = Field(default=24 * 7, ge=1, le=24 * 365)
    """Hours that a log-in lasts."""

    bcrypt_rounds: int = Field(default=12, ge=4, le=16, validation_alias=carwatch_name("BCRYPT_ROUNDS"))
    """Cost of password hashes."""

    login_failures: int = Field(default=10, ge=1, le=1000)
    """Failed log-ins with one account from one address within 15 minutes, before it has to wait."""

    secret_key: Annotated[
        Annotated[str, AfterValidator(values.server_keys)] | None,
        ShownDefault("the file `secret-key` in the data folder"),
    ] = Field(default=None, repr=False, validation_alias=carwatch_name("SECRET_KEY"))
    """Key, at least 16 characters and hard to guess, that seals secrets in the database (`openssl rand -hex 32` prints
    one): second factors, gates' addresses, headers, texts and passwords, cameras' addresses. Several with commas
    between them while one [replaces another](deployment.md#replacing-the-secret-key), of which the first seals and all
    open; `platewatch reseal` seals everything with the first. Several machines need the same."""
