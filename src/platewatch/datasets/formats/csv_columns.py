"""The meaning of the columns of a CSV file with labels, by their names and contents."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from platewatch.vision.types import BoxXyxy

_IMAGE: Final = (
    "image",
    "filename",
    "file_name",
    "file",
    "path",
    "image_path",
    "image_name",
    "image_file",
    "image_filename",
    "img",
    "img_name",
    "img_path",
    "filepath",
    "file_path",
    "photo",
    "picture",
    "image_id",
    "imageid",
)
"""The clearest name first: an id is a name only where there is no other."""
_TEXTS: Final = frozenset(
    {
        "text",
        "plate",
        "plate_text",
        "plate_number",
        "plate_no",
        "number_plate",
        "numberplate",
        "license_plate",
        "licence_plate",
        "licenseplate",
        "licenceplate",
        "license_plate_number",
        "licence_plate_number",
        "license_number",
        "registration",
        "registration_number",
        "vrm",
        "lp",
        "lp_number",
        "transcription",
        "words",
    }
)
_UNSURE_TEXTS: Final = ("label", "number", "license", "licence", "value")
"""Names of columns with texts of plates, with classes, or with numbers of rows: their content decides."""
_OTHERS: Final = {
    "class": "class",
    "class_name": "class",
    "classname": "class",
    "category": "class",
    "category_name": "class",
    "region": "region",
    "country": "region",
    "split": "split",
    "set": "split",
    "subset": "split",
    "partition": "split",
}
_SIDES: Final = ("left", "top", "right", "bottom")
_SIDE_NAMES: Final = {
    "left": ("left", "xmin", "x_min", "minx", "min_x", "xtl", "x_left", "box_left", "bbox_left", "bbox_xmin", "x1"),
    "top": ("top", "ymin", "y_min", "miny", "min_y", "ytl", "y_top", "box_top", "bbox_top", "bbox_ymin", "y1"),
    "right": (
        "right",
        "xmax",
        "x_max",
        "maxx",
        "max_x",
        "xbr",
        "x_right",
        "box_right",
        "bbox_right",
        "bbox_xmax",
        "x2",
    ),
    "bottom": (
        "bottom",
        "ymax",
        "y_max",
        "maxy",
        "max_y",
        "ybr",
        "y_bottom",
        "box_bottom",
        "bbox_bottom",
        "bbox_ymax",
        "y2",
    ),
}
_FROM_ZERO: Final = ("x0", "y0", "x1", "y1")
_X: Final = ("x", "bbox_x", "box_x", "left", "xmin", "x_min", "xtl")
_Y: Final = ("y", "bbox_y", "box_y", "top", "ymin", "y_min", "ytl")
_MIDDLE_X: Final = ("cx", "xc", "x_center", "x_centre", "xcenter", "center_x", "centre_x", "bbox_cx")
_MIDDLE_Y: Final = ("cy", "yc", "y_center", "y_centre", "ycenter", "center_y", "centre_y", "bbox_cy")
# `width` and `height` may be the image's; they are a box's only where there is no clearer column.
_WIDTH: Final = ("w", "bbox_w", "box_w", "bbox_width", "box_width", "plate_width", "width")
_HEIGHT: Final = ("h", "bbox_h", "box_h", "bbox_height", "box_height", "plate_height", "height")
_CORNERS: Final = tuple(f"{axis}{corner}" for corner in range(1, 5) for axis in ("x", "y"))
_WHOLE_BOXES: Final = frozenset(
    {"bbox", "box", "bounding_box", "boundingbox", "bndbox", "rect", "rectangle", "coordinates", "coords", "polygon"}
)
"""Columns with all of a box in one cell, of which nobody knows whether it is two corners or a corner and a size."""
_MAX_ROWS_OF_ONE: Final = 1
_SHORTEST_PLATE: Final = 4
_SIDES_OF_BOX: Final = 4


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns by their names, lower case and with `_` between words, as far as their meaning is known.

    `box` are the four columns of a box and how they are meant (`corners`, `size`, `middle`); `unknown` are all columns
    that mean nothing here.
    """

    names: tuple[str, ...]
    image: str
    text: str | None = None
    box: tuple[str, ...] = ()
    box_kind: str = ""
    corners: tuple[str, ...] = ()
    others: Mapping[str, str] = field(default_factory=dict)

    @property
    def has_labels(self) -> bool:
        """Whether any column can say what is in an image."""
        return bool(self.text or self.box or self.corners)

    @property
    def unknown(self) -> list[str]:
        """The columns without a meaning, in their order."""
        others = {name for meaning, name in self.others.items() if meaning != "class" or self.has_labels}
        known = {self.image, self.text, *self.box, *self.corners, *others}
        return [name for name in self.names if name and name not in known]

    def box_xyxy(self, values: Sequence[float]) -> BoxXyxy:
        """Left, top, right, bottom of the numbers in the columns of the box."""
        one, two, three, four = values
        if self.box_kind == "size":
            return one, two, one + three, two + four
        if self.box_kind == "middle":
            return one - three / 2, two - four / 2, one + three / 2, two + four / 2
        return one, two, three, four


class ColumnsError(ValueError):
    """Columns that can't be understood; the message says which."""


def plain_names(header: str) -> list[str]:
    """The names in the header, in lower case and with `_` between words."""
    cells = next(csv.reader([header], delimiter=delimiter_of(header)), [])
    return [re.sub(r"[^a-z0-9]+", "_", cell.strip().lower()).strip("_") for cell in cells]


def delimiter_of(header: str) -> str:
    """The separator of the cells."""
    return max((",", ";", "\t"), key=header.count)


def image_column(names: Sequence[str]) -> str | None:
    """The column that says which image a row is about."""
    return next((name for name in _IMAGE if name in names), None)


def understand(names: Sequence[str], rows: Sequence[Mapping[str, str]]) -> Columns:
    """The meaning of the columns, by their names and the contents of the rows.

    Raises:
        ColumnsError: Two columns mean the same, or those of a box are incomplete.
    """
    doubled = sorted({name for name in names if name and names.count(name) > 1})
    if doubled:
        raise ColumnsError(f"the columns {', '.join(doubled)} are there twice. Name each once")
    if whole := sorted(_WHOLE_BOXES.intersection(names)):
        raise ColumnsError(
            f"the column {', '.join(whole)} may hold two corners, or a corner and a size. Write four columns in its "
            "place: left, top, right, bottom, or x, y, w, h",
        )
    image = image_column(names)
    if image is None:
        raise ColumnsError("there is no column `image`")
    corners = _CORNERS if set(_CORNERS) <= set(names) else ()
    box, kind = _box(names, has_corners=bool(corners))
    others = {meaning: name for name, meaning in _OTHERS.items() if name in names}
    columns = Columns(tuple(names), image, _text(names, rows), box, kind, corners, others)
    if "class" not in others and "label" in columns.unknown:
        columns = replace(columns, others={**others, "class": "label"})
    _require_no_other_box(columns, rows)
    return columns


def _require_no_other_box(columns: Columns, rows: Sequence[Mapping[str, str]]) -> None:
    """Do nothing unless plates have texts alone, and four columns beside them may be their boxes.

    Raises:
        ColumnsError: They may.
    """
    if not columns.text or columns.box or columns.corners:
        return
    numbers = [name for name in columns.unknown if _are_numbers([row[name] for row in rows])]
    if len(numbers) >= _SIDES_OF_BOX:
        raise ColumnsError(
            f"the columns {', '.join(numbers)} may be places of plates, and are not known. Name them left, top, right, "
            "bottom, or x, y, w, h, or take them out",
        )


def _are_numbers(values: Sequence[str]) -> bool:
    filled = [value for value in values if value]
    return bool(filled) and all(re.fullmatch(r"-?\d+([.,]\d+)?", value) for value in filled)


def _text(names: Sequence[str], rows: Sequence[Mapping[str, str]]) -> str | None:
    sure = [name for name in names if name in _TEXTS]
    if len(sure) > 1:
        raise ColumnsError(f"the text is there twice, as {' and '.join(sure)}. Name the other column otherwise")
    if sure:
        return sure[0] if _may_be_texts([row[sure[0]] for row in rows]) else None
    unsure = (name for name in _UNSURE_TEXTS if name in names)
    return next((name for name in unsure if _are_texts([row[name] for row in rows])), None)


def _may_be_texts(values: Sequence[str]) -> bool:
    """Whether a column that is called so can hold texts of plates: not one word in all rows, which names a class."""
    filled = [value for value in values if value]
    return not (len(filled) > _MAX_ROWS_OF_ONE and len(set(filled)) == 1 and not _has_digit(filled[0]))


def _are_texts(values: Sequence[str]) -> bool:
    """Whether a column that may as well hold classes or numbers of rows holds texts of plates."""
    filled = [value for value in values if value]
    different = {value.lower() for value in filled}
    if not any(_has_digit(value) for value in filled) or (len(different) == 1 and len(filled) > _MAX_ROWS_OF_ONE):
        return False
    return sum(len(value) >= _SHORTEST_PLATE for value in filled) * 2 >= len(filled)


def _has_digit(text: str) -> bool:
    return any(character.isdigit() for character in text)


def _box(names: Sequence[str], *, has_corners: bool) -> tuple[tuple[str, ...], str]:
    """The four columns of the box and how they are meant; none if there is no box."""
    free = [name for name in names if not (has_corners and name in _CORNERS)]
    if set(_FROM_ZERO) <= set(free) and "x2" not in free:
        return _FROM_ZERO, "corners"
    sides = tuple(_first(free, _SIDE_NAMES[side]) for side in _SIDES)
    middle = tuple(_first(free, known) for known in (_MIDDLE_X, _MIDDLE_Y, _WIDTH, _HEIGHT))
    size = tuple(_first(free, known) for known in (_X, _Y, _WIDTH, _HEIGHT))
    for found, kind in ((sides, "corners"), (middle, "middle"), (size, "size")):
        if all(found):
            return tuple(name for name in found if name), kind
    begun = [name for name in (*sides, *middle[:2], *size[:2]) if name]
    if begun:
        raise ColumnsError(
            f"the columns {', '.join(dict.fromkeys(begun))} don't make a box. Name its four sides left, top, right, "
            "bottom, or x, y, w, h",
        )
    return (), ""


def _first(names: Sequence[str], known: Sequence[str]) -> str | None:
    return next((name for name in known if name in names), None)
