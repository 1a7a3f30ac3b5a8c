"""Promises and statements over the ledger: indicators, targets, claims, sign-off, reports, filings."""
