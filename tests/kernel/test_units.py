"""Units are read as people write them and proved by dimension."""

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from abate.kernel.errors import UsageError
from abate.kernel.units import (
    _words,
    ambiguous,
    dimension_of,
    in_units,
    nearest_units,
    quantity,
    read_unit,
    spelled,
)


@pytest.mark.parametrize(
    ("text", "canonical", "scale"),
    [
        ("kWh", "kWh", 1),
        ("MWh", "kWh", 1000),
        ("mwh", "kWh", 1000),
        ("度", "kWh", 1),
        ("万千瓦时", "kWh", 10_000),
        ("GJ", "kWh", 1000 / 3.6),
        ("kWh (Gross CV)", "kWh_gross", 1),
        ("kWh (net)", "kWh_net", 1),
        ("t", "kg", 1000),
        ("吨", "kg", 1000),
        ("L", "L", 1),
        ("m3", "L", 1000),
        ("立方米", "L", 1000),
        ("US gal", "L", 3.785411784),
        ("UK gal", "L", 4.54609),
        ("㎡", "m2", 1),
        ("CNY", "CNY", 1),
        ("百万元", "CNY", 1_000_000),
        ("USD2021", "USD2021", 1),
        ("吨公里", "tkm", 1),
        ("therm", "kWh", 105.5056 / 3.6),
        ("CCF", "L", 2831.6846592),
        ("Mcf", "L", 28316.846592),
        ("MMcf", "L", 28316846.592),
        ("Dth", "kWh", 1055.056 / 3.6),
        ("kBtu", "kWh", 1.055056 / 3.6),
        ("MMBtu", "kWh", 1055.056 / 3.6),
        ("cf", "L", 28.316846592),
        ("kL", "L", 1000),
        ("hL", "L", 100),
        ("bbl", "L", 158.987294928),
        ("lb", "kg", 0.45359237),
        ("lbs", "kg", 0.45359237),
        ("long ton", "kg", 1016.0469088),
        ("short tons", "kg", 907.18474),
        ("kcal", "kWh", 4186.8 / 3.6e6),
        ("Gcal", "kWh", 4186.8 / 3.6),
        ("toe", "kWh", 11630),
        ("Nm³", "L", 1000 * 288.15 / 273.15),
        ("Sm³", "L", 1000),
        ("mi", "km", 1.609344),
        ("passenger mile", "pkm", 1.609344),
        ("passenger-miles", "pkm", 1.609344),
        ("short ton mile", "tkm", 0.90718474 * 1.609344),
        ("sq ft", "m2", 0.09290304),
        ("kWh Hs", "kWh_gross", 1),
        ("kWh Hi", "kWh_net", 1),
        ("kWh PCS", "kWh_gross", 1),
        ("MWh PCI", "kWh_net", 1000),
        ("kWh GCV", "kWh_gross", 1),
        ("kWh NCV", "kWh_net", 1),
        ("kWh (HHV)", "kWh_gross", 1),
        ("GJ LHV", "kWh_net", 1000 / 3.6),
        ("thousands of kWh", "kWh", 1000),
        ("'000 kWh", "kWh", 1000),
        ("Mio. kWh", "kWh", 1e6),
        ("£", "GBP", 1),
        ("€", "EUR", 1),
        ("EUR thousand", "EUR", 1000),
        ("INR", "INR", 1),
        ("gbp", "GBP", 1),
        ("ML", "L", 1e6),
        ("Ml", "L", 1e6),
        ("mL", "L", 0.001),
        ("ml", "L", 0.001),
        ("Mg", "kg", 1000),
        ("mg", "kg", 1e-6),
        ("t CO2e", "kg_co2e", 1000),
        ("vehicle miles", "km", 1.609344),
    ],
)
def test_a_unit_has_one_canonical_unit_and_scale(text, canonical, scale):
    unit = read_unit(text)
    assert unit is not None
    assert unit.canonical == canonical
    assert unit.scale == pytest.approx(scale, rel=1e-12)


@pytest.mark.parametrize(
    "text",
    ["", "boxes", "箱", "kVA", "kWh2", "'; drop table", "gal", "ton", "MBtu", "mcf", "mWh", "\x00"],
)
def test_what_is_no_single_unit_is_none(text):
    assert read_unit(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "gal",
        "gallons",
        "ton",
        "MBtu",
        "mcf",
        "mWh",
        "ton-mile",
        "mpg",
        "$",
        "¥",
        "kr",
        "barrels",
        "oz",
    ],
)
def test_names_with_several_meanings_are_asked_with_choices_that_can_be_read(text):
    told = ambiguous(text)
    assert told is not None
    assert " or " in told
    assert read_unit(text) is None


def test_what_is_unknown_is_not_ambiguous_and_names_its_nearest():
    assert ambiguous("boxes") is None
    assert "kWh" in nearest_units("kWhh")
    assert "litre" in nearest_units("litrs") or "L" in nearest_units("litrs")


def test_a_shared_sign_is_the_currency_of_the_organisation():
    assert read_unit("$", "CAD").canonical == "CAD"
    assert read_unit("¥", "JPY").canonical == "JPY"
    assert read_unit("thousand $", "AUD").scale == 1000


@given(
    st.sampled_from(sorted(_words())),
    st.sampled_from(
        [("", 1), ("thousands of ", 1000), ("million ", 1e6), ("1000 ", 1000), ("万", 10_000)]
    ),
    st.sampled_from(["{}", "({})", "[{}]", " {} "]),
)
def test_a_word_means_the_same_in_brackets_and_many_times(word, many, frame):
    """Of every word of the table: what stands around it changes its scale, or is not understood; never its meaning."""
    plain, unit = read_unit(word), read_unit(frame.format(many[0] + word))
    if plain is not None and unit is not None:
        assert unit.canonical == plain.canonical
        assert unit.scale == pytest.approx(plain.scale * many[1], rel=1e-12)


def test_heating_value_basis_is_a_dimension():
    factor = quantity("56100", "kg/TJ_net")
    assert in_units(factor, "mg/MJ_net") == 56100
    with pytest.raises(UsageError, match="unit-mismatch"):
        in_units(factor, "mg/kWh")
    with pytest.raises(UsageError, match="unit-mismatch"):
        in_units(factor, "mg/kWh_gross")
    assert spelled(factor).startswith("kilogram / ")


def test_money_of_two_years_does_not_convert():
    with pytest.raises(UsageError, match="unit-mismatch"):
        in_units(quantity(1, "kg/USD2021"), "mg/USD2022")


def test_conversions_are_exact_fractions():
    assert in_units(quantity("823.149", "lb/MWh"), "mg/kWh") == 823.149 * 453.59237


def test_every_dimension_is_named():
    assert dimension_of("kWh_net") == "energy-net"
    assert dimension_of("EUR") == "money"


def test_a_price_net_of_tax_is_a_purchasers_price_and_a_basic_price_is_not():
    assert read_unit("万元（不含税）").canonical == "CNY"
    assert read_unit("CNY excl. VAT").canonical == "CNY"
    assert read_unit("CNY (basic price)").canonical == "CNY_basic"
    assert read_unit("million USD").scale == 1e6


def test_threads_that_meet_a_unit_at_once_share_one_registry():
    """Units of two registries do not mix: the first use by several threads makes one."""
    code = (
        "from concurrent.futures import ThreadPoolExecutor\n"
        "from abate.kernel.units import quantity, in_units\n"
        "def one(k):\n"
        "    return [in_units(quantity(1, f'kg/CNY{2000 + j}'), f'g/CNY{2000 + j}') for j in range(20)]\n"
        "with ThreadPoolExecutor(8) as pool:\n"
        "    print({x for row in pool.map(one, range(8)) for x in row})\n"
    )
    for _ in range(3):
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        )
        assert done.stdout.strip() == "{1000.0}"
