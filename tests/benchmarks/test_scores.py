from __future__ import annotations

from random import Random

import pytest

from benchmarks.scores import (
    FindingScores,
    LabeledPlate,
    PredictedPlate,
    ReadPlate,
    TextScores,
    calibration_error,
    character_error_rate,
    compared,
    count_found,
    edit_distance,
    false_plates,
    finding_scores,
    folded,
    letters_and_digits,
    precision_at_coverage,
    reading_of,
    text_scores,
    with_province,
)
from platewatch.vision.types import BoxXyxy

HERE: BoxXyxy = (0.0, 0.0, 100.0, 20.0)
LOWER: BoxXyxy = (0.0, 100.0, 100.0, 120.0)
FAR: BoxXyxy = (500.0, 500.0, 600.0, 520.0)


def shifted(share: float) -> BoxXyxy:
    """`HERE` moved to the right by that share of its width: the IoU is (1 - share) / (1 + share)."""
    return (share * 100, 0.0, 100 + share * 100, 20.0)


def known(box: BoxXyxy = HERE, text: str | None = "AB12") -> LabeledPlate:
    return LabeledPlate(text, box)


def said(box: BoxXyxy = HERE, text: str = "AB12", confidence: float = 0.9) -> PredictedPlate:
    return PredictedPlate(text, confidence, box)


def right(confidence: float) -> ReadPlate:
    return ReadPlate("AB12", "AB12", confidence)


def wrong(confidence: float) -> ReadPlate:
    return ReadPlate("AB12", "AB13", confidence)


UNREAD = ReadPlate("AB12", "", 0.0)


@pytest.mark.parametrize(
    ("text", "compared", "province", "fold"),
    [
        pytest.param("", "", "", "", id="empty"),
        pytest.param("ab 12-cd", "AB12CD", "AB12CD", "AB12CD", id="case and separators"),
        pytest.param("IO10", "IO10", "IO10", "1010", id="look-alikes fold"),
        pytest.param("京P·L3N67", "PL3N67", "京PL3N67", "PL3N67", id="a province counts on one side only"),
        pytest.param("Ö-AB 1", "AB1", "AB1", "AB1", id="other letters are dropped"),
        pytest.param("字A1", "A1", "A1", "A1", id="a Chinese character that is no province"),
    ],
)
def test_texts_are_compared_by_what_the_definition_keeps(text: str, compared: str, province: str, fold: str) -> None:
    assert (letters_and_digits(text), with_province(text), folded(text)) == (compared, province, fold)


@pytest.mark.parametrize(
    ("one", "other", "distance"),
    [
        pytest.param("", "", 0, id="empty"),
        pytest.param("", "ABC", 3, id="all put in"),
        pytest.param("ABC", "", 3, id="all taken out"),
        pytest.param("ABC", "ABC", 0, id="same"),
        pytest.param("ABC", "ADC", 1, id="replaced"),
        pytest.param("ABC", "AC", 1, id="one out"),
        pytest.param("KITTEN", "SITTING", 3, id="the textbook's"),
        pytest.param("AB", "BA", 2, id="swapped neighbors are two"),
    ],
)
def test_the_edit_distance_counts_single_changes(one: str, other: str, distance: int) -> None:
    assert edit_distance(one, other) == edit_distance(other, one) == distance


@pytest.mark.parametrize(
    ("plates", "rate"),
    [
        pytest.param([], None, id="empty"),
        pytest.param([right(0.9)], 0.0, id="right"),
        pytest.param([UNREAD], 1.0, id="nothing read"),
        pytest.param([right(0.9), wrong(0.9)], 1 / 8, id="summed over plates, not averaged"),
        pytest.param([ReadPlate("A1", "B2345", 0.5)], 2.5, id="above one where too much was read"),
        pytest.param([ReadPlate("a-1", "A 1", 0.5)], 0.0, id="case and separators don't count"),
    ],
)
def test_the_character_error_rate(plates: list[ReadPlate], rate: float | None) -> None:
    assert character_error_rate(plates) == rate


@pytest.mark.parametrize(
    ("plates", "percent", "precision"),
    [
        pytest.param([], 50, None, id="empty"),
        pytest.param([UNREAD, UNREAD], 50, None, id="none was read"),
        pytest.param([right(0.9), UNREAD], 50, 1.0, id="just enough were read"),
        pytest.param([right(0.9), UNREAD], 80, None, id="too few were read"),
        pytest.param([wrong(0.1), right(0.9)], 50, 1.0, id="the surest first, whatever the order"),
        pytest.param([wrong(0.9), right(0.1)], 50, 0.0, id="sure and wrong"),
        pytest.param([wrong(0.9), right(0.1)], 95, 0.5, id="a part of a plate counts as a whole one"),
        pytest.param([right(0.5), wrong(0.5)], 50, 0.5, id="equally sure ones stay together"),
    ],
)
def test_precision_is_that_of_the_most_confident_readings(
    plates: list[ReadPlate], percent: int, precision: float | None
) -> None:
    assert precision_at_coverage(plates, percent) == precision


@pytest.mark.parametrize(
    ("plates", "error"),
    [
        pytest.param([], None, id="empty"),
        pytest.param([UNREAD], None, id="nothing read, nothing claimed"),
        pytest.param([right(1.0)], 0.0, id="sure and right"),
        pytest.param([wrong(1.0)], 1.0, id="sure and wrong"),
        pytest.param([right(0.55), wrong(0.55)], 0.05, id="half right at a little over half"),
        pytest.param([right(0.95), wrong(0.05)], 0.05, id="bins don't cancel one another"),
        pytest.param([wrong(0.55), right(0.55), right(0.95), right(0.95)], 0.05, id="weighed by how many are in a bin"),
    ],
)
def test_the_calibration_error(plates: list[ReadPlate], error: float | None) -> None:
    assert calibration_error(plates) == (None if error is None else pytest.approx(error))


def test_no_plates_give_scores_without_figures() -> None:
    assert text_scores([]) == TextScores(0, None, None, None, None, {50: None, 80: None, 95: None}, None, None)


def test_text_scores_keep_exact_and_folded_apart() -> None:
    scores = text_scores([right(0.9), ReadPlate("AO1", "A0I", 0.9), UNREAD, wrong(0.9)])
    assert (scores.plates, scores.exact, scores.folded) == (4, 0.25, 0.5)
    assert scores.exact_with_province is None


@pytest.mark.parametrize(
    ("read", "exact", "exact_with_province"),
    [
        pytest.param("京A12345", 1.0, 1.0, id="all right"),
        pytest.param("A12345", 1.0, 0.0, id="province missed"),
        pytest.param("沪A12345", 1.0, 0.0, id="another province"),
        pytest.param("京A12346", 0.0, 0.0, id="a digit wrong"),
    ],
)
def test_a_province_is_scored_both_ways(read: str, exact: float, exact_with_province: float) -> None:
    scores = text_scores([ReadPlate("京A12345", read, 0.9)])
    assert (scores.exact, scores.exact_with_province) == (exact, exact_with_province)


@pytest.mark.parametrize(
    ("plate", "predictions", "reading"),
    [
        pytest.param(known(), [], UNREAD, id="empty"),
        pytest.param(known(text=None), [said()], None, id="a plate whose text nobody knows"),
        pytest.param(known(), [said(FAR)], UNREAD, id="elsewhere"),
        pytest.param(known(), [said(shifted(0.8))], ReadPlate("AB12", "AB12", 0.9), id="a tenth of overlap is enough"),
        pytest.param(known(), [said(shifted(0.83))], UNREAD, id="less is not"),
        pytest.param(
            known(),
            [said(text="NO", confidence=0.6), said(shifted(0.5), "AB12", 0.7)],
            ReadPlate("AB12", "AB12", 0.7),
            id="the surest, not the nearest",
        ),
    ],
)
def test_the_reading_of_a_plate_is_the_most_confident_one_about_it(
    plate: LabeledPlate,
    predictions: list[PredictedPlate],
    reading: ReadPlate | None,
) -> None:
    assert reading_of(plate, predictions) == reading


@pytest.mark.parametrize(
    ("plates", "predictions", "min_iou", "found"),
    [
        pytest.param([], [], 0.5, 0, id="empty"),
        pytest.param([], [said()], 0.5, 0, id="nothing to find"),
        pytest.param([known()], [], 0.5, 0, id="nothing predicted"),
        pytest.param([known()], [said()], 0.7, 1, id="the same box"),
        pytest.param([known()], [said(shifted(0.25))], 0.5, 1, id="IoU 0.6 reaches 0.5"),
        pytest.param([known()], [said(shifted(0.25))], 0.7, 0, id="IoU 0.6 misses 0.7"),
        pytest.param([known(), known(LOWER)], [said(LOWER), said()], 0.5, 2, id="each its own"),
        pytest.param(
            [known(), known(shifted(0.2))], [said(shifted(0.1))], 0.5, 1, id="one prediction finds one plate only"
        ),
        pytest.param([known()], [said(), said(confidence=0.5)], 0.5, 1, id="two predictions find a plate once"),
    ],
)
def test_plates_are_found_one_by_one(
    plates: list[LabeledPlate],
    predictions: list[PredictedPlate],
    min_iou: float,
    found: int,
) -> None:
    assert count_found(plates, predictions, min_iou) == found


@pytest.mark.parametrize(
    ("plates", "predictions", "false"),
    [
        pytest.param([], [], [], id="empty"),
        pytest.param([], [said()], [said()], id="nothing is labelled"),
        pytest.param([known()], [said()], [], id="right place"),
        pytest.param([known(text=None)], [said()], [], id="a plate without a text is a plate"),
        pytest.param([known()], [said(shifted(0.5))], [], id="IoU a third is near enough"),
        pytest.param([known()], [said(shifted(0.6))], [said(shifted(0.6))], id="IoU a quarter is not"),
        pytest.param([known(), known(LOWER)], [said(LOWER), said(FAR)], [said(FAR)], id="only what fits none"),
    ],
)
def test_a_plate_is_false_where_none_is_labelled(
    plates: list[LabeledPlate],
    predictions: list[PredictedPlate],
    false: list[PredictedPlate],
) -> None:
    assert false_plates(plates, predictions) == false


def test_no_images_give_no_finding_figures() -> None:
    assert finding_scores([]) == FindingScores(0, 0, {0.3: None, 0.5: None, 0.7: None}, None)


def test_finding_is_counted_over_all_images_also_those_without_plates() -> None:
    scores = finding_scores([([known(), known(LOWER)], [said(shifted(0.25))]), ([], [said(FAR), said(LOWER)])])
    assert (scores.images, scores.plates) == (2, 2)
    assert scores.recall == {0.3: 0.5, 0.5: 0.5, 0.7: 0.0}
    assert scores.false_per_image == 1.0


@pytest.mark.parametrize("seed", range(5))
def test_whatever_was_read_the_scores_keep_their_order(seed: int) -> None:
    chance = Random(seed)

    def text() -> str:
        return "".join(chance.choices("01IOAB", k=chance.randint(1, 5)))

    plates = [ReadPlate(text(), chance.choice([text(), ""]), chance.random()) for _ in range(200)]
    scores = text_scores(plates)
    assert scores.exact is not None
    assert scores.folded is not None
    assert scores.exact <= scores.folded <= 1
    assert scores.calibration_error is not None
    assert 0 <= scores.calibration_error <= 1
    assert scores.character_error_rate is not None
    assert scores.character_error_rate > 0


@pytest.mark.parametrize("seed", range(5))
def test_wherever_predictions_are_a_stricter_overlap_finds_no_more(seed: int) -> None:
    chance = Random(seed)

    def box() -> BoxXyxy:
        left, top = chance.uniform(0, 200), chance.uniform(0, 60)
        return left, top, left + chance.uniform(50, 100), top + chance.uniform(10, 30)

    plates = [known(box()) for _ in range(12)]
    predictions = [said(box(), confidence=chance.random()) for _ in range(20)]
    found = [count_found(plates, predictions, limit) for limit in (0.01, 0.3, 0.5, 0.7, 1.01)]
    assert found == sorted(found, reverse=True)
    assert found[0] > 0
    assert found[-1] == 0


@pytest.mark.parametrize(
    ("labelled", "told", "right"),
    [
        pytest.param(None, "br", None, id="not known"),
        pytest.param("br", "br", True, id="right"),
        pytest.param("br", "ar", False, id="wrong"),
        pytest.param("br", None, False, id="not told"),
    ],
)
def test_the_region_is_compared_where_it_is_known(labelled: str | None, told: str | None, right: bool | None) -> None:
    read = compared(LabeledPlate("AB12", None, labelled), PredictedPlate("AB12", 0.9, HERE, told))
    assert (read.text, read.is_region_right) == ("AB12", right)
    assert text_scores([read]).region == (None if right is None else float(right))


def test_a_plate_that_was_not_read_has_no_right_region() -> None:
    assert compared(LabeledPlate("AB12", None, "br"), None) == ReadPlate("AB12", "", 0.0, False)
