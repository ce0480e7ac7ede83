"""A run: lock the folder, plan, make what has changed, record what was done.

Only this process writes into the folder of reports. What a worker hands back is written beside its
place and moved there, page and notebook first and last the record of what they were made from; a
run that is killed at any moment leaves whole files, and the next one goes on where it stopped. A
report that fails leaves the old page alone and puts its notebook and traceback in ``failed/``.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from brapkg.errors import DataError
from brapkg.kernels import warm
from brapkg.reports import front, lock, made, manifest, place, plan
from brapkg.reports.place import Result
from brapkg.reports.plan import Report, Step
from brapkg.reports.watch import Watcher
from brapkg.settings import settings

DO = "brapkg.reports.making:make"
# Seconds beyond a report's own limit, after which its worker is ended: it should have ended it itself.
GRACE = 30
FORKED, ORDINARY = "forked kernels", "ordinary kernels"


@dataclass(frozen=True)
class Outcome:
    """A run's end: its id, its status ("good" or "failed"), its results in the plan's order, the front pages."""

    id: str
    status: str
    results: list[Result]
    front_pages: list[Path]


@dataclass(frozen=True)
class Way:
    """How the reports are made.

    Attributes
    ----------
    jobs : int
        How many at once on this machine.
    cold : bool
        Start every kernel anew.
    scheduler : str or None
        Address of a Dask scheduler whose workers make them.
    """

    jobs: int = 1
    cold: bool = False
    scheduler: str | None = None

    def __str__(self) -> str:
        return self.scheduler or (FORKED if warm.supported() and not self.cold else ORDINARY)


def run(
    reports: Sequence[Report],
    output: Path,
    way: Way = Way(),
    *,
    again: bool = False,
    wait: bool = False,
    waiting: Callable[[str], None] = lambda holder: None,
    watcher: Watcher | None = None,
    command: Sequence[str] = (),
) -> Outcome:
    """Make the reports that have changed.

    Parameters
    ----------
    reports : what is wanted, from ``plan``
    output : folder for the pages; ``notebooks/``, ``runs/`` and ``failed/`` are made in it
    way : how
    again : make them all, changed or not
    wait, waiting : as in ``lock.held``
    watcher : is told what happens
    command : what the user called, for the run's record

    Returns
    -------
    Outcome

    Raises
    ------
    DataError
        The folder cannot be written or is another run's, or the figures cannot be read. What was
        made is whole, the rest as it was.
    KeyboardInterrupt
        Ctrl-C, with the same promise.
    """
    place.prepare(output)
    watcher = watcher or Watcher()
    with lock.held(output, wait=wait, waiting=waiting), contextlib.ExitStack() as held:
        place.clear(output)
        # It takes seconds to be ready: where there is surely something to make, the plan is made meanwhile.
        missing = any(not made.path(output, report.name).exists() for report in reports)
        early = _warm(way, reports) if missing else None
        if early:
            held.callback(early.close)
        steps = plan.steps(reports, output, again=again)
        record = manifest.begin(output, command=command, planned=len(steps), jobs=way.jobs, way=str(way))
        started = time.monotonic()
        results = _unchanged(steps)
        watcher.begun(record.id, len(steps) - len(results), len(results))

        def end(*, stopped: bool) -> list[Result]:
            ordered = [results[report] for report in reports if report in results]
            for result in ordered:
                record.add(result)
            try:
                manifest.write(output, record, stopped=stopped)
            finally:
                watcher.finished(record.status, time.monotonic() - started)
            return ordered

        try:
            with contextlib.closing(_made(steps, output, way, early, record.id, watcher)) as made_now:
                for result in made_now:
                    results[result.report] = result
        except BaseException:
            with contextlib.suppress(DataError):  # on a full disk, what stopped the run is what counts
                end(stopped=True)
            raise
        ordered = end(stopped=False)
        return Outcome(record.id, record.status, ordered, _front_pages(reports, output))


def _front_pages(reports: Sequence[Report], output: Path) -> list[Path]:
    """Write a front page for each year and language; reports without a year leave the year as it is."""
    wanted: dict[str, list[int | None]] = {}
    for report in reports:
        wanted.setdefault(report.language, []).append(report.period)
    return [
        front.write(output, period=period, language=language)
        for language, periods in wanted.items()
        for period in dict.fromkeys(period for period in periods if period is not None) or [None]
    ]


def _unchanged(steps: Sequence[Step]) -> dict[Report, Result]:
    return {
        step.report: Result(step.report, "unchanged", "", step.inputs, step.fingerprint, made=step.before)
        for step in steps
        if not step.why
    }


def _made(
    steps: Sequence[Step], output: Path, way: Way, early: warm.Warm | None, run: str, watcher: Watcher
) -> Iterator[Result]:
    """Make what the plan says, and put each report in its place as it comes."""
    todo = [step for step in steps if step.why]
    limits = settings().limits
    tasks = [(step.report, limits, step.links) for step in todo]

    def started(number: int) -> None:
        watcher.started(todo[number].report)

    with contextlib.closing(_each(tasks, way, early, limits.seconds + GRACE, started)) as attempts:
        for number, attempt in attempts:
            result = place.put(todo[number], attempt, output, run)
            watcher.ended(result)
            yield result


def _each(
    tasks: Sequence[tuple], way: Way, early: warm.Warm | None, seconds: float, started: Callable[[int], None]
) -> Iterator[tuple]:
    """The number of each task and what came of it, in the order they end."""
    if not tasks:
        return
    if way.scheduler:
        from brapkg.reports import cluster

        yield from cluster.each(way.scheduler, DO, tasks, seconds=seconds, started=started)
        return
    from brapkg.reports import workers

    process = early or _warm(way, [report for report, *_ in tasks])
    try:
        front.prepare()  # while the warm process gets ready
        at = process.address if process and process.hello else None
        yield from workers.each(DO, tasks, min(way.jobs, len(tasks)), at=at, seconds=seconds, started=started)
    finally:
        if process:
            process.close()


def _warm(way: Way, reports: Sequence[Report]) -> warm.Warm | None:
    """Start the warm process of a run on this machine, where there can be one, ready for these reports."""
    if way.scheduler or way.cold or not warm.supported():
        return None
    with contextlib.suppress(OSError):  # no room for its socket: ordinary kernels need none
        return warm.Warm({report.kind for report in reports})
    return None
