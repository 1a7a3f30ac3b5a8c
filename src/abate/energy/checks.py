"""Checks of meters: one function per rule, one code per function."""

from __future__ import annotations

from typing import Any

import ibis

from abate.energy.facts import UNPRINTED
from abate.kernel.checks import LedgerVerdict, Verdict, check, ledger_check
from abate.kernel.finding import Rule, Severity


@check(
    Rule(
        "bad-instrument",
        Severity.BLOCKER,
        "Certificate or contract that cannot be claimed",
        "State tier, market (a country, or EU), number and the fiscal year it was retired for; a"
        " supplier rate, and power from fuels, storage or a mix, needs its kg CO2/kWh.",
        160,
    )
)
def bad_instrument(staged: Any) -> Verdict:
    """A certificate or contract names its tier, market, number and the fiscal year that claims it."""
    empty = ibis.literal("")
    unprinted = staged.item.fill_null(empty).re_search(f"^({'|'.join(UNPRINTED)})(/|$)")
    bad = (
        staged.tier.isnull()
        | staged.market.isnull()
        | (staged.document.fill_null(empty) == "")
        | ~staged.retired_for.fill_null(empty).re_search(r"^FY\d{4}$")
        | (((staged.tier == "supplier-rate") | unprinted) & staged.factor.isnull())
        | (staged.factor < 0)
    )
    return (staged.kind == "instrument") & bad, "'" + staged.document.fill_null(
        ""
    ) + "' lacks tier, market, number, year or factor."


CHECKS = (bad_instrument,)


def _pivot(monthly: Any) -> Any:
    """Facility, IT energy and hours of each building and month, side by side."""
    it, facility = monthly.kind == "it-energy", monthly.kind == "facility-energy"
    return (
        monthly.filter(it | facility)
        .group_by(["site", "meter", "month"])
        .agg(
            it_kwh=monthly.quantity.sum(where=it),
            facility_kwh=monthly.quantity.sum(where=facility),
            hours=monthly.row_count.max(),
            readings=monthly.row_count.min(),
            days=monthly.days_in_month.max(),
        )
    )


@ledger_check(
    Rule(
        "pue-below-one",
        Severity.BLOCKER,
        "IT equipment uses more than its building",
        "One of the two meters is wrong, or they measure different buildings.",
        180,
    )
)
def pue_below_one(monthly: Any) -> LedgerVerdict:
    """A building uses at least what its IT equipment uses (ISO/IEC 30134-2)."""
    side = _pivot(monthly)
    bad = side.filter(side.facility_kwh < side.it_kwh)
    return (
        bad,
        bad.meter
        + ": facility "
        + bad.facility_kwh.round(0).cast(str)
        + " kWh, IT "
        + bad.it_kwh.round(0).cast(str)
        + " kWh.",
    )


@ledger_check(
    Rule(
        "meter-gap",
        Severity.WARNING,
        "Hourly meter with hours missing",
        "PUE and WUE of the month rest on the hours there; ask for the missing ones.",
        190,
    )
)
def meter_gap(monthly: Any) -> LedgerVerdict:
    """An hourly meter has a reading for every hour of the month."""
    side = _pivot(monthly)
    hourly = side.filter((side.readings > 24 * 14) & (side.readings < side.days * 24))
    lost = (hourly.days * 24 - hourly.readings).cast(str)
    return (
        hourly,
        hourly.meter
        + ": "
        + lost
        + ibis.literal(" of ")
        + (hourly.days * 24).cast(str)
        + " hours missing.",
    )


@ledger_check(
    Rule(
        "meter-stuck",
        Severity.WARNING,
        "Hourly meter that repeats itself",
        "The meter or its connection hung; ask for the true readings of these hours, or have the"
        " meter looked at.",
        195,
    ),
    of="runs",
)
def meter_stuck(runs: Any) -> LedgerVerdict:
    """No hourly meter of energy gives the same reading for half a day."""
    text = (
        runs.meter
        + " "
        + runs.kind
        + ": "
        + runs.hours.cast(str)
        + " hours at "
        + runs.quantity.round(3).cast(str)
    )
    return runs, text + " kWh, from " + runs.first.strftime("%Y-%m-%d %H:%M") + "."


LEDGER_CHECKS = (pue_below_one, meter_gap, meter_stuck)
