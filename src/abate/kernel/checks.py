"""Checks that hold for every activity: one function per rule, one code per function.

A row check takes the staged table of an import and says for each row whether the rule is broken,
and in which words. A ledger check takes a table about the ledger and gives the rows that break the
rule.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import ibis

from abate.kernel.allocation import INSTRUMENT
from abate.kernel.finding import Rule, Severity

Verdict: TypeAlias = "tuple[Any, Any]"
"""A boolean column, true where the rule is broken, and a text column that says how."""
LedgerVerdict: TypeAlias = "tuple[Any, Any]"
"""A table of offending rows with `site`, `month`, and a text column of it that says how."""

ABSURD = 1e12


@dataclass(frozen=True, slots=True)
class Check:
    """A rule with the function that applies it.

    Args:
        rule: Code, severity, title, hint, precedence.
        function: Takes a table, gives a verdict.
        of: Name of the table that it takes: `staged` for rows of an import; of the ledger `monthly`
            totals, `expected` months, or `runs` of equal readings.
    """

    rule: Rule
    function: Callable[[Any], tuple[Any, Any]]
    of: str = "staged"

    def __call__(self, table: Any) -> tuple[Any, Any]:
        """Apply the rule."""
        return self.function(table)


def check(rule: Rule) -> Callable[[Callable[[Any], Verdict]], Check]:
    """Bind a row rule to its function."""
    return lambda function: Check(rule, function)


def ledger_check(
    rule: Rule, of: str = "monthly"
) -> Callable[[Callable[[Any], LedgerVerdict]], Check]:
    """Bind a ledger rule to its function."""
    return lambda function: Check(rule, function, of)


def _blocker(code: str, title: str, hint: str, precedence: int) -> Rule:
    return Rule(code, Severity.BLOCKER, title, hint, precedence)


def _text(column: Any) -> Any:
    return column.fill_null("").cast(str)


@check(
    _blocker("missing-value", "No amount", "Enter the amount, or drop the row with a reason.", 10)
)
def missing_value(staged: Any) -> Verdict:
    """Every row has an amount."""
    return _text(staged.quantity_text) == "", ibis.literal("The amount is empty.")


@check(
    _blocker(
        "ambiguous-number",
        "Number may be read in two ways",
        "Say once which mark begins the decimals: abate add FILE --decimal , or --decimal .",
        19,
    )
)
def ambiguous_number(staged: Any) -> Verdict:
    """No number leaves open whether its mark parts decimals or thousands."""
    text = _text(staged.quantity_text)
    told = (
        "'"
        + text.replace("?", "")
        + "' is ambiguous: its mark may be a decimal mark or part thousands."
    )
    return text.contains("?"), told


@check(_blocker("not-a-number", "Amount is not a number", "Enter a finite number.", 20))
def not_a_number(staged: Any) -> Verdict:
    """Every amount is a finite number."""
    bad = (
        staged.quantity.isnull() | staged.quantity.isnan() | staged.quantity.isinf()
    ) & staged.route_fault.isnull()
    clear = ~_text(staged.quantity_text).contains("?")
    return (_text(staged.quantity_text) != "") & bad & clear, "'" + _text(
        staged.quantity_text
    ) + "' is not a number."


@check(
    _blocker(
        "ambiguous-date",
        "Date may be read in two ways",
        "Say once which comes first: abate add FILE --dates dmy, or --dates mdy.",
        29,
    )
)
def ambiguous_date(staged: Any) -> Verdict:
    """No date leaves open whether its day or its month comes first."""
    text = _text(staged.period_text)
    return (
        text.contains("?"),
        "'" + text.replace("?", "") + "' is ambiguous: day first or month first?",
    )


@check(
    _blocker(
        "bad-date", "Date cannot be read", "Write it as 2024-01-31, or 2024-01 for a month.", 30
    )
)
def bad_date(staged: Any) -> Verdict:
    """Every row has a date that can be read."""
    clear = ~_text(staged.period_text).contains("?")
    return staged.period_start.isnull() & clear, "'" + _text(
        staged.period_text
    ) + "' is not a date."


@check(
    _blocker(
        "unknown-site",
        "Site is not in abate.toml",
        "Add the site, or the name as an alias of one.",
        40,
    )
)
def unknown_site(staged: Any) -> Verdict:
    """Every row names a site, or an entity, of the organisation."""
    general = (staged.kind == INSTRUMENT) & (_text(staged.site_text) == "")
    return staged.site.isnull() & ~general, "'" + _text(staged.site_text) + "' is not a site."


@check(
    _blocker(
        "ambiguous-unit",
        "Unit has several meanings",
        "Say once which: abate add FILE --answer 'gal=US gal', or write it.",
        50,
    )
)
def ambiguous_unit(staged: Any) -> Verdict:
    """No unit leaves a choice."""
    several = staged.unit_choice.notnull()
    return (
        several,
        "'"
        + _text(staged.unit_text)
        + "' is ambiguous: it may be "
        + _text(staged.unit_choice)
        + ".",
    )


@check(
    _blocker("unknown-unit", "Unit is not known", "Write a unit such as kWh, MWh, L, kg, GJ.", 51)
)
def unknown_unit(staged: Any) -> Verdict:
    """Every row has a unit that the unit library knows."""
    near = (_text(staged.unit_near) != "").ifelse(
        " Units most like it: " + _text(staged.unit_near) + ".", ""
    )
    return (
        staged.unit.isnull() & staged.unit_choice.isnull(),
        "'" + _text(staged.unit_text) + "' is not a unit." + near,
    )


@check(
    _blocker(
        "wrong-dimension", "Unit does not fit the kind", "Check the unit, or the kind of file.", 60
    )
)
def wrong_dimension(staged: Any) -> Verdict:
    """The unit measures what the kind of activity is measured in."""
    bad = staged.unit.notnull() & ~staged.dimension_fits
    return bad, "'" + _text(staged.unit_text) + "' does not measure " + staged.kind + "."


@check(
    _blocker(
        "ambiguous-item",
        "What was consumed may be several things",
        "Say once which: abate add FILE --answer 'coal=coal-industrial', or write it.",
        69,
    )
)
def ambiguous_item(staged: Any) -> Verdict:
    """No word for what was consumed leaves a choice."""
    several = staged.item.isnull() & staged.item_choices.notnull()
    return (
        several,
        "'"
        + _text(staged.item_text)
        + "' is ambiguous: it may be "
        + _text(staged.item_choices)
        + ".",
    )


@check(
    _blocker(
        "unknown-item",
        "What was consumed is not known",
        "Use a name that the factor book knows ('abate factors search WORD'), or import a"
        " publication that has it.",
        70,
    )
)
def unknown_item(staged: Any) -> Verdict:
    """What was consumed has a name that factors are filed under."""
    near = (_text(staged.item_near) != "").ifelse(
        " Names most like it: " + _text(staged.item_near) + ".", ""
    )
    bad = staged.item.isnull() & staged.item_choices.isnull()
    return bad, "'" + _text(staged.item_text) + "' is not known for " + staged.kind + "." + near


@check(_blocker("unknown-region", "Region is not a code", "Write a code such as AU or CN-ZJ.", 75))
def unknown_region(staged: Any) -> Verdict:
    """A region in a row is written as a code."""
    bad = staged.region.isnull() & (_text(staged.region_text) != "")
    return bad, "'" + _text(staged.region_text) + "' is not a code of a region."


@check(
    _blocker(
        "bad-uncertainty",
        "Uncertainty cannot be read",
        "Write '5 %', 'x1.4', or five scores '2,1,1,3,2'.",
        76,
    )
)
def bad_uncertainty(staged: Any) -> Verdict:
    """An uncertainty in a row is a half range, a factor, or five pedigree scores."""
    return ~staged.spread_known, "'" + _text(staged.spread_text) + "' is not an uncertainty."


@check(
    _blocker(
        "share-above-one",
        "Share above one",
        "Write 0.4 for 40 %; a part cannot exceed its whole.",
        77,
    )
)
def share_above_one(staged: Any) -> Verdict:
    """Shares, and the part of a tour that is ours, lie between none and all."""
    return staged.share_above_one, "'" + _text(staged.quantity_text) + "' holds a share above one."


@check(
    _blocker(
        "negative-quantity",
        "Amount below zero",
        "Enter the true reading; of purchases, a credit note in money is taken.",
        80,
    )
)
def negative_quantity(staged: Any) -> Verdict:
    """No amount is below zero, but for money that comes back for goods that went back.

    And for a bill taken back whole.
    """
    credit = (staged.irregular & staged.unit.re_search("^[A-Z]{3}")) | staged.reversed_by.notnull()
    return (staged.quantity < 0) & ~credit, _text(staged.quantity_text) + " is below zero."


@check(_blocker("absurd-quantity", "Amount beyond all measure", "Check digits and unit.", 90))
def absurd_quantity(staged: Any) -> Verdict:
    """No amount exceeds a million million of its canonical unit."""
    return (staged.quantity.abs() > ABSURD) & ~staged.quantity.isinf(), _text(
        staged.quantity_text
    ) + " is absurd."


@check(_blocker("date-out-of-range", "Date outside all reason", "Check the year.", 100))
def date_out_of_range(staged: Any) -> Verdict:
    """Dates lie after 1990 and not in the future."""
    start, end = staged.period_start, staged.period_end
    bad = (start < ibis.timestamp("1990-01-01")) | (start > staged.today) | (end <= start)
    return (
        bad,
        "'" + _text(staged.period_text) + "' lies outside 1990 to today, or ends before it begins.",
    )


@check(
    _blocker(
        "wrong-year", "Date in another year than its neighbours", "Check the year of this row.", 110
    )
)
def wrong_year(staged: Any) -> Verdict:
    """No month stands alone a year away from a gap among the months of its place and sheet."""
    return (
        staged.fills_gap.notnull(),
        "'"
        + _text(staged.period_text)
        + "' stands alone; "
        + _text(staged.fills_gap)
        + " is missing among its neighbours.",
    )


@check(
    _blocker(
        "site-not-owned",
        "Site outside the group at this date",
        "Drop the row, or correct the site's dates.",
        120,
    )
)
def site_not_owned(staged: Any) -> Verdict:
    """Activities of a site lie between its opening and its sale."""
    before = staged.site_opened.notnull() & (staged.period_start < staged.site_opened)
    after = staged.site_closed.notnull() & (staged.period_start >= staged.site_closed)
    return (
        before | after,
        "'" + _text(staged.site) + "' was not in the group on " + _text(staged.period_text) + ".",
    )


@check(
    _blocker(
        "duplicate-row",
        "Row appears twice",
        "Drop one of the two, or accept it with a reason.",
        130,
    )
)
def duplicate_row(staged: Any) -> Verdict:
    """No row repeats another of the file or of the ledger in place, period, amount and document."""
    return (
        staged.copies_before > 0,
        "The same place, period, amount and document stand in " + _text(staged.first_copy) + ".",
    )


@check(
    _blocker(
        "overlapping-bill",
        "Two bills cover the same days",
        "Drop one, or accept it where it is of another meter: --accept overlapping-bill, or name"
        " the meters.",
        131,
    )
)
def overlapping_bill(staged: Any) -> Verdict:
    """No bill of a meter covers days that another of the same meter covers.

    A yearly statement beside its months, a correction.
    """
    told = (
        "The days from "
        + _text(staged.period_text)
        + " on are covered by "
        + _text(staged.covers)
        + " already: they overlap."
    )
    return staged.covers.notnull(), told


@check(
    _blocker(
        "invoice-twice",
        "Invoice appears twice",
        "Drop one of the two, or accept it with a reason: --accept invoice-twice.",
        132,
    )
)
def invoice_twice(staged: Any) -> Verdict:
    """No invoice of a place is counted twice, however its period is written."""
    told = (
        "Invoice '"
        + _text(staged.document)
        + "' with this amount stands in "
        + _text(staged.invoice_in)
        + " already: a duplicate."
    )
    return staged.invoice_in.notnull() & (staged.copies_before == 0), told


@check(
    Rule(
        "same-period",
        Severity.WARNING,
        "Two bills of one period",
        "Fine for two meters: name them in a column 'meter'; else drop one.",
        133,
    )
)
def same_period(staged: Any) -> Verdict:
    """Two bills of one place and period, of meters that are not named, are looked at."""
    told = (
        "The same period is covered by "
        + _text(staged.beside)
        + " too, with another amount: of another meter, or counted twice?"
    )
    return staged.beside.notnull() & staged.invoice_in.isnull() & (staged.copies_before == 0), told


@check(
    Rule(
        "bill-taken-back",
        Severity.INFO,
        "A credit note takes back a bill",
        "Nothing to do where the two belong together.",
        210,
    )
)
def bill_taken_back(staged: Any) -> Verdict:
    """An amount below zero that equals a bill of its place and period counts against it."""
    return (
        staged.reversed_by.notnull(),
        _text(staged.quantity_text) + " takes back " + _text(staged.reversed_by) + ".",
    )


@check(
    _blocker(
        "magnitude",
        "An amount out of all proportion",
        "Check the unit: kWh in place of MWh?",
        140,
    )
)
def magnitude(staged: Any) -> Verdict:
    """No meter or bill is out of all proportion.

    To other rows of its place, its past, its floor area, or places of its type. Purchases and
    actions of others come in any size, so they are left out.
    """
    return (
        staged.odd_size.notnull(),
        _text(staged.quantity_text) + " is " + _text(staged.odd_size),
    )


@check(
    Rule(
        "zero-quantity",
        Severity.WARNING,
        "Amount is zero",
        "Is it a reading, or a gap written as zero?",
        200,
    )
)
def zero_quantity(staged: Any) -> Verdict:
    """An amount of zero is looked at."""
    return staged.quantity == 0, ibis.literal("The amount is zero.")


ROW_CHECKS = (
    missing_value,
    ambiguous_number,
    not_a_number,
    ambiguous_date,
    bad_date,
    unknown_site,
    ambiguous_unit,
    unknown_unit,
    wrong_dimension,
    ambiguous_item,
    unknown_item,
    unknown_region,
    bad_uncertainty,
    share_above_one,
    negative_quantity,
    absurd_quantity,
    date_out_of_range,
    wrong_year,
    site_not_owned,
    duplicate_row,
    overlapping_bill,
    invoice_twice,
    same_period,
    magnitude,
    zero_quantity,
    bill_taken_back,
)

MISSING_MONTH = Rule(
    "missing-month",
    Severity.BLOCKER,
    "A month that should be there is missing",
    "Import the bill, or add an estimate with 'abate correct' and a reason.",
    150,
)


CLOCK_BACK = Rule(
    "clock-set-back",
    Severity.WARNING,
    "The clock of this machine was set back",
    "Set the clock; what is stored meanwhile carries a wrong moment, and months may be taken for"
    " ones to come.",
    719,
)


SHEET_SKIPPED = Rule(
    "sheet-skipped",
    Severity.INFO,
    "A sheet or table was not read",
    "Nothing to do where it holds no data.",
    730,
)
DECIMAL_ASSUMED = Rule(
    "decimal-mark-assumed",
    Severity.INFO,
    "Numbers are read with a decimal point, because commas part the cells",
    "Where that is wrong, undo the import and add the file with --decimal ,",
    731,
)
OPENING_READING = Rule(
    "opening-reading",
    Severity.INFO,
    "The first reading of a counter has no reading before it",
    "Nothing to do; the next reading closes the period.",
    732,
)
IMPORT_NOTES = (SHEET_SKIPPED, DECIMAL_ASSUMED, OPENING_READING)
"""What is said of a file that was read, where nothing is wrong."""


USED_TWICE = Rule(
    "certificate-used-twice",
    Severity.BLOCKER,
    "The same certificate is claimed twice",
    "Drop one of the two rows: a certificate is retired once.",
    705,
)
UNASSESSED = Rule(
    "category-unassessed",
    Severity.WARNING,
    "Categories of Scope 3 without data",
    "Import data, or say in [scope3.not_assessed] of abate.toml why they are left out; they count"
    " as missing, not as zero.",
    718,
)
RUN_RULES = (USED_TWICE, UNASSESSED)
"""What a run says of a year as a whole."""


@ledger_check(MISSING_MONTH, of="expected")
def missing_month(expected: Any) -> LedgerVerdict:
    """Every month of a site that expects a kind has at least one activity of it."""
    gone = expected.filter(expected.row_count.isnull())
    return gone, "No " + gone.kind + " of '" + gone.site + "' in " + gone.month + "."
