"""The server: API and pages of one workspace, for one user on loopback."""

from __future__ import annotations

import logging
import secrets
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio.to_thread
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException

from abate.adapters.store.faults import engine_errors, fault_of
from abate.application.catalogue import faces_of
from abate.faces.api import routes, uploads
from abate.faces.api.description import describing
from abate.faces.api.desk import OpenWorkspace
from abate.faces.api.guard import Guard, Sessions
from abate.faces.api.idempotency import Idempotency
from abate.faces.api.jobs import Jobs
from abate.faces.web.page import HERE, Page
from abate.faces.web.pages import NAVIGATION
from abate.faces.web.pages import router as pages
from abate.faces.web.pages.inventory import read_ahead
from abate.faces.web.pages.overview import prepare
from abate.kernel.edges import Json
from abate.kernel.errors import (
    AbateError,
    DataError,
    DuplicateImportError,
    IntegrityError,
    NotFoundError,
    StoreError,
)

THREADS = 4
"""Threads that answer requests; each has engines of its own."""
PAUSE_S = 2.0
"""Seconds before a server begins to read ahead."""
HOSTS = frozenset({"127.0.0.1", "localhost", "[::1]"})
STATIC = HERE / "static"
STATUS = {"file-too-large": 413, "too-many-jobs": 429, "too-many-uploads": 429}
"""Status of errors that have one of their own, by code."""
log = logging.getLogger("abate.api")


def create_app(root: Path, *, token: str = "") -> FastAPI:
    """The application of a workspace.

    Args:
        root: The workspace's folder.
        token: One-time token that opens a session; made up where none is given.

    Raises:
        NotFoundError: `no-workspace`.
    """
    import abate

    desk = OpenWorkspace(root)
    jobs = Jobs(desk)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        anyio.to_thread.current_default_thread_limiter().total_tokens = THREADS
        uploads.recover(desk)
        await anyio.to_thread.run_sync(_prepare, desk)
        jobs.start()
        stop = threading.Event()
        warming = threading.Thread(target=_warm, args=(desk, stop), name="abate-warm")
        warming.start()
        yield
        stop.set()
        warming.join()
        jobs.stop()

    app = FastAPI(
        title="Abate",
        version=abate.__version__,
        summary="Figures of a workspace, and everything behind them.",
        openapi_url="/api/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
    )
    app.state.desk, app.state.jobs, app.state.navigation = desk, jobs, NAVIGATION
    app.state.sessions = Sessions(token or secrets.token_urlsafe(24), str(desk.root))
    for module in (routes, *faces_of("api")):
        app.include_router(module.router)
    app.include_router(pages)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    app.add_exception_handler(AbateError, _abate_error)
    app.add_exception_handler(RequestValidationError, _bad_request)
    app.add_exception_handler(HTTPException, _http_error)
    for kind in (*engine_errors(), Exception):  # the first ones are not raised again
        app.add_exception_handler(kind, _internal)
    app.openapi = describing(app)  # type: ignore[method-assign]
    app.add_middleware(Idempotency, intake=desk.intake)
    app.add_middleware(Guard, sessions=app.state.sessions, hosts=HOSTS)
    return app


def _prepare(desk: OpenWorkspace) -> None:
    """Read what the first page shows before anybody can ask for it."""
    try:
        prepare(desk)
    except Exception:
        log.exception("could not read ahead")


def _warm(desk: OpenWorkspace, stop: threading.Event) -> None:
    """Read what the first pages will ask for, so that nobody waits for the engine to start.

    After a pause, in which the first visitor has the machine for the first page.
    """
    if stop.wait(PAUSE_S):
        return
    try:
        for _ in read_ahead(desk):
            if stop.is_set():
                return
    except Exception:
        log.exception("could not read ahead")


def status_of(error: AbateError) -> int:
    """HTTP status of an error.

    Example:
        >>> status_of(NotFoundError("no-run", "FY2024 has not been valued.")), status_of(DataError("empty-file", "x"))
        (404, 422)
    """
    if isinstance(error, NotFoundError):
        return 404
    if isinstance(error, DuplicateImportError):
        return 409
    if isinstance(error, IntegrityError):
        return 500
    if isinstance(error, StoreError):
        return 507 if error.code == "disk-full" else 403
    if error.code in STATUS:
        return STATUS[error.code]
    return 422 if isinstance(error, DataError) else 400


def problem(request: Request, status: int, code: str, message: str, hint: str) -> Response:
    """An error, as a page to people and as JSON to machines."""
    if not request.url.path.startswith("/api/") and "text/html" in request.headers.get(
        "accept", ""
    ):
        return Page.of(request).render(
            "problem.html", status, status=status, code=code, message=message, hint=hint
        )
    return JSONResponse({"code": code, "message": message, "hint": hint}, status)


async def _abate_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, AbateError)
    return problem(request, status_of(error), error.code, error.message, error.hint)


async def _bad_request(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    first: Json = error.errors()[0]
    place = " ".join(str(p) for p in first["loc"])
    return problem(
        request, 422, "bad-request", f"{place}: {first['msg']}.", "See /api/v1/openapi.json."
    )


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    code = {404: "unknown-page", 405: "wrong-method", 413: "too-large"}.get(
        error.status_code, "bad-request"
    )
    return problem(request, error.status_code, code, str(error.detail), "See /api/v1/openapi.json.")


async def _internal(request: Request, error: Exception) -> Response:
    found = fault_of(error)
    if found is not None:
        log.error("%s", found)
        return await _abate_error(request, found)
    log.exception("request failed", exc_info=error)
    return problem(
        request,
        500,
        "internal",
        "Something failed here; nothing was stored.",
        "See the server's log.",
    )
