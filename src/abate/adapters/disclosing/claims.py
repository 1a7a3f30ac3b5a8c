"""x"""

from __future__ import annotations

from typing import Any


def check_report(workspace: Any, model: dict[str, Any], text: str = "") -> list[dict[str, Any]]:
    return []
