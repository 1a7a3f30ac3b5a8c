"""Transfer: something conserved that changes hands.

Double entry: what one account gives, another receives.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class TransferResult(StrEnum):
    """What became of a transfer, in order of precedence."""

    OK = "ok"
    EXISTS = "exists"
    """The same key was posted with the same content before: nothing was done, nothing is wrong."""
    KEY_CONFLICT = "key-conflict"
    """The key was posted before with other content: the same serial number is used twice."""
    SAME_ACCOUNT = "same-account"
    NOT_POSITIVE = "not-positive"
    OVERDRAWN = "overdrawn"
    """The giving account holds less."""
    RETIRED = "retired"
    """The giving account is a place of retirement: nothing leaves it."""

    @property
    def is_refused(self) -> bool:
        """Whether nothing was moved, and nothing had been before."""
        return self not in (TransferResult.OK, TransferResult.EXISTS)


@dataclass(frozen=True, slots=True)
class Transfer:
    """One movement between two accounts of one ledger.

    Args:
        key: Idempotency key: a serial number, an event id.
        ledger: What is moved, such as `certificate`; accounts of different ledgers never touch.
        source: Account that gives. One beginning with `issuer:` creates: it alone may go below
            zero.
        target: Account that receives. One beginning with `retired:` ends: nothing leaves it.
        amount: Whole units of the ledger, such as watt-hours.
        reason: Why, for people.
    """

    key: str
    ledger: str
    source: str
    target: str
    amount: int
    reason: str = ""

    def fault(self) -> TransferResult | None:
        """What is wrong with the transfer by itself, or None.

        Example:
            >>> Transfer("k", "certificate", "held", "held", 5).fault()
            <TransferResult.SAME_ACCOUNT: 'same-account'>
        """
        if self.source == self.target:
            return TransferResult.SAME_ACCOUNT
        if self.amount <= 0:
            return TransferResult.NOT_POSITIVE
        return TransferResult.RETIRED if self.source.startswith("retired:") else None
