"""What surrounds packing in a warehouse: one order at once, labels, read-back, time, gross masses."""

import csv
import io
import json
import re
import statistics
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import abate
from abate.adapters.readers.orders import read_cartons
from abate.application.logistics.fitting import fit_order, read_item
from abate.application.logistics.orders import PackTerms, pack_orders
from abate.application.logistics.readback import read_back
from abate.faces.server import create_app
from abate.kernel.errors import DataError, UsageError
from recipes import CARTONS, ORDERS
from serving import session
from support import NOW

SIZES = [
    {"carton": "S", "length_mm": 200, "width_mm": 150, "height_mm": 100},
    {"carton": "M", "length_mm": 300, "width_mm": 200, "height_mm": 150},
    {"carton": "L", "length_mm": 400, "width_mm": 300, "height_mm": 200, "mass_max_g": 2000},
]
ITEM = st.fixed_dictionaries(
    {
        "length_mm": st.integers(20, 420),
        "width_mm": st.integers(20, 320),
        "height_mm": st.integers(20, 220),
        "mass_g": st.integers(1, 1500),
        "turn": st.sampled_from(["any", "upright"]),
    }
)


def verdicts(items, cartons=SIZES, **terms):
    return {c.carton: c.why for c in fit_order(items, cartons, PackTerms(**terms)).cartons}


@pytest.mark.parametrize(
    ("items", "wanted"),
    [
        (["190x140x90 mm 400 g"], {"S": "", "M": "", "L": ""}),
        (["290x100x90 mm 400 g"], {"S": "piece", "M": "", "L": ""}),
        (["150x140x99 mm 400 g x2"], {"S": "volume", "M": "", "L": ""}),
        (["120x120x60 mm 10 g x2"], {"S": "pair", "M": "", "L": ""}),
        (["100x100x50 mm 1100 g x2"], {"S": "", "M": "", "L": "mass"}),
        (["500x10x10 mm 1 g"], {"S": "piece", "M": "piece", "L": "piece"}),
        (["7.5x5.5x3.5 in 1 lb"], {"S": "", "M": "", "L": ""}),
    ],
)
def test_each_carton_says_whether_it_holds_an_order_or_what_keeps_it_out(items, wanted):
    found = verdicts([read_item(i) for i in items], effort="proved")
    assert found == wanted


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(ITEM, min_size=1, max_size=5))
def test_a_carton_that_holds_an_order_packs_it_alone_and_the_best_is_among_them(items):
    found = fit_order(items, SIZES, PackTerms())
    holding = {c.carton for c in found.cartons if not c.why}
    if len(found.packed.parcels) == 1 and not found.packed.unpacked:
        assert found.packed.parcels[0].carton in holding
    for size in SIZES:
        alone = fit_order(items, [size], PackTerms()).packed
        holds = len(alone.parcels) == 1 and not alone.unpacked
        assert holds == (size["carton"] in holding)


def test_the_next_smaller_carton_is_named():
    found = fit_order([read_item("290x100x90 mm 400 g")], SIZES, PackTerms(effort="proved"))
    assert found.packed.parcels[0].carton == "M"
    assert found.smaller.carton == "S"
    assert "longer" in found.smaller.told
    assert len(found.pictures) == 1


@pytest.mark.parametrize(
    "text", ["", "a box", "10x10 mm 3 g", "10x10x10 3", "10x10x10 mm", "x" * 500]
)
def test_a_line_that_is_no_item_is_refused(text):
    with pytest.raises(UsageError) as told:
        read_item(text)
    assert told.value.code == "bad-item"


def test_one_order_over_rest_is_answered_in_milliseconds(valued):
    cartons = [
        {
            "carton": f"C{k}",
            "length_mm": 100 + 20 * k,
            "width_mm": 80 + 15 * k,
            "height_mm": 60 + 10 * k,
        }
        for k in range(16)
    ]
    with session(create_app(valued.root, token="t"), "t") as client:
        seconds = []
        for k in range(60):
            items = [
                {
                    "length_mm": 60 + k % 7 * 10,
                    "width_mm": 50,
                    "height_mm": 40,
                    "mass_g": 300,
                    "quantity": 1 + k % 5,
                },
                {"length_mm": 90, "width_mm": 60 + k % 3, "height_mm": 30, "mass_g": 200},
            ]
            begun = time.perf_counter()
            answer = client.post("/api/v1/fit", json={"items": items, "cartons": cartons})
            seconds.append(time.perf_counter() - begun)
            assert answer.status_code == 200, answer.text
            assert len(answer.json()["cartons_asked"]) == 16
        assert statistics.median(seconds[5:]) < 0.05
        wrong = client.post("/api/v1/fit", json={"items": [{"length_mm": 1}], "cartons": cartons})
        assert wrong.status_code == 422
        none = client.post("/api/v1/fit", json={"items": items})
        assert none.json()["code"] == "cartons-unreadable"


@pytest.fixture
def packed(tmp_path):
    (tmp_path / "orders.csv").write_text(ORDERS)
    (tmp_path / "cartons.csv").write_text(CARTONS)
    plan, labels = tmp_path / "plan.jsonl", tmp_path / "labels.html"
    done = pack_orders(
        tmp_path / "orders.csv",
        tmp_path / "cartons.csv",
        [plan],
        PackTerms(),
        labels=labels,
        now=NOW,
    )
    return tmp_path, done


def test_every_parcel_has_a_label_with_its_contents_and_a_code(packed):
    folder, done = packed
    text = (folder / "labels.html").read_text()
    assert text.count("<section>") == done.summary.parcels == 9
    assert all(f"<h1>O{k}</h1>" in text for k in range(9))
    assert text.count('class="segno"') == 9
    assert "<script" not in text
    assert text.rstrip().endswith("</html>")


def test_what_a_label_says_is_escaped(tmp_path):
    hostile = ORDERS.replace("O3,i", "<script>x</script>,<b>i")
    (tmp_path / "orders.csv").write_text(hostile)
    (tmp_path / "cartons.csv").write_text(CARTONS)
    labels = tmp_path / "labels.html"
    terms = PackTerms()
    pack_orders(
        tmp_path / "orders.csv", tmp_path / "cartons.csv", [], terms, labels=labels, now=NOW
    )
    text = labels.read_text()
    assert "<script>x" not in text
    assert "&lt;script&gt;x" in text
    assert "<b>i" not in text


def test_what_was_packed_is_held_against_the_plan(packed):
    folder, _ = packed
    plan = [json.loads(x) for x in (folder / "plan.jsonl").read_text().splitlines()]
    rows = [(p["order"], c["carton"]) for p in plan for c in p["cartons"]]
    rows[2] = (rows[2][0], "L")
    rows += [(rows[4][0], "S"), ("stranger", "S")]
    del rows[7]
    actual = folder / "actual.csv"
    actual.write_text("Order;Carton\n" + "".join(f"{o};{c}\n" for o, c in rows))
    told = read_back(folder / "plan.jsonl", actual, folder / "cartons.csv")
    assert told.as_planned == 6
    assert [o.order for o in told.otherwise] == ["O2", "O4"]
    assert (told.not_packed, told.unknown) == (("O7",), ("stranger",))
    assert told.board_kg[1] > told.board_kg[0]
    assert sum(told.packed.values()) == sum(told.planned.values()) + 1


def test_a_plan_or_a_file_that_is_none_says_so(packed):
    folder, _ = packed
    (folder / "other.csv").write_text("a,b\n1,2\n")
    for plan, actual, code in (
        ("cartons.csv", "other.csv", "plan-unreadable"),
        ("plan.jsonl", "other.csv", "packed-unreadable"),
        ("nothing.jsonl", "other.csv", "plan-unreadable"),
    ):
        with pytest.raises(DataError) as told:
            read_back(folder / plan, folder / actual)
        assert told.value.code == code


def test_when_the_time_is_up_the_rest_is_packed_the_fast_way(tmp_path):
    orders = io.StringIO()
    table = csv.writer(orders)
    table.writerow(["order", "item", "length_mm", "width_mm", "height_mm", "mass_g", "quantity"])
    for k in range(60):
        for size in ((97 + k, 61, 43), (83, 59 + k % 9, 41), (71, 53, 37)):
            table.writerow((f"O{k}", "i", *size, 100, 4))
    (tmp_path / "orders.csv").write_text(orders.getvalue())
    (tmp_path / "cartons.csv").write_text(CARTONS)
    files = (tmp_path / "orders.csv", tmp_path / "cartons.csv")
    terms = PackTerms(effort="proved", seconds=0.01)
    done = pack_orders(*files, [], terms, now=NOW)
    assert done.summary.orders == 60
    assert done.summary.unpacked == 0
    assert 0 < done.summary.late <= 60
    assert any("the time was up" in note for note in done.model["notes"])
    assert pack_orders(*files, [], PackTerms(), now=NOW).summary.late == 0


def test_a_gross_mass_leaves_what_the_carton_does_not_weigh(tmp_path):
    path = tmp_path / "cartons.csv"
    head = "carton,length_mm,width_mm,height_mm,tare_g,max gross mass kg\n"
    path.write_text(head + "A,200,150,100,250,5\nB,300,200,150,,5\n")
    a, b = read_cartons(path)
    assert a.mass_max_g == 4750
    assert b.mass_max_g == int(5000 - b.tare_g)
    path.write_text(head + "A,200,150,100,6000,5\n")
    with pytest.raises(UsageError, match="alone weighs 6000 g"):
        read_cartons(path)


def test_python_packs_one_order_and_reads_back(packed):
    folder, _ = packed
    ws = abate.create(folder / "w", "Warehouse", country="DE")
    found = ws.fit(["190x140x50 mm 400 g"], folder / "cartons.csv")
    assert found.packed.parcels[0].carton == "S"
    rows = [{"order": f"O{k}", "carton": "S"} for k in range(9)]
    assert ws.packed(folder / "plan.jsonl", rows).json["parcels"]["packed"] == 9
    assert re.search("parcels", json.dumps(ws.packed(folder / "plan.jsonl", rows).json))
