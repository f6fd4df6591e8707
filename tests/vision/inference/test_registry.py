from __future__ import annotations

import pytest

from platewatch.errors import ModelFileError, UnknownBackendError
from platewatch.vision.backends.rapidocr import RapidOcrDetector, RapidOcrRecognizer
from platewatch.vision.inference import registry
from platewatch.vision.inference.registry import (
    BackendKind,
    BackendOptions,
    choices,
    installed_backends,
    make_detector,
    make_recognizer,
    problem_of,
    ready_choices,
)


def test_backends_are_made_by_name() -> None:
    assert isinstance(make_detector("rapidocr", BackendOptions()), RapidOcrDetector)
    assert isinstance(make_recognizer("rapidocr", BackendOptions()), RapidOcrRecognizer)


@pytest.mark.parametrize("make", [make_detector, make_recognizer])
def test_an_unknown_name_is_answered_with_those_that_are_ready(make: object) -> None:
    assert callable(make)
    with pytest.raises(UnknownBackendError, match=r"'nope'. Ready are: .*platewatch, rapidocr.*models list") as told:
        make("nope", BackendOptions())
    ready = str(told.value).split("Ready are:")[1]
    assert not any(name in ready for name in ("yolo", "llm", "easyocr"))


def test_a_detector_is_no_recognizer() -> None:
    with pytest.raises(UnknownBackendError, match="no recognizer 'yolo'"):
        make_recognizer("yolo", BackendOptions())


def test_yolo_asks_for_a_model() -> None:
    with pytest.raises(ModelFileError, match="needs a model"):
        make_detector("yolo", BackendOptions())


def test_a_backend_of_another_package_that_can_not_be_loaded_is_not_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken:
        def load(self) -> object:
            raise ImportError("no module named 'else'")

    monkeypatch.setattr(registry, "_points", lambda _kind: {"theirs": Broken()})
    assert problem_of(BackendKind.DETECTOR, "theirs", BackendOptions()) == "ImportError: no module named 'else'"
    assert choices(BackendKind.DETECTOR, None) == ["theirs"]
    assert ready_choices(BackendKind.DETECTOR, BackendOptions()) == []


def test_a_backend_of_another_package_is_ready_if_it_can_be_made(monkeypatch: pytest.MonkeyPatch) -> None:
    class Theirs:
        def load(self) -> object:
            return lambda options: options

    monkeypatch.setattr(registry, "_points", lambda _kind: {"theirs": Theirs()})
    assert problem_of(BackendKind.DETECTOR, "theirs", BackendOptions()) is None


def test_installed_backends_are_listed_with_their_package() -> None:
    listed = {(backend.kind, backend.name, backend.package) for backend in installed_backends()}
    assert {
        (BackendKind.DETECTOR, "rapidocr", "platewatch"),
        (BackendKind.DETECTOR, "yolo", "platewatch"),
        (BackendKind.RECOGNIZER, "rapidocr", "platewatch"),
    } <= listed


def test_packages_of_others_find_the_options_where_they_were() -> None:
    from platewatch.vision import registry  # noqa: PLC0415 -- the former home alone is what is tested

    assert registry.BackendOptions is BackendOptions
    assert set(registry.__all__) >= {"BackendOptions", "Detector", "Recognizer"}
