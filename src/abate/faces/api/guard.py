"""Guard: who may ask, from where, and how much at once.

One user on loopback, known by a link that works once.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Awaitable, Callable, MutableMapping
from http.cookies import CookieError, SimpleCookie
from typing import Any, TypeAlias
from urllib.parse import parse_qsl, urlsplit

from starlette.exceptions import HTTPException

from abate.kernel.errors import UsageError

Scope: TypeAlias = MutableMapping[str, Any]
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
App: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]

MAX_BODY_BYTES = 2 << 20
"""Most bytes of a request that is not an upload."""
UPLOAD_PATH = "/api/v1/uploads"
SAFE = ("GET", "HEAD", "OPTIONS")
OPEN = ("/static/", "/api/v1/session")
"""What is served to those who have no session yet."""
HEADERS = (
    (
        b"content-security-policy",
        (
            b"default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src"
            b" 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none';"
            b" frame-ancestors 'none'"
        ),
    ),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
)


class Sessions:
    """The one-time token and the sessions opened with it.

    Args:
        token: The token; it opens one session.
        name: What tells this server from others on the machine, for cookies know no ports.
    """

    def __init__(self, token: str, name: str) -> None:
        self.cookie = f"abate_session_{hashlib.sha256(name.encode()).hexdigest()[:12]}"
        self._token = token
        self._keys: set[str] = set()

    def open(self, token: str) -> str:
        """Spend the token for a session's key.

        Raises:
            UsageError: `bad-token`.
        """
        if not self._token or not hmac.compare_digest(token.encode(), self._token.encode()):
            raise UsageError(
                "bad-token",
                "The link was used or is wrong.",
                "Start 'abate serve' again for a new one.",
            )
        self._token = ""
        key = secrets.token_urlsafe(32)
        self._keys.add(key)
        return key

    def knows(self, key: str) -> bool:
        """Whether a key belongs to an open session."""
        return any(hmac.compare_digest(key.encode(), k.encode()) for k in self._keys)


class Guard:
    """Middleware that lets through only requests of this user, of this site, of bearable size.

    Args:
        app: What it guards.
        sessions: Who may ask.
        hosts: Names by which the server may be called; others are how a foreign site reaches into a
            local network.
    """

    def __init__(self, app: App, sessions: Sessions, hosts: frozenset[str]) -> None:
        self.app = app
        self.sessions = sessions
        self.hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer what is at fault, and hand on the rest."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = {
            name.decode("latin-1").lower(): value.decode("latin-1")
            for name, value in scope["headers"]
        }
        fault = self._fault(scope, headers)
        with_headers = _adding(send, cached=scope["path"].startswith("/static/"))
        if fault is not None:
            await _answer(with_headers, *fault, html="text/html" in headers.get("accept", ""))
            return
        bounded = receive if scope["path"] == UPLOAD_PATH else _bounded(receive)
        if scope["method"] == "HEAD":  # what a GET says, without what it gives
            scope["method"], with_headers = "GET", _without_body(with_headers)
        await self.app(scope, bounded, with_headers)

    def _fault(self, scope: Scope, headers: dict[str, str]) -> tuple[int, str, str] | None:
        """Status, code and message of what is wrong with a request."""
        if _name_of(headers.get("host", "")) not in self.hosts:
            return 421, "wrong-host", "This server answers only by its own name."
        key, by_cookie = _key(headers, self.sessions.cookie)
        if scope["method"] not in SAFE and (by_cookie or not key) and not _same_site(headers):
            return 403, "cross-site", "The request came from another site."
        length = headers.get("content-length", "0")
        if scope["path"] != UPLOAD_PATH and (not length.isdigit() or int(length) > MAX_BODY_BYTES):
            return 413, "too-large", f"A request holds at most {MAX_BODY_BYTES >> 20} MiB."
        token = ""
        if scope["path"] == "/":
            asked = dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True))
            token = asked.get("token", "")
        known = bool(key) and self.sessions.knows(key)
        scope["abate"] = {"token": token, "known": known}  # decided here, once
        if known or token or scope["path"].startswith(OPEN):
            return None
        return 401, "no-session", "Open the link that 'abate serve' printed."


def _key(headers: dict[str, str], name: str) -> tuple[str, bool]:
    """Key of a request's session, and whether it came by cookie, which a browser sends unasked."""
    scheme, _, bearer = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return bearer.strip(), False
    try:
        cookie = SimpleCookie(headers.get("cookie", ""))
    except CookieError:
        return "", True
    return (cookie[name].value, True) if name in cookie else ("", True)


def _name_of(host: str) -> str:
    """The name in a header `Host`, without its port.

    Example:
        >>> _name_of("LocalHost:8765"), _name_of("[::1]:8765"), _name_of("[::1]")
        ('localhost', '[::1]', '[::1]')
    """
    name, _, port = host.lower().rpartition(":")
    return name if name and port.isdecimal() else host.lower()


def _same_site(headers: dict[str, str]) -> bool:
    """Whether a browser says that the request comes from our own pages."""
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    if site is not None and site != "same-origin":
        return False
    if origin is not None:
        return urlsplit(origin).netloc.lower() == headers.get("host", "").lower()
    return site == "same-origin"


def _bounded(receive: Receive) -> Receive:
    taken = 0

    async def bounded() -> Message:
        nonlocal taken
        message = await receive()
        taken += len(message.get("body", b""))
        if taken > MAX_BODY_BYTES:
            raise HTTPException(413, f"A request holds at most {MAX_BODY_BYTES >> 20} MiB.")
        return message

    return bounded


def _adding(send: Send, *, cached: bool) -> Send:
    keep = b"public, max-age=31536000, immutable" if cached else b"no-store"

    async def adding(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message.get("headers", []), *HEADERS, (b"cache-control", keep)]
        await send(message)

    return adding


def _without_body(send: Send) -> Send:
    async def without(message: Message) -> None:
        if message["type"] == "http.response.body":
            message = {
                "type": "http.response.body",
                "body": b"",
                "more_body": message.get("more_body", False),
            }
        await send(message)

    return without


async def _answer(send: Send, status: int, code: str, message: str, *, html: bool) -> None:
    if html:
        body = (
            "<!doctype html><html lang=en><meta"
            f" charset=utf-8><title>Abate</title><main><h1>{status}</h1><p>{message}</p></main>".encode()
        )
        kind = b"text/html; charset=utf-8"
    else:
        body, kind = (
            json.dumps({"code": code, "message": message, "hint": ""}).encode(),
            b"application/json",
        )
    await send(
        {"type": "http.response.start", "status": status, "headers": [(b"content-type", kind)]}
    )
    await send({"type": "http.response.body", "body": body})
