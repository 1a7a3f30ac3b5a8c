"""Clean electricity by the hour: what was generated, beside what was used in the same hour."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from abate.algorithms.matching import match
from abate.kernel.errors import UsageError

Whole = npt.NDArray[np.int64]
Array = npt.NDArray[np.float64]
Basis = Literal["hourly", "monthly"]


@dataclass(frozen=True, slots=True, eq=False)
class Matching:
    """Loads and lots matched.

    Args:
        hours: Beginning of each hour, UTC `(hours,)`.
        sites: Names of the loads.
        devices: Names of the devices.
        claims: Load, device, hour and Wh `(n, 4)`; by the month, `hour` is that of its first.
        load_wh: What each site used `(sites, hours)`.
        lot_wh: What each device gave `(devices, hours)`.
        left_wh: What is left of it `(devices, hours)`.
        basis: Whether by the hour or by the month.
        stood: Claims, the first ones, that stood before.
    """

    hours: Any
    sites: tuple[str, ...]
    devices: tuple[str, ...]
    claims: Whole
    load_wh: Whole
    lot_wh: Whole
    left_wh: Whole
    basis: Basis
    stood: int = 0

    @property
    def matched_wh(self) -> Whole:
        """Matched load of each hour, or of the first hour of each month `(hours,)`."""
        found = np.zeros(len(self.hours), np.int64)
        np.add.at(found, self.claims[:, 2], self.claims[:, 3])
        return found

    @property
    def matched_share(self) -> float:
        """Matched over used."""
        used = int(self.load_wh.sum())
        return int(self.claims[:, 3].sum()) / used if used else 0.0

    @property
    def volumetric_share(self) -> float:
        """Generated over used, over all hours together; at most one."""
        used = int(self.load_wh.sum())
        return min(1.0, int(self.lot_wh.sum()) / used) if used else 0.0

    def with_grid(self, clean_share: Array) -> float:
        """Matched, and of the rest what is clean in the grid of the hour, over used.

        Args:
            clean_share: Of the grid in each hour `(hours,)`.
        """
        load = self.load_wh.sum(axis=0)
        rest = load - self.matched_wh
        used = int(load.sum())
        return float((self.matched_wh + rest * clean_share).sum()) / used if used else 0.0

    def residual_kg(self, kg_per_kwh: Array) -> Array:
        """Emissions of what is not matched, by the hour `(hours,)` [kg CO2e].

        Args:
            kg_per_kwh: Of the residual mix in each hour `(hours,)`.
        """
        rest: Array = (self.load_wh.sum(axis=0) - self.matched_wh) / 1000.0 * kg_per_kwh
        return rest

    def by_site(self) -> dict[str, tuple[int, int]]:
        """Used and matched of each site [Wh]."""
        matched = np.zeros(len(self.sites), np.int64)
        np.add.at(matched, self.claims[:, 0], self.claims[:, 3])
        used = self.load_wh.sum(axis=1)
        return {
            site: (int(u), int(m)) for site, u, m in zip(self.sites, used, matched, strict=True)
        }


def match_hours(
    hours: Any,
    sites: tuple[str, ...],
    load_wh: Whole,
    devices: tuple[str, ...],
    lot_wh: Whole,
    rules: Sequence[npt.NDArray[np.bool_]] = (),
    *,
    basis: Basis = "hourly",
    served: Whole | None = None,
    local: Any = None,
) -> Matching:
    """Match what was used with what was generated, in whole watt-hours.

    Rules are tried in their order; within one, sites are served in their order, by devices in
    theirs. By the month all hours of a month count as one.

    Args:
        hours: Beginning of each hour, UTC `(hours,)`.
        sites: Names of the loads.
        load_wh: What each used `(sites, hours)` [Wh].
        devices: Names of the devices.
        lot_wh: What each gave `(devices, hours)` [Wh].
        rules: Of each, whether a device may be delivered to a site `(devices, sites)`; one by which
            all go to all where there is none.
        basis: `hourly` or `monthly`.
        served: Claims that stand already, as in `Matching`; `lot_wh` holds what they took, too.
        local: The hours by the clock whose months count; UTC where it is None.

    Raises:
        UsageError: `bad-matching`.

    Example:
        >>> hours = np.datetime64("2024-01-01T00", "s") + np.arange(2) * np.timedelta64(3600, "s")
        >>> args = hours, ("a",), np.array([[5, 5]]), ("sun",), np.array([[9, 0]])
        >>> match_hours(*args).matched_share, match_hours(*args, basis="monthly").matched_share
        (0.5, 0.9)

    Source: EnergyTag, Granular Certificate Scheme Standard v2 (2024), sections on matching.
    """
    loads, lots = (np.ascontiguousarray(v, np.int64) for v in (load_wh, lot_wh))
    shape = (len(sites), len(hours)), (len(devices), len(hours))
    if (loads.shape, lots.shape) != shape or (loads < 0).any() or (lots < 0).any():
        raise UsageError(
            "bad-matching",
            f"Loads have the shape {loads.shape}, lots {lots.shape}, or some are below zero.",
            "Give whole watt-hours of zero or more for each hour.",
        )
    first, back = np.arange(len(hours)), np.arange(len(hours))
    need, left = loads, lots
    if basis == "monthly":
        _, first, back = np.unique(
            (hours if local is None else local).astype("datetime64[M]"),
            return_index=True,
            return_inverse=True,
        )
        need, left = (np.add.reduceat(v, first, axis=1) for v in (loads, lots))
    stood = np.zeros((0, 4), np.int64) if served is None else served.copy()
    stood[:, 2] = back[stood[:, 2]]
    need, left = _less(need, stood, 0), _less(left, stood, 1)
    made = [stood]
    for rule in rules or (np.ones((len(devices), len(sites)), np.bool_),):
        rest = np.zeros_like(left)
        claims = match(need, left, rule, rest)
        need, left = _less(need, claims, 0), rest
        made.append(claims)
    every = np.concatenate(made)
    every[:, 2] = first[every[:, 2]]
    whole = np.zeros_like(lots)
    whole[:, first] = left
    return Matching(hours, sites, devices, every, loads, lots, whole, basis, len(stood))


def _less(amounts: Whole, claims: Whole, of: int) -> Whole:
    """What is left of loads (0) or lots (1) after claims."""
    left = amounts.copy()
    np.subtract.at(left, (claims[:, of], claims[:, 2]), claims[:, 3])
    return np.maximum(left, 0)
