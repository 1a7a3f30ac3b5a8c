"""Use cases and the faces that have them, as `use_cases.csv` lists them.

A face has a use case under an address: a name of the Python door, a command, a route of the REST
API, a page, a tool for agents. In place of an address stands why it has none.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from abate.kernel.resources import package_table

FACES = ("python", "command", "rest", "page", "tool")
REASONS = {
    "machine": "concerns the machine on which Abate runs",
    "same": "is a step on the way that this face does not have",
}
"""Why a face may lack a use case."""


@dataclass(frozen=True, slots=True)
class UseCase:
    """What a user can do.

    Args:
        name: Kebab-case name.
        title: In plain words.
        right: `read`, `write` or `admin`: what a user must be allowed.
        is_long: Whether it may take long, and runs as a job of a server.
        python: Name of the door, or of a method of `Workspace` or `Run`.
        command: The command.
        rest: Method and path below `/api/v1`.
        page: Method and path of the page.
        tool: Tool for agents.
    """

    name: str
    title: str
    right: str
    is_long: bool
    python: str
    command: str
    rest: str
    page: str
    tool: str

    def address(self, face: str) -> str:
        """Where a face has it; empty where it has not."""
        cell = str(getattr(self, face))
        return "" if cell in REASONS else cell

    def lacks(self, face: str) -> str:
        """Why a face has it not; empty where it has."""
        return REASONS.get(str(getattr(self, face)), "")


@cache
def use_cases() -> tuple[UseCase, ...]:
    """Every use case.

    Example:
        >>> next(u for u in use_cases() if u.name == "bridge").address("rest")
        'GET /bridge'
    """
    return tuple(
        UseCase(
            r["use_case"],
            r["title"],
            r["right"],
            r["long"] == "yes",
            *(r[face] for face in FACES),
        )
        for r in package_table("abate.faces", "use_cases.csv")
    )
