"""Filings: inline XBRL with a small extension taxonomy, EFRAG's template for small firms, and JSON of all disclosures."""
