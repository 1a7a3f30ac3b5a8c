"""The report's text: Markdown that prints what it should, as page and as print."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup
from openpyxl import Workbook

from abate.adapters.writers.prints import _sheet_cell, safe_text
from abate.application.catalogue import FIGURES, METHODS
from abate.disclosure import charts
from abate.disclosure.indicators import frameworks, indicators
from abate.disclosure.markup import Cell, Table, escaped, plain_text, to_html
from abate.disclosure.neutrality import Neutrality
from abate.disclosure.report import headings, report_markdown, sections, shortened
from abate.disclosure.signoff import Step, check_step
from abate.disclosure.typesetting import to_typst
from abate.kernel.errors import UsageError
from abate.kernel.languages import catalogues, translate, translator

NASTY = (
    '<script>alert(1)</script> | `a` *b* _c_ [d](javascript:e) #f $g$ @h \\ "i" & ![x](y) {{ 7*7 }}'
)


def test_a_nasty_text_prints_as_itself_on_the_page_and_on_paper():
    table = Table.of("t", "T", ("A", ">B"), [(NASTY, Cell("5", 5.0))])
    html = to_html(table.markdown, {})
    assert "<script>" not in html
    assert "javascript:e" not in html.replace("(javascript:e)", "")
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert plain_text(escaped(NASTY)) == NASTY
    typst = pytest.importorskip("typst")
    source = to_typst(
        f"# {escaped(NASTY)}\n\n{escaped(NASTY)}\n{table.markdown}\n# Annexes {{#annexes}}\n",
        {},
        title=NASTY,
        author="x",
        lang="en",
        day=date(2024, 1, 1),
        cards=[(NASTY, NASTY, NASTY)],
        lead=NASTY,
        contents="Contents",
        page_of=" of ",
        same={},
    )
    made = typst.compile(source.encode(), format="pdf", pdf_standards=["ua-1"], timestamp=0)
    assert made.startswith(b"%PDF")


def test_a_part_of_the_report_stands_in_the_contents_and_under_the_title():
    text = "# A report\n\n## One {#one}\n\n# Annexes {#annexes}\n\n## A. Two {#two}\n"
    assert headings(text) == (
        "A report",
        [("one", "One"), ("annexes", "Annexes"), ("two", "A. Two")],
    )
    html = to_html(text.split("\n", 1)[1], {})
    assert '<h2 id="annexes" class="part">Annexes</h2>' in html
    assert "<h1" not in html


@given(
    st.integers(-(10**9), 10**9),
    st.integers(0, 3),
    st.sampled_from(["", "+"]),
    st.sampled_from(["", " %", "%"]),
    st.sampled_from(["", "*"]),
)
def test_a_number_that_a_table_prints_is_a_number_in_the_workbook(whole, places, sign, share, star):
    number = whole / 10**places
    text = f"{number:{sign},.{places}f}{share}{star}"
    cell = _sheet_cell(Workbook(write_only=True).create_sheet(), text, None, right=True)
    assert cell.value == pytest.approx(number / (100 if share else 1))
    first = cell.number_format.split(";")[0]
    assert first.endswith('"*"') == bool(star)
    assert len(first.replace('"*"', "").rstrip("%").partition(".")[2]) == places
    assert ("%" in first) == bool(share)
    assert first.startswith("+") == text.startswith("+")


@pytest.mark.parametrize(
    "text", ["± 3.1 %", "FY2024: 44,412", "–", "8 / 16", "70.57 (68.26)", "=1"]
)
def test_what_is_no_number_stays_a_text(text):
    cell = _sheet_cell(Workbook(write_only=True).create_sheet(), text, None, right=True)
    assert cell == safe_text(text)


def test_a_scope_has_one_colour_whatever_else_there_is():
    rows = [
        {"year": "FY2024", "month": "2024-01", "org": "a", "series": s, "value": 1.0, "net": False}
        for s in ("Scope 1", "Scope 2 (location)")
    ]
    for chart in (charts.years_chart, charts.months_chart, charts.business_chart):
        for some in (rows, rows[:1], rows[1:]):
            spec = chart(some)
            encoding = spec["layer"][0]["encoding"] if "layer" in spec else spec["encoding"]
            scale = encoding["color"]["scale"]
            told = dict(zip(scale["domain"], scale["range"], strict=True))
            assert told == {r["series"]: charts.SCOPES[r["series"]] for r in some}
    assert not set(charts.SCOPES.values()) & set(charts.APPROACHES.values())
    every = {m.card.approach for m in METHODS if m.card.scope == "3"}
    assert every <= set(charts.APPROACHES)


def test_a_sentence_of_values_keeps_them_in_chinese():
    t = translator("zh")
    for (context, english), told in catalogues()["zh"].texts.items():
        if "{}" in english and not context:
            values = [f"v{k}" for k in range(english.count("{}"))]
            assert t(english.format(*values)) == told.format(*values), english
            assert all(v in told.format(*values) for v in values), english


def test_raw_html_of_a_template_is_shown_and_not_obeyed():
    assert "<b>" not in to_html("a <b>bold</b> word", {})


@pytest.mark.parametrize(
    "evil",
    [
        "{{ ''.__class__.__mro__ }}",
        "{% for x in ().__class__.__bases__ %}{% endfor %}",
        "{{ nothing }}",
        "{% if %}",
        "{{ 1 / 0 }}",
    ],
)
def test_a_template_reaches_nothing_it_should_not(evil):
    with pytest.raises(UsageError, match="bad-template"):
        report_markdown({}, lang="en", template=evil)


def test_rows_have_headers_and_places_have_names():
    table = Table.of("t", "T", ("A", ">B"), [(Cell("x", anchor="here"), Cell("1", link="there"))])
    html = to_html(f"## Head {{#there}}\n{table.markdown}", {})
    assert '<h2 id="there">Head</h2>' in html
    assert '<th scope="row"><span id="here">x</span></th>' in html
    assert '<td class="n"><a href="#there">1</a></td>' in html
    assert headings("# T\n\n## A {#a}\n\n### B") == ("T", [("a", "A")])


def test_a_row_that_does_not_fit_its_columns_is_our_mistake():
    with pytest.raises(AssertionError):
        Table.of("t", "T", ("A", "B"), [("x",)])


def test_every_label_of_the_report_has_its_chinese():
    t = translator("zh")
    for title in [
        f.title
        for f in FIGURES.values()
        if f.id in ("scope1", "net", "gross", "scope3", "electricity", "pue")
    ]:
        assert t(title) != title
    assert Markup(t("not a label")) == "not a label"


def test_every_indicator_stands_on_figures_and_names_known_frameworks():
    for one in indicators().values():
        assert bool(one.formula) != bool(one.stated)
        assert translate(one.title, "zh") != one.title
        assert all(f in frameworks() for f, _ in one.references), one.id
        assert not one.figure or one.figure in FIGURES


def test_missing_is_no_zero_in_an_indicator():
    one = indicators()["renewable-share"]
    assert one.value({"electricity": 100.0}) is None
    assert one.value({"electricity": 0.0, "renewable_electricity": 0.0}) is None
    assert one.value({"electricity": 100.0, "renewable_electricity": 25.0}) == 0.25


def test_neutral_is_said_only_where_gross_less_retired_is_zero():
    assert not Neutrality("FY2024", 100.0, 90.0, 100.0, 0.0, 0.0, 99.9).is_neutral
    told = Neutrality("FY2024", 100.0, 90.0, 60.0, 40.0, 0.0, 50.0)
    assert told.remarks == ("not-reduced", "offset-without-removal", "net-covered-only")
    assert Neutrality("FY2024", 100.0, 120.0, 60.0, 40.0, 20.0, 80.0).is_neutral


def test_who_prepares_never_approves_and_steps_keep_their_order():
    taken = [(Step.PREPARED, "Ann")]
    with pytest.raises(UsageError, match="sign-off-order"):
        check_step(Step.APPROVED, "Bo", taken, {}, year="FY2024")
    for name in ("Ann", "ANN ", "a nn"):
        with pytest.raises(UsageError, match="preparer-approves"):
            check_step(Step.REVIEWED, name, taken, {}, year="FY2024")
    with pytest.raises(UsageError, match="sign-off-owner"):
        check_step(Step.REVIEWED, "Bo", taken, {"reviewer": ("Cy",)}, year="FY2024")
    with pytest.raises(UsageError, match="sign-off-twice"):
        check_step(Step.PREPARED, "Bo", taken, {}, year="FY2024")
    check_step(Step.REVIEWED, "Cy", taken, {"reviewer": ("Cy",)}, year="FY2024")


LONG = (
    "# T\n\n## Summary {#summary}\n\na\n\n## About {#about}\n\nb\n\n## Plans {#plans}\n\nc\n\n"
    "### below\n\nd\n\n# Annexes {#annexes}\n\n## A {#a}\n\ne\n\n## B {#b}\n\nf\n"
)


@pytest.mark.parametrize(
    ("without", "gone", "kept"),
    [
        ((), "", "abcdef"),
        (("plans",), "cd", "abef"),
        (("a",), "e", "abcdf"),
        (("a", "b"), "ef", "abcd"),
        (("annexes",), "", "abcdef"),
    ],
)
def test_sections_are_left_out_whole(without, gone, kept):
    told = shortened(LONG, without)
    lines = told.splitlines()
    assert [x for x in "abcdef" if x in lines] == list(kept)
    assert not set(gone) & set(lines)
    assert ("# Annexes {#annexes}" in lines) == (without not in (("a", "b"), ("annexes",)))


@pytest.mark.parametrize(
    "text", ["", "no heading", "# Mine\n\nwords\n", "# A\n\n# B\n", LONG, "## X\n\na\n# Y"]
)
def test_nothing_left_out_leaves_all_as_it_is(text):
    assert shortened(text, []) == text


@pytest.mark.parametrize(
    ("name", "code"),
    [("summary", "section-stays"), ("about", "section-stays"), ("nothing", "unknown-section")],
)
def test_what_says_what_is_incomplete_is_never_left_out(name, code):
    with pytest.raises(UsageError) as caught:
        shortened(LONG, [name])
    assert caught.value.code == code


def test_every_section_of_the_template_is_named_in_every_language():
    english, chinese = sections("en"), sections("zh")
    assert [n for n, _ in english] == [n for n, _ in chinese]
    assert all(a != b for (_, a), (_, b) in zip(english, chinese, strict=True))
    assert {"targets", "plans", "factors"} <= {n for n, _ in english}
