"""The pages, one module per place in the navigation; those of a system bear its id."""

from __future__ import annotations

from fastapi import APIRouter

from abate.application.catalogue import faces_of
from abate.faces.web.pages import data, factors, inventory, meters, overview, runs

OF_SYSTEMS = faces_of("web.pages")
router = APIRouter(include_in_schema=False)
for module in (overview, data, meters, inventory, *OF_SYSTEMS, factors, runs):
    router.include_router(module.router)
NAVIGATION = (
    ("/data", "Data"),
    ("/meters", "Meters"),
    ("/inventory", "Inventory"),
    *(module.PLACE for module in OF_SYSTEMS),
    ("/factors", "Factors"),
    ("/runs", "Runs"),
)
"""Address and name of each place."""
