"""The backends of platewatch itself, for a checkout that runs without being installed.

An installed package brings the same names as entry points, where other packages add theirs.
"""

from __future__ import annotations

from importlib.metadata import EntryPoint
from typing import Final

_VISION: Final = "platewatch.vision"
_OBJECTS: Final = {
    "platewatch.detectors": {
        "char-yolo": "backends.char_yolo:CharYoloDetector",
        "platewatch": "detector.plate_detector:PlateDetector",
        "rapidocr": "backends.rapidocr:RapidOcrDetector",
        "yolo": "backends.yolo:YoloDetector",
    },
    "platewatch.recognizers": {
        "char-yolo": "backends.char_yolo:CharYoloRecognizer",
        "easyocr": "backends.easyocr:EasyOcrRecognizer",
        "ensemble": "backends.ensemble:EnsembleRecognizer",
        "llm": "backends.llm:LlmRecognizer",
        "platewatch": "recognizer.slot_recognizer:SlotRecognizer",
        "rapidocr": "backends.rapidocr:RapidOcrRecognizer",
        "tesseract": "backends.tesseract:TesseractRecognizer",
    },
}


def own_points(group: str) -> dict[str, EntryPoint]:
    """The backends of an entry point group, by name; they belong to no installed distribution."""
    return {name: EntryPoint(name, f"{_VISION}.{place}", group) for name, place in _OBJECTS[group].items()}
