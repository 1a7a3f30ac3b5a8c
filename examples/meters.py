"""Meters: two files of one counter, a late correction, the month's usage, and its figure."""

import tempfile
from datetime import datetime, timedelta
from pathlib import Path

import abate


def counter(first: datetime, hours: int, begin: float) -> str:
    """An export of a counter that moves 2 kWh an hour."""
    rows = (f"{first + timedelta(hours=k)},{begin + 2 * k}" for k in range(hours))
    return "time,meter reading kWh\n" + "\n".join(rows) + "\n"


def main(folder: Path) -> None:
    """Load a month of a meter in two files, and post what it used."""
    now = datetime(2026, 1, 31)
    root = abate.init_workspace(folder / "firm", "Example Ltd", country="DE")
    workspace = abate.open_workspace(root)
    halves = {
        "first.csv": counter(datetime(2024, 1, 1), 360, 1000),
        "second.csv": counter(datetime(2024, 1, 16), 385, 1720),
    }
    spec = abate.LoadSpec(meter="main", site="hq", kind="electricity", zone="Europe/Berlin")
    for name, text in halves.items():
        (folder / name).write_text(text, encoding="utf-8")
        done = abate.load_readings(workspace, folder / name, spec, now=now)
        print(f"{name}: {done.new_count} readings are new, {done.changed_count} changed")
    used = abate.usage_of(workspace, ["main"])
    print(f"between the files: {used.values[0][359]:g} {used.units[0]}")
    posted = abate.post_usage(workspace, "FY2024", now=now)
    print(f"posted: {posted.imports[0].accepted_count} rows of {posted.imports[0].file}")
    abate.run_year(workspace, "FY2024", now=now)
    told = abate.explain_figure(workspace, "scope2-location", "FY2024")
    for row in told.entries.rows:
        print(f"  {row.month}: {row.quantity:,} {row.unit}, {row.file} row {row.row}")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        main(Path(scratch))
