from __future__ import annotations

import random

import pytest

from platewatch.plates.matching import edit_distance
from platewatch.watchlists.variants import PATTERN_KEY, variant_keys

SIGNS = "ABIOSZ0125"


def nearby(plate: str, edits: int, chance: random.Random) -> str:
    """The plate with that many characters replaced, inserted or deleted."""
    signs = list(plate)
    for _ in range(edits):
        place = chance.randrange(len(signs))
        kind = chance.choice(("replace", "insert", "delete"))
        if kind == "replace":
            signs[place] = chance.choice(SIGNS)
        elif kind == "insert":
            signs.insert(place, chance.choice(SIGNS))
        elif len(signs) > 1:
            del signs[place]
    return "".join(signs)


@pytest.mark.parametrize("tolerance", [0, 1, 2])
def test_plates_within_the_tolerance_always_meet(tolerance: int) -> None:
    chance = random.Random(5)
    for _ in range(400):
        plate = "".join(chance.choices(SIGNS, k=chance.randint(4, 9)))
        other = nearby(plate, tolerance, chance)
        assert edit_distance(plate, other) <= tolerance
        assert variant_keys(plate, tolerance) & variant_keys(other, tolerance)


def test_look_alikes_meet_whatever_their_number() -> None:
    assert variant_keys("BOSS1", 1) & variant_keys("80551", 1)


def test_an_entry_is_found_by_a_text_with_more_keys() -> None:
    assert variant_keys("ABC123", 1) & variant_keys("ABC124", 2)


def test_different_plates_rarely_meet() -> None:
    chance = random.Random(9)
    plates = ["".join(chance.choices("ACEFHJKMNPRTUWXY3479", k=7)) for _ in range(300)]
    keys = [variant_keys(plate, 1) for plate in plates]
    met = sum(bool(keys[a] & keys[b]) for a in range(300) for b in range(a))
    assert met == 0


def test_the_number_of_keys_is_what_the_table_can_hold() -> None:
    assert len(variant_keys("ACEFHJK", 1)) == 8
    assert len(variant_keys("ACEFHJK", 2)) == 29
    assert PATTERN_KEY not in variant_keys("ACEFHJK", 2)


def test_keys_are_the_same_in_every_process_and_fit_into_the_column() -> None:
    assert sorted(variant_keys("AB1", 0)) == [5096089326707788671]
    assert all(-(2**63) <= key < 2**63 for key in variant_keys("ACEFHJKMNP", 2))
