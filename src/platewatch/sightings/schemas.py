"""Bodies of `/api/v1/read`, `/api/v1/sightings` and the `sighting.recorded` event."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from platewatch.db.base import MAX_ID
from platewatch.db.tables import CorrectionRow, SightingRow
from platewatch.fields import NO_CONTROLS, NO_CONTROLS_BUT_LINES, Instant
from platewatch.plates.fields import RegionCode, WrittenPlate
from platewatch.vision.types import BoxXyxy, Character, Corners, Direction, ImageReadings, Reading

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
IsUnsure = Annotated[
    bool, Field(description="the reading is below the level of the setting UNSURE_BELOW, and nobody confirmed it")
]
RegionConfidence = Annotated[
    Confidence | None,
    Field(
        description="the recognizer's confidence in the region; 1 where somebody entered it, None where there is none",
        examples=[0.83],
    ),
]

PlaceName = Annotated[str, StringConstraints(min_length=1, max_length=150, pattern=NO_CONTROLS)]
Subject = Annotated[str, StringConstraints(max_length=150, pattern=NO_CONTROLS)]
Note = Annotated[str, StringConstraints(max_length=500, pattern=NO_CONTROLS_BUT_LINES)]

VehicleColor = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=32, pattern=NO_CONTROLS),
    AfterValidator(str.lower),
    # Once more: there is a capital letter that becomes two signs.
    Field(max_length=32),
]
VehicleMake = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=64, pattern=NO_CONTROLS),
    AfterValidator(str.lower),
    Field(max_length=64),
]


class VehicleType(StrEnum):
    """The kind of vehicle; read from text in any case."""

    CAR = "car"
    VAN = "van"
    TRUCK = "truck"
    BUS = "bus"
    MOTORCYCLE = "motorcycle"

    @classmethod
    def _missing_(cls, value: object) -> VehicleType | None:
        return next((kind for kind in cls if isinstance(value, str) and kind == value.lower()), None)


class SightingSource(StrEnum):
    UPLOAD = "upload"
    CAMERA = "camera"
    MANUAL = "manual"
    IMPORT = "import"


class TimeSource(StrEnum):
    """The source of a sighting's time: its sender, the photo's EXIF data, the file's own time, or the upload."""

    GIVEN = "given"
    EXIF = "exif"
    FILE = "file"
    UPLOAD = "upload"


class CorrectionKind(StrEnum):
    CORRECTION = "correction"
    MERGE = "merge"


class PlateRead(BaseModel):
    """One plate of one image."""

    text: str = Field(description="upper case, no separators", examples=["AB12CDE"])
    confidence: Confidence
    is_unsure: IsUnsure
    region: str | None = Field(
        description="ISO 3166 code in lower case, with the state where known", examples=["us-ca"]
    )
    region_confidence: RegionConfidence
    box: BoxRead
    corners: CornersRead
    characters: CharactersRead

    @classmethod
    def of(cls, reading: Reading, unsure_below: float) -> PlateRead:
        confidence = rounded_confidence(reading.confidence)
        return cls(
            text=reading.text,
            confidence=confidence,
            is_unsure=confidence < unsure_below,
            region=reading.region,
            region_confidence=rounded_region_confidence(reading),
            box=rounded_box(reading.box_xyxy),
            corners=rounded_corners(reading.corners),
            characters=rounded_characters(reading.characters),
        )


class ImagePlatesRead(BaseModel):
    """The readings of one image; nothing is stored."""

    image: str = Field(description="file name as sent", examples=["car.jpg"])
    width: int = Field(examples=[1280])
    height: int = Field(examples=[720])
    ms: float = Field(description="time that reading took", examples=[182.4])
    plates: list[PlateRead]

    @classmethod
    def of(cls, name: str, found: ImageReadings, unsure_below: float) -> ImagePlatesRead:
        plates = [PlateRead.of(reading, unsure_below) for reading in found.readings]
        return cls(image=name, width=found.width, height=found.height, ms=round(found.duration_ms, 1), plates=plates)


class ReadAnswer(BaseModel):
    images: list[ImagePlatesRead]


class SightingRead(BaseModel):
    """One pass of one vehicle, as stored."""

    id: int = Field(examples=[42])
    plate: str = Field(description="the key by which plates are compared", examples=["AB12CDE"])
    written: WrittenPlate = None
    confidence: Confidence = Field(description="of the reading; 1 for a pass that somebody typed")
    is_unsure: IsUnsure
    region: str | None = Field(examples=["gb"])
    region_confidence: RegionConfidence
    read_plate: str = Field(description="as it was read, whatever was corrected since", examples=["A812CDE"])
    is_corrected: bool
    source: SightingSource
    box: BoxRead | None = Field(description="None for a sighting written by hand")
    corners: CornersRead | None
    characters: CharactersRead
    direction: Direction
    vehicle_type: VehicleType | None = Field(description="None where nobody entered it")
    vehicle_color: str | None = Field(description="lower case", examples=["white"])
    vehicle_make: str | None = Field(description="lower case", examples=["volkswagen"])
    camera: str | None = Field(examples=["gate-1"])
    camera_id: int | None
    location: str | None = Field(examples=["north car park"])
    location_id: int | None
    subject: str | None = Field(examples=["Manual entry"])
    note: str | None
    captured_at: datetime
    captured_at_source: TimeSource | None = Field(description="None for sightings of versions that didn't keep it")
    recorded_at: datetime
    recorded_by: str | None = Field(examples=["gatekeeper"])
    detector: str = Field(examples=["platewatch"])
    recognizer: str = Field(examples=["platewatch"])
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
            written=row.written,
            confidence=row.confidence,
            is_unsure=row.is_unsure,
            region=row.region,
            region_confidence=row.region_confidence,
            read_plate=row.read_plate or row.plate,
            is_corrected=row.is_corrected,
            source=SightingSource(row.source),
            box=box_of(corners) if corners else None,
            corners=corners,
            characters=row.characters,
            direction=Direction(row.direction),
            vehicle_type=None if row.vehicle_type is None else VehicleType(row.vehicle_type),
            vehicle_color=row.vehicle_color,
            vehicle_make=row.vehicle_make,
            camera=row.camera.name if row.camera else None,
            camera_id=row.camera_id,
            location=row.location.name if row.location else None,
            location_id=row.location_id,
            subject=row.subject,
            note=row.note,
            captured_at=row.captured_at,
            captured_at_source=None if row.captured_at_source is None else TimeSource(row.captured_at_source),
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
    """The recorded sightings of one image. An image without plates is not kept."""

    image: str = Field(description="file name as sent", examples=["car.jpg"])
    width: int = Field(examples=[1280])
    height: int = Field(examples=[720])
    ms: float = Field(description="time that reading took", examples=[182.4])
    captured_at: datetime = Field(description="when the photo was taken")
    captured_at_source: TimeSource = Field(description="where that time comes from")
    captured_at_note: str | None = Field(description="why a time in the photo was not used")
    is_known: bool = Field(
        description="the same photo of the same place and time was recorded before: these are the earlier sightings, "
        "and nothing new was recorded. Send `record_known=true` to record the photo all the same"
    )
    sightings: list[SightingRead]


class RecordAnswer(BaseModel):
    images: list[ImageSightingsRead]


class SightingPage(BaseModel):
    items: list[SightingRead]
    next_cursor: str | None = Field(description="give it as `cursor` for the next page; None on the last one")


class SightingCount(BaseModel):
    count: int = Field(examples=[10000])
    is_exact: bool = Field(description="False if there are more, which were not counted")


class SightingCreate(BaseModel):
    """A pass that somebody saw and writes down."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    plate: str = Field(min_length=1, max_length=64, examples=["AB12 CDE"])
    direction: Direction = Direction.UNKNOWN
    camera: PlaceName | None = Field(default=None, description="made on first mention")
    location: PlaceName | None = Field(default=None, description="made on first mention")
    captured_at: Instant | None = Field(default=None, description="ISO 8601 with offset; now by default")
    region: RegionCode | None = None
    vehicle_type: VehicleType | None = None
    vehicle_color: VehicleColor | None = Field(default=None, examples=["white"])
    vehicle_make: VehicleMake | None = Field(default=None, examples=["Volkswagen"])
    subject: Subject | None = Field(default=None, examples=["Manual entry"])
    note: Note | None = Field(default=None, examples=["let in by hand, camera dirty"])


class SightingUpdate(BaseModel):
    """A correction; fields that are left out stay."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    plate: str | None = Field(default=None, min_length=1, max_length=64, examples=["AB12CDE"])
    is_unsure: Literal[False] | None = Field(
        default=None, description="false: somebody looked, and confirms the reading; a plate that is given does too"
    )
    captured_at: Instant | None = Field(default=None, description="ISO 8601 with offset")
    region: RegionCode | None = None
    direction: Direction | None = None
    vehicle_type: VehicleType | None = None
    vehicle_color: VehicleColor | None = None
    vehicle_make: VehicleMake | None = None
    subject: Subject | None = None
    note: Note | None = None
    reason: str | None = Field(default=None, max_length=300, description="kept in the history")


class SightingMerge(BaseModel):
    """The other sighting of the same pass."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    other_id: int = Field(
        ge=1, le=MAX_ID, description="it goes, with its images; its text and times stay in the history", examples=[43]
    )
    reason: str | None = Field(default=None, max_length=300, description="kept in the history")


class CorrectionRead(BaseModel):
    """One change of a sighting."""

    id: int
    kind: CorrectionKind
    before: dict[str, Any] = Field(
        examples=[{"plate": "A812CDE"}], description="the fields that changed; of a merge, the other one"
    )
    after: dict[str, Any] = Field(examples=[{"plate": "AB12CDE"}])
    reason: str | None
    corrected_by: str | None = Field(examples=["gatekeeper"])
    corrected_at: datetime

    @classmethod
    def of(cls, row: CorrectionRow) -> CorrectionRead:
        return cls(
            id=row.id,
            kind=CorrectionKind(row.kind),
            before=row.before,
            after=row.after,
            reason=row.reason,
            corrected_by=row.username,
            corrected_at=row.corrected_at,
        )


class SightingHistory(BaseModel):
    """All changes of a sighting, first to last."""

    items: list[CorrectionRead]


def corners_of(row: SightingRow) -> Corners | None:
    """The plate's corners; None if nobody saw it in an image."""
    if not row.corners:
        return None
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


def rounded_region_confidence(reading: Reading) -> float | None:
    return None if reading.region_confidence is None else rounded_confidence(reading.region_confidence)


def rounded_characters(characters: tuple[Character, ...]) -> list[tuple[str, float]]:
    return [(character.text, rounded_confidence(character.confidence)) for character in characters]
