from __future__ import annotations

import numpy as np
import pytest

from platewatch.vision.recognizer.regions import informed, likely_region, sure_region

REGIONS = ("br", "de", "in", "in-ka", "in-mh", "us-ca", "us-ny", "us-tx")


def told(**shares: float) -> tuple[str, float] | None:
    """What is told of these probabilities, `us_ca` for `us-ca`."""
    probabilities = np.array([shares.get(region.replace("-", "_"), 0.0) for region in REGIONS], np.float32)
    region = likely_region(probabilities, REGIONS)
    return None if region is None else (region.code, round(region.confidence, 5))


@pytest.mark.parametrize(
    ("shares", "expected"),
    [
        pytest.param({"de": 0.9, "br": 0.1}, ("de", 0.9), id="a country without states"),
        pytest.param({"us_ca": 0.9, "us_ny": 0.1}, ("us-ca", 0.9), id="a state has its own probability"),
        pytest.param({"us_ca": 0.29, "us_ny": 0.28, "us_tx": 0.2, "br": 0.23}, ("us", 0.77), id="states together"),
        pytest.param({"in": 0.2, "in_ka": 0.25, "in_mh": 0.2, "de": 0.35}, ("in", 0.65), id="the country counts too"),
        pytest.param({"us_ca": 0.31, "us_ny": 0.3, "us_tx": 0.3}, ("us-ca", 0.31), id="a state that is sure enough"),
        pytest.param({"us_ca": 0.24, "us_ny": 0.25, "br": 0.45}, ("br", 0.45), id="states that are less than half"),
        pytest.param({"us_ca": 0.2, "us_ny": 0.2, "br": 0.29, "de": 0.28}, ("br", 0.29), id="nothing is sure"),
    ],
)
def test_the_likeliest_region_is_reported_with_its_probability(
    shares: dict[str, float], expected: tuple[str, float]
) -> None:
    assert told(**shares) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("8ABC123", "us-ca", id="built like Californian ones"),
        pytest.param("6PIV728", "us-ca", id="an I in the middle, too"),
        pytest.param("ABC1D23", "br", id="built like Brazilian ones"),
        pytest.param("XQ", "br", id="like none: the looks decide"),
    ],
)
def test_how_the_text_is_built_speaks_for_some_regions(text: str, expected: str) -> None:
    looks = np.array([0.6, 0.1, 0, 0, 0, 0.25, 0.05, 0], np.float32)
    weighed = informed(looks, text, REGIONS)
    assert weighed.sum() == pytest.approx(1)
    region = likely_region(weighed, REGIONS)
    assert region is not None
    assert region.code == expected
    assert (weighed[2:5] == 0).all()


def test_the_text_does_not_make_an_improbable_region_likely() -> None:
    looks = np.array([0.999, 0, 0, 0, 0, 0.001, 0, 0], np.float32)
    assert informed(looks, "8ABC123", REGIONS)[5] < 0.02


def test_a_network_that_knows_no_regions_tells_none() -> None:
    assert likely_region(np.zeros(0, np.float32), ()) is None
    assert len(informed(np.zeros(0, np.float32), "AB12", ())) == 0


def test_its_probability_is_at_least_that_of_the_likeliest_class_and_at_most_one() -> None:
    rng = np.random.default_rng(5)
    for sharpness in (0.05, 0.3, 1.0):
        for probabilities in rng.dirichlet(np.full(len(REGIONS), sharpness), 200).astype(np.float32):
            region = likely_region(probabilities, REGIONS)
            assert region is not None
            assert probabilities.max() <= region.confidence <= 1


@pytest.mark.parametrize(
    ("confidence", "told"), [(0.69, None), (0.7, "mt"), (1.0, "mt"), pytest.param(None, "mt", id="nothing said")]
)
def test_a_region_counts_against_a_plate_only_if_it_is_sure(confidence: float | None, told: str | None) -> None:
    assert sure_region("mt", confidence) == told
    assert sure_region(None, confidence) is None
