"""Pascal VOC labels: an XML file for each image, text and corners as attributes in the way that CVAT writes them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from xml.parsers import expat  # documents with a DTD, which alone are dangerous, are refused
from xml.sax.saxutils import escape

from platewatch.datasets.label_format import LabelFormat
from platewatch.datasets.reading import (
    CorruptLabelError,
    Images,
    Labelled,
    box_of,
    corners_of,
    gather,
    number,
    read_bytes,
    shown,
)
from platewatch.datasets.types import Dataset, ImageLabels, Place, PlateLabel, Problem, ProblemKind
from platewatch.errors import LabelsError
from platewatch.vision.geometry import box_from_corners, turned_corners
from platewatch.vision.photo_files import files_below
from platewatch.vision.types import BoxXyxy, Corners

_ANNOTATIONS: Final = "Annotations"
_MAX_DEPTH: Final = 32
_MAX_POINTS: Final = 1000
_CORNERS: Final = 4
_SIDES: Final = ("xmin", "ymin", "xmax", "ymax")


@dataclass(slots=True)
class _Element:
    """An element with the line where it begins."""

    name: str
    line: int
    text: str = ""
    children: list[_Element] = field(default_factory=list)

    def get(self, name: str) -> _Element | None:
        return next((child for child in self.children if child.name == name), None)

    def word(self, name: str) -> str:
        child = self.get(name)
        return "" if child is None else child.text.strip()


class _LineError(CorruptLabelError):
    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


def recognizes(folder: Path) -> bool:
    """Whether the folder's labels are in this format."""
    return next(files_below(folder, (".xml",)), None) is not None


def read(folder: Path) -> Dataset:
    """The dataset in the folder, wherever in it the XML files are."""
    images = Images(folder, ("JPEGImages", "images"))
    found: list[Labelled] = []
    problems: list[Problem] = []
    for file in files_below(folder, (".xml",)):
        root: _Element | None = None
        labelled: Labelled | Problem | None
        try:
            root = _parse(read_bytes(file))
            labelled = _image(root, images, file)
        except (_LineError, LabelsError) as error:
            line = error.line if isinstance(error, _LineError) else None
            problems.append(Problem(ProblemKind.CORRUPT, Place(file, line), f"{str(error).removesuffix('.')}."))
            name = images.beside(file) if root is None else _find(root, images, file)
            labelled = None if name is None else Labelled(name, None, Place(file), is_damaged=True)
        if isinstance(labelled, Problem):
            problems.append(labelled)
        elif labelled is not None:
            found.append(labelled)
    return Dataset(folder, LabelFormat.VOC, gather(found, images, problems), tuple(problems))


def write(folder: Path, images: Sequence[ImageLabels]) -> None:
    """Write the labels, and a list of each split; the images are in their places already."""
    for image in images:
        if image.plates is None:
            continue
        path = (folder / _ANNOTATIONS / image.name).with_suffix(".xml")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(_document(image, image.plates), encoding="utf-8")
    for split in sorted({image.split for image in images if image.split}):
        listed = [f"{Path(image.name).with_suffix('').as_posix()}\n" for image in images if image.split == split]
        path = folder / "ImageSets" / "Main" / f"{split}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(listed), encoding="utf-8")


def _parse(document: bytes) -> _Element:
    """The root of the document, which is in the encoding that it declares.

    Raises:
        _LineError: It is not well formed, or has a DTD.
    """
    parser = expat.ParserCreate()
    root = _Element("", 1)
    stack = [root]

    def start(name: str, _attributes: dict[str, str]) -> None:
        if len(stack) > _MAX_DEPTH:
            raise _LineError(parser.CurrentLineNumber, "elements are nested too deep")
        element = _Element(name, parser.CurrentLineNumber)
        stack[-1].children.append(element)
        stack.append(element)

    def end(_name: str) -> None:
        stack.pop()

    def data(characters: str) -> None:
        stack[-1].text += characters

    def doctype(*_: Any) -> None:
        raise _LineError(parser.CurrentLineNumber, "a document type is declared, which labels don't need")

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = data
    parser.StartDoctypeDeclHandler = doctype
    try:
        parser.Parse(document, True)
    except expat.ExpatError as error:
        raise _LineError(error.lineno, f"this is no XML: {expat.ErrorString(error.code)}") from error
    except _LineError:
        raise
    except (LookupError, ValueError) as error:
        # Of an encoding that Python doesn't know, or that has more than a byte a character.
        raise _LineError(1, f"its encoding can't be read ({str(error)[:80]}). Save the file as UTF-8") from error
    return root.children[0]


def _image(root: _Element, images: Images, file: Path) -> Labelled | Problem:
    if root.name != "annotation":
        raise _LineError(root.line, f"<annotation> is expected, not <{root.name}>")
    name = _find(root, images, file)
    if name is None:
        written = root.word("filename") or file.stem
        return Problem(ProblemKind.MISSING_IMAGE, Place(file), f"there is no image {shown(written)}.")
    noted = root.get("size")
    size = None
    if noted is not None:
        size = (round(_number(noted, "width")), round(_number(noted, "height")))
    plates = tuple(_plate(child) for child in root.children if child.name == "object")
    return Labelled(name, plates, Place(file), size=size, split=root.word("split") or None)


def _find(root: _Element, images: Images, file: Path) -> str | None:
    """The image of the file: at the same path, or the one that it names, or the only one that is called like the file.

    The file's own name comes first: images are renamed together with their files, while the name inside stays.
    """
    return images.beside(file) or images.find(root.word("filename"), beside=file) or images.stem(file.stem)


def _plate(element: _Element) -> PlateLabel:
    attributes = _attributes(element)
    box = element.get("bndbox")
    written = attributes.get("corners")
    try:
        corners = None if written is None else corners_of(written.replace(",", " ").split())
        outline = None if box is None else box_of([_number(box, side) for side in _SIDES])
        if outline is None and corners is None:
            outline, corners = _outline_of_other_kinds(element)
    except _LineError:
        raise
    except CorruptLabelError as error:
        raise _LineError(element.line, str(error)) from error
    if outline is None and corners is None and "text" not in attributes:
        raise _LineError(element.line, "the object has no <bndbox>, <polygon> or <robndbox>")
    return PlateLabel(outline, corners, attributes.get("text"), attributes.get("region"), element.word("name") or None)


def _outline_of_other_kinds(element: _Element) -> tuple[BoxXyxy | None, Corners | None]:
    """The place of an object that has no upright box: a polygon, or a turned box (roLabelImg; radians, clockwise)."""
    polygon, turned = element.get("polygon"), element.get("robndbox")
    if turned is not None:
        x, y, width, height, angle = (_number(turned, name) for name in ("cx", "cy", "w", "h", "angle"))
        return None, turned_corners((x, y), (width, height), angle)
    if polygon is None:
        return None, None
    count = next((at for at in range(1, _MAX_POINTS) if polygon.get(f"x{at}") is None), _MAX_POINTS) - 1
    values = [_number(polygon, f"{axis}{at}") for at in range(1, count + 1) for axis in ("x", "y")]
    if count == _CORNERS:
        return None, corners_of(values)
    return (box_from_corners(list(zip(values[::2], values[1::2], strict=True))) if count else None), None


def _attributes(element: _Element) -> dict[str, str]:
    holder = element.get("attributes")
    children = [] if holder is None else holder.children
    return {child.word("name"): child.word("value") for child in children if child.name == "attribute"}


def _number(element: _Element, name: str) -> float:
    child = element.get(name)
    if child is None:
        raise _LineError(element.line, f"<{name}> is missing in <{element.name}>")
    try:
        return number(child.text.strip(), f"<{name}>")
    except CorruptLabelError as error:
        raise _LineError(child.line, str(error)) from error


def _document(image: ImageLabels, plates: Sequence[PlateLabel]) -> str:
    lines = [
        "<annotation>",
        f"  <filename>{escape(image.name)}</filename>",
        *([f"  <split>{escape(image.split)}</split>"] if image.split else []),
        f"  <size><width>{image.width}</width><height>{image.height}</height><depth>3</depth></size>",
        *(line for plate in plates for line in _object(plate)),
        "</annotation>",
    ]
    return "\n".join(lines) + "\n"


def _object(plate: PlateLabel) -> list[str]:
    corners = None if plate.corners is None else " ".join(f"{x:g},{y:g}" for x, y in plate.corners)
    named = {"text": plate.text, "region": plate.region, "corners": corners}
    attributes = "".join(
        f"<attribute><name>{name}</name><value>{escape(value)}</value></attribute>"
        for name, value in named.items()
        if value is not None
    )
    box = plate.box_xyxy
    sides = (
        "" if box is None else "".join(f"<{side}>{value!r}</{side}>" for side, value in zip(_SIDES, box, strict=True))
    )
    return [
        "  <object>",
        "    <name>plate</name>",
        *([f"    <bndbox>{sides}</bndbox>"] if sides else []),
        *([f"    <attributes>{attributes}</attributes>"] if attributes else []),
        "  </object>",
    ]
