"""Routes of the ecosystem: programmes."""

from __future__ import annotations

from dataclasses import asdict

from abate.application.ecosystem.programmes import programmes
from abate.faces.api.frame import OneYear, WorkspaceOf, api_router
from abate.kernel.edges import Json

router = api_router()


@router.get("/programmes")
def get_programmes(desk: WorkspaceOf, year: OneYear) -> list[Json]:
    """What others emit less, who claims it, and what keeps it from the public."""
    return [asdict(p) for p in programmes(desk.workspace, year.upper())]
