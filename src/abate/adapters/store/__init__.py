"""Where rows live: Delta tables, the SQL ledger of transfers, the workspace folder."""
