"""The server for process managers that ask for an app themselves: `gunicorn "platewatch.app.asgi:make_app()"`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from platewatch.app.main import create_app
from platewatch.clock import Clock
from platewatch.db.engine import Database
from platewatch.logs import set_up_logs
from platewatch.settings import Settings, load_settings
from platewatch.users.service import UserService
from platewatch.users.setup_token import SetupToken

if TYPE_CHECKING:
    from fastapi import FastAPI


def make_app() -> FastAPI:
    """The app by the settings of the environment. Nothing is opened yet, so that it may be made before a fork.

    Raises:
        SettingsError: a setting can't work.
    """
    settings = load_settings()
    set_up_logs(folder=settings.log_folder, level=settings.effective_log_level, terminal=settings.log_format)
    return create_app(settings)


def make_prepared_app() -> FastAPI:
    """The same with the database brought up to date, for programs that know nothing of platewatch but its app.

    Raises:
        SettingsError: a setting can't work, or the database can't be used.
    """
    prepare_database(load_settings())
    return make_app()


def prepare_database(settings: Settings) -> None:
    """Make the tables, or bring them up to this version; nothing stays open.

    Raises:
        SettingsError: the database can't be reached.
    """
    with _database(settings) as database:
        database.migrate()


def first_account_token(settings: Settings) -> str | None:
    """What the page asks of whoever makes the first account from elsewhere; None where there are accounts."""
    with _database(settings) as database, database.reading() as session:
        if UserService(session, settings, Clock()).any_account():
            return None
    return SetupToken(settings.data).get_or_create()


@contextmanager
def _database(settings: Settings) -> Iterator[Database]:
    database = Database(settings.effective_database_url)
    try:
        yield database
    finally:
        database.dispose()
