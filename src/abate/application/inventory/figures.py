"""Figures of a workspace, read from the rollups of a run.

Starts fast: no expression library, no Arrow.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from abate.adapters.store.delta import literal, open_engine
from abate.adapters.store.workspace import Workspace
from abate.application.catalogue import FIGURES
from abate.application.inventory.lacks import NO_MONTH, Gap, Lack, gaps_of, lacks_in, require_whole
from abate.kernel.edges import Json
from abate.kernel.errors import NotFoundError, UsageError
from abate.kernel.figure import in_unit
from abate.kernel.tables import PublicationRow, RunRow, SignoffRow
from abate.kernel.units import MG_PER_T

if TYPE_CHECKING:
    import duckdb

DIMENSIONS = {
    "scope": "scope",
    "gas": "species",
    "org": "org",
    "site": "site",
    "month": "month",
    "method": "method",
    "building": "building",
    "basis": "basis",
    "category": "category",
    "approach": "approach",
    "kind": "kind",
    "item": "item",
    "factor": "factor_id",
}
"""What figures can be shown by, with the column of the rollups."""


def check_dimensions(names: Iterable[str]) -> None:
    """Refuse what is not a dimension, and a value of one that no row can have.

    Raises:
        UsageError: `unknown-dimension`, `bad-value`.
    """
    for value in names.values() if isinstance(names, Mapping) else ():
        if len(value) > 400 or not value.isprintable():
            raise UsageError(
                "bad-value",
                "A filter holds what no row can.",
                "Take a value that a breakdown shows.",
            )
    for name in names:
        if name not in DIMENSIONS:
            listed = ", ".join(DIMENSIONS)
            raise UsageError(
                "unknown-dimension", f"No breakdown by '{name}'.", f"There are: {listed}."
            )


NOT_ASSESSED, NOT_APPLICABLE, IMMATERIAL = "not assessed", "not applicable", "immaterial"


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A category of Scope 3 that is not valued.

    Args:
        status: `not assessed`, `not applicable` (it does not exist here), or `immaterial`.
        reason: Why.
        tonnes: Estimate of its size [t CO2e], where it is immaterial.
    """

    status: str
    reason: str
    tonnes: float | None = None

    def told(self, t: Callable[[str], str] = str) -> str:
        """Status, size and reason, for people."""
        size = "" if self.tonnes is None else f" ({t('some')} {self.tonnes:,.0f} t CO2e)"
        return f"{t(self.status)}{size}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Value:
    """A figure's value.

    Args:
        figure: Its name.
        year: Fiscal year.
        by: The group, such as `{"site": "zhangbei-1"}`; empty for the whole.
        value: In the figure's unit, exact; None where there is no row.
        unit: Its unit.
        run: The run it comes from.
        row_count: Ledger rows behind it.
        without: Figures it should hold and that have no row.
        note: Why there is no value, where a category is switched off.
        excluded: Figures it should hold and that are not assessed.
        immaterial: Figures that it leaves out as too small, each with its estimate [t CO2e].
        status: Why there is no value, in a word: `not assessed`, `not applicable`, `immaterial`.
        incomplete: Rows and months that should be in it and are not; empty where it is whole.
    """

    figure: str
    year: str
    by: dict[str, str]
    value: Fraction | None
    unit: str
    run: str
    row_count: int
    without: tuple[str, ...] = ()
    note: str = ""
    excluded: tuple[str, ...] = ()
    incomplete: tuple[Lack, ...] = ()
    immaterial: tuple[tuple[str, float], ...] = ()
    status: str = ""

    @property
    def is_whole(self) -> bool:
        """Whether nothing is known to lack, but for what was switched off."""
        return not self.without and not self.incomplete

    @property
    def lacking(self) -> str:
        """What it lacks, for people; empty where it is whole."""
        return self.lacking_in(str)

    def lacking_in(self, t: Callable[[str], str]) -> str:
        """What it lacks in a language, by what brings English to it."""
        parts = [f"{t('no rows of')} {', '.join(self.without)}"] if self.without else []
        return "; ".join([*parts, *(lack.told(t) for lack in self.incomplete)])

    @property
    def json(self) -> Json:
        """As machines get it: sums as decimal strings, exact to the milligram.

        Ratios as numbers.
        """
        one = FIGURES[self.figure]
        exact = (
            None
            if self.value is None
            else float(self.value)
            if one.is_ratio
            else exact_text(self.value)
        )
        return {
            "figure": self.figure,
            "year": self.year,
            "by": self.by or None,
            "value": exact,
            "unit": self.unit,
            "run": self.run,
            "rows": self.row_count,
            "incomplete": [lack.json for lack in self.incomplete],
            **({"without": list(self.without)} if self.without else {}),
            **({"not_assessed": list(self.excluded)} if self.excluded else {}),
            **({"immaterial": dict(self.immaterial)} if self.immaterial else {}),
            **({"status": self.status, "reason": self.note} if self.note else {}),
        }


def exact_text(value: Fraction) -> str:
    """A fraction whose denominator divides a power of ten, as a decimal without loss.

    Example:
        >>> exact_text(Fraction(5, 2))
        '2.500000000'
    """
    scaled = value * 10**9
    assert scaled.denominator == 1
    sign, digits = ("-" if scaled < 0 else ""), f"{abs(scaled.numerator):010d}"
    return f"{sign}{digits[:-9]}.{digits[-9:]}"


@dataclass(frozen=True, slots=True)
class Run(RunRow):
    """A posted run as it stands.

    Args:
        status: `published`, `restated` or `draft`.
        reason: Why it was restated.
        locked: Whether its year was signed off with it.
    """

    status: str = "draft"
    reason: str = ""
    locked: bool = False

    @property
    def left_out(self) -> dict[str, LeftOut]:
        """Figures of the categories that it does not value, each with the reason."""
        config = json.loads(self.config).get("scope3", {})
        told = {
            f"scope3-{k}": LeftOut(status, str(reason))
            for key, status in (("not_assessed", NOT_ASSESSED), ("not_applicable", NOT_APPLICABLE))
            for k, reason in config.get(key, {}).items()
        }
        return told | {
            f"scope3-{k}": LeftOut(IMMATERIAL, str(one["reason"]), float(one["tonnes"]))
            for k, one in config.get("immaterial", {}).items()
        }


def runs(workspace: Workspace) -> list[Run]:
    """Posted runs, oldest first."""
    rows = sorted(workspace.store.records(RunRow), key=lambda r: r.ordinal)
    marks = {
        p.run_id: p
        for p in sorted(workspace.store.records(PublicationRow), key=lambda p: p.ordinal)
    }
    locked = {s.run_id for s in workspace.store.records(SignoffRow) if s.step == "locked"}
    found = []
    for row in rows:
        mark = marks.get(row.run_id)
        status, reason = (mark.status, mark.reason) if mark else ("draft", "")
        found.append(Run(**asdict(row), status=status, reason=reason, locked=row.run_id in locked))
    return found


def run_of(
    workspace: Workspace, year: str, run_id: str = "", every: list[Run] | None = None
) -> Run:
    """The run asked for, or the latest of a year; among `every` run where the caller has read them.

    A base year valued on a later structure, or a year with another matching of certificates than
    the workspace's, counts as the latest only once it is published. So does every run of a year
    that is locked: a locked figure changes by restatement alone.

    Raises:
        NotFoundError: `no-run`, `unknown-run`.
    """
    every = runs(workspace) if every is None else every
    if run_id:
        named = [r for r in every if r.run_id == run_id]
        if not named:
            raise NotFoundError("unknown-run", f"No run '{run_id}'.", "See 'abate runs'.")
        return named[0]
    of_year = [
        r
        for r in every
        if r.fiscal_year == year
        and (r.status != "draft" or (not r.structure and r.matching == workspace.matching))
    ]
    if any(r.locked for r in of_year):
        of_year = [r for r in of_year if r.status != "draft"]
    if not of_year:
        raise NotFoundError(
            "no-run", f"{year} has not been valued.", f"Run 'abate run --year {year}'."
        )
    return of_year[-1]


def years(workspace: Workspace) -> list[str]:
    """Fiscal years that have been valued."""
    return sorted({r.fiscal_year for r in workspace.store.records(RunRow)})


class Figures:
    """The rollups of a workspace, opened for reading.

    Args:
        workspace: The workspace.
    """

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self.con: duckdb.DuckDBPyConnection = workspace.store.connect("rollups")
        self._gaps: dict[str, list[Gap]] = {}
        self._means: dict[tuple[str, str], dict[tuple[str, str], float]] = {}

    def load(self) -> Figures:
        """Take the rollups into memory, for readers that stay and ask often."""
        self.con.close()
        self.con = open_engine(self.workspace.store.root, self.workspace.limits)
        source = self.workspace.store.source("rollups")
        self.con.execute(f"create table rollups as select * from {source}")
        return self

    def beside(self) -> Figures:
        """Another reader of the same rollups, for another thread."""
        other = Figures.__new__(Figures)
        other.workspace, other.con = self.workspace, self.con.cursor()
        other._gaps, other._means = self._gaps, self._means
        return other

    def __enter__(self) -> Figures:
        return self

    def __exit__(self, *_: object) -> None:
        self.con.close()

    def values(
        self,
        names: list[str],
        run: Run,
        by: str = "",
        where: Mapping[str, str] = MappingProxyType({}),
        *,
        lenient: bool = False,
    ) -> list[Value]:
        """Values of figures, for the whole, or by one or several dimensions, such as `building,month`.

        Args:
            names: The figures.
            run: Of which run.
            by: Dimensions, with commas between them.
            where: Only rows that have these values, by dimension.
            lenient: Whether a figure without such a breakdown is left out, as it is among several.

        Raises:
            NotFoundError: `unknown-figure`.
            UsageError: `unknown-dimension`; `no-breakdown` where one figure is asked for that has
                none.
        """
        dimensions = [d.strip() for d in by.split(",")] if by else []
        check_dimensions(dimensions)
        check_dimensions(where)
        needed = list(dict.fromkeys(t for name in names for t in FIGURES.totals_needed(name)))
        totals = self._totals(needed, run, dimensions, where)
        found: list[Value] = []
        for name in names:
            below = FIGURES.totals_needed(name)
            groups = sorted({g for t in below for g in totals[t]}) or ([] if by else [()])
            if by and groups and all("" in g for g in groups):
                if lenient or len(names) > 1:
                    continue
                text = f"'{name}' has no breakdown by {by}."
                raise UsageError("no-breakdown", text, "Choose another dimension.")
            for group in groups:
                parts = {t: totals[t].get(group, (None, 0)) for t in below}
                at = {**where, **dict(zip(dimensions, group, strict=True))}
                one = self._value(name, run, at, parts, is_whole=not by and not where)
                if not by or (one.value is not None and "" not in group):
                    found.append(one)
        return found

    def _value(
        self,
        name: str,
        run: Run,
        at: dict[str, str],
        parts: dict[str, tuple[Fraction | None, int]],
        *,
        is_whole: bool,
    ) -> Value:
        """A figure from the sums and row counts of the totals it stands on."""
        sums = {t: total for t, (total, _) in parts.items()}
        value = FIGURES.evaluate(name, sums)
        own = [t for t in parts if FIGURES[t].part_of not in parts]  # a part's rows are its whole's
        count = parts[name][1] if name in parts else sum(parts[t][1] for t in own)
        lacking = FIGURES.missing_parts(name, sums) if is_whole and value is not None else []
        left_out = run.left_out
        return Value(
            name,
            run.fiscal_year,
            at,
            value,
            self._unit(name),
            run.run_id,
            count,
            without=tuple(w for w in lacking if w not in left_out),
            note=left_out[name].reason if value is None and name in left_out else "",
            excluded=tuple(
                w for w in lacking if w in left_out and left_out[w].status == NOT_ASSESSED
            ),
            incomplete=self._incomplete(run, name, list(parts), at),
            immaterial=tuple(
                (w, left_out[w].tonnes or 0.0)
                for w in lacking
                if w in left_out and left_out[w].status == IMMATERIAL
            ),
            status=left_out[name].status if value is None and name in left_out else "",
        )

    def _monthly(self, run: Run, name: str) -> dict[tuple[str, str], float]:
        """Mean of a month of a sum by kind and site [t CO2e], of the months that have rows."""
        if (run.run_id, name) not in self._means:
            sign, touched = self.signed(name, run)
            rows = self.con.execute(
                f"select kind, site, (sum(({sign}) * co2e_mg) / count(distinct month))::double from"
                f" rollups where {touched} group by all"
            ).fetchall()
            self._means[run.run_id, name] = {(k, s): mg / MG_PER_T for k, s, mg in rows}
        return self._means[run.run_id, name]

    def _incomplete(
        self, run: Run, name: str, totals: list[str], at: Mapping[str, str]
    ) -> tuple[Lack, ...]:
        """What lacks in the sums that a figure stands on, at a place."""
        if run.run_id not in self._gaps:
            self._gaps[run.run_id] = gaps_of(self.workspace, run)
        gaps = self._gaps[run.run_id]
        if not gaps:
            return ()
        conditions = [dict(total.where) for t in totals if (total := FIGURES[t].total)]
        can_tell = FIGURES[name].unit == "t CO2e" and any(g.code == NO_MONTH for g in gaps)
        monthly = self._monthly(run, name) if can_tell else {}
        return lacks_in(gaps, conditions, {DIMENSIONS[d]: v for d, v in at.items()}, monthly)

    def _unit(self, name: str) -> str:
        one = FIGURES.named(name)
        return one.unit.replace("money", self.workspace.organisation.currency).replace(
            "/million", f"/million {self.workspace.organisation.currency}"
        )

    def _totals(
        self, names: list[str], run: Run, dimensions: list[str], where: Mapping[str, str]
    ) -> dict[str, dict[tuple[str, ...], tuple[Fraction | None, int]]]:
        """Whole sum and number of rows, per group, of figures that add up rows.

        All of them in one reading.
        """
        columns = [DIMENSIONS[d] for d in dimensions]
        # Literals of our own constants: binding parameters makes the engine import pandas, half a second.
        sums = ", ".join(
            f"sum({self._column(n)}) filter (where {self.condition(n)}), "
            f"sum(row_count) filter (where {self.condition(n)})::bigint"
            for n in names
        )
        kept = "".join(f" and {DIMENSIONS[d]} = {literal(v)}" for d, v in where.items())
        rows = self.con.execute(
            f"select {''.join(c + ', ' for c in columns)} {sums} from rollups where fiscal_year = "
            f"{literal(run.fiscal_year)} and run_id = {literal(run.run_id)}{kept} "
            + (f"group by {', '.join(columns)}" if columns else "")
        ).fetchall()
        found: dict[str, dict[tuple[str, ...], tuple[Fraction | None, int]]] = {
            n: {} for n in names
        }
        for row in rows:
            group, cells = tuple(row[: len(columns)]), row[len(columns) :]
            for name, whole, count in zip(names, cells[::2], cells[1::2], strict=True):
                if whole is not None:
                    found[name][group] = (in_unit(self._column(name), int(Decimal(whole))), count)
        return found

    def _column(self, name: str) -> str:
        total = FIGURES.named(name).total
        assert total is not None
        return total.column

    def condition(self, name: str) -> str:
        """Condition on the columns of the rollups that the rows of a total meet."""
        total = FIGURES.named(name).total
        assert total is not None
        return " and ".join(
            f"{c} in ({', '.join(map(literal, values))})" for c, values in total.where
        )

    def signed(self, name: str, run: Run) -> tuple[str, str]:
        """SQL of the sign with which a row enters a sum of totals.

        And of whether it touches it at all.
        """
        conditions = {self.condition(t): sign for t, sign in FIGURES.signs_of(name).items()}
        sign = " + ".join(f"{s} * ({c})::int" for c, s in conditions.items())
        touched = " or ".join(f"({c})" for c in conditions)
        return sign, f"run_id = {literal(run.run_id)} and source = 'entry' and ({touched})"

    def estimated_share(self, name: str, run: Run) -> float | None:
        """Share of a figure that rests on estimates."""
        values = {
            v.by["basis"]: v.value for v in self.values([name], run, "basis") if v.value is not None
        }
        whole = sum(values.values(), Fraction(0))
        return float(values.get("estimated", Fraction(0)) / whole) if whole else None


def publish(
    workspace: Workspace,
    run_id: str,
    *,
    reason: str,
    now: Any,
    signed: bool = False,
    accepted: Mapping[str, str] = MappingProxyType({}),
) -> str:
    """Freeze a run as published, or as a restatement where the year has a published one.

    Args:
        workspace: The workspace.
        run_id: The run.
        reason: Why, for a restatement.
        now: The moment.
        signed: Whether the run was prepared, reviewed and approved: a year that is locked takes no
            other.
        accepted: Reason for each code of what the run lacks that is accepted; kept with the
            publication.

    Returns:
        `published` or `restated`.

    Raises:
        UsageError: `reason-needed`, `already-published`, `year-locked`, `not-whole`.
    """
    every = runs(workspace)
    run = run_of(workspace, "", run_id, every)
    if not signed and any(r.locked for r in every if r.fiscal_year == run.fiscal_year):
        raise UsageError(
            "year-locked",
            f"{run.fiscal_year} is locked.",
            f"Sign the restatement off, step by step: abate sign prepared --run {run_id}.",
        )
    with workspace.store.lock():
        marks = workspace.store.records(PublicationRow)
        if run_id in {p.run_id for p in marks}:
            raise UsageError(
                "already-published", f"'{run_id}' is {run.status} already.", "Nothing to do."
            )
        before = [p for p in marks if p.fiscal_year == run.fiscal_year]
        status = "restated" if before else "published"
        if before and not reason:
            raise UsageError(
                "reason-needed",
                f"{run.fiscal_year} is published.",
                "Give --reason for the restatement.",
            )
        told = "" if signed else require_whole(workspace, run, accepted)
        why = f"{reason} {told}".strip()
        row = PublicationRow(len(marks), run.fiscal_year, run_id, status, why, now)
        workspace.store.add(row)
    return status
