"""A park of 500 MW of wind and sun that supplies a load directly: its battery, value and shares.

Every assumption stands in `ASSUMED` or in the functions that draw a year of hours; nothing else is
known of the project. Costs are those of the Danish Energy Agency's catalogues for 2025 as PyPSA's
technology-data prints them (CC BY 4.0; onshore turbines, utility-scale PV, battery storage and
inverter), at 7.8 CNY a EUR. Put quotes in their place.
"""

import math
import random
import tempfile
from datetime import datetime, timedelta
from pathlib import Path

import abate

CNY = 7.8
ASSUMED = {
    "wind": {
        "min_kw": 300_000,
        "max_kw": 300_000,
        "cost_per_kw": 1438.88 * CNY,
        "om_per_kw": 0.012347 * 1438.88 * CNY,
    },
    "sun": {
        "min_kw": 200_000,
        "max_kw": 200_000,
        "cost_per_kw": 594.86 * CNY,
        "om_per_kw": 0.021982 * 594.86 * CNY,
    },
    "store": {
        "max_kw": 100_000,
        "max_kwh": 400_000,
        "cost_per_kw": 287.47 * CNY,
        "cost_per_kwh": 250.03 * CNY,
    },
}
"""What is built, or most that may be; cost to build [CNY], operation a year [CNY]."""
SELF_USE, SUPPLY = 0.60, 0.30
"""Of what is generated, and of the load: what a direct-supply project in China has to keep."""
LOAD_KW, GRID_KW = 260_000, 320_000
TARIFF = """title = "A made-up tariff of a large connection"
currency = "CNY"
source = "Assumption"
zone = "Asia/Shanghai"
[[periods]]
name = "peak"
times = ["10:00-12:00", "16:00-21:00"]
[[periods]]
name = "valley"
times = ["00:00-07:00", "12:00-14:00"]
[[periods]]
name = "rest"
[[energy]]
line = "energy"
by_period = { peak = 0.82, valley = 0.26, rest = 0.52 }
[[demand]]
line = "power"
per_kw = 32.0
"""
HOURS = [datetime(2024, 1, 1) + timedelta(hours=k) for k in range(8760)]


def wind(draw: random.Random) -> list[float]:
    """Power of a kW: a speed that keeps to itself, windier in winter, through a power curve."""
    speed, found = 7.0, []
    for at in HOURS:
        usual = 7.2 + 1.2 * math.cos(2 * math.pi * at.timetuple().tm_yday / 366)
        speed = max(0.0, 0.95 * speed + 0.05 * usual + draw.gauss(0, 0.85))
        share = min(1.0, max(0.0, (speed**3 - 27) / (12**3 - 27)))
        found.append(0.0 if speed > 24 else share)
    return found


def sun(draw: random.Random) -> list[float]:
    """Power of a kW: the height of the sun at 41° north, less cloud that keeps to itself."""
    cloud, found = 0.3, []
    for at in HOURS:
        cloud = min(1.0, max(0.0, 0.94 * cloud + 0.018 + draw.gauss(0, 0.09)))
        tilt = math.radians(23.45) * math.sin(2 * math.pi * (at.timetuple().tm_yday - 80) / 366)
        turn = math.radians(15 * (at.hour - 11.5))
        here = math.radians(41.0)
        height = math.sin(here) * math.sin(tilt) + math.cos(here) * math.cos(tilt) * math.cos(turn)
        found.append(max(0.0, height) ** 1.15 * (1 - 0.75 * cloud))
    return found


def load(draw: random.Random) -> list[float]:
    """Load of data centres: steady, a little more on summer afternoons."""
    warm = [max(0.0, math.sin(2 * math.pi * (at.timetuple().tm_yday - 110) / 366)) for at in HOURS]
    return [
        LOAD_KW * (0.93 + 0.10 * w * (10 <= at.hour < 20) + draw.gauss(0, 0.01))
        for at, w in zip(HOURS, warm, strict=True)
    ]


def written(folder: Path) -> None:
    """The park's hours, its tariff, and what may be built there."""
    draw = random.Random(500)
    for name, head, values in (
        ("wind.csv", "kw", wind(draw)),
        ("sun.csv", "kw", sun(draw)),
        ("load.csv", "kwh", load(draw)),
    ):
        rows = (f"{at},{value:.4f}" for at, value in zip(HOURS, values, strict=True))
        (folder / name).write_text(f"time,{head}\n" + "\n".join(rows) + "\n", encoding="utf-8")
    (folder / "tariffs").mkdir(exist_ok=True)
    (folder / "tariffs" / "park.toml").write_text(TARIFF, encoding="utf-8")
    lines = ['zone = "Asia/Shanghai"', 'tariff = "park"', "[[connections]]", 'site = "hq"']
    lines += [f"import_max_kw = {GRID_KW}", "export_max_kw = 0"]
    lines += [f"self_use_share = {SELF_USE}", f"supply_share = {SUPPLY}"]
    for name, known in ASSUMED.items():
        kind = "battery" if name == "store" else "generator"
        lines += ["[[technologies]]", f'id = "{name}"', 'site = "hq"', f'kind = "{kind}"']
        lines += [f"{key} = {value}" for key, value in known.items()]
        lines += [f'profile = "{name}.csv"'] if kind == "generator" else ["life_years = 10"]
    lines += ["[finance]", "years = 20", "discount = 0.06"]
    (folder / "energy.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")


def main(folder: Path) -> None:
    """Size the park, and say what it rests on."""
    ws = abate.create(folder / "park", "A park", country="CN", region="CN-HE")
    written(folder / "park")
    ws.load(
        folder / "park" / "load.csv",
        meter="load",
        site="hq",
        kind="electricity",
        zone="Asia/Shanghai",
    )
    told = ws.size("hq", "load", first="2024-01-01", span="1y").json
    for one in told["built"]:
        energy = f", {one['kwh'] / 1000:,.0f} MWh" if one["kwh"] else ""
        cost = one["levelised_cost"]
        levelised = "" if cost is None else f", {1000 * cost:,.0f} CNY a MWh"
        print(f"{one['id']}: {one['kw'] / 1000:,.0f} MW{energy}{levelised}")
    print(
        f"used on site: {told['self_use_share']:.1%} of what is generated (at least {SELF_USE:.0%})"
    )
    print(f"not from the grid: {told['supply_share']:.1%} of the load (at least {SUPPLY:.0%})")
    print(f"net present value: {told['npv'] / 1e6:,.0f} million CNY")
    print("what it hangs on, million CNY a fifth lower or higher:")
    for one in told["sensitivity"][:4]:
        print(f"  {one['input']}: {one['lower'] / 1e6:,.0f} to {one['higher'] / 1e6:,.0f}")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        main(Path(scratch))
