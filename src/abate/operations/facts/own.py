"""Kinds of activity of Scopes 1 and 2, and the files they come in."""

from __future__ import annotations

from abate.kernel.kind import Kind, Measure, Template
from abate.kernel.resources import package_table

FUELS: dict[str, tuple[str, ...]] = {
    "diesel": ("柴油", "0#柴油", "0号柴油", "diesel fuel", "gas oil", "gas/diesel oil"),
    "motor-gasoline": ("汽油", "92#汽油", "95#汽油", "92号汽油", "95号汽油", "gasoline", "petrol", "unleaded"),
    "natural-gas": ("天然气", "管道天然气", "gas", "cng"),
    "lpg": ("液化石油气", "液化气", "liquefied petroleum gas"),
    "residual-fuel-oil": ("燃料油", "重油", "heavy fuel oil"),
    "kerosene": ("煤油",),
    "other-bituminous-coal": ("烟煤", "煤", "coal", "bituminous coal"),
}


def _refrigerants() -> dict[str, tuple[str, ...]]:
    """Gases and blends of the factor table, with their R numbers written with and without hyphen."""
    names: dict[str, tuple[str, ...]] = {}
    for row in package_table("abate.operations", "factors.csv"):
        item = row["item"]
        if row["kind"] == "refrigerant" and item not in names:
            number = "R-" + item.split("-", 1)[1] if item.startswith(("HFC-", "HCFC-", "CFC-")) else item
            names[item] = (number, number.replace("-", ""), item.replace("-", ""))
    return names


REFRIGERANTS = _refrigerants()
KINDS = (
    Kind("stationary-fuel", "Fuel burnt in stationary equipment", ("volume", "mass", "energy-net", "energy-gross"),
         FUELS, item_required=True),
    Kind("mobile-fuel", "Fuel burnt in vehicles", ("volume", "mass", "energy-net", "energy-gross"),
         FUELS, item_required=True),
    Kind("refrigerant", "Refrigerant topped up", ("mass",), REFRIGERANTS, item_required=True),
    Kind("electricity", "Electricity purchased", ("energy",)),
    Kind("heat", "Heat and steam purchased", ("energy",), {"district-heat": ("热力", "暖气", "steam", "蒸汽", "heat")}),
    Kind("revenue", "Revenue", ("money",)),
    Kind("floor-area", "Floor area", ("area",), cumulative=False),
)  # fmt: skip

_FUEL: dict[str, tuple[str, ...]] = {
    "item": ("fuel", "fuel type", "product", "燃料", "油品", "燃料种类", "能源品种", "品名")
}
TEMPLATES = (
    Template(
        "electricity",
        "Electricity bills",
        ("electricity", "power bill", "电费", "电量", "用电", "电力"),
        (
            Measure(
                "electricity",
                (
                    "consumption", "electricity", "energy", "usage", "billed energy",
                    "用电量", "电量", "结算电量", "有功电量", "本月电量", "电量合计",
                ),
            ),
        ),
        example=(("site", "month", "consumption", "unit", "invoice"), ("hq", "2024-01", "12400", "kWh", "A-001")),
    ),
    Template(
        "stationary-fuel",
        "Fuel for boilers, kitchens and generators",
        ("boiler", "generator", "stationary", "锅炉", "食堂", "发电机", "燃气"),
        (Measure("stationary-fuel", ("quantity", "amount", "volume", "用量", "用气量", "消耗量", "数量")),),
        _FUEL,
        ("site", "period", "item"),
        (("site", "month", "fuel", "quantity", "unit", "invoice"), ("hq", "2024-01", "natural-gas", "850", "m3", "G-7")),
    ),
    Template(
        "fuel-card",
        "Fuel cards of the fleet",
        ("fuel card", "fleet", "litres", "refuel", "加油", "油卡"),
        (Measure("mobile-fuel", ("litres", "liters", "quantity", "volume", "加油量", "升数", "数量")),),
        {**_FUEL, "meter": ("vehicle", "plate", "card", "车牌", "车牌号", "卡号")},
        ("site", "period", "item"),
        (
            ("site", "date", "vehicle", "fuel", "quantity", "unit", "transaction"),
            ("hq", "2024-01-15", "AB123", "diesel", "48.2", "L", "T-1"),
        ),
    ),
    Template(
        "company-car",
        "Company cars by distance",
        ("company car", "mileage", "odometer", "公务车", "里程"),
        (
            Measure(
                "mobile-fuel",
                ("mileage", "distance", "km", "mileage km", "行驶里程", "里程"),
                unit="L",
                basis="estimated",
                times=("consumption",),
                scale=0.01,
            ),
        ),
        {
            **_FUEL,
            "meter": ("vehicle", "plate", "车牌", "车牌号"),
            "consumption": ("l/100km", "consumption l/100km", "litres per 100 km", "百公里油耗"),
        },
        ("site", "period", "item", "consumption"),
        (
            ("site", "month", "vehicle", "fuel", "mileage km", "l/100km"),
            ("hq", "2024-01", "CD456", "petrol", "1200", "7.9"),
        ),
    ),
    Template(
        "refrigerant",
        "Refrigerant top-ups",
        ("refrigerant", "top-up", "制冷剂", "冷媒"),
        (Measure("refrigerant", ("charged", "top-up", "quantity", "amount", "充注量", "补充量", "数量")),),
        {"item": ("refrigerant", "gas", "type", "制冷剂", "制冷剂类型", "冷媒"), "meter": ("equipment", "unit id", "设备")},
        ("site", "period", "item"),
        (("site", "date", "refrigerant", "charged", "unit"), ("hq", "2024-01-15", "R-410A", "1.2", "kg")),
    ),
    Template(
        "heat",
        "Purchased heat and steam",
        ("heat", "steam", "district heating", "热力", "采暖", "蒸汽"),
        (Measure("heat", ("heat", "quantity", "consumption", "供热量", "用热量", "热量")),),
        example=(("site", "month", "heat", "unit", "invoice"), ("hq", "2024-01", "320", "GJ", "H-3")),
    ),
    Template(
        "revenue",
        "Revenue by business",
        ("revenue", "turnover", "营业收入", "收入"),
        (Measure("revenue", ("revenue", "amount", "营业收入", "收入", "金额")),),
        {"site": ("business", "entity", "业务", "板块")},
        example=(("business", "month", "revenue", "unit"), ("group", "2024-01", "12.5", "million CNY")),
    ),
    Template(
        "floor-area",
        "Floor areas",
        ("floor area", "gross area", "建筑面积", "面积"),
        (Measure("floor-area", ("floor area", "area", "建筑面积", "面积"), unit="m2"),),
        example=(("site", "month", "floor area", "unit"), ("hq", "2024-01", "12000", "m2")),
    ),
)  # fmt: skip
