"""Claim: who may claim which part of a reduction outside the inventory."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from abate.kernel.errors import ConfigError

MECHANISMS = ("driving", "enabling")
"""Driving: the group's platform moves others to act. Enabling: its product makes the act possible."""
GATES = ("climate-action", "climate-science", "legitimacy")
"""The eligibility gates for claims of avoided emissions.

Source: WBCSD, Guidance on Avoided Emissions (2023), section 2: climate action credibility, latest
    climate science
alignment, contribution legitimacy.
"""
PUBLIC_TIERS = (1, 2)
"""Tiers of assessment whose results may be made public; a tier 3 estimate serves decisions inside only.

Source: ITU-T L.1480 (2022), clause on tiers of assessment.
"""


@dataclass(frozen=True, slots=True)
class Programme:
    """A programme that books avoided emissions.

    Whose it is, by which methodology, and who claims which part.

    Args:
        id: Short name used in files.
        name: Name for people.
        entity: Entity of the group that runs it.
        region: Region in which its actions happen.
        methodology: Id and version of its methodology, such as `second-hand/1`.
        mechanism: `driving` or `enabling`.
        rebound_share: Part of the gain that more consumption eats up.
        tier: Tier of evidence, 1 the best.
        claims: Claimants with their shares.
        unclaimed: Share that nobody claims.
        gates: Evidence for each gate that is passed.

    Raises:
        ConfigError: `bad-programme`.
    """

    id: str
    name: str
    entity: str
    region: str
    methodology: str
    mechanism: str
    rebound_share: float
    tier: int
    claims: tuple[tuple[str, float], ...]
    unclaimed: float
    gates: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        shares = [*(share for _, share in self.claims), self.unclaimed]
        faults = {
            f"mechanism '{self.mechanism}' is not one of {', '.join(MECHANISMS)}": (
                self.mechanism not in MECHANISMS
            ),
            "a share lies outside 0 to 1": any(not 0 <= s <= 1 for s in shares),
            "claims and 'unclaimed' do not make 1": sum(Fraction(str(s)) for s in shares) != 1,
            f"rebound of {self.rebound_share} lies outside 0 to 1": not 0 <= self.rebound_share < 1,
            f"tier {self.tier} is not one of 1, 2, 3": self.tier not in (1, 2, 3),
            "a claimant appears twice": len({c for c, _ in self.claims}) < len(self.claims),
            "a gate is not known": bool({g for g, _ in self.gates} - set(GATES)),
        }
        for fault, holds in faults.items():
            if holds:
                raise ConfigError(
                    "bad-programme", f"Programme '{self.id}': {fault}.", "Mend it in abate.toml."
                )

    @property
    def parts(self) -> tuple[tuple[str, float], ...]:
        """Claimants with their shares, the unclaimed part last under an empty name.

        They make one.
        """
        every = (*self.claims, ("", self.unclaimed))
        return tuple((claimant, share) for claimant, share in every if share > 0)

    def obstacles(
        self, *, inventory_published: bool, assumptions: tuple[str, ...]
    ) -> tuple[str, ...]:
        """Why figures of the programme may not be made public; none where they may.

        Args:
            inventory_published: Whether the group has a published inventory of all scopes.
            assumptions: Factors used that are assumptions without a source.
        """
        stated = dict(self.gates)
        found = [
            f"gate '{gate}' has no evidence" for gate in GATES if not stated.get(gate, "").strip()
        ]
        if not inventory_published:
            found.append(
                "gate 'climate-action' asks for a published run with Scopes 1, 2 and each category"
                " of 3, or why not"
            )
        if self.tier not in PUBLIC_TIERS:
            found.append(
                f"evidence is of tier {self.tier}, which is not for public use (ITU-T L.1480)"
            )
        if assumptions:
            found.append(
                f"{len(assumptions)} assumptions without a source: {', '.join(assumptions[:3])}"
            )
        return tuple(found)
