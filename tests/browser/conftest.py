"""A real browser: Debian's Chromium, driven by Playwright; axe-core beside it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from serving import Served
from support import ROOT

AXE = Path(os.environ.get("ABATE_AXE", ROOT / ".venv/node/node_modules/axe-core/axe.min.js"))
SHOTS = os.environ.get("ABATE_SHOTS", "")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """The browser."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None or not AXE.is_file():
        said = "Chromium or axe-core is not installed: see tests/browser/install.sh"
        pytest.fail(said) if os.environ.get("CI") else pytest.skip(said)
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(
        timeout=30_000
    )  # a page waits for its server, whose machine may test other things beside
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


def opened(chromium: Any, served: Served, **options: Any) -> Any:
    """A page of its own, which collects what goes wrong: errors, requests to other places."""
    context = chromium.new_context(**options)
    page = context.new_page()
    page.faults = []
    page.on("pageerror", lambda e: page.faults.append(str(e)))
    page.on("console", lambda m: page.faults.append(m.text) if m.type == "error" else None)
    page.on(
        "request",
        lambda r: (
            page.faults.append(r.url)
            if not r.url.startswith((served.base, "data:", "blob:"))
            else None
        ),
    )
    return page


@pytest.fixture
def serve() -> Iterator[Callable[[Path], Served]]:
    """Serve a workspace until the test ends."""
    started: list[Served] = []

    def start(root: Path) -> Served:
        started.append(Served(root))
        return started[-1]

    yield start
    for one in started:
        one.stop()


@pytest.fixture(scope="session")
def demo_served(demo: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A copy of the example group, served once."""
    served = Served(Path(shutil.copytree(demo.root, tmp_path_factory.mktemp("served") / "group")))
    yield served
    served.stop()


@pytest.fixture(scope="session")
def demo_state(chromium: Any, demo_served: Served) -> Any:
    """A session of the served example group: the link works once, so its cookie is shared."""
    context = chromium.new_context()
    context.new_page().goto(demo_served.link)
    state = context.storage_state()
    context.close()
    return state


@pytest.fixture
def shot() -> Callable[[Any, str], None]:
    """Keep a picture of a page, where ABATE_SHOTS names a folder."""

    def keep(page: Any, name: str) -> None:
        if SHOTS:
            Path(SHOTS).mkdir(parents=True, exist_ok=True)
            page.screenshot(path=str(Path(SHOTS) / f"{name}.png"), full_page=True)

    return keep
