"""Use cases of the ecosystem: programmes that reduce the emissions of others."""
