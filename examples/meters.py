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
    ws = abate.create(folder / "firm", "Example Ltd", country="DE")
    halves = {
        "first.csv": counter(datetime(2024, 1, 1), 360, 1000),
        "second.csv": counter(datetime(2024, 1, 16), 385, 1720),
    }
    place = {"meter": "main", "site": "hq", "kind": "electricity", "zone": "Europe/Berlin"}
    for name, text in halves.items():
        (folder / name).write_text(text, encoding="utf-8")
        done = ws.load(folder / name, **place)
        print(f"{name}: {done.new_count} readings are new, {done.changed_count} changed")
    used = ws.usage("main", by="hour")
    print(f"between the files: {used[359]['value']:g} {used[359]['unit']}")
    posted = ws.post("FY2024")
    print(f"posted: {posted.imports[0].accepted_count} rows of {posted.imports[0].file}")
    for row in ws.run("FY2024").explain("scope2-location").entries.rows:
        print(f"  {row.month}: {row.quantity:,} {row.unit}, {row.file} row {row.row}")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        main(Path(scratch))
