"""The report's text: Markdown that prints what it should, as page and as print."""

from datetime import date

import pytest
from markupsafe import Markup

from abate.application.catalogue import FIGURES
from abate.disclosure.indicators import frameworks, indicators
from abate.disclosure.markup import Cell, Table, escaped, plain_text, to_html
from abate.disclosure.neutrality import Neutrality
from abate.disclosure.report import headings, report_markdown, translator
from abate.disclosure.signoff import Step, check_step
from abate.disclosure.typesetting import to_typst
from abate.kernel.errors import UsageError

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
        f"# {escaped(NASTY)}\n\n{escaped(NASTY)}\n{table.markdown}",
        {},
        title=NASTY,
        author="x",
        lang="en",
        day=date(2024, 1, 1),
        contents="Contents",
        page_of=" of ",
        same={},
    )
    made = typst.compile(source.encode(), format="pdf", pdf_standards=["ua-1"], timestamp=0)
    assert made.startswith(b"%PDF")


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
        assert one.title_zh != one.title
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
