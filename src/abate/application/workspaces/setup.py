"""Starting points: an empty workspace with templates, and the example group."""

from __future__ import annotations

import csv
import importlib.util
import json
import re
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from abate.adapters.store.keys import CONFIG
from abate.adapters.store.workspace import Workspace
from abate.adapters.store.writing import in_place_of, write_whole
from abate.application.catalogue import TEMPLATES, default_factors
from abate.application.opening import create_workspace, read_config
from abate.kernel.edges import Json
from abate.kernel.errors import NotFoundError, UsageError
from abate.kernel.kind import Template
from abate.kernel.region import country_name, country_named, country_of, region_named
from abate.kernel.tables import ImportRow

CONFIG_TEMPLATE = """\
# A workspace of Abate. Everything that decides a figure and is not in your files stands here.

[organisation]
name = {name}
currency = {currency}                 # currency of revenue; intensity is per million of it
language = {language}                  # of reports, where none is asked for: en or zh

[fiscal_year]
start_month = {start_month}                  # 4 where the year begins in April
named_after = "end"              # FY2024 ends in 2024; "start" where it begins in 2024

[inventory]
boundary = "operational"         # operational, financial or equity (GHG Protocol Corporate Standard, chapter 3)
gwp = "AR6"                      # AR4, AR5 or AR6; can be chosen again for each run

# One block per business or legal unit; the one without parent is the group.
[[entities]]
id = "group"
name = {name}
region = {country}                    # where it buys goods and travels, for amounts that belong to no site

# [[entities]]
# id = "joint-venture"
# parent = "group"
# ownership = [{{ since = 2020-01-01, share = 0.4 }}]
# operational_control = false    # who runs it: true or false; asked for a share of half or less
# financial_control = "joint"    # who directs its financial policies: true, false, or "joint" with partners, which counts
                                 # the share of equity (GHG Protocol Corporate Standard, table 1)

# One block per place. Files may use the id, the name or an alias.
[[sites]]
id = "hq"
name = {site}
aliases = []
entity = "group"
region = {region}                 # region of its grid: a country, or a part of it such as US-CAMX, AU-NSW, CA-ON
type = "office"
expects = ["electricity"]        # a month without one is a finding
# opened = 2021-06-01
# closed = 2024-09-30            # shut or left: later rows are findings; write bought and sold in place of opened
                                 # and closed where it has a history under somebody else (the base year follows)

# [sites.climate]                # of the site above: shown beside PUE and WUE, decides no figure
# mean_c = [4.3, 6.1, 10.2, 16.1, 21.2, 24.6, 28.7, 28.4, 24.2, 18.9, 12.9, 6.9]   # January to December
# source = "…"

# The value chain. A category without data and without a reason is a finding; it never counts as zero.
[scope3]
proxies = ["GB", "US"]           # regions whose factors may serve where no nearer one exists, each use with a finding

{not_assessed}
# Which factors serve.
# [factors]
# year = "fiscal-year"           # factors of the calendar year in which most of the fiscal year falls; "month": of each month's
# allow = ["life-cycle", "operating-margin"]   # what may serve where a place has no direct factor, each use with a finding

# Figures wanted by a year: of all, of a site, or of a building of it.
# [[targets]]
# figure = "pue"
# value = 1.25
# year = "FY2026"
# site = "hq"

# [base_year]
# year = "FY2022"
# threshold = 0.05               # cumulative change from which the base year is recalculated
# recalculation = "whole-year"   # or "pro-rata"

# What others emit less because of you, in a book of its own.
# [[programmes]]
# id = "my-programme"
# entity = "group"
# region = {country}
# methodology = "second-hand/1"  # cloud-migration, second-hand, low-carbon-goods, carton-reuse, no-cutlery, mode-shift
# claims = {{ group = 0.4, merchants = 0.3 }}
# unclaimed = 0.3                # claims and this make 1
# [programmes.gates]             # evidence for the gates of WBCSD; without all three nothing may be published
# climate-action = ""
# climate-science = ""
# legitimacy = ""
"""


NOT_ASSESSED = """\
# [scope3.not_assessed]
# 11 = "Data of the devices' users are being collected."
# [scope3.not_applicable]          # what does not exist here: totals are whole without it
# 14 = "There are no franchises."
# [scope3.immaterial.10]           # too small to assess: with an estimate
# reason = "One client processes two pallets a year."
# tonnes = 3
"""
SMALL_FIRM = (
    "[scope3.not_assessed]            # say why, or take a line out where you have data\n"
    + "".join(f'{k} = "Not assessed yet."\n' for k in (2, 4, *range(8, 16)))
)
NAMELESS = "My organisation"
"""Name of an organisation that nobody has named yet."""
YEAR_BEGINS = {
    "GB": 4,
    "IN": 4,
    "JP": 4,
    "HK": 4,
    "SG": 4,
    "NZ": 4,
    "ZA": 3,
    "AU": 7,
    "PK": 7,
    "EG": 7,
}
"""Month in which firms of a country usually begin their year, where it is not January."""
SPEAKS_CHINESE = ("CN", "HK", "MO", "TW")
GAS_BILLED = {
    "US": ("12.5", "therms"),
    "CA": ("850", "m3"),
    "AU": ("30", "GJ (GCV)"),
    "CN": ("850", "m3"),
    "JP": ("850", "m3"),
    "IN": ("850", "Nm3"),
}
"""How gas is billed, where not in kWh of the gross calorific value."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What a country decides of a new workspace.

    Args:
        country: Two letters.
        region: Region of its grid that factors are there for; empty where the country has only
            parts.
        parts: Parts of the country with a grid factor of their own.
        currency: Its currency.
        start_month: Month in which its firms usually begin their year.
        language: Language of its reports, of those there are.
    """

    country: str
    region: str
    parts: tuple[str, ...]
    currency: str
    start_month: int
    language: str


def setting_of(country: str) -> Setting:
    """What a country decides of a new workspace: region, currency, fiscal year.

    Raises:
        UsageError: `unknown-country`.
    """
    from babel.numbers import get_territory_currencies

    code = country_named(country)
    if code is None:
        raise UsageError(
            "unknown-country", f"No country '{country}'.", "Write its two letters, such as DE."
        )
    grids = {
        f.region
        for f in default_factors()
        if (f.kind, f.item, f.basis) == ("electricity", "grid-average", "direct")
    }
    parts = tuple(sorted(r for r in grids if r.startswith(f"{code}-") and "-R-" not in r))
    money = [c for c in get_territory_currencies(code) if re.fullmatch("[A-Z]{3}", c)]
    region = code if code in grids or not parts else ""
    return Setting(
        code, region, parts, (money or ["EUR"])[-1], YEAR_BEGINS.get(code, 1), _language_of(code)
    )


def _language_of(country: str) -> str:
    return "zh" if country in SPEAKS_CHINESE else "en"


def init_workspace(directory: Path, name: str, *, country: str = "", region: str = "") -> Path:
    """Make an empty workspace with a commented configuration and a blank file per kind.

    Args:
        directory: Folder to make.
        name: Name of the organisation.
        country: Country of its first site, which decides region, currency and fiscal year; empty
            leaves those of China.
        region: Region of that site's grid, where the country has several.

    Raises:
        ConfigError: `workspace-exists`.
        UsageError: `unknown-country`, `unknown-region`, `region-needed`.
    """
    text = _config(name, **_settled(country, region)) if country or region else _config(name)
    return create_workspace(directory, text, fill=_write_templates).root


def _settled(country: str, region: str) -> Json:
    """Region, currency and month of a country, as the configuration takes them."""
    setting = setting_of(country or country_of(region))
    chosen = region or setting.region
    if region and region_named(region) != region:
        raise UsageError(
            "unknown-region", f"'{region}' is not a code of a region.", "Write one such as US-CAMX."
        )
    if not chosen:
        raise UsageError(
            "region-needed",
            f"{country_name(setting.country)} has grid factors by part:"
            f" {', '.join(setting.parts)}.",
            "Say which with --region.",
        )
    return {
        "region": chosen,
        "currency": setting.currency,
        "start_month": setting.start_month,
        "language": setting.language,
    }


def _write_templates(workspace: Workspace) -> None:
    for template in TEMPLATES.values():
        path = workspace.root / "templates" / f"{template.id}.csv"
        with (
            in_place_of(path) as partial,
            partial.open("w", encoding="utf-8-sig", newline="") as handle,
        ):
            csv.writer(handle).writerows(template_rows(workspace, template))


def template_rows(workspace: Workspace, template: Template) -> list[tuple[str, ...]]:
    """Rows of a blank file, with the workspace's own first site and entity, currency and way of billing gas."""
    organisation = workspace.organisation
    site = organisation.sites[0].id if organisation.sites else "hq"
    country = country_of(organisation.sites[0].region) if organisation.sites else "CN"
    amount, unit = GAS_BILLED.get(country, ("9,350.5", "kWh (Gross CV)"))
    own = {"hq": site, "group": organisation.entities[0].id if organisation.entities else "group"}
    own |= {"CNY": organisation.currency, "million CNY": f"million {organisation.currency}"}
    own |= {"CN": country}
    gas = {"850": amount, "m3": unit} if template.id == "stationary-fuel" else {}
    return [tuple({**own, **gas}.get(cell, cell) for cell in row) for row in template.example]


def _config(
    name: str,
    site: str = "Headquarters",
    region: str = "CN-ZJ",
    currency: str = "CNY",
    start_month: int = 1,
    language: str = "en",
    *,
    not_assessed: str = NOT_ASSESSED,
) -> str:
    """The commented configuration; every value is written as TOML writes a text."""
    texts = {
        "name": name,
        "site": site,
        "region": region,
        "country": country_of(region),
        "currency": currency,
        "language": language,
    }
    quoted = {k: json.dumps(v, ensure_ascii=False) for k, v in texts.items()}
    return CONFIG_TEMPLATE.format(start_month=start_month, not_assessed=not_assessed, **quoted)


def describe_workspace(
    workspace: Workspace, *, name: str, site: str, region: str, currency: str, start_month: str
) -> None:
    """Write who the organisation is into the `abate.toml` of a workspace into which nothing was imported.

    Args:
        workspace: Whose; its configuration is replaced whole.
        name: Name of the organisation.
        site: Name of its first place.
        region: Region of that place's grid.
        currency: Three letters.
        start_month: Month in which the fiscal year begins, 1 to 12.

    Raises:
        UsageError: `not-empty`, `bad-description`.
    """
    if any(
        r.file and not r.template.startswith("factors-") for r in workspace.store.records(ImportRow)
    ):
        raise UsageError("not-empty", "Data was imported already.", "Change abate.toml instead.")
    faults = {
        "name": not name.strip() or len(name) > 100 or not name.isprintable(),
        "site": not site.strip() or len(site) > 60 or not site.isprintable(),
        "region": not region or region_named(region) != region,
        "currency": re.fullmatch("[A-Z]{3}", currency) is None,
        "start_month": start_month not in {str(m) for m in range(1, 13)},
    }
    odd = [field for field, bad in faults.items() if bad]
    if odd:
        raise UsageError(
            "bad-description", f"The field '{odd[0]}' cannot be taken.", "Go back and correct it."
        )
    text = _config(
        name.strip(),
        site.strip(),
        region,
        currency,
        int(start_month),
        _language_of(country_of(region)),
    )
    read_config(workspace.root, tomllib.loads(text))
    write_whole(workspace.root / CONFIG, text)


def init_firm(
    directory: Path, name: str, *, samples: bool, country: str = "", region: str = ""
) -> tuple[Path, list[Path]]:
    """Make a workspace for a firm with bills and a car.

    One place, nothing that such a firm does not have.

    Args:
        directory: Folder to make.
        name: Name of the firm; with samples, that of the example.
        samples: Whether to write the five files of an example firm to try it with.
        country: Country of the firm, which decides region, currency, fiscal year and blank files;
            empty takes the example's.
        region: Region of its grid, where the country has several.

    Returns:
        The folder, and the sample files.

    Raises:
        ConfigError: `workspace-exists`.
        UsageError: `unknown-country`, `unknown-region`, `region-needed`, `no-samples`.
    """
    if country or region:
        if samples:
            raise UsageError(
                "no-samples", "The example firm is in China.", "Take --samples without --country."
            )
        settled = _settled(country, region)
        text = _config(name, "Workshop", **settled, not_assessed=SMALL_FIRM)
        return create_workspace(directory, text, fill=_write_templates).root, []
    module = example_module(example_folder("firm"))
    text = module.config()
    if not samples:
        text = text.replace(
            json.dumps(module.FIRM, ensure_ascii=False), json.dumps(name, ensure_ascii=False)
        )
        text = text.replace(" Synthetic: it does not exist.", "").replace(
            'duns = "000000000"', '# duns = "…"'
        )
    files: list[Path] = []

    def fill(workspace: Workspace) -> None:
        _write_templates(workspace)
        files.extend(module.generate(workspace.root / "files") if samples else [])

    return create_workspace(directory, text, fill=fill).root, files


def example_folder(name: str = "group") -> Path:
    """Folder of an example: inside the installed package, or beside the sources.

    Raises:
        NotFoundError: `no-example`.
    """
    import abate

    package = Path(str(abate.__file__)).parent
    for folder in (package / "examples" / name, package.parents[1] / "examples" / name):
        if (folder / "generate.py").is_file():
            return folder
    raise NotFoundError(
        "no-example",
        f"The example '{name}' is not installed.",
        "Install Abate from its repository.",
    )


def example_module(folder: Path) -> Any:
    """The module that makes an example's files."""
    spec = importlib.util.spec_from_file_location(
        f"abate_example_{folder.name}", folder / "generate.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module
