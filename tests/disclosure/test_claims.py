"""Claims: intervals, statements, rules, and what is read from text."""

import csv
import json
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from abate.disclosure.claims.documents import of_html, read_document
from abate.disclosure.claims.extracting import extract
from abate.disclosure.claims.interval import growth, printed
from abate.disclosure.claims.rules import check
from abate.disclosure.claims.statement import period_of
from abate.disclosure.claims.tabled import statement_of
from support import ROOT

CASES: dict[tuple[str, str, str], list[dict[str, str]]] = {}
with (ROOT / "tests/golden/claims.csv").open(encoding="utf-8") as handle:
    for number, line in enumerate(csv.DictReader(handle), 2):
        CASES.setdefault((line["case"], line["rule"], line["expected"]), []).append(
            line | {"row": str(number)}
        )


def said(*rows, **common):
    """Verdicts of a few rows: entity, metric, year, value, unit, comparison."""
    names = ("metric", "fiscal_year", "value", "unit", "comparison")
    made = [
        statement_of(
            {
                "entity": "G",
                "source": f"s{k}",
                **common,
                **(dict(zip(names, r, strict=False)) if isinstance(r, tuple) else r),
            },
            f"row {k}",
            {},
        )
        for k, r in enumerate(rows, 2)
    ]
    return {(v.rule, v.verdict) for v in check([m for m in made if m])}


@pytest.mark.parametrize(
    ("case", "rule", "expected"), CASES, ids=lambda v: v if v.startswith("CC") else ""
)
def test_the_given_cases_are_judged_as_their_authors_did(case, rule, expected):
    statements = [statement_of(r, f"row {r['row']}", {}) for r in CASES[case, rule, expected]]
    assert {v.verdict for v in check([s for s in statements if s]) if v.rule == rule} == {expected}


def test_the_table_holds_every_case_that_is_given(shared):
    given_cases = json.loads((shared / "company/claims_cases.json").read_text())
    assert {(c["id"], c["rule"], c["expected_verdict"]) for c in given_cases} == set(CASES)
    severities = {c["id"]: c["severity"] for c in given_cases}
    for (case, rule, _), rows in CASES.items():
        statements = [statement_of(r, f"row {r['row']}", {}) for r in rows]
        found = {v.severity for v in check([s for s in statements if s]) if v.rule == rule}
        assert found == {severities[case]}, case


@settings(deadline=None, max_examples=200)
@given(before=st.floats(1, 1e6), rate=st.floats(-0.9, 3), digits=st.integers(0, 3))
def test_numbers_rounded_from_one_truth_are_never_called_contradictory(before, rate, digits):
    after = before * (1 + rate)
    rows = (
        ("scope1", "FY2023", f"{before:.{digits}f}", "t CO2e"),
        ("scope1", "FY2024", f"{after:.{digits}f}", "t CO2e", f"yoy {rate * 100:+.1f}%"),
    )
    if float(rows[0][2]) and float(rows[1][2]):
        assert not {v for _, v in said(*rows)} & {"contradiction"}


@settings(deadline=None, max_examples=100)
@given(seed=st.integers(0, 10_000))
def test_a_planted_error_in_growth_and_in_a_sum_is_found_and_nothing_else(seed):
    draw = random.Random(seed)
    parts = [round(draw.uniform(10, 900), 2) for _ in range(3)]
    total = round(sum(parts), 2)
    names = ("scope1", "scope2_market", "scope3")
    rows = [(n, "FY2024", f"{p:.2f}", "kt CO2e") for n, p in zip(names, parts, strict=True)]
    assert said(*rows, ("total_market", "FY2024", f"{total:.2f}", "kt CO2e")) == {
        ("sum_of_parts", "consistent")
    }
    wrong = f"{total * draw.choice((0.9, 1.06, 1.2)):.2f}"
    assert said(*rows, ("total_market", "FY2024", wrong, "kt CO2e")) == {
        ("sum_of_parts", "contradiction")
    }
    stated = round(draw.uniform(5, 60), 1)
    after = parts[0] * (1 + stated / 100)
    grown = [
        ("scope1", "FY2023", f"{parts[0]:.2f}", "kt CO2e"),
        ("scope1", "FY2024", f"{after:.2f}", "kt CO2e"),
    ]
    right = said(grown[0], (*grown[1], f"yoy +{stated}%"))
    assert right == {("growth_rate", "consistent"), ("backcast_prior_year", "consistent")}
    off = said(grown[0], (*grown[1], f"yoy +{stated + 3.3:.1f}%"))
    assert off == {("growth_rate", "contradiction"), ("backcast_prior_year", "contradiction")}


def test_zeros_at_the_end_may_be_rounding_and_decimals_may_not():
    before = ("electricity", "FY2023", "1.114", "TWh")
    assert ("growth_rate", "rounding_loose") in said(
        before, ("electricity", "FY2024", "2.025", "TWh", "yoy +80%")
    )
    assert ("growth_rate", "contradiction") in said(
        before, ("electricity", "FY2024", "2.025", "TWh", "yoy +80.0%")
    )


def test_the_same_digits_in_another_unit_are_an_order_of_magnitude():
    assert ("order_of_magnitude", "contradiction") in said(
        ("scope3", "FY2024", "76.2", "Mt CO2e"), ("scope3", "FY2024", "76200", "t CO2e")
    )
    assert ("rounding", "consistent") in said(
        ("scope3", "FY2024", "76.2", "kt CO2e"), ("scope3", "FY2024", "76,230", "t CO2e")
    )


def test_a_renewable_share_above_the_clean_share_contradicts():
    clean = ("clean_electricity_share", "FY2024", "39.0", "%")
    assert ("renewable_vs_clean", "contradiction") in said(
        clean, ("renewable_electricity_share", "FY2024", "45", "%")
    )
    assert ("renewable_vs_clean", "substituted") in said(
        clean, ("renewable_electricity_share", "FY2024", "39.0", "%")
    )


def test_a_restated_value_beside_the_first_is_restated_and_not_wrong():
    first = {
        "metric": "scope1",
        "fiscal_year": "FY2021",
        "value": "100",
        "unit": "t CO2e",
        "vintage": "as reported in 2022",
    }
    assert said(first, first | {"value": "180", "vintage": "2024 report"}) == {
        ("restatement", "restated")
    }


def test_what_no_rule_can_judge_is_left_alone():
    assert said(("scope1", "FY2024", "10", "t CO2e"), ("scope1", "FY2021", "25", "t CO2e")) == set()
    assert said(("revenue", "FY2024", "9", "million CNY")) == set()


def test_periods_and_intervals():
    assert period_of("FY23").key == ("FY", 2023)
    assert period_of("nonsense").year == 0
    moved = growth(printed("22.907"), printed("33.338"))
    assert moved.low < 0.45535 < moved.high
    for odd in ("", "n/a", "1.2.3", "12 345", "1e400x"):
        with pytest.raises(ValueError, match="not a number"):
            printed(odd)


def test_the_statements_of_the_given_articles_are_found(shared):
    wanted = found = named = 0
    with (shared / "company/article_claims.csv").open(encoding="utf-8") as handle:
        rows = list(csv.DictReader(handle))
    for path in sorted((shared / "company/articles").glob("*.txt")):
        read = extract(path.read_text(encoding="utf-8"), path.name, {})
        for row in (r for r in rows if r["source_file"] == path.name):
            gold = statement_of(row, path.name, {})
            if gold is None:
                continue
            wanted += 1
            same = [
                s
                for s in (*read.statements, *(p.statement for p in read.partly))
                if s.unit == gold.unit
                and (
                    s.text == gold.text
                    if gold.unit == "date"
                    else abs(s.number - gold.number) <= 1e-9 * abs(gold.number)
                )
            ]
            found += bool(same)
            named += any(s.metric == gold.metric for s in same)
    print(found, named, wanted)
    assert found >= 0.8 * wanted
    assert named >= 0.5 * wanted


def test_a_text_is_read_and_what_could_not_be_placed_is_listed():
    text = "In fiscal year 2023 Acme Group emitted gross emissions of 120,000 tons. Its staff ate 47 apples."
    read = extract(text, "a.txt", {})
    assert [(s.metric, s.number, s.unit, s.period.text) for s in read.statements] == [
        ("gross_scope1_2", 120000.0, "t", "FY2023")
    ]
    assert [number for number, _ in read.unread] == ["47"]


def test_a_page_is_read_without_its_scripts():
    html = "<html><script>var x = '9 million tons';</script><p>Acme Group cut <b>packaging</b> by 5,000 tons in fiscal year 2024.</p></html>"
    read = read_document(of_html(html), "a.html", {})
    assert [(s.metric, s.number) for s in read.statements] == [("packaging_reduced", 5000.0)]


@pytest.mark.parametrize(
    "comparison",
    ["down 5% yoy", "5% decrease year-on-year", "yoy 5% lower", "同比下降5%", "yoy -5%"],
)
def test_a_fall_is_a_fall_however_it_is_said(comparison):
    assert ("growth_rate", "consistent") in said(
        ("scope1", "FY2023", "100.0", "t"), ("scope1", "FY2024", "95.0", "t", comparison)
    )


def test_loose_is_not_lax():
    assert ("rounding", "contradiction") in said(
        ("scope1", "FY2024", "100", "t"), ("scope1", "FY2024", "140", "t")
    )
    assert ("rounding", "rounding_loose") in said(
        ("scope1", "FY2024", "10000", "t"), ("scope1", "FY2024", "10450", "t")
    )
    parts = [
        ("scope1", "FY2024", "60", "t"),
        ("scope2", "FY2024", "50", "t"),
        ("scope3", "FY2024", "5", "t"),
    ]
    assert ("sum_of_parts", "contradiction") in said(*parts, ("total", "FY2024", "105", "t"))


def test_odd_numbers_end_no_check_and_are_not_guessed():
    assert said(("ghg_reduction", "2024", "15", "t"), ("total", "2024", "0", "t")) == set()
    said(
        ("net_scope1_2", "FY2024", "4.45", "Mt"),
        ("ghg_reduction_own_operations", "FY2024", "2.32", "Mt"),
        ("clean_electricity_share", "FY2024", "39", "%"),
        ("scope1", "FY2024", "0", "t"),
    )
    assert (
        statement_of({"entity": "G", "metric": "scope1", "value": "1,25", "unit": "Mt"}, "r", {})
        is None
    )
    assert (
        statement_of({"entity": "G", "metric": "scope1", "value": "10 000", "unit": "t"}, "r", {})
        is None
    )


def test_two_years_written_as_a_span_are_two_years():
    rows = [
        ("scope3", "FY2022/23", "10.00", "Mt"),
        ("scope3", "FY2023/24", "11.00", "Mt", "yoy +20%"),
    ]
    assert {("growth_rate", "contradiction"), ("backcast_prior_year", "contradiction")} == said(
        *rows
    )


def test_growth_that_is_true_is_no_reuse_of_a_share():
    rows = [
        ("clean_electricity_share", "FY2023", "50.0", "%", "level"),
        ("clean_electricity_share", "FY2024", "60.0", "%", "level"),
        ("clean_electricity", "FY2023", "1000", "GWh"),
        ("clean_electricity", "FY2024", "1500", "GWh", "yoy +50.0%"),
    ]
    assert not {r for r, v in said(*rows) if v == "contradiction"}


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (
            "Acme Group's Scope 1 emissions decreased by 10 percent from 100,000 tonnes in FY2023 to 80,000 tonnes in FY2024.",
            {("scope1", 1e5, 2023), ("scope1", 8e4, 2024)},
        ),
        (
            "In 2024, Acme Group's Scope 1 emissions were 100 tonnes. In 2023, its Scope 1 emissions were 150 tonnes.",
            {("scope1", 100, 2024), ("scope1", 150, 2023)},
        ),
        (
            "Acme Group's Scope 1 emissions were 10 tonnes, its Scope 2 emissions were 20 tonnes in FY2024.",
            {("scope1", 10, 2024), ("scope2", 20, 2024)},
        ),
        (
            "2024财年，某某集团自身运营净排放量为445万吨，同比下降5%。2023财年净排放量为468.1万吨。",
            {("net_scope1_2", 4.45e6, 2024), ("net_scope1_2", 4.681e6, 2023)},
        ),
    ],
)
def test_sentences_that_everybody_writes_are_read(text, wanted):
    levels = {
        (s.metric, round(s.number, 6), s.period.year)
        for s in extract(text, "t", {}).statements
        if s.unit == "t"
    }
    assert levels == wanted


def test_what_was_not_done_is_not_read_as_done():
    read = extract("Acme Group did not reduce its Scope 1 emissions by 10% in FY2024.", "t", {})
    assert not read.statements
    assert [n for n, _ in read.unread] == ["10%"]
