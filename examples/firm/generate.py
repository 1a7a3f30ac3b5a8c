"""Five files of a small firm that does not exist: an electricity bill as PDF, gas, a car, revenue and its people.

Made up, like its supplier: what such a firm finds in a drawer.
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

FIRM = "Example Workshop (synthetic)"
YEAR = "FY2024"
MONTHLY_KWH = 2_150
GAS_M3 = (620, 540, 410, 220, 90, 40, 35, 35, 60, 190, 390, 560)
PETROL_L = 96
BILL = """
#set page(paper: "a4", margin: 22mm)
#set text(font: "Libertinus Serif", size: 11pt)
#set document(title: "Electricity bill, made up", date: datetime(year: 2024, month: 12, day: 31))
= Example Power Supply (made up)
Customer: Example Workshop (synthetic), Hangzhou

Invoice number: EPS-2024-0117

Billing period: 2024-01-01 to 2024-12-31

#table(columns: (1fr, auto, auto), [Item], [Amount], [CNY],
  [Total consumption 25,800 kWh], [25,800 kWh], [16,770.00],
  [Consumption in the previous year 27,340 kWh], [], [],
  [Basic charge], [12 months], [360.00])

Amount due: 17,130.00 CNY by 31 January 2025.
"""


def config() -> str:
    """The firm's abate.toml."""
    return f"""# A small firm: one place, one car. Synthetic: it does not exist.
[organisation]
name = "{FIRM}"
currency = "CNY"
duns = "000000000"               # identifier for EFRAG's template; write your own: lei, euid, duns or permid

[fiscal_year]
start_month = 1

[inventory]
boundary = "operational"
gwp = "AR6"

[[entities]]
id = "group"
name = "{FIRM}"
region = "CN"

[[sites]]
id = "workshop"
name = "Workshop"
entity = "group"
region = "CN-ZJ"
type = "workshop"

[scope3.not_assessed]
{chr(10).join(f'{k} = "Outside the basic module; not assessed."' for k in range(1, 16))}
"""


def generate(folder: Path) -> list[Path]:
    """Write the five files.

    Args:
        folder: Where to; made if need be.

    Returns:
        The bill, gas, the car's fuel, revenue, and what the firm states of itself.
    """
    import typst

    folder.mkdir(parents=True, exist_ok=True)
    bill = folder / "electricity-2024.pdf"
    source = folder / "bill.typ"
    source.write_text(BILL, encoding="utf-8")
    bill.write_bytes(typst.compile(str(source), format="pdf", timestamp=0))
    source.unlink()
    months = [f"2024-{m:02d}" for m in range(1, 13)]
    gas = _write(
        folder / "gas-boiler.csv",
        ("site", "month", "fuel", "quantity", "unit", "invoice"),
        [
            ("workshop", m, "natural gas", q, "m3", f"G-{k}")
            for k, (m, q) in enumerate(zip(months, GAS_M3, strict=True), 1)
        ],
    )
    car = _write(
        folder / "car-fuel.csv",
        ("site", "date", "fuel", "litres", "unit", "receipt"),
        [
            ("workshop", f"{m}-15", "petrol", PETROL_L, "L", f"C-{k}")
            for k, m in enumerate(months, 1)
        ],
    )
    revenue = _write(
        folder / "revenue.csv",
        ("business", "month", "revenue", "unit"),
        [("group", m, 310_000, "CNY") for m in months],
    )
    stated = _write(
        folder / "stated.csv",
        ("entity", "fiscal_year", "metric", "value", "unit", "source"),
        [(FIRM, YEAR, "employees", 14, "count", "payroll, 31 December 2024")],
    )
    return [bill, gas, car, revenue, stated]


def _write(path: Path, headers: tuple[str, ...], rows: list[tuple[Any, ...]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as handle:
        csv.writer(handle).writerows([headers, *rows])
    return path
