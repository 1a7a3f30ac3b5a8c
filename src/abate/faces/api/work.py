"""Work: what each kind of job does; those that write files write them into a folder of the job."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path
from typing import Any

from abate.adapters.store.intake import UPLOADS
from abate.adapters.store.soundness import require_sound
from abate.application.energy.loads import LoadSpec, load_readings
from abate.application.energy.postings import post_usage
from abate.application.factors import import_factors
from abate.application.inventory.imports import add_file
from abate.application.inventory.runs import run_year
from abate.application.inventory.verification import verify_run
from abate.application.workspaces.upkeep import MADE
from abate.faces.api.desk import OpenWorkspace
from abate.faces.api.uploads import input_of, mapping_of, path_of, publisher_of
from abate.kernel.edges import Json
from abate.kernel.errors import NotFoundError, UsageError

OnStep = Callable[[str], None]


def folder_of(desk: OpenWorkspace, job: Json) -> Path:
    """Folder of the files that a job writes."""
    return desk.root / MADE / str(job["id"])


def files_of(desk: OpenWorkspace, job: Json) -> list[Json]:
    """Files that a job wrote, by name, with their size; none before it is done."""
    folder = folder_of(desk, job)
    found = sorted(folder.iterdir()) if job["state"] == "done" and folder.is_dir() else []
    return [{"name": p.name, "bytes": p.stat().st_size} for p in found]


def file_of(desk: OpenWorkspace, job: Json, name: str) -> Path:
    """A file that a job wrote.

    Raises:
        NotFoundError: `unknown-file`.
    """
    if name not in {f["name"] for f in files_of(desk, job)}:
        raise NotFoundError(
            "unknown-file",
            f"The job has no file '{name}'.",
            "Start it again; old files are removed.",
        )
    return folder_of(desk, job) / name


def clear(desk: OpenWorkspace, keep: set[str]) -> None:
    """Remove the files of all jobs but those named."""
    for folder in (desk.root / MADE).glob("*"):
        if folder.name not in keep:
            shutil.rmtree(folder, ignore_errors=True)


def _import(desk: OpenWorkspace, job: Json, on_step: OnStep) -> Json:
    arguments = job["arguments"]
    upload = desk.intake.get(UPLOADS, arguments["upload"])
    done = add_file(
        desk.workspace,
        path_of(desk, upload),
        now=job["started_at"],
        mapping=mapping_of(upload),
        accept=frozenset(arguments["accept"]),
        strict=arguments["strict"],
        on_step=on_step,
    )
    return {k: v for k, v in asdict(done).items() if k != "mappings"}


def _factors(desk: OpenWorkspace, job: Json, on_step: OnStep) -> Json:
    upload = desk.intake.get(UPLOADS, job["arguments"]["upload"])
    on_step("reading")
    accept = frozenset(job["arguments"]["accept"])
    done = import_factors(
        desk.workspace,
        path_of(desk, upload),
        now=job["started_at"],
        accept=accept,
        publisher=publisher_of(upload),
    )
    if not done.import_id:
        raise UsageError(
            "no-factors", f"{upload['name']}: the gates let nothing pass.", "See what they found."
        )
    told = asdict(done)
    del told["findings"]
    return told


def _load(desk: OpenWorkspace, job: Json, on_step: OnStep) -> Json:
    told = job["arguments"]["how"]
    since = datetime.fromisoformat(told["since"]) if "since" in told else None
    upload = desk.intake.get(UPLOADS, job["arguments"]["upload"])
    on_step("reading")
    how = LoadSpec(**(told | {"since": since}))
    done = load_readings(desk.workspace, path_of(desk, upload), how, now=job["started_at"])
    return asdict(done) | {"findings": len(done.findings)}


def _post(desk: OpenWorkspace, job: Json, on_step: OnStep) -> Json:
    on_step("posting")
    arguments = job["arguments"]
    done = post_usage(desk.workspace, arguments["year"], now=job["started_at"], by=arguments["by"])
    return {
        "imports": [r.import_id for r in done.imports],
        "accepted_count": sum(r.accepted_count for r in done.imports),
        "quarantined_count": sum(r.quarantined_count for r in done.imports),
        "unchanged": list(done.unchanged),
        "left_out": done.left_out,
    }


def _run_year(desk: OpenWorkspace, job: Json, on_step: OnStep) -> Json:
    a = job["arguments"]
    as_of = date.fromisoformat(a["as_of"]) if a["as_of"] else None
    done = run_year(
        desk.workspace,
        a["year"],
        now=job["started_at"],
        gwp_set=a["gwp"],
        boundary=a["boundary"],
        as_of=as_of,
        matching=a.get("matching", ""),
        on_step=on_step,
    )
    told = asdict(done)
    told["findings"] = len(done.findings)
    return told


def _verify(desk: OpenWorkspace, job: Json, on_step: OnStep) -> Json:
    on_step("checking")
    require_sound(desk.workspace, whole=True)
    done = verify_run(desk.workspace, job["arguments"]["run"])
    return asdict(done) | {"holds": done.holds}


def _written(desk: OpenWorkspace, job: Json, name: str) -> Path:
    """Where a job writes a file; its folder is made."""
    folder = folder_of(desk, job)
    folder.mkdir(parents=True, exist_ok=True)
    return folder / name


def _packed_folder(folder: Path, archive: Path) -> None:
    """Replace a folder by an archive of it."""
    shutil.make_archive(str(archive.with_suffix("")), "zip", folder)
    shutil.rmtree(folder)


def _report(desk: OpenWorkspace, job: Json, on_step: OnStep) -> Json:
    from abate.application.disclosure.report_model import write_reports

    a = job["arguments"]
    on_step("writing")
    template = input_of(desk, a["template"]) if a["template"] else None
    paths = {kind: _written(desk, job, f"{a['year']}-{a['lang']}.{kind}") for kind in a["formats"]}
    write_reports(
        desk.workspace,
        a["year"],
        paths,
        now=job["started_at"],
        lang=a["lang"],
        template=template,
        without=a.get("without", ()),
    )
    return {"year": a["year"]}


def _vsme(desk: OpenWorkspace, job: Json, on_step: OnStep) -> Json:
    from abate.application.disclosure.vsme import write_vsme

    a = job["arguments"]
    on_step("writing")
    template = input_of(desk, a["template"]) if a["template"] else None
    name = f"vsme-{a['year']}-{a['lang']}.{'xlsx' if template else a['format']}"
    path = _written(desk, job, name)
    _, asked = write_vsme(
        desk.workspace,
        a["year"],
        path,
        template=template,
        lang=a["lang"],
        now=job["started_at"],
    )
    return {"year": a["year"], "still_to_fill": list(asked)}


def _filing(desk: OpenWorkspace, job: Json, on_step: OnStep) -> Json:
    from abate.application.disclosure.filing import packages, validate_filing, write_filing

    a = job["arguments"]
    on_step("writing and validating")
    folder = _written(desk, job, f"filing-{a['year']}")
    files = write_filing(
        desk.workspace,
        a["year"],
        folder,
        lang=a["lang"],
        accepted=a["accept"],
        entry_point=a["entry_point"],
    )
    messages = validate_filing(files[0], packages(desk.workspace))
    _packed_folder(folder, folder.with_suffix(".zip"))
    return {"year": a["year"], "messages": messages}


def _evidence(desk: OpenWorkspace, job: Json, on_step: OnStep) -> Json:
    from abate.application.inventory.evidence import export_evidence

    year = job["arguments"]["year"]
    on_step("writing")
    folder = _written(desk, job, f"evidence-{year}")
    told = export_evidence(desk.workspace, year, folder)
    _packed_folder(folder, folder.with_suffix(".zip"))
    return told


def _base_year(desk: OpenWorkspace, job: Json, on_step: OnStep) -> Json:
    from abate.application.inventory.base_year import restate_base_year

    on_step("valuing")
    return restate_base_year(desk.workspace, now=job["started_at"]).json


def _forecast(desk: OpenWorkspace, job: Json, on_step: OnStep) -> Json:
    from abate.application.energy.batches import write_rows
    from abate.application.energy.outlooks import forecast_sites

    a = job["arguments"]
    on_step("forecasting")
    told = forecast_sites(
        desk.workspace,
        a["sites"],
        ahead=a["ahead"],
        issued=a["issued"],
        seed=a["seed"],
        post=a["post"],
        now=job["started_at"],
    )
    write_rows(_written(desk, job, "forecast.csv"), told.rows)
    found = told.json
    del found["rows"]
    found["emissions_t"] = [asdict(e) for e in told.found.emissions]
    found["plants"] = [asdict(p) for p in told.found.plants]
    found["cost"] = asdict(told.found.cost) if told.found.cost else None
    return found | {"fan": told.fan}


def _backtest(desk: OpenWorkspace, job: Json, on_step: OnStep) -> Json:
    from abate.application.energy.backtests import backtest_meters

    a = job["arguments"]
    on_step("forecasting from each origin")
    weather = input_of(desk, a["weather"]) if a["weather"] else None
    scores = backtest_meters(
        desk.workspace,
        a["meters"],
        weather=weather,
        ahead=a["ahead"],
        every=a["every"],
        last=a["last"],
        country=a["country"],
    )
    return {"scores": [asdict(s) for s in scores]}


def _dispatch(desk: OpenWorkspace, job: Json, on_step: OnStep) -> Json:
    from abate.application.energy.batches import write_rows
    from abate.application.energy.dispatches import DispatchSpec, dispatch_site, post_dispatch

    a = dict(job["arguments"])
    on_step("planning")
    name = a.pop("post")
    told = dispatch_site(desk.workspace, DispatchSpec(**(a | {"meters": tuple(a["meters"])})))
    write_rows(_written(desk, job, "dispatch.csv"), told.rows)
    if name:
        post_dispatch(desk.workspace, told, name=name, now=job["started_at"])
    return told.json | {"plan": name, "charts": told.charts}


def _match(desk: OpenWorkspace, job: Json, on_step: OnStep) -> Json:
    from abate.application.energy.batches import write_rows
    from abate.application.energy.matchings import match_year

    a = job["arguments"]
    on_step("matching")
    told = match_year(
        desk.workspace,
        a["year"],
        basis=a["basis"],
        lots=[input_of(desk, upload) for upload in a["lots"]],
        grid=input_of(desk, a["grid"]) if a["grid"] else None,
    )
    write_rows(_written(desk, job, "claims.csv"), told.rows)
    return told.json | {"charts": told.charts}


def _size(desk: OpenWorkspace, job: Json, on_step: OnStep) -> Json:
    from abate.application.energy.dispatches import DispatchSpec
    from abate.application.energy.sizings import post_sizing, size_of

    a = dict(job["arguments"])
    on_step("planning")
    name = a.pop("post")
    told = size_of(desk.workspace, DispatchSpec(**(a | {"meters": tuple(a["meters"])})))
    if name:
        post_sizing(desk.workspace, told, name=name, now=job["started_at"])
    return told.json | {"plan": name, "charts": told.charts}


def _savings(desk: OpenWorkspace, job: Json, on_step: OnStep) -> Json:
    from abate.adapters.readers.series import FileStyle, read_series
    from abate.application.energy.batches import write_rows
    from abate.application.energy.meters import meter_named
    from abate.application.energy.savings import SavingTerms, measure_savings, savings_spec
    from abate.application.energy.usage import usage_of

    a = job["arguments"]
    on_step("fitting baselines")
    terms = SavingTerms(
        date.fromisoformat(a["until"]),
        date.fromisoformat(a["since"] or a["until"]),
        a["model"],
        a["confidence"],
    )
    zone = a["zone"]
    source: Any
    if a["meters"]:
        zone = meter_named(desk.workspace, a["meters"][0]).zone
        source = usage_of(desk.workspace, a["meters"])
    else:
        source = input_of(desk, a["usage"])
    weather = read_series(input_of(desk, a["weather"]), zone=zone, checked=False)
    told = measure_savings(source, weather, terms, style=FileStyle(zone, unit=a["unit"]))
    write_rows(_written(desk, job, "savings.csv"), told.rows)
    return told.json | {"chart": savings_spec(told)}


def _pack(desk: OpenWorkspace, job: Json, on_step: OnStep) -> Json:
    from abate.application.logistics.orders import PackTerms, pack_orders

    a = job["arguments"]
    cartons, packaging = (input_of(desk, a[k]) if a[k] else None for k in ("cartons", "packaging"))
    done = [0]

    def step(count: int) -> None:
        done[0] += count
        on_step(f"packing: {done[0]:,}")

    packed = pack_orders(
        input_of(desk, a["orders"]),
        cartons,
        [_written(desk, job, f"plan.{kind}") for kind in ("jsonl", "csv", "html")],
        PackTerms(**a["terms"]),
        workspace=desk.workspace,
        packaging=packaging,
        labels=_written(desk, job, "labels.html") if a.get("labels") else None,
        on_batch=step,
        now=job["started_at"],
    )
    keys = ("title", "terms", "cards", "cartons", "notes", "valued", "claim", "orders")
    model = {k: packed.model[k] for k in keys}
    return packed.json | {"plan": a["terms"]["post"], "model": model}


def _assort(desk: OpenWorkspace, job: Json, on_step: OnStep) -> Json:
    from abate.application.logistics.assortments import (
        counts_of,
        curve_chart,
        design_file,
        design_json,
        write_sizes,
    )
    from abate.application.logistics.orders import PackTerms

    a = job["arguments"]
    units = PackTerms(lengths=a["lengths"], masses=a["masses"]).units
    designs, present_sizes, used = design_file(
        input_of(desk, a["orders"]),
        input_of(desk, a["cartons"]) if a["cartons"] else None,
        counts=counts_of(a["sizes"]),
        objective=a["objective"],
        units=units,
        on_step=lambda what, _count: on_step(what),
    )
    write_sizes(_written(desk, job, "sizes.csv"), designs[-1])
    about = {k: getattr(present_sizes, k) for k in ("count", "cost", "tested")}
    rows = [design_json(d, present_sizes) for d in designs]
    chart = curve_chart(designs, present_sizes)
    return {"orders": used, "present": about, "designs": rows, "chart": chart}


WORK: dict[str, Callable[[OpenWorkspace, Json, OnStep], Json]] = {
    "import": _import,
    "factors": _factors,
    "load": _load,
    "post": _post,
    "run": _run_year,
    "verify": _verify,
    "report": _report,
    "vsme": _vsme,
    "filing": _filing,
    "evidence": _evidence,
    "base-year": _base_year,
    "forecast": _forecast,
    "backtest": _backtest,
    "savings": _savings,
    "dispatch": _dispatch,
    "size": _size,
    "match": _match,
    "pack": _pack,
    "assort": _assort,
}
"""What each kind of job does."""
