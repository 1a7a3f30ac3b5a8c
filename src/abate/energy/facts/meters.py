"""Meters of data-centre buildings, and the instruments that cover electricity."""

from __future__ import annotations

from abate.kernel.kind import Kind, Measure, Template

TECHNOLOGIES: dict[str, tuple[str, ...]] = {
    "wind": ("风电", "风力发电", "onshore wind", "offshore wind"),
    "solar": ("光伏", "太阳能", "光伏发电", "pv"),
    "hydro": ("水电",),
    "nuclear": ("核电",),
    "geothermal": ("地热",),
}

KINDS = (
    Kind("facility-energy", "Energy of a data-centre building", ("energy",)),
    Kind("it-energy", "Energy of IT equipment", ("energy",)),
    Kind("water", "Water of a data-centre building", ("volume",)),
    Kind("instrument", "Certificate or contract for electricity", ("energy",), TECHNOLOGIES, item_required=True),
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
            "market": ("market", "市场"),
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
    "certificate": ("certificate", "gec", "绿证", "i-rec", "rec", "go", ""),
    "contract": ("contract", "ppa", "绿电", "绿电交易", "合同"),
    "supplier-rate": ("supplier-rate", "supplier rate", "tariff", "供应商"),
}


def tier_named(text: str) -> str | None:
    """The tier that a word in a file means, or None.

    Example:
        >>> tier_named("绿证"), tier_named("PPA"), tier_named("promise")
        ('certificate', 'contract', None)
    """
    folded = text.strip().lower()
    return next((tier for tier, words in TIER_WORDS.items() if folded in words), None)
