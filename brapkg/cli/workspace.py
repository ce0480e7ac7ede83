"""The commands around the reports: a workspace, its figures and tables, and files that are filled in or run."""

from __future__ import annotations

from pathlib import Path

import click

from brapkg.cli.output import address_of, folder_of, tell
from brapkg.errors import UsageError


@click.command()
def build() -> None:
    """Build the tidy tables in data/processed from data/raw."""
    from brapkg import store

    built = store.build()
    for notice in built.notices:
        click.echo(f"Note: {notice}", err=True)
    if built.account.rows_read:
        tell(f"Exports in data/raw/bra: {built.account}")
    tell(f"Built {len(built.rows)} tables, {sum(built.rows.values())} rows, in {built.folder}")


@click.command()
@click.argument("source", type=click.Path(path_type=Path))
def snapshot(source: Path) -> None:
    """Write the project's own tables in data/raw from the producers' exports under SOURCE."""
    from brapkg import paths
    from brapkg.sources import shipped

    for path in shipped.write_tables(source, paths.raw()):
        click.echo(f"{path} ({path.stat().st_size} bytes)")


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--area", metavar="AREA", help="A county or municipality, by code or name; the whole country otherwise.")
def init(folder: Path, area: str | None) -> None:
    """Make a workspace in DIR: settings, figures, templates and a guide. Nothing there is overwritten."""
    from brapkg import workspace

    made = workspace.make(folder, area)
    tell(f"{len(made)} files and folders in {folder}. Begin with {folder / 'README.md'}.")


@click.group()
def template() -> None:
    """Write spreadsheets to fill in."""


@template.command("structure")
@click.option("--area", metavar="AREA", help="A county or municipality, by code or name; the whole country otherwise.")
@click.option("--language", default="sv", show_default=True, metavar="sv|en")
@click.option(
    "--to", type=click.Path(path_type=Path), default=Path("structure.xlsx"), show_default=True, metavar="FILE"
)
def structure_template(area: str | None, language: str, to: Path) -> None:
    """The register of the law's duties, a row for each municipality. Its place is data/raw/structure.xlsx."""
    from brapkg import structure

    tell(str(structure.write_template(to, area, language)))


@click.group()
def fetch() -> None:
    """Fetch figures from the internet into data/raw."""


@fetch.command()
@click.option("--first", type=int, metavar="YEAR", help="Five years before the last, if not given.")
@click.option("--last", type=int, metavar="YEAR", help="This year, if not given.")
def kolada(first: int | None, last: int | None) -> None:
    """Living conditions and surveys from Kolada. Then run brapkg build."""
    from datetime import date

    from brapkg import context, paths
    from brapkg.sources import snapshot

    today = date.today()
    last = last or today.year
    made = context.fetch(paths.raw(), range(first or last - 5, last + 1), retrieved=today.isoformat())
    for line in (*map(str, made), *snapshot.verify(made[0])["notices"]):
        click.echo(line)


@click.command()
@click.argument("kind", type=click.Choice(["systemd", "cron", "windows", "github", "airflow"]))
@click.option("--to", type=click.Path(path_type=Path), metavar="FOLDER", help="Write the files there; shown otherwise.")
@click.option("--time", default="06:30", show_default=True, metavar="HH:MM", help="Time of the day.")
@click.option("--day", type=int, default=5, show_default=True, help="Day of the month, 1 to 28.")
@click.option("--jobs", type=int, default=2, show_default=True, help="How many reports at once.")
@click.option("--output", metavar="FOLDER", help="Where the pages are; reports/ otherwise.")
def schedule(kind: str, to: Path | None, time: str, day: int, jobs: int, output: str | None) -> None:
    """Ready files that make all reports once a month."""
    from brapkg import paths
    from brapkg import schedule as ready

    if address_of(output):
        raise UsageError("Make the files for a folder, and put the address in its place in them.")
    made = ready.files(
        kind, home=paths.home(), program=ready.program(), output=folder_of(output), jobs=jobs, day=day, time=time
    )
    if to is None:
        click.echo(ready.text(made), nl=False)
        return
    for path in ready.write(made, to):
        click.echo(str(path))
    click.echo(f"How to install, test and remove: {ready.GUIDE}")
