"""Lists of detections: `/detections`, `/plate_queries` and `/vehicle_queries`."""

from __future__ import annotations

from typing import Annotated, Self

from fastapi import APIRouter, Query
from pydantic import Field, model_validator

from platewatch.compat.galaxy.schemas import DetectionRead, Detections
from platewatch.compat.known_fields import COMPAT_DEPENDENCIES
from platewatch.errors import FieldError
from platewatch.plates.matching import search_key
from platewatch.sightings.endpoints.dependencies import RecorderDep
from platewatch.sightings.endpoints.searching import note_search
from platewatch.sightings.query import SightingQuery
from platewatch.sightings.schemas import VehicleColor, VehicleType
from platewatch.web.dependencies import PlateSearch, PlateSearchDep, Reader
from platewatch.web.error_shapes import DETAIL_ERRORS

_ONLY_ENTERED = "Vehicles are not recognized in photos yet: only detections are found whose vehicle somebody entered."
_PLATE_QUERIES = (
    "List where and when a plate was seen; `match` says whether it is meant exactly, as a beginning or roughly."
)
_NO_PLATE = (
    "`plate` is empty. Give letters or digits such as AB12CDE, or leave it out for the detections of all plates."
)
_SAME = (("type", "vehicle_type"), ("color", "colour", "vehicle_color"))

router = APIRouter(tags=["Galaxy ALPR"], dependencies=COMPAT_DEPENDENCIES, responses=DETAIL_ERRORS)


class VehicleQuery(SightingQuery):
    """Filters of sightings, those of the vehicle under Galaxy ALPR's names too."""

    type: VehicleType | None = Field(default=None, description="the same as `vehicle_type`", examples=["car"])
    color: VehicleColor | None = Field(default=None, description="the same as `vehicle_color`", examples=["red"])
    colour: VehicleColor | None = Field(default=None, description="the same as `vehicle_color`")

    @model_validator(mode="after")
    def _says_each_once(self) -> Self:
        for names in _SAME:
            if sum(getattr(self, name) is not None for name in names) > 1:
                raise ValueError(f"{', '.join(names)} mean the same: give one of them")
        return self

    def sightings(self) -> SightingQuery:
        """The same in the words of sightings."""
        asked = self.model_dump(exclude={"type", "color", "colour"})
        vehicle = {
            "vehicle_type": self.type or self.vehicle_type,
            "vehicle_color": self.color or self.colour or self.vehicle_color,
        }
        return SightingQuery(**(asked | vehicle))


class VehicleDetections(Detections):
    note: str | None = Field(description="what is to be known about the answer")


@router.get("/plate_queries", name="query_plates", description=_PLATE_QUERIES)
@router.get("/detections", description="List detections, newest first.")
def read_detections(
    query: Annotated[SightingQuery, Query()],
    recorder: RecorderDep,
    _reader: Reader,
    search: PlateSearchDep,
) -> Detections:
    """Both routes take all filters: Galaxy ALPR's clients ask the first by time and place, the second by plate."""
    return _find(query, recorder, search)


@router.get("/vehicle_queries")
def query_vehicles(
    query: Annotated[VehicleQuery, Query()],
    recorder: RecorderDep,
    _reader: Reader,
    search: PlateSearchDep,
) -> VehicleDetections:
    """List detections by plate, time and vehicle."""
    asked = query.sightings()
    asks_for_vehicle = any((asked.vehicle_type, asked.vehicle_color, asked.vehicle_make))
    found = _find(asked, recorder, search)
    return VehicleDetections(**found.model_dump(), note=_ONLY_ENTERED if asks_for_vehicle else None)


def _find(query: SightingQuery, recorder: RecorderDep, search: PlateSearch) -> Detections:
    """The page that is asked for, noted in the audit log if a plate is.

    Raises:
        FieldError: a plate is given, but there is nothing in it that a plate has.
    """
    if query.plate is not None and not search_key(query.plate):
        raise FieldError("plate", _NO_PLATE)
    note_search(search, query, is_new=query.cursor is None)
    with recorder.database.reading() as session:
        page = recorder.sightings(session).page(query)
        items = [DetectionRead.of(row) for row in page.items]
    return Detections(detections=items, count=len(items), next_cursor=page.next_cursor)
