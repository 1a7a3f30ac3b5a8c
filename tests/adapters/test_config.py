"""Files that people write: every fault is refused with its place, and nothing is silently read as something else."""

import copy
import random
import tomllib
from datetime import date, timedelta

import pytest

from abate.adapters.readers.energy_config import EnergyKeys, read_energy
from abate.adapters.store.keys import Keys
from abate.adapters.store.schema import line_of, parsed
from abate.application.inventory.mapping import MappingKeys, load_mapping
from abate.application.logistics.stock import PackagingKeys, read_packaging
from abate.application.opening import create_workspace, open_workspace, read_config
from abate.kernel.errors import AbateError, ConfigError
from abate.kernel.organisation import Boundary
from support import CONFIG

FULL = (
    CONFIG.replace(
        'name = "Small group"', 'name = "Small group"\nlanguage = "en"\nduns = "123"'
    ).replace(
        "[fiscal_year]",
        '[inventory]\nboundary = "operational"\ngwp = "AR6"\n\n[fiscal_year]\nnamed_after = "end"',
    )
    + """
buildings = ["m-1", "m-2"]
expects = ["electricity"]
opened = 2020-01-01
sold = 2030-01-01
type = "campus"

[sites.climate]
mean_c = [4.3, 6.1, 10.2, 16.1, 21.2, 24.6, 28.7, 28.4, 24.2, 18.9, 12.9, 6.9]
source = "Somewhere"

[scope3]
proxies = ["GB", "US"]
[scope3.not_assessed]
10 = "We sell none."

[scope3.not_applicable]
14 = "There are no franchises."
[scope3.immaterial.13]
reason = "One floor is let."
tonnes = 3
[factors]
year = "month"
allow = ["life-cycle"]

[base_year]
year = "FY2022"
threshold = 0.05
recalculation = "whole-year"

[[programmes]]
id = "reuse"
name = "Reuse"
entity = "cloud"
region = "CN"
methodology = "carton-reuse/1"
claims = { group = 0.5 }
unclaimed = 0.5
rebound = 0.1
[programmes.gates]
legitimacy = "Seen."

[[targets]]
figure = "net"
kind = "absolute"
reduction = 0.5
base_year = "FY2022"
year = "FY2030"
pathway = "steel"
title = "Halve"
org = "cloud"
growth = 0.02

[[targets]]
figure = "pue"
value = 1.2
year = "FY2027"
site = "mars"
building = "m-1"

[[pathways]]
id = "steel"
source = "A book"
points = { 2020 = 2.0, 2050 = 0.1 }

[[measures]]
id = "heat"
figure = "scope1"
start = "FY2025"
abated_t = 10
lifetime_years = 15
investment = 1000.0
yearly_cost = -5

[finance]
discount = 0.06
carbon_price = 80
carbon_price_basis = "Paid."

[owners]
preparer = ["Ada", "Bo"]
approver = "Cy"

[report]
letter_en = "Dear all,"

[engine]
memory = "2GB"
threads = 2
spark = { "spark.executor.cores" = 2 }
"""
)
ENERGY = """
country = "DE"
subdivision = "BY"
zone = "Europe/Berlin"
weather = "weather.csv"
[[plants]]
id = "roof"
site = "hq"
source = "sun"
capacity_kw = 20
latitude_deg = 48.1
longitude_deg = 11
power = "p.csv"
weather = "w.csv"
curve = [[0, 0], [12.5, 1.0]]
[tariff]
currency = "EUR"
[[tariff.bands]]
hours = [0, 1, 2]
price_per_kwh = 0.2
[[tariff.bands]]
price_per_kwh = 0.3
"""
PACKAGING = """
[materials]
tape_g = 3
filler_g_per_l = 1.5
ends = [{ material = "board", treatment = "paper/recycling", share = 1.0 }]
[scheme]
trips_per_day = 40
days_away = 6.5
lost_share = 0.02
trips_max = 60
box_g = 980
carton_g = 290
return_mode = "van"
[tariff]
carrier = "Post"
divisor_cm3_per_kg = 5000
zone = "home"
[[tariff.zones]]
zone = "home"
steps = [{ up_to_kg = 1.0, price = 4.5 }, { up_to_kg = 31.5, price = 9.0 }]
[freight]
mode = "van"
distance_km = 120
"""
MAPPING = """
template = "electricity"
site = "hq"
[columns]
period = "Month"
[[measures]]
header = "kWh"
kind = "electricity"
unit = "kWh"
[answers]
gal = "US gal"
"""
ODD = (
    "no", "", "GB", "x" * 30_000, "a\nb", "\u0000", True, False, 0, -1, 13, 4.5, 1e300, float("nan"), float("inf"), 2**70, [], ["a"],
    [[1]], {}, {"a": 1}, date(2020, 1, 1),
)  # fmt: skip


def write(value):
    """A value as TOML writes it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return (
            '"'
            + "".join(
                c if c.isprintable() and c not in '"\\' else f"\\u{ord(c):04x}" for c in value
            )
            + '"'
        )
    if isinstance(value, list):
        return "[" + ", ".join(map(write, value)) + "]"
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{write(k)} = {write(v)}" for k, v in value.items()) + " }"
    return value.isoformat() if isinstance(value, date) else repr(value)


def document(data):
    """Data as TOML, sections as blocks."""
    plain, blocks = [], []
    for key, value in data.items():
        if isinstance(value, dict):
            blocks += [f"\n[{write(key)}]", *(f"{write(k)} = {write(v)}" for k, v in value.items())]
        elif isinstance(value, list) and value and all(isinstance(v, dict) for v in value):
            for one in value:
                blocks += [
                    f"\n[[{write(key)}]]",
                    *(f"{write(k)} = {write(v)}" for k, v in one.items()),
                ]
        else:
            plain.append(f"{write(key)} = {write(value)}")
    return "\n".join([*plain, *blocks]) + "\n"


def leaves(value, path=()):
    """Paths to everything in data."""
    if path:
        yield path
    items = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    for key, inner in items:
        yield from leaves(inner, (*path, key))


def at(data, path):
    for key in path:
        data = data[key]
    return data


def mutations(data):
    """What can be wrong with a file: (what was done, the path, data)."""
    for path in leaves(data):
        held, key = at(data, path[:-1]), path[-1]
        for odd in ODD:
            made = copy.deepcopy(data)
            at(made, path[:-1])[key] = odd
            yield "value", path, made
        made = copy.deepcopy(data)
        del at(made, path[:-1])[key]
        yield "lacking", path, made
        if isinstance(key, str):
            for name in (
                key[:-1] or "q",
                key + "s",
                key[1:] or "q",
                key.replace("e", "a"),
                key.upper(),
            ):
                if name not in held:
                    made = copy.deepcopy(data)
                    at(made, path[:-1])[name] = at(made, path[:-1]).pop(key)
                    yield "key", (*path[:-1], name), made
        else:
            made = copy.deepcopy(data)
            at(made, path[:-1]).append(copy.deepcopy(held[key]))
            yield "twice", path, made


READERS = {
    "abate.toml": (
        FULL,
        Keys,
        lambda path: read_config(
            path.parent, parsed(path.read_text(), path.name, "bad-toml", ""), text=path.read_text()
        ),
    ),
    "energy.toml": (ENERGY, EnergyKeys, read_energy),
    "packaging.toml": (PACKAGING, PackagingKeys, read_packaging),
    "mapping.toml": (MAPPING, MappingKeys, load_mapping),
}
FREE = {
    ("scope3", "not_assessed"),
    ("scope3", "not_applicable"),
    ("scope3", "immaterial"),
    ("programmes", "claims"),
    ("programmes", "gates"),
    ("engine", "spark"),
    ("pathways", "points"),
    ("columns",),
    ("answers",),
}
"""Tables whose keys are the user's own."""


def tried(call):
    """What a call gives, or its error; any other exception is a fault."""
    try:
        return call(), None
    except AbateError as error:
        return None, error


@pytest.mark.parametrize("name", READERS)
def test_the_files_as_they_are_can_be_read(tmp_path, name):
    text, _, read = READERS[name]
    (tmp_path / name).write_text(text)
    read(tmp_path / name)
    (tmp_path / name).write_text(document(tomllib.loads(text)))
    assert repr(read(tmp_path / name)) == repr(read(tmp_path / name))


@pytest.mark.parametrize("name", READERS)
def test_whatever_is_wrong_is_refused_with_its_place_or_means_the_same(tmp_path, name):
    """Three thousand files: a value of another kind, a key that is not known, a block twice, something lacking."""
    text, _, read = READERS[name]
    data, path = tomllib.loads(text), tmp_path / name
    path.write_text(document(data))
    usual, counts = repr(read(path)), {"refused": 0, "same": 0, "other": 0}
    for what, where, made in mutations(data):
        path.write_text(document(made))
        found, error = tried(lambda: repr(read(path)))
        if error is not None:
            counts["refused"] += 1
            assert error.hint, f"{what} {where}: {error}"
            assert len(str(error)) < 2000
            continue
        counts["same" if found == usual else "other"] += 1
        plain = tuple(k for k in where if isinstance(k, str))
        if what == "key":
            assert plain[:-1] in FREE, f"{where} is ignored"
        if what == "value":
            before, after = at(data, where), at(made, where)
            kinds = {int: float} if isinstance(before, float) else {}
            same_kind = (
                kinds.get(type(after), type(after)) is kinds.get(type(before), type(before))
                or found == usual
            )
            either = plain[-1:] in (
                ("year",),
                ("base_year",),
                ("start",),
                ("edition",),
                ("preparer",),
                ("approver",),
                ("carbon_price",),
                ("financial_control",),
            )
            number = (
                isinstance(before, int | float)
                and isinstance(after, int | float)
                and not isinstance(after, bool)
            )
            assert same_kind or either or number or plain[:2] == ("engine", "spark"), (
                f"{where}: {before!r} became {after!r}"
            )
    if name == "abate.toml":
        assert sum(counts.values()) > 3000


def test_control_and_shares_never_change_unseen(tmp_path):
    """Whatever is done to what decides the boundary: refused, or the very shares that are written."""
    data = tomllib.loads(FULL)
    usual = shares(read_config(tmp_path, data))
    for what, where, made in mutations(data):
        if where[0] != "entities" or what == "lacking":
            continue
        try:
            workspace = read_config(tmp_path, made)
        except AbateError:
            continue
        if shares(workspace) != usual:
            key = where[2] if len(where) > 2 else ""
            assert key in ("operational_control", "financial_control", "ownership", "parent"), (
                f"{what} {where}"
            )
            assert what == "value"


def shares(workspace):
    months = [date(2015, 1, 1) + timedelta(days=400 * k) for k in range(12)]
    organisation = workspace.organisation
    return [
        organisation.share_on(s.id, day, boundary)
        for s in organisation.sites
        for day in months
        for boundary in Boundary
    ]


@pytest.mark.parametrize(
    ("given", "made", "said"),
    [
        (
            "[organisation]",
            'boundry = "equity"\n[organisation]',
            "boundry: is not known here. Did you mean 'boundary' of [inventory]?",
        ),
        (
            "operational_control = false",
            'operational_control = "no"',
            "line 22: [[entities]] 'venture': operational_control: is a text",
        ),
        (
            "ownership =",
            "owership =",
            "line 24: [[entities]] 'venture': owership: is not known here. Did you mean 'ownership'?",
        ),
        ("closed = 2023-09-30", "closd = 2023-09-30", "Did you mean 'closed'?"),
        (
            "closed = 2023-09-30",
            "opened = 2023-10-01\nclosed = 2023-09-30",
            "closed: is 2023-09-30, before it began on 2023-10-01",
        ),
        ('aliases = ["总部"]', 'aliases = ["Plant"]', "'plant' is the alias of 'hq' too"),
        ('aliases = ["总部"]', 'aliases = ["cloud"]', "'cloud' is the id of 'cloud' too"),
        ("start_month = 4", "start_month = 4.5", "start_month: is a number, not a whole number"),
        ('currency = "CNY"', 'currency = "RMB"', "'RMB' is not a currency"),
        (
            "share = 0.4 }",
            "share = 0.4 }, { since = 2015-01-01, share = 0.9 }",
            "two shares begin on 2015-01-01",
        ),
        (
            "[fiscal_year]",
            '[scope3]\nproxies = "GB"\n[fiscal_year]',
            "line 7: [scope3]: proxies: is a text in quotes, not a list",
        ),
        (
            "[fiscal_year]",
            '[scope3]\nproxies = ["Britain-ish"]\n[fiscal_year]',
            "'Britain-ish' is not a region",
        ),
        (
            "[fiscal_year]",
            '[inventory]\nboundry = "equity"\n[fiscal_year]',
            "boundry: is not known here. Did you mean 'boundary'?",
        ),
    ],
)
def test_a_fault_is_told_with_line_and_place(tmp_path, given, made, said):
    text = CONFIG.replace(given, made, 1)
    with pytest.raises(ConfigError) as told:
        create_workspace(tmp_path / "w", text)
    assert said in str(told.value)
    assert not (tmp_path / "w" / "abate.toml").exists()


def test_broken_text_never_breaks_the_program(tmp_path):
    """A thousand files with bytes changed, lost or doubled, and cut anywhere."""
    workspace = create_workspace(tmp_path / "w", FULL)
    raw, rng = FULL.encode(), random.Random(3)
    path = workspace.root / "abate.toml"
    for _ in range(1000):
        made = bytearray(raw)
        for _ in range(rng.randint(1, 4)):
            place = rng.randrange(len(made))
            what = rng.randrange(4)
            if what == 0:
                made[place] = rng.randrange(256)
            elif what == 1:
                del made[place : place + rng.randint(1, 40)]
            elif what == 2:
                made[place:place] = made[place : place + rng.randint(1, 60)]
            else:
                del made[place:]
            made = made or bytearray(b"x")
        path.write_bytes(bytes(made))
        _, error = tried(lambda: open_workspace(workspace.root))
        assert error is None or error.hint


def test_the_line_of_a_path_is_found():
    assert (
        line_of(FULL, ("sites", 3, "closed")) == FULL.splitlines().index("closed = 2023-09-30") + 1
    )
    assert line_of(FULL, ("tariff",)) == 0


def test_deep_and_long_files_are_refused(tmp_path):
    create_workspace(tmp_path / "w", CONFIG)
    for text in ("a = " + "[" * 5000, "x." * 3000 + "y = 1", "a = 1\n" * 2, "a = " + "9" * 5000):
        (tmp_path / "w" / "abate.toml").write_text(text)
        with pytest.raises(ConfigError, match="bad-"):
            open_workspace(tmp_path / "w")
