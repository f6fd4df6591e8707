from __future__ import annotations

import pytest

from platewatch.plates.lost_letters import doubts_about, less_one_letter


@pytest.mark.parametrize(
    ("key", "doubts"),
    [
        ("GAB123", ["it may have been GÖAB123, GÜAB123"]),
        ("MAB123", ["it may have been MÜAB123"]),
        ("1234", ["it has no letter"]),
        ("ML5", ["it has fewer than 4 characters", "it may have been MÜL5"]),
        ("B*", ["it has fewer than 4 characters"]),
        ("KA1234AA", []),
        ("WOB12CD", []),
    ],
)
def test_doubts_name_why_a_letter_may_be_missing(key: str, doubts: list[str]) -> None:
    assert doubts_about(key) == doubts


def test_less_one_letter_leaves_digits_in() -> None:
    assert less_one_letter("GO12") == {"O12", "G12"}
