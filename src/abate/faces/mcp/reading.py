"""Tools that read: figures, and everything behind and beside them."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from abate.application.disclosure.claims import check_text
from abate.application.energy.batches import forecast_rows
from abate.application.energy.tariffs import plain_name
from abate.application.inventory.explanations import explain_entry
from abate.application.opening import open_workspace
from abate.faces.mcp.frame import (
    ROWS_MAX,
    Content,
    Effort,
    FileName,
    Items,
    Limit,
    Name,
    Row,
    Span,
    Where,
    Year,
    bounded,
    file_of,
)
from abate.faces.python.workspace import Workspace
from abate.kernel.edges import Json


class Reading:
    """What agents may ask of a workspace without changing it.

    Args:
        root: Its folder.
    """

    def __init__(self, root: Path) -> None:
        self.root = open_workspace(root).root

    @property
    def workspace(self) -> Workspace:
        """The workspace as it stands now."""
        return Workspace(open_workspace(self.root))

    def _linked(self, row: Mapping[str, Any]) -> Json:
        return {**row, "link": f"abate://figures/{row['year']}/{row['figure']}"}

    def runs(self) -> Json:
        """Years that were valued, with the run that counts and its status."""
        ws = self.workspace
        latest = [ws.latest(y) for y in ws.years]
        return bounded([{"year": r.year, "run": r.id, "status": r.status} for r in latest])

    def figures(
        self,
        names: Name = "",
        year: Year = "",
        by: Name = "",
        where: Where | None = None,
        limit: Limit = ROWS_MAX,
    ) -> Json:
        """Values of figures, whole or broken down by dimensions (org, site, month, category).

        Names and dimensions have commas between them; the headlines where no name is given, all
        years where no year is.
        """
        ws = self.workspace
        wanted = [n.strip() for n in names.split(",") if n.strip()]
        of = ws.latest(year) if year else ws
        table = of.figures(wanted, by=by, where=where or {})
        return bounded([self._linked(r) for r in table], limit)

    def explain(
        self, figure: Name, year: Year, where: Where | None = None, limit: Limit = 20
    ) -> Json:
        """Open a figure: its formula, what it is made of, and its rows with file and row."""
        told = self.workspace.latest(year).explain(figure, where=where or {}, limit=limit)
        return self._linked(told.json)

    def entry(self, name: Name, year: Year = "") -> Json:
        """Open a row of a figure: file and row, method, factor, publication and table."""
        return explain_entry(open_workspace(self.root), name, year).json

    def check(self, year: Year = "", limit: Limit = 50) -> Json:
        """Findings that stand, the gravest first: what is wrong, where, and what to do."""
        return bounded([f.json for f in self.workspace.check(year)], limit)

    def search_factors(self, words: Name, limit: Limit = 20) -> Json:
        """Factors that hold all of the words, with value, unit, publication and licence."""
        return bounded(list(self.workspace.factors(*words.split())), limit)

    def check_claims(
        self,
        text: Content,
        format: Annotated[str, Field(pattern="^(txt|md|html|csv|json)$")] = "txt",  # noqa: A002
        year: Year = "",
        about: Name = "",
    ) -> Json:
        """Test the statements of a text against each other and against the ledger."""
        opened = open_workspace(self.root)
        told = check_text(text, format, workspace=opened, year=year, about=about).json
        return {key: bounded(rows) for key, rows in told.items()}

    def preview_file(self, name: FileName, content: Content, kind: Name = "") -> Json:
        """What an import of a file would do: rows that would count, findings. Nothing is stored."""
        with tempfile.TemporaryDirectory() as folder:
            seen = self.workspace.preview(file_of(Path(folder), name, content), kind=kind)
        return {
            "rows": seen.row_count,
            "would_count": seen.accepted_count,
            "would_wait_in_quarantine": seen.blocked_count,
            "findings": bounded([f.json for f in seen.findings], 50),
        }

    def indicators(self, names: Name = "", year: Year = "") -> Json:
        """Indicators (names with commas; all where none is named) in a year, or in all."""
        wanted = [n.strip() for n in names.split(",") if n.strip()]
        return bounded(list(self.workspace.indicators(*wanted, years=[year] if year else [])))

    def targets(self) -> Json:
        """Targets: pathway, latest value, gap, when the trend meets them, yearly rate needed."""
        return bounded(self.workspace.targets())

    def uncertainty(self, figure: Name, year: Year, by: Name = "") -> Json:
        """95 % ranges of a sum, and which data to measure better next."""
        return bounded([r.json for r in self.workspace.latest(year).uncertainty(figure, by=by)])

    def bridge(self, figure: Name, before: Year, after: Year) -> Json:
        """Why a figure differs between two years: contributions that add up to the milligram."""
        return self.workspace.bridge(figure, before, after).json

    def opened(self, year: str, name: str) -> str:
        """A figure opened, as JSON."""
        return json.dumps(self.explain(name, year, limit=ROWS_MAX), ensure_ascii=False)

    # Data

    def imports(self, limit: Limit = 50) -> Json:
        """Imports, corrections and reversals, the newest first, each with whether it counts."""
        return bounded([asdict(i) for i in reversed(self.workspace.imports())], limit)

    def quarantine(self, limit: Limit = 50) -> Json:
        """Rows that are in no figure until they are corrected, with their cells as they stood."""
        return bounded(list(self.workspace.quarantine()), limit)

    def rows_of(self, import_id: Name, row: Row, sheet: Name = "") -> Json:
        """Rows of an imported file as they stood in it, around a row."""
        return bounded(list(self.workspace.rows_of(import_id, row, sheet=sheet)))

    def read_bill(self, name: FileName, content: Content) -> Json:
        """Read an electricity bill (PDF as base64): values with place and confidence."""
        with tempfile.TemporaryDirectory() as folder:
            reads = self.workspace.bill(file_of(Path(folder), name, content))
        return bounded([asdict(r) | {"place": r.place} for r in reads])

    def organisation(self) -> Json:
        """Entities, sites, targets and measures, and settings."""
        return self.workspace.organisation()

    def verify(self, year: Year) -> Json:
        """Compute the run of a year that counts again, and compare to the milligram."""
        told = self.workspace.latest(year).verify()
        return asdict(told) | {"holds": told.holds}

    # Factors

    def factor(self, factor_id: Name) -> Json:
        """A factor: values, source, other editions and years, and where it is used."""
        return self.workspace.factor(factor_id)

    def factor_findings(self, limit: Limit = 50) -> Json:
        """What the gates found in publishers' files when they were imported."""
        return bounded(list(self.workspace.factor_findings()), limit)

    # Statements

    def programmes(self, year: Year) -> Json:
        """What others emit less because of the organisation, and what keeps it from the public."""
        return bounded(list(self.workspace.programmes(year)))

    def neutrality(self, year: Year) -> Json:
        """Gross, removed, offset, and what is left; whether "carbon neutral" may be said."""
        told = self.workspace.neutrality(year)
        return asdict(told) | {"neutral": told.is_neutral, "remarks": list(told.remarks)}

    def credits(self) -> Json:
        """Carbon credits: what is held, and what is retired for which year."""
        return bounded(list(self.workspace.credits()))

    def frameworks(self, year: Year, framework: Name = "", limit: Limit = 100) -> Json:
        """What ESRS, IFRS S2, GRI and others ask for, and what answers it or why it is open."""
        rows = [r for r in self.workspace.frameworks(year) if framework in ("", r["framework"])]
        return bounded(rows, limit)

    def disclosures(self, year: Year) -> Json:
        """Every datapoint that an indicator answers, with figure, run, imports and evidence."""
        return self.workspace.disclosures(year)

    def vsme_datapoints(self, year: Year) -> Json:
        """Datapoints of a small firm's report, with origin, or why they are missing."""
        return bounded(list(self.workspace.vsme_datapoints(year)))

    def published(self, entity: Name = "", limit: Limit = 100) -> Json:
        """Published figures that were loaded, by which claims are tested."""
        return bounded(list(self.workspace.published(entity=entity)), limit)

    def signoffs(self, year: Year = "") -> Json:
        """Steps of sign-off, oldest first."""
        return bounded([asdict(s) for s in self.workspace.signoffs(year)])

    # Energy

    def data_centres(self, year: Year) -> Json:
        """PUE, WUE and clean share of each building by month, with goal and climate."""
        return bounded([asdict(b) for b in self.workspace.data_centres(year)])

    def load_curve(self, site: Name, building: Name, month: Name) -> Json:
        """The hours of a building's meters in a month, with gaps and stuck meters."""
        return self.workspace.load_curve(site, building, month).json

    def meters(self) -> Json:
        """Every meter with its readings in numbers, parents before what stands below them."""
        return bounded([asdict(m) for m in self.workspace.meters()])

    def meter_usage(self, meter: Name, by: Span = "month", limit: Limit = ROWS_MAX) -> Json:
        """What a meter used by hour, day or month of its clock."""
        return bounded(list(self.workspace.usage(meter, by=by)), limit)

    def readings(self, meter: Name, limit: Limit = ROWS_MAX) -> Json:
        """Readings of a meter as usage a step, the oldest first."""
        return bounded(list(self.workspace.readings(meter, limit=limit)), limit)

    def preview_readings(self, name: FileName, content: Content, meter: Name = "") -> Json:
        """What a file of readings is read as; nothing is stored."""
        with tempfile.TemporaryDirectory() as folder:
            told = self.workspace.preview_readings(
                file_of(Path(folder), name, content), meter=meter
            )
        return asdict(told) | {"findings": [f.json for f in told.findings]}

    def forecast(self, site: Name, hours: Annotated[int, Field(ge=1, le=8784)] = 48) -> Json:
        """Forecast a site's power from its meters: mean and quantiles by hour."""
        told = self.workspace.forecast(site, hours=hours).told
        return {"issued": str(told.issued), "unit": told.unit} | bounded(
            forecast_rows(told.members)
        )

    def forecasts(self) -> Json:
        """Forecasts that were kept, compared with what the meters showed since."""
        return bounded([f.json for f in self.workspace.forecasts()])

    def backtest(self, meter: Name, ahead: Name = "24h", last: Name = "8w") -> Json:
        """Score forecasts of a meter, with baselines for comparison."""
        scores = self.workspace.backtest(meter, ahead=ahead, last=last)
        return bounded([asdict(s) for s in scores])

    def savings(
        self, meter: Name, weather: Content, until: date, since: date | None = None
    ) -> Json:
        """Measure what works saved; weather is a CSV of times and outdoor temperature."""
        with tempfile.TemporaryDirectory() as folder:
            path = file_of(Path(folder), "weather.csv", weather)
            return self.workspace.savings(meter, weather=path, until=until, since=since).json

    def matching(
        self, year: Year, basis: Literal["hourly", "monthly"] = "hourly", lots: Content = ""
    ) -> Json:
        """Match sites' hourly use with plants and lots (CSV: device, start, kwh, region)."""
        with tempfile.TemporaryDirectory() as folder:
            files = [file_of(Path(folder), "lots.csv", lots)] if lots else []
            return self.workspace.matching(year, basis=basis, lots=files).json

    def lots(self) -> Json:
        """Lots (certificates by the hour) by device: what was issued, and where it is now."""
        return bounded(list(self.workspace.lots()))

    def export_lots(self) -> Json:
        """Lots where they stand, as a registry's records in EnergyTag's terms."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "lots.json"
            self.workspace.export_lots(path)
            return bounded(json.loads(path.read_text())["granular_certificate_bundles"])

    def certificates(self, year: Name = "") -> Json:
        """Certificates and contracts that count, with what runs matched of them."""
        return bounded(list(self.workspace.certificates(year)))

    def tariffs(self) -> Json:
        """Tariffs of the workspace and those that come with Abate."""
        return bounded([asdict(t) for t in self.workspace.tariffs()])

    def tariff(self, tariff: Name) -> Json:
        """What a tariff charges, line by line."""
        return self.workspace.tariff(plain_name(tariff)).json

    def tariff_bill(self, tariff: Name, meter: Name, received: Content = "") -> Json:
        """Bill a meter by a tariff; received: a bill that came in (line, month, amount)."""
        with tempfile.TemporaryDirectory() as folder:
            came = file_of(Path(folder), "received.csv", received) if received else None
            told = self.workspace.tariff_bill(plain_name(tariff), meter, received=came).json
        return told | {"lines": bounded(told["lines"])}

    def dispatch(
        self,
        site: Name,
        first: Name = "",
        span: Name = "7d",
        tariff: Name = "",
        ahead_h: Annotated[int, Field(ge=0, le=168)] = 0,
    ) -> Json:
        """Dispatch a site's batteries and loads: the steps, and its bill with and without."""
        name = plain_name(tariff) if tariff else ""
        made = self.workspace.dispatch(site, first=first, span=span, tariff=name, ahead_h=ahead_h)
        return made.json | {"steps": bounded(made.rows)}

    def settle(self, plan: Name, meter: Name = "") -> Json:
        """What a kept dispatch promised, beside what the meters show since."""
        return self.workspace.settle(plan, *([meter] if meter else [])).json

    def size(self, site: Name, first: Name = "", span: Name = "1y", tariff: Name = "") -> Json:
        """Size generators and batteries of a site: what to build, and what it saves."""
        name = plain_name(tariff) if tariff else ""
        return self.workspace.size(site, first=first, span=span, tariff=name).json

    def contracts(
        self,
        contracts: dict[str, str],
        market: Content,
        n: Annotated[int, Field(ge=1, le=50_000)] = 5000,
    ) -> Json:
        """Value power contracts (TOML by name) over futures of a market.

        The market is a CSV of hours: time, price (of a MWh), generation (kW by kW), load (kW).
        """
        with tempfile.TemporaryDirectory() as folder:
            paths = [
                file_of(Path(folder), f"{plain_name(name)}.toml", text)
                for name, text in contracts.items()
            ]
            hours = file_of(Path(folder), "market.csv", market)
            return self.workspace.contracts(*paths, market=hours, n=n).json

    # Logistics

    def pack(self, orders: Content, cartons: Content, objective: Name = "fewest") -> Json:
        """Pack orders into cartons, both as CSV: the plan, its proof, and what is used now."""
        with tempfile.TemporaryDirectory() as folder:
            paths = [
                file_of(Path(folder), f"{name}.csv", text)
                for name, text in (("orders", orders), ("cartons", cartons))
            ]
            plan = Path(folder) / "plan.jsonl"
            told = self.workspace.pack(*paths, output=plan, objective=objective)
            lines = [json.loads(line) for line in plan.read_text(encoding="utf-8").splitlines()]
        return told.json | {"plan": bounded(lines)}

    def fit(self, items: Items, cartons: Content, effort: Effort = "proved") -> Json:
        """Pack one order; say of every carton (CSV) whether it holds it, or what keeps it out."""
        with tempfile.TemporaryDirectory() as folder:
            path = file_of(Path(folder), "cartons.csv", cartons)
            return self.workspace.fit(items, path, effort=effort).json

    def packed(self, plan: Content, actual: Content) -> Json:
        """Hold what was packed (CSV: order, carton) against a plan (JSON lines)."""
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "plan.jsonl").write_text(plan, encoding="utf-8")
            path = file_of(Path(folder), "actual.csv", actual)
            return self.workspace.packed(Path(folder) / "plan.jsonl", path).json

    def assort(self, orders: Content, cartons: Content, sizes: Name = "1-8") -> Json:
        """Design sizes of cartons from past orders, both as CSV, tested on orders kept back."""
        with tempfile.TemporaryDirectory() as folder:
            paths = [
                file_of(Path(folder), f"{name}.csv", text)
                for name, text in (("orders", orders), ("cartons", cartons))
            ]
            designs = self.workspace.assort(*paths, sizes=sizes)
        return bounded(
            [
                {
                    "sizes": d.count,
                    "cost": d.cost,
                    "gap_share": d.gap_share,
                    "tested": d.tested,
                    "cartons": [[c.length_mm, c.width_mm, c.height_mm] for c in d.cartons],
                }
                for d in designs
            ]
        )

    def reuse(self, packaging: Content, site: Name, month: Name) -> Json:
        """Say whether circulating boxes pay; packaging is TOML with a section scheme."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "packaging.toml"
            path.write_text(packaging, encoding="utf-8")
            value = self.workspace.reuse(path, site=site, month=month)
        return asdict(value) | {"pays": value.pays, "verdict": value.verdict}

    def stock(self) -> Json:
        """Used and circulating cartons by site: in stock, reserved, away, shipped, lost, worn."""
        return bounded(list(self.workspace.stock()))

    def plans(self) -> Json:
        """Plans with what they save, their proof and cost; both sides valued alike."""
        return bounded([p.json for p in self.workspace.plans()])
