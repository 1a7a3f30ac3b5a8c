"""Workspace: a folder with `abate.toml`, its tables, its raw files and its mappings."""

from __future__ import annotations

import hashlib
from copy import copy
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from abate.adapters.store.delta import NO_LIMITS, Limits, Store
from abate.disclosure.pathways import Measure, Pathway
from abate.kernel.allocation import MONTHLY
from abate.kernel.baseyear import BaseYearPolicy
from abate.kernel.organisation import Boundary, Organisation
from abate.kernel.period import FiscalCalendar
from abate.kernel.target import Target


@dataclass(frozen=True, slots=True)
class Finance:
    """What money is worth to planners.

    Args:
        discount_share: Yearly discount rate of measures.
        carbon_price: Internal price of a tonne of CO2e in the organisation's currency; None where
            there is none.
        carbon_price_basis: Where the price is from, and what it is used for.
    """

    discount_share: float = 0.06
    carbon_price: float | None = None
    carbon_price_basis: str = ""


@dataclass(frozen=True)
class Workspace:
    """An opened workspace.

    Args:
        root: Its folder.
        organisation: Entities and sites.
        calendar: Fiscal years.
        boundary: Default consolidation approach.
        gwp_set: Default GWP set.
        proxies: Regions whose factors may serve Scope 3 where no nearer one exists.
        other_bases: What may serve where there is no direct factor for a place: `life-cycle`,
            `operating-margin`.
        factor_year: Whose factors serve: of the calendar year of each `month`, or of the
            `fiscal-year`, that in which most of it falls.
        not_assessed: Categories of Scope 3 that are switched off, each with the reason.
        base_year: Base year and the rule of its recalculation, where there is one.
        targets: Figures wanted by a year.
        pathways: Pathways that targets may name: those that ship and those of `abate.toml`.
        language: Language of reports where none is asked for: `en` or `zh`.
        measures: What is to lower figures.
        finance: Discount rate and internal carbon price.
        owners: Who prepares, reviews and approves which periods.
        texts: Texts of the report by name, such as `letter_en`.
        identifier: Scheme (lei, euid, duns or permid) and identifier for filings; both empty where
            there is none.
        limits: What engines may use, and where the cluster is.
        matching: How certificates meet load: `monthly` or `hourly`.
    """

    root: Path
    organisation: Organisation
    calendar: FiscalCalendar
    boundary: Boundary
    gwp_set: str
    proxies: tuple[str, ...] = ()
    other_bases: tuple[str, ...] = ()
    factor_year: str = "month"
    language: str = "en"
    not_assessed: tuple[tuple[str, str], ...] = ()
    base_year: BaseYearPolicy | None = None
    targets: tuple[Target, ...] = ()
    pathways: tuple[Pathway, ...] = ()
    measures: tuple[Measure, ...] = ()
    finance: Finance = Finance()
    owners: tuple[tuple[str, tuple[str, ...]], ...] = ()
    texts: tuple[tuple[str, str], ...] = ()
    identifier: tuple[str, str] = ("", "")
    limits: Limits = NO_LIMITS
    matching: str = MONTHLY

    @cached_property
    def store(self) -> Store:
        """Its tables."""
        return Store(self.root / "ledger", self.limits)

    def snapshot(self) -> Workspace:
        """The workspace with its tables as they stand now."""
        made = copy(self)
        made.__dict__["store"] = self.store.snapshot()
        return made

    @property
    def raw(self) -> Path:
        """Copies of the imported files, named by their hash."""
        return self.root / "raw"

    @property
    def transfers(self) -> Path:
        """Database of transfers, made when something first changes hands."""
        return self.root / "transfers.sqlite"

    @property
    def evidence(self) -> Path:
        """Attached documents, named by their hash."""
        return self.root / "evidence"

    @property
    def mappings(self) -> Path:
        """Saved column mappings."""
        return self.root / "mappings"

    @cached_property
    def names(self) -> dict[str, str]:
        """Site or entity for each name found in files, folded."""
        names: dict[str, str] = {}
        for site in self.organisation.sites:
            for name in (site.id, site.name, *site.aliases):
                names[match_key(name)] = site.id
        for entity in self.organisation.entities:
            for name in (entity.id, entity.name):
                names.setdefault(match_key(name), entity.id)
        for programme in self.organisation.programmes:
            for name in (programme.id, programme.name):
                names.setdefault(match_key(name), programme.id)
        return names


def match_key(name: str) -> str:
    """A name without case, spaces and hyphens, for comparing what people type.

    Example:
        >>> match_key("Zhangbei 1") == match_key("zhangbei-1")
        True
    """
    return "".join(ch for ch in name.casefold() if ch not in " -_　")


def file_hash(path: Path) -> str:
    """SHA-256 of a file's content."""
    digest = hashlib.sha256()
    with path.open("rb") as handle:
        while block := handle.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
