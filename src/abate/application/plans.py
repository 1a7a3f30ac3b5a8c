"""Plans: both sides valued like an inventory, and kept in a book of their own."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from abate.adapters.store.delta import fetch
from abate.adapters.store.workspace import Workspace
from abate.application.catalogue import METHODS, default_factors
from abate.application.inventory.inputs import factor_imports, load_factors, read_terms
from abate.application.inventory.runs import entries_sql, key_of, register_resolutions
from abate.kernel.edges import Json
from abate.kernel.errors import NotFoundError, UsageError
from abate.kernel.finding import Severity
from abate.kernel.matching import FactorBook
from abate.kernel.organisation import Boundary, Organisation
from abate.kernel.plan import Plan
from abate.kernel.resolution import KEY, ActivityKey, Resolver, Terms
from abate.kernel.tables import PlanLine, PlanRow

if TYPE_CHECKING:
    import pyarrow as pa

INVENTORY, AVOIDED = "inventory", "avoided"


def plan_lines(
    workspace: Workspace, plan: Plan, *, gwp_set: str = "", boundary: str = ""
) -> list[PlanLine]:
    """Value both sides of a plan.

    A line per activity, method and factor, split by what the boundary takes in.

    What the boundary takes in changes the next inventory (`inventory`); the rest is what somebody
    else emits less (`avoided`). The two add up to the whole, so no milligram is in both.

    Raises:
        UsageError: `plan-not-valued` where an activity finds no factor.
    """
    terms = read_terms(workspace, gwp_set, boundary, None)
    sides = {"baseline": plan.baseline, "proposed": plan.proposed}
    inside = value_sides(workspace, sides, workspace.organisation, terms, name=plan.id)
    owned = wholly_owned(workspace.organisation)
    whole = value_sides(
        workspace, sides, owned, replace(terms, boundary=Boundary.OPERATIONAL), name=plan.id
    )
    lines = []
    for key, row in whole.items():
        mine = inside[key].co2e_mg if key in inside else 0
        for book, mass in ((INVENTORY, mine), (AVOIDED, row.co2e_mg - mine)):
            if mass or (book == INVENTORY) == (key in inside):
                lines.append(replace(row, plan_id=plan.id, book=book, co2e_mg=mass))
    return lines


def value_plan(
    workspace: Workspace, plan: Plan, *, gwp_set: str = "", boundary: str = ""
) -> dict[str, dict[str, int]]:
    """Value both sides of a plan with the same methods, factors and terms, in the book `plan`.

    Nothing is posted: a plan promises, only meters prove.

    Returns:
        For `baseline` and `proposed`: milligrams of CO2e inside the boundary by scope, category and
        view, such as `2 location` or `3.1`; and the difference, baseline less proposed, under
        `saving`.

    Raises:
        UsageError: `plan-not-valued` where an activity finds no factor.
    """
    return sums_of(plan_lines(workspace, plan, gwp_set=gwp_set, boundary=boundary), INVENTORY)


def sums_of(lines: Sequence[PlanLine], book: str) -> dict[str, dict[str, int]]:
    """Milligrams of a plan's lines in a book by side and by scope, category and view.

    And the saving.
    """
    sides: dict[str, dict[str, int]] = {"baseline": {}, "proposed": {}}
    for line in lines:
        if line.book == book:
            side = sides[line.side]
            side[line.part] = side.get(line.part, 0) + line.co2e_mg
    every = sorted(set(sides["baseline"]) | set(sides["proposed"]))
    sides["saving"] = {s: sides["baseline"].get(s, 0) - sides["proposed"].get(s, 0) for s in every}
    return sides


def wholly_owned(organisation: Organisation) -> Organisation:
    """The organisation as if it controlled all of its entities."""
    every = tuple(
        replace(e, operational_control=True, financial_control="full", ownership=())
        for e in organisation.entities
    )
    return replace(organisation, entities=every)


def value_sides(
    workspace: Workspace,
    sides: dict[str, pa.Table],
    organisation: Organisation,
    terms: Terms,
    *,
    name: str,
) -> dict[tuple[Any, ...], PlanLine]:
    """Lines of tables of activities on given terms, by what tells them apart; nothing is posted.

    Args:
        workspace: The workspace whose factors serve.
        sides: Arrow tables with the columns of `activities`, by name.
        organisation: Whose sites.
        terms: On which terms.
        name: What is valued, for the record.

    Raises:
        UsageError: `plan-not-valued` where an activity finds no factor.
    """
    book = FactorBook(load_factors(workspace, factor_imports(workspace)) or default_factors())
    resolver = Resolver(book, organisation, METHODS, terms)
    lines: dict[tuple[Any, ...], PlanLine] = {}
    with workspace.store.connect() as con:
        for title, side in sides.items():
            con.register("plan_activities", side)
            lacking = "".join(
                f", '' as {n}" for n in ("region", "party") if n not in side.column_names
            )
            con.execute(
                "create or replace temp view plan_side as select *, null::double as"
                f" deviation{lacking} from plan_activities"
            )
            distinct = [
                ActivityKey(*d)
                for d in con.execute(f"select distinct {', '.join(KEY)} from plan_side").fetchall()
            ]
            rows, findings = resolver.resolve(distinct)
            blocking = [f for f in findings if f.severity is Severity.BLOCKER]
            if blocking:
                raise UsageError(
                    "plan-not-valued", f"{title}: {blocking[0].message}", blocking[0].hint
                )
            register_resolutions(con, rows, name, "plan")
            sql = entries_sql(
                name, rows.methods, key=key_of(distinct), book="plan", source="plan_side"
            )
            found = fetch(
                con,
                f"""select a.kind, a.item, a.site, a.month, a.quantity, a.unit, e.scope, e.category, e.view, e.method,
                        e.factor_id, activity_id, sum(e.co2e_mg)::bigint as co2e_mg
                    from ({sql}) e join plan_side a using (activity_id) group by all order by all""",
            )
            for row in found:
                key = (
                    title,
                    *(
                        row[k]
                        for k in ("activity_id", "method", "factor_id", "scope", "category", "view")
                    ),
                )
                del row["activity_id"]
                lines[key] = PlanLine(plan_id="", side=title, book="", **row)
            con.unregister("plan_activities")
    return lines


def post_plan(
    workspace: Workspace, plan: Plan, *, domain: str, facts: Json, now: datetime
) -> list[PlanLine]:
    """Value a plan and keep it, in a book of its own: what it promises enters no inventory.

    Args:
        workspace: The workspace.
        plan: The plan; one of the same id replaces what it promised before, as a new row. The same
            plan is kept once.
        domain: Which planner made it.
        facts: What the domain tells of it, for pages.
        now: The moment.

    Returns:
        Its lines.

    Raises:
        UsageError: `plan-not-valued`.
    """
    terms = read_terms(workspace, "", "", None)
    lines = plan_lines(workspace, plan)
    with workspace.store.lock():
        ordinal = workspace.store.free_ordinal("plans", plan.id)
        name = f"{plan.id}#{ordinal}"
        row = PlanRow(
            ordinal=ordinal,
            plan_id=plan.id,
            domain=domain,
            title=plan.title,
            objective=plan.proof.objective,
            bound=plan.proof.bound,
            unit=plan.proof.unit,
            seed=plan.proof.seed,
            stop=plan.proof.stop,
            cost=plan.cost,
            currency=plan.currency,
            gwp_set=terms.gwp_set,
            boundary=str(terms.boundary),
            facts=json.dumps(facts, ensure_ascii=False),
            committed_at=now,
        )
        if not _is_kept(workspace, row, lines):
            workspace.store.add(*(replace(line, plan_id=name) for line in lines))
            workspace.store.add(row)
    return lines


def _is_kept(workspace: Workspace, row: PlanRow, lines: Sequence[PlanLine]) -> bool:
    """Whether the latest plan of an id is the same already.

    A command that was cut off is repeated.
    """
    same = [r for r in workspace.store.records(PlanRow) if r.plan_id == row.plan_id]
    last = max(same, key=lambda r: r.ordinal, default=None)
    if last is None or replace(last, ordinal=row.ordinal, committed_at=row.committed_at) != row:
        return False
    name = f"{last.plan_id}#{last.ordinal}"
    held = [r for r in workspace.store.records(PlanLine) if r.plan_id == name]
    mine, its = (sorted(repr(replace(r, plan_id="")) for r in some) for some in (lines, held))
    return mine == its


@dataclass(frozen=True, slots=True)
class PlanShown(PlanRow):
    """A plan as it is shown.

    Args:
        lines: Both sides, valued.
    """

    lines: tuple[PlanLine, ...] = ()

    @property
    def told(self) -> Json:
        """What the domain says of it."""
        content: Json = json.loads(self.facts)
        return content

    def sums(self, book: str) -> dict[str, dict[str, int]]:
        """What it promises in a book, as `sums_of` adds it up."""
        return sums_of(self.lines, book)

    @property
    def json(self) -> Json:
        """As machines get it."""
        return {
            "plan_id": self.plan_id,
            "domain": self.domain,
            "title": self.title,
            "objective": self.objective,
            "bound": self.bound,
            "unit": self.unit,
            "cost": self.cost,
            "currency": self.currency,
            INVENTORY: self.sums(INVENTORY),
            AVOIDED: self.sums(AVOIDED),
            "committed_at": self.committed_at,
        }

    def saving_mg(self, book: str, view: str = "location") -> int:
        """What it saves in a book [mg CO2e], by one view of purchased energy."""
        sign = {"baseline": 1, "proposed": -1}
        return sum(
            sign[line.side] * line.co2e_mg
            for line in self.lines
            if line.book == book and line.view in ("", view)
        )


def plans(workspace: Workspace) -> list[PlanShown]:
    """Plans as they stand last, with their lines and what they promise by scope and category."""
    latest = {
        r.plan_id: r for r in sorted(workspace.store.records(PlanRow), key=lambda r: r.ordinal)
    }
    lines = workspace.store.records(PlanLine) if latest else []
    told = []
    for name, row in sorted(latest.items()):
        mine = tuple(line for line in lines if line.plan_id == f"{name}#{row.ordinal}")
        told.append(PlanShown(**asdict(row), lines=mine))
    return told


def plan_of(workspace: Workspace, name: str) -> PlanShown:
    """One plan.

    Raises:
        NotFoundError: `no-plan`.
    """
    for plan in plans(workspace):
        if plan.plan_id == name:
            return plan
    raise NotFoundError("no-plan", f"There is no plan '{name}'.", "See 'abate plans'.")
