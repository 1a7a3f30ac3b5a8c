"""Mathematics without accounting.

No noun of the kernel, no input or output, seed and stop as arguments.
"""
