"""The REST API: the same figures as the command line, over HTTP."""
