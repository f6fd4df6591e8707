import re
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from platewatch_training.synthesis.layouts import (
    BUILT_IN,
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
    pick,
)
from platewatch_training.synthesis.typefaces import typeface_names

LAYOUTS = {layout.name: layout for layout in load_layouts()}
SAMPLES_PER_LAYOUT = 40
# The narrowest a character of a plate is, against its height (motorcycles with many characters).
NARROWEST = 0.25
LONGEST_READ = 12

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

US_STATES = (
    "al ak az ar ca co ct de dc fl ga hi id il in ia ks ky la me md ma mi mn ms mo mt ne nv nh nj nm ny nc nd oh ok or "
    "pa ri sc sd tn tx ut vt va wa wv wi wy"
)
CANADA = "on qc bc ab mb sk ns nb nl pe"
AUSTRALIA = "nsw vic qld wa sa tas act nt"
EUROPE = (
    "at be bg hr cy cz dk ee fi fr de gr hu ie it lv lt lu mt nl pl pt ro sk si es se is li no ch gb ua ru by md rs ba "
    "mk al xk me ge am az tr"
)
WORLD = (
    "br ar uy py cl co pe ec bo ve mx in pk cn hk id my sg ph vn jp kr kz uz il tn ma dz ng ke gh tz ug zm zw bw na sa "
    "qa kw om bh jo lb nz"
)


def _write(folder: Path, content: str, name: str = "anywhere.yaml") -> Path:
    (folder / name).write_text(content, "utf-8")
    return folder


def _problems(folder: Path) -> str:
    with pytest.raises(LayoutError) as caught:
        load_layouts(folder)
    return str(caught.value)


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS.keys())
def test_the_numbers_of_a_layout_fit_its_own_grammar_and_the_readers_limits(layout: Layout) -> None:
    rng = np.random.default_rng(3)

    numbers = [layout.sample(rng) for _ in range(SAMPLES_PER_LAYOUT)]

    assert all(layout.matches(number.text) for number in numbers)
    assert all(0 < len(number.text) <= LONGEST_READ for number in numbers)
    assert all(len(number.rows) == len(layout.rows) for number in numbers)
    assert all(number.region.split("-")[0] == layout.region.split("-")[0] or layout.regions for number in numbers)


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS.keys())
def test_the_longest_number_of_a_layout_can_be_drawn_between_its_bands(layout: Layout) -> None:
    left, _, right, _ = layout.free_mm

    for row, grammar in zip(layout.rows, layout.grammars, strict=True):
        assert grammar.longest_text * row.height_mm * NARROWEST < right - left


@pytest.mark.parametrize(
    ("prefix", "states"),
    [
        pytest.param("us-", US_STATES, id="US states"),
        pytest.param("ca-", CANADA, id="Canadian provinces"),
        pytest.param("au-", AUSTRALIA, id="Australian states"),
        pytest.param("", EUROPE, id="Europe"),
        pytest.param("", WORLD, id="the world"),
        pytest.param("ae-", "du az sh aj rk fu uq", id="emirates"),
        pytest.param("za-", "gp wc nl ec", id="South African provinces"),
        pytest.param("in-", "mh dl ka tn gj up rj hr kl ap ts wb", id="Indian states"),
    ],
)
def test_every_wanted_region_is_there(prefix: str, states: str) -> None:
    regions = {layout.region for layout in LAYOUTS.values()}
    regions |= {region for layout in LAYOUTS.values() for region in layout.regions.values()}

    assert {prefix + state for state in states.split()} - regions == set()


def test_every_us_state_has_a_current_and_an_older_issue() -> None:
    assert {f"us-{state}{age}" for state in US_STATES.split() for age in ("", "-older")} <= LAYOUTS.keys()


@pytest.mark.parametrize("country", ["de", "fr", "it", "es", "gb", "in", "br", "cn", "vn", "id"])
def test_the_large_countries_have_plates_of_two_rows(country: str) -> None:
    rows = [len(layout.rows) for layout in LAYOUTS.values() if layout.region == country]

    assert {1, 2} <= set(rows)


def test_the_mix_leans_to_where_the_cars_are_and_leaves_room_for_the_rest() -> None:
    shares: Counter[str] = Counter()
    for layout in LAYOUTS.values():
        shares[layout.region[:2]] += layout.weight  # type: ignore[assignment]  # counts that are no integers
    whole = sum(shares.values())

    assert 0.15 < shares["us"] / whole < 0.25
    assert all(0.04 < shares[country] / whole < 0.12 for country in ("br", "in", "cn", "gb"))
    assert 0.25 < sum(shares[country] for country in EUROPE.split() if country != "gb") / whole < 0.4
    assert len(shares) > 100


@pytest.mark.parametrize(
    ("region", "text"),
    [
        ("de", "HHAB1234"),
        ("de", "BX7E"),
        ("fr", "AB123CD"),
        ("fr", "1234AB75"),
        ("nl", "12ABC3".replace("A", "R").replace("C", "T")),
        ("be", "1ABC123"),
        ("at", "W12345A"),
        ("ch", "ZH123456"),
        ("li", "FL12345"),
        ("it", "AB123CD"),
        ("es", "1234BCD"),
        ("pt", "12AB34"),
        ("gr", "ABE1234"),
        ("pl", "WA12345"),
        ("pl", "KR1AC23"),
        ("cz", "1AB2345"),
        ("sk", "BA123AB"),
        ("hu", "ABC123"),
        ("hu", "AAAB123"),
        ("si", "LJAB123"),
        ("hr", "ZG1234AB"),
        ("ro", "B123ABC"),
        ("ro", "CJ12ABC"),
        ("bg", "CA1234AB"),
        ("rs", "BG1234AB"),
        ("ba", "A12J345"),
        ("se", "ABC12D"),
        ("fi", "ABC123"),
        ("dk", "AB12345"),
        ("no", "EL12345"),
        ("ie", "191D12345"),
        ("lu", "AB1234"),
        ("gb", "AB12CDE"),
        ("gb", "K123ABC"),
        ("gb", "ABC123A"),
        ("gb", "AIZ1234"),
        ("ua", "AA1234BB"),
        ("ru", "A123BC777"),
        ("tr", "34ABC123"),
        ("by", "1234AB7"),
        ("ge", "AB123CD"),
        ("kz", "123ABC02"),
        ("us-ca", "7ABC123"),
        ("us-tx", "BCD1234"),
        ("us-ny", "JAB1234"),
        ("us-fl", "ABCD12"),
        ("ca-on", "CABC123"),
        ("ca-qc", "A12BCD"),
        ("mx", "ABC123D"),
        ("br", "ABC1D23"),
        ("br", "ABC1234"),
        ("ar", "AB123CD"),
        ("ar", "ABC123"),
        ("cl", "BCDF12"),
        ("co", "ABC123"),
        ("in", "MH12AB1234"),
        ("in", "DL3CAB1234"),
        ("in", "22BH1234AA"),
        ("cn", "京A12345"),
        ("cn", "粤BD12345"),
        ("cn", "沪A1234学"),
        ("hk", "AB1234"),
        ("id", "B1234XYZ"),
        ("my", "WXY1234"),
        ("sg", "SBA1234G"),
        ("vn", "30A12345"),
        ("il", "12345678"),
        ("tn", "1234567"),
        ("za-gp", "BC12DFGP"),
        ("ng", "ABC123DE"),
        ("ke", "KDA123B"),
        ("sa", "1234ABD"),
        ("ae-du", "A12345"),
        ("au-nsw", "AB12CD"),
        ("au-vic", "1AB2CD"),
        ("nz", "ABC123"),
    ],
)
def test_a_number_of_a_country_is_known_there(region: str, text: str) -> None:
    assert any(layout.matches(text) for layout in LAYOUTS.values() if layout.region == region)


@pytest.mark.parametrize(
    ("name", "text", "why"),
    [
        ("de-car", "QX1234", "no such district"),
        ("de-car", "HHAB0123", "a leading zero"),
        ("fr-car", "AI123BC", "I is not used"),
        ("it-car", "AO123BC", "O is not used"),
        ("es-car", "1234ABC", "vowels are not used"),
        ("nl-car", "12AEB3", "vowels are not used"),
        ("gb-plain", "QA12BCD", "no such tag"),
        ("gb-plain", "AB27CDE", "not issued yet"),
        ("ru-car", "D123BC77", "only letters that look Cyrillic"),
        ("br-grey", "ABC1D23", "that is the Mercosur form"),
        ("br-grey", "ZZZ1234", "never issued"),
        ("br-mercosur", "ABC1234", "that is the older form"),
        ("in-hsrp", "XX12AB1234", "no such state"),
        ("in-hsrp", "MH12AO1234", "O is not used"),
        ("cn-blue", "粤A1234", "too short"),
        ("cn-blue", "粤AD12345", "that is a green plate"),
        ("cn-blue", "A12345", "without a province"),
        ("tr-car", "82ABC123", "81 provinces"),
        ("us-tx", "ABCDEFGH", "longer than a vanity plate"),
        ("se-car", "ABC1D3", "the letter stands last"),
        ("tn-car", "0121234", "a leading zero"),
    ],
)
def test_what_a_country_does_not_issue_is_not_known(name: str, text: str, why: str) -> None:
    assert not LAYOUTS[name].matches(text), why


@pytest.mark.parametrize(
    ("name", "text", "region"),
    [
        ("in-car", "MH12AB1234", "in-mh"),
        ("in-car", "OR02AB1234", "in-od"),
        ("in-car", "22BH1234AA", "in"),
        ("ch-car-front", "FL1234", "li"),
        ("ch-car-front", "ZH1234", "ch"),
        ("us-ca", "7ABC123", "us-ca"),
    ],
)
def test_the_number_tells_the_region_where_it_can(name: str, text: str, region: str) -> None:
    assert LAYOUTS[name].region_of(text) == region


def test_a_longer_beginning_wins_over_a_shorter_one(tmp_path: Path) -> None:
    folder = _write(tmp_path, ENTRY + "  regions: {A: xx-a, AB: xx-ab}\n")
    layout = load_layouts(folder)[-1]

    assert [layout.region_of(text) for text in ("ABC123", "ACB123", "XYZ123")] == ["xx-ab", "xx-a", "xx"]


def test_layouts_are_picked_as_often_as_their_weights_say(tmp_path: Path) -> None:
    second = ENTRY.replace("xx-car", "xx-van") + "  weight: 3\n"
    layouts = load_layouts(_write(tmp_path, ENTRY + second))[-2:]
    rng = np.random.default_rng(5)

    counts = Counter(pick(layouts, rng).name for _ in range(1000))

    assert counts["xx-van"] / 1000 == pytest.approx(0.75, abs=0.05)


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

    assert load_layouts(tmp_path)[-1].flags == {"atlantis"}
    assert load_flags(tmp_path)["atlantis"].colors == ("#0000ff", "#ffffff")
    assert load_flags(tmp_path).keys() - load_flags().keys() == {"atlantis"}


def test_a_flag_that_can_not_be_used_is_named(tmp_path: Path) -> None:
    _write(tmp_path, "atlantis: {stripes: diagonal, colors: []}", "flags.yaml")

    message = _problems(_write(tmp_path, ENTRY))

    assert "flags.yaml" in message
    assert "atlantis.stripes" in message
    assert "atlantis.colors" in message


def test_every_flag_that_comes_with_the_package_is_used() -> None:
    assert load_flags().keys() == set().union(*(layout.flags for layout in LAYOUTS.values()))


def test_every_built_in_file_stays_readable() -> None:
    longest = {file.name: max(map(len, file.read_text("utf-8").splitlines())) for file in BUILT_IN.glob("*.yaml")}

    assert {name for name, length in longest.items() if length > 420} == set()


def test_the_examples_of_the_documentation_can_be_loaded(tmp_path: Path) -> None:
    documentation = Path(__file__).parents[3] / "docs" / "layouts.md"
    examples = re.findall(r"```yaml\n(.*?)```", documentation.read_text("utf-8"), re.DOTALL)

    loaded = []
    for number, example in enumerate(examples):
        folder = tmp_path / str(number)
        folder.mkdir()
        loaded += [layout.name for layout in load_layouts(_write(folder, example)) if layout.region == "xa"]

    assert loaded == ["xa-car", "xa-car", "xa-taxi"]


def test_the_documentation_explains_every_field() -> None:
    documentation = (Path(__file__).parents[3] / "docs" / "layouts.md").read_text("utf-8")
    fields = {
        field for kind in (Layout, Row, Band, Mark, Caption, Border, ColorScheme, Flag) for field in kind.model_fields
    }

    assert {field for field in fields if f"`{field}`" not in documentation} == set()


def test_every_typeface_of_a_layout_is_there() -> None:
    named = set().union(*(layout.typefaces for layout in LAYOUTS.values()))

    assert named - set(typeface_names()) == set()
