"""Fees of visits."""

from __future__ import annotations

from typing import Final

from platewatch.db.tables import TariffRow

MINUTE_S: Final = 60
DAY_S: Final = 24 * 60 * MINUTE_S


def fee_of(tariff: TariffRow, duration_s: int) -> int | None:
    """In the minor unit of the tariff's currency; None if it has none.

    The free minutes are taken off first. Each started unit of the rest counts whole; 24 hours cost at most the cap.
    """
    if tariff.currency is None:
        return None
    paid_s = max(0, duration_s - tariff.free_minutes * MINUTE_S)
    if tariff.daily_cap is None:
        return _price(tariff, paid_s)
    days, rest_s = divmod(paid_s, DAY_S)
    return days * min(tariff.daily_cap, _price(tariff, DAY_S)) + min(tariff.daily_cap, _price(tariff, rest_s))


def _price(tariff: TariffRow, paid_s: int) -> int:
    started_units = -(-paid_s // (tariff.unit_minutes * MINUTE_S))
    return started_units * tariff.unit_price
