"""Use cases of disclosure: report, indicators, targets, claims, filing, sign-off."""
