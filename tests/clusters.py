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
from collections.abc import Iterator
from contextlib import contextmanager, suppress
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

    def __init__(
        self, folder: Path, workers: int = 2, memory: str = "1g", java: str = QUICK
    ) -> None:
        self.folder, self.count, self.memory, self.java = folder, workers, memory, java
        self.port, self.web = _free_port(), _free_port()
        self.workers: list[subprocess.Popen[bytes]] = []

    @property
    def master(self) -> str:
        return f"spark://127.0.0.1:{self.port}"

    def __enter__(self) -> SparkCluster:
        self.processes = [
            self._start("master.Master", "--port", str(self.port), "--webui-port", str(self.web))
        ]
        try:
            self._wait(lambda told: True)
            for _ in range(self.count):
                self.add_worker()
            self._wait(
                lambda told: sum(w["state"] == "ALIVE" for w in told["workers"]) == self.count
            )
        except BaseException:
            self.__exit__()
            raise
        return self

    def add_worker(self) -> None:
        self.workers.append(
            self._start(
                "worker.Worker",
                "--cores",
                "1",
                "--memory",
                self.memory,
                "--webui-port",
                "0",
                self.master,
            )
        )
        self.processes.append(self.workers[-1])

    def kill_worker(self) -> None:
        """Kill a worker and its executors, as a machine that goes down."""
        _end(self.workers.pop())

    def __exit__(self, *_: object) -> None:
        for process in reversed(self.processes):
            _end(process)

    def _start(self, what: str, *words: str) -> subprocess.Popen[bytes]:
        return _java(
            self.folder,
            f"org.apache.spark.deploy.{what}",
            "--host",
            "127.0.0.1",
            *words,
            java=self.java,
        )

    def _wait(self, ready: object) -> None:
        until = time.monotonic() + WAIT_S
        while True:
            try:
                with urllib.request.urlopen(
                    f"http://127.0.0.1:{self.web}/json/", timeout=2
                ) as answer:
                    if ready(json.load(answer)):  # type: ignore[operator]
                        return
            except OSError:
                pass
            if time.monotonic() > until:
                logs = "\n".join(
                    p.read_text(errors="replace")[-2000:] for p in self.folder.glob("*.log")
                )
                raise TimeoutError(f"The cluster did not come up.\n{logs}")
            time.sleep(0.2)


def _java(folder: Path, *words: str, java: str) -> subprocess.Popen[bytes]:
    """One of Spark's own processes, its output in a file of the folder."""
    import pyspark

    home = Path(pyspark.__file__).parent
    about = {
        **os.environ,
        "SPARK_HOME": str(home),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "SPARK_DAEMON_MEMORY": "512m",
        "TZ": "UTC",
        "SPARK_DAEMON_JAVA_OPTS": java,
        "SPARK_SUBMIT_OPTS": java,
        "PYSPARK_PYTHON": sys.executable,
        "SPARK_WORKER_DIR": str(folder / "work"),
        "SPARK_LOCAL_DIRS": str(folder / "scratch"),
    }
    with (folder / f"spark-{time.monotonic_ns()}.log").open("wb") as log:
        command = [str(home / "bin" / "spark-class"), *words]
        return subprocess.Popen(command, env=about, stdout=log, stderr=log, start_new_session=True)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Kill a process and all that it started."""
    for child in _children(process.pid):
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


@contextmanager
def spark_class(folder: Path, *words: str) -> Iterator[int]:
    """A server of Spark's; `{port}` in its words is the free port that is given."""
    port = _free_port()
    process = _java(folder, *(w.replace("{port}", str(port)) for w in words), java=QUICK)
    try:
        yield port
    finally:
        _end(process)


def wait_for_port(port: int) -> None:
    """Wait until something listens on a port of this machine."""
    until = time.monotonic() + WAIT_S
    while True:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        if time.monotonic() > until:
            raise TimeoutError(f"Nothing listens on {port}.")
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
