"""Thousands of files that were changed or made to hurt, on every reader and on a server: seconds, memory, and what breaks.

python benchmarks/hostile.py [--mutations N] [--hostile N] [--seed N]
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT)]

import hostile  # noqa: E402
from abate.application.opening import create_workspace  # noqa: E402
from serving import Served  # noqa: E402
from support import CONFIG  # noqa: E402

SERVED_EVERY = 10
"""Every n-th file is uploaded to a server, too."""
TAKEN = (".csv", ".xlsx", ".parquet")


def main() -> int:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--mutations", type=int, default=2000)
    asked.add_argument("--hostile", type=int, default=500)
    asked.add_argument("--seed", type=int, default=1)
    words = asked.parse_args()
    faults, longest, begun, uploaded = 0, (0.0, ""), time.perf_counter(), 0
    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder)
        root = create_workspace(here / "w", CONFIG).root
        examples = hostile.examples(here / "examples")
        worker, served = (
            hostile.Worker(root),
            Served(create_workspace(here / "served", CONFIG).root),
        )
        client = served.client()
        files = [
            *hostile.hostile(random.Random(words.seed), words.hostile),
            *hostile.mutations(examples, words.mutations, words.seed),
        ]
        for k, (name, content) in enumerate(files):
            path = here / name
            path.write_bytes(content)
            start = time.perf_counter()
            said = worker.tried(path)
            longest = max(longest, (time.perf_counter() - start, name))
            if not said and k % SERVED_EVERY == 0 and path.suffix in TAKEN:
                said, uploaded = on_server(client, served.base, name, content), uploaded + 1
            if said:
                faults += 1
                print(f"FAULT {name} ({len(content):,} bytes): {said[:300]}", flush=True)
            path.unlink()
        worker.close()
        alive = client.get("/").status_code == 200
        served.stop()
    print(
        f"{len(files):,} files in {time.perf_counter() - begun:.0f} s, {uploaded} of them on a server that "
        f"{'lives' if alive else 'DIED'}; longest {longest[0]:.1f} s ({longest[1]}); {faults} faults"
    )
    return 1 if faults or not alive else 0


def on_server(client, base: str, name: str, content: bytes) -> str:
    """What a server makes of a file: uploaded, looked at, checked, refused."""
    taken = client.post(
        "/api/v1/uploads",
        params={"name": name, "purpose": "data"},
        content=content,
        headers={"origin": base},
    )
    if taken.status_code >= 500:
        return f"upload: {taken.status_code}"
    if taken.status_code not in (200, 201):
        return ""
    upload = taken.json()["id"]
    for place in (
        f"/api/v1/uploads/{upload}",
        f"/api/v1/uploads/{upload}/check",
        f"/data/uploads/{upload}",
    ):
        answer = client.get(place)
        if answer.status_code >= 500:
            return f"{place}: {answer.status_code} {answer.text[:200]}"
    client.delete(f"/api/v1/uploads/{upload}", headers={"origin": base})
    return ""


if __name__ == "__main__":
    sys.exit(main())
