"""The command that serves a workspace's pages and API."""

from __future__ import annotations

import fcntl
import os
import secrets
import socket
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import IO, Annotated

import typer

from abate.adapters.store.faults import CLOSED
from abate.faces.cli import show as out
from abate.faces.cli.app import HERE, WorkspaceOption, app, opened_at
from abate.kernel.errors import UsageError

PORT = 8765
PortOption = Annotated[
    int, typer.Option(min=0, max=65535, help="Port on 127.0.0.1; 0 takes a free one.")
]


@app.command()
def serve(port: PortOption = PORT, workspace: WorkspaceOption = HERE) -> None:
    """Open the workspace in a browser: pages and REST API on this machine, for one user.

    An empty folder becomes a new workspace; its first page asks for the organisation.
    """
    if not workspace.exists() or (workspace.is_dir() and not any(workspace.iterdir())):
        from abate.application.workspaces.setup import NAMELESS, init_workspace

        made = init_workspace(workspace, NAMELESS)
        sys.stderr.write(f"Made a new workspace in {made}.\n")
    serve_workspace(opened_at(workspace).root, port)


def _held(path: Path) -> IO[str]:
    """The file that is locked while a workspace is served.

    Where nobody may write, nobody need be kept out.
    """
    try:
        return path.open("w")
    except OSError as error:
        if error.errno not in CLOSED:
            raise
        return tempfile.TemporaryFile("w")


def _listening(port: int) -> socket.socket:
    """A socket of this machine alone.

    Raises:
        UsageError: `port-in-use`.
    """
    listening = socket.socket(
        socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP
    )  # by name: no Nagle's delay
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind(("127.0.0.1", port))
        listening.listen(2048)  # what connects before the server runs waits
    except OSError as error:
        raise UsageError(
            "port-in-use", f"Port {port} is taken.", "Choose another with --port."
        ) from error
    return listening


@app.command()
def mcp(
    allow_write: Annotated[
        bool,
        typer.Option(
            "--allow-write", help="Also import files, value years and undo; each after a preview."
        ),
    ] = False,
    http: Annotated[
        int | None,
        typer.Option(help="Port on this machine to serve over HTTP, in place of stdin and stdout."),
    ] = None,
    workspace: WorkspaceOption = HERE,
) -> None:
    """Serve the workspace's figures to agents, by the Model Context Protocol."""
    from abate.faces.mcp.server import guarded, make_server

    server = make_server(opened_at(workspace).root, allow_write=allow_write)
    if http is None:
        server.run("stdio")
        return
    import uvicorn

    listening = _listening(http)
    key = secrets.token_urlsafe(24)
    address = f"http://127.0.0.1:{listening.getsockname()[1]}/mcp"
    out.console().print(
        f"Tools at {address}\nHeader: Authorization: Bearer {key}\nStop with Ctrl-C."
    )
    config = uvicorn.Config(guarded(server, key), log_level="warning", server_header=False)
    with suppress(KeyboardInterrupt):
        uvicorn.Server(config).run(sockets=[listening])


def serve_workspace(root: Path, port: int = PORT) -> None:
    """Serve a workspace on 127.0.0.1 until it is interrupted; prints a link that opens one session.

    Raises:
        UsageError: `port-in-use`, `already-served`.
    """
    import uvicorn

    from abate.faces.server import create_app

    with _held(root / "ledger" / ".served") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise UsageError(
                "already-served",
                "Another 'abate serve' serves this workspace.",
                "Use its link, or stop it.",
            ) from error
        listening = _listening(port)
        token = secrets.token_urlsafe(24)
        address = f"http://127.0.0.1:{listening.getsockname()[1]}/?token={token}"
        out.console().print(f"Open {address}\nThe link works once. Stop with Ctrl-C.")
        served = create_app(root, token=token)
        config = uvicorn.Config(served, log_level="warning", server_header=False, access_log=False)
        with suppress(KeyboardInterrupt):  # the usual end of a server, and told to it already
            uvicorn.Server(config).run(sockets=[listening])
        if served.state.jobs.busy:
            out.console().print("A job was cut off; the pages will say what became of it.")
            sys.stdout.flush()
            os._exit(0)  # threads of the engine cannot be ended otherwise; the ledger bears it
