"""The demo's packing: two warehouses' orders, what their cartons cost now, and a plan in 3D."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from datetime import datetime
from pathlib import Path
from typing import Any

from abate.adapters.store.workspace import Workspace

LABEL = "packing orders (compiled the first time)"
_compiling: list[subprocess.Popen[bytes]] = []


def prepare(example: Any, directory: Path) -> None:
    """Compile the packing in a process of its own, while the files are imported.

    What is compiled is kept on disk, so that only the first demo needs it.
    """
    folder = directory / "packing"
    example.write_packing(folder)
    arguments = (str(folder), example.PACKING_OBJECTIVE, example.PACKING_FILL_SHARE)
    call = f"from {__name__} import compile_packing; compile_packing(*{arguments!r})"
    _compiling.append(
        subprocess.Popen(  # noqa: S603 - ourselves
            [sys.executable, "-c", call], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
    )


def compile_packing(folder: str, objective: str, fill_share_max: float) -> None:
    """Pack a few orders as the demo does, so that all of it is compiled."""
    from abate.application.logistics.packing import pack_file

    source = Path(folder)
    orders = (source / "orders.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    with tempfile.TemporaryDirectory() as name:
        few = Path(name) / "orders.csv"
        few.write_text("".join(orders[:200]), encoding="utf-8")
        pack_file(
            few,
            source / "cartons.csv",
            lambda _: None,
            objective=objective,
            fill_share_max=fill_share_max,
        )


def demo(workspace: Workspace, example: Any, directory: Path, now: datetime) -> str:
    """Pack the orders of the example's warehouses, compare with what they use now.

    And keep the plan.

    Args:
        workspace: The demo's workspace.
        example: Module that makes the example's files.
        directory: Folder of the demo.
        now: Present moment.

    Returns:
        What to say of it.
    """
    from abate.application.logistics.packaging_plans import packaging_plan
    from abate.application.logistics.packing import pack_file
    from abate.application.logistics.plan_page import (
        page_model,
        plan_file,
        valued_model,
        write_page,
    )
    from abate.application.logistics.stock import (
        in_stock,
        read_packaging,
        record_movements,
        site_names,
    )
    from abate.application.plans import post_plan

    while _compiling:
        _compiling.pop().wait()
    folder = directory / "packing"
    example.write_packing(folder)
    packaging = read_packaging(folder / "packaging.toml")
    record_movements(workspace, folder / "movements.csv")
    with plan_file(folder / "plan.jsonl") as write:
        packer, tally = pack_file(
            folder / "orders.csv",
            folder / "cartons.csv",
            write,
            objective=example.PACKING_OBJECTIVE,
            fill_share_max=example.PACKING_FILL_SHARE,
            stock=in_stock(workspace),
            sites=site_names(workspace),
        )
    title = "Packing of two warehouses"
    plan = packaging_plan(
        workspace,
        packer,
        tally,
        plan_id=f"packing-{example.PACKING_MONTH}",
        title=title,
        site="",
        month="",
        unit=example.PACKING_OBJECTIVE,
        packaging=packaging,
    )
    model = page_model(packer, tally, title=title, objective=example.PACKING_OBJECTIVE)
    lines = post_plan(workspace, plan, domain="packing", facts={"cards": model["cards"]}, now=now)
    page = folder / "plan.html"
    write_page(page, model | valued_model(lines))
    return f"Packing of two warehouses, in 3D: {page}; see 'abate plans --workspace {directory}'"
