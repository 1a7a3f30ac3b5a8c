"""Kinds of activity of Scopes 1 and 2, and the files they come in."""

from __future__ import annotations

import re

from abate.kernel.kind import NO_ATTRIBUTE, Kind, Measure, Template
from abate.kernel.resources import package_table

FUELS: dict[str, tuple[str, ...]] = {
    "diesel": ("柴油", "0#柴油", "0号柴油", "轻柴油", "軽油", "diesel fuel", "diesel oil", "derv", "dieselkraftstoff", "gazole",
               "gasóleo a", "gasolio autotrazione", "diesel (average biofuel blend)", "diesel b7", "hsd",
               "high speed diesel"),
    "motor-gasoline": ("汽油", "92#汽油", "95#汽油", "98#汽油", "92号汽油", "95号汽油", "gasoline", "petrol", "unleaded", "benzin",
                       "superbenzin", "essence", "gasolina", "benzina", "benzine", "ガソリン",
                       "petrol (average biofuel blend)", "motor spirit"),
    "natural-gas": ("天然气", "管道天然气", "mains gas", "piped gas", "erdgas", "gaz naturel", "gas naturale", "metano",
                    "gas natural", "gás natural", "aardgas", "gaz ziemny", "天然ガス"),
    "city-gas": ("都市ガス",),
    "cng": ("compressed natural gas", "压缩天然气"),
    "lng": ("liquefied natural gas", "液化天然气"),
    "lpg": ("液化石油气", "液化气", "liquefied petroleum gas", "autogas", "flüssiggas", "gpl", "glp", "lpガス", "プロパンガス"),
    "propane": ("propan",),
    "butane": ("butan",),
    "gas-oil": ("gasoil", "red diesel", "marked gas oil", "rebated gas oil", "heizöl el", "heizöl extra leicht",
                "fioul domestique", "gasóleo de calefacción", "gasolio riscaldamento", "huisbrandolie"),
    "residual-fuel-oil": ("燃料油", "heavy fuel oil", "hfo", "schweröl", "fioul lourd", "furnace oil", "residual oil",
                          "mazut"),
    "kerosene": ("煤油", "burning oil", "paraffin", "heating kerosene", "灯油"),
    "jet-kerosene": ("jet a-1", "jet a1", "jet a", "jet fuel", "aviation turbine fuel", "avtur", "航空煤油"),
    "aviation-gasoline": ("avgas", "aviation spirit"),
    "other-bituminous-coal": ("烟煤", "bituminous coal", "bituminous"),
    "sub-bituminous-coal": ("次烟煤", "sub-bituminous", "subbituminous"),
    "anthracite": ("无烟煤", "anthracite coal", "anthrazit"),
    "lignite": ("褐煤", "brown coal", "braunkohle", "lignite coal"),
    "coking-coal": ("炼焦煤", "coking coal"),
    "petroleum-coke": ("石油焦", "petcoke", "pet coke"),
    "peat": ("泥炭", "torf"),
    "wood-pellets": ("木质颗粒", "pellets", "holzpellets", "granulés de bois", "pellet di legno"),
    "wood-chips": ("木片", "hackschnitzel", "holzhackschnitzel", "plaquettes de bois"),
    "wood-logs": ("木柴", "firewood", "scheitholz", "bûches"),
    "biogas": ("沼气",),
    "landfill-gas": ("填埋气",),
    "biomethane": ("biomethan", "biométhane", "biomethane (compressed)"),
    "biodiesel": ("fame", "biodiesel me", "生物柴油", "b100"),
    "hvo": ("biodiesel hvo", "hvo100", "hydrotreated vegetable oil", "renewable diesel", "hvo diesel"),
    "bioethanol": ("ethanol", "燃料乙醇"),
    "biopropane": ("biolpg", "bio-lpg"),
}  # fmt: skip
"""Fuels that files and publishers call by several names, each the same thing; any other fuel goes
by its printed name.
"""

ASKS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(
        ("coal", "煤", "煤炭", "kohle", "steinkohle", "charbon", "carbón", "石炭"),
        ("coal-industrial", "coal-domestic", "other-bituminous-coal", "sub-bituminous-coal", "anthracite", "lignite"),
    ),
    **dict.fromkeys(("oil", "fuel oil", "heating oil", "heizöl", "fioul", "mazout", "stookolie"), ("gas-oil", "kerosene", "residual-fuel-oil")),
    **dict.fromkeys(("重油", "heavy oil"), ("residual-fuel-oil", "heavy-oil-a", "heavy-oil-bc")),
    **dict.fromkeys(("wood", "biomass", "木材", "holz", "bois"), ("wood-logs", "wood-chips", "wood-pellets")),
    **dict.fromkeys(("bottled gas", "cylinder gas"), ("propane", "butane", "lpg")),
}  # fmt: skip
GAS_IN_BUILDINGS = {
    **dict.fromkeys(("gas", "gaz", "gás", "ガス", "燃气"), ("natural-gas", "lpg")),
    **dict.fromkeys(("gasolio", "gasóleo"), ("gas-oil", "diesel")),
}
GAS_IN_VEHICLES = dict.fromkeys(("gas", "gaz", "燃气"), ("motor-gasoline", "cng", "lpg"))


def _refrigerants() -> dict[str, tuple[str, ...]]:
    """Gases and blends of the factor table.

    With their R numbers written with and without hyphen.
    """
    names: dict[str, tuple[str, ...]] = {}
    for row in package_table("abate.operations", "factors.csv"):
        item = row["item"]
        if row["kind"] == "refrigerant" and item not in names:
            number = (
                "R-" + item.split("-", 1)[1]
                if re.match(r"(HFC|HCFC|CFC|HFO|HCFO)-\d", item)
                else item
            )
            names[item] = tuple(
                dict.fromkeys(
                    (
                        number,
                        number.replace("-", ""),
                        item.replace("-", ""),
                        *REFRIGERANT_WORDS.get(item, ()),
                    )
                )
            )
    return names


REFRIGERANT_WORDS: dict[str, tuple[str, ...]] = {
    "R-290": ("propane", "HC-290"),
    "R-600a": ("isobutane", "HC-600a"),
    "R-600": ("butane", "HC-600"),
    "R-717": ("ammonia", "NH3", "氨"),
    "R-744": ("carbon dioxide", "CO2", "二氧化碳"),
    "R-1270": ("propylene", "propene", "HC-1270"),
    "SF6": ("sulphur hexafluoride", "sulfur hexafluoride", "六氟化硫"),
    "NF3": ("nitrogen trifluoride",),
}
REFRIGERANTS = _refrigerants()
CARS: dict[str, tuple[str, ...]] = {
    "small": ("small car", "compact", "小型"),
    "medium": ("medium car", "mid-size", "中型"),
    "large": ("large car", "大型"),
    "diesel": ("柴油", "diesel car"),
    "petrol": ("gasoline", "motor-gasoline", "汽油", "benzin", "essence", "petrol car"),
    "hybrid": ("hev", "混合动力"),
    "plug-in-*": ("plug-in-hybrid", "phev", "plug-in hybrid electric vehicle", "插电混动"),
    "electric-*": (
        "electric",
        "bev",
        "ev",
        "battery electric",
        "battery electric vehicle",
        "纯电",
        "电动",
    ),
    "cng": ("compressed natural gas",),
    "lpg": ("autogas",),
    NO_ATTRIBUTE: ("average", "average car", "unknown", "all", ""),
}
VEHICLES: dict[str, tuple[str, ...]] = {
    "car": (
        "average car",
        "passenger car",
        "pool car",
        "company car",
        "轿车",
        "小汽车",
        "pkw",
        "voiture",
    ),
    "car/small": ("small car",),
    "car/medium": ("medium car",),
    "car/large": ("large car", "suv"),
    "electric-car": ("electric car", "ev", "bev", "电动车", "新能源车"),
    "plug-in-car": ("plug-in hybrid", "phev"),
    "van": (
        "delivery van",
        "light goods vehicle",
        "lgv",
        "light-duty truck",
        "transporter",
        "面包车",
        "utilitaire",
    ),
    "road": (
        "hgv",
        "lorry",
        "heavy goods vehicle",
        "truck",
        "medium- and heavy-duty truck",
        "货车",
        "lkw",
    ),
    "motorbike": ("motorcycle", "摩托车", "motorrad", "moto"),
}


def _reading(kind: str) -> Measure:
    """Readings of a counter: the difference of two is what was consumed between them."""
    words = (
        "meter reading",
        "reading",
        "index",
        "zählerstand",
        "relevé",
        "lettura",
        "lectura",
        "表码",
        "抄表读数",
    )
    return Measure(kind, words, readings=True)


FUEL_UNITS = ("volume", "mass", "energy-net", "energy-gross")
KINDS = (
    Kind("stationary-fuel", "Fuel burnt in stationary equipment", FUEL_UNITS, FUELS, item_required=True,
         known_by=("stationary-fuel",), asks={**ASKS, **GAS_IN_BUILDINGS}, metered=True),
    Kind("mobile-fuel", "Fuel burnt in vehicles", FUEL_UNITS, FUELS, item_required=True,
         known_by=("mobile-fuel",), asks={**ASKS, **GAS_IN_VEHICLES}),
    Kind("vehicle-distance", "Distance driven by own vehicles", ("distance",), VEHICLES, item_required=True,
         known_by=("vehicle",), attributes=CARS),
    Kind("refrigerant", "Refrigerant topped up", ("mass",), REFRIGERANTS, item_required=True,
         known_by=("refrigerant", "refrigerant-published")),
    Kind("electricity", "Electricity purchased", ("energy",), metered=True),
    Kind("heat", "Heat and steam purchased", ("energy",),
         {"district-heat": ("热力", "暖气", "steam", "蒸汽", "heat", "district heating", "fernwärme"), "onsite-heat": ("onsite heat and steam",)},
         metered=True),
    Kind("revenue", "Revenue", ("money",)),
    Kind("floor-area", "Floor area", ("area",), cumulative=False),
)  # fmt: skip

_FUEL: dict[str, tuple[str, ...]] = {
    "item": (
        "fuel",
        "fuel type",
        "product",
        "energieträger",
        "brennstoff",
        "kraftstoff",
        "combustible",
        "carburant",
        "énergie",
        "combustibile",
        "carburante",
        "combustível",
        "brandstof",
        "燃料種別",
        "燃料",
        "油品",
        "燃料种类",
        "能源品种",
        "品名",
    )
}

OTHER_ENERGY = (
    "gas",
    "erdgas",
    "gasverbrauch",
    "gaz",
    "heat",
    "heating",
    "steam",
    "fernwärme",
    "wärme",
    "chauffage",
    "chaleur",
    "calore",
    "calor",
    "therms?",
    "ccf",
    "mcf",
    "dth",
    "diesel",
    "heizöl",
    "fioul",
    "fuel",
    "oil",
    "燃气",
    "天然气",
    "热力",
    "蒸汽",
    "ガス",
)
"""Words that tell a file of another energy than electricity, as patterns of whole words."""
MILEAGE = ("mileage", "distance", "km", "miles", "mileage km", "行驶里程", "里程")
TEMPLATES = (
    Template(
        "electricity",
        "Electricity bills",
        ("electricity", "power bill", "strom", "électricité", "elettric", "eléctric", "elétric", "电费", "电量", "用电", "电力", "電気", "電力"),
        (
            Measure(
                "electricity",
                (
                    "consumption", "electricity", "energy", "usage", "billed energy", "kwh", "mwh", "gwh", "verbrauch", "stromverbrauch", "strom",
                    "consommation", "consommation d'électricité", "consommation électrique", "électricité", "consumo", "consumo elettrico",
                    "energia elettrica", "consumo eléctrico", "electricidad", "consumo de energia", "verbruik",
                    "使用電力量", "電力使用量", "使用量",
                    "用电量", "电量", "结算电量", "有功电量", "本月电量", "电量合计",
                ),
            ),
            _reading("electricity"),
        ),
        fields={"meter": ("meter", "meter no", "meter id", "meter number", "mpan", "表号", "电表号")},
        unless=OTHER_ENERGY,
        example=(("site", "month", "consumption", "unit", "invoice"), ("hq", "2024-01", "12400", "kWh", "A-001")),
    ),
    Template(
        "stationary-fuel",
        "Fuel for boilers, kitchens and generators",
        ("boiler", "generator", "stationary", "heizung", "erdgas", "chaufferie", "gaz", "gas naturale", "caldaia", "caldera", "ガス", "锅炉", "食堂", "发电机", "燃气"),
        (
            Measure("stationary-fuel", ("quantity", "amount", "volume", "usage", "consumption", "menge", "verbrauch", "quantité", "consommation", "quantità", "consumo", "cantidad", "quantidade", "hoeveelheid", "数量", "使用量", "用量", "用气量", "消耗量", "数量")),
            _reading("stationary-fuel"),
        ),
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
            Measure("mobile-fuel", MILEAGE, "L", "estimated", times=("consumption",), scale=0.01, amount="km"),
            Measure("mobile-fuel", MILEAGE, "imperial_gallon", "estimated", over=("mpg uk",), amount="mile"),
            Measure("mobile-fuel", MILEAGE, "us_gallon", "estimated", over=("mpg us",), amount="mile"),
            Measure("mobile-fuel", MILEAGE, "L", "estimated", over=("km per litre",), amount="km"),
            Measure("vehicle-distance", MILEAGE, "km", item="car", item_fields=("body", "size", "item")),
        ),
        {
            **_FUEL,
            "body": ("vehicle type", "type of vehicle", "body", "车型"),
            "size": ("size", "car size", "vehicle size", "market segment", "大小"),
            "meter": ("vehicle", "plate", "registration", "车牌", "车牌号"),
            "consumption": ("l/100km", "l/100 km", "l per 100 km", "consumption l/100km", "litres per 100 km", "百公里油耗"),
            "mpg uk": ("mpg (uk)", "mpg uk", "mpg (imperial)", "miles per uk gallon"),
            "mpg us": ("mpg (us)", "mpg us", "miles per us gallon"),
            "km per litre": ("km/l", "km per litre", "km per liter", "kmpl"),
        },
        ("site", "period", "item"),
        (
            ("site", "month", "vehicle", "fuel", "mileage km", "l/100km"),
            ("hq", "2024-01", "CD456", "petrol", "1200", "7.9"),
        ),
        alternatives=True,
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
