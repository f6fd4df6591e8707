from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from platewatch.errors import ModelFileError, ModelShapeError
from platewatch.vision.backends.yolo import YoloDetector
from platewatch.vision.inference.registry import BackendOptions, YoloLayout
from platewatch.vision.types import BoxXyxy
from tests.vision.networks import Size, constant_network, with_metadata

Output = NDArray[np.float32]

# An input of 64 x 64 has 8*8 + 4*4 + 2*2 cells.
CELLS = 84
PHOTO = np.zeros((100, 200, 3), dtype=np.uint8)
# The photo fills 64 x 32 of the input, 16 below its top, at 0.32 of its size.
PLATE_IN_INPUT: BoxXyxy = (16, 24, 48, 32)
PLATE_IN_PHOTO: BoxXyxy = (50, 25, 150, 50)
SECOND_IN_INPUT: BoxXyxy = (8, 40, 24, 44)
SECOND_IN_PHOTO: BoxXyxy = (25, 75, 75, 87.5)


def centered(box: BoxXyxy) -> list[float]:
    left, top, right, bottom = box
    return [(left + right) / 2, (top + bottom) / 2, right - left, bottom - top]


def v5(classes: int = 1) -> Output:
    rows = np.zeros((1, 3 * CELLS, 5 + classes), dtype=np.float32)
    rows[0, 10] = [*centered(PLATE_IN_INPUT), 0.9, 1.0, *[0.0] * (classes - 1)]
    rows[0, 11] = [*centered((17, 24, 48, 32)), 0.8, 1.0, *[0.0] * (classes - 1)]
    rows[0, 200] = [*centered(SECOND_IN_INPUT), 0.8, 0.75, *[0.0] * (classes - 1)]
    rows[0, 201] = [*centered((0, 20, 9, 30)), 0.4, 0.5, *[0.0] * (classes - 1)]
    return rows


def v8(classes: int = 1) -> Output:
    columns = np.zeros((1, 4 + classes, CELLS), dtype=np.float32)
    columns[0, :, 3] = [*centered(PLATE_IN_INPUT), 0.9, *[0.0] * (classes - 1)]
    columns[0, :, 4] = [*centered((17, 24, 48, 32)), 0.8, *[0.0] * (classes - 1)]
    columns[0, :, 70] = [*centered(SECOND_IN_INPUT), 0.6, *[0.0] * (classes - 1)]
    columns[0, :, 71] = [*centered((0, 20, 9, 30)), 0.2, *[0.0] * (classes - 1)]
    return columns


def nms_free(rows: int = 30) -> Output:
    found = np.zeros((1, rows, 6), dtype=np.float32)
    found[0, 0] = [*PLATE_IN_INPUT, 0.9, 0]
    found[0, 1] = [*SECOND_IN_INPUT, 0.6, 0]
    found[0, 2] = [0, 20, 9, 30, 0.2, 0]
    return found


def turned(output: Output) -> Output:
    return np.ascontiguousarray(output.transpose(0, 2, 1))


MakeModel = Callable[..., Path]


@pytest.fixture
def make_model(tmp_path: Path) -> MakeModel:
    def make(output: Output, input_shape: tuple[Size, ...] = (1, 3, 64, 64), **notes: str) -> Path:
        path = tmp_path / "export.onnx"
        network = constant_network(output, input_shape)
        path.write_bytes(with_metadata(network, **notes) if notes else network)
        return path

    return make


LAYOUTS = [
    pytest.param(v5(), YoloLayout.V5, id="v5"),
    pytest.param(v5(classes=3), YoloLayout.V5, id="v5 with three classes"),
    pytest.param(turned(v5()), YoloLayout.V5, id="v5 transposed"),
    pytest.param(v8(), YoloLayout.V8, id="v8"),
    pytest.param(v8(classes=2), YoloLayout.V8, id="v8 with two classes, six rows"),
    pytest.param(v8(classes=80), YoloLayout.V8, id="v8 with eighty classes, as many rows as cells"),
    pytest.param(nms_free(), YoloLayout.NMS_FREE, id="nms-free"),
    pytest.param(nms_free(300), YoloLayout.NMS_FREE, id="nms-free with 300 rows"),
    pytest.param(turned(nms_free()), YoloLayout.NMS_FREE, id="nms-free transposed"),
]


@pytest.mark.parametrize(("output", "layout"), LAYOUTS)
@pytest.mark.parametrize("told", [False, True], ids=["recognized", "set"])
def test_known_boxes_come_back_through_the_letterbox(
    make_model: MakeModel,
    output: Output,
    layout: YoloLayout,
    told: bool,
) -> None:
    options = BackendOptions(model=make_model(output), layout=layout if told else YoloLayout.AUTO, detector_class="all")
    found = YoloDetector(options).detect(PHOTO)
    assert [detection.box_xyxy for detection in found] == [
        pytest.approx(PLATE_IN_PHOTO, abs=1e-3),
        pytest.approx(SECOND_IN_PHOTO, abs=1e-3),
    ]
    assert [detection.confidence for detection in found] == pytest.approx([0.9, 0.6], abs=1e-6)


@pytest.mark.parametrize(
    ("shape", "input_box", "photo_box"),
    [
        pytest.param((64, 64, 3), (8, 8, 16, 16), (8, 8, 16, 16), id="square, same size"),
        pytest.param((200, 100, 3), (24, 16, 40, 48), (25, 50, 75, 150), id="tall"),
        pytest.param((16, 32, 3), (16, 24, 48, 40), (8, 4, 24, 12), id="small ones grow"),
        pytest.param((100, 200, 3), (-10, 10, 70, 60), (0, 0, 200, 100), id="beyond the photo is cut"),
    ],
)
def test_the_letterbox_fits_every_shape(
    make_model: MakeModel,
    shape: tuple[int, int, int],
    input_box: BoxXyxy,
    photo_box: BoxXyxy,
) -> None:
    output = np.zeros((1, 10, 6), dtype=np.float32)
    output[0, 0] = [*input_box, 0.9, 0]
    (found,) = YoloDetector(BackendOptions(model=make_model(output))).detect(np.zeros(shape, dtype=np.uint8))
    assert found.box_xyxy == pytest.approx(photo_box, abs=1e-3)


def test_the_input_is_rgb_between_0_and_1_with_gray_bars(make_model: MakeModel) -> None:
    photo = np.zeros((100, 200, 3), dtype=np.uint8)
    photo[:] = (0, 51, 255)
    batch, letterbox = YoloDetector(BackendOptions(model=make_model(nms_free()))).pre_process(photo)
    assert batch.shape == (1, 3, 64, 64)
    assert batch.dtype == np.float32
    assert batch[0, :, 32, 32].tolist() == pytest.approx([1.0, 0.2, 0.0])
    assert batch[0, :, 8, 32].tolist() == pytest.approx([114 / 255] * 3)
    assert (letterbox.scale, letterbox.left, letterbox.top) == (0.32, 0, 16)


@pytest.mark.parametrize(
    ("options", "count"),
    [
        pytest.param(BackendOptions(detector_class="0", min_score=0.1), 3, id="lower score"),
        pytest.param(BackendOptions(detector_class="0", min_score=0.7), 1, id="higher score"),
        pytest.param(BackendOptions(detector_class="0", max_iou=1.0), 3, id="overlaps stay"),
        pytest.param(BackendOptions(detector_class="0"), 2, id="the class"),
        pytest.param(BackendOptions(detector_class="1"), 0, id="another class"),
        pytest.param(BackendOptions(detector_class="0,1"), 2, id="both classes"),
        pytest.param(BackendOptions(detector_class=" ALL "), 2, id="all classes"),
    ],
)
@pytest.mark.parametrize("output", [v5(classes=2), v8(classes=2)], ids=["v5", "v8"])
def test_options_choose_what_counts(
    make_model: MakeModel,
    output: Output,
    options: BackendOptions,
    count: int,
) -> None:
    chosen = BackendOptions(
        model=make_model(output),
        min_score=options.min_score,
        max_iou=options.max_iou,
        detector_class=options.detector_class,
    )
    assert len(YoloDetector(chosen).detect(PHOTO)) == count


def test_a_class_is_chosen_in_an_nms_free_model_too(make_model: MakeModel) -> None:
    output = nms_free()
    output[0, 1, 5] = 2
    (found,) = YoloDetector(BackendOptions(model=make_model(output), detector_class="2")).detect(PHOTO)
    assert found.box_xyxy == pytest.approx(SECOND_IN_PHOTO, abs=1e-3)


def test_an_open_input_takes_the_side_that_is_set(tmp_path: Path) -> None:
    path = tmp_path / "open.onnx"
    path.write_bytes(constant_network(nms_free(), (1, 3, "height", "width")))
    assert YoloDetector(BackendOptions(model=path)).pre_process(PHOTO)[0].shape == (1, 3, 640, 640)
    detector = YoloDetector(BackendOptions(model=path, input_side=64))
    assert detector.pre_process(PHOTO)[0].shape == (1, 3, 64, 64)
    detector.warm_up()


@pytest.mark.parametrize(
    "output",
    [
        pytest.param(np.zeros((1, 1000), dtype=np.float32), id="a classifier"),
        pytest.param(np.zeros((1, 7, 99), dtype=np.float32), id="unknown rows"),
        pytest.param(np.zeros((2, 30, 6), dtype=np.float32), id="a batch of two"),
        pytest.param(np.zeros((1, 4, CELLS), dtype=np.float32), id="v8 without classes"),
    ],
)
def test_an_unknown_output_is_answered_with_expected_and_found_shapes(make_model: MakeModel, output: Output) -> None:
    detector = YoloDetector(BackendOptions(model=make_model(output)))
    found = ", ".join(str(size) for size in output.shape)
    with pytest.raises(ModelShapeError, match=rf"\({found}\).*\(1, 252, 5 \+ classes\).*\(1, 4 \+ classes, 84\)"):
        detector.detect(PHOTO)


def test_a_layout_that_does_not_fit_is_refused(make_model: MakeModel) -> None:
    detector = YoloDetector(BackendOptions(model=make_model(v8()), layout=YoloLayout.NMS_FREE))
    with pytest.raises(ModelShapeError, match="nms-free"):
        detector.warm_up()


def test_a_class_that_the_model_does_not_have_is_refused(make_model: MakeModel) -> None:
    with pytest.raises(ModelShapeError, match="no class 4"):
        YoloDetector(BackendOptions(model=make_model(v8(classes=2)), detector_class="4")).detect(PHOTO)


def test_an_input_that_is_no_image_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "text.onnx"
    path.write_bytes(constant_network(nms_free(), (1, 77)))
    with pytest.raises(ModelShapeError, match="one input"):
        YoloDetector(BackendOptions(model=path))


def test_a_missing_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match=r"mine\.onnx"):
        YoloDetector(BackendOptions(model=tmp_path / "mine.onnx"))
