"""Why a figure changed from one year to the next."""

import tempfile
from datetime import datetime
from pathlib import Path

import abate

BILLS = "site,month,kWh\nhq,2023-01,12000\nhq,2024-01,9000\n"


def main(folder: Path) -> None:
    """Value two years and print what drove the difference."""
    now = datetime(2026, 1, 31)
    root = abate.init_workspace(folder / "firm", "Example Ltd", country="DE")
    workspace = abate.open_workspace(root)
    (folder / "bills.csv").write_text(BILLS, encoding="utf-8")
    abate.add_file(workspace, folder / "bills.csv", now=now)
    for year in ("FY2023", "FY2024"):
        abate.run_year(workspace, year, now=now)
    before, after = (abate.run_of(workspace, year) for year in ("FY2023", "FY2024"))
    with abate.Figures(workspace) as figures:
        bridge = abate.bridge_runs(workspace, figures, "scope2-location", before, after)
    print(f"{(bridge.end_mg - bridge.start_mg) / 1e9:+.3f} t CO2e, of which")
    for driver, mg in bridge.totals.items():
        print(f"  {driver}: {mg / 1e9:+.3f}")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        main(Path(scratch))
