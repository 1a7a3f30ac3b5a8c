"""A served workspace for the tests: `abate serve` in a process of its own, as a user starts it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2 as httpx
from fastapi import FastAPI
from starlette.testclient import TestClient


class Served:
    """A server process and what is needed to ask it.

    Args:
        root: The workspace's folder.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        words = [sys.executable, "-m", "abate", "serve", "--port", "0", "-w", str(root)]
        self.process = subprocess.Popen(
            words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        assert self.process.stdout is not None
        self.link = self.process.stdout.readline().removeprefix("Open ").strip()
        assert self.link.startswith("http://127.0.0.1:"), self.link
        self.base, _, self.token = self.link.partition("/?token=")
        self._wait()

    def _wait(self) -> None:
        until = time.monotonic() + 60
        while True:
            try:
                if httpx.get(f"{self.base}/static/icon.svg").status_code == 200:
                    return
            except httpx.TransportError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.1)

    def client(self) -> httpx.Client:
        """A client with a session's key."""
        key = httpx.post(
            f"{self.base}/api/v1/session", json={"token": self.token}, headers={"origin": self.base}
        )
        headers = {"authorization": f"Bearer {key.json()['key']}"}
        return httpx.Client(base_url=self.base, headers=headers, timeout=120)

    def kill(self) -> None:
        """End it as a power failure would."""
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self._close()

    def _close(self) -> None:
        assert self.process.stdout is not None
        self.process.stdout.close()

    def stop(self) -> None:
        """End it as Ctrl-C does."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.kill()
        self._close()


@contextmanager
def session(app: FastAPI, token: str) -> Iterator[TestClient]:
    """A client of an application in this process, with a session's key."""
    with TestClient(app, base_url="http://127.0.0.1", raise_server_exceptions=False) as made:
        origin = {"origin": "http://127.0.0.1"}
        key = made.post("/api/v1/session", json={"token": token}, headers=origin).json()["key"]
        made.headers["authorization"] = f"Bearer {key}"
        yield made
