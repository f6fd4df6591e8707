from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from platewatch.db.tables import TariffRow
from platewatch.visits.fees import DAY_S, fee_of

HOUR_S = 3600


def tariff(
    unit_price: int = 200, *, free: int = 0, unit: int = 60, cap: int | None = None, currency: str | None = "EUR"
) -> TariffRow:
    return TariffRow(currency=currency, free_minutes=free, unit_minutes=unit, unit_price=unit_price, daily_cap=cap)


@pytest.mark.parametrize(
    ("row", "duration_s", "fee"),
    [
        pytest.param(tariff(), 0, 0, id="no time"),
        pytest.param(tariff(), 1, 200, id="a started hour"),
        pytest.param(tariff(), HOUR_S, 200, id="just an hour"),
        pytest.param(tariff(), HOUR_S + 1, 400, id="a second more"),
        pytest.param(tariff(free=30), 30 * 60, 0, id="free minutes"),
        pytest.param(tariff(free=30), 30 * 60 + 1, 200, id="a second more than free"),
        pytest.param(tariff(free=30), 90 * 60, 200, id="free minutes are taken off"),
        pytest.param(tariff(unit=15), 50 * 60, 800, id="quarters of an hour"),
        pytest.param(tariff(cap=1000), 23 * HOUR_S, 1000, id="the cap"),
        pytest.param(tariff(cap=1000), 25 * HOUR_S, 1200, id="a day and an hour"),
        pytest.param(tariff(cap=1000), 2 * DAY_S + 20 * HOUR_S, 3000, id="the third day's cap"),
        pytest.param(tariff(cap=10_000), 25 * HOUR_S, 25 * 200, id="a cap that is never reached"),
        pytest.param(tariff(cap=0), DAY_S, 0, id="a cap of nothing"),
        pytest.param(tariff(0), DAY_S, 0, id="a price of nothing"),
        pytest.param(tariff(currency=None), DAY_S, None, id="no tariff any more"),
    ],
)
def test_a_visit_costs_what_the_tariff_says(row: TariffRow, duration_s: int, fee: int | None) -> None:
    assert fee_of(row, duration_s) == fee


@given(
    st.integers(0, 5 * DAY_S),
    st.integers(0, 5 * DAY_S),
    st.integers(0, 500),
    st.integers(1, 2000),
    st.none() | st.integers(0, 5000),
)
def test_a_longer_visit_never_costs_less(a: int, b: int, free: int, unit: int, cap: int | None) -> None:
    row = tariff(free=free, unit=unit, cap=cap)
    shorter, longer = sorted((a, b))
    below, above = fee_of(row, shorter), fee_of(row, longer)
    assert below is not None
    assert above is not None
    assert 0 <= below <= above


@given(st.integers(0, 40 * DAY_S), st.integers(1, 3000), st.integers(0, 5000))
def test_no_day_costs_more_than_the_cap(duration_s: int, unit: int, cap: int) -> None:
    fee = fee_of(tariff(unit=unit, cap=cap), duration_s)
    assert fee is not None
    assert fee <= cap * (duration_s // DAY_S + 1)
