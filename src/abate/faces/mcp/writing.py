"""Tools that write: each previews what it would do, and does it once that is confirmed."""

from __future__ import annotations

import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from abate.application.energy.tariffs import plain_name
from abate.application.factors import read_factors
from abate.faces.mcp.frame import (
    Confirm,
    Content,
    FileName,
    Lines,
    Name,
    Row,
    Span,
    Year,
    bounded,
    confirmation,
    file_of,
    to_confirm,
)
from abate.faces.mcp.reading import Reading
from abate.kernel.edges import Json


class Tools(Reading):
    """What agents may ask and, where writing is allowed, do."""

    def import_file(
        self, name: FileName, content: Content, kind: Name = "", confirm: Confirm = ""
    ) -> Json:
        """Import a file, in two calls.

        The first previews it and gives a code, the second with that code stores it.
        """
        code = confirmation("import", name, content, kind, self._state())
        if confirm != code:
            return self.preview_file(name, content, kind) | to_confirm(code, confirm)
        with tempfile.TemporaryDirectory() as folder:
            return asdict(self.workspace.add(file_of(Path(folder), name, content), kind=kind))

    def value_year(self, year: Year, confirm: Confirm = "") -> Json:
        """Value a year, in two calls.

        The first says what stands open and gives a code, the second with that code values.
        """
        code = confirmation("run", year.upper(), self._state())
        if confirm != code:
            open_now = bounded([f.json for f in self.workspace.check()], 20)
            return {"year": year.upper(), "findings": open_now} | to_confirm(code, confirm)
        run = self.workspace.run(year)
        return {"run": run.id, "figures": bounded([self._linked(r) for r in run.figures()])}

    def undo_import(self, import_id: Name, reason: Name, confirm: Confirm = "") -> Json:
        """Undo an import by a reversal, in two calls: the first shows it and gives a code."""
        code = confirmation("undo", import_id, reason, self._state())
        if confirm != code:
            shown = [asdict(i) for i in self.workspace.imports() if i.import_id == import_id]
            return {"import": shown} | to_confirm(code, confirm)
        return {"reversal": self.workspace.undo(import_id, reason=reason)}

    def _state(self) -> str:
        """What a confirmation stands on: another import or run since asks for a new one."""
        ws = self.workspace
        return f"{len(ws.imports())} {len(ws.runs())}"

    def correct_rows(self, lines: Lines, reason: Name, confirm: Confirm = "") -> Json:
        """Correct, accept, drop or add rows in two calls; each line has action, file and row."""
        code = confirmation("correct", lines, reason, self._state())
        if confirm != code:
            return {"lines": lines} | to_confirm(code, confirm)
        return asdict(self.workspace.correct(lines, reason=reason))

    def import_bill(
        self,
        name: FileName,
        content: Content,
        site: Name,
        values: dict[str, str] | None = None,
        confirm: Confirm = "",
    ) -> Json:
        """Import an electricity bill (PDF as base64) in two calls; values replace what is read."""
        code = confirmation("bill", name, content, site, values, self._state())
        with tempfile.TemporaryDirectory() as folder:
            path = file_of(Path(folder), name, content)
            reads = self.workspace.bill(
                path, site=site, values=values or {}, confirm=confirm == code
            )
        told = bounded([asdict(r) | {"place": r.place} for r in reads])
        return {"stored": True} | told if confirm == code else told | to_confirm(code, confirm)

    def add_tariff(self, name: Name, content: Content, confirm: Confirm = "") -> Json:
        """Keep a tariff (TOML) in the workspace in two calls; see `tariff` for those there are."""
        code = confirmation("tariff", name, content, self._state())
        with tempfile.TemporaryDirectory() as folder:
            path = file_of(Path(folder), f"{plain_name(name)}.toml", content)
            if confirm != code:
                return self.workspace.tariff(str(path)).json | to_confirm(code, confirm)
            return {"tariff": self.workspace.add_tariff(path, name=name)}

    def issue_lots(self, year: Year, confirm: Confirm = "") -> Json:
        """Issue lots of what the meters of plants show for a year, in two calls."""
        code = confirmation("issue", year.upper(), self._state())
        if confirm != code:
            return {"year": year.upper(), "lots": self.lots()} | to_confirm(code, confirm)
        return asdict(self.workspace.issue_lots(year))

    def add_lots(self, name: FileName, content: Content, confirm: Confirm = "") -> Json:
        """Read lots that others issued (EnergyTag's records, green certificates), in two calls."""
        code = confirmation("lots", name, content, self._state())
        if confirm != code:
            return {"file": name, "size": len(content)} | to_confirm(code, confirm)
        with tempfile.TemporaryDirectory() as folder:
            return asdict(self.workspace.add_lots(file_of(Path(folder), name, content)))

    def deliver_lots(
        self, name: Name, contract: Content, hours: Content, confirm: Confirm = ""
    ) -> Json:
        """Record what a signed contract (TOML) delivered (CSV: time, kwh), in two calls."""
        code = confirmation("deliver", name, contract, hours, self._state())
        if confirm != code:
            return {"contract": name} | to_confirm(code, confirm)
        with tempfile.TemporaryDirectory() as folder:
            deal = file_of(Path(folder), f"{plain_name(name)}.toml", contract)
            metered = file_of(Path(folder), "hours.csv", hours)
            return asdict(self.workspace.deliver_lots(deal, metered))

    def move_lots(
        self,
        to: Name,
        device: Name = "",
        since: Name = "",
        until: Name = "",
        kwh: float | None = None,
        confirm: Confirm = "",
    ) -> Json:
        """Give lots to somebody else, the earliest hours first, in two calls."""
        code = confirmation("move", to, device, since, until, kwh, self._state())
        if confirm != code:
            return {"to": to, "lots": self.lots()} | to_confirm(code, confirm)
        names = [device] if device else []
        return asdict(self.workspace.move_lots(to, *names, since=since, until=until, kwh=kwh))

    def store_lots(
        self, storage: Name, hours: Content, region: Name = "", confirm: Confirm = ""
    ) -> Json:
        """Record a storage's hours (CSV: time, charged_kwh, discharged_kwh), in two calls."""
        code = confirmation("store", storage, hours, region, self._state())
        if confirm != code:
            return {"storage": storage} | to_confirm(code, confirm)
        with tempfile.TemporaryDirectory() as folder:
            path = file_of(Path(folder), "hours.csv", hours)
            return asdict(self.workspace.store_lots(storage, path, region=region))

    def claim_lots(
        self, year: Year, basis: Literal["hourly", "monthly"] = "hourly", confirm: Confirm = ""
    ) -> Json:
        """Match a year and retire the lots that were matched, all or none, in two calls."""
        code = confirmation("claim", year.upper(), basis, self._state())
        if confirm != code:
            shown = self.workspace.matching(year, basis=basis).json
            return {"matching": shown} | to_confirm(code, confirm)
        return asdict(self.workspace.claim_lots(year, basis=basis))

    def attach_evidence(
        self,
        name: FileName,
        content: Content,
        import_id: Name,
        row: Row = 0,
        confirm: Confirm = "",
    ) -> Json:
        """Attach a document to an import, or to one of its rows, in two calls."""
        code = confirmation("attach", name, content, import_id, row, self._state())
        if confirm != code:
            about = {"document": name, "import": import_id, "row": row}
            return about | to_confirm(code, confirm)
        with tempfile.TemporaryDirectory() as folder:
            path = file_of(Path(folder), name, content)
            return {"sha256": self.workspace.attach(path, to=import_id, row=row)}

    def publish_run(
        self,
        year: Year,
        reason: Name = "",
        accept: dict[str, str] | None = None,
        confirm: Confirm = "",
    ) -> Json:
        """Freeze the run of a year that counts as published, in two calls."""
        run = self.workspace.latest(year)
        code = confirmation("publish", run.id, reason, accept, self._state())
        if confirm != code:
            return {"run": run.id, "status": run.status} | to_confirm(code, confirm)
        return {"run": run.id, "status": run.publish(reason=reason, accept=accept or {})}

    def restate_base_year(self, confirm: Confirm = "") -> Json:
        """Value the base year again on today's structure, as a draft, in two calls."""
        code = confirmation("base-year", self._state())
        if confirm != code:
            return {"base_year": self.workspace.organisation()["base_year"]} | to_confirm(
                code, confirm
            )
        return self.workspace.base_year().json

    def add_factor(
        self,
        kind: Name,
        item: Name,
        value: Name,
        unit: Name,
        region: Name,
        source: Name,
        species: Name = "",
        confirm: Confirm = "",
    ) -> Json:
        """Add one value to the factor book in two calls, with where it is printed."""
        told: Json = {"kind": kind, "item": item, "value": value, "unit": unit, "region": region}
        told |= {"source": source, "species": species}
        code = confirmation("factor", told, self._state())
        if confirm != code:
            return {"factor": told} | to_confirm(code, confirm)
        return {"import": self.workspace.add_factor(**told)}

    def import_factors(
        self, name: FileName, content: Content, publisher: Name = "", confirm: Confirm = ""
    ) -> Json:
        """Import a publisher's file of factors through the gates, in two calls."""
        code = confirmation("factors", name, content, publisher, self._state())
        with tempfile.TemporaryDirectory() as folder:
            path = file_of(Path(folder), name, content)
            if confirm != code:
                named, edition, factors, found, refused = read_factors(path, publisher=publisher)
                about = {"publisher": named, "edition": edition, "factors": len(factors)}
                about |= {"refused": refused, "findings": bounded([f.json for f in found], 30)}
                return about | to_confirm(code, confirm)
            done = asdict(self.workspace.import_factors(path, publisher=publisher))
        return done | {"findings": len(done["findings"])}

    def load_readings(
        self,
        name: FileName,
        content: Content,
        meter: Name = "",
        site: Name = "",
        kind: Name = "",
        zone: Name = "",
        unit: Name = "",
        confirm: Confirm = "",
    ) -> Json:
        """Load readings of meters in two calls; of a step the newest load holds."""
        how: Json = {"meter": meter, "site": site, "kind": kind, "zone": zone, "unit": unit}
        code = confirmation("load", name, content, how, self._state())
        if confirm != code:
            return self.preview_readings(name, content, meter) | to_confirm(code, confirm)
        with tempfile.TemporaryDirectory() as folder:
            done = self.workspace.load(file_of(Path(folder), name, content), **how)
        return asdict(done) | {"findings": [f.json for f in done.findings]}

    def set_meter(
        self,
        meter: Name,
        site: Name = "",
        building: Name = "",
        kind: Name = "",
        parent: Name = "",
        confirm: Confirm = "",
    ) -> Json:
        """Say where a meter stands and what it counts, in two calls."""
        place = {"site": site, "building": building, "kind": kind, "parent": parent}
        code = confirmation("meter", meter, place, self._state())
        if confirm != code:
            return {"meter": meter} | place | to_confirm(code, confirm)
        return {"import": self.workspace.set_meter(meter, **place)}

    def post_usage(self, year: Year, by: Span = "month", confirm: Confirm = "") -> Json:
        """Bring what meters used in a year into the ledger, in two calls."""
        code = confirmation("post", year, by, self._state())
        if confirm != code:
            return {"year": year, "by": by} | to_confirm(code, confirm)
        done = self.workspace.post(year, by=by)
        return {"imports": [i.import_id for i in done.imports], "left_out": done.left_out}

    def add_credits(self, content: Content, confirm: Confirm = "") -> Json:
        """Take carbon credits of a CSV into the ledger of transfers, in two calls."""
        code = confirmation("credits", content, self._state())
        if confirm != code:
            return {"rows": content.count("\n")} | to_confirm(code, confirm)
        with tempfile.TemporaryDirectory() as folder:
            path = file_of(Path(folder), "credits.csv", content)
            return {"taken": self.workspace.add_credits(path)}

    def retire_credit(
        self,
        serial: Name,
        year: Year,
        by: Name,
        amount_t: Annotated[float | None, Field(gt=0)] = None,
        confirm: Confirm = "",
    ) -> Json:
        """Retire a block of credits, or a part of it, for a year, in two calls."""
        held = [c for c in self.workspace.credits() if c["serial"] == serial]
        code = confirmation("retire", serial, year, by, amount_t, held)
        if confirm != code:
            return {"credit": held} | to_confirm(code, confirm)
        return self.workspace.retire_credit(serial, year, by=by, amount_t=amount_t).json

    def add_published(self, content: Content, confirm: Confirm = "") -> Json:
        """Load published figures of a CSV, by which claims are tested, in two calls."""
        code = confirmation("published", content, self._state())
        if confirm != code:
            return {"rows": content.count("\n")} | to_confirm(code, confirm)
        with tempfile.TemporaryDirectory() as folder:
            path = file_of(Path(folder), "published.csv", content)
            return {"taken": self.workspace.add_published(path)}

    def sign(
        self,
        step: Annotated[str, Field(pattern="^(prepared|reviewed|approved|locked|assured)$")],
        year: Year,
        by: Name,
        note: Name = "",
        confirm: Confirm = "",
    ) -> Json:
        """Take a step of sign-off over the run of a year, in two calls."""
        run = self.workspace.latest(year)
        code = confirmation("sign", step, run.id, by, note, self._state())
        if confirm != code:
            return {"run": run.id, "step": step, "by": by} | to_confirm(code, confirm)
        return asdict(self.workspace.sign(step, year, by=by, note=note))  # type: ignore[arg-type]

    def move_stock(self, content: Content, confirm: Confirm = "") -> Json:
        """Record movements of used and circulating cartons of a CSV, in two calls."""
        code = confirmation("stock", content, list(self.workspace.stock()))
        if confirm != code:
            return {"rows": content.count("\n")} | to_confirm(code, confirm)
        with tempfile.TemporaryDirectory() as folder:
            path = file_of(Path(folder), "movements.csv", content)
            return {"refused": self.workspace.move_stock(path)}

    def change_organisation(
        self, section: Name, values: Json, key: Name = "", confirm: Confirm = ""
    ) -> Json:
        """Change a section of the organisation, or an item of a list, in two calls."""
        now = self.workspace.organisation()
        code = confirmation("organisation", section, values, key, now)
        if confirm != code:
            return {"now": now.get(section), "values": values} | to_confirm(code, confirm)
        workspace = self.workspace
        workspace.change(section, values, key=key)
        return workspace.organisation()

    def remove_item(self, section: Name, key: Name, confirm: Confirm = "") -> Json:
        """Remove an entity, site, target or measure that nothing stands on, in two calls."""
        now = self.workspace.organisation()
        code = confirmation("remove", section, key, now)
        if confirm != code:
            return {"now": now.get(section)} | to_confirm(code, confirm)
        workspace = self.workspace
        workspace.remove(section, key)
        return workspace.organisation()

    def restore_organisation(self, confirm: Confirm = "") -> Json:
        """Take the last change of the organisation back, in two calls."""
        now = self.workspace.organisation()
        code = confirmation("restore", now)
        if confirm != code:
            return {"now": now} | to_confirm(code, confirm)
        workspace = self.workspace
        workspace.restore()
        return workspace.organisation()
