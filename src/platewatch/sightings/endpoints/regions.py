"""`/api/v1/regions`: the codes from which a sighting, an entry or a question takes its region."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel, Field

from platewatch.plates.region_codes import region_names
from platewatch.web.dependencies import OPENAPI_SECURITY, Reader

router = APIRouter(prefix="/api/v1", tags=["sightings"], dependencies=OPENAPI_SECURITY)


class RegionRead(BaseModel):
    code: str = Field(examples=["us-ca"])
    name: str = Field(description="in English", examples=["California"])


class RegionAll(BaseModel):
    items: list[RegionRead]


@router.get("/regions")
def read_regions(_reader: Reader) -> RegionAll:
    """List the known region codes: countries by ISO 3166, and the states whose plates the recognizer distinguishes."""
    return RegionAll(items=[RegionRead(code=code, name=name) for code, name in sorted(region_names().items())])
