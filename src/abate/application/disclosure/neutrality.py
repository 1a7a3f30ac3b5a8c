"""Credits by serial number in the ledger of transfers, and the balance of a year."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from pathlib import Path

from abate.adapters.readers.sheets import table_of
from abate.adapters.store.transfers import REVERSED, open_transfers
from abate.adapters.store.workspace import Workspace
from abate.application.inventory.figures import Figures, run_of, years
from abate.disclosure.neutrality import Credit, CreditKind, Credits, Neutrality
from abate.kernel.edges import Json
from abate.kernel.errors import DataError, NotFoundError, UsageError
from abate.kernel.period import parse_fiscal_year
from abate.kernel.transfer import Transfer, TransferResult

LEDGER = "credit"
COLUMNS = ("serial", "registry", "project", "kind", "standard", "vintage", "amount_t")
ROWS_MAX = 100_000


def add_credits(workspace: Workspace, path: Path) -> tuple[int, int]:
    """Take credits into the ledger from a CSV file; nothing is taken where one row is wrong.

    Args:
        workspace: The workspace.
        path: CSV with serial, registry, project, kind (removal or avoidance), standard, vintage,
            amount_t.

    Returns:
        Blocks taken in, and blocks that stood there already with the same content.

    Raises:
        DataError: `unreadable-file`, `bad-credit`.
    """
    rows = table_of(path, COLUMNS, "bad-credit")
    if len(rows) > ROWS_MAX:
        raise DataError(
            "bad-credit", f"{path.name} has more than {ROWS_MAX:,} rows.", "Split the file."
        )
    wanted = [_transfer(row, number, path.name) for number, row in enumerate(rows, 2)]
    serials = [t.key for t in wanted]
    again = next((s for k, s in enumerate(serials) if s in serials[:k]), "")
    if again:
        raise DataError(
            "bad-credit",
            f"{path.name} holds serial '{again}' twice.",
            "A serial number stands once.",
        )
    ledger = open_transfers(workspace.root)
    try:
        with workspace.store.lock():
            held = {t.key: t for t in ledger.rows(LEDGER)}
            for t in wanted:
                there = held.get(t.key)
                if there is not None and (there.source, there.amount, there.reason) != (
                    t.source,
                    t.amount,
                    t.reason,
                ):
                    raise DataError(
                        "bad-credit",
                        f"Serial '{t.key}' is in the ledger with other content.",
                        "The same serial number is used twice: ask the registry.",
                    )
            results = ledger.post(wanted)
    finally:
        ledger.close()
    return results.count(TransferResult.OK), results.count(TransferResult.EXISTS)


def _transfer(row: dict[str, str], number: int, file: str) -> Transfer:
    cells = {c: (row[c] or "").strip() for c in COLUMNS}
    place = f"{file} row {number}"

    def bad(what: str, hint: str) -> DataError:
        return DataError("bad-credit", f"{place}: {what}.", hint)

    for column in ("serial", "registry", "project", "standard"):
        if not cells[column] or len(cells[column]) > 200 or not cells[column].isprintable():
            raise bad(
                f"{column} is '{cells[column][:40]}'", "Fill it in, in at most 200 characters."
            )
    if "/" in cells["serial"]:
        raise bad(f"serial '{cells['serial']}' holds a slash", "Write it without.")
    if cells["kind"] not in set(CreditKind):
        raise bad(f"kind is '{cells['kind']}'", f"It is one of {', '.join(CreditKind)}.")
    if not cells["vintage"].isdecimal() or not 1990 <= int(cells["vintage"]) <= 2100:
        raise bad(f"vintage is '{cells['vintage']}'", "It is a calendar year.")
    try:
        if not re.fullmatch(r"-?(\d{1,3}(,\d{3})+|\d+)(\.\d+)?", cells["amount_t"]):
            raise ValueError
        amount_kg = float(cells["amount_t"].replace(",", "")) * 1000
    except ValueError:
        raise bad(f"amount_t is '{cells['amount_t']}'", "It is a number of tonnes.") from None
    if (
        not math.isfinite(amount_kg)
        or not 0 < amount_kg < 1e15
        or abs(amount_kg - round(amount_kg)) > 1e-6
    ):
        raise bad(f"amount_t is '{cells['amount_t']}'", "It is above zero, in whole kilograms.")
    about = {k: cells[k] for k in ("project", "kind", "standard", "vintage")}
    return Transfer(
        cells["serial"],
        LEDGER,
        f"issuer:{cells['registry']}",
        f"held:{cells['serial']}",
        round(amount_kg),
        json.dumps(about, ensure_ascii=False, sort_keys=True),
    )


def retire_credit(
    workspace: Workspace, serial: str, year: str, amount_t: float | None, *, person: str
) -> Credit:
    """Retire a block of credits, or a part of it, for a fiscal year.

    Args:
        workspace: The workspace.
        serial: Its serial number.
        year: Fiscal year for which it is retired; once.
        amount_t: How much [t CO2e]; None for all that is left.
        person: Who retires it.

    Raises:
        NotFoundError: `no-credit`, `no-run`.
        UsageError: `credit-not-retired`, with what the ledger says; `no-person`.
    """
    if year not in years(workspace):
        raise NotFoundError(
            "no-run", f"{year} has not been valued.", f"Run 'abate run --year {year}'."
        )
    if not person.strip() or not person.isprintable():
        raise UsageError("no-person", "A retirement needs the name of a person.", "Give --by.")
    found = next((c for c in credits_of(workspace, year).every if c.serial == serial), None)
    if found is None:
        raise NotFoundError("no-credit", f"No credit of serial '{serial}'.", "See 'abate credits'.")
    if found.vintage > parse_fiscal_year(year):
        raise UsageError(
            "credit-not-retired",
            f"'{serial}' is of {found.vintage}, later than {year}.",
            "Take an older one.",
        )
    kg = found.held_kg if amount_t is None else amount_t * 1000
    if not math.isfinite(kg) or abs(kg - round(kg)) > 1e-6:
        raise UsageError(
            "credit-not-retired", f"{amount_t} t is not a whole number of kilograms.", "Round it."
        )
    moved = Transfer(
        f"{serial}/{year}", LEDGER, f"held:{serial}", f"retired:{year}", round(kg), person
    )
    ledger = open_transfers(workspace.root)
    try:
        with workspace.store.lock():
            result = ledger.post([moved])[0]
    finally:
        ledger.close()
    if result.is_refused:
        raise UsageError(
            "credit-not-retired",
            f"'{serial}' is not retired for {year}: {result}; {found.held_kg / 1000:,.3f} t are"
            " held.",
            "Each block is retired once a year, and never more than is held.",
        )
    return next(c for c in credits_of(workspace, year).every if c.serial == serial)


def credits_of(workspace: Workspace, year: str) -> Credits:
    """Credits that the ledger holds, and what of them is retired for a year."""
    if not workspace.transfers.is_file():
        return Credits(year, ())
    ledger = open_transfers(workspace.root)
    try:
        rows = ledger.rows(LEDGER)
    finally:
        ledger.close()
    undone = {t.key.removesuffix(REVERSED) for t in rows if t.key.endswith(REVERSED)}
    live = [t for t in rows if t.key not in undone and not t.key.endswith(REVERSED)]
    retired: dict[str, list[tuple[str, int]]] = {}
    for t in live:
        if t.target.startswith("retired:"):
            retired.setdefault(t.key.rpartition("/")[0], []).append(
                (t.target.removeprefix("retired:"), t.amount)
            )
    return Credits(
        year,
        tuple(
            Credit(
                t.key,
                t.source.removeprefix("issuer:"),
                about["project"],
                CreditKind(about["kind"]),
                about["standard"],
                int(about["vintage"]),
                t.amount,
                tuple(sorted(retired.get(t.key, []))),
            )
            for t in live
            if t.source.startswith("issuer:")
            for about in [json.loads(t.reason)]
        ),
    )


def neutrality_of(workspace: Workspace, year: str) -> Neutrality:
    """The balance of a year that was valued.

    Raises:
        NotFoundError: `no-run`.
        UsageError: `no-gross` where a part of gross has no row: a balance of what is missing says
            nothing.
    """
    names = ["gross", "reduction", "net", "scope1", "scope2-location"]
    with Figures(workspace) as rollups:
        values = {v.figure: v for v in rollups.values(names, run_of(workspace, year))}
        earlier = [y for y in years(workspace) if y < year]
        base = (
            workspace.base_year.year
            if workspace.base_year and workspace.base_year.year in earlier
            else ""
        )
        before = base or (earlier[-1] if earlier else "")
        past = rollups.values(["gross"], run_of(workspace, before))[0].value if before else None
    gross = values["gross"].value
    lacking = ", ".join(values["gross"].without)
    if gross is None or lacking:
        told = f"is without {lacking}" if lacking else "has no rows"
        raise UsageError("no-gross", f"Gross of {year} {told}.", "Import bills and fuels first.")
    held = credits_of(workspace, year)
    return Neutrality(
        year,
        float(gross),
        None if past is None else float(past),
        float(values["reduction"].value or 0),
        float(values["net"].value or 0),
        held.removed_t,
        held.offset_t,
        values["gross"].lacking,
    )


def neutrality_json(told: Neutrality, held: Sequence[Credit]) -> Json:
    """A balance as machines get it."""
    return {
        "year": told.year,
        "gross_t": told.gross_t,
        "reduction_t": told.reduction_t,
        "net_t": told.net_t,
        "removed_t": told.removed_t,
        "offset_t": told.offset_t,
        "retired_t": told.retired_t,
        "left_t": told.left_t,
        "is_neutral": told.is_neutral,
        "lacking": told.lacking,
        "remarks": list(told.remarks),
        "serials": [
            {
                "serial": c.serial,
                "registry": c.registry,
                "project": c.project,
                "kind": str(c.kind),
                "standard": c.standard,
                "vintage": c.vintage,
                "retired_kg": c.retired_for(told.year),
            }
            for c in held
        ],
    }
