"""The commands: ``brapkg build``, ``report``, ``evidence``, ``runs``, ``status``, ``schedule``, ``snapshot``. Thin by intent."""

from __future__ import annotations

import signal
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
        # A machine that shuts down, or a scheduler that has waited enough, is obeyed as Ctrl-C is.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        try:
            return super().invoke(ctx)
        except BrapkgError as error:
            click.echo(f"brapkg: {error}", err=True)
            ctx.exit(error.exit_status)
        except KeyboardInterrupt:
            click.echo(
                "brapkg: stopped. What was made is whole, and the rest is as it was; the same command goes on from here.",
                err=True,
            )
            ctx.exit(INTERRUPTED)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__)
def main() -> None:
    """Reproducible evidence summaries of local crime and safety in Sweden.

    Exit status: 0 all well or nothing to do, 1 some work failed, 2 wrong call, 130 stopped by Ctrl-C.
    """


@main.command()
def build() -> None:
    """Build the tidy tables in data/processed from data/raw."""
    from brapkg import store

    built = store.build()
    for notice in built.notices:
        click.echo(f"Note: {notice}", err=True)
    if built.account.rows_read:
        _tell(f"Exports in data/raw/bra: {built.account}")
    _tell(f"Built {len(built.rows)} tables, {sum(built.rows.values())} rows, in {built.folder}")


@main.command()
@click.argument("source", type=click.Path(path_type=Path))
def snapshot(source: Path) -> None:
    """Write the project's own tables in data/raw from the producers' exports under SOURCE."""
    from brapkg import paths
    from brapkg.sources import shipped

    for path in shipped.write_tables(source, paths.raw()):
        click.echo(f"{path} ({path.stat().st_size} bytes)")


@main.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--area", metavar="AREA", help="A county or municipality, by code or name; the whole country otherwise.")
def init(folder: Path, area: str | None) -> None:
    """Make a workspace in DIR: settings, figures, templates and a guide. Nothing there is overwritten."""
    from brapkg import workspace

    made = workspace.make(folder, area)
    _tell(f"{len(made)} files and folders in {folder}. Begin with {folder / 'README.md'}.")


@main.group()
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

    _tell(str(structure.write_template(to, area, language)))


@main.group()
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


# --- reports -------------------------------------------------------------------------------------

OUTPUT = click.option(
    "--output",
    metavar="FOLDER",
    help="Where the pages are; reports/ otherwise. Also s3://, abs:// and gs:// addresses.",
)


def making(command):
    """The options of every command that makes reports."""
    for option in reversed(
        (
            click.option("--period", type=int, metavar="YEAR", help="The year; the latest there is, if not given."),
            click.option("--language", "languages", multiple=True, metavar="sv|en", help="May be given twice."),
            click.option("--jobs", default=1, show_default=True, type=click.IntRange(1, 64), help="How many at once."),
            OUTPUT,
            click.option("--dry-run", is_flag=True, help="Tell what would be made, and why; make nothing."),
            click.option("--again", is_flag=True, help="Make also what has not changed."),
            click.option("--wait", is_flag=True, help="Wait for another run that writes in the same folder."),
            click.option("--cold", is_flag=True, help="Start every kernel anew: slower, the same pages."),
            click.option("--scheduler", metavar="ADDRESS", help="Let a Dask cluster's workers make them: tcp://…"),
            click.option(
                "--log-json", is_flag=True, help="Write what happens to standard error, a JSON object a line."
            ),
        )
    ):
        command = option(command)
    return command


@main.group(invoke_without_command=True)
@click.option(
    "--all-levels",
    is_flag=True,
    help="Everything that settings.toml wants; else everything there is, in both languages.",
)
@making
@click.pass_context
def report(ctx: click.Context, all_levels: bool, period: int | None, languages: tuple[str, ...], **how) -> None:
    """Make reports: those of one kind by its name, or everything.

    What has not changed since it was made is not made again.
    """
    from brapkg.reports import plan

    if ctx.invoked_subcommand:
        if all_levels or period or languages or any(value for name, value in how.items() if name != "jobs"):
            raise UsageError(f"Options of {ctx.invoked_subcommand} stand after its name.")
        return
    if not all_levels:
        raise UsageError(
            "Say which reports: --all-levels, or a kind of report "
            "(national, region, municipality, problem, knowledge, evaluation)."
        )
    _make(plan.all_levels(languages, period), set(plan.PARAMETERS), **how)


@report.command()
@making
def national(period: int | None, languages: tuple[str, ...], **how) -> None:
    """Make the evidence summary of the nation."""
    _make_areas("national", True, None, period, languages, how)


@report.command()
@click.option("--all", "everything", is_flag=True, help="All 21 counties.")
@click.option("--area", metavar="COUNTY", help="One county, by code or name.")
@making
def region(everything: bool, area: str | None, period: int | None, languages: tuple[str, ...], **how) -> None:
    """Make the evidence summary of one county (--area) or of all (--all)."""
    _make_areas("region", everything, area, period, languages, how)


@report.command()
@click.option("--all", "everything", is_flag=True, help="All 290 municipalities.")
@click.option("--area", metavar="AREA", help="One municipality, by code or name, or all of a county by its code.")
@making
def municipality(everything: bool, area: str | None, period: int | None, languages: tuple[str, ...], **how) -> None:
    """Make the situation picture of one municipality (--area), of a county's, or of all (--all)."""
    _make_areas("municipality", everything, area, period, languages, how)


def _make_areas(
    kind: str, everything: bool, area: str | None, period: int | None, languages: tuple[str, ...], how: dict
) -> None:
    from brapkg.reports import plan

    if everything == (area is not None):
        raise UsageError("Say either --all or --area AREA.")
    _make(plan.area_reports(kind, area, period, languages or ("sv",)), {kind}, **how)


@report.command()
@click.option("--all", "everything", is_flag=True, help="All problems.")
@click.option("--problem", metavar="ID", help="One problem, such as bicycle-theft.")
@making
def problem(everything: bool, problem: str | None, period: int | None, languages: tuple[str, ...], **how) -> None:
    """Make the page of one problem of the knowledge base (--problem) or of all (--all)."""
    _make_topics("problem", everything, problem, period, languages, how)


@report.command()
@making
def knowledge(period: int | None, languages: tuple[str, ...], **how) -> None:
    """Make the map of the knowledge base: measures by problems, with what is known."""
    _make_topics("knowledge", True, None, period, languages, how)


@report.command()
@click.option("--all", "everything", is_flag=True, help="All measures in the register.")
@click.option("--measure", metavar="ID", help="One measure, by its id in data/raw/measures.csv.")
@making
def evaluation(everything: bool, measure: str | None, period: int | None, languages: tuple[str, ...], **how) -> None:
    """Evaluate one local measure of the register (--measure) or all (--all)."""
    _make_topics("evaluation", everything, measure, period, languages, how)


def _make_topics(
    kind: str, everything: bool, code: str | None, period: int | None, languages: tuple[str, ...], how: dict
) -> None:
    from brapkg.reports import plan

    if everything == (code is not None):
        raise UsageError(f"Say either --all or --{plan.PARAMETERS[kind]} ID.")
    if period is not None:
        raise UsageError(f"A report of the kind {kind} is not about a year; leave --period out.")
    # Who asks for one measure is told of its own faults alone.
    _make(plan.topic_reports(kind, code, languages or ("sv",)), {kind} if everything else set(), **how)


def _make(reports: list, kinds: set[str], **how) -> None:
    """Make the reports; faults in what people filled in for these kinds are told, and the exit status says it."""
    from brapkg.reports import registers

    problems = registers.problems(kinds)
    for problem in problems:
        click.echo(f"brapkg: {problem}", err=True)
    _run(reports, **how)
    if problems:
        sys.exit(1)


def _run(
    reports: list,
    *,
    jobs: int,
    output: str | None,
    dry_run: bool,
    again: bool,
    wait: bool,
    cold: bool,
    scheduler: str | None,
    log_json: bool,
) -> None:
    from brapkg.reports import batch, place, plan, watch

    if scheduler and (cold or jobs > 1):
        raise UsageError("--jobs and --cold are for this machine; with --scheduler the cluster's workers decide.")
    if not reports:
        _tell("Nothing to do: there is no such report to make.")
        return
    folder, address = _folder(output), _address(output)
    if address:
        from brapkg.reports import remote

        remote.check(address)
    if dry_run:
        click.echo(plan.told(plan.steps(reports, folder, again=again)))
        return
    watchers = [watch.JsonLog()] if log_json else []
    if sys.stderr.isatty() and not log_json:
        watchers.append(watch.Bar())
    outcome = batch.run(
        reports,
        folder,
        batch.Way(jobs, cold, scheduler),
        again=again,
        wait=wait,
        waiting=lambda holder: _tell(f"Waiting for another run ({holder})."),
        watcher=watch.Several(watchers),
        # What follows an address's "?" may be a key.
        command=["brapkg", *(given.split("?")[0] if "://" in given else given for given in sys.argv[1:])],
    )
    failed = [result for result in outcome.results if result.status == "failed"]
    for result in failed:
        click.echo(f"\n{result.report.title} ({result.report.name}) failed:\n{result.error}", err=True)
    made = sum(result.status == "made" for result in outcome.results)
    unchanged = len(outcome.results) - made - len(failed)
    _tell(f"{made} made, {unchanged} unchanged, {len(failed)} failed. Open {outcome.front_pages[0]}")
    if failed:
        click.echo(f"{len(failed)} failed; what they left is in {folder / place.FAILED}.", err=True)
    if address:
        _tell(f"{remote.upload(folder, address, wait=wait)} files sent to {remote.shown(address)}.")
    if failed:
        sys.exit(1)


@main.command()
@click.argument("text", nargs=-1, required=True)
@click.option("--language", default="sv", show_default=True, metavar="sv|en")
def evidence(text: tuple[str, ...], language: str) -> None:
    """Look TEXT up in the knowledge base: what works, how sure that is, and from where it is known."""
    from brapkg import lookup

    click.echo(lookup.told(" ".join(text), language))


def _address(output: str | None) -> str | None:
    """The address of an output that lies elsewhere."""
    told = _output(output)
    return told if "://" in told else None


def _folder(output: str | None) -> Path:
    """The folder of the reports, or the one that mirrors an address, as an absolute path."""
    from brapkg import paths

    if address := _address(output):
        from brapkg.reports import remote

        return remote.mirror(address, paths.home())
    return Path(_output(output)).resolve()


def _output(output: str | None) -> str:
    """The folder or address that was given, else the settings'."""
    from brapkg import settings

    return output or settings.output()


def _tell(text: str) -> None:
    """Say something to whoever sits at the terminal; to a log file only failures matter."""
    if sys.stdout.isatty():
        click.echo(text)


# --- runs ----------------------------------------------------------------------------------------


@main.group(invoke_without_command=True)
@OUTPUT
@click.pass_context
def runs(ctx: click.Context, output: str | None) -> None:
    """List the runs, newest first; show one, or compare two."""
    from brapkg.reports import runs as told

    ctx.obj = _folder(output)
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


@main.command()
@click.option("--max-age", default="35d", show_default=True, metavar="TIME", help="Such as 35d, 12h or 90m.")
@OUTPUT
def status(max_age: str, output: str | None) -> None:
    """Tell in one line whether the reports are in good health; exit status 1 where they are not."""
    from brapkg.reports import runs as told

    line, good = told.status(_folder(output), max_age)
    click.echo(line)
    sys.exit(not good)


@main.command()
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

    if _address(output):
        raise UsageError("Make the files for a folder, and put the address in its place in them.")
    made = ready.files(
        kind, home=paths.home(), program=ready.program(), output=_folder(output), jobs=jobs, day=day, time=time
    )
    if to is None:
        click.echo(ready.text(made), nl=False)
        return
    for path in ready.write(made, to):
        click.echo(str(path))
    click.echo(f"How to install, test and remove: {ready.GUIDE}")
