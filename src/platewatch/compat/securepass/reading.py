"""`POST /detection` and `POST /ocr`: what is in a picture; nothing of it is stored."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from platewatch.compat.known_fields import COMPAT_DEPENDENCIES
from platewatch.compat.photos import UploadedPhoto
from platewatch.sightings.schemas import (
    BoxRead,
    CharactersRead,
    Confidence,
    CornersRead,
    RegionConfidence,
    rounded_box,
    rounded_characters,
    rounded_confidence,
    rounded_corners,
    rounded_region_confidence,
)
from platewatch.vision.types import Reading
from platewatch.web.dependencies import RECOGNIZER_ONLY, Recognizer, StateDep
from platewatch.web.error_shapes import DETAIL_ERRORS

router = APIRouter(tags=["SecurePass"], dependencies=COMPAT_DEPENDENCIES, responses=DETAIL_ERRORS)


class DetectedPlate(BaseModel):
    box: BoxRead
    corners: CornersRead
    confidence: Confidence

    @classmethod
    def of(cls, reading: Reading) -> DetectedPlate:
        return cls(
            box=rounded_box(reading.box_xyxy),
            corners=rounded_corners(reading.corners),
            confidence=rounded_confidence(reading.detection.confidence),
        )


class DetectionAnswer(BaseModel):
    detector: str = Field(examples=["platewatch"])
    image_width: int
    image_height: int
    detections: list[DetectedPlate] = Field(description="the plates whose text could be read, the most confident first")


class OcrAnswer(BaseModel):
    """The most confident plate; the text is empty if there is none."""

    recognizer: str = Field(examples=["platewatch"])
    text: str = Field(description="upper case, no separators", examples=["AB12CDE"])
    confidence: Confidence
    characters: CharactersRead
    region: str | None = Field(examples=["gb"])
    region_confidence: RegionConfidence


@router.post("/detection", dependencies=[RECOGNIZER_ONLY])
def detect(photo: UploadedPhoto, state: StateDep, _recognizer: Recognizer) -> DetectionAnswer:
    """Tell where plates are in a photo."""
    read = state.reading.read(photo)
    return DetectionAnswer(
        detector=read.detector,
        image_width=read.found.width,
        image_height=read.found.height,
        detections=[DetectedPlate.of(reading) for reading in read.found.readings],
    )


@router.post("/ocr", dependencies=[RECOGNIZER_ONLY])
def read_text(
    photo: UploadedPhoto,
    state: StateDep,
    _recognizer: Recognizer,
    recognizer: Annotated[
        str | None, Query(max_length=64, description="which one reads; the one of the settings by default")
    ] = None,
) -> OcrAnswer:
    """Read the best plate of a photo, or a picture of a plate alone."""
    name = recognizer or state.settings.recognizer
    reading = state.reading.read_crop(photo, name)
    if reading is None:
        return OcrAnswer(recognizer=name, text="", confidence=0.0, characters=[], region=None, region_confidence=None)
    return OcrAnswer(
        recognizer=name,
        text=reading.text,
        confidence=rounded_confidence(reading.confidence),
        characters=rounded_characters(reading.characters),
        region=reading.region,
        region_confidence=rounded_region_confidence(reading),
    )
