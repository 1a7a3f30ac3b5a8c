"""Tools for agents: the use cases of a workspace by the Model Context Protocol."""
