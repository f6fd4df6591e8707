"""The backends of platewatch itself, for a checkout that runs without being installed.

An installed package brings the same names as entry points, where other packages add theirs.
"""

from __future__ import annotations

from importlib.metadata import EntryPoint
from typing import Final

_BACKENDS: Final = "platewatch.vision.backends"
_OBJECTS: Final = {
    "platewatch.detectors": {
        "char-yolo": "char_yolo:CharYoloDetector",
        "platewatch": "plates:PlateDetector",
        "rapidocr": "rapidocr:RapidOcrDetector",
        "yolo": "yolo:YoloDetector",
    },
    "platewatch.recognizers": {
        "char-yolo": "char_yolo:CharYoloRecognizer",
        "easyocr": "easyocr:EasyOcrRecognizer",
        "ensemble": "ensemble:EnsembleRecognizer",
        "llm": "llm:LlmRecognizer",
        "platewatch": "slots:SlotRecognizer",
        "rapidocr": "rapidocr:RapidOcrRecognizer",
        "tesseract": "tesseract:TesseractRecognizer",
    },
}


def own_points(group: str) -> dict[str, EntryPoint]:
    """The backends of an entry point group, by name; they belong to no installed distribution."""
    return {name: EntryPoint(name, f"{_BACKENDS}.{place}", group) for name, place in _OBJECTS[group].items()}
