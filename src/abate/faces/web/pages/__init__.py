"""The pages, one module per place in the navigation."""

from __future__ import annotations

from fastapi import APIRouter

from abate.faces.web.pages import centres, data, factors, inventory, overview, runs

router = APIRouter(include_in_schema=False)
for module in (overview, data, inventory, centres, factors, runs):
    router.include_router(module.router)
