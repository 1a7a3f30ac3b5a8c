"""Commands that look after a workspace's tables: store stats, compact, backup, restore, upgrade."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from abate.faces.cli import show as out
from abate.faces.cli.app import HERE, JsonOption, WorkspaceOption, opened_at, store_app
from abate.kernel.tables import NAMES


@store_app.command()
def stats(workspace: WorkspaceOption = HERE, json: JsonOption = False) -> None:
    """Rows, files and sizes of each table, and what packing or sweeping would gain."""
    from abate.application.workspaces.upkeep import half_written
    from abate.application.workspaces.upkeep import stats as stats_of

    opened = opened_at(workspace)
    rows, left = stats_of(opened), half_written(opened.root)
    if json:
        out.print_json([asdict(r) for r in rows])
        return
    body = [
        (
            r.name,
            f"{r.rows:,}",
            f"{r.files:,}",
            _size(r.bytes),
            f"{r.small:,}",
            _size(r.idle_bytes),
            f"{r.unfinished:,}",
            f"{r.unfinished_rows:,}",
            r.commits,
        )
        for r in rows
    ]
    columns = (
        "table",
        "rows",
        "files",
        "size",
        "small files",
        "not in use",
        "unfinished",
        "their rows",
        "commits",
    )
    out.table("", columns, body, right=tuple(range(1, 9)))
    if sum(r.small for r in rows) > len(rows):
        out.console().print("Small files can be packed: abate store compact.")
    if left:
        out.console().print(
            f"{len(left)} files are not whole, such as {left[0].name}: abate store compact --sweep."
        )
    if any(r.unfinished or r.unfinished_rows for r in rows):
        out.console().print(
            "Killed imports or runs left files that nothing reads: abate store compact --sweep."
        )


@store_app.command()
def compact(
    sweep: Annotated[
        bool,
        typer.Option(
            "--sweep", help="Remove what killed imports and runs left without their commit."
        ),
    ] = False,
    workspace: WorkspaceOption = HERE,
    json: JsonOption = False,
) -> None:
    """Pack small files into larger ones; every row stays, and so do the files that were packed."""
    from abate.application.workspaces.upkeep import compact as compact_store

    with out.progress("packing", len(NAMES), quiet=json) as step:
        changed = compact_store(opened_at(workspace), sweep=sweep, on_step=step)
    if json:
        out.print_json({name: {"before": a, "after": b} for name, (a, b) in changed.items()})
        return
    for name, (before, after) in changed.items():
        out.console().print(f"{name}: {before:,} files are now {after:,}.")
    if not changed:
        out.console().print("Nothing to pack.")


@store_app.command()
def backup(
    archive: Annotated[Path, typer.Argument(help="Tar file to write.")],
    workspace: WorkspaceOption = HERE,
    json: JsonOption = False,
) -> None:
    """Write the whole workspace into one archive, as it is at one moment."""
    from abate.application.opening import open_workspace
    from abate.application.workspaces.upkeep import backup as backup_workspace

    with out.progress("backing up", None, quiet=json) as step:
        told = backup_workspace(open_workspace(workspace, of_any_age=True), archive, on_step=step)
    _told(told, f"{archive.name} holds", json)


@store_app.command()
def restore(
    archive: Annotated[Path, typer.Argument(help="Backup to read.")],
    to: Annotated[Path, typer.Option("--to", help="New folder of the workspace.")],
    json: JsonOption = False,
) -> None:
    """Unpack a backup into a new folder; every file is compared with its hash."""
    from abate.application.workspaces.upkeep import restore as restore_workspace

    with out.progress("restoring", None, quiet=json) as step:
        told = restore_workspace(archive, to, on_step=step)
    _told(told, f"{to.name} holds", json)


@store_app.command()
def upgrade(workspace: WorkspaceOption = HERE, json: JsonOption = False) -> None:
    """Bring the tables of a workspace that an older version made to this one; can be repeated."""
    from abate.application.workspaces.upkeep import upgrade as upgrade_store

    with out.progress("upgrading", len(NAMES), quiet=json) as step:
        added = upgrade_store(workspace, on_step=step)
    if json:
        out.print_json(added)
        return
    for name, columns in added.items():
        out.console().print(f"{name}: added {', '.join(columns)}.")
    out.console().print("The workspace is of this version.")


def _told(counts: dict[str, int], what: str, json: bool) -> None:
    if json:
        out.print_json(counts)
    else:
        out.console().print(f"{what} {counts['files']:,} files, {_size(counts['bytes'])}.")


def _size(count: int) -> str:
    """Bytes as people read them.

    Example:
        >>> _size(3 << 20), _size(512)
        ('3.0 MiB', '512 B')
    """
    for unit, power in (("GiB", 30), ("MiB", 20), ("KiB", 10)):
        if count >= 1 << power:
            return f"{count / (1 << power):,.1f} {unit}"
    return f"{count} B"
