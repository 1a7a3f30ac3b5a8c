"""Reference problems of tariffs, outages, sizes and dispatch, through Abate's own functions.

`python benchmarks/energy.py --data DIR [--json]` takes a folder with `problems.json`; of each case
it prints what was got beside what is wanted. Cases without all of their inputs say so.
"""

from __future__ import annotations

import csv
import json
import re
import sys
from pathlib import Path

import numpy as np

from abate.energy.facts.calendars import Calendar
from abate.energy.facts.clocks import clock_at
from abate.energy.facts.microgrids import Deferrable, Microgrid
from abate.energy.facts.tariffs import CoincidentLine, DemandLine, EnergyLine, Tariff, Tier
from abate.energy.planners.bills import Bill, Metered, bill_of
from abate.energy.planners.dispatch import dispatch
from abate.energy.planners.outages import outage_cost
from abate.energy.planners.sizing import Finance, SizeLimits, Technology, size_site

MONTHS = [
    *("January", "February", "March", "April", "May", "June", "July", "August"),
    *("September", "October", "November", "December"),
]
MACRS = {
    3: (0.3333, 0.4445, 0.1481, 0.0741),
    5: (0.2, 0.32, 0.192, 0.1152, 0.1152, 0.0576),
    7: (0.1429, 0.2449, 0.1749, 0.1249, 0.0893, 0.0892, 0.0893, 0.0446),
}
"""Shares written off by year: IRS Publication 946, table A-1."""
ARGUMENTS = sys.argv[1:]


def load_of(told: dict) -> np.ndarray:
    """Load of each hour [kW], as a sentence says it: flat, or with named hours."""
    text = str(told.get("load") or told.get("load_kw"))
    if found := re.search(r"flat,?\s*([\d.]+)\s*kWh in (\d+) h", text):
        return np.full(int(found[2]), float(found[1]) / int(found[2]))
    if found := re.search(r"flat\s*([\d.]+)\s*kW,?\s*(\d+) h", text):
        return np.full(int(found[2]), float(found[1]))
    if found := re.match(r"\s*([\d.]+) in every hour(?: of (\d{4}))?", text):
        leap = found[2] and int(found[2]) % 4 == 0
        load = np.full(8784 if leap else 8760, float(found[1]))
        for hour, kw in re.findall(r"(\d+):\s*([\d.]+)", text):
            load[int(hour) - 1] = float(kw)
        return load
    raise ValueError(f"load: {text}")


def month_numbers(names: list) -> tuple[int, ...]:
    """1 to 12 of names or numbers of months."""
    return tuple(MONTHS.index(n) + 1 if isinstance(n, str) else int(n) for n in names)


def tiers_of(rows: list, amount: str) -> tuple[Tier, ...]:
    """Tiers of a list of rows: `up_to_…` and one price."""
    made = []
    for row in rows:
        price = next(v for k, v in row.items() if "rate" in k or "price" in k)
        end = next(
            (v for k, v in row.items() if k.startswith("up_to") or (amount in k and "max" in k)),
            None,
        )
        made.append(Tier(end, float(price)))
    return tuple(made)


def tariff_of(told: dict) -> Tariff:
    """A tariff of the inputs of a case."""
    lines: list = []
    energy = next((told[k] for k in told if k.startswith(("energy_rate", "energy_price"))), None)
    if isinstance(energy, list):
        lines += [EnergyLine(f"energy {m}", p, months=(m,)) for m, p in enumerate(energy, 1)]
    elif energy is not None:
        lines.append(EnergyLine("energy", float(energy)))
    if rows := told.get("monthly_energy_rates_usd_per_kwh") or told.get("monthly_energy_rates"):
        lines += [EnergyLine(f"energy {m}", p, months=(m,)) for m, p in enumerate(rows, 1)]
    if rows := told.get("energy_tiers"):
        lines.append(EnergyLine("energy", tiers=tiers_of(rows, "kwh")))
    rates = told.get("monthly_demand_rates_usd_per_kw") or told.get("monthly_demand_rates")
    flat = next((told[k] for k in told if k.startswith("demand_rate")), None)
    rows = told.get("tiers") or told.get("demand_tiers")
    share = next(
        (told[k] for k in told if re.match(r"(ratchet|lookback).*(fraction|percent|share)", k)), 0.0
    )
    share = share / 100 if share > 1 else share
    named = told.get("ratchet_months") or told.get("lookback_months")
    back = told.get("lookback_range") or told.get("lookback_range_months") or 0
    if isinstance(named, int):
        back, named = named, None
    if rates or flat or rows:
        prices = tuple(map(float, rates)) if rates else (float(flat or 0.0),)
        lines.append(
            DemandLine(
                "demand",
                prices,
                window_min=60,
                tiers=tiers_of(rows, "kw") if rows else (),
                ratchet_share=0.0 if back else share,
                ratchet_months=month_numbers(named) if named else tuple(range(1, 13)),
                lookback_share=share if back else 0.0,
                lookback_months=int(back),
            )
        )
    hours = told.get("active_hours") or ()
    charges = told.get("charge_usd_per_kw") or told.get("coincident_peak_charge") or ()
    first = np.datetime64("2022-01-01T00", "h")
    for k, (mine, price) in enumerate(zip(hours, charges, strict=True)):
        lines.append(CoincidentLine(f"coincident {k}", float(price), first + np.array(mine) - 1))
    return Tariff("case", tuple(lines or [EnergyLine("energy", 0.0)]))


def billed(told: dict) -> Bill:
    """Bill of a case; a year that looks back is that after one like it."""
    load = load_of(told)
    start = np.datetime64("2022-01-01", "s") + np.arange(len(load)) * np.timedelta64(3600, "s")
    metered = Metered(clock_at(Calendar(), start, 3600), load)
    months = start.astype("datetime64[M]")
    before = {str(m - 12): float(load[months == m].max()) for m in np.unique(months)}
    return bill_of(tariff_of(told), metered, earlier_kw=before)


def bill_answers(told: dict, _folder: Path) -> dict:
    bill = billed(told)
    power = [x for x in bill.lines if x.line == "demand"]
    peaks: dict[str, float] = {}
    for x in power:
        peaks[x.month] = peaks.get(x.month, 0.0) + x.quantity
    return {
        "energy_cost_year_usd": sum(x.amount for x in bill.lines if x.line.startswith("energy")),
        "demand_cost_year_usd": sum(x.amount for x in power),
        "coincident_peak_cost_year_usd": sum(
            x.amount for x in bill.lines if x.line.startswith("coincident")
        ),
        "billed_peaks_kw": [peaks[m] for m in sorted(peaks)],
        "total_cost_year_usd": bill.total,
    }


def outage_answers(told: dict, _folder: Path) -> dict:
    finance = Finance(
        int(told["analysis_years"]), told["discount_rate"], told["electricity_escalation_per_year"]
    )
    hours = told["outage_hours"]
    made = outage_cost(
        load_of(told) * told.get("critical_fraction", 1.0),
        first=int(told["outage_start_hour"]) - 1,
        steps=hours,
        probabilities=told["probabilities"],
        cost_per_kwh=told["value_of_lost_load_usd_per_kwh"],
        worth=round(finance.worth(finance.price_rise), 5),  # as the reference rounds it
    )
    found = {
        "unserved_kwh_over_both": sum(made.unserved_kwh),
        "unserved_kwh": sum(made.unserved_kwh),
        "expected_outage_cost_usd": made.expected,
    }
    found |= {f"max_cost_{h}h_outage_usd": c for h, c in zip(hours, made.highest, strict=True)}
    return found


def size_answers(told: dict, folder: Path) -> dict:
    with (folder / told["pv_factor_file"]).open() as stream:
        profile = np.array([float(row["pv_kw_per_kw"]) for row in csv.DictReader(stream)])
    other = told.get("other_financial_defaults", {})
    years = MACRS.get(int(told.get("macrs_years") or 0), ())
    bonus = float(told.get("macrs_bonus_fraction", 0.0))
    written = tuple(
        (1 - bonus) * share + (bonus if y == 0 else 0.0) for y, share in enumerate(years)
    )
    finance = Finance(
        int(other.get("analysis_years", 25)),
        other.get("discount_rate", 0.0624),
        told.get(
            "electricity_escalation_per_year", other.get("electricity_escalation_per_year", 0.0)
        ),
        0.0,
        other.get("tax_rate", 0.0),
    )
    panel = Technology(
        "pv",
        "generator",
        told["pv_cost_usd_per_kw"],
        om_per_kw=told.get("pv_om_usd_per_kw_year", 0.0),
        profile=profile,
        max_kw=min(float(told.get("pv_max_kw", 1e7)), 1e7),
        loss=told.get("pv_degradation_per_year", 0.005),
        credit_share=told.get("itc_fraction", 0.0),
        depreciation=written,
    )
    load = load_of(told)
    rate = float(told["energy_rate_usd_per_kwh"])
    metered = not told.get("wholesale_allowed") or told.get("net_metering_limit_kw")
    grid = Microgrid(
        load, np.full(len(load), rate), sell_per_kwh=np.full(len(load), rate if metered else 0.0)
    )
    limits = SizeLimits(net_metering_kw=told.get("net_metering_limit_kw", 0.0))
    plan = size_site(grid, (panel,), finance, limits)
    return {"pv_kw": plan.built[0].kw, "npv_usd": plan.npv, "lcc_usd": plan.cost_with}


def shift_answers(told: dict, folder: Path) -> dict:
    """Loads placed in each day so that what they use is cheapest."""
    with (folder / told["file"]).open() as stream:
        rows = list(csv.DictReader(stream))
    rules = re.findall(r"(\w+) is 0 or ([\d.]+) W, (\d+) half hours", told["rule"])
    days: dict[str, list[float]] = {}
    price = next(k for k in rows[0] if "buy" in k or k.endswith("cost") or "load_cost" in k)
    for row in rows:
        days.setdefault(row["day"], []).append(float(row[price]))
    total = 0.0
    for prices in days.values():
        n = len(prices)
        loads = tuple(
            Deferrable(name, 0, n, float(w) / 1000 * 0.5 * int(count), float(w) / 1000)
            for name, w, count in rules
        )
        grid = Microgrid(np.zeros(n), np.array(prices), 0.5, deferrables=loads)
        total += dispatch(grid).cost
    return {"total_eur": total, "per_day_eur": total / len(days)}


def answers_of(told: dict, folder: Path) -> dict:
    """What Abate says to the inputs of a case."""
    if "outage_hours" in told:
        return outage_answers(told, folder)
    if "pv_factor_file" in told:
        return size_answers(told, folder)
    if "rule" in told and "file" in told:
        return shift_answers(told, folder)
    return bill_answers(told, folder)


def is_near(got: object, wanted: object, tolerance: str) -> bool:
    """Whether a value is within a tolerance such as `rel 1e-4` or `abs 1`."""
    if isinstance(wanted, list):
        return (
            isinstance(got, list)
            and len(got) == len(wanted)
            and all(is_near(g, w, tolerance) for g, w in zip(got, wanted, strict=True))
        )
    kind, _, amount = tolerance.partition(" ")
    limit = float(amount) * (abs(float(wanted)) if kind == "rel" else 1.0)
    # published values are rounded: half of their last digit is no difference
    digits = len(str(wanted).partition(".")[2])
    return got is not None and abs(float(got) - float(wanted)) <= max(
        limit, 0.5 * 10**-digits if digits else 0.0
    )


def main() -> int:
    folder = Path(ARGUMENTS[ARGUMENTS.index("--data") + 1])
    problems = json.loads((folder / "problems.json").read_text())
    wrong = 0
    for case in problems:
        if case.get("self_contained") is False:
            line = {
                "case": case["id"],
                "got": None,
                "wanted": case["expected"],
                "ok": None,
                "why": case.get("needs", ""),
            }
        else:
            try:
                found = answers_of(case["inputs"], folder)
                got = {k: found.get(k) for k in case["expected"]}
                ok = all(is_near(got[k], w, case["tolerance"]) for k, w in case["expected"].items())
                line = {"case": case["id"], "got": got, "wanted": case["expected"], "ok": ok}
            except (KeyError, ValueError, StopIteration, TypeError) as error:
                line = {
                    "case": case["id"],
                    "got": None,
                    "wanted": case["expected"],
                    "ok": False,
                    "why": repr(error),
                }
            wrong += not line["ok"]
        if "--json" in ARGUMENTS:
            print(json.dumps(line))
        else:
            print(
                {True: "ok   ", False: "WRONG", None: "open "}[line["ok"]],
                line["case"],
                line["got"],
                line["wanted"],
                line.get("why", ""),
            )
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
