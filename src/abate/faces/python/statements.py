"""What one states: indicators, targets, credits, claims, sign-off, filings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from abate.adapters.store.workspace import Workspace as Opened
from abate.application.inventory.figures import years as valued_years
from abate.faces.clock import present
from abate.faces.python.run import NOTHING
from abate.faces.python.table import Table
from abate.kernel.edges import Json
from abate.kernel.period import parse_fiscal_year

if TYPE_CHECKING:
    from abate.application.disclosure.claims import Checked
    from abate.disclosure.neutrality import Credit, Neutrality
    from abate.kernel.tables import SignoffRow


class StatementDoor:
    """Statements of a workspace."""

    _opened: Opened

    def indicators(self, *names: str, years: Sequence[str] = ()) -> Table:
        """Indicators by year; all of them in all years where none is named."""
        from abate.application.disclosure.indicators import indicator_values

        shown = [y.upper() for y in years] or valued_years(self._opened)
        told = indicator_values(self._opened, shown, names)
        keys = ("indicator", "title", "year", "value", "unit", "status", "origin")
        rows = [
            {k: one.json[k] for k in keys} | {"lacks": one.lacking}
            for values in told.values()
            for one in values
        ]
        return Table(rows)

    def targets(self) -> list[Json]:
        """Targets with pathway, gap, the year the trend meets them and the yearly rate needed."""
        from abate.application.disclosure.targets import progress_json, target_progress

        return [progress_json(self._opened, p) for p in target_progress(self._opened)[0]]

    def measures(self) -> list[Json]:
        """Measures by the cost of a tonne, cheapest first."""
        from abate.application.disclosure.targets import macc

        return macc(self._opened)

    def programmes(self, year: str) -> Table:
        """What others emit less because of the organisation, and what keeps it from the public."""
        from abate.application.ecosystem.programmes import programmes

        return Table([asdict(p) for p in programmes(self._opened, year.upper())])

    def neutrality(self, year: str) -> Neutrality:
        """Gross, reduced, removed, offset, and what is left."""
        from abate.application.disclosure.neutrality import neutrality_of

        return neutrality_of(self._opened, year.upper())

    def frameworks(self, year: str) -> Table:
        """What ESRS, IFRS S2, GRI and others ask for, and what answers it."""
        from abate.application.disclosure.answers import answers_of_year

        told = answers_of_year(self._opened, year.upper(), self._opened.language)
        return Table([a.json for a in told])

    def claims(
        self, *paths: str | Path, year: str = "", about: str = "", ledger: bool = True
    ) -> Checked:
        """Test statements of texts and tables against each other and against the ledger."""
        from abate.application.disclosure.claims import check_claims

        return check_claims(
            [Path(p) for p in paths],
            workspace=self._opened if ledger else None,
            year=parse_fiscal_year(year) if year else 0,
            about=about,
        )

    def sign(
        self,
        step: Literal["prepared", "reviewed", "approved", "locked", "assured"],
        year: str,
        *,
        by: str,
        note: str = "",
        level: Literal["", "limited", "reasonable"] = "",
        figures: Sequence[str] = (),
        accept: Mapping[str, str] = NOTHING,
    ) -> SignoffRow:
        """Take a step of sign-off over a year's run."""
        from abate.application.disclosure.signoff import sign

        return sign(
            self._opened,
            year.upper(),
            step,
            by,
            now=present(),
            note=note,
            level=level,
            figures=figures,
            accepted=accept,
        )

    def filing(
        self, year: str, folder: str | Path, *, accept: Mapping[str, str] = NOTHING
    ) -> list[Path]:
        """Write the year as inline XBRL with its package and disclosures as JSON."""
        from abate.application.disclosure.filing import write_filing

        return write_filing(
            self._opened,
            year.upper(),
            Path(folder),
            lang=self._opened.language,
            accepted=accept,
        )

    def vsme(self, year: str, path: str | Path, *, template: str | Path = "") -> Path:
        """Write the report of a small firm: .html, .pdf, .md, or EFRAG's template filled."""
        from abate.application.disclosure.vsme import write_vsme

        told, _ = write_vsme(
            self._opened,
            year.upper(),
            Path(path),
            template=Path(template) if template else None,
            lang=self._opened.language,
            now=present(),
        )
        return told

    def signoffs(self, year: str = "") -> list[SignoffRow]:
        """Steps of sign-off, oldest first."""
        from abate.application.disclosure.signoff import signoffs

        return signoffs(self._opened, year.upper())

    def add_credits(self, path: str | Path) -> int:
        """Take carbon credits of a file into the ledger of transfers; all of them or none.

        Args:
            path: CSV: serial, registry, project, kind, standard, vintage, amount_t.

        Returns:
            How many blocks were new.

        Raises:
            DataError: Where a row is wrong.
        """
        from abate.application.disclosure.neutrality import add_credits

        return add_credits(self._opened, Path(path))[0]

    def credits(self) -> Table:
        """Credits: what is held, and what is retired for which year."""
        from abate.application.disclosure.neutrality import credits_of

        return Table([c.json for c in credits_of(self._opened, "").every])

    def retire_credit(
        self, serial: str, year: str, *, by: str, amount_t: float | None = None
    ) -> Credit:
        """Retire a block of credits, or a part of it, for a year: once, never more than is held.

        Raises:
            NotFoundError: `unknown-credit`.
        """
        from abate.application.disclosure.neutrality import retire_credit

        return retire_credit(self._opened, serial, year.upper(), amount_t, person=by)

    def add_published(self, path: str | Path) -> int:
        """Load published figures, by which claims are tested.

        Returns:
            How many were new.
        """
        from abate.application.disclosure.stated_figures import add_published

        return add_published(self._opened, Path(path), now=present())[0]

    def published(self, *, entity: str = "", metric: str = "", year: str = "") -> Table:
        """Published figures that were loaded; words narrow them down."""
        from abate.application.disclosure.stated_figures import published

        rows = published(self._opened, entity=entity, metric=metric, year=year)
        return Table([asdict(r) for r in rows])

    def disclosures(self, year: str) -> Json:
        """Every datapoint that an indicator answers, with figure, run, imports and evidence."""
        from abate.application.disclosure.filing import disclosures

        return disclosures(self._opened, year.upper())

    def vsme_datapoints(self, year: str) -> Table:
        """Datapoints of a small firm's report, with origin, or why they are missing."""
        from abate.application.disclosure.vsme import vsme_datapoints

        return Table([d.json for d in vsme_datapoints(self._opened, year.upper())])
