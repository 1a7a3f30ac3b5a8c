"""Staging: text cells become typed rows, and every check is asked, before anything is stored.

Everything here happens in a throw-away engine. The table `given` holds text as it stood in the
file; `staged` holds the same rows with site, period, canonical quantity and what the checks need to
know; `findings` what they found.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from abate.adapters.readers.dates import OPEN_MARK, TO, order_of, read_dates
from abate.adapters.readers.numerals import decimal_of
from abate.adapters.store.delta import literal
from abate.adapters.store.workspace import Workspace, match_key
from abate.application.catalogue import KINDS, TEMPLATES, default_rows
from abate.application.inventory.intervals import Rows as IntervalRows
from abate.application.inventory.intervals import settle
from abate.application.inventory.mapping import SEVERAL, Mapped, header_unit, measure_of
from abate.energy.facts import tier_named
from abate.energy.facts.words import ESTIMATED
from abate.kernel.checks import DECIMAL_ASSUMED, Check
from abate.kernel.errors import DataError
from abate.kernel.finding import Finding, Severity
from abate.kernel.kind import Measure, slug
from abate.kernel.matching import nearest_items
from abate.kernel.period import FiscalCalendar
from abate.kernel.region import market_named, region_named
from abate.kernel.uncertainty import ACTIVITY_SPREAD_95, read_spread
from abate.kernel.units import ambiguous, dimension_of, nearest_units, read_unit
from abate.operations.facts.airports import Route, route_between
from abate.operations.facts.own import FUELS

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    import duckdb

GIVEN = (
    "source_file",
    "source_row",
    "sheet",
    "kind",
    "basis",
    "site",
    "period",
    "period_start",
    "period_end",
    "quantity",
    "unit",
    "times",
    "over",
    "scale",
    "measures",
    "shares",
    "item",
    "meter",
    "region",
    "party",
    "uncertainty",
    "document",
    "tier",
    "market",
    "retired_for",
    "factor",
)
"""Text columns of a row before it is understood.

A quarantined row keeps them, so that it can be corrected.

`times` and `over` hold what multiplies and divides the quantity, the numbers as they stand, with
`|` between them.
"""

SUMMARY = (
    r"^\s*(合计|总计|小计|共计|合計|小計|(grand |sub[-"
    r" ]?)?totals?|sum|(zwischen|gesamt)?summe|gesamt|(sous-)?total général|somme|"
    r"totale|suma|ytd|year to date)\b?.*$"
)
ROUND_TRIPS = (
    "return|round trip|roundtrip|round-trip|both ways|two way|two-way|hin und"
    " zurück|aller-retour|往返|ida y vuelta|andata e ritorno"
)
ONE_WAYS = "one way|one-way|oneway|single|einfach|aller simple|单程|solo ida|solo andata"
"""Words for how often a way is gone, in place of a number."""
WAYS = ("ways", "trips")
READING, ROUTE = "reading", "route"
"""In place of a scale: the amount is a counter's reading, or the distance between two places."""
_NUMBER = (
    r"^[-+]?(\d+|\d{1,3}(,\d{3})+|\d{1,2}(,\d{2})+,\d{3})(\.\d*)?([eE][-+]?\d{1,3})?$|^[-+]?\.\d+$"
)


_PLAIN = r"-?\d{1,15}(\.\d{1,12})?"
"""Most numbers: those are read without looking for other signs."""


MEMORY_SHARE = 0.8
"""Share of an engine's memory for staging: the checks are compiled in the same process."""


def start(con: duckdb.DuckDBPyConnection) -> None:
    """Make the tables `given` and `reasons`, empty."""
    types = ", ".join(
        f"{name} {'integer' if name == 'source_row' else 'varchar'}" for name in GIVEN
    )
    con.execute(f"create or replace temp table given ({types})")
    con.execute(
        "create or replace temp table remarks (source_file varchar, sheet varchar,"
        " source_row integer, code varchar, severity varchar, message varchar, hint varchar,"
        " site varchar, month varchar)"
    )
    know_imports(con, {})
    con.execute(
        "create or replace temp table reasons (source_file varchar, sheet varchar, source_row"
        " integer, reason varchar)"
    )


def know_imports(con: duckdb.DuckDBPyConnection, files: dict[str, tuple[str, str]]) -> None:
    """Say of which import the rows of each file are: its id and kind of file.

    The order is theirs.
    """
    types = {
        "source_file": "varchar",
        "import_id": "varchar",
        "template": "varchar",
        "high": "bigint",
        "ordinal": "integer",
    }
    rows = (
        (name, import_id, template, int(import_id[4:], 16) << 32, ordinal)
        for ordinal, (name, (import_id, template)) in enumerate(files.items())
    )
    _table(con, "entering", types, rows)


def remark(con: duckdb.DuckDBPyConnection, *findings: Finding) -> None:
    """Note what was found of a file while it was read."""
    for f in findings:
        con.execute(
            "insert into remarks values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [f.file, f.sheet, f.row, f.code, str(f.severity), f.message, f.hint, f.site, f.month],
        )


def load(
    con: duckdb.DuckDBPyConnection,
    mapped: Mapped,
    name: str,
    zones: Callable[[str], tuple[ZoneInfo, ...]],
) -> int:
    """Put a sheet's rows into `given`, one per row and measure.

    Empty and summary rows are left out.

    Args:
        con: Engine with what `start` made.
        mapped: The sheet with its mapping.
        name: Name of its file.
        zones: Time zones of a site, by what a file calls it.

    Returns:
        Rows of the file, without headers and what stands above them.
    """
    headers = mapped.headers
    columns = [f"c{k}" for k in range(len(headers))]
    con.execute(
        "create or replace temp table cells (source_row integer,"
        f" {', '.join(f'{c} varchar' for c in columns)})"
    )
    if mapped.sheet.rows is None:
        named = ", ".join(f'cast("{h.replace(chr(34), chr(34) * 2)}" as varchar)' for h in headers)
        con.execute(
            f"insert into cells select file_row_number + 1, {named} from"
            f" read_parquet({literal(mapped.sheet.source)}, file_row_number = true)"
        )
    elif not (mapped.sheet.source and _insert_large(con, mapped)):
        _insert_batches(con, mapped, len(headers))
    place = {header: f"c{k}" for k, header in reversed(list(enumerate(headers)))}
    _read_marks(con, mapped, place, name)
    _read_dates(con, mapped, place)
    template = TEMPLATES[mapped.mapping.template]
    cell = {name: place[header] for name, header in mapped.mapping.columns.items()}
    amounts = {m.header: _amount_of(con, m.header, place) for m in mapped.mapping.measures}
    count = con.execute("select count(*) from cells").fetchone()
    settled = _settled(con, mapped, cell, amounts, name, zones)
    keys = [
        c
        for field, c in cell.items()
        if field in ("site", "period", "period_start", "item", "document")
    ] or ["''"]
    summary = " or ".join(
        f"regexp_matches(coalesce({c}, ''), '{SUMMARY}', 'i')" for c in [columns[0], *keys]
    )
    blank = " and ".join(f"coalesce({c}, '') = ''" for c in {*keys, *amounts.values()})
    taken = "false"
    for ordinal, column in enumerate(mapped.mapping.measures, 1):
        measure = measure_of(template, column, cell)
        stated = settled.get(column.header, column.unit)
        unit = literal(stated) if stated else cell.get("unit", "''")
        values = {
            "source_file": literal(name),
            "source_row": "source_row",
            "sheet": _place(mapped),
            "kind": literal(column.kind),
            "basis": _basis_sql(measure, cell),
            "quantity": amounts[column.header],
            "unit": f"{unit} || ' * {measure.by_unit}'" if measure.by_unit else unit,
            "times": _joined(measure.times, cell),
            "over": _joined(measure.over, cell),
            "scale": literal(
                "period"
                if measure.for_period
                else READING
                if measure.readings and column.header not in settled
                else repr(measure.scale)
            ),
            "measures": literal("|".join(measure.measures)) if measure.measures else "null",
            "shares": _joined(
                tuple(n for n in measure.times if n.removesuffix("?").endswith("share")), cell
            ),
            "site": cell.get("site", literal(mapped.mapping.site)),
            "item": _item_sql(measure, cell),
        }
        if measure.by_unit == "passenger" and "item" in cell:
            driven, own = (
                _driven(measure.kind, cell["item"]),
                tuple(n for n in measure.times if n != "passengers?"),
            )
            values["unit"] = f"case when {driven} then {unit} else {values['unit']} end"
            values["times"] = (
                f"case when {driven} then {_joined(own, cell)} else {values['times']} end"
            )
        if measure.amount:
            values["scale"] = _scale_sql(con, measure, header_unit(column.header), cell.get("unit"))
        needed = [
            amounts[column.header],
            *(
                cell[n.removesuffix("?")]
                for n in (*measure.times, *measure.over)
                if n.removesuffix("?") in cell
            ),
        ]
        if "period" in cell and "period_start" not in cell:
            values |= _ranges(cell["period"])
        if measure.between:
            places = [cell[n] for n in measure.between]
            values |= {
                "quantity": f"coalesce({places[0]}, '') || ' > ' || coalesce({places[1]}, '')",
                "scale": literal(ROUTE),
            }
            needed = places
        chosen = [values.get(name, cell.get(name, "null")) for name in GIVEN]
        filled = " and ".join(f"coalesce({c}, '') not in ('', '0', '0.0', '0.00')" for c in needed)
        last = ordinal == len(mapped.mapping.measures)
        chooses = (
            f"not ({taken}) and ({'true' if last else filled})" if template.alternatives else "true"
        )
        taken = f"{taken} or ({filled})"
        con.execute(
            f"insert into given select {', '.join(chosen)} from cells where not ({summary}) and not"
            f" ({blank}) and {chooses} order by source_row"
        )
    return int(count[0]) if count else 0


def _place(mapped: Mapped) -> str:
    """SQL of the sheet a row stands on.

    With the cell from which it was taken where it is not a row of the file.
    """
    sheet = mapped.sheet
    if sheet.place < 0:
        return literal(sheet.name)
    return f"{literal(sheet.name + ':')} || c{sheet.place}"


BASE_SHEET = "split_part(sheet, ':', 1)"
"""SQL of the sheet of a row, without the cell from which it was taken."""


def _amount_of(con: duckdb.DuckDBPyConnection, header: str, place: dict[str, str]) -> str:
    """Column of an amount.

    Of several headers a new one with their sum, where each is a number or empty.
    """
    parts = [place[h] for h in header.split(SEVERAL)]
    if len(parts) == 1:
        return parts[0]
    made = "sum_" + "_".join(parts)
    numbers = [
        f"case when trim(coalesce({c}, '')) = '' then 0 else {_number_sql(c)} end" for c in parts
    ]
    con.execute(f"alter table cells add column {made} varchar")
    texts = " || ' + ' || ".join(f"coalesce({c}, '')" for c in parts)
    con.execute(
        f"update cells set {made} = coalesce((round({' + '.join(numbers)}, 9))::varchar, {texts})"
    )
    return made


METERED = frozenset(k.id for k in KINDS.values() if k.metered or k.by_building)


def _settled(
    con: duckdb.DuckDBPyConnection,
    mapped: Mapped,
    cell: dict[str, str],
    amounts: dict[str, str],
    name: str,
    zones: Callable[[str], tuple[ZoneInfo, ...]],
) -> dict[str, str]:
    """Make rows of meters that are read by the hour usage of steps; see `intervals`.

    Returns:
        Unit of each amount, by its header; nothing where the rows are no such readings.
    """
    measures = mapped.mapping.measures
    field = "period_start" if "period_start" in cell else "period"
    if field not in cell or not {m.kind for m in measures} <= METERED:
        return {}
    moment = f"regexp_matches({cell[field]}, '^{ISO_DAY}[ T]')"
    timed = con.execute(f"select avg({moment}::int), count(*) from cells").fetchall()[0]
    if timed[1] < LEAST_READINGS or (timed[0] or 0) < MOSTLY:
        return {}
    template = TEMPLATES[mapped.mapping.template]
    found = settle(
        con,
        IntervalRows(
            name,
            mapped.sheet.name,
            cell[field],
            mapped.mapping.columns[field],
            tuple(c for f, c in cell.items() if f in ("site", "meter", "item", "party", "region")),
            cell.get("site", ""),
            mapped.mapping.site,
            amounts,
            {m.header: m.unit for m in measures},
            cell.get("unit", ""),
            frozenset(m.header for m in measures if measure_of(template, m, cell).readings),
            frozenset(("reading-gap", "reading-stuck"))
            if all(KINDS[m.kind].by_building for m in measures)
            else frozenset(),
            _number_sql,
            zones,
        ),
    )
    if found is None:
        return {}
    for gone in ("period", "period_start", "period_end"):
        cell.pop(gone, None)
    cell |= {"period_start": "begun", "period_end": "past"}
    remark(con, *found.findings)
    return {m.header: found.units.get(m.header, m.unit) for m in measures}


LEAST_READINGS, MOSTLY = 3, 0.6
"""Rows from which a table can be one of readings, and the share of them that name a time of day."""
MARKS = {"comma": ",", "point": "."}


def _read_marks(
    con: duckdb.DuckDBPyConnection, mapped: Mapped, place: dict[str, str], name: str
) -> None:
    """Find which mark parts the decimals in a text file, from all its numbers.

    What stays open is marked as a question.

    `1.234,5` and `0,5` prove a decimal comma, `1,234.5` and `0.5` a decimal point; `12.400` proves
    nothing. Where commas part the cells, they part no decimals: then a point is the decimal mark,
    with a remark.
    """
    columns = _number_columns(mapped, place)
    bare = {c: f"regexp_replace(coalesce({c}, ''), '[^0-9.,+-]', '', 'g')" for c in columns}
    if not columns:
        return
    told = MARKS.get(mapped.mapping.answers.get("decimal", ""), "")
    shown = _shapes(con, bare, typed=mapped.sheet.typed)
    either = r"^[-+]?\d{1,3}[.,]\d{3}$"
    try:
        mark = decimal_of(shown, name, said=told, delimiter=mapped.sheet.delimiter)
    except DataError as error:
        if error.code == "ambiguous-number" and mapped.sheet.delimiter == ",":
            return  # where commas part the cells, one in a cell parts thousands
        for c in columns:
            con.execute(
                f"update cells set {c} = '{OPEN_MARK}' || {c} where regexp_matches({bare[c]},"
                f" '{either}')"
            )
        return
    if mark == ",":
        for c in columns:
            con.execute(
                f"update cells set {c} = replace(replace({c}, '.', ''), ',', '.') where"
                f" regexp_matches({bare[c]}, '[.,]')"
            )
    elif not told and mapped.sheet.delimiter == "," and not _is_proved(shown, name):
        _assume_point(con, mapped, bare, either, name)


def _number_columns(mapped: Mapped, place: dict[str, str]) -> list[str]:
    """Columns of amounts, and of what multiplies or divides them."""
    template = TEMPLATES[mapped.mapping.template]
    named = [h for m in mapped.mapping.measures for h in m.header.split(SEVERAL)]
    factors = {n.removesuffix("?") for m in template.measures for n in (*m.times, *m.over)}
    named += [header for name, header in mapped.mapping.columns.items() if name in factors]
    return list(dict.fromkeys(place[h] for h in named if h in place))


def _shapes(con: duckdb.DuckDBPyConnection, bare: dict[str, str], *, typed: bool) -> list[str]:
    """A number of each shape that columns hold.

    Of a workbook those that were written as texts with a comma.
    """
    every = " union all ".join(
        f"select {c} as cell, {text} as n from cells" for c, text in bare.items()
    )
    wanted = "contains(n, ',')" if typed else "regexp_matches(n, '[.,]|^[-+]?\\d{4,}$')"
    found = con.execute(
        f"select min(cell) from ({every}) where {wanted}"
        " group by regexp_replace(n, '\\d', '0', 'g'), regexp_matches(n, '^[-+]?0')"
    ).fetchall()
    return [row[0] for row in found]


def _is_proved(shown: list[str], name: str) -> bool:
    """Whether numbers themselves say which mark begins the decimals."""
    try:
        decimal_of(shown, name)
    except DataError:
        return False
    return True


def _assume_point(
    con: duckdb.DuckDBPyConnection, mapped: Mapped, bare: dict[str, str], either: str, name: str
) -> None:
    """Say that numbers are read with a decimal point because commas part the cells."""
    every = " union all ".join(f"select {text} as n from cells" for text in bare.values())
    count = con.execute(
        f"select count(*) from ({every}) where regexp_matches(n, '{either}') and contains(n, '.')"
    ).fetchall()[0][0]
    if count:
        text = (
            f"Numbers such as 1.234, {count} in all, are read with a point before the decimals:"
            " commas part the cells."
        )
        rule, place = DECIMAL_ASSUMED, (name, mapped.sheet.name)
        remark(con, Finding(rule.code, rule.severity, text, rule.hint, *place))


def _read_dates(con: duckdb.DuckDBPyConnection, mapped: Mapped, place: dict[str, str]) -> None:
    """Bring the dates of a sheet into one form; those that may be read both ways are marked."""
    named = [mapped.mapping.columns.get(n) for n in ("period", "period_start", "period_end")]
    columns = [place[h] for h in named if h in place]
    plain = f"^{ISO_DAY}([ T]\\d{{2}}:\\d{{2}}(:\\d{{2}})?)?$"
    texts = {
        row[0]
        for c in columns
        for row in con.execute(
            f"select distinct {c} from cells where not regexp_matches({c}, '{plain}')"
        ).fetchall()
    }
    order = mapped.mapping.answers.get("date", "")
    order = order if order in ("dmy", "mdy", "ymd") else _order_proved(con, mapped, place)
    read = read_dates(texts, order)
    if read:
        _table(con, "dates", {"text": "varchar", "means": "varchar"}, read.items())
        for c in columns:
            con.execute(f"update cells set {c} = d.means from dates d where d.text = cells.{c}")
    if not columns:
        return
    moment = f"^{ISO_DAY}[ T]"
    timed = " + ".join(f"count(*) filter (regexp_matches({c}, '{moment}'))" for c in columns)
    later = " + ".join(
        f"count(*) filter (regexp_matches({c}, '{moment}')"
        f" and not regexp_matches({c}, '{moment}00:00(:00)?$'))"
        for c in columns
    )
    if con.execute(f"select {timed} > 0 and {later} = 0 from cells").fetchall()[0][0]:
        for c in columns:  # days, written with their midnight
            con.execute(
                f"update cells set {c} = substr({c}, 1, 10) where regexp_matches({c}, '{moment}')"
            )


def _order_proved(con: duckdb.DuckDBPyConnection, mapped: Mapped, place: dict[str, str]) -> str:
    """Whether day or month comes first.

    By all dates of a sheet, and as no period ends before it begins.
    """
    numeric = r"^\d{1,2}[/-]\d{1,2}[/-](\d{2}|\d{4})\b"
    cells = {
        row[0]
        for c in dict.fromkeys(place.values())
        for row in con.execute(
            f"select distinct {c} from cells where regexp_matches({c}, '{numeric}') limit 5000"
        ).fetchall()
    }
    proved = order_of(cells)
    ends = [place.get(mapped.mapping.columns.get(n, "")) for n in ("period_start", "period_end")]
    if proved or not cells or None in ends:
        return proved
    pairs = con.execute(f"select distinct {ends[0]}, {ends[1]} from cells limit 5000").fetchall()
    fits = [order for order in ("dmy", "mdy") if _run_forward(pairs, order)]
    return fits[0] if len(fits) == 1 else ""


def _run_forward(pairs: list[tuple[str | None, str | None]], order: str) -> bool:
    """Whether every period ends behind its begin, with dates in an order."""
    read = read_dates([t for pair in pairs for t in pair if t], order)
    told = [(read.get(a, a), read.get(b, b)) for a, b in pairs if a and b]
    return bool(told) and all(a <= b for a, b in told)


ISO_DAY = r"\d{4}-\d{2}-\d{2}"


def _ranges(column: str) -> dict[str, str]:
    """SQL of begin and end of a period of which both stand in one cell."""
    ranged = f"contains(coalesce({column}, ''), '{TO}')"
    return {
        "period": f"case when not {ranged} then {column} end",
        "period_start": f"case when {ranged} then split_part({column}, '{TO}', 1) end",
        "period_end": f"case when {ranged} then split_part({column}, '{TO}', 2) end",
    }


def answer(con: duckdb.DuckDBPyConnection, file: str, answers: Iterable[tuple[str, str]]) -> None:
    """Put what words of a file mean in the place of those words.

    In its units, items, regions and sites.
    """
    for text, means in answers:
        if text == "unit":
            silent = "trim(split_part(coalesce(unit, ''), ' * ', 1)) = '' and source_file = ?"
            con.execute(
                f"update given set unit = ? || coalesce(unit, '') where {silent}", [means, file]
            )
        for column in ("unit", "item", "region", "site"):
            same = f"lower(trim({column})) = lower(trim(?)) and source_file = ?"
            con.execute(f"update given set {column} = ? where {same}", [means, text, file])
        head = "lower(trim(split_part(unit, ' * ', 1))) = lower(trim(?)) and contains(unit, ' * ')"
        con.execute(
            f"update given set unit = ? || substr(unit, strpos(unit, ' * ')) where {head} and"
            " source_file = ?",
            [means, text, file],
        )


def _basis_of(dimension: str) -> str:
    """What a row is tells how its amount came about, where the row does not say it itself."""
    return (
        f"case when g.basis <> 'metered' then g.basis when {dimension} = 'emissions' then 'reported'"
        f" when {dimension} = 'money' and g.kind <> 'revenue' then 'spent' when {dimension} in"
        " ('freight', 'travel', 'distance', 'lodging') or (list_contains(k.dimensions, 'money') and"
        f" {dimension} in ('mass', 'count', 'area', 'volume')) then 'recorded' else 'metered' end"
    )


def _basis_sql(measure: Measure, cell: dict[str, str]) -> str:
    """How the amount of a row came about: estimated where the row says so, else as measured."""
    if "basis" not in cell:
        return literal(measure.basis)
    letters = {"e"}  # the others mean different things from country to country
    words = ", ".join(literal(w) for w in sorted(ESTIMATED) if len(w) > 2 or w in letters)
    said = f"lower(trim({cell['basis']})) in ({words})"
    return f"case when {said} then 'estimated' else {literal(measure.basis)} end"


def _item_sql(measure: Measure, cell: dict[str, str]) -> str:
    """SQL of what a row is about.

    Its item, or the measure's own, with what other fields say of it behind slashes.
    """
    fields = measure.item_fields or ("item",)
    first = f"nullif(trim({cell[fields[0]]}), '')" if fields[0] in cell else "null"
    if measure.item and fields[0] not in cell and "meter" in cell:
        vehicle = cell["meter"]  # plates, or what the vehicles are
        first = f"case when {_is_one_of(vehicle, KINDS[measure.kind].items)} then {vehicle} end"
    base = f"coalesce({first}, {literal(measure.item)})" if measure.item else first
    rest = [f"nullif(trim({cell[name]}), '')" for name in fields[1:] if name in cell]
    return f"concat_ws('/', {', '.join([base, *rest])})" if rest else base


DRIVEN = ("car", "electric-car", "plug-in-car", "motorbike")


def _driven(kind: str, column: str) -> str:
    """SQL of whether a row is of a car or motorbike, whose emissions count by vehicle, however many sit in it."""
    some = {
        item: words for item, words in KINDS[kind].items.items() if item.split("/")[0] in DRIVEN
    }
    return _is_one_of(f"trim(split_part(coalesce({column}, ''), '/', 1))", some)


def _is_one_of(column: str, items: dict[str, tuple[str, ...]]) -> str:
    """SQL of whether a text is the name of an item or one of its words, in any spelling."""
    words = {match_key(word) for item, some in items.items() for word in (item, *some)}
    return f"{_folded(column)} in ({', '.join(map(literal, sorted(words)))})"


def _scale_sql(
    con: duckdb.DuckDBPyConnection, measure: Measure, stated: str, column: str | None
) -> str:
    """SQL of the factor that brings an amount into the unit in which it is multiplied."""
    taken = read_unit(measure.amount)
    assert taken is not None

    def scale(text: str) -> float | None:
        unit = read_unit(text)
        return (
            measure.scale * unit.scale / taken.scale
            if unit and unit.canonical == taken.canonical
            else None
        )

    if stated or column is None:
        found = scale(stated or measure.amount)
        return "null" if found is None else literal(repr(found))
    texts = [
        row[0]
        for row in con.execute(f"select distinct coalesce({column}, '') from cells").fetchall()
    ]
    known = [
        (text, found) for text in texts if (found := scale(text or measure.amount)) is not None
    ]
    cases = " ".join(f"when {literal(text)} then {literal(repr(found))}" for text, found in known)
    return f"case coalesce({column}, '') {cases} else 'x' end" if cases else "'x'"


def _joined(names: tuple[str, ...], cell: dict[str, str]) -> str:
    """SQL of the cells that multiply or divide an amount.

    An optional column that is not there counts as one.
    """
    cells = []
    for name in names:
        column = cell.get(name.removesuffix("?"))
        if column is None:
            continue
        word = f"lower(trim(coalesce({column}, '')))"
        ways = (
            f"case when regexp_matches({word}, '^({ROUND_TRIPS})$') then '2' when"
            f" regexp_matches({word}, '^({ONE_WAYS})$') then '1'"
        )
        cells.append(
            f"({ways} when {word} = '' then '{'1' if name.endswith('?') else ''}' else {column}"
            " end)"
            if name.removesuffix("?") in WAYS
            else f"coalesce({column}, '')"
        )
    return " || '|' || ".join(cells) or "null"


def _product_sql(texts: str) -> str:
    """SQL of the product of numbers with bars between them.

    Null where one is not a number, one where there is none.
    """
    numbers = f"list_transform(string_split({texts}, '|'), lambda t: {_number_sql('t')})"
    return (
        f"(case when {texts} is null then 1 when list_count({numbers}) < len({numbers}) then null "
        f"else list_aggregate({numbers}, 'product') end)"
    )


def _insert_large(con: duckdb.DuckDBPyConnection, mapped: Mapped) -> bool:
    """Let the engine read a large CSV, where each of its lines is a row: then rows keep their numbers.

    Returns:
        Whether it did; a file with line breaks in cells, or of odd rows, is read row by row.
    """
    import duckdb

    columns = [f"c{k}" for k in range(len(mapped.headers))]
    named = ", ".join(f"'{c}': 'varchar'" for c in columns)
    source = (
        f"read_csv({literal(mapped.sheet.source)}, delim = {literal(mapped.sheet.delimiter)}, quote = '\"',"
        f" escape = '\"', header = false, auto_detect = false, null_padding = false, columns = {{{named}}})"
    )
    with open(mapped.sheet.source, "rb") as handle:  # noqa: PTH123 - the sheet's own path
        lines = sum(block.count(b"\n") for block in iter(lambda: handle.read(1 << 22), b""))
    blank = " || ".join(f"coalesce({c}, '')" for c in columns)
    header = " and ".join(
        f"coalesce({c}, '') = {literal(h)}" for c, h in zip(columns, mapped.headers, strict=True)
    )
    bare = ", ".join(f"trim({c}, ' \t\u00a0\u3000') as {c}" for c in columns)
    try:
        con.execute(f"""
            insert into cells select n, {bare} from (select row_number() over () as n, * from {source})
        """)
    except duckdb.Error:
        con.execute("delete from cells")
        return False
    rows = con.execute("select count(*) from cells").fetchall()[0][0]
    if lines not in (rows, rows - 1):
        con.execute("delete from cells")
        return False
    con.execute(
        f"delete from cells where source_row <= {mapped.header_row} or ({blank}) = '' or ({header})"
    )
    return True


def _insert_batches(con: duckdb.DuckDBPyConnection, mapped: Mapped, width: int) -> None:
    import pyarrow as pa

    assert mapped.sheet.rows is not None
    for batch in mapped.sheet.rows:
        body = [(row, cells) for row, cells in batch if row > mapped.header_row]
        if not body:
            continue
        arrays = [pa.array([row for row, _ in body], pa.int32())]
        arrays += [
            pa.array([cells[k] if k < len(cells) else None for _, cells in body], pa.string())
            for k in range(width)
        ]
        block = pa.table(arrays, names=["source_row", *(f"c{k}" for k in range(width))])
        con.register("block", block)
        con.execute("insert into cells select * from block")
        con.unregister("block")


def understand(con: duckdb.DuckDBPyConnection, workspace: Workspace, today: datetime) -> None:
    """Turn `given` into `staged`.

    Expects views `live_activities` and `live_instruments` of the ledger.
    """
    _difference_readings(con)
    _lookup_sites(con, workspace)
    _lookup_units(con, workspace.organisation.currency)
    _lookup_items(con, workspace)
    _lookup_routes(con)
    _lookup_tiers(con)
    _lookup_regions(con)
    _lookup_spreads(con)
    quantity, factor = _number_sql("g.quantity"), _number_sql("g.factor")
    scaled = con.execute("select count(times) + count(over) from given").fetchone() != (0,)
    scale = f"{_product_sql('g.times')} / {_product_sql('g.over')}" if scaled else "1"
    largest = f"list_max(list_transform(string_split(g.shares, '|'), lambda t: {_number_sql('t')}))"
    allocated = f"g.over is not null and {_product_sql('g.times')} > {_product_sql('g.over')}"
    shares_out = (
        f"coalesce({largest} > 1, false) or coalesce({allocated}, false)" if scaled else "false"
    )
    amount = f"(case when g.scale = '{ROUTE}' then w.km else {quantity} end)"
    own_scale = (
        f"(case when g.scale in ('period', '{READING}', '{ROUTE}') then 1 else"
        " try_cast(coalesce(g.scale, '1') as double) end)"
    )
    unit = "case when (k.fuel or i.burnt) and u.of_fuel is not null then u.of_fuel else u.unit end"
    tail = "case when contains(i.item, '/') then substr(i.item, strpos(i.item, '/')) else '' end"
    ends = (
        f"case when g.scale = '{ROUTE}' and not contains(i.item, coalesce(nullif(w.way, ''), '/'))"
        " then coalesce(w.way, '') else '' end"
    )
    haul = (
        "case when w.haul <> '' and not starts_with(b.becomes, w.haul) then w.haul else"
        " b.becomes end"
    )
    item = f"case when b.becomes is not null then {haul} || {ends} || {tail} else i.item end"
    written = (
        "g.quantity || coalesce(' × ' || replace(g.times, '|', ' × '), '') || coalesce(' / ' ||"
        " replace(g.over, '|', ' / '), '')"
    )
    start_text = "coalesce(nullif(trim(g.period_start), ''), nullif(trim(g.period), ''))"
    con.execute(f"""
        create or replace temp table parsed as
        select g.rowid as given_id,
               g.source_file, g.source_row, g.sheet, g.kind, {_basis_of("u.dimension")} as basis,
               g.site as site_text, coalesce(s.site, case when g.kind = 'instrument' and coalesce(g.site, '') = '' then '' end) as site,
               {written} as quantity_text, g.unit as unit_text, {unit} as unit, u.choice as unit_choice, u.near as unit_near,
               coalesce(list_contains(k.dimensions, u.dimension) or (k.fuel and u.unit = 'kWh'), false)
                   and (g.measures is null or list_contains(string_split(g.measures, '|'), u.dimension)) as dimension_fits,
               {shares_out} as share_above_one, g.scale = 'period' as for_period,
               coalesce(k.avoided, false) as avoided, coalesce(k.irregular, false) as irregular,
               {amount} * coalesce(u.scale, 1) * {scale} * {own_scale} as quantity,
               g.item as item_text, {item} as item, i.choices as item_choices, i.near as item_near,
               case when g.scale = '{ROUTE}' then w.fault end as route_fault, {amount} * coalesce(u.scale, 1) as single_amount,
               coalesce(k.fuel and u.of_fuel is null and u.unit = 'kWh' and not coalesce(i.plain_energy, false), false) as heating_unstated,
               coalesce(k.metered, false) as metered, g.scale = '{READING}' as is_reading, coalesce(g.meter, '') as meter, coalesce(g.document, '') as document,
               coalesce(g.region, '') as region_text, r.region, coalesce(trim(g.party), '') as party,
               g.uncertainty as spread_text, p.spread_kind, p.spread_95, coalesce(p.known, true) as spread_known,
               t.tier, m.market, g.retired_for, {factor} as factor,
               coalesce(g.period_start, g.period) as period_text,
               {_period_sql(start_text)} as starts,
               {_period_sql("nullif(trim(g.period_end), '')", ends=True)} as ends
        from given g
        left join sites s on s.text = coalesce(g.site, '')
        left join units u on u.text = coalesce(g.unit, '')
        left join kinds k on k.kind = g.kind
        left join items i on i.kind = g.kind and i.text = coalesce(g.item, '')
        left join routes w on g.scale = '{ROUTE}' and w.text = g.quantity
        left join bands b on b.kind = g.kind and split_part(i.item, '/', 1) = b.base
             and {amount} * coalesce(u.scale, 1) > b.above and {amount} * coalesce(u.scale, 1) <= b.below and u.dimension in ('distance', 'travel')
        left join tiers t on t.text = coalesce(g.tier, '')
        left join regions r on r.text = coalesce(g.region, '')
        left join markets m on m.text = coalesce(g.market, '')
        left join spreads p on p.text = coalesce(g.uncertainty, '')
    """)
    shift = workspace.calendar.shift_months
    con.execute(
        f"""
        create or replace temp table dated as
        select * exclude (starts, ends, quantity, for_period), quantity * case when for_period then
                   (epoch(coalesce(ends.past, starts.past)) - epoch(starts.first)) / 86400
                   / (case when isfinite(starts.first) and dayofyear(make_date(year(starts.first), 12, 31)) = 366 then 366 else 365 end)
                   else 1 end as quantity,
               starts.first as period_start, coalesce(ends.past, starts.past) as period_end,
               starts.first as whole_start, coalesce(ends.past, starts.past) as whole_end,
               coalesce(strftime(starts.first, '%Y-%m'), '') as month,
               coalesce('FY' || lpad(year(starts.first + interval ({shift}) month)::varchar, 4, '0'), 'unknown') as fiscal_year,
               o.opened as site_opened, o.closed as site_closed, ?::timestamp as today
        from parsed left join owned o using (site)
    """,
        [today],
    )
    _open_ends(con)
    _split_months(con, workspace.calendar)
    _context(con)


def _open_ends(con: duckdb.DuckDBPyConnection) -> None:
    """Where a sheet's bills end on the day on which the next begin, that day is the next one's."""
    same = " and ".join(
        f"a.{c} is not distinct from b.{c}"
        for c in ("source_file", "base", "kind", "item", "site", "meter")
    )
    whole = "metered and period_end > period_start + interval 1 day"
    con.execute(f"""
        update dated set period_end = period_end - interval 1 day, whole_end = whole_end - interval 1 day
        where {whole} and (source_file, sheet, kind) in (
            select (a.source_file, a.sheet, a.kind) from (select *, {BASE_SHEET} as base from dated where {whole}) a
            join (select *, {BASE_SHEET} as base from dated where {whole}) b
            on {same} and b.period_start = a.period_end - interval 1 day and b.period_start > a.period_start
               and b.period_end > a.period_end)
    """)


def _lookup_sites(con: duckdb.DuckDBPyConnection, workspace: Workspace) -> None:
    texts = _distinct(con, "site")
    _table(
        con,
        "sites",
        {"text": "varchar", "site": "varchar"},
        ((t, workspace.names.get(match_key(t))) for t in texts),
    )
    _table(
        con,
        "owned",
        {"site": "varchar", "opened": "timestamp", "closed": "timestamp", "type": "varchar"},
        (
            (s.id, None if s.bought else s.opened, _past(s.closed), s.type)
            for s in workspace.organisation.sites
        ),
    )


def _past(day: Any) -> Any:
    from datetime import timedelta

    return None if day is None else day + timedelta(days=1)


def _difference_readings(con: duckdb.DuckDBPyConnection) -> None:
    """Turn the readings of counters into what was consumed between two of them.

    The first of each counter opens it.
    """
    number, day = _number_sql("quantity"), f"({_period_sql('period')}).first"
    con.execute(f"""
        create or replace temp table counters as
        select rowid as place, {number} - lag({number}) over counter as used, lag({day}) over counter as since, {day} as day
        from given where scale = '{READING}'
        window counter as (partition by source_file, {BASE_SHEET}, kind, site, meter, item order by {day}, source_row)
    """)
    con.execute("""
        update given set quantity = round(c.used, 9)::varchar, period = null,
               period_start = strftime(c.since + interval 1 day, '%Y-%m-%d'), period_end = strftime(c.day, '%Y-%m-%d')
        from counters c where given.rowid = c.place and c.since is not null
    """)
    con.execute(
        "create or replace temp table openings as select given.* from given join counters c on"
        " given.rowid = c.place where c.since is null and c.day is not null"
    )
    con.execute(
        "delete from given where rowid in (select place from counters where since is null and day"
        " is not null)"
    )


def _lookup_units(con: duckdb.DuckDBPyConnection, currency: str) -> None:
    rows = []
    for text in _distinct(con, "unit"):
        unit = read_unit(text, currency) if text else None
        choice = ambiguous(text.split(" * ")[0], currency)
        near = "" if unit or choice else ", ".join(nearest_units(text.split(" * ")[0]))
        dimension = dimension_of(unit.canonical) if unit else None
        rows.append(
            (
                text,
                unit.canonical if unit else None,
                unit.scale if unit else None,
                choice,
                dimension,
                near,
                (unit.of_fuel or None) if unit else None,
            )
        )
    types = {
        "text": "varchar",
        "unit": "varchar",
        "scale": "double",
        "choice": "varchar",
        "dimension": "varchar",
        "near": "varchar",
        "of_fuel": "varchar",
    }
    _table(con, "units", types, rows)
    kinds = (
        (
            k.id,
            list(k.dimensions),
            k.book == "avoided",
            k.open or k.book == "avoided",
            k.metered,
            "energy-net" in k.dimensions and "energy" not in k.dimensions,
        )
        for k in KINDS.values()
    )
    columns = {
        "kind": "varchar",
        "dimensions": "varchar[]",
        "avoided": "boolean",
        "irregular": "boolean",
        "metered": "boolean",
        "fuel": "boolean",
    }
    _table(con, "kinds", columns, kinds)
    bands = [
        (k.id, base, limits[place - 1][0] if place else -1.0, below, becomes)
        for k in KINDS.values()
        for base, limits in k.bands.items()
        for place, (below, becomes) in enumerate(limits)
    ]
    types = {
        "kind": "varchar",
        "base": "varchar",
        "above": "double",
        "below": "double",
        "becomes": "varchar",
    }
    _table(con, "bands", types, bands)


def _lookup_items(con: duckdb.DuckDBPyConnection, workspace: Workspace) -> None:
    """What each word for an item means, by our own names and by what the factor book knows."""
    wanted = con.execute("select distinct kind, coalesce(item, '') from given").fetchall()
    known, plain = _book_items(
        {KINDS[kind].known_by for kind, _ in wanted if KINDS[kind].known_by}, workspace
    )
    rows = []
    for kind_id, text in wanted:
        kind = KINDS[kind_id]
        items = [i for of in kind.known_by for i in known.get(of, ())]
        if text:
            item = kind.item_named(text, items) if kind.items else ""
        else:
            item = None if kind.item_required else next(iter(kind.items), "")
        choices = (
            [c for c in kind.choices(text) if c in items or c in kind.items] if item is None else []
        )
        near = (
            nearest_items(slug(text), [*items, *kind.items])
            if item is None and text and not choices
            else []
        )
        by_energy = any((of, item) in plain for of in kind.known_by)
        rows.append(
            (
                kind_id,
                text,
                item,
                (
                    ", ".join(choices[:-1]) + " or " + choices[-1]
                    if len(choices) > 1
                    else ", ".join(choices) or None
                ),
                ", ".join(near),
                by_energy,
                item in FUELS,
            )
        )
    types = {
        "kind": "varchar",
        "text": "varchar",
        "item": "varchar",
        "choices": "varchar",
        "near": "varchar",
        "plain_energy": "boolean",
        "burnt": "boolean",
    }
    _table(con, "items", types, rows)


def _book_items(
    kinds: set[tuple[str, ...]], workspace: Workspace
) -> tuple[dict[str, set[str]], set[tuple[str, str]]]:
    """Items that the factor book has of some kinds.

    And those with a factor printed per kWh of no stated heating value.
    """
    from abate.application.inventory.inputs import factor_imports

    wanted = {of for some in kinds for of in some}
    known: dict[str, set[str]] = {of: set() for of in wanted}
    plain: set[tuple[str, str]] = set()
    if not wanted:
        return known, plain
    found = {
        (row["kind"], row["item"], row["unit"]) for row in default_rows() if row["kind"] in wanted
    }
    listed, ids = (
        ", ".join(literal(x) for x in sorted(some)) for some in (wanted, factor_imports(workspace))
    )
    if ids:
        with workspace.store.connect("factors") as book:
            found |= set(
                book.execute(
                    f"select distinct kind, item, unit from factors where kind in ({listed}) and"
                    f" import_id in ({ids})"
                ).fetchall()
            )
    for kind, item, unit in found:
        known[kind].add(item)
        if unit.partition("/")[2] in ("kWh", "MWh", "GJ", "MJ", "TJ"):
            plain.add((kind, item))
    return known, plain


def _lookup_routes(con: duckdb.DuckDBPyConnection) -> None:
    """Distances between the places that rows name in place of a distance."""
    texts = [
        row[0]
        for row in con.execute(
            f"select distinct quantity from given where scale = '{ROUTE}'"
        ).fetchall()
    ]
    rows = []
    for text in texts:
        start, _, end = text.partition(" > ")
        route = route_between(start, end)
        told = (
            (None, route, "", "")
            if isinstance(route, str)
            else (route.km, None, _way(route), route.haul)
        )
        rows.append((text, *told))
    _table(
        con,
        "routes",
        {
            "text": "varchar",
            "km": "double",
            "fault": "varchar",
            "way": "varchar",
            "haul": "varchar",
        },
        rows,
    )


def _way(route: Route) -> str:
    """What a route adds to a flight's item.

    That it stays in one country, or leaves out the country of the factors.
    """
    return "/domestic" if route.domestic else "" if route.british else "/non-uk"


def _lookup_tiers(con: duckdb.DuckDBPyConnection) -> None:
    _table(
        con,
        "tiers",
        {"text": "varchar", "tier": "varchar"},
        ((t, tier_named(t)) for t in _distinct(con, "tier")),
    )


def _lookup_regions(con: duckdb.DuckDBPyConnection) -> None:
    rows = ((t, region_named(t)) for t in _distinct(con, "region"))
    _table(con, "regions", {"text": "varchar", "region": "varchar"}, rows)
    markets = ((t, market_named(t) or None) for t in _distinct(con, "market"))
    _table(con, "markets", {"text": "varchar", "market": "varchar"}, markets)


def _lookup_spreads(con: duckdb.DuckDBPyConnection) -> None:
    read = {t: read_spread(t) if t else ("", None) for t in _distinct(con, "uncertainty")}
    types = {"text": "varchar", "spread_kind": "varchar", "spread_95": "double", "known": "boolean"}
    rows = (
        (t, spread[0] if spread else "", spread[1] if spread else None, spread is not None)
        for t, spread in read.items()
    )
    _table(con, "spreads", types, rows)


def _distinct(con: duckdb.DuckDBPyConnection, column: str) -> list[str]:
    return [
        row[0]
        for row in con.execute(f"select distinct coalesce({column}, '') from given").fetchall()
    ]


def _table(
    con: duckdb.DuckDBPyConnection,
    name: str,
    types: dict[str, str],
    rows: Iterable[tuple[Any, ...]],
) -> None:
    """Make a small table; rows go in as one block, for the engine is slow row by row."""
    import pyarrow as pa

    con.execute(
        f"create or replace temp table {name} ({', '.join(f'{c} {t}' for c, t in types.items())})"
    )
    content = [dict(zip(types, row, strict=True)) for row in rows]
    if content:
        con.register("block", pa.Table.from_pylist(content))
        con.execute(f"insert into {name} select * from block")
        con.unregister("block")


def _number_sql(text: str) -> str:
    """SQL that reads a number with thousands separators; parentheses mean below zero.

    Null for anything else.
    """
    plain = (
        f"translate(coalesce({text}, ''), '０１２３４５６７８９．，－（）−–', '0123456789.,-()--')"
    )
    bare = f"regexp_replace({plain}, '[\\s¥￥$€£₹\u00a0\u202f\u2009''’`´_]', '', 'g')"
    for below_zero in ("^\\((.*)\\)$", "^([0-9][0-9.,]*)(?:-|CR|Cr|cr)$"):
        bare = f"regexp_replace({bare}, '{below_zero}', '-\\1')"
    return (
        f"(case when regexp_full_match({text}, '{_PLAIN}') then cast({text} as double) when"
        f" regexp_matches({bare}, '{_NUMBER}') then try_cast(replace({bare}, ',', '') as"
        " double) end)"
    )


def _period_sql(text: str, *, ends: bool = False) -> str:
    """SQL that reads a date, a month or a moment.

    A struct of its first moment and the first one past it. A moment that ends a period is past it,
    but for the last minute of a day, which belongs to it.
    """
    plain = (
        "regexp_replace(regexp_replace(regexp_replace("
        + text
        + ", '[年月/\\.](\\d)', '-\\1', 'g'), '[年月日]', '', 'g'), 'T', ' ')"
    )
    first = f"""case
        when regexp_matches({plain}, '^(19|20)\\d{{2}}$') then try_strptime({plain}, '%Y')
        when regexp_matches({plain}, '^\\d{{4}}-\\d{{1,2}}$') then try_strptime({plain}, '%Y-%m')
        when regexp_matches({plain}, '^\\d{{6}}$') then try_strptime({plain}, '%Y%m')
        when regexp_matches({plain}, '^\\d{{8}}$') then try_strptime({plain}, '%Y%m%d')
        when regexp_matches({plain}, '^\\d{{4}}-\\d{{1,2}}-\\d{{1,2}}$') then try_strptime({plain}, '%Y-%m-%d')
        when regexp_matches({plain}, '^\\d{{4}}-\\d{{1,2}}-\\d{{1,2}} \\d') then try_cast({plain} as timestamp)
        when regexp_matches({plain}, '^[A-Za-z]+[- ]\\d{{2}}$') then try_strptime({plain}, ['%b-%y', '%b %y', '%B %y'])
        when regexp_matches({plain}, '^[A-Za-z]+[- ]\\d{{4}}$') then try_strptime({plain}, ['%b-%Y', '%b %Y', '%B %Y'])
        when regexp_matches({plain}, '^\\d{{1,2}} [A-Za-z]+ \\d{{4}}$') then try_strptime({plain}, ['%d %b %Y', '%d %B %Y'])
    end"""
    last = f"regexp_extract({plain}, ' 23:59(:\\d\\d)?', 1)"
    moment = (
        f"(case when not contains({plain}, ' 23:59') then interval 0 second when {last} = ':59' then"
        " interval 1 second else interval 1 minute end)"
        if ends
        else "interval 1 hour"
    )
    length = f"""case
        when regexp_matches({plain}, '^\\d{{4}}$') then interval 1 year
        when regexp_matches({plain}, '^\\d{{4}}-\\d{{1,2}}$|^\\d{{6}}$|^[A-Za-z]+[- ]\\d+$') then interval 1 month
        when regexp_matches({plain}, '^\\d{{4}}-\\d{{1,2}}-\\d{{1,2}} \\d') then {moment}
        else interval 1 day
    end"""
    return f"{{'first': ({first})::timestamp, 'past': ({first})::timestamp + ({length})}}"


def _default_spreads() -> str:
    return " ".join(
        f"when {literal(basis)} then {spread}" for basis, spread in ACTIVITY_SPREAD_95.items()
    )


def _split_months(con: duckdb.DuckDBPyConnection, calendar: FiscalCalendar) -> None:
    """Split periods of several months by days, so that each activity lies in one month.

    Only sound periods of up to five years are split; what is unsound goes on whole, to the checks.
    """
    shift = calendar.shift_months
    long = """(period_end > period_start + interval 1 day and kind <> 'instrument'
               and date_trunc('month', period_end - interval 1 second) > date_trunc('month', period_start)
               and period_end < period_start + interval 5 year)"""
    if con.execute(f"select count(*) from dated where {long}").fetchall() == [(0,)]:
        con.execute(
            "create or replace temp table parts as select *, given_id + 1 as row_id from dated"
        )
        return
    con.execute(f"""
        create or replace temp table parts as
        with spans as (
            select *, {long} as long
            from dated
        ), months as (
            select s.* exclude (long), unnest(generate_series(date_trunc('month', period_start),
                   period_end - interval 1 second, interval 1 month)) as month_first
            from spans s where long
        ), pieces as (
            select * exclude (month_first), greatest(period_start, month_first) as a,
                   least(period_end, month_first + interval 1 month) as b from months
        ), cut as (
            -- one row's error is one error: what its months would average out is given back to each of them
            select * exclude (spread_kind, spread_95), coalesce(nullif(spread_kind, ''), 'normal') as spread_kind,
                   case when spread_kind = 'lognormal' then exp(ln(spread_95) * widened)
                        else coalesce(spread_95, case basis {_default_spreads()} end) * widened end as spread_95
            from (select *, 1 / sqrt(sum(pow((epoch(b) - epoch(a)) / (epoch(period_end) - epoch(period_start)), 2))
                                     over (partition by given_id)) as widened from pieces)
        )
        select *, row_number() over (order by given_id, period_start) as row_id from (
        select * exclude (long) from spans where not coalesce(long, false)
        union all by name
        select * exclude (a, b, widened, quantity, period_start, period_end, month, fiscal_year),
               quantity * (epoch(b) - epoch(a)) / (epoch(period_end) - epoch(period_start)) as quantity,
               a as period_start, b as period_end, strftime(a, '%Y-%m') as month,
               'FY' || lpad(year(a + interval ({shift}) month)::varchar, 4, '0') as fiscal_year
        from cut)
    """)


def _shifted(month: str | None, by: int) -> str:
    """A month that lies some months later."""
    if not month or len(month) != 7:
        return month or ""
    count = int(month[:4]) * 12 + int(month[5:]) - 1 + by
    return f"{count // 12:04d}-{count % 12 + 1:02d}"


def _folded(column: str) -> str:
    """SQL of a name without case and spaces.

    So that one action is not booked under two spellings.
    """
    return f"lower(regexp_replace({column}, '[\\s_-]+', '', 'g'))"


def _told(own: str = "") -> str:
    """SQL of the place of a row for people: with its file where several are read in one pass."""
    return (
        "(case when (select count(*) from entering) > 1 then source_file || ' row ' || source_row"
        f" else 'row ' || source_row || '{own}' end)"
    )


def _bills(con: duckdb.DuckDBPyConnection, first: str | None, last: str | None) -> None:
    """Of each bill: another.

    That covers its days or its very period, the one it takes back, the one it repeats.
    """
    con.execute(f"""
        create or replace temp table bills as
        with bills as (
            -- meters and bills, each whole, with those that the ledger has of the same places and months
            select row_id, kind, item, site, meter, party, document, quantity, whole_start as a, whole_end as b,
                   {_told()} as told
            from parts where metered and period_start = whole_start and quantity is not null
            union all
            select null, kind, item, site, meter, party, document, sum(quantity), min(period_start), max(period_end),
                   source_file || ' row ' || source_row
            from live_activities
            where kind in (select kind from kinds where metered) and site in (select distinct site from parts where metered)
                  and month between {literal(_shifted(first, -12))} and {literal(_shifted(last, 12))}
            group by kind, item, site, meter, party, document, source_file, source_row, import_id
        ), reversals as (
            -- a credit note takes back a bill of the same place, period and amount
            select c.row_id, b.row_id as of_row, b.told from bills c join bills b
                 on c.kind = b.kind and c.item is not distinct from b.item and c.site = b.site and c.meter = b.meter
                and c.quantity < 0 and b.quantity = -c.quantity and b.a = c.a and b.b = c.b
        ), standing as (
            select * from bills where row_id is null or (row_id not in (select row_id from reversals where row_id is not null)
                                                         and row_id not in (select of_row from reversals where of_row is not null))
        ), ranked as (
            select *, max(b) over earlier as past, arg_max(told, b) over earlier as before, arg_max(a, b) over earlier as since,
                   arg_max(b, b) over earlier as until
            from standing where quantity > 0
            window earlier as (partition by kind, item, site, meter, party order by a, b desc, row_id nulls first, told
                               rows between unbounded preceding and 1 preceding)
        ), covering as (
            select row_id, before, a = since and b = until as same_period from ranked
            where row_id is not null and past > a + interval 1 day
        ), invoices as (
            select n.row_id, min(o.told) as told from bills n join bills o
                 on n.kind = o.kind and n.item is not distinct from o.item and n.site = o.site and n.meter = o.meter
                and n.party = o.party and n.document = o.document and n.quantity = o.quantity and n.a < o.b and o.a < n.b
            where n.row_id is not null and coalesce(o.row_id < n.row_id, true) and n.document <> '' and n.quantity > 0
            group by all
        )
        select row_id, min(case when not same_period then before end) as covers, min(case when same_period then before end) as beside,
               min(taken) as reversed_by, min(repeated) as invoice_in
        from (select row_id, before, same_period, null as taken, null as repeated from covering
              union all select row_id, null, null, told, null from reversals
              union all select row_id, null, null, null, told from invoices)
        where row_id is not null group by row_id
    """)


MAGNITUDE, MAGNITUDE_OF_TWO, MAGNITUDE_OF_PEERS = 100, 300, 1000
"""How many times the usual amount of its place is out of proportion: of several, of two, and of
other places alike.
"""
LEAST_ROWS_FOR_MEDIAN = 6
DENSITY_MAX_KWH = 5000
"""More energy a year and square metre than any building but a data centre takes."""


def _sizes(con: duckdb.DuckDBPyConnection) -> None:
    """Of each row that is out of proportion, beside what.

    Rows of its place, its past, its floor area, places alike.

    Corrections are left out: they have been looked at, and say why.
    """
    kinds = con.execute("select distinct kind from parts where not irregular").fetchall()
    listed = ", ".join(literal(kind) for (kind,) in kinds) or "''"
    near_by = "a.kind = b.kind and a.item is not distinct from b.item and a.unit = b.unit"
    same = (
        "{0}.kind = n.kind and {0}.item is not distinct from n.item and {0}.site = n.site"
        " and {0}.unit = n.unit"
    )
    con.execute(f"""
        create or replace temp table sizes as
        with whole as (
            select given_id, any_value(kind) as kind, any_value(item) as item,
                   any_value(site) as site, any_value(meter) as meter,
                   any_value(unit) as unit, sum(quantity) as quantity,
                   greatest((epoch(max(period_end)) - epoch(min(period_start))) / 86400, 1 / 24)
                       as days
            from parts where quantity > 0 and not irregular and period_start is not null
                 and kind <> 'instrument' and source_file not in (
                     select source_file from entering where template = 'correction')
            group by given_id
        ), rated as (
            select *, quantity / days as rate, median(quantity) over place as median_quantity,
                   count(*) over place as rows
            from whole window place as (partition by kind, item, site, meter)
        ), near as (
            select *, least(rate / lag(rate) over place, lead(rate) over place / rate) as nearest
            from rated window place as (partition by kind, item, site, meter order by rate)
        ), monthly as (
            select kind, item, site, month, unit, sum(quantity_micro) / 1e6 as quantity
            from live_totals
            where kind in ({listed}) and regexp_matches(month, '^\\d{{4}}-\\d\\d$')
                  and quantity_micro > 0 group by all
        ), months as (
            select kind, item, site, month, unit,
                   quantity / day(last_day(strptime(month, '%Y-%m'))) as rate from monthly
        ), past as (
            select kind, item, site, unit, max(rate) as most from months group by all
        ), typical as (
            select kind, item, site, unit, median(rate) as rate
            from (select kind, item, site, unit, rate from months
                  union all by name select kind, item, site, unit, rate from rated)
            group by all
        ), peers as (
            select a.kind, a.item, a.site, a.unit, median(b.rate) as rate, count(*) as places
            from typical a join owned o on o.site = a.site
            join owned p on p.type = o.type and p.site <> o.site
            join typical b on b.site = p.site and {near_by} group by all
        ), areas as (
            select site, arg_max(quantity, month) as m2 from (
                select site, quantity_micro / 1e6 as quantity, month from live_totals
                where kind = 'floor-area'
                union all select site, quantity, month from parts where kind = 'floor-area')
            group by 1
        )
        select n.given_id, case
            when rows >= {LEAST_ROWS_FOR_MEDIAN} and (
                     quantity >= {MAGNITUDE} * median_quantity
                     or quantity * {MAGNITUDE} <= median_quantity)
                then round(quantity / median_quantity, 4) || ' times the median.'
            when rows > 2 and nearest >= {MAGNITUDE} or rows = 2 and nearest >= {MAGNITUDE_OF_TWO}
                then round(nearest, 1) || ' times away from any other row of its place.'
            when n.rate >= {MAGNITUDE} * past.most
                then round(n.rate / past.most, 1) || ' times a day what the place ever took.'
            when n.unit = 'kWh' and o.type not like '%data%'
                 and n.rate * 365 > {DENSITY_MAX_KWH} * areas.m2
                then round(n.rate * 365 / areas.m2) || ' kWh a year and square metre of floor.'
            when peers.places >= 2 and not (n.rate between peers.rate / {MAGNITUDE_OF_PEERS}
                 and peers.rate * {MAGNITUDE_OF_PEERS})
                then round(n.rate / peers.rate, 4) || ' times what places alike take.'
            end as odd_size
        from near n left join past on {same.format("past")}
        left join peers on {same.format("peers")}
        left join owned o on o.site = n.site left join areas on areas.site = n.site
    """)


def _context(con: duckdb.DuckDBPyConnection) -> None:
    """What a row must know of other rows.

    Copies before it, the median of its place, a gap it may belong to.
    """
    # Lists of our own kinds and months: files of the ledger without them are not even opened.
    kinds, first, last = con.execute(
        "select list(distinct kind), min(month), max(month) from parts"
    ).fetchall()[0]
    near = (
        f"kind in ({', '.join(map(literal, kinds or ['']))}) and month between"
        f" {literal(first or '')} and {literal(last or '')}"
    )
    booked = con.execute("select count(*) from parts where avoided").fetchall()[0][0]
    avoided = (
        ", ".join(literal(k.id) for k in KINDS.values() if k.book == "avoided") if booked else "''"
    )
    if booked:  # any programme may have booked the action
        near = f"month between {literal(first or '')} and {literal(last or '')}"
    _bills(con, first, last)
    _sizes(con)
    con.execute(f"""
        create or replace temp table staged as
        with months as (
            select distinct source_file || ':' || {BASE_SHEET} as sheet, kind, item, site, meter, month,
                   year(period_start) * 12 + month(period_start) as m
            from parts where period_start is not null and kind <> 'instrument'
        ), alone as (
            select a.sheet, a.kind, a.item, a.site, a.meter, a.m, min(n.m) as near_gap, g.gap
            from months a
            join (values (-12), (12)) as d(gap) on true
            join lateral (select a.m + d.gap as gap) g on true
            join months n on n.sheet = a.sheet and n.kind = a.kind and n.item is not distinct from a.item
                         and n.site = a.site and n.meter = a.meter and n.m in (g.gap - 1, g.gap + 1)
            where not exists (select 1 from months x where x.sheet = a.sheet and x.kind = a.kind
                                and x.item is not distinct from a.item and x.site = a.site and x.meter = a.meter
                                and x.m in (a.m - 1, a.m + 1, g.gap))
            group by all
        ), many as (
            select sheet, kind, item, site, meter from months group by all having count(*) >= 6
        ), slips as (
            select a.sheet, a.kind, a.item, a.site, a.meter, a.m,
                   min(((a.gap - 1) // 12)::varchar || '-' || lpad(((a.gap - 1) % 12 + 1)::varchar, 2, '0')) as fills_gap
            from alone a join many using (sheet, kind, site, meter)
            where many.item is not distinct from a.item group by all
        ), earlier as (
            select kind, item, site, meter, party, region, period_start, period_end, quantity, document,
                   count(*) as copies, min(source_file || ' row ' || source_row) as place
            from live_activities semi join months using (kind, month) where {near} group by all
        ), acted as (
            select {_folded("party")} as actor, {_folded("document")} as action, month,
                   min(source_file || ' row ' || source_row) as place
            from live_activities where {near} and kind in ({avoided}) group by all
        ), claimed as (
            select document, count(*) as copies, min(source_file || ' row ' || source_row) as place
            from live_instruments group by all
        ), keyed as (
            select row_id, hash(kind, document, case when kind <> 'instrument' then hash(
                       item, site, meter, party, region, period_start, period_end, quantity) end) as same
            from parts
        ), twins as ( -- few rows have one
            select row_id, row_number() over copies - 1 as copies_inside,
                   first_value({_told(" of this file")}) over copies as first_inside
            from parts join keyed using (row_id)
            where same in (select same from keyed group by same having count(*) > 1)
            window copies as (partition by kind, document, same order by row_id)
        ), actions as (
            select row_id, row_number() over action - 1 as before, first_value({_told(" of this file")}) over action as first_row
            from parts where avoided window action as (partition by {_folded("party")}, {_folded("document")}, month order by row_id)
        )
        select c.*, l.covers, l.beside, l.reversed_by, l.invoice_in,
               z.odd_size, s.fills_gap,
               coalesce(t.copies_inside, 0) + coalesce(e.copies, 0) + coalesce(i.copies, 0)
                   as copies_before,
               coalesce(e.place, i.place, t.first_inside) as first_copy,
               case when a.place is not null then a.place
                    when x.before > 0 then x.first_row end as booked_in
        from parts c
        left join twins t on t.row_id = c.row_id
        left join sizes z on z.given_id = c.given_id
        left join slips s on s.sheet = c.source_file || ':' || split_part(c.sheet, ':', 1) and s.kind = c.kind and s.item is not distinct from c.item
                         and s.site = c.site and s.meter = c.meter
                         and s.m = year(c.period_start) * 12 + month(c.period_start)
        left join earlier e on e.kind = c.kind and e.item is not distinct from c.item and e.site = c.site
                           and e.meter = c.meter and e.period_start = c.period_start
                           and e.quantity = c.quantity and e.document = c.document and e.party = c.party
                           and e.region is not distinct from c.region
        left join actions x on c.avoided and x.row_id = c.row_id
        left join acted a on c.avoided and a.actor = {_folded("c.party")} and a.action = {_folded("c.document")}
                         and a.month = c.month
        left join claimed i on c.kind = 'instrument' and i.document = c.document
        left join bills l on l.row_id = c.row_id
    """)


@cache
def _checks_sql() -> str:
    """All row checks as one statement, compiled once per process from their Ibis expressions."""
    import ibis

    from abate.application.catalogue import row_checks

    columns = {
        "row_id": "int64",
        "source_row": "int32",
        "sheet": "string",
        "kind": "string",
        "site_text": "string",
        "site": "string",
        "quantity_text": "string",
        "unit_text": "string",
        "unit": "string",
        "unit_choice": "string",
        "dimension_fits": "boolean",
        "quantity": "float64",
        "item_text": "string",
        "item": "string",
        "meter": "string",
        "document": "string",
        "tier": "string",
        "market": "string",
        "retired_for": "string",
        "factor": "float64",
        "region_text": "string",
        "region": "string",
        "party": "string",
        "spread_text": "string",
        "spread_known": "boolean",
        "avoided": "boolean",
        "period_text": "string",
        "period_start": "timestamp(6)",
        "period_end": "timestamp(6)",
        "month": "string",
        "fiscal_year": "string",
        "site_opened": "timestamp(6)",
        "site_closed": "timestamp(6)",
        "today": "timestamp(6)",
        "odd_size": "string",
        "fills_gap": "string",
        "copies_before": "int64",
        "first_copy": "string",
        "booked_in": "string",
        "irregular": "boolean",
        "share_above_one": "boolean",
        "unit_near": "string",
        "item_choices": "string",
        "item_near": "string",
        "route_fault": "string",
        "heating_unstated": "boolean",
        "covers": "string",
        "beside": "string",
        "reversed_by": "string",
        "invoice_in": "string",
    }
    staged = ibis.table(columns, name="staged")
    found = [_finding_rows(staged, one, place) for place, one in enumerate(row_checks())]
    return str(ibis.to_sql(ibis.union(*found), dialect="duckdb"))


def _finding_rows(staged: Any, one: Check, place: int) -> Any:
    import ibis

    broken, message = one(staged)
    rule = one.rule
    hit = staged.mutate(broken=broken.fill_null(False), message=message)
    return hit.filter(hit.broken).select(
        row_id=hit.row_id,
        code=ibis.literal(rule.code),
        severity=ibis.literal(str(rule.severity)),
        hint=ibis.literal(rule.hint),
        precedence=ibis.literal(rule.precedence * 1000 + place, "int32"),
        message=hit.message,
    )


def judge(con: duckdb.DuckDBPyConnection, accept: frozenset[str]) -> None:
    """Ask every check; make `findings`, and `blocked` with the rows that stay out."""
    con.execute(f"create or replace temp table verdicts as {_checks_sql()}")
    listed = ", ".join(f"'{code}'" for code in sorted(accept)) or "''"
    blocker, warning = Severity.BLOCKER.value, Severity.WARNING.value
    split = con.execute("select count(*) > count(distinct given_id) from parts").fetchall()[0][0]
    same = "s.source_file, s.sheet, s.source_row, s.kind, v.code, v.message"
    once = f"distinct on ({same})" if split else ""  # of a row over several months one is told
    con.execute(f"""
        create or replace temp table found as
        select {once} v.row_id, v.code, v.precedence, v.hint,
               case when v.code in ({listed}) and v.severity = '{blocker}' then '{warning}' else v.severity end as severity,
               case when v.code in ({listed}) then v.message || ' Accepted.' else v.message end as message,
               s.source_file, s.sheet, s.source_row, coalesce(s.site, s.site_text) as site, s.month, s.kind
        from verdicts v join staged s using (row_id) order by v.row_id
    """)
    blocking = con.execute(
        f"select code from found where severity = '{blocker}' group by code order by"
        " min(precedence)"
    ).fetchall()
    codes = ", ".join(literal(code) for (code,) in blocking)
    con.execute(f"""
        create or replace temp table blocked as
        select source_file, sheet, source_row, kind,
               list_filter([{codes}]::varchar[], lambda code, place: mask >> (place - 1) & 1 = 1) as codes
        from (-- one bit for each code: lists of a million rows would not be written to disk
              select source_file, sheet, source_row, kind, bit_or(1::hugeint << (list_position([{codes}]::varchar[], code) - 1)) as mask
              from found where severity = '{blocker}' group by all)
    """)


CANNOT_ACCEPT = frozenset(
    [
        "missing-value",
        "not-a-number",
        "bad-date",
        "unknown-site",
        "ambiguous-unit",
        "unknown-unit",
        "wrong-dimension",
        "unknown-item",
        "bad-instrument",
        "heating-value-unstated",
        "unknown-region",
        "bad-uncertainty",
        "share-above-one",
        "action-unnamed",
        "action-booked-twice",
        "ambiguous-date",
        "ambiguous-item",
        "ambiguous-number",
        "unknown-place",
    ]
)
"""Findings that leave a row without a meaning: accepting them would be guessing."""
