"""Starting points: an empty workspace with templates, and the example group."""

from __future__ import annotations

import csv
import importlib.util
import json
import re
import shutil
import sys
import tomllib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from abate.adapters.store.config import CONFIG
from abate.adapters.store.workspace import Workspace, create_workspace, read_config
from abate.adapters.store.writing import in_place_of, write_whole
from abate.application.catalogue import TEMPLATES, default_factors
from abate.application.inventory import ensure_default_factors, run_year
from abate.application.inventory.figures import Rollups, publish, run_of
from abate.application.inventory.findings import open_findings
from abate.application.inventory.imports import add_file, attach, correct
from abate.faces.cli import show as out
from abate.kernel.errors import ConfigError, NotFoundError, UsageError
from abate.kernel.figure import HEADLINES
from abate.kernel.kind import Template
from abate.kernel.region import country_name, country_named, country_of, region_named

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
gwp = "AR6"                      # AR4, AR5 or AR6; can be chosen anew for each run

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
# 10 = "We sell no intermediate products."
# 14 = "There are no franchises."
"""
SMALL_FIRM = "[scope3.not_assessed]            # say why, or take a line out where you have data\n" + "".join(
    f'{k} = "Not assessed yet."\n' for k in (2, 4, *range(8, 16))
)
YEAR_BEGINS = {"GB": 4, "IN": 4, "JP": 4, "HK": 4, "SG": 4, "NZ": 4, "ZA": 3, "AU": 7, "PK": 7, "EG": 7}
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
        region: Region of its grid that factors are there for; empty where the country has only parts.
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
        raise UsageError("unknown-country", f"No country '{country}'.", "Write its two letters, such as DE.")
    grids = {
        f.region for f in default_factors() if (f.kind, f.item, f.basis) == ("electricity", "grid-average", "direct")
    }
    parts = tuple(sorted(r for r in grids if r.startswith(f"{code}-") and "-R-" not in r))
    money = [c for c in get_territory_currencies(code) if re.fullmatch("[A-Z]{3}", c)]
    region = code if code in grids or not parts else ""
    return Setting(code, region, parts, (money or ["EUR"])[-1], YEAR_BEGINS.get(code, 1), _language_of(code))


def _language_of(country: str) -> str:
    return "zh" if country in SPEAKS_CHINESE else "en"


def init_workspace(directory: Path, name: str, *, country: str = "", region: str = "") -> Path:
    """Make an empty workspace with a commented configuration and a blank file per kind.

    Args:
        directory: Folder to make.
        name: Name of the organisation.
        country: Country of its first site, which decides region, currency and fiscal year; empty leaves those of China.
        region: Region of that site's grid, where the country has several.

    Raises:
        ConfigError: `workspace-exists`.
        UsageError: `unknown-country`, `unknown-region`, `region-needed`.
    """
    text = _config(name, **_settled(country, region)) if country or region else _config(name)
    return create_workspace(directory, text, fill=_write_templates).root


def _settled(country: str, region: str) -> dict[str, Any]:
    """Region, currency and month of a country, as the configuration takes them."""
    setting = setting_of(country or country_of(region))
    chosen = region or setting.region
    if region and region_named(region) != region:
        raise UsageError("unknown-region", f"'{region}' is no code of a region.", "Write one such as US-CAMX.")
    if not chosen:
        raise UsageError(
            "region-needed", f"{country_name(setting.country)} has grid factors by part: {', '.join(setting.parts)}.",
            "Say which with --region.",
        )  # fmt: skip
    return {
        "region": chosen, "currency": setting.currency, "start_month": setting.start_month, "language": setting.language,
    }  # fmt: skip


def _write_templates(workspace: Workspace) -> None:
    for template in TEMPLATES.values():
        path = workspace.root / "templates" / f"{template.id}.csv"
        with in_place_of(path) as partial, partial.open("w", encoding="utf-8-sig", newline="") as handle:
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
    name: str, site: str = "Headquarters", region: str = "CN-ZJ", currency: str = "CNY", start_month: int = 1,
    language: str = "en", *, not_assessed: str = NOT_ASSESSED,
) -> str:  # fmt: skip
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
    if any(r["file"] and not r["template"].startswith("factors-") for r in workspace.store.rows("imports")):
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
        raise UsageError("bad-description", f"The field '{odd[0]}' cannot be taken.", "Go back and mend it.")
    text = _config(name.strip(), site.strip(), region, currency, int(start_month), _language_of(country_of(region)))
    read_config(workspace.root, tomllib.loads(text))
    write_whole(workspace.root / CONFIG, text)


def init_firm(
    directory: Path, name: str, *, samples: bool, country: str = "", region: str = ""
) -> tuple[Path, list[Path]]:
    """Make a workspace for a firm with bills and a car: one place, nothing that such a firm does not have.

    Args:
        directory: Folder to make.
        name: Name of the firm; with samples, that of the example.
        samples: Whether to write the five files of an example firm to try it with.
        country: Country of the firm, which decides region, currency, fiscal year and blank files; empty takes the example's.
        region: Region of its grid, where the country has several.

    Returns:
        The folder, and the sample files.

    Raises:
        ConfigError: `workspace-exists`.
        UsageError: `unknown-country`, `unknown-region`, `region-needed`, `no-samples`.
    """
    if country or region:
        if samples:
            raise UsageError("no-samples", "The example firm is in China.", "Take --samples without --country.")
        settled = _settled(country, region)
        text = _config(name, "Workshop", **settled, not_assessed=SMALL_FIRM)
        return create_workspace(directory, text, fill=_write_templates).root, []
    module = _generator(example_folder("firm"))
    text = module.config()
    if not samples:
        text = text.replace(json.dumps(module.FIRM, ensure_ascii=False), json.dumps(name, ensure_ascii=False))
        text = text.replace(" Synthetic: it does not exist.", "").replace('duns = "000000000"', '# duns = "…"')
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
    raise NotFoundError("no-example", f"The example '{name}' is not installed.", "Install Abate from its repository.")


def _generator(folder: Path) -> Any:
    spec = importlib.util.spec_from_file_location(f"abate_example_{folder.name}", folder / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def run_demo(directory: Path, *, now: datetime, as_json: bool = False) -> None:
    """Build the example group in a folder: raw files, workspace, corrections, runs, inventory and report.

    A folder that holds an earlier demo is built anew; any other folder with content is left alone.

    Raises:
        ConfigError: `folder-in-use`.
    """
    from abate.application.disclosure.report_model import write_reports

    marker = directory / ".abate-demo"
    if directory.exists() and any(directory.iterdir()):
        if not marker.exists():
            raise ConfigError("folder-in-use", f"{directory} is not empty.", "Choose another with --dir.")
        shutil.rmtree(directory)
    directory.mkdir(parents=True, exist_ok=True)
    marker.touch()
    console = out.console()
    console.quiet = as_json
    say = console.print
    folder = example_folder()
    module = _generator(folder)
    with out.progress("writing raw files", 5, quiet=as_json) as step:
        files = module.generate(directory / "raw-files", step)
    say(f"Raw files of a synthetic group: {len(files)} in {directory / 'raw-files'}")
    workspace = create_workspace(directory, module.config())
    ensure_default_factors(workspace, now)
    quarantined = _import_all(workspace, files, now, as_json)
    found = [f for f in open_findings(workspace, now=now) if f.severity == "blocker"]
    say(f"Imported; {quarantined} rows are in quarantine. What the checks found:")
    if not as_json:
        out.findings_table("", found)
    corrected = correct(workspace, folder / "corrections.csv", reason="", now=now)
    attach(workspace, folder / "evidence-beijing.txt", import_id=corrected.import_id, source_row=0, now=now)
    left = sum(f.severity == "blocker" for f in open_findings(workspace, now=now))
    say(f"corrections.csv mends them, each with its reason; {left} blockers are left.")
    years = sorted(module.TARGETS)
    with out.progress("valuing", len(years), quiet=as_json) as step:
        for year in years:
            publish(workspace, run_year(workspace, year, now=now).run_id, reason="", now=now)
            step(year)
    _print_inventory(workspace, years, as_json)
    with out.working("packing orders (the first time compiles for a minute)"):
        pages = _pack(workspace, module, directory / "packing", now)
    say(f"Packing of two warehouses, in 3D: {pages}; see 'abate plans --workspace {directory}'")
    with out.working("forecasting the data centres and their roofs"):
        _forecast(workspace, module, directory / "energy", now)
    say(f"Forecasts beside the meters: abate forecasts --workspace {directory}")
    _state(workspace, module, directory / "statements", years, now)
    say(f"Targets, credits and sign-off: abate targets --workspace {directory}, abate neutrality, abate sign")
    with out.working("drawing the report"):
        paths = {kind: directory / f"report.{kind}" for kind in ("html", "pdf", "xlsx")}
        write_reports(workspace, years[-1], paths, now=now)
    say(f"Report: {paths['html']}, beside it as PDF and workbook")
    say(f"Open a number: abate explain net --year {years[-1]} --workspace {directory}")
    say(f"Why it changed: abate bridge {years[-2]} {years[-1]} --by org --workspace {directory}")


def _pack(workspace: Workspace, module: Any, folder: Path, now: datetime) -> Path:
    """Pack the orders of the example's warehouses beside what they use now, and keep the plan."""
    from abate.application.logistics.packing import pack_file, packaging_plan
    from abate.application.logistics.plan_page import page_model, plan_file, valued_model, write_page
    from abate.application.logistics.stock import in_stock, read_packaging, record_movements, site_names
    from abate.application.plans import post_plan

    module.write_packing(folder)
    materials, scheme = read_packaging(folder / "packaging.toml")
    record_movements(workspace, folder / "movements.csv")
    with plan_file(folder / "plan.jsonl") as write:
        packer, tally = pack_file(
            folder / "orders.csv", folder / "cartons.csv", write, objective=module.PACKING_OBJECTIVE,
            fill_share_max=module.PACKING_FILL_SHARE, stock=in_stock(workspace), sites=site_names(workspace),
        )  # fmt: skip
    title = "Packing of two warehouses"
    plan = packaging_plan(
        workspace, packer, tally, plan_id=f"packing-{module.PACKING_MONTH}", title=title, site="", month="",
        unit=module.PACKING_OBJECTIVE, materials=materials, scheme=scheme,
    )  # fmt: skip
    model = page_model(packer, tally, title=title, objective=module.PACKING_OBJECTIVE)
    lines = post_plan(workspace, plan, domain="packing", facts={"cards": model["cards"]}, now=now)
    page = folder / "plan.html"
    write_page(page, model | valued_model(lines))
    return page


def _forecast(workspace: Workspace, module: Any, folder: Path, now: datetime) -> None:
    """Forecast two days of the example's data centres from what was known then, and keep the forecasts."""
    from abate.adapters.readers.energy_config import read_energy
    from abate.application.energy.batches import moment_of
    from abate.application.energy.forecasts import forecast_site, post_forecast

    module.write_energy(folder)
    config = read_energy(folder / "energy.toml")
    issued = moment_of(module.FORECAST_ISSUED)
    for site in module.FORECAST_SITES:
        post_forecast(workspace, forecast_site(workspace, site, config, ahead_s=2 * 86_400, issued=issued), now=now)


def _state(workspace: Workspace, module: Any, folder: Path, years: list[str], now: datetime) -> None:
    """Take in what the example states of itself and its credits, retire them, and sign its last year off."""
    from abate.application.disclosure.neutrality import add_credits, credits_of, retire_credit
    from abate.application.disclosure.signoff import sign
    from abate.application.disclosure.stated_figures import add_published

    stated, held = module.write_statements(folder)
    add_published(workspace, stated, now=now)
    add_credits(workspace, held)
    approver = dict(workspace.owners)["approver"][0]
    for credit in credits_of(workspace, years[-1]).every:
        retire_credit(workspace, credit.serial, years[-1], None, person=approver)
    for step, (role, people) in zip(("prepared", "reviewed", "approved", "locked"), (*workspace.owners, ("approver", (approver,))), strict=True):  # fmt: skip
        sign(workspace, years[-1], step, people[0], now=now, note=f"as {role} of the example")


def _import_all(workspace: Workspace, files: list[Path], now: datetime, quiet: bool) -> int:
    quarantined = 0
    with out.progress("importing", len(files), quiet=quiet) as step:
        for path in files:
            quarantined += add_file(workspace, path, now=now).quarantined_count
            step(path.name)
    return quarantined


def _print_inventory(workspace: Workspace, years: list[str], as_json: bool) -> None:
    with Rollups(workspace) as rollups:
        chosen = {y: run_of(workspace, y) for y in years}
        values = {y: rollups.values(list(HEADLINES), run) for y, run in chosen.items()}
        avoided = {y: rollups.values(["avoided"], run)[0].value for y, run in chosen.items()}
    if as_json:
        out.print_json([v.json for y in years for v in values[y]])
    else:
        out.figures_table("Inventory of the example group", values)
        told = ", ".join(f"{y} {out.number(v, 't CO2e')} t CO2e" for y, v in avoided.items() if v is not None)
        out.console().print(f"Outside the inventory, avoided by others (Scope 3+): {told}; see 'abate programmes'.")
