"""The ONNX metadata of a YOLO export, and which of its classes is the plate."""

from __future__ import annotations

import ast
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from platewatch.errors import ModelShapeError

ALL_CLASSES: Final = "all"
_MAX_CLASSES: Final = 10_000
_MAX_SIDE: Final = 8192
_NAMES_SHOWN: Final = 10
_RT_DETR: Final = re.compile(r"rt-?detr", re.IGNORECASE)

# Parts of words for a licence plate in the languages that public models use, without marks.
_PLATE_PARTS: Final = (
    "plate",
    "kennzeichen",
    "nummernschild",
    "kenteken",
    "nummerskylt",
    "nummerskilt",
    "nummerplade",
    "matricul",
    "placa",
    "plaque",
    "targa",
    "plaka",
    "tablica",
    "rendszam",
    "vehicleregistration",
)
_PLATE_WORDS: Final = frozenset({"lp", "lpr", "anpr", "alpr", "plat", "platnomor", "nomor", "nopol"})
_NEGATIONS: Final = frozenset({"no", "non", "not", "without", "noplate", "nonplate"})


@dataclass(frozen=True, slots=True)
class ExportNotes:
    """An export's own notes; None, or no names, where it noted nothing.

    `task` is Ultralytics' word (`detect`, `pose`, `segment`, `obb`, `classify`), which exports of YOLOv5 don't have.
    `keypoint_values` is how many numbers a box has behind its class scores for its keypoints. `size` is height and
    width of the input. `is_final` says whether overlapping boxes were already removed inside the network.
    """

    task: str | None = None
    names: Mapping[int, str] | None = None
    keypoint_values: int | None = None
    stride: int | None = None
    size: tuple[int, int] | None = None
    is_final: bool | None = None
    is_rt_detr: bool = False

    @property
    def class_names(self) -> Mapping[int, str]:
        """The names of the classes by number."""
        return self.names or {}


def read_notes(metadata: Mapping[str, str]) -> ExportNotes:
    """The notes in the metadata; a note that is damaged counts as missing."""
    shape = _numbers(metadata.get("kpt_shape"))
    size = _numbers(metadata.get("imgsz"))
    stride = _numbers(metadata.get("stride"))
    return ExportNotes(
        task=metadata.get("task", "").strip().lower() or None,
        names=_names(metadata.get("names")),
        keypoint_values=shape[0] * shape[1] if len(shape) == 2 else None,  # noqa: PLR2004 (points, values of each)
        stride=stride[0] if len(stride) == 1 else None,
        size=_size(size),
        is_final=_is_final(metadata),
        is_rt_detr=any(_RT_DETR.search(metadata.get(note, "")) for note in ("head", "description")),
    )


def plate_classes(wanted: str | None, names: Mapping[int, str], count: int | None, model: str) -> list[int] | None:
    """The numbers of the classes that are plates, None for all of them.

    `wanted` is what the user set: names or numbers with commas between them, or `all`; None chooses by the names.
    `count` is how many classes the network has, None where only its output shows it.

    Raises:
        ModelShapeError: A class that was set is not there, or none was set and the names don't show which it is.
    """
    if wanted is not None and wanted.strip().lower() == ALL_CLASSES:
        return None
    if wanted is not None:
        return sorted({_class_number(part.strip(), names, count, model) for part in wanted.split(",") if part.strip()})
    if count == 1 or (count is None and len(names) <= 1):
        return None
    plates = [number for number, name in sorted(names.items()) if is_plate_name(name)]
    if not plates:
        raise unknown_plate_class(names, count, model)
    return plates


def unknown_plate_class(names: Mapping[int, str], count: int | None, model: str) -> ModelShapeError:
    """The error for a model with several classes of which none is known to be the plate."""
    many = f"{count or len(names)} classes" if count or names else "several classes"
    return ModelShapeError(
        f"The model {model} has {many}{_join(names)}, and none is known to be the plate. Say which with "
        "PLATEWATCH_DETECTOR_CLASS, or --detector-class of the command: a name, a number from 0 on, several with "
        f"commas between them, or `{ALL_CLASSES}`.",
    )


def is_plate_name(name: str) -> bool:
    """Whether a class of that name is a licence plate, such as `License_Plate`, `number-plate` or `Kennzeichen`."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    words = re.findall(r"[a-z]+", plain)
    if not words or words[0] in _NEGATIONS:
        return False
    joined = "".join(words)
    return joined in _PLATE_WORDS or not _PLATE_WORDS.isdisjoint(words) or any(part in joined for part in _PLATE_PARTS)


def _class_number(wanted: str, names: Mapping[int, str], count: int | None, model: str) -> int:
    same = [number for number, name in names.items() if name.strip().lower() == wanted.lower()]
    if same:
        return same[0]
    bound = count if count is not None else len(names) or None
    if not wanted.isascii() or not wanted.isdecimal():
        raise ModelShapeError(
            f"The model {model} has no class {wanted!r}{_join(names)}. Give the name of one of its classes, or its "
            "number, counted from 0.",
        )
    number = int(wanted[:9])
    if bound is not None and number >= bound:
        raise ModelShapeError(
            f"The model {model} has {bound} classes{_join(names)}, there is no class {wanted}. Count from 0."
        )
    return number


def _join(names: Mapping[int, str]) -> str:
    if not names:
        return ""
    shown = [f"{number} {name[:40]!r}" for number, name in sorted(names.items())[:_NAMES_SHOWN]]
    return f" ({', '.join(shown)}{', ...' if len(names) > _NAMES_SHOWN else ''})"


def _names(text: str | None) -> dict[int, str] | None:
    named = _literal(text)
    pairs = named.items() if isinstance(named, dict) else enumerate(named if isinstance(named, (list, tuple)) else ())
    found = {int(number): str(name) for number, name in pairs if str(number).isdecimal()}
    return found if found and max(found) < _MAX_CLASSES else None


def _numbers(text: str | None) -> list[int]:
    """The whole numbers of a note such as `[17, 3]`, `32` or `32.0`; none if it is something else."""
    value = _literal(text)
    parts = list(value) if isinstance(value, (list, tuple)) else [value]
    numbers = [int(part) for part in parts if isinstance(part, (int, float)) and 0 < part <= _MAX_SIDE]
    return numbers if len(numbers) == len(parts) else []


def _size(numbers: list[int]) -> tuple[int, int] | None:
    if len(numbers) == 1:
        return numbers[0], numbers[0]
    return (numbers[0], numbers[1]) if len(numbers) == 2 else None  # noqa: PLR2004 (height, width)


def _is_final(metadata: Mapping[str, str]) -> bool | None:
    arguments = _literal(metadata.get("args"))
    suppresses = isinstance(arguments, dict) and arguments.get("nms") is True
    if suppresses or metadata.get("end2end", "").strip().lower() == "true":
        return True
    return False if "end2end" in metadata else None


def _literal(text: str | None) -> object:
    try:
        return ast.literal_eval(text) if text else None
    except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError):
        return None
