"""The packer keeps its promises: every rule of items and cartons, judged by a validator that knows nothing of it."""

import itertools
import random
import time
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from abate.kernel.errors import UsageError
from abate.logistics.facts import (
    Carton,
    Item,
    Materials,
    Objective,
    Source,
    orders_of,
    packaging_activities,
)
from abate.logistics.planners.circulating import Scheme, break_even_trips
from abate.logistics.planners.packing import Packer
from abate.logistics.planners.stock import StockPacker
from packing_validator import faults

S, M, L = (
    Carton("S", 200, 150, 100, 5_000),
    Carton("M", 300, 200, 150, 10_000),
    Carton("L", 400, 300, 200, 20_000),
)
CARTONS = (S, M, L)


def judged(packer, items, packed, support):
    row = packed.row
    raw = {
        k: (
            i.length_mm,
            i.width_mm,
            i.height_mm,
            i.mass_g,
            i.turn,
            i.fragile,
            i.load_max_g,
            i.fold_volume_mm3,
        )
        for k, i in enumerate(items)
    }
    limits = {c.id: (c.length_mm, c.width_mm, c.height_mm, c.mass_max_g) for c in packer.cartons}
    return faults(raw, limits, row, support=support)


items = st.builds(
    Item, st.integers(20, 320), st.integers(20, 240), st.integers(10, 160), st.integers(0, 4000),
    turn=st.sampled_from(["any", "upright", "fixed"]), fragile=st.booleans(),
)  # fmt: skip


@settings(deadline=None, max_examples=120)
@given(
    st.lists(items, min_size=1, max_size=9),
    st.sampled_from([0.0, 0.5, 0.8, 1.0]),
    st.sampled_from(["fast", "thorough"]),
)
def test_every_packing_is_valid_and_no_item_is_lost(some, support, effort):
    packer = Packer(CARTONS, support_share=support, effort=effort)
    packed = packer.order(some)
    assert judged(packer, some, packed, support) == []
    assert packed.bound <= packed.cost + 1e-9
    assert packed.cost == pytest.approx(
        sum(
            packer.objective.of(next(c for c in CARTONS if c.id == p.carton))
            for p in packed.parcels
        )
    )
    for k in packed.unpacked:  # only what no carton takes is left out
        alone = packer.order([some[k]])
        assert alone.unpacked == (0,)


@settings(deadline=None, max_examples=30)
@given(st.lists(items, min_size=1, max_size=6))
def test_a_proved_choice_is_not_beaten_and_no_worse(some):
    fast, proved = (
        Packer(CARTONS, support_share=0.0, effort=e).order(some) for e in ("fast", "proved")
    )
    assert proved.cost <= fast.cost + 1e-9
    assert fast.bound <= proved.cost + 1e-9
    assert judged(Packer(CARTONS), some, proved, 0.0) == []


def test_the_smallest_carton_that_holds_an_order_is_taken_and_the_smaller_one_is_explained():
    packed = Packer(CARTONS).order([Item(190, 140, 60, 500), Item(150, 140, 60, 300)])
    assert [p.carton for p in packed.parcels] == ["M"]
    assert packed.why == (("S", "pair"),)
    assert packed.proved
    tall = Packer(CARTONS).order([Item(50, 50, 140, 100, turn="upright")])
    assert (tall.parcels[0].carton, tall.why) == ("M", (("S", "piece"),))
    heavy = Packer(CARTONS).order([Item(50, 50, 50, 6000)])
    assert (heavy.parcels[0].carton, heavy.why) == ("M", (("S", "mass"),))


def test_an_exact_search_says_that_no_packing_exists():
    """Seven cubes of 60 have less volume than S, but three rows of 60 are longer than 150 and two layers than 100."""
    packed = Packer(CARTONS, effort="proved").order([Item(60, 60, 60, 1)] * 7)
    assert packed.parcels[0].carton == "M"
    assert dict(packed.why)["S"] in ("proved", "pair")
    assert packed.proved


def test_nothing_stands_above_what_is_fragile_and_loads_are_kept():
    plate, brick = (
        Item(190, 140, 45, 800, turn="upright", fragile=True),
        Item(190, 140, 45, 900, turn="upright"),
    )
    packed = Packer(CARTONS).order([plate, brick])
    assert [p.item for p in packed.parcels[0].placements] == [1, 0]
    assert len(Packer((S,)).order([plate, plate]).parcels) == 2
    weak = replace(plate, fragile=False, load_max_g=850)
    assert [p.item for p in Packer((S,)).order([weak, brick]).parcels[0].placements] == [1, 0]
    assert len(Packer((S,)).order([weak, replace(weak, mass_g=900, load_max_g=800)]).parcels) == 1
    assert (
        len(
            Packer((S,))
            .order([replace(weak, load_max_g=700), replace(weak, mass_g=900, load_max_g=700)])
            .parcels
        )
        == 2
    )


def test_a_soft_item_folds_into_its_volume():
    rigid, soft = Item(300, 200, 30, 300), Item(300, 200, 30, 300, fold_volume_mm3=1_800_000)
    assert Packer(CARTONS).order([rigid]).parcels[0].carton == "M"
    packed = Packer(CARTONS).order([soft])
    assert packed.parcels[0].carton == "S"
    lies = packed.parcels[0].placements[0]
    assert lies.dx_mm * lies.dy_mm * lies.dz_mm >= 1_800_000


def test_items_kept_apart_and_together():
    soap, bread = Item(50, 50, 50, 10, apart="soap"), Item(50, 50, 50, 10, apart="food")
    packed = Packer(CARTONS).order([soap, bread, Item(50, 50, 50, 10)])
    assert len(packed.parcels) == 2
    assert all(len({0, 1} & {p.item for p in parcel.placements}) == 1 for parcel in packed.parcels)
    pair = [Item(190, 140, 45, 2000, together="pair")] * 2
    packed = Packer((S,)).order([*pair, Item(190, 140, 90, 2000)])
    assert sorted(sorted(p.item for p in parcel.placements) for parcel in packed.parcels) == [
        [0, 1],
        [2],
    ]


def test_an_item_ships_in_its_own_box_where_that_costs_less():
    shoe, card = Item(320, 200, 120, 900, own_box=True), Item(90, 60, 10, 20)
    packed = Packer(CARTONS).order([shoe, card])
    assert sorted(p.carton for p in packed.parcels) == ["S", "own-box"]
    fewest = Packer(CARTONS, Objective(parcels=1.0)).order([shoe, card])
    assert [p.carton for p in fewest.parcels] == ["L"]


def test_a_bag_takes_what_is_flat_and_its_film_counts():
    bag = Carton("bag", 300, 220, 60, 2000, tare_g=15, source=Source.BAG)
    assert bag.board_g == 0
    assert (290, 210, 10) in bag.rooms
    flat = Packer((*CARTONS, bag), Objective(board=1.0, film=2.0)).order([Item(200, 150, 20, 300)])
    assert flat.parcels[0].carton == "bag"
    assert flat.cost == pytest.approx(0.03)
    thick = Packer((*CARTONS, bag), Objective(board=1.0, film=2.0)).order([Item(190, 140, 95, 300)])
    assert thick.parcels[0].carton == "S"


def test_a_circulating_box_goes_only_where_the_route_returns():
    box = Carton("R", 300, 200, 150, 10_000, source=Source.CIRCULATING)
    packer = Packer((*CARTONS, box), Objective(board=1.0, trips=0.01))
    assert packer.order([Item(250, 180, 120, 500)]).parcels[0].carton == "M"
    assert packer.order([Item(250, 180, 120, 500)], returns=True).parcels[0].carton == "R"


def test_a_weighting_trades_board_for_parcels():
    some = [Item(190, 140, 95, 100), Item(190, 140, 95, 100)]
    assert Objective.named("board=1,parcels=0.05") == Objective(board=1.0, parcels=0.05)
    board, parcels = (Packer(CARTONS, Objective.named(o)).order(some) for o in ("board", "parcels"))
    assert len(board.parcels) == 1
    assert len(parcels.parcels) == 1
    for bad in ("", "boards", "board=-1", "board=x", "board=0", "board=nan"):
        with pytest.raises(UsageError, match="bad-objective"):
            Objective.named(bad)


def test_used_cartons_are_never_overdrawn_and_go_where_they_save_most():
    used = Carton("U", 300, 200, 150, 10_000, stock=2, source=Source.USED)
    some = [Item(250, 180, 120, 500)], [Item(150, 100, 80, 500)]
    orders = orders_of([(k, some[k % 2], False) for k in range(8)])
    stocked = StockPacker(Packer((*CARTONS, used)), horizon=8)
    packed = stocked.pack(orders)
    taken = [p.order for p in packed if p.parcels[0].carton == "U"]
    assert len(taken) == 2
    assert all(k % 2 == 0 for k in taken)  # where M is saved, not S
    assert stocked.stock == {"U": 0}
    assert stocked.saved == pytest.approx(2 * M.board_g / 1000)


def test_wrong_calls_say_what_is_wrong():
    with pytest.raises(UsageError, match=r"bad-item.*length_mm is 0"):
        Packer(CARTONS).order([Item(0, 1, 1, 1)])
    with pytest.raises(UsageError, match="bad-carton"):
        Carton("x", 100, -1, 100)
    with pytest.raises(UsageError, match="bad-carton"):
        Carton("x", 100, 100, 100, cost=float("nan"))
    with pytest.raises(UsageError, match="no-cartons"):
        Packer((S, S))
    with pytest.raises(UsageError, match="bad-support"):
        Packer(CARTONS, support_share=1.5)
    with pytest.raises(UsageError, match="bad-effort"):
        Packer(CARTONS, effort="hard")


def test_cartons_used_become_activities_and_a_used_one_buys_no_board():
    used = replace(M, id="U", source=Source.USED)
    counts = {
        ("hq", "2024-03", "M"): 10,
        ("hq", "2024-03", "U"): 5,
        ("hq", "2024-03", "own-box"): 2,
    }
    rows = packaging_activities(
        counts, {("hq", "2024-03"): 20.0}, (M, used), Materials(tape_g=4, filler_g_per_l=10)
    )
    bought = {r["item"]: r["quantity"] for r in rows if r["kind"] == "purchased-goods"}
    assert bought == {
        "board": pytest.approx(10 * M.board_g / 1000),
        "plastic-film": 0.06,
        "paper": 0.2,
    }
    ends = {
        r["item"]: r["quantity"]
        for r in rows
        if r["kind"] == "end-of-life" and r["item"] == "mixed/landfill"
    }
    assert ends == {"mixed/landfill": 0.06}


def test_circulating_boxes_bring_wear_washing_and_the_way_back():
    box = Carton("R", 300, 200, 150, source=Source.CIRCULATING)
    scheme = Scheme(10, 5, 0.0, 50, box_g=1000, carton_g=200, wash_kwh=0.1, return_km=40)
    rows = packaging_activities({("hq", "2024-03", "R"): 100}, {}, (box,), Materials(), scheme)
    found = {(r["kind"], r["item"]): r["quantity"] for r in rows if r["quantity"]}
    assert found["purchased-goods", "polypropylene"] == pytest.approx(
        2.0
    )  # 100 trips of 50 wear two boxes
    assert found["supplier-input", "electricity"] == pytest.approx(10.0)
    assert found["upstream-freight", "van"] == pytest.approx(100 * 0.001 * 40)
    with pytest.raises(UsageError, match="no-scheme"):
        packaging_activities({("hq", "2024-03", "R"): 1}, {}, (box,), Materials())


def test_break_even_is_never_where_a_trip_emits_as_much_as_a_carton():
    assert break_even_trips(2500, 40, 240) == 12.5
    assert break_even_trips(2500, 240, 240) is None


def test_several_cheap_cartons_are_taken_where_one_dear_one_costs_more():
    small, large = Carton("S", 100, 100, 100, cost=1), Carton("L", 1000, 1000, 1000, cost=50)
    for effort in ("fast", "proved"):
        packed = Packer((small, large), Objective.named("cost"), effort=effort).order(
            [Item(90, 90, 90, 10)] * 2
        )
        assert [p.carton for p in packed.parcels] == ["S", "S"]
        assert packed.proved


@settings(deadline=None, max_examples=15)
@given(st.integers(0, 10_000))
def test_no_bound_lies_above_the_best_of_all_ways_to_part_an_order(seed):
    import random
    from itertools import combinations

    rng = random.Random(seed)
    sizes = tuple(
        Carton(
            str(k), *(rng.randint(60, 200) for _ in range(3)), cost=rng.choice((1, 2, 3, 5, 8, 20))
        )
        for k in range(3)
    )
    some = [Item(*(rng.randint(30, 120) for _ in range(3)), 1) for _ in range(rng.randint(1, 4))]
    by_cost = Objective.named("cost")

    def alone(group):
        found = (
            Packer((c,), by_cost, 0.0, "proved").order([some[i] for i in group]) for c in sizes
        )
        return min((p.cost for p in found if not p.unpacked and len(p.parcels) == 1), default=1e9)

    def parted(left):
        if not left:
            return 0.0
        first, *rest = left
        groups = [(first, *g) for k in range(len(rest) + 1) for g in combinations(rest, k)]
        return min(alone(g) + parted([i for i in rest if i not in g]) for g in groups)

    best = parted(list(range(len(some))))
    for effort in ("fast", "proved"):
        packed = Packer(sizes, by_cost, 0.0, effort).order(some)
        if not packed.unpacked:
            assert packed.bound <= best + 1e-9 <= packed.cost + 2e-9


def test_labels_hold_together_whatever_else_is_asked():
    packer = Packer((Carton("A", 200, 200, 200),))
    some = [
        Item(190, 190, 150, 1, apart="y"),
        Item(40, 40, 40, 1, together="t"),
        Item(30, 30, 30, 1, together="t", apart="x"),
    ]
    assert sorted(
        sorted(p.item for p in parcel.placements) for parcel in packer.order(some).parcels
    ) == [[0], [1, 2]]
    own = [Item(90, 90, 90, 10, own_box=True, together="t"), Item(50, 50, 50, 10, together="t")]
    assert [
        sorted(p.item for p in parcel.placements) for parcel in Packer(CARTONS).order(own).parcels
    ] == [[0, 1]]
    halves = [
        Item(150, 150, 90, 1, together="t"),
        Item(150, 150, 900, 1, together="t"),
        Item(50, 50, 50, 1),
    ]
    packed = packer.order(halves)
    assert packed.unpacked == (0, 1)
    assert [p.item for p in packed.parcels[0].placements] == [2]
    assert not packed.proved
    with pytest.raises(UsageError, match="labels-contradict"):
        packer.order(
            [Item(1, 1, 1, 1, together="t", apart="a"), Item(1, 1, 1, 1, together="t", apart="b")]
        )


def test_only_those_items_ship_in_their_own_boxes_for_which_that_is_cheaper():
    medium, large = Carton("M", 200, 100, 100), Carton("L", 1000, 1000, 1000)
    small, big = Item(90, 90, 90, 10), Item(900, 900, 900, 10, own_box=True)
    packed = Packer((medium, large), Objective.named("board=1,parcels=0.05")).order(
        [replace(small, own_box=True), big, small]
    )
    assert sorted(p.carton for p in packed.parcels) == ["M", "own-box"]


def test_the_smallest_fold_decides_what_a_soft_item_fits():
    flat = Carton("flat", 150, 100, 1)
    packed = Packer((flat, L)).order([Item(300, 200, 5, 10, fold_volume_mm3=12_000)])
    assert packed.parcels[0].carton == "flat"


def test_what_is_few_is_told_as_it_is():
    few, more = Carton("A", 200, 150, 100, stock=1), Carton("B", 210, 160, 110, stock=5)
    orders = orders_of([(k, [Item(190, 140, 90, 1)], False) for k in range(2)])
    packed = StockPacker(Packer((few, more, L)), horizon=2).pack(orders)
    assert sorted(p.parcels[0].carton for p in packed) == ["A", "B"]
    second = next(p for p in packed if p.parcels[0].carton == "B")
    assert not second.proved
    assert dict(second.why).get("B") is None
    only = StockPacker(Packer((Carton("N", 200, 150, 100, stock=2),)), horizon=1).pack(
        orders_of([(0, [Item(190, 140, 90, 1)] * 2, False)])
    )
    assert [len(p.parcels) for p in only] == [2]
    assert (
        Packer((Carton("N", 200, 150, 100, stock=1),)).order([Item(190, 140, 90, 1)] * 2).unpacked
    )


def test_a_poor_carton_serves_only_orders_that_take_it():
    worn = Carton("U", 200, 150, 100, source=Source.USED, condition="C")
    some = [Item(150, 100, 80, 10)]
    fine, rough = orders_of([(0, some, False)]), orders_of([(0, some, False)])
    fine.conditions[:] = 1
    packer = Packer((*CARTONS, worn))
    assert packer.pack(fine)[0].parcels[0].carton == "S"
    assert packer.pack(rough)[0].parcels[0].carton == "U"


@pytest.mark.parametrize(("count", "kinds"), [(700, 12), (900, 60)])
def test_an_order_of_many_pieces_is_packed_soundly_and_soon(count, kinds):
    draw = random.Random(count)
    sizes = [
        (draw.randint(30, 150), draw.randint(30, 120), draw.randint(20, 90)) for _ in range(kinds)
    ]
    items = [
        Item(*sizes[k % kinds], 200, fragile=k % 50 == 0, turn="upright" if k % 7 == 0 else "any")
        for k in range(count)
    ]
    cartons = tuple(
        Carton(f"C{k}", 200 + 100 * k, 150 + 80 * k, 100 + 60 * k, mass_max_g=120_000)
        for k in range(8)
    )
    packer = Packer(cartons, Objective.fewest(cartons))
    begun = time.perf_counter()
    packed = packer.order(items)
    assert time.perf_counter() - begun < 60
    assert packed.unpacked == ()
    assert judged(packer, items, packed, 0.8) == []
    volume = sum(i.length_mm * i.width_mm * i.height_mm for i in items)
    largest = max(c.length_mm * c.width_mm * c.height_mm for c in cartons)
    assert len(packed.parcels) <= -(-volume * 4 // (3 * largest)) + 1
    assert packed.bound <= packed.cost


def test_many_pieces_of_which_one_fits_nowhere_leave_that_one():
    cartons = (Carton("A", 400, 300, 300), Carton("B", 600, 400, 400))
    items = [Item(50, 40, 30, 100) for _ in range(650)] + [Item(900, 10, 10, 100)]
    packed = Packer(cartons, Objective.fewest(cartons)).order(items)
    assert packed.unpacked == (650,)
    assert [p.carton for p in packed.parcels] == ["B"]
    assert packed.proved is False


own_items = st.lists(
    st.builds(
        Item, st.integers(20, 260), st.integers(20, 180), st.integers(10, 120),
        st.integers(1, 900), own_box=st.booleans(),
    ),
    min_size=5, max_size=7,
)  # fmt: skip


@settings(deadline=None, max_examples=30)
@given(own_items, st.sampled_from(["parcels=0.05,board=1", "board=1", "volume=1", "parcels=1"]))
def test_no_choice_of_own_boxes_costs_less_than_the_bound(some, objective):
    packer = Packer(CARTONS, Objective.named(objective))
    packed = packer.order(some)
    own = [k for k, i in enumerate(some) if i.own_box]
    for shipped in itertools.product((False, True), repeat=len(own)):
        alone = [k for k, out in zip(own, shipped, strict=True) if out]
        rest = [replace(i, own_box=False) for k, i in enumerate(some) if k not in alone]
        other = packer.order(rest) if rest else None
        if other is not None and other.unpacked:
            continue
        weights = packer.objective
        boxes = sum(
            weights.parcels
            + weights.volume * some[k].length_mm * some[k].width_mm * some[k].height_mm / 1e6
            for k in alone
        )
        assert packed.bound <= boxes + (other.cost if other else 0.0) + 1e-9


@settings(deadline=None, max_examples=40)
@given(
    st.lists(st.lists(items, min_size=1, max_size=5), min_size=1, max_size=4),
    st.lists(st.sampled_from([0.0, 0.1, 0.5]), min_size=2, max_size=2),
)
def test_no_packing_with_cartons_that_are_few_costs_less_than_the_bound(orders, costs):
    few = [
        Carton(f"U{k}", *lengths, cost=cost, stock=100)
        for k, (lengths, cost) in enumerate(
            zip([(190, 140, 90), (290, 190, 140)], costs, strict=True)
        )
    ]
    new = [replace(c, cost=1.0 + k) for k, c in enumerate(CARTONS)]
    packer = Packer((*new, *few), Objective.named("cost=1"))
    batch = orders_of([(k, some, False) for k, some in enumerate(orders)])
    shared = StockPacker(packer, horizon=len(orders)).pack(batch)
    for told, free in zip(shared, packer.pack(batch), strict=True):
        if not free.unpacked and not told.unpacked:
            assert told.bound <= free.cost + 1e-9
            assert told.bound <= told.cost


@pytest.mark.parametrize("unit", [1, 3])
def test_heavy_pieces_of_a_large_order_go_where_they_may(unit):
    heavy = Carton("strong", 150, 150, 150, 50_000)
    light = [Carton(f"light{k}", 900 + k, 900, 900, 1_000) for k in range(4)]
    some = [Item(40, 40, 40, 2_000)] * (2 * unit) + [Item(30, 30, 30, 1)] * 700
    packed = Packer((heavy, *light), Objective.named("parcels=1")).order(some)
    assert not packed.unpacked
