"""Meters of data-centre buildings, and the instruments that cover electricity."""

from __future__ import annotations

from abate.kernel.kind import Kind, Measure, Template

TECHNOLOGIES: dict[str, tuple[str, ...]] = {
    "wind": ("wind power", "wind energy", "windkraft", "windenergie", "éolien", "eolico", "eólica", "风电", "风力发电", "風力"),
    "solar": ("pv", "photovoltaic", "solar pv", "solar power", "photovoltaik", "solaire", "solare", "fotovoltaico", "光伏",
              "太阳能", "光伏发电", "太陽光"),
    "hydro": ("hydropower", "hydroelectric", "hydro power", "water power", "wasserkraft", "hydraulique", "idroelettrico",
              "hidráulica", "水电", "水力"),
    "nuclear": ("nuclear power", "kernkraft", "kernenergie", "nucléaire", "核电", "原子力"),
    "geothermal": ("geothermie", "géothermie", "地热", "地熱"),
    "tidal": ("tidal power", "marine", "潮汐"),
    "wave": ("wave power", "波浪"),
    "biomass": ("solid biomass", "wood", "biomasse", "生物质", "バイオマス"),
    "biogas": ("anaerobic digestion", "沼气"),
    "landfill-gas": ("landfill gas", "deponiegas", "填埋气"),
    "waste": ("energy from waste", "municipal waste", "msw", "垃圾发电"),
    "natural-gas": ("gas", "natural gas", "erdgas", "天然气"),
    "coal": ("kohle", "煤电"),
    "oil": ("heating oil",),
    "storage": ("battery", "battery storage", "pumped storage", "储能"),
    "mixed": ("mix", "various", "renewable mix", "renewable", "renewables", "supplier mix", "ökostrom", "混合"),
}  # fmt: skip
"""What electricity of a certificate or contract is made from, with the words for it in files."""
UNPRINTED = ("waste", "natural-gas", "coal", "oil", "storage", "mixed")
"""Technologies whose emissions per kWh only the contract or supplier can state."""
ATTRIBUTES: dict[str, tuple[str, ...]] = {
    "onshore": (), "offshore": (), "rooftop": (), "small": (), "large": (), "run-of-river": ("run of river",), "reservoir": (),
    "new": ("within 15 years", "< 15 years", "up to 15 years"), "old": ("existing", "over 15 years", "> 15 years"),
}  # fmt: skip
"""What certificates say beside the technology: place, size, and age, on which some commitments set
a limit.
"""

KINDS = (
    Kind("facility-energy", "Energy of a data-centre building", ("energy",), by_building=True),
    Kind("it-energy", "Energy of IT equipment", ("energy",), by_building=True),
    Kind("water", "Water of a data-centre building", ("volume",), by_building=True),
    Kind(
        "instrument",
        "Certificate or contract for electricity",
        ("energy",),
        TECHNOLOGIES,
        item_required=True,
        known_by=("electricity-instrument",),
        attributes=ATTRIBUTES,
    ),
)

TEMPLATES = (
    Template(
        "data-centre-meter",
        "Meters of data-centre buildings",
        ("data centre", "data center", "meter", "数据中心", "it_kwh", "facility_kwh"),
        (
            Measure("facility-energy", ("facility kwh", "facility energy", "total facility", "总用电"), unit="kWh"),
            Measure("it-energy", ("it kwh", "it energy", "it load", "it用电"), unit="kWh"),
            Measure("water", ("water m3", "water", "用水", "用水量"), unit="m3"),
        ),
        {"meter": ("building", "楼栋", "机楼")},
        ("site", "period", "meter"),
        (
            ("site", "timestamp", "building", "facility kwh", "it kwh", "water m3"),
            ("hq", "2024-01-01 00:00", "hq-1", "1200", "1000", "0.4"),
        ),
    ),
    Template(
        "certificate",
        "Certificates retired and power contracts",
        ("certificate", "retired", "绿证", "绿电", "ppa"),
        (Measure("instrument", ("energy", "volume", "amount", "quantity", "电量", "数量")),),
        {
            "item": ("technology", "source", "发电类型", "能源类型"),
            "document": ("serial", "certificate no", "certificate number", "contract no", "证书编号", "合同编号"),
            "tier": ("instrument", "instrument type", "凭证类型"),
            "market": ("market", "country of generation", "issuing country", "domain", "市场"),
            "period_start": ("vintage from", "generation from", "发电起"),
            "period_end": ("vintage to", "generation to", "发电止"),
            "retired_for": ("retired for", "reporting year", "使用年度"),
            "factor": ("kg co2/kwh", "factor kg co2/kwh", "排放因子"),
        },
        ("document", "item", "market", "period_start", "period_end", "retired_for"),
        (
            (
                "serial", "instrument type", "technology", "market", "site", "vintage from", "vintage to", "energy",
                "unit", "retired for",
            ),
            ("GEC-2024-000001", "certificate", "wind", "CN", "", "2023-04-01", "2023-12-31", "500", "MWh", "FY2024"),
        ),
    ),
)  # fmt: skip

TIER_WORDS: dict[str, tuple[str, ...]] = {
    "certificate": ("certificate", "gec", "绿证", "i-rec", "rec", "go", "rego", "guarantee of origin", "herkunftsnachweis",
                    "garantie d'origine", "lgc", ""),
    "contract": ("contract", "ppa", "绿电", "绿电交易", "合同"),
    "supplier-rate": ("supplier-rate", "supplier rate", "tariff", "供应商"),
}  # fmt: skip


def tier_named(text: str) -> str | None:
    """The tier that a word in a file means, or None.

    Example:
        >>> tier_named("绿证"), tier_named("PPA"), tier_named("promise")
        ('certificate', 'contract', None)
    """
    folded = text.strip().lower()
    return next((tier for tier, words in TIER_WORDS.items() if folded in words), None)
