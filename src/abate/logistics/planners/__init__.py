"""Problem to plan: packing, cartons that are few, assortments, circulating boxes."""
