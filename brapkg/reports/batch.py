"""Run many notebooks through papermill, each in its own kernel; one failure stays one failure.

Pages and notebooks are made beside and moved into place when they are whole. A report that fails
leaves the old page alone and puts its notebook and traceback in ``failed/``.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import traceback
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path

from brapkg import areas, paths
from brapkg.errors import DataError
from brapkg.reports.plan import Report

FAILED = "failed"
NOTEBOOKS = "notebooks"
KERNEL = "python3"
# The kernels listen on this machine only; their warning about it would drown the progress bar.
QUIET = ["--IPKernelApp.log_level=40"]
# One report's statistics need one core; more threads in two workers make both slower.
THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")


@dataclass(frozen=True)
class Result:
    """What became of one report; ``error`` is the traceback's text where it failed."""

    report: Report
    page: Path | None
    error: str = ""


def run(
    reports: Sequence[Report], output: Path, *, jobs: int = 1, progress: Callable[[Result], None] | None = None
) -> list[Result]:
    """Make the reports.

    Parameters
    ----------
    reports : what to make, from ``plan``
    output : folder for the pages; ``notebooks/`` and ``failed/`` are made in it
    jobs : how many to run at once
    progress : called after each report, in the order they end

    Returns
    -------
    list of Result, in the order of ``reports``

    Raises
    ------
    DataError
        The folder cannot be written; nothing was changed.
    """
    prepare(output)
    results: dict[Report, Result] = {}
    for result in _results(reports, output, jobs):
        results[result.report] = result
        if progress:
            progress(result)
    return [results[report] for report in reports]


def prepare(output: Path) -> None:
    """Make the folders, and prove that they can be written before any work is done."""
    try:
        for folder in (output, output / NOTEBOOKS):
            folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=output, prefix=".write-"):
            pass
    except OSError as error:
        raise DataError(
            f"{output}: cannot be written ({error.strerror or error}). Choose another folder with "
            "--output, or mend its rights."
        ) from None


def _results(reports: Sequence[Report], output: Path, jobs: int) -> Iterable[Result]:
    if jobs <= 1 or len(reports) == 1:
        for report in reports:
            yield _make(report, output)
        return
    # A fresh interpreter per worker: nothing of this process can reach into a report.
    import multiprocessing

    with ProcessPoolExecutor(jobs, mp_context=multiprocessing.get_context("spawn")) as pool:
        waiting = {pool.submit(_make, report, output): report for report in reports}
        for done in as_completed(waiting):
            try:
                yield done.result()
            except BrokenProcessPool:
                yield Result(waiting[done], None, "The worker process died (out of memory?).")


def _make(report: Report, output: Path) -> Result:
    """Run one notebook and render its page; every failure becomes a result."""
    with tempfile.TemporaryDirectory(prefix=".making-", dir=output) as folder:
        executed = Path(folder) / f"{report.name}.ipynb"
        try:
            page = _execute_and_render(report, executed)
            made = Path(folder) / f"{report.name}.html"
            made.write_text(page, encoding="utf-8")
            os.replace(executed, output / NOTEBOOKS / executed.name)
            os.replace(made, output / made.name)
        except Exception:
            return Result(report, None, _keep_failure(report, executed, output))
    _forget_failure(report, output)
    return Result(report, output / f"{report.name}.html")


def _execute_and_render(report: Report, executed: Path) -> str:
    import papermill

    from brapkg.reports import render

    with _environment():
        papermill.execute_notebook(
            str(report.notebook),
            str(executed),
            parameters=report.parameters,
            kernel_name=KERNEL,
            progress_bar=False,
            cwd=str(paths.home()),
            extra_arguments=QUIET,
        )
    _strip_run(executed)
    title = f"{report.area.label(report.language)} {report.period}"
    home = front_page_name(report.language)
    return render.render(executed, title=title, language=report.language, home=home)


@contextlib.contextmanager
def _environment():
    """One thread for each kernel, and this workspace, whatever folder the kernel starts in."""
    wanted = dict.fromkeys(THREADS, "1") | {"BRAPKG_HOME": str(paths.home())}
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _strip_run(executed: Path) -> None:
    """Take out of the notebook what differs between runs: times, durations, paths, cell ids."""
    import nbformat

    book = nbformat.read(executed, as_version=4)
    book.metadata.pop("papermill", None)
    for number, cell in enumerate(book.cells):
        cell.id = f"cell-{number}"
        for key in ("papermill", "execution"):
            cell.metadata.pop(key, None)
    nbformat.write(book, executed)


def _keep_failure(report: Report, executed: Path, output: Path) -> str:
    """Put the traceback and the notebook as far as it came in ``failed/``; return the traceback."""
    told = traceback.format_exc()
    with contextlib.suppress(OSError):  # a full disk must not hide what failed
        folder = output / FAILED
        folder.mkdir(exist_ok=True)
        (folder / f"{report.name}.txt").write_text(told, encoding="utf-8")
        if executed.exists():
            shutil.move(executed, folder / executed.name)
    return told


def _forget_failure(report: Report, output: Path) -> None:
    for ending in (".txt", ".ipynb"):
        (output / FAILED / f"{report.name}{ending}").unlink(missing_ok=True)
    with contextlib.suppress(OSError):
        (output / FAILED).rmdir()


def front_page_name(language: str) -> str:
    """``index.html`` in Swedish, ``index-en.html`` in English."""
    return "index.html" if language == "sv" else f"index-{language}.html"


def write_front_page(output: Path, *, period: int, language: str, preliminary: bool, results: Sequence[Result]) -> Path:
    """Write the front page over all counties: those with a page of this period are links."""
    from brapkg.reports import site

    failed = {result.report.area.code for result in results if result.error}
    entries = []
    for county in areas.counties():
        page = output / f"{county.code}-{period}-{language}.html"
        entries.append(
            site.Entry(
                code=county.code,
                name=county.label(language),
                href=page.name if page.exists() else None,
                municipalities=tuple(m.short for m in areas.municipalities(county.code)),
                failed=county.code in failed,
            )
        )
    text = site.front_page(entries, language=language, period=str(period), preliminary=preliminary)
    index = output / front_page_name(language)
    beside = index.with_name(f".{index.name}.new")
    beside.write_text(text, encoding="utf-8")
    os.replace(beside, index)
    return index
