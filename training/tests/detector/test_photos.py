from __future__ import annotations

import numpy as np
import pytest

from platewatch.vision.types import ImageBgr
from platewatch_training.detector.photos import PhotoSource, parts, view_of
from platewatch_training.synthesis.layouts import load_layouts
from platewatch_training.synthesis.scenes import Backdrop, Props, ScenePlate
from platewatch_training.synthesis.sprites import DistractorSprites, PlateSprites, Pool, lettering_sprite
from platewatch_training.synthesis.views import Pyramid, box_points, box_round, through

pytestmark = pytest.mark.usefixtures("fonts")

SIZE = (224, 160)
BOX = np.asarray((140, 100, 200, 120), np.float32)


def photo(*, corners: bool = False, unsure: bool = False, plates: bool = True) -> Backdrop:
    picture: ImageBgr = np.full((240, 320, 3), 60, np.uint8)
    picture[100:120, 140:200] = 250
    plate = ScenePlate(BOX, box_points(BOX) if corners else None)
    places = (np.asarray((10, 10, 60, 40), np.float32),) if unsure else ()
    return Backdrop(Pyramid(picture), "own", plates=(plate,) if plates else (), unsure=places)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(6)


@pytest.fixture(scope="module")
def props(fonts: None) -> Props:
    made = np.random.default_rng(2)
    plates = Pool(PlateSprites(load_layouts()), made, 4)
    return Props(plates, Pool(DistractorSprites(), made, 4), Pool(lettering_sprite, made, 4))


@pytest.mark.parametrize("grid", [(1, 1), (2, 1), (1, 2), (2, 2), (3, 2), (3, 3)], ids=str)
def test_the_parts_of_a_picture_cover_it_once(rng: np.random.Generator, grid: tuple[int, int]) -> None:
    covered = np.zeros((SIZE[1], SIZE[0]), int)
    made = parts(SIZE, grid, rng)
    for left, top, right, bottom in made:
        assert right - left > 20
        assert bottom - top > 20
        covered[top:bottom, left:right] += 1
    assert len(made) == grid[0] * grid[1]
    assert (covered == 1).all()


def test_plates_are_of_every_width_and_inside_the_picture(rng: np.random.Generator) -> None:
    boxes = [box_round(through(view_of(photo(), SIZE, rng), box_points(BOX))) for _ in range(200)]
    widths = [float(box[2] - box[0]) for box in boxes]
    assert np.percentile(widths, 5) < 45
    assert np.percentile(widths, 95) > 130
    for box in boxes:
        middle = (box[:2] + box[2:]) / 2
        assert (middle >= 0).all()
        assert (middle <= SIZE).all()


def test_views_show_little_of_what_is_beyond_the_photo(rng: np.random.Generator) -> None:
    seen = []
    for _ in range(200):
        view = view_of(photo(), SIZE, rng)
        pyramid = Pyramid(np.full((240, 320, 3), 255, np.uint8))
        seen.append(float(pyramid.seen(view, SIZE, 0)[..., 0].mean()) / 255)
    assert np.median(seen) > 0.9
    assert min(seen) < 0.8


def test_photos_are_turned_much_only_where_corners_are_known(rng: np.random.Generator) -> None:
    spread = []
    for corners in (False, True):
        views = [view_of(photo(corners=corners), SIZE, rng) for _ in range(200)]
        spread.append(np.std([np.degrees(np.arctan2(view[1, 0], view[0, 0])) for view in views]))
    assert spread[1] > 1.5 * spread[0]


def test_labels_lie_on_what_they_label(props: Props) -> None:
    source = PhotoSource([photo(corners=True)], props, np.random.default_rng(3))
    lit = []
    for _ in range(60):
        scene = source.next(SIZE)
        assert scene.picture_bgr.shape == (SIZE[1], SIZE[0], 3)
        for plate in scene.plates:
            left, top, right, bottom = plate.box_xyxy.round().astype(int)
            inside = scene.picture_bgr[top + 1 : bottom - 1, left + 1 : right - 1]
            if inside.size:
                lit.append(float(inside.mean()) - float(scene.picture_bgr.mean()))
    assert len(lit) > 60
    assert np.mean([one > 5 for one in lit]) > 0.85


def test_pictures_repeat_themselves_by_their_seed() -> None:
    def first(seed: int) -> ImageBgr:
        made = np.random.default_rng(seed)
        pools = Props(*(Pool(DistractorSprites(), made, 2) for _ in range(3)))
        return PhotoSource([photo(unsure=True)], pools, np.random.default_rng(seed)).next(SIZE).picture_bgr

    assert np.array_equal(first(1), first(1))
    assert not np.array_equal(first(1), first(2))


def test_places_where_plates_may_be_are_ignored(props: Props) -> None:
    source = PhotoSource([photo(unsure=True)], props, np.random.default_rng(5))
    ignored = [box for _ in range(20) for box in source.next(SIZE).ignored]
    assert any((box[2:] - box[:2] > 10).all() for box in ignored)
    assert all((box[:2] >= 0).all() and (box[2:] <= SIZE).all() for box in ignored)


def test_a_photo_without_plates_is_background(props: Props) -> None:
    source = PhotoSource([photo(plates=False)], props, np.random.default_rng(5))
    assert not any(source.next(SIZE).plates for _ in range(10))
