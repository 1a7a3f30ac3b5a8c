"""A standalone Spark cluster on loopback: one master, workers as processes of their own."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

QUICK = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Xshare:auto"
WAIT_S = 90


class SparkCluster:
    """Started on entering, ended by process group on leaving.

    Args:
        folder: Scratch folder of the processes.
        workers: How many, with one core each.
        memory: Memory of each worker.
        java: Flags of every Java machine.
    """

    def __init__(self, folder: Path, workers: int = 2, memory: str = "1g", java: str = QUICK) -> None:
        self.folder, self.count, self.memory, self.java = folder, workers, memory, java
        self.port, self.web = _free_port(), _free_port()
        self.workers: list[subprocess.Popen[bytes]] = []

    @property
    def master(self) -> str:
        return f"spark://127.0.0.1:{self.port}"

    def __enter__(self) -> SparkCluster:
        self.processes = [self._start("master.Master", "--port", str(self.port), "--webui-port", str(self.web))]
        try:
            self._wait(lambda told: True)
            for _ in range(self.count):
                self.add_worker()
            self._wait(lambda told: sum(w["state"] == "ALIVE" for w in told["workers"]) == self.count)
        except BaseException:
            self.__exit__()
            raise
        return self

    def add_worker(self) -> None:
        self.workers.append(
            self._start("worker.Worker", "--cores", "1", "--memory", self.memory, "--webui-port", "0", self.master)
        )
        self.processes.append(self.workers[-1])

    def kill_worker(self) -> None:
        """Kill a worker and its executors, as a machine that goes down."""
        worker = self.workers.pop()
        for child in _children(worker.pid):
            os.kill(child, signal.SIGKILL)
        os.killpg(worker.pid, signal.SIGKILL)
        worker.wait()

    def __exit__(self, *_: object) -> None:
        for process in reversed(self.processes):
            for child in _children(process.pid):
                os.kill(child, signal.SIGKILL)
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            process.wait()

    def _start(self, what: str, *words: str) -> subprocess.Popen[bytes]:
        import pyspark

        home = Path(pyspark.__file__).parent
        log = (self.folder / f"{what.split('.')[0]}-{time.monotonic_ns()}.log").open("wb")
        about = {
            **os.environ, "SPARK_HOME": str(home), "SPARK_LOCAL_IP": "127.0.0.1", "SPARK_DAEMON_MEMORY": "512m",
            "SPARK_DAEMON_JAVA_OPTS": self.java, "PYSPARK_PYTHON": sys.executable, "TZ": "UTC",
            "SPARK_WORKER_DIR": str(self.folder / "work"), "SPARK_LOCAL_DIRS": str(self.folder / "scratch"),
        }  # fmt: skip
        spark_class = [str(home / "bin" / "spark-class"), f"org.apache.spark.deploy.{what}", "--host", "127.0.0.1"]
        with log:
            return subprocess.Popen([*spark_class, *words], env=about, stdout=log, stderr=log, start_new_session=True)

    def _wait(self, ready: object) -> None:
        until = time.monotonic() + WAIT_S
        while True:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.web}/json/", timeout=2) as answer:
                    if ready(json.load(answer)):  # type: ignore[operator]
                        return
            except OSError:
                pass
            if time.monotonic() > until:
                logs = "\n".join(p.read_text(errors="replace")[-2000:] for p in self.folder.glob("*.log"))
                raise TimeoutError(f"The cluster did not come up.\n{logs}")
            time.sleep(0.2)


def _children(pid: int) -> list[int]:
    """Every process below a process, deepest first."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        if int(fields[1]) == pid:
            child = int(path.parent.name)
            found += [*_children(child), child]
    return found


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])
