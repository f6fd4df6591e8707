from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from platewatch.visits.stays import Pass, PassDirection, Stay, derive, look_alike
from tests.visits.passes import at, numbered, pass_lists, passes, written

SAME_PASS = st.integers(0, 5).map(lambda minutes: timedelta(minutes=minutes))


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        pytest.param([], [], id="nobody"),
        pytest.param(["in AB10 0"], ["open AB10 0- ()"], id="an entry opens"),
        pytest.param(["in AB10 0", "out AB10 5"], ["closed AB10 0-5 (5)"], id="an exit closes"),
        pytest.param(["out AB10 5"], ["missed_entry AB10 -5 (5)"], id="an exit alone"),
        pytest.param(
            ["in AB10 0", "in AB10 5"],
            ["missed_exit AB10 0- (5)", "open AB10 5- ()"],
            id="a second entry ends the first visit",
        ),
        pytest.param(
            ["in AB10 0", "in AB10 5", "out AB10 9", "out AB10 12"],
            ["closed AB10 5-9 (9)", "missed_entry AB10 -12 (12)", "missed_exit AB10 0- (5)"],
            id="each exit closes one",
        ),
        pytest.param(
            ["out AB10 5", "in AB10 0"], ["closed AB10 0-5 (5)"], id="the time counts, not the order of arrival"
        ),
        pytest.param(["in AB1O 0", "out AB10 5"], ["closed AB1O 0-5 (5)"], id="an exit that looks alike"),
        pytest.param(
            ["in AB1O 0", "in AB10 1", "out AB10 5"],
            ["closed AB10 1-5 (5)", "open AB1O 0- ()"],
            id="the very same plate before one that looks alike",
        ),
        pytest.param(
            ["in A8IO 0", "in ABIO 1", "out AB10 5"],
            ["closed ABIO 1-5 (5)", "open A8IO 0- ()"],
            id="three characters apart is too far",
        ),
        pytest.param(
            ["in ABIO 0", "in AB1O 1", "out AB10 5"],
            ["closed AB1O 1-5 (5)", "open ABIO 0- ()"],
            id="the nearest of those that look alike",
        ),
        pytest.param(
            ["in AB1O 1", "in A810 0", "out AB10 5"],
            ["closed A810 0-5 (5)", "open AB1O 1- ()"],
            id="of equally near ones the longest inside",
        ),
        pytest.param(
            ["in AB1O 0", "in AB10 5"],
            ["open AB10 5- ()", "open AB1O 0- ()"],
            id="two entries that look alike are two vehicles",
        ),
        pytest.param(
            ["in AB10 0", "in AB10 0", "out AB10 5", "out AB10 5"],
            ["closed AB10 0-5 (5)"],
            id="twice in one instant is once",
        ),
        pytest.param(["out AB10 3", "in AB10 3"], ["closed AB10 3-3 (3)"], id="in before out in one instant"),
        pytest.param(["in? AB10 0"], [], id="unsure entry opens nothing"),
        pytest.param(["out? AB10 0"], [], id="unsure exit alone"),
        pytest.param(["in AB10 0", "in? AB10 5"], ["open AB10 0- ()"], id="unsure entry ends nothing"),
        pytest.param(["in AB10 0", "out? AB10 5"], ["closed AB10 0-5 (5)"], id="unsure exit closes its visit"),
        pytest.param(["in AB1O 0", "out? AB10 5"], ["closed AB1O 0-5 (5)"], id="unsure exit that looks alike"),
        pytest.param(["in? AB10 0", "out AB10 5"], ["missed_entry AB10 -5 (5)"], id="exit after an unsure entry"),
    ],
)
def test_passes_make_visits(lines: list[str], expected: list[str]) -> None:
    assert written(derive(passes(*lines))) == expected


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        pytest.param(["in AB10 0", "in AB10 2"], ["open AB10 0- ()"], id="entering seen twice"),
        pytest.param(["in AB10 0", "in AB1O 1"], ["open AB10 0- ()"], id="the second camera read it otherwise"),
        pytest.param(["in AB10 0", "in AB10 3"], ["missed_exit AB10 0- (3)", "open AB10 3- ()"], id="too late"),
        pytest.param(["in AB10 0", "out AB10 8", "out AB10 9"], ["closed AB10 0-8 (8)"], id="leaving seen twice"),
        pytest.param(["out AB10 8", "out AB1O 10"], ["missed_entry AB10 -8 (8)"], id="an exit alone, seen twice"),
        pytest.param(
            ["in AB10 0", "in AB1O 4", "out AB1O 8", "out AB10 9"],
            ["closed AB10 0-9 (9)", "closed AB1O 4-8 (8)"],
            id="another vehicle right behind is no repetition",
        ),
        pytest.param(
            ["in AB10 0", "out AB10 8", "out AB10 11"],
            ["closed AB10 0-8 (8)", "missed_entry AB10 -11 (11)"],
            id="leaving again later",
        ),
    ],
)
def test_within_two_minutes_one_pass_is_seen_twice(lines: list[str], expected: list[str]) -> None:
    assert written(derive(passes(*lines), same_pass=timedelta(minutes=2))) == expected


@given(pass_lists(), st.randoms(), SAME_PASS)
def test_the_order_of_arrival_makes_no_difference(
    given_passes: list[Pass], chance: st.DataObject, same_pass: timedelta
) -> None:
    shuffled = list(given_passes)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    assert written(derive(numbered(shuffled), same_pass=same_pass)) == written(
        derive(given_passes, same_pass=same_pass)
    )


@given(pass_lists(), st.integers(0, 21), SAME_PASS)
def test_going_on_from_what_was_known_gives_the_same_as_beginning_again(
    given_passes: list[Pass], minute: int, same_pass: timedelta
) -> None:
    since = at(minute)
    earlier = derive([one for one in given_passes if one.passed_at < since], same_pass=same_pass)
    settled = [stay for stay in earlier if stay.ended_at is not None and stay.ended_at < since - same_pass]
    carried = [stay for stay in earlier if stay not in settled]
    later = [one for one in given_passes if one.passed_at >= since]
    again = settled + derive(later, carried, same_pass=same_pass)
    assert written(again) == written(derive(given_passes, same_pass=same_pass))


@given(pass_lists(), st.integers(0, 21))
def test_reopening_gives_what_was_known_before(given_passes: list[Pass], minute: int) -> None:
    since = at(minute)
    before = derive([one for one in given_passes if one.passed_at < since])
    whole = [stay for stay in derive(given_passes) if stay.first.passed_at < since]
    assert written([stay.reopened_at(since) for stay in whole]) == written(before)


@given(pass_lists())
def test_every_exit_ends_one_visit_and_nobody_is_inside_twice(given_passes: list[Pass]) -> None:
    stays = derive(given_passes)
    exits = [stay.exit.id for stay in stays if stay.exit]
    entries = [stay.entry.id for stay in stays if stay.entry]
    inside = [stay.first.plate for stay in stays if stay.is_open]
    assert len(set(exits)) == len(exits)
    assert len(set(entries)) == len(entries)
    assert len(set(inside)) == len(inside)
    assert all(stay.first.passed_at <= stay.ended_at for stay in stays if stay.ended_at is not None)


def test_what_is_carried_over_comes_first_and_stays() -> None:
    entry, later = passes("in AB10 0", "in XY77 3")
    assert derive([later], [Stay(entry)]) == [Stay(entry), Stay(later)]


@pytest.mark.parametrize(
    ("a", "b", "alike"),
    [
        ("AB10", "AB10", True),
        ("AB10", "AB1O", True),
        ("A810", "AB1O", True),
        ("A81O", "ABI0", False),
        ("AB10", "AB17", False),
        ("AB10", "AB1", False),
        ("", "", True),
    ],
)
def test_plates_look_alike_if_few_characters_do(a: str, b: str, alike: bool) -> None:
    assert look_alike(a, b) is alike
    assert look_alike(b, a) is alike


def test_directions_sort_as_the_derivation_needs_them() -> None:
    assert sorted(PassDirection) == [PassDirection.ENTERING, PassDirection.LEAVING]
