"""The factor book of a workspace: search it, show a factor, import an edition through the gates."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise
from pathlib import Path

from abate.adapters.readers.publishers import READERS, guess_publisher, read_own
from abate.adapters.store.delta import fetch, literal
from abate.adapters.store.imports import live_imports
from abate.adapters.store.workspace import Workspace, file_hash
from abate.application.inventory.figures import Figures
from abate.application.inventory.inputs import (
    ensure_default_factors,
    factor_imports,
    load_factors,
    store_factors,
)
from abate.kernel.edges import Json
from abate.kernel.errors import DataError, DuplicateImportError, NotFoundError, UsageError
from abate.kernel.factor import (
    BIOGENIC_CO2,
    COLUMNS,
    OPTIONAL,
    PROPERTY,
    Factor,
    Mass,
    Source,
    content_hash,
    factor_rows,
    factors_from_rows,
)
from abate.kernel.finding import Finding, Severity
from abate.kernel.gates import APART, GWP_DIFFERS, JUMP_RATIO, FactorEdition, Line, pass_gates
from abate.kernel.kind import slug
from abate.kernel.region import region_named
from abate.kernel.species import NON_KYOTO, UNSPECIFIED, all_species, gwp
from abate.kernel.tables import GATES
from abate.kernel.units import dimensions, quantity


@dataclass(frozen=True, slots=True)
class FactorImport:
    """What an import of factors did.

    Args:
        import_id: Its id, empty where nothing was stored.
        publisher: Whose file.
        edition: Which edition.
        factor_count: Factors that entered.
        refused_count: Factors that the gates kept out.
        findings: What the gates found.
    """

    import_id: str
    publisher: str
    edition: str
    factor_count: int
    refused_count: int
    findings: tuple[Finding, ...]


def read_factors(
    path: Path,
    *,
    publisher: str = "",
    previous: Path | None = None,
    accept: frozenset[str] = frozenset(),
    before: Iterable[Factor] = (),
) -> tuple[str, str, list[Factor], list[Finding], int]:
    """Read a publisher's file through the gates, without storing it.

    Returns:
        Publisher, edition, factors, findings, and how many factors were refused.

    Raises:
        DataError: `unknown-publisher`, `unreadable-file`, `swapped-year`, `bad-factor`.
        UsageError: `unknown-publisher`.
    """
    if not path.is_file():
        raise DataError("unreadable-file", f"{path.name} is not a file.", "Check the path.")
    chosen = publisher or guess_publisher(path)
    if chosen == "own":
        factors = factors_from_rows(_own_rows(path))
        return "own", path.stem, factors, [], 0
    if chosen not in READERS:
        raise UsageError(
            "unknown-publisher",
            f"No publisher '{publisher}'.",
            f"One of: {', '.join([*READERS, 'own'])}.",
        )
    try:
        publication = READERS[chosen](path)
        older = (
            list(READERS[chosen](previous).lines)
            if previous
            else _edition_before(publication, before)
        )
    except (KeyError, IndexError, StopIteration, ValueError) as error:
        raise DataError(
            "unreadable-file",
            f"{path.name} is not laid out as a file of '{chosen}' ({error}).",
            "Check --from.",
        ) from error
    potentials = {
        s.id: s.gwp[publication.gwp_set]
        for s in all_species().values()
        if publication.gwp_set in s.gwp
    }
    potentials[UNSPECIFIED] = 1.0
    clean_before, _ = pass_gates(
        _like(publication, older), [], frozenset({"swapped-year"}), potentials, ""
    )
    kept, findings = pass_gates(publication, clean_before, accept, potentials, path.name)
    if chosen == "gwp":
        kept, findings = _compare_gwp(kept, findings, path.name)
    factors = _factors(publication, kept)
    entered = {f.id for f in factors}
    refused = {line.factor_id for line in publication.lines} - entered
    return chosen, publication.edition, factors, findings, len(refused)


@dataclass(frozen=True, slots=True)
class AuditedFile:
    """A publisher's file.

    Args:
        file: Its name.
        publisher: Its publisher; `unknown` where the file cannot be read.
        edition: Its edition.
        factors: Factors that may enter.
        refused: Factors that may not.
        findings: Number of findings by code.
    """

    file: str
    publisher: str
    edition: str
    factors: int
    refused: int
    findings: dict[str, int]


@dataclass(frozen=True, slots=True)
class Jump:
    """A factor, as it is named, that changed by a ratio from one edition to the next."""

    publisher: str
    factor: str
    before: str
    after: str
    ratio: float


@dataclass(frozen=True, slots=True)
class Audit:
    """What an audit of publishers' files found.

    Args:
        files: What each file holds.
        findings: What is odd, the blocking first.
        jumps: Factors that changed by more than a third between two editions of a publisher.
    """

    files: tuple[AuditedFile, ...]
    findings: tuple[Finding, ...]
    jumps: tuple[Jump, ...]


def audit_factors(
    paths: Iterable[Path], *, on_file: Callable[[str], None] = lambda _: None
) -> Audit:
    """Read publishers' files through the gates, store nothing.

    And compare the editions of each publisher by name.

    Args:
        paths: Files, and folders whose CSV and XLSX files are all read.
        on_file: Told which file is read.
    """
    listed = [f for p in paths for f in (sorted(p.rglob("*")) if p.is_dir() else [p])]
    files: list[AuditedFile] = []
    findings: list[Finding] = []
    editions: dict[str, list[tuple[date, str, dict[tuple[str, ...], float]]]] = {}
    for path in (f for f in listed if f.suffix.lower() in (".csv", ".xlsx") and f.is_file()):
        on_file(path.name)
        try:
            publisher, edition, factors, found, refused = read_factors(path)
        except DataError as error:
            files.append(AuditedFile(path.name, "unknown", "", 0, 0, {error.code: 1}))
            continue
        counted = dict(Counter(f.code for f in found))
        files.append(AuditedFile(path.name, publisher, edition, len(factors), refused, counted))
        findings += found
        if factors and publisher in COMPARED:
            published = max(f.source.published_on for f in factors)
            editions.setdefault(publisher, []).append((published, edition, _by_name(factors)))
    order = {Severity.BLOCKER: 0, Severity.WARNING: 1, Severity.INFO: 2}
    findings.sort(key=lambda f: order[f.severity])
    jumps = [
        j
        for publisher, some in editions.items()
        for j in _jumps_between(publisher, sorted(some, key=lambda e: e[:2]))
    ]
    return Audit(
        tuple(files),
        tuple(findings),
        tuple(sorted(jumps, key=lambda j: -abs(math.log(j.ratio)))),
    )


COMPARED = ("desnz", "epa")
"""Publishers that issue an edition every year."""


def _by_name(factors: list[Factor]) -> dict[tuple[str, ...], float]:
    """CO2e per unit of each factor by what it is named, whatever the edition numbers it."""
    found: dict[tuple[str, ...], float] = {}
    for factor in factors:
        amounts = [
            quantity(m.value, m.unit) * (gwp(m.species, "AR5") or 0)
            for m in factor.masses
            if m.species != PROPERTY
        ]
        if amounts:
            whole = sum(amounts[1:], amounts[0])
            unit = ",".join(f"{d}{p}" for d, p in dimensions(whole))
            found[factor.kind, factor.basis, factor.item, factor.region, unit] = float(
                whole.to_base_units().magnitude
            )
    return found


def _jumps_between(
    publisher: str, editions: list[tuple[date, str, dict[tuple[str, ...], float]]]
) -> list[Jump]:
    """Factors that left the corridor from one edition to the next."""
    jumps = []
    for (_, before, old), (_, after, new) in pairwise(editions):
        for name in sorted(old.keys() & new.keys()):
            if (
                old[name] > 0
                and new[name] > 0
                and not 1 / JUMP_RATIO <= new[name] / old[name] <= JUMP_RATIO
            ):
                told = " / ".join(n for n in name[:4] if n)
                jumps.append(Jump(publisher, told, before, after, new[name] / old[name]))
    return jumps


def import_factors(
    workspace: Workspace,
    path: Path,
    *,
    now: datetime,
    publisher: str = "",
    previous: Path | None = None,
    accept: frozenset[str] = frozenset(),
) -> FactorImport:
    """Import a publisher's edition; what the gates refuse stays out, the rest enters.

    The edition is compared with `previous`, or with the publisher's latest in the ledger.

    Raises:
        DuplicateImportError: `duplicate-import`.
    """
    ensure_default_factors(workspace, now)
    chosen, edition, factors, findings, refused = read_factors(
        path,
        publisher=publisher,
        previous=previous,
        accept=accept,
        before=load_factors(workspace, factor_imports(workspace)),
    )
    if not factors:
        return FactorImport("", chosen, edition, 0, refused, tuple(findings))
    digest = file_hash(path)
    with workspace.store.lock():
        same = [r for r in live_imports(workspace) if r.sha256 == digest]
        if same:
            raise DuplicateImportError(
                "duplicate-import",
                f"{path.name} is in the book as {same[0].import_id}.",
                f"Nothing to do; to import it anew: abate undo {same[0].import_id}.",
            )
        import_id = store_factors(
            workspace, factors, path.name, f"factors-{chosen}", digest, now, findings
        )
    return FactorImport(import_id, chosen, edition, len(factors), refused, tuple(findings))


def add_factor(
    workspace: Workspace,
    kind: str,
    item: str,
    value: str,
    unit: str,
    *,
    region: str,
    source: str,
    now: datetime,
    species: str = "",
    year: int | None = None,
    for_year: int | None = None,
    basis: str = "direct",
    gwp_set: str = "",
    per: str = "",
) -> FactorImport:
    """Add one value to the factor book.

    A supplier's rate, a heating value of a gas bill, a national factor.

    Args:
        workspace: Where to.
        kind: Kind of need, such as `electricity`, `stationary-fuel` or `fuel-property`.
        item: What is consumed, such as `grid-average` or `natural-gas`.
        value: The number.
        unit: Its unit, such as `kg/kWh`; of a property such as `MJ_gross/m3`.
        region: Region it is for.
        source: Where it is printed; shown wherever it is used.
        now: Present moment; its day is taken as that of publication.
        species: Gas; empty takes the property of a `fuel-property`, and CO2e of no named gas else.
        year: Year of the data.
        for_year: Year that it is meant for, where that is another.
        basis: `direct`, `upstream` or `life-cycle`.
        gwp_set: GWP set of a CO2e value.
        per: Of electricity, `consumed` or `generated`.

    Raises:
        DataError: `bad-factor`.
        UsageError: `unknown-region`, `source-needed`, `unknown-factor-kind`.
        DuplicateImportError: `duplicate-import`.
    """
    if region_named(region) is None or not region:
        raise UsageError(
            "unknown-region",
            f"'{region}' is not a code of a region.",
            "Write one such as IT, US-CAMX or world.",
        )
    if not source.strip():
        raise UsageError(
            "source-needed",
            "The value has no source.",
            "Say where it is printed: --source 'Bill of March 2024'.",
        )
    ensure_default_factors(workspace, now)
    book = load_factors(workspace, factor_imports(workspace))
    kinds = {f.kind for f in book}
    if kind not in kinds:
        raise UsageError(
            "unknown-factor-kind",
            f"No method looks for factors of kind '{kind}'.",
            f"There are: {', '.join(sorted(kinds))}.",
        )
    chosen = species or (
        PROPERTY if kind in ("fuel-property", "price", "grid-loss", "network-loss") else UNSPECIFIED
    )
    told = "/".join(
        slug(str(p))
        for p in ("own", kind, item, region, year or for_year or "any", unit, now.date())
    )
    row = dict.fromkeys(COLUMNS, "") | {
        "factor_id": told,
        "kind": kind,
        "item": item,
        "region": region_named(region) or "",
        "data_year": str(year or ""),
        "basis": basis,
        "species": chosen,
        "value": value,
        "unit": unit,
        "gwp_set": gwp_set,
        "publication": source.strip(),
        "edition": str(now.year),
        "published_on": now.date().isoformat(),
        "licence": "own",
        "verification": "checked",
        "for_year": str(for_year or ""),
        "per": per,
        "note": "added by hand",
    }
    factors = factors_from_rows([row])
    if chosen != PROPERTY and not float(value) >= 0:
        raise DataError("bad-factor", f"'{value}' is below zero.", "Write the emission of a unit.")
    digest = content_hash(factors)
    with workspace.store.lock():
        same = [r for r in live_imports(workspace) if r.sha256 == digest]
        if same:
            raise DuplicateImportError(
                "duplicate-import",
                f"It is in the book as {same[0].import_id}.",
                "Nothing to do.",
            )
        import_id = store_factors(
            workspace, factors, f"{kind} of {item}, {region}", "factors-own", digest, now
        )
    return FactorImport(import_id, "own", str(now.year), 1, 0, ())


def _edition_before(publication: FactorEdition, book: Iterable[Factor]) -> list[Line]:
    """The publisher's factors in older editions of the book, each from the newest that has it, as lines to compare with.

    An edition that came out later is none, in whatever order the files are imported.
    """
    if publication.publisher not in COMPARED:
        return []
    newest: dict[str, Factor] = {}
    for f in book:
        if (
            f.id.startswith(f"{publication.publisher}/")
            and f.source.published_on < publication.published_on
        ):
            key = "/".join(f.id.split("/")[2:])
            if key not in newest or newest[key].source.published_on < f.source.published_on:
                newest[key] = f
    return [
        Line(
            f.id,
            key,
            f.kind,
            f.item,
            f.region,
            f.data_year,
            f.basis,
            m.species,
            m.value,
            m.unit,
            "",
            0,
        )
        for key, f in newest.items()
        for m in f.masses
    ]


def _like(publication: FactorEdition, lines: list[Line]) -> FactorEdition:
    return FactorEdition(
        publication.publisher, "", "", publication.published_on, "", publication.gwp_set, lines
    )


def _own_rows(path: Path) -> list[dict[str, str]]:
    rows = read_own(path)
    lacking = [c for c in COLUMNS if rows and c not in rows[0] and c not in OPTIONAL]
    if not rows or lacking:
        raise DataError(
            "bad-factor",
            f"{path.name} lacks {', '.join(lacking) or 'rows'}.",
            "See docs/reference/factor-format.md.",
        )
    return [{c: row.get(c) or "" for c in COLUMNS} for row in rows]


def _factors(publication: FactorEdition, lines: list[Line]) -> list[Factor]:
    """Factors from clean lines; the printed total serves where no gas is printed."""
    grouped: dict[str, list[Line]] = {}
    for line in lines:
        grouped.setdefault(line.factor_id, []).append(line)
    factors = []
    for factor_id, group in grouped.items():
        # gases that a total sums up stand for it; biogenic CO2 and gases beyond the Kyoto Protocol stand beside either
        summed = any(line.species not in ("co2e", *APART) for line in group)
        gases = [line for line in group if line.species not in ("co2e", BIOGENIC_CO2)]
        beside = [
            x for x in group if x.species == BIOGENIC_CO2 or (x.species == "co2e" and not summed)
        ]
        chosen = [*gases, *beside] if summed else [*beside, *gases]
        masses = tuple(
            Mass(UNSPECIFIED if line.species == "co2e" else line.species, line.text, line.unit)
            for line in chosen
        )
        first = chosen[0]
        as_co2e = bool({m.species for m in masses} & {UNSPECIFIED, NON_KYOTO})
        factors.append(
            Factor(
                factor_id,
                first.kind,
                first.item,
                first.region,
                first.reach,
                first.data_year,
                first.basis,
                masses,
                (first.gwp_set or publication.gwp_set) if as_co2e else "",
                Source(
                    first.publication or publication.title,
                    first.table,
                    first.edition or publication.edition,
                    first.published_on or publication.published_on,
                    first.licence or publication.licence,
                    first.verification,
                ),
                first.note,
                first.for_year,
                first.per,
                first.evidence,
                first.ages,
            )
        )
    return factors


def _compare_gwp(
    lines: list[Line], findings: list[Finding], file: str
) -> tuple[list[Line], list[Finding]]:
    """Keep the GWPs that agree with those in use; the file has one methane, ours has two."""
    kept = []
    for line in lines:
        species, gwp_set = line.item.rsplit("/", 1)
        known = all_species().get(species)
        used = known.gwp.get(gwp_set) if known else None
        if used is not None and used != float(line.text):
            text = f"{species} in {gwp_set}: {line.text} in the file, {used:g} in use."
            findings.append(Finding.of(GWP_DIFFERS, text, file=file, row=line.row))
        else:
            kept.append(line)
    return kept, findings


class FactorIndex:
    """The live factors of a workspace, or those that ship where it has not run yet, ready to be searched.

    Args:
        workspace: The workspace.
    """

    def __init__(self, workspace: Workspace) -> None:
        from abate.application.catalogue import default_factors

        self.book: tuple[Factor, ...] = (
            load_factors(workspace, factor_imports(workspace)) or default_factors()
        )
        rows = [row for f in self.book for row in factor_rows(f)]
        rows.sort(
            key=lambda r: (
                r["kind"],
                r["item"],
                r["region"],
                -int(r["data_year"] or 0),
                r["factor_id"],
            )
        )
        self._rows = [("\n".join(str(v) for v in row.values()).casefold(), row) for row in rows]

    def search(self, words: list[str]) -> list[dict[str, str]]:
        """Rows that hold all of the words, the newest data of each kind, item and region first."""
        folded = [w.casefold() for w in words]
        return [row for text, row in self._rows if all(w in text for w in folded)]

    def show(self, factor_id: str) -> Json:
        """A factor with its masses, source, and other editions and years of the same need.

        Raises:
            NotFoundError: `unknown-factor`.
        """
        one = next((f for f in self.book if f.id == factor_id), None)
        if one is None:
            raise NotFoundError(
                "unknown-factor", f"No factor '{factor_id}'.", "See 'abate factors search'."
            )
        about = factor_rows(one)[0]
        skipped = {"species", "value", "unit", "uncertainty_kind", "uncertainty_95"}
        same = [
            f
            for f in self.book
            if (f.kind, f.item, f.region) == (one.kind, one.item, one.region) and f.id != one.id
        ]
        return {
            "factor": (
                {k: v for k, v in about.items() if k not in skipped} | {"gas_basis": one.gas_basis}
            ),
            "masses": [
                {
                    k: row[k]
                    for k in ("species", "value", "unit", "uncertainty_kind", "uncertainty_95")
                }
                for row in factor_rows(one)
            ],
            "editions": [
                {
                    "factor": f.id,
                    "region": f.region,
                    "year": f.data_year or "",
                    "edition": f.source.edition,
                    "value": ", ".join(f"{m.species} {m.value} {m.unit}" for m in f.masses),
                }
                for f in sorted(same, key=lambda f: (-(f.data_year or 0), f.id))
            ],
        }


def where_used(rollups: Figures, factor_id: str) -> list[Json]:
    """Runs, kinds and methods in which a factor values activities, with rows and mass."""
    rows = fetch(
        rollups.con,
        "select fiscal_year as year, run_id as run, kind, item, method, count(distinct site)::int"
        " as sites, sum(row_count)::bigint as rows, sum(co2e_mg)::hugeint as co2e_mg from rollups"
        f" where source = 'entry' and factor_id = {literal(factor_id)} group by all order by year"
        " desc, run, kind, item, method",
    )
    return [r | {"co2e_mg": str(r["co2e_mg"])} for r in rows]


def gate_findings(workspace: Workspace, import_id: str = "") -> list[Json]:
    """What the gates found in the imports of factors that count, or in one of them."""
    wanted = [import_id] if import_id else factor_imports(workspace)
    with workspace.store.connect("findings") as con:
        listed = ", ".join(literal(f"{i}{GATES}") for i in wanted)
        return fetch(
            con,
            f"select * from findings where list_contains([{listed}]::varchar[], origin) order by"
            " case severity when 'blocker' then 0 when 'warning' then 1 else 2 end, file, row,"
            " code",
        )
