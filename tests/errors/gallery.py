"""One reproducer per finding.

What a user did, and how to see it said. docs/errors.md is generated from here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from abate.adapters.store.workspace import Workspace
from abate.application.catalogue import METHODS
from abate.application.factors import import_factors
from abate.application.inventory.findings import open_findings
from abate.application.inventory.imports import add_file
from abate.application.inventory.runs import run_year
from abate.application.logistics.packing import pack_file
from abate.application.opening import open_workspace
from abate.kernel.errors import NotFoundError
from abate.kernel.factor import COLUMNS, OPTIONAL, Factor, Mass, Source
from abate.kernel.finding import Finding
from abate.kernel.gates import FactorEdition, Line, pass_gates
from abate.kernel.matching import FactorBook
from abate.kernel.resolution import ActivityKey, Resolver, Terms
from support import NOW, PROGRAMME, electricity, months

FUEL = "Site,Month,Fuel,Quantity,Unit\n"
CERTIFICATE = "serial,instrument type,technology,market,site,vintage from,vintage to,energy,unit,retired for\n"
TRAVEL = "Site,Month,Mode,Country,Passengers,Distance km\n"
FLIGHTS = "Site,Month,From,To,Passengers\n"
BILLS = "Site,From,To,Electricity kWh,Invoice\n"
WASTE = "Site,Month,Waste type,Waste,Unit,Uncertainty\n"
SHARES = "Site,Month,Sector,Investee emissions,Equity share\n"
CARTONS = "Programme,Month,Actor,Action,Cartons\n"
SPEND = "Site,Month,Item,Spend,Unit\n"
END = "Site,Month,Treatment,Mass sold,Unit\n"
PROXIES = """
[scope3]
proxies = ["GB", "US"]
[scope3.not_assessed]
12 = "What is sold is eaten."
"""
HEADER = ",".join(c for c in COLUMNS if c not in OPTIONAL) + "\n"
METER = "timestamp,site,building,facility_kwh,it_kwh,water_m3\n"


@dataclass(frozen=True)
class Example:
    """A reproducer.

    Args:
        code: The finding's code.
        given: The file, or what was done, as the page shows it.
        found: Findings of the reproducer in a fresh workspace and folder.
    """

    code: str
    given: str
    found: Callable[[Workspace, Path], list[Finding]]


def imported(code: str, text: str, name: str = "electricity.csv", **options: object) -> Example:
    def found(workspace: Workspace, folder: Path) -> list[Finding]:
        _add(workspace, folder, text, name, **options)
        return open_findings(workspace, now=NOW)

    return Example(code, text, found)


def _with_a_sheet_of_notes(workspace: Workspace, folder: Path) -> list[Finding]:
    from openpyxl import Workbook

    book = Workbook()
    for row in (("Site", "Month", "Electricity kWh"), ("hq", "2023-05", 5)):
        book["Sheet"].append(row)
    book.create_sheet("Notes").append(["ask the landlord"])
    book.save(folder / "bills.xlsx")
    add_file(workspace, folder / "bills.xlsx", now=NOW)
    return open_findings(workspace, now=NOW)


def valued(
    code: str, *files: tuple[str, str], factors: str = "", gwp: str = "", accept: str = ""
) -> Example:
    def found(workspace: Workspace, folder: Path) -> list[Finding]:
        if factors:
            path = folder / "own.csv"
            path.write_text(HEADER + factors)
            import_factors(workspace, path, now=NOW)
        for name, text in files:
            _add(workspace, folder, text, name, accept=frozenset(accept.split()))
        return list(run_year(workspace, "FY2024", now=NOW, gwp_set=gwp).findings)

    shown = "\n".join(text for _, text in files)
    return Example(code, shown + (f"\n(own factors) {factors}" if factors else ""), found)


def configured(
    code: str, config: str, *files: tuple[str, str], factors: str = "", year: str = "FY2024"
) -> Example:
    """Valued with more in abate.toml, and with factors of one's own."""

    def found(workspace: Workspace, folder: Path) -> list[Finding]:
        path = workspace.root / "abate.toml"
        path.write_text(path.read_text() + config)
        reopened = open_workspace(workspace.root)
        if factors:
            (folder / "own.csv").write_text(factors)
            import_factors(reopened, folder / "own.csv", now=NOW)
        for name, text in files:
            _add(reopened, folder, text, name)
        found = open_findings(reopened, now=NOW)
        try:
            return [*found, *run_year(reopened, year, now=NOW).findings]
        except NotFoundError:  # every row is in quarantine
            return found

    return Example(
        code,
        "\n".join(text for _, text in files)
        + (f"\n(own factors) {factors}" if factors else "")
        + f"\n(abate.toml){config}",
        found,
    )


def targeted(code: str, target: str, more: str = "") -> Example:
    """A target held against a ledger that has two years, or none for the base."""

    def found(workspace: Workspace, folder: Path) -> list[Finding]:
        from abate.application.disclosure.targets import target_progress

        path = workspace.root / "abate.toml"
        path.write_text(path.read_text().replace("closed = 2023", "sold = 2023") + target)
        reopened = open_workspace(workspace.root)
        bills = [
            (s, f"{y}-0{m}", 1000, "kWh")
            for y in (2022, 2023)
            for s in ("hq", "sold")
            for m in (5, 6)
        ]
        _add(reopened, folder, electricity(bills), "bills.csv")
        for year in ("FY2023", "FY2024"):
            run_year(reopened, year, now=NOW)
        return target_progress(reopened)[1]

    return Example(code, f"(abate.toml){target}", found)


def metered(code: str, given: str, *, zone: str = "UTC") -> Example:
    """A file of interval data, read and checked."""

    def found(workspace: Workspace, folder: Path) -> list[Finding]:
        from abate.adapters.readers.series import read_series

        (folder / "load.csv").write_text(_unfolded(given))
        return list(read_series(folder / "load.csv", zone=zone).findings)

    return Example(code, given, found)


def _unfolded(given: str) -> str:
    """Rows as they stand; a row `... n times value` stands for so many hours more."""
    from datetime import datetime, timedelta

    lines: list[str] = []
    for text in given.strip().splitlines():
        if text.startswith("..."):
            _, count, _, value = text.split()
            last = datetime.fromisoformat(lines[-1].split(",")[0])
            lines += [
                f"{last + timedelta(hours=k + 1)},{_value(value, k)}" for k in range(int(count))
            ]
        else:
            lines.append(text)
    return "\n".join(lines) + "\n"


def _value(text: str, k: int) -> str:
    """A value, or one that swings around it by the hour."""
    return f"{float(text[1:]) + k % 24 * float(text[1:]) / 100:g}" if text.startswith("~") else text


def billed(code: str, given: str) -> Example:
    """A file of bills, read for a saving."""

    def found(workspace: Workspace, folder: Path) -> list[Finding]:
        from abate.application.energy.savings import read_usage

        (folder / "bills.csv").write_text(_unfolded(given))
        return list(read_usage(folder / "bills.csv").findings)

    return Example(code, given, found)


def _with_hidden_rows(workspace: Workspace, folder: Path) -> list[Finding]:
    from openpyxl import Workbook

    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "2024"
    for row in [("site", "month", "kWh"), ("hq", "2024-01", 100), ("hq", "2024-02", 200)]:
        sheet.append(row)
    sheet.row_dimensions[3].hidden = True
    book.save(folder / "bills.xlsx")
    add_file(workspace, folder / "bills.xlsx", now=NOW, template="electricity")
    return open_findings(workspace, now=NOW)


def _with_a_hidden_sheet(workspace: Workspace, folder: Path) -> list[Finding]:
    from openpyxl import Workbook

    from abate.adapters.readers.series import read_series

    book = Workbook()
    for row in [("time", "kWh"), ("2024-01-01 00:00", 4.1), ("2024-01-01 01:00", 4.2)]:
        book.active.append(row)
    draft = book.create_sheet("draft")
    draft.append(("time", "kWh"))
    draft.sheet_state = "hidden"
    book.save(folder / "load.xlsx")
    return list(read_series(folder / "load.xlsx").findings)


def _drifted(workspace: Workspace, folder: Path) -> list[Finding]:
    """A site is forecast, then uses twice as much for two weeks, and is forecast again."""
    import random
    from datetime import datetime, timedelta

    from abate.adapters.readers.energy_config import EnergyConfig
    from abate.application.energy.forecasts import forecast_site

    rng = random.Random(7)
    first = datetime(2023, 1, 1)
    hours = [
        (
            first + timedelta(hours=k),
            (2 if k >= 64 * 24 else 1) * (100 + 10 * (k % 24) + rng.uniform(-3, 3)),
        )
        for k in range(78 * 24)
    ]
    rows = "".join(f"{t},hq,hq-1,{v:.2f},{v / 1.2:.2f},1\n" for t, v in hours)
    (folder / "meter.csv").write_text(METER + rows)
    add_file(workspace, folder / "meter.csv", now=NOW)
    found: list[Finding] = []
    for day in ("2023-03-05", "2023-03-20"):
        import numpy as np

        made = forecast_site(
            workspace, "hq", EnergyConfig(), ahead_s=86_400, issued=np.datetime64(day, "s")
        )
        found += made.findings
    return found


def ordered(code: str, orders: str) -> Example:
    """Packed into one carton of 200 x 150 x 100 mm."""

    def found(workspace: Workspace, folder: Path) -> list[Finding]:
        (folder / "orders.csv").write_text(orders)
        (folder / "cartons.csv").write_text("carton,length_mm,width_mm,height_mm\nS,200,150,100\n")
        return pack_file(folder / "orders.csv", folder / "cartons.csv", lambda _: None)[1].findings

    return Example(code, orders, found)


def gated(
    code: str,
    *lines: Line,
    previous: tuple[Line, ...] = (),
    years: dict[str, int] | None = None,
    unused: str = "",
) -> Example:
    def found(workspace: Workspace, folder: Path) -> list[Finding]:
        publication = FactorEdition(
            "x", "X", "2025", date(2025, 6, 1), "open", "AR5", list(lines), years or {}
        )
        publication.unused["T1", unused] += bool(unused)
        return pass_gates(
            publication, previous, frozenset(), {"CO2": 1.0, "CH4-fossil": 28.0}, "factors.xlsx"
        )[1]

    shown = "\n".join(f"row {x.row}: {x.factor_id} {x.species} {x.text!r} {x.unit}" for x in lines)
    return Example(code, shown or unused or str(years), found)


def _add(workspace: Workspace, folder: Path, text: str, name: str, **options: object) -> None:
    path = folder / name
    path.write_text(text)
    add_file(workspace, path, now=NOW, **options)  # type: ignore[arg-type]


def line(
    species: str, text: str, unit: str = "kg/kWh", row: int = 7, verification: str = "checked"
) -> Line:
    return Line(
        "x/grid",
        "grid",
        "electricity",
        "grid-average",
        "GB",
        2025,
        "direct",
        species,
        text,
        unit,
        "T1",
        row,
        verification=verification,
    )


def _year(first: str, change: dict[str, tuple[object, str]], count: int = 12) -> str:
    return electricity([("hq", m, *change.get(m, (100, "kWh"))) for m in months(first, count)])


def _other_heating_value(workspace: Workspace, folder: Path) -> list[Finding]:
    source = Source("P", "T", "1", date(2020, 1, 1), "open")
    book = FactorBook(
        [
            Factor(
                "p/peat",
                "stationary-fuel",
                "peat",
                "world",
                "within",
                None,
                "direct",
                (Mass("CO2", "106000", "kg/TJ_net"),),
                "",
                source,
            )
        ]
    )
    resolver = Resolver(book, workspace.organisation, METHODS, Terms())
    return resolver.resolve([ActivityKey("stationary-fuel", "peat", "hq", "2023-05", "kWh_gross")])[
        1
    ]


def _gwp_differs(workspace: Workspace, folder: Path) -> list[Finding]:
    from abate.application.factors import read_factors

    path = folder / "gwp.csv"
    path.write_text("Species,AR4GWP100,AR5GWP100,AR6GWP100\nN2O,298,265,272\n")
    return read_factors(path)[3]


def _set_back(workspace: Workspace, folder: Path) -> list[Finding]:
    _add(workspace, folder, electricity([("hq", "2023-05", 100, "kWh")]), "electricity.csv")
    return open_findings(workspace, now=NOW - timedelta(days=700))


def _expecting(workspace: Workspace, folder: Path) -> list[Finding]:
    from dataclasses import replace

    sites = tuple(
        replace(s, expects=("electricity",)) if s.id == "hq" else s
        for s in workspace.organisation.sites
    )
    expecting = replace(workspace, organisation=replace(workspace.organisation, sites=sites))
    _add(
        expecting,
        folder,
        electricity([("hq", m, 100, "kWh") for m in months("2023-04", 12) if m != "2023-08"]),
        "electricity.csv",
    )
    return open_findings(expecting, now=NOW)


OWN = "my/grid,electricity,grid-average,{0},within,2023,direct,{1},0.2,kg/kWh,{2},,,Ministry,T1,2023,2024-01-01,open,checked,\n"

RAIL = (
    OWN.format("XX", "CO2", "")
    .replace("electricity,grid-average", "travel,rail")
    .replace("kWh", "pkm")
)


def hourly(header: str, *hours: str) -> str:
    """A file of readings of the first of January 2024; each is an hour and what stands in it."""
    rows = (f"2024-01-01 {one[:2]}:00,{one[3:]}" for one in hours)
    return "\n".join((f"time,{header}", *rows, ""))


EXAMPLES = (
    imported("missing-value", electricity([("hq", "2023-05", "", "kWh")])),
    imported("not-a-number", electricity([("hq", "2023-05", "12.5.3", "kWh")])),
    imported("bad-date", electricity([("hq", "some day in May", 5, "kWh")])),
    imported("ambiguous-date", electricity([("hq", "05/06/2023", 5, "kWh")])),
    imported("ambiguous-number", "Site;Month;Electricity kWh\nhq;2023-05;1.204\n"),
    imported("unknown-site", electricity([("moon", "2023-05", 5, "kWh")])),
    imported("ambiguous-unit", FUEL + "hq,2023-05,diesel,5,gal\n", name="generator.csv"),
    imported("unknown-unit", electricity([("hq", "2023-05", 5, "boxes")])),
    imported("wrong-dimension", electricity([("hq", "2023-05", 5, "kg")])),
    imported("unknown-item", FUEL + "hq,2023-05,unobtainium,5,L\n", name="generator.csv"),
    imported("ambiguous-item", FUEL + "hq,2023-05,coal,5,t\n", name="boiler.csv"),
    imported("unknown-place", FLIGHTS + "hq,2023-05,LHR,Atlantis,1\n", name="travel.csv"),
    imported(
        "overlapping-bill",
        BILLS + "hq,2023-05-01,2023-06-15,900,E-1\nhq,2023-06-01,2023-06-30,500,E-2\n",
    ),
    imported(
        "invoice-twice",
        BILLS + "hq,2023-05-01,2023-05-31,900,E-1\nhq,2023-05-10,2023-05-25,900,E-1\n",
    ),
    imported(
        "same-period",
        BILLS + "hq,2023-05-01,2023-05-31,900,E-1\nhq,2023-05-01,2023-05-31,500,E-2\n",
    ),
    imported(
        "bill-taken-back",
        BILLS + "hq,2023-05-01,2023-05-31,900,E-1\nhq,2023-05-01,2023-05-31,-900,E-2\n",
    ),
    imported("negative-quantity", electricity([("hq", "2023-05", -5, "kWh")])),
    imported("absurd-quantity", electricity([("hq", "2023-05", "9e14", "kWh")])),
    imported("date-out-of-range", electricity([("hq", "2099-05", 5, "kWh")])),
    imported("wrong-year", _year("2023-04", {}).replace("2023-08", "2022-08")),
    imported("site-not-owned", electricity([("sold", "2023-11", 5, "kWh")])),
    imported("duplicate-row", electricity([("hq", "2023-05", 5, "kWh")]) + "hq,2023-05,5,kWh,E0\n"),
    imported("magnitude", _year("2023-04", {"2023-09": (100, "MWh")})),
    Example(
        "clock-set-back",
        "An import of November 2026, on a machine whose clock stands at December 2024.",
        _set_back,
    ),
    Example(
        "missing-month",
        'Eleven months of a site whose abate.toml says expects = ["electricity"].',
        _expecting,
    ),
    imported(
        "bad-instrument",
        CERTIFICATE + "G1,promise,wind,CN,,2023-04-01,2023-12-31,5,MWh,FY2024\n",
        name="certificates.csv",
    ),
    imported(
        "heating-value-unstated", FUEL + "hq,2023-05,natural-gas,500,kWh\n", name="boiler.csv"
    ),
    imported("pue-below-one", METER + "2023-05-01 00:00,hq,b1,90,100,0\n", name="meters.csv"),
    imported(
        "meter-gap",
        METER
        + "".join(
            f"2023-05-{1 + h // 24:02d} {h % 24:02d}:00,hq,b1,{120 + h % 24},{100 + h % 7},0.1\n"
            for h in range(740)
        ),
        name="meters.csv",
    ),
    imported(
        "meter-stuck",
        METER
        + "".join(
            f"2023-05-01 {h:02d}:00,hq,b1,{120 + 9 * h % 10},{100 + (h > 12) * (7 * h % 12)},0.1\n"
            for h in range(24)
        ),
        name="meters.csv",
    ),
    imported("zero-quantity", electricity([("hq", "2023-05", 0, "kWh")])),
    Example(
        "sheet-skipped",
        "A workbook with a sheet of bills and one of notes.",
        _with_a_sheet_of_notes,
    ),
    imported(
        "decimal-mark-assumed",
        "Site,Month,Electricity kWh\nhq,2023-05,1.234\nhq,2023-06,5.678\n",
    ),
    imported(
        "opening-reading",
        "Site,Reading date,Meter reading kWh\nhq,2023-05-01,1200\nhq,2023-06-01,1350\n",
    ),
    valued("no-factor", ("electricity.csv", electricity([("mars", "2023-05", 5, "kWh")]))),
    valued("unit-mismatch", ("boiler.csv", FUEL + "london,2023-05,coal-industrial,5,m3\n")),
    Example(
        "heating-value-mismatch",
        "Peat measured in kWh (Gross CV), a factor per TJ net, and no property that relates them.",
        _other_heating_value,
    ),
    valued(
        "no-gwp",
        ("refrigerants.csv", "Site,Date,Refrigerant,Charged,Unit\nhq,2023-05-02,HFC-161,2,kg\n"),
        gwp="AR4",
    ),
    valued(
        "certificate-used-twice",
        ("electricity.csv", electricity([("hq", "2023-05", 5, "MWh")])),
        (
            "certificates-1.csv",
            CERTIFICATE + "G1,certificate,wind,CN,,2023-04-01,2023-12-31,1,MWh,FY2024\n",
        ),
        (
            "certificates-2.csv",
            CERTIFICATE + "G1,certificate,wind,CN,,2023-04-01,2023-12-31,2,MWh,FY2024\n",
        ),
        accept="duplicate-row",
    ),
    valued(
        "factor-carried-forward", ("electricity.csv", electricity([("hq", "2024-02", 5, "kWh")]))
    ),
    configured(
        "factor-carried-back",
        "",
        ("travel.csv", TRAVEL + "mars,2023-05,rail,XX,2,100\n"),
        factors=HEADER.replace("\n", ",ages\n")
        + RAIL.replace(",2023,", ",,").replace("T1,2023", "T1,2024").replace("\n", ",yes\n"),
    ),
    valued(
        "ambiguous-factor",
        ("electricity.csv", electricity([("mars", "2023-05", 5, "kWh")])),
        factors=OWN.format("XX", "CO2", "")
        + OWN.format("XX", "CO2", "").replace("my/grid", "your/grid").replace("0.2", "0.3"),
    ),
    configured(
        "factor-general",
        "",
        ("travel.csv", TRAVEL + "mars,2023-05,rail/high-speed,XX,2,100\n"),
        factors=HEADER + RAIL,
    ),
    configured(
        "factor-other-basis",
        '\n[factors]\nallow = ["life-cycle"]\n',
        ("electricity.csv", electricity([("mars", "2023-05", 5, "kWh")])),
        factors=HEADER + OWN.format("XX", "CO2", "").replace(",direct,", ",life-cycle,"),
    ),
    configured(
        "factor-weak-evidence",
        "",
        ("electricity.csv", electricity([("mars", "2023-05", 5, "kWh")])),
        factors=HEADER.replace("\n", ",evidence\n")
        + OWN.format("XX", "CO2", "").replace("\n", ",D\n"),
    ),
    configured(
        "price-carried-forward",
        PROXIES,
        ("purchases.csv", SPEND + "hq,2026-05,consulting,100,CNY\n"),
        year="FY2027",
    ),
    valued("factor-recalled", ("generator.csv", FUEL + "hq,2023-05,diesel,5,L\n")),
    valued(
        "gwp-set-fixed",
        ("electricity.csv", electricity([("mars", "2023-05", 5, "kWh")])),
        factors=OWN.format("XX", "unspecified-co2e", "AR5"),
    ),
    valued(
        "residual-mix-missing",
        ("electricity.csv", electricity([("london", "2023-05", 5, "kWh")])),
        factors=OWN.format("GB", "CO2", ""),
    ),
    valued(
        "instrument-unused",
        ("electricity.csv", electricity([("hq", "2023-05", 5, "kWh")])),
        (
            "certificates.csv",
            CERTIFICATE + "G1,certificate,wind,CN,,2023-04-01,2023-12-31,1,MWh,FY2024\n",
        ),
    ),
    imported("unknown-region", TRAVEL + "hq,2023-05,rail,Atlantis,2,100\n", name="travel.csv"),
    imported("share-above-one", SHARES + "hq,2023-05,co2e,120000,40\n", name="investments.csv"),
    imported("bad-uncertainty", WASTE + "hq,2023-05,mixed/landfill,3,t,rather\n", name="waste.csv"),
    configured(
        "action-unnamed", PROGRAMME, ("carton-reuse.csv", CARTONS + "reuse,2023-05,,P-1,5\n")
    ),
    configured(
        "action-booked-twice",
        PROGRAMME,
        ("carton-reuse.csv", CARTONS + "reuse,2023-05,ann,P-1,5\nreuse,2023-05,ann,P-1,6\n"),
    ),
    configured("no-programme", PROGRAMME, ("carton-reuse.csv", CARTONS + "hq,2023-05,ann,P-1,5\n")),
    configured(
        "factor-assumed", PROGRAMME, ("carton-reuse.csv", CARTONS + "reuse,2023-05,ann,P-1,5\n")
    ),
    configured(
        "factor-proxy", PROXIES, ("waste.csv", WASTE + "hq,2023-05,mixed/landfill,3,t,5 %\n")
    ),
    configured(
        "price-mismatch", PROXIES, ("purchases.csv", SPEND + "hq,2023-05,consulting,100,VND\n")
    ),
    configured(
        "category-excluded", PROXIES, ("end-of-life.csv", END + "hq,2023-05,mixed/landfill,3,t\n")
    ),
    configured(
        "category-unassessed", PROXIES, ("waste.csv", WASTE + "hq,2023-05,mixed/landfill,3,t,5 %\n")
    ),
    valued(
        "category-incomplete",
        ("electricity.csv", electricity([("mars", "2023-05", 5, "kWh")])),
        factors=OWN.format("XX", "CO2", ""),
    ),
    valued("factor-co2-only", ("electricity.csv", electricity([("hq", "2023-05", 5, "kWh")]))),
    gated("empty-cell", line("CO2", "")),
    gated("text-in-number", line("CO2", "0.2 ")),
    gated("unit-does-not-fit", line("CO2", "0.2", "kWh (Net CV)")),
    gated("negative-factor", line("CO2", "-0.2")),
    gated(
        "gases-do-not-add-up",
        line("co2e", "0.5", row=6),
        line("CO2", "0.2"),
        line("CH4-fossil", "0.001", row=8),
    ),
    gated("edition-jump", line("CO2", "0.4"), previous=(line("CO2", "0.2"),)),
    gated("known-misprint", unused="printed wrong, a thousand times too high"),
    gated("section-not-used", unused="it is in the rows of fuels already"),
    gated("swapped-year", years={"the front page": 2024, "the column of factors": 2025}),
    gated("factor-stands-twice", line("CO2", "0.2"), line("CO2", "0.3", row=8)),
    gated("factor-not-checked", line("CO2", "0.2", verification="recalled")),
    ordered("bad-item", "order,item,length_mm,width_mm,height_mm,mass_g\nA,a1,120,-80,60,500\n"),
    ordered(
        "fits-nothing", "order,item,length_mm,width_mm,height_mm,mass_g\nA,a1,1200,80,60,500\n"
    ),
    metered(
        "reading-gap",
        hourly("kWh", "00 4.1", "01 4.2", "04 4.4", "05 4.0"),
    ),
    metered(
        "reading-twice",
        hourly("kWh", "00 4.1", "01 4.2", "01 4.6", "02 4.0"),
    ),
    metered(
        "reading-unread",
        hourly("kWh", "00 4.1", "01 4.2", "02 error", "03 4.0"),
    ),
    metered(
        "clock-change", "time,kWh\n2024-10-26 23:00,4.1\n... 30 times ~4\n", zone="Europe/Berlin"
    ),
    metered(
        "clock-local",
        hourly("kWh", "00 4.1", "01 4.2", "03 4.0", "04 4.3", "05 4.1").replace("01-01", "03-31"),
    ),
    metered(
        "unit-slip",
        "time,kWh\n2024-01-01 00:00,4\n... 191 times ~4\n... 96 times ~4000\n... 192 times ~4\n",
    ),
    metered(
        "counter-read",
        hourly("register kWh", "00 1204", "01 1208", "02 1211", "03 1219"),
    ),
    metered(
        "counter-reset",
        hourly("register kWh", "00 1204", "01 1208", "02 3", "03 7"),
    ),
    metered(
        "reading-stuck",
        "time,kWh\n2024-01-01 00:00,4\n... 48 times ~4\n... 13 times 4.7\n... 48 times ~4\n",
    ),
    metered("unit-unsaid", "time,raw\n2024-01-01 00:00,4.1\n2024-01-01 01:00,4.2\n"),
    metered(
        "reading-estimated",
        hourly("kWh,quality", "00 4.1,A", "01 4.2,estimated", "02 4.0,A"),
    ),
    metered(
        "reading-sentinel",
        hourly("kWh", "00 4.1", "01 -999", "02 4.4", "03 4.0"),
    ),
    metered(
        "reading-spike",
        "time,kWh\n2024-01-01 00:00,4\n... 40 times ~4\n... 1 times 900\n... 40 times ~4\n",
    ),
    metered(
        "meter-dead",
        "time,kWh\n2024-01-01 00:00,4\n... 96 times ~4\n... 60 times 0\n... 96 times ~4\n",
    ),
    metered(
        "sum-left-out",
        hourly(
            "day kWh,night kWh,total kWh", "00 1.5,2,3.5", "01 1,2.5,3.5", "02 3,1,4", "03 2,2,4"
        ),
    ),
    metered(
        "counter-corrected",
        hourly("register kWh", "00 5000.2", "01 5001.4", "02 5001.3", "03 5002.6"),
    ),
    metered(
        "counter-rolled",
        hourly("register kWh", "00 99995", "01 99999", "02 3", "03 8"),
    ),
    metered(
        "counter-spread",
        hourly("register kWh", "00 5000", "01 5001", "04 5007", "05 5009"),
    ),
    Example("rows-hidden", "(a workbook with a hidden row)", _with_hidden_rows),
    Example("sheet-hidden", "(a workbook with a hidden sheet 'draft')", _with_a_hidden_sheet),
    billed(
        "bill-gap",
        "start,end,kWh\n2023-01-01,2023-02-01,400\n2023-02-01,2023-03-01,380\n2023-04-01,2023-05-01,300\n",
    ),
    billed(
        "bill-estimated",
        "start,end,kWh,read type\n2023-01-01,2023-02-01,400,actual\n2023-02-01,2023-03-01,380,estimated\n2023-03-01,2023-04-01,300,actual\n",
    ),
    billed(
        "days-left-out",
        "time,kWh\n2024-01-01 00:00,4\n... 96 times ~4\n... 60 times 0\n... 96 times ~4\n",
    ),
    Example(
        "forecast-drift",
        "timestamp,site,building,facility_kwh,…: from one day on twice as much",
        _drifted,
    ),
    targeted(
        "target-without-base",
        '\n[[targets]]\nfigure = "scope2-location"\nkind = "absolute"\nyear = "FY2030"\nbase_year = "FY2019"\nreduction = 0.5\n',
    ),
    targeted(
        "base-year-stated",
        '\n[[targets]]\nfigure = "scope2-location"\nkind = "absolute"\nyear = "FY2030"\nbase_year = "FY2019"\n'
        'reduction = 0.5\nbase_value = 4.0\nbase_source = "report of 2019"\n',
    ),
    targeted(
        "target-below-pathway",
        '\n[[targets]]\nfigure = "scope2-location"\nkind = "absolute"\nyear = "FY2030"\nbase_year = "FY2023"\n'
        'reduction = 0.2\npathway = "sbti-1.5c"\n',
    ),
    targeted(
        "base-year-to-restate",
        '\n[[targets]]\nfigure = "scope2-location"\nkind = "absolute"\nyear = "FY2030"\nbase_year = "FY2023"\nreduction = 0.5\n',
    ),
    targeted(
        "target-met-when-set",
        '\n[[targets]]\nfigure = "scope2-location"\nvalue = 1e9\nyear = "FY2030"\nbase_year = "FY2023"\n',
    ),
    targeted(
        "target-incomplete",
        '\n[[targets]]\nfigure = "gross"\nkind = "absolute"\nyear = "FY2030"\nbase_year = "FY2023"\nreduction = 0.5\n',
    ),
    targeted(
        "pathway-misused",
        '\n[[targets]]\nfigure = "total-market"\nkind = "absolute"\nyear = "FY2030"\nbase_year = "FY2023"\n'
        'reduction = 0.5\npathway = "sbti-1.5c"\n',
    ),
    Example("gwp-differs", "Species,AR4GWP100,AR5GWP100,AR6GWP100\nN2O,298,265,272", _gwp_differs),
)
