"""Kinds of activity of the value chain, the fifteen categories of Scope 3.

And the files they come in.
"""

from __future__ import annotations

from typing import Any

from abate.kernel.kind import NO_ATTRIBUTE, Kind, Measure, Template
from abate.operations.facts.own import ASKS, CARS, FUELS, GAS_IN_BUILDINGS, REFRIGERANTS

CATEGORIES: dict[str, str] = {
    "1": "Purchased goods and services",
    "2": "Capital goods",
    "3": "Fuel- and energy-related activities",
    "4": "Upstream transportation and distribution",
    "5": "Waste generated in operations",
    "6": "Business travel",
    "7": "Employee commuting",
    "8": "Upstream leased assets",
    "9": "Downstream transportation and distribution",
    "10": "Processing of sold products",
    "11": "Use of sold products",
    "12": "End-of-life treatment of sold products",
    "13": "Downstream leased assets",
    "14": "Franchises",
    "15": "Investments",
}
"""Titles of the categories of Scope 3.

Source: GHG Protocol Corporate Value Chain (Scope 3) Standard (2011), Table 5.4.
"""

GOODS: dict[str, tuple[str, ...]] = {
    "322211": ("corrugated boxes", "cartons", "纸箱", "瓦楞纸箱"),
    "326111": ("plastic bags", "mailer bags", "快递袋", "塑料袋"),
    "322220": ("paper bags", "labels", "tape", "胶带", "面单"),
    "334111": ("computers", "servers", "服务器", "电脑"),
    "334210": ("telephone apparatus", "network equipment", "网络设备"),
    "518210": ("data processing", "cloud services", "hosting", "云服务"),
    "517311": ("telecommunications", "通信服务"),
    "541511": ("software development", "软件开发"),
    "541810": ("advertising", "广告"),
    "541611": ("consulting", "management consulting", "咨询"),
    "561720": ("cleaning", "janitorial services", "保洁"),
    "561612": ("security services", "安保"),
    "722310": ("catering", "food service", "餐饮"),
    "236220": ("construction", "buildings", "工程", "建筑工程"),
    "333415": ("air conditioning equipment", "refrigeration equipment", "空调设备"),
    "333924": ("forklifts", "industrial trucks", "叉车"),
    "492110": ("couriers", "express delivery", "快递服务"),
    "484121": ("trucking", "road freight", "公路运输"),
    "311991": ("food", "groceries", "食品"),
    "522110": ("financial services", "金融服务"),
}
"""Sectors by their NAICS codes of 2017, with the words found in ledgers of purchases."""

FREIGHT: dict[str, tuple[str, ...]] = {
    "road": ("truck", "hgv", "lorry", "lkw", "road freight", "公路", "货车", "干线"),
    "van": ("last mile", "courier van", "城配", "面包车"),
    "rail": ("freight train", "rail freight", "train", "铁路"),
    "sea": ("ship", "container ship", "ocean", "sea freight", "海运"),
    "air": ("air freight", "air cargo", "航空", "空运"),
}
FREIGHT_ATTRIBUTES: dict[str, tuple[str, ...]] = {
    "rigid": ("rigid truck",),
    "articulated": ("artic", "semi-trailer", "articulated truck"),
    "refrigerated": ("reefer", "cooled", "冷藏"),
    "diesel": (), "petrol": (), "cng": (), "lpg": (), "electric-*": ("electric", "battery electric vehicle"),
    "plug-in-*": ("plug-in hybrid electric vehicle",),
    "domestic": (), "short": ("short-haul",), "long": ("long-haul",),
    "without-rf": ("without rf", "no rf"),
    NO_ATTRIBUTE: ("average", "average laden", "unknown", "with rf"),
}  # fmt: skip
SHORT_HAUL_KM, REGIONAL_KM = 3_700.0, 482.8032
"""Up to where a flight is short-haul (UK Government conversion factors, methodology paper: 3,700 km; EPA: 2,300 miles),
and a regional one (EPA GHG Emission Factors Hub, Table 10: 300 miles)."""
FLIGHT_BANDS = (
    (REGIONAL_KM, "air-short/regional"),
    (SHORT_HAUL_KM, "air-short"),
    (float("inf"), "air-long"),
)
TRAVEL: dict[str, tuple[str, ...]] = {
    "air": ("flight", "flights", "plane", "air travel", "flug", "vol", "vuelo", "volo", "voo", "航班", "飞机", "飛行機", "international flight", "国际航班"),
    "air/domestic": ("domestic flight", "domestic", "inlandsflug", "vol intérieur", "国内航班"),
    "air-short": ("flight short", "short haul", "short-haul", "short haul flight", "medium haul"),
    "air-long": ("flight long", "long haul", "long-haul", "long haul flight"),
    "rail": ("train", "national rail", "high-speed rail", "bahn", "zug", "高铁", "火车", "電車", "鉄道"),
    "rail/high-speed": ("tgv", "ice", "shinkansen", "新幹線"),
    "rail/international": ("international rail", "eurostar"),
    "metro": ("subway", "underground", "tube", "u-bahn", "métro", "地铁", "地下鉄"),
    "tram": ("light rail", "tramway", "straßenbahn", "有轨电车"),
    "bus": ("local bus", "city bus", "公交", "バス"),
    "coach": ("long-distance bus", "intercity bus", "reisebus", "autocar", "大巴", "长途客车"),
    "car": ("private car", "passenger car", "rental car", "hire car", "auto", "pkw", "voiture", "私家车", "自動車"),
    "car/petrol": ("petrol car", "gasoline car"),
    "car/diesel": ("diesel car",),
    "car/small": ("small car",), "car/medium": ("medium car",), "car/large": ("large car",),
    "electric-car": ("ev", "electric car", "新能源车", "电动车"),
    "plug-in-car": ("plug-in hybrid", "phev"),
    "motorbike": ("motorcycle", "moto", "摩托车"),
    "taxi": ("ride hailing", "cab", "出租车", "网约车", "タクシー"),
    "ferry": ("渡轮",),
    "bicycle": ("bike", "walk", "walking", "cycling", "自行车", "步行", "骑行"),
    "hotel": ("hotel night", "hotel stay", "hotel nights", "酒店", "ホテル"),
    "homeworking": ("home office", "working from home", "wfh", "télétravail", "居家办公"),
}  # fmt: skip
TRAVEL_ATTRIBUTES: dict[str, tuple[str, ...]] = {
    **{k: v for k, v in CARS.items() if k != NO_ATTRIBUTE},
    "economy": ("economy class", "y", "coach class", "经济舱"),
    "premium-economy": ("premium economy class", "premium", "w"),
    "business": ("business class", "c", "j", "商务舱"),
    "first": ("first class", "f", "头等舱"),
    "without-rf": ("without rf", "no rf", "without radiative forcing"),
    "domestic": (),
    "non-uk": ("between non-uk airports", "international, to/from non-uk"),
    "regional": (),
    "london": (),
    "foot": ("foot passenger",),
    "black-cab": ("black cab",),
    NO_ATTRIBUTE: ("average passenger", "average", "average car", "unknown", "with rf", "any"),
}
WASTE: dict[str, tuple[str, ...]] = {
    "mixed": (
        "general waste",
        "commercial waste",
        "commercial and industrial waste",
        "mixed msw",
        "residual waste",
        "restmüll",
        "生活垃圾",
    ),
    "household": ("household residual waste",),
    "paper": (
        "paper and card",
        "paper and board: mixed",
        "mixed paper (general)",
        "mixed paper",
        "papier",
        "废纸",
    ),
    "cardboard": ("paper and board: board", "corrugated containers", "carton", "纸板"),
    "plastic": (
        "plastics",
        "plastics: average plastics",
        "mixed plastics",
        "kunststoff",
        "plastique",
        "塑料",
    ),
    "metal": ("scrap metal", "metal: scrap metal", "mixed metals", "废金属"),
    "glass": ("glas", "verre", "玻璃"),
    "wood": ("holz", "bois", "木材"),
    "food": ("organic: food and drink waste", "food waste only"),
    "garden": ("organic: garden waste", "yard trimmings"),
    "organic": ("organic: mixed food and garden waste", "mixed organics", "biowaste", "biomüll"),
    "electronic": ("weee - mixed", "weee", "mixed electronics", "e-waste"),
    "construction": ("average construction", "rubble", "bauschutt"),
    "mixed/landfill": ("landfill", "填埋", "生活垃圾填埋"),
    "mixed/incineration": (
        "incineration",
        "combustion",
        "energy from waste",
        "焚烧",
        "生活垃圾焚烧",
    ),
    "paper/recycling": ("paper recycling", "cardboard recycled", "废纸回收"),
    "plastic/recycling": ("plastic recycling", "塑料回收"),
    "metal/recycling": ("metal recycling", "废金属"),
    "organic/composting": ("food waste composted", "composting", "厨余垃圾", "餐厨垃圾"),
    "electronic/recycling": ("weee recycling", "e-waste recycling", "电子废弃物"),
    "wastewater": ("sewage", "water treatment", "abwasser", "eaux usées", "污水"),
}
TREATMENTS: dict[str, tuple[str, ...]] = {
    "landfill": ("landfilled", "deponie", "décharge", "填埋"),
    "incineration": ("combustion", "combusted", "incinerated", "incineration with energy recovery", "energy recovery", "verbrennung", "焚烧"),
    "recycling": ("recycled", "closed-loop", "closed loop", "回收"),
    "open-loop": ("open loop",),
    "composting": ("composted", "kompostierung", "堆肥"),
    "anaerobic-digestion": (
        "anaerobic digestion", "anaerobically digested", "anaerobically digested (dry digestate with curing",
    ),
    "wet-digestion": ("anaerobically digested (wet digestate with curing)", "anaerobically digested (wet digestate with curing"),
    "reuse": ("re-use", "reused"),
}  # fmt: skip
POWER = {
    "electricity": ("power", "电", "电力"),
    "district-heat": ("heat", "steam", "热力"),
    **FUELS,
    **REFRIGERANTS,
}
FUEL_DIMENSIONS = ("energy", "energy-net", "energy-gross", "volume", "mass")


def _kind(
    name: str,
    title: str,
    dimensions: tuple[str, ...],
    items: dict[str, tuple[str, ...]],
    **more: Any,
) -> Kind:
    return Kind(
        name, title, (*dimensions, "emissions"), items, item_required=True, open=True, **more
    )


KINDS = (
    _kind("purchased-goods", "Goods and services bought", ("mass", "money", "count", "volume", "area"), GOODS),
    _kind("supplier-input", "What a supplier used for the goods bought", (*FUEL_DIMENSIONS, "freight", "money"), POWER),
    _kind("capital-goods", "Capital goods bought", ("mass", "money", "count", "area"), GOODS),
    Kind("electricity-resold", "Electricity bought and sold on", ("energy",)),
    _kind("upstream-freight", "Transport paid for", ("freight", "distance", *FUEL_DIMENSIONS, "money"), {**FREIGHT, **POWER},
          attributes=FREIGHT_ATTRIBUTES, asks=ASKS),
    _kind("upstream-storage", "Storage paid for", ("storage", *FUEL_DIMENSIONS), {"warehouse": ("仓库",), **POWER}),
    _kind("waste", "Waste handed over", ("mass", "volume", "money"), WASTE, attributes=TREATMENTS,
          asks={"food waste": ("organic/composting", "food/anaerobic-digestion", "food/landfill", "food/incineration")}),
    _kind("business-travel", "Business travel", ("travel", "distance", "lodging", *FUEL_DIMENSIONS, "money"), {**TRAVEL, **POWER},
          attributes=TRAVEL_ATTRIBUTES, bands={"air": FLIGHT_BANDS}),
    _kind("commuting", "Commuting", ("travel", "distance", "working-time", *FUEL_DIMENSIONS), {**TRAVEL, **POWER},
          attributes=TRAVEL_ATTRIBUTES, bands={"air": FLIGHT_BANDS}),
    _kind("leased-asset", "Assets leased from others", (*FUEL_DIMENSIONS, "area-time"), POWER, asks={**ASKS, **GAS_IN_BUILDINGS}),
    _kind("downstream-freight", "Transport paid for by others", ("freight", "distance", *FUEL_DIMENSIONS, "money"),
          {**FREIGHT, **POWER}, attributes=FREIGHT_ATTRIBUTES, asks=ASKS),
    _kind("downstream-storage", "Storage paid for by others", ("storage", *FUEL_DIMENSIONS), {"warehouse": ("仓库",), **POWER}),
    _kind("processing", "Processing of sold products", (*FUEL_DIMENSIONS, "count"), {**POWER, **WASTE}),
    _kind("product-use", "Use of sold products, direct", (*FUEL_DIMENSIONS, "distance"), POWER),
    _kind("product-use-indirect", "Use of sold products, indirect", (*FUEL_DIMENSIONS, "distance", "count"), POWER),
    _kind("end-of-life", "Sold products at the end of their life", ("mass", "count"), WASTE, attributes=TREATMENTS),
    _kind("leased-out-asset", "Assets leased to others", (*FUEL_DIMENSIONS, "area-time"), POWER),
    _kind("franchise", "Franchises", (*FUEL_DIMENSIONS, "area-time", "count"), POWER),
    _kind("investment", "Investments", ("money",), GOODS),
)  # fmt: skip

_PARTY = {
    "party": (
        "supplier",
        "vendor",
        "carrier",
        "partner",
        "investee",
        "franchisee",
        "tenant",
        "lessor",
        "供应商",
        "承运商",
    ),
    "region": ("country", "region", "国家", "地区"),
}
_ITEM = {"item": ("item", "product", "category", "sector", "type", "品类", "物料", "类别", "产品")}
_MONEY = ("amount", "spend", "spend cny", "金额", "采购金额", "不含税金额")
_MASS = ("mass", "weight", "quantity", "重量", "数量")


def _goods(name: str, title: str, words: tuple[str, ...], kind: str, example: str) -> Template:
    measures = (
        Measure(kind, ("reported emissions", "supplier emissions", "供应商排放量"), unit="kg CO2e"),
        Measure(kind, _MASS, measures=("mass", "count", "volume", "area")),
        Measure(kind, _MONEY, measures=("money",)),
    )
    rows = (
        ("site", "month", "item", "supplier", "spend", "unit", "invoice"),
        ("group", "2024-01", example, "ACME", "125000", "CNY", "P-1"),
    )
    return Template(
        name,
        title,
        words,
        measures,
        {**_ITEM, **_PARTY},
        ("site", "period", "item"),
        rows,
        alternatives=True,
    )


def _freight(name: str, title: str, words: tuple[str, ...], kind: str) -> Template:
    """Transport by its fuel, by mass and distance, by what the carrier reports, or by its price.

    A share of a tour.
    """
    allocation = ("own tkm?",)
    measures = (
        Measure(
            kind,
            ("reported emissions", "carrier emissions", "承运商排放量"),
            unit="kg CO2e",
            times=allocation,
            over=("total tkm?",),
        ),
        Measure(
            kind,
            ("fuel used", "fuel", "油耗"),
            measures=FUEL_DIMENSIONS,
            times=allocation,
            over=("total tkm?",),
        ),
        Measure(
            kind,
            ("mass", "weight", "货量", "重量"),
            times=("distance",),
            by_unit="km",
            measures=("freight",),
        ),
        Measure(kind, ("vehicle distance", "vehicle km", "车公里"), unit="km"),
        Measure(kind, _MONEY, measures=("money",)),
    )
    fields = {
        **_ITEM,
        **_PARTY,
        "item": ("mode", "fuel type", "transport mode", "运输方式", *_ITEM["item"]),
        "distance": ("distance", "distance km", "运距", "里程"),
        "own tkm": ("own tkm", "our tkm"),
        "total tkm": ("total tkm", "all tkm"),
    }
    rows = (
        ("site", "month", "mode", "carrier", "mass", "unit", "distance km"),
        ("hq", "2024-01", "road", f"Carrier ({name})", "12.5", "t", "840"),
    )
    return Template(
        name, title, words, measures, fields, ("site", "period", "item"), rows, alternatives=True
    )


def _asset(name: str, title: str, words: tuple[str, ...], other: str) -> Template:
    """Leased assets and franchises by their energy, by what the other side reports, or by area."""
    kind = name
    measures = (
        Measure(kind, ("reported emissions", "排放量"), unit="kg CO2e", times=("share?",)),
        Measure(kind, ("it energy", "it用电量"), times=("pue",)),
        Measure(kind, ("energy", "consumption", "用电量", "用量"), times=("share?",)),
        Measure(
            kind, ("area", "floor area", "租赁面积"), unit="m2", by_unit="year", for_period=True
        ),
        Measure(kind, ("outlets", "count", "门店数"), unit="count"),
    )
    fields = {
        **_ITEM,
        **_PARTY,
        "item": ("energy type", "fuel", "asset type", "能源类型", *_ITEM["item"]),
        "pue": ("pue",),
        "share": ("share", "occupied share", "占比"),
    }
    rows = (
        ("site", "month", "energy type", other, "energy", "unit"),
        ("hq", "2024-01", "electricity", "ACME", "18000", "kWh"),
    )
    return Template(
        name, title, words, measures, fields, ("site", "period", "item"), rows, alternatives=True
    )


ONE_WAY = ("one way distance", "one-way distance", "distance one way", "单程距离")
TRIP = ("item", "size", "fuel", "class")
WAYS = ("trip", "ways", "one way or return", "journey type", "trip type", "往返")
TEMPLATES = (
    _goods("purchased-goods", "Goods and services bought", ("purchase", "procurement", "采购"), "purchased-goods", "consulting"),
    _goods("capital-goods", "Capital goods bought", ("capital", "capex", "固定资产"), "capital-goods", "servers"),
    Template(
        "supplier-input",
        "What a supplier used for the goods bought",
        ("supplier input", "supplier data", "hybrid", "供应商数据"),
        (
            Measure("supplier-input", ("mass", "weight"), times=("distance",), by_unit="km", measures=("freight",)),
            Measure("supplier-input", ("used", "amount", "quantity", "用量")),
        ),
        {**_ITEM, **_PARTY, "distance": ("distance", "distance km")},
        ("site", "period", "item"),
        (("site", "month", "item", "supplier", "used", "unit"), ("group", "2024-01", "electricity", "ACME", "5000", "kWh")),
        alternatives=True,
    ),
    Template(
        "electricity-resold",
        "Electricity bought and sold on",
        ("resold", "sold on", "转售"),
        (Measure("electricity-resold", ("resold", "electricity resold", "转售电量")),),
        example=(("site", "month", "resold", "unit"), ("hq", "2024-01", "90", "MWh")),
    ),
    _freight("upstream-freight", "Transport paid for", ("upstream", "inbound", "freight", "运输", "干线"), "upstream-freight"),
    _freight("downstream-freight", "Transport paid for by others", ("downstream", "outbound", "自提"), "downstream-freight"),
    *(
        Template(
            f"{side}-storage",
            f"Storage paid for {by}",
            (side, "storage", "distribution centre", "仓储"),
            (Measure(f"{side}-storage", ("volume", "stored", "体积"), unit="m3", times=("days",), by_unit="day"),),
            {**_ITEM, **_PARTY, "days": ("days", "天数")},
            ("site", "period", "item"),
            (("site", "month", "type", "volume (m3)", "days", "partner"), ("hq", "2024-01", "warehouse", "4000", "2", f"Store ({side})")),
        )
        for side, by in (("upstream", "by us"), ("downstream", "by others"))
    ),
    Template(
        "waste",
        "Waste handed over",
        ("waste", "refuse", "recycling", "废弃物", "垃圾"),
        (
            Measure("waste", ("reported emissions",), unit="kg CO2e"),
            Measure("waste", ("waste", "mass", "weight", "quantity", "重量", "数量"), measures=("mass", "volume")),
            Measure("waste", _MONEY, measures=("money",)),
        ),
        {**_ITEM, **_PARTY, "item": ("waste type", "treatment", "处理方式", *_ITEM["item"])},
        ("site", "period", "item"),
        (("site", "month", "waste type", "waste", "unit"), ("hq", "2024-01", "mixed/landfill", "3.2", "t")),
        alternatives=True,
    ),
    Template(
        "business-travel",
        "Business travel",
        ("travel", "trip", "flight", "差旅"),
        (
            Measure("business-travel", ("reported emissions",), unit="kg CO2e"),
            Measure("business-travel", ("fuel used", "fuel"), times=("trips?",)),
            Measure("business-travel", ("nights", "room nights", "hotel nights", "间夜"), unit="room_night", times=("rooms?",), item="hotel"),
            Measure("business-travel", ("distance", "distance km", "里程"), unit="km", times=("passengers?", "trips?", "ways?"),
                    by_unit="passenger", item_fields=TRIP),
            Measure("business-travel", (), unit="km", basis="estimated", times=("passengers?", "trips?", "ways?"), by_unit="passenger",
                    between=("from", "to"), item="air", item_fields=TRIP),
            Measure("business-travel", ("vehicle distance", "vehicle km", "车公里"), unit="km", times=("trips?",)),
            Measure("business-travel", _MONEY, measures=("money",)),
        ),
        {
            **_ITEM, **_PARTY, "item": ("mode", "travel mode", "出行方式", *_ITEM["item"]),
            "passengers": ("passengers", "travellers", "employees", "persons", "人数"), "trips": ("trips", "number of trips", "次数"),
            "rooms": ("rooms",), "ways": WAYS, "class": ("class", "cabin", "cabin class", "travel class", "fare class", "舱位"),
            "size": ("size", "car size", "vehicle size"), "fuel": ("fuel type", "vehicle fuel", "drive"),
            "from": ("from", "origin", "departure", "departure airport", "von", "départ", "出发", "出发地"),
            "to": ("to", "destination", "arrival", "arrival airport", "nach", "arrivée", "到达", "目的地"),
        },
        ("site", "period", "item"),
        (("entity", "month", "mode", "passengers", "distance km"), ("group", "2024-01", "rail", "3", "1318")),
        alternatives=True,
    ),
    Template(
        "commuting",
        "Commuting",
        ("commut", "通勤"),
        (
            Measure("commuting", ("fuel used", "fuel"), times=("days?",)),
            Measure("commuting", ONE_WAY, unit="km", times=("ways", "days", "weeks?", "employees?"), by_unit="passenger",
                    item_fields=("item", "size", "fuel")),
            Measure("commuting", ONE_WAY, unit="km", times=("days", "weeks?", "employees?"), by_unit="passenger", scale=2.0,
                    item_fields=("item", "size", "fuel")),
            Measure("commuting", ("distance", "distance km"), unit="km",
                    times=("ways?", "days", "weeks?", "employees?"), by_unit="passenger", item_fields=("item", "size", "fuel")),
            Measure("commuting", ("vehicle distance", "vehicle km", "车公里"), unit="km", times=("ways?", "days", "weeks?", "employees?")),
            Measure("commuting", ("home hours", "homeworking hours", "home working hours", "hours worked from home", "hours at home", "working hours", "hours", "居家工时"), unit="fte_hour", times=("employees?",)),
        ),
        {
            **_ITEM, **_PARTY, "item": ("mode", "travel mode", "出行方式", *_ITEM["item"]),
            "employees": ("employees", "headcount", "人数"), "days": ("days", "days per week", "days a week", "days per month", "天数"),
            "weeks": ("weeks", "weeks per year", "周数"), "ways": ("ways", "trips per day", "往返"),
            "size": ("size", "car size", "vehicle size"), "fuel": ("fuel type", "vehicle fuel", "drive"),
        },
        ("site", "period", "item"),
        (
            ("site", "month", "mode", "employees", "distance km", "ways", "days"),
            ("hq", "2024-01", "metro", "310", "14", "2", "21"),
        ),
        alternatives=True,
    ),
    _asset("leased-asset", "Assets leased from others", ("leased", "rented", "colocation", "租赁", "租用"), "lessor"),
    _asset("leased-out-asset", "Assets leased to others", ("leased out", "tenant", "出租"), "tenant"),
    _asset("franchise", "Franchises", ("franchise", "加盟"), "franchisee"),
    Template(
        "processing",
        "Processing of sold products",
        ("processing", "加工"),
        (
            Measure("processing", ("reported emissions",), unit="kg CO2e"),
            Measure("processing", ("used", "energy", "amount", "quantity", "用量")),
        ),
        {**_ITEM, **_PARTY},
        ("site", "period", "item"),
        (("site", "month", "item", "partner", "used", "unit"), ("group", "2024-01", "electricity", "ACME", "2000", "kWh")),
        alternatives=True,
    ),
    *(
        Template(
            name,
            title,
            ("use of sold products", "use phase", *words, "使用阶段"),
            (Measure(name, ("sold", "units sold", "销量"), times=("uses?", "per use", "years?", "share?")),),
            {
                **_ITEM, **_PARTY, "item": ("energy type", "fuel", "能源类型", *_ITEM["item"]),
                "uses": ("lifetime uses", "uses", "lifetime hours", "lifetime distance"), "per use": ("per use", "consumption per use"),
                "years": ("years", "lifetime years"), "share": ("share", "allocated share"), "meter": ("product model", "model"),
            },
            ("site", "period", "item", "per use"),
            (
                ("site", "month", "model", "energy type", "units sold", "lifetime uses", "per use", "unit"),
                ("group", "2024-01", model, "electricity", "1000", "11500", "1.3", "kWh"),
            ),
        )
        for name, title, words, model in (
            ("product-use", "Use of sold products, direct", (), "X100"),
            ("product-use-indirect", "Use of sold products, indirect", ("indirect",), "Y123"),
        )
    ),
    Template(
        "end-of-life",
        "Sold products at the end of their life",
        ("end of life", "end-of-life", "报废"),
        (Measure("end-of-life", ("mass sold", "sold", "mass", "weight", "重量"), times=("share?",)),),
        {**_ITEM, **_PARTY, "item": ("treatment", "处理方式", *_ITEM["item"]), "share": ("share", "treated share", "占比")},
        ("site", "period", "item"),
        (("site", "month", "treatment", "mass sold", "unit", "share"), ("group", "2024-01", "mixed/landfill", "10000", "kg", "0.9")),
    ),
    Template(
        "investment",
        "Investments",
        ("investment", "portfolio", "投资"),
        (
            Measure("investment", ("investee emissions", "reported emissions", "被投企业排放"), unit="t CO2e", times=("share", "years?")),
            Measure("investment", ("revenue", "investee revenue", "营业收入"), times=("sector share?", "share"), measures=("money",)),
            Measure("investment", ("project cost", "invested", "投资额"), times=("sector share?", "share?"), measures=("money",)),
        ),
        {
            **_ITEM, **_PARTY, "item": ("sector", "行业", *_ITEM["item"]), "share": ("equity share", "project share", "share", "持股比例"),
            "sector share": ("sector share",), "years": ("years", "lifetime years"),
        },
        ("site", "period", "item"),
        (("entity", "month", "sector", "investee", "investee emissions", "equity share"), ("group", "2024-01", "co2e", "ACME", "120000", "0.4")),
        alternatives=True,
    ),
)  # fmt: skip
