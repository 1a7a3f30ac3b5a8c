"""A workspace in which there is something of everything, and one call of each command on it.

Tests that must hold for every command (kills, full disks, folders that cannot be written to, odd
names) walk the list of commands of the command line and take the call from here; a command without
a call is a failing test.
"""

from __future__ import annotations

import json
import math
import shlex
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import typer

from abate.application.disclosure.neutrality import add_credits
from abate.application.energy.dispatches import DispatchSpec, dispatch_site, post_dispatch
from abate.application.energy.loads import LoadSpec, load_readings
from abate.application.energy.lots import add_lots
from abate.application.inventory.figures import publish
from abate.application.inventory.imports import add_file
from abate.application.inventory.runs import run_year
from abate.application.logistics.stock import record_movements
from abate.application.opening import create_workspace, open_workspace
from abate.application.workspaces.organisation import put_item
from abate.application.workspaces.upkeep import backup
from abate.faces.cli.main import app
from abate.kernel.factor import COLUMNS, OPTIONAL
from support import CONFIG, NOW, PROGRAMME, electricity, months

MORE = """
[scope3]
proxies = ["GB"]

[base_year]
year = "FY2023"

[[targets]]
figure = "net"
value = 1
year = "FY2030"
"""
ORDERS = "order,item,length_mm,width_mm,height_mm,mass_g,site,month,carton\n" + "".join(
    f"O{k},i,{100 + 7 * k},90,{40 + 3 * k},500,hq,2023-05,L\n" for k in range(9)
)
CARTONS = "carton,length_mm,width_mm,height_mm,mass_max_g,cost\nS,200,150,100,5000,0.5\nM,300,200,150,10000,1\nL,400,300,200,20000,2\n"
SCHEME = "[scheme]\ntrips_per_day = 40\ndays_away = 6\nlost_share = 0.02\ntrips_max = 60\nbox_g = 980\ncarton_g = 290\n"
CREDITS = "serial,registry,project,kind,standard,vintage,amount_t\n"
MOVES = "ref,site,carton,event,count\n"

CALLS = {
    "init": "init new --country DE",
    "demo": "",
    "add": "add files/electricity-more.csv files/boiler.csv -w w",
    "imports": "imports -w w",
    "correct": "correct files/correction.csv --reason checked -w w",
    "undo": "undo {import} --reason wrong -w w",
    "attach": "attach files/proof.txt --to {import} --row 2 -w w",
    "check": "check -w w",
    "indicators": "indicators -y FY2024 -w w",
    "frameworks": "frameworks -y FY2024 -w w",
    "targets": "targets --svg out/targets -w w",
    "neutrality": "neutrality -y FY2024 -w w",
    "sign": "sign prepared -y FY2024 --by Ada -w w",
    "bill": "bill files/bill.pdf --site hq --set energy=123 --set unit=kWh --set from=2023-05-01 --set to=2023-05-31 --confirm -w w",
    "vsme": "vsme -y FY2024 -o out/vsme.html -w w",
    "filing": "filing -y FY2024 -o out/filing --accept in-quarantine=disputed -w w",
    "show": "show -y FY2024 -w w",
    "uncertainty": "uncertainty net -y FY2024 -w w",
    "bridge": "bridge FY2023 FY2024 --chart out/bridge.svg -w w",
    "base-year": "base-year -w w",
    "export-evidence": "export-evidence -y FY2024 --to out/evidence -w w",
    "programmes": "programmes -y FY2024 -w w",
    "published": "published files/published.csv -w w",
    "explain": "explain scope2-location -y FY2024 -w w",
    "report": "report -y FY2024 -o out/report.html --charts out/charts -w w",
    "readings": "readings files/meter.csv --repair gaps -o out/series.csv",
    "forecast": "forecast --site hq --issued 2023-03-10 --post -o out/forecast.csv --chart out/fan.svg -w w",
    "forecasts": "forecasts -w w",
    "backtest": "backtest files/meter.csv --last 7d",
    "savings": "savings files/meter.csv --weather files/weather.csv --until 2023-02-20 -o out/savings.csv --chart out/savings.svg",
    "certificates": "certificates -w w",
    "lots list": "lots list -w w",
    "lots issue": "lots issue -y FY2023 -w w",
    "lots add": "lots add files/registry.csv -w w",
    "lots deliver": "lots deliver files/signed.toml files/delivered.csv -w w",
    "lots move": "lots move --to ACME --kwh 1 -w w",
    "lots store": "lots store cellar files/cellar.csv --region CN -w w",
    "lots claim": "lots claim -y FY2023 -w w",
    "lots export": "lots export out/lots.json -w w",
    "match": "match -y FY2023 --lots files/lots.csv -o out/claims.csv --chart out/match.svg -w w",
    "tariff list": "tariff list -w w",
    "tariff show": "tariff show flat --chart out/tariff.svg -w w",
    "tariff add": "tariff add files/mine.toml -w w",
    "tariff bill": "tariff bill flat --meter M-1 -w w",
    "dispatch": "dispatch hq --from 2023-02-01 --span 3d --post battery -o out/dispatch.csv --chart out/dispatch.svg -w w",
    "settle": "settle kept --meter grid -w w",
    "size": "size hq --from 2023-01-10 --span 1m --post sizes --chart out/sizes.svg -w w",
    "contract": "contract files/wind.toml files/flat.toml --market files/market.csv --paths 200 --chart out/contracts.svg",
    "pack": "pack files/orders.csv -c files/cartons.csv -o out/plan --post may -w w",
    "assort": "assort files/orders.csv -c files/cartons.csv -k 2 -o out/sizes.csv --chart out/curve.svg",
    "reuse": "reuse files/scheme.toml --site hq --month 2023-05 -w w",
    "stock": "stock files/moves.csv -w w",
    "plans": "plans -w w",
    "serve": "",
    "mcp": "",
    "run": "run -y FY2024 -w w",
    "runs": "runs -w w",
    "publish": "publish {run} --accept in-quarantine=disputed -w w",
    "verify": "verify -w w",
    "factors audit": "factors audit files/own.csv",
    "factors search": "factors search diesel -w w",
    "factors show": "factors show {factor} -w w",
    "factors import": "factors import files/own.csv -w w",
    "factors add": "factors add electricity grid-average 0.3 kg/kWh --region IT --source 'A bill' -w w",
    "store stats": "store stats -w w",
    "store compact": "store compact --sweep -w w",
    "store backup": "store backup out/backup.tar -w w",
    "store restore": "store restore files/backup.tar --to restored",
    "store upgrade": "store upgrade -w w",
    "credits add": "credits add files/credits.csv -w w",
    "credits retire": "credits retire C-1 -y FY2024 --by Ada --amount 2 -w w",
    "credits list": "credits list -w w",
    "meters add": "meters add files/meter-june.csv --meter M-2 --zone UTC -w w",
    "meters list": "meters list -w w",
    "meters show": "meters show M-1 -o out/usage.csv -w w",
    "meters readings": "meters readings M-1 -o out/readings.csv -w w",
    "meters set": "meters set M-1 --building b1 -w w",
    "meters post": "meters post -y FY2024 -w w",
    "organisation show": "organisation show -w w",
    "organisation set": "organisation set sites name=Head --key hq -w w",
    "organisation remove": "organisation remove sites spare -w w",
    "organisation restore": "organisation restore -w w",
    "fit": "fit '190x140x50 mm 400 g' '100x90x40 mm 300 g x2' -c files/cartons.csv",
    "packed": "packed files/plan.jsonl files/packed.csv -c files/cartons.csv",
    "rows": "rows {import} 2 -w w",
    "data-centres": "data-centres -y FY2023 -w w",
    "claims check": "claims check files/claims.csv --ledger -w w",
}  # fmt: skip
"""A call of each command, from the folder that `prepare` fills; empty where another test tries it:
see `ELSEWHERE`.
"""
TARIFF = """title = "Mine"
currency = "EUR"
source = "A bill"
[[energy]]
line = "energy"
per_kwh = 0.2
"""
WIND = """currency = "EUR"
price_per_mwh = 55
capacity_kw = 150
years = 15
pays_negative = false
"""
ENERGY = """tariff = "flat"
[[batteries]]
id = "store"
site = "hq"
energy_kwh = 50
charge_kw = 20
discharge_kw = 20
[[technologies]]
id = "more"
site = "hq"
kind = "battery"
cost_per_kw = 100
cost_per_kwh = 200
max_kwh = 100
[[plants]]
id = "roof"
source = "sun"
site = "plant"
capacity_kw = 40
latitude_deg = 40.0
longitude_deg = 116.0
power = "roof.csv"
weather = "roof-weather.csv"
"""
SIGNED = """currency = "CNY"
capacity_kw = 500
price_per_mwh = 300
share = 0.5
begins = 2023-01-01
technology = "wind"
region = "CN"
seller = "Hill Wind"
"""
ELSEWHERE = {
    "demo": "takes a minute and calls what the others call; tests/test_demo.py runs it",
    "serve": "runs until it is stopped; tests/adapters/test_server_crash.py kills it",
    "mcp": "runs until its client leaves; tests/adapters/test_mcp.py asks it",
}


def commands() -> Iterator[str]:
    """Names of all commands, as they are typed."""

    def walk(found: typer.Typer, before: str) -> Iterator[str]:
        for command in found.registered_commands:
            assert command.callback is not None
            yield before + (command.name or command.callback.__name__.replace("_", "-"))
        for group in found.registered_groups:
            assert group.typer_instance is not None
            yield from walk(
                group.typer_instance, f"{before}{group.name or group.typer_instance.info.name} "
            )

    return walk(app, "")


def call_of(command: str, names: dict[str, str]) -> list[str]:
    """Words of the call of a command."""
    return shlex.split(CALLS[command].format(**names))


def prepare(folder: Path) -> dict[str, str]:
    """Make `w`, `files` and `out` in a folder; the names that calls need."""
    files = folder / "files"
    files.mkdir(parents=True)
    (folder / "out").mkdir()
    workspace = create_workspace(folder / "w", CONFIG + MORE + PROGRAMME)

    def write(name: str, text: str) -> Path:
        (files / name).write_text(text, encoding="utf-8")
        return files / name

    bad = [("plant", "2023-06", -5, "kWh")]
    first = electricity(
        [(s, m, 1000, "kWh") for s in ("hq", "plant") for m in months("2022-04", 24)] + bad
    )
    add_file(workspace, write("electricity.csv", first), now=NOW)
    fuel = "Site,Month,Fuel,Quantity,Unit\n"
    add_file(
        workspace,
        write("oil-boiler.csv", fuel + "hq,2022-05,diesel,10,L\nhq,2023-05,diesel,10,L\n"),
        now=NOW,
    )
    cartons = "Programme,Month,Actor,Action,Cartons\nreuse,2023-05,depot,reused,100\n"
    add_file(workspace, write("cartons-reused.csv", cartons), now=NOW)
    certificate = "serial,instrument type,technology,market,site,vintage from,vintage to,energy,unit,retired for\n"
    certificate += "G1,certificate,wind,CN,,2023-04-01,2024-03-31,500,kWh,FY2024\n"
    add_file(workspace, write("certificates.csv", certificate), now=NOW)
    hours = [datetime(2023, 1, 1) + timedelta(hours=k) for k in range(24 * 75)]
    load = [
        100 + 10 * math.sin(t.hour / 24 * 2 * math.pi) + (7 * k % 11) / 10
        for k, t in enumerate(hours)
    ]
    meter = "timestamp,site,building,facility_kwh,it_kwh,water_m3\n"
    add_file(
        workspace,
        write(
            "meters.csv",
            meter
            + "".join(f"{t},hq,hq-1,{x:.3f},80,1\n" for t, x in zip(hours, load, strict=True)),
        ),
        now=NOW,
    )
    write(
        "meter.csv",
        "time,kwh\n" + "".join(f"{t},{x:.3f}\n" for t, x in zip(hours, load, strict=True)),
    )
    write(
        "weather.csv", "time,temperature\n" + "".join(f"{t},{10 + t.hour / 4:.2f}\n" for t in hours)
    )
    write("mine.toml", TARIFF)
    given = [f"farm,{t.isoformat()},50,CN" for t in hours[: 24 * 20]]
    write("lots.csv", "device,start,kwh,region\n" + "\n".join(given) + "\n")
    write("wind.toml", WIND)
    write("flat.toml", 'currency = "EUR"\nvolume = "baseload"\npower_kw = 50\nprice_per_mwh = 60\n')
    begun = datetime(2023, 1, 1)
    year = [
        f"{begun + timedelta(hours=k)},{60 + 20 * math.sin(k / 4):.2f},{0.5 + 0.4 * math.cos(k / 9):.3f},100"
        for k in range(8760)
    ]
    write("market.csv", "time,price,generation,load\n" + "\n".join(year) + "\n")
    write("signed.toml", SIGNED)
    blown = [f"{t},{30 + 20 * math.sin(k / 7):.3f}" for k, t in enumerate(hours[: 24 * 20])]
    write("delivered.csv", "time,kwh\n" + "\n".join(blown) + "\n")
    shone = [f"{t},{max(0.0, 20 * math.sin((t.hour - 6) / 12 * math.pi)):.3f}" for t in hours]
    (workspace.root / "roof.csv").write_text("time,kwh\n" + "\n".join(shone) + "\n")
    warm = [f"{t},{10 + t.hour / 4:.2f}" for t in hours]
    (workspace.root / "roof-weather.csv").write_text("time,temperature\n" + "\n".join(warm))
    head = "device,start,kwh,region,technology,issuer\n"
    for name, day in (("registry-before", 0), ("registry", 24 * 20)):
        mill = [f"mill,{t.isoformat()},40,CN,wind,Registry" for t in hours[day : day + 240]]
        write(f"{name}.csv", head + "\n".join(mill) + "\n")
    stored = [f"{t},{20 * (t.hour == 3)},{15 * (t.hour == 9)}" for t in hours[:240]]
    write("cellar.csv", "time,charged_kwh,discharged_kwh\n" + "\n".join(stored) + "\n")
    (workspace.root / "energy.toml").write_text(ENERGY, encoding="utf-8")
    add_lots(workspace, files / "registry-before.csv", now=NOW)
    for year in ("FY2023", "FY2024"):
        ran = run_year(workspace, year, now=NOW)
    publish(
        workspace,
        next(r["run_id"] for r in workspace.store.rows("runs") if r["fiscal_year"] == "FY2023"),
        reason="",
        now=NOW,
    )
    spare = {"id": "spare", "name": "Spare", "entity": "cloud", "region": "CN"}
    put_item(workspace, "sites", "", spare, now=NOW)
    workspace = open_workspace(workspace.root)
    last = add_file(
        workspace,
        write("late.csv", electricity([("hq", "2023-05", 7, "kWh")])),
        now=NOW,
        template="electricity",
    )
    write(
        "electricity-more.csv",
        electricity(
            [("plant", m, 50, "kWh") for m in months("2023-04", 3)] + [("hq", "2023-06", -1, "kWh")]
        ),
    )
    write("boiler.csv", fuel + "hq,2023-05,natural-gas,10,m3\n")
    write("correction.csv", "action,file,row,quantity\nset,electricity.csv,50,5\n")
    write("proof.txt", "seen")
    import typst
    from examples.firm.generate import BILL  # the bill of the example firm

    source = write("bill.typ", BILL)
    typst.compile(str(source), output=str(files / "bill.pdf"))
    write(
        "published.csv",
        "entity,fiscal_year,metric,value,unit,source\nOther,FY2023,net,5,Mt CO2e,Report 2023\n",
    )
    write("orders.csv", ORDERS)
    write("cartons.csv", CARTONS)
    write("scheme.toml", SCHEME)
    lines = [{"order": f"O{k}", "cartons": [{"carton": "S"}]} for k in range(9)]
    write("plan.jsonl", "".join(f"{json.dumps(x)}\n" for x in lines))
    write("packed.csv", "order,carton\n" + "".join(f"O{k},{'SM'[k == 3]}\n" for k in range(9)))
    record_movements(workspace, write("moves-before.csv", MOVES + "1,hq,U,inbound,5\n"))
    write("moves.csv", MOVES + "2,hq,U,packed,3\n3,hq,R,bought,2\n")
    header = [c for c in COLUMNS if c not in OPTIONAL]
    write("own.csv", ",".join(header) + "\n" + own_factor(header))
    add_credits(
        workspace, write("credits-before.csv", CREDITS + "C-1,Reg,Forest,removal,Std,2023,50\n")
    )
    write(
        "credits.csv",
        CREDITS + "C-2,Reg,Forest,removal,Std,2023,9\nC-3,Reg,Forest,removal,Std,2023,8\n",
    )
    write(
        "claims.csv",
        "entity,fiscal_year,metric,value,unit,source\nSmall group,FY2024,net,5,t CO2e,Page\n",
    )
    may, june = (
        "time,kWh\n"
        + "".join(
            f"{datetime(2023, m, 1) + timedelta(hours=k)},{2 + k % 5}.5\n" for k in range(240)
        )
        for m in (5, 6)
    )
    how = LoadSpec(meter="M-1", site="london", kind="electricity", zone="UTC")
    load_readings(workspace, write("meter-may.csv", may), how, now=NOW)
    how = LoadSpec(meter="grid", site="hq", kind="electricity", zone="UTC")
    load_readings(workspace, files / "meter.csv", how, now=NOW)
    spec = DispatchSpec("hq", first="2023-02-01", span="3d")
    post_dispatch(workspace, dispatch_site(workspace, spec), name="kept", now=NOW)
    write("meter-june.csv", june)
    backup(workspace, files / "backup.tar")
    factor = next(r["factor_id"] for r in workspace.store.rows("factors"))
    return {"import": last.import_id, "run": ran.run_id, "factor": factor}


def own_factor(header: list[str]) -> str:
    """A factor in Abate's own format."""
    row = dict.fromkeys(header, "") | {
        "factor_id": "own/electricity/green",
        "kind": "electricity",
        "item": "green",
        "region": "CN",
        "data_year": "2023",
        "basis": "direct",
        "species": "CO2",
        "value": "0.1",
        "unit": "kg/kWh",
        "publication": "Supplier",
        "edition": "2023",
        "published_on": "2023-05-01",
        "licence": "own",
        "verification": "checked",
    }
    return ",".join(row.values()) + "\n"


def ends_with(command: str) -> int:
    """Exit code of a call: 1 where it says that something blocks."""
    return int(command in ("add", "check", "savings", "claims check", "match"))
