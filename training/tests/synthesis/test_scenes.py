from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from platewatch.vision.types import ImageBgr
from platewatch_training.synthesis.layouts import load_layouts
from platewatch_training.synthesis.scenes import (
    NARROWEST_PX,
    SMALLEST_PX,
    Backdrop,
    Props,
    Scene,
    ScenePlate,
    SceneSource,
    Vehicle,
    any_width,
    distract,
    family_chances,
    grown,
    lying,
    paint_out,
    put_down,
    stamp,
)
from platewatch_training.synthesis.sprites import (
    DistractorSprites,
    PlateSprites,
    Pool,
    Sprite,
    lettering_sprite,
)
from platewatch_training.synthesis.views import Points, Pyramid, box_points, box_round

pytestmark = pytest.mark.usefixtures("fonts")

SIZE = (224, 160)
LAYOUTS = load_layouts()


def box(*sides: float) -> Points:
    return np.asarray(sides, np.float32)


def scene(brightness: int = 0) -> Scene:
    return Scene(np.full((SIZE[1], SIZE[0], 3), brightness, np.uint8))


def street(*, plates: tuple[ScenePlate, ...] = (), vehicles: tuple[Vehicle, ...] = ()) -> Backdrop:
    picture: ImageBgr = np.random.default_rng(1).integers(0, 120, (240, 320, 3), dtype=np.uint8)
    return Backdrop(Pyramid(picture), "street", plates=plates, vehicles=vehicles, unsure=(box(10, 10, 60, 40),))


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(4)


@pytest.fixture(scope="module")
def props(fonts: None) -> Props:
    made = np.random.default_rng(2)
    return Props(
        Pool(PlateSprites(LAYOUTS), made, 12), Pool(DistractorSprites(), made, 6), Pool(lettering_sprite, made, 6)
    )


@pytest.fixture
def white() -> Sprite:
    """A white sheet of 100 x 25 pixels with 10 pixels of nothing round it."""
    layers = np.zeros((45, 120, 4), np.uint8)
    layers[10:35, 10:110] = 255
    return Sprite(Pyramid(layers), box_points(box(10, 10, 110, 35)))


@pytest.mark.parametrize(
    ("points", "plates", "ignored"),
    [
        pytest.param(box(20, 20, 80, 40), 1, 0, id="inside"),
        pytest.param(box(-20, 20, 40, 40), 1, 0, id="two thirds inside"),
        pytest.param(box(-50, 20, 20, 40), 0, 1, id="a third inside"),
        pytest.param(box(-90, 20, -10, 40), 0, 0, id="outside"),
        pytest.param(box(20, 20, 20 + SMALLEST_PX - 1, 24), 0, 1, id="too narrow to tell"),
        pytest.param(box(20, 20, 40, 22), 0, 1, id="too low to tell"),
    ],
)
def test_a_plate_is_learned_as_far_as_it_can_be_seen(points: Points, plates: int, ignored: int) -> None:
    picture = scene()
    picture.add(box_points(points), corners_known=True)
    assert (len(picture.plates), len(picture.ignored)) == (plates, ignored)
    for plate in picture.plates:
        assert (plate.box_xyxy[:2] >= 0).all()


def test_corners_are_known_only_of_whole_plates() -> None:
    picture = scene()
    picture.add(box_points(box(20, 20, 80, 40)), corners_known=True)
    picture.add(box_points(box(-10, 60, 60, 80)), corners_known=True)
    picture.add(box_points(box(20, 100, 80, 120)), corners_known=False)
    assert [plate.corners is None for plate in picture.plates] == [False, True, True]
    assert np.array_equal(picture.plates[2].points, box_points(box(20, 100, 80, 120)))


def test_a_part_of_the_picture_cuts_like_its_border() -> None:
    picture = scene()
    picture.add(box_points(box(80, 20, 120, 40)), corners_known=True, within=box(0, 0, 100, 160))
    picture.add(box_points(box(95, 60, 160, 80)), corners_known=True, within=box(0, 0, 100, 160))
    assert [plate.box_xyxy.tolist() for plate in picture.plates] == [[80, 20, 100, 40]]
    assert len(picture.ignored) == 1


@pytest.mark.parametrize("width", [12.0, 60.0, 150.0])
def test_a_sprite_lies_where_its_quad_does(white: Sprite, rng: np.random.Generator, width: float) -> None:
    picture = scene()
    quad = lying(white, np.asarray((110, 80), np.float32), width, rng)
    put_down(picture.picture_bgr, white, quad, strength=0.0)
    rows, columns = np.nonzero(picture.picture_bgr[..., 0] > 127)
    left, top, right, bottom = box_round(quad)
    assert (columns.min(), columns.max() + 1) == pytest.approx((left, right), abs=2)
    assert (rows.min(), rows.max() + 1) == pytest.approx((top, bottom), abs=2)


def test_a_sprite_beyond_the_border_is_cut(white: Sprite) -> None:
    for middle in ((0, 0), (SIZE[0], SIZE[1]), (-500, 50)):
        picture = scene()
        quad = box_points(box(middle[0] - 60, middle[1] - 15, middle[0] + 60, middle[1] + 15))
        put_down(picture.picture_bgr, white, quad, strength=0.0)
        assert bool(picture.picture_bgr.any()) == (middle[0] >= 0)


def test_a_sprite_takes_the_light_of_its_place(white: Sprite) -> None:
    quad = box_points(box(50, 50, 150, 75))
    shown = []
    for strength in (0.0, 1.0):
        picture = scene(30)
        put_down(picture.picture_bgr, white, quad, strength)
        shown.append(int(picture.picture_bgr[62, 100, 0]))
    assert shown[0] == 255
    assert shown[1] < 100


def test_what_is_painted_out_looks_like_what_is_round_it() -> None:
    picture: ImageBgr = np.full((100, 200, 3), 90, np.uint8)
    picture[40:60, 50:150] = 255
    paint_out(picture, box(50, 40, 150, 60))
    assert np.abs(picture.astype(int) - 90).max() < 12


@pytest.mark.parametrize("sides", [(-50, -50, -20, -20), (0, 0, 200, 100), (199, 99, 260, 140)], ids=str)
def test_painting_out_at_and_beyond_the_border_does_no_harm(sides: tuple[float, ...]) -> None:
    picture: ImageBgr = np.full((100, 200, 3), 90, np.uint8)
    paint_out(picture, box(*sides))
    assert picture.shape == (100, 200, 3)


def test_a_thin_strip_along_the_border_is_painted_out() -> None:
    picture: ImageBgr = np.full((400, 1200, 3), 90, np.uint8)
    picture[-2:, 50:1150] = 255
    paint_out(picture, box(50, 398, 1150, 402))
    assert picture.shape == (400, 1200, 3)


def test_scenes_repeat_themselves_by_their_seed_only(props: Props) -> None:
    def pools(seed: int) -> Props:
        made = np.random.default_rng(seed)
        plates = Pool(PlateSprites(LAYOUTS), made, 4)
        return Props(plates, Pool(DistractorSprites(), made, 4), Pool(lettering_sprite, made, 4))

    first, again, other = (
        SceneSource([street()], pools(seed), np.random.default_rng(seed)).next(SIZE) for seed in (3, 3, 4)
    )
    assert np.array_equal(first.picture_bgr, again.picture_bgr)
    assert not np.array_equal(first.picture_bgr, other.picture_bgr)


def test_scenes_have_plates_of_all_widths_with_corners_inside_their_boxes(props: Props) -> None:
    vehicles = (Vehicle(box(60, 40, 260, 220), "car"), Vehicle(box(5, 5, 60, 60), "motorcycle"))
    source = SceneSource([street(vehicles=vehicles)], props, np.random.default_rng(8))
    scenes = [source.next(SIZE) for _ in range(60)]
    plates = [plate for one in scenes for plate in one.plates]
    widths = [float(plate.box_xyxy[2] - plate.box_xyxy[0]) for plate in plates]
    assert min(widths) < 16
    assert max(widths) > 0.6 * SIZE[0]
    assert 0.7 < len(plates) / len(scenes) < 6
    whole = [plate for plate in plates if plate.corners is not None]
    assert len(whole) > 0.6 * len(plates)
    for plate in whole:
        assert box_round(plate.points) == pytest.approx(plate.box_xyxy, abs=0.15 * SIZE[0])
        assert plate.points[0, 0] < plate.points[1, 0]
        assert plate.points[0, 1] < plate.points[3, 1]
    assert all(one.picture_bgr.shape == (SIZE[1], SIZE[0], 3) for one in scenes)
    assert all(one.ignored for one in scenes)


def test_plates_do_not_cover_each_other(props: Props) -> None:
    source = SceneSource([street()], props, np.random.default_rng(9))
    for _ in range(30):
        boxes = [plate.box_xyxy for plate in source.next(SIZE).plates]
        for number, one in enumerate(boxes):
            for other in boxes[:number]:
                both = np.minimum(one[2:], other[2:]) - np.maximum(one[:2], other[:2])
                assert (both <= 0).any()


def test_known_plates_are_painted_out_or_covered(props: Props, monkeypatch: pytest.MonkeyPatch) -> None:
    painted: list[float] = []

    def noted(picture_bgr: ImageBgr, sides: Points) -> None:
        painted.append(float(sides[2] - sides[0]))
        paint_out(picture_bgr, sides)

    monkeypatch.setattr("platewatch_training.synthesis.scenes.paint_out", noted)
    plates = (ScenePlate(box(100, 100, 180, 120)), ScenePlate(box(200, 20, 240, 30)))
    source = SceneSource([street(plates=plates)], props, np.random.default_rng(10))
    for _ in range(10):
        source.next(SIZE)
    assert len(painted) == 20


def test_distractors_leave_plates_alone(props: Props, rng: np.random.Generator) -> None:
    for _ in range(20):
        picture = scene(128)
        picture.taken.append(box(0, 0, *SIZE))
        distract(picture, props, rng)
        assert (picture.picture_bgr == 128).all()
    changed = 0
    for _ in range(20):
        picture = scene(128)
        distract(picture, props, rng)
        changed += int((picture.picture_bgr != 128).any())
        assert not picture.plates
    assert changed > 8


def test_a_stamp_is_written_near_a_border_and_not_over_plates(rng: np.random.Generator) -> None:
    for _ in range(20):
        picture = scene(128)
        stamp(picture, rng)
        assert (picture.picture_bgr[50:100] == 128).all()
        assert (picture.picture_bgr != 128).any()
        picture = scene(128)
        picture.taken.append(box(0, 0, *SIZE))
        stamp(picture, rng)
        assert (picture.picture_bgr == 128).all()


def test_small_folders_are_not_drowned() -> None:
    chances = family_chances(["large"] * 90 + ["small"] * 10)
    assert chances.sum() == pytest.approx(1)
    assert chances[:90].sum() == pytest.approx(0.75)
    assert len(family_chances([])) == 0


def test_widths_are_drawn_evenly_by_their_logarithm(rng: np.random.Generator) -> None:
    widths = [any_width(400, rng) for _ in range(2000)]
    assert NARROWEST_PX <= min(widths) < max(widths) <= 400
    assert np.median(widths) == pytest.approx(np.sqrt(NARROWEST_PX * 400), rel=0.1)
    assert any_width(2, rng) <= NARROWEST_PX + 1


def test_a_box_grows_on_every_side() -> None:
    assert grown(box(10, 10, 30, 20), 0.5).tolist() == [0, 5, 40, 25]


def draws_of(counted: list[int]) -> Callable[[np.random.Generator], Sprite]:
    def draw(_: np.random.Generator) -> Sprite:
        counted.append(1)
        return Sprite(Pyramid(np.zeros((4, 8, 4), np.uint8)), box_points(box(0, 0, 8, 4)))

    return draw


def test_a_pool_draws_seldom_and_never_stops_drawing() -> None:
    drawn: list[int] = []
    pool = Pool(draws_of(drawn), np.random.default_rng(1), size=20)
    for _ in range(200):
        pool.take()
    early = len(drawn)
    assert 20 <= early < 60
    for _ in range(800):
        pool.take()
    assert 60 < len(drawn) - early < 160


def test_plates_come_with_and_without_their_car(rng: np.random.Generator) -> None:
    sprites = [PlateSprites(LAYOUTS)(rng) for _ in range(30)]
    aspects = [sprite.aspect for sprite in sprites]
    assert min(aspects) < 2
    assert max(aspects) > 4
    shown = [float(sprite.pyramid.levels[0][..., 3].mean()) / 255 for sprite in sprites]
    assert max(shown) - min(shown) > 0.2
    for sprite in sprites:
        middle = sprite.quad.mean(axis=0).astype(int)
        assert sprite.pyramid.levels[0][middle[1], middle[0], 3] > 250


def test_earlier_errors_are_among_the_distractors(rng: np.random.Generator) -> None:
    error: ImageBgr = np.full((13, 57, 3), 77, np.uint8)
    sprites = [DistractorSprites([error])(rng) for _ in range(40)]
    mined = [sprite for sprite in sprites if sprite.pyramid.size == (57, 13)]
    assert 10 < len(mined) < 30
    assert not any(sprite.pyramid.size == (57, 13) for sprite in (DistractorSprites()(rng) for _ in range(10)))


def test_lettering_shows_only_its_ink(rng: np.random.Generator) -> None:
    for _ in range(10):
        shows = lettering_sprite(rng).pyramid.levels[0][..., 3]
        assert 0 < float((shows > 128).mean()) < 0.9
