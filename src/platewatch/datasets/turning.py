"""Labels that were made on a photo as it is stored, turned upright with it as its EXIF orientation says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from platewatch.datasets.types import PlateLabel
from platewatch.vision.geometry import box_from_corners, corners_from_box, order_corners
from platewatch.vision.types import Corners, Point

_Turn = Callable[[float, float, int, int], Point]

# A point (x, y) of a stored picture of width x height in the upright one, by EXIF orientation.
_TURNS: Final[dict[int, _Turn]] = {
    2: lambda x, y, width, _: (width - x, y),
    3: lambda x, y, width, height: (width - x, height - y),
    4: lambda x, y, _, height: (x, height - y),
    5: lambda x, y, _, __: (y, x),
    6: lambda x, y, _, height: (height - y, x),
    7: lambda x, y, width, height: (height - y, width - x),
    8: lambda x, y, width, _: (y, width - x),
}


def upright(plate: PlateLabel, orientation: int, stored_size: tuple[int, int]) -> PlateLabel:
    """The plate in the upright photo; the one that is given is in pixels of the photo as stored."""
    turn = _TURNS.get(orientation)
    if turn is None:
        return plate
    box, corners = plate.box_xyxy, plate.corners
    return replace(
        plate,
        box_xyxy=None if box is None else box_from_corners(_turn_corners(corners_from_box(box), turn, stored_size)),
        corners=None if corners is None else order_corners(_turn_corners(corners, turn, stored_size)),
    )


def _turn_corners(corners: Corners, turn: _Turn, stored_size: tuple[int, int]) -> list[Point]:
    return [turn(x, y, *stored_size) for x, y in corners]
