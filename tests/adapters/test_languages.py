"""A language is one file: pages, reports and numbers follow it; what it does not say is English."""

from pathlib import Path

import pytest

from abate.application.disclosure.report_model import write_reports
from abate.faces.server import create_app
from abate.kernel import languages
from abate.kernel.languages import catalogues, translate
from serving import session
from support import NOW

GERMAN = """msgid ""
msgstr ""
"Language: de_DE\\n"
"Content-Type: text/plain; charset=utf-8\\n"

msgid "Overview"
msgstr "Überblick"

msgid "Inventory"
msgstr "Inventar"

msgid "'{}' is not a number."
msgstr "„{}“ ist keine Zahl."

msgid "{} of {}"
msgstr "{1}: {0}"

msgctxt "template"
msgid "## Summary {#summary}"
msgstr "## Zusammenfassung {#summary}"
"""


@pytest.fixture
def german(tmp_path, monkeypatch):
    folder = tmp_path / "languages"
    folder.mkdir()
    shipped = Path(languages.__file__).parent
    for path in shipped.glob("*.po"):
        (folder / path.name).write_bytes(path.read_bytes())
    (folder / "de.po").write_text(GERMAN, encoding="utf-8")
    monkeypatch.setattr(languages, "files", lambda _name: folder)
    catalogues.cache_clear()
    translate.cache_clear()
    yield
    monkeypatch.undo()
    catalogues.cache_clear()
    translate.cache_clear()


@pytest.mark.usefixtures("german")
def test_a_third_language_is_one_file(demo):
    assert [x.name for x in languages.languages().values()] == ["English", "Deutsch", "中文"]
    assert translate("'x' is not a number.", "de") == "„x“ ist keine Zahl."
    assert translate("3 of 4", "de") == "4: 3"
    assert translate("nobody translated this", "de") == "nobody translated this"
    with session(create_app(demo.root, token="t"), "t") as client:
        page = client.get("/inventory", headers={"accept-language": "de-AT,en;q=0.5"}).text
        assert '<html lang="de-DE"' in page
        assert "Inventar" in page
        assert "Deutsch</a>" not in page
        assert "中文</a>" in page
        english = client.get("/inventory?lang=en").text
        assert "Deutsch</a>" in english
        numbers = client.get("/inventory/gross?lang=de").text
        assert "Inventory" not in numbers


@pytest.mark.usefixtures("german")
def test_a_report_is_told_in_a_third_language(demo, tmp_path):
    path = tmp_path / "r.md"
    write_reports(demo, "FY2024", {"md": path}, now=NOW, lang="de")
    told = path.read_text(encoding="utf-8")
    assert "## Zusammenfassung {#summary}" in told
    assert "## Letter {#letter}" in told


def test_numbers_and_months_are_written_by_the_locale(demo):
    with session(create_app(demo.root, token="t"), "t") as client:
        for lang, month in (("en", "Jan 2024"), ("zh", "2024年1月")):
            assert month in client.get(f"/inventory/gross?lang={lang}&year=FY2024").text
