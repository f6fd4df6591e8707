from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from platewatch.errors import ImageTooLargeError, NotAnImageError, TruncatedImageError, UnknownBackendError
from platewatch.vision import pipeline
from platewatch.vision.geometry import corners_from_box, iou
from platewatch.vision.image import ImageLimits, from_pillow, open_image
from platewatch.vision.inference.model_card import Joint
from platewatch.vision.pipeline import PlateReader
from platewatch.vision.types import BoxXyxy, Character, Crop, Detection, ImageBgr, ImageReadings, Transcript
from tests.vision.pictures import SAMPLES, encode, jpeg_with_orientation, noise, sign

# A photo in which the plates are flat areas; what a stand-in recognizer reads depends on their brightness.
TEXTS = {50: "AB12CDE", 100: "WM64UMA", 150: "MEGANE", 200: "B87"}


@dataclass
class StandInDetector:
    boxes: list[BoxXyxy] = field(default_factory=list)
    seen: list[tuple[int, ...]] = field(default_factory=list)
    warm: int = 0

    def detect(self, image_bgr: ImageBgr) -> list[Detection]:
        self.seen.append(image_bgr.shape)
        return [Detection(corners_from_box(box), 0.9) for box in self.boxes]

    def warm_up(self) -> None:
        self.warm += 1


@dataclass
class StandInRecognizer:
    confidence: float = 0.9
    plate_confidences: dict[str, float] = field(default_factory=dict)
    calls: list[int] = field(default_factory=list)
    warm: int = 0

    def recognize(self, crops: Sequence[Crop]) -> list[Transcript]:
        self.calls.append(len(crops))
        return [self._transcript(crop) for crop in crops]

    def warm_up(self) -> None:
        self.warm += 1

    def _transcript(self, crop: Crop) -> Transcript:
        brightness = int(np.median(crop.image_bgr))
        nearest = min(TEXTS, key=lambda known: abs(known - brightness))
        text = TEXTS[nearest] if abs(nearest - brightness) < 10 else ""
        characters = tuple(Character(sign_, self.confidence) for sign_ in text)
        return Transcript(characters, confidence=self.plate_confidences.get(text))


@dataclass
class TwiceReader(StandInRecognizer):
    """Looks again, and then says what it is told to."""

    again: dict[str, Transcript] = field(default_factory=dict)
    closely: list[str] = field(default_factory=list)

    def look_again(self, crops: Sequence[Crop], first: Sequence[Transcript]) -> list[Transcript]:
        texts = [self._transcript(crop).text for crop in crops]
        assert texts == [one.text for one in first]
        self.closely += texts
        return [self.again[text] for text in texts]


@dataclass
class Bench:
    """A reader with stand-ins whose answers a test sets."""

    reader: PlateReader
    detector: StandInDetector
    recognizer: StandInRecognizer


def bench_of(recognizer: StandInRecognizer, monkeypatch: pytest.MonkeyPatch) -> Bench:
    detector = StandInDetector()
    monkeypatch.setattr(pipeline, "make_detector", lambda _name, _options: detector)
    monkeypatch.setattr(pipeline, "make_recognizer", lambda _name, _options: recognizer)
    return Bench(PlateReader(), detector, recognizer)


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Bench:
    return bench_of(StandInRecognizer(), monkeypatch)


def photo(areas: dict[BoxXyxy, int], size: tuple[int, int] = (400, 300)) -> Image.Image:
    image = Image.new("RGB", size, "black")
    for box, brightness in areas.items():
        image.paste((brightness,) * 3, tuple(int(side) for side in box))  # type: ignore[arg-type]  # four numbers
    return image


def texts(readings: ImageReadings) -> list[str]:
    return [reading.text for reading in readings.readings]


LEFT, RIGHT, LOWER = (20.0, 20.0, 120.0, 50.0), (200.0, 20.0, 300.0, 50.0), (20.0, 200.0, 120.0, 230.0)


def test_no_proposal_gives_no_reading(bench: Bench) -> None:
    result = bench.reader.read_bytes(encode(photo({}), "PNG"))
    assert (result.readings, result.width, result.height) == ((), 400, 300)
    assert result.duration_ms > 0


def test_readings_come_by_falling_confidence_with_place_and_crop(bench: Bench) -> None:
    bench.detector.boxes = [RIGHT, LEFT]
    result = bench.reader.read_array(from_pillow(photo({LEFT: 50, RIGHT: 200})))
    assert texts(result) == ["AB12CDE"]
    reading = result.readings[0]
    assert reading.box_xyxy == LEFT
    assert reading.crop_bgr.shape == (30, 100, 3)
    assert [character.text for character in reading.characters] == list("AB12CDE")
    assert reading.confidence == pytest.approx(0.9)


def test_what_is_not_like_a_plate_is_left_out_unless_asked_for(bench: Bench) -> None:
    bench.detector.boxes = [LEFT, RIGHT, LOWER]
    image_bgr = from_pillow(photo({LEFT: 150, RIGHT: 50, LOWER: 0}))
    assert texts(bench.reader.read_array(image_bgr)) == ["AB12CDE"]
    bench.reader.min_confidence = 0.0
    assert texts(bench.reader.read_array(image_bgr)) == ["AB12CDE", "MEGANE"]


def test_of_overlapping_proposals_the_likeliest_plate_stays(bench: Bench) -> None:
    part, around = (20.0, 20.0, 60.0, 50.0), (10.0, 10.0, 130.0, 60.0)
    bench.detector.boxes = [part, LEFT, around]
    image_bgr = from_pillow(photo({LEFT: 50, part: 200}))
    assert texts(bench.reader.read_array(image_bgr)) == ["AB12CDE"]


def test_half_a_plate_does_not_win_because_fewer_characters_can_be_wrong(bench: Bench) -> None:
    part = (20.0, 20.0, 60.0, 50.0)
    bench.detector.boxes = [part, LEFT]
    bench.recognizer.plate_confidences = {"AB12CDE": 0.6, "B87": 0.8}
    (reading,) = bench.reader.read_array(from_pillow(photo({LEFT: 50, part: 200}))).readings
    assert (reading.text, reading.confidence) == ("AB12CDE", 0.6)


def test_many_images_are_recognized_together_and_come_in_order(bench: Bench, tmp_path: Path) -> None:
    bench.detector.boxes = [LEFT]
    paths = []
    for index, brightness in enumerate([50, 100, 0, 50, 100]):
        paths.append(tmp_path / f"{index}.png")
        photo({LEFT: brightness}).save(paths[-1])
    outcomes = list(bench.reader.read_many(paths, batch=2))
    assert [outcome.path for outcome in outcomes] == paths
    read = [texts(outcome.result) for outcome in outcomes if outcome.result]
    assert read == [["AB12CDE"], ["WM64UMA"], [], ["AB12CDE"], ["WM64UMA"]]
    assert bench.recognizer.calls == [2, 2, 1]


def test_an_image_of_many_that_fails_stops_no_other(bench: Bench, tmp_path: Path) -> None:
    bench.detector.boxes = [LEFT]
    good, text, gone = tmp_path / "good.png", tmp_path / "text.jpg", tmp_path / "gone.jpg"
    photo({LEFT: 50}).save(good)
    text.write_text("no image")
    outcomes = list(bench.reader.read_many([text, good, gone, str(good)]))
    assert [type(outcome.error) for outcome in outcomes] == [NotAnImageError, type(None), FileNotFoundError, type(None)]
    assert [outcome.result is None for outcome in outcomes] == [True, False, True, False]


def test_many_images_are_read_lazily(bench: Bench, tmp_path: Path) -> None:
    photo({}).save(tmp_path / "one.png")
    outcomes = bench.reader.read_many([tmp_path / "one.png"] * 10, batch=2)
    next(outcomes)
    assert len(bench.detector.seen) == 2


def test_the_times_of_the_stages_add_up(bench: Bench) -> None:
    bench.detector.boxes = [LEFT]
    result, times = bench.reader.read_timed(open_image(encode(photo({LEFT: 50}), "PNG")))
    parts = (times.decode_ms, times.detect_ms, times.rectify_ms, times.recognize_ms, times.judge_ms)
    assert all(part > 0 for part in parts)
    assert result.duration_ms == times.total_ms == pytest.approx(sum(parts))


def test_a_crop_has_as_much_round_its_plate_as_the_recognizer_wants(monkeypatch: pytest.MonkeyPatch) -> None:
    recognizer = StandInRecognizer()
    recognizer.padding_px, recognizer.margin = 4, 0.1  # type: ignore[attr-defined]  # what some recognizers have
    bench = bench_of(recognizer, monkeypatch)
    bench.detector.boxes = [LEFT]
    (reading,) = bench.reader.read_bytes(encode(photo({LEFT: 100}), "PNG")).readings
    assert reading.crop_bgr.shape[:2] == (30 + 2 * (4 + 3), 100 + 2 * (4 + 3))
    assert reading.box_xyxy == LEFT


def test_black_and_white_pixels_strewn_over_a_photo_are_in_no_crop(bench: Bench) -> None:
    image_bgr = np.asarray(photo({LEFT: 100}))[..., ::-1].copy()
    drawn = np.random.default_rng(1).random(image_bgr.shape[:2])
    image_bgr[drawn < 0.02] = 0
    image_bgr[drawn > 0.98] = 255
    bench.detector.boxes = [LEFT]
    (reading,) = bench.reader.read_array(image_bgr).readings
    assert (reading.crop_bgr == 255).any(axis=2).mean() < 0.002


def test_warm_up_runs_both_networks(bench: Bench) -> None:
    bench.reader.warm_up()
    assert (bench.detector.warm, bench.recognizer.warm) == (1, 1)


def test_limits_hold_for_files_and_bytes(bench: Bench, tmp_path: Path) -> None:
    data = encode(photo({}), "PNG")
    (tmp_path / "photo.png").write_bytes(data)
    bench.reader.limits = ImageLimits(max_bytes=len(data) - 1)
    with pytest.raises(ImageTooLargeError):
        bench.reader.read(tmp_path / "photo.png")
    with pytest.raises(ImageTooLargeError):
        bench.reader.read_bytes(data)


def test_a_photo_cut_short_is_an_error_even_where_nothing_was_found(bench: Bench) -> None:
    whole = encode(noise(800, 640), "JPEG")
    with pytest.raises(TruncatedImageError):
        bench.reader.read_bytes(whole[: len(whole) // 2])


@pytest.fixture
def twice(monkeypatch: pytest.MonkeyPatch) -> Bench:
    return bench_of(TwiceReader(), monkeypatch)


def said(text: str, confidence: float) -> Transcript:
    return Transcript(tuple(Character(sign_, confidence) for sign_ in text), "fr", confidence=confidence)


def test_a_reading_that_is_not_sure_is_read_once_more(twice: Bench) -> None:
    recognizer = twice.recognizer
    assert isinstance(recognizer, TwiceReader)
    twice.detector.boxes = [(10, 10, 110, 40), (200, 10, 300, 40)]
    recognizer.plate_confidences = {"AB12CDE": 0.6, "WM64UMA": 0.9}
    recognizer.again = {"AB12CDE": said("A812CDE", 0.95)}
    readings = twice.reader.read_array(
        np.asarray(photo({(10, 10, 110, 40): 50, (200, 10, 300, 40): 100}), np.uint8)[..., ::-1]
    )
    assert recognizer.closely == ["AB12CDE"]
    assert [(one.text, one.confidence) for one in readings.readings] == [("A812CDE", 0.95), ("WM64UMA", 0.9)]
    assert readings.readings[0].region == "fr"


@pytest.mark.parametrize(("at_first", "closely"), [(0.03, ["AB12CDE"]), (0.01, [])])
def test_what_is_too_unsure_at_first_may_turn_out_to_be_sure(twice: Bench, at_first: float, closely: list[str]) -> None:
    recognizer = twice.recognizer
    assert isinstance(recognizer, TwiceReader)
    twice.detector.boxes = [(10, 10, 110, 40)]
    recognizer.plate_confidences = {"AB12CDE": at_first}
    recognizer.again = {"AB12CDE": said("AB12CDE", 0.6)}
    readings = twice.reader.read_array(np.asarray(photo({(10, 10, 110, 40): 50}), np.uint8)).readings
    assert [one.text for one in readings] == recognizer.closely == closely


def test_what_turns_out_too_unsure_is_no_reading(twice: Bench) -> None:
    recognizer = twice.recognizer
    assert isinstance(recognizer, TwiceReader)
    twice.detector.boxes = [(10, 10, 110, 40)]
    recognizer.plate_confidences = {"AB12CDE": 0.6}
    recognizer.again = {"AB12CDE": said("AB12CDE", 0.08)}
    picture = np.asarray(photo({(10, 10, 110, 40): 50}), np.uint8)
    assert twice.reader.read_array(picture).readings == ()
    twice.reader.min_confidence = 0.05
    assert texts(twice.reader.read_array(picture)) == ["AB12CDE"]


def test_a_crop_is_read_whether_sure_or_not(twice: Bench) -> None:
    recognizer = twice.recognizer
    assert isinstance(recognizer, TwiceReader)
    recognizer.plate_confidences = {"AB12CDE": 0.1, "WM64UMA": 0.95}
    recognizer.again = {"AB12CDE": said("AB12CDE", 0.05)}
    crops = [
        Crop(np.full((30, 100, 3), brightness, np.uint8), Detection(corners_from_box((0, 0, 100, 30)), 1.0))
        for brightness in (50, 100)
    ]
    read = [twice.reader.read_crop(crop) for crop in crops]
    assert [(one.text, one.confidence) for one in read] == [("AB12CDE", 0.05), ("WM64UMA", 0.95)]
    assert recognizer.closely == ["AB12CDE"]


@pytest.mark.parametrize("name", ["detector", "recognizer"])
def test_an_unknown_backend_is_refused_at_once(name: str) -> None:
    with pytest.raises(UnknownBackendError, match="nope"):
        PlateReader(**{name: "nope"})  # type: ignore[arg-type]  # one of two names


def test_a_badge_that_the_recognizer_can_read_falls_away_with_the_detectors_doubt(bench: Bench) -> None:
    bench.recognizer.plate_confidences = {"AB12CDE": 0.6}
    bench.detector.boxes = [LEFT]
    image = from_pillow(photo({LEFT: 50}))
    assert texts(bench.reader.read_array(image)) == ["AB12CDE"]
    bench.reader._joint = Joint(found=1.0, read=1.0, offset=-5.0)
    assert texts(bench.reader.read_array(image)) == []


@pytest.fixture(scope="module")
def real_reader() -> PlateReader:
    return PlateReader(threads=2)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_turned_photo_gives_the_same_plate_at_the_same_place(real_reader: PlateReader, orientation: int) -> None:
    with Image.open(SAMPLES / "britain.jpg") as upright:
        upright.load()
        result = real_reader.read_bytes(jpeg_with_orientation(upright, orientation))
    (reading,) = result.readings
    assert reading.text == "WM64UMA"
    assert iou(reading.box_xyxy, (245.3, 256.0, 346.8, 291.0)) > 0.5
    assert (result.width, result.height) == (416, 416)


def test_a_two_row_plate_is_one_reading(real_reader: PlateReader) -> None:
    image = Image.new("RGB", (640, 480), (70, 75, 80))
    image.paste(sign("MH12", 180, 62), (220, 200))
    image.paste(sign("DE1433", 180, 62), (220, 258))
    assert texts(real_reader.read_array(from_pillow(image))) == ["MH12DE1433"]


def test_several_threads_read_the_same_with_one_reader(real_reader: PlateReader) -> None:
    names = ["spain.jpg", "britain.jpg", "malta.jpg"]
    read: dict[str, list[str]] = {}
    threads = [
        threading.Thread(target=lambda name=name: read.update({name: texts(real_reader.read(SAMPLES / name))}))
        for name in names
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert read == {"spain.jpg": ["0695DVH"], "britain.jpg": ["WM64UMA"], "malta.jpg": ["BCG986"]}


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(encode(Image.new("RGB", (1, 1), "white"), "PNG"), id="1 x 1"),
        pytest.param(encode(Image.new("RGB", (5000, 2), "white"), "PNG"), id="5000 x 2"),
        pytest.param(encode(Image.new("RGB", (2, 5000), "white"), "PNG"), id="2 x 5000"),
        pytest.param(encode(noise(300, 200), "PNG"), id="noise"),
    ],
)
def test_pictures_without_plates_give_none(real_reader: PlateReader, data: bytes) -> None:
    assert real_reader.read_bytes(data).readings == ()
