"""Use cases of the logistics system: packing plans, box assortments, stock of cartons."""
