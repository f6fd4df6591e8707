from __future__ import annotations

from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
import yaml

from platewatch.errors import ModelFileError, ModelShapeError
from platewatch.vision.detector import plate_detector as plates
from platewatch.vision.detector.close_ups import MAX_CLOSE_UPS
from platewatch.vision.detector.maps import to_detections
from platewatch.vision.detector.plate_detector import PlateDetector, detector_model
from platewatch.vision.geometry import iou, keep_best
from platewatch.vision.inference.model_card import sha256_of
from platewatch.vision.inference.registry import BackendOptions, Profile, make_detector
from platewatch.vision.pipeline import PlateReader
from platewatch.vision.types import ImageBgr
from tests.vision.networks import constant_network, detector_network


def write_model(folder: Path, network: bytes | None = None, **changes: object) -> Path:
    """A model folder that finds bright cells; `changes` are those of its card."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.onnx").write_bytes(network or detector_network())
    card: dict[str, object] = {
        "kind": "detector",
        "name": "tiny",
        "version": "1",
        "input_width": 640,
        "input_height": 640,
        "sha256": sha256_of(folder / "model.onnx"),
    } | changes
    (folder / "card.yaml").write_text(yaml.safe_dump(card))
    return folder


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return write_model(tmp_path)


def photo_with(*cells: tuple[int, int], shape: tuple[int, int] = (384, 640)) -> ImageBgr:
    """A black photo in which these cells (column, row) of 8 x 8 pixels are white."""
    photo: ImageBgr = np.zeros((*shape, 3), np.uint8)
    for column, row in cells:
        photo[8 * row : 8 * row + 8, 8 * column : 8 * column + 8] = 255
    return photo


def test_plates_are_proposed_with_their_corners_in_pixels_of_the_photo(model: Path) -> None:
    proposed = PlateDetector(BackendOptions(model=model)).propose(photo_with((40, 20)))
    (found,) = to_detections(proposed, 640, 384)
    half_width, half_height = 4 * np.exp(1.5), 4 * np.exp(0.7)
    box = (324 - half_width, 164 - half_height, 324 + half_width, 164 + half_height)
    assert found.box_xyxy == pytest.approx(box, abs=1e-3)
    assert found.confidence == pytest.approx(1 / (1 + np.exp(-10)), abs=1e-4)
    top_left, top_right, bottom_right, _ = found.corners
    assert top_left[0] == pytest.approx(box[0] + 0.1 * 2 * half_width, abs=1e-3)
    assert top_left[1] == pytest.approx(box[1], abs=1e-3)
    assert top_right[0] == pytest.approx(box[2], abs=1e-3)
    assert top_right[1] > top_left[1]
    assert bottom_right[1] == pytest.approx(box[3], abs=1e-3)


def test_each_proposal_is_placed_again_in_its_close_up(model: Path) -> None:
    detector = PlateDetector(BackendOptions(model=model))
    (proposed,) = to_detections(detector.propose(photo_with((40, 20))), 640, 384)
    (found,) = detector.detect(photo_with((40, 20)))
    # This network's plates are of one size in whatever it sees, so in the photo they are as small as it came near.
    near = 140 / (proposed.box_xyxy[2] - proposed.box_xyxy[0])
    left, top, right, bottom = found.box_xyxy
    assert right - left == pytest.approx(8 * np.exp(1.5) / near, rel=0.01)
    assert ((left + right) / 2, (top + bottom) / 2) == pytest.approx((324, 164), abs=4)


def test_there_are_no_more_close_ups_than_may_be(model: Path) -> None:
    cells = [(column, row) for column in range(2, 80, 6) for row in range(2, 48, 4)]
    assert len(PlateDetector(BackendOptions(model=model)).propose(photo_with(*cells)).scores) == MAX_CLOSE_UPS


def test_a_photo_of_another_size_is_scaled_and_answered_in_its_own_pixels(model: Path) -> None:
    detector = PlateDetector(BackendOptions(model=model))
    photo = photo_with((40, 20)).repeat(3, axis=0).repeat(3, axis=1)
    (small,) = detector.detect(photo_with((40, 20)))
    (large,) = detector.detect(photo)
    assert large.box_xyxy == pytest.approx([3 * side for side in small.box_xyxy], abs=3)


def test_overlapping_ones_are_suppressed_and_the_best_come_first(model: Path) -> None:
    photo = photo_with((40, 20), (60, 30))
    photo[160:168, 328:336] = 150
    found = PlateDetector(BackendOptions(model=model)).detect(photo)
    assert len(found) == 2
    assert found[0].confidence >= found[1].confidence
    photo[240:248, 480:488] = 140
    assert PlateDetector(BackendOptions(model=model)).detect(photo)[1].confidence < found[1].confidence


@pytest.mark.parametrize(
    ("thresholds", "min_score", "count"),
    [
        pytest.param({}, None, 1, id="by default a quarter"),
        pytest.param({"score": 0.12}, None, 2, id="the card's"),
        pytest.param({"score": 0.12}, 0.5, 1, id="the option before the card's"),
        pytest.param({}, 0.05, 3, id="a low option"),
    ],
)
def test_the_least_score_is_that_of_option_or_card(
    tmp_path: Path, thresholds: dict[str, float], min_score: float | None, count: int
) -> None:
    photo = photo_with((10, 10))
    photo[240:248, 240:248] = 130  # a score of 0.15
    photo[320:328, 400:408] = 125
    folder = write_model(tmp_path, thresholds=thresholds)
    found = PlateDetector(BackendOptions(model=folder, min_score=min_score)).detect(photo)
    # Several looks may see the same one.
    assert len(keep_best([one.box_xyxy for one in found], [one.confidence for one in found], 0.1)) == count


@pytest.mark.parametrize(
    ("shape", "canvas"),
    [((360, 640), (384, 640)), ((640, 360), (640, 384)), ((480, 640), (480, 640)), ((64, 64), (640, 640))],
    ids=str,
)
def test_the_input_takes_the_photos_shape(model: Path, shape: tuple[int, int], canvas: tuple[int, int]) -> None:
    canvas_bgr, _ = PlateDetector(BackendOptions(model=model)).pre_process(np.zeros((*shape, 3), np.uint8), 640)
    assert canvas_bgr.shape == (*canvas, 3)


def test_a_longer_side_can_be_asked_for(model: Path) -> None:
    detector = PlateDetector(BackendOptions(model=model, input_side=960))
    assert detector.pre_process(np.zeros((1080, 1920, 3), np.uint8), 960)[0].shape == (544, 960, 3)


@pytest.mark.parametrize("size", [(1, 1), (300, 9000), (64, 64), (4000, 6000)], ids=str)
@pytest.mark.parametrize("brightness", [0, 255])
def test_photos_of_any_size_are_answered(model: Path, size: tuple[int, int], brightness: int) -> None:
    photo: ImageBgr = np.full((*size, 3), brightness, np.uint8)
    found = PlateDetector(BackendOptions(model=model)).detect(photo)
    assert bool(found) == (brightness == 255)
    assert all(0 <= x <= size[1] and 0 <= y <= size[0] for one in found for x, y in one.corners)


def test_a_card_of_another_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match=r"'tiny'.*is no detector but a vehicles"):
        detector_model(write_model(tmp_path, kind="vehicles"))


@pytest.mark.parametrize(
    "network",
    [
        pytest.param(constant_network(np.zeros((1, 13, 80, 80), np.float32)), id="one map of a fixed size"),
        pytest.param(detector_network(strides=2), id="two maps"),
        pytest.param(detector_network(channels=14), id="more channels"),
    ],
)
def test_a_network_that_is_no_detector_of_ours_is_refused(tmp_path: Path, network: bytes) -> None:
    with pytest.raises(ModelShapeError, match=r"'tiny' takes .* Export it again"):
        PlateDetector(BackendOptions(model=write_model(tmp_path, network)))


def test_a_damaged_network_is_refused(model: Path) -> None:
    (model / "model.onnx").write_bytes(b"something else")
    with pytest.raises(ModelFileError, match="damaged"):
        PlateDetector(BackendOptions(model=model))


def test_without_a_folder_the_built_in_model_is_taken(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plates, "BUILT_IN_MODELS", tmp_path / "none")
    with pytest.raises(ModelFileError, match=r"no built-in model.*'rapidocr'"):
        make_detector("platewatch", BackendOptions())
    monkeypatch.setattr(plates, "BUILT_IN_MODELS", model.parent)
    monkeypatch.setattr(plates, "BUILT_IN_NAME", model.name)
    detector = make_detector("platewatch", BackendOptions())
    detector.warm_up()
    assert len(detector.detect(photo_with((40, 20)))) == 1


def test_the_reader_cuts_what_it_finds(model: Path) -> None:
    reader = PlateReader("platewatch", options=BackendOptions(model=model))
    found = reader.read_array(photo_with((40, 20)))
    assert (found.width, found.height) == (640, 384)


def test_profiles_differ_in_how_closely_they_look(model: Path) -> None:
    photo: ImageBgr = np.zeros((1152, 1920, 3), np.uint8)
    photo[600:617, 1200:1217] = 255  # half of a cell of the first look
    found = {profile: PlateDetector(BackendOptions(model=model, profile=profile)).detect(photo) for profile in Profile}
    assert [len(found[profile]) for profile in (Profile.FAST, Profile.BALANCED)] == [0, 0]
    left, top, right, bottom = found[Profile.THOROUGH][0].box_xyxy
    assert (left + right) / 2 == pytest.approx(1208, abs=10)
    assert (top + bottom) / 2 == pytest.approx(608, abs=10)


def test_a_plate_that_both_looks_see_is_found_once(model: Path) -> None:
    photo = photo_with((40, 20))
    (once,) = PlateDetector(BackendOptions(model=model)).detect(photo)
    thorough = PlateDetector(BackendOptions(model=model, profile=Profile.THOROUGH)).detect(photo)
    assert any(iou(once.box_xyxy, one.box_xyxy) > 0.5 for one in thorough)
    assert all(iou(one.box_xyxy, other.box_xyxy) <= 0.5 for one, other in combinations(thorough, 2))
