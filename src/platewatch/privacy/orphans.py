"""Taking away the pictures that no row names."""

from __future__ import annotations

from collections.abc import Callable

import structlog

from platewatch.clock import Clock
from platewatch.installation import own_command
from platewatch.media.store import IsReferenced, MediaStore
from platewatch.media.sweeping import MIN_AGE, count_orphans, sweep

log = structlog.get_logger(__name__)


class MediaSweeper:
    """Sweeps one media store."""

    def __init__(self, media: MediaStore, is_referenced: IsReferenced, clock: Clock) -> None:
        self._media = media
        self._is_referenced = is_referenced
        self._clock = clock

    def sweep(self, goes_on: Callable[[], bool]) -> int:
        """Delete the images that no row names; returns their number, 0 where there are suspiciously many."""
        before = self._clock.now() - MIN_AGE
        orphans = count_orphans(self._media, self._is_referenced, before)
        if not orphans.are_plausible:
            sweeping = own_command("sweep-media --all")
            hint = f"Is this the database of this data folder? `{sweeping}` takes them away."
            log.error("media.sweep_refused", images=orphans.images, without_row=orphans.unnamed, hint=hint)
            return 0
        taken = sweep(self._media, self._is_referenced, before, goes_on)
        log.info("media.swept", images=orphans.images, taken=taken)
        return taken
