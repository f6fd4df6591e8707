"""Galaxy ALPR's bodies for detections. A detection is a plate in a photo, which platewatch calls a sighting."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, Field

from platewatch.db.tables import SightingRow
from platewatch.plates.fields import WrittenPlate
from platewatch.sightings.schemas import (
    BoxRead,
    Confidence,
    CornersRead,
    IsUnsure,
    RegionConfidence,
    box_of,
    corners_of,
)
from platewatch.vision.types import Direction

UploadedUrl = Annotated[str, Field(description="the photo as JPEG", examples=["/outputs/uploaded/17.jpg"])]
AnnotatedUrl = Annotated[
    str, Field(description="the photo with its plates outlined", examples=["/outputs/annotated/17.jpg"])
]


class VehicleRead(BaseModel):
    """A vehicle found in a photo. None is looked for yet, so none is ever given."""

    type: str | None
    color: str | None
    confidence: Confidence
    box: BoxRead


class PlateFound(BaseModel):
    """A plate of a photo."""

    detection_id: int = Field(examples=[42])
    text: str = Field(description="the key by which plates are compared", examples=["AB12CDE"])
    written: WrittenPlate
    confidence: Confidence
    is_unsure: IsUnsure
    region: str | None = Field(examples=["gb"])
    region_confidence: RegionConfidence
    box: BoxRead | None = Field(description="None for a plate that was written down by hand")
    corners: CornersRead | None
    crop_url: str | None = Field(examples=["/outputs/plates/42.jpg"])

    @classmethod
    def of(cls, row: SightingRow) -> PlateFound:
        corners = corners_of(row)
        return cls(
            detection_id=row.id,
            text=row.plate,
            written=row.written,
            confidence=row.confidence,
            is_unsure=row.is_unsure,
            region=row.region,
            region_confidence=row.region_confidence,
            box=box_of(corners) if corners else None,
            corners=corners,
            crop_url=crop_url(row.id) if row.crop_key else None,
        )


class PlateRegions(BaseModel):
    """The places of the plates in one photo."""

    detection_id: int | None = Field(description="of the most confident plate; None if there is none", examples=[42])
    image_id: int | None = Field(description="None without a photo", examples=[17])
    image_width: int | None
    image_height: int | None
    plates: list[PlateFound] = Field(description="the most confident first")


class DetectionResult(PlateRegions):
    """The detections in one photo."""

    timestamp: datetime
    direction: Direction
    location_id: int | None
    location: str | None = Field(examples=["north car park"])
    camera_id: int | None
    camera: str | None = Field(examples=["gate-1"])
    vehicles: list[VehicleRead] = Field(description="not recognized yet, so always empty")
    is_known: bool = Field(default=False, description="the same photo was kept before; this is what was found then")
    image_url: UploadedUrl | None
    annotated_url: AnnotatedUrl | None


class DetectionRead(BaseModel):
    """One detection of a list."""

    detection_id: int = Field(examples=[42])
    image_id: int | None = Field(description="None without a photo", examples=[17])
    plate: str = Field(description="the key by which plates are compared", examples=["AB12CDE"])
    written: WrittenPlate
    confidence: Confidence
    is_unsure: IsUnsure
    region: str | None = Field(examples=["gb"])
    region_confidence: RegionConfidence
    box: BoxRead | None
    corners: CornersRead | None
    timestamp: datetime
    direction: Direction
    location_id: int | None
    location: str | None = Field(examples=["north car park"])
    camera_id: int | None
    camera: str | None = Field(examples=["gate-1"])
    vehicle_type: str | None = Field(description="as somebody entered it; not recognized yet", examples=["car"])
    vehicle_color: str | None = Field(description="as somebody entered it; not recognized yet", examples=["red"])
    image_url: UploadedUrl | None
    annotated_url: AnnotatedUrl | None
    crop_url: str | None = Field(examples=["/outputs/plates/42.jpg"])

    @classmethod
    def of(cls, row: SightingRow) -> DetectionRead:
        found = PlateFound.of(row)
        return cls(
            detection_id=row.id,
            image_id=row.image_id,
            plate=row.plate,
            written=row.written,
            confidence=row.confidence,
            is_unsure=row.is_unsure,
            region=row.region,
            region_confidence=row.region_confidence,
            box=found.box,
            corners=found.corners,
            timestamp=row.captured_at,
            direction=Direction(row.direction),
            location_id=row.location_id,
            location=row.location.name if row.location else None,
            camera_id=row.camera_id,
            camera=row.camera.name if row.camera else None,
            vehicle_type=row.vehicle_type,
            vehicle_color=row.vehicle_color,
            image_url=image_url(row.image_id),
            annotated_url=annotated_url(row.image_id),
            crop_url=found.crop_url,
        )


class Detections(BaseModel):
    detections: list[DetectionRead]
    count: int = Field(description="on this page")
    next_cursor: str | None = Field(description="give it as `cursor` for the next page; None on the last one")


def image_url(image_id: int | None) -> str | None:
    """The URL of the photo; None without one."""
    return None if image_id is None else f"/outputs/uploaded/{image_id}.jpg"


def annotated_url(image_id: int | None) -> str | None:
    """The URL of the photo with outlines; None without one."""
    return None if image_id is None else f"/outputs/annotated/{image_id}.jpg"


def crop_url(detection_id: int) -> str:
    """The URL of the plate's crop."""
    return f"/outputs/plates/{detection_id}.jpg"
