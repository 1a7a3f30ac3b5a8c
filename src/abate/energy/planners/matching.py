"""Clean electricity by the hour: what was generated, beside what was used in the same hour."""

from __future__ import annotations

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
    """

    hours: Any
    sites: tuple[str, ...]
    devices: tuple[str, ...]
    claims: Whole
    load_wh: Whole
    lot_wh: Whole
    left_wh: Whole
    basis: Basis

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
    reaches: npt.NDArray[np.bool_] | None = None,
    *,
    basis: Basis = "hourly",
) -> Matching:
    """Match what was used with what was generated, in whole watt-hours.

    Sites are served in their order, by devices in theirs. By the month all hours of a month count
    as one.

    Args:
        hours: Beginning of each hour, UTC `(hours,)`.
        sites: Names of the loads.
        load_wh: What each used `(sites, hours)` [Wh].
        devices: Names of the devices.
        lot_wh: What each gave `(devices, hours)` [Wh].
        reaches: Whether a device may be delivered to a site `(devices, sites)`; all to all where it
            is None.
        basis: `hourly` or `monthly`.

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
    reach = np.ones((len(devices), len(sites)), np.bool_) if reaches is None else reaches
    if basis == "hourly":
        left = np.zeros_like(lots)
        return Matching(
            hours, sites, devices, match(loads, lots, reach, left), loads, lots, left, basis
        )
    months, first, back = np.unique(
        hours.astype("datetime64[M]"), return_index=True, return_inverse=True
    )
    sums = [np.zeros((len(v), len(months)), np.int64) for v in (loads, lots)]
    for total, values in zip(sums, (loads, lots), strict=True):
        for m in range(len(months)):
            total[:, m] = values[:, back == m].sum(axis=1)
    rest = np.zeros_like(sums[1])
    claims = match(sums[0], sums[1], reach, rest)
    claims[:, 2] = first[claims[:, 2]]
    left = np.zeros_like(lots)
    left[:, first] = rest
    return Matching(hours, sites, devices, claims, loads, lots, left, basis)
