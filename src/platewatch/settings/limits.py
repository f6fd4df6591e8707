"""Limits of clients: sizes, rates and times."""

from __future__ import annotations

from typing import Final

from pydantic import Field

from platewatch.settings.group import SettingsGroup

_MIB: Final = 1024 * 1024
_MEGAPIXEL: Final = 1_000_000


class LimitSettings(SettingsGroup):
    """Limits.

    The largest size of an image also holds for `platewatch read`.
    """

    max_image_mb: int = Field(default=16, ge=1, le=256)
    """Largest image file, in MB."""

    max_image_megapixels: int = Field(default=50, ge=1, le=512)
    """Largest image, checked before it is decoded. Half of it for files that take twice the memory: JPEG of four inks,
    AVIF and HEIC with an alpha channel or with colors of every pixel, AVIF of more than 8 bits (a third for such HEIC
    of more than 8 bits)."""

    max_images_per_request: int = Field(default=16, ge=1, le=256)
    """Images in one upload."""

    max_request_megapixels: int = Field(default=200, ge=1, le=100_000)
    """Megapixels of all images in one upload; beyond it the server answers 413."""

    max_decoding_megapixels: int = Field(default=50, ge=1, le=100_000)
    """Megapixels of the images that each process has in memory at a time (up to 10 MB each; files that take twice the
    memory count twice). Others wait, and get 503 where `PLATEWATCH_WAITING_LINE` others wait. The largest image
    allowed always fits."""

    rate_limit: int = Field(default=6000, ge=0, le=1_000_000)
    """Requests a minute of each user and API key; beyond it the server answers 429; `0`: no limit."""

    rate_limit_anonymous: int = Field(default=600, ge=0, le=1_000_000)
    """Requests a minute of each address without a log-in; `0`: no limit."""

    max_connections: int = Field(default=500, ge=10, le=100_000)
    """Connections of clients to each process, at most the files that it may open (`ulimit -n`) less 200. Beyond it the
    one that is idle for longest is closed, or the new one answered with 503."""

    header_timeout_s: float = Field(default=20, gt=0, le=3600)
    """Seconds within which the head of a request has to come; else 408."""

    body_timeout_s: float = Field(default=30, gt=0, le=3600)
    """Seconds in which a body has to come on, by 500 bytes each; else 408."""

    send_timeout_s: float = Field(default=60, gt=0, le=3600)
    """Seconds within which a client has to take something of its answer; else its connection is closed."""

    @property
    def max_image_bytes(self) -> int:
        return self.max_image_mb * _MIB

    @property
    def max_image_pixels(self) -> int:
        return self.max_image_megapixels * _MEGAPIXEL
