"""Sightings with pictures in a running server's store, without reading any."""

from __future__ import annotations

from datetime import datetime
from io import BytesIO
from typing import Any

from PIL import Image
from sqlalchemy.orm import Session

from platewatch.db.tables import ImageRow
from tests.db.rows import NOON
from tests.servers import Server
from tests.sightings.rows import add_sighting

SIZE = 64
CORNERS = ((4.0, 4.0), (24.0, 4.0), (24.0, 12.0), (4.0, 12.0))
OTHER_CORNERS = ((36.0, 40.0), (60.0, 40.0), (60.0, 50.0), (36.0, 50.0))


def jpeg(color: str) -> bytes:
    buffer = BytesIO()
    Image.new("RGB", (SIZE, SIZE), color).save(buffer, "JPEG")
    return buffer.getvalue()


def photographed(server: Server, *plates: str, at: datetime = NOON, color: str = "red", **fields: Any) -> list[int]:
    """The ids of sightings of these plates in one photo, each with a crop of its own."""
    corners = (CORNERS, OTHER_CORNERS)
    with server.runtime.recorder.staging() as staging:
        key = staging.put(jpeg(color))
        crops = [staging.put(f"crop of {plate} {color}".encode()) for plate in plates]

        def work(session: Session) -> list[int]:
            image = ImageRow(media_key=key, filename="a.jpg", width=SIZE, height=SIZE, byte_size=9, created_at=at)
            session.add(image)
            session.flush()
            return [
                add_sighting(
                    session,
                    plate,
                    image_id=image.id,
                    crop_key=crop,
                    captured_at=at,
                    corners=corners[number % 2],
                    **fields,
                ).id
                for number, (plate, crop) in enumerate(zip(plates, crops, strict=True))
            ]

        return server.runtime.database.transact(work)
