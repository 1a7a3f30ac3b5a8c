"""Build step: the script that draws charts in a browser, made once from the installed library; no network is asked."""

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

BUNDLE = Path("src/abate/faces/web/static/vega.js")


class CustomBuildHook(BuildHookInterface):
    """Writes Vega, Vega-Lite and Vega-Embed as one file."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Write the file before the package is put together, also for an editable install."""
        import vl_convert

        path = Path(self.root) / BUNDLE
        path.write_text(
            vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;"), encoding="utf-8"
        )
