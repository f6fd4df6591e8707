from __future__ import annotations

import string
from pathlib import Path

import numpy as np
import pytest
import yaml

from platewatch_training.synthesis.typefaces import (
    TypefaceError,
    catalog,
    load_typeface,
    missing_packages,
    typeface_names,
)
from platewatch_training.synthesis.typefaces.catalog import FontList, read_typeface
from platewatch_training.synthesis.typefaces.typeface import Typeface

DRAWN = [
    "argentina",
    "austria",
    "belgium",
    "bulgaria",
    "charles-wright",
    "china",
    "czechia",
    "denmark",
    "din-1451",
    "eu-round",
    "fe-schrift",
    "finland",
    "france",
    "greece",
    "india-sans",
    "italy",
    "mandatory-br",
    "mandatory-br-flagged",
    "netherlands",
    "norway",
    "poland",
    "russia",
    "spain",
    "square-wide",
    "sweden",
    "switzerland",
    "us-die-california",
    "us-die-narrow",
    "us-die-virginia",
    "us-die-wide",
    "us-flat",
]
FOLDER = Path(catalog.__file__).parent
CHARACTERS = string.ascii_uppercase + string.digits
LOOK_ALIKES = ["0D", "0Q", "OD", "OQ", "1I", "2Z", "5S", "8B", "6G", "4A", "7T", "MW", "EF", "PR", "CG", "UV"]
BARE_STROKE_ROOM = 10
"""Some plates set bare strokes with room on both sides; per cent of the height."""
SAME_ON_PURPOSE = {
    "charles-wright": {"1I"},
    "china": {"1I"},
    "finland": {"1I"},
    "mandatory-br": {"1I"},
    "mandatory-br-flagged": {"1I"},
}
"""Typefaces whose pairs are one shape on real plates too."""


def difference(typeface: Typeface, pair: str) -> float:
    """The share of ink that two glyphs of a pair do not have in common, laid over each other by their middles."""
    first, second = (typeface.glyph_mask(character, 64) for character in pair)
    canvas = np.zeros((2, 96, 128))
    for at, mask in enumerate((first, second)):
        top, left = (96 - mask.shape[0]) // 2, (128 - mask.shape[1]) // 2
        canvas[at, top : top + mask.shape[0], left : left + mask.shape[1]] = mask
    return float(np.abs(canvas[0] - canvas[1]).sum() / canvas.max(axis=0).sum())


def write(folder: Path, name: str, content: object) -> Path:
    path = folder / f"{name}.yaml"
    path.write_text(content if isinstance(content, str) else yaml.safe_dump(content), encoding="utf-8")
    return path


def typeface(**more: object) -> dict[str, object]:
    glyph = {"width": 20, "stroke": ["M 10 0 V 100"]}
    base = {"name": "bars", "source": "made up", "stroke": 20, "tracking": 10, "glyphs": {"I": glyph}}
    return {**base, **more}


def test_the_names_are_those_of_the_drawn_files_and_of_the_list_of_fonts() -> None:
    names = typeface_names()
    assert names == sorted(set(names))
    assert {path.stem for path in FOLDER.glob("*.yaml")} - {"debian", "separators"} == set(DRAWN)
    assert set(DRAWN) < set(names)
    assert {"roadgeek-c", "liberation-sans-narrow", "wqy-zenhei"} < set(names)


@pytest.mark.parametrize("name", DRAWN)
def test_a_drawn_typeface_has_every_letter_digit_and_separator(name: str) -> None:
    assert frozenset(CHARACTERS + "-·.:/'") <= load_typeface(name).characters


@pytest.mark.parametrize("name", DRAWN)
def test_glyphs_of_drawn_typefaces_stand_on_the_baseline_and_reach_the_top(name: str) -> None:
    face = load_typeface(name)
    for character in CHARACTERS:
        mask = face.glyph_mask(character, 100)
        rows = np.flatnonzero(mask.max(axis=1) > 0.5)
        columns = np.flatnonzero(mask.max(axis=0) > 0.5)
        assert mask.shape[0] == 100, character
        assert (rows[0], rows[-1]) == (pytest.approx(0, abs=2), pytest.approx(99, abs=2)), character
        room = BARE_STROKE_ROOM if character in "1I" else 4
        assert columns[0] <= room, character
        assert mask.shape[1] - 1 - columns[-1] <= room, character


@pytest.mark.parametrize("pair", LOOK_ALIKES)
@pytest.mark.parametrize("name", DRAWN)
def test_look_alikes_differ_as_much_as_on_real_plates(name: str, pair: str) -> None:
    told_apart = difference(load_typeface(name), pair)
    if pair in SAME_ON_PURPOSE.get(name, set()):
        assert told_apart < 0.02
    else:
        assert told_apart > 0.06


def test_a_typeface_takes_from_the_one_that_it_is_based_on_what_it_does_not_draw() -> None:
    flagged, plain = (load_typeface(name) for name in ("mandatory-br-flagged", "mandatory-br"))
    assert np.array_equal(flagged.glyph_mask("K", 64), plain.glyph_mask("K", 64))
    assert flagged.glyph_mask("1", 64).shape[1] > 1.5 * plain.glyph_mask("1", 64).shape[1]


@pytest.mark.parametrize("base", ["nobody", "liberation-sans", "bars"], ids=["unknown", "a font file", "itself"])
def test_a_typeface_that_is_based_on_no_other_drawn_one_is_refused(tmp_path: Path, base: str) -> None:
    with pytest.raises(TypefaceError, match=rf"bars\.yaml: it is based on '{base}'"):
        read_typeface(write(tmp_path, "bars", typeface(based_on=base)))


def test_fe_schrift_keeps_forgers_from_turning_one_character_into_another() -> None:
    face = load_typeface("fe-schrift")
    assert difference(face, "0O") > 0.15
    six, nine = face.glyph_mask("6", 100), face.glyph_mask("9", 100)[::-1, ::-1]
    width = min(six.shape[1], nine.shape[1])
    assert np.abs(six[:, :width] - nine[:, :width]).mean() > 0.05
    zero = face.glyph_mask("0", 100)
    top_right, top_left = zero[:30, zero.shape[1] // 2 :], zero[:30, : zero.shape[1] // 2]
    assert top_right.sum() < 0.93 * top_left.sum()


@pytest.mark.parametrize("name", ["fe-schrift", "din-1451", "eu-round"])
def test_accents_stand_inside_the_capital_box(name: str) -> None:
    face = load_typeface(name)
    for accented, plain in zip("ÄÖÜČŠŽ", "AOUCSZ", strict=True):
        mask = face.glyph_mask(accented, 100)
        assert mask.shape[0] == 100
        assert mask[15:21].max() < 0.6, accented
        assert mask.shape == face.glyph_mask(plain, 100).shape


def test_chinese_characters_are_as_wide_as_a_cell() -> None:
    if "fonts-wqy-zenhei" in missing_packages():
        with pytest.raises(TypefaceError, match="apt-get install fonts-wqy-zenhei"):
            load_typeface("china").glyph_mask("京", 90)
        return
    mask = load_typeface("china").glyph_mask("京", 90)
    assert mask.shape == (90, 45)


@pytest.mark.parametrize("name", sorted(set(typeface_names()) - set(DRAWN)))
def test_a_font_file_can_be_drawn_or_names_its_package(name: str) -> None:
    try:
        face = load_typeface(name)
    except TypefaceError as error:
        assert any(f"apt-get install {package}" in str(error) for package in missing_packages())  # noqa: PT017
        return
    text = {"wqy-zenhei": "京A-1", "wqy-zenhei-captions": "品川서울", "dejavu-arabic": "تونس"}.get(name, "AB-12·Q")
    known = "".join(character for character in text if character in face.characters)
    assert len(known) >= 2
    assert face.line_mask(known, 40).max() == pytest.approx(1, abs=0.01)


def test_every_font_has_a_free_license_and_a_package() -> None:
    entries = FontList.model_validate(yaml.safe_load((FOLDER / "debian.yaml").read_text(encoding="utf-8"))).fonts
    assert len({entry.name for entry in entries}) == len(entries)
    for entry in entries:
        assert entry.package.startswith("fonts-")
        assert any(word in entry.license for word in ("OFL", "MIT", "Apache", "GPL-2", "AGPL-3", "Vera")), entry.name


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(TypefaceError, match=r"no typeface 'comic'.*fe-schrift"):
        load_typeface("comic")


def test_a_typeface_is_read_from_a_file(tmp_path: Path) -> None:
    face = read_typeface(write(tmp_path, "bars", typeface(monospace=30)))
    assert (face.name, face.source) == ("bars", "made up")
    assert face.tracking == pytest.approx(0.1)
    assert face.cell == pytest.approx(0.3)
    assert face.line_mask("I-I", 50).shape[0] == 50


@pytest.mark.parametrize(
    ("content", "words"),
    [
        pytest.param("glyphs: [", "bars.yaml is not YAML", id="not YAML"),
        pytest.param("", "bars.yaml: file:", id="empty file"),
        pytest.param(typeface(name="other"), "bars.yaml: the name 'other'", id="other name"),
        pytest.param(typeface(slant=3), "bars.yaml: slant: Extra inputs", id="unknown key"),
        pytest.param(typeface(glyphs={"I": {"width": 1}}), "bars.yaml: glyphs.I: .*`stroke`", id="glyph without ink"),
        pytest.param(
            typeface(glyphs={"I": {"width": 1, "stroke": ["X"]}}), "'I' of the typeface 'bars'", id="wrong path"
        ),
        pytest.param(
            typeface(fallback={"typeface": "none", "characters": "京", "width": 9}),
            "bars.yaml: the fallback 'none' is not in debian.yaml",
            id="unknown fallback",
        ),
    ],
)
def test_files_that_cannot_be_used_name_file_and_entry(tmp_path: Path, content: object, words: str) -> None:
    with pytest.raises(TypefaceError, match=words):
        read_typeface(write(tmp_path, "bars", content))
