"""Finding: what is wrong with data, said with a code, a place and a hint."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum

from abate.kernel.edges import Json


class Severity(StrEnum):
    """How much a finding weighs."""

    BLOCKER = "blocker"
    """The row stays out of every figure until it is corrected or accepted."""
    WARNING = "warning"
    """The row counts, and somebody should look."""
    INFO = "info"
    """Said for the record."""


@dataclass(frozen=True, slots=True)
class Rule:
    """The card of one check: one rule, one code.

    Args:
        code: Kebab-case code, stable.
        severity: Weight of its findings.
        title: What is wrong, in a few words.
        hint: What to do.
        precedence: Order among the findings of one row, lowest first.
    """

    code: str
    severity: Severity
    title: str
    hint: str
    precedence: int = 500


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong with one row, or with the place where a row is missing.

    Args:
        code: The rule's code.
        severity: The rule's severity.
        message: What is wrong, with the values.
        hint: What to do.
        file: Source file, empty where no file is meant.
        sheet: Sheet of a workbook.
        row: Row in the file as a person counts it, 1 the first; 0 where no row is meant.
        column: Column header in the file.
        site: Site concerned.
        month: Month concerned, `YYYY-MM`.
    """

    code: str
    severity: Severity
    message: str
    hint: str = ""
    file: str = ""
    sheet: str = ""
    row: int = 0
    column: str = ""
    site: str = ""
    month: str = ""

    @classmethod
    def of(
        cls,
        rule: Rule,
        message: str,
        *,
        file: str = "",
        sheet: str = "",
        row: int = 0,
        column: str = "",
        site: str = "",
        month: str = "",
    ) -> Finding:
        """Make a finding from its rule and what was seen.

        Example:
            >>> r = Rule("no-site", Severity.BLOCKER, "No site", "Name the site.")
            >>> Finding.of(r, "row 3 names no site", row=3).code
            'no-site'
        """
        return cls(
            rule.code, rule.severity, message, rule.hint, file, sheet, row, column, site, month
        )

    @property
    def place(self) -> str:
        """Where it is, as `file › sheet row n column c`, or the site and month."""
        if not self.file:
            return " ".join(part for part in (self.site, self.month) if part)
        sheet = f" › {self.sheet}" if self.sheet else ""
        row = f" row {self.row}" if self.row else ""
        column = f" column {self.column}" if self.column else ""
        return f"{self.file}{sheet}{row}{column}"

    @property
    def json(self) -> Json:
        """As machines get it."""
        return asdict(self) | {"severity": self.severity.value}

    def __str__(self) -> str:
        place = f" {self.place}." if self.place else ""
        return f"[{self.code}] {self.message}{place} {self.hint}".strip()
