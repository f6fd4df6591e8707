from __future__ import annotations

import pytest

from platewatch.errors import ModelFileError, UnknownBackendError
from platewatch.vision.backends.rapidocr import RapidOcrDetector, RapidOcrRecognizer
from platewatch.vision.registry import (
    BackendKind,
    BackendOptions,
    installed_backends,
    make_detector,
    make_recognizer,
)


def test_backends_are_made_by_name() -> None:
    assert isinstance(make_detector("rapidocr", BackendOptions()), RapidOcrDetector)
    assert isinstance(make_recognizer("rapidocr", BackendOptions()), RapidOcrRecognizer)


@pytest.mark.parametrize("make", [make_detector, make_recognizer])
def test_an_unknown_name_is_answered_with_the_installed_ones(make: object) -> None:
    assert callable(make)
    with pytest.raises(UnknownBackendError, match=r"'nope'.*rapidocr"):
        make("nope", BackendOptions())


def test_a_detector_is_no_recognizer() -> None:
    with pytest.raises(UnknownBackendError, match="no recognizer 'yolo'"):
        make_recognizer("yolo", BackendOptions())


def test_yolo_asks_for_a_model() -> None:
    with pytest.raises(ModelFileError, match="needs a model"):
        make_detector("yolo", BackendOptions())


def test_installed_backends_are_listed_with_their_package() -> None:
    listed = {(backend.kind, backend.name, backend.package) for backend in installed_backends()}
    assert {
        (BackendKind.DETECTOR, "rapidocr", "platewatch"),
        (BackendKind.DETECTOR, "yolo", "platewatch"),
        (BackendKind.RECOGNIZER, "rapidocr", "platewatch"),
    } <= listed
