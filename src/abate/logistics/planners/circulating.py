"""Circulating boxes against new cartons.

The pool that is needed, the activities of both sides, and where it pays.
"""

from __future__ import annotations

from dataclasses import dataclass

from abate.algorithms.pooling import Pool, pool_size
from abate.kernel.edges import Json
from abate.kernel.errors import UsageError


@dataclass(frozen=True, slots=True)
class Scheme:
    """A scheme of circulating boxes.

    Args:
        trips_per_day: Orders that go out in one.
        days_away: Mean time until a box is back and clean.
        lost_share: Share of trips from which it does not come back.
        trips_max: Trips after which it is worn out.
        service_level: Share of time in which one is at hand.
        box_g: Mass of a box.
        box_item: Material, an item of purchased goods with a factor.
        wash_kwh: Electricity to wash one.
        return_km: Way back, by `return_mode`.
        return_mode: Mode of transport.
        carton_g: Board of the new carton that it replaces.
        box_cost: Price of a box.
        trip_cost: Price of washing and return.
        carton_cost: Price of the carton that it replaces.

    Raises:
        UsageError: `bad-scheme`.
    """

    trips_per_day: float
    days_away: float
    lost_share: float
    trips_max: int
    box_g: float
    carton_g: float
    service_level: float = 0.98
    box_item: str = "polypropylene"
    wash_kwh: float = 0.0
    return_km: float = 0.0
    return_mode: str = "van"
    box_cost: float = 0.0
    trip_cost: float = 0.0
    carton_cost: float = 0.0

    def __post_init__(self) -> None:
        faults = {
            f"trips_per_day is {self.trips_per_day}": not 0 < self.trips_per_day <= 1e7,
            f"days_away is {self.days_away}": not 0 <= self.days_away <= 3650,
            "more than 10 million boxes would be away": self.trips_per_day * self.days_away > 1e7,
            f"lost_share is {self.lost_share}": not 0 <= self.lost_share < 1,
            f"trips_max is {self.trips_max}": not 1 <= self.trips_max <= 100_000,
            f"service_level is {self.service_level}": not 0 < self.service_level < 1,
            "an amount is below zero or not a number": not all(
                0 <= v < 1e9
                for v in (
                    self.box_g,
                    self.carton_g,
                    self.wash_kwh,
                    self.return_km,
                    self.box_cost,
                    self.trip_cost,
                    self.carton_cost,
                )
            ),
        }
        for fault, holds in faults.items():
            if holds:
                raise UsageError("bad-scheme", f"Scheme: {fault}.", "Correct the number.")

    @property
    def pool(self) -> Pool:
        """Boxes to own and to replace."""
        return pool_size(
            self.trips_per_day,
            self.days_away,
            lost_share=self.lost_share,
            trips_max=self.trips_max,
            service_level=self.service_level,
        )

    def sides(self) -> dict[str, list[Json]]:
        """Activities of one box made, one trip washed and returned.

        And the new carton that a trip replaces.
        """
        return {
            "box": [
                {
                    "kind": "purchased-goods",
                    "item": self.box_item,
                    "quantity": self.box_g / 1000,
                    "unit": "kg",
                },
                {
                    "kind": "end-of-life",
                    "item": "plastic/recycling",
                    "quantity": self.box_g / 1000,
                    "unit": "kg",
                },
            ],
            "trip": [
                *(
                    [
                        {
                            "kind": "supplier-input",
                            "item": "electricity",
                            "quantity": self.wash_kwh,
                            "unit": "kWh",
                        }
                    ]
                    if self.wash_kwh
                    else []
                ),
                *(
                    [
                        {
                            "kind": "upstream-freight",
                            "item": self.return_mode,
                            "quantity": self.box_g / 1e6 * self.return_km,
                            "unit": "tkm",
                        }
                    ]
                    if self.return_km
                    else []
                ),
            ],
            "carton": [
                {
                    "kind": "purchased-goods",
                    "item": "board",
                    "quantity": self.carton_g / 1000,
                    "unit": "kg",
                },
                {
                    "kind": "end-of-life",
                    "item": "paper/recycling",
                    "quantity": self.carton_g / 1000,
                    "unit": "kg",
                },
            ],
        }


def break_even_trips(box: float, trip: float, carton: float) -> float | None:
    """Trips after which a box has saved what it took to make.

    None, never, where a trip costs as much as a carton.

    Formula: box / (carton - trip)

    Args:
        box: To make and end one box.
        trip: To wash and return it once.
        carton: The new carton that a trip replaces; all in one unit.

    Example:
        >>> break_even_trips(3000, 50, 200), break_even_trips(3000, 250, 200)
        (20.0, None)
    """
    return box / (carton - trip) if carton > trip else None
