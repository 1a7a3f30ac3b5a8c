"""The demo's energy: the meters of a warehouse, and forecasts of its data centres."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from abate.adapters.store.workspace import Workspace

LABEL = "loading a warehouse's meters, forecasting data centres, dispatching a battery"
DISPATCHED, DISPATCHED_YEAR = "nantong", "FY2024"


def demo(workspace: Workspace, example: Any, directory: Path, now: datetime) -> str:
    """Load a warehouse's meters; forecast data centres; dispatch a battery; issue and read lots.

    Bills say what the warehouse used, so that its meters are not posted.

    Args:
        workspace: The demo's workspace.
        example: Module that makes the example's files.
        directory: Folder of the demo.
        now: Present moment.

    Returns:
        What to say of it.
    """
    from abate.adapters.readers.energy_config import read_energy
    from abate.application.energy.batches import moment_of
    from abate.application.energy.dispatches import DispatchSpec, dispatch_site, post_dispatch
    from abate.application.energy.forecasts import forecast_site, post_forecast
    from abate.application.energy.loads import LoadSpec, load_readings
    from abate.application.energy.lots import add_lots, issue_lots
    from abate.application.energy.meters import Place, change_meter

    folder = directory / "energy"
    spec = LoadSpec(site=example.METERED_SITE, kind="electricity", zone="Asia/Shanghai")
    for path in example.write_submeters(folder):
        load_readings(workspace, path, spec, now=now)
    for meter, (parent, *_) in example.METERED.items():
        if parent:
            change_meter(workspace, meter, Place(parent=parent), now=now)
    example.write_energy(folder)
    config = read_energy(folder / "energy.toml")
    issued = moment_of(example.FORECAST_ISSUED)
    for site in example.FORECAST_SITES:
        post_forecast(
            workspace,
            forecast_site(workspace, site, config, ahead_s=2 * 86_400, issued=issued),
            now=now,
        )
    spec_of_week = DispatchSpec(DISPATCHED, first="2024-03-04", span="7d", ahead_h=48)
    made = dispatch_site(workspace, spec_of_week, config=config)
    post_dispatch(workspace, made, name="battery-2024-03", now=now)
    add_lots(workspace, folder / "lots.csv", now=now)
    issue_lots(workspace, DISPATCHED_YEAR, config=config, now=now)
    offers = folder / "contracts"
    return (
        f"Meters: abate meters list --workspace {directory}\n"
        f"Forecasts compared with the meters: abate forecasts --workspace {directory}\n"
        f"A battery's week: abate dispatch {DISPATCHED} --from 2024-03-04 --workspace {directory}\n"
        f"By the hour: abate match -y {DISPATCHED_YEAR} --workspace {directory}\n"
        f"Claimed: abate lots claim -y {DISPATCHED_YEAR} --workspace {directory}\n"
        f"Contracts: abate contract {offers}/*.toml --market {offers}/market.csv"
    )
