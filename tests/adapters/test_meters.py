"""The meter store: loads, revisions, counters over files, trees, exchanges, posting."""

import time
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from starlette.testclient import TestClient

from abate.adapters.readers import sheets
from abate.adapters.readers.formats import formats
from abate.adapters.readers.series import FileStyle, raw_chunks, read_series
from abate.application.energy.loads import LoadSpec, load_readings, preview_readings
from abate.application.energy.meters import Place, change_meter, depth_of, meters
from abate.application.energy.postings import post_usage
from abate.application.energy.usage import readings_page, shown_meter, usage_of
from abate.application.inventory.findings import open_findings
from abate.application.inventory.imports import undo
from abate.faces.server import create_app
from abate.kernel.errors import AbateError, DataError, NotFoundError, UsageError
from support import NOW, SHARED

MAY = datetime(2023, 5, 1)


def hourly(start, count, value=2.0):
    """Hours from a moment with a value each, or what a function of the place gives."""
    of = value if callable(value) else lambda k: value + k % 3 / 2
    return [(start + timedelta(hours=k), of(k)) for k in range(count)]


@pytest.fixture
def load(workspace, tmp_path):
    """Load rows of a meter as a file."""
    count = iter(range(1000))

    def loaded(rows, header="time,kWh", *, meter="M", zone="UTC", name="", **how):
        path = tmp_path / (name or f"load-{next(count)}.csv")
        lines = (",".join(map(str, row)) for row in rows)
        path.write_text(header + "\n" + "\n".join(lines) + "\n", encoding="utf-8")
        return load_readings(workspace, path, LoadSpec(meter=meter, zone=zone, **how), now=NOW)

    return loaded


def posted(workspace, what="electricity"):
    """Activities of a kind that count, by month and basis."""
    from abate.adapters.store.imports import live_imports

    ids = {r.import_id for r in live_imports(workspace)}
    rows = workspace.store.rows("activities")
    return sorted(
        (r["meter"], r["month"], r["basis"], round(r["quantity"], 3))
        for r in rows
        if r["import_id"] in ids and r["kind"] == what
    )


def test_readings_that_were_loaded_are_used(workspace, load):
    rows = hourly(MAY, 48)
    done = load(rows)
    assert (done.reading_count, done.new_count, done.changed_count) == (48, 48, 0)
    used = usage_of(workspace, ["M"])
    assert used.values[0].tolist() == [v for _, v in rows]
    assert str(used.start[0]) == "2023-05-01T00:00:00"
    (one,) = meters(workspace)
    assert (one.first, one.past, one.step_count) == (MAY, MAY + timedelta(hours=48), 48)
    assert (one.unit, one.step_s, one.missing_count) == ("kWh", 3600, 0)


def test_of_two_readings_for_a_step_that_of_the_newest_load_holds(workspace, load):
    """Late data are new, corrected ones changed; undone, what was before holds again."""
    load(hourly(MAY, 24, 2.0))
    late = load(hourly(MAY + timedelta(hours=12), 24, lambda _: 9.0))
    assert (late.new_count, late.changed_count) == (12, 12)
    assert usage_of(workspace, ["M"]).values[0][12:].tolist() == [9.0] * 24
    undo(workspace, late.import_id, reason="wrong file", now=NOW)
    assert usage_of(workspace, ["M"]).values[0].tolist() == [v for _, v in hourly(MAY, 24, 2.0)]


def test_a_file_is_loaded_once(load):
    load(hourly(MAY, 24))
    with pytest.raises(AbateError) as error:
        load(hourly(MAY, 24))
    assert error.value.code == "duplicate-import"


def test_a_counter_goes_on_from_file_to_file(workspace, load):
    """What it moved between the last reading of one file and the first of the next is not lost."""
    first = hourly(MAY, 48, lambda k: 1000 + 2 * k)
    second = hourly(MAY + timedelta(hours=48), 48, lambda k: 1096 + 2 * k)
    load(first)
    load(second)
    (one,) = meters(workspace)
    assert one.is_counter == "yes"
    used = usage_of(workspace, ["M"]).values[0]
    assert used[:-1].tolist() == [2.0] * 95
    assert np.isnan(used[-1])


def test_a_span_of_a_counter_knows_the_reading_after_it(workspace, load):
    load(hourly(MAY, 96, lambda k: 1000 + 2 * k))
    day = usage_of(workspace, ["M"], first=MAY, past=MAY + timedelta(days=1))
    assert day.values[0].tolist() == [2.0] * 24


def test_a_meter_that_replaces_another_goes_on_from_it(workspace, load):
    """The place is counted once: the old meter before the exchange, the new one from then on."""
    exchange = MAY + timedelta(hours=60)
    load(hourly(MAY, 72, lambda k: 5000 + 3 * k), meter="old", site="hq", kind="electricity")
    load(
        hourly(MAY + timedelta(hours=48), 72, lambda k: 7.0 + 4 * k),
        meter="new",
        site="hq",
        kind="electricity",
        replaces="old",
        since=exchange,
    )
    used = usage_of(workspace, ["new"]).values[0]
    assert used[:60].tolist() == [3.0] * 60
    assert used[60:-1].tolist() == [4.0] * 59
    made = post_usage(workspace, "FY2024", now=NOW)
    assert made.left_out == {"old": "'new' stands in its place and goes on from it"}
    assert posted(workspace) == [("new", "2023-05", "metered", 60 * 3 + 59 * 4.0)]


def test_a_meter_below_another_is_not_counted_twice(workspace, load):
    rows = hourly(MAY, 24 * 31)
    load(rows, meter="main", site="hq", kind="electricity")
    load(rows, meter="hall", header="time, kWh", site="hq", kind="electricity", parent="main")
    load(rows, meter="lamp", header="time,  kWh", site="hq", kind="electricity", parent="hall")
    load(rows, meter="servers", header="time , kWh", site="hq", kind="it-energy", parent="main")
    every = meters(workspace)
    assert [(m.meter, depth_of(m, every)) for m in every] == [
        ("main", 0),
        ("hall", 1),
        ("lamp", 2),
        ("servers", 1),
    ]
    made = post_usage(workspace, "FY2024", now=NOW)
    assert set(made.left_out) == {"hall", "lamp"}
    total = round(sum(v for _, v in rows), 3)
    assert posted(workspace) == [("main", "2023-05", "metered", total)]
    assert posted(workspace, "it-energy") == [("servers", "2023-05", "metered", total)]
    with pytest.raises(UsageError) as error:
        change_meter(workspace, "main", Place(parent="lamp"), now=NOW)
    assert error.value.code == "meter-circle"


def test_a_change_of_a_meter_can_be_undone(workspace, load):
    load(hourly(MAY, 24), site="hq")
    done = change_meter(workspace, "M", Place(site="plant", building="b"), now=NOW)
    assert [(m.site, m.building) for m in meters(workspace)] == [("plant", "b")]
    undo(workspace, done, reason="", now=NOW)
    assert [(m.site, m.building) for m in meters(workspace)] == [("hq", "")]


def test_estimated_readings_are_posted_as_estimated(workspace, load):
    rows = [(t, v, "estimated" if k < 48 else "actual") for k, (t, v) in enumerate(hourly(MAY, 96))]
    load(rows, "time,kWh,status", site="hq", kind="electricity")
    (one,) = meters(workspace)
    assert one.estimated_count == 48
    post_usage(workspace, "FY2024", now=NOW)
    shares = [(basis, q) for _, _, basis, q in posted(workspace)]
    assert shares == [
        ("estimated", sum(v for _, v, s in rows if s == "estimated")),
        ("metered", sum(v for _, v, s in rows if s == "actual")),
    ]


def test_posting_again_replaces_what_was_posted(workspace, load):
    """However often: no version comes back beside another one."""
    load(hourly(MAY, 24), site="hq", kind="electricity")
    post_usage(workspace, "FY2024", now=NOW)
    assert post_usage(workspace, "FY2024", now=NOW).unchanged == ("electricity",)
    totals = []
    for k, by in enumerate(("hour", "month", "day", "month")):
        load(hourly(MAY + timedelta(days=k + 1), 24), header=f"time{' ' * k},kWh")
        done = post_usage(workspace, "FY2024", now=NOW, by=by)
        totals.append(round(sum(q for *_, q in posted(workspace)), 6))
    day = sum(v for _, v in hourly(MAY, 24))
    assert totals == [day * 2, day * 3, day * 4, day * 5]
    undo(workspace, done.imports[0].import_id, reason="", now=NOW)
    assert sum(q for *_, q in posted(workspace)) == pytest.approx(day * 4)


def test_months_that_lack_readings_are_found(workspace, load):
    """A gap is neither filled nor hidden; a month without any reading in between is one, too."""
    load(
        hourly(MAY, 24 * 31 - 5) + hourly(datetime(2023, 7, 1), 24 * 31),
        site="hq",
        kind="electricity",
    )
    post_usage(workspace, "FY2024", now=NOW)
    gaps = {
        (f.site, f.month): f.message
        for f in open_findings(workspace, now=NOW)
        if f.code == "reading-gap" and f.month
    }
    assert set(gaps) == {("hq", "2023-05"), ("hq", "2023-06")}
    assert "lacks 5 of 744" in gaps["hq", "2023-05"]
    assert "lacks 720 of 720" in gaps["hq", "2023-06"]


@pytest.mark.parametrize(
    ("zone", "site", "spans"),
    [
        ("Europe/London", "london", ("month", "hour")),
        ("Asia/Shanghai", "hq", ("month", "hour")),
        ("Europe/Berlin", "hq", ("month", "day")),
        ("America/New_York", "hq", ("month",)),
        ("Asia/Kolkata", "hq", ("month",)),
    ],
)
def test_months_are_those_of_the_meters_clock(workspace, load, zone, site, spans):
    """In a year with two changes of the clocks each hour is in its month, and none is lost."""
    first = datetime(2023, 4, 1, tzinfo=ZoneInfo(zone)).astimezone(ZoneInfo("UTC"))
    after = datetime(2024, 4, 1, tzinfo=ZoneInfo(zone)).astimezone(ZoneInfo("UTC"))
    count = round((after - first).total_seconds() / 3600)
    rows = [
        (t.isoformat().replace("+00:00", "Z"), v) for t, v in hourly(first, count, lambda _: 1.0)
    ]
    load(rows, site=site, kind="electricity", zone=zone)
    for by in spans:
        post_usage(workspace, "FY2024", now=NOW, by=by)
        sums = {}
        for _, month, _, amount in posted(workspace):
            sums[month] = sums.get(month, 0) + amount
        turns = {"Europe/London": (745, 743), "Europe/Berlin": (745, 743)}
        turns["America/New_York"] = (744, 743)
        assert (sums["2023-10"], sums["2024-03"]) == turns.get(zone, (744, 744))
        assert sum(sums.values()) == count
    assert not [f for f in open_findings(workspace, now=NOW) if f.code == "reading-gap"]


def test_another_unit_is_brought_to_that_of_the_meter(workspace, load):
    load(hourly(MAY, 24, lambda k: k + 1.0))
    load(hourly(MAY + timedelta(days=1), 24, lambda k: (k + 1) / 1000), "time,MWh")
    load(hourly(MAY + timedelta(days=2), 24, lambda k: k + 1.0), "time,kW")
    used = usage_of(workspace, ["M"]).values[0]
    assert np.allclose(used, np.tile(np.arange(1, 25.0), 3))


@pytest.mark.parametrize(
    ("rows", "header", "how", "code"),
    [
        (hourly(MAY, 24), "time,kWh", {"meter": ""}, "meter-unnamed"),
        (hourly(MAY, 24), "time,value", {}, "unit-unsaid"),
        (hourly(MAY, 24), "time,m3", {"meter": "K"}, "meter-unit"),
        ([(MAY + timedelta(minutes=15 * k), 1) for k in range(96)], "time,kWh", {"meter": "K"}, "meter-step"),
        ([(f"2023-{m:02d}", 100 + m) for m in range(1, 9)], "month,kWh", {}, "meter-step"),
        (hourly(MAY, 24), "time,kWh", {"meter": "B", "zone": ""}, "meter-zone"),
        (hourly(MAY, 24), "time,kWh", {"site": "nowhere"}, "unknown-site"),
        (hourly(MAY, 24), "time,kWh", {"kind": "trip"}, "unknown-kind"),
        (hourly(MAY, 24), "time,kWh", {"parent": "nobody"}, "unknown-meter"),
        (hourly(MAY, 24), "time,kWh", {"zone": "Mars/Base"}, "unknown-zone"),
        (hourly(MAY, 24), "time,kWh", {"dates": "dym"}, "bad-dates-order"),
    ],
)  # fmt: skip
def test_what_is_not_clear_is_refused_and_nothing_is_kept(workspace, load, rows, header, how, code):
    load(hourly(MAY - timedelta(days=9), 24), meter="K")
    before = [(m.meter, m.step_count) for m in meters(workspace)]
    if code == "meter-zone":
        how = {"meter": "K", "zone": ""}
        change_meter(workspace, "K", Place(zone="Asia/Tokyo"), now=NOW)
        done = load(rows, header, **how)  # the meter's own zone is taken
        assert done.new_count == 24
        return
    with pytest.raises(AbateError) as error:
        load(rows, header, **how)
    assert error.value.code == code
    assert [(m.meter, m.step_count) for m in meters(workspace)] == before


def test_several_meters_of_a_file_keep_their_zone(workspace, load):
    """A file that is read by another clock than before is asked about."""
    two = [(t, v, v * 2) for t, v in hourly(MAY, 24)]
    load(two, "time,A kWh,B kWh", meter="", zone="Europe/Berlin")
    later = [(t + timedelta(days=1), v, w) for t, v, w in two]
    with pytest.raises(DataError) as error:
        load(later, "time,A kWh,B kWh", meter="", zone="")
    assert error.value.code == "meter-zone"
    load(later, "time,A kWh,B kWh", meter="", zone="Europe/Berlin")
    assert [m.step_count for m in meters(workspace)] == [48, 48]


def test_the_zone_of_a_site_whose_country_has_one_is_taken(workspace, load):
    load(hourly(MAY, 24), site="london", zone="")
    (one,) = meters(workspace)
    assert (one.zone, one.first) == ("Europe/London", datetime(2023, 4, 30, 23))


def test_unknown_names_and_empty_meters_are_said(workspace, load):
    load(hourly(MAY, 24))
    with pytest.raises(NotFoundError) as error:
        usage_of(workspace, ["N"])
    assert "There are: M" in str(error.value)
    with pytest.raises(NotFoundError) as error:
        usage_of(workspace, ["M"], first=datetime(2030, 1, 1))
    assert error.value.code == "no-readings"
    with pytest.raises(UsageError):
        change_meter(workspace, "M", Place(), now=NOW)
    with pytest.raises(UsageError):
        shown_meter(workspace, "M", by="week")
    with pytest.raises(NotFoundError):
        post_usage(workspace, "FY2024", now=NOW)


def test_pages_of_readings_go_on_where_they_ended(workspace, load):
    load(hourly(MAY, 50))
    seen, after = [], None
    while True:
        page = readings_page(workspace, "M", after=after, limit=20)
        seen += page.rows
        after = page.next
        if after is None:
            break
    assert [(r.start, r.usage) for r in seen] == hourly(MAY, 50)


def test_a_preview_stores_nothing(workspace, tmp_path):
    path = tmp_path / "m.csv"
    path.write_text("time,value\n" + "\n".join(f"{t},{v}" for t, v in hourly(MAY, 48)))
    found = preview_readings(workspace, path, LoadSpec())
    (one,) = found.series
    assert (one.meter, one.unit, one.count, one.step_s) == ("", "", 48, 3600)
    said = preview_readings(workspace, path, LoadSpec(meter="M", unit="kWh", site="london"))
    assert (said.series[0].meter, said.series[0].unit, said.zone) == ("M", "kWh", "Europe/London")
    assert meters(workspace) == []


@pytest.fixture
def client(workspace):
    """A session on the workspace."""
    with TestClient(
        create_app(workspace.root, token="a-token"), base_url="http://127.0.0.1"
    ) as made:
        key = made.post(
            "/api/v1/session", json={"token": "a-token"}, headers={"origin": "http://127.0.0.1"}
        ).json()["key"]
        made.headers["authorization"] = f"Bearer {key}"
        yield made


def finished(client, job):
    """A job that has ended."""
    until = time.monotonic() + 60
    while (told := client.get(f"/api/v1/jobs/{job['id']}").json())["state"] in (
        "waiting",
        "running",
    ):
        assert time.monotonic() < until
        time.sleep(0.05)
    assert told["state"] == "done", told["error"]
    return told["result"]


def test_the_api_does_what_the_command_line_does(client, workspace, tmp_path):
    """Upload, preview, load, place, see, post: the same usage as by Python, and pages that show it."""
    text = "time,kWh\n" + "\n".join(f"{t},{v}" for t, v in hourly(MAY, 24 * 31))
    sent = client.post(
        "/api/v1/uploads", params={"name": "m.csv", "purpose": "readings"}, content=text.encode()
    ).json()
    said = {"meter": "hall/a b", "zone": "Europe/London", "kind": "electricity"}
    seen = client.post(f"/api/v1/uploads/{sent['id']}/readings", json=said).json()
    assert [s["count"] for s in seen["series"]] == [744]
    assert "Meters" in client.get(f"/data/uploads/{sent['id']}").text
    assert "表计" in client.get(f"/meters/uploads/{sent['id']}", params={"lang": "zh"}).text
    job = client.post(f"/api/v1/uploads/{sent['id']}/load", json=said).json()
    assert finished(client, job)["new_count"] == 744
    (meter,) = client.get("/api/v1/meters").json()
    assert (meter["meter"], meter["zone"]) == ("hall/a b", "Europe/London")
    address = "/api/v1/meters/hall/a%20b"
    client.put(address, json={"site": "london", "reason": "moved"})
    usage = client.get(f"{address}/usage", params={"by": "day"}).json()
    assert len(usage["spans"]) == 31
    total = sum(s["metered"] for s in usage["spans"])
    assert total == pytest.approx(float(usage_of(workspace, ["hall/a b"]).values.sum()))
    rows = client.get(f"{address}/readings", params={"limit": 700}).json()
    more = client.get(f"{address}/readings", params={"after": rows["next"]}).json()
    assert len(rows["rows"]) + len(more["rows"]) == 744
    done = finished(client, client.post("/api/v1/meters/post", json={"year": "FY2024"}).json())
    assert done["accepted_count"] == 1
    assert posted(workspace)[0][3] == pytest.approx(total)
    for lang in ("en", "zh"):
        for path in ("/meters", "/meters/hall/a%20b", "/meters/hall/a%20b?by=day"):
            shown = client.get(path, params={"lang": lang})
            assert shown.status_code == 200, shown.text
            assert "hall/a b" in shown.text
    wrong = client.put(address, json={"parent": "nobody"})
    assert (wrong.status_code, wrong.json()["code"]) == (404, "unknown-meter")
    assert client.get("/meters/nobody").status_code == 404
    form = client.post("/meters/hall/a%20b", data={"site": "nowhere"})
    assert form.status_code == 422
    assert "unknown-site" in form.text


def both_ways(path, monkeypatch, **how):
    """A file read row by row, and as a long table by the engine: readings, or the code of the error."""
    read = []
    for large in (1 << 40, 0):
        monkeypatch.setattr(sheets, "LARGE_BYTES", large)
        try:
            read.append(read_series(path, **how))
        except AbateError as error:
            read.append(error.code)
    return read


def assert_same(a, b):
    if isinstance(a, str) or isinstance(b, str):
        assert a == b
        return
    assert (a.names, a.units, a.flows, a.meters) == (b.names, b.units, b.flows, b.meters)
    assert (a.start == b.start).all()
    assert np.array_equal(a.values, b.values, equal_nan=True)
    assert sorted(f"{f.code} {f.message}" for f in a.findings) == sorted(
        f"{f.code} {f.message}" for f in b.findings
    )
    if a.estimated is not None:
        assert np.array_equal(a.estimated, b.estimated)


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared data are not there")
def test_a_long_table_reads_as_any_other(monkeypatch):
    """Every text file of the cases, by two clocks: the same series, to the bit, and the same findings."""
    files = [
        p for p in (SHARED / "cases/meters").rglob("*") if p.suffix in (".csv", ".txt", ".tsv")
    ]
    assert len(files) > 20
    for path in files:
        for how in ({}, {"zone": "Europe/Berlin", "dates": "dmy", "decimal": "."}):
            assert_same(*both_ways(path, monkeypatch, **how))


@pytest.mark.parametrize("mark", [".", ","])
@pytest.mark.parametrize("shape", ["%Y-%m-%d %H:%M", "%d.%m.%Y %H:%M", "%Y-%m-%dT%H:%M:%S+01:00"])
@pytest.mark.parametrize("form", ["long", "wide"])
def test_odd_cells_of_a_long_table_are_read_or_named(tmp_path, monkeypatch, form, shape, mark):
    """Empty cells, words, thousands, spaces, repeated headers, in any style of numbers and times."""
    rng = np.random.default_rng(7)
    cells = ["", "n/a", "-", "ERR", " 7{m}5 ", "1{o}234{m}5", "−3{m}25", "12", "0{m}125"]
    odd = [c.format(m=mark, o="," if mark == "." else ".") for c in cells]
    at = [datetime(2024, 1, 20) + timedelta(minutes=15 * k) for k in range(960)]

    def cell():
        if rng.random() < 0.05:
            return odd[rng.integers(len(odd))]
        return f"{rng.uniform(0.5, 900):.2f}".replace(".", mark)

    if form == "wide":
        lines = ["time;A (kWh);B (kWh);C (kWh)"]
        lines += [";".join([t.strftime(shape), cell(), cell(), cell()]) for t in at]
        lines.insert(500, lines[0])
    else:
        lines = ["meter;time;kWh;status"]
        lines += [
            f"{m};{t.strftime(shape)};{cell()};{'estimated' if k % 9 == 0 else 'actual'}"
            for k, t in enumerate(at)
            for m in ("DE-1", "DE-2")
        ]
    path = tmp_path / "long.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    for zone in ("UTC", "Europe/Berlin"):
        a, b = both_ways(path, monkeypatch, zone=zone)
        assert not isinstance(a, str)
        assert_same(a, b)


@pytest.mark.parametrize(
    "one", [f for f in formats() if "…" not in f.example], ids=lambda f: f.name
)
def test_a_file_of_a_named_format_is_loaded_however_large(tmp_path, monkeypatch, one):
    """Size alone makes no table of XML, NEM12 or JSON: its series come as from a small file."""
    path = tmp_path / one.file
    path.write_text(one.example, encoding="utf-8")
    style = FileStyle("Europe/Berlin", unit="kWh")
    names = []
    for large in (1 << 40, 0):
        monkeypatch.setattr(sheets, "LARGE_BYTES", large)
        chunks = list(raw_chunks(path, style))
        names.append([n for chunk in chunks for raw in chunk for n in raw.names])
    assert names[0]
    assert names[0] == names[1]


def test_what_is_wrong_with_a_long_table_is_said_once(tmp_path, monkeypatch):
    """However many chunks its series come in."""
    from abate.adapters.readers import series

    monkeypatch.setattr(sheets, "LARGE_BYTES", 0)
    monkeypatch.setattr(series, "CHUNK_VALUES", 1)
    at = [datetime(2024, 1, 20) + timedelta(hours=k) for k in range(60)]
    rows = [f"{t},{'ERR' if k == 7 else k % 5}.5,{k % 7}.5,{k % 3}.5" for k, t in enumerate(at)]
    path = tmp_path / "wide.csv"
    path.write_text("time,A kWh,B kWh,C kWh\n" + "\n".join(rows) + "\n")
    chunks = list(raw_chunks(path, FileStyle()))
    assert [raw.names for (raw,) in chunks] == [("A",), ("B",), ("C",)]
    said = [f.code for (raw,) in chunks for f in raw.findings]
    assert said.count("reading-unread") == 1


def test_both_october_hours_of_a_long_table_are_kept(tmp_path, monkeypatch):
    utc = [
        datetime(2024, 10, 26, 12, tzinfo=ZoneInfo("UTC")) + timedelta(hours=k) for k in range(48)
    ]
    local = [t.astimezone(ZoneInfo("Europe/Berlin")) for t in utc]
    path = tmp_path / "october.csv"
    lines = [
        f"{m},{t:%Y-%m-%d %H:%M},{k * 7 % 5}.5" for m in ("A", "B") for k, t in enumerate(local)
    ]
    path.write_text("meter,time,kWh\n" + "\n".join(lines) + "\n")
    a, b = both_ways(path, monkeypatch, zone="Europe/Berlin")
    assert_same(a, b)
    assert b.values[1].tolist() == [k * 7 % 5 + 0.5 for k in range(48)]


def test_a_mark_that_only_later_rows_decide_is_not_guessed(tmp_path, monkeypatch):
    """Whole numbers first and 1.234 later: asked, as when every row is looked at."""
    at = [datetime(2024, 1, 20) + timedelta(hours=k) for k in range(900)]
    path = tmp_path / "late.csv"
    values = ["5"] * 880 + ["1.234"] * 20
    lines = [f"{t:%Y-%m-%d %H:%M};{v}" for t, v in zip(at, values, strict=True)]
    path.write_text("time;kWh\n" + "\n".join(lines) + "\n")
    assert both_ways(path, monkeypatch) == ["ambiguous-number"] * 2
