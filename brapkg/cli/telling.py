"""The commands that only tell: ``evidence`` what is known, ``runs`` and ``status`` what was done."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from brapkg.cli.output import OUTPUT, folder_of


@click.command()
@click.argument("text", nargs=-1, required=True)
@click.option("--language", default="sv", show_default=True, metavar="sv|en")
def evidence(text: tuple[str, ...], language: str) -> None:
    """Look TEXT up in the knowledge base: what works, how sure that is, and from where it is known."""
    from brapkg import lookup

    click.echo(lookup.told(" ".join(text), language))


@click.group(invoke_without_command=True)
@OUTPUT
@click.pass_context
def runs(ctx: click.Context, output: str | None) -> None:
    """List the runs, newest first; show one, or compare two."""
    from brapkg.reports import runs as told

    ctx.obj = folder_of(output)
    if not ctx.invoked_subcommand:
        click.echo(told.listing(ctx.obj))


@runs.command()
@click.argument("run", default="last")
@click.pass_obj
def show(folder: Path, run: str) -> None:
    """Tell about one RUN: with what it was made, from which data, and what became of each report."""
    from brapkg.reports import runs as told

    click.echo(told.show(folder, run))


@runs.command()
@click.argument("first")
@click.argument("second", default="last")
@click.option("--all", "everything", is_flag=True, help="Every number that changed.")
@click.pass_obj
def diff(folder: Path, first: str, second: str, everything: bool) -> None:
    """Tell which reports changed between the runs FIRST and SECOND, why, and in which numbers."""
    from brapkg.reports import runs as told

    click.echo(told.diff(folder, first, second, everything=everything))


@click.command()
@click.option("--max-age", default="35d", show_default=True, metavar="TIME", help="Such as 35d, 12h or 90m.")
@OUTPUT
def status(max_age: str, output: str | None) -> None:
    """Tell in one line whether the reports are in good health; exit status 1 where they are not."""
    from brapkg.reports import runs as told

    line, good = told.status(folder_of(output), max_age)
    click.echo(line)
    sys.exit(not good)
