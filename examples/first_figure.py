"""A workspace, a table of bills, a year, a figure by month, and the row behind it."""

import tempfile
from pathlib import Path

import abate

BILLS = {"site": ["hq", "hq"], "month": ["2024-01", "2024-02"], "kWh": [12400, 11250]}


def main(folder: Path) -> None:
    """Value two bills and open the figure that they come to."""
    ws = abate.create(folder / "firm", "Example Ltd", country="DE")
    done = ws.add(BILLS, kind="electricity", name="bills")
    print(f"{done.accepted_count} rows entered, {done.quarantined_count} are in quarantine")
    run = ws.run("FY2024")
    value = run.value("scope2-location")
    print(f"{value.figure} {value.year}: {float(value.value):,.3f} {value.unit}")
    print(run.figures("scope2-location", by="month").to_pandas()[["month", "value", "unit"]])
    for row in run.explain("scope2-location").entries.rows:
        print(f"  {row.month}: {row.quantity:,} {row.unit}, {row.file} row {row.row}")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        main(Path(scratch))
