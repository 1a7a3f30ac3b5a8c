"""Cues: words that say what a number does: rise, fall, share, target, saving."""

from __future__ import annotations

import re

from abate.disclosure.claims.lexicon import pattern, pattern_text

FALLS = pattern_text("cues.FALLS")
RISES = pattern_text("cues.RISES")
FALLING = re.compile(rf"(?<![A-Za-z]){FALLS}(?![a-z])", re.IGNORECASE)
RISING = re.compile(rf"(?<![A-Za-z]){RISES}(?![a-z])", re.IGNORECASE)
DIRECTION_BEFORE = pattern("cues.DIRECTION_BEFORE")
DIRECTION_AFTER = pattern("cues.DIRECTION_AFTER")
TO_LEVEL = pattern("cues.TO_LEVEL")
FROM_LEVEL = pattern("cues.FROM_LEVEL")
SHARE_BEFORE = pattern("cues.SHARE_BEFORE")
SHARE_AFTER = re.compile(r"\s?(?:of|der|des|vom|von)\b|\s?的", re.IGNORECASE)
YEARLY = pattern("cues.YEARLY")
AIM = re.compile(r"\b(?:targets?|goals?|ambition\w*|Ziel\w*)\b|目标", re.IGNORECASE)
NO_SHARE = pattern("cues.NO_SHARE")
TARGET = pattern("cues.TARGET")
FORECAST = pattern("cues.FORECAST")
SAVED_BEFORE = pattern("cues.SAVED_BEFORE")
CUT_BY = pattern("cues.CUT_BY")
REDUCTION_NOUN = pattern("cues.REDUCTION_NOUN")
OUT_OF = re.compile(
    r"\b(?:took|taken|takes?|taking|strip\w*|remov\w+)\s*(?:about |some |over )?$", re.IGNORECASE
)
SAVED_AFTER = pattern("cues.SAVED_AFTER")
CUMULATIVE = pattern("cues.CUMULATIVE")
NEGATED = pattern("cues.NEGATED")
BREAK = pattern("cues.BREAK")
LABEL_BEFORE = pattern("cues.LABEL_BEFORE")
NAMED_AFTER = pattern("cues.NAMED_AFTER")
MONTH_BEFORE = pattern("cues.MONTH_BEFORE")
