"""Routes of logistics: plans."""

from __future__ import annotations

from abate.application.plans import plans
from abate.faces.api.frame import WorkspaceOf, api_router
from abate.kernel.edges import Json

router = api_router()


@router.get("/plans")
def get_plans(desk: WorkspaceOf) -> list[Json]:
    """Plans with what they save, their proof and cost; both sides valued alike."""
    return [p.json for p in plans(desk.workspace)]
