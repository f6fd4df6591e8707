"""Sightings as files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import Final

from pydantic import Field

from platewatch.csv_rows import Cell
from platewatch.sightings.query import SightingFilter, SightingQuery
from platewatch.sightings.schemas import SightingRead

EXPORT_COLUMNS: Final = (
    "id",
    "captured_at",
    "captured_at_source",
    "plate",
    "written",
    "read_plate",
    "confidence",
    "is_unsure",
    "region",
    "region_confidence",
    "direction",
    "vehicle_type",
    "vehicle_color",
    "vehicle_make",
    "location",
    "camera",
    "source",
    "is_corrected",
    "recorded_at",
    "recorded_by",
    "subject",
    "note",
)
_JSON_PORTION: Final = 100


class ExportFormat(StrEnum):
    CSV = "csv"
    JSON = "json"


class ExportQuery(SightingFilter):
    """Filters and format of an export."""

    format: ExportFormat = Field(default=ExportFormat.CSV)

    def as_query(self, limit: int) -> SightingQuery:
        """The same sightings, newest first, as many a page."""
        # The limit of a page is one of those who ask from outside.
        return SightingQuery(**self.model_dump(exclude={"format"})).model_copy(update={"limit": limit})


def export_cells(sighting: SightingRead) -> tuple[Cell, ...]:
    """The sighting's cells, in the order of `EXPORT_COLUMNS`."""
    return tuple(getattr(sighting, column) for column in EXPORT_COLUMNS)


def json_text(sightings: Iterable[SightingRead]) -> Iterator[str]:
    """A JSON array of them, in pieces."""
    pieces = ["["]
    for number, sighting in enumerate(sightings):
        pieces.append(("," if number else "") + "\n" + sighting.model_dump_json())
        if len(pieces) >= _JSON_PORTION:
            yield "".join(pieces)
            pieces = []
    yield "".join([*pieces, "\n]\n"])
