"""Photos of a form, or one photo as the whole body of a request, as `curl --data-binary` sends it."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import Depends, File, Request, UploadFile

from platewatch.app.dependencies import RuntimeDep
from platewatch.errors import FieldError
from platewatch.sightings.photos import Photo, open_photo
from platewatch.vision.image import ImageLimits

_RAW: Final = {"schema": {"type": "string", "format": "binary"}}
RAW_BODY: Final[dict[str, Any]] = {
    "requestBody": {"required": True, "content": {"image/*": _RAW, "application/octet-stream": _RAW}}
}
"""What OpenAPI says beside the form."""

_HINT: Final = (
    "Send photos in the multipart form field 'image', or one photo as the body with its media type: "
    "curl -H 'Content-Type: image/jpeg' --data-binary @photo.jpg"
)


async def get_photos_or_body(
    request: Request,
    runtime: RuntimeDep,
    image: Annotated[
        list[UploadFile] | None,
        File(description="one or more photos: JPEG, PNG, WebP or BMP; or one photo as the body, without a form"),
    ] = None,
) -> list[Photo]:
    """The photos of the form, or the one that is the body.

    Raises:
        FieldError: There is none.
        ImageError: One can't be read.
    """
    limits = runtime.image_limits
    if image:
        return [open_photo(upload.filename, await upload.read(limits.max_bytes + 1), limits) for upload in image]
    if not is_raw(request):
        found = ", ".join(sorted(set((await request.form()).keys()))) or "none"
        raise FieldError("image", f"{_HINT} (form fields found: {found})")
    data = await _body(request, limits)
    if not data:
        raise FieldError("image", f"The body is empty. {_HINT}")
    return [open_photo(None, data, limits)]


def is_raw(request: Request) -> bool:
    """Whether the body is a photo by its media type, or has no media type."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    return kind in {"", "application/octet-stream"} or kind.startswith("image/")


async def refuse_urlencoded(request: Request) -> None:
    """Do nothing unless the body is said to be a form without files, as curl says where nobody names a media type.

    Raises:
        FieldError: It is; the message says how to send a photo.
    """
    if request.headers.get("content-type", "").lower().startswith("application/x-www-form-urlencoded"):
        raise FieldError("image", _HINT)


async def _body(request: Request, limits: ImageLimits) -> bytes:
    """The body; one byte more than allowed is enough to know that it is too large."""
    data = bytearray()
    async for chunk in request.stream():
        data += chunk
        if len(data) > limits.max_bytes:
            break
    return bytes(data)


PhotosOrBody = Annotated[list[Photo], Depends(get_photos_or_body)]
