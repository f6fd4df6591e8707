from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from platewatch_training.synthesis.layouts import (
    Band,
    Border,
    Caption,
    ColorScheme,
    Flag,
    Layout,
    LayoutError,
    Mark,
    Row,
    load_flags,
    load_layouts,
)

LAYOUTS = {layout.name: layout for layout in load_layouts()}
ENTRY = """
- name: xx-car
  region: xx
  title: Anywhere
  source: "the traffic act of Anywhere"
  size_mm: [520, 110]
  typefaces: {din-1451: 1}
  colors: [{background: "#ffffff", ink: "#000000"}]
  rows: [{pattern: "[A-Z]{3} [0-9]{3}", height_mm: 75}]
"""


def _write(folder: Path, content: str, name: str = "anywhere.yaml") -> Path:
    (folder / name).write_text(content, "utf-8")
    return folder


def _problems(folder: Path) -> str:
    with pytest.raises(LayoutError) as caught:
        load_layouts(folder)
    return str(caught.value)


def test_a_longer_beginning_wins_over_a_shorter_one(tmp_path: Path) -> None:
    folder = _write(tmp_path, ENTRY + "  regions: {A: xx-a, AB: xx-ab}\n")
    layout = load_layouts(folder)[-1]

    assert [layout.region_of(text) for text in ("ABC123", "ACB123", "XYZ123")] == ["xx-ab", "xx-a", "xx"]


def test_the_users_layouts_come_behind_the_built_in_ones(tmp_path: Path) -> None:
    names = [layout.name for layout in load_layouts(_write(tmp_path, ENTRY))]

    assert names == [*LAYOUTS, "xx-car"]


def test_a_users_layout_takes_the_place_of_a_built_in_one(tmp_path: Path) -> None:
    layouts = load_layouts(_write(tmp_path, ENTRY.replace("xx-car", "de-car")))

    titles = [layout.title for layout in layouts if layout.name == "de-car"]
    assert titles == ["Anywhere"]
    assert len(layouts) == len(LAYOUTS)


def test_what_many_layouts_share_is_written_once(tmp_path: Path) -> None:
    base = ENTRY.replace("- name: xx-car\n", "").replace("\n", "\n  ")
    folder = _write(
        tmp_path,
        f"shared:\n  base: &base{base}\nlayouts:\n- {{<<: *base, name: xx-one}}\n- {{<<: *base, name: xx-two}}\n",
    )

    assert [layout.name for layout in load_layouts(folder)[-2:]] == ["xx-one", "xx-two"]


def test_what_is_left_out_has_its_usual_value(tmp_path: Path) -> None:
    layout = load_layouts(_write(tmp_path, ENTRY))[-1]

    assert (layout.weight, layout.relief, layout.border, layout.bands, layout.marks) == (1, "embossed", None, (), ())
    assert layout.rows[0].pattern == {"[A-Z]{3} [0-9]{3}": 1}
    assert layout.rows[0].gap_mm == pytest.approx(0.27 * 75)
    assert layout.colors[0].background == ("#ffffff",)
    assert layout.free_mm == (0, 0, 520, 110)


def test_rows_with_places_of_their_own_may_stand_beside_each_other(tmp_path: Path) -> None:
    rows = """rows:
  - {pattern: "[A-Z]{3}", height_mm: 75, center_mm: [150, 55]}
  - {pattern: "[0-9]{2}", height_mm: 60, center_mm: [420, 45]}
"""
    layout = load_layouts(_write(tmp_path, ENTRY[: ENTRY.index("rows")] + rows))[-1]

    assert layout.matches("ABC12")
    assert not layout.matches("12ABC")


def test_bands_take_room_on_their_sides(tmp_path: Path) -> None:
    bands = ", ".join(
        f'{{side: {side}, width_mm: {width}, color: "#0000ff"}}'
        for side, width in (("left", 40), ("right", 30), ("top", 6), ("bottom", 5), ("left", 2))
    )
    layout = load_layouts(_write(tmp_path, ENTRY + f"  bands: [{bands}]\n"))[-1]

    assert layout.free_mm == (42, 6, 490, 105)


def test_a_band_along_a_part_of_its_side_leaves_the_other_rows_their_room(tmp_path: Path) -> None:
    band = '{side: left, width_mm: 40, color: "#0000ff", span_mm: [0, 55]}'
    layout = load_layouts(_write(tmp_path, ENTRY + f"  bands: [{band}]\n"))[-1]

    lefts = [layout.room_mm(top, bottom)[0] for top, bottom in ((10, 50), (50, 90), (55, 90))]
    assert lefts == [40, 40, 0]
    assert layout.free_mm == (0, 0, 520, 110)


def test_a_caption_is_one_of_its_texts_or_a_number_of_its_pattern(tmp_path: Path) -> None:
    captions = """  captions:
  - {text: [ONE, TWO], at_mm: [100, 20], height_mm: 9}
  - {pattern: "0[1-9]", at_mm: [300, 20], height_mm: 9}
"""
    words, number = load_layouts(_write(tmp_path, ENTRY + captions))[-1].captions
    rng = np.random.default_rng(1)

    assert {words.sample(rng) for _ in range(50)} == {"ONE", "TWO"}
    assert {number.sample(rng) for _ in range(200)} == {f"0{digit}" for digit in range(1, 10)}


@pytest.mark.parametrize(
    ("old", "new", "field", "problem"),
    [
        pytest.param("  title: Anywhere\n", "", "title", "required", id="a missing field"),
        pytest.param("size_mm", "size", "size", "not permitted", id="an unknown field"),
        pytest.param("region: xx", "region: Germany", "region", "match pattern", id="a region that is no code"),
        pytest.param("region: xx", "region: no", "region", "valid string", id="a code that YAML takes for false"),
        pytest.param("xx-car", "XX car", "name", "match pattern", id="a name with capitals"),
        pytest.param('"#ffffff"', '"white"', "colors.0.background.0", "match pattern", id="a color by name"),
        pytest.param("{din-1451: 1}", "{}", "typefaces", "at least 1", id="no typeface"),
        pytest.param("{din-1451: 1}", "{din-1451: 0}", "typefaces.din-1451", "greater than 0", id="weight zero"),
        pytest.param("height_mm: 75", "height_mm: -1", "rows.0.height_mm", "greater than 0", id="a negative height"),
        pytest.param("[520, 110]", "[520]", "size_mm", "required", id="half a size"),
        pytest.param("[A-Z]{3} ", "[A-Z]+ ", "", "position 5", id="a pattern that can't be used"),
        pytest.param("height_mm: 75", "height_mm: 150", "", "do not fit", id="a row that is higher than the plate"),
        pytest.param(
            "height_mm: 75", "height_mm: 75, center_mm: [260, 200]", "", "rows.0 at 260, 200", id="a row outside"
        ),
    ],
)
def test_an_entry_that_can_not_be_used_is_named_with_file_and_field(
    tmp_path: Path, old: str, new: str, field: str, problem: str
) -> None:
    assert ENTRY.count(old) == 1

    message = _problems(_write(tmp_path, ENTRY.replace("xx-car", "xx-van") + ENTRY.replace(old, new)))

    assert str(tmp_path / "anywhere.yaml") in message
    assert f"entry 2 ({'XX car' if old == 'xx-car' else 'xx-car'})" in message
    assert field in message
    assert problem in message


@pytest.mark.parametrize(
    ("extra", "problem"),
    [
        pytest.param(
            "marks: [{kind: seal, diameter_mm: 9, colors: ['#ffffff']}]", "exactly one of `at_mm`", id="nowhere"
        ),
        pytest.param(
            "marks: [{kind: seal, at_mm: [9, 9], after_gap: 1, diameter_mm: 9, colors: ['#ffffff']}]",
            "exactly one of `at_mm`",
            id="at two places",
        ),
        pytest.param("marks: [{kind: seal, after_gap: 1, colors: ['#ffffff']}]", "how large", id="without a size"),
        pytest.param("marks: [{kind: seal, after_gap: 1, diameter_mm: 9}]", "`colors` is missing", id="without colors"),
        pytest.param("marks: [{kind: flag, after_gap: 1, diameter_mm: 9}]", "names the flag", id="a flag without name"),
        pytest.param(
            "marks: [{kind: flag, flag: atlantis, after_gap: 1, diameter_mm: 9}]",
            "no flag 'atlantis'",
            id="an unknown flag",
        ),
        pytest.param(
            "bands: [{side: left, width_mm: 40, color: '#0000ff', flag: atlantis}]",
            "no flag 'atlantis'",
            id="on a band",
        ),
        pytest.param(
            "bands: [{side: left, width_mm: 40, color: '#0000ff', span_mm: [50, 120]}]",
            "no part of a side of 110 mm",
            id="a band longer than its side",
        ),
        pytest.param("bands: [{side: left, width_mm: 520, color: '#0000ff'}]", "do not fit", id="a band over all"),
        pytest.param(
            "marks: [{kind: seal, after_gap: 2, diameter_mm: 9, colors: ['#ffffff']}]",
            "1 gaps at most",
            id="no such gap",
        ),
        pytest.param(
            "captions: [{text: A, at_mm: [600, 9], height_mm: 9}]", "captions.0 at 600, 9", id="a caption outside"
        ),
        pytest.param("captions: [{at_mm: [9, 9], height_mm: 9}]", "what is written", id="a caption without text"),
        pytest.param("captions: [{pattern: 'a', at_mm: [9, 9], height_mm: 9}]", "position 0", id="a caption's pattern"),
        pytest.param("words: {town: 'B*'}", "is not a word", id="a word list that can't be used"),
    ],
)
def test_what_can_not_be_drawn_is_refused(tmp_path: Path, extra: str, problem: str) -> None:
    assert problem in _problems(_write(tmp_path, f"{ENTRY}  {extra}\n"))


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        pytest.param("", "list of layouts", id="empty"),
        pytest.param("name: xx-car", "list of layouts", id="one layout without a list"),
        pytest.param("shared: {}", "list of layouts", id="nothing but what is shared"),
        pytest.param("- [", "while parsing", id="no YAML"),
        pytest.param("- name: a\n  name: b\n", "line 2: 'name' stands here for the second time", id="a field twice"),
        pytest.param("- 7", "entry 1 (without a name)", id="an entry that is none"),
    ],
)
def test_a_file_that_is_no_list_of_layouts_is_refused(tmp_path: Path, content: str, problem: str) -> None:
    message = _problems(_write(tmp_path, content))

    assert "anywhere.yaml" in message
    assert problem in message


def test_a_name_can_be_used_only_once_in_a_folder(tmp_path: Path) -> None:
    _write(tmp_path, ENTRY, "b.yaml")

    assert "xx-car: another layout has this name" in _problems(_write(tmp_path, ENTRY, "c.yaml"))


def test_a_folder_without_layouts_is_refused(tmp_path: Path) -> None:
    assert "does not exist or holds no .yaml" in _problems(tmp_path)
    assert "does not exist or holds no .yaml" in _problems(tmp_path / "missing")


def test_a_user_can_add_a_flag(tmp_path: Path) -> None:
    _write(tmp_path, 'atlantis: {stripes: vertical, colors: ["#0000ff", "#ffffff"]}', "flags.yaml")
    _write(tmp_path, ENTRY + "  marks: [{kind: flag, flag: atlantis, after_gap: 1, diameter_mm: 9}]\n")

    assert load_layouts(tmp_path)[-1].flags == {load_flags(tmp_path)["atlantis"]}
    assert load_flags(tmp_path)["atlantis"].colors == ("#0000ff", "#ffffff")
    assert load_flags(tmp_path).keys() - load_flags().keys() == {"atlantis"}


def test_a_flag_that_can_not_be_used_is_named(tmp_path: Path) -> None:
    _write(tmp_path, "atlantis: {stripes: diagonal, colors: []}", "flags.yaml")

    message = _problems(_write(tmp_path, ENTRY))

    assert "flags.yaml" in message
    assert "atlantis.stripes" in message
    assert "atlantis.colors" in message


def test_the_examples_of_the_documentation_can_be_loaded(tmp_path: Path) -> None:
    documentation = Path(__file__).parents[3] / "docs" / "layouts.md"
    examples = re.findall(r"```yaml\n(.*?)```", documentation.read_text("utf-8"), re.DOTALL)

    loaded = []
    for number, example in enumerate(examples):
        folder = tmp_path / str(number)
        folder.mkdir()
        loaded += [layout.name for layout in load_layouts(_write(folder, example)) if layout.region == "xa"]

    assert loaded == ["xa-car", "xa-car", "xa-taxi"]


def test_the_program_of_the_documentation_prints_what_the_page_shows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (Path(__file__).parents[3] / "docs" / "layouts.md").read_text("utf-8")
    layout, program, printed = re.findall(
        r"```yaml\n(.*?)```.*?```python\n(.*?)```\n\nprints `(.*?)`", text, re.DOTALL
    )[0]
    (tmp_path / "my-layouts").mkdir()
    (tmp_path / "my-layouts" / "atlantis.yaml").write_text(layout, "utf-8")
    monkeypatch.chdir(tmp_path)

    exec(program, {})

    assert capsys.readouterr().out.strip() == printed


def test_the_documentation_explains_every_field() -> None:
    documentation = (Path(__file__).parents[3] / "docs" / "layouts.md").read_text("utf-8")
    fields = {
        field for kind in (Layout, Row, Band, Mark, Caption, Border, ColorScheme, Flag) for field in kind.model_fields
    }

    assert {field for field in fields if f"`{field}`" not in documentation} == set()
