"""The pages, one module per place in the navigation; those of a system bear its id."""

from __future__ import annotations

from fastapi import APIRouter

from abate.application.catalogue import faces_of
from abate.faces.web.page import Place
from abate.faces.web.pages import (
    components,
    data,
    factors,
    inventory,
    jobs,
    meters,
    organisation,
    overview,
    runs,
    search,
)

OF_SYSTEMS = faces_of("web.pages")
router = APIRouter(include_in_schema=False)
for module in (
    *(overview, jobs, search, organisation, data, meters, inventory, components),
    *OF_SYSTEMS,
    *(factors, runs),
):
    router.include_router(module.router)
NAVIGATION = (
    Place("Data", (("/data", "Files"), ("/data/bills", "Bills"), ("/meters", "Meters"))),
    Place("Inventory", (("/inventory", "Inventory"), ("/uncertainty", "Uncertainty"))),
    *(module.PLACE for module in OF_SYSTEMS if hasattr(module, "PLACE")),
    Place("Factors", (("/factors", "Factors"), ("/own-factor", "Add a factor of your own"))),
    Place("Runs", (("/runs", "Runs"), ("/base-year", "Base year"))),
    Place("Organisation", (("/organisation", "Organisation"),)),
)
"""The places, in the order of the navigation."""
