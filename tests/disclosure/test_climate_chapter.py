"""What frameworks ask for, texts of the organisation, energy by source: tables and readers."""

import csv
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from abate.application.catalogue import FIGURES, METHODS, every_rule
from abate.application.disclosure.breakdowns import FOSSIL_SOURCES, Mix
from abate.application.disclosure.targets import _misused, target_title
from abate.disclosure.datapoints import (
    ANSWERED,
    OPEN,
    Answer,
    datapoints,
    fuel_sources,
    gap_lines,
    groups,
)
from abate.disclosure.indicators import frameworks, indicators
from abate.disclosure.narrative import read_narrative
from abate.disclosure.pathways import pathways
from abate.kernel.errors import ConfigError
from abate.kernel.languages import translate, translator
from abate.kernel.resources import package_table
from abate.kernel.target import Target, TargetKind
from support import SHARED

HEAD = '+++\ntitle = "Risks"\nowner = "Lin"\n{}+++\nHeat.\n'


def test_every_datapoint_stands_in_a_titled_group_of_a_known_framework():
    assert {(d.framework, d.group) for d in datapoints().values()} == set(groups())
    assert {d.framework for d in datapoints().values()} <= set(frameworks())
    assert all(g["title"] and translate(g["title"], "zh") != g["title"] for g in groups().values())
    assert {d.kind for d in datapoints().values()} == {"number", "text"}


def test_one_indicator_answers_a_datapoint():
    held: dict[tuple[str, str], str] = {}
    for one in indicators().values():
        for reference in (*one.references, *one.partly):
            if reference[0] != "SDG":
                assert reference not in held, (reference, one.id, held[reference])
                held[reference] = one.id
    known = {f for f, _ in datapoints()}
    assert all(ref in datapoints() for ref in held if ref[0] in known)


def test_names_of_datapoints_are_those_of_the_frameworks():
    source = SHARED / "company/disclosures.csv"
    if not source.exists():
        pytest.skip("the list of datapoints is not on this machine")
    with source.open(encoding="utf-8") as file:
        listed = {(r["framework"], r["id"]) for r in csv.DictReader(file)}
    own = {k for k, d in datapoints().items() if d.verification == "checked"}
    assert own <= listed


def test_every_fuel_of_the_books_has_a_source_of_energy():
    books = [("abate.operations", "factors.csv"), ("abate.operations.facts", "national.csv")]
    items = {
        r["item"]
        for package, name in books
        for r in package_table(package, name)
        if r["kind"] in ("stationary-fuel", "mobile-fuel")
    }
    assert items <= set(fuel_sources())
    assert set(fuel_sources().values()) == {*FOSSIL_SOURCES, "renewable", "mixed"}


def test_rules_methods_and_figures_have_chinese():
    t = translator("zh")
    english = [x for r in every_rule() for x in (r.title, r.hint)] + [m.summary for m in METHODS]
    assert [x for x in english if t(x) == x] == []


@pytest.mark.parametrize(
    "content",
    [
        "no head",
        "+++\ntitle =\n+++\n",
        "+++\ntitle = 'x'\n+++\n",
        "+++\nowner = 'x'\n+++\n",
        HEAD.format("colour = 'red'\n"),
        HEAD.format("status = 'final'\n"),
        HEAD.format("status = 'approved'\n"),
        HEAD.format("reviewed = 'May'\n"),
        HEAD.format("reviewed = 2024-05-01T10:00:00\n"),
        HEAD.format("answers = 'GRI 305-1-a'\n"),
        HEAD.format("answers = [1]\n"),
        HEAD.format("answers = ['GRI 999-1']\n"),
    ],
)
def test_a_text_that_cannot_be_read_names_its_file(content):
    with pytest.raises(ConfigError) as caught:
        read_narrative("10-x.md", content)
    assert caught.value.code == "bad-chapter"
    assert "chapters/10-x.md" in caught.value.message
    assert caught.value.hint


@given(st.sampled_from(sorted(datapoints())), st.sampled_from(["", ".en", ".zh"]))
def test_a_text_may_answer_any_datapoint(key, lang):
    head = HEAD.format(
        f'reviewed = 2024-05-01\nstatus = "approved"\nanswers = ["{key[0]} {key[1]}"]\n'
    )
    told = read_narrative(f"10-risks{lang}.md", head)
    assert (told.name, told.lang, told.answers) == ("10-risks", lang[1:], (key,))
    assert told.anchor == "text-10-risks"


def test_headings_of_a_text_stay_below_its_own():
    assert read_narrative("x.md", HEAD.format("") + "# A\n## B\n### C\n#no").text == (
        "Heat.\n### A\n### B\n### C\n#no"
    )


AMOUNT = st.floats(0, 1e6).map(lambda x: round(x, 3))


@given(
    st.dictionaries(
        st.sampled_from([*FOSSIL_SOURCES, "renewable", "unclassed"]), st.none() | AMOUNT
    ),
    AMOUNT,
    AMOUNT,
    AMOUNT,
    AMOUNT,
)
def test_sources_of_energy_add_up_or_are_not_stated(fuels, green, nuclear, fossil, rest):
    mix = Mix(fuels, green + nuclear + fossil + rest, green, nuclear, fossil)
    assert mix.unstated == pytest.approx(rest, abs=1e-6)
    if None in fuels.values():
        assert mix.total is None
    if "unclassed" in fuels or rest >= 0.001:
        assert mix.all_fossil is None
    if "unclassed" in fuels:
        assert mix.renewable is None
    parts = (mix.all_fossil, mix.renewable, mix.total)
    if None not in parts:
        assert mix.all_fossil + mix.renewable + nuclear == pytest.approx(mix.total, abs=0.01)


@given(st.lists(st.booleans(), min_size=len(datapoints()), max_size=len(datapoints())))
def test_gaps_count_each_datapoint_once(done):
    answers = [
        Answer(d, ANSWERED if yes else OPEN, "x" if yes else "")
        for d, yes in zip(datapoints().values(), done, strict=True)
    ]
    lines = gap_lines(answers, {k: g["title"] for k, g in groups().items()})
    counts = [tuple(map(int, x["count"].split(" / "))) for x in lines]
    assert sum(n for n, _ in counts) == sum(done)
    assert sum(n for _, n in counts) == len(datapoints())


def test_a_pathway_fits_figures_of_its_own_scopes_and_no_net_figure():
    fits = {
        (path, figure)
        for path, figure in product(("sbti-1.5c", "sbti-wb2c", "linear"), FIGURES)
        if FIGURES[figure].unit == "t CO2e" and not _misused(pathways()[path], figure)
    }
    assert {f for p, f in fits if p == "sbti-1.5c"} >= {"scope1", "scope2-location", "gross"}
    assert ("sbti-1.5c", "net") not in fits
    assert ("sbti-1.5c", "total-location") not in fits
    assert ("sbti-wb2c", "scope3") in fits
    assert ("sbti-wb2c", "scope1") not in fits
    assert ("linear", "net") in fits


@pytest.mark.parametrize("kind", list(TargetKind))
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_target_without_title_gets_one(kind, lang):
    figure = "pue" if kind is TargetKind.INTENSITY else "scope1"
    target = Target(
        figure, 0.0 if kind is TargetKind.NEUTRALITY else 5.0, "FY2030", kind=kind,
        base_year="FY2022", reduction_share=0.5, site="hq",
    )  # fmt: skip
    told = target_title(target, translator(lang))
    assert "{" not in told
    assert "FY2030" in told
    assert "(hq)" in told
    assert (told.isascii()) == (lang == "en")
