"""What the built-in layouts say about the world: which regions there are, and what is issued where."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from platewatch_training.synthesis.layouts import BUILT_IN, Layout, load_flags, load_layouts
from platewatch_training.synthesis.typefaces import load_typeface, typeface_names

LAYOUTS = {layout.name: layout for layout in load_layouts()}
SAMPLES_PER_LAYOUT = 40
# The narrowest a character of a plate is, against its height (motorcycles with many characters).
NARROWEST = 0.25
LONGEST_READ = 12

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


def test_every_flag_that_comes_with_the_package_is_used() -> None:
    assert set(load_flags().values()) == set().union(*(layout.flags for layout in LAYOUTS.values()))


def test_every_built_in_file_stays_readable() -> None:
    longest = {file.name: max(map(len, file.read_text("utf-8").splitlines())) for file in BUILT_IN.glob("*.yaml")}

    assert {name for name, length in longest.items() if length > 420} == set()


def test_every_typeface_of_a_layout_is_there() -> None:
    named = set().union(*(layout.typefaces for layout in LAYOUTS.values()))

    assert named - set(typeface_names()) == set()


@pytest.mark.usefixtures("fonts")
@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS.keys())
def test_every_typeface_of_a_layout_can_draw_what_its_patterns_write(layout: Layout) -> None:
    rng = np.random.default_rng(11)
    drawn = set("".join(row for _ in range(SAMPLES_PER_LAYOUT * 5) for row in layout.sample(rng).rows)) - set(" _")

    assert {name for name in layout.typefaces if not drawn <= load_typeface(name).characters} == set()
