"""Exports of every task and family, as the tools write them: decoded, or refused with the reason."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from platewatch.errors import ModelFileError, ModelShapeError
from platewatch.vision.backends.yolo import YoloDetector
from platewatch.vision.backends.yolo_notes import is_plate_name, read_notes
from platewatch.vision.inference.registry import BackendOptions, YoloLayout
from platewatch.vision.types import BoxXyxy
from tests.vision.networks import Size, answering_network, half_network, with_metadata

Output = NDArray[np.float32]
MakeExport = Callable[..., Path]

SIDE = 64
# An input of 64 x 64 has 8*8 + 4*4 + 2*2 cells, with P6 (stride 64) one more, with P2 (stride 4) 16*16 more.
CELLS, CELLS_P6, CELLS_P2 = 84, 85, 340
PHOTO = np.zeros((SIDE, SIDE, 3), np.uint8)
PLATE: BoxXyxy = (16, 24, 48, 32)
CAR: BoxXyxy = (4, 4, 60, 44)
TWO_NAMES = "{0: 'car', 1: 'license-plate'}"


@pytest.fixture
def make_export(tmp_path: Path) -> MakeExport:
    def make(*outputs: Output, input_shape: tuple[Size, ...] = (1, 3, SIDE, SIDE), **notes: str) -> Path:
        path = tmp_path / "best.onnx"
        network = answering_network(*outputs, input_shape=input_shape)
        path.write_bytes(with_metadata(network, **notes) if notes else network)
        return path

    return make


def middle(box: BoxXyxy) -> list[float]:
    left, top, right, bottom = box
    return [(left + right) / 2, (top + bottom) / 2, right - left, bottom - top]


def grid() -> list[tuple[float, float, int]]:
    """Middle and stride of each cell."""
    return [
        ((column + 0.5) * stride, (row + 0.5) * stride, stride)
        for stride in (8, 16, 32)
        for row in range(SIDE // stride)
        for column in range(SIDE // stride)
    ]


def raw(classes: int, extras: list[float], cells: int = CELLS) -> Output:
    """v8's own output: a plate of the last class in cell 3, a car of the first in cell 9 if there are two classes."""
    columns = np.zeros((1, 4 + classes + len(extras), cells), np.float32)
    columns[0, 4 : 4 + classes] = 0.0003
    for number, (x, y, stride) in enumerate(grid()):
        columns[0, :4, number] = [x, y, 6 * stride, 2 * stride]
        columns[0, 4 + classes :, number] = [value + x if value > 2 else value for value in extras]
    columns[0, :4, 3], columns[0, 3 + classes, 3] = middle(PLATE), 0.93
    columns[0, 4 + classes :, 3] = extras
    if classes > 1:
        columns[0, :4, 9], columns[0, 4, 9] = middle(CAR), 0.97
    return columns


def final(extras: list[float], plate_class: int = 0, rows: int = 300) -> Output:
    """Boxes from which overlapping ones are removed: a plate, a car if the plate isn't class 0, and empty rows."""
    found = np.zeros((1, rows, 6 + len(extras)), np.float32)
    found[0, 0] = [*PLATE, 0.93, plate_class, *extras]
    if plate_class:
        found[0, 1] = [*CAR, 0.9, 0, *extras]
    return found


def v5(classes: int, cells: int) -> Output:
    rows = np.zeros((1, cells, 5 + classes), np.float32)
    rows[0, 7, :5], rows[0, 7, 4 + classes] = [*middle(PLATE), 0.93], 1
    return rows


# Four corners with a visibility each, in pixels, as a pose export for plates has them.
KEYPOINTS = [16.0, 24.0, 0.9, 48.0, 24.0, 0.9, 48.0, 32.0, 0.9, 16.0, 32.0, 0.9]
MASKS = [-3.0, 0.5, 7.0, *[0.2] * 29]
PROTOTYPES = np.zeros((1, 32, 16, 16), np.float32)

UNDERSTOOD = [
    pytest.param([raw(1, [])], {"task": "detect", "names": "{0: 'plate'}"}, id="detect"),
    pytest.param([raw(2, [])], {"task": "detect", "names": TWO_NAMES}, id="detect with two classes, six numbers"),
    pytest.param([raw(2, []).transpose(0, 2, 1)], {"task": "detect", "names": TWO_NAMES}, id="detect turned round"),
    pytest.param([raw(1, KEYPOINTS)], {"task": "pose", "names": "{0: 'plate'}", "kpt_shape": "[4, 3]"}, id="pose"),
    pytest.param([raw(2, KEYPOINTS)], {"task": "pose", "names": TWO_NAMES}, id="pose that doesn't note its keypoints"),
    pytest.param([raw(2, MASKS), PROTOTYPES], {"task": "segment", "names": TWO_NAMES}, id="segment"),
    pytest.param([raw(1, MASKS), PROTOTYPES], {}, id="segment without metadata"),
    pytest.param([raw(2, [0.0])], {"task": "obb", "names": TWO_NAMES}, id="obb"),
    pytest.param([raw(1, [], CELLS_P6)], {}, id="detect with P6"),
    pytest.param([raw(1, [], CELLS_P2)], {"task": "detect", "names": "{0: 'plate'}"}, id="detect with P2"),
    pytest.param([final([])], {}, id="final"),
    pytest.param([final([], 1)], {"task": "detect", "names": TWO_NAMES, "end2end": "True"}, id="final, noted as such"),
    pytest.param([final([], 1, 84)], {"task": "detect", "names": TWO_NAMES, "args": "{'nms': True}"}, id="nms=True"),
    pytest.param(
        [final(KEYPOINTS)],
        {"task": "pose", "names": "{0: 'plate'}", "kpt_shape": "[4, 3]", "end2end": "True"},
        id="pose, final",
    ),
    pytest.param(
        [final(MASKS, 1), PROTOTYPES], {"task": "segment", "names": TWO_NAMES, "end2end": "True"}, id="segment, final"
    ),
    pytest.param([v5(1, 3 * CELLS)], {"names": "['plate']", "stride": "32"}, id="v5"),
    pytest.param([v5(1, 3 * CELLS_P6)], {}, id="v5 with P6, six numbers"),
    pytest.param([v5(1, 3 * CELLS_P2)], {}, id="v5 with P2, six numbers"),
    pytest.param([v5(2, 3 * CELLS)], {"names": TWO_NAMES}, id="v5 with two classes"),
    pytest.param(
        [v5(1, 3 * CELLS), *(np.zeros((1, 3, side, side, 6), np.float32) for side in (8, 4, 2))],
        {},
        id="v5 of 2021 with its grids",
    ),
    pytest.param([v5(2, CELLS)], {"names": TWO_NAMES}, id="v6, one box a cell"),
    pytest.param([np.array([[0, *PLATE, 0, 0.93]], np.float32)], {}, id="v7 and v9 with their own suppression"),
]


@pytest.mark.parametrize(("outputs", "notes"), UNDERSTOOD)
def test_export_finds_the_plate_alone(make_export: MakeExport, outputs: list[Output], notes: dict[str, str]) -> None:
    (found,) = YoloDetector(BackendOptions(model=make_export(*outputs, **notes))).detect(PHOTO)
    assert found.box_xyxy == pytest.approx(PLATE, abs=1e-3)
    assert found.confidence == pytest.approx(0.93, abs=1e-4)


def test_export_without_any_box_left_finds_nothing(make_export: MakeExport) -> None:
    path = make_export(np.zeros((0, 7), np.float32))
    assert YoloDetector(BackendOptions(model=path)).detect(PHOTO) == []


def test_empty_rows_are_no_plates_whatever_the_threshold(make_export: MakeExport) -> None:
    output = final([0.0])
    output[0, 1:, :4] = (4, 4, 32, 32)
    options = BackendOptions(model=make_export(output, task="obb", names="{0: 'plate'}", end2end="True"), min_score=0)
    assert len(YoloDetector(options).detect(PHOTO)) == 1


@pytest.mark.parametrize("is_final", [False, True], ids=["raw", "final"])
def test_turned_plate_has_the_corners_of_its_own_box(make_export: MakeExport, is_final: bool) -> None:
    angle = math.radians(30)
    if is_final:
        output = final([angle])
        output[0, 0, :4] = middle(PLATE)
    else:
        output = raw(1, [angle])
    notes = {"task": "obb", "names": "{0: 'plate'}", "end2end": str(is_final)}
    (found,) = YoloDetector(BackendOptions(model=make_export(output, **notes))).detect(PHOTO)
    top_left, top_right, _, bottom_left = found.corners
    assert math.dist(top_left, top_right) == pytest.approx(32, abs=1e-3)
    assert math.dist(top_left, bottom_left) == pytest.approx(8, abs=1e-3)
    assert math.degrees(math.atan2(top_right[1] - top_left[1], top_right[0] - top_left[0])) == pytest.approx(30)


def not_plates(columns: int) -> Output:
    """What an RT-DETR gives: middle and size as shares, a score for each class."""
    return np.random.default_rng(1).uniform(0.05, 0.9, (1, 300, columns)).astype(np.float32)


REFUSED = [
    pytest.param([raw(1, KEYPOINTS)], {}, "pose", id="pose without metadata"),
    pytest.param([raw(1, MASKS)], {}, "segment", id="segment without metadata and prototypes"),
    pytest.param([raw(1, [-0.7])], {}, "obb", id="obb without metadata"),
    pytest.param([raw(1, []) * 20 - 9], {}, "sigmoid", id="logits"),
    pytest.param([raw(1, []).transpose(0, 2, 1)], {}, "PLATEWATCH_DETECTOR_LAYOUT", id="v8 turned round, or v6"),
    pytest.param([raw(3, [])], {"task": "detect", "names": TWO_NAMES}, "2 classes", id="other classes than names"),
    pytest.param([raw(2, [])], {"names": "{0: 'plate'}"}, "1 classes", id="a class more than names, without a task"),
    pytest.param([raw(1, [0.2])], {"names": "['plate']"}, "1 classes", id="obb with names, without a task"),
    pytest.param(
        [raw(1, KEYPOINTS[:8])],
        {"task": "pose", "names": "{0: 'plate'}", "kpt_shape": "[4, 3]"},
        r"\(1, 13, 84\)",
        id="other keypoints than noted",
    ),
    pytest.param([not_plates(6)], {}, "RT-DETR", id="RT-DETR with two classes"),
    pytest.param([not_plates(5)], {}, "not understood", id="RT-DETR with one class"),
    pytest.param([not_plates(6)], {"task": "detect", "head": "RTDETRDecoder"}, "RT-DETR", id="RT-DETR that says so"),
    pytest.param(
        [not_plates(6)], {"description": "Ultralytics rtdetr-l model"}, "RT-DETR", id="RT-DETR by its description"
    ),
    pytest.param([not_plates(4), not_plates(80)], {}, r"\(1, 300, 4\), \(1, 300, 80\)", id="boxes and scores apart"),
    pytest.param(
        [np.zeros((1, 3, side, side, 6), np.float32) for side in (8, 4, 2)], {}, "not understood", id="v7 as grids"
    ),
    pytest.param([np.zeros((1, 1000), np.float32)], {"task": "classify"}, "'classify'", id="classify"),
    pytest.param([np.full((1, 7), 0.14, np.float32)], {}, "can't be that", id="seven classes of a classifier"),
    pytest.param([raw(1, [])], {"task": "depth"}, "'depth'", id="a task that is not known"),
    pytest.param([final([], 1)], {}, "PLATEWATCH_DETECTOR_CLASS", id="several classes without names"),
    pytest.param([raw(2, [])], {}, "PLATEWATCH_DETECTOR_CLASS", id="two classes without names"),
    pytest.param([raw(2, [])], {"task": "detect", "names": "['car', 'truck']"}, "0 'car', 1 'truck'", id="no plate"),
]


@pytest.mark.parametrize(("outputs", "notes", "message"), REFUSED)
def test_export_that_is_not_understood_is_refused(
    make_export: MakeExport, outputs: list[Output], notes: dict[str, str], message: str
) -> None:
    with pytest.raises(ModelShapeError, match=message):
        YoloDetector(BackendOptions(model=make_export(*outputs, **notes))).warm_up()


@pytest.mark.parametrize(
    ("input_shape", "message"),
    [
        pytest.param((2, 3, SIDE, SIDE), "batch=1", id="two images at a time"),
        pytest.param((1, 1, SIDE, SIDE), "takes one input", id="gray"),
        pytest.param((1, SIDE, SIDE, 3), "takes one input", id="channels last"),
    ],
)
def test_export_with_another_input_is_refused(
    make_export: MakeExport, input_shape: tuple[int, ...], message: str
) -> None:
    with pytest.raises(ModelShapeError, match=message):
        YoloDetector(BackendOptions(model=make_export(raw(1, []), input_shape=input_shape)))


def test_half_export_is_answered_with_how_to_export_it(tmp_path: Path) -> None:
    path = tmp_path / "half.onnx"
    path.write_bytes(half_network((1, 3, SIDE, SIDE)))
    with pytest.raises(ModelShapeError, match=r"tensor\(float16\).*without half"):
        YoloDetector(BackendOptions(model=path))


def test_export_whose_weights_file_is_missing_names_it(tmp_path: Path) -> None:
    path = tmp_path / "best.onnx"
    path.write_bytes(answering_network(raw(1, []), weights_file="best.onnx.data"))
    with pytest.raises(ModelFileError, match=r"best\.onnx\.data"):
        YoloDetector(BackendOptions(model=path))


@pytest.mark.parametrize(
    ("wanted", "box"),
    [
        pytest.param(None, PLATE, id="the class that is named so"),
        pytest.param("car", CAR, id="a name"),
        pytest.param("License-Plate", PLATE, id="a name in other letters"),
        pytest.param("0", CAR, id="a number"),
        pytest.param(" 1 ", PLATE, id="a number with spaces"),
    ],
)
@pytest.mark.parametrize(("output", "end2end"), [(raw(2, []), "False"), (final([], 1), "True")], ids=["raw", "final"])
def test_class_is_chosen_by_name_or_number(
    make_export: MakeExport, output: Output, end2end: str, wanted: str | None, box: BoxXyxy
) -> None:
    model = make_export(output, task="detect", names=TWO_NAMES, end2end=end2end)
    (found,) = YoloDetector(BackendOptions(model=model, detector_class=wanted)).detect(PHOTO)
    assert found.box_xyxy == pytest.approx(box, abs=1e-3)


@pytest.mark.parametrize("wanted", ["all", "car,1"])
def test_several_classes_can_be_plates(make_export: MakeExport, wanted: str) -> None:
    model = make_export(raw(2, []), task="detect", names=TWO_NAMES)
    assert len(YoloDetector(BackendOptions(model=model, detector_class=wanted)).detect(PHOTO)) == 2


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        pytest.param("lorry", "no class 'lorry'.*0 'car', 1 'license-plate'", id="a name"),
        pytest.param("2", "2 classes.*no class 2", id="a number"),
        pytest.param("-1", "no class '-1'", id="a number below 0"),
        pytest.param("9" * 5000, "no class 9", id="a number of 5,000 digits"),
    ],
)
def test_class_that_the_model_does_not_have_is_refused_on_loading(
    make_export: MakeExport, wanted: str, message: str
) -> None:
    model = make_export(raw(2, []), task="detect", names=TWO_NAMES)
    with pytest.raises(ModelShapeError, match=message):
        YoloDetector(BackendOptions(model=model, detector_class=wanted))


def test_layout_that_is_set_decides_where_rows_fit_two(make_export: MakeExport) -> None:
    rows = np.ascontiguousarray(raw(2, []).transpose(0, 2, 1))
    model = make_export(rows)
    options = BackendOptions(model=model, layout=YoloLayout.V8, detector_class="1")
    assert YoloDetector(options).detect(PHOTO)[0].box_xyxy == pytest.approx(PLATE, abs=1e-3)


@pytest.mark.parametrize(
    ("notes", "side", "size"),
    [
        pytest.param({"imgsz": "[320, 640]"}, None, (320, 640), id="as noted"),
        pytest.param({"imgsz": "[320, 640]"}, 100, (128, 128), id="as set, whole cells"),
        pytest.param({"imgsz": "nonsense"}, None, (640, 640), id="damaged note"),
        pytest.param({"stride": "64"}, 100, (128, 128), id="whole cells of the widest stride"),
    ],
)
def test_open_input_has_the_size_that_the_export_noted(
    make_export: MakeExport, notes: dict[str, str], side: int | None, size: tuple[int, int]
) -> None:
    model = make_export(final([]), input_shape=(1, 3, "height", "width"), names="{0: 'plate'}", **notes)
    batch, _ = YoloDetector(BackendOptions(model=model, input_side=side)).pre_process(PHOTO)
    assert batch.shape[2:] == size


@pytest.mark.parametrize(
    ("name", "is_plate"),
    [
        ("License_Plate", True),
        ("licence plate", True),
        ("number-plate", True),
        ("LicensePlate", True),
        ("plates", True),
        ("LP", True),
        ("Kennzeichen", True),
        ("matrícula", True),
        ("plat nomor", True),
        ("no_plate", False),
        ("without plate", False),
        ("car", False),
        ("platform", False),
        ("help", False),
        ("0", False),
        ("", False),
    ],
)
def test_names_of_plates_are_known(name: str, is_plate: bool) -> None:
    assert is_plate_name(name) is is_plate


@pytest.mark.parametrize(
    "notes",
    [
        {"names": "[" * 5000},
        {"names": "__import__('os').abort()", "kpt_shape": "(", "imgsz": "[1e9, 2]", "stride": "-3", "args": "nms"},
        {"names": "{10000000: 'plate'}", "kpt_shape": "[4]", "imgsz": "[1, 2, 3]", "stride": "[8, 16]"},
    ],
    ids=["brackets", "nonsense", "numbers that can't be"],
)
def test_damaged_notes_count_as_missing(notes: dict[str, str]) -> None:
    assert read_notes(notes) == read_notes({})
