"""Why a figure changed from one year to the next."""

import tempfile
from pathlib import Path

import abate

BILLS = [
    {"site": "hq", "month": "2023-01", "kWh": 12000},
    {"site": "hq", "month": "2024-01", "kWh": 9000},
]


def main(folder: Path) -> None:
    """Value two years and print what drove the difference."""
    ws = abate.create(folder / "firm", "Example Ltd", country="DE")
    ws.add(BILLS, kind="electricity")
    for year in ("FY2023", "FY2024"):
        ws.run(year)
    bridge = ws.bridge("scope2-location", "FY2023", "FY2024")
    print(f"{(bridge.end_mg - bridge.start_mg) / 1e9:+.3f} t CO2e, of which")
    for driver, mg in bridge.totals.items():
        print(f"  {driver}: {mg / 1e9:+.3f}")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        main(Path(scratch))
