"""What is known of energy: meters and instruments, interval data, weather, calendars, tariffs."""

from abate.energy.facts.meters import (
    KINDS,
    TECHNOLOGIES,
    TEMPLATES,
    TIER_WORDS,
    UNPRINTED,
    tier_named,
)

__all__ = ["KINDS", "TECHNOLOGIES", "TEMPLATES", "TIER_WORDS", "UNPRINTED", "tier_named"]
