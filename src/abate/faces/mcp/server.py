"""The server of tools: reads by default, writes only what was previewed and confirmed."""

from __future__ import annotations

import inspect
import secrets
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse

from abate.faces.mcp.writing import Tools
from abate.kernel.errors import AbateError, UsageError

if TYPE_CHECKING:
    from mcp.server import MCPServer
    from starlette.types import ASGIApp, Receive, Scope, Send

ABOUT = """Carbon accounts of {name}. A figure is a sum or ratio over rows of a ledger; 'figures'
gives values, 'explain' opens one down to file and row. Values with 'incomplete' lack rows: say so
when you quote them. Scope 2 has two views, location and market, which are never added up; so are
net and gross. Every value names its run, and a link that opens it."""


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
    written = {name for name in vars(Tools) if not name.startswith("_")}
    names = [n for n, _ in inspect.getmembers(Tools, inspect.isfunction) if not n.startswith("_")]
    chosen = [n for n in names if n != "opened" and (allow_write or n not in written)]

    def said(tool: Callable[..., Any]) -> Callable[..., Any]:
        """A tool whose errors reach the agent with code and hint."""

        @wraps(tool)
        def call(*given: Any, **named: Any) -> Any:
            try:
                return tool(*given, **named)
            except AbateError as error:
                raise ToolError(str(error)) from error

        return call

    for name in chosen:
        hints = ToolAnnotations(read_only_hint=name not in written)
        server.add_tool(said(getattr(tools, name)), annotations=hints)
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
