"""Routes of the energy system: data centres and the load curves of their meters."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

from fastapi import Query

from abate.application.energy.data_centres import data_centres, load_curve
from abate.faces.api.frame import Run, WorkspaceOf, Year, api_router
from abate.kernel.edges import Json

router = api_router()


@router.get("/data-centres")
def get_data_centres(desk: WorkspaceOf, year: Year = "", run: Run = "") -> list[Json]:
    """PUE, WUE and clean share of each building by month, with goal and climate."""
    return [asdict(b) for b in data_centres(desk.rollups(), desk.run(year.upper(), run))]


@router.get("/data-centres/{site}/{building}")
def get_load_curve(
    desk: WorkspaceOf, site: str, building: str, month: Annotated[str, Query(max_length=12)]
) -> Json:
    """The hours of a building's meters in a month.

    With gaps and with hours in which a meter repeats itself.
    """
    return load_curve(desk.workspace, site, building, month).json
