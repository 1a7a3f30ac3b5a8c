"""Plants: roofs and wind farms, as far as a forecast needs to know them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from abate.kernel.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Plant:
    """A generator that follows sun or wind.

    Args:
        id: Its name.
        source: `sun` or `wind`.
        capacity_kw: Most it can give.
        latitude_deg: North positive.
        longitude_deg: East positive.
        altitude_m: Above the sea.
        tilt_deg: Of the modules, 0 flat; None takes the latitude.
        azimuth_deg: Where they face, clockwise from north; None faces the equator.
        gamma_per_k: Change of module power per kelvin.
        loss_share: Wiring, soiling, mismatch.
        inverter_ratio: Module power over inverter power.
        hub_height_m: Of wind turbines.
        curve: Wind speed [m/s] and share of capacity, rising pairs; empty takes a usual one.

    Raises:
        ConfigError: `bad-plant`.
    """

    id: str
    source: str
    capacity_kw: float
    latitude_deg: float | None = None
    longitude_deg: float | None = None
    altitude_m: float = 0.0
    tilt_deg: float | None = None
    azimuth_deg: float | None = None
    gamma_per_k: float = -0.004
    loss_share: float = 0.10
    inverter_ratio: float = 1.1
    hub_height_m: float = 100.0
    curve: tuple[tuple[float, float], ...] = ()

    def __post_init__(self) -> None:
        limits = {
            "capacity_kw": (0.0, 1e8),
            "latitude_deg": (-90, 90),
            "longitude_deg": (-180, 360),
            "altitude_m": (-500, 9000),
            "gamma_per_k": (-0.02, 0.0),
            "loss_share": (0.0, 0.9),
            "inverter_ratio": (0.3, 3.0),
            "hub_height_m": (1.0, 400.0),
            "tilt_deg": (0.0, 90.0),
            "azimuth_deg": (-360.0, 360.0),
        }
        if self.source not in ("sun", "wind"):
            raise ConfigError(
                "bad-plant",
                f"'{self.id}' runs on '{self.source}'.",
                'Write source = "sun" or "wind".',
            )
        if self.source == "sun" and (self.latitude_deg is None or self.longitude_deg is None):
            raise ConfigError(
                "bad-plant",
                f"'{self.id}' states no place.",
                "Write latitude_deg and longitude_deg.",
            )
        for name, (low, high) in limits.items():
            value = getattr(self, name)
            if value is None and name in (
                "latitude_deg",
                "longitude_deg",
                "tilt_deg",
                "azimuth_deg",
            ):
                continue
            if not (isinstance(value, int | float) and low <= value <= high) or (
                name == "capacity_kw" and value <= 0
            ):
                raise ConfigError(
                    "bad-plant",
                    f"'{self.id}': {name} is {value}.",
                    f"It lies between {low:g} and {high:g}.",
                )
        speeds = [s for s, _ in self.curve]
        if speeds != sorted(speeds) or any(not 0 <= share <= 1 for _, share in self.curve):
            raise ConfigError(
                "bad-plant",
                f"'{self.id}': its power curve does not rise from 0 to 1.",
                "List speeds in order.",
            )

    @property
    def faces_deg(self) -> float:
        """Azimuth of the modules, the equator's where it is not stated."""
        return (
            (180.0 if (self.latitude_deg or 0.0) >= 0 else 0.0)
            if self.azimuth_deg is None
            else self.azimuth_deg
        )

    @property
    def leans_deg(self) -> float:
        """Tilt of the modules, the latitude where it is not stated."""
        return abs(self.latitude_deg or 0.0) if self.tilt_deg is None else self.tilt_deg

    def turned(self, speed_m_s: np.ndarray) -> np.ndarray:
        """Share of capacity at a wind speed; nothing beyond 25 m/s where no curve is stated.

        Example:
            >>> Plant("w", "wind", 100).turned(np.array([2.0, 12.0, 30.0])).tolist()
            [0.0, 1.0, 0.0]
        """
        if self.curve:
            found: np.ndarray = np.interp(
                speed_m_s, [s for s, _ in self.curve], [p for _, p in self.curve]
            )
            return found
        share = np.clip(
            (speed_m_s**3 - 27.0) / (1728.0 - 27.0), 0.0, 1.0
        )  # cube between 3 and 12 m/s
        return np.where(speed_m_s > 25.0, 0.0, share)
