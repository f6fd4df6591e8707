from __future__ import annotations

import pytest

from benchmarks.regions import ReportedPlate, calibration_error, measure, table


def told(labelled: str, region: str | None, confidence: float | None = 0.9) -> ReportedPlate:
    return ReportedPlate("1.jpg", labelled, region, None if region is None else confidence, 5.0)


def test_states_and_countries_are_counted_apart() -> None:
    plates = [told("us-ca", "us-ca"), told("us-ca", "us-ny"), told("us-tx", "us"), told("us-tx", None)]

    result = measure("us", plates)

    assert (result.state, result.state_reported, result.state_precision) == (0.25, 0.5, 0.5)
    assert (result.country, result.reported) == (0.75, 0.75)
    assert [one.reported for one in result.wrong] == ["us-ny", None]


def test_labels_of_countries_have_no_states() -> None:
    result = measure("eu", [told("eu", "de"), told("d", "de"), told("br", "ar")])

    assert (result.state, result.state_reported, result.state_precision) == (None, None, None)
    assert result.country == pytest.approx(2 / 3)
    assert "-" in table([result]).rows[0]


def test_the_error_of_the_confidence_is_its_distance_from_the_share_of_right_regions() -> None:
    assert calibration_error([told("br", "br", 0.95)] * 3 + [told("br", "ar", 0.95)]) == pytest.approx(0.2)
    assert calibration_error([told("br", None)]) is None
