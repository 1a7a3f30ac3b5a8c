"""Claims judged, articles read, the report set and filed.

`python benchmarks/disclosure.py [claims articles report] [--small] [--demo DIR]`

Claims: the given cases by rule, and tables made here from a known truth with one planted error
    each, so that precision
and recall are of cases that no rule was written for.
"""

from __future__ import annotations

import csv
import json
import os
import random
import sys
import tempfile
import time
from collections import Counter, defaultdict
from datetime import datetime
from pathlib import Path

from abate.disclosure.claims.extracting import extract
from abate.disclosure.claims.rules import check
from abate.disclosure.claims.tabled import statement_of

ROOT = Path(__file__).parents[1]
DATA = Path(os.environ.get("ABATE_SHARED", ROOT.parent / "shared")) / "data" / "company"
SMALL = "--small" in sys.argv
TABLES = 20 if SMALL else 400


def judged(rows: list[dict[str, str]]) -> Counter[tuple[str, str]]:
    made = [statement_of({"source": f"s{k}"} | r, f"row {k}", {}) for k, r in enumerate(rows, 2)]
    return Counter({(v.rule, v.verdict): 1 for v in check([m for m in made if m is not None])})


def row(
    metric: str, year: str, value: str, unit: str, comparison: str = "", **more: str
) -> dict[str, str]:
    return {
        "entity": "Acme",
        "metric": metric,
        "fiscal_year": year,
        "value": value,
        "unit": unit,
        "comparison": comparison,
    } | more


def growth(draw: random.Random, *, wrong: bool) -> tuple[list[dict[str, str]], tuple[str, str]]:
    before, rate, digits = draw.uniform(2, 90), draw.uniform(-40, 90), draw.choice((2, 3))
    stated = rate + draw.choice((-1, 1)) * draw.uniform(2.5, 20) if wrong else rate
    after = before * (1 + rate / 100)
    rows = [
        row("scope3", "FY2023", f"{before:.{digits}f}", "Mt CO2e"),
        row("scope3", "FY2024", f"{after:.{digits}f}", "Mt CO2e", f"yoy {stated:+.1f}%"),
    ]
    return rows, ("growth_rate", "contradiction" if wrong else "consistent")


def backcast(draw: random.Random, *, wrong: bool) -> tuple[list[dict[str, str]], tuple[str, str]]:
    rows, (_, verdict) = growth(draw, wrong=wrong)
    return rows, ("backcast_prior_year", verdict)


def total(draw: random.Random, *, wrong: bool) -> tuple[list[dict[str, str]], tuple[str, str]]:
    parts = [draw.uniform(1, 50) for _ in range(draw.randint(4, 9))]
    whole = sum(parts) * (draw.choice((0.8, 0.93, 1.03, 1.07)) if wrong else 1)
    rows = [row(f"scope3_cat{k}", "FY2024", f"{p:.3f}", "kt CO2e") for k, p in enumerate(parts, 1)]
    return [*rows, row("scope3", "FY2024", f"{whole:.3f}", "kt CO2e")], (
        "sum_of_parts",
        "contradiction" if wrong else "consistent",
    )


def scopes(draw: random.Random, *, wrong: bool) -> tuple[list[dict[str, str]], tuple[str, str]]:
    parts = {n: draw.uniform(1, 500) for n in ("scope1", "scope2_location", "scope3")}
    whole = sum(parts.values()) * (draw.choice((0.7, 0.95, 1.05, 1.3)) if wrong else 1)
    rows = [row(n, "FY2024", f"{v:.1f}", "kt CO2e") for n, v in parts.items()]
    return [*rows, row("total_location", "FY2024", f"{whole:.1f}", "kt CO2e")], (
        "sum_of_parts",
        "contradiction" if wrong else "consistent",
    )


def variants(draw: random.Random, *, wrong: bool) -> tuple[list[dict[str, str]], tuple[str, str]]:
    value = draw.uniform(10, 99)
    other = value * (1 + draw.choice((-1, 1)) * draw.uniform(0.02, 0.4)) if wrong else value
    rows = [
        row("scope1", "FY2024", f"{value:.3f}", "Mt CO2e"),
        row("scope1", "FY2024", f"{other:.1f}", "Mt CO2e"),
    ]
    return rows, ("rounding", "contradiction" if wrong else "consistent")


def units(draw: random.Random, *, wrong: bool) -> tuple[list[dict[str, str]], tuple[str, str]]:
    value = draw.uniform(1, 99)
    rows = [
        row("electricity", "FY2024", f"{value:.2f}", "GWh"),
        row("electricity", "FY2024", f"{value * (1 if wrong else 1000):.2f}", "MWh"),
    ]
    return rows, ("order_of_magnitude", "contradiction") if wrong else ("rounding", "consistent")


def factors(draw: random.Random, *, wrong: bool) -> tuple[list[dict[str, str]], tuple[str, str]]:
    kg, gwh = draw.uniform(0.85, 1.4) if wrong else draw.uniform(0.48, 0.63), draw.uniform(5, 400)
    rows = [
        row("reduction", "2024", f"{kg * gwh * 1000:.0f}", "t CO2e", source="a"),
        row("clean_power_purchased", "2024", f"{gwh:.1f}", "GWh", source="a"),
    ]
    return rows, ("implied_emission_factor", "implausible_high" if wrong else "plausible")


def vintages(draw: random.Random, *, wrong: bool) -> tuple[list[dict[str, str]], tuple[str, str]]:
    first, rate = draw.uniform(20, 90), draw.uniform(2, 20)
    again = first * draw.uniform(0.85, 0.95)
    base = again if wrong else first
    rows = [
        row(
            "total_market",
            "FY2024",
            f"{base * (1 + rate / 100):.2f}",
            "Mt CO2e",
            f"yoy {rate:+.1f}%",
        ),
        row("total_market", "FY2023", f"{first:.2f}", "Mt CO2e", vintage="as reported in 2024"),
    ]
    rows += (
        [row("total_market", "FY2023", f"{again:.2f}", "Mt CO2e", vintage="restated in 2025")]
        if wrong
        else []
    )
    return rows, ("mixed_vintage", "mixed_vintage") if wrong else ("growth_rate", "consistent")


def reused(draw: random.Random, *, wrong: bool) -> tuple[list[dict[str, str]], tuple[str, str]]:
    last = draw.uniform(20, 60)
    now = last + draw.uniform(1, 5)
    shares = [
        row("clean_electricity_share", "FY2023", f"{last:.1f}", "%", "level"),
        row("clean_electricity_share", "FY2024", f"{now:.1f}", "%", "level"),
    ]
    if wrong:
        return [
            *shares,
            row("clean_electricity_consumption_change", "FY2024", f"{last:.1f}", "%", "yoy"),
        ], (
            "numeral_reuse",
            "contradiction",
        )
    return [
        *shares,
        row("clean_electricity_share_change", "FY2024", f"{now - last:.1f}", "pp", "yoy"),
    ], (
        "points_change",
        "consistent",
    )


MAKERS = (growth, backcast, total, scopes, variants, units, factors, vintages, reused)


def claims() -> None:
    cases: dict[tuple[str, str, str], list[dict[str, str]]] = defaultdict(list)
    with (ROOT / "tests/golden/claims.csv").open(encoding="utf-8") as handle:
        for line in csv.DictReader(handle):
            cases[line["case"], line["rule"], line["expected"]].append(line)
    hit: Counter[str] = Counter()
    wanted: Counter[str] = Counter()
    said: Counter[str] = Counter()
    for (_, rule, expected), rows in cases.items():
        found = judged(rows)
        wanted[rule] += 1
        hit[rule] += (rule, expected) in found
        said[rule] += sum(1 for r, _ in found if r == rule)
    for rule in sorted(wanted):
        print(
            f"given  {rule:26} recall {hit[rule]}/{wanted[rule]}  precision {hit[rule]}/{said[rule]}"
        )
    print(
        f"given  all: recall {sum(hit.values()) / sum(wanted.values()):.3f}, precision {sum(hit.values()) / sum(said.values()):.3f}, {len(cases)} cases"
    )
    for make in MAKERS:
        draw = random.Random(make.__name__)
        right = alarms = found_wrong = fine = 0
        for k in range(TABLES):
            rows, expected = make(draw, wrong=k % 2 == 1)
            found = judged(rows)
            bad = {
                f for f in found if f[1] in ("contradiction", "mixed_vintage", "implausible_high")
            }
            right += expected in found
            if k % 2:
                found_wrong += expected in found
            else:
                alarms += bool(bad)
                fine += 1
        planted = TABLES - fine
        precision = found_wrong / max(found_wrong + alarms, 1)
        print(
            f"made   {make.__name__:26} recall {found_wrong / planted:.3f}  precision {precision:.3f}  verdict as expected {right / TABLES:.3f}  ({TABLES} tables)"
        )


def articles() -> None:
    """What is read of texts: the given ones, and those of `tests/golden/texts`, by language."""
    sys.path.insert(0, str(ROOT / "tests"))
    from abate.disclosure.claims.quantities import language_of, normal
    from reading import read_text, score

    given()
    folder = ROOT / "tests/golden/texts"
    names = sorted(p.name for p in folder.iterdir() if p.suffix in (".txt", ".md", ".html"))
    names = [n for n in names if n != "README.md"][:: 8 if SMALL else 1]
    texts = {n: (folder / n).read_text(encoding="utf-8") for n in names}
    print(f"own    {score(folder, names)}")
    for lang in ("en", "zh", "de"):
        mine = [n for n in names if language_of(normal(texts[n])) == lang]
        print(f"own    {lang}, {len(mine)} texts: {score(folder, mine)}")
    weights = Counter(v.severity for n in names for v in check(read_text(folder / n).statements))
    print(f"own    verdicts on {len(names)} coherent texts: {dict(weights)}")
    page = "\n\n".join(t for n, t in texts.items() if n.endswith(".txt"))[:30_000]
    began = time.perf_counter()
    extract(page, "ten pages", {})
    print(f"own    {len(page):,} characters, some ten pages: {time.perf_counter() - began:.2f} s")


def given() -> None:
    """The four given articles: what their truth lists, and in which fields it is read alike."""
    with (DATA / "article_claims.csv").open(encoding="utf-8") as handle:
        rows = list(csv.DictReader(handle))
    wanted = read_count = 0
    hit: Counter[str] = Counter()
    for path in sorted((DATA / "articles").glob("*.txt")):
        read = extract(path.read_text(encoding="utf-8"), path.name, {})
        read_count += len(read.statements)
        for line in (r for r in rows if r["source_file"] == path.name):
            gold = statement_of(line, path.name, {})
            if gold is None:
                continue
            wanted += 1
            same = [
                s
                for s in read.statements
                if s.unit == gold.unit
                and (
                    s.text == gold.text
                    if gold.unit == "date"
                    else abs(abs(s.number) - abs(gold.number)) <= 1e-9 * abs(gold.number)
                )
            ]
            alike = [
                {
                    "value and unit": True,
                    "metric": s.metric == gold.metric,
                    "entity": s.entity == gold.entity,
                    "period": s.period.year == gold.period.year,
                }
                for s in same
            ]
            for name in ("value and unit", "metric", "entity", "period"):
                hit[name] += any(a[name] for a in alike)
            hit["all five"] += any(all(a.values()) for a in alike)
    print(f"given  {wanted} statements listed, {read_count} read as certain; alike in {dict(hit)}")


def report() -> None:
    import pdfplumber

    from abate.adapters.writers.prints import pdf_bytes
    from abate.application.disclosure.filing import validate_filing, write_filing
    from abate.application.disclosure.report_model import report_model, report_text, write_reports
    from abate.application.opening import open_workspace
    from abate.application.workspaces.demo import run_demo
    from abate.faces.cli.demo import Terminal

    now = datetime(2026, 11, 22)
    named = sys.argv[sys.argv.index("--demo") + 1] if "--demo" in sys.argv else ""
    with tempfile.TemporaryDirectory() as folder:
        demo = Path(named) if named else Path(folder) / "demo"
        if not named:
            run_demo(demo, now=now, watcher=Terminal())
        workspace = open_workspace(demo)
        out = Path(folder)
        began = time.perf_counter()
        paths = {k: out / f"r.{k}" for k in ("html", "pdf", "xlsx")}
        write_reports(workspace, "FY2024", paths, now=now)
        whole_s = time.perf_counter() - began
        sizes = {k: f"{p.stat().st_size / 1e6:.2f} MB" for k, p in paths.items()}
        with pdfplumber.open(paths["pdf"]) as document:
            pages = len(document.pages)
        files = write_filing(workspace, "FY2024", out / "filing")
        began = time.perf_counter()
        messages = validate_filing(files[0])
        print(f"filing: Arelle says {messages} in {time.perf_counter() - began:.1f} s")
        if SMALL:
            print(f"report: three formats in {whole_s:.1f} s {json.dumps(sizes)}; {pages} pages")
            return
        model = report_model(workspace, "FY2024", now) | {"claims": []}
        text, pictures = report_text(model, "en", None)
        began = time.perf_counter()
        pdf_bytes(text, pictures, model, lang="en", day=now.date())
        set_s = time.perf_counter() - began
        print(
            f"report: three formats in {whole_s:.1f} s {json.dumps(sizes)}; {pages} pages set in {set_s:.1f} s, {set_s / pages * 10:.1f} s for ten"
        )


if __name__ == "__main__":
    chosen = [a for a in sys.argv[1:] if a in ("claims", "articles", "report")] or [
        "claims",
        "articles",
        "report",
    ]
    for name in chosen:
        {"claims": claims, "articles": articles, "report": report}[name]()
