"""Pascal VOC labels: an XML file for each image, text and corners as attributes in the way that CVAT writes them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from xml.parsers import expat  # documents with a DTD, which alone are dangerous, are refused
from xml.sax.saxutils import escape

from platewatch.datasets.label_format import LabelFormat
from platewatch.datasets.reading import CorruptLabelError, Images, box_of, corners_of, number, read_text, unlabelled
from platewatch.datasets.types import Dataset, ImageLabels, Place, PlateLabel, Problem, ProblemKind
from platewatch.errors import LabelsError

_ANNOTATIONS: Final = "Annotations"
_MAX_DEPTH: Final = 32
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
    return next(folder.rglob("*.xml"), None) is not None


def read(folder: Path) -> Dataset:
    """The dataset in the folder, wherever in it the XML files are."""
    images = Images(next((folder / name for name in ("JPEGImages", "images") if (folder / name).is_dir()), folder))
    found: dict[str, ImageLabels] = {}
    problems: list[Problem] = []
    for file in sorted(folder.rglob("*.xml")):
        try:
            labels = _image(_parse(read_text(file)), images, file)
        except _LineError as error:
            problems.append(Problem(ProblemKind.CORRUPT, Place(file, error.line), f"{error}."))
            continue
        except LabelsError as error:
            problems.append(Problem(ProblemKind.CORRUPT, Place(file), str(error)))
            continue
        if isinstance(labels, Problem):
            problems.append(labels)
        elif labels.name in found:
            problems.append(Problem(ProblemKind.TWICE, Place(file), f"{labels.name!r} has labels in another file too."))
        else:
            found[labels.name] = labels
    rest = unlabelled(images, set(found), problems)
    return Dataset(folder, LabelFormat.VOC, (*found.values(), *rest), tuple(problems))


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


def _parse(text: str) -> _Element:
    """The root of the document.

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
        parser.Parse(text.encode(), True)
    except expat.ExpatError as error:
        raise _LineError(error.lineno, f"this is no XML: {expat.ErrorString(error.code)}") from error
    return root.children[0]


def _image(root: _Element, images: Images, file: Path) -> ImageLabels | Problem:
    if root.name != "annotation":
        raise _LineError(root.line, f"<annotation> is expected, not <{root.name}>")
    name = _find(root, images, file)
    if name is None:
        written = root.word("filename") or file.stem
        return Problem(ProblemKind.MISSING_IMAGE, Place(file), f"there is no image {written!r}.")
    size = root.get("size")
    if size is None:
        raise _LineError(root.line, "<size> is missing")
    width, height = (round(_number(size, side)) for side in ("width", "height"))
    plates = tuple(_plate(child) for child in root.children if child.name == "object")
    folder = root.word("split") or None
    return ImageLabels(name, images.paths[name], width, height, plates, split=folder, place=Place(file))


def _find(root: _Element, images: Images, file: Path) -> str | None:
    """The image of the file: at the same path, or what it names."""
    if _ANNOTATIONS in file.parts:
        below = Path(*file.parts[file.parts.index(_ANNOTATIONS) + 1 :]).with_suffix("").as_posix()
        same = [name for name in images.paths if name.rsplit(".", 1)[0] == below]
        if len(same) == 1:
            return same[0]
    return images.find(root.word("filename"))


def _plate(element: _Element) -> PlateLabel:
    attributes = _attributes(element)
    box = element.get("bndbox")
    corners = attributes.get("corners")
    try:
        return PlateLabel(
            None if box is None else box_of([_number(box, side) for side in _SIDES]),
            None if corners is None else corners_of(corners.replace(",", " ").split()),
            attributes.get("text"),
            attributes.get("region"),
        )
    except _LineError:
        raise
    except CorruptLabelError as error:
        raise _LineError(element.line, str(error)) from error


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
