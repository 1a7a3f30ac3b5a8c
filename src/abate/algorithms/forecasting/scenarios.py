"""Weather to come when nobody forecast it.

The departures of past years come again, and the latest one fades.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from abate.algorithms.forecasting.days import season_features
from abate.algorithms.forecasting.scores import Array

DAYS_PER_YEAR = 365.25


@dataclass(frozen=True, slots=True)
class ScenarioSettings:
    """How weather scenarios are made.

    Args:
        years: Past years that may come again.
        shift_days: Days by which they are moved, both ways.
        shift_step_days: Distance of the moves.
        harmonics: Of the year, in what is usual.
        fade_days: Days in which the latest departure fades to a third.
        month_share: How much of the latest month's departure stays.
        centred_share: How much of the scenarios' common departure is taken out.
    """

    years: int = 10
    shift_days: int = 14
    shift_step_days: int = 2
    harmonics: int = 2
    fade_days: float = 2.0
    month_share: float = 0.15
    centred_share: float = 0.5


def scenarios(
    history: Array, first: np.datetime64, ahead: int, count: int, settings: ScenarioSettings
) -> Array:
    """Scenarios of weather by day and step.

    Formula: usual(day) + sqrt(1 - r²) · departure of a past year + r · latest departure, r fading
        with the lead

    Args:
        history: By day and step, complete; shape (days, steps).
        first: The first day of the history.
        ahead: Days from the first of the history to the first of the scenarios.
        count: Days of the scenarios.
        settings: Choices.

    Returns:
        Shape (scenarios, count, steps); the days before as they were where there is less than a
        year of history.

    Source: Xie and Hong (2018), temperature scenarios by shifted dates; Murphy (1993) for the
        fading of anomalies.
    """
    have, steps = history.shape
    if have < 400:
        return _latest(history, count)
    begin = max(0, have - int(DAYS_PER_YEAR * settings.years) - settings.shift_days)
    past = _usual_features(first + np.arange(begin, have), settings)
    coefficients = np.linalg.lstsq(past, history[begin:], rcond=None)[0]
    departure = history[begin:] - past @ coefficients
    usual = _usual_features(first + np.arange(ahead, ahead + count), settings) @ coefficients
    moves = range(-settings.shift_days, settings.shift_days + 1, settings.shift_step_days)
    found = shifted_years(departure, ahead - begin, count, settings.years, moves)
    if not found:  # further ahead than there is history: whole years of it follow one another
        found = [
            np.resize(np.roll(departure, -k * 14, axis=0), (count, steps))
            for k in range(max(1, len(departure) // 14))
        ]
    come = np.array(found)
    come = come - settings.centred_share * come.mean(axis=0)
    gap = max(0, ahead - have)
    lead = np.arange(count)[:, None] + (np.arange(steps)[None] + 0.5) / steps + 0.5 + gap
    left = np.exp(-lead / settings.fade_days)
    latest, month = departure[-1, steps // 2 :].mean(), departure[-30:].mean()
    made: Array = (
        usual
        + come * np.sqrt(1 - left**2)
        + left * latest
        + settings.month_share * month * (1 - left)
    )
    return made


def shifted_years(
    history: Array, ahead: int, count: int, years: int, moves: Iterable[int]
) -> list[Array]:
    """Stretches of the same dates in past years, moved by some days.

    Args:
        history: By day; shape (days, ...).
        ahead: Days from the first of the history to the first of the stretch to come.
        count: Days of it.
        years: Years back at most.
        moves: Days by which each is moved.
    """
    begins = [
        ahead - round(DAYS_PER_YEAR * year) + move for year in range(1, years + 1) for move in moves
    ]
    return [history[at : at + count] for at in begins if 0 <= at <= len(history) - count]


def _usual_features(dates: Any, settings: ScenarioSettings) -> Array:
    season = season_features(dates, settings.harmonics)
    return np.concatenate([np.ones((len(dates), 1)), season], axis=1)


def _latest(history: Array, count: int) -> Array:
    """Stretches of the latest days, or their mean day where there are too few."""
    have = len(history)
    found = [history[at : at + count] for at in range(max(0, have - count - 60), have - count + 1)]
    if not found:
        found = [
            np.resize(history[at:], (count, history.shape[1])) for at in range(max(1, have - 14))
        ]
    return np.array(found)
