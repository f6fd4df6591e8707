from __future__ import annotations

import pytest

from platewatch.datasets.region_labels import same_region


@pytest.mark.parametrize(
    ("labelled", "told", "same"),
    [
        pytest.param("br", "br", True, id="one country"),
        pytest.param("us", "us-ca", True, id="a state of the country"),
        pytest.param("br", "ar", False, id="another country"),
        pytest.param("d", "de", True, id="by the sign on cars"),
        pytest.param("D", "de", True, id="in capitals"),
        pytest.param("gbm", "im", True, id="an island's sign"),
        pytest.param("eu", "pl", True, id="somewhere in Europe"),
        pytest.param("eu", "gb", True, id="Europe is not the Union"),
        pytest.param("eu", "us-ny", False, id="not in Europe"),
        pytest.param("in", None, False, id="nothing told"),
    ],
)
def test_a_told_region_is_in_the_labelled_country(labelled: str, told: str | None, same: bool) -> None:
    assert same_region(labelled, told) is same
