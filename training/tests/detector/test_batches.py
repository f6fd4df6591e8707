from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from platewatch.vision.types import ImageBgr
from platewatch_training.datasets.photos import LabelledPhoto, LabelledPlate, LabelledVehicle
from platewatch_training.detector.batches import (
    NEGATIVES,
    UNSURE,
    PictureBatches,
    PictureSource,
    as_backdrop,
    load_material,
    loader,
    read_mined,
    to_tensors,
    where_plates_are,
)
from platewatch_training.detector.config import RunConfig
from platewatch_training.runs.config import RunError
from platewatch_training.synthesis.scenes import Scene

pytestmark = pytest.mark.usefixtures("fonts")

CAR = LabelledVehicle(np.asarray((10, 20, 110, 120), np.float32), "car")


def labelled(*, plates: bool) -> LabelledPhoto:
    plate = LabelledPlate(np.asarray((40, 60, 80, 70), np.float32))
    image = np.zeros((150, 200, 3), np.uint8)
    return LabelledPhoto(image, (plate,) if plates else None, (CAR,), "openimages/images/a.png")


def scene(plates: int, ignored: int = 0, *, corners: bool = False) -> Scene:
    made = Scene(np.full((96, 128, 3), 7, np.uint8))
    for number in range(plates):
        points = np.asarray([(10, 10), (40, 12), (40, 22), (10, 20)], np.float32) + 15 * number
        made.add(points, corners_known=corners)
    made.ignored = [np.asarray((1, 2, 3, 4), np.float32)] * ignored
    return made


def write_mined(folder: Path, text: str, crops: int = 1) -> Path:
    (folder / NEGATIVES).mkdir(parents=True)
    (folder / UNSURE).write_text(text)
    for number in range(crops):
        cv2.imwrite(str(folder / NEGATIVES / f"{number}.png"), np.full((9, 30, 3), 50, np.uint8))
    return folder


def test_material_is_the_photos_to_train_on(tiny: RunConfig) -> None:
    material = load_material(tiny)
    assert [photo.family for photo in material.photos] == ["kaggle433"] * 3
    assert [len(photo.plates) for photo in material.photos] == [1, 1, 1]
    assert sorted({photo.family for photo in material.backdrops}) == ["id_scan", "kaggle433", "openimages"]
    assert material.negatives == []
    (vehicle,) = (photo for photo in material.backdrops if photo.vehicles)
    assert len(vehicle.unsure) == 1


def test_without_a_folder_there_is_nothing_to_train_on() -> None:
    with pytest.raises(RunError, match="datasets"):
        load_material(RunConfig())


@pytest.mark.parametrize(
    ("plates", "mined", "unsure"),
    [
        pytest.param(False, None, [[10, 40, 110, 122]], id="vehicles of unlabelled photos but for their upper part"),
        pytest.param(True, None, [], id="nothing of labelled photos"),
        pytest.param(False, {}, [], id="nothing that was not mined"),
        pytest.param(False, {"openimages/images/a.png": [[0.1, 0.2, 0.5, 0.4]]}, [[20, 30, 100, 60]], id="mined"),
    ],
)
def test_places_where_plates_may_be(
    plates: bool, mined: dict[str, list[list[float]]] | None, unsure: list[list[float]]
) -> None:
    found = as_backdrop(labelled(plates=plates), mined).unsure
    assert [box.tolist() for box in found] == [pytest.approx(box) for box in unsure]


def test_a_backdrop_is_the_photo_with_its_places() -> None:
    backdrop = as_backdrop(labelled(plates=True), None)
    assert (backdrop.pyramid.size, backdrop.family, backdrop.squeezed) == ((200, 150), "openimages", True)
    assert [plate.box_xyxy.tolist() for plate in backdrop.plates] == [[40, 60, 80, 70]]
    assert [vehicle.kind for vehicle in backdrop.vehicles] == ["car"]
    assert where_plates_are(CAR).tolist() == [10, 40, 110, 122]


def test_scenes_become_tensors_of_one_size() -> None:
    photos, boxes, corners, ignored = to_tensors([scene(2, corners=True), scene(1, 3), scene(0)])
    assert photos.shape == (3, 3, 96, 128)
    assert photos.dtype == torch.uint8
    assert photos.is_contiguous(memory_format=torch.channels_last)
    assert boxes.shape == (3, 2, 4)
    assert boxes[0, 1].tolist() == [25, 25, 55, 37]
    assert not boxes[1, 1].any()
    assert corners[0, 1].tolist() == [25, 25, 55, 27, 55, 37, 25, 35]
    assert bool(corners[1:].isnan().all())
    assert ignored.shape == (3, 3, 4)
    assert ignored[1].tolist() == [[1, 2, 3, 4]] * 3
    assert [len(one) for one in to_tensors([scene(0)])] == [1] * 4


def test_batches_come_in_every_canvas_and_repeat_themselves_by_their_seed(tiny: RunConfig) -> None:
    material = load_material(tiny)
    first, again, later = (loader(PictureBatches(material, tiny, first_step=step), 0) for step in (0, 0, 40))
    shapes = set()
    for _ in range(8):
        one, two = next(first), next(again)
        assert torch.equal(one.photos, two.photos)
        assert torch.equal(one.targets.boxes_xyxy, two.targets.boxes_xyxy)
        shapes.add(tuple(one.photos.shape))
    assert shapes == {(2, 3, 96, 128), (2, 3, 96, 96), (2, 3, 160, 224)}
    other = next(later).photos
    assert all(other.shape != one.shape or not torch.equal(other, one) for one in (next(first).photos,))


@pytest.mark.parametrize(("share", "shapes"), [(0.0, {(96, 128), (96, 96)}), (1.0, {(160, 224)})])
def test_the_share_of_close_ups_is_kept(tiny: RunConfig, share: float, shapes: set[tuple[int, int]]) -> None:
    config = tiny.model_copy(update={"close_ups": share})
    batches = loader(PictureBatches(load_material(config), config), 0)
    assert {tuple(next(batches).photos.shape[2:]) for _ in range(10)} == shapes


def test_pictures_are_cleaned_of_noise_as_the_server_does(tiny: RunConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[ImageBgr] = []

    def cleaned(picture_bgr: ImageBgr) -> ImageBgr:
        seen.append(picture_bgr)
        return np.full_like(picture_bgr, 9)

    monkeypatch.setattr("platewatch_training.detector.batches.without_impulses", cleaned)
    source = PictureSource(load_material(tiny), tiny, seed=1)
    assert (source.next((96, 96)).picture_bgr == 9).all()
    assert len(seen) == 1


def test_workers_draw_ahead(tiny: RunConfig) -> None:
    batches = loader(PictureBatches(load_material(tiny), tiny), 1)
    assert next(batches).photos.shape[0] == 2


@pytest.mark.parametrize(("share", "drawn"), [(0.0, False), (1.0, True)])
def test_the_share_of_composites_is_kept(
    tiny: RunConfig, share: float, drawn: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    kinds: list[bool] = []

    def drawn_as(kind: bool) -> Scene:
        kinds.append(kind)
        return scene(0)

    for name, kind in (("PhotoSource", False), ("SceneSource", True)):
        monkeypatch.setattr(f"platewatch_training.detector.batches.{name}.next", lambda *_, kind=kind: drawn_as(kind))
    config = tiny.model_copy(update={"composite_share": share})
    source = PictureSource(load_material(config), config, seed=1)
    for _ in range(20):
        source.next((96, 96))
    assert kinds == [drawn] * 20


def test_what_was_mined_is_read(tmp_path: Path, tiny: RunConfig) -> None:
    row = {"source": "openimages/images/0.png", "boxes": [[0.1, 0.1, 0.2, 0.2]]}
    folder = write_mined(tmp_path, json.dumps(row) + "\n", crops=2)
    mined, crops = read_mined(folder)
    assert mined == {"openimages/images/0.png": [[0.1, 0.1, 0.2, 0.2]]}
    assert [crop.shape for crop in crops] == [(9, 30, 3)] * 2
    material = load_material(tiny.model_copy(update={"mined": folder}))
    assert len(material.negatives) == 2
    (vehicle,) = (photo for photo in material.backdrops if photo.vehicles)
    assert [box.tolist() for box in vehicle.unsure] == [pytest.approx([16, 12, 32, 24])]


@pytest.mark.parametrize("text", ["{", "[]", '{"source": "a"}', '{"source": "a", "boxes": [["x"]]}'])
def test_what_was_mined_badly_is_reported(tmp_path: Path, text: str) -> None:
    with pytest.raises(RunError, match=r"unsure\.jsonl"):
        read_mined(write_mined(tmp_path, text))


def test_missing_and_damaged_parts_of_what_was_mined_are_reported(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="can't be read"):
        read_mined(tmp_path / "nowhere")
    folder = write_mined(tmp_path, "")
    (folder / NEGATIVES / "x.png").write_bytes(b"no picture")
    with pytest.raises(RunError, match="damaged"):
        read_mined(folder)
