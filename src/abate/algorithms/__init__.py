"""Mathematics without accounting: no noun of the kernel, no input or output, seed and stop as arguments."""
