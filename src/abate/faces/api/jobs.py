"""Jobs: long work one after another in the background.

With progress that outlives a page and a server.
"""

from __future__ import annotations

import json
import logging
import queue
import secrets
import shutil
import threading
from dataclasses import asdict
from datetime import date, datetime
from typing import Any

from abate.adapters.store.faults import fault_of
from abate.adapters.store.imports import live_imports
from abate.adapters.store.intake import JOBS, UPLOADS
from abate.application.energy.loads import LoadSpec
from abate.application.energy.usage import require_span
from abate.faces.api import work
from abate.faces.api.desk import OpenWorkspace
from abate.faces.api.uploads import folder_of, ready
from abate.faces.clock import present
from abate.kernel.edges import Json
from abate.kernel.errors import AbateError, IntegrityError, UsageError
from abate.kernel.period import parse_fiscal_year

STOPPED = {
    "code": "interrupted",
    "message": "The server stopped while this ran; nothing of it was stored.",
    "hint": "Start it again.",
}
STORED = {
    "pack": ("plans", "plan_id"),
    "forecast": ("forecasts", "forecast_id"),
    "base-year": ("runs", "run_id"),
    "post": ("imports", "import_id"),
}
"""Table in which jobs of a kind store something, and the column that names it."""
KEPT_JOBS = 50
"""Jobs that keep the files they wrote, the newest ones."""
WAITING_MAX = 20
"""Jobs that may wait; who asks for more is reported to wait."""
GRACE_S = 20.0
"""Seconds that a stop waits for the job at hand."""
log = logging.getLogger("abate.jobs")


class Jobs:
    """The worker and its queue; jobs write to the ledger, so one runs at a time.

    Args:
        desk: The workspace.
    """

    def __init__(self, desk: OpenWorkspace) -> None:
        self.desk = desk
        self._queue: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._submitting = threading.Lock()
        self._thread = threading.Thread(target=self._work, name="abate-jobs", daemon=True)

    def start(self) -> None:
        """Say what became of jobs that a stop cut off, queue those that waited.

        And begin to work.
        """
        for job in self.desk.intake.rows(JOBS, "running", limit=10_000):
            self._settle(job)
        waiting = list(reversed(self.desk.intake.rows(JOBS, "waiting", limit=10_000)))
        for job in waiting:
            self._queue.put(job["id"])
        self._clear()
        wanted = {job["arguments"].get("upload") for job in waiting}
        for upload in self.desk.intake.rows(UPLOADS, "importing", limit=10_000):
            if (
                upload["id"] not in wanted
            ):  # the server stopped between taking the file and starting its job
                self.desk.intake.change(UPLOADS, upload["id"], state="ready")
        self._thread.start()

    def stop(self) -> None:
        """End after the job at hand, as far as it ends soon.

        One that does not is cut off, and says so at the next start.
        """
        self._queue.put(None)
        if self._thread.is_alive():
            self._thread.join(timeout=GRACE_S)

    @property
    def busy(self) -> bool:
        """Whether the worker is still at work."""
        return self._thread.is_alive()

    def submit(self, kind: str, title: str, **arguments: Any) -> Json:
        """Queue a job and give its row; one that waits already for the same thing is given instead.

        A job that runs is not taken for a new one: it works with what was there when it began.

        Raises:
            UsageError: `too-many-jobs`.
        """
        with self._submitting:
            waiting = self.desk.intake.rows(JOBS, "waiting", limit=WAITING_MAX)
            for job in waiting:
                if (job["kind"], job["arguments"]) == (kind, arguments):
                    return job
            if len(waiting) >= WAITING_MAX:
                text = f"{len(waiting)} jobs are waiting."
                raise UsageError("too-many-jobs", text, "Wait until some of them have ended.")
            job_id = secrets.token_hex(6)
            row = {
                "id": job_id,
                "kind": kind,
                "title": title,
                "state": "waiting",
                "arguments": arguments,
                "created_at": present(),
            }
            self.desk.intake.put(JOBS, row)
            self._queue.put(job_id)
            return self.desk.intake.get(JOBS, job_id)

    def submit_import(self, upload_id: str, *, accept: list[str], strict: bool = False) -> Json:
        """Import an upload that waits for a decision.

        Raises:
            NotFoundError: `unknown-upload`.
            UsageError: `upload-not-ready`, `too-many-jobs`.
        """
        upload = ready(self.desk, upload_id)
        kind = "factors" if upload["purpose"] == "factors" else "import"
        return self._submit_upload(upload, kind, accept=sorted(accept), strict=strict)

    def submit_load(self, upload_id: str, how: LoadSpec) -> Json:
        """Load the readings of an upload that waits for a decision.

        Raises:
            NotFoundError: `unknown-upload`.
            UsageError: `upload-not-ready`, `too-many-jobs`.
        """
        told = {k: str(v) if k == "since" else v for k, v in asdict(how).items() if v}
        return self._submit_upload(ready(self.desk, upload_id), "load", how=told)

    def submit_posting(self, year: str, *, by: str) -> Json:
        """Bring a year's usage of the meters into the ledger.

        Raises:
            UsageError: `bad-year`, `unknown-span`, `too-many-jobs`.
        """
        require_span(by)
        fiscal_year = f"FY{parse_fiscal_year(year):04d}"
        return self.submit("post", fiscal_year, year=fiscal_year, by=by)

    def _submit_upload(self, upload: Json, kind: str, **arguments: Any) -> Json:
        upload_id = upload["id"]
        if not self.desk.intake.move(UPLOADS, upload_id, "importing", out_of=("ready",)):
            raise UsageError("upload-not-ready", "The upload is being imported.", "Wait for it.")
        try:
            job = self.submit(kind, upload["name"], upload=upload_id, **arguments)
        except AbateError:
            self.desk.intake.change(UPLOADS, upload_id, state="ready")
            raise
        self.desk.intake.change(UPLOADS, upload_id, job=job["id"])
        return job

    def submit_run(
        self, year: str, *, gwp: str = "", boundary: str = "", as_of: str = "", matching: str = ""
    ) -> Json:
        """Value a year.

        Raises:
            UsageError: `bad-year`, `bad-date`, `too-many-jobs`.
        """
        fiscal_year = f"FY{parse_fiscal_year(year):04d}"
        try:
            day = date.fromisoformat(as_of).isoformat() if as_of else ""
        except ValueError as error:
            raise UsageError(
                "bad-date", f"'{as_of}' is not a day.", "Write it as 2026-01-31."
            ) from error
        terms = {"gwp": gwp, "boundary": boundary, "as_of": day, "matching": matching}
        return self.submit("run", fiscal_year, year=fiscal_year, **terms)

    def _work(self) -> None:
        while (job_id := self._queue.get()) is not None:
            job = self.desk.intake.get(JOBS, job_id)
            now = datetime.now()  # to the microsecond: by it the ledger's rows of the job are known
            if self.desk.intake.move(JOBS, job_id, "running", out_of=("waiting",), started_at=now):
                self._run(job | {"started_at": now})

    def _run(self, job: Json) -> None:
        intake = self.desk.intake
        try:
            result = work.WORK[job["kind"]](
                self.desk, job, lambda step: intake.change(JOBS, job["id"], step=step)
            )
        except Exception as error:
            found = fault_of(error)
            if found is None:
                log.exception("job %s failed", job["id"])
                text = "The job failed; nothing of it was stored."
                found = IntegrityError("internal", text, "See the server's log.")
            told = {"code": found.code, "message": found.message, "hint": found.hint}
            shutil.rmtree(work.folder_of(self.desk, job), ignore_errors=True)
            self._end(job, "failed", error=told)
        else:
            self._end(job, "done", result=json.loads(json.dumps(result, default=str)))

    def _end(self, job: Json, state: str, **told: Any) -> None:
        intake = self.desk.intake
        upload_id = job["arguments"].get("upload")
        if upload_id:
            intake.change(UPLOADS, upload_id, state="imported" if state == "done" else "ready")
            if state == "done":
                shutil.rmtree(folder_of(self.desk, upload_id), ignore_errors=True)
        intake.change(JOBS, job["id"], state=state, step="", ended_at=present(), **told)
        self._clear()

    def _clear(self) -> None:
        """Let go of files of jobs that are no longer among the newest."""
        work.clear(self.desk, {j["id"] for j in self.desk.intake.rows(JOBS, limit=KEPT_JOBS)})

    def _settle(self, job: Json) -> None:
        """What became of a job that a stop cut off: the ledger says whether it was committed."""
        found: Json | None = None
        if job["kind"] in ("import", "factors", "load"):
            sha256 = self.desk.intake.get(UPLOADS, job["arguments"]["upload"])["sha256"]
            rows = [r for r in live_imports(self.desk.workspace) if r.sha256 == sha256]
            found = {"import_id": rows[-1].import_id, "settled": True} if rows else None
        elif job["kind"] == "run":
            of_year = [r for r in self.desk.runs() if r.fiscal_year == job["arguments"]["year"]]
            mine = [r for r in of_year if r.committed_at == job["started_at"]]
            found = {"run_id": mine[-1].run_id, "settled": True} if mine else None
        stored = self._stored(job)
        if found:
            self._end(job, "done", result=found)
        elif stored:
            told = f"The server stopped while this ran; what it had stored: {', '.join(stored)}."
            hint = "Look whether that is all, and start it again if not."
            self._end(job, "interrupted", error={**STOPPED, "message": told, "hint": hint})
        else:
            self._end(job, "interrupted", error=STOPPED)

    def _stored(self, job: Json) -> list[str]:
        """Names of what a job of another kind stored before it was cut off."""
        if job["kind"] not in STORED:
            return []
        table, name = STORED[job["kind"]]
        with self.desk.workspace.store.connect(table) as con:
            asked = f"select distinct {name} from {table} where committed_at = ?"
            return [str(r[0]) for r in con.execute(asked, [job["started_at"]]).fetchall()]
