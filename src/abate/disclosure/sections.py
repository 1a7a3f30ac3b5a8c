"""Tables of the yearly report, from what was gathered.

One place for the page, the print and the workbook.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from abate.disclosure.markup import Cell, Table
from abate.kernel.edges import Model
from abate.kernel.languages import Translate

TEXT_MAX = 240
"""Characters of a text in a cell of the print and the page."""
PLACES_SHOWN = 6
"""Places of findings of one kind that are named."""


def tables(model: Model, t: Translate) -> dict[str, Table]:
    """Every table for which there is something to show, by name.

    Args:
        model: What `abate.application.disclosure.report_model` gathers.
        t: English to the language of the report.
    """
    made: dict[str, Table] = {}
    for name, make in MAKERS.items():
        if name == "views":
            for chapter in model["chapters"]:
                made |= chapter.tables
        made[name] = make(model, t)
    return {name: table for name, table in made.items() if table.rows}


def _number(cell: Any) -> Cell:
    return Cell(cell["text"], cell.get("value"), cell.get("link", ""))


def _headed(heads: Sequence[str], t: Translate) -> tuple[str, ...]:
    """Headers in a language; the `>` of one that is set right stays."""
    return tuple((">" if h[0] == ">" else "") + t(h.removeprefix(">")) for h in heads)


def _summary(m: Model, t: Translate) -> Table:
    rows = [
        (t(c["title"]), c["text"], t(c["unit"]) if c["unit"] else "–", c["change"] or "–")
        for c in m["cards"]
    ]
    columns = (t("Figure"), f">{m['year']}", t("Unit"), ">" + t("change"))
    return Table.of("summary", t("Key figures"), columns, rows)


def _lacks(m: Model, t: Translate) -> Table:
    return Table.of("lacks", t("What figures lack"), (t("What"),), [(note,) for note in m["notes"]])


def _inventory(m: Model, t: Translate) -> Table:
    columns = [t("Figure"), t("Unit")]
    for k, year in enumerate(m["years"]):
        columns += [f">{year}"] if not k else [f">{year}", ">" + t("change")]
    rows = []
    for line in m["inventory"]:
        row = [Cell(t(line["title"])), Cell(t(line["unit"]))]
        for k, cell in enumerate(line["cells"]):
            link = f"x-{line['figure']}" if cell["link"] else ""
            row.append(Cell(cell["text"], cell["value"], link))
            row += [Cell(cell["change"])] if k else []
        rows.append(row)
    return Table.of("inventory", t("Inventory"), columns, rows)


def _frozen(m: Model, t: Translate) -> Table:
    lines = m["frozen"]["lines"] if m["frozen"] else []
    rows = [(t(x["title"]), Cell(x["published"]), Cell(x["restated"])) for x in lines]
    return Table.of(
        "frozen",
        t("As published and as restated"),
        (t("Figure"), ">" + t("as published"), ">" + t("as restated")),
        rows,
    )


def _value_chain(m: Model, t: Translate) -> Table:
    columns = (
        ">" + t("No."),
        t("Category"),
        *(f">{y} [t CO2e]" for y in m["years"]),
        t("Methods, or why not assessed"),
    )
    rows = [
        (
            c["category"],
            t(c["title"]),
            *(
                Cell(t(x["text"]), x["value"], f"x-{c['figure']}" if x["link"] else "")
                for x in c["cells"]
            ),
            c["how"],
        )
        for c in m["value_chain"]
    ]
    return Table.of("value-chain", t("Scope 3 by category"), columns, rows)


def _bridge(m: Model, t: Translate) -> Table:
    drivers = m["bridges"][0]["drivers"] if m["bridges"] else ()
    columns = (t("Figure"), t("Business"), *(">" + t(d) for d in drivers), ">" + t("difference"))
    rows = [
        (t(b["title"]), x["org"], *x["cells"], x["sum"]) for b in m["bridges"] for x in b["lines"]
    ]
    return Table.of("bridge", t("What changed, and why"), columns, rows)


def _ranges(m: Model, t: Translate) -> Table:
    heads = ("t CO2e", "95 %", t("from"), t("to"), t("quality"), t("primary data"))
    rows = [
        (
            t(r["title"]),
            Cell(r["value"]),
            r["share"],
            r["low"],
            r["high"],
            r["quality"],
            r["primary"],
        )
        for r in m["ranges"]["lines"]
    ]
    return Table.of(
        "ranges", t("Uncertainty and data quality"), (t("Figure"), *(">" + h for h in heads)), rows
    )


def _next(m: Model, t: Translate) -> Table:
    rows = [(c["share"], t(c["source"]), c["what"], c["tonnes"]) for c in m["ranges"]["next"]]
    columns = (">" + t("part of variance"), t("what"), t("name"), ">" + t("t CO2e on it"))
    return Table.of("next", t("What to measure better next"), columns, rows)


def _plans(m: Model, t: Translate) -> Table:
    rows = [
        (
            p["title"],
            p["saving"],
            p["inside"],
            p["outside"],
            f"{p['objective']} ({p['unit']})",
            p["bound"],
            f"{p['cost']} {p['currency']}",
            t(p["stop"]),
        )
        for p in m["plans"]
    ]
    columns = (
        t("Plan"),
        ">" + t("kg CO2e less"),
        ">" + t("in the inventory"),
        ">" + t("outside, as avoided"),
        t("objective"),
        ">" + t("bound"),
        ">" + t("cost"),
        t("why it stopped"),
    )
    return Table.of("plans", t("Plans"), columns, rows)


def _plan_lines(m: Model, t: Translate) -> Table:
    rows = [
        (
            line["side"],
            f"{line['kind']} {line['item']}",
            line["site"],
            line["month"],
            f"{line['amount']} {line['unit']}",
            line["scope"],
            Cell(line["method"], code=True),
            Cell(line["factor_id"], code=True),
            line["kg"],
        )
        for p in m["plans"]
        for line in p["lines"]
    ]
    columns = (
        t("Side"),
        t("Activity"),
        t("Site"),
        t("Month"),
        ">" + t("Amount"),
        t("Scope"),
        t("Method"),
        t("Factor"),
        ">kg CO2e",
    )
    return Table.of("plan-lines", t("Both sides, line by line"), columns, rows)


def _views(m: Model, t: Translate) -> Table:
    rows = [
        (t(x["label"]), Cell(x["text"]), x["unit"], _how(x["how"], t)) for x in m["views"]["lines"]
    ]
    return Table.of(
        "views",
        t("Why net and market-based differ"),
        (t("Figure"), ">" + t("Amount"), t("Unit"), t("How")),
        rows,
    )


def _how(text: str, t: Translate) -> str:
    return f"{t('over')} {text.removeprefix('over ')}" if text.startswith("over ") else t(text)


def _instruments(m: Model, t: Translate) -> Table:
    rows = [
        (i["instrument"], i["tier"], i["kwh"], i["reduction"], i["sites"]) for i in m["instruments"]
    ]
    columns = (
        t("Instrument"),
        t("Tier"),
        ">" + t("matched [kWh]"),
        ">" + t("reduction [t CO2e]"),
        ">" + t("sites"),
    )
    return Table.of("instruments", t("Instruments"), columns, rows)


COVERED = (
    "rows",
    "metered",
    "recorded",
    "spent",
    "reported",
    "estimated",
    "quarantined",
    "missing",
)


def _coverage(m: Model, t: Translate) -> Table:
    rows = [(c["kind"], *(c[h] for h in COVERED)) for c in m["coverage"]]
    heads = ("activities", *COVERED[1:5], "estimated", "in quarantine", "months missing")
    return Table.of(
        "coverage", t("Data coverage"), (t("Kind of activity"), *(">" + t(h) for h in heads)), rows
    )


def _findings(m: Model, t: Translate) -> Table:
    rows = [
        (
            t(f["severity"]),
            Cell(f["code"], code=True),
            f["place"],
            f["message"][:TEXT_MAX],
            f["hint"][:TEXT_MAX],
        )
        for f in m["findings"]
    ]
    columns = (t("Severity"), t("Code"), t("Where"), t("What"), t("What to do"))
    return Table.of("findings", t("Open findings"), columns, rows)


def _kinds(m: Model, t: Translate) -> Table:
    """Open findings: each blocker by itself, others once for what they say."""
    kinds: dict[tuple[str, ...], list[Model]] = {}
    for f in m["findings"]:
        place = f["place"] if f["severity"] == "blocker" else ""
        kinds.setdefault((f["severity"], f["code"], place), []).append(f)
    rows = []
    for (severity, code, _), alike in kinds.items():
        first = alike[0]
        same = all(f["message"] == first["message"] for f in alike)
        places = list(dict.fromkeys(f["place"] for f in alike if f["place"]))
        more = f"; + {len(places) - PLACES_SHOWN}" if len(places) > PLACES_SHOWN else ""
        rows.append(
            (
                t(severity),
                Cell(code, code=True),
                str(len(alike)),
                (first["message"] if same else first["title"])[:TEXT_MAX],
                ", ".join(places[:PLACES_SHOWN]) + more,
                first["hint"][:TEXT_MAX],
            )
        )
    heads = ("Severity", "Code", ">count", "What", "Where", "What to do")
    columns = _headed(heads, t)
    return Table.of("kinds", t("Open findings by kind"), columns, rows)


def _mends(m: Model, t: Translate) -> Table:
    rows = [
        (t(x["action"]), x["place"], Cell(x["detail"], code=True), x["reason"]) for x in m["mends"]
    ]
    return Table.of(
        "corrections", t("Corrections"), (t("What"), t("Where"), t("New values"), t("Reason")), rows
    )


def _methods(m: Model, t: Translate) -> Table:
    rows = [
        (
            Cell(x["name"], code=True),
            f"{t(x['scope'])} {t(x['view'])}",
            t(x["summary"]),
            Cell(x["formula"], code=True),
            x["source"],
        )
        for x in m["methods"]
    ]
    columns = (t("Method"), t("Scope"), t("What it does"), t("Formula"), t("Source"))
    return Table.of("methods", t("Methods"), columns, rows)


def _factors(m: Model, t: Translate) -> Table:
    rows = [
        (
            Cell(f["id"], anchor=f"f-{f['id']}", code=True),
            t(f["region"]),
            t(f["year"]),
            f["printed"],
            t(f["publication"]),
            t(f["table"]),
            f"{f['edition']}, {f['published_on']}",
            t(f["licence"]),
            t(f["verification"]),
        )
        for f in m["factors"]
    ]
    columns = (
        t("Factor"),
        t("Region"),
        t("Year"),
        t("Values"),
        t("Publication"),
        t("Table"),
        t("Edition"),
        t("Licence"),
        t("Check"),
    )
    return Table.of("factors", t("Factors used"), columns, rows)


def _indicators(m: Model, t: Translate) -> Table:
    columns = (
        t("Indicator"),
        t("Unit"),
        *(f">{y}" for y in m["kpi_years"]),
        ">" + t("change"),
        t("wanted"),
        t("assured"),
        t("Method note"),
    )
    rows = [
        (
            Cell(k["title"], anchor=f"i-{k['id']}"),
            t(k["unit"]),
            *map(_number, k["cells"]),
            k["change"],
            t(k["direction"]),
            t(k["assured"]),
            k["note"],
        )
        for k in m["kpis"]
    ]
    return Table.of("indicators", t("Indicators over three years"), columns, rows)


def _targets(m: Model, t: Translate) -> Table:
    heads = (
        "base",
        "wanted",
        "latest",
        "behind by",
        "trend meets",
        "so far a year",
        "needed a year",
    )
    columns = (
        t("Target"),
        t("by"),
        t("Unit"),
        *(">" + t(h) for h in heads),
        t("status"),
        t("pathway"),
    )
    rows = [
        (
            x["name"],
            x["year"],
            t(x["unit"]),
            *(Cell(x[k]) for k in ("base", "end", "latest", "gap", "meets", "so_far", "needed")),
            t(x["status"]),
            x["pathway"],
        )
        for x in m["targets"]
    ]
    return Table.of("targets", t("Targets"), columns, rows)


def _measures(m: Model, t: Translate) -> Table:
    rows = [
        (
            x["title"],
            x["start"],
            Cell(f"{x['abated_t']:,.0f}", x["abated_t"]),
            Cell(f"{x['cost_per_t']:,.0f}", x["cost_per_t"]),
            t({None: "–", True: "yes", False: "no"}[x["pays_at_carbon_price"]]),
        )
        for x in m["macc"]
    ]
    columns = (
        t("Measure"),
        t("from"),
        ">" + t("t CO2e a year"),
        f">{m['currency']}/t",
        t("pays at the carbon price"),
    )
    return Table.of("measures", t("Measures, cheapest first"), columns, rows)


def _neutrality(m: Model, t: Translate) -> Table:
    n = m["neutrality"]
    lines = (
        ()
        if n is None
        else (
            ("Gross (Scope 1 and location-based Scope 2)", n.gross_t),
            ("of which named instruments cover", n.reduction_t),
            ("Net (gross less named reductions)", n.net_t),
            ("Removals retired", n.removed_t),
            ("Avoidance credits retired", n.offset_t),
            ("Gross less retired", n.left_t),
        )
    )
    rows = [(t(title), Cell(f"{value:,.1f}", value)) for title, value in lines]
    return Table.of("neutrality", t("Reduce, remove, offset"), (t("Figure"), ">t CO2e"), rows)


def _credits(m: Model, t: Translate) -> Table:
    rows = [
        (
            c.serial,
            c.registry,
            c.project,
            t(str(c.kind)),
            c.standard,
            str(c.vintage),
            f"{c.retired_for(m['year']) / 1000:,.3f}",
        )
        for c in m["credits"]
    ]
    columns = (
        t("Serial number"),
        t("Registry"),
        t("Project"),
        t("Kind"),
        t("Standard"),
        t("Vintage"),
        ">" + t("retired [t CO2e]"),
    )
    return Table.of("credits", t("Credits retired"), columns, rows)


def _claims(m: Model, t: Translate) -> Table:
    rows = [
        (
            Cell(v["rule"], code=True),
            t(v["verdict"]),
            f"{t(v['title'])} {v['period']}: {v['value']}",
            t(v["calculation"][:TEXT_MAX]),
            t(v["sources"][:120]),
        )
        for v in m["claims"]
    ]
    columns = (t("Rule"), t("Verdict"), t("Statement"), t("Calculation"), t("Sources"))
    return Table.of("claims", t("Claims of this report, checked"), columns, rows)


def _index(m: Model, t: Translate) -> Table:
    rows = [
        (
            x["framework"],
            Cell(x["id"], code=True),
            x["paragraph"],
            x["title"],
            Cell(t("see"), link=x["link"], page=True) if x["link"] else Cell("–"),
            x["text"],
        )
        for x in m["index"]
    ]
    columns = (
        t("Framework"),
        t("Datapoint"),
        t("Paragraph"),
        t("Answered by"),
        ">" + t("Page"),
        ">" + m["year"],
    )
    return Table.of("index", t("Framework index"), columns, rows)


def _gaps(m: Model, t: Translate) -> Table:
    names = ("framework", "group", "title", "count", "by", "partly", "open")
    heads = (
        "Framework",
        "Disclosure",
        "Title",
        ">answered",
        "Answered by",
        "in part",
        "not answered",
    )
    columns = _headed(heads, t)
    rows = [tuple(Cell(x[n] or "–", code=n == "group") for n in names) for x in m["gaps"]]
    return Table.of("gaps", t("What is not answered"), columns, rows)


def _signoffs(m: Model, t: Translate) -> Table:
    rows = [
        (
            s.fiscal_year,
            t(s.step),
            s.person,
            str(s.committed_at)[:16],
            Cell(s.run_id, code=True),
            s.note,
        )
        for s in m["signoffs"]
    ]
    columns = (t("Year"), t("Step"), t("Person"), t("Time"), t("Run"), t("Note"))
    return Table.of("signoffs", t("Sign-off"), columns, rows)


MAKERS: dict[str, Callable[[Model, Translate], Table]] = {
    "summary": _summary, "lacks": _lacks, "indicators": _indicators, "targets": _targets, "measures": _measures, "inventory": _inventory, "frozen": _frozen,
    "value_chain": _value_chain, "bridge": _bridge, "ranges": _ranges, "next": _next, "plans": _plans,
    "plan_lines": _plan_lines, "views": _views, "instruments": _instruments, "neutrality": _neutrality,
    "credits": _credits, "claims": _claims, "index": _index, "gaps": _gaps, "signoffs": _signoffs, "coverage": _coverage,
    "kinds": _kinds, "findings": _findings, "corrections": _mends, "methods": _methods,
    "factors": _factors,
}  # fmt: skip
"""What makes each table, in the order of the workbook's sheets; those of the systems' chapters come
before `views`.
"""
