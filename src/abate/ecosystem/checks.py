"""Checks of avoided emissions: one function per rule, one code per function."""

from __future__ import annotations

from typing import Any

from abate.kernel.checks import Verdict, check
from abate.kernel.finding import Rule, Severity


@check(
    Rule(
        "action-unnamed",
        Severity.BLOCKER,
        "Avoided emission without actor or action",
        "Name who acted and the parcel, order or batch, so that nobody can book it again.",
        172,
    )
)
def action_unnamed(staged: Any) -> Verdict:
    """An avoided emission names its actor and its action."""
    bad = staged.avoided & ((staged.party == "") | (staged.document == ""))
    return bad, "Actor '" + staged.party + "', action '" + staged.document + "'."


@check(
    Rule(
        "action-booked-twice",
        Severity.BLOCKER,
        "The same action is booked twice",
        "Drop one of the two rows: one action serves one programme.",
        173,
    )
)
def action_booked_twice(staged: Any) -> Verdict:
    """No action of an actor at a time is booked by two rows, in whichever programmes."""
    named = (staged.party != "") & (staged.document != "")
    message = (
        "'"
        + staged.document
        + "' of '"
        + staged.party
        + "' stands in "
        + staged.booked_in.fill_null("")
        + "."
    )
    return staged.avoided & named & staged.booked_in.notnull(), message


CHECKS = (action_unnamed, action_booked_twice)
