"""Words and units by which files of meters say what a column holds, in the languages of their vendors."""

from __future__ import annotations

import re
from functools import cache

START_WORDS = (
    "start", "from", "begin", "beginning", "starttime", "startdate", "von", "vom", "ab", "beginn", "vanaf", "van", "debut", "début", "du",
    "inizio", "dal", "desde", "inicio", "início", "开始", "起始", "起", "開始",
)  # fmt: skip
END_WORDS = (
    "end", "to", "until", "till", "through", "thru", "ending", "endtime", "enddate", "ende", "bis", "einde", "tot", "fin", "au", "fine", "al",
    "hasta", "fim", "结束", "截止", "止", "終了",
)  # fmt: skip
TIME_WORDS = (
    "time", "date", "datetime", "timestamp", "day", "ts", "dt", "datum", "zeit", "zeitpunkt", "zeitstempel", "uhrzeit", "tijd", "tijdstip",
    "periode", "horodate", "horodatage", "heure", "jour", "fecha", "hora", "data", "ora", "giorno", "dia", "czas", "godzina", "tid", "dato",
    "month", "monat", "mois", "mes", "mese", "maand", "hour", "period", "interval", "时间", "日期", "时刻", "月份", "日時", "年月日",
)  # fmt: skip
ISSUED_WORDS = (
    "available", "available at", "issued", "issued at", "issue", "known from", "received", "created", "created at", "updated", "exported",
    "发布时间", "vintage",
)  # fmt: skip
METER_WORDS = (
    "meter", "meter id", "meterid", "meter no", "meter number", "meternummer", "mpan", "mprn", "mpxn", "nmi", "ean", "eancode", "eancodeasn",
    "cups", "pod", "pdl", "prm", "pdr", "pce", "esiid", "esi", "zähler", "zählernummer", "zaehler", "zählpunkt", "zählpunktbezeichnung",
    "messlokation", "marktlokation", "malo", "melo", "serial", "serial number", "serial no", "device", "device id", "sensor", "entity id",
    "statistic id", "channel", "obis", "obis code", "compteur", "contatore", "contador", "identifiant", "register id", "表号", "电表号", "电能表",
    "户号", "用户编号", "资产号", "计量点", "测量点", "メーター",
)  # fmt: skip
NUMBER_WORDS = (
    "id", "account", "account number", "customer", "customer id", "premise", "number", "no", "nr", "nummer", "konto", "kundennummer", "vertragsnummer",
    "vertrag", "contract", "contrato", "contrat", "cliente", "reference", "客户编号",
)  # fmt: skip
"""Words for numbers that are no amounts."""
HOUR_WORDS = (
    "hour",
    "hour of day",
    "hr",
    "he",
    "hour ending",
    "stunde",
    "uur",
    "heure",
    "hora",
    "ora",
    "godzina",
    "time",
    "timme",
    "小时",
    "时",
)
OWNER_WORDS = (
    "id", "series", "zone", "site", "building", "station", "name", "plant", "plant name", "location", "asset", "point", "feeder", "站点", "楼栋",
    "用户名称", "户名",
)  # fmt: skip
UNIT_WORDS = (
    "unit",
    "units",
    "uom",
    "einheit",
    "unité",
    "unite",
    "eenheid",
    "unità",
    "unidad",
    "unidade",
    "单位",
    "単位",
)
ZONE_WORDS = ("time zone", "timezone", "zone", "tz", "utc offset", "offset", "时区")
MULTIPLIER_WORDS = (
    "multiplier", "ct ratio", "ct", "transformer ratio", "wandlerfaktor", "wandler", "faktor", "coefficient", "coefficiente", "multiplicador",
    "倍率", "综合倍率", "乗率",
)  # fmt: skip
QUALITY_WORDS = (
    "quality", "reading quality", "flag", "status", "state", "estimated", "estimate", "estimation", "geschat", "geschätzt", "method", "validated",
    "qualité", "nature", "validity", "data quality", "状态", "数据质量", "holiday",
)  # fmt: skip
COST_WORDS = (
    "cost", "costs", "price", "charge", "charges", "tax", "vat", "tariff", "rate", "fee", "bill amount", "gbp", "eur", "usd", "pence",
    "money", "amount due", "total due", "kosten", "preis", "prijs", "coût", "cout", "prix", "coste", "precio", "costo", "prezzo",
    "custo", "preço", "valor eur", "费用", "电费", "单价", "电价", "yield eur", "revenue", "earnings", "savings", "料金",
)  # fmt: skip
AMOUNT_WORDS = (
    "amount",
    "betrag",
    "bedrag",
    "montant",
    "importe",
    "importo",
    "total",
    "value",
    "金额",
    "sum",
)
"""Words for amounts of money or of energy: money where another column is energy."""
IGNORED_WORDS = (
    "ratio", "percent", "percentage", "share", "power factor", "cos phi", "voltage", "current", "frequency", "spannung", "strom a", "volt", "amp",
    "amps", "ampere", "soc", "state of charge", "co2", "carbon", "emissions", "days", "billing days", "number of days", "tage", "dagen", "jours",
    "row", "index no", "week number", "weekday", "latitude", "longitude", "gas day", "电压", "电流", "功率因数", "天数", "频率",
)  # fmt: skip
REGISTER_WORDS = (
    "register", "counter", "index", "cumulative", "meter reading", "meter read", "reading", "totalizer", "totaliser", "zählerstand", "zaehlerstand",
    "zählerstände", "stand", "meterstand", "meterstanden", "tellerstand", "index compteur", "indice", "lettura", "lectura", "leitura",
    "stan licznika", "total increasing", "lifetime", "表底", "示数", "表码", "正向有功总", "正向有功", "反向有功总", "反向有功", "指示数", "累计",
)  # fmt: skip
USAGE_WORDS = (
    "usage", "consumption", "interval", "delta", "used", "verbrauch", "verbruik", "lastgang", "consommation", "consumo", "prelievo", "用量", "电量",
    "使用量", "daily", "today", "hourly", "this day", "last hour", "月用电量",
)  # fmt: skip
FLOWS: dict[str, tuple[str, ...]] = {
    "temperature": ("temp", "temperature", "temperatur", "temperatuur", "température", "temperatura", "outdoor", "dry bulb", "气温", "温度"),
    "reactive": ("reactive", "kvarh", "kvar", "varh", "blindarbeit", "blindleistung", "blind", "réactive", "reattiva", "reactiva", "无功"),
    "forecast": ("forecast", "day ahead", "predicted", "prognose", "prévision", "previsione", "pronóstico", "预测"),
    "gas": ("gas", "gaz", "erdgas", "aardgas", "天然气", "燃气", "ガス"),
    "heat": ("heat", "heating", "wärme", "warmte", "chaleur", "calore", "calor", "热量", "district heating"),
    "water": ("water", "wasser", "eau", "acqua", "agua", "água", "用水", "水量"),
    "discharge": ("discharge", "discharged", "discharging", "entladung", "ontladen", "décharge", "scarica", "放电"),
    "charge": ("charged", "charging", "battery charge", "beladung", "ladung", "opladen", "充电"),
    "export": (
        "export", "exported", "returned", "return", "feed in", "feedin", "fed in", "to grid", "delivered to grid", "einspeisung", "rückspeisung",
        "lieferung", "teruglevering", "terugleveringnormaal", "teruglevering dal", "retour", "injection", "injectie", "injected", "immissione",
        "vertido", "excedente", "excedentes", "ae s", "反向", "上网", "送电", "production usage", "逆潮流", "received",
    ),
    "import": (
        "import", "imported", "purchased", "purchase", "from grid", "grid import", "grid consumption", "bezug", "netzbezug", "entnahme", "afname",
        "levering", "soutirage", "prelievo", "prelevata", "ae kwh", "正向", "下网", "购电", "買電", "delivered", "active import",
    ),
    "generation": (
        "generation", "generated", "production", "produced", "pv", "solar", "yield", "inverter", "erzeugung", "ertrag", "produktion", "opbrengst",
        "productie", "opwek", "produzione", "producción", "produção", "génération", "发电", "发电量", "光伏", "発電",
    ),
    "load": ("load", "demand", "self consumption", "self use", "selfuse", "last", "charge réseau", "负荷", "demanda", "carico"),
    "consumption": (
        "consumption", "consumed", "usage", "used", "use", "verbrauch", "verbruik", "consommation", "consumo", "active energy", "elektriciteit",
        "electricity", "electric", "electricité", "strom", "stroom", "用电", "用电量", "用量", "使用量",
    ),
}  # fmt: skip
"""What words say of direction and medium; those that come first are taken first."""
ENERGY = (
    "electricity",
    "electric",
    "elektriciteit",
    "strom",
    "stroom",
    "électricité",
    "energía",
    "energia",
    "电",
)
UNITS: dict[str, tuple[str, ...]] = {
    "kWh": ("kwh", "kw·h", "kw.h", "kw*h", "kw-h", "kw-hr", "kwhr", "kwhs", "kwh/d", "kilowatt-hours", "kilowatt-hour", "kilowatt hours", "kilowatt hour",
            "kilowatthours", "kilowatthour", "kilowattstunden", "kilowattuur", "kilowattheures", "千瓦时", "千瓦·时", "度"),
    "MWh": ("mwh", "megawatt-hours", "megawatt hours", "megawattstunden", "兆瓦时"),
    "GWh": ("gwh", "吉瓦时"),
    "Wh": ("wh", "watt-hours", "watt hours", "wattstunden", "wattheures", "瓦时"),
    "kW": ("kw", "kilowatt", "kilowatts", "千瓦"),
    "MW": ("mw", "megawatt", "megawatts", "maw", "兆瓦"),
    "W": ("w", "watt", "watts", "瓦"),
    "kVArh": ("kvarh", "kvar-h", "千乏时"), "VArh": ("varh",), "kVAr": ("kvar",), "kVA": ("kva",), "kVAh": ("kvah",),
    "MJ": ("mj", "megajoule", "megajoules"), "GJ": ("gj", "gigajoule", "gigajoules"), "kJ": ("kj",),
    "m3": ("m3", "m³", "m^3", "cbm", "cubic metres", "cubic meters", "kubikmeter", "立方米", "方"),
    "ft3": ("ft3", "ft³", "cf", "cubic feet"), "CCF": ("ccf", "hcf"), "MCF": ("mcf",),
    "therm": ("therm", "therms", "thm"), "MMBtu": ("mmbtu",), "L": ("litres", "liters", "litre", "liter", "升"),
    "°C": ("°c", "degc", "deg c", "celsius", "℃"), "°F": ("°f", "degf", "deg f", "fahrenheit", "℉"),
    "W/m2": ("w/m2", "w/m²"), "m/s": ("m/s",), "%": ("%",), "万kWh": ("万kwh", "万千瓦时", "万度"),
}  # fmt: skip
"""Units of readings with their spellings; capital and small letters alike."""
_NAMED = {spelling: unit for unit, spellings in UNITS.items() for spelling in spellings}
_IN_BRACKETS = ("度", "方", "瓦", "升", "%", "cf")
"""Spellings that count in brackets, or alone."""
_SPELLINGS = "|".join(
    re.escape(s)
    for s in sorted(_NAMED, key=len, reverse=True)
    if s not in _IN_BRACKETS and s != "w"
)
_WHOLE = re.compile(rf"(?<![^\W_])(?:{_SPELLINGS}|w)(?![^\W_])", re.IGNORECASE)
_BRACKETS = re.compile(r"[\[(（]\s*([^\])）]{1,24}?)\s*[\])）]")
PER = re.compile(
    rf"(?:[€$£¥￥]|[^\W\d_]{{1,4}})\s*(?:/|per|pro|je)\s*(?:{_SPELLINGS})(?![^\W_])", re.IGNORECASE
)
"""A price: money by unit."""
_CAMEL = re.compile(r"(?<=[a-z])(KWH|KWh|Kwh|kWh|MWh|Mwh|Wh|KW|kW|MW)(?![a-z])")
_CAMEL_END = re.compile(r"(?<=[a-z\d])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|(?<=[^\W\d_])(?=\d)")


def unit_named(text: str) -> str:
    """The unit that a text names and nothing else; empty where it names none.

    Example:
        >>> unit_named("KWH"), unit_named("千瓦时"), unit_named("raw"), unit_named("w")
        ('kWh', 'kWh', '', 'W')
    """
    return _NAMED.get(text.strip().casefold(), "")


@cache
def unit_in(header: str, *, spelt: bool = False) -> str:
    """The unit that a header states, by a whole word of it; empty where it states none.

    Args:
        header: The header.
        spelt: Give the unit as it is written there.

    Example:
        >>> [unit_in(h) for h in ("Usage (kWh)", "ElectricityUsageKwh", "TotWhOut", "raw", "tempF", "Power_W", "kWh.first_value")]
        ['kWh', 'kWh', 'Wh', '', 'F', 'W', 'kWh']
    """
    if PER.search(header):
        return ""
    for found in reversed(_BRACKETS.findall(header)):
        if unit_named(found):
            return found if spelt else unit_named(found)
    whole = list(_WHOLE.finditer(header))
    if whole:
        return whole[-1][0] if spelt else unit_named(whole[-1][0])
    camel = _CAMEL.search(header)
    if camel:
        return camel[1] if spelt else unit_named(camel[1])
    degrees = re.search(r"(?:temp\w*|[\s_(\[])[\s_]*([CF])[\])]?$", header.strip())
    if degrees and re.match(r"temp|outdoor|dry", header.strip(), re.IGNORECASE):
        return degrees[1]
    return ""


@cache
def tokens(text: str) -> str:
    """A text as lower-case words parted by single blanks, with blanks at its ends; compounds in camel case are split."""
    parted = _CAMEL_END.sub(" ", text)
    words = [
        *re.findall(r"[^\W_]+", text.casefold()),
        "\n",
        *re.findall(r"[^\W_]+", parted.casefold()),
    ]
    return f" {' '.join(words)} "


@cache
def has_word(text: str, words: tuple[str, ...]) -> bool:
    """Whether a text has one of some words as a whole word, or a long one as part of a compound.

    Example:
        >>> has_word("StandNormaal", ("stand",)), has_word("Meterstand", ("meter",)), has_word("Gasverbruik", ("verbruik",))
        (True, False, True)
    """
    said = tokens(text)
    return any(
        f" {word} " in said
        or ((len(word) >= 6 or not word.isascii()) and " " not in word and word in said)
        for word in words
    )
