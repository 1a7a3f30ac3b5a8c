"""The pages in a real browser: each page's main path, as a person walks it."""

import csv
import io
import re
import zipfile

import pytest
from playwright.sync_api import expect

from abate.application.opening import create_workspace
from abate.application.workspaces.setup import init_workspace
from browser.conftest import AXE, opened
from support import CONFIG

PAGES = {
    "overview": "/",
    "data": "/data",
    "findings": "/data/findings",
    "quarantine": "/data/quarantine",
    "inventory": "/inventory",
    "by-business": "/inventory?by=org&year=FY2024",
    "by-month": "/inventory?by=month&year=FY2024",
    "by-category": "/inventory?by=category&year=FY2024",
    "figure": "/inventory/net?year=FY2024",
    "data-centres": "/data-centres?year=FY2024",
    "load-curve": "/data-centres/heyuan/hy-a?month=2023-08",
    "factors": "/factors?q=electricity",
    "factor": "/factors/cn-mee/grid-average/CN-ZJ/2023",
    "runs": "/runs",
    "compare": "/runs/compare?before=FY2023&after=FY2024",
    "jobs": "/jobs",
    "targets": "/targets",
    "indicators": "/indicators",
    "frameworks": "/frameworks",
    "neutrality": "/neutrality",
    "claims": "/claims",
    "published": "/published",
    "signoffs": "/signoffs",
    "report": "/report",
    "programmes": "/programmes",
    "uncertainty": "/uncertainty?by=org",
    "base-year": "/base-year",
    "forecasts": "/forecasts",
    "backtests": "/backtests",
    "savings": "/savings",
    "dispatch": "/dispatch",
    "sizing": "/sizing",
    "contracts": "/contracts",
    "tariffs": "/tariffs",
    "tariff": "/tariffs/nantong",
    "certificates": "/certificates",
    "lots": "/lots",
    "matching": "/matching",
    "packing": "/packing",
    "fit": "/fit",
    "sizes": "/sizes",
    "boxes": "/boxes",
    "stock": "/stock",
    "plans": "/plans",
    "bills": "/data/bills",
    "own-factor": "/own-factor",
    "organisation": "/organisation",
    "site": "/organisation?section=sites&item=nantong",
    "search": "/search?q=scope",
    "components": "/components",
    "problem": "/inventory/no-such-figure",
}
MESSY = """总部 2024 电费账单,,,,
制表单位：财务部,,,,
,,,,
地方,抄表时间,读数,计量,备注
总部,2024年1月,"12,400.5",kWh,
总部,2024年2月,"-11,000",kWh,反向
总部,2024年3月,约13000,kWh,
合计,,,,
"""


def test_a_messy_bill_goes_from_upload_to_an_opened_figure(chromium, serve, tmp_path, shot):
    """Upload, map, see the finding, import, mend, run, open the figure down to the row; then undo."""
    served = serve(create_workspace(tmp_path / "w", CONFIG).root)
    bill = tmp_path / "账单 2024.csv"
    bill.write_text(MESSY, encoding="gb18030")
    page = opened(chromium, served)
    page.goto(served.link)
    expect(page.get_by_role("heading", name="From nothing to a first figure")).to_be_visible()
    page.get_by_role("link", name="Data", exact=True).click()
    page.set_input_files("input[type=file]", bill)
    expect(page.get_by_role("heading", name="账单 2024.csv")).to_be_visible()
    expect(page.get_by_text("No row looks like headers")).to_be_visible()
    shot(page, "upload-unknown")
    page.get_by_label("Read as").select_option("electricity")
    page.get_by_role("button", name="Check again").click()
    for header, means in (
        ("地方", "site"),
        ("抄表时间", "period"),
        ("读数", "amount:electricity"),
        ("计量", "unit"),
    ):
        page.get_by_label(f"Meaning of {header}").select_option(means)
    page.get_by_role("button", name="Check again").click()
    expect(page.get_by_text("1 would enter, 2 would wait in quarantine")).to_be_visible()
    expect(page.get_by_text("negative-quantity").first).to_be_visible()
    expect(page.get_by_text("not-a-number").first).to_be_visible()
    shot(page, "upload-checked")
    assert not [r for r in _imports(page, served) if r["file"]], (
        "nothing is stored before somebody says so"
    )
    page.get_by_role("button", name="Import", exact=True).click()
    page.get_by_role("link", name="Correct them").click()
    row = page.locator("details", has_text="negative-quantity")
    row.get_by_label("Quantity").or_(row.get_by_label("quantity")).first.fill("11000")
    row.get_by_label("Reason").fill("Typo: read from the meter again")
    shot(page, "quarantine")
    row.get_by_role("button", name="Mend").click()
    expect(page.get_by_text("Corrected: the row entered as part of")).to_be_visible()
    rest = page.locator("details", has_text="not-a-number")
    rest.get_by_label("Reason").fill("Read wrongly")
    rest.get_by_role("button", name="Mend").click()
    expect(page.get_by_role("alert")).to_contain_text("still blocked")
    rest = page.locator("details", has_text="not-a-number")
    rest.get_by_label("quantity").first.fill("13000")
    rest.get_by_label("Reason").fill("A word beside the number")
    rest.get_by_role("button", name="Mend").click()
    expect(page.get_by_text("No row waits.")).to_be_visible()
    page.get_by_role("link", name="Value a year").click()
    page.get_by_role("button", name="Value", exact=True).click()
    page.get_by_role("link", name="See the inventory").first.click(timeout=60_000)
    # 36,400.5 kWh of Zhejiang in FY2024: times 0.4974 kg, the average of 2023
    cell = (
        page.get_by_role("row", name=re.compile("^Scope 2, location-based"))
        .get_by_role("link")
        .first
    )
    expect(cell).to_have_text("18.11")
    cell.click()
    expect(page.get_by_text("exactly 18.1056087")).to_be_visible()
    shot(page, "explained")
    page.locator("#rows .scroll tbody tr").last.get_by_role("link").click()
    expect(page.locator("tr.marked")).to_contain_text("-11,000")
    expect(page.get_by_text("Typo: read from the meter again")).to_be_visible()
    expect(
        page.get_by_text("Announcement on electricity CO2 emission factors").first
    ).to_be_visible()
    shot(page, "entry")
    page.goto(f"{served.base}/data")
    page.get_by_role("link", name="账单 2024.csv", exact=True).click()
    page.get_by_text("Undo this").click()
    page.get_by_label("Reason").fill("wrong file")
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("alert")).to_contain_text("First: abate undo")
    assert page.faults == [] or all("422" in f for f in page.faults)


def _imports(page, served):
    return page.request.get(f"{served.base}/api/v1/imports").json()["rows"]


def test_an_empty_workspace_leads_to_a_first_figure(chromium, serve, tmp_path, shot):
    served = serve(init_workspace(tmp_path / "w", "My organisation"))
    page = opened(chromium, served)
    page.goto(served.link)
    page.get_by_label("Organisation").fill('Tea & "Sons" <Ltd>')
    page.get_by_label("A place of yours").fill("茶馆")
    page.get_by_label("Its electricity grid").select_option("CN-SH")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("link", name='Tea & "Sons" <Ltd>')).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name="Template for electricity bills").click()
    template = tmp_path / "electricity.csv"
    download.value.save_as(template)
    page.set_input_files("input[type=file]", template)
    page.get_by_role("button", name="Import", exact=True).click()
    expect(page.get_by_text("rows entered")).to_be_visible(timeout=60_000)
    page.goto(served.base)
    shot(page, "start")
    page.get_by_role("button", name="Value", exact=True).click()
    page.get_by_role("link", name="See the inventory").first.click(timeout=60_000)
    expect(
        page.get_by_role("row", name=re.compile("^Scope 1")).locator(".missing").first
    ).to_have_text("missing")
    expect(
        page.get_by_role("row", name=re.compile("^Scope 2, location-based"))
        .get_by_role("link")
        .first
    ).to_be_visible()
    assert page.faults == []


def test_the_inventory_opens_filters_shares_and_exports(chromium, demo_served, demo_state, shot):
    page = opened(chromium, demo_served, storage_state=demo_state)
    page.goto(f"{demo_served.base}/inventory")
    page.locator("select[name=by]").select_option("org")
    page.locator("select[name=year]").select_option("FY2024")
    page.get_by_role("button", name="Show").click()
    assert "by=org" in page.url
    assert "year=FY2024" in page.url
    expect(page.locator("figure.chart svg").first).to_be_visible()
    page.get_by_role("row", name=re.compile("^cloud")).get_by_role("link", name="cloud").click()
    expect(page.get_by_role("row", name=re.compile("^zhangbei-1"))).to_be_visible()
    shared = page.url
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").click()
    rows = list(csv.reader(io.StringIO(download.value.path().read_text(encoding="utf-8-sig"))))
    whole = (
        page.get_by_role("row", name=re.compile("^whole")).get_by_role("link").first.inner_text()
    )
    assert f"{float(rows[-1][1]):,.1f}" == whole or f"{float(rows[-1][1]):,.0f}" == whole
    with page.expect_download() as download:
        page.get_by_role("link", name="XLSX").click()
    assert zipfile.is_zipfile(download.value.path())
    page.goto(shared)
    page.get_by_role("row", name=re.compile("^zhangbei-1")).get_by_role("link").nth(2).click()
    first = page.locator("#rows .scroll tbody tr").first.inner_text()
    page.goto(f"{demo_served.base}/inventory/gross?year=FY2024")
    page.get_by_role("link", name="Next page").click()
    expect(page.get_by_text("Rows 51 to 100 of")).to_be_visible()
    assert page.locator("#rows .scroll tbody tr").first.inner_text() != first
    assert page.faults == []


def test_data_centres_show_goals_climate_curves_gaps_and_stuck_meters(
    chromium, demo_served, demo_state, shot
):
    page = opened(chromium, demo_served, storage_state=demo_state)
    page.goto(f"{demo_served.base}/data-centres?year=FY2024")
    expect(page.get_by_role("row", name=re.compile("heyuan › hy-a"))).to_contain_text("1.250 ✗")
    expect(page.get_by_role("row", name=re.compile("zhangbei-1 › zb-a"))).to_contain_text("1.200 ✓")
    expect(page.locator("figure.chart svg")).to_have_count(15)
    page.get_by_role("link", name="stuck Aug 2023").click()
    expect(page.get_by_text("18 hours at 408.3 kWh")).to_be_visible()
    expect(page.locator("figure.chart svg")).to_be_visible()
    shot(page, "load-curve")
    page.goto(f"{demo_served.base}/data-centres/nantong/nt-a?month=2022-07")
    expect(page.get_by_text("9 hours without a reading")).to_be_visible()
    assert page.faults == []


def test_factors_are_searched_opened_and_brought_in_through_the_gates(
    chromium, serve, tmp_path, shared, shot
):
    served = serve(create_workspace(tmp_path / "w", CONFIG).root)
    page = opened(chromium, served)
    page.goto(served.link)
    page.goto(f"{served.base}/factors")
    page.get_by_label("Words").press_sequentially("grid-average CN-ZJ", delay=10)
    expect(page.get_by_text("3 values")).to_be_visible()
    page.get_by_role("link", name="cn-mee/grid-average/CN-ZJ/2023").click()
    expect(page.get_by_role("row", name=re.compile("CN-ZJ.2021"))).to_contain_text("0.5422")
    expect(page.get_by_text("No run stands on it directly.")).to_be_visible()
    page.goto(f"{served.base}/factors")
    page.set_input_files("input[type=file]", next((shared / "factors/us_epa").glob("*2024*.xlsx")))
    expect(page.get_by_text("factors would enter")).to_be_visible(timeout=30_000)
    shot(page, "gates")
    page.get_by_role("button", name="Import", exact=True).click()
    page.get_by_role("link", name="See the factors").click(timeout=60_000)
    expect(page.locator("#gates + ul li").first).to_be_visible()
    shot(page, "factors-gates")
    assert page.faults == []


def test_runs_are_valued_compared_verified_and_published(chromium, serve, tmp_path, shot):
    from abate.application.inventory.imports import add_file
    from support import NOW, electricity, months

    workspace = create_workspace(tmp_path / "w", CONFIG)
    for k, amount in enumerate((100, 7)):
        path = tmp_path / f"bills-{k}.csv"
        path.write_text(
            electricity(
                [("hq" if k == 0 else "plant", m, amount, "kWh") for m in months("2023-04", 12)]
            )
        )
        if k == 0:
            add_file(workspace, path, now=NOW)
    served = serve(workspace.root)
    page = opened(chromium, served)
    page.goto(served.link)
    page.goto(f"{served.base}/runs")
    page.get_by_role("button", name="Value", exact=True).click()
    page.get_by_role("link", name="See the run").first.click(timeout=60_000)
    page.get_by_role("button", name="Publish").click()
    expect(page.locator(".tag", has_text="published")).to_be_visible()
    page.get_by_role("button", name="Verify").click()
    page.reload()
    expect(page.get_by_text("it holds to the milligram")).to_be_visible(timeout=60_000)
    page.goto(f"{served.base}/data")
    page.set_input_files("input[type=file]", tmp_path / "bills-1.csv")
    page.get_by_role("button", name="Import", exact=True).click()
    expect(page.get_by_text("rows entered")).to_be_visible(timeout=60_000)
    page.goto(f"{served.base}/runs")
    page.get_by_role("button", name="Value", exact=True).click()
    expect(page.get_by_text("24 activities").first).to_be_visible(timeout=60_000)
    page.goto(f"{served.base}/runs")
    page.get_by_role("button", name="Why do they differ?").click()
    expect(page.get_by_role("row", name=re.compile("^cloud"))).to_be_visible()
    expect(page.locator("figure.chart svg")).to_be_visible()
    shot(page, "compare")
    page.go_back()
    page.locator("tbody tr").first.get_by_role("link").click()
    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_role("alert")).to_contain_text("restatement")
    page.get_by_label("Reason of the restatement").fill("Plant was forgotten")
    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_text("As published and as restated")).to_be_visible()
    shot(page, "restated")


@pytest.mark.parametrize(("theme", "language"), [("light", "en"), ("dark", "zh")])
def test_every_page_passes_the_accessibility_checker(
    chromium, demo_served, demo_state, theme, language, shot
):
    """WCAG 2.2 AA by axe-core, on a desk and on a phone; nothing runs off the phone's side."""
    size = {"width": 1280, "height": 900} if language == "en" else {"width": 390, "height": 844}
    page = opened(
        chromium,
        demo_served,
        storage_state=demo_state,
        color_scheme=theme,
        viewport=size,
        locale="zh-CN" if language == "zh" else "en-GB",
    )
    script = AXE.read_text(encoding="utf-8")
    found = {}
    for name, address in PAGES.items():
        page.goto(demo_served.base + address)
        page.wait_for_load_state("networkidle")
        shot(page, f"{name}-{theme}-{language}")
        page.evaluate(script)
        tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
        told = page.evaluate(
            "tags => axe.run(document, {runOnly: {type: 'tag', values: tags}})", tags
        )
        serious = [
            f"{v['id']}: {v['nodes'][0]['html'][:120]}"
            for v in told["violations"]
            if v["impact"] in ("serious", "critical")
        ]
        if serious:
            found[name] = serious
        if page.evaluate(
            "document.documentElement.scrollWidth > document.documentElement.clientWidth + 1"
        ):
            found[f"{name} runs off the side"] = page.evaluate(
                "document.documentElement.scrollWidth"
            )
    assert found == {}


def test_the_keyboard_reaches_content_and_links(chromium, demo_served, demo_state):
    page = opened(chromium, demo_served, storage_state=demo_state)
    page.goto(f"{demo_served.base}/inventory")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.locator("select[name=by]")).to_be_focused()


def test_a_choice_of_language_and_theme_stays(chromium, demo_served, demo_state):
    page = opened(chromium, demo_served, storage_state=demo_state, locale="en-GB")
    page.goto(f"{demo_served.base}/inventory?by=month&year=FY2024")
    page.get_by_role("link", name="中文").click()
    expect(page.get_by_role("heading", name="排放清单 FY2024")).to_be_visible()
    expect(page.get_by_role("row", name=re.compile("2023年4月"))).to_be_visible()
    page.get_by_role("link", name="深色").click()
    page.goto(f"{demo_served.base}/runs")
    expect(page.locator("html[data-theme=dark]")).to_be_visible()
    expect(page.get_by_role("heading", name="核算", exact=True)).to_be_visible()
