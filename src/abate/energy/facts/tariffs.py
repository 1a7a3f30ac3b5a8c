"""Tariffs: what energy costs by the hour, and what the highest power of a month costs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from abate.kernel.errors import ConfigError

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Band:
    """Hours with one price.

    Args:
        price_per_kwh: Price [currency/kWh].
        hours: Hours of the day in which it holds, 0 to 23.
        weekdays: 0 Monday to 6 Sunday.
        months: 1 to 12.
    """

    price_per_kwh: float
    hours: tuple[int, ...] = tuple(range(24))
    weekdays: tuple[int, ...] = tuple(range(7))
    months: tuple[int, ...] = tuple(range(1, 13))


@dataclass(frozen=True, slots=True)
class Tariff:
    """A tariff: the first band that holds gives the price.

    Args:
        bands: In their order.
        demand_per_kw: Price of a month's highest power [currency/kW].
        currency: Three letters.

    Raises:
        ConfigError: `tariff-incomplete` where an hour of the week has no price, `bad-tariff` where
            a price is not a number.
    """

    bands: tuple[Band, ...]
    demand_per_kw: float = 0.0
    currency: str = ""

    def __post_init__(self) -> None:
        if any(not np.isfinite(b.price_per_kwh) or abs(b.price_per_kwh) > 1e4 for b in self.bands):
            raise ConfigError("bad-tariff", "A price per kWh is not a number.", "Write it as 0.12.")
        if not np.isfinite(self.demand_per_kw) or self.demand_per_kw < 0:
            raise ConfigError(
                "bad-tariff", "The price per kW is not a positive number.", "Write it as 38.5."
            )
        grid = np.array(
            [[[self._price(m, d, h) for h in range(24)] for d in range(7)] for m in range(1, 13)]
        )
        if np.isnan(grid).any():
            m, d, h = (int(v[0]) for v in np.nonzero(np.isnan(grid)))
            raise ConfigError(
                "tariff-incomplete",
                f"No band gives a price in month {m + 1}, weekday {d}, hour {h}.",
                "Add a last band without hours: it holds for the rest.",
            )

    def _price(self, month: int, weekday: int, hour: int) -> float:
        return next(
            (
                b.price_per_kwh
                for b in self.bands
                if hour in b.hours and weekday in b.weekdays and month in b.months
            ),
            float("nan"),
        )

    def prices(self, local: npt.NDArray[np.datetime64]) -> Array:
        """Price of each moment of local time [currency/kWh].

        Example:
            >>> night = Tariff((Band(0.05, hours=(0, 1, 2)), Band(0.12)))
            >>> night.prices(np.array(["2024-01-01T02:30", "2024-01-01T03:00"], "datetime64[s]")).tolist()
            [0.05, 0.12]
        """
        month = local.astype("datetime64[M]").astype(int) % 12 + 1
        weekday = (local.astype("datetime64[D]").astype(int) + 3) % 7
        hour = (local - local.astype("datetime64[D]")).astype("timedelta64[h]").astype(int)
        return np.array(
            [
                self._price(*key)
                for key in zip(month.tolist(), weekday.tolist(), hour.tolist(), strict=True)
            ]
        )

    def cost(self, energy_kwh: Array, local: npt.NDArray[np.datetime64]) -> Array:
        """Cost of energy by step, with the demand charge of each month in it.

        Args:
            energy_kwh: In the last axis the steps.
            local: Beginning of each step, local time.

        Returns:
            Shape without the last axis.
        """
        total: Array = energy_kwh @ self.prices(local)
        if self.demand_per_kw:
            step_h = (
                float((local[1] - local[0]) / np.timedelta64(3600, "s")) if len(local) > 1 else 1.0
            )
            months = local.astype("datetime64[M]")
            for month in np.unique(months):
                total = (
                    total
                    + self.demand_per_kw * energy_kwh[..., months == month].max(axis=-1) / step_h
                )
        return total
