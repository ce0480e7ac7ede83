"""The commands: ``brapkg build``, ``brapkg report region``, ``brapkg snapshot``. Thin by intent."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from brapkg import __version__
from brapkg.errors import BrapkgError, UsageError

# What shells give for a program that Ctrl-C ended.
INTERRUPTED = 130


class Commands(click.Group):
    """Turns the package's own errors into one message and an exit status, without a traceback."""

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except BrapkgError as error:
            click.echo(f"brapkg: {error}", err=True)
            ctx.exit(error.exit_status)
        except KeyboardInterrupt:
            click.echo("brapkg: stopped. What was made is whole; the rest is as it was.", err=True)
            ctx.exit(INTERRUPTED)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__)
def main() -> None:
    """Reproducible evidence summaries of local crime and safety in Sweden.

    Exit status: 0 all well, 1 some work failed, 2 wrong call, 130 stopped by Ctrl-C.
    """


@main.command()
def build() -> None:
    """Build the tidy tables in data/processed from data/raw."""
    from brapkg import store

    built = store.build()
    if built.account.rows_read:
        click.echo(f"Exports in data/raw/bra: {built.account}")
    for notice in getattr(built, "notices", ()):
        click.echo(f"Note: {notice}", err=True)
    click.echo(f"Built {len(built.rows)} tables, {sum(built.rows.values())} rows, in {built.folder}")


@main.command()
@click.argument("source", type=click.Path(path_type=Path))
def snapshot(source: Path) -> None:
    """Write the project's own tables in data/raw from the producers' exports under SOURCE."""
    from brapkg import paths
    from brapkg.sources import shipped

    for path in shipped.write_tables(source, paths.raw()):
        click.echo(f"{path} ({path.stat().st_size} bytes)")


@main.group()
def report() -> None:
    """Make reports."""


@report.command()
@click.option("--all", "everything", is_flag=True, help="All 21 counties.")
@click.option("--area", metavar="COUNTY", help="One county, by code or name.")
@click.option("--period", type=int, metavar="YEAR", help="The year; the latest there is, if not given.")
@click.option("--language", default="sv", show_default=True, metavar="sv|en", help="Language of the page.")
@click.option("--jobs", default=1, show_default=True, type=click.IntRange(1, 64), help="How many at once.")
@click.option(
    "--output", type=click.Path(path_type=Path, file_okay=False), help="Folder for the pages; reports/ otherwise."
)
def region(
    everything: bool, area: str | None, period: int | None, language: str, jobs: int, output: Path | None
) -> None:
    """Make the evidence summary of one county (--area) or of all (--all)."""
    from brapkg import paths, profile
    from brapkg.reports import batch, plan

    if everything == (area is not None):
        raise UsageError("Say either --all or --area COUNTY.")
    reports = plan.region_reports(area, period, language)
    folder = (output or paths.home() / "reports").resolve()
    results = _run(reports, folder, jobs)
    _tell_failures(results)
    first = reports[0]
    index = batch.write_front_page(
        folder,
        period=first.period,
        language=language,
        preliminary=profile.county(first.area.code, first.period).status == "preliminary",
        results=results,
    )
    made = sum(not result.error for result in results)
    click.echo(f"{made} of {len(results)} reports made. Open {index}")
    if made < len(results):
        click.echo(f"{len(results) - made} failed; what they left is in {folder / batch.FAILED}.", err=True)
        sys.exit(1)


def _run(reports: list, folder: Path, jobs: int) -> list:
    from tqdm import tqdm

    from brapkg.reports import batch

    # Without a terminal there is nobody to watch a bar.
    with tqdm(total=len(reports), unit="report", disable=None) as bar:

        def progress(result: batch.Result) -> None:
            bar.set_postfix_str(result.report.area.short)
            bar.update()

        return batch.run(reports, folder, jobs=jobs, progress=progress)


def _tell_failures(results: list) -> None:
    for result in results:
        if result.error:
            area = result.report.area
            click.echo(f"\n{area.code} {area.name} failed:\n{result.error}", err=True)
