"""The server of tools: reads by default, writes only what was previewed and confirmed."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import secrets
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import asdict
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field
from starlette.responses import JSONResponse

from abate.application.disclosure.claims import check_text
from abate.application.inventory.explanations import explain_entry
from abate.application.opening import open_workspace
from abate.faces.python.workspace import Workspace
from abate.kernel.edges import Json
from abate.kernel.errors import AbateError, UsageError

if TYPE_CHECKING:
    from mcp.server import MCPServer
    from starlette.types import ASGIApp, Receive, Scope, Send

ROWS_MAX = 200
"""Rows of one answer; what is left off is counted."""
TEXT_MAX = 2_000_000
"""Characters of a file that is handed over."""
ABOUT = """Carbon accounts of {name}. A figure is a sum or ratio over rows of a ledger; 'figures'
gives values, 'explain' opens one down to file and row. Values with 'incomplete' lack rows: say so
when you quote them. Scope 2 has two views, location and market, which are never added up; so are
net and gross. Every value names its run, and a link that opens it."""

Year = Annotated[str, Field(max_length=12, description="Fiscal year, such as FY2024.")]
Name = Annotated[str, Field(max_length=400)]
Limit = Annotated[int, Field(ge=1, le=ROWS_MAX, description="Rows of the answer.")]
Where = Annotated[
    dict[str, str], Field(description="Value of a dimension by its name, such as {'site': 'hq'}.")
]
FileName = Annotated[str, Field(max_length=200, description="Name with its ending: bills.csv.")]
Content = Annotated[
    str, Field(max_length=TEXT_MAX, description="The file: text, or base64 of a binary file.")
]
Confirm = Annotated[
    str, Field(max_length=80, description="Empty to preview; the code of the preview to go on.")
]


def bounded(rows: list[Any], limit: int = ROWS_MAX) -> Json:
    """Rows up to a limit, and how many are left off.

    Example:
        >>> bounded([1, 2, 3], 2)
        {'rows': [1, 2], 'left_off': 1}
    """
    return {"rows": rows[:limit], "left_off": max(0, len(rows) - limit)}


def confirmation(*parts: object) -> str:
    """The code that confirms just this: another file, year or ledger has another one."""
    text = json.dumps([str(p) for p in parts])
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def make_server(root: Path, *, allow_write: bool = False) -> MCPServer:
    """The tools of a workspace.

    Args:
        root: Its folder.
        allow_write: Whether files may be imported, years valued and imports undone.

    Raises:
        NotFoundError: `no-workspace`.
        UsageError: `no-mcp` where the extra is not installed.
    """
    try:
        from mcp.server import MCPServer
        from mcp.server.mcpserver.exceptions import ToolError
        from mcp_types import ToolAnnotations
    except ImportError as error:
        raise UsageError(
            "no-mcp", "The protocol's library is not installed.", "pip install 'abate[mcp]'"
        ) from error
    import abate

    tools = Tools(root)
    server = MCPServer(
        "abate", version=abate.__version__, instructions=ABOUT.format(name=tools.workspace.name)
    )
    reads: tuple[Callable[..., Any], ...] = (
        *(tools.runs, tools.figures, tools.explain, tools.entry, tools.uncertainty, tools.bridge),
        *(tools.check, tools.search_factors, tools.check_claims, tools.preview_file),
        *(tools.indicators, tools.targets),
    )
    writes = (tools.import_file, tools.value_year, tools.undo_import)

    def said(tool: Callable[..., Any]) -> Callable[..., Any]:
        """A tool whose errors reach the agent with code and hint."""

        @wraps(tool)
        def call(*given: Any, **named: Any) -> Any:
            try:
                return tool(*given, **named)
            except AbateError as error:
                raise ToolError(str(error)) from error

        return call

    for tool in (*reads, *(writes if allow_write else ())):
        hints = ToolAnnotations(read_only_hint=tool not in writes)
        server.add_tool(said(tool), annotations=hints)
    server.resource("abate://figures/{year}/{name}", mime_type="application/json")(tools.opened)
    return server


def guarded(server: MCPServer, key: str) -> ASGIApp:
    """The server over HTTP, for who knows the key."""
    served = server.streamable_http_app()
    wanted = f"Bearer {key}".encode()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        sent = dict(scope.get("headers", ())).get(b"authorization", b"")
        if scope["type"] == "http" and not secrets.compare_digest(sent, wanted):
            told = {"code": "no-session", "message": "The key is missing or wrong."}
            await JSONResponse(told, 401)(scope, receive, send)
        else:
            await served(scope, receive, send)

    return app


class Tools:
    """What agents may ask of a workspace.

    Args:
        root: Its folder.
    """

    def __init__(self, root: Path) -> None:
        self.root = open_workspace(root).root

    @property
    def workspace(self) -> Workspace:
        """The workspace as it stands now."""
        return Workspace(open_workspace(self.root))

    def _linked(self, row: Mapping[str, Any]) -> Json:
        return {**row, "link": f"abate://figures/{row['year']}/{row['figure']}"}

    def runs(self) -> Json:
        """Years that were valued, with the run that counts and its status."""
        ws = self.workspace
        latest = [ws.latest(y) for y in ws.years]
        return bounded([{"year": r.year, "run": r.id, "status": r.status} for r in latest])

    def figures(
        self,
        names: Name = "",
        year: Year = "",
        by: Name = "",
        where: Where | None = None,
        limit: Limit = ROWS_MAX,
    ) -> Json:
        """Values of figures, whole or broken down by dimensions (org, site, month, category).

        Names and dimensions have commas between them; the headlines where no name is given, all
        years where no year is.
        """
        ws = self.workspace
        wanted = [n.strip() for n in names.split(",") if n.strip()]
        of = ws.latest(year) if year else ws
        table = of.figures(wanted, by=by, where=where or {})
        return bounded([self._linked(r) for r in table], limit)

    def explain(
        self, figure: Name, year: Year, where: Where | None = None, limit: Limit = 20
    ) -> Json:
        """Open a figure: its formula, what it is made of, and its rows with file and row."""
        told = self.workspace.latest(year).explain(figure, where=where or {}, limit=limit)
        return self._linked(told.json)

    def entry(self, name: Name, year: Year = "") -> Json:
        """Open a row of a figure: file and row, method, factor, publication and table."""
        return explain_entry(open_workspace(self.root), name, year).json

    def check(self, year: Year = "", limit: Limit = 50) -> Json:
        """Findings that stand, the gravest first: what is wrong, where, and what to do."""
        return bounded([f.json for f in self.workspace.check(year)], limit)

    def search_factors(self, words: Name, limit: Limit = 20) -> Json:
        """Factors that hold all of the words, with value, unit, publication and licence."""
        return bounded(list(self.workspace.factors(*words.split())), limit)

    def check_claims(
        self,
        text: Content,
        format: Annotated[str, Field(pattern="^(txt|md|html|csv|json)$")] = "txt",  # noqa: A002
        year: Year = "",
        about: Name = "",
    ) -> Json:
        """Test the statements of a text against each other and against the ledger."""
        opened = open_workspace(self.root)
        told = check_text(text, format, workspace=opened, year=year, about=about).json
        return {key: bounded(rows) for key, rows in told.items()}

    def preview_file(self, name: FileName, content: Content, kind: Name = "") -> Json:
        """What an import of a file would do: rows that would count, findings. Nothing is stored."""
        with tempfile.TemporaryDirectory() as folder:
            seen = self.workspace.preview(_file(Path(folder), name, content), kind=kind)
        return {
            "rows": seen.row_count,
            "would_count": seen.accepted_count,
            "would_wait_in_quarantine": seen.blocked_count,
            "findings": bounded([f.json for f in seen.findings], 50),
        }

    def indicators(self, names: Name = "", year: Year = "") -> Json:
        """Indicators (names with commas; all where none is named) in a year, or in all."""
        wanted = [n.strip() for n in names.split(",") if n.strip()]
        return bounded(list(self.workspace.indicators(*wanted, years=[year] if year else [])))

    def targets(self) -> Json:
        """Targets: pathway, latest value, gap, when the trend meets them, yearly rate needed."""
        return bounded(self.workspace.targets())

    def uncertainty(self, figure: Name, year: Year, by: Name = "") -> Json:
        """95 % ranges of a sum, and which data to measure better next."""
        return bounded([r.json for r in self.workspace.latest(year).uncertainty(figure, by=by)])

    def bridge(self, figure: Name, before: Year, after: Year) -> Json:
        """Why a figure differs between two years: contributions that add up to the milligram."""
        return self.workspace.bridge(figure, before, after).json

    def opened(self, year: str, name: str) -> str:
        """A figure opened, as JSON."""
        return json.dumps(self.explain(name, year, limit=ROWS_MAX), ensure_ascii=False)

    # Writing

    def import_file(
        self, name: FileName, content: Content, kind: Name = "", confirm: Confirm = ""
    ) -> Json:
        """Import a file, in two calls.

        The first previews it and gives a code, the second with that code stores it.
        """
        code = confirmation("import", name, content, kind, self._state())
        if confirm != code:
            return self.preview_file(name, content, kind) | _to_confirm(code, confirm)
        with tempfile.TemporaryDirectory() as folder:
            return asdict(self.workspace.add(_file(Path(folder), name, content), kind=kind))

    def value_year(self, year: Year, confirm: Confirm = "") -> Json:
        """Value a year, in two calls.

        The first says what stands open and gives a code, the second with that code values.
        """
        code = confirmation("run", year.upper(), self._state())
        if confirm != code:
            open_now = bounded([f.json for f in self.workspace.check()], 20)
            return {"year": year.upper(), "findings": open_now} | _to_confirm(code, confirm)
        run = self.workspace.run(year)
        return {"run": run.id, "figures": bounded([self._linked(r) for r in run.figures()])}

    def undo_import(self, import_id: Name, reason: Name, confirm: Confirm = "") -> Json:
        """Undo an import by a reversal, in two calls: the first shows it and gives a code."""
        code = confirmation("undo", import_id, reason, self._state())
        if confirm != code:
            shown = [asdict(i) for i in self.workspace.imports() if i.import_id == import_id]
            return {"import": shown} | _to_confirm(code, confirm)
        return {"reversal": self.workspace.undo(import_id, reason=reason)}

    def _state(self) -> str:
        """What a confirmation stands on: another import or run since asks for a new one."""
        ws = self.workspace
        return f"{len(ws.imports())} {len(ws.runs())}"


def _to_confirm(code: str, given: str) -> Json:
    stale = "The code given is not that of this preview. " if given else ""
    return {
        "stored": False,
        "confirm": code,
        "next": f"{stale}Show this to the user; call again with confirm='{code}' once they agree.",
    }


def _file(folder: Path, name: str, content: str) -> Path:
    """A file that was handed over: text as it is, a binary format from base64.

    Raises:
        UsageError: `bad-content`.
    """
    path = folder / (Path(name.replace("\\", "/")).name or "file.csv")
    if path.suffix.lower() in (".csv", ".txt", ".tsv", ".json"):
        path.write_text(content, encoding="utf-8")
        return path
    try:
        path.write_bytes(base64.b64decode(content, validate=True))
    except binascii.Error as error:
        raise UsageError(
            "bad-content", f"{path.name} is not base64.", "Encode binary files as base64."
        ) from error
    return path
