"""What is read of texts: sixty articles and reports in three languages, and sentences of each kind."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from abate.disclosure.claims.documents import (
    of_html,
    of_lines,
    of_markdown,
    of_pages,
    read_document,
)
from abate.disclosure.claims.extracting import FIELDS, SURE, extract
from abate.disclosure.claims.quantities import language_of, normal, quantities, simplified
from abate.disclosure.claims.rules import check
from abate.disclosure.claims.when import years_in
from reading import read_text, score
from support import ROOT

TEXTS = ROOT / "tests/golden/texts"
NAMES = sorted(p.name for p in TEXTS.iterdir() if p.name not in ("README.md", "truth.csv"))


@pytest.fixture(scope="module")
def scored():
    return score(TEXTS)


def test_nine_of_ten_statements_that_are_read_as_certain_are_right_in_all_five_fields(scored):
    assert scored.right >= 0.9 * scored.certain, "\n".join(scored.wrong)
    assert scored.found >= 0.5 * scored.wanted
    for field in FIELDS:
        assert scored.fields[field] >= 0.95 * scored.certain, field


@pytest.mark.parametrize("lang", ["en", "zh", "de"])
def test_each_language_is_read(lang):
    names = [
        n for n in NAMES if language_of(normal((TEXTS / n).read_text(encoding="utf-8"))) == lang
    ]
    told = score(TEXTS, names)
    assert len(names) > 10
    assert told.right >= 0.85 * told.certain, "\n".join(told.wrong)
    assert told.found >= 0.4 * told.wanted


@pytest.mark.parametrize("name", NAMES)
def test_no_text_that_is_coherent_is_called_contradictory(name):
    assert not [v for v in check(read_text(TEXTS / name).statements) if v.severity == "error"]


def levels(text):
    """Metric, number, year and name of the statements that are certain."""
    told = extract(text, "t", {}).statements
    return {(s.metric, round(s.number, 6), s.period.year, s.entity) for s in told}


LEAD = "Acme Group plc published its sustainability report on 3 May 2025. "


@pytest.mark.parametrize(
    ("sentence", "wanted"),
    [
        (
            "Acme emitted 5 kt CO2e in Scope 1, 9 kt in Scope 2 (market-based) and 70 kt in Scope 3 in 2024, 84 kt in total.",
            {("scope1", 5e3), ("scope2_market", 9e3), ("scope3", 7e4), ("total_market", 8.4e4)},
        ),
        (
            "In 2024, Acme's Scope 1 and Scope 2 emissions were 5 kt and 9 kt respectively.",
            {("scope1", 5e3), ("scope2", 9e3)},
        ),
        ("Acme's Scope 1 emissions were 33,902 (1,000 tonnes) in 2024.", {("scope1", 33_902_000)}),
        (
            "In 2024 Acme used 120 GWh of electricity, 62 % of which came from renewable sources.",
            {("electricity", 1.2e8), ("renewable_electricity_share", 0.62)},
        ),
        ("In 2024, Acme's Scope 1 emissions fell by a third.", {("scope1", -0.333)}),
        ("In 2024, Acme's direct emissions halved.", {("scope1", -0.5)}),
        (
            "Acme withdrew 1.2 million cubic metres of water in 2024, 9 per cent less than the year before.",
            {("water", 1.2e6), ("water", -0.09)},
        ),
        ("Acme helped customers avoid 2 Mt CO2e in 2024.", {("scope3plus_reduction", 2e6)}),
        (
            "Acme's power usage effectiveness was 1.21 in 2024 (2023: 1.24).",
            {("pue", 1.21), ("pue", 1.24)},
        ),
    ],
)
def test_grammar_ties_numbers_to_their_metric(sentence, wanted):
    told = extract(LEAD + sentence, "t", {}).statements
    assert {(s.metric, round(s.number, 6)) for s in told if s.nature != "date"} == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (
            "Die Muster AG meldete am 3. Mai 2025: Die Scope-1-Emissionen der Muster AG sanken 2024 um 12,5 Prozent auf 1.234,5 Tonnen CO2-Äquivalente.",
            {("scope1", -0.125, 2024, "Muster AG"), ("scope1", 1234.5, 2024, "Muster AG")},
        ),
        (
            "安澜科技股份有限公司(以下简称“安澜科技”)2025年5月3日发布报告。2024年,公司范围一排放量为3.2万吨二氧化碳当量,同比下降6.3%。",
            {
                ("scope1", 32_000, 2024, "安澜科技股份有限公司"),
                ("scope1", -0.063, 2024, "安澜科技股份有限公司"),
            },
        ),
        (
            "永曜紡織股份有限公司2025年6月18日公布永續報告。2024年集團範疇一排放量為1.5萬公噸CO2e。",
            {("scope1", 15_000, 2024, "永曜纺织股份有限公司")},
        ),
    ],
)
def test_german_and_chinese_are_read(text, wanted):
    assert wanted <= levels(text)


def test_what_is_not_clear_is_read_in_part_and_takes_part_in_no_rule():
    text = f"{LEAD}Scope 1 emissions were 100 t in 2024. Its rival Bolt Energy cut emissions by 5 % and it by 7 %."
    read = extract(text, "t", {})
    assert all(p.unsure for p in read.partly)
    assert {f for p in read.partly for f in p.unsure} <= set(FIELDS)
    assert not [v for v in check(read.statements) if v.severity in ("error", "question")]
    assert 0 < SURE < 1


def test_an_error_is_a_question_where_another_reading_clears_it():
    text = f"{LEAD}In 2024, Acme's Scope 2 emissions were 100 t. In 2024, Acme's Scope 2 emissions were 140 t."
    (told,) = [v for v in check(extract(text, "t", {}).statements) if v.verdict == "contradiction"]
    assert (told.severity, "market" in told.readings[0]) == ("question", True)
    firm = text.replace("Scope 2 emissions", "market-based Scope 2 emissions")
    (told,) = [v for v in check(extract(firm, "t", {}).statements) if v.verdict == "contradiction"]
    assert (told.severity, told.readings) == ("error", ())


def test_tables_of_pages_are_read_with_units_of_captions_and_changes_between_years():
    page = """<p>Acme Group plc reports.</p><table><caption>Emissions (thousand tCO2e)</caption>
    <tr><th>Figure<th>2023<th>2024<th>change<tr><td>Scope 1<td>100<td>90<td>-10.0 %<tr><td>Scope 2, market-based<td>1,402<td>1,371<td>-2.2 %</table>"""
    told = {
        (s.metric, s.period.year, round(s.number, 6))
        for s in read_document(of_html(page), "a.html", {}).statements
    }
    assert told == {
        ("scope1", 2023, 1e5),
        ("scope1", 2024, 9e4),
        ("scope1", 2024, -0.1),
        ("scope2_market", 2023, 1.402e6),
        ("scope2_market", 2024, 1.371e6),
        ("scope2_market", 2024, -0.022),
    }
    rows = "Acme Group plc reports.\n\n| t CO2e | 2023 | 2024 |\n|---|---|---|\n| Scope 1 | 100 | 90 |\n"
    read = read_document(of_markdown(rows), "a.md", {})
    assert [(s.metric, s.number) for s in read.statements] == [("scope1", 100), ("scope1", 90)]
    lines = (
        "Acme Group plc reports.\n\nEmissions in t CO2e\n2023 2024\nScope 1 100 90\nScope 3 70 60\n"
    )
    assert len(read_document(of_lines(lines), "a.txt", {}).statements) == 4
    pages = of_pages(
        [("Acme Group plc reports emis-\nsions.", [[["t CO2e", "2024"], ["Scope 1", "5"]]])]
    )
    assert pages.text.endswith("emissions.")


def test_rows_of_sites_are_not_the_organisation_s():
    page = "<p>Acme Group plc reports.</p><table><tr><th>Site<th>2023<th>2024<tr><td>Electricity Leeds (kWh)<td>5<td>6<tr><td>Electricity York (kWh)<td>7<td>8</table>"
    read = read_document(of_html(page), "a.html", {})
    assert not read.statements
    assert all("entity" in p.unsure for p in read.partly)


@settings(deadline=None, max_examples=150)
@given(seed=st.integers(0, 100_000))
def test_a_number_is_read_in_every_style_it_is_written(seed):
    draw = random.Random(seed)
    value = draw.choice((draw.uniform(1, 999), draw.uniform(1e3, 9e6)))
    digits = draw.choice((0, 1, 2))
    shown = f"{value:,.{digits}f}"
    unit, factor = draw.choice((("t CO2e", 1), ("kt", 1e3), ("MWh", 1e3), ("GWh", 1e6), ("m3", 1)))
    want = float(shown.replace(",", "")) * factor
    (english,) = quantities(normal(f"It was {shown} {unit} then."), "en")
    assert float(english.text) * english.scale == pytest.approx(want)
    swapped = shown.translate(str.maketrans(",.", ".,"))
    (german,) = quantities(normal(f"Es waren {swapped} {unit} damals."), "de")
    assert float(german.text) * german.scale == pytest.approx(want)
    (chinese,) = quantities(normal(f"共计,{shown}万吨。"), "zh")
    assert float(chinese.text) * chinese.scale == pytest.approx(float(shown.replace(",", "")) * 1e4)


def test_numbers_with_bounds_ranges_words_and_denominators():
    told = quantities(
        normal(
            "more than 50 %, less than 3 t, between 5 and 7 GWh, about 2 t, a third, one in eight, 12 kg CO2e per tonne, 8.1 tons per million yuan"
        ),
        "en",
    )
    assert [(q.text, q.unit, q.bound, q.high) for q in told] == [
        ("50", "share", ">", ""),
        ("3", "t", "<", ""),
        ("5", "kWh", "=", "7"),
        ("2", "t", "~", ""),
        ("33.3", "share", "=", ""),
        ("12.5", "share", "=", ""),
        ("12", "kg/t", "=", ""),
        ("8.1", "t/million CNY", "=", ""),
    ]
    (per,) = [q for q in quantities(normal("每万元营业收入排放0.108吨"), "zh") if q.unit]
    assert (per.text, per.unit) == ("0.108", "t/万 CNY")
    assert simplified("範疇二") == "范畴二"


def test_years_have_roles():
    text = "In fiscal 2024 it cut 12 % against 2019, after 9 % in 2023, and by 2030 it wants 50 %"
    assert [(w.year, w.role) for w in years_in(text)] == [
        (2024, "at"),
        (2019, "base"),
        (2023, "at"),
        (2030, "by"),
    ]
    assert [(w.year, w.kind) for w in years_in("in 2023/24 and the year to 31 March 2025")] == [
        (2024, "FY"),
        (2025, "FY"),
    ]


@pytest.mark.parametrize(
    ("heads", "cells", "year", "base"),
    [
        (["2022", "2024", "change"], ["900", "800", "-11.1 %"], 2024, 2022),
        (["2023", "2024", "change"], ["900", "800", "-11.1 %"], 2024, 0),
        (["2024", "2023", "change"], ["800", "900", "-11.1 %"], 2024, 0),
        (["2024", "2020", "change"], ["800", "900", "-11.1 %"], 2024, 2020),
        (["2022", "2023", "2024", "change"], ["950", "900", "800", "-11.1 %"], 2024, 0),
        (["2024", "2023", "2022", "change"], ["800", "900", "950", "-11.1 %"], 2024, 0),
    ],
)
def test_a_column_of_changes_is_between_the_years_beside_it(heads, cells, year, base):
    table = "\n".join(
        "| " + " | ".join(row) + " |"
        for row in (["", *heads], ["---"] * (len(heads) + 1), ["Scope 1 (t CO2e)", *cells])
    )
    read = read_document(
        of_markdown(f"# Acme Ltd sustainability report 2024\n\n{table}\n"), "t", {}
    )
    (told,) = [s for s in read.statements if s.unit == "share"]
    assert (told.period.year, told.base) == (year, base)
    assert not [v for v in check(read.statements) if v.verdict == "contradiction"]


@pytest.mark.parametrize(
    "text",
    [
        "2023年公司范围二排放比上年{way}1,200吨。",
        "2023年，公司基于市场的范围二排放比基于位置的{way} 1,200 吨。",
        "2023年公司电力消费较2022年{way}出1200万千瓦时。",
    ],
)
@pytest.mark.parametrize("way", "高低多少")
def test_the_difference_of_two_amounts_is_no_amount_itself(text, way):
    assert not extract(text.format(way=way), "t", {}).statements


def test_a_page_is_named_by_its_heading_and_labels_keep_apart_from_numbers():
    page = (
        "<nav><a href='#a'>Home</a></nav><a>Skip to content</a><div>Menu</div>"
        "<h1>Acme Ltd: sustainability report 2024</h1>"
        "<p><span>Scope 1</span><b>8,213</b> t CO2e, in H<sub>2</sub>O</p>"
    )
    text = of_html(page).text
    assert text.startswith("Acme Ltd: sustainability report 2024")
    assert "Scope 1 8,213 t CO2e, in H2O" in text
    assert "Home" not in text


def test_ten_pages_take_less_than_three_seconds():
    import time

    text = "\n\n".join((TEXTS / n).read_text(encoding="utf-8") for n in NAMES if n.endswith("txt"))
    began = time.process_time()
    extract(text[:40_000], "t", {})
    assert time.process_time() - began < 3
