"""Workspace: a folder with `abate.toml`, its tables, its raw files and its mappings."""

from __future__ import annotations

import hashlib
import tomllib
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

from abate.adapters.store.delta import Store
from abate.ecosystem.facts import METHODOLOGIES
from abate.kernel.baseyear import BaseYearPolicy
from abate.kernel.claim import Programme
from abate.kernel.errors import ConfigError, NotFoundError
from abate.kernel.organisation import Boundary, Climate, Entity, Organisation, Ownership, Site
from abate.kernel.period import FiscalCalendar, parse_fiscal_year
from abate.kernel.species import GWP_SETS
from abate.kernel.target import Target
from abate.operations.facts import CATEGORIES

CONFIG = "abate.toml"
SECTIONS = {
    "organisation",
    "fiscal_year",
    "inventory",
    "scope3",
    "base_year",
    "entities",
    "sites",
    "programmes",
    "targets",
}


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
        not_assessed: Categories of Scope 3 that are switched off, each with the reason.
        base_year: Base year and the rule of its recalculation, where there is one.
        targets: Figures wanted by a year.
    """

    root: Path
    organisation: Organisation
    calendar: FiscalCalendar
    boundary: Boundary
    gwp_set: str
    proxies: tuple[str, ...] = ()
    not_assessed: tuple[tuple[str, str], ...] = ()
    base_year: BaseYearPolicy | None = None
    targets: tuple[Target, ...] = ()

    @cached_property
    def store(self) -> Store:
        """Its tables."""
        return Store(self.root / "ledger")

    @property
    def raw(self) -> Path:
        """Copies of the imported files, named by their hash."""
        return self.root / "raw"

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


def open_workspace(path: Path | str) -> Workspace:
    """Open the workspace of a folder.

    Raises:
        NotFoundError: `no-workspace` where the folder has no `abate.toml`.
        ConfigError: Where the file does not say what is needed.
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
    if not (root / "ledger").is_dir():  # a configuration that was copied: its ledger begins empty
        _folders(root)
    return workspace


def _folders(root: Path) -> None:
    for folder in ("raw", "evidence", "mappings", "ledger"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    Store(root / "ledger").create()


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
    (root / CONFIG).write_text(config, encoding="utf-8")
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
        for key in ("name", "currency"):
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
        workspace = Workspace(
            root=root,
            organisation=organisation,
            calendar=FiscalCalendar(year.get("start_month", 1), year.get("named_after", "end")),
            boundary=Boundary(inventory.get("boundary", "operational")),
            gwp_set=inventory.get("gwp", "AR6"),
            proxies=tuple(str(p) for p in value_chain.get("proxies", [])),
            not_assessed=tuple(sorted(excluded.items(), key=lambda e: int(e[0]))),
            base_year=_policy(data.get("base_year", {})),
            targets=tuple(_target(t, organisation) for t in data.get("targets", [])),
        )
    except KeyError as error:
        raise ConfigError("bad-config", f"{CONFIG} lacks {error}.", "See docs/start.md.") from error
    except (ValueError, TypeError) as error:
        raise ConfigError("bad-config", f"{CONFIG}: {error}.", "See docs/start.md.") from error
    if workspace.gwp_set not in GWP_SETS:
        raise ConfigError("bad-config", f"gwp is '{workspace.gwp_set}'.", f"Choose one of {', '.join(GWP_SETS)}.")
    return workspace


def _policy(data: dict[str, Any]) -> BaseYearPolicy | None:
    if not data:
        return None
    year = f"FY{parse_fiscal_year(data['year']):04d}"
    return BaseYearPolicy(year, float(data.get("threshold", 0.05)), data.get("recalculation", "whole-year"))


def _target(data: dict[str, Any], organisation: Organisation) -> Target:
    site, building = data.get("site", ""), data.get("building", "")
    known = {s.id: s for s in organisation.sites}
    if (site and site not in known) or (building and (not site or building not in known[site].buildings)):
        raise ValueError(f"target of {data['figure']}: no site '{site}' with a building '{building}'")
    year = f"FY{parse_fiscal_year(data['year']):04d}"
    return Target(data["figure"], float(data["value"]), year, site, building)


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
        bool(data.get("operational_control", True)),
        bool(data.get("financial_control", True)),
        data.get("region", ""),
    )


def _since(held: Ownership) -> date:
    return held.since


def _site(data: dict[str, Any]) -> Site:
    opened, closed = data.get("bought", data.get("opened")), data.get("sold", data.get("closed"))
    return Site(
        data["id"],
        data.get("name", data["id"]),
        data["entity"],
        data["region"],
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
