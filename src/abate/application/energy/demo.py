"""The demo's forecasts: two days of its data centres, from what was known at the time."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from abate.adapters.store.workspace import Workspace

LABEL = "forecasting the data centres and their roofs"


def demo(workspace: Workspace, example: Any, directory: Path, now: datetime) -> str:
    """Forecast two days of the example's data centres and keep the forecasts.

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
    from abate.application.energy.forecasts import forecast_site, post_forecast

    folder = directory / "energy"
    example.write_energy(folder)
    config = read_energy(folder / "energy.toml")
    issued = moment_of(example.FORECAST_ISSUED)
    for site in example.FORECAST_SITES:
        post_forecast(
            workspace,
            forecast_site(workspace, site, config, ahead_s=2 * 86_400, issued=issued),
            now=now,
        )
    return f"Forecasts compared with the meters: abate forecasts --workspace {directory}"
