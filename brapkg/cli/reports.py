"""``brapkg report``: what is asked for becomes a list of reports, which one run makes."""

from __future__ import annotations

import sys

import click

from brapkg.cli.output import OUTPUT, address_of, folder_of, tell
from brapkg.errors import UsageError


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


@click.group(invoke_without_command=True)
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
    from brapkg.reports import batch, manifest, place, plan, watch

    if scheduler and (cold or jobs > 1):
        raise UsageError("--jobs and --cold are for this machine; with --scheduler the cluster's workers decide.")
    if not reports:
        tell("Nothing to do: there is no such report to make.")
        return
    folder, address = folder_of(output), address_of(output)
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
        waiting=lambda holder: tell(f"Waiting for another run ({holder})."),
        watcher=watch.Several(watchers),
        # What follows an address's "?" may be a key.
        command=["brapkg", *(given.split("?")[0] if "://" in given else given for given in sys.argv[1:])],
    )
    failed = [result for result in outcome.results if result.status == "failed"]
    plainly = [] if log_json else failed  # there they are lines of the log
    for result in plainly:
        told = manifest.in_one_line(result.error)
        click.echo(f"{result.report.title} ({result.report.name}) failed: {told}", err=True)
    made = sum(result.status == "made" for result in outcome.results)
    unchanged = len(outcome.results) - made - len(failed)
    tell(f"{made} made, {unchanged} unchanged, {len(failed)} failed. Open {outcome.front_pages[0]}")
    if plainly:
        click.echo(f"{len(failed)} failed; tracebacks and notebooks are in {folder / place.FAILED}.", err=True)
    if address:
        tell(f"{remote.upload(folder, address, wait=wait)} files sent to {remote.shown(address)}.")
    if failed:
        sys.exit(1)
