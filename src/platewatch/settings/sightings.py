"""Recording of passes, and events for listeners."""

from __future__ import annotations

from pydantic import Field

from platewatch.settings.group import SettingsGroup


class SightingSettings(SettingsGroup):
    """Sightings, visits and events."""

    known_photo_hours: int = Field(default=24, ge=0, le=24 * 366)
    """How many hours the same photo, of which nobody states the time, is taken for
    [the same pass](sightings.md#the-same-photo-twice); `0`: no photo is known."""

    idempotency_hours: int = Field(default=24, ge=1, le=24 * 30)
    """Hours that the answer to an `Idempotency-Key` is kept."""

    overstay_check_s: int = Field(default=60, ge=1, le=3600)
    """Seconds between two looks for vehicles that stay longer than their location allows."""

    event_days: int = Field(default=30, ge=1, le=3650)
    """Days that events are kept for listeners that were away, and the refused lines of list imports."""

    event_poll_ms: int = Field(default=250, ge=10, le=60_000)
    """Milliseconds between two looks of a process for events that others wrote."""

    max_live_clients: int = Field(default=200, ge=1, le=100_000)
    """Listeners at the same time."""
