"""The photo of an upload, under either of the names that other systems' forms give it."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, File, Request, UploadFile

from platewatch.errors import FieldError
from platewatch.reading.photos import Photo
from platewatch.web.dependencies import StateDep, open_photos

_PHOTO = File(description="a photo: JPEG, PNG, WebP or BMP; as `file` or as `image`")


async def get_uploaded_photo(
    request: Request,
    state: StateDep,
    file: Annotated[UploadFile | None, _PHOTO] = None,
    image: Annotated[UploadFile | None, _PHOTO] = None,
) -> Photo:
    """The photo of the form field `file` or `image`.

    Raises:
        FieldError: the form has neither, or both.
        ImageError: the photo can't be read.
    """
    sent = [upload for upload in (file, image) if upload is not None]
    if len(sent) != 1:
        found = ", ".join(sorted(set((await request.form()).keys()))) or "none"
        raise FieldError(
            "file", f"Send one photo in the multipart form field 'file' or 'image' (fields found: {found})."
        )
    [photo] = await open_photos(sent, state)
    return photo


UploadedPhoto = Annotated[Photo, Depends(get_uploaded_photo)]
