"""`platewatch sweep-media`."""

from __future__ import annotations

from functools import partial
from typing import Annotated

import typer

from platewatch.errors import SettingsError


def sweep_media(
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only count what would be taken away.")] = False,
    take_all: Annotated[bool, typer.Option("--all", help="Also where suspiciously many pictures have no row.")] = False,
) -> None:
    """Take away stored pictures that nothing in the database names; a running server may go on."""
    from platewatch.app.runtime import open_media_store
    from platewatch.app.start import prepare_data
    from platewatch.audit.service import COMMAND, AuditAction, AuditService
    from platewatch.clock import Clock
    from platewatch.db.engine import Database
    from platewatch.media.sweeping import MIN_AGE, count_orphans, sweep
    from platewatch.settings import load_settings
    from platewatch.sightings.recorder import referenced_media

    settings, clock = load_settings(), Clock()
    prepare_data(settings)
    database = Database.of(settings)
    media = open_media_store(settings, database, clock)
    try:
        database.require_current()
        is_referenced, before = partial(referenced_media, database), clock.now() - MIN_AGE
        orphans = count_orphans(media, is_referenced, before)
        summary = f"{orphans.unnamed} of {orphans.images} pictures have no row in the database {database.name!r}"
        if dry_run:
            typer.echo(f"{summary}. Nothing was changed.")
            return
        if not (orphans.are_plausible or take_all):
            raise SettingsError(
                f"{summary}. These are so many that it may be the database of another data folder, so nothing was "
                "changed. Check PLATEWATCH_DATA and PLATEWATCH_DATABASE_URL, or give --all if they may go."
            )
        taken = sweep(media, is_referenced, before)
        with database.transaction() as session:
            AuditService(session, clock).note(AuditAction.MEDIA_SWEPT, COMMAND, None, {"images": taken})
    finally:
        media.close()
        database.dispose()
    typer.echo(f"Taken away: {taken} pictures that nothing named.")
