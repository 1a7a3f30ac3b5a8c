"""Reads abate.toml: the organisation, its boundary, its targets, each fault with its line."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from abate.adapters.store.delta import Limits
from abate.adapters.store.keys import (
    CONFIG,
    BaseYearKeys,
    EngineKeys,
    EntityKeys,
    Keys,
    MeasureKeys,
    OrganisationKeys,
    OwnersKeys,
    PathwayKeys,
    ProgrammeKeys,
    Scope3Keys,
    SiteKeys,
    TargetKeys,
    as_dict,
)
from abate.adapters.store.schema import HINT, FileKeyError, Key, declared, fault
from abate.adapters.store.workspace import Finance, Workspace, match_key
from abate.disclosure.pathways import Measure, Pathway, pathways
from abate.ecosystem.facts import METHODOLOGIES
from abate.kernel.baseyear import BaseYearPolicy
from abate.kernel.claim import Programme
from abate.kernel.edges import Json
from abate.kernel.errors import ConfigError, UsageError
from abate.kernel.figure import Figure
from abate.kernel.organisation import Boundary, Climate, Entity, Organisation, Ownership, Site
from abate.kernel.period import FiscalCalendar, parse_fiscal_year
from abate.kernel.region import region_named
from abate.kernel.target import Target, TargetKind
from abate.kernel.units import ISO_4217
from abate.operations.facts import CATEGORIES


@dataclass(frozen=True, slots=True)
class Known:
    """Names that `abate.toml` may use, as the installed systems bring them.

    Args:
        kinds: Kinds of activity.
        figures: Figures that a target may want.
    """

    kinds: frozenset[str]
    figures: Mapping[str, Figure]


def read_config(
    root: Path, data: Json, known: Known, *, text: str = "", strict: bool = True
) -> Workspace:
    """Build a workspace from the parsed `abate.toml`.

    Args:
        root: Its folder.
        data: The file's content, or what a run kept of it.
        known: Names that it may use.
        text: The file's text, to name the line of a fault.
        strict: Whether everything is checked; of what a run kept, only what a figure needs.

    Raises:
        ConfigError: `bad-config`, `bad-organisation`, `bad-programme`, `bad-base-year`.
    """
    about: dict[str, str] = {"code": "bad-config", "name": CONFIG, "text": text, "hint": HINT}
    keys = declared(data, Keys, strict=strict, **about)
    try:
        return _workspace(root, keys, known, strict=strict)
    except FileKeyError as odd:
        raise fault(odd, data=data, **about) from odd
    except ValueError as error:
        raise ConfigError("bad-config", f"{CONFIG}: {error}.", HINT) from error


def _workspace(root: Path, keys: Keys, known: Known, *, strict: bool) -> Workspace:
    if strict:
        _check_names(keys)
        _check_dates(keys)
        _check_words(keys, known.kinds)
    organisation = Organisation(
        name=keys.organisation.name,
        entities=tuple(map(_entity, keys.entities)),
        sites=tuple(map(_site, keys.sites)),
        currency=keys.organisation.currency,
        programmes=tuple(_programme(p, k) for k, p in enumerate(keys.programmes)),
    )
    excluded = _left_out(keys.scope3)
    paths = {**pathways(), **{p.id: _sector_pathway(p, k) for k, p in enumerate(keys.pathways)}}
    return Workspace(
        root=root,
        organisation=organisation,
        calendar=FiscalCalendar(keys.fiscal_year.start_month, keys.fiscal_year.named_after),
        boundary=Boundary(keys.inventory.boundary),
        gwp_set=keys.inventory.gwp,
        matching=keys.inventory.matching,
        proxies=tuple(keys.scope3.proxies),
        language=_language(keys.organisation.language),
        other_bases=tuple(keys.factors.allow),
        factor_year=keys.factors.year,
        not_assessed=tuple(sorted(excluded.items(), key=lambda e: int(e[0]))),
        base_year=_policy(keys.base_year),
        targets=tuple(
            _target(t, k, organisation, set(paths), known.figures)
            for k, t in enumerate(keys.targets)
        ),
        pathways=tuple(paths.values()),
        measures=tuple(
            _measure(m, k, organisation, known.figures) for k, m in enumerate(keys.measures)
        ),
        finance=Finance(
            keys.finance.discount, keys.finance.carbon_price, keys.finance.carbon_price_basis
        ),
        owners=_owners(keys.owners),
        identifier=_identifier(keys.organisation),
        limits=_limits(keys.engine),
        texts=tuple((k, v) for k, v in as_dict(keys.report).items() if v),
    )


def _check_names(keys: Keys) -> None:
    """No name in files may mean two places.

    Ids, names and aliases of sites are unique, and so are those of the others.
    """
    sections: dict[str, Sequence[Any]] = {
        "sites": keys.sites,
        "entities": keys.entities,
        "programmes": keys.programmes,
    }
    for section, held in sections.items():
        seen: dict[str, tuple[int, str]] = {}
        for k, one in enumerate(held):
            for name, key in (
                (one.id, "id"),
                (one.name, "name"),
                *((a, "aliases") for a in getattr(one, "aliases", ())),
            ):
                other, where = seen.setdefault(match_key(name), (k, key)) if name else (k, key)
                if other != k:
                    what = f"'{name}' is the {where.removesuffix('es')} of '{held[other].id}' too"
                    raise FileKeyError(
                        (section, k, key),
                        what,
                        "Rows would go to one of the two: give each names of its own.",
                    )
    ids = {
        match_key(i): i for i in [*(e.id for e in keys.entities), *(p.id for p in keys.programmes)]
    }
    for k, site in enumerate(keys.sites):
        for alias in site.aliases:
            if match_key(alias) in ids:
                what = f"'{alias}' is the id of '{ids[match_key(alias)]}' too"
                raise FileKeyError(
                    ("sites", k, "aliases"),
                    what,
                    "Rows would go to one of the two: give each names of its own.",
                )


def _check_dates(keys: Keys) -> None:
    """Sites open before they close, and one share of equity begins on a day."""
    for k, site in enumerate(keys.sites):
        for one, other in (("opened", "bought"), ("closed", "sold")):
            if getattr(site, one) and getattr(site, other):
                raise FileKeyError(
                    ("sites", k, other),
                    f"stands beside '{one}'",
                    f"Keep one of them: '{other}' where it has a history under others.",
                )
        begun, ended = site.bought or site.opened, site.sold or site.closed
        if begun and ended and ended < begun:
            raise FileKeyError(
                ("sites", k, "sold" if site.sold else "closed"),
                f"is {ended}, before it began on {begun}",
            )
    for k, entity in enumerate(keys.entities):
        days = [o.since for o in entity.ownership]
        if twice := sorted({d for d in days if days.count(d) > 1}):
            raise FileKeyError(
                ("entities", k, "ownership"), f"two shares begin on {twice[0]}", "Keep one of them."
            )


def _check_words(keys: Keys, kinds: frozenset[str]) -> None:
    """Currencies, regions and kinds are known ones."""
    if keys.organisation.currency not in ISO_4217:
        raise FileKeyError(
            ("organisation", "currency"),
            f"'{keys.organisation.currency}' is not a currency",
            "Write its three letters, such as EUR.",
        )
    for region in keys.scope3.proxies:
        if region_named(region) is None:
            raise FileKeyError(
                ("scope3", "proxies"),
                f"'{region}' is not a region",
                "Write codes such as GB or US-CAMX.",
            )
    for k, site in enumerate(keys.sites):
        for kind in site.expects:
            if kind not in kinds:
                near = get_close_matches(kind, kinds, n=1)
                hint = (
                    f"Did you mean '{near[0]}'?"
                    if near
                    else f"Kinds are {', '.join(sorted(kinds))}."
                )
                raise FileKeyError(
                    ("sites", k, "expects"), f"'{kind}' is not a kind of activity", hint
                )
        if twice := sorted({b for b in site.buildings if site.buildings.count(b) > 1}):
            raise FileKeyError(("sites", k, "buildings"), f"'{twice[0]}' appears twice")
    for what in ("targets", "measures", "pathways"):
        ids = [m.id for m in getattr(keys, what) if hasattr(m, "id")]
        if twice := sorted({i for i in ids if ids.count(i) > 1}):
            raise FileKeyError(
                (what, len(ids) - 1 - ids[::-1].index(twice[0]), "id"),
                f"'{twice[0]}' appears twice",
            )


def _language(language: str) -> str:
    if language == "en":
        return language
    from abate.kernel.languages import languages  # a tenth of a second

    if language not in languages():
        raise FileKeyError(
            ("organisation", "language"), f"'{language}' is not one of {', '.join(languages())}"
        )
    return language


def _year(text: Any, *path: Key) -> str:
    try:
        return f"FY{parse_fiscal_year(str(text)):04d}"
    except UsageError as error:
        raise FileKeyError(path, error.message.rstrip("."), error.hint) from error


def _left_out(keys: Scope3Keys) -> dict[str, str]:
    """Categories of Scope 3 that are not valued, each with the reason."""
    told: dict[str, str] = {}
    for part, given in (
        ("not_assessed", keys.not_assessed),
        ("not_applicable", keys.not_applicable),
        ("immaterial", {k: v.reason for k, v in keys.immaterial.items()}),
    ):
        for category, reason in given.items():
            what = ""
            if category not in CATEGORIES:
                what = "is not a category, 1 to 15"
            elif not reason.strip():
                what = "gives no reason"
            elif category in told:
                what = "is left out twice, for different reasons"
            if what:
                raise FileKeyError(("scope3", part, category), what)
            told[category] = reason.strip()
    return told


def _policy(keys: BaseYearKeys | None) -> BaseYearPolicy | None:
    if keys is None:
        return None
    return BaseYearPolicy(_year(keys.year, "base_year", "year"), keys.threshold, keys.recalculation)


def _target(
    keys: TargetKeys,
    k: int,
    organisation: Organisation,
    paths: set[str],
    figures: Mapping[str, Figure],
) -> Target:
    known = {s.id: s for s in organisation.sites}
    if keys.figure not in figures:
        raise FileKeyError(
            ("targets", k, "figure"), f"no figure '{keys.figure}'", "See docs/reference/figures.md."
        )
    if keys.site and keys.site not in known:
        raise FileKeyError(("targets", k, "site"), f"no site '{keys.site}'")
    if keys.building and (not keys.site or keys.building not in known[keys.site].buildings):
        raise FileKeyError(
            ("targets", k, "building"), f"no building '{keys.building}' of the site '{keys.site}'"
        )
    if keys.org and keys.org not in {e.id for e in organisation.entities}:
        raise FileKeyError(("targets", k, "org"), f"no entity '{keys.org}'")
    if keys.pathway not in paths:
        raise FileKeyError(
            ("targets", k, "pathway"), f"'{keys.pathway}' is not one of {', '.join(sorted(paths))}"
        )
    kind = TargetKind(keys.kind)
    given = {
        "level": "value",
        "cumulative": "value",
        "absolute": "reduction",
        "intensity": "reduction",
    }.get(kind)
    if given and getattr(keys, given) is None:
        raise FileKeyError(("targets", k), f"a target of kind {kind} needs '{given}'")
    if kind is not TargetKind.LEVEL and keys.base_year is None:
        raise FileKeyError(("targets", k), f"a target of kind {kind} needs a 'base_year'")
    figure = figures[keys.figure]
    if kind is not TargetKind.LEVEL and figure.is_ratio != (kind is TargetKind.INTENSITY):
        wanted = "a ratio" if kind is TargetKind.INTENSITY else "a mass or an amount"
        raise FileKeyError(
            ("targets", k, "figure"),
            f"a target of kind {kind} is of {wanted}, which {figure.id} is not",
        )
    return Target(
        keys.figure,
        keys.value or 0.0,
        _year(keys.year, "targets", k, "year"),
        keys.site,
        keys.building,
        kind,
        keys.title,
        "" if keys.base_year is None else _year(keys.base_year, "targets", k, "base_year"),
        keys.reduction or 0.0,
        keys.pathway,
        keys.org,
        keys.base_value,
        keys.base_source,
        keys.growth,
        figure.wanted_high,
    )


def _sector_pathway(keys: PathwayKeys, k: int) -> Pathway:
    """A sector's intensity by calendar year, for convergence (SDA)."""
    odd = sorted(y for y in keys.points if not y.isdecimal() or not 1990 <= int(y) <= 2200)
    if odd:
        raise FileKeyError(("pathways", k, "points", odd[0]), "is not a calendar year")
    points = tuple(sorted((int(y), v) for y, v in keys.points.items()))
    if len(points) < 2 or points[-1][0] < 2050:
        raise FileKeyError(
            ("pathways", k, "points"), "intensities of at least two years are needed, up to 2050"
        )
    title = keys.title or keys.id
    return Pathway(
        keys.id,
        title,
        "sector",
        0.0,
        "sector intensity",
        keys.source,
        str(keys.edition),
        CONFIG,
        "stated",
        points,
        keys.title_zh,
    )


def _measure(
    keys: MeasureKeys, k: int, organisation: Organisation, figures: Mapping[str, Figure]
) -> Measure:
    if keys.org and keys.org not in {e.id for e in organisation.entities}:
        raise FileKeyError(("measures", k, "org"), f"no entity '{keys.org}'")
    if keys.figure not in figures or figures[keys.figure].unit != "t CO2e":
        raise FileKeyError(("measures", k, "figure"), f"'{keys.figure}' is not a figure in t CO2e")
    return Measure(
        keys.id,
        keys.title or keys.id,
        keys.figure,
        _year(keys.start, "measures", k, "start"),
        keys.abated_t,
        keys.investment,
        keys.yearly_cost,
        keys.lifetime_years,
        keys.org,
    )


def _limits(keys: EngineKeys) -> Limits:
    """What `[engine]` says."""
    if not float(re.sub(r"[^\d.]", "", keys.memory)):
        raise FileKeyError(("engine", "memory"), f"is '{keys.memory}'", "Write it as '4GB'.")
    spark = tuple(sorted((k, str(v)) for k, v in keys.spark.items()))
    return Limits(keys.memory, keys.threads, keys.spill, keys.master, keys.ledger, spark)


def _identifier(keys: OrganisationKeys) -> tuple[str, str]:
    """The first identifier given.

    A legal entity identifier's check digits must be right (ISO 17442, mod 97-10).
    """
    for scheme in ("lei", "euid", "duns", "permid"):
        text = getattr(keys, scheme).strip().upper()
        if not text:
            continue
        digits = "".join(str(int(ch, 36)) for ch in text if ch.isascii() and ch.isalnum())
        if scheme == "lei" and (
            not re.fullmatch(r"[A-Z0-9]{18}[0-9]{2}", text) or int(digits) % 97 != 1
        ):
            raise FileKeyError(
                ("organisation", scheme), f"'{text}' is not a legal entity identifier"
            )
        if len(text) > 100 or not text.isprintable():
            raise FileKeyError(("organisation", scheme), "is not an identifier")
        return scheme, text
    return "", ""


def _owners(keys: OwnersKeys) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """People by role; nobody who prepares may approve."""
    said = {role: names for role, names in as_dict(keys).items() if names}
    held = {
        role: (names,) if isinstance(names, str) else tuple(names) for role, names in said.items()
    }
    both = sorted(
        {match_key(n) for n in held.get("preparer", ())}
        & {match_key(n) for n in held.get("approver", ())}
    )
    if both:
        raise FileKeyError(("owners", "approver"), f"'{both[0]}' is preparer and approver")
    return tuple(held.items())


def _programme(keys: ProgrammeKeys, k: int) -> Programme:
    """A programme; what it does not say itself comes from its methodology."""
    known = {m.name: m for m in METHODOLOGIES} | {m.id: m for m in METHODOLOGIES}
    if keys.methodology not in known:
        names = ", ".join(m.name for m in METHODOLOGIES)
        raise FileKeyError(
            ("programmes", k, "methodology"), f"'{keys.methodology}' is not one of {names}"
        )
    method = known[keys.methodology]
    tier = method.tier if keys.tier is None else keys.tier
    if tier < method.tier and not keys.tier_evidence.strip():
        raise FileKeyError(
            ("programmes", k, "tier"),
            f"is better than that of {method.name}, without 'tier_evidence'",
        )
    return Programme(
        keys.id,
        keys.name or keys.id,
        keys.entity,
        keys.region,
        method.name,
        method.mechanism,
        method.rebound_share if keys.rebound is None else keys.rebound,
        tier,
        tuple(sorted(keys.claims.items())),
        keys.unclaimed,
        tuple(sorted(keys.gates.items())),
    )


def _entity(keys: EntityKeys) -> Entity:
    held = tuple(Ownership(o.since, o.share) for o in sorted(keys.ownership, key=lambda o: o.since))
    directs = {True: "full", False: "none", "joint": "joint", "": "", None: ""}[
        keys.financial_control
    ]
    return Entity(
        keys.id,
        keys.name or keys.id,
        keys.parent,
        held,
        keys.operational_control,
        directs,
        keys.region,
    )


def _site(keys: SiteKeys) -> Site:
    return Site(
        keys.id,
        keys.name or keys.id,
        keys.entity,
        region_named(keys.region) or keys.region,
        keys.type,
        keys.bought or keys.opened,
        keys.sold or keys.closed,
        tuple(keys.aliases),
        tuple(keys.expects),
        tuple(keys.buildings),
        keys.bought is not None,
        keys.sold is not None,
        Climate(tuple(keys.climate.mean_c), keys.climate.source) if keys.climate else None,
    )
