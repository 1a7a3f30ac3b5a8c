"""Filings: inline XBRL with a small extension taxonomy, EFRAG's template for small firms.

And JSON of all disclosures.
"""
