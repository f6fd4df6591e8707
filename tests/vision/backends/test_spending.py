from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest

from platewatch.clock import SetClock
from platewatch.errors import BudgetError
from platewatch.vision.backends.spending import Spending


@pytest.fixture
def clock() -> SetClock:
    return SetClock(datetime(2026, 5, 4, 23, 59, tzinfo=UTC))


@pytest.fixture(params=[False, True], ids=["in memory", "in a file"])
def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> Path | None:
    return tmp_path / "ledger.db" if request.param else None


def test_the_ledger_is_its_users_alone(tmp_path: Path, clock: SetClock) -> None:
    Spending(tmp_path / "data" / "ledger.db", 1.0, clock.now)
    assert stat.S_IMODE((tmp_path / "data").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "data" / "ledger.db").stat().st_mode) == 0o600


def test_reservations_count_until_they_are_settled(ledger: Path | None, clock: SetClock) -> None:
    spending = Spending(ledger, 1.0, clock.now)
    day = spending.reserve(0.75)
    with pytest.raises(BudgetError):
        spending.reserve(0.5)
    spending.settle(day, 0.75, 0.25)
    spending.reserve(0.5)
    assert spending.today() == 0.75


def test_a_refused_reservation_leaves_nothing(ledger: Path | None, clock: SetClock) -> None:
    spending = Spending(ledger, 1.0, clock.now)
    with pytest.raises(BudgetError):
        spending.reserve(1.5)
    assert spending.today() == 0


def test_a_call_over_midnight_is_paid_by_the_day_it_began(ledger: Path | None, clock: SetClock) -> None:
    spending = Spending(ledger, 1.0, clock.now)
    day = spending.reserve(0.5)
    clock.advance(120)
    spending.settle(day, 0.5, 0.25)
    assert spending.today() == 0
    assert day == "2026-05-04"


def test_threads_never_exceed_the_cap_together(ledger: Path | None, clock: SetClock) -> None:
    spending = Spending(ledger, 1.0, clock.now)

    def try_once(_number: int) -> bool:
        try:
            spending.reserve(0.125)
        except BudgetError:
            return False
        return True

    with ThreadPoolExecutor(8) as threads:
        done = list(threads.map(try_once, range(40)))
    assert sum(done) == 8
    assert spending.today() == 1.0


def test_two_processes_worth_of_counters_share_a_file_and_a_restart_forgets_nothing(
    tmp_path: Path, clock: SetClock
) -> None:
    first, second = (Spending(tmp_path / "ledger.db", 1.0, clock.now) for _ in range(2))
    first.reserve(0.75)
    with pytest.raises(BudgetError):
        second.reserve(0.5)
    first.close()
    second.close()
    assert Spending(tmp_path / "ledger.db", 1.0, clock.now).today() == 0.75
