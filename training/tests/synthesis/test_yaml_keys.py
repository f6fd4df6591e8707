from __future__ import annotations

import pytest
import yaml

from platewatch_training.synthesis.yaml_keys import repeated_keys


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("", [], id="empty"),
        pytest.param("a: 1\nb: 2", [], id="each once"),
        pytest.param("a: 1\nb: 2\na: 3", [(3, "a")], id="twice in the file"),
        pytest.param("a: {b: 1, b: 2}\nc: {b: 3}", [(1, "b")], id="twice in a mapping inside, once in another"),
        pytest.param("- {a: 1}\n- {a: 1,\n   a: 2}", [(3, "a")], id="in a list"),
    ],
)
def test_keys_that_stand_twice_in_one_mapping_are_reported_with_their_line(
    text: str, expected: list[tuple[int, str]]
) -> None:
    assert list(repeated_keys(yaml.compose(text))) == expected
