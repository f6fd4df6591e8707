"""Photos of a form, or one photo as the whole body of a request, as `curl --data-binary` sends it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from tempfile import SpooledTemporaryFile
from typing import Annotated, Any, BinaryIO, Final, cast

from fastapi import Depends, File, Request, UploadFile

from platewatch.errors import FieldError
from platewatch.reading.photos import Photo
from platewatch.vision.image import ImageLimits
from platewatch.web.dependencies import StateDep, open_photos

_IN_MEMORY_BYTES: Final = 1024 * 1024
"""Of a body, as of a form's files; more lies on the disk until it is read."""
_RAW: Final = {"schema": {"type": "string", "format": "binary"}}
RAW_BODY: Final[dict[str, Any]] = {
    "requestBody": {"required": True, "content": {"image/*": _RAW, "application/octet-stream": _RAW}}
}
"""The OpenAPI description beside the form."""

_HINT: Final = (
    "Send photos in the multipart form field 'image', or one photo as the body with its media type: "
    "curl -H 'Content-Type: image/jpeg' --data-binary @photo.jpg"
)


async def get_photos_or_body(
    request: Request,
    state: StateDep,
    image: Annotated[
        list[UploadFile] | None,
        File(description="one or more photos: JPEG, PNG, WebP or BMP; or one photo as the body, without a form"),
    ] = None,
) -> AsyncIterator[list[Photo]]:
    """The photos of the form, or the one that is the body.

    Raises:
        FieldError: There is none.
        ImageError: One can't be read.
    """
    if image:
        yield await open_photos(image, state)
        return
    if not is_raw(request):
        found = ", ".join(sorted(set((await request.form()).keys()))) or "none"
        raise FieldError("image", f"{_HINT} (form fields found: {found})")
    with SpooledTemporaryFile(max_size=_IN_MEMORY_BYTES) as file:
        size = await _receive(request, file, state.reading.limits)
        if not size:
            raise FieldError("image", f"The body is empty. {_HINT}")
        yield await open_photos([UploadFile(cast("BinaryIO", file))], state)


def is_raw(request: Request) -> bool:
    """Whether the body is a photo by its media type, or has no media type."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    return kind in {"", "application/octet-stream"} or kind.startswith("image/")


async def refuse_urlencoded(request: Request) -> None:
    """Do nothing unless the body is declared as a form without files, as curl declares it without a media type.

    Raises:
        FieldError: It is; the message says how to send a photo.
    """
    if request.headers.get("content-type", "").lower().startswith("application/x-www-form-urlencoded"):
        raise FieldError("image", _HINT)


async def _receive(request: Request, file: SpooledTemporaryFile[bytes], limits: ImageLimits) -> int:
    """Write the body into the file and return its length. One byte more than allowed shows that it is too large."""
    size = 0
    async for chunk in request.stream():
        file.write(chunk)
        size += len(chunk)
        if size > limits.max_bytes:
            break
    return size


PhotosOrBody = Annotated[list[Photo], Depends(get_photos_or_body)]
