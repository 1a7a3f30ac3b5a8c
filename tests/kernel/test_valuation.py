"""Entries: whole milligrams, one rounding, the same from engine and interpreter; shares add up; nothing is lost."""

import math
from collections import defaultdict

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from abate.application.catalogue import METHODS, default_factors
from abate.application.inventory.runs import entries_sql, register_resolutions, resolution_block
from abate.application.opening import read_config
from abate.kernel.allocation import Instrument, Load, allocate
from abate.kernel.finding import Severity
from abate.kernel.formula import evaluate, to_whole_mg
from abate.kernel.matching import FactorBook
from abate.kernel.period import FiscalCalendar
from abate.kernel.region import region_chain
from abate.kernel.resolution import ActivityKey, Resolver, Terms
from support import CONFIG

import tomllib  # isort: skip

ORGANISATION = read_config(None, tomllib.loads(CONFIG)).organisation  # type: ignore[arg-type]
BOOK = FactorBook(default_factors())
NEEDS = [
    ("electricity", "", "kWh"), ("stationary-fuel", "natural-gas", "L"), ("mobile-fuel", "diesel", "L"),
    ("refrigerant", "R-404A", "kg"), ("refrigerant", "HCFC-22", "kg"), ("heat", "district-heat", "kWh"),
    ("stationary-fuel", "natural-gas", "kWh"), ("mobile-fuel", "kerosene", "L"),
]  # fmt: skip
SITES = ["hq", "plant", "mill", "london", "mars"]
MONTHS = FiscalCalendar(4).months("FY2024")

rows_of_activities = st.lists(
    st.tuples(
        st.sampled_from(NEEDS),
        st.sampled_from(SITES),
        st.sampled_from(MONTHS),
        st.floats(0, 1e9, allow_nan=False).map(lambda x: round(x, 3)),
    ),
    min_size=1,
    max_size=25,
)


def value_rows(rows, certificate_wh=0, terms=None):
    """Entries as dictionaries, findings, and activities of the given rows."""
    activities = [
        {
            "activity_id": k,
            "kind": n[0],
            "item": n[1],
            "site": s,
            "month": m,
            "unit": n[2],
            "quantity": q,
            "region": "",
            "party": "",
            "deviation": None,
            "basis": "metered",
            "fiscal_year": "FY2024",
        }
        for k, (n, s, m, q) in enumerate(rows)
    ]
    loads = defaultdict(int)
    for a in activities:
        if a["kind"] == "electricity":
            loads[a["site"], a["month"]] += math.floor(a["quantity"] * 1000 + 0.5)
    regions = {s.id: region_chain(s.region) for s in ORGANISATION.sites}
    places = [Load(s, m, regions[s], wh) for (s, m), wh in sorted(loads.items()) if wh]
    instruments = []
    if certificate_wh:
        window = FiscalCalendar(4)
        instruments = [
            Instrument(
                "c",
                "certificate",
                "wind",
                "CN",
                window.first_day("FY2024"),
                window.last_day("FY2024"),
                certificate_wh,
            )
        ]
    parts, _ = allocate(instruments, places)
    keys = {ActivityKey(a["kind"], a["item"], a["site"], a["month"], a["unit"]) for a in activities}
    resolver = Resolver(BOOK, ORGANISATION, METHODS, terms or Terms())
    resolutions, findings = resolver.resolve(keys, instruments, parts, dict(loads))
    with duckdb.connect() as con:
        con.register("year_activities", pa.Table.from_pylist(activities))
        register_resolutions(con, resolutions, "r", "FY2024")
        result = con.execute(entries_sql("r", resolutions.methods))
        names = [c[0] for c in result.description]
        entries = [dict(zip(names, row, strict=True)) for row in result.fetchall()]
    return entries, findings, activities, resolution_block(resolutions).to_pylist()


@settings(deadline=None, max_examples=30)
@given(rows_of_activities, st.integers(0, 10**12))
def test_every_activity_has_entries_with_shares_summing_to_one_or_a_blocker(rows, certificate_wh):
    entries, findings, activities, _ = value_rows(rows, certificate_wh)
    blocked = [f for f in findings if f.severity is Severity.BLOCKER]
    for a in activities:
        for one in METHODS:
            if a["kind"] not in one.card.kinds:
                continue
            mine = [
                e
                for e in entries
                if e["activity_id"] == a["activity_id"] and e["method"] == one.card.name
            ]
            if not mine:
                assert blocked or one.card.optional, (a, one.card.id)
                continue
            for species in {e["species"] for e in mine}:
                assert math.fsum(
                    e["share"] for e in mine if e["species"] == species
                ) == pytest.approx(1, abs=1e-12)


@settings(deadline=None, max_examples=20)
@given(rows_of_activities, st.integers(0, 10**12))
def test_the_interpreter_of_the_card_gives_the_engines_milligrams(rows, certificate_wh):
    entries, _, activities, resolutions = value_rows(rows, certificate_wh)
    index = {
        (
            r["kind"],
            r["item"],
            r["site"],
            r["month"],
            r["unit"],
            r["method"],
            r["part"],
            r["species"],
        ): r
        for r in resolutions
    }
    cards = {m.card.name: m.card for m in METHODS}
    for e in entries:
        a = activities[e["activity_id"]]
        r = index[
            a["kind"],
            a["item"],
            a["site"],
            a["month"],
            a["unit"],
            e["method"],
            e["part"],
            e["species"],
        ]
        values = {k: r[k] for k in ("share", "boundary_share", "ratio", "mg_per_unit")} | {
            "quantity": a["quantity"]
        }
        assert e["mass_mg"] == to_whole_mg(evaluate(cards[e["method"]].formula, values))
        assert e["co2e_mg"] == to_whole_mg(e["mass_mg"] * r["gwp"])


@settings(deadline=None, max_examples=20)
@given(rows_of_activities, st.randoms())
def test_the_order_of_rows_does_not_matter(rows, random):
    shuffled = list(rows)
    random.shuffle(shuffled)
    totals = []
    for some in (rows, shuffled):
        entries, *_ = value_rows(some, 10**9)
        sums = defaultdict(int)
        for e in entries:
            sums[e["scope"], e["view"], e["species"]] += e["co2e_mg"]
        totals.append(dict(sums))
    assert totals[0] == totals[1]


def test_the_matched_part_of_the_location_view_is_the_named_reduction():
    entries, *_ = value_rows([(NEEDS[0], "hq", "2023-05", 1000.0)], certificate_wh=400_000)
    location = {e["instrument"]: e["co2e_mg"] for e in entries if e["view"] == "location"}
    market = {e["instrument"]: e["co2e_mg"] for e in entries if e["view"] == "market"}
    assert location == {"c": 198_960_000, "": 298_440_000}  # 400 and 600 kWh x 0.4974 kg
    assert market == {"c": 0, "": 365_760_000}  # 600 kWh x residual 0.6096 kg


def test_montreal_gases_post_outside_the_scopes():
    entries, *_ = value_rows([(NEEDS[4], "hq", "2023-05", 2.0)])
    assert [(e["species"], e["scope"], e["mass_mg"]) for e in entries] == [
        ("HCFC-22", "outside", 2_000_000)
    ]


def test_a_blend_is_posted_by_its_gases():
    entries, *_ = value_rows([(NEEDS[3], "hq", "2023-05", 10.0)])
    masses = {e["species"]: e["mass_mg"] for e in entries}
    assert masses == {"HFC-125": 4_400_000, "HFC-134a": 400_000, "HFC-143a": 5_200_000}


@pytest.mark.parametrize("gwp_set", ["AR4", "AR5", "AR6"])
def test_masses_do_not_depend_on_the_gwp_set(gwp_set):
    entries, *_ = value_rows([(NEEDS[1], "hq", "2023-05", 1000.0)], terms=Terms(gwp_set))
    assert {e["species"]: e["mass_mg"] for e in entries}[
        "CH4-fossil"
    ] == 195  # 1000 L x 0.038931 MJ/L x 5 mg/MJ


@settings(deadline=None, max_examples=20)
@given(
    st.lists(
        st.tuples(st.sampled_from(NEEDS), st.sampled_from(SITES), st.sampled_from(MONTHS)),
        min_size=2,
        max_size=40,
    ),
    st.sampled_from(["", "CN-ZJ", "GB"]),
)
def test_needs_resolved_together_find_what_each_finds_alone(needs, region):
    """What needs share is found once; row by row it is what each would have found by itself."""
    keys = {
        ActivityKey(n[0], n[1], site, month, n[2], region if k % 2 else "")
        for k, (n, site, month) in enumerate(needs)
    }
    together, findings = Resolver(BOOK, ORGANISATION, METHODS, Terms()).resolve(keys)
    alone, told = [], set()
    for key in keys:
        rows, found = Resolver(BOOK, ORGANISATION, METHODS, Terms()).resolve([key])
        alone += [row | {"resolution": 0} for row in resolution_block(rows).to_pylist()]
        told |= {(f.code, f.message) for f in found}
    rows = resolution_block(together).to_pylist()
    assert [row["resolution"] for row in rows] == list(range(len(rows)))
    assert sorted((row | {"resolution": 0} for row in rows), key=repr) == sorted(alone, key=repr)
    assert sorted((f.code, f.message) for f in findings) == sorted(told)


def test_places_share_what_their_region_finds():
    """Twelve months at three sites of one region: one factor is looked up, and thirty-six needs point at it."""
    keys = [
        ActivityKey("electricity", "", site, month, "kWh", "CN-ZJ")
        for site in ("hq", "plant", "mill")
        for month in MONTHS
    ]
    rows, _ = Resolver(BOOK, ORGANISATION, METHODS, Terms()).resolve(keys)
    assert len(rows.needs) == 36
    assert len(rows) == len(resolution_block(rows)) > 36
    assert len(rows.found) < 36
