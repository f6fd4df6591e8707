"""`platewatch reseal`."""

from __future__ import annotations

import typer


def reseal() -> None:
    """Seal the secrets in the database with the first key of PLATEWATCH_SECRET_KEY."""
    from platewatch.app.start import prepare_data
    from platewatch.clock import Clock
    from platewatch.db.engine import Database
    from platewatch.maintenance.resealing import reseal_all
    from platewatch.sealing import Seal
    from platewatch.settings import load_settings

    settings = load_settings()
    typer.echo(f"Data folder: {settings.data}", err=True)
    prepare_data(settings)
    seal = Seal(settings.secret_key, settings.data)
    database = Database.of(settings)
    try:
        database.require_current()
        seal.require_key()
        done = database.transact(lambda session: reseal_all(session, seal, Clock()))
    finally:
        database.dispose()
    typer.echo(f"Sealed again with the first key: {done.changed}. Sealed with it already: {done.kept}.")
