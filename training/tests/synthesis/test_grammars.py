from __future__ import annotations

import re
from operator import attrgetter
from pathlib import Path
from string import ascii_uppercase
from typing import Any

import numpy as np
import pytest
import yaml
from typer.testing import CliRunner

from platewatch.plates.grammars import GRAMMARS_FILE
from platewatch_training.cli import app
from platewatch_training.synthesis.grammars import region_grammars, to_yaml
from platewatch_training.synthesis.layouts import Layout, load_layouts

LAYOUTS = {layout.name: layout for layout in load_layouts()}
GRAMMARS = region_grammars(LAYOUTS.values())

ENTRY: dict[str, Any] = {
    "name": "xx-car",
    "region": "xx",
    "title": "Anywhere",
    "source": "the traffic act of Anywhere",
    "size_mm": [520, 110],
    "typefaces": {"din-1451": 1},
    "colors": [{"background": "#ffffff", "ink": "#000000"}],
}


def _layout(*patterns: str | dict[str, float], letters: str = ascii_uppercase, **fields: Any) -> Layout:
    rows = [{"pattern": pattern, "height_mm": 40, "letters": letters} for pattern in patterns]
    return Layout.model_validate(ENTRY | {"rows": rows} | fields)


def test_the_file_that_the_reader_uses_is_what_the_layouts_give() -> None:
    assert GRAMMARS_FILE.read_text("utf-8") == to_yaml(GRAMMARS), "write it anew: platewatch-train grammars FILE"


def test_no_layouts_give_no_grammars() -> None:
    assert region_grammars([]) == {}
    assert yaml.safe_load(to_yaml({})) == {}


@pytest.mark.parametrize(
    ("layouts", "expected"),
    [
        pytest.param(
            [_layout("[A-Z]{2}-[0-9]{3}", name="xx-a")], {"[A-Z]{2}[0-9]{3}": 1.0}, id="separators are left out"
        ),
        pytest.param([_layout("[A-Z]{2}", "[0-9]{4}")], {"[A-Z]{2}[0-9]{4}": 1.0}, id="rows are joined"),
        pytest.param(
            [_layout({"A[0-9]": 3, "B[0-9]": 1}, {"[1-4]": 1, "[5-8]": 1})],
            {"A[0-9][1-4]": 0.375, "A[0-9][5-8]": 0.375, "B[0-9][1-4]": 0.125, "B[0-9][5-8]": 0.125},
            id="patterns of several rows are combined",
        ),
        pytest.param(
            [_layout({"[A-Z][0-9]": 9, "[A-Z0-9]{2,7}": 1, "[A-Z]{3,6}": 1})],
            {"[A-Z][0-9]": 1.0},
            id="what owners choose is left out",
        ),
        pytest.param(
            [_layout("[A-Z][0-9]", letters="ABCDEABCDEABCDEZ")],
            {"[A-E][0-9]": 1.0},
            id="rare letters are left out",
        ),
        pytest.param(
            [_layout("[A-Z][0-9]", weight=3), _layout("[A-Z] [0-9]", name="xx-b", weight=1)],
            {"[A-Z][0-9]": 1.0},
            id="layouts with the same texts count together",
        ),
        pytest.param(
            [_layout("A[0-9]", weight=1), _layout("B[0-9]", name="xx-b", weight=3)],
            {"B[0-9]": 0.75, "A[0-9]": 0.25},
            id="by the weights of layouts",
        ),
        pytest.param([_layout("{area}[0-9]", words={"area": "B*9 HH H"})], {"(?:B|HH?)[0-9]": 1.0}, id="word lists"),
    ],
)
def test_a_regions_grammars_are_what_its_layouts_issue(layouts: list[Layout], expected: dict[str, float]) -> None:
    found = region_grammars(layouts)

    assert found == {"xx": pytest.approx(expected)}
    assert list(found["xx"].values()) == sorted(expected.values(), reverse=True)


def test_a_region_where_owners_choose_every_text_has_no_grammar() -> None:
    assert region_grammars([_layout("[A-Z0-9]{2,7}")]) == {}


@pytest.mark.parametrize(
    "layout", [one for one in LAYOUTS.values() if "chosen" not in one.name], ids=attrgetter("name")
)
def test_most_numbers_of_a_layout_are_built_like_its_regions_plates(layout: Layout) -> None:
    rng = np.random.default_rng(5)
    known = re.compile("|".join(f"(?:{expression})" for expression in GRAMMARS[layout.region]))
    texts = [layout.sample(rng).text for _ in range(60)]

    # What owners choose and rare letters are left out; no layout has more than half of these.
    assert sum(known.fullmatch(text) is not None for text in texts) > 30
    assert all(layout.matches(text) for text in texts)


def test_the_command_writes_the_grammars_with_those_of_further_layouts(tmp_path: Path) -> None:
    further = tmp_path / "layouts"
    further.mkdir()
    entry = ENTRY | {"rows": [{"pattern": "Q[0-9]{3}", "height_mm": 75}]}
    (further / "anywhere.yaml").write_text(yaml.safe_dump([entry]), "utf-8")

    done = CliRunner().invoke(app, ["grammars", str(tmp_path / "found.yaml"), "--layouts", str(further)])

    assert done.exit_code == 0, done.output
    written = yaml.safe_load((tmp_path / "found.yaml").read_text("utf-8"))
    assert written["xx"] == [[1.0, "Q[0-9]{3}"]]
    assert set(written) == {*GRAMMARS, "xx"}
