"""Names for what crosses an edge of the program."""

from __future__ import annotations

from typing import Any, TypeAlias

Json: TypeAlias = dict[str, Any]
"""A JSON object on its way out or in: an answer of the API, a chart, content of a file."""
Model: TypeAlias = dict[str, Any]
"""What a template is filled with: texts, and what its loops go over."""
