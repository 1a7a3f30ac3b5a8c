"""Methodologies of avoided emissions, the kinds of action they value.

And the files those come in.
"""

from __future__ import annotations

from dataclasses import dataclass

from abate.kernel.kind import Kind, Measure, Template


@dataclass(frozen=True, slots=True)
class Methodology:
    """How an action of somebody else is turned into avoided emissions.

    Args:
        id: Kebab-case name; with the version it is the category of its entries.
        version: Changes whenever results can change.
        title: Name for people.
        kind: Kind of action it values.
        functional_unit: What both sides deliver.
        baseline: What would have happened.
        actual: What happens.
        mechanism: `driving` or `enabling`.
        rebound_share: Part of the gain that more consumption eats up, unless a programme states
            another.
        rebound_source: Where that number comes from; `assumption` where there is none.
        tier: Tier of evidence without better data, ITU-T L.1480: 3 is not for public use.
        source: Standard or study that the methodology follows.
    """

    id: str
    version: str
    title: str
    kind: str
    functional_unit: str
    baseline: str
    actual: str
    mechanism: str
    rebound_share: float
    rebound_source: str
    tier: int
    source: str

    @property
    def name(self) -> str:
        """Id and version."""
        return f"{self.id}/{self.version}"


_WBCSD = "WBCSD, Guidance on Avoided Emissions (2023); ITU-T L.1480 (2022)"
METHODOLOGIES = (
    Methodology(
        "cloud-migration", "1", "Customers' move to cloud", "cloud-workload", "the same computing work",
        "servers on the customer's premises, with their lower use and higher PUE, on the grid of the place",
        "energy metered at the cloud's IT equipment times its PUE, on the same grid's average",
        "enabling", 0.0, "assumption", 2, f"{_WBCSD}; 451 Research, The Carbon Reduction Opportunity of Moving to the Cloud",
    ),
    Methodology(
        "second-hand", "1", "Second-hand trade", "second-hand-item", "one more period of use of a product",
        "a new product is made for the share of sales that replaces one", "the item is cleaned, packed and sent",
        "driving", 0.2, "assumption", 3, f"{_WBCSD}; ISO 14067:2018 for the new product",
    ),
    Methodology(
        "low-carbon-goods", "1", "Low-carbon goods", "low-carbon-good", "one product of the same use",
        "the average product on the market", "the product with a certified lower footprint",
        "driving", 0.1, "assumption", 3, f"{_WBCSD}; ISO 14067:2018",
    ),
    Methodology(
        "carton-reuse", "1", "Carton reuse", "reused-carton", "one parcel packed",
        "a new corrugated box", "a used carton is checked and taped",
        "driving", 0.0, "none: a parcel needs one carton either way", 2, f"{_WBCSD}; GHG Protocol Policy and Action Standard (2014)",
    ),
    Methodology(
        "no-cutlery", "1", "No-cutlery orders", "no-cutlery-order", "one meal delivered",
        "a set of disposable cutlery is packed with every order", "no cutlery is packed",
        "driving", 0.0, "assumption", 3, _WBCSD,
    ),
    Methodology(
        "mode-shift", "1", "Mode shift in trips", "shifted-trip", "the same trip",
        "the trip is made by car with the fleet's average", "the trip is made by the chosen mode",
        "enabling", 0.15, "assumption", 2, f"{_WBCSD}; Beijing DB11/T 1954 on low-carbon trips",
    ),
)  # fmt: skip

GOODS: dict[str, tuple[str, ...]] = {
    "phone": ("mobile phone", "手机"),
    "laptop": ("notebook", "笔记本电脑"),
    "clothes": ("clothing", "garment", "服装", "旧衣"),
    "book": ("books", "图书"),
    "appliance": ("large appliance", "大家电"),
    "furniture": ("家具",),
    "other": ("其他",),
}
MODES: dict[str, tuple[str, ...]] = {
    "metro": ("subway", "地铁"),
    "bus": ("公交",),
    "bicycle": ("bike", "cycling", "骑行"),
    "walk": ("walking", "步行"),
    "electric-car": ("ev", "新能源车"),
}


def _kind(
    name: str, title: str, dimensions: tuple[str, ...], items: dict[str, tuple[str, ...]]
) -> Kind:
    return Kind(
        name, title, dimensions, items, item_required=bool(items), open=bool(items), book="avoided"
    )


KINDS = (
    _kind("cloud-workload", "Computing moved to the cloud", ("energy",), {}),
    _kind("second-hand-item", "Item traded second-hand", ("count", "mass"), GOODS),
    _kind("low-carbon-good", "Low-carbon product sold", ("count", "mass"), GOODS),
    _kind("reused-carton", "Carton used again", ("count",), {}),
    _kind("no-cutlery-order", "Order without cutlery", ("count",), {}),
    _kind("shifted-trip", "Trip by another mode", ("travel",), MODES),
)

_FIELDS: dict[str, tuple[str, ...]] = {
    "site": ("programme", "program", "项目"),
    "party": (
        "actor",
        "customer",
        "merchant",
        "user group",
        "participant",
        "参与方",
        "客户",
        "商家",
    ),
    "document": (
        "action",
        "action id",
        "order",
        "parcel",
        "trip",
        "batch",
        "行为编号",
        "订单号",
        "包裹号",
        "批次",
    ),
}
_REQUIRED = ("site", "period", "party", "document")


def _template(
    methodology: Methodology, words: tuple[str, ...], measure: Measure, **item: tuple[str, ...]
) -> Template:
    kind, unit = measure.kind, measure.unit
    header = (
        "programme",
        "month",
        "actor",
        "action",
        *(item["item"][:1] if item else ()),
        measure.headers[0],
        "unit",
    )
    row = ("my-programme", "2024-01", "ACME", "A-0001", *item.get("example", ()), "1200", unit)
    fields = {**_FIELDS, **({"item": item["item"]} if item else {})}
    required = (*_REQUIRED, "item") if item else _REQUIRED
    return Template(kind, methodology.title, words, (measure,), fields, required, (header, row))


_BY_KIND = {m.kind: m for m in METHODOLOGIES}
_ITEM = ("item", "category", "product", "品类")
TEMPLATES = (
    _template(
        _BY_KIND["cloud-workload"],
        ("cloud customers", "workload", "上云"),
        Measure("cloud-workload", ("it energy", "energy", "it用电量"), unit="kWh"),
    ),
    _template(
        _BY_KIND["second-hand-item"],
        ("second-hand", "second hand", "闲置", "二手"),
        Measure("second-hand-item", ("items traded", "items", "成交件数"), unit="count"),
        item=_ITEM,
        example=("phone",),
    ),
    _template(
        _BY_KIND["low-carbon-good"],
        ("low-carbon", "low carbon", "绿色商品"),
        Measure("low-carbon-good", ("goods sold", "sold", "销量"), unit="count"),
        item=_ITEM,
        example=("laptop",),
    ),
    _template(
        _BY_KIND["reused-carton"],
        ("carton reuse", "reused", "纸箱复用"),
        Measure("reused-carton", ("cartons", "cartons reused", "复用纸箱"), unit="count"),
    ),
    _template(
        _BY_KIND["no-cutlery-order"],
        ("cutlery", "无餐具"),
        Measure(
            "no-cutlery-order", ("orders", "orders without cutlery", "无餐具订单"), unit="count"
        ),
    ),
    _template(
        _BY_KIND["shifted-trip"],
        ("mode shift", "green trips", "绿色出行"),
        Measure("shifted-trip", ("passenger km", "distance", "人公里"), unit="pkm"),
        item=("mode", "出行方式"),
        example=("metro",),
    ),
)
