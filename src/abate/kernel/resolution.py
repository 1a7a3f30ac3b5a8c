"""Resolution: for each distinct need of a run, the method, the share and the factor.

The run's audit record.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import date
from itertools import groupby
from typing import Any, TypeAlias

from abate.kernel.allocation import MONTHLY, Allocation, Instrument
from abate.kernel.factor import Factor
from abate.kernel.finding import Finding, Rule, Severity
from abate.kernel.kind import item_id
from abate.kernel.matching import TOLD_APART_IN, FactorBook, FactorQuery, Match, NoMatch, broader
from abate.kernel.method import BROADER, TAIL, Method, MethodCard, Supply
from abate.kernel.organisation import Boundary, Organisation
from abate.kernel.period import FiscalCalendar, month_start
from abate.kernel.quality import property_spread, scores
from abate.kernel.region import WORLD, country_of
from abate.kernel.species import UNSPECIFIED, all_species, gwp
from abate.kernel.uncertainty import combined, pedigree_factor
from abate.kernel.units import dimension_of, priced

NO_FACTOR = Rule(
    "no-factor",
    Severity.BLOCKER,
    "No factor answers the activity",
    "Import an edition with 'abate factors import FILE', add one value with 'abate factors add', or"
    " name what was meant ('abate factors search WORD').",
    700,
)
MISMATCHES = {
    "unit-mismatch": Rule(
        "unit-mismatch",
        Severity.BLOCKER,
        "Unit and factor do not fit",
        "Give the amount in a unit of the factor, or add what converts it: "
        "abate factors add fuel-property ITEM VALUE MJ_gross/m3 --region CODE --source TEXT.",
        701,
    ),
    "heating-value-mismatch": Rule(
        "heating-value-mismatch",
        Severity.BLOCKER,
        "Heating-value basis is missing or differs",
        "Write the unit as 'kWh (Net CV)' or 'kWh (Gross CV)'.",
        702,
    ),
    "price-mismatch": Rule(
        "price-mismatch",
        Severity.BLOCKER,
        "Currency, price year or price basis does not lead to the factor's",
        "Import an exchange rate, a price index or a margin of kind 'price'.",
        706,
    ),
    "ambiguous-factor": Rule(
        "ambiguous-factor",
        Severity.BLOCKER,
        "Two factors fit alike and differ",
        "Undo the import of one of them ('abate factors show ID' says which it is), or give one an"
        " item of its own.",
        707,
    ),
}
CARRIED = Rule(
    "factor-carried-forward",
    Severity.WARNING,
    "Factor of an earlier year",
    "Import the edition for the year when it is published, and run again.",
    710,
)
CARRIED_BACK = Rule(
    "factor-carried-back",
    Severity.WARNING,
    "Factor of a later year",
    "Import the edition of the year, and run again.",
    718,
)
GENERAL = Rule(
    "factor-general",
    Severity.WARNING,
    "Factor of a wider group",
    "Import factors that tell the group apart, or say more exactly what it was: its size, class,"
    " type, or part of the grid.",
    719,
)
OTHER_BASIS = Rule(
    "factor-other-basis",
    Severity.WARNING,
    "Factor on another basis, as [factors] of abate.toml allows",
    "Import a direct one for the place, and take the basis out of [factors].",
    722,
)
WEAK_EVIDENCE = Rule(
    "factor-weak-evidence",
    Severity.WARNING,
    "Factor from one copy without a place, or from copies that differ",
    "Compare it with the publication before you file the figure.",
    723,
)
MONEY_CARRIED = Rule(
    "price-carried-forward",
    Severity.WARNING,
    "Money counted at the prices of an earlier year",
    "Import the exchange rates and price indices of the year when they are published, and run"
    " again.",
    724,
)
CO2_ONLY = Rule(
    "factor-co2-only",
    Severity.INFO,
    "Factor of CO2 alone",
    "CH4 and N2O are not in this factor's publication.",
    720,
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
NO_GWP = Rule(
    "no-gwp",
    Severity.BLOCKER,
    "No GWP for a gas in this set",
    "Choose another GWP set for the run.",
    703,
)
NO_RESIDUAL = Rule(
    "residual-mix-missing",
    Severity.WARNING,
    "Grid average used in place of the residual mix",
    "Import the residual mix of the market when there is one (GHG Protocol Scope 2 Guidance, Table"
    " 6.3).",
    713,
)
NO_HOURS = Rule(
    "hours-unknown",
    Severity.WARNING,
    "Certificate or contract without hours left out",
    "Claim lots by the hour with 'abate lots claim', or value the year with monthly matching.",
    725,
)
UNUSED = Rule(
    "instrument-unused",
    Severity.WARNING,
    "Instrument exceeds the load it may serve",
    "Check vintage, market and site of the certificate.",
    714,
)
INCOMPLETE = Rule(
    "category-incomplete",
    Severity.WARNING,
    "A part of a category has no factor",
    "Import a factor for it, or say in [scope3] of abate.toml why the category is left out.",
    715,
)
PROXY = Rule(
    "factor-proxy",
    Severity.WARNING,
    "Factor of another region",
    "Import one made for the region, or take the proxy out of abate.toml.",
    716,
)
ASSUMED = Rule(
    "factor-assumed",
    Severity.WARNING,
    "Factor is an assumption",
    "Replace it by one with a source before you publish the figure.",
    717,
)
EXCLUDED = Rule(
    "category-excluded",
    Severity.INFO,
    "Category is switched off",
    "It shows as not assessed; take it out of [scope3] in abate.toml to assess it.",
    721,
)
NO_PROGRAMME = Rule(
    "no-programme",
    Severity.BLOCKER,
    "Avoided emission without a programme",
    "Name a programme of abate.toml in the row, with the methodology for this kind.",
    704,
)
RESOLUTION_RULES = (
    NO_FACTOR,
    *MISMATCHES.values(),
    NO_GWP,
    NO_PROGRAMME,
    CARRIED,
    RECALLED,
    GWP_FIXED,
    NO_RESIDUAL,
    UNUSED,
    INCOMPLETE,
    PROXY,
    ASSUMED,
    CARRIED_BACK,
    GENERAL,
    OTHER_BASIS,
    WEAK_EVIDENCE,
    MONEY_CARRIED,
    CO2_ONLY,
    EXCLUDED,
)


@dataclass(frozen=True, slots=True)
class ActivityKey:
    """A distinct need among a run's activities."""

    kind: str
    item: str
    site: str
    month: str
    unit: str
    region: str = ""
    party: str = ""


KEY = tuple(f.name for f in fields(ActivityKey))
"""Columns by which activities find their rows of the resolution table."""


@dataclass(frozen=True, slots=True)
class Terms:
    """On which terms a run values.

    Args:
        gwp_set: AR4, AR5 or AR6.
        boundary: Consolidation approach.
        as_of: Factors published later are passed over; None takes all.
        proxies: Regions whose factors may serve Scope 3 where no nearer one exists.
        excluded: Categories of Scope 3 that are switched off.
        structure: Months of a later year whose structure a base year is valued on; empty takes the
            year's own.
        whole_year: Whether that structure is the one at the end of the later year.
        other_bases: What may serve where there is no direct factor: `life-cycle`,
            `operating-margin`.
        factor_years: Where the fiscal year decides: its calendar, whose year's factors serve in
            which most of it falls.
        matching: How certificates meet load.
    """

    gwp_set: str = "AR6"
    boundary: Boundary = Boundary.OPERATIONAL
    as_of: date | None = None
    proxies: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    structure: tuple[str, ...] = ()
    whole_year: bool = True
    other_bases: tuple[str, ...] = ()
    factor_years: FiscalCalendar | None = None
    matching: str = MONTHLY

    def factor_year(self, month: str) -> int:
        """Calendar year whose factors value a month.

        Source: UK Government, Environmental Reporting Guidelines (2019), and the methodology paper
            of the conversion factors: those of the calendar year in which most of the reporting
            year falls.
        """
        if self.factor_years is None:
            return int(month[:4])
        return self.factor_years.main_year(self.factor_years.year_of(month_start(month)))

    def share(self, organisation: Organisation, place: str, month: str) -> float:
        """Share of a place that counts in a month on these terms."""
        if self.structure:
            return organisation.structure_share(
                place, month, self.boundary, self.structure, self.whole_year
            )
        return organisation.month_share(place, month, self.boundary)


PLACED = (*KEY, "org", "boundary_share")
"""Columns of a resolution row that its need and place decide."""
FOUND = (
    "method", "approach", "book", "category", "view", "part", "instrument", "tier", "share", "scope", "factor_id", "species",
    "mg_per_unit", "ratio", "gwp", "spread_kind", "spread_95", "quality", "why",
)  # fmt: skip
"""Columns that the method and its factor decide: many needs share them."""

Row: TypeAlias = tuple[Any, ...]
"""Cells of a resolution row: plain, for there may be a million of them."""
Piece: TypeAlias = "tuple[Instrument | None, str, float]"
"""A part of an activity: the instrument that covers it, or the claimant, and its share."""


@dataclass(frozen=True, slots=True)
class Resolutions:
    """Rows of the resolution table, each a need with its place beside what was found.

    Which many needs share.

    Args:
        needs: Cells of the columns of `PLACED`.
        found: Cells of the columns of `FOUND`.
        pairs: The rows in order: place of the need and place of what was found.
    """

    needs: list[Row] = field(default_factory=list)
    found: list[Row] = field(default_factory=list)
    pairs: list[tuple[int, int]] = field(default_factory=list)
    _alike: dict[tuple[str, ...], range] = field(
        init=False, repr=False, compare=False, default_factory=dict
    )

    def __len__(self) -> int:
        return len(self.pairs)

    def shared(self, *columns: str) -> set[Row]:
        """What the rows have in some columns of `FOUND`, each once."""
        places = [FOUND.index(c) for c in columns]
        return {tuple(self.found[k][p] for p in places) for k in {found for _, found in self.pairs}}

    @property
    def methods(self) -> set[str]:
        """Names of the methods in the rows."""
        return {name for (name,) in self.shared("method")}


@dataclass(frozen=True, slots=True)
class Answer:
    """What a need of a method comes to.

    Per species the tail of its row (scope to why), none where nothing fits.
    """

    tails: tuple[Row, ...]
    findings: tuple[Finding, ...]


@dataclass(slots=True)
class Resolver:
    """Resolves distinct keys into rows that activities are joined with.

    Args:
        book: Factors of the run.
        organisation: Sites, entities, programmes and shares.
        methods: Methods of the run.
        terms: GWP set, boundary, day, proxies, categories that are switched off.
    """

    book: FactorBook
    organisation: Organisation
    methods: Sequence[Method]
    terms: Terms
    _supplies: dict[str, Supply] = field(init=False, repr=False, default_factory=dict)
    _places: dict[tuple[str, str], tuple[str, float]] = field(
        init=False, repr=False, default_factory=dict
    )
    _regions: dict[str, str] = field(init=False, repr=False, default_factory=dict)
    _answers: dict[tuple[str, ...], Answer] = field(init=False, repr=False, default_factory=dict)

    def __post_init__(self) -> None:
        for supply in (m.card.supply for m in self.methods if m.card.supply):
            self._supplies.update(dict.fromkeys((supply.kind, *supply.losses), supply))

    def resolve(
        self,
        keys: Iterable[ActivityKey],
        instruments: Sequence[Instrument] = (),
        allocations: Sequence[Allocation] = (),
        loads_wh: dict[tuple[str, str], int] | None = None,
    ) -> tuple[Resolutions, list[Finding]]:
        """Rows of the resolution table, and findings.

        Every key of a kind that a method values gets rows whose shares per method sum to one for
        each species, or one blocking finding: none is half valued. Of the methods of a ladder the
        first that finds a factor values it.
        """
        rows = Resolutions()
        findings: dict[tuple[str, ...], Finding] = {}
        parts = _parts(instruments, allocations, loads_wh or {})
        by_kind = {k: ladders(self.methods, k) for m in self.methods for k in m.card.kinds}
        order = sorted(
            keys, key=lambda k: (k.kind, k.item, k.site, k.month, k.unit, k.region, k.party)
        )
        for key in order:
            first_row, whole = len(rows), True
            for ladder in by_kind.get(key.kind, ()):
                if ladder[0].category in self.terms.excluded:
                    if (EXCLUDED.code, key.kind, ladder[0].category) not in findings:
                        message = (
                            f"{key.kind} is in category {ladder[0].category}, which is switched"
                            " off."
                        )
                        told = Finding.of(EXCLUDED, message, site=key.site, month=key.month)
                        findings[EXCLUDED.code, key.kind, ladder[0].category] = told
                    continue
                found = self._found(key, ladder, parts, rows, findings)
                whole &= len(found) > 0 or (ladder[0].optional and ladder[0].book == "inventory")
                rows.pairs.extend((len(rows.needs), k) for k in found)
            if len(rows) > first_row:
                place = self._place(key.site, key.month)
                rows.needs.append(
                    (
                        key.kind,
                        key.item,
                        key.site,
                        key.month,
                        key.unit,
                        key.region,
                        key.party,
                        *place,
                    )
                )
                if not whole:  # Scope 1 without a factor while its upstream has one; a baseline without its actual side
                    del rows.pairs[first_row:]
        return rows, list(findings.values())

    def _found(
        self,
        key: ActivityKey,
        ladder: tuple[MethodCard, ...],
        parts: dict[tuple[str, str], list[Piece]],
        rows: Resolutions,
        findings: dict[tuple[str, ...], Finding],
    ) -> range:
        """Places in `rows.found` of what a ladder finds for a key.

        Once for all that differ in nothing but site and month.
        """
        fault = self._place_fault(key, ladder[0])
        if fault is not None:
            findings.setdefault((fault.code, fault.message), fault)
            return range(0)
        own = self._is_split(key, ladder[0], parts)
        alike = (
            ladder[0].id,
            key.kind,
            key.item,
            self._region(key),
            key.party,
            self._years(key),
            key.unit,
        )
        if own or alike not in rows._alike:
            first = len(rows.found)
            rows.found.extend(self._climb(key, ladder, parts, findings))
            found = range(first, len(rows.found))
            if own:
                return found
            rows._alike[alike] = found
        return rows._alike[alike]

    def _climb(
        self,
        key: ActivityKey,
        ladder: tuple[MethodCard, ...],
        parts: dict[tuple[str, str], list[Piece]],
        findings: dict[tuple[str, ...], Finding],
    ) -> list[Row]:
        """What the first rung finds that has factors.

        Nothing, and the first rung's finding, where none has.
        """
        first = ladder[0]
        missed: list[tuple[MethodCard, Finding]] = []
        for card in (
            c for c in ladder if not c.dimensions or dimension_of(key.unit) in c.dimensions
        ):
            found, remarks, miss = self._by_card(key, card, parts)
            if miss is None:
                _keep(findings, remarks, key)
                passed = [{"method": c.name, "reason": f.message} for c, f in missed]
                return (
                    [(*row[:-1], _with_rungs(row[-1], passed)) for row in found]
                    if passed
                    else found
                )
            missed.append((card, miss))
        if not missed:
            approaches = ", ".join(c.approach for c in ladder)
            message = f"No method of {key.kind} ({approaches}) takes an amount in {key.unit}."
            missed.append((first, Finding.of(MISMATCHES["unit-mismatch"], message)))
        card, miss = next(((c, f) for c, f in missed if f.code != NO_FACTOR.code), missed[-1])
        if first.optional:
            miss = Finding.of(
                INCOMPLETE,
                f"Category {first.category} lacks '{card.id}' of {key.kind}: {miss.message}",
            )
        _keep(findings, [miss], key)
        return []

    def _place_fault(self, key: ActivityKey, card: MethodCard) -> Finding | None:
        """What is wrong with the place of a key, if anything."""
        programme = self.organisation.programme(key.site)
        if card.book == "avoided":
            if programme is None or programme.methodology != card.category:
                told = (
                    f"'{key.site}' is not a programme of methodology '{card.category}', which values"
                    f" {key.kind}."
                )
                return Finding.of(NO_PROGRAMME, told, site=key.site)
            return None
        if not self._region(key):
            message = (
                f"'{key.site}' is not a site with a region, so '{card.id}' cannot value its"
                f" {key.kind}."
            )
            return Finding.of(NO_FACTOR, message, site=key.site)
        return None

    def _by_card(
        self, key: ActivityKey, card: MethodCard, parts: dict[tuple[str, str], list[Piece]]
    ) -> tuple[list[Row], list[Finding], Finding | None]:
        """What one method finds for a key, what is to be said of it.

        And what kept the method away.
        """
        named: Row = (card.name, card.approach, card.book, card.category, card.view)
        found: list[Row] = []
        remarks: list[Finding] = []
        for part, (instrument, claimant, share) in enumerate(self._pieces(key, card, parts)):
            answer = self._answer(key, card, self._region(key), instrument)
            if not answer.tails:
                return [], [], answer.findings[0]
            remarks += answer.findings
            named_piece = (instrument.id, instrument.tier) if instrument else (claimant, "")
            found += [(*named, part, *named_piece, share, *tail) for tail in answer.tails]
        return found, remarks, None

    def _is_split(
        self, key: ActivityKey, card: MethodCard, parts: dict[tuple[str, str], list[Piece]]
    ) -> bool:
        """Whether a key has parts of its own.

        By instrument in the views of Scope 2, by claimant in the avoided book.
        """
        by_instrument = (
            bool(card.view) and card.supply is not None and (key.site, key.month) in parts
        )
        return card.book == "avoided" or by_instrument

    def _pieces(
        self, key: ActivityKey, card: MethodCard, parts: dict[tuple[str, str], list[Piece]]
    ) -> list[Piece]:
        """Parts of a key, or the whole of it."""
        if not self._is_split(key, card, parts):
            return [(None, "", 1.0)]
        if card.book != "avoided":
            return parts[key.site, key.month]
        programme = self.organisation.programme(key.site)
        return (
            [(None, claimant, share) for claimant, share in programme.parts]
            if programme
            else [(None, "", 1.0)]
        )

    def _region(self, key: ActivityKey) -> str:
        """Region in which factors are looked up.

        The row's, the site's own where the book has factors made for it.
        """
        if key.region:
            return key.region
        if key.site not in self._regions:
            region = self.organisation.region_of(key.site)
            own = f"{region}/{key.site}"
            self._regions[key.site] = own if region and own in self.book.regions else region
        return self._regions[key.site]

    def _place(self, site: str, month: str) -> tuple[str, float]:
        """Business and counted share of a site in a month, worked out once."""
        if (site, month) not in self._places:
            share = self.terms.share(self.organisation, site, month)
            self._places[site, month] = (self.organisation.business_of(site), share)
        return self._places[site, month]

    def _answer(
        self, key: ActivityKey, card: MethodCard, region: str, instrument: Instrument | None
    ) -> Answer:
        """The answer to what a method needs for a key, worked out once per method, item, region, year and unit."""
        used = instrument.id if instrument is not None and card.instruments else ""
        programme = key.site if card.book == "avoided" else ""
        signature = (
            card.id,
            key.item,
            key.party,
            region,
            self._years(key),
            key.unit,
            used,
            programme,
        )
        if signature not in self._answers:
            self._answers[signature] = self._look_up(
                self._needs(key, card, region, instrument), card, programme, key.item
            )
        return self._answers[signature]

    def _years(self, key: ActivityKey) -> str:
        """Year of the factors, and that of the prices."""
        return (
            f"{self.terms.factor_year(key.month)}/{key.month[:4]}/{self._before_supply_year(key)}"
        )

    def _before_supply_year(self, key: ActivityKey) -> bool:
        """Whether a month lies in a year of a supply that its country names after the year before."""
        country = country_of(self._region(key))
        begins = max(
            (month for s in self._supplies.values() for c, month in s.year_begins if c == country),
            default=1,
        )
        return self.terms.factor_years is None and int(key.month[5:7]) < begins

    def _needs(
        self, key: ActivityKey, card: MethodCard, region: str, instrument: Instrument | None
    ) -> list[FactorQuery]:
        """What a method looks for, best first.

        Purpose before place, what is meant before what it is one of.
        """
        year = self.terms.factor_year(key.month)
        tail = (card.basis, self.terms.as_of, self.terms.proxies if card.proxies else ())
        if instrument is not None and card.instruments and card.supply is not None:
            item = instrument.id if instrument.kg_co2_per_kwh is not None else instrument.technology
            names = [item] if instrument.kg_co2_per_kwh is not None else broader(item)
            return [
                FactorQuery(card.supply.instrument, name, region, year, key.unit, *tail)
                for name in names
            ]
        words = {"item": key.item, "tail": key.item.rsplit("/", 1)[-1], "party": item_id(key.party)}
        unit = priced(key.unit, int(key.month[:4]))
        needs: list[FactorQuery] = []
        for kind, item in card.lookups:
            if item == BROADER:
                forms = [
                    FactorQuery(kind, form, region, year, unit, *tail) for form in broader(key.item)
                ]
                needs += [replace(need, proxies=()) for need in forms] if tail[-1] else []
                needs += forms
            else:
                supply, named = self._supplies.get(kind), item.format(**words)
                named = supply.average if supply is not None and named == supply.named else named
                needs.append(FactorQuery(kind, named, region, year, unit, *tail))
        if card.basis == "direct" and "life-cycle" in self.terms.other_bases:
            needs += [replace(need, basis="life-cycle") for need in needs]
        if self._before_supply_year(key) and needs[0].kind in self._supplies:
            needs = [*(replace(need, year=year - 1) for need in needs), *needs]
        for supply in dict.fromkeys(self._supplies.values()):
            if (
                supply.margin[1] in self.terms.other_bases
                and (supply.kind, supply.average) in card.lookups
            ):
                kind, item = supply.margin
                needs.append(FactorQuery(kind, item, region, year, unit, *tail))
        return needs

    def _look_up(
        self, needs: list[FactorQuery], card: MethodCard, programme: str, asked: str
    ) -> Answer:
        """The factor of the first need that has one."""
        misses: list[NoMatch] = []
        for need in needs:
            match = self.book.match(need)
            if isinstance(match, NoMatch):
                misses.append(match)
                continue
            ratio, findings = 1.0 * card.sign, self._remarks(match, need, needs[0])
            if TAIL in {item for _, item in card.lookups} and asked not in (
                need.item,
                f"mixed/{need.item}",
            ):
                text = (
                    f"{match.factor.id} of '{need.item}' serves '{asked}', for which there is none"
                    f" in {need.region}."
                )
                findings.append(Finding.of(GENERAL, text))
            used: tuple[str, ...] = ()
            through = [known for b in match.conversions if (known := self.book.get(b))]
            if programme:
                owner = self.organisation.programme(programme)
                ratio *= 1 - owner.rebound_share if owner else 1
            if card.ratio:
                found = self.book.ratio(replace(need, kind=card.ratio, item="", basis=""))
                if isinstance(found, NoMatch):
                    misses.append(found)
                    continue
                ratio, used = ratio * found[1], (found[0].id,)
                through.append(found[0])
                findings += self._source_remarks(found[0])
            if misses and card.view == "market" and not self._of_instrument(need):
                text = (
                    f"No {needs[0].item} for {need.region} in {need.year}; {match.factor.id} serves"
                    " instead."
                )
                findings.append(Finding.of(NO_RESIDUAL, text))
            potentials = {s: gwp(s, self.terms.gwp_set) for s in match.mg_per_unit}
            without = [s for s, value in potentials.items() if value is None]
            if without:
                message = (
                    f"{', '.join(without)} has no GWP in {self.terms.gwp_set} ({match.factor.id})."
                )
                return Answer((), (Finding.of(NO_GWP, message),))
            why = _why(match, misses, used)
            return Answer(
                _tails(match, need, card, ratio, potentials, through, why), tuple(findings)
            )
        first = misses[0]
        return Answer((), (Finding.of(MISMATCHES.get(first.code, NO_FACTOR), first.message),))

    def _remarks(self, match: Match, need: FactorQuery, wanted: FactorQuery) -> list[Finding]:
        """What is to be said of a factor that serves a need, though not exactly."""
        factor = match.factor
        told = [
            *self._of_year(match, need, wanted),
            *self._of_group(factor, need, wanted),
            *self._of_basis(factor, need, wanted),
        ]
        if match.money_year:
            text = (
                f"{need.unit} is counted at prices of {match.money_year}: there is no later rate or"
                " index."
            )
            told.append((MONEY_CARRIED, text))
        if match.proxy:
            text = (
                f"{factor.id}, made for {factor.region}, serves {need.region}, for which there is"
                " none."
            )
            told.append((PROXY, text))
        remarks = [Finding.of(rule, text) for rule, text in told]
        for one in (factor.id, *match.conversions):
            known = self.book.get(one)
            remarks += self._source_remarks(known) if known else []
        if factor.gas_basis == "CO2" and any(m.value != "0" for m in factor.masses):
            remarks.append(Finding.of(CO2_ONLY, f"{factor.id} is of CO2 alone."))
        if match.mg_per_unit.get(UNSPECIFIED) and factor.gwp_set != self.terms.gwp_set:
            printed = factor.gwp_set or "an unnamed set"
            text = (
                f"{factor.id} is printed as CO2e of {printed}, the run uses {self.terms.gwp_set}."
            )
            remarks.append(Finding.of(GWP_FIXED, text))
        return remarks

    def _of_year(
        self, match: Match, need: FactorQuery, wanted: FactorQuery
    ) -> Iterator[tuple[Rule, str]]:
        """A factor of another year than the activity."""
        factor = match.factor
        if match.years_carried:
            rule = CARRIED if match.years_carried > 0 else CARRIED_BACK
            later = "later" if match.years_carried > 0 else "earlier"
            of = f"data of {factor.year}" if factor.year else f"an edition of {factor.edition_year}"
            years = abs(match.years_carried)
            text = f"{factor.id}: {of} used for {need.year}, {years} year(s) {later}."
            yield rule, text
        if need.year != wanted.year:
            text = (
                f"{factor.id}: data of {factor.year} used for {wanted.year}, whose grid year holds"
                " the month."
            )
            yield CARRIED_BACK, text

    def _of_group(
        self, factor: Factor, need: FactorQuery, wanted: FactorQuery
    ) -> Iterator[tuple[Rule, str]]:
        """A factor of a wider group, or of a wider place."""
        lost = {a for a in wanted.item.split("/") if a not in need.item.split("/")}
        lost -= {a for a, country in TOLD_APART_IN.items() if factor.region != country}
        if lost and need.item in broader(wanted.item) and not self._of_instrument(need):
            text = (
                f"{factor.id} of '{need.item}' serves '{wanted.item}', for which there is none in"
                f" {need.region}."
            )
            yield GENERAL, text
        parts = self._parts_of_network(factor, need)
        if parts:
            text = (
                f"{factor.id} of the whole of {factor.region} serves {need.region}; parts with a"
                f" grid of their own: {parts}."
            )
            yield GENERAL, text

    def _of_basis(
        self, factor: Factor, need: FactorQuery, wanted: FactorQuery
    ) -> Iterator[tuple[Rule, str]]:
        """A factor on another basis, which the workspace allows."""
        if (need.kind, need.basis) == (wanted.kind, wanted.basis) or not self.terms.other_bases:
            return
        at_margin = any((need.kind, need.item) == s.margin for s in self._supplies.values())
        basis = need.item if at_margin else factor.basis
        if basis in self.terms.other_bases:
            text = (
                f"{factor.id}, {basis}, serves {need.region}, for which there is no direct factor."
            )
            yield OTHER_BASIS, text

    def _of_instrument(self, need: FactorQuery) -> bool:
        return any(need.kind == s.instrument for s in self._supplies.values())

    def _parts_of_network(self, factor: Factor, need: FactorQuery) -> str:
        """Parts of a country that have factors of their own.

        Where that of the whole country serves a place in it.
        """
        place, supply = need.region.partition("/")[0], self._supplies.get(factor.kind)
        if supply is None or (factor.kind, factor.item) != (supply.kind, supply.average):
            return ""
        if factor.region in (place, WORLD):
            return ""
        inside = (
            f.region for f in self.book.of(factor.kind, factor.item) if f.basis == factor.basis
        )
        parts = sorted({r for r in inside if "/" not in r and r.startswith(f"{factor.region}-")})
        return ", ".join(parts[:6]) + (f" and {len(parts) - 6} more" if len(parts) > 6 else "")

    def _source_remarks(self, factor: Factor) -> list[Finding]:
        told = {
            "recalled": (
                RECALLED,
                f"{factor.id} ({factor.source.publication}) is recalled, not checked.",
            ),
            "assumption": (
                ASSUMED,
                f"{factor.id} is an assumption: {factor.note or factor.source.publication}.",
            ),
        }
        weak = f"{factor.id} ({factor.source.publication}) has evidence of grade D."
        remarks = [Finding.of(*told[v]) for v in [factor.source.verification] if v in told]
        return [*remarks, Finding.of(WEAK_EVIDENCE, weak)] if factor.evidence == "D" else remarks


def ladders(methods: Sequence[Method], kind: str) -> list[tuple[MethodCard, ...]]:
    """Methods that value a kind: each alone, and those of a ladder together, best first."""
    cards = [m.card for m in methods if kind in m.card.kinds]
    rungs = sorted((c for c in cards if c.rung), key=lambda c: (c.ladder, c.rung))
    return [(c,) for c in cards if not c.rung] + [
        tuple(some) for _, some in groupby(rungs, lambda c: c.ladder)
    ]


def _keep(
    findings: dict[tuple[str, ...], Finding], some: Iterable[Finding], key: ActivityKey
) -> None:
    """Keep the first finding of each code and message, with the place where it was met."""
    for f in some:
        if (f.code, f.message) not in findings:
            findings[f.code, f.message] = replace(f, site=key.site, month=key.month)


def _tails(
    match: Match,
    need: FactorQuery,
    card: MethodCard,
    ratio: float,
    potentials: dict[str, float | None],
    through: Sequence[Factor],
    why: str,
) -> tuple[Row, ...]:
    """Per species the end of a row: scope, factor, masses, ratio, GWP, spread, quality, why."""
    quality = scores(match, need, card, through)
    others = [property_spread(f) for f in through]
    printed = {m.species: m for m in match.factor.masses}
    tails = []
    for species, mg in match.mg_per_unit.items():
        mass = printed[species]
        spread: tuple[str, float] = ("lognormal", pedigree_factor(quality))
        if mass.uncertainty_95 is not None:
            spread = (mass.uncertainty_kind, mass.uncertainty_95)
        spread = combined([spread, *others])
        scope = (
            card.scope if card.book == "avoided" or all_species()[species].counted else "outside"
        )
        told = ",".join(map(str, quality))
        tails.append(
            (scope, match.factor.id, species, mg, ratio, potentials[species], *spread, told, why)
        )
    return tuple(tails)


def _with_rungs(why: str, passed: list[dict[str, str]]) -> str:
    return json.dumps({**json.loads(why), "rungs_passed": passed}, ensure_ascii=False)


def unused_findings(unused: dict[str, int]) -> list[Finding]:
    """Findings for instruments that found less load than they hold."""
    return [
        Finding.of(
            UNUSED, f"Instrument '{name}' has {amount / 1000:,.3f} kWh that no load may use."
        )
        for name, amount in sorted(unused.items())
    ]


def _parts(
    instruments: Sequence[Instrument],
    allocations: Sequence[Allocation],
    loads_wh: dict[tuple[str, str], int],
) -> dict[tuple[str, str], list[Piece]]:
    """Shares of each site's month by instrument, and last the share that none covers."""
    by_id = {i.id: i for i in instruments}
    matched: dict[tuple[str, str], list[Allocation]] = {}
    for a in allocations:
        matched.setdefault((a.site, a.month), []).append(a)
    parts: dict[tuple[str, str], list[Piece]] = {}
    for place, some in matched.items():
        load = loads_wh[place]
        rest = load - sum(a.amount_wh for a in some)
        parts[place] = [(by_id[a.instrument], "", a.amount_wh / load) for a in some]
        if rest:
            parts[place].append((None, "", rest / load))
    return parts


def _why(match: Match, misses: list[NoMatch], ratios: tuple[str, ...]) -> str:
    """The audit record of a match, as JSON.

    Why this factor, through which properties, and what was passed over.
    """
    passed = [p for miss in misses for p in miss.passed] + list(match.passed)
    return json.dumps(
        {
            "why": match.why,
            "bridges": list(match.conversions),
            "ratios": list(ratios),
            "passed_over": [{"factor": p.factor_id, "reason": p.reason} for p in passed[:12]],
            "passed_over_count": len(passed),
        },
        ensure_ascii=False,
    )
