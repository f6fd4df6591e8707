"""The server for process managers that ask for an app themselves: `gunicorn "platewatch.app.asgi:make_app()"`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from platewatch.app.greeting import greeting
from platewatch.app.main import create_app
from platewatch.app.start import prepare_start
from platewatch.clock import Clock
from platewatch.data_folder import keep_private
from platewatch.db.engine import Database
from platewatch.errors import SettingsError
from platewatch.logs import set_up_logs
from platewatch.settings import Settings, load_settings, read_settings
from platewatch.users.service import UserService

if TYPE_CHECKING:
    from fastapi import FastAPI

USAGE: Final = 2
"""The status with which the command ends, too, where a setting can't work."""


def make_app() -> FastAPI:
    """The app by the settings of the environment. Nothing is opened yet, so that it may be made before a fork.

    Raises:
        SettingsError: a setting can't work.
    """
    settings = load_settings()
    keep_private()
    set_up_logs(folder=settings.log_folder, level=settings.effective_log_level, terminal=settings.log_format)
    return create_app(settings)


def make_prepared_app(report: Callable[[str], None] | None = None) -> FastAPI:
    """The same with the database brought up to date, for programs that know nothing of platewatch but its app.

    `report` gets each line that the person who starts the program should read.

    Raises:
        SystemExit: a setting can't work, or the database can't be used; standard error says which one.
    """
    read = read_settings()
    try:
        hints = prepare_start(read)
        first_account = prepare_database(read.settings)
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        raise SystemExit(USAGE) from None  # one message, no traceback of the program that imports this
    if report is not None:
        for line in (*greeting(read.settings, first_account=first_account, proxied=True), *hints):
            report(line)
    return make_app()


def prepare_database(settings: Settings) -> bool:
    """Make the tables, or bring them up to this version; nothing stays open.

    Returns:
        Whether nobody has an account yet.

    Raises:
        SettingsError: the database can't be reached.
    """
    with _database(settings) as database:
        database.migrate()
        with database.reading() as session:
            return not UserService(session, settings, Clock()).any_account()


@contextmanager
def _database(settings: Settings) -> Iterator[Database]:
    database = Database.of(settings)
    try:
        yield database
    finally:
        database.dispose()
