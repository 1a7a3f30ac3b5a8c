"""Routes of the ecosystem: programmes."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

from fastapi import Query

from abate.application.ecosystem.programmes import programmes
from abate.faces.api.frame import WorkspaceOf, api_router
from abate.kernel.edges import Json

router = api_router()


@router.get("/programmes")
def get_programmes(
    desk: WorkspaceOf,
    year: Annotated[str, Query(max_length=12, description="Fiscal year, such as FY2024.")],
) -> list[Json]:
    """What others emit less, who claims it, and what keeps it from the public."""
    return [asdict(p) for p in programmes(desk.workspace, year.upper())]
