"""Packing as warehouses meet it: units, grids, parcels before board, items that fit nowhere."""

import json
from itertools import product
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from abate.adapters.readers.orders import IN_G, IN_MM, Units, read_cartons, read_orders
from abate.application.logistics.packing import FEWEST, pack_file
from abate.faces.cli.main import app
from abate.kernel.errors import DataError, UsageError
from abate.logistics.facts import FINE, Carton, Item, Objective
from abate.logistics.planners.packing import Packer

ORDER = "order,item,{0},{1},{2},{3}\nA,a,{4},{4},{5},{6}\n"


def written(folder, orders, cartons):
    (folder / "orders.csv").write_text(orders, encoding="utf-8")
    (folder / "cartons.csv").write_text(cartons, encoding="utf-8")
    return folder / "orders.csv", folder / "cartons.csv"


def packed(folder, orders, cartons, **how):
    lines = []
    paths = written(folder, orders, cartons)
    _, tally = pack_file(*paths, lambda some: lines.extend(some.splitlines()), **how)
    return [json.loads(line) for line in lines], tally


@pytest.mark.parametrize("unit", IN_MM)
@pytest.mark.parametrize("mass", IN_G)
@pytest.mark.parametrize("shape", ["{} {}", "{}_{}", "{} ({})", "{} [{}]"])
def test_a_header_says_its_unit(tmp_path, unit, mass, shape):
    heads = [shape.format(n, unit) for n in ("Length", "Width", "Height")]
    text = ORDER.format(*heads, shape.format("Weight", mass), 2, 1, 3)
    (tmp_path / "o.csv").write_text(text)
    if not 1 <= IN_MM[unit] <= 10_000:
        return
    (block,) = read_orders(tmp_path / "o.csv")
    batch = block.read()
    size = sorted(batch.orders.turns[0, 0].tolist())
    whole = [-(-round(n * IN_MM[unit] * 1e6) // 10**6) for n in (1, 2, 2)]
    assert size == whole
    assert batch.orders.masses[0] == -(-round(3 * IN_G[mass] * 1e6) // 10**6)
    turns = batch.orders.exact_turns
    if turns is None:
        assert IN_MM[unit] == int(IN_MM[unit])
    else:
        assert sorted(turns[0, 0] / FINE) == pytest.approx([n * IN_MM[unit] for n in (1, 2, 2)])


@pytest.mark.parametrize("heads", ["长,宽,高,重量", "length,width,height,weight", "L,W,H,mass"])
def test_a_header_without_a_unit_is_asked_about_and_an_option_answers(tmp_path, heads):
    (tmp_path / "o.csv").write_text(f"order,{heads}\nA,12,10,8,2\n", encoding="utf-8")
    with pytest.raises(DataError) as caught:
        next(read_orders(tmp_path / "o.csv"))
    assert caught.value.code == "unit-missing"
    assert "--lengths" in caught.value.hint
    (block,) = read_orders(tmp_path / "o.csv", Units("cm", "kg"))
    orders = block.read().orders
    assert sorted(orders.turns[0, 0].tolist()) == [80, 100, 120]
    assert orders.masses[0] == 2000


def test_an_unknown_unit_is_refused():
    with pytest.raises(UsageError) as caught:
        Units("furlong", "")
    assert caught.value.code == "unknown-unit"


def test_cartons_keep_their_exact_lengths_and_are_told_rounded_down(tmp_path):
    (tmp_path / "c.csv").write_text("id;length in;width in;height in;max weight lb\nS;12;10;8;50\n")
    (carton,) = read_cartons(tmp_path / "c.csv")
    assert (carton.length_mm, carton.width_mm, carton.height_mm) == (304, 254, 203)
    assert carton.mass_max_g == 22_679
    assert carton.exact == (30_480_000, 25_400_000, 20_320_000)


@given(
    st.integers(1, 320), st.sampled_from([1, 2, 4, 8, 16, 32]), st.sampled_from(["in", "cm", "mm"])
)
@settings(deadline=None)
def test_an_exact_fit_is_found_in_any_unit(tmp_path_factory, parts, of, unit):
    """Three pieces that fill a carton to the last 32nd of an inch."""
    if not 1 <= parts / of * IN_MM[unit] <= 6000:
        return
    folder = tmp_path_factory.mktemp("p")
    size, room = parts / of, 3 * parts / of
    three = f"order,item,length {unit},width {unit},height {unit},mass g\n" + "".join(
        f"A,{k},{size},{size},{size},1\n" for k in range(3)
    )
    carton = f"carton,length {unit},width {unit},height {unit}\nX,{room},{size},{size}\n"
    (row,), _ = packed(folder, three, carton)
    assert len(row["cartons"]) == 1
    assert row["proved"]
    (parcel,) = row["cartons"]
    assert parcel["room_mm"] == pytest.approx([room * IN_MM[unit], *[size * IN_MM[unit]] * 2])
    assert parcel["filler_l"] == pytest.approx(0, abs=1e-3)
    ends = sorted(p["x_mm"] + p["dx_mm"] for p in parcel["placements"])
    assert ends == pytest.approx([k * size * IN_MM[unit] for k in (1, 2, 3)])


@given(st.sampled_from([(8, 8.03125), (8.03125, 8.0625), (7.9375, 8)]), st.sampled_from([0, 1]))
@settings(deadline=None)
def test_sides_that_are_alike_but_for_a_fraction_stay_apart(tmp_path_factory, sides, along):
    """Both round up to the same millimetre; two of them fill a carton exactly one way round."""
    folder = tmp_path_factory.mktemp("p")
    room = [sides[0], sides[1]]
    room[along] *= 2
    two = "order,item,length in,width in,height in,mass g\n" + "".join(
        f"A,{k},{sides[0]},{sides[1]},4,1\n" for k in range(2)
    )
    carton = f"carton,length in,width in,height in\nX,{room[0]},{room[1]},4\n"
    (row,), _ = packed(folder, two, carton)
    assert len(row["cartons"]) == 1
    assert row["proved"]


def test_a_piece_a_hair_too_long_does_not_fit(tmp_path):
    orders = "order,item,length in,width in,height in,mass g\nA,1,8.03125,6,4,1\nB,1,8,6,4,1\n"
    rows, _ = packed(tmp_path, orders, "carton,length in,width in,height in\nX,8,6,4\n")
    assert [len(r["cartons"]) for r in rows] == [0, 1]
    assert rows[0]["unpacked"] == ["1"]


def test_lengths_that_no_small_step_divides_are_rounded_and_prove_nothing(tmp_path):
    orders = "order,item,length_mm,width_mm,height_mm,mass_g\n" + "".join(
        f"A,{k},333.33331,100.00007,50.00003,1\n" for k in range(3)
    )
    cartons = "carton,length_mm,width_mm,height_mm\nX,1000,101,51\nY,1005,120,60\n"
    (row,), _ = packed(tmp_path, orders, cartons)
    assert [c["carton"] for c in row["cartons"]] == ["Y"]  # 334 mm each do not go into 1,000
    assert not row["proved"]


def test_whole_millimetres_give_the_bytes_of_before(tmp_path):
    orders = "order,item,length_mm,width_mm,height_mm,mass_g\nA,1,200.0,100,50,7\n"
    (row,), _ = packed(tmp_path, orders, "carton,length_mm,width_mm,height_mm\nX,200,100,50\n")
    assert json.dumps(row["cartons"][0]["room_mm"]) == "[200, 100, 50]"
    assert json.dumps(row["cartons"][0]["placements"][0]["dx_mm"]) == "200"


def grids(count):
    draw = Random(7)
    for _ in range(count):
        piece = [draw.randint(20, 150) for _ in range(3)]
        turned = draw.sample(piece, 3)
        numbers = [draw.randint(1, 4) for _ in range(3)]
        room = [
            n * size + draw.randint(0, size - 1) for n, size in zip(numbers, turned, strict=True)
        ]
        if max(room) < 1200 and (n := numbers[0] * numbers[1] * numbers[2]) > 1:
            yield piece, room, n


def test_every_grid_goes_into_one_carton():
    cases = list(grids(320))[:300]
    assert len(cases) == 300
    for piece, room, count in cases:
        carton = Carton("x", *room)
        result = Packer((carton,)).order([Item(*piece, 10)] * count)
        assert len(result.parcels) == 1, (piece, room, count)
        assert not result.unpacked
        places = result.parcels[0].placements
        assert all(
            p.x_mm + p.dx_mm <= room[0]
            and p.y_mm + p.dy_mm <= room[1]
            and p.z_mm + p.dz_mm <= room[2]
            for p in places
        )
        for a, b in product(places, repeat=2):
            apart = any(
                getattr(a, f"{k}_mm") + getattr(a, f"d{k}_mm") <= getattr(b, f"{k}_mm")
                or getattr(b, f"{k}_mm") + getattr(b, f"d{k}_mm") <= getattr(a, f"{k}_mm")
                for k in "xyz"
            )
            assert a is b or apart


def test_a_grid_keeps_fragile_pieces_on_top_and_upright_ones_up():
    carton = Carton("x", 200, 100, 200)
    items = [Item(100, 100, 100, 10, fragile=k < 2) for k in range(4)]
    result = Packer((carton,)).order(items)
    assert len(result.parcels) == 1
    fragile = [p for p in result.parcels[0].placements if p.item < 2]
    assert {p.z_mm for p in fragile} == {100}
    tall = [Item(50, 50, 120, 10, turn="upright")] * 4
    (parcel,) = Packer((Carton("y", 100, 100, 120),)).order(tall).parcels
    assert {p.dz_mm for p in parcel.placements} == {120}


def test_fewest_parcels_come_before_price_and_price_before_board():
    small, large = Carton("small", 200, 200, 100, cost=1), Carton("large", 420, 210, 110, cost=9)
    items = [Item(190, 190, 90, 100)] * 2
    two = Packer((small, large), Objective(cost=1.0)).order(items)
    one = Packer((small, large), Objective.fewest((small, large))).order(items)
    assert len(two.parcels) == 2
    assert [p.carton for p in one.parcels] == ["large"]
    dear = Carton("dear", 300, 300, 300, cost=5)
    cheap = Carton("cheap", 600, 300, 300, cost=2)
    item = [Item(290, 290, 290, 100)]
    assert (
        Packer((dear, cheap), Objective.fewest((dear, cheap))).order(item).parcels[0].carton
        == "cheap"
    )
    unpriced = (Carton("dear", 300, 300, 300), Carton("cheap", 600, 300, 300))
    assert Packer(unpriced, Objective.fewest(unpriced)).order(item).parcels[0].carton == "dear"


def test_the_default_makes_no_more_parcels_than_any_other_objective(tmp_path):
    draw = Random(3)
    rows = ["order,item,length_mm,width_mm,height_mm,mass_g"]
    for order in range(60):
        for k in range(draw.randint(1, 6)):
            sizes = ",".join(str(draw.randint(40, 260)) for _ in range(3))
            rows.append(f"O{order},{k},{sizes},{draw.randint(50, 2000)}")
    sizes = ((200, 150, 100), (300, 200, 150), (400, 300, 250), (600, 400, 400))
    cartons = ["carton,length_mm,width_mm,height_mm"]
    cartons += [f"C{k},{a},{b},{c}" for k, (a, b, c) in enumerate(sizes)]
    files = ("\n".join(rows), "\n".join(cartons))
    parcels = {
        o: packed(tmp_path, *files, objective=o)[1].parcels for o in (FEWEST, "board", "volume")
    }
    assert packed(tmp_path, *files)[1].parcels == parcels[FEWEST] == min(parcels.values())


def test_an_item_that_fits_nowhere_is_named_and_the_command_ends_with_one(tmp_path):
    orders = (
        "order,item,length_mm,width_mm,height_mm,mass_g\nA,tv,900,500,80,9000\nB,cup,80,80,90,200\n"
    )
    paths = written(tmp_path, orders, "carton,length_mm,width_mm,height_mm\nS,200,200,200\n")
    command = ["pack", str(paths[0]), "-c", str(paths[1]), "-o", str(tmp_path / "plan.jsonl")]
    told = CliRunner().invoke(app, command)
    assert told.exit_code == 1
    assert "fits-nothing" in told.output
    assert "tv" in told.output
    kept = [json.loads(x) for x in (tmp_path / "plan.jsonl").read_text().splitlines()]
    assert [(r["order"], r["unpacked"]) for r in kept] == [("A", ["tv"]), ("B", [])]


def test_both_counts_of_parcels_are_shown(tmp_path):
    orders = "order,item,length_mm,width_mm,height_mm,mass_g\n" + "".join(
        f"A,{k},190,190,90,100\n" for k in range(2)
    )
    cartons = "carton,length_mm,width_mm,height_mm\nS,200,200,100\nL,420,210,110\n"
    paths = written(tmp_path, orders, cartons)
    out = str(tmp_path / "plan.jsonl")
    told = CliRunner().invoke(app, ["pack", *map(str, (paths[0],)), "-c", str(paths[1]), "-o", out])
    assert told.exit_code == 0
    assert "Parcels" in told.output
