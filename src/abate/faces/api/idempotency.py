"""Idempotency keys: a request that is sent again is answered as the first time, and does nothing.

A client that lost the answer cannot know whether its request was carried out. It sends the header
`Idempotency-Key` with a text of its own, and the same key again when it asks again.
"""

from __future__ import annotations

import hashlib
import json
import threading
from typing import Any

from starlette.responses import JSONResponse

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
        body = b"" if scope["path"] == UPLOAD_PATH else await _body(receive)
        asked = (scope["method"], scope["path"], scope["query_string"].decode("latin-1"))
        digest = hashlib.sha256(repr(asked).encode() + body).hexdigest()
        with self._guard:
            if key in self._under_way:
                busy = "A request with this key is under way."
                kept = None
            else:
                busy = ""
                kept = self.intake.answer(key)
                if kept is None:
                    self._under_way.add(key)
        if busy:
            await _refuse(scope, receive, send, 409, "request-under-way", busy)
        elif kept is not None and kept["digest"] != digest:
            text = "The key belongs to another request."
            await _refuse(scope, receive, send, 422, "idempotency-key-reused", text)
        elif kept is not None:
            await JSONResponse(json.loads(kept["body"]), kept["status"])(scope, receive, send)
        else:
            await self._first(key, digest, scope, receive if not body else _again(body), send)

    async def _first(
        self, key: str, digest: str, scope: Scope, receive: Receive, send: Send
    ) -> None:
        said: Json = {"status": 0, "body": b""}

        async def listening(message: Message) -> None:
            if message["type"] == "http.response.start":
                said["status"] = message["status"]
            else:
                said["body"] += message.get("body", b"")
            await send(message)

        try:
            await self.app(scope, receive, listening)
            if said["status"] < 400:
                text = said["body"].decode() or "null"
                self.intake.keep_answer(key, digest, said["status"], text, present())
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


async def _body(receive: Receive) -> bytes:
    parts = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(parts)


def _again(body: bytes) -> Receive:
    sent: list[Any] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Message:
        return sent.pop() if sent else {"type": "http.disconnect"}

    return receive


async def _refuse(
    scope: Scope, receive: Receive, send: Send, status: int, code: str, message: str
) -> None:
    hint = "Send another key, or the same request again."
    told = {"code": code, "message": message, "hint": hint}
    await JSONResponse(told, status)(scope, receive, send)
