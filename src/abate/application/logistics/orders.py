"""Orders packed as somebody asked: terms, files written, plan kept."""

from __future__ import annotations

import csv
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from abate.adapters.engine.groups import Workers
from abate.adapters.readers.orders import IN_HEADERS, Units
from abate.adapters.store.workspace import Workspace
from abate.application.logistics.labels import labels_file
from abate.application.logistics.packaging_plans import carbon_priced, packaging_plan
from abate.application.logistics.packing import (
    COUNTS,
    FEWEST,
    PackingSummary,
    pack_file,
)
from abate.application.logistics.plan_page import page_model, plan_file, valued_model, write_page
from abate.application.logistics.stock import (
    Packaging,
    in_stock,
    read_packaging,
    reserve,
    site_names,
)
from abate.application.plans import post_plan
from abate.kernel.edges import Json, Model
from abate.kernel.errors import UsageError
from abate.kernel.resources import package_table
from abate.logistics.planners.packing import Packer


@dataclass(frozen=True, slots=True)
class PackTerms:
    """How orders are to be packed.

    Args:
        objective: fewest, board, cost, volume, parcels, a weighting, cost+carbon, or postage.
        support: Least share of each base that is supported; None takes the usual one.
        effort: fast, thorough or proved.
        baseline: What the warehouse does now: volume, volume=0.8, record or none.
        seed: Same orders and seed, same bytes.
        seconds: After this time the orders that are left are packed the fast way; 0 for no limit.
        post: Name under which both sides are valued and kept; empty keeps nothing. Used and
            circulating cartons of a plan that is kept are reserved.
        site: Site of orders that name none.
        month: Month of orders that name none, such as 2024-03.
        stock: Whether used and circulating cartons are as many as the workspace holds.
        containers: Containers and pallets in place of cartons: 20ft, 40ft, 40hc, eur-pallet, …
        lengths: Unit of lengths whose headers name none.
        masses: Unit of masses whose headers name none.
    """

    objective: str = FEWEST
    support: float | None = None
    effort: str = "fast"
    baseline: str = "volume"
    seed: int = 0
    seconds: float = 0.0
    post: str = ""
    site: str = ""
    month: str = ""
    stock: bool = False
    containers: str = ""
    lengths: str = ""
    masses: str = ""

    @property
    def needs_workspace(self) -> bool:
        """Whether a ledger is needed: to value, to count stock, to price carbon."""
        return bool(self.post) or self.stock or self.objective == "cost+carbon"

    @property
    def units(self) -> Units:
        """Units of headers that name none."""
        return Units(self.lengths, self.masses) if self.lengths or self.masses else IN_HEADERS


@dataclass(frozen=True, slots=True)
class Packed:
    """Orders that were packed.

    Args:
        summary: Counts over all orders.
        model: What a page of the plan shows.
        paths: Files that were written.
    """

    summary: PackingSummary
    model: Model
    paths: tuple[Path, ...]

    @property
    def json(self) -> Json:
        """As machines get it."""
        told = {k: getattr(self.summary, k) for k in COUNTS}
        cartons = self.model["cartons"]
        told["postage"] = dict(self.summary.postage)
        return told | {
            "cartons": {c["id"]: {"now": c["now"], "proposed": c["proposed"]} for c in cartons},
            "plan": [str(p) for p in self.paths],
            "findings": [f.json for f in self.summary.findings],
        }


def pack_orders(
    orders: Path,
    cartons: Path | None,
    paths: Sequence[Path],
    terms: PackTerms,
    *,
    workspace: Workspace | None = None,
    packaging: Path | None = None,
    labels: Path | None = None,
    workers: Workers = 1,
    on_batch: Callable[[int], Any] = lambda _orders: None,
    now: datetime,
) -> Packed:
    """Pack a file of orders, write the plan, and keep it valued where the terms say so.

    Args:
        orders: CSV, Parquet, JSON, or the text format of packing benchmarks.
        cartons: Assortment; None where the orders hold it.
        paths: Files to write: .jsonl, .json, .csv, .parquet, .html.
        terms: How.
        workspace: Ledger that values, holds stock and prices carbon.
        packaging: TOML of materials and of a scheme of circulating boxes.
        labels: Page to write, with a label to print for each parcel.
        workers: Processes, or a Spark master.
        on_batch: Called with the number of orders done.
        now: When the plan is kept.

    Raises:
        UsageError: `bad-baseline`, `bad-plan-file`.
        DataError: Where orders or cartons cannot be read.
    """
    assert workspace is not None or not terms.needs_workspace
    record, fill_share_max = baseline_rule(terms.baseline)
    told = read_packaging(packaging) if packaging else Packaging()
    objective = terms.objective
    if workspace is not None and objective == "cost+carbon":
        objective = carbon_priced(
            workspace, site=terms.site, month=terms.month, materials=told.materials
        )
    require_writable([*paths, *([labels] if labels else [])])
    with ExitStack() as stack:
        if terms.containers:
            folder = stack.enter_context(tempfile.TemporaryDirectory())
            cartons = container_file(terms.containers, Path(folder))
        writers = [stack.enter_context(plan_file(p)) for p in paths if p.suffix != ".html"]
        if labels is not None:
            writers.append(stack.enter_context(labels_file(labels, orders.name)))
        packer, summary = pack_file(
            orders,
            cartons,
            lambda lines: [write(lines) for write in writers],
            objective=objective,
            support_share=terms.support,
            effort=terms.effort,
            seed=terms.seed,
            fill_share_max=fill_share_max,
            record=record,
            workers=workers,
            on_batch=lambda some: on_batch(some.orders),
            sites=site_names(workspace, terms.site)
            if workspace and terms.needs_workspace
            else None,
            stock=in_stock(workspace, terms.post) if workspace and terms.stock else None,
            units=terms.units,
            tariff=told.tariff,
            until=time.monotonic() + terms.seconds if terms.seconds else None,
        )
    model = page_model(packer, summary, title=orders.name, objective=objective)
    if workspace is not None and terms.post:
        model |= _kept(
            workspace, packer, summary, model, terms, (orders.name, objective, told), now
        )
    for path in paths:
        if path.suffix == ".html":
            write_page(path, model)
    return Packed(summary, model, tuple(paths))


def _kept(
    workspace: Workspace,
    packer: Packer,
    summary: PackingSummary,
    model: Model,
    terms: PackTerms,
    about: tuple[str, str, Packaging],
    now: datetime,
) -> Model:
    """Value both sides, keep the plan, and reserve what it takes of the stock."""
    name, objective, packaging = about
    plan = packaging_plan(
        workspace,
        packer,
        summary,
        plan_id=terms.post,
        title=f"Packing of {name}",
        site=terms.site,
        month=terms.month,
        unit=objective,
        packaging=packaging,
    )
    facts = {k: model[k] for k in ("title", "terms", "cards", "cartons", "notes")}
    lines = post_plan(workspace, plan, domain="packing", facts=facts, now=now)
    if terms.stock:
        names, wanted = site_names(workspace, terms.site), Counter[tuple[str, str]]()
        for (site, carton), count in summary.few.items():
            wanted[names[site], carton] += count
        reserve(workspace, terms.post, wanted)
    return valued_model(lines)


@cache
def standard_containers() -> dict[str, dict[str, str]]:
    """Standard containers and pallets by name, with inner lengths, payload and source."""
    return {r["carton"]: r for r in package_table("abate.application.logistics", "containers.csv")}


def container_file(names: str, folder: Path) -> Path:
    """A file of the named containers and pallets, in place of a file of cartons.

    Raises:
        UsageError: `unknown-container`.
    """
    held, wanted = standard_containers(), [n.strip() for n in names.split(",") if n.strip()]
    odd = [n for n in wanted if n not in held]
    if odd or not wanted:
        raise UsageError(
            "unknown-container",
            f"There is no container '{(odd or [names])[0]}'.",
            f"There are: {', '.join(held)}.",
        )
    path = folder / "containers.csv"
    columns = ("carton", "length_mm", "width_mm", "height_mm", "mass_max_g", "board_m2")
    with path.open("w", encoding="utf-8", newline="") as handle:
        table = csv.DictWriter(handle, columns, extrasaction="ignore")
        table.writeheader()
        table.writerows(held[n] | {"board_m2": "0"} for n in wanted)
    return path


def require_writable(paths: Sequence[Path]) -> None:
    """Say before the work what could not be written after it.

    Raises:
        UsageError: `bad-plan-file`.
    """
    for path in paths:
        if not path.parent.is_dir() or path.is_dir():
            raise UsageError(
                "bad-plan-file",
                f"{path} cannot be written.",
                "Name a file in a folder that is there.",
            )


def baseline_rule(text: str) -> tuple[bool, float]:
    """What a warehouse does now: whether orders record it, and how full its rule lets a carton be.

    Raises:
        UsageError: `bad-baseline`.

    Example:
        >>> baseline_rule("volume=0.8"), baseline_rule("record"), baseline_rule("none")
        ((False, 0.8), (True, 1.0), (False, 0.0))
    """
    name, _, share = text.partition("=")
    if name == "record" and not share:
        return True, 1.0
    if name == "none" and not share:
        return False, 0.0
    try:
        filled = float(share or 1)
    except ValueError:
        filled = -1.0
    if name != "volume" or not 0 < filled <= 1:
        raise UsageError(
            "bad-baseline", f"'{text}' is not a rule.", "Write volume, volume=0.8, record or none."
        )
    return False, filled
