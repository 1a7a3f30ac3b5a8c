"""Reports, filings, credits, sign-off and the small firm's path, on real workspaces."""

import io
import json
import re
import shlex
import shutil
import warnings
import zipfile
from datetime import date

import pytest

from abate.adapters.readers.bills import doubtful, given, read_bill
from abate.adapters.store.transfers import open_transfers
from abate.adapters.writers.prints import CJK_FONT, fonts, safe_text
from abate.adapters.writers.prints import _set as set_print
from abate.application.disclosure.answers import framework_answers
from abate.application.disclosure.breakdowns import energy_mix, gas_lines, waste_lines
from abate.application.disclosure.claims import check_report
from abate.application.disclosure.filing import (
    disclosures,
    filing_facts,
    official_taxonomy,
    packages,
    validate_filing,
    write_filing,
)
from abate.application.disclosure.indicators import indicator_values
from abate.application.disclosure.neutrality import (
    add_credits,
    credits_of,
    neutrality_of,
    retire_credit,
)
from abate.application.disclosure.report_model import report_model, write_report, write_reports
from abate.application.disclosure.signoff import assured_figures, sign, signoffs
from abate.application.disclosure.targets import macc, progress_json, target_progress
from abate.application.disclosure.vsme import DEFAULTS, _answers, fill_template, vsme_datapoints
from abate.application.inventory.bills import store_bill
from abate.application.inventory.figures import Figures, publish, run_of
from abate.application.inventory.open_run import open_run
from abate.application.inventory.runs import run_year
from abate.application.opening import open_workspace
from abate.application.workspaces.setup import init_firm
from abate.disclosure.datapoints import ANSWERED, OPEN, PARTLY, datapoints
from abate.disclosure.markup import ANCHOR
from abate.disclosure.report import sections
from abate.disclosure.sections import tables
from abate.faces.cli import main as cli
from abate.faces.server import create_app
from abate.kernel.errors import ConfigError, DataError, NotFoundError, UsageError
from abate.kernel.languages import translator
from serving import session
from support import NOW, ROOT, SHARED, electricity, months

TEMPLATE = SHARED / "filings/VSME-Digital-Template-1.3.0.xlsx"


@pytest.fixture
def ledger(workspace, add):
    """The small group with bills of two years, valued."""
    add(
        electricity(
            [("hq", m, 1000, "kWh") for m in (*months("2022-04", 12), *months("2023-04", 12))]
        )
    )
    for year in ("FY2023", "FY2024"):
        run_year(workspace, year, now=NOW)
    return workspace


def pdf_text(path):
    import pdfplumber

    with pdfplumber.open(path) as document:
        return "\n".join(page.extract_text() or "" for page in document.pages), len(document.pages)


# ---- the example group


def test_the_demo_ends_with_the_report_in_three_formats(demo):
    html = (demo.root / "report.html").read_text(encoding="utf-8")
    assert len(html) < 3_000_000
    assert html.index('id="letter"') < html.index('id="targets"') < html.index('id="explain"')
    for chapter in (
        "about",
        "strategy",
        "levers",
        "indicators",
        "claims",
        "index",
        "assurance",
        "methods",
        "factors",
    ):
        assert f'id="{chapter}"' in html
    assert (
        html.count("<figure") == html.count('class="view" aria-hidden="true"><svg') > 10
    )  # each interactive chart has its static picture
    assert (demo.root / "report.pdf").read_bytes().startswith(b"%PDF-1.7")
    assert (demo.root / "report.xlsx").stat().st_size > 10_000


def test_links_of_the_page_lead_somewhere(demo):
    html = (demo.root / "report.html").read_text(encoding="utf-8")
    body = html[: html.index("<script>")]
    ids = set(re.findall(r'id="([^"]+)"', body))
    assert set(re.findall(r'href="#([^"]+)"', body)) <= ids
    assert len(re.findall(r'id="([^"]+)"', body)) == len(ids)


def test_each_datapoint_has_one_answer_and_each_line_of_the_index_leads_somewhere(demo, tmp_path):
    with open_run(demo, "FY2024") as opened:
        told = framework_answers(opened, "en")
        model = report_model(demo, "FY2024", NOW)
    assert [(a.datapoint.framework, a.datapoint.id) for a in told] == list(datapoints())
    assert all(a.by and a.link for a in told if a.status != OPEN)
    assert all(a.why for a in told if a.status != ANSWERED)
    text = write_report(demo, "FY2024", tmp_path / "r.md", now=NOW, kind="md").read_text("utf-8")
    places = set(re.findall(r"\{#([a-z0-9-]+)\}", text)) | set(
        re.findall(rf"{ANCHOR}([a-z0-9-]+)", text)
    )
    assert {x["link"] for x in model["index"] if x["link"]} <= places
    assert all(x["text"] or x["link"] for x in model["index"])
    by = {(a.datapoint.framework, a.datapoint.id): a for a in told}
    assert by["ESRS E1", "E1-6_07"].value == "8,213 t CO2e"
    assert by["ESRS E1", "E1-6_11"].status == PARTLY  # Scope 3 lacks rows
    assert by["ESRS E1", "E1-5_02"].status == OPEN  # a part of the electricity has no stated origin
    assert by["ESRS E1", "E1.GOV-3_01"].by == "Governance"
    assert by["ESRS E1", "E1-1_01"].status == PARTLY  # its text is a draft


def test_gases_add_up_to_the_scopes(demo):
    with open_run(demo, "FY2024") as opened:
        lines = [g for g in gas_lines(opened) if not g.is_apart]
        names = ("scope1", "scope2-location", "scope2-market", "scope3")
        whole = [float(v.value) for v in opened.values(list(names))]
    for column, value in zip(("one", "two_location", "two_market", "three"), whole, strict=True):
        assert sum(getattr(g, column) or 0 for g in lines) == pytest.approx(value, rel=1e-9)


def test_energy_by_source_is_that_of_the_indicators(demo):
    values = indicator_values(demo, ["FY2024"], ["energy-total", "fuel-energy", "renewable-share"])
    total, fuels, share = (v[0].value for v in values.values())
    with open_run(demo, "FY2024") as opened:
        mix = energy_mix(opened)
        power = float(opened.values(["electricity"])[0].value) / 1000
    assert mix.total == pytest.approx(total)
    assert mix.fossil_fuels == pytest.approx(fuels)
    assert mix.green == pytest.approx(share * power)


def test_waste_of_the_report_is_that_of_the_files(demo):
    with open_run(demo, "FY2024") as opened:
        found = {f"{w.material}/{w.treatment}": w.tonnes for w in waste_lines(opened)}
        rows = opened.con.execute(
            "select item, sum(quantity) / 1000 from run_activities where kind = 'waste' group by 1"
        ).fetchall()
    assert found == pytest.approx(dict(rows))


def test_the_print_is_tagged_has_contents_and_page_numbers(demo):
    raw = (demo.root / "report.pdf").read_bytes()
    assert b"/StructTreeRoot" in raw
    assert b"pdfuaid" in raw or b"MarkInfo" in raw
    text, pages = pdf_text(demo.root / "report.pdf")
    assert f"1 of {pages}" in text
    assert "Contents" in text
    assert "67,700" in text  # gross of FY2024
    assert "1.187" in text  # PUE of the meters
    assert "Packaging saved" in text


def test_the_workbook_holds_numbers_beside_their_units_and_no_formula(demo):
    from openpyxl import load_workbook

    book = load_workbook(demo.root / "report.xlsx")
    sheet = book["indicators"]
    rows = {r[0].value: r for r in sheet.iter_rows(min_row=4)}
    gross = rows["Gross emissions of own operations (location-based)"]
    assert gross[1].value == "t CO2e"
    with Figures(demo) as rollups:
        assert gross[4].value == pytest.approx(
            float(rollups.values(["gross"], run_of(demo, "FY2024"))[0].value)
        )
    cells = [c for s in book for row in s.iter_rows() for c in row]
    assert not [c for c in cells if c.data_type == "f"]
    assert safe_text("=cmd|x") == "'=cmd|x"
    assert safe_text("-5.0 %") == "-5.0 %"


def test_letters_without_a_font_are_marked_and_the_print_stays_whole(tmp_path):
    source = '#set document(title: "x")\n#set text(font: "Libertinus Serif", fallback: false, lang: "en")\n= A\n\nhello 张北 world'
    made = tmp_path / "x.pdf"
    made.write_bytes(set_print(source, tmp_path / "x.typ"))
    assert "hello (?) world" in pdf_text(made)[0]


def test_the_chinese_report_is_chinese_and_the_same_bytes_twice(demo, tmp_path):
    if CJK_FONT not in fonts():
        pytest.skip("no Chinese font on this machine (Debian: fonts-noto-cjk)")
    html, made = write_reports(
        demo, "FY2024", {"html": tmp_path / "r.html", "pdf": tmp_path / "r.pdf"}, now=NOW, lang="zh"
    )
    text, _ = pdf_text(made)
    for word in ("目录", "致辞", "三年指标", "框架索引", "范围三分类", "碳中和"):
        assert word in text
    html = html.read_text(encoding="utf-8")
    source = (
        '#set document(title: "x", date: datetime(year: 2024, month: 1, day: 1))\n= 目录\n\n正文'
    )
    assert set_print(source, tmp_path / "a.typ") == set_print(source, tmp_path / "b.typ")
    assert 'lang="zh-CN"' in html
    assert "不是" in html or "未达到碳中和" in html
    headers = " ".join(
        re.findall(
            r"<th[^>]*>([^<]+)</th>", html[html.index("<main>") : html.index('id="factors"')]
        )
    )
    assert "Figure" not in headers
    assert "change" not in headers


PUBLICATION = r"（.*）(?=凭记忆录入)"


def test_what_the_program_says_in_a_chinese_report_is_chinese(demo):
    """Names that people gave and publications stay as they are written."""
    model = report_model(demo, "FY2024", NOW, "zh")
    model["claims"] = check_report(model)
    told = tables(model, translator("zh"))
    names = [m["title"] for m in model["plans"]] + [m["title"] for m in model["macc"]]
    names += [one.reason for one in model["run"].left_out.values()] + [
        "submeters-late.csv column status"
    ]
    english = re.compile(r"[a-z]{2,}(?: [a-z]{2,}){2,}")
    left = {
        (name, cell.text)
        for name in told.keys() - {"factors", "corrections", "signoffs", "methods", "targets"}
        for row in told[name].rows
        for cell in row
        if english.search(re.sub("|".join([*map(re.escape, names), PUBLICATION]), "", cell.text))
    }
    assert left == set()


def test_what_may_not_be_made_public_stands_in_no_statement(demo, tmp_path):
    """Not all gates of the example's programmes are passed: its own pages may show the figure."""
    with Figures(demo) as rollups:
        run = run_of(demo, "FY2024")
        held = {
            v.figure: v.value
            for v in rollups.values(["avoided", "avoided-driving", "avoided-enabling"], run)
        }
    assert float(held["avoided"]) == pytest.approx(333_380, rel=1e-4)
    assert held["avoided-driving"] + held["avoided-enabling"] == held["avoided"]
    told = indicator_values(demo, ["FY2024"], list(held))
    assert {(v[0].value, v[0].status) for v in told.values()} == {(None, "withheld")}
    progress, _ = target_progress(demo)
    statements = [
        json.dumps(
            [v.json for values in indicator_values(demo, ["FY2024"]).values() for v in values]
        ),
        json.dumps([progress_json(demo, p) for p in progress]),
        json.dumps(disclosures(demo, "FY2024")),
        (demo.root / "report.html").read_text(encoding="utf-8"),
    ]
    assert [p.status for p in progress if p.target.figure == "avoided"] == ["withheld"]
    for value in held.values():
        digits = {f"{float(value):,.0f}", f"{float(value):.0f}"[:6]}
        assert not [d for d in digits for text in statements if d in text]


def test_indicators_tell_clean_renewable_and_nuclear_apart_and_say_what_is_missing(demo):
    told = indicator_values(demo, ["FY2024"])
    value = {i: v[0].value for i, v in told.items()}
    assert value["clean-share"] == pytest.approx(0.39)
    assert value["renewable-share"] + value["nuclear-share"] == pytest.approx(value["clean-share"])
    assert value["jobs"] is None
    assert told["jobs"][0].status == "not stated"
    assert value["open-models"] == 38
    assert "stated.csv row" in told["open-models"][0].origin
    assert value["packaging-saved"] > 0
    with Figures(demo) as rollups:
        heat_kwh = float(rollups.values(["heat"], run_of(demo, "FY2024"))[0].value)
    assert heat_kwh > 0
    assert value["energy-total"] == pytest.approx(
        value["electricity"] + value["fuel-energy"] + heat_kwh / 1000
    )


def test_the_pledges_of_the_example_are_behind_and_say_by_how_much(demo):
    told, found = target_progress(demo)
    by = {p.target.title: p for p in told}
    own = by["Own operations carbon neutral by 2030"]
    assert own.end == 0
    assert own.status == "behind"
    with Figures(demo) as rollups:
        net = {
            y: float(rollups.values(["net"], run_of(demo, y))[0].value)
            for y in ("FY2022", "FY2024")
        }
    assert own.gap == pytest.approx(net["FY2024"] - net["FY2022"] * 6 / 8)
    assert own.rate_needed == pytest.approx(
        -net["FY2024"] / net["FY2022"] / 6
    )  # of the base value, as the rate so far
    ecosystem = by["15 Mt less in the ecosystem by 2035"]
    assert (ecosystem.status, ecosystem.actual, ecosystem.gap) == ("withheld", {}, None)
    assert {f.code for f in found} == {
        "base-year-stated",
        "base-year-to-restate",
        "target-incomplete",
        "target-met-when-set",
    }
    lacking = [f.message for f in found if f.code == "target-incomplete"]
    assert all("for this part (heat and steam purchased)" in m for m in lacking)
    costs = [m["cost_per_t"] for m in macc(demo)]
    assert costs == sorted(costs)


def test_the_filing_passes_arelle_and_a_planted_typo_does_not(demo, tmp_path):
    pytest.importorskip("arelle")
    files = write_filing(demo, "FY2024", tmp_path / "filing")
    assert validate_filing(files[0]) == []
    facts = filing_facts(demo, "FY2024")
    values = {(f.element.name, f.member): f.value for f in facts if f.year == "FY2024"}
    for point in vsme_datapoints(demo, "FY2024"):  # the filing holds all that the VSME report holds
        name, _, part = point.name.partition("_")
        if point.value is not None:
            held = values[name, "" if part.startswith("Total") else part]
            assert float(held) == pytest.approx(point.value), point.name
    gross = next(f for f in facts if f.element.figure == "gross" and f.year == "FY2024")
    assert (gross.decimals, gross.printed) == (-2, "67,700")  # 67,699.9 t ± 1,262
    assert 'decimals="-2"' in files[0].read_text(encoding="utf-8")
    text = files[0].read_text(encoding="utf-8")
    good = re.search(r'name="abate:GrossScope1GreenhouseGasEmissions"[^>]*>([\d,.]+)<', text).group(
        1
    )
    files[0].write_text(
        text.replace(
            f">{good}<",
            f">{good[0]}{good[3:4]}{good[2:3]}{good[4:]}<" if False else f">9{good[1:]}<",
            1,
        ),
        encoding="utf-8",
    )
    codes = {m["code"] for m in validate_filing(files[0])}
    assert "calc11e:inconsistentCalculationUsingRounding" in codes
    told = json.loads((tmp_path / "filing/disclosures.json").read_text(encoding="utf-8"))
    scope1 = next(d for d in told["disclosures"] if d["datapoint"] == "E1-6_07")
    assert scope1["figure"] == "scope1"
    assert told["run"] == run_of(demo, "FY2024").run_id
    assert told["evidence"]


def taxonomy_package(
    path, *, entries=("entry.xsd",), names=("GrossScope1GreenhouseGasEmissions", "Turnover")
):
    """A regulator's taxonomy package of two schemas, made up."""
    base = "https://regulator.example/2026/"
    types = {"Turnover": "xbrli:monetaryItemType", "NumberOfEmployees": "xbrli:decimalItemType"}
    core = "".join(
        f'<xsd:element id="reg_{n}" name="{n}" type="{types.get(n, "xbrli:decimalItemType")}"'
        ' substitutionGroup="xbrli:item" nillable="true" xbrli:periodType="duration"/>'
        for n in names
    )
    head = (
        '<xsd:schema xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xbrli="http://www.xbrl.org/2003/instance"'
        ' xmlns:reg="{0}core" targetNamespace="{0}{1}" elementFormDefault="qualified">'
    )
    member = '<xsd:import namespace="http://www.xbrl.org/2003/instance" schemaLocation="http://www.xbrl.org/2003/xbrl-instance-2003-12-31.xsd"/>'
    listed = "".join(
        f'<tp:entryPoint><tp:name xml:lang="en">{e}</tp:name><tp:entryPointDocument href="{base}{e}"/></tp:entryPoint>'
        for e in entries
    )
    with zipfile.ZipFile(path, "w") as package:
        package.writestr(
            "reg/META-INF/taxonomyPackage.xml",
            '<tp:taxonomyPackage xml:lang="en" xmlns:tp="http://xbrl.org/2016/taxonomy-package"><tp:identifier>urn:reg</tp:identifier>'
            f"<tp:name>Reg</tp:name><tp:entryPoints>{listed}</tp:entryPoints></tp:taxonomyPackage>",
        )
        package.writestr(
            "reg/META-INF/catalog.xml",
            '<catalog xmlns="urn:oasis:names:tc:entity:xmlns:xml:catalog">'
            f'<rewriteURI uriStartString="{base}" rewritePrefix="../files/"/></catalog>',
        )
        package.writestr(
            "reg/files/core.xsd", f"{head.format(base, 'core')}{member}{core}</xsd:schema>"
        )
        for e in entries:
            package.writestr(
                f"reg/files/{e}",
                f'{head.format(base, e)}<xsd:import namespace="{base}core" schemaLocation="core.xsd"/></xsd:schema>',
            )
    return path


def test_a_regulators_taxonomy_in_the_workspace_names_the_facts_that_it_has(firm, tmp_path):
    pytest.importorskip("arelle")
    folder = firm.root / "taxonomies"
    folder.mkdir()
    try:
        taxonomy_package(folder / "reg.zip")
        assert set(official_taxonomy(firm).names) == {
            "GrossScope1GreenhouseGasEmissions",
            "Turnover",
        }
        files = write_filing(firm, "FY2024", tmp_path / "own")
        text = files[0].read_text(encoding="utf-8")
        assert 'name="reg:GrossScope1GreenhouseGasEmissions"' in text
        assert 'name="abate:GrossLocationBasedScope2GreenhouseGasEmissions"' in text
        assert 'href="https://regulator.example/2026/entry.xsd"' in text
        assert validate_filing(files[0], packages(firm)) == []
        assert validate_filing(files[0])  # without the package its names are not known

        taxonomy_package(folder / "reg.zip", names=("NumberOfEmployees",))
        assert official_taxonomy(firm).names == {}  # ours is of a moment, theirs of a year
        taxonomy_package(folder / "reg.zip", entries=("a.xsd", "b.xsd"))
        with pytest.raises(UsageError, match="many-entry-points"):
            official_taxonomy(firm)
        assert official_taxonomy(firm, "https://regulator.example/2026/b.xsd").entry.endswith(
            "b.xsd"
        )
        for bad in (b"no zip", b"PK\x05\x06" + b"\0" * 18):
            (folder / "reg.zip").write_bytes(bad)
            with pytest.raises(DataError, match="bad-taxonomy"):
                official_taxonomy(firm)
    finally:
        shutil.rmtree(folder)


# ---- reports of one's own


def test_a_letter_that_contradicts_the_ledger_is_not_written(ledger, tmp_path):
    config = ledger.root / "abate.toml"
    config.write_text(
        config.read_text()
        + '\n[report]\nletter_en = "In fiscal year 2024 Small group emitted gross emissions of 9,000 tons."\n'
    )
    with pytest.raises(DataError, match="report-contradicts"):
        write_report(open_workspace(ledger.root), "FY2024", tmp_path / "r.html", now=NOW)
    assert not list(tmp_path.glob("r.*"))


@pytest.mark.parametrize(
    "claim",
    [
        "Small group is carbon neutral.",
        "Our electricity use fell by 40 percent: we used 9 MWh of electricity in fiscal year 2024, down 40 percent.",
        "Our gross emissions fell to 1 ton in fiscal year 2024.",
    ],
)
def test_what_is_typed_by_hand_is_tested_like_anybodys_article(ledger, tmp_path, claim):
    own = tmp_path / "own.md"
    own.write_text(f"# Mine\n\n{claim}\n")
    with pytest.raises(DataError, match="report-contradicts"):
        write_report(ledger, "FY2024", tmp_path / "r.md", now=NOW, kind="md", template=own)


def test_a_template_holds_only_pictures_that_there_are(ledger, tmp_path):
    own = tmp_path / "own.md"
    for address in ("chart:nosuch", "https://example.org/x.png"):
        own.write_text(f"# Mine\n\n![x]({address})\n")
        with pytest.raises(UsageError, match="bad-template"):
            write_report(ledger, "FY2024", tmp_path / "r.html", now=NOW, template=own)


def test_a_letter_may_refer_to_figures_and_a_template_of_ones_own_is_used(ledger, tmp_path):
    config = ledger.root / "abate.toml"
    config.write_text(
        config.read_text()
        + "\n[report]\nletter_en = \"We emitted **{{ fig('scope2-location') }}**.\"\n"
    )
    page = write_report(
        open_workspace(ledger.root), "FY2024", tmp_path / "r.html", now=NOW
    ).read_text()
    assert re.search(
        r'We emitted <strong><a href="#x-scope2-location">[\d.]+ t CO2e</a></strong>', page
    )
    own = tmp_path / "own.md"
    own.write_text("# Mine\n\n## Only {#only}\n\n{{ tables.inventory }}\n")
    text = write_report(
        ledger, "FY2024", tmp_path / "r.md", now=NOW, kind="md", template=own
    ).read_text()
    assert text.startswith("# Mine")
    own.write_text("{{ ''.__class__ }}")
    with pytest.raises(UsageError, match="bad-template"):
        write_report(ledger, "FY2024", tmp_path / "r.md", now=NOW, kind="md", template=own)
    with pytest.raises(UsageError, match="unknown-language"):
        write_report(ledger, "FY2024", tmp_path / "r.html", now=NOW, lang="fr")
    with pytest.raises(UsageError, match="unknown-format"):
        write_report(ledger, "FY2024", tmp_path / "r.doc", now=NOW, kind="doc")


def test_an_organisation_with_a_nasty_name_gets_a_report_that_prints_it(workspace, add, tmp_path):
    config = workspace.root / "abate.toml"
    config.write_text(
        config.read_text().replace("Small group", "A <script>x</script> #b $c$ [d](e) | =1+1")
    )
    nasty = open_workspace(workspace.root)
    add(electricity([("hq", m, 1000, "kWh") for m in months("2023-04", 12)]))
    run_year(nasty, "FY2024", now=NOW)
    page = write_report(nasty, "FY2024", tmp_path / "r.html", now=NOW).read_text()
    assert "<script>x" not in page
    for kind in ("pdf", "xlsx"):
        assert (
            write_report(nasty, "FY2024", tmp_path / f"r.{kind}", now=NOW, kind=kind).stat().st_size
            > 5000
        )


@pytest.mark.parametrize(
    "wrong",
    [
        '[[targets]]\nfigure = "net"\nkind = "absolute"\nyear = "FY2030"\nbase_year = "FY2022"\n',
        '[[targets]]\nfigure = "net"\nvalue = 1\nyear = "FY2030"\npathway = "wishful"\n',
        '[[targets]]\nfigure = "net"\nvalue = 1\nyear = "FY2030"\norg = "nobody"\n',
        '[[measures]]\nid = "m"\nfigure = "net"\nstart = "FY2025"\nabated_t = -5\nlifetime_years = 3\n',
        '[[measures]]\nid = "m"\nfigure = "pue"\nstart = "FY2025"\nabated_t = 5\nlifetime_years = 3\n',
        "[finance]\ncarbon_price = -3\n",
        "[finance]\ndiscount = 1.5\n",
        '[owners]\npreparer = "Ann"\napprover = ["ann"]\n',
        '[owners]\nboss = "Ann"\n',
        '[[pathways]]\nid = "steel"\nsource = "x"\npoints = { 2020 = 1.8 }\n',
    ],
)
def test_promises_that_make_no_sense_are_refused_when_the_workspace_opens(workspace, wrong):
    config = workspace.root / "abate.toml"
    config.write_text(config.read_text() + "\n" + wrong)
    with pytest.raises(ConfigError, match="bad-config"):
        open_workspace(workspace.root)


# ---- credits and neutrality


def credit_file(tmp_path, *rows):
    path = tmp_path / "credits.csv"
    path.write_text(
        "serial,registry,project,kind,standard,vintage,amount_t\n" + "".join(f"{r}\n" for r in rows)
    )
    return path


def test_credits_are_retired_once_and_never_overdrawn(ledger, tmp_path):
    rows = ("R-1,Reg,Forest,removal,Std,2023,5", "A-1,Reg,Stoves,avoidance,Std,2022,3.5")
    assert add_credits(ledger, credit_file(tmp_path, *rows)) == (2, 0)
    assert add_credits(ledger, credit_file(tmp_path, *rows)) == (0, 2)
    with pytest.raises(DataError, match="other content"):
        add_credits(ledger, credit_file(tmp_path, "R-1,Reg,Forest,removal,Std,2023,50"))
    retire_credit(ledger, "A-1", "FY2024", 1.5, person="Ann")
    with pytest.raises(UsageError, match="credit-not-retired"):
        retire_credit(ledger, "A-1", "FY2024", 1.0, person="Ann")
    with pytest.raises(UsageError, match="overdrawn"):
        retire_credit(ledger, "A-1", "FY2023", 2.5, person="Ann")
    for odd, why in (
        (("R-1", "FY2022", 1.0, "Ann"), "no-run"),
        (("R-1", "FY2024", 1.0, " "), "no-person"),
    ):
        with pytest.raises(UsageError, match=why):
            retire_credit(ledger, *odd[:3], person=odd[3])
    add_credits(ledger, credit_file(tmp_path, "L-1,Reg,Late,removal,Std,2030,5"))
    with pytest.raises(UsageError, match="later than FY2024"):
        retire_credit(ledger, "L-1", "FY2024", None, person="Ann")
    with pytest.raises(NotFoundError, match="no-credit"):
        retire_credit(ledger, "X", "FY2024", None, person="Ann")
    held = {c.serial: c for c in credits_of(ledger, "FY2024").every}
    assert (held["A-1"].held_kg, held["A-1"].retired_for("FY2024"), held["R-1"].held_kg) == (
        2000,
        1500,
        5000,
    )
    assert open_transfers(ledger.root).total("credit") == 0


@pytest.mark.parametrize(
    "row",
    [
        "X,Reg,P,removal,S,2023,-1",
        "X,Reg,P,removal,S,2023,nan",
        "X,Reg,P,gift,S,2023,1",
        "X,Reg,P,removal,S,1066,1",
        ",Reg,P,removal,S,2023,1",
        "X/1,Reg,P,removal,S,2023,1",
        "X,Reg,P,removal,S,2023,0.00001",
        'X,Reg,P,removal,S,2023,"1,5"',
    ],
)
def test_a_wrong_credit_is_refused_and_nothing_is_taken(ledger, tmp_path, row):
    with pytest.raises(DataError, match="bad-credit"):
        add_credits(ledger, credit_file(tmp_path, "OK-1,Reg,P,removal,S,2023,1", row))
    assert credits_of(ledger, "").every == ()


def test_neutrality_needs_the_whole_of_gross(ledger):
    with pytest.raises(UsageError, match="without scope1"):
        neutrality_of(ledger, "FY2024")


# ---- sign-off


def test_a_locked_year_changes_by_restatement_alone(ledger, add):
    first = run_of(ledger, "FY2024").run_id
    for step, who in (
        ("prepared", "Ann"),
        ("reviewed", "Bo"),
        ("approved", "Cy"),
        ("locked", "Cy"),
    ):
        sign(ledger, "FY2024", step, who, now=NOW)
    assert run_of(ledger, "FY2024").status == "published"
    add(electricity([("plant", "2023-05", 5000, "kWh")]), "late.csv")
    later = run_year(ledger, "FY2024", now=NOW).run_id
    assert later != first
    assert run_of(ledger, "FY2024").run_id == first
    with pytest.raises(UsageError, match="year-locked"):
        publish(ledger, later, reason="a late bill", now=NOW)
    for step, who in (("prepared", "Ann"), ("reviewed", "Bo"), ("approved", "Cy")):
        sign(ledger, "FY2024", step, who, now=NOW, run_id=later)
    with pytest.raises(UsageError, match="reason-needed"):
        sign(ledger, "FY2024", "locked", "Cy", now=NOW, run_id=later)
    assert run_of(ledger, "FY2024").run_id == first
    sign(ledger, "FY2024", "locked", "Cy", now=NOW, run_id=later, note="a late bill")
    assert run_of(ledger, "FY2024").run_id == later
    sign(
        ledger,
        "FY2024",
        "assured",
        "Auditor",
        now=NOW,
        run_id=first,
        note="ISAE 3410",
        figures=["scope2-location"],
        level="limited",
    )
    told = "Auditor: limited assurance. ISAE 3410"
    assert assured_figures(ledger, first) == ({"scope2-location": "limited"}, told)
    for step, level in (("assured", ""), ("assured", "high"), ("locked", "limited")):
        with pytest.raises(UsageError, match="no-level"):
            sign(ledger, "FY2024", step, "Auditor", now=NOW, run_id=first, level=level)
    steps = ["prepared", "reviewed", "approved", "locked"]
    assert [s.step for s in signoffs(ledger, "FY2024")] == [*steps, *steps, "assured"]


# ---- a small firm


def _exit_code():
    try:
        cli.main()
    except SystemExit as stop:
        return stop.code
    return 0


def test_the_tutorial_of_a_small_firm_runs(tmp_path, monkeypatch, capsys):
    """Every command of the guide, in its order, in an empty folder."""
    page = (ROOT / "docs/guides/small-firm.md").read_text(encoding="utf-8")
    commands = [
        c
        for block in re.findall(r"```sh\n(.*?)```", page, re.DOTALL)
        for c in block.splitlines()
        if c.startswith("abate ")
    ]
    assert len(commands) >= 8
    monkeypatch.chdir(tmp_path)
    for command in commands:
        words = shlex.split(command.split("  #")[0])
        if "--template" in words:
            if not TEMPLATE.is_file():
                continue
            words[words.index("--template") + 1] = str(TEMPLATE)
        monkeypatch.setattr("sys.argv", words)
        code = _exit_code()
        assert not code, (command, capsys.readouterr().err)
    firm = open_workspace(tmp_path / "firm")
    with Figures(firm) as rollups:
        values = {
            v.figure: v
            for v in rollups.values(
                ["electricity", "scope1", "scope2-location"], run_of(firm, "FY2024")
            )
        }
    assert float(values["electricity"].value) == pytest.approx(25_800)
    assert 12 < values["scope2-location"].value < 14
    assert (tmp_path / "firm/vsme.html").stat().st_size > 1000
    assert (tmp_path / "firm/filing/report.xhtml").is_file()


@pytest.fixture(scope="module")
def firm(tmp_path_factory):
    root, files = init_firm(tmp_path_factory.mktemp("firm") / "w", "x", samples=True)
    workspace = open_workspace(root)
    store_bill(workspace, files[0], read_bill(files[0]), site="workshop", now=NOW)
    from abate.application.disclosure.stated_figures import add_published
    from abate.application.inventory.imports import add_file

    for path in files[1:4]:
        add_file(workspace, path, now=NOW)
    add_published(workspace, files[4], now=NOW)
    run_year(workspace, "FY2024", now=NOW)
    return workspace


def test_efrags_template_is_filled_with_values_that_a_reader_of_values_finds(firm):
    from openpyxl import load_workbook

    if not TEMPLATE.is_file():
        pytest.skip("EFRAG's template is not there")
    filled = fill_template(firm, "FY2024", TEMPLATE)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        book = load_workbook(io.BytesIO(filled.content), data_only=True)

    def value(name):
        sheet, cells = next(iter(book.defined_names[name].destinations))
        return book[sheet][cells.replace("$", "").split(":")[0]].value

    assert date.fromisoformat(value("template_reporting_period_startdate")) == date(2024, 1, 1)
    assert date.fromisoformat(value("template_reporting_period_enddate")) == date(2024, 12, 31)
    assert value("template_reporting_schemaRef").startswith("https://xbrl.efrag.org/taxonomy/vsme/")
    assert value("template_reporting_entity_name") == "Example Workshop (synthetic)"
    assert value("template_reporting_entity_identifier_scheme") in (
        "LEI",
        "DUNS",
        "EU ID",
        "PermID",
    )
    assert value("CountryOfPrimaryOperationsAndLocationOfSignificantAssets") == "China"
    assert value("NumberOfEmployees") == 14
    assert value("GrossScope1GreenhouseGasEmissions") is not None
    given = {
        "BasisForPreparation",
        "BasisForReporting",
        *(d.name for d in vsme_datapoints(firm, "FY2024")),
    }
    told = {n for n, _, c in _answers(book) if str(c.value or "").upper() in DEFAULTS}
    assert told <= given
    assert "B8 - Workforce - General characteristics - Gender" in filled.asked
    assert not [a for a in filled.asked if a.startswith("B3")]
    one, two = (
        value("GrossScope1GreenhouseGasEmissions"),
        value("GrossLocationBasedScope2GreenhouseGasEmissions"),
    )
    assert value("TotalGrossLocationBasedScope1AndScope2GHGEmissions") == pytest.approx(one + two)
    assert value("TotalEnergyConsumption") == pytest.approx(
        value("EnergyConsumptionFromElectricity_TotalRenewableAndNonRenewableEnergyMember")
        + value("EnergyConsumptionFromFuels_TotalRenewableAndNonRenewableEnergyMember")
    )
    for name, named in book.defined_names.items():
        if name.startswith(("enum_", "template_label", "footnote_")) or "#REF" in named.attr_text:
            continue
        for sheet, cells in named.destinations:
            block = book[sheet][cells.replace("$", "")]
            flat = [
                c
                for row in (block if isinstance(block, tuple) else ((block,),))
                for c in (row if isinstance(row, tuple) else (row,))
            ]
            assert not [
                c
                for c in flat
                if isinstance(c.value, str) and c.value.startswith(("=", "#VALUE", "#REF"))
            ], name


def test_the_template_must_be_one_and_the_firm_must_have_an_identifier(firm, workspace, tmp_path):
    odd = tmp_path / "odd.xlsx"
    odd.write_bytes(b"no workbook")
    with pytest.raises(DataError, match="bad-template-file"):
        fill_template(firm, "FY2024", odd)
    with pytest.raises(UsageError, match="no-identifier"):
        fill_template(workspace, "FY2024", odd)


def bill(tmp_path, body, name="bill.pdf"):
    import typst

    path = tmp_path / name
    path.write_bytes(typst.compile(f"#set page(height: 20cm)\n{body}".encode(), format="pdf"))
    return path


def test_a_bill_is_read_with_places_and_the_doubtful_must_be_given(tmp_path, workspace):
    path = bill(
        tmp_path,
        "= Power Co\n\nBilling period: 1 January 2024 to 31 January 2024\n\nTotal consumption 1,234.5 kWh\n\nAverage daily 39.8 kWh",
    )
    reads = {r.field: r for r in read_bill(path)}
    assert (reads["energy"].value, reads["unit"].value) == ("1234.5", "kWh")
    assert (reads["from"].value, reads["to"].value) == ("2024-01-01", "2024-01-31")
    left, top, right, bottom = reads["energy"].box
    assert reads["energy"].page == 1
    assert 0 < left < right < 600
    assert 0 < top < bottom < 600
    vague = bill(
        tmp_path, "Power Co\n\n120 kWh and 180 kWh\n\n03/04/2024 to 03/05/2024", "vague.pdf"
    )
    found = read_bill(vague)
    assert set(doubtful(found)) >= {"energy", "from", "to"}
    with pytest.raises(UsageError, match="bill-in-doubt"):
        store_bill(workspace, vague, found, site="hq", now=NOW)
    whole = given(found, {"energy": "300", "unit": "kWh", "from": "2024-04-03", "to": "2024-05-03"})
    assert doubtful(whole) == []
    with pytest.raises(UsageError, match="bad-bill-value"):
        given(found, {"energy": "many"})


@pytest.mark.parametrize(
    ("body", "value", "sure"),
    [
        ("Gesamtverbrauch: 4.512 kWh", "4512", True),
        ("Gesamtverbrauch: 4.512,5 kWh", "4512.5", True),
        ("Total consumption 1.234.567 kWh", "1234567", True),
        ("Total consumption 4.512 kWh", "4.512", False),
        ("Total consumption -1,200 kWh", "1200", False),
        ("Total consumption 12'345 kWh", "345", False),
        (
            "Meter A total consumption: 1,000 kWh\n\nMeter B total consumption: 2,000 kWh",
            "1000",
            False,
        ),
        (
            "Total consumption (gas): 5,000 kWh\n\nTotal consumption (electricity): 1,200 kWh",
            "1200",
            True,
        ),
        ("Total consumption over the past 12 months: 14,000 kWh", "14000", False),
        ("本期用电量 2,340 千瓦时 上期用电量 2,100 千瓦时", "2340", True),
    ],
)
def test_kilowatt_hours_are_read_whole_or_are_in_doubt(tmp_path, body, value, sure):
    page = (
        "Power Co\n\nPrevious billing period: 2023-12-01 to 2023-12-31\n\nBilling period: 2024-01-01 to 2024-01-31\n\n"
        + body
    )
    reads = read_bill(bill(tmp_path, page))
    held = {r.field: r for r in reads}
    assert (held["energy"].value, "energy" not in doubtful(reads)) == (value, sure)
    assert held["from"].value == "2024-01-01"


def test_a_scan_and_a_broken_file_are_refused(tmp_path):
    scan = bill(tmp_path, "#rect(width: 3cm, height: 3cm)")
    with pytest.raises(DataError, match="bill-without-text"):
        read_bill(scan)
    broken = tmp_path / "broken.pdf"
    broken.write_bytes(b"%PDF-1.7 nonsense")
    with pytest.raises(DataError, match="unreadable-file"):
        read_bill(broken)


# ---- claims on the command line


def test_claims_are_checked_from_the_command_line(ledger, tmp_path, monkeypatch, capsys):
    table = tmp_path / "claims.csv"
    table.write_text(
        "entity,metric,fiscal_year,value,unit,comparison\nSmall group,scope2-location,FY2024,9.0,t CO2e,\nAcme,scope1,FY2024,?,t,\n"
    )
    monkeypatch.setattr(
        "sys.argv",
        [
            "abate",
            "claims",
            "check",
            str(table),
            "--ledger",
            "--workspace",
            str(ledger.root),
            "--json",
        ],
    )
    with pytest.raises(SystemExit) as stop:
        cli.main()
    assert stop.value.code == 1
    told = json.loads(capsys.readouterr().out)
    assert [(v["rule"], v["verdict"]) for v in told["verdicts"] if v["severity"] == "error"] == [
        ("ledger", "contradiction")
    ]
    assert told["unread"] == [{"place": "claims.csv row 3", "text": "scope1: '?' t"}]
    for content in (b"\xff\xfe\x00", b"a,b\n1,2\n"):
        table.write_bytes(content)
        monkeypatch.setattr("sys.argv", ["abate", "claims", "check", str(table)])
        with pytest.raises(SystemExit) as stop:
            cli.main()
        assert stop.value.code == 1
        assert re.match(r"\[(bad-claims|bad-encoding)\]", capsys.readouterr().err)


def test_planners_can_price_what_a_carton_emits(demo, workspace):
    from abate.application.logistics.packaging_plans import carbon_priced

    weights = dict(
        part.split("=") for part in carbon_priced(demo, site="", month="2024-03").split(",")
    )
    assert weights["cost"] == "1"
    assert (
        0.5 < float(weights["board"]) / demo.finance.carbon_price * 1000 < 1.5
    )  # kg CO2e of a kg of board
    assert float(weights["film"]) > float(weights["board"])
    with pytest.raises(UsageError, match="no-carbon-price"):
        carbon_priced(workspace, site="hq", month="2024-03")


def test_a_report_without_some_sections_is_whole_in_every_format(demo, tmp_path):
    paths = {kind: tmp_path / f"r.{kind}" for kind in ("html", "pdf", "md")}
    without = [name for name, _ in sections("en") if name != "targets"]
    write_reports(demo, "FY2024", paths, now=NOW, without=without)
    told = paths["md"].read_text(encoding="utf-8")
    ids = re.findall(r"^#{1,2} .*\{#([\w.-]+)\}$", told, re.MULTILINE)
    assert {"summary", "about", "targets"} <= set(ids)
    assert not set(ids) & set(without)
    assert paths["pdf"].read_bytes()[:5] == b"%PDF-"
    assert 'id="targets"' in paths["html"].read_text(encoding="utf-8")


def test_a_report_is_looked_at_before_it_is_written(demo, tmp_path):
    """The preview is the report itself: own template, sections, language; no file is kept."""
    before = sorted(p.name for p in demo.root.rglob("*.html"))
    with session(create_app(demo.root, token="t"), "t") as client:
        left = next(name for name, _ in sections("en") if name != "targets")
        asked = {"year": "FY2024", "lang": "zh", f"without-{left}": "1"}
        shown = client.post("/report/preview", data=asked)
        assert shown.status_code == 200
        written = tmp_path / "r.html"
        write_report(demo, "FY2024", written, now=NOW, lang="zh", without=[left])

        def body(text):
            return re.sub(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d)?", "", text)

        assert len(body(shown.text)) == pytest.approx(len(body(written.read_text())), rel=0.001)
        own = "# Our {{ year }}\n\nNet: {{ fig('net') }}\n"
        about = {"name": "own.md", "purpose": "input"}
        upload = client.post("/api/v1/uploads", params=about, content=own.encode()).json()
        told = client.post("/report/preview", data={"year": "FY2024", "template": upload["id"]})
        assert "Our FY2024" in told.text
        odd = client.post("/report/preview", data={"year": "FY1900"})
        assert odd.status_code in (404, 422)
    assert sorted(p.name for p in demo.root.rglob("*.html")) == before
