from __future__ import annotations

from datetime import datetime

import pytest

from platewatch.watchlists.schedule import is_within, parse_schedule, write_schedule

# 2026-03-02 is a Monday.
MONDAY, SATURDAY, SUNDAY = 2, 7, 8


@pytest.mark.parametrize(
    ("text", "day", "clock", "inside"),
    [
        pytest.param("mon-fri 08:00-18:00", MONDAY, "08:00", True, id="as it begins"),
        pytest.param("mon-fri 08:00-18:00", MONDAY, "07:59", False, id="a minute before"),
        pytest.param("mon-fri 08:00-18:00", MONDAY, "17:59", True, id="the last minute"),
        pytest.param("mon-fri 08:00-18:00", MONDAY, "18:00", False, id="as it ends"),
        pytest.param("mon-fri 08:00-18:00", SATURDAY, "12:00", False, id="another day"),
        pytest.param("sat,sun 00:00-24:00", SUNDAY, "23:59", True, id="the whole day"),
        pytest.param("sat 22:00-04:00", SATURDAY, "23:00", True, id="before midnight"),
        pytest.param("sat 22:00-04:00", SUNDAY, "03:59", True, id="after midnight"),
        pytest.param("sat 22:00-04:00", SATURDAY, "03:59", False, id="after another midnight"),
        pytest.param("sun 22:00-04:00", MONDAY, "01:00", True, id="into the next week"),
        pytest.param("fri-mon 09:00-10:00", SUNDAY, "09:30", True, id="days over the weekend"),
        pytest.param("fri-mon 09:00-10:00", 4, "09:30", False, id="not in between"),
        pytest.param("mon 06:00-07:00; mon 09:00-10:00", MONDAY, "09:30", True, id="the second window"),
        pytest.param("mon 12:00-12:00", 3, "11:00", True, id="a day from noon on"),
    ],
)
def test_a_time_is_inside_or_not(text: str, day: int, clock: str, inside: bool) -> None:
    local = datetime.fromisoformat(f"2026-03-{day:02d}T{clock}:00")
    assert is_within(parse_schedule(text), local) is inside


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("MON - FRI 08:00 - 18:00", "mon,tue,wed,thu,fri 08:00-18:00"),
        ("sun , mon 8:00-9:00".replace("8:00-9:00", "08:00-09:00"), "mon,sun 08:00-09:00"),
        (" sat 22:00-04:00 ;; sun 00:00-24:00; ", "sat 22:00-04:00; sun 00:00-24:00"),
    ],
)
def test_a_schedule_has_one_way_to_be_written(text: str, written: str) -> None:
    assert write_schedule(parse_schedule(text)) == written
    assert write_schedule(parse_schedule(written)) == written


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("", "at least one window", id="empty"),
        pytest.param(" ; ", "at least one window", id="separators only"),
        pytest.param("always", "can't be read", id="a word"),
        pytest.param("mon 8-18", "can't be read", id="no minutes"),
        pytest.param("08:00-18:00", "can't be read", id="no day"),
        pytest.param("foo 08:00-18:00", "no day 'foo'", id="no such day"),
        pytest.param("mon-foo 08:00-18:00", "no day 'mon-foo'", id="no such last day"),
        pytest.param("mon 08:00-24:01", "no clock shows", id="after midnight"),
        pytest.param("mon 24:00-24:00", "no clock shows", id="begins at the end"),
        pytest.param("mon 08:61-09:00", "no clock shows", id="too many minutes"),
        pytest.param(";".join(["mon 08:00-09:00"] * 15), "at most 14", id="too many windows"),
    ],
)
def test_a_bad_schedule_says_what_is_wrong(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parse_schedule(text)
