"""Resolution: for each distinct need of a run, the method, the share and the factor; the run's audit record."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, TypeAlias

from abate.kernel.allocation import Allocation, Instrument
from abate.kernel.finding import Finding, Rule, Severity
from abate.kernel.matching import FactorBook, Match, Need, NoMatch
from abate.kernel.method import Card, Method
from abate.kernel.organisation import Boundary, Organisation, Site
from abate.kernel.species import UNSPECIFIED, all_species, gwp

NO_FACTOR = Rule(
    "no-factor",
    Severity.BLOCKER,
    "No factor answers the activity",
    "Import one with 'abate factors import', or map the site to a region that has one.",
    700,
)
MISMATCHES = {
    "unit-mismatch": Rule(
        "unit-mismatch", Severity.BLOCKER, "Unit and factor do not fit", "Mend the unit, or add a fuel property.", 701
    ),
    "heating-value-mismatch": Rule(
        "heating-value-mismatch",
        Severity.BLOCKER,
        "Heating-value basis is missing or differs",
        "Write the unit as 'kWh (Net CV)' or 'kWh (Gross CV)'.",
        702,
    ),
}
CARRIED = Rule(
    "factor-carried-forward",
    Severity.WARNING,
    "Factor of an earlier year",
    "Import the edition for the year when it is published, and run again.",
    710,
)
CO2_ONLY = Rule(
    "factor-co2-only", Severity.INFO, "Factor of CO2 alone", "CH4 and N2O are not in this factor's publication.", 720
)
RECALLED = Rule(
    "factor-recalled",
    Severity.WARNING,
    "Factor not checked against its publication",
    "Compare it with the publication before you file the figure.",
    711,
)
GWP_FIXED = Rule(
    "gwp-set-fixed",
    Severity.WARNING,
    "Factor printed as CO2e of another GWP set",
    "It cannot be switched to the run's set; use a factor with gases.",
    712,
)
NO_GWP = Rule("no-gwp", Severity.BLOCKER, "No GWP for a gas in this set", "Choose another GWP set for the run.", 703)
NO_RESIDUAL = Rule(
    "residual-mix-missing",
    Severity.WARNING,
    "Grid average used in place of the residual mix",
    "Import the residual mix of the market when there is one (GHG Protocol Scope 2 Guidance, Table 6.3).",
    713,
)
UNUSED = Rule(
    "instrument-unused",
    Severity.WARNING,
    "Instrument exceeds the load it may serve",
    "Check vintage, market and site of the certificate.",
    714,
)
RESOLUTION_RULES = (
    NO_FACTOR,
    *MISMATCHES.values(),
    NO_GWP,
    CARRIED,
    RECALLED,
    GWP_FIXED,
    NO_RESIDUAL,
    UNUSED,
    CO2_ONLY,
)


@dataclass(frozen=True, slots=True)
class Key:
    """A distinct need among a run's activities."""

    kind: str
    item: str
    site: str
    month: str
    unit: str


@dataclass(frozen=True, slots=True)
class Terms:
    """On which terms a run values.

    Args:
        gwp_set: AR4, AR5 or AR6.
        boundary: Consolidation approach.
        as_of: Factors published later are passed over; None takes all.
    """

    gwp_set: str = "AR6"
    boundary: Boundary = Boundary.OPERATIONAL
    as_of: date | None = None


COLUMNS = (
    "resolution",
    "kind",
    "item",
    "site",
    "month",
    "unit",
    "method",
    "category",
    "view",
    "org",
    "boundary_share",
    "part",
    "instrument",
    "tier",
    "share",
    "scope",
    "factor_id",
    "species",
    "mg_per_unit",
    "gwp",
    "why",
)
"""Columns of a resolution row, in order; `resolution` is its ordinal."""

Row: TypeAlias = tuple[Any, ...]
"""A resolution row: plain, for there may be a million of them."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a need of a method comes to: per species the tail of its row (scope to why), none where nothing fits."""

    tails: tuple[Row, ...]
    findings: tuple[Finding, ...]


@dataclass(slots=True)
class Resolver:
    """Resolves distinct keys into rows that activities are joined with.

    Args:
        book: Factors of the run.
        organisation: Sites, entities and shares.
        methods: Methods of the run.
        terms: GWP set, boundary, day.
    """

    book: FactorBook
    organisation: Organisation
    methods: Sequence[Method]
    terms: Terms
    _shares: dict[tuple[str, str], tuple[str, float]] = field(init=False, repr=False, default_factory=dict)
    _answers: dict[tuple[str, str, str, str, str, str], Answer] = field(init=False, repr=False, default_factory=dict)

    def resolve(
        self,
        keys: Iterable[Key],
        instruments: Sequence[Instrument] = (),
        allocations: Sequence[Allocation] = (),
        loads_wh: dict[tuple[str, str], int] | None = None,
    ) -> tuple[list[Row], list[Finding]]:
        """Rows of the resolution table, with the columns of `COLUMNS`, and findings.

        Every key of a kind that a method values gets rows whose shares per method sum to one for each species,
        or one blocking finding.
        """
        rows: list[Row] = []
        findings: dict[tuple[str, ...], Finding] = {}
        parts = _parts(instruments, allocations, loads_wh or {})
        by_kind = {k: [m.card for m in self.methods if k in m.card.kinds] for m in self.methods for k in m.card.kinds}
        for key in sorted(keys, key=lambda k: (k.kind, k.item, k.site, k.month, k.unit)):
            for card in by_kind.get(key.kind, ()):
                self._resolve_one(key, card, parts, rows, findings)
        return rows, list(findings.values())

    def _resolve_one(
        self,
        key: Key,
        card: Card,
        parts: dict[tuple[str, str], list[tuple[Instrument | None, float]]],
        rows: list[Row],
        findings: dict[tuple[str, ...], Finding],
    ) -> None:
        site = self.organisation.site(key.site)
        if site is None:
            rule_message = f"'{key.site}' is no site with a region, so '{card.id}' cannot value its {key.kind}."
            findings[NO_FACTOR.code, key.site, key.kind] = Finding.of(NO_FACTOR, rule_message, site=key.site)
            return
        whole: list[tuple[Instrument | None, float]] = [(None, 1.0)]
        pieces = parts.get((key.site, key.month), whole) if card.factor_kind == "electricity" else whole
        named = (card.name, card.category, card.view)
        head: Row = (key.kind, key.item, key.site, key.month, key.unit, *named, *self._place(key.site, key.month))
        found: list[Row] = []
        for part, (instrument, share) in enumerate(pieces):
            answer = self._answer(key, card, self._region(site), instrument)
            for f in answer.findings:
                if (f.code, f.message) not in findings:
                    findings[f.code, f.message] = replace(f, site=key.site, month=key.month)
            if not answer.tails:
                return
            piece = (part, instrument.id, instrument.tier, share) if instrument else (part, "", "", share)
            found += [(*head, *piece, *tail) for tail in answer.tails]
        rows += [(len(rows) + k, *row) for k, row in enumerate(found)]

    def _region(self, site: Site) -> str:
        """Region in which factors for a site are looked up: its own where the book has factors made for it."""
        own = f"{site.region}/{site.id}"
        return own if own in self.book.regions else site.region

    def _place(self, site: str, month: str) -> tuple[str, float]:
        """Business and counted share of a site in a month, worked out once."""
        if (site, month) not in self._shares:
            share = self.organisation.month_share(site, month, self.terms.boundary)
            self._shares[site, month] = (self.organisation.business_of(site), share)
        return self._shares[site, month]

    def _answer(self, key: Key, card: Card, region: str, instrument: Instrument | None) -> Answer:
        """The answer to what a method needs for a key, worked out once per method, item, region, year and unit."""
        used = instrument.id if instrument is not None and card.instruments else ""
        signature = (card.id, key.item, region, key.month[:4], key.unit, used)
        if signature not in self._answers:
            self._answers[signature] = self._look_up(self._needs(key, card, region, instrument), card)
        return self._answers[signature]

    def _needs(self, key: Key, card: Card, region: str, instrument: Instrument | None) -> list[Need]:
        year = int(key.month[:4])
        if instrument is not None and card.instruments:
            item = instrument.id if instrument.kg_co2_per_kwh is not None else instrument.technology
            return [Need("electricity-instrument", item, region, year, key.unit, card.basis, self.terms.as_of)]
        items = card.factor_items or (key.item,)
        return [Need(card.factor_kind, item, region, year, key.unit, card.basis, self.terms.as_of) for item in items]

    def _look_up(self, needs: list[Need], card: Card) -> Answer:
        """The factor of the first need that has one."""
        misses: list[NoMatch] = []
        for need in needs:
            match = self.book.match(need)
            if isinstance(match, NoMatch):
                misses.append(match)
                continue
            findings = self._remarks(match, need)
            if misses:
                text = f"No {needs[0].item} for {need.region} in {need.year}; {match.factor.id} serves instead."
                findings.append(Finding.of(NO_RESIDUAL, text))
            potentials = {s: gwp(s, self.terms.gwp_set) for s in match.mg_per_unit}
            without = [s for s, value in potentials.items() if value is None]
            if without:
                message = f"{', '.join(without)} has no GWP in {self.terms.gwp_set} ({match.factor.id})."
                return Answer((), (Finding.of(NO_GWP, message),))
            why = _why(match, misses)
            tails = tuple(
                (card.scope if all_species()[s].counted else "outside", match.factor.id, s, mg, potentials[s], why)
                for s, mg in match.mg_per_unit.items()
            )
            return Answer(tails, tuple(findings))
        first = misses[0]
        return Answer((), (Finding.of(MISMATCHES.get(first.code, NO_FACTOR), first.message),))

    def _remarks(self, match: Match, need: Need) -> list[Finding]:
        factor, remarks = match.factor, []
        if match.years_carried:
            text = f"{factor.id}: data of {factor.data_year} used for {need.year}, {match.years_carried} year(s) later."
            remarks.append(Finding.of(CARRIED, text))
        for one in (factor.id, *match.bridges):
            known = self.book.get(one)
            if known is not None and known.source.verification == "recalled":
                text = f"{one} ({known.source.publication}) is recalled, not checked."
                remarks.append(Finding.of(RECALLED, text))
        if factor.gas_basis == "CO2" and any(m.value != "0" for m in factor.masses):
            remarks.append(Finding.of(CO2_ONLY, f"{factor.id} is of CO2 alone."))
        if UNSPECIFIED in match.mg_per_unit and factor.gwp_set != self.terms.gwp_set:
            text = f"{factor.id} is printed as CO2e of {factor.gwp_set or 'an unnamed set'}, the run uses {self.terms.gwp_set}."
            remarks.append(Finding.of(GWP_FIXED, text))
        return remarks


def unused_findings(unused: dict[str, int]) -> list[Finding]:
    """Findings for instruments that found less load than they hold."""
    return [
        Finding.of(UNUSED, f"Instrument '{name}' has {amount / 1000:,.3f} kWh that no load may use.")
        for name, amount in sorted(unused.items())
    ]


def _parts(
    instruments: Sequence[Instrument], allocations: Sequence[Allocation], loads_wh: dict[tuple[str, str], int]
) -> dict[tuple[str, str], list[tuple[Instrument | None, float]]]:
    """Shares of each site's month by instrument, and last the share that none covers."""
    by_id = {i.id: i for i in instruments}
    matched: dict[tuple[str, str], list[Allocation]] = {}
    for a in allocations:
        matched.setdefault((a.site, a.month), []).append(a)
    parts: dict[tuple[str, str], list[tuple[Instrument | None, float]]] = {}
    for place, some in matched.items():
        load = loads_wh[place]
        rest = load - sum(a.amount_wh for a in some)
        parts[place] = [(by_id[a.instrument], a.amount_wh / load) for a in some]
        if rest:
            parts[place].append((None, rest / load))
    return parts


def _why(match: Match, misses: list[NoMatch]) -> str:
    """The audit record of a match, as JSON: why this factor, through which properties, and what was passed over."""
    passed = [p for miss in misses for p in miss.passed] + list(match.passed)
    return json.dumps(
        {
            "why": match.why,
            "bridges": list(match.bridges),
            "passed_over": [{"factor": p.factor_id, "reason": p.reason} for p in passed[:12]],
            "passed_over_count": len(passed),
        },
        ensure_ascii=False,
    )
