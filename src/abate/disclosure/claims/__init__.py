"""Claims: published statements, read and tested against each other and against the ledger."""
