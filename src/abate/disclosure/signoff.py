"""Sign-off: a period is prepared, reviewed, approved and locked, each by somebody, over one run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum

from abate.kernel.errors import UsageError


class Step(StrEnum):
    """Steps in their order; assurance follows when it follows."""

    PREPARED = "prepared"
    REVIEWED = "reviewed"
    APPROVED = "approved"
    LOCKED = "locked"
    ASSURED = "assured"


LEVELS = ("limited", "reasonable")
"""Levels of assurance.

Source: ISAE 3000 (Revised), paragraph 12 (a) (i).
"""
ORDER = (Step.PREPARED, Step.REVIEWED, Step.APPROVED, Step.LOCKED)
ROLE_OF = {
    Step.PREPARED: "preparer",
    Step.REVIEWED: "reviewer",
    Step.APPROVED: "approver",
    Step.LOCKED: "approver",
}


def same_person(one: str, other: str) -> bool:
    """Whether two names mean one person: case and spaces tell nobody apart.

    Example:
        >>> same_person("Li Wei", "li  wei")
        True
    """
    return "".join(one.casefold().split()) == "".join(other.casefold().split())


def check_step(
    step: Step,
    person: str,
    taken: Sequence[tuple[Step, str]],
    owners: Mapping[str, Sequence[str]],
    *,
    year: str,
) -> None:
    """Refuse a step out of order, taken twice, or by somebody who may not.

    Args:
        step: The step.
        person: Who takes it.
        taken: Steps taken over the same run, with who took them.
        owners: People by role; a role without people is open to all but the preparer.
        year: The period, for the message.

    Raises:
        UsageError: `sign-off-order`, `sign-off-twice`, `sign-off-owner`, `preparer-approves`.

    Example:
        >>> check_step(Step.APPROVED, "Ann", [(Step.PREPARED, "Ann"), (Step.REVIEWED, "Bo")], {}, year="FY2024")
        Traceback (most recent call last):
        abate.kernel.errors.UsageError: [preparer-approves] Ann prepared FY2024. Somebody else approves.
    """
    done = {s for s, _ in taken}
    if step is Step.ASSURED:
        if Step.LOCKED not in done:
            raise UsageError(
                "sign-off-order", f"{year} is not locked.", "Assurance is given on what is locked."
            )
        return
    if step in done:
        raise UsageError("sign-off-twice", f"{year} is {step} already.", "Nothing to do.")
    before = ORDER[: ORDER.index(step)]
    lacking = [s for s in before if s not in done]
    if lacking:
        raise UsageError(
            "sign-off-order",
            f"{year} is not {lacking[0]} yet.",
            f"The order is {', '.join(ORDER)}.",
        )
    prepared_by = next((who for s, who in taken if s is Step.PREPARED), "")
    if step is not Step.PREPARED and same_person(person, prepared_by):
        verb = {Step.REVIEWED: "reviews", Step.APPROVED: "approves", Step.LOCKED: "locks"}[step]
        raise UsageError(
            "preparer-approves", f"{person} prepared {year}.", f"Somebody else {verb}."
        )
    named = owners.get(ROLE_OF[step], ())
    if named and not any(same_person(person, n) for n in named):
        raise UsageError(
            "sign-off-owner",
            f"{person} is no {ROLE_OF[step]} of {year}.",
            f"[owners] names {', '.join(named)}.",
        )
