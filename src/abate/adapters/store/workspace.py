"""Workspace: a folder with `abate.toml`, its tables, its raw files and its mappings."""

from __future__ import annotations

import hashlib
import re
import tomllib
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

from abate.adapters.store.delta import FORMAT, NO_LIMITS, Limits, Store
from abate.adapters.store.writing import write_whole
from abate.disclosure.pathways import Measure, Pathway, pathways
from abate.ecosystem.facts import METHODOLOGIES
from abate.kernel.baseyear import BaseYearPolicy
from abate.kernel.claim import Programme
from abate.kernel.errors import ConfigError, NotFoundError
from abate.kernel.figure import FIGURES
from abate.kernel.organisation import Boundary, Climate, Entity, Organisation, Ownership, Site
from abate.kernel.period import FiscalCalendar, parse_fiscal_year
from abate.kernel.region import region_named
from abate.kernel.species import GWP_SETS
from abate.kernel.target import Target, TargetKind
from abate.operations.facts import CATEGORIES

CONFIG = "abate.toml"
SECTIONS = {
    "organisation",
    "fiscal_year",
    "inventory",
    "scope3",
    "factors",
    "base_year",
    "entities",
    "sites",
    "programmes",
    "targets",
    "pathways",
    "measures",
    "finance",
    "owners",
    "report",
    "engine",
}


@dataclass(frozen=True, slots=True)
class Finance:
    """What money is worth to planners.

    Args:
        discount_share: Yearly discount rate of measures.
        carbon_price: Internal price of a tonne of CO2e in the organisation's currency; None where there is none.
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
        other_bases: What may serve where there is no direct factor for a place: `life-cycle`, `operating-margin`.
        factor_year: Whose factors serve: of the calendar year of each `month`, or of the `fiscal-year`, that in which most
            of it falls.
        not_assessed: Categories of Scope 3 that are switched off, each with the reason.
        base_year: Base year and the rule of its recalculation, where there is one.
        targets: Figures wanted by a year.
        pathways: Pathways that targets may name: those that ship and those of `abate.toml`.
        language: Language of reports where none is asked for: `en` or `zh`.
        measures: What is to lower figures.
        finance: Discount rate and internal carbon price.
        owners: Who prepares, reviews and approves which periods.
        texts: Texts of the report by name, such as `letter_en`.
        identifier: Scheme (lei, euid, duns or permid) and identifier for filings; both empty where there is none.
        limits: What engines may use, and where the cluster is.
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

    @cached_property
    def store(self) -> Store:
        """Its tables."""
        return Store(self.root / "ledger", self.limits)

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
                names[fold(name)] = site.id
        for entity in self.organisation.entities:
            for name in (entity.id, entity.name):
                names.setdefault(fold(name), entity.id)
        for programme in self.organisation.programmes:
            for name in (programme.id, programme.name):
                names.setdefault(fold(name), programme.id)
        return names


def fold(name: str) -> str:
    """A name without case, spaces and hyphens, for comparing what people type.

    Example:
        >>> fold("Zhangbei 1") == fold("zhangbei-1")
        True
    """
    return "".join(ch for ch in name.casefold() if ch not in " -_　")


def open_workspace(path: Path | str, *, of_any_age: bool = False) -> Workspace:
    """Open the workspace of a folder.

    Args:
        path: The folder.
        of_any_age: Also one whose tables an older version made, to upgrade it.

    Raises:
        NotFoundError: `no-workspace` where the folder has no `abate.toml`.
        ConfigError: Where the file does not say what is needed; `older-workspace`, `newer-workspace`,
            `no-ledger`.
    """
    root = Path(path).resolve()
    config = root / CONFIG
    if not config.is_file():
        raise NotFoundError(
            "no-workspace",
            f"No {CONFIG} in {root.name or root}.",
            "Make one with 'abate init DIR', or give --workspace.",
        )
    try:
        data = tomllib.loads(config.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError("bad-toml", f"{CONFIG}: {error}.", "Mend the file.") from error
    workspace = read_config(root, data)
    age = workspace.store.format
    if age == 0:  # a configuration that was copied: its ledger begins empty
        if (root / "raw").is_dir() and any((root / "raw").iterdir()):
            hint = "Mount or restore it; an empty one would show nothing."
            raise ConfigError("no-ledger", "The workspace's ledger is not there, but its files are.", hint)
        _folders(root)
    elif age > FORMAT:
        raise ConfigError("newer-workspace", "A newer version of Abate wrote this workspace.", "Install that version.")
    elif age < FORMAT and not of_any_age:
        hint = "Back it up, then: abate store upgrade."
        raise ConfigError("older-workspace", "An older version of Abate wrote this workspace.", hint)
    return workspace


def _folders(root: Path) -> None:
    for folder in ("raw", "evidence", "mappings", "ledger"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    store = Store(root / "ledger")
    store.create()
    store.mark()


def create_workspace(path: Path | str, config: str) -> Workspace:
    """Make a workspace from the text of its `abate.toml`.

    Raises:
        ConfigError: `workspace-exists`, or where the text does not say what is needed.
    """
    root = Path(path).resolve()
    if (root / CONFIG).exists():
        raise ConfigError("workspace-exists", f"{root.name} has an {CONFIG} already.", "Choose another folder.")
    read_config(root, tomllib.loads(config))
    _folders(root)
    write_whole(root / CONFIG, config)
    return open_workspace(root)


def read_config(root: Path, data: dict[str, Any]) -> Workspace:
    """Build a workspace from the parsed `abate.toml`.

    Raises:
        ConfigError: `bad-config`, `bad-organisation`, `bad-fiscal-year`.
    """
    unknown = set(data) - SECTIONS
    if unknown:
        raise ConfigError("bad-config", f"Unknown sections: {', '.join(sorted(unknown))}.", "See docs/start.md.")
    try:
        about = data.get("organisation", {})
        inventory = data.get("inventory", {})
        year = data.get("fiscal_year", {})
        for key in ("name", "currency", "language"):
            if not isinstance(about.get(key, ""), str):
                raise TypeError(f"{key} of [organisation] is not a text")
        organisation = Organisation(
            name=about["name"],
            entities=tuple(_entity(e) for e in data.get("entities", [])),
            sites=tuple(_site(s) for s in data.get("sites", [])),
            currency=about.get("currency", "CNY"),
            programmes=tuple(_programme(p) for p in data.get("programmes", [])),
        )
        value_chain = data.get("scope3", {})
        excluded = {str(k): str(v).strip() for k, v in value_chain.get("not_assessed", {}).items()}
        odd = [k for k, reason in excluded.items() if k not in CATEGORIES or not reason]
        if odd:
            raise ValueError(f"category '{odd[0]}' is none of 1 to 15, or is switched off without a reason")
        paths = {**pathways(), **{p["id"]: _sector_pathway(p) for p in data.get("pathways", [])}}
        workspace = Workspace(
            root=root,
            organisation=organisation,
            calendar=FiscalCalendar(year.get("start_month", 1), year.get("named_after", "end")),
            boundary=Boundary(inventory.get("boundary", "operational")),
            gwp_set=inventory.get("gwp", "AR6"),
            proxies=tuple(str(p) for p in value_chain.get("proxies", [])),
            language=_language(about),
            other_bases=_other_bases(data.get("factors", {})),
            factor_year=_factor_year(data.get("factors", {})),
            not_assessed=tuple(sorted(excluded.items(), key=lambda e: int(e[0]))),
            base_year=_policy(data.get("base_year", {})),
            targets=tuple(_target(t, organisation, set(paths)) for t in data.get("targets", [])),
            pathways=tuple(paths.values()),
            measures=tuple(_measure(m, organisation) for m in data.get("measures", [])),
            finance=_finance(data.get("finance", {})),
            owners=_owners(data.get("owners", {})),
            identifier=_identifier(about),
            limits=_limits(data.get("engine", {})),
            texts=tuple((str(k), str(v)) for k, v in data.get("report", {}).items()),
        )
    except KeyError as error:
        raise ConfigError("bad-config", f"{CONFIG} lacks {error}.", "See docs/start.md.") from error
    except (ValueError, TypeError) as error:
        raise ConfigError("bad-config", f"{CONFIG}: {error}.", "See docs/start.md.") from error
    if workspace.gwp_set not in GWP_SETS:
        raise ConfigError("bad-config", f"gwp is '{workspace.gwp_set}'.", f"Choose one of {', '.join(GWP_SETS)}.")
    return workspace


OTHER_BASES = ("life-cycle", "operating-margin")
FACTOR_YEARS = ("month", "fiscal-year")


def _language(about: dict[str, Any]) -> str:
    language = str(about.get("language", "en"))
    if language == "en":
        return language
    from abate.disclosure.report import LANGUAGES  # a tenth of a second

    if language not in LANGUAGES:
        raise ValueError(f"language '{language}' of [organisation] is none of {', '.join(LANGUAGES)}")
    return language


def _other_bases(data: dict[str, Any]) -> tuple[str, ...]:
    said = [str(b) for b in data.get("allow", [])]
    odd = [b for b in said if b not in OTHER_BASES] + [k for k in data if k not in ("allow", "year")]
    if odd:
        raise ValueError(
            f"'{odd[0]}' in [factors]: allow takes {' and '.join(OTHER_BASES)}, year one of {', '.join(FACTOR_YEARS)}"
        )
    return tuple(said)


def _factor_year(data: dict[str, Any]) -> str:
    said = str(data.get("year", "month"))
    if said not in FACTOR_YEARS:
        raise ValueError(f"year of [factors] is '{said}', not one of {', '.join(FACTOR_YEARS)}")
    return said


def _policy(data: dict[str, Any]) -> BaseYearPolicy | None:
    if not data:
        return None
    year = f"FY{parse_fiscal_year(data['year']):04d}"
    return BaseYearPolicy(year, float(data.get("threshold", 0.05)), data.get("recalculation", "whole-year"))


def _target(data: dict[str, Any], organisation: Organisation, paths: set[str]) -> Target:
    site, building, org = data.get("site", ""), data.get("building", ""), data.get("org", "")
    known = {s.id: s for s in organisation.sites}
    if (site and site not in known) or (building and (not site or building not in known[site].buildings)):
        raise ValueError(f"target of {data['figure']}: no site '{site}' with a building '{building}'")
    if org and org not in {e.id for e in organisation.entities}:
        raise ValueError(f"target of {data['figure']}: no entity '{org}'")
    if data.get("pathway", "linear") not in paths:
        raise ValueError(
            f"target of {data['figure']}: pathway '{data['pathway']}' is none of {', '.join(sorted(paths))}"
        )
    kind = TargetKind(data.get("kind", "level"))
    given = {"level": "value", "cumulative": "value", "absolute": "reduction", "intensity": "reduction"}.get(kind)
    if given and given not in data:
        raise ValueError(f"target of {data['figure']}: a target of kind {kind} needs {given}")
    if kind is not TargetKind.LEVEL and "base_year" not in data:
        raise ValueError(f"target of {data['figure']}: a target of kind {kind} needs a base_year")
    base_value = data.get("base_value")
    return Target(
        data["figure"], float(data.get("value", 0)), _year(data["year"]), site, building, kind, data.get("title", ""),
        _year(data["base_year"]) if "base_year" in data else "", float(data.get("reduction", 0)),
        data.get("pathway", "linear"), org, None if base_value is None else float(base_value),
        data.get("base_source", ""), float(data.get("growth", 0)),
    )  # fmt: skip


def _year(text: Any) -> str:
    return f"FY{parse_fiscal_year(str(text)):04d}"


def _sector_pathway(data: dict[str, Any]) -> Pathway:
    """A sector's intensity by calendar year, for convergence (SDA)."""
    points = tuple(sorted((int(y), float(v)) for y, v in data["points"].items()))
    if len(points) < 2 or points[-1][0] < 2050 or not all(0 <= v < float("inf") for _, v in points):
        raise ValueError(f"pathway '{data['id']}' needs intensities of at least two years, up to 2050")
    return Pathway(
        data["id"], data.get("title", data["id"]), data.get("title_zh", data.get("title", data["id"])), "sector", 0.0,
        "sector intensity", str(data["source"]), str(data.get("edition", "")), "abate.toml", "stated", points,
    )  # fmt: skip


def _measure(data: dict[str, Any], organisation: Organisation) -> Measure:
    org = data.get("org", "")
    if org and org not in {e.id for e in organisation.entities}:
        raise ValueError(f"measure '{data['id']}': no entity '{org}'")
    if data["figure"] not in FIGURES or FIGURES[data["figure"]].unit != "t CO2e":
        raise ValueError(f"measure '{data['id']}': '{data['figure']}' is no figure in t CO2e")
    return Measure(
        data["id"], data.get("title", data["id"]), data["figure"], _year(data["start"]), float(data["abated_t"]),
        float(data.get("investment", 0)), float(data.get("yearly_cost", 0)), int(data["lifetime_years"]), org,
    )  # fmt: skip


def _finance(data: dict[str, Any]) -> Finance:
    price = data.get("carbon_price")
    discount = float(data.get("discount", 0.06))
    if not 0 <= discount < 1:
        raise ValueError(f"discount of [finance] is {discount}, not a share a year")
    if price is not None and not 0 < float(price) < 1e6:
        raise ValueError(f"carbon_price of [finance] is {price}, not a price of a tonne")
    return Finance(discount, None if price is None else float(price), str(data.get("carbon_price_basis", "")))


def _limits(data: dict[str, Any]) -> Limits:
    """What `[engine]` says."""
    memory, threads = str(data.get("memory", NO_LIMITS.memory)), data.get("threads", 0)
    if not re.fullmatch(r"\d{1,6}(\.\d+)? ?[MGT]i?B", memory) or not float(re.sub(r"[^\d.]", "", memory)):
        raise ValueError(f"memory of [engine] is '{memory}', not such as '4GB'")
    if not isinstance(threads, int) or not 0 <= threads <= 4096:
        raise ValueError(f"threads of [engine] is {threads}, not a number of threads")
    known = {"memory", "threads", "spill", "master", "ledger", "spark"}
    if odd := sorted(set(data) - known):
        raise ValueError(f"[engine] has no '{odd[0]}'; it has {', '.join(sorted(known))}")
    if not isinstance(data.get("spark", {}), dict):
        raise ValueError("[engine.spark] is not a table of settings")
    spark = tuple(sorted((str(k), str(v)) for k, v in data.get("spark", {}).items()))
    texts = {k: str(data.get(k, "")) for k in ("spill", "master", "ledger")}
    return Limits(memory, threads, **texts, spark=spark)


def _identifier(about: dict[str, Any]) -> tuple[str, str]:
    """The first identifier given; a legal entity identifier's check digits must be right (ISO 17442, mod 97-10)."""
    for scheme in ("lei", "euid", "duns", "permid"):
        text = str(about.get(scheme, "")).strip().upper()
        if not text:
            continue
        digits = "".join(str(int(ch, 36)) for ch in text if ch.isalnum())
        if scheme == "lei" and (not re.fullmatch(r"[A-Z0-9]{18}[0-9]{2}", text) or int(digits) % 97 != 1):
            raise ValueError(f"lei '{text}' is no legal entity identifier")
        if len(text) > 100 or not text.isprintable():
            raise ValueError(f"{scheme} of [organisation] is no identifier")
        return scheme, text
    return "", ""


ROLES = ("preparer", "reviewer", "approver")


def _owners(data: dict[str, Any]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """People by role; nobody who prepares may approve."""
    odd = sorted(set(data) - set(ROLES))
    if odd:
        raise ValueError(f"[owners] names '{odd[0]}', which is none of {', '.join(ROLES)}")
    held = {r: (data[r],) if isinstance(data[r], str) else tuple(data[r]) for r in ROLES if r in data}
    both = sorted({fold(n) for n in held.get("preparer", ())} & {fold(n) for n in held.get("approver", ())})
    if both:
        raise ValueError(f"[owners] '{both[0]}' is preparer and approver")
    return tuple(held.items())


def _programme(data: dict[str, Any]) -> Programme:
    """A programme; what it does not say itself comes from its methodology."""
    known = {m.name: m for m in METHODOLOGIES} | {m.id: m for m in METHODOLOGIES}
    if data["methodology"] not in known:
        raise ValueError(f"methodology '{data['methodology']}' is none of {', '.join(m.name for m in METHODOLOGIES)}")
    method = known[data["methodology"]]
    if int(data.get("tier", method.tier)) < method.tier and not str(data.get("tier_evidence", "")).strip():
        raise ValueError(f"programme '{data['id']}' states a better tier than {method.name} without tier_evidence")
    claims = tuple(sorted((str(name), float(share)) for name, share in data.get("claims", {}).items()))
    return Programme(
        data["id"], data.get("name", data["id"]), data["entity"], data["region"], method.name,
        method.mechanism, float(data.get("rebound", method.rebound_share)),
        int(data.get("tier", method.tier)), claims, float(data["unclaimed"]),
        tuple(sorted((str(k), str(v)) for k, v in data.get("gates", {}).items())),
    )  # fmt: skip


def _entity(data: dict[str, Any]) -> Entity:
    held = tuple(
        sorted((Ownership(_day(o["since"]), float(o["share"])) for o in data.get("ownership", [])), key=_since)
    )
    if any(not 0 <= o.share <= 1 for o in held):
        raise ValueError(f"ownership of '{data['id']}' is not between 0 and 1")
    return Entity(
        data["id"],
        data.get("name", data["id"]),
        data.get("parent", ""),
        held,
        _operates(data),
        _directs(data),
        data.get("region", ""),
    )


def _operates(data: dict[str, Any]) -> bool | None:
    said = data.get("operational_control")
    if said not in (None, True, False):
        raise ValueError(f"operational_control of '{data['id']}' is '{said}', not true or false")
    return said


def _directs(data: dict[str, Any]) -> str:
    said = data.get("financial_control", "")
    known = {True: "full", False: "none", "joint": "joint", "": ""}
    if said not in known:
        raise ValueError(f"financial_control of '{data['id']}' is '{said}', not true, false or \"joint\"")
    return known[said]


def _since(held: Ownership) -> date:
    return held.since


def _site(data: dict[str, Any]) -> Site:
    opened, closed = data.get("bought", data.get("opened")), data.get("sold", data.get("closed"))
    return Site(
        data["id"],
        data.get("name", data["id"]),
        data["entity"],
        region_named(data["region"]) or data["region"],
        data.get("type", ""),
        _day(opened) if opened is not None else None,
        _day(closed) if closed is not None else None,
        tuple(data.get("aliases", [])),
        tuple(data.get("expects", [])),
        tuple(data.get("buildings", [])),
        "bought" in data,
        "sold" in data,
        _climate(data),
    )


def _climate(data: dict[str, Any]) -> Climate | None:
    if "climate" not in data:
        return None
    means = tuple(float(c) for c in data["climate"]["mean_c"])
    if len(means) != 12 or not all(-90 <= c <= 60 for c in means):
        raise ValueError(f"climate of '{data['id']}' is not twelve monthly means in degrees Celsius")
    return Climate(means, str(data["climate"]["source"]))


def _day(value: Any) -> date:
    if isinstance(value, date):
        return value
    return date.fromisoformat(str(value))


def file_hash(path: Path) -> str:
    """SHA-256 of a file's content."""
    digest = hashlib.sha256()
    with path.open("rb") as handle:
        while block := handle.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
