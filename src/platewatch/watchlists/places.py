"""The locations that a file may name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo

from platewatch.zones import zone_of


@dataclass(frozen=True, slots=True)
class Places:
    """The locations by name, their zones by id, and the zone of what has no location."""

    ids: Mapping[str, int]
    zones: Mapping[int, str]
    default_zone: str

    def zone_of_all(self, location_ids: Sequence[int]) -> tzinfo:
        """The zone of these locations.

        Raises:
            ValueError: they have several.
        """
        names = {self.zones[location_id] for location_id in location_ids} or {self.default_zone}
        if len(names) > 1:
            raise ValueError("the locations are in several time zones; write the time in ISO 8601 with an offset")
        return zone_of(names.pop())
