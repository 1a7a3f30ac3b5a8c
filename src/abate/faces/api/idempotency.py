"""Idempotency keys: a request that is sent again is answered as the first time, and does nothing.

A client that lost the answer cannot know whether its request was carried out. It sends the header
`Idempotency-Key` with a text of its own, and the same key again when it asks again.
"""

from __future__ import annotations

import hashlib
import threading

from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from abate.adapters.store.intake import Intake
from abate.faces.api.guard import UPLOAD_PATH, App, Message, Receive, Scope, Send
from abate.faces.clock import present
from abate.kernel.edges import Json

KEY_MAX = 200
"""Most characters of a key."""
METHODS = ("POST", "PUT", "DELETE")


class Idempotency:
    """Middleware that answers a request with a known key as it was answered before.

    Answers of faults (400 and above) are not kept: what was wrong may be mended and sent again.

    Args:
        app: What answers.
        intake: Where answers are kept, for a day.
    """

    def __init__(self, app: App, intake: Intake) -> None:
        self.app, self.intake = app, intake
        self._guard = threading.Lock()
        self._under_way: set[str] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer from what is kept, or hand on and keep the answer."""
        key = _key(scope)
        if not key:
            await self.app(scope, receive, send)
            return
        if len(key) > KEY_MAX:
            text = f"An idempotency key has at most {KEY_MAX} characters."
            await _refuse(scope, receive, send, 400, "bad-idempotency-key", text)
            return
        body = _Body(scope, receive)
        if scope["path"] != UPLOAD_PATH:
            try:
                await body.read(keep=True)
            except HTTPException as error:
                await _refuse(scope, receive, send, error.status_code, "too-large", error.detail)
                return
        with self._guard:
            if key in self._under_way:
                busy = "A request with this key is under way."
                kept = None
            else:
                busy = ""
                kept = self.intake.answer(key, present())
                if kept is None:
                    self._under_way.add(key)
        if busy:
            await _refuse(scope, receive, send, 409, "request-under-way", busy)
        elif kept is not None:
            await body.read()
            if kept["digest"] == body.digest:
                again = Response(kept["body"], kept["status"], media_type="application/json")
                await again(scope, receive, send)
                return
            text = "The key belongs to another request."
            await _refuse(scope, receive, send, 422, "idempotency-key-reused", text)
        else:
            await self._first(key, body, scope, send)

    async def _first(self, key: str, body: _Body, scope: Scope, send: Send) -> None:
        said: Json = {"status": 0, "body": b""}

        async def listening(message: Message) -> None:
            if message["type"] == "http.response.start":
                said["status"] = message["status"]
            else:
                said["body"] += message.get("body", b"")
            await send(message)

        try:
            await self.app(scope, body.receive, listening)
            if said["status"] < 400:
                text = said["body"].decode()
                self.intake.keep_answer(key, body.digest, said["status"], text, present())
        finally:
            with self._guard:
                self._under_way.discard(key)


def _key(scope: Scope) -> str:
    """Key of a request that changes something; empty where it has none."""
    if scope["type"] != "http" or scope["method"] not in METHODS:
        return ""
    if not scope["path"].startswith("/api/v1/"):
        return ""
    found = [v for k, v in scope["headers"] if k.lower() == b"idempotency-key"]
    return str(found[0].decode("latin-1")).strip() if found else ""


class _Body:
    """What a request asks, with its digest; an upload is digested as it comes."""

    def __init__(self, scope: Scope, receive: Receive) -> None:
        self._receive = receive
        asked = (scope["method"], scope["path"], scope["query_string"].decode("latin-1"))
        self._hash = hashlib.sha256(repr(asked).encode())
        self._kept: list[Message] = []
        self._is_whole = False

    @property
    def digest(self) -> str:
        """Of method, path, query and of what was read of the body."""
        return self._hash.hexdigest()

    async def read(self, *, keep: bool = False) -> None:
        """Read to the end; what is kept is given again."""
        while not self._is_whole:
            message = await self._next()
            if keep:
                self._kept.append(message)

    async def receive(self) -> Message:
        """The next message, as the application asks for it."""
        return self._kept.pop(0) if self._kept else await self._next()

    async def _next(self) -> Message:
        message = await self._receive()
        self._hash.update(message.get("body", b""))
        self._is_whole = not message.get("more_body", False)
        return message


async def _refuse(
    scope: Scope, receive: Receive, send: Send, status: int, code: str, message: str
) -> None:
    hint = "Send another key, or the same request again."
    told = {"code": code, "message": message, "hint": hint}
    await JSONResponse(told, status)(scope, receive, send)
