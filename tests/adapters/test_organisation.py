"""The organisation is changed in abate.toml: comments stay, faults are refused, changes come back."""

import html
import re
import tomllib
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import abate
from abate.application.inventory.imports import add_file
from abate.application.opening import create_workspace, open_workspace
from abate.application.workspaces.organisation import (
    HISTORY,
    change_section,
    drop_item,
    former_configs,
    organisation_parts,
    put_item,
    restore_config,
)
from abate.faces.server import create_app
from abate.kernel.errors import AbateError, ConfigError, NotFoundError, UsageError
from serving import session
from support import BILLS, CONFIG, NOW

COMMENTED = CONFIG.replace("[organisation]", "# Who we are.\n[organisation]  # the group")


@pytest.fixture
def workspace(tmp_path):
    return create_workspace(tmp_path / "w", COMMENTED)


def text(workspace):
    return (workspace.root / "abate.toml").read_text()


def test_an_item_is_added_changed_and_removed_and_all_else_stays(workspace):
    before = text(workspace)
    depot = {
        "id": "depot",
        "name": "Depot",
        "entity": "cloud",
        "region": "DE",
        "opened": "2023-05-01",
    }
    put_item(workspace, "sites", "", depot, now=NOW)
    put_item(workspace, "sites", "depot", {"name": "", "aliases": ["D1", "D2"]}, now=NOW)
    opened = open_workspace(workspace.root)
    (site,) = [s for s in opened.organisation.sites if s.id == "depot"]
    assert (site.region, list(site.aliases)) == ("DE", ["D1", "D2"])
    assert "# Who we are." in text(workspace)
    assert "# the group" in text(workspace)
    drop_item(opened, "sites", "depot", now=NOW)
    assert tomllib.loads(text(workspace)) == tomllib.loads(before)


def test_shares_of_ownership_and_targets_are_written_as_the_file_has_them(workspace):
    shares = [{"since": "2020-01-01", "share": 0.4}, {"since": "2022-07-01", "share": 0.6}]
    put_item(workspace, "entities", "venture", {"ownership": shares}, now=NOW)
    names = ["Hall 3, south", 'Halle "Nord"', "plain"]
    put_item(workspace, "sites", "hq", {"aliases": names}, now=NOW)
    target = {"figure": "net", "value": 1, "year": "FY2030"}
    put_item(workspace, "targets", "", target, now=NOW)
    put_item(workspace, "targets", "1", {"value": 2.5}, now=NOW)
    told = organisation_parts(open_workspace(workspace.root))
    (venture,) = [e for e in told["entities"] if e["id"] == "venture"]
    assert [o["share"] for o in venture["ownership"]] == [0.4, 0.6]
    assert told["targets"][0]["value"] == 2.5


@pytest.mark.parametrize(
    ("call", "code"),
    [
        (
            lambda w: put_item(
                w, "sites", "", {"id": "x", "entity": "nowhere", "region": "DE"}, now=NOW
            ),
            "bad-",
        ),
        (lambda w: put_item(w, "sites", "", {"id": "x"}, now=NOW), "bad-"),
        (lambda w: put_item(w, "sites", "hq", {"id": "other"}, now=NOW), "id-stays"),
        (lambda w: put_item(w, "sites", "moon", {"name": "x"}, now=NOW), "unknown-item"),
        (lambda w: put_item(w, "sites", "hq", {"colour": "red"}, now=NOW), "unknown-key"),
        (lambda w: put_item(w, "planets", "", {}, now=NOW), "unknown-section"),
        (lambda w: put_item(w, "sites", "hq", {"opened": "soon"}, now=NOW), "bad-"),
        (lambda w: put_item(w, "sites", "hq", {"name": {"a": None}}, now=NOW), "bad-"),
        (lambda w: change_section(w, "fiscal_year", {"start_month": 13}, now=NOW), "bad-"),
        (lambda w: change_section(w, "sites", {"name": "x"}, now=NOW), "unknown-section"),
        (lambda w: drop_item(w, "entities", "cloud", now=NOW), "bad-"),
        (lambda w: restore_config(w, "../abate.toml", now=NOW), "unknown-item"),
    ],
)
def test_what_would_leave_the_file_wrong_is_refused_and_nothing_is_written(workspace, call, code):
    before = text(workspace)
    with pytest.raises((ConfigError, UsageError, NotFoundError)) as told:
        call(workspace)
    assert told.value.code.startswith(code)
    assert text(workspace) == before
    assert former_configs(workspace) == []


def test_a_site_with_rows_is_not_removed(workspace, tmp_path):
    path = tmp_path / "bills.csv"
    path.write_text(BILLS)
    add_file(workspace, path, now=NOW)
    with pytest.raises(UsageError) as told:
        drop_item(workspace, "sites", "hq", now=NOW)
    assert told.value.code == "still-used"


def test_changes_are_taken_back_one_by_one_and_the_taking_back_too(workspace):
    before = text(workspace)
    change_section(workspace, "organisation", {"name": "One"}, now=NOW)
    change_section(workspace, "organisation", {"name": "Two"}, now=NOW)
    two = text(workspace)
    newest, oldest = former_configs(workspace)
    restore_config(workspace, oldest.name, now=NOW)
    assert text(workspace) == before
    restore_config(workspace, former_configs(workspace)[0].name, now=NOW)
    assert text(workspace) == two
    assert newest.change == "[organisation] name"


VALUES = st.one_of(
    st.text(max_size=30),
    st.integers(-(10**6), 10**6),
    st.floats(),
    st.booleans(),
    st.none(),
    st.lists(st.text(max_size=8), max_size=3),
    st.dictionaries(st.text(max_size=5), st.integers(), max_size=2),
)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.sampled_from(
        [
            "organisation",
            "fiscal_year",
            "inventory",
            "finance",
            "sites",
            "entities",
            "targets",
            "measures",
        ]
    ),
    st.sampled_from(
        [
            "name",
            "id",
            "region",
            "figure",
            "start_month",
            "opened",
            "aliases",
            "value",
            "gwp",
            "discount",
        ]
    ),
    VALUES,
)
def test_whatever_is_given_the_workspace_opens_afterwards(workspace, section, key, value):
    ws = abate.open(workspace.root)
    with suppress(AbateError):
        ws.change(section, {key: value}, key="hq" if section == "sites" else "")
    assert abate.open(workspace.root).name


def test_every_part_of_the_page_can_be_saved_as_it_is_shown(workspace):
    """What a form shows, sent back unchanged, says the same; a target can be added by it."""
    shares = [{"since": "2020-01-01", "share": 0.333333333}]
    put_item(workspace, "entities", "venture", {"ownership": shares}, now=NOW)
    names = ["Hall 3, south", 'Halle "Nord"', "plain"]
    put_item(workspace, "sites", "hq", {"aliases": names}, now=NOW)
    put_item(
        workspace, "targets", "", {"figure": "net", "value": 12345678.5, "year": "FY2030"}, now=NOW
    )
    told = organisation_parts(open_workspace(workspace.root))
    with session(create_app(workspace.root, token="t"), "t") as client:
        for section, item in (("entities", "venture"), ("sites", "hq"), ("targets", "1")):
            page = client.get(f"/organisation?section={section}&item={item}").text
            form = page[page.index('id="form"') : page.index('href="/organisation">')]
            inputs = re.findall(r'<input[^>]*name="(\w+)" value="([^"]*)"', form)
            sent = {name: html.unescape(value) for name, value in inputs}
            for name, options in re.findall(r'<select name="(\w+)">(.*?)</select>', form):
                chosen = re.search(r'value="([^"]*)" selected', options)
                sent[name] = chosen[1] if chosen else re.search(r'value="([^"]*)"', options)[1]
            answer = client.post("/organisation", data=sent, follow_redirects=False)
            assert answer.status_code == 303, answer.text[-2000:]
        new = {"section": "targets", "item": "", "kind": "level", "figure": "gross", "value": "5"}
        added = client.post("/organisation", data=new | {"year": "FY2031"}, follow_redirects=False)
        assert added.status_code == 303
    now = organisation_parts(open_workspace(workspace.root))
    assert now["targets"].pop()["figure"] == "gross"
    assert now == told


def test_changes_made_at_once_are_all_kept(workspace):
    from concurrent.futures import ThreadPoolExecutor

    def add(k):
        put_item(
            workspace, "sites", "", {"id": f"s{k}", "entity": "cloud", "region": "DE"}, now=NOW
        )

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(add, range(16)))
    ids = {s["id"] for s in organisation_parts(workspace)["sites"]}
    assert {f"s{k}" for k in range(16)} <= ids
    assert len(former_configs(workspace)) == 16


def test_other_files_among_the_former_texts_do_no_harm(workspace):
    put_item(workspace, "sites", "", {"id": "new", "entity": "cloud", "region": "DE"}, now=NOW)
    (workspace.root / HISTORY / "backup of mine.toml").write_text("x")
    put_item(workspace, "sites", "", {"id": "newer", "entity": "cloud", "region": "DE"}, now=NOW)
    assert len(former_configs(workspace)) == 2
    assert (workspace.root / HISTORY / "backup of mine.toml").exists()
