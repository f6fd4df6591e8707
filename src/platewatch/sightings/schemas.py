"""Bodies of `/api/v1/read`, `/api/v1/sightings` and the `sighting.recorded` event."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from platewatch.db.tables import SightingRow
from platewatch.vision.types import BoxXyxy, Character, Corners, ImageReadings, Reading

MAX_PAGE = 200
_COORDINATE_DIGITS = 1
_CONFIDENCE_DIGITS = 4

PointRead = Annotated[tuple[float, float], Field(description="x, y in pixels of the upright image")]
BoxRead = Annotated[
    tuple[float, float, float, float],
    Field(
        description="left, top, right, bottom in pixels of the upright image", examples=[[212.0, 301.5, 388.0, 347.2]]
    ),
]
CornersRead = Annotated[
    tuple[PointRead, PointRead, PointRead, PointRead],
    Field(
        description="top left, top right, bottom right, bottom left of the plate",
        examples=[[[212.0, 305.1], [387.2, 301.5], [388.0, 343.9], [212.9, 347.2]]],
    ),
]
CharactersRead = Annotated[
    list[tuple[str, float]],
    Field(description="each character with its confidence, 0 to 1", examples=[[["A", 0.99], ["B", 0.98], ["1", 0.97]]]),
]
Confidence = Annotated[float, Field(ge=0, le=1, examples=[0.97])]


class Direction(StrEnum):
    ENTERING = "entering"
    LEAVING = "leaving"
    UNKNOWN = "unknown"


class SightingSource(StrEnum):
    UPLOAD = "upload"
    CAMERA = "camera"
    MANUAL = "manual"


class PlateRead(BaseModel):
    """One plate of one image."""

    text: str = Field(description="upper case, no separators", examples=["AB12CDE"])
    confidence: Confidence
    region: str | None = Field(
        description="ISO 3166 code in lower case, with the state where known", examples=["us-ca"]
    )
    box: BoxRead
    corners: CornersRead
    characters: CharactersRead

    @classmethod
    def of(cls, reading: Reading) -> PlateRead:
        return cls(
            text=reading.text,
            confidence=rounded_confidence(reading.confidence),
            region=reading.region,
            box=rounded_box(reading.box_xyxy),
            corners=rounded_corners(reading.corners),
            characters=rounded_characters(reading.characters),
        )


class ImagePlatesRead(BaseModel):
    """What was read from one image; nothing of it is stored."""

    image: str = Field(description="file name as sent", examples=["car.jpg"])
    width: int = Field(examples=[1280])
    height: int = Field(examples=[720])
    ms: float = Field(description="time that reading took", examples=[182.4])
    plates: list[PlateRead]

    @classmethod
    def of(cls, name: str, found: ImageReadings) -> ImagePlatesRead:
        plates = [PlateRead.of(reading) for reading in found.readings]
        return cls(image=name, width=found.width, height=found.height, ms=round(found.duration_ms, 1), plates=plates)


class ReadAnswer(BaseModel):
    images: list[ImagePlatesRead]


class SightingRead(BaseModel):
    """One pass of one vehicle, as stored."""

    id: int = Field(examples=[42])
    plate: str = Field(description="upper case, no separators", examples=["AB12CDE"])
    confidence: Confidence
    region: str | None = Field(examples=["gb"])
    box: BoxRead
    corners: CornersRead
    characters: CharactersRead
    direction: Direction
    camera: str | None = Field(examples=["gate-1"])
    location: str | None = Field(examples=["north car park"])
    captured_at: datetime
    recorded_at: datetime
    recorded_by: str | None = Field(examples=["gatekeeper"])
    detector: str = Field(examples=["rapidocr"])
    recognizer: str = Field(examples=["rapidocr"])
    image_width: int | None
    image_height: int | None
    image_url: str | None = Field(examples=["/api/v1/sightings/42/image"])
    crop_url: str | None = Field(examples=["/api/v1/sightings/42/crop"])
    annotated_url: str | None = Field(examples=["/api/v1/sightings/42/annotated"])

    @classmethod
    def of(cls, row: SightingRow) -> SightingRead:
        corners = corners_of(row)
        image = row.image
        path = cls.path_of(row.id)
        return cls(
            id=row.id,
            plate=row.plate,
            confidence=row.confidence,
            region=row.region,
            box=box_of(corners),
            corners=corners,
            characters=row.characters,
            direction=Direction(row.direction),
            camera=row.camera.name if row.camera else None,
            location=row.location.name if row.location else None,
            captured_at=row.captured_at,
            recorded_at=row.recorded_at,
            recorded_by=row.user.username if row.user else None,
            detector=row.detector,
            recognizer=row.recognizer,
            image_width=image.width if image else None,
            image_height=image.height if image else None,
            image_url=f"{path}/image" if image else None,
            crop_url=f"{path}/crop" if row.crop_key else None,
            annotated_url=f"{path}/annotated" if image else None,
        )

    @staticmethod
    def path_of(sighting_id: int) -> str:
        return f"/api/v1/sightings/{sighting_id}"


class ImageSightingsRead(BaseModel):
    """What was read from one image and recorded. An image without plates is not kept."""

    image: str = Field(description="file name as sent", examples=["car.jpg"])
    width: int = Field(examples=[1280])
    height: int = Field(examples=[720])
    ms: float = Field(description="time that reading took", examples=[182.4])
    sightings: list[SightingRead]


class RecordAnswer(BaseModel):
    images: list[ImageSightingsRead]


class SightingPage(BaseModel):
    items: list[SightingRead]
    next_cursor: str | None = Field(description="give it as `cursor` for the next page; None on the last one")


class SightingQuery(BaseModel):
    """Filters and paging of the list."""

    model_config = ConfigDict(extra="forbid")

    plate: str | None = Field(default=None, max_length=64, description="this plate; separators and case don't count")
    captured_from: AwareDatetime | None = Field(default=None, description="not before; ISO 8601 with offset")
    captured_to: AwareDatetime | None = Field(default=None, description="before; ISO 8601 with offset")
    min_confidence: float = Field(default=0, ge=0, le=1)
    limit: int = Field(default=50, ge=1, le=MAX_PAGE)
    cursor: str | None = Field(default=None, max_length=500, description="`next_cursor` of the page before")


def corners_of(row: SightingRow) -> Corners:
    top_left, top_right, bottom_right, bottom_left = row.corners
    return top_left, top_right, bottom_right, bottom_left


def box_of(corners: Corners) -> BoxXyxy:
    xs, ys = zip(*corners, strict=True)
    return min(xs), min(ys), max(xs), max(ys)


def rounded_box(box: BoxXyxy) -> BoxXyxy:
    left, top, right, bottom = (round(float(value), _COORDINATE_DIGITS) for value in box)
    return left, top, right, bottom


def rounded_corners(corners: Corners) -> Corners:
    a, b, c, d = ((round(float(x), _COORDINATE_DIGITS), round(float(y), _COORDINATE_DIGITS)) for x, y in corners)
    return a, b, c, d


def rounded_confidence(confidence: float) -> float:
    return round(float(confidence), _CONFIDENCE_DIGITS)


def rounded_characters(characters: tuple[Character, ...]) -> list[tuple[str, float]]:
    return [(character.text, rounded_confidence(character.confidence)) for character in characters]
