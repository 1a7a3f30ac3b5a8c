"""A site with generation, storage, loads that may be moved, and a connection to the grid."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from abate.kernel.errors import UsageError

Array = npt.NDArray[np.float64]
STEPS_MAX = 40_000
"""Most steps of a problem: a year of quarter hours and some."""


@dataclass(frozen=True, slots=True)
class Battery:
    """A storage of electricity.

    Args:
        id: Its name.
        energy_kwh: What it can hold.
        charge_kw: Most power in, at the connection.
        discharge_kw: Most power out.
        charge_efficiency: Share of what goes in that is stored.
        discharge_efficiency: Share of what is stored that comes out.
        self_discharge_share: Share of what is stored that is lost in an hour.
        low_share: Least that is stored, as a share of the energy.
        high_share: Most.
        start_share: What is stored at first.
        end_share: Least that is stored at last; as at first where none is named.
        cycle_cost: What a kWh out costs in wear.

    Raises:
        UsageError: `bad-battery`.
    """

    id: str
    energy_kwh: float
    charge_kw: float
    discharge_kw: float
    charge_efficiency: float = 0.95
    discharge_efficiency: float = 0.95
    self_discharge_share: float = 0.0
    low_share: float = 0.0
    high_share: float = 1.0
    start_share: float = 0.5
    end_share: float | None = None
    cycle_cost: float = 0.0

    def __post_init__(self) -> None:
        shares = {
            "charge_efficiency": self.charge_efficiency,
            "discharge_efficiency": self.discharge_efficiency,
            "self_discharge_share": self.self_discharge_share,
            "low_share": self.low_share,
            "high_share": self.high_share,
            "start_share": self.start_share,
            "end_share": self.ends_at,
        }
        amounts = {
            "energy_kwh": self.energy_kwh,
            "charge_kw": self.charge_kw,
            "discharge_kw": self.discharge_kw,
            "cycle_cost": self.cycle_cost,
        }
        for name, value in shares.items():
            if not 0 <= value <= 1:
                raise UsageError(
                    "bad-battery", f"'{self.id}': {name} is {value}.", "A share is 0 to 1."
                )
        for name, value in amounts.items():
            if not 0 <= value < 1e9:
                raise UsageError(
                    "bad-battery", f"'{self.id}': {name} is {value}.", "Write zero or more."
                )
        if self.low_share > self.high_share:
            raise UsageError(
                "bad-battery",
                f"'{self.id}': low_share is above high_share.",
                "Write the lower one as low_share.",
            )

    @property
    def ends_at(self) -> float:
        """Least share that is stored at last."""
        return self.start_share if self.end_share is None else self.end_share


@dataclass(frozen=True, slots=True)
class Deferrable:
    """Energy that may be used at any time of a window.

    Args:
        id: Its name.
        first: First step of the window.
        last: First step after it.
        energy_kwh: What is used in it.
        power_kw: Most power.
    """

    id: str
    first: int
    last: int
    energy_kwh: float
    power_kw: float


@dataclass(frozen=True, slots=True, eq=False)
class Peak:
    """A price of the highest power from the grid in each group of steps, such as a month.

    Args:
        id: Its name.
        group: Group of each step, from 0; -1 where a step does not count `(n,)`.
        prices: Of a kW in each group `(groups,)`.
        free_kw: Power up to which nothing is charged.
        ratchet_share: A group counts at least this share of the highest of `ratchet_groups`.
        ratchet_groups: See there.
        times_a_year: How often a year power is charged, for sizes.
    """

    id: str
    group: npt.NDArray[np.int64]
    prices: Array
    free_kw: float = 0.0
    ratchet_share: float = 0.0
    ratchet_groups: tuple[int, ...] = ()
    times_a_year: float = 12.0

    def yearly(self) -> float:
        """How often a year each group counts, where the groups stand for a year."""
        return self.times_a_year / max(1, len(np.unique(self.group[self.group >= 0])))

    def billed_kw(self, import_kw: Array) -> Array:
        """Power that is charged in each group `(groups,)`."""
        highest = np.zeros(len(self.prices))
        counts = self.group >= 0
        np.maximum.at(highest, self.group[counts], import_kw[counts])
        if self.ratchet_share and self.ratchet_groups:
            least = self.ratchet_share * float(highest[list(self.ratchet_groups)].max())
            highest = np.maximum(highest, least)
        charged: Array = np.maximum(highest - self.free_kw, 0.0)
        return charged

    def cost(self, import_kw: Array) -> float:
        """What power costs."""
        return float(self.prices @ self.billed_kw(import_kw))


@dataclass(frozen=True, slots=True)
class Microgrid:
    """A site over some steps, with what energy costs in each.

    Args:
        load_kw: What is needed `(n,)`.
        buy_per_kwh: Price of a kWh from the grid `(n,)`.
        step_h: Length of a step [h].
        generation_kw: What sun and wind can give `(n,)`; none where it is empty.
        sell_per_kwh: What a kWh into the grid brings `(n,)`; nothing where it is empty.
        import_max_kw: Most power from the grid, in all steps or in each `(n,)`: 0 where it is out.
        export_max_kw: Most power into it, the same.
        peaks: Prices of the highest power from the grid.
        shed_kw: Load that may be left out `(n,)`; none where it is empty.
        shed_cost: What a kWh left out costs.
        carbon_kg_per_kwh: Carbon of a kWh from the grid `(n,)`, by the ledger's factors; none where
            it is empty.
        carbon_price: What a kilogram of it costs in the objective.
        batteries: Storages.
        deferrables: Loads that may be moved.
        backup_kw: What a generator of one's own, such as a diesel, can give `(n,)`; none where it
            is empty.
        backup_cost: What a kWh of it costs.
        curtail_cost: What a kWh of generation that is not used costs.

    Raises:
        UsageError: `bad-dispatch`, and `pays-to-pass-through` where importing and exporting at once
            would pay.
    """

    load_kw: Array
    buy_per_kwh: Array
    step_h: float = 1.0
    generation_kw: Array = field(default_factory=lambda: np.empty(0))
    sell_per_kwh: Array = field(default_factory=lambda: np.empty(0))
    import_max_kw: float | Array = float("inf")
    export_max_kw: float | Array = float("inf")
    peaks: tuple[Peak, ...] = ()
    shed_kw: Array = field(default_factory=lambda: np.empty(0))
    shed_cost: float = 0.0
    carbon_kg_per_kwh: Array = field(default_factory=lambda: np.empty(0))
    carbon_price: float = 0.0
    batteries: tuple[Battery, ...] = ()
    deferrables: tuple[Deferrable, ...] = ()
    backup_kw: Array = field(default_factory=lambda: np.empty(0))
    backup_cost: float = 0.0
    curtail_cost: float = 0.0

    def __post_init__(self) -> None:
        n = len(self.load_kw)
        for name in ("generation_kw", "sell_per_kwh", "shed_kw", "carbon_kg_per_kwh", "backup_kw"):
            values = np.asarray(getattr(self, name), np.float64)
            object.__setattr__(self, name, values if len(values) else np.zeros(n))
        self._require_sound(n)
        worth = self.sell_per_kwh - self.bought
        if (worth > 1e-12).any() and np.any(np.asarray(self.export_max_kw) > 0):
            at = int(np.argmax(worth > 1e-12))
            raise UsageError(
                "pays-to-pass-through",
                f"In step {at} a kWh sells for more than it is bought for: there is no end to it.",
                "Correct the prices, or give the carbon of the grid.",
            )

    def _require_sound(self, n: int) -> None:
        if not 0 < n <= STEPS_MAX or not 0 < self.step_h <= 24:
            raise UsageError(
                "bad-dispatch",
                f"There are {n:,} steps of {self.step_h} h.",
                f"Give 1 to {STEPS_MAX:,} steps of up to a day.",
            )
        series = ("load_kw", "buy_per_kwh", "generation_kw", "sell_per_kwh", "shed_kw")
        for name in (*series, "carbon_kg_per_kwh", "backup_kw"):
            values = np.asarray(getattr(self, name))
            if values.shape != (n,) or not np.isfinite(values).all():
                raise UsageError(
                    "bad-dispatch",
                    f"{name} has {values.size:,} values, or some that are not numbers.",
                    f"Give {n:,} numbers, one for each step.",
                )
        for name in ("load_kw", "generation_kw", "shed_kw", "backup_kw"):
            if (np.asarray(getattr(self, name)) < 0).any():
                raise UsageError("bad-dispatch", f"{name} is below zero.", "Write zero or more.")
        costs = ("shed_cost", "backup_cost", "curtail_cost")
        for name in ("import_max_kw", "export_max_kw", *costs):
            given = np.asarray(getattr(self, name), np.float64)
            if given.shape not in ((), (n,)) or not (given >= 0).all():
                raise UsageError("bad-dispatch", f"{name} is below zero.", "Write zero or more.")
        self._require_parts(n)

    def _require_parts(self, n: int) -> None:
        for peak in self.peaks:
            inside = peak.group.shape == (n,) and (peak.group < len(peak.prices)).all()
            if not inside or not (np.asarray(peak.prices) >= 0).all():
                raise UsageError(
                    "bad-dispatch",
                    f"'{peak.id}' names a group without a price, or one below zero.",
                    f"Give {n:,} groups from 0, and a price of zero or more for each.",
                )
        for one in self.deferrables:
            if not 0 <= one.first < one.last <= n or one.energy_kwh < 0 or one.power_kw < 0:
                raise UsageError(
                    "bad-dispatch",
                    f"'{one.id}' has no window within the steps, or an amount below zero.",
                    "Write its first step and the first one after it.",
                )

    @property
    def bought(self) -> Array:
        """Price of a kWh from the grid with that of its carbon `(n,)`."""
        price: Array = np.asarray(self.buy_per_kwh) + self.carbon_price * self.carbon_kg_per_kwh
        return price
