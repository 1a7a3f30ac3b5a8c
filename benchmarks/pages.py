"""Pages and API: milliseconds on the server, over the example group and over a large ledger, and requests per second.

    python benchmarks/pages.py [--rows 10000000] [--seconds 10] [--demo DIR] [--folder
    benchmarks/out/pages]

Each page is asked for first (cold: engine and tables of that thread may still be shut) and then
again (warm). Requests per second are of one client process that keeps its connections open, against
a server held to one core; what a server takes per request is its own CPU time.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import http.client
import json
import os
import platform
import re
import signal
import statistics
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

DEMO_PAGES = (
    "/", "/data", "/data/findings", "/data/quarantine", "/inventory", "/inventory?by=org&year=FY2024",
    "/inventory?by=site&year=FY2024", "/inventory?by=month&year=FY2024", "/inventory?by=category&year=FY2024",
    "/inventory/net?year=FY2024", "/inventory/scope3?year=FY2024", "ENTRY", "/data-centres?year=FY2024",
    "/data-centres/heyuan/hy-a?month=2023-08", "/factors?q=electricity", "/factors/cn-mee/grid-average/CN-ZJ/2023",
    "/runs", "/runs/compare?before=FY2023&after=FY2024",
)  # fmt: skip
LARGE_PAGES = (
    "/", "/data", "/inventory", "/inventory?by=site", "/inventory?by=month", "/inventory?by=month&site=site-7",
    "/inventory/gross", "/inventory/scope2-location?site=site-7", "/inventory/scope2-location/rows?site=site-7&year=FY2023",
    "/inventory/gross/rows?year=FY2023", "NEXT", "ENTRY", "/runs",
)  # fmt: skip
API = "/api/v1/figures?year=FY2024"


class Server:
    """A server process on one core.

    Args:
        root: The workspace's folder.
    """

    def __init__(self, root: Path) -> None:
        words = [sys.executable, "-m", "abate", "serve", "--port", "0", "-w", str(root)]
        self.process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        link = self.process.stdout.readline().removeprefix("Open ").strip()
        self.host, _, token = link.removeprefix("http://").partition("/?token=")
        line = self.connect()
        line.request(
            "POST",
            "/api/v1/session",
            json.dumps({"token": token}),
            {"content-type": "application/json", "origin": f"http://{self.host}"},
        )
        self.headers = {
            "authorization": f"Bearer {json.loads(line.getresponse().read())['key']}",
            "accept": "text/html",
        }

    def connect(self) -> http.client.HTTPConnection:
        """A connection that stays open."""
        for _ in range(200):
            try:
                line = http.client.HTTPConnection(self.host, timeout=120)
                line.connect()
                return line
            except ConnectionRefusedError:
                time.sleep(0.1)
        raise TimeoutError

    def ask(self, line: http.client.HTTPConnection, path: str) -> tuple[float, bytes]:
        """Milliseconds and body of a page."""
        start = time.perf_counter()
        line.request("GET", path, headers=self.headers)
        answer = line.getresponse()
        body = answer.read()
        assert answer.status == 200, (path, answer.status, body[:300])
        return (time.perf_counter() - start) * 1000, body

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.send_signal(signal.SIGINT)
        self.process.wait(60)


def timed(root: Path, pages: tuple[str, ...], repeat: int) -> list[tuple[str, float, float, float]]:
    """Cold, median and slowest warm milliseconds of each page."""
    with Server(root) as server:
        line = server.connect()
        time.sleep(3)  # what a server reads ahead when it starts
        found = []
        opened = b""
        for page in pages:
            path = page
            if page in ("ENTRY", "NEXT"):
                at = (
                    rb'href="(/entries/[^"]+)"'
                    if page == "ENTRY"
                    else rb'href="([^"]+)" rel="next"'
                )
                match = re.search(at, opened)
                assert match is not None, page
                path = match.group(1).decode().replace("&amp;", "&")
            cold, body = server.ask(line, path)
            opened = body if b'rel="next"' in body and b"/entries/" in body else opened
            warm = [server.ask(line, path)[0] for _ in range(repeat)]
            found.append(
                (
                    page if page in ("ENTRY", "NEXT") else path,
                    cold,
                    statistics.median(warm),
                    max(warm),
                )
            )
    return found


def per_second(root: Path, seconds: float) -> tuple[float, float]:
    """Requests of the inventory API answered per second by a server on one core, and its CPU milliseconds each."""
    with Server(root) as server:
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(server.process.pid, cores[:1])
        for task in Path(f"/proc/{server.process.pid}/task").iterdir():
            os.sched_setaffinity(int(task.name), cores[:1])
        server.ask(server.connect(), API)
        time.sleep(3)
        until = time.perf_counter() + seconds

        def client(_: int) -> int:
            line, count = server.connect(), 0
            while time.perf_counter() < until:
                server.ask(line, API)
                count += 1
            return count

        before = _cpu_s(server.process.pid)
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            total = sum(pool.map(client, range(4)))
        spent = _cpu_s(server.process.pid) - before
    return total / seconds, spent / total * 1000


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    """Build what is not there, measure, print rows for RESULTS.md and one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--repeat", type=int, default=15)
    parser.add_argument("--demo", type=Path, default=Path("benchmarks/out/pages/demo"))
    parser.add_argument("--folder", type=Path, default=Path("benchmarks/out/pages/large"))
    given = parser.parse_args()
    if not (given.demo / "abate.toml").is_file():
        subprocess.run(
            [sys.executable, "-m", "abate", "demo", "--dir", str(given.demo), "--json"],
            check=True,
            stdout=subprocess.DEVNULL,
        )
    if not (given.folder / "abate.toml").is_file():
        import scale

        scale.build(given.folder, given.rows)
        scale.ours(given.folder)
    told = {
        "demo": timed(given.demo, DEMO_PAGES, given.repeat),
        "large": timed(given.folder, LARGE_PAGES, given.repeat),
    }
    rate, cpu_ms = per_second(given.demo, given.seconds)
    print(
        f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    )
    for name, pages in told.items():
        print(f"\n| {name} | cold ms | warm ms, median | warm ms, slowest |\n|---|---|---|---|")
        for page, cold, warm, slowest in pages:
            print(f"| {page} | {cold:.0f} | {warm:.0f} | {slowest:.0f} |")
    print(f"\n{API}: {rate:.0f} requests per second on one core, {cpu_ms:.1f} ms of CPU each")
    print(
        json.dumps(
            {
                "rows": given.rows,
                "per_second": rate,
                **{k: max(p[2] for p in v) for k, v in told.items()},
            }
        )
    )


if __name__ == "__main__":
    main()
