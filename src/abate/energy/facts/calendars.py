"""Calendars: which days are worked, which are not.

Public holidays and China's shifted working days.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from abate.kernel.errors import UsageError

SUNDAY = 6


@dataclass(frozen=True, slots=True)
class DayTypes:
    """What kind of day each is.

    Args:
        weekday: 0 Monday to 6 Sunday; a weekend day that is worked counts as the Friday before it
            (weekday 4).
        is_holiday: Whether it is a public holiday.
        is_bridge: Whether it is a working day next to a holiday, with a day off on its other side.
        is_eve: Whether the next day is a holiday.
    """

    weekday: tuple[int, ...]
    is_holiday: tuple[bool, ...]
    is_bridge: tuple[bool, ...]
    is_eve: tuple[bool, ...]


@dataclass(frozen=True, slots=True)
class Calendar:
    """The public holidays of a country, or none.

    Args:
        country: Two letters (ISO 3166-1), empty for a calendar of weekdays only.
        subdivision: Part of it, where holidays differ, such as `BY` in Germany.
        zone: Time zone of its clocks, such as `Asia/Shanghai`.

    Source: the `holidays` library, which follows each country's laws and yearly notices.
    """

    country: str = ""
    subdivision: str = ""
    zone: str = "UTC"

    def day_types(self, days: Iterable[date]) -> DayTypes:
        """What kind of day each is.

        Raises:
            UsageError: `unknown-calendar`.

        Example:
            >>> from datetime import date
            >>> kinds = Calendar("CN").day_types([date(2024, 10, 1), date(2024, 10, 12), date(2024, 10, 13)])
            >>> kinds.is_holiday, kinds.weekday
            ((True, False, False), (1, 4, 6))
        """
        listed = list(days)
        off, worked = self._public(sorted({d.year + k for d in listed for k in (-1, 0, 1)}))

        def free(day: date) -> bool:
            return day in off or (day.weekday() > 4 and day not in worked)

        one = timedelta(days=1)
        holiday = tuple(d in off for d in listed)
        bridge = tuple(
            not free(d)
            and ((d - one in off and free(d + one)) or (d + one in off and free(d - one)))
            for d in listed
        )
        return DayTypes(
            tuple(4 if d in worked and d.weekday() > 4 else d.weekday() for d in listed),
            holiday,
            bridge,
            tuple(d + one in off and d not in off for d in listed),
        )

    def _public(self, years: list[int]) -> tuple[set[date], set[date]]:
        """Days off by law or notice, and weekend days that are worked."""
        if not self.country:
            return set(), set()
        import holidays

        try:
            known = holidays.country_holidays(
                self.country, subdiv=self.subdivision or None, years=years
            )
        except NotImplementedError as error:
            raise UsageError(
                "unknown-calendar",
                f"There is no calendar for '{self.country} {self.subdivision}'.",
                "Use the two letters of a country, and a subdivision that it has.",
            ) from error
        return set(known), set(getattr(known, "weekend_workdays", ()))
