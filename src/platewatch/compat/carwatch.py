"""CarWatch's own routes, in CarWatch's envelope `{"success", "message", ...}`."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, File, Query, Request, UploadFile
from pydantic import BaseModel, Field

from platewatch.app.dependencies import OPENAPI_SECURITY, RECOGNIZER_ONLY, Recognizer, RuntimeDep
from platewatch.errors import FieldError
from platewatch.sightings.photos import Photo, open_photo, read_photo, stage_photo
from platewatch.sightings.schemas import Direction
from platewatch.sightings.service import Circumstances, SightingService
from platewatch.users.schemas import PlainEnvelope

router = APIRouter(
    prefix="/api",
    tags=["CarWatch"],
    dependencies=OPENAPI_SECURITY,
    responses={"4XX": {"model": PlainEnvelope, "description": "What was wrong, and what to do"}},
)


class UploadAnswer(BaseModel):
    success: bool = True
    message: str = Field(
        examples=["Image received, uploaded to database, OCR processed, and data recorded successfully."],
    )
    plate_number: str | None = Field(description="the surest plate; None if none was read", examples=["ABC123"])
    status: Direction
    image_uploaded: bool
    image_filename: str = Field(examples=["image_20250615123456789.jpg"])


async def get_photo(
    request: Request,
    runtime: RuntimeDep,
    image: Annotated[UploadFile | None, File(description="a photo: JPEG, PNG, WebP or BMP")] = None,
) -> Photo:
    """The photo of the form field `image`.

    Raises:
        FieldError: the form has no such field.
        ImageError: the photo can't be read.
    """
    if image is None:
        found = ", ".join(sorted((await request.form()).keys())) or "none"
        raise FieldError("image", f"Send the photo in the multipart form field 'image' (fields found: {found}).")
    limits = runtime.image_limits
    return open_photo(image.filename, await image.read(limits.max_bytes + 1), limits)


@router.post("/upload_image", dependencies=[RECOGNIZER_ONLY])
def upload_image(
    photo: Annotated[Photo, Depends(get_photo)],
    runtime: RuntimeDep,
    caller: Recognizer,
    status: Annotated[Direction, Query()] = Direction.UNKNOWN,
) -> UploadAnswer:
    """Store a photo, read its plates and record them as entering or leaving."""
    now = runtime.clock.now()
    name = f"image_{now:%Y%m%d%H%M%S}{now.microsecond // 1000:03d}.jpg"
    read = read_photo(runtime.readers, Photo(name, photo.image))
    circumstances = Circumstances(captured_at=now, user_id=caller.user_id, direction=status)
    with runtime.staging() as staging:
        staged = stage_photo(staging, read)
        recorded = runtime.transact(
            lambda session: SightingService(session, runtime.clock).record(staged, circumstances),
        )
    if recorded:
        message = "Image received, uploaded to database, OCR processed, and data recorded successfully."
    else:
        message = "Image received and uploaded to database, but no plate could be read in it."
    return UploadAnswer(
        message=message,
        plate_number=recorded[0].plate if recorded else None,
        status=status,
        image_uploaded=True,
        image_filename=name,
    )
