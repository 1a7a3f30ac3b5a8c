"""Power contracts and markets as people write them: a TOML file each, and a table of hours.

The reference page of a contract's keys is generated from here.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from msgspec import Meta, Struct

from abate.adapters.readers.tariff_files import read_columns
from abate.adapters.store.keys import Share, Word, as_dict
from abate.adapters.store.schema import read_toml
from abate.energy.facts.contracts import YEAR_H, Contract, Market
from abate.energy.facts.lots import technology_named
from abate.kernel.errors import DataError, UsageError

HINT = "See docs/systems/contracts.md."
COLUMNS = ("time", "price", "generation", "load")
Price = Annotated[float, Meta(ge=-1e6, le=1e6)]
Power = Annotated[float, Meta(ge=0, le=1e9)]


class ContractKeys(Struct, frozen=True):
    """Keys of a contract's file.

    Args:
        currency: Three letters.
        title: What people call it.
        volume: `pay-as-produced`, `baseload` or `as-consumed`.
        settlement: `physical`, `sleeved` or `financial` (a contract for difference).
        price_per_mwh: What is paid.
        market_share: Share of the market's price that is paid, in place of a fixed one.
        floor_per_mwh: Least that is paid of a market price.
        cap_per_mwh: Most.
        escalation: Rise of price, floor, cap and fees a year.
        years: How long.
        capacity_kw: Power of the plant.
        share: Of what the plant gives, or of the load.
        power_kw: Of a constant delivery.
        fee_per_mwh: Of the supplier that sleeves it.
        balancing_per_mwh: What the buyer pays for balancing.
        pays_negative: Whether hours with a price below zero are delivered and paid for.
        guarantee_share: Least volume of a year, as a share of the mean.
        penalty_per_mwh: What the seller pays for what is missing of it.
        is_clean: Whether its certificates come with it.
        begins: First day of a signed one.
        technology: What it delivers, such as `wind`.
        region: Where that may be delivered, such as `CN`.
        seller: Who delivers.
        commissioned: Day on which the plant began.
    """

    currency: Annotated[str, Meta(pattern="^[A-Z]{3}$")]
    title: Word = ""
    volume: Literal["pay-as-produced", "baseload", "as-consumed"] = "pay-as-produced"
    settlement: Literal["physical", "sleeved", "financial"] = "physical"
    price_per_mwh: Price = 0.0
    market_share: Annotated[float, Meta(ge=0, le=10)] = 0.0
    floor_per_mwh: Price | None = None
    cap_per_mwh: Price | None = None
    escalation: Annotated[float, Meta(gt=-0.5, lt=1)] = 0.0
    years: Annotated[int, Meta(ge=1, le=40)] = 10
    capacity_kw: Power = 0.0
    share: Share = 1.0
    power_kw: Power = 0.0
    fee_per_mwh: Price = 0.0
    balancing_per_mwh: Price = 0.0
    pays_negative: bool = True
    guarantee_share: Share = 0.0
    penalty_per_mwh: Price = 0.0
    is_clean: bool = True
    begins: date | None = None
    technology: Word = ""
    region: Word = ""
    seller: Word = ""
    commissioned: date | None = None


@dataclass(frozen=True, slots=True)
class Signed:
    """What a signed contract says of its delivery.

    Args:
        begins: First day.
        technology: As factors of certificates name it.
        region: Where it may be delivered.
        seller: Who delivers.
        commissioned: Day on which the plant began, empty where it is not known.
    """

    begins: date
    technology: str
    region: str
    seller: str
    commissioned: str


SIGNED = ("begins", "technology", "region", "seller", "commissioned")


def read_contract(path: Path) -> tuple[Contract, str]:
    """Read a contract, and its currency; the name of the file is its id.

    Raises:
        ConfigError: `bad-contract`.
        UsageError: `bad-contract`.
    """
    keys = read_toml(path, ContractKeys, "bad-contract", HINT)
    told = as_dict(keys)
    for name in ("currency", "title", *SIGNED):
        told.pop(name, None)
    for name, free in (("floor_per_mwh", float("-inf")), ("cap_per_mwh", float("inf"))):
        if told.get(name) is None:
            told[name] = free
    return Contract(path.stem, **told), keys.currency


def read_signed(path: Path, name: str = "") -> tuple[Contract, Signed]:
    """Read a signed contract and what it says of its delivery.

    Raises:
        ConfigError: `bad-contract`.
        UsageError: `bad-contract`, `contract-unsigned`, `no-certificates`.
    """
    contract, _ = read_contract(path)
    keys = read_toml(path, ContractKeys, "bad-contract", HINT)
    named = name or contract.id
    if not contract.is_clean:
        text = f"'{named}' comes without certificates."
        raise UsageError("no-certificates", text, "Only a clean one delivers lots.")
    technology = technology_named(keys.technology)
    if keys.begins is None or technology is None or not keys.seller:
        text = f"'{named}' does not say when it begins, what it delivers, or who does."
        hint = "Write begins = 2024-01-01, technology = 'wind' and seller = 'Name'."
        raise UsageError("contract-unsigned", text, hint)
    began = "" if keys.commissioned is None else keys.commissioned.isoformat()
    signed = Signed(keys.begins, technology, keys.region, keys.seller, began)
    return replace(contract, id=named), signed


def read_market(path: Path, *, zone: str = "UTC") -> tuple[Market, tuple[str, str]]:
    """Read the hours of a market: columns time, price (of a MWh), generation (kW by kW), load (kW).

    Years are stretches of 365 days from the first hour on; what is left over does not count.

    Returns:
        The market, and the months of its last year: first and last.

    Raises:
        DataError: `bad-market-file`, and where it is not read as a table of hours.
    """
    told = read_columns(path, COLUMNS, zone, "bad-market-file")
    if told.step_s != 3600:
        text = f"{path.name} has steps of {told.step_s} s."
        raise DataError("bad-market-file", text, "Give prices, generation and load by the hour.")
    years = len(told.start) // YEAR_H
    if not years:
        raise DataError(
            "bad-market-file",
            f"{path.name} has {len(told.start):,} hours.",
            f"Give at least one year: {YEAR_H:,} hours without a gap.",
        )
    blocks = [v[: years * YEAR_H].reshape(years, YEAR_H) for v in told.values]
    for name, values in zip(COLUMNS[1:], blocks, strict=True):
        if np.isnan(values).any():
            at = told.start[int(np.argmax(np.isnan(values.ravel())))]
            text = f"{path.name} has no {name} at {at} UTC."
            raise DataError("bad-market-file", text, "Fill the gap, or leave the year out.")
    last = told.start[(years - 1) * YEAR_H : years * YEAR_H].astype("datetime64[M]")
    return Market(*blocks), (str(last[0]), str(last[-1]))
