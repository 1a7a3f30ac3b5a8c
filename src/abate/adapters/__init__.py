"""The only place with input, output, clocks and users."""
