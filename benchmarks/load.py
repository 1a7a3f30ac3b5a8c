"""Load on a server: connections that ask for figures, explanations and pages all the time; milliseconds, errors, memory.

    python benchmarks/load.py [--seconds 60] [--connections 16] [--demo DIR]

The clients are one process beside the server, on the same machine: what they take of its cores
counts against it.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import http.client
import platform
import re
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from pages import DEMO_PAGES, Server

API = (
    "/api/v1/figures?year=FY2024", "/api/v1/figures?year=FY2023&by=org", "/api/v1/figures?year=FY2024&by=month",
    "/api/v1/figures/net?year=FY2024", "/api/v1/figures/scope3?year=FY2024", "/api/v1/findings", "/api/v1/imports", "/api/v1/jobs",
)  # fmt: skip


def resident_mb(pid: int) -> float:
    """Memory that a process and its children hold [MB]."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    held = 0
    for one in (str(pid), *children):
        found = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{one}/status").read_text())
        held += int(found[1]) if found else 0
    return held / 1000


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--demo", type=Path, default=Path("benchmarks/out/pages/demo"))
    given = parser.parse_args()
    if not (given.demo / "abate.toml").is_file():
        words = [sys.executable, "-m", "abate", "demo", "--dir", str(given.demo), "--json"]
        subprocess.run(words, check=True, stdout=subprocess.DEVNULL)
    with Server(given.demo) as server:
        time.sleep(3)
        line = server.connect()
        paths = [p for p in DEMO_PAGES if p != "ENTRY"]
        opened = server.ask(line, "/inventory/net?year=FY2024")[1]
        paths += [
            m.decode().replace("&amp;", "&")
            for m in re.findall(rb'href="(/entries/[^"]+)"', opened)[:8]
        ]
        paths += [p for p in API if answers(server, line, p)]
        for path in paths:
            server.ask(line, path)
        until, errors = time.perf_counter() + given.seconds, []

        def client(number: int) -> list[float]:
            line, took, k = server.connect(), [], number * 5
            while time.perf_counter() < until:
                try:
                    took.append(server.ask(line, paths[k % len(paths)])[0])
                except (AssertionError, OSError, http.client.HTTPException) as error:
                    errors.append(repr(error)[:200])
                    line = server.connect()
                k += 1
            return took

        with concurrent.futures.ThreadPoolExecutor(given.connections) as pool:
            work = [pool.submit(client, n) for n in range(given.connections)]
            memory = []
            while time.perf_counter() < until:
                memory.append(resident_mb(server.process.pid))
                time.sleep(min(5, max(0.1, until - time.perf_counter())))
            took = sorted(t for w in work for t in w.result())
    p50, p99 = took[len(took) // 2], took[int(len(took) * 0.99)]
    half = len(memory) // 2
    print(
        f"{platform.machine()}, Python {platform.python_version()}, {given.connections} connections, {len(paths)} addresses"
    )
    print(
        f"{len(took):,} requests in {given.seconds:.0f} s ({len(took) / given.seconds:.0f}/s): median {p50:.0f} ms, p99 {p99:.0f} ms, "
        f"slowest {took[-1]:.0f} ms; {len(errors)} errors {errors[:2]}; memory {memory[0]:.0f} MB at first, "
        f"{max(memory[:half] or memory):.0f} in the first half, {max(memory[half:]):.0f} in the second"
    )
    return 1 if errors else 0


def answers(server: Server, line: http.client.HTTPConnection, path: str) -> bool:
    """Whether an address is there."""
    line.request("GET", path, headers=server.headers)
    answer = line.getresponse()
    answer.read()
    return answer.status == 200


if __name__ == "__main__":
    sys.exit(main())
