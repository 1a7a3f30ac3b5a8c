"""What decides a run's entries.

Imports, organisation, factors, methods and terms, each named by its hash.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property

from abate.adapters.store.delta import fetch, literal
from abate.adapters.store.findings import finding_row
from abate.adapters.store.imports import REVERSAL, commit_import, free_id, live_imports
from abate.adapters.store.workspace import Workspace
from abate.application.catalogue import METHODS, default_factors
from abate.application.opening import read_config
from abate.kernel.allocation import MONTHLY
from abate.kernel.errors import ConfigError, IntegrityError, UsageError
from abate.kernel.factor import Factor, content_hash, factor_rows, factors_from_rows
from abate.kernel.finding import Finding
from abate.kernel.organisation import Boundary, Organisation
from abate.kernel.period import FiscalCalendar, month_start, parse_fiscal_year
from abate.kernel.resolution import Terms
from abate.kernel.species import GWP_SETS
from abate.kernel.tables import GATES, RunRow


@dataclass(frozen=True)
class Inputs:
    """Everything that decides a run's entries.

    Args:
        fiscal_year: The year.
        imports: Id and content hash of each import with rows in it.
        organisation: Entities and sites.
        config: They as JSON.
        factors: The factor book's factors.
        factor_imports: Ids of the imports they came by.
        terms: GWP set, boundary, day, structure.
        calendar: Fiscal years.
    """

    fiscal_year: str
    imports: tuple[tuple[str, str], ...]
    organisation: Organisation
    config: str
    factors: tuple[Factor, ...]
    factor_imports: tuple[str, ...]
    terms: Terms
    calendar: FiscalCalendar

    @property
    def structure(self) -> str:
        """Year and rule whose structure counts, as a run keeps them; empty for the year's own."""
        if not self.terms.structure:
            return ""
        year = self.calendar.year_of(month_start(self.terms.structure[0]))
        return f"{year}/{'whole-year' if self.terms.whole_year else 'pro-rata'}"

    @cached_property
    def factor_hash(self) -> str:
        """Hash of the factor book."""
        return content_hash(list(self.factors))

    @property
    def methods(self) -> str:
        """Names and versions of the methods, as JSON."""
        return json.dumps(sorted(m.card.name for m in METHODS))

    @cached_property
    def hash(self) -> str:
        """Hash of all of it."""
        parts = [
            self.fiscal_year,
            self.imports,
            self.config,
            self.factor_hash,
            self.methods,
            self.terms.gwp_set,
            self.terms.boundary.value,
            str(self.terms.as_of),
            self.terms.structure,
            self.terms.whole_year,
        ]
        return hashlib.sha256(repr(parts).encode()).hexdigest()


def inputs_of(workspace: Workspace, row: RunRow) -> Inputs:
    """The inputs that a posted run names."""
    config = read_config(workspace.root, json.loads(row.config), strict=False)
    imports = tuple((i, h) for i, h in json.loads(row.imports))
    ids = tuple(json.loads(row.factor_imports))
    as_of = date.fromisoformat(row.as_of) if row.as_of else None
    terms = read_terms(config, row.gwp_set, row.boundary, as_of, row.structure)
    inputs = Inputs(
        row.fiscal_year,
        imports,
        config.organisation,
        row.config,
        load_factors(workspace, ids),
        ids,
        terms,
        config.calendar,
    )
    if inputs.methods != row.methods:
        raise IntegrityError(
            "method-version",
            "The run used other versions of methods.",
            "Verify it with that version.",
        )
    if inputs.factor_hash != row.factor_hash:
        raise IntegrityError(
            "factors-changed",
            "The run's factors are no longer as they were.",
            "Restore the backup.",
        )
    return inputs


def read_terms(
    workspace: Workspace, gwp_set: str, boundary: str, as_of: date | None, structure: str = ""
) -> Terms:
    """A run's terms, from what was asked and the workspace's defaults.

    Raises:
        UsageError: `unknown-gwp-set`, `unknown-boundary`, `bad-year`.
        ConfigError: `control-unstated` where control decides a share and nobody has said who has
            it.
    """
    chosen = (gwp_set or workspace.gwp_set).upper()
    if chosen not in GWP_SETS:
        raise UsageError(
            "unknown-gwp-set", f"No GWP set '{gwp_set}'.", f"Choose one of {', '.join(GWP_SETS)}."
        )
    approach = boundary or workspace.boundary.value
    if approach not in {b.value for b in Boundary}:
        choices = ", ".join(b.value for b in Boundary)
        raise UsageError(
            "unknown-boundary", f"No boundary '{boundary}'.", f"Choose one of {choices}."
        )
    unstated = workspace.organisation.unstated_control(Boundary(approach))
    if unstated:
        name = f"{approach}_control"
        said = 'true, false or "joint"' if approach == Boundary.FINANCIAL else "true or false"
        raise ConfigError(
            "control-unstated",
            f"Nobody has said who has {approach} control of '{unstated[0]}', which is held in"
            " part.",
            f"Write {name} = {said} in its block of abate.toml (GHG Protocol Corporate Standard,"
            " chapter 3).",
        )
    year, _, named_rule = structure.partition("/")
    rule = named_rule or (workspace.base_year.rule if workspace.base_year else "whole-year")
    months = (
        tuple(workspace.calendar.months(f"FY{parse_fiscal_year(year):04d}")) if structure else ()
    )
    excluded = tuple(category for category, _ in workspace.not_assessed)
    calendar = workspace.calendar if workspace.factor_year == "fiscal-year" else None
    return Terms(
        chosen,
        Boundary(approach),
        as_of,
        workspace.proxies,
        excluded,
        months,
        rule == "whole-year",
        workspace.other_bases,
        calendar,
        workspace.matching,
    )


def config_json(workspace: Workspace) -> str:
    """The organisation as JSON, for a run to keep."""
    import tomllib

    data = tomllib.loads((workspace.root / "abate.toml").read_text(encoding="utf-8"))
    if workspace.matching != data.get("inventory", {}).get("matching", MONTHLY):
        data["inventory"] = {**data.get("inventory", {}), "matching": workspace.matching}
    for name in (
        "targets",
        "engine",
    ):  # neither what is wanted decides an entry, nor what computes it, nor the weather
        data.pop(name, None)
    data["sites"] = [
        {k: v for k, v in site.items() if k != "climate"} for site in data.get("sites", [])
    ]
    return json.dumps(data, ensure_ascii=False, sort_keys=True, default=str)


def ensure_default_factors(workspace: Workspace, now: datetime) -> None:
    """Put the factors that ship with Abate into the ledger.

    So that a run can name them for good.
    """
    factors = list(default_factors())
    digest = content_hash(factors)
    with workspace.store.lock():
        live = [r for r in live_imports(workspace) if r.template == "factors-default"]
        if not any(r.sha256 == digest for r in live):
            store_factors(
                workspace, factors, "factors that ship with Abate", "factors-default", digest, now
            )
        for r in live:
            if r.sha256 != digest:
                reversal = free_id(workspace, f"undo/{r.import_id}")
                commit_import(
                    workspace,
                    reversal,
                    REVERSAL,
                    now,
                    reverses=r.import_id,
                    reason="a newer edition ships",
                )


def store_factors(
    workspace: Workspace,
    factors: Sequence[Factor],
    name: str,
    template: str,
    digest: str,
    now: datetime,
    findings: Sequence[Finding] = (),
) -> str:
    """Append factors to the ledger as an import, and give its id. The caller holds the lock."""
    import_id = free_id(workspace, f"{template}/{digest}")
    rows = [{"import_id": import_id, **row} for factor in factors for row in factor_rows(factor)]
    workspace.store.append("factors", rows)
    workspace.store.add(*(finding_row(f, f"{import_id}{GATES}") for f in findings))
    commit_import(
        workspace,
        import_id,
        template,
        now,
        file=name,
        sha256=digest,
        row_count=len(rows),
        accepted_count=len(factors),
    )
    return import_id


def load_factors(workspace: Workspace, imports: Sequence[str]) -> tuple[Factor, ...]:
    """Factors of the given imports; of two with one id, that of the later import."""
    with workspace.store.connect("factors") as con:
        listed = ", ".join(map(literal, imports))
        rows = fetch(
            con, f"select * from factors where list_contains([{listed}]::varchar[], import_id)"
        )
    order = {import_id: k for k, import_id in enumerate(imports)}
    by_import: dict[str, list[dict[str, str]]] = {}
    for row in rows:
        by_import.setdefault(row["import_id"], []).append(row)
    factors: dict[str, Factor] = {}
    for import_id in sorted(by_import, key=lambda i: order[i]):
        factors.update({f.id: f for f in factors_from_rows(by_import[import_id])})
    return tuple(factors[k] for k in sorted(factors))


def factor_imports(workspace: Workspace) -> list[str]:
    """Ids of the live imports that bring factors: those that ship first, then by age."""
    live = [r for r in live_imports(workspace) if r.template.startswith("factors-")]
    return [r.import_id for r in sorted(live, key=lambda r: r.template != "factors-default")]
