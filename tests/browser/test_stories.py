"""Stories in a real browser: whole paths of people, in both languages, at desk and phone width."""

import re

import pytest
from playwright.sync_api import expect

from abate.kernel.languages import translate
from browser.conftest import AXE, opened
from recipes import CARTONS, ORDERS

SIZES = {"desk": {"width": 1280, "height": 900}, "phone": {"width": 390, "height": 844}}
READERS = [(lang, size) for lang in ("en", "zh") for size in SIZES]
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
BILLS = "site,month,electricity,unit\n" + "".join(
    f"Bakery,2024-{m:02d},{1000 + 10 * m},kWh\n" for m in range(1, 13)
)


class Reader:
    """Somebody who reads the pages in a language on a screen of a size.

    Args:
        page: The page.
        language: `en` or `zh`.
        shot: Keeps a picture.
        name: Of the story, for the pictures.
    """

    def __init__(self, page, language, shot, name):
        self.page, self.language, self.shot, self.name, self.steps = page, language, shot, name, 0

    def t(self, text, **values):
        told = translate(text, self.language)
        return told.format(**values) if values else told

    def button(self, text):
        return self.page.get_by_role("button", name=self.t(text), exact=True)

    def link(self, text):
        return self.page.get_by_role("link", name=self.t(text), exact=True)

    def label(self, text):
        return self.page.get_by_label(self.t(text))

    def go(self, place, tab=""):
        """Go to a place of the navigation, and to a tab of it."""
        nav = self.page.get_by_role("navigation", name=self.t("Pages"))
        nav.get_by_role("link", name=self.t(place), exact=True).click()
        if tab:
            tabs = self.page.get_by_role("navigation", name=self.t(place), exact=True)
            tabs.get_by_role("link", name=self.t(tab), exact=True).click()

    def look(self):
        """Nothing is wrong with what is shown: axe, width, console."""
        page = self.page
        page.wait_for_load_state("networkidle")
        self.steps += 1
        self.shot(page, f"{self.name}-{self.steps}")
        page.evaluate(AXE.read_text(encoding="utf-8"))
        told = page.evaluate(
            "tags => axe.run(document, {runOnly: {type: 'tag', values: tags}})", TAGS
        )
        assert [f"{v['id']}: {v['nodes'][0]['html'][:200]}" for v in told["violations"]] == []
        room = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert page.evaluate(room) <= 1, page.url
        assert page.faults == []


@pytest.fixture(params=READERS, ids=[f"{lang}-{size}" for lang, size in READERS])
def reader(request, chromium, shot):
    """Opens a served workspace as a reader."""
    language, size = request.param

    def open_as(served, name, **options):
        page = opened(chromium, served, viewport=SIZES[size], locale=language, **options)
        return Reader(page, language, shot, f"{name}-{language}-{size}")

    return open_as


def test_a_small_firm_goes_from_an_empty_folder_to_its_report(reader, serve, tmp_path):
    served = serve(tmp_path / "firm")
    r = reader(served, "firm")
    page = r.page
    page.goto(served.link)
    expect(page.get_by_role("heading", name=r.t("From nothing to a first figure"))).to_be_visible()
    r.look()
    r.label("Organisation").first.fill("Bakery Ltd")
    r.label("A place of yours, such as an office").fill("Bakery")
    r.label("Its electricity grid").select_option("DE")
    r.label("Currency").fill("EUR")
    r.button("Save").click()
    bills = tmp_path / "bills.csv"
    bills.write_text(BILLS)
    page.set_input_files("input[type=file]", bills)
    expect(page.get_by_role("heading", name="bills.csv")).to_be_visible()
    expect(page.get_by_text(r.t("Nothing was found."))).to_be_visible()
    r.look()
    r.button("Import").click()
    r.link("Value a year").first.click()
    r.button("Value").click()
    r.link("See the inventory").first.click(timeout=60_000)
    r.look()
    r.go("Statements", "Reports and filings")
    page.get_by_role("checkbox", name="PDF").check()
    page.get_by_role("checkbox", name="HTML").uncheck()
    r.button("Write the report").first.click()
    with page.expect_download(timeout=90_000) as download:
        page.get_by_role("link", name=re.compile(r"FY2024-.*\.pdf")).click(timeout=90_000)
    assert download.value.path().read_bytes().startswith(b"%PDF")
    r.look()


def test_a_planner_compares_two_assortments(reader, serve, tmp_path):
    served = serve(tmp_path / "warehouse")
    r = reader(served, "planner")
    page = r.page
    (tmp_path / "orders.csv").write_text(ORDERS)
    (tmp_path / "now.csv").write_text(CARTONS)
    few = "\n".join([*CARTONS.splitlines()[:1], *CARTONS.splitlines()[3:]]) + "\n"
    (tmp_path / "one-size.csv").write_text(few)
    page.goto(served.link)
    for cartons in ("now.csv", "one-size.csv"):
        r.go("Logistics")
        inputs = page.locator("label.file input[type=file]")
        inputs.nth(0).set_input_files(tmp_path / "orders.csv")
        expect(page.get_by_text("✓ orders.csv")).to_be_visible()
        inputs.nth(1).set_input_files(tmp_path / cartons)
        expect(page.get_by_text(f"✓ {cartons}")).to_be_visible()
        r.button("Pack").click()
        heading = page.get_by_role("heading", name=r.t("How to pack, step by step"))
        expect(heading).to_be_visible(timeout=60_000)
        expect(page.locator("figure.picture svg").first).to_be_visible()
        r.look()
    r.go("Logistics")
    table = page.get_by_role("region", name=r.t("Packed so far"))
    rows = table.locator("tbody tr")
    expect(rows).to_have_count(2)
    expect(rows.nth(0)).to_contain_text("one-size.csv")
    expect(rows.nth(1)).to_contain_text("now.csv")
    parcels = [rows.nth(k).locator("td").nth(3).inner_text() for k in range(2)]
    assert parcels == ["9", "9"]
    with page.expect_download() as download:
        rows.nth(0).get_by_role("link").click()
        page.get_by_role("link", name="plan.csv").click()
    assert download.value.path().read_text().startswith("order,parcel,carton")
    r.look()


def test_an_auditor_opens_a_number_to_file_and_row(reader, demo_served, demo_state):
    r = reader(demo_served, "auditor", storage_state=demo_state)
    page = r.page
    page.goto(f"{demo_served.base}/search?q=scope2-location")
    r.look()
    page.get_by_role("main").get_by_role("link", name=r.t("Scope 2, location-based")).click()
    r.look()
    page.locator("#rows .scroll tbody tr").first.get_by_role("link").first.click()
    expect(page.get_by_text("SHA-256").first).to_be_visible()
    r.look()
    page.locator("dl.facts a").first.click()
    expect(page.locator("tr.marked")).to_be_visible()
    r.look()
    r.go("Statements", "Sign-off")
    r.look()
    r.go("Statements", "Claims")
    r.label("Text").first.fill("Our Scope 1 emissions were 999,999 tonnes of CO2e in FY2024.")
    r.button("Test").click()
    expect(page.get_by_role("heading", name=r.t("The text"), exact=True)).to_be_visible()
    r.look()


def test_targets_answer_to_what_is_left_out(reader, demo_served, demo_state):
    r = reader(demo_served, "targets", storage_state=demo_state)
    page = r.page
    page.goto(f"{demo_served.base}/targets")
    costs = page.locator("#follows table tbody tr")
    before = costs.count()
    expect(page.locator("#follows figure.chart svg").first).to_be_visible()
    page.locator("input[name=measure]").first.uncheck()
    expect(costs).to_have_count(before - 1)
    expect(page.locator("#follows figure.chart svg").first).to_be_visible()
    r.look()


def test_the_organisation_is_changed_and_taken_back(reader, serve, tmp_path):
    served = serve(tmp_path / "group")
    r = reader(served, "organisation")
    page = r.page
    page.goto(served.link)
    r.go("Organisation")
    r.look()
    page.locator("a[href='/organisation?section=sites#form']").click()
    form = page.locator("#form")
    form.locator("input[name=id]").fill("depot")
    form.locator("input[name=entity]").fill("nowhere")
    form.locator("input[name=region]").fill("DE")
    r.button("Save").click()
    expect(page.get_by_role("alert")).to_be_visible()
    page.faults.clear()  # the browser reports the refused form
    expect(page.locator("#form input[name=id]")).to_have_value("depot")
    page.locator("#form input[name=entity]").fill("group")
    r.button("Save").click()
    expect(page.get_by_role("link", name="depot")).to_be_visible()
    r.look()
    page.get_by_role("button", name=re.compile(r.t("Undo"))).first.click()
    expect(page.get_by_role("link", name="depot")).to_have_count(0)
