"""The formats of labels, apart from all that is slow to load."""

from __future__ import annotations

from enum import StrEnum


class LabelFormat(StrEnum):
    """The format of labels."""

    YOLO = "yolo"
    VOC = "voc"
    COCO = "coco"
    CSV = "csv"
    JSONL = "jsonl"
