"""Units are read as people write them and proved by dimension."""

import subprocess
import sys

import pytest

from abate.kernel.errors import UsageError
from abate.kernel.units import ambiguous, dimension_of, in_units, quantity, read_unit, spelled


@pytest.mark.parametrize(
    ("text", "canonical", "scale"),
    [
        ("kWh", "kWh", 1), ("MWh", "kWh", 1000), ("mwh", "kWh", 1000), ("度", "kWh", 1), ("万千瓦时", "kWh", 10_000),
        ("GJ", "kWh", 1000 / 3.6), ("kWh (Gross CV)", "kWh_gross", 1), ("kWh (net)", "kWh_net", 1), ("t", "kg", 1000),
        ("吨", "kg", 1000), ("L", "L", 1), ("m3", "L", 1000), ("立方米", "L", 1000), ("US gal", "L", 3.785411784),
        ("UK gal", "L", 4.54609), ("㎡", "m2", 1), ("CNY", "CNY", 1), ("百万元", "CNY", 1_000_000), ("USD2021", "USD2021", 1),
        ("吨公里", "tkm", 1),
    ],
)  # fmt: skip
def test_a_unit_has_one_canonical_unit_and_scale(text, canonical, scale):
    unit = read_unit(text)
    assert unit is not None
    assert unit.canonical == canonical
    assert unit.scale == pytest.approx(scale, rel=1e-15)


@pytest.mark.parametrize("text", ["", "boxes", "箱", "kVA", "kWh2", "'; drop table", "gal", "ton", "\x00"])
def test_what_is_no_single_unit_is_none(text):
    assert read_unit(text) is None


def test_names_with_several_meanings_are_told_apart_from_unknown_ones():
    assert ambiguous("gal") == "US or UK"
    assert ambiguous("boxes") is None


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
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        assert done.stdout.strip() == "{1000.0}"
