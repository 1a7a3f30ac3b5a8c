"""Contracts: sums of hours by hand, the identity of shape, and the same draws for all."""

import time
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from abate.adapters.readers.contract_files import read_contract, read_market
from abate.energy.facts.contracts import YEAR_H, Contract, Market
from abate.energy.planners.contracts import Futures, value_contracts
from abate.kernel.errors import AbateError, UsageError

WIND = Contract("wind", price_per_mwh=50.0, capacity_kw=20_000, years=5)
STILL = Futures(50, 0.05, level_sd=0.0)


def market(seed=1, years=3):
    draw = np.random.default_rng(seed)
    wind = np.clip(draw.beta(1.2, 2.2, (years, YEAR_H)), 0, 1)
    price = 60 - 50 * (wind - 0.35) + draw.normal(0, 30, (years, YEAR_H))
    return Market(price, wind, np.full((years, YEAR_H), 9_000.0))


def by_hand(contract, told, futures, path):
    """Net present value of a path, hour by hour."""
    chosen, levels = futures.drawn(len(told.price), contract.years)
    volume = told.volume_mwh(contract)
    mean = np.bincount(chosen.ravel(), minlength=len(volume)) / chosen.size @ volume.sum(axis=1)
    total = 0.0
    for y in range(contract.years):
        block, level = chosen[path, y], levels[path, y]
        price, mwh, rise = told.price[block] * level, volume[block], (1 + contract.escalation) ** y
        asked = np.full(YEAR_H, contract.price_per_mwh * rise)
        if contract.market_share:
            low, high = contract.floor_per_mwh * rise, contract.cap_per_mwh * rise
            asked = np.clip(price * contract.market_share, low, high)
        fees = contract.balancing_per_mwh * (contract.settlement != "financial")
        fees += contract.fee_per_mwh * (contract.settlement == "sleeved")
        cash = (price - asked - fees * rise) @ mwh
        short = max(contract.guarantee_share * mean - mwh.sum(), 0.0)
        total += (cash + contract.penalty_per_mwh * short) / (1 + futures.discount) ** (y + 1)
    return total


CONTRACTS = [
    WIND,
    replace(WIND, escalation=0.02, balancing_per_mwh=4.0, pays_negative=False),
    replace(WIND, settlement="sleeved", fee_per_mwh=3.0, balancing_per_mwh=4.0),
    replace(WIND, settlement="financial", balancing_per_mwh=4.0),
    replace(WIND, price_per_mwh=0.0, market_share=0.95, floor_per_mwh=35.0, cap_per_mwh=70.0),
    replace(WIND, price_per_mwh=0.0, market_share=0.9, floor_per_mwh=-5.0, escalation=0.03),
    replace(WIND, price_per_mwh=0.0, market_share=1.1, cap_per_mwh=80.0, pays_negative=False),
    replace(WIND, guarantee_share=1.0, penalty_per_mwh=25.0),
    Contract("base", volume="baseload", power_kw=5_000, price_per_mwh=61.0, years=7),
    Contract("load", volume="as-consumed", share=0.6, price_per_mwh=61.0, years=7),
]


@pytest.mark.parametrize("contract", CONTRACTS)
def test_each_path_is_the_sum_of_its_hours(contract):
    told, futures = market(), Futures(40, 0.07, 0.01, 0.3, seed=5)
    (value,) = value_contracts([contract], told, futures)
    for path in (0, 17, 39):
        assert value.npv[path] == pytest.approx(
            by_hand(contract, told, futures, path), rel=1e-9, abs=1e-3
        )
    assert value.p10 <= value.p50 <= value.p90
    assert value.cvar_95 <= value.p10
    assert value.clean_share_hour <= value.clean_share_year + 1e-12


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 10_000))
def test_shape_cost_is_minus_the_covariance_over_the_mean_volume(seed):
    told, futures = market(seed, 2), Futures(500, seed=seed)
    (value,) = value_contracts([WIND], told, futures)
    chosen, _ = futures.drawn(2, WIND.years)
    weights = np.repeat(np.bincount(chosen.ravel(), minlength=2) / chosen.size / YEAR_H, YEAR_H)
    price, mwh = told.price.ravel(), told.volume_mwh(WIND).ravel()
    covariance = weights @ (price * mwh) - (weights @ price) * (weights @ mwh)
    assert value.shape_cost == pytest.approx(-covariance / (weights @ mwh), rel=1e-9)


def test_one_per_cent_of_price_is_told_apart_on_every_path():
    cheap = replace(WIND, price_per_mwh=WIND.price_per_mwh * 0.99)
    dear, less = value_contracts([WIND, cheap], market(), Futures(2000))
    assert (less.npv > dear.npv).all()
    chosen, _ = Futures(2000).drawn(3, WIND.years)
    sold = market().volume_mwh(WIND).sum(axis=1)[chosen] @ (1.06 ** -np.arange(1.0, 6))
    assert less.npv - dear.npv == pytest.approx(0.01 * WIND.price_per_mwh * sold)


def test_a_contract_at_the_captured_price_is_worth_nothing():
    told = market()
    (value,) = value_contracts([WIND], told, STILL)
    fair = replace(WIND, price_per_mwh=value.capture_price)
    (again,) = value_contracts([fair], told, STILL)
    assert abs(again.npv.mean()) < 0.01 * abs(value.npv).mean() + 5e4


def test_the_level_of_prices_has_the_mean_that_it_says():
    _, levels = Futures(100_000, price_rise=0.02, level_sd=0.2, seed=3).drawn(2, 6)
    assert levels.mean(axis=0) == pytest.approx(1.02 ** np.arange(1, 7), rel=0.01)


def test_a_fixed_price_takes_risk_out_and_the_market_leaves_it_in():
    share = replace(WIND, price_per_mwh=0.0, market_share=1.0)
    fixed, open_ = value_contracts([WIND, share], market(), Futures(3000))
    assert fixed.cost_sd < fixed.cost_sd_without
    assert open_.cost_sd == pytest.approx(open_.cost_sd_without)
    assert open_.mean == pytest.approx(0, abs=1e-3)


def test_no_certificates_no_clean_share():
    (value,) = value_contracts([replace(WIND, is_clean=False)], market(), STILL)
    assert value.clean_share_year == value.clean_share_hour == 0


def test_ten_thousand_futures_of_twenty_years_take_less_than_ten_seconds():
    told = market(years=10)
    long = [replace(c, years=20) for c in CONTRACTS[:5]]
    began = time.perf_counter()
    values = value_contracts(long, told, Futures(10_000))
    assert time.perf_counter() - began < 10
    assert all(len(v.npv) == 10_000 for v in values)


@pytest.mark.parametrize(
    "wrong",
    [
        {"price_per_mwh": 0.0},
        {"market_share": 0.9},
        {"years": 0},
        {"capacity_kw": 0.0},
        {"share": 2.0},
        {"floor_per_mwh": 9.0, "cap_per_mwh": 3.0},
        {"cap_per_mwh": 70.0},
        {"guarantee_share": 0.9},
        {"fee_per_mwh": 2.0},
    ],
)
def test_a_contract_that_cannot_be_is_refused(wrong):
    with pytest.raises(UsageError) as told:
        replace(WIND, **wrong)
    assert told.value.code == "bad-contract"


def test_a_market_needs_whole_years():
    with pytest.raises(UsageError):
        Market(np.ones((1, 100)), np.ones((1, 100)), np.ones((1, 100)))
    for wrong in (
        {"paths": 0},
        {"price_rise": float("nan")},
        {"price_rise": -2.0},
        {"level_sd": 9.0},
    ):
        with pytest.raises(UsageError):
            Futures(**wrong)


def test_files_are_read_or_refused_with_their_place(tmp_path):
    (tmp_path / "wind.toml").write_text(
        'currency = "EUR"\nprice_per_mwh = 50\ncapacity_kw = 20000\nyears = 5\n'
    )
    assert read_contract(tmp_path / "wind.toml") == (WIND, "EUR")
    (tmp_path / "bad.toml").write_text('currency = "EUR"\nprice = 50\n')
    with pytest.raises(AbateError) as told:
        read_contract(tmp_path / "bad.toml")
    assert told.value.code == "bad-contract"
    hours = [
        f"{np.datetime64('2022-01-01T00') + k}:00Z,{k % 7 - 1},0.5,10" for k in range(YEAR_H + 50)
    ]
    text = "time,price,generation,load\n" + "\n".join(hours) + "\n"
    (tmp_path / "m.csv").write_text(text)
    read, months = read_market(tmp_path / "m.csv")
    assert read.price.shape == (1, YEAR_H)
    assert read.price[0, :8].tolist() == [-1, 0, 1, 2, 3, 4, 5, -1]
    assert months == ("2022-01", "2022-12")
    for odd in (text.replace("load", "usage"), "\n".join(text.splitlines()[:500]) + "\n"):
        (tmp_path / "m.csv").write_text(odd)
        with pytest.raises(AbateError) as told:
            read_market(tmp_path / "m.csv")
        assert told.value.code == "bad-market-file"
