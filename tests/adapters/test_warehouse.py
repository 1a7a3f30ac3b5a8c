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
from abate.application.logistics.stock import record_movements, reserve, stock_rows
from abate.application.opening import create_workspace
from abate.faces.server import create_app
from abate.kernel.errors import DataError, UsageError
from recipes import CARTONS, ORDERS
from serving import session
from support import CONFIG, NOW

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


PACKAGING = """
[tariff]
carrier = "Post"
divisor_cm3_per_kg = 5000
zone = "home"
[[tariff.zones]]
zone = "home"
steps = [{ up_to_kg = 1, price = 4 }, { up_to_kg = 3, price = 6 }, { up_to_kg = 10, price = 9 }]
[[tariff.zones]]
zone = "abroad"
steps = [{ up_to_kg = 1, price = 12 }, { up_to_kg = 5, price = 20 }]
[freight]
mode = "van"
distance_km = 100
"""
POSTED = (
    "order,item,length_mm,width_mm,height_mm,mass_g,zone,site,month\n"
    "A,i,150,100,60,500,,hq,2023-05\n"
    "B,i,290,100,60,500,abroad,hq,2023-05\n"
    "C,i,390,290,190,9000,abroad,hq,2023-05\n"
)


@pytest.fixture
def posted(tmp_path):
    (tmp_path / "orders.csv").write_text(POSTED)
    (tmp_path / "cartons.csv").write_text(CARTONS)
    (tmp_path / "packaging.toml").write_text(PACKAGING)
    files = [tmp_path / f for f in ("orders.csv", "cartons.csv")]

    def pack(**terms):
        plan = tmp_path / "plan.jsonl"
        done = pack_orders(
            *files, [plan], PackTerms(**terms), packaging=tmp_path / "packaging.toml", now=NOW
        )
        lines = [json.loads(x) for x in plan.read_text().splitlines()]
        return done, {x["order"]: x for x in lines}

    return pack


def test_a_parcel_is_billed_by_mass_or_by_volume_in_its_zone(posted):
    done, lines = posted()
    # S outside 206 x 156 x 106 mm = 3,406 cm3 / 5,000 = 0.68 kg; M 306 x 206 x 156 mm = 1.97 kg
    assert [c["postage"] for c in lines["A"]["cartons"]] == [4]
    assert [c["postage"] for c in lines["B"]["cartons"]] == [20]
    assert [c["postage"] for c in lines["C"]["cartons"]] == [None]  # 9 kg go no further than home
    assert done.summary.unpriced == 1
    assert done.summary.postage["proposed"] == 24
    assert any("no price" in note for note in done.model["notes"])
    assert done.json["postage"]["proposed"] == 24


def test_postage_may_decide_the_carton(tmp_path):
    flat = {"carton": "flat", "length_mm": 300, "width_mm": 200, "height_mm": 60, "cost": 0.9}
    cube = {"carton": "cube", "length_mm": 310, "width_mm": 210, "height_mm": 140, "cost": 0.2}
    (tmp_path / "cartons.json").write_text(json.dumps([flat, cube]))
    (tmp_path / "orders.csv").write_text(POSTED.split("B,")[0].replace("150,100,60", "290,190,50"))
    (tmp_path / "packaging.toml").write_text(PACKAGING)
    chosen = {}
    for objective in ("cost", "postage"):
        plan = tmp_path / f"{objective}.jsonl"
        pack_orders(
            tmp_path / "orders.csv",
            tmp_path / "cartons.json",
            [plan],
            PackTerms(objective=objective),
            packaging=tmp_path / "packaging.toml",
            now=NOW,
        )
        chosen[objective] = json.loads(plan.read_text())
    assert chosen["cost"]["cartons"][0]["carton"] == "cube"
    assert chosen["postage"]["cartons"][0]["carton"] == "flat"
    assert chosen["postage"]["cost"] == pytest.approx(0.9 + 4)
    assert chosen["postage"]["proved"] is True


def test_postage_without_a_tariff_says_what_is_missing(packed):
    folder, _ = packed
    with pytest.raises(UsageError) as told:
        pack_orders(
            folder / "orders.csv",
            folder / "cartons.csv",
            [],
            PackTerms(objective="postage"),
            now=NOW,
        )
    assert told.value.code == "no-tariff"


@pytest.mark.parametrize(
    "steps",
    [
        "[]",
        "[{ up_to_kg = 3, price = 6 }, { up_to_kg = 1, price = 4 }]",
        "[{ up_to_kg = 0, price = 1 }]",
    ],
)
def test_a_tariff_whose_steps_do_not_rise_is_refused(tmp_path, steps):
    from abate.application.logistics.stock import read_packaging

    path = tmp_path / "packaging.toml"
    path.write_text(f'[tariff]\ncarrier = "P"\n[[tariff.zones]]\nzone = "a"\nsteps = {steps}\n')
    with pytest.raises(UsageError) as told:
        read_packaging(path)
    assert told.value.code == "bad-tariff"


def test_freight_of_parcels_is_on_both_sides_of_a_plan(tmp_path):
    config = CONFIG + '\n[scope3]\nproxies = ["GB"]\n'
    workspace = create_workspace(tmp_path / "w", config)
    (tmp_path / "orders.csv").write_text(POSTED)
    (tmp_path / "cartons.csv").write_text(CARTONS)
    masses = {}
    for name, text in (("with", PACKAGING), ("without", PACKAGING.split("[freight]")[0])):
        (tmp_path / "packaging.toml").write_text(text)
        done = pack_orders(
            tmp_path / "orders.csv",
            tmp_path / "cartons.csv",
            [],
            PackTerms(post=name),
            workspace=workspace,
            packaging=tmp_path / "packaging.toml",
            now=NOW,
        )
        masses[name] = {v["scope"]: v for v in done.model["valued"]}
    assert any("category 4" in scope for scope in masses["with"])
    assert not any("category 4" in scope for scope in masses["without"])
    gross = sum(kg for (_, _, side), kg in done.summary.gross_kg.items() if side == "proposed")
    assert 10.0 < gross < 11.5  # 10 kg of contents and three cartons


def test_goods_are_loaded_into_containers_and_onto_pallets(tmp_path):
    rows = ["order,item,length_mm,width_mm,height_mm,mass_kg,quantity,turn"]
    rows += ["load,crate,1200,800,900,350,30,upright", "load,box,600,400,300,12,200,any"]
    (tmp_path / "goods.csv").write_text("\n".join(rows) + "\n")
    plan, page = tmp_path / "plan.jsonl", tmp_path / "plan.html"
    terms = PackTerms(containers="20ft,40hc", baseline="none")
    done = pack_orders(tmp_path / "goods.csv", None, [plan, page], terms, now=NOW)
    (line,) = [json.loads(x) for x in plan.read_text().splitlines()]
    assert line["unpacked"] == []
    assert [c["carton"] for c in line["cartons"]] == ["40hc"]
    assert sum(len(c["placements"]) for c in line["cartons"]) == 230
    assert page.read_text().count("<svg") >= 1
    assert done.summary.parcels == 1
    (tmp_path / "small.csv").write_text(rows[0] + "\np,box,600,400,300,12,40,any\n")
    onto = PackTerms(containers="eur-pallet", baseline="none")
    small = pack_orders(tmp_path / "small.csv", None, [plan], onto, now=NOW)
    assert small.summary.parcels == 2  # 4 boxes in a layer, 5 layers to 1.656 m
    with pytest.raises(UsageError) as told:
        PackTerms(containers="50ft") and pack_orders(
            tmp_path / "small.csv", None, [plan], PackTerms(containers="50ft"), now=NOW
        )
    assert told.value.code == "unknown-container"


def test_a_picture_of_many_pieces_is_drawn_soon():
    from abate.disclosure.drawing import packing_svg

    lies = [
        {"item": k, "x_mm": k % 10 * 10, "y_mm": k // 10 % 10 * 10, "z_mm": k // 100 * 10}
        | {"dx_mm": 10, "dy_mm": 10, "dz_mm": 10}
        for k in range(1000)
    ]
    begun = time.perf_counter()
    text = packing_svg({"carton": "C", "room_mm": [100, 100, 100], "placements": lies})
    assert time.perf_counter() - begun < 5
    assert text.count("<g><title>") == 1000


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.sampled_from(["g", "kg", "lb", "oz"]),
    st.integers(1, 999),
    st.integers(1, 20),
    st.sampled_from([0, 1]),
)
def test_masses_count_exactly_in_any_unit(unit, thousandths, count, more):
    """As many pieces as a carton carries to the last digit go in; one thousandth more does not."""
    piece = {f"mass {unit}": f"{thousandths / 1000:.3f}", "quantity": count}
    piece |= {"length_mm": 10, "width_mm": 10, "height_mm": 10}
    most = f"{(thousandths * count - more) / 1000:.3f}"
    carton = {"carton": "C", "length_mm": 400, "width_mm": 300, "height_mm": 200}
    found = fit_order([piece], [carton | {f"mass max {unit}": most}], PackTerms(effort="proved"))
    (asked,) = found.cartons
    if more and thousandths == 1 and count == 1:
        assert asked.why == "mass"
    else:
        assert asked.why == ("mass" if more else "")
    if not more:
        assert found.packed.proved


def test_what_has_no_price_is_proved_nothing_and_told_in_money(posted):
    _, lines = posted(objective="postage")
    c = lines["C"]
    assert not c["proved"]
    assert (c["cost"], c["bound"]) == (2, 0)  # its carton costs 2; its postage has no price


def test_postage_is_compared_only_where_both_sides_have_prices(posted):
    done, _ = posted()
    assert done.summary.compared == 3
    assert done.summary.unposted == 1
    assert done.summary.postage["proposed"] == done.summary.postage["baseline"] == 24


def test_postage_does_not_share_out_cartons_that_are_few(tmp_path):
    (tmp_path / "orders.csv").write_text(POSTED)
    (tmp_path / "cartons.csv").write_text(
        "carton,length_mm,width_mm,height_mm,stock\nL,400,300,200,5\nXL,500,400,300,\n"
    )
    (tmp_path / "packaging.toml").write_text(PACKAGING)
    files = [tmp_path / f for f in ("orders.csv", "cartons.csv")]
    with pytest.raises(UsageError) as told:
        pack_orders(
            *files,
            [],
            PackTerms(objective="postage"),
            packaging=tmp_path / "packaging.toml",
            now=NOW,
        )
    assert told.value.code == "postage-of-few"


def test_the_time_limit_holds_where_cartons_are_few(tmp_path):
    (tmp_path / "orders.csv").write_text(ORDERS)
    (tmp_path / "cartons.csv").write_text(
        "carton,length_mm,width_mm,height_mm,stock\nL,400,300,200,5\nXL,500,400,300,\n"
    )
    files = [tmp_path / f for f in ("orders.csv", "cartons.csv")]
    done = pack_orders(*files, [], PackTerms(effort="proved", seconds=1e-9), now=NOW)
    assert done.summary.late == done.summary.orders > 0
    assert not done.summary.unpacked


def test_why_a_carton_that_costs_less_with_postage_was_not_taken(tmp_path):
    cartons = [
        {"carton": "low", "length_mm": 300, "width_mm": 200, "height_mm": 40, "cost": 0.1},
        {"carton": "fit", "length_mm": 300, "width_mm": 200, "height_mm": 60, "cost": 0.9},
        {"carton": "cube", "length_mm": 310, "width_mm": 210, "height_mm": 140, "cost": 0.2},
    ]
    (tmp_path / "cartons.json").write_text(json.dumps(cartons))
    (tmp_path / "orders.csv").write_text(POSTED.split("B,")[0].replace("150,100,60", "290,190,50"))
    (tmp_path / "packaging.toml").write_text(PACKAGING)
    plan = tmp_path / "plan.jsonl"
    pack_orders(
        tmp_path / "orders.csv",
        tmp_path / "cartons.json",
        [plan],
        PackTerms(objective="postage"),
        packaging=tmp_path / "packaging.toml",
        now=NOW,
    )
    row = json.loads(plan.read_text())
    assert row["cartons"][0]["carton"] == "fit"
    assert row["why"] == {"low": "volume"}


@pytest.mark.parametrize(
    "rows",
    [
        [{"order": "a", **read_item("10x10x10 mm 1 g")}, {"order": "b", **read_item("9x9x9 mm 1 g")}],
        [{"order": "a", **read_item("10x10x10 mm 1 g")}, read_item("9x9x9 mm 1 g")],
    ],
)  # fmt: skip
def test_items_of_several_orders_are_not_one_order(rows):
    with pytest.raises((UsageError, DataError)) as told:
        fit_order(rows, SIZES, PackTerms())
    assert told.value.code == "several-orders"


def test_items_that_name_their_one_order_are_packed(packed):
    one = {"order": "a", **read_item("10x10x10 mm 1 g x2")}
    assert len(fit_order([one, one], SIZES, PackTerms()).packed.parcels[0].placements) == 4


@pytest.mark.parametrize("cell", ["heavy", "1e400", "nan", "-4"])
def test_a_gross_mass_that_is_none_is_refused_with_its_row(tmp_path, cell):
    path = tmp_path / "cartons.csv"
    head = "carton,length_mm,width_mm,height_mm,max gross mass g"
    path.write_text(f"{head}\nS,200,150,100,5000\nM,300,200,150,{cell}\n")
    with pytest.raises(UsageError) as told:
        read_cartons(path)
    assert told.value.code == "bad-carton"
    assert "row 3" in told.value.message or "'M'" in told.value.message


def test_an_order_whose_name_no_code_holds_has_a_label_without_one(tmp_path):
    name = "x" * 4000
    (tmp_path / "orders.csv").write_text(f"{POSTED.splitlines()[0]}\n{name},i,150,100,60,500,,,\n")
    (tmp_path / "cartons.csv").write_text(CARTONS)
    labels = tmp_path / "labels.html"
    files = [tmp_path / f for f in ("orders.csv", "cartons.csv")]
    pack_orders(*files, [], PackTerms(), labels=labels, now=NOW)
    assert name in labels.read_text()


@pytest.fixture
def depot(tmp_path):
    """A workspace with ten used cartons, and what packs three orders into them under a name."""
    workspace = create_workspace(tmp_path / "w", CONFIG + '\n[scope3]\nproxies = ["GB"]\n')
    (tmp_path / "orders.csv").write_text(POSTED.replace("9000", "900"))
    (tmp_path / "cartons.csv").write_text(
        "carton,length_mm,width_mm,height_mm,source\n"
        "U,400,300,200,used\nL,400,300,200,new\nXL,500,400,300,new\n"
    )

    def move(*rows):
        path = tmp_path / "moves.csv"
        path.write_text("ref,site,carton,event,count,plan\n" + "".join(f"{r}\n" for r in rows))
        return [str(r) for _, r, _ in record_movements(workspace, path)]

    def pack(name):
        return pack_orders(
            tmp_path / "orders.csv",
            tmp_path / "cartons.csv",
            [],
            PackTerms(post=name, stock=True),
            workspace=workspace,
            now=NOW,
        )

    def stock():
        (row,) = stock_rows(workspace)
        return row["stock"], row["reserved"], row["shipped"]

    assert move("m1,hq,U,bought,5,") == ["ok"]
    return move, pack, stock


def test_a_recorded_plan_reserves_what_it_takes_of_the_stock(depot):
    move, pack, stock = depot
    pack("june")
    assert stock() == (2, 3, 0)
    pack("june")  # the same plan again: it may take what is reserved for it, and nothing changes
    assert stock() == (2, 3, 0)
    second = pack("july")
    assert stock() == (0, 5, 0)
    assert second.summary.few["hq", "U"] == 2
    assert move("s1,hq,U,packed,3,june") == ["ok"]
    assert stock() == (0, 2, 3)
    assert move("s2,hq,U,packed,1,june") == ["overdrawn"]
    assert move("r1,hq,U,released,2,july") == ["ok"]
    assert stock() == (2, 0, 3)
    assert move("r1,hq,U,released,2,july") == ["exists"]


@pytest.mark.parametrize(
    "row", ["x,hq,U,released,1,", "x,hq,U,bought,1,june", "x,hq,U,lost,1,june"]
)
def test_only_what_a_plan_reserves_is_of_a_plan(depot, row):
    move, _, stock = depot
    with pytest.raises(DataError) as told:
        move(row)
    assert told.value.code == "movements-unreadable"
    assert stock() == (5, 0, 0)


def test_a_plan_whose_stock_was_taken_meanwhile_reserves_nothing(tmp_path):
    workspace = create_workspace(tmp_path / "w", CONFIG)
    path = tmp_path / "m.csv"
    path.write_text("ref,site,carton,event,count\na,hq,U,bought,2\nb,hq,V,bought,2\n")
    record_movements(workspace, path)
    with pytest.raises(DataError) as told:
        reserve(workspace, "p", {("hq", "U"): 1, ("hq", "V"): 3})
    assert told.value.code == "stock-taken"
    assert [r["reserved"] for r in stock_rows(workspace)] == [0, 0]
    assert [r["stock"] for r in stock_rows(workspace)] == [2, 2]


def test_proofs_of_one_order_end_when_their_time_is_up():
    import time as clock

    from abate.application.logistics.fitting import packer_of
    from abate.logistics.facts import Carton, Item, orders_of

    sizes = [Carton(f"c{k}", 150 + k, 150, 150) for k in range(12)]
    packer = packer_of(sizes, PackTerms(effort="proved"))
    order = orders_of([(0, [Item(61, 59, 53, 10)] * 14, False)])
    began = clock.monotonic()
    held = packer.holding(order, until=began)
    assert clock.monotonic() - began < 20
    assert len(held) == 12
    assert "proved" not in {why for _, why in held}
