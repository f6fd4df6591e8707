"""Former home of `inference.registry`: packages of others import `BackendOptions` and the protocols from here."""

from __future__ import annotations

from platewatch.vision.inference.registry import (
    BackendKind,
    BackendOptions,
    Detector,
    LlmOptions,
    Profile,
    Recognizer,
    YoloLayout,
)

__all__ = ["BackendKind", "BackendOptions", "Detector", "LlmOptions", "Profile", "Recognizer", "YoloLayout"]
