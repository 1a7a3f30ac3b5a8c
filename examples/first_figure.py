"""A workspace, a bill, a year, a figure, and the row behind it."""

import tempfile
from datetime import datetime
from pathlib import Path

import abate

BILL = "site,month,kWh\nhq,2024-01,12400\nhq,2024-02,11250\n"


def main(folder: Path) -> None:
    """Value two bills and open the figure that they come to."""
    now = datetime(2026, 1, 31)
    root = abate.init_workspace(folder / "firm", "Example Ltd", country="DE")
    workspace = abate.open_workspace(root)
    (folder / "bills.csv").write_text(BILL, encoding="utf-8")
    done = abate.add_file(workspace, folder / "bills.csv", now=now)
    print(f"{done.accepted_count} rows entered, {done.quarantined_count} are in quarantine")
    abate.run_year(workspace, "FY2024", now=now)
    told = abate.explain_figure(workspace, "scope2-location", "FY2024")
    value = told.tree.value
    print(f"{value.figure} {value.year}: {float(value.value):,.3f} {value.unit}")
    for row in told.entries.rows:
        print(f"  {row.month}: {row.quantity:,} {row.unit}, {row.file} row {row.row}")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        main(Path(scratch))
