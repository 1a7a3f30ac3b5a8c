"""Layouts of vendors and grid operators.

Each file gives the energy that was put into it, or is asked about.
"""

import io
import json
import math
import zipfile
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from openpyxl import Workbook

from abate.adapters.readers.formats import formats
from abate.adapters.readers.series import read_series
from abate.energy.facts.readings import as_energy

START = datetime(2024, 1, 8)
DAYS = 16


def usage(minutes=60, days=DAYS, scale=1.0, seed=0):
    """Moments and usage with a shape of the day; 16 days, so that days beyond the 12th come."""
    count = days * 1440 // minutes
    at = [START + timedelta(minutes=minutes * k) for k in range(count)]
    values = [
        round(
            scale
            * (
                1.2
                + math.sin((m.hour + m.minute / 60) / 24 * 2 * math.pi)
                + 0.37 * ((k * 7 + seed) % 11) / 11
            ),
            3,
        )
        for k, m in enumerate(at)
    ]
    return at, values


def comma(value):
    return f"{value:.3f}".replace(".", ",")


def lines(*rows):
    return "\n".join(rows) + "\n"


AT, KWH = usage()
HALF, HALF_KWH = usage(30)
QUARTER, QUARTER_KWH = usage(15)
TOTAL, HALF_TOTAL, QUARTER_TOTAL = sum(KWH), sum(HALF_KWH), sum(QUARTER_KWH)
COUNT = np.round(8350.277 + np.concatenate([[0.0], np.cumsum(KWH)]), 3)
DAY_STARTS = [START + timedelta(days=d) for d in range(DAYS)]


def by_day(values):
    per = len(values) // DAYS
    return [values[d * per : (d + 1) * per] for d in range(DAYS)]


def ends(minutes):
    return [START + timedelta(minutes=minutes * (k + 1)) for k in range(DAYS * 1440 // minutes)]


def clock24(moment):
    """The end of a step with 24:00 for midnight: date of its begin, and time."""
    if moment.hour == moment.minute == 0:
        return moment - timedelta(days=1), "24:00"
    return moment, f"{moment:%H:%M}"


def datadis():
    rows = ["cups;fecha;hora;consumo_kWh;metodoObtencion"]
    for end, v in zip(ends(60), KWH, strict=True):
        day, clock = clock24(end)
        rows.append(f"ES0021000000000001AB;{day:%Y/%m/%d};{clock};{comma(v)};Real")
    return lines(*rows)


def iberdrola():
    rows = ["CUPS;Fecha;Hora;Consumo_kWh;Metodo_obtencion"]
    rows += [
        f"ES0021000000000001AB;{m:%d/%m/%Y};{m.hour + 1};{comma(v)};R"
        for m, v in zip(AT, KWH, strict=True)
    ]
    return lines(*rows)


def fluvius():
    rows = [
        "Van (datum);Van (tijdstip);Tot (datum);Tot (tijdstip);EAN-code;Meter;Metertype;Register;Volume;Eenheid;Validatiestatus;Omschrijving"
    ]
    for m, v in zip(QUARTER, QUARTER_KWH, strict=True):
        to = m + timedelta(minutes=15)
        where = f'{m:%d-%m-%Y};{m:%H:%M:%S};{to:%d-%m-%Y};{to:%H:%M:%S};="541448000000000001";1SAG1100000001;Digitale meter'
        rows.append(f"{where};Afname Dag;{comma(v)};kWh;Gevalideerd;")
        rows.append(f"{where};Injectie Dag;{comma(0.5 * v)};kWh;Gevalideerd;")
    return lines(*rows)


def lastgang():
    rows = [
        "Zählpunkt;DE0000000000000000000000000000001;;",
        "OBIS;1-1:1.29.0;;",
        "Einheit;kW;;",
        "Datum;von;bis;Wert",
    ]
    for m, v in zip(QUARTER, QUARTER_KWH, strict=True):
        rows.append(f"{m:%d.%m.%Y};{m:%H:%M};{m + timedelta(minutes=15):%H:%M};{comma(4 * v)}")
    return lines(*rows)


def netz_at():
    rows = ["Datum;Zeit von;Zeit bis;Verbrauch [kWh]"]
    rows += [
        f"{m:%d.%m.%Y};{m:%H:%M};{m + timedelta(minutes=15):%H:%M};{comma(v)}"
        for m, v in zip(QUARTER, QUARTER_KWH, strict=True)
    ]
    return lines(*rows)


def opower():
    rows = [
        "Name,PAT EXAMPLE",
        'Address,"1 SAMPLE ST, ANYTOWN"',
        "Account Number,0000",
        "Service,Service 1",
        "",
        "TYPE,DATE,START TIME,END TIME,USAGE,UNITS,COST,NOTES",
    ]
    rows += [
        f"Electric usage,{m:%Y-%m-%d},{m:%H:%M},{m:%H}:59,{v},kWh,${v * 0.2:.2f},"
        for m, v in zip(AT, KWH, strict=True)
    ]
    return lines(*rows)


def uk_wide():
    heads = ",".join(f"{k // 2:02d}:{k % 2 * 30:02d}" for k in range(48))
    rows = [f"MPAN,Channel,Date,{heads}"]
    for day, values in zip(DAY_STARTS, by_day(HALF_KWH), strict=True):
        rows.append(f"2000012345671,AI,{day:%d/%m/%Y},{','.join(map(str, values))}")
        rows.append(
            f"2000012345671,RI,{day:%d/%m/%Y},{','.join(str(round(v / 10, 3)) for v in values)}"
        )
    return lines(*rows)


def uk_numbered():
    rows = ["Meter Point,Date," + ",".join(f"HH{k:02d}" for k in range(1, 49)) + ",Total"]
    rows += [
        f"2000012345671,{d:%d/%m/%Y}," + ",".join(map(str, v)) + f",{sum(v):.3f}"
        for d, v in zip(DAY_STARTS, by_day(HALF_KWH), strict=True)
    ]
    return lines(*rows)


def china_96():
    heads = ",".join(f"{(k + 1) // 4:02d}:{(k + 1) % 4 * 15:02d}" for k in range(96))
    rows = [f"户号,户名,数据日期,{heads}"]
    rows += [
        f"0300000000001234,某厂,{d:%Y-%m-%d}," + ",".join(f"{4 * x:.3f}" for x in v)
        for d, v in zip(DAY_STARTS, by_day(QUARTER_KWH), strict=True)
    ]
    return lines("有功功率曲线(kW)", *rows)


def home_assistant():
    rows = ["statistic_id,start,state,sum"]
    rows += [
        f"sensor.main,{m:%Y-%m-%dT%H:%M:%S}+00:00,{c},{c - 8000:.3f}"
        for m, c in zip([*AT, ends(60)[-1]], COUNT, strict=True)
    ]
    return lines(*rows)


def enphase():
    rows = ["Date/Time,Energy Produced (Wh)"]
    rows += [f"{m:%Y-%m-%d %H:%M:%S} +0100,{round(1000 * v)}" for m, v in zip(AT, KWH, strict=True)]
    return lines(*rows)


def eloverblik():
    rows = ["MålepunktsID;Fra_dato;Til_dato;Mængde;Måleenhed;Kvalitet;Type"]
    rows += [
        f"571313000000000001;{m:%d-%m-%Y %H:%M:%S};{m + timedelta(hours=1):%d-%m-%Y %H:%M:%S};{comma(v)};KWH;Målt;Tidsserie"
        for m, v in zip(AT, KWH, strict=True)
    ]
    return lines(*rows)


def fingrid():
    rows = [
        "Mittauspisteen tunnus;Tuotteen tyyppi;Resoluutio;Yksikkötyyppi;Lukeman tyyppi;Alkuaika;Määrä;Laatu"
    ]
    rows += [
        f"643000000000000001;8716867000030;PT1H;kWh;BN01;{m:%Y-%m-%dT%H:%M:%SZ};{comma(v)};OK"
        for m, v in zip(AT, KWH, strict=True)
    ]
    return lines(*rows)


def elhub():
    rows = ["Fra;Til;KWH 60 Forbruk;Kvalitet"]
    rows += [
        f"{m:%d.%m.%Y %H:%M};{m + timedelta(hours=1):%d.%m.%Y %H:%M};{comma(v)};Målt"
        for m, v in zip(AT, KWH, strict=True)
    ]
    return lines(*rows)


def tauron():
    rows = ["Data;Zużycie energii [kWh];Rodzaj"]
    for end, v in zip(ends(60), KWH, strict=True):
        day, clock = clock24(end)
        rows.append(f"{day:%Y-%m-%d} {clock};{comma(v)};pobór")
    return lines(*rows).encode("cp1250")


def e_redes():
    rows = [
        ["Portal"],
        [],
        ["CPE", "PT0002000000000001AB"],
        [],
        ["Data", "Hora", "Consumo medido na IC (kW)", "Estado"],
    ]
    for end, v in zip(ends(15), QUARTER_KWH, strict=True):
        day, clock = clock24(end)
        rows.append([f"{day:%Y/%m/%d}", clock, 4 * v, "Real"])
    return book(rows)


def jemena():
    spans = ",".join(
        f"{k // 2:02d}:{k % 2 * 30:02d} - {(k + 1) // 2:02d}:{(k + 1) % 2 * 30:02d}"
        for k in range(48)
    )
    rows = [f"NMI,METER SERIAL NUMBER,CON/GEN,DATE,ESTIMATED?,{spans}"]
    for day, values in zip(DAY_STARTS, by_day(HALF_KWH), strict=True):
        rows.append(
            f"6001000001,1234567,Consumption,{day:%d/%m/%Y},No,{','.join(map(str, values))}"
        )
        rows.append(
            f"6001000001,1234567,Generation,{day:%d/%m/%Y},No,{','.join(str(round(v / 4, 3)) for v in values)}"
        )
    return lines(*rows)


def bc_hydro():
    rows = [
        "Service Point ID,Interval Start Date/Time,Net Consumption (kWh),Power Factor (%),Estimated Usage"
    ]
    rows += [f'"0000","{m:%Y-%m-%d %H:%M}",{v},N/A,' for m, v in zip(AT, KWH, strict=True)]
    return lines(*rows)


def tepco():
    heads = ",".join(f"{k // 2}:{k % 2 * 30:02d}" for k in range(48))
    rows = ["お客さま番号,0000000001", "供給地点特定番号,0300000000000000000001", f"年月日,{heads}"]
    rows += [
        f"{d.year}/{d.month}/{d.day}," + ",".join(map(str, v))
        for d, v in zip(DAY_STARTS, by_day(HALF_KWH), strict=True)
    ]
    return lines("使用量(kWh)", *rows).encode("cp932")


def emporia():
    rows = ["Time Bucket (America/New_York),Mains_A (kWhs),Car Charger (kWhs)"]
    rows += [f"{m:%m/%d/%Y %H:%M:%S},{v},{v / 2:.4f}" for m, v in zip(AT, KWH, strict=True)]
    return lines(*rows)


def dsmr():
    rows = ["read_at,delivered_1,returned_1"]
    rows += [
        f"{m:%Y-%m-%d %H:%M:%S}+01:00,{c},{100.5 + (c - COUNT[0]) / 5:.3f}"
        for m, c in zip([*AT, ends(60)[-1]], COUNT, strict=True)
    ]
    return lines(*rows)


def schneider():
    rows = [
        "Report,Energy",
        "Source,Main",
        "",
        "Timestamp,Real Energy Into the Load (kWh),Voltage A-B (V)",
    ]
    rows += [
        f"{m:%m/%d/%Y %I:%M:%S %p},{c:.3f},401.2"
        for m, c in zip([*AT, ends(60)[-1]], COUNT, strict=True)
    ]
    return lines(*rows)


def epochs():
    return lines(
        "timestamp,kWh",
        *(f"{int(m.replace(tzinfo=UTC).timestamp())},{v}" for m, v in zip(AT, KWH, strict=True)),
    )


def named_months():
    return lines(
        "Zeitpunkt;Verbrauch (kWh)",
        *(f"{m.day}. Januar 2024 {m:%H:%M};{comma(v)}" for m, v in zip(AT, KWH, strict=True)),
    )


def indian():
    return lines(
        "Date,Time,kWh",
        *(
            f'{m:%d-%b-%Y},{m:%H:%M},"{_lakhs(v)}"'
            for m, v in zip(AT, usage(scale=200_000.0)[1], strict=True)
        ),
    )


def _lakhs(value):
    whole, part = divmod(round(value * 100), 100)
    digits = str(whole)
    head, tail = digits[:-3], digits[-3:]
    groups = []
    while len(head) > 2:
        groups.insert(0, head[-2:])
        head = head[:-2]
    return ",".join([x for x in [head, *groups, tail] if x]) + f".{part:02d}"


def swiss():
    return lines(
        "Zeit;Wirkenergie Bezug (kWh)",
        *(
            f"{m:%d.%m.%Y %H:%M};{f'{v:,.2f}'.replace(',', chr(39))}"
            for m, v in zip(AT, usage(scale=3000.0)[1], strict=True)
        ),
    )


def portal_json():
    return json.dumps(
        {
            "meter": "m1",
            "unit": "kWh",
            "data": [
                {"time": f"{m:%Y-%m-%dT%H:%M:%SZ}", "value": v}
                for m, v in zip(AT, KWH, strict=True)
            ],
        }
    )


def tibber_json():
    rows = [
        {
            "from": f"{m:%Y-%m-%dT%H:%M:%S}.000+01:00",
            "to": f"{m + timedelta(hours=1):%Y-%m-%dT%H:%M:%S}.000+01:00",
            "cost": v / 4,
            "unitPrice": 0.25,
            "consumption": v,
            "consumptionUnit": "kWh",
        }
        for m, v in zip(AT, KWH, strict=True)
    ]
    return json.dumps({"data": {"viewer": {"homes": [{"consumption": {"nodes": rows}}]}}})


def fronius():
    rows = [
        ["Datum und Uhrzeit", "Anlage | Produktion", "Anlage | Verbrauch"],
        ["[dd.MM.yyyy HH:mm]", "[Wh]", "[Wh]"],
    ]
    rows += [[f"{m:%d.%m.%Y %H:%M}", 1000 * v, 500 * v] for m, v in zip(AT, KWH, strict=True)]
    return book(rows)


def serials():
    rows = [["Date", "kWh"]]
    rows += [
        [round((m - datetime(1899, 12, 30)).total_seconds() / 86_400, 6), v]
        for m, v in zip(AT, KWH, strict=True)
    ]
    return book(rows)


def two_lines():
    rows = [
        ["Load report 2024"],
        [],
        ["", "Building A", "", "Building B", ""],
        ["Time", "Energy (kWh)", "Cost (EUR)", "Energy (kWh)", "Cost (EUR)"],
    ]
    rows += [[m, v, v / 4, 2 * v, v / 2] for m, v in zip(AT, KWH, strict=True)]
    return book(rows)


def monthly_sheets():
    made = Workbook()
    made.remove(made.active)
    for part, name in enumerate(("Week 1", "Week 2")):
        sheet = made.create_sheet(name)
        sheet.append(["Time", "Consumption (kWh)"])
        for m, v in list(zip(AT, KWH, strict=True))[part * 192 : (part + 1) * 192]:
            sheet.append([m, v])
    return saved(made)


def repeated():
    rows = []
    for day, values in zip(DAY_STARTS, by_day(KWH), strict=True):
        rows += [f"Day {day:%Y-%m-%d}", "Hour,Usage (kWh)"]
        rows += [f"{day:%Y-%m-%d} {h:02d}:00,{v}" for h, v in enumerate(values)]
        rows.append(f"Total,{sum(values):.3f}")
    return lines(*rows)


def youless():
    return json.dumps(
        {
            "un": "kWh",
            "tm": f"{START:%Y-%m-%dT%H:%M:%S}",
            "dt": 3600,
            "val": [f" {comma(v)}" for v in KWH],
        }
    )


def powerpal():
    rows = ["datetime_utc,datetime_local,watt_hours,cost_dollars,is_peak"]
    rows += [
        f"{m:%Y-%m-%d %H:%M:%S},{m + timedelta(hours=10):%Y-%m-%d %H:%M:%S},{round(1000 * v)},{v / 4:.4f},false"
        for m, v in zip(AT, KWH, strict=True)
    ]
    return lines(*rows)


def amber():
    return json.dumps(
        [
            {
                "type": "Usage",
                "duration": 30,
                "nemTime": f"{m + timedelta(minutes=30):%Y-%m-%dT%H:%M:%S}+10:00",
                "startTime": f"{m:%Y-%m-%dT%H:%M:%S}Z",
                "endTime": f"{m + timedelta(minutes=30):%Y-%m-%dT%H:%M:%S}Z",
                "kwh": v,
                "perKwh": 22.1,
                "cost": v * 22.1,
                "channelType": "general",
                "quality": "billable",
            }
            for m, v in zip(HALF, HALF_KWH, strict=True)
        ]
    )


def esb():
    rows = ["MPRN,Meter Serial Number,Read Value,Read Type,Read Date and End Time"]
    rows += [
        f"10000000001,000000000012345678,{2 * v:.4f},Active Import Interval (kW),{m:%d-%m-%Y %H:%M}"
        for m, v in zip(ends(30), HALF_KWH, strict=True)
    ]
    return lines(rows[0], *reversed(rows[1:]))


def netze_bw():
    rows = ["Datum/Uhrzeit ab;Datum/Uhrzeit bis;Messwert;Einheit;Status"]
    rows += [
        f"{m:%d.%m.%Y %H:%M};{m + timedelta(minutes=15):%d.%m.%Y %H:%M};{comma(4 * v)};kW;wahrer Wert"
        for m, v in zip(QUARTER, QUARTER_KWH, strict=True)
    ]
    return lines("Messlokation;DE0001", *rows)


def energinet():
    rows = ["HourUTC;HourDK;PriceArea;GrossConsumptionMWh"]
    rows += [
        f"{m:%Y-%m-%d %H:%M};{m + timedelta(hours=1):%Y-%m-%d %H:%M};DK1;{comma(v / 1000 * 1000)}"
        for m, v in zip(AT, KWH, strict=True)
    ]
    return lines(*rows)


def ercot():
    rows = ["Operating Day,Hour Ending,TOTAL (MWh)"]
    for end, v in zip(ends(60), KWH, strict=True):
        day, clock = clock24(end)
        rows.append(f"{day:%m/%d/%Y},{clock},{v}")
    return lines(*rows)


def tennet():
    rows = ["Datum;von;Zeitzone von;bis;Zeitzone bis;Netzlast [MW]"]
    rows += [
        f"{m:%d.%m.%Y};{m:%H:%M};CET;{m + timedelta(minutes=15):%H:%M};CET;{comma(4 * v)}"
        for m, v in zip(QUARTER, QUARTER_KWH, strict=True)
    ]
    return lines(*rows)


def growatt_days():
    days = [f"{d + 1}" for d in range(31)]
    values = [sum(v) for v in by_day(KWH)] + [20.5] * 15
    rows = [
        ["Month report"],
        ["Serial number", "Month", *days, "Total(kWh)"],
        ["ABC1234567", "2024-01", *[round(v, 1) for v in values], round(sum(values), 1)],
    ]
    return book(rows)


def wide_meters():
    rows = ["Timestamp;Office kWh;Workshop kWh;Canteen kWh"]
    rows += [
        f"{m:%Y-%m-%d %H:%M};{comma(v)};{comma(2 * v)};{comma(v / 2 + 0.1)}"
        for m, v in zip(AT, KWH, strict=True)
    ]
    return lines(*rows)


def long_units():
    rows = ["point;time;value;unit"]
    for m, v in zip(AT, KWH, strict=True):
        rows += [f"A;{m:%Y-%m-%dT%H:%M};{v};kWh", f"B;{m:%Y-%m-%dT%H:%M};{1000 * v:.1f};Wh"]
    return lines(*rows)


def obis():
    rows = ["Zeitstempel;OBIS-Code;Wert;Einheit"]
    for m, c in zip(AT, COUNT, strict=False):
        rows += [
            f"{m:%d.%m.%Y %H:%M:%S};1-0:1.8.0;{comma(c)};kWh",
            f"{m:%d.%m.%Y %H:%M:%S};1-0:2.8.0;{comma(100 + (c - COUNT[0]) / 4)};kWh",
        ]
    return lines(*rows)


def sense():
    rows = ["DateTime,Device ID,Name,Device Type,Avg Wattage,kWh"]
    for m, v in zip(AT, KWH, strict=True):
        rows += [
            f"{m:%Y-%m-%d %H:%M:%S},mains,Total Usage,mains,{1000 * v:.0f},{v}",
            f"{m:%Y-%m-%d %H:%M:%S},d1,Fridge,Fridge,{100 * v:.0f},{v / 10:.4f}",
        ]
    return lines(*rows)


def minutes_of_a_day():
    at = [START + timedelta(minutes=k) for k in range(1440)]
    return lines(
        "Time,Power (W)", *(f"{m:%Y-%m-%d %H:%M},{1000 + k % 60}" for k, m in enumerate(at))
    )


def sub_daily_counter():
    rows, held = ["time,Daily yield kWh"], 0.0
    for m, v in zip(AT, KWH, strict=True):
        held = v if m.hour == 0 else held + v
        rows.append(f"{m:%Y-%m-%d %H:%M},{held:.3f}")
    return lines(*rows)


def iso_interval():
    rows = ["interval,kWh"]
    rows += [
        f"{m:%Y-%m-%dT%H:%M:%SZ}/{m + timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ},{v}"
        for m, v in zip(AT, KWH, strict=True)
    ]
    return lines(*rows)


def tabs_in_utf16():
    return (
        "\ufeff"
        + lines(
            "Datum\tZeit\tWert (kWh)",
            *(f"{m:%d.%m.%Y}\t{m:%H:%M:%S}\t{comma(v)}" for m, v in zip(AT, KWH, strict=True)),
        )
    ).encode("utf-16-le")


def gas_and_power():
    rows = ["Date,Electricity (kWh),Gas (m3),Outdoor temperature (C)"]
    rows += [
        f"{m:%Y-%m-%d %H:%M},{v},{v / 10:.4f},{5 + m.hour / 4}"
        for m, v in zip(AT, KWH, strict=True)
    ]
    return lines(*rows)


def net_column():
    rows = ["time,import kWh,export kWh,net kWh"]
    rows += [
        f"{m:%Y-%m-%d %H:%M},{v},{v / 3:.3f},{v - round(v / 3, 3):.3f}"
        for m, v in zip(AT, KWH, strict=True)
    ]
    return lines(*rows)


def twelve_hours():
    return lines(
        "Date,Time,Usage (kWh)",
        *(f"{m:%m/%d/%Y},{m:%I:%M %p},{v}" for m, v in zip(AT, KWH, strict=True)),
    )


def french():
    rows = ["Date de relevé;Heure;Consommation (kWh);Coût (€)"]
    rows += [
        f"{m:%d/%m/%Y};{m.hour}h{m:%M};{comma(v)};{comma(v / 5)}"
        for m, v in zip(AT, KWH, strict=True)
    ]
    return lines(*rows).encode("cp1252")


def book(rows):
    made = Workbook()
    for row in rows:
        made.active.append(row)
    return saved(made)


def saved(made):
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def zipped():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("usage.csv", netz_at())
    return out.getvalue()


EB = "Europe/Berlin"
CASES = {
    "datadis.csv": (datadis, [TOTAL], EB),
    "iberdrola.csv": (iberdrola, [TOTAL], EB),
    "fluvius.csv": (fluvius, [QUARTER_TOTAL, QUARTER_TOTAL / 2], EB),
    "lastgang.csv": (lambda: lastgang().encode("cp1252"), [QUARTER_TOTAL], EB),
    "netz_at.csv": (netz_at, [QUARTER_TOTAL], EB),
    "opower.csv": (opower, [TOTAL], "America/New_York"),
    "uk_wide.csv": (uk_wide, [HALF_TOTAL, HALF_TOTAL / 10], "Europe/London"),
    "uk_numbered.csv": (uk_numbered, [HALF_TOTAL], "Europe/London"),
    "china_96.csv": (lambda: china_96().encode("gb18030"), [QUARTER_TOTAL], "Asia/Shanghai"),
    "home_assistant.csv": (home_assistant, [TOTAL], "UTC"),
    "enphase.csv": (enphase, [TOTAL], "UTC"),
    "eloverblik.csv": (eloverblik, [TOTAL], EB),
    "fingrid.csv": (fingrid, [TOTAL], "UTC"),
    "elhub.csv": (elhub, [TOTAL], EB),
    "tauron.csv": (tauron, [TOTAL], EB),
    "e_redes.xlsx": (e_redes, [QUARTER_TOTAL], "Europe/Lisbon"),
    "jemena.csv": (jemena, [HALF_TOTAL, HALF_TOTAL / 4], "Australia/Melbourne"),
    "bc_hydro.csv": (bc_hydro, [TOTAL], "America/Vancouver"),
    "tepco.csv": (tepco, [HALF_TOTAL], "Asia/Tokyo"),
    "emporia.csv": (emporia, [TOTAL, TOTAL / 2], "America/New_York"),
    "dsmr.csv": (dsmr, [TOTAL, TOTAL / 5], EB),
    "schneider.csv": (schneider, [TOTAL], "America/New_York"),
    "epochs.csv": (epochs, [TOTAL], "UTC"),
    "named_months.csv": (named_months, [TOTAL], EB),
    "indian.csv": (indian, [sum(usage(scale=200_000.0)[1])], "Asia/Kolkata"),
    "swiss.csv": (swiss, [sum(round(v, 2) for v in usage(scale=3000.0)[1])], "Europe/Zurich"),
    "portal.json": (portal_json, [TOTAL], "UTC"),
    "tibber.json": (tibber_json, [TOTAL], "UTC"),
    "fronius.xlsx": (fronius, [TOTAL, TOTAL / 2], EB),
    "serials.xlsx": (serials, [TOTAL], EB),
    "two_lines.xlsx": (two_lines, [TOTAL, 2 * TOTAL], EB),
    "monthly_sheets.xlsx": (monthly_sheets, [TOTAL], EB),
    "repeated.csv": (repeated, [TOTAL], EB),
    "youless.json": (youless, [TOTAL], EB),
    "powerpal.csv": (powerpal, [TOTAL], "Australia/Melbourne"),
    "amber.json": (amber, [HALF_TOTAL], "UTC"),
    "esb.csv": (esb, [HALF_TOTAL], "Europe/Dublin"),
    "netze_bw.csv": (netze_bw, [QUARTER_TOTAL], EB),
    "energinet.csv": (energinet, [1000 * TOTAL], "Europe/Copenhagen"),
    "ercot.csv": (ercot, [1000 * TOTAL], "America/Chicago"),
    "tennet.csv": (tennet, [1000 * QUARTER_TOTAL], EB),
    "growatt_days.xlsx": (
        growatt_days,
        [sum(round(sum(v), 1) for v in by_day(KWH)) + 15 * 20.5],
        EB,
    ),
    "wide_meters.csv": (wide_meters, [TOTAL, 2 * TOTAL, TOTAL / 2 + 0.1 * len(KWH)], EB),
    "long_units.csv": (long_units, [TOTAL, TOTAL], "UTC"),
    "obis.csv": (obis, [float(COUNT[-2] - COUNT[0]), float(COUNT[-2] - COUNT[0]) / 4], EB),
    "sense.csv": (sense, [TOTAL, TOTAL / 10], "America/New_York"),
    "minutes.csv": (minutes_of_a_day, [sum(1000 + k % 60 for k in range(1440)) / 60_000], "UTC"),
    "daily_yield.csv": (sub_daily_counter, [TOTAL], "UTC"),
    "iso_interval.csv": (iso_interval, [TOTAL], "UTC"),
    "utf16.txt": (tabs_in_utf16, [TOTAL], EB),
    "net.csv": (net_column, [TOTAL, sum(round(v / 3, 3) for v in KWH)], "UTC"),
    "twelve_hours.csv": (twelve_hours, [TOTAL], "America/New_York"),
    "french.csv": (french, [TOTAL], "Europe/Paris"),
    "usage.zip": (zipped, [QUARTER_TOTAL], EB),
}


@pytest.mark.parametrize("name", CASES)
def test_the_energy_of_a_layout_is_read(name, tmp_path):
    make, wanted, zone = CASES[name]
    content = make()
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    made = as_energy(read_series(path, zone=zone))
    sums = sorted(float(np.nansum(line)) for line in made.values)
    assert sums == pytest.approx(sorted(wanted), rel=2e-3), (
        made.names,
        made.units,
        [str(f) for f in made.findings],
    )
    assert set(made.units) <= {"kWh", ""}, made.units
    assert ("unit-unsaid" in {f.code for f in made.findings}) == ("" in made.units)
    first = made.start[0]
    offset = START.replace(tzinfo=ZoneInfo(zone)).utcoffset() if zone != "UTC" else timedelta(0)
    days = 7 if name.startswith("growatt") else 0
    assert abs(
        first + np.timedelta64(days, "D") - np.datetime64(START - offset, "s")
    ) <= np.timedelta64(3600, "s")


@pytest.mark.parametrize(
    "one", [f for f in formats() if "…" not in f.example], ids=lambda f: f.name
)
def test_the_example_of_a_format_is_read(one, tmp_path):
    path = tmp_path / one.file
    path.write_text(one.example, encoding="utf-8")
    made = as_energy(read_series(path, zone="Europe/Berlin"))
    assert (made.values[~np.isnan(made.values)] >= 0).all()
    assert float(np.nanmax(made.values)) > 0


def test_a_typical_year_of_pvgis_is_one_year(tmp_path):
    """Its months come from several years; times are UTC, and each hour keeps its place."""
    years = (2013, 2010, 2007, 2012, 2013, 2015, 2013, 2008, 2016, 2013, 2009, 2013)
    head = ["Latitude (decimal degrees): 52.000", "Longitude (decimal degrees): 13.000"]
    head += ["Elevation (m): 60", "month,year", *(f"{m},{y}" for m, y in enumerate(years, 1))]
    rows = ["time(UTC),T2m,RH,G(h),Gb(n),Gd(h),IR(h),WS10m,WD10m,SP"]
    for month, year in enumerate(years, 1):
        at = datetime(year, month, 1)
        while at.month == month:
            if (at.month, at.day) != (2, 29):
                rows.append(f"{at:%Y%m%d:%H%M},{at.month},90,{at.hour},0,0,290,3,200,101000")
            at += timedelta(hours=1)
    path = tmp_path / "tmy.csv"
    path.write_text("\n".join([*head, *rows, "", "T2m: 2-m air temperature"]))
    made = read_series(path)
    assert made.values.shape[1] == 8760
    assert (str(made.start[0]), str(made.start[-1])) == (
        "2013-01-01T00:00:00",
        "2013-12-31T23:00:00",
    )
    months = made.start.astype("datetime64[M]").astype(int) % 12 + 1
    assert (made.values[made.names.index("temperature")] == months).all()
    assert (made.values[made.names.index("ghi")] == np.arange(8760) % 24).all()


def test_hours_of_pvgis_have_their_own_year(tmp_path):
    head = ["Latitude (decimal degrees):\t45.000", "Longitude (decimal degrees):\t8.000"]
    head += ["Elevation (m):\t250", "Radiation database:\tPVGIS-SARAH", "", ""]
    head += ["Slope: 30 deg.", "Azimuth: 0 deg.", "", "time,P,G(i),H_sun,T2m,WS10m,Int"]
    at = [datetime(2016, 1, 1, 0, 10) + timedelta(hours=k) for k in range(72)]
    rows = [f"{t:%Y%m%d:%H%M},{k * 7 % 24 * 10.0},{k},0,3.44,1.43,0.0" for k, t in enumerate(at)]
    path = tmp_path / "hours.csv"
    path.write_text("\n".join([*head, *rows, "", "P: PV system power (W)", ""]))
    made = read_series(path)
    assert str(made.start[0]) == "2016-01-01T00:00:00"
    assert made.values[made.names.index("power")].tolist() == [
        10.0 * (k * 7 % 24) for k in range(72)
    ]


def test_hours_of_tmy3_end_at_their_time(tmp_path):
    """Local standard time, 01:00 is the first hour; millibars become pascals."""
    at = [datetime(1999, 1, 1) + timedelta(hours=k) for k in range(8760)]
    rows = [f"{t:%m/%d/%Y},{t.hour + 1:02d}:00,{t.hour},0,0,{t.month},80,822,2.6" for t in at]
    path = tmp_path / "724666TYA.csv"
    head = '724666,"DENVER/CENTENNIAL",CO,-7.0,39.74,-105.18,1829\n'
    columns = "Date (MM/DD/YYYY),Time (HH:MM),GHI (W/m^2),DNI (W/m^2),DHI (W/m^2),Dry-bulb (C),RHum (%),Pressure (mbar),Wspd (m/s)\n"
    path.write_text(head + columns + "\n".join(rows) + "\n")
    made = read_series(path)
    assert str(made.start[0]) == "1999-01-01T07:00:00"
    assert (made.values[made.names.index("ghi")] == np.arange(8760) % 24).all()
    assert made.values[made.names.index("pressure")][0] == 82_200
