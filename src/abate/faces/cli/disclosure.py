"""Commands of promises and statements.

Indicators, targets, credits, neutrality, claims, sign-off, filings.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from abate.adapters.store.writing import write_whole
from abate.faces.cli import show as out
from abate.faces.cli.app import (
    HERE,
    AcceptOption,
    JsonOption,
    LangOption,
    WorkspaceOption,
    YearOption,
    accepted_of,
    app,
    names_of,
    opened_at,
)
from abate.faces.clock import present


@app.command()
def indicators(
    name: Annotated[str, typer.Argument(help="An indicator; all where none is named.")] = "",
    year: YearOption = "",
    lang: LangOption = "",
    workspace: WorkspaceOption = HERE,
    json: JsonOption = False,
) -> None:
    """Show indicators over three years.

    With formula, direction and the frameworks that ask for them.
    """
    from abate.application.disclosure.indicators import indicator_values
    from abate.application.disclosure.promises import amount_text, language
    from abate.application.inventory.figures import years
    from abate.kernel.languages import translate
    from abate.kernel.period import parse_fiscal_year

    opened = opened_at(workspace)
    lang = language(lang or opened.language)
    if year:
        parse_fiscal_year(year)
    shown = [y for y in years(opened) if not year or y <= year.upper()][-3:]
    told = indicator_values(opened, shown, [name] if name else [])
    if json:
        out.print_json([v.json for values in told.values() for v in values])
        return
    rows = [
        (
            i,
            translate(values[0].indicator.title, lang),
            values[0].unit,
            *(amount_text(v) for v in values),
            {"lower": "↓", "higher": "↑", "none": ""}[values[0].indicator.direction],
            ", ".join(f"{f} {r}" for f, r in values[0].indicator.references),
        )
        for i, values in told.items()
        if values
    ]
    columns = ("indicator", "title", "unit", *shown, "wanted", "asked for by")
    out.table("", columns, rows, right=range(3, 3 + len(shown)))
    if name and rows:
        one = told[name][-1]
        formula = one.indicator.formula or f"as stated: {one.indicator.stated}"
        out.console().print(
            f"{one.indicator.note}\n= {formula}; from {one.origin or 'nothing yet'}, {one.status}"
        )


@app.command()
def frameworks(
    framework: Annotated[
        str, typer.Argument(help="Such as 'ESRS E1'; all where none is named.")
    ] = "",
    year: YearOption = "",
    is_open: Annotated[bool, typer.Option("--open", help="Only what is not answered.")] = False,
    lang: LangOption = "",
    workspace: WorkspaceOption = HERE,
    json: JsonOption = False,
) -> None:
    """Show what reporting frameworks ask for: what a year answers, by what, and what is open."""
    from abate.application.disclosure.answers import answers_of_year
    from abate.application.disclosure.promises import language
    from abate.disclosure.datapoints import OPEN
    from abate.kernel.languages import translator

    opened = opened_at(workspace)
    lang = language(lang or opened.language)
    t = translator(lang, "report")
    told = [
        a for a in answers_of_year(opened, year, lang, framework) if not is_open or a.status == OPEN
    ]
    if json:
        out.print_json([a.json for a in told])
        return
    rows = [
        (
            a.datapoint.framework,
            a.datapoint.id,
            a.datapoint.paragraph,
            t(a.status),
            t(a.by),
            a.value or t(a.why),
        )
        for a in told
    ]
    out.table("", ("framework", "datapoint", "paragraph", "status", "by", "value"), rows)


@app.command()
def targets(
    svg: Annotated[
        Path | None, typer.Option(help="Folder for the charts of paths, wedges and costs.")
    ] = None,
    workspace: WorkspaceOption = HERE,
    json: JsonOption = False,
) -> None:
    """Show targets: pathway, gap, the year the trend meets them, the yearly rate needed, measures and their costs."""
    from abate.application.catalogue import FIGURES
    from abate.application.disclosure.targets import (
        macc,
        progress_json,
        target_progress,
        target_title,
    )

    opened = opened_at(workspace)
    told, found = target_progress(opened)
    if svg is not None:
        from abate.application.disclosure.promises import target_charts
        from abate.application.disclosure.report_model import drawn

        for k, spec in enumerate(target_charts(opened, told, "en"), 1):
            write_whole(svg / f"target-{k}.svg", str(drawn(spec)["svg"]))
    if json:
        content = {"targets": [progress_json(opened, p) for p in told], "macc": macc(opened)}
        out.print_json(content | {"findings": [f.json for f in found]})
        return
    from abate.application.disclosure.promises import gap_text, rate_text, target_number

    rows = [
        (
            target_title(p.target),
            p.target.figure,
            p.target.year,
            target_number(p, p.base),
            target_number(p, p.end),
            FIGURES[p.target.figure].unit,
            "" if p.latest is None else f"FY{p.latest} {target_number(p, p.actual[p.latest])}",
            gap_text(p),
            p.status,
            "never" if p.meets is None else f"FY{p.meets}",
            rate_text(p, p.rate_so_far),
            rate_text(p, p.rate_needed),
        )
        for p in told
    ]
    columns = (
        "target",
        "figure",
        "by",
        "base",
        "wanted",
        "unit",
        "latest",
        "behind by",
        "status",
        "trend meets",
        "so far a year",
        "needed a year",
    )
    out.table("", columns, rows, right=(3, 4, 7, 10, 11))
    curve = macc(opened)
    if curve:
        currency = opened.organisation.currency
        lines = [
            (
                r["title"],
                r["start"],
                f"{r['abated_t']:,.0f}",
                f"{r['cost_per_t']:,.0f}",
                {None: "–", True: "yes", False: "no"}[r["pays_at_carbon_price"]],
            )
            for r in curve
        ]
        out.table(
            "Measures, cheapest first",
            ("measure", "from", "t CO2e a year", f"{currency}/t", "pays at the carbon price"),
            lines,
            right=(2, 3),
        )
    if found:
        out.findings_table("", found)


credits_app = typer.Typer(
    help="Carbon credits by serial number: take in, retire once, list.", no_args_is_help=True
)
app.add_typer(credits_app, name="credits")


@credits_app.command("add")
def credits_add(
    path: Annotated[
        Path,
        typer.Argument(help="CSV: serial, registry, project, kind, standard, vintage, amount_t."),
    ],
    workspace: WorkspaceOption = HERE,
) -> None:
    """Take credits into the ledger of transfers; nothing is taken where one row is wrong."""
    from abate.application.disclosure.neutrality import add_credits

    taken, there = add_credits(opened_at(workspace), path)
    out.console().print(f"{taken} blocks taken in, {there} were there already.")


@credits_app.command("retire")
def credits_retire(
    serial: Annotated[str, typer.Argument(help="Serial number of the block.")],
    year: Annotated[str, typer.Option("--year", "-y", help="Fiscal year for which it is retired.")],
    person: Annotated[str, typer.Option("--by", help="Who retires it.")],
    amount_t: Annotated[
        float | None, typer.Option("--amount", help="Tonnes; all that is left where none is said.")
    ] = None,
    workspace: WorkspaceOption = HERE,
) -> None:
    """Retire a block, or a part of it, for a fiscal year: once, and never more than is held."""
    from abate.application.disclosure.neutrality import retire_credit

    left = retire_credit(opened_at(workspace), serial, year.upper(), amount_t, person=person)
    out.console().print(
        f"{left.retired_for(year.upper()) / 1000:,.3f} t of {serial} are retired for"
        f" {year.upper()}; {left.held_kg / 1000:,.3f} t are left."
    )


@credits_app.command("list")
def credits_list(workspace: WorkspaceOption = HERE, json: JsonOption = False) -> None:
    """List credits: registry, project, kind, what is held and what is retired for which year."""
    from abate.application.disclosure.neutrality import credits_of

    every = credits_of(opened_at(workspace), "").every
    if json:
        out.print_json([c.json for c in every])
        return
    rows = [
        (
            c.serial,
            c.registry,
            c.project,
            str(c.kind),
            c.standard,
            c.vintage,
            f"{c.amount_kg / 1000:,.3f}",
            f"{c.held_kg / 1000:,.3f}",
            ", ".join(f"{y} {kg / 1000:,.3f}" for y, kg in c.retired_kg),
        )
        for c in every
    ]
    columns = (
        "serial",
        "registry",
        "project",
        "kind",
        "standard",
        "vintage",
        "t CO2e",
        "held",
        "retired",
    )
    out.table("", columns, rows, right=(6, 7))


@app.command()
def neutrality(
    year: Annotated[str, typer.Option("--year", "-y", help="Fiscal year.")],
    workspace: WorkspaceOption = HERE,
    json: JsonOption = False,
) -> None:
    """State the balance of a year.

    Gross, removed, offset, and whether "carbon neutral" may be said.
    """
    from abate.application.disclosure.neutrality import credits_of, neutrality_json, neutrality_of
    from abate.application.disclosure.promises import neutrality_text

    opened = opened_at(workspace)
    told = neutrality_of(opened, year.upper())
    held = credits_of(opened, year.upper()).retired
    if json:
        out.print_json(neutrality_json(told, held))
        return
    lines = [
        ("Gross (Scope 1 and location-based Scope 2)", f"{told.gross_t:,.3f}"),
        ("  of which named instruments cover", f"{told.reduction_t:,.3f}"),
        ("Net", f"{told.net_t:,.3f}"),
        ("Removals retired", f"{told.removed_t:,.3f}"),
        ("Avoidance credits retired", f"{told.offset_t:,.3f}"),
        ("Gross less retired", f"{told.left_t:,.3f}"),
    ]
    out.table(f"{told.year} [t CO2e]", ("what", "t CO2e"), lines, right=(1,))
    for text in neutrality_text(told, "en"):
        out.console().print(text)


claims_app = typer.Typer(
    help="Test published statements against each other and against the ledger.",
    no_args_is_help=True,
)
app.add_typer(claims_app, name="claims")


@claims_app.command("check")
def claims_check(
    paths: Annotated[
        list[Path], typer.Argument(help="Tables (CSV, JSON), texts, Markdown, HTML or PDF.")
    ],
    aliases: Annotated[
        Path | None, typer.Option(help="CSV: kind (entity, metric, scope), alias, canonical.")
    ] = None,
    year: Annotated[str, typer.Option("--year", "-y", help="Fiscal year that texts report.")] = "",
    about: Annotated[str, typer.Option(help="Whom texts are about, where they say 'we'.")] = "",
    ledger: Annotated[
        bool,
        typer.Option("--ledger", help="Against the workspace's figures and published ones, too."),
    ] = False,
    every: Annotated[bool, typer.Option("--all", help="Show what agrees, too.")] = False,
    workspace: WorkspaceOption = HERE,
    json: JsonOption = False,
) -> None:
    """Test statements: verdict, calculation with its interval, both sources.

    Exit code 1 where one is an error.
    """
    from abate.application.disclosure.claims import check_claims
    from abate.kernel.period import parse_fiscal_year

    opened = opened_at(workspace) if ledger else None
    told = check_claims(
        paths,
        aliases=aliases,
        workspace=opened,
        year=parse_fiscal_year(year) if year else 0,
        about=about,
    )
    facts = told.facts
    errors = sum(f[0].severity == "error" for f in facts)
    if json:
        out.print_json(told.json)
    else:
        shown = [f for f in facts if every or f[0].severity != "info"]
        rows = [
            (
                f[0].severity,
                ", ".join(dict.fromkeys(v.rule for v in f)),
                f[0].verdict,
                f[0].statement[:120],
                "; ".join((f[0].calculation, *(f"or: {r}" for r in f[0].readings))),
                "; ".join(f[0].sources),
            )
            for f in shown
        ]
        out.table("", ("severity", "rule", "verdict", "statement", "calculation", "sources"), rows)
        agreed = len(facts) - len(shown)
        out.console().print(
            f"{len(told.statements)} statements read, {len(told.partly)} in part,"
            f" {len(facts)} facts judged, {errors} errors"
            + (f"; {agreed} that agree are not shown (--all)." if agreed else ".")
        )
        if told.partly:
            rows = [
                (
                    p.statement.entity or "?",
                    p.statement.metric,
                    p.statement.period.text or "?",
                    f"{p.statement.text} {p.statement.unit}",
                    ", ".join(p.unsure),
                    p.statement.quote[:120],
                )
                for p in told.partly[:40]
            ]
            heads = ("entity", "metric", "period", "value", "not certain", "sentence")
            out.table("Read in part; takes part in no rule", heads, rows)
        if told.unread:
            out.table("What could not be read", ("where", "text"), told.unread[:40])
    if errors:
        raise typer.Exit(1)


@app.command()
def sign(
    step: Annotated[
        str,
        typer.Argument(
            help="prepared, reviewed, approved, locked or assured; empty lists the steps."
        ),
    ] = "",
    year: YearOption = "",
    person: Annotated[str, typer.Option("--by", help="Who takes the step.")] = "",
    note: Annotated[str, typer.Option(help="Anything to add; for assurance the standard.")] = "",
    figures: Annotated[
        str,
        typer.Option(help="Figures that assurance covers, with commas; all where none is named."),
    ] = "",
    level: Annotated[str, typer.Option(help="Level of assurance: limited or reasonable.")] = "",
    run_id: Annotated[
        str, typer.Option("--run", help="A run other than the latest of the year.")
    ] = "",
    accept: AcceptOption = None,
    workspace: WorkspaceOption = HERE,
    json: JsonOption = False,
) -> None:
    """Sign a year off, step by step: who prepares never approves.

    What is locked changes by restatement alone.
    """
    from abate.application.disclosure.signoff import sign as take
    from abate.application.disclosure.signoff import signoffs
    from abate.kernel.errors import UsageError
    from abate.kernel.period import parse_fiscal_year

    opened = opened_at(workspace)
    if step:
        if not year:
            raise UsageError("bad-year", "Which year?", "Give --year FY2024.")
        parse_fiscal_year(year)
        names = list(names_of(figures))
        take(
            opened,
            year.upper(),
            step,
            person,
            now=present(),
            note=note,
            run_id=run_id,
            figures=names,
            level=level,
            accepted=accepted_of(accept),
        )
    rows = signoffs(opened, year.upper())
    if json:
        out.print_json(rows)
        return
    body = [
        (
            r.fiscal_year,
            r.step,
            r.person,
            str(r.committed_at),
            r.run_id,
            r.note,
            r.figures,
        )
        for r in rows
    ]
    out.table("", ("year", "step", "by", "at", "run", "note", "figures"), body)


@app.command()
def bill(
    path: Annotated[Path, typer.Argument(help="Electricity bill as PDF with text.")],
    site: Annotated[str, typer.Option(help="Site that it is of.")] = "",
    confirm: Annotated[
        bool, typer.Option("--confirm", help="The values are right: store them.")
    ] = False,
    set_: Annotated[
        list[str],
        typer.Option("--set", help="A value of your own: energy=1234.5, from=2024-01-01, …"),
    ] = [],  # noqa: B006
    workspace: WorkspaceOption = HERE,
    json: JsonOption = False,
) -> None:
    """Read an electricity bill: each value with its place on the page and a confidence.

    Stored once confirmed.
    """
    import sys
    from dataclasses import asdict

    from abate.adapters.readers.bills import doubtful, given, read_bill
    from abate.application.inventory.bills import known_site, store_bill

    pairs = dict(s.partition("=")[::2] for s in set_)
    reads = given(read_bill(path), pairs)
    lacking = doubtful(reads)
    if json:
        out.print_json(
            {"reads": [asdict(r) | {"place": r.place} for r in reads], "doubtful": lacking}
        )
    else:
        rows = [(r.field, r.value, r.text, r.place, f"{r.confidence:.0%}", r.why) for r in reads]
        out.table(
            path.name, ("field", "value", "as printed", "where", "confidence", "found by"), rows
        )
        if lacking:
            out.console().print(
                f"Not sure: {', '.join(lacking)}. Look at the page and give --set FIELD=VALUE.",
                style="yellow",
            )
    if not confirm and not json and not lacking and sys.stdin.isatty():
        confirm = typer.confirm("Are these right? Store them")
    if not confirm:
        return
    opened = opened_at(workspace)
    result = store_bill(opened, path, reads, site=known_site(opened, site), now=present())
    out.console().print(
        f"{result.import_id}: {result.accepted_count} row stored, {result.quarantined_count} in"
        " quarantine; the PDF is its evidence."
    )


@app.command()
def vsme(
    year: Annotated[str, typer.Option("--year", "-y", help="Fiscal year.")],
    template: Annotated[
        Path | None, typer.Option(help="EFRAG's VSME digital template, to be filled.")
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="File to write: .xlsx for the template, .html or .pdf for the report.",
        ),
    ] = None,
    lang: LangOption = "",
    workspace: WorkspaceOption = HERE,
    json: JsonOption = False,
) -> None:
    """Write a small firm's report after EFRAG's voluntary standard (VSME), or fill EFRAG's own template."""
    from abate.application.disclosure.promises import language
    from abate.application.disclosure.vsme import vsme_datapoints, write_vsme

    opened = opened_at(workspace)
    if output is not None or template is not None:
        path, asked = write_vsme(
            opened,
            year.upper(),
            output,
            template=template,
            lang=language(lang or opened.language),
            now=present(),
        )
        out.console().print(f"VSME: {path}")
        for part in asked:
            out.console().print(f"Still to be filled in: {part}")
        return
    told = vsme_datapoints(opened, year.upper())
    if json:
        out.print_json([d.json for d in told])
        return
    rows = [
        (
            d.disclosure,
            d.title,
            (
                "missing"
                if d.value is None
                else (
                    f"{d.value:,.6g}"
                    if isinstance(d.value, float) and abs(d.value) < 1
                    else f"{d.value:,.1f}"
                    if isinstance(d.value, float)
                    else d.value
                )
            ),
            d.unit,
            d.why or d.origin,
        )
        for d in told
    ]
    out.table(
        f"VSME, {year.upper()}",
        ("", "datapoint", "value", "unit", "from, or why missing"),
        rows,
        right=(2,),
    )


@app.command()
def filing(
    year: Annotated[str, typer.Option("--year", "-y", help="Fiscal year.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder to write.")] = Path(
        "filing"
    ),
    lang: LangOption = "",
    accept: AcceptOption = None,
    entry_point: Annotated[
        str, typer.Option(help="Entry point of the taxonomy in taxonomies/, where it has several.")
    ] = "",
    workspace: WorkspaceOption = HERE,
) -> None:
    """Write the year as inline XBRL with its taxonomy, and JSON of all disclosures.

    Validated where Arelle is there.
    """
    from abate.application.disclosure.filing import packages, validate_filing, write_filing
    from abate.application.disclosure.promises import language

    with out.working("writing and validating"):
        opened = opened_at(workspace)
        files = write_filing(
            opened,
            year.upper(),
            output,
            lang=language(lang or opened.language),
            accepted=accepted_of(accept),
            entry_point=entry_point,
        )
        messages = validate_filing(files[0], packages(opened))
    out.console().print(f"Filing: {files[0]} and {len(files) - 1} files beside it")
    if messages is None:
        out.console().print("Not validated: install abate[filing] for Arelle.", style="yellow")
        return
    out.table(
        "", ("level", "code", "message"), [(m["level"], m["code"], m["text"]) for m in messages]
    )
    out.console().print(f"Arelle, offline: {len(messages)} messages.")
    if messages:
        raise typer.Exit(1)
