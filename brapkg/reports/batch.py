"""Run many notebooks through papermill, each in its own kernel; one failure stays one failure.

Pages and notebooks are made beside and moved into place when they are whole. A report that fails
leaves the old page alone and puts its notebook and traceback in ``failed/``.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from brapkg import areas, paths
from brapkg.errors import DataError
from brapkg.reports import workers
from brapkg.reports.plan import Report, name_of

FAILED = "failed"
NOTEBOOKS = "notebooks"
MAKING = ".making-"
# Seconds after which a run's folder is taken to be left over from one that was killed.
STALE = 24 * 60 * 60
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
    KeyboardInterrupt
        Ctrl-C: reports that were made are whole, the others are as they were.
    """
    prepare(output)
    results: dict[Report, Result] = {}
    # What is half made lies in a folder of the run's own, so that one removal clears it all away.
    with (
        tempfile.TemporaryDirectory(prefix=MAKING, dir=output, ignore_cleanup_errors=True) as making,
        contextlib.closing(_results(reports, output, Path(making), jobs)) as made,
    ):
        for result in made:
            results[result.report] = result
            if progress:
                progress(result)
    return [results[report] for report in reports]


def prepare(output: Path) -> None:
    """Make the folders, and prove that they can be written before any work is done."""
    try:
        for folder in (output, output / NOTEBOOKS):
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=folder, prefix=".write-"):
                pass
    except OSError as error:
        raise DataError(
            f"{output}: cannot be written ({error.strerror or error}). Choose another folder with "
            "--output, mend its rights, or make room on the disk."
        ) from None
    _clear_stale(output)


def _clear_stale(output: Path) -> None:
    """Remove what a killed run left half made. A younger folder may be another run's, at work now."""
    for folder in output.glob(f"{MAKING}*"):
        with contextlib.suppress(OSError):
            if time.time() - folder.stat().st_mtime > STALE:
                shutil.rmtree(folder)


def _results(reports: Sequence[Report], output: Path, making: Path, jobs: int) -> Iterator[Result]:
    if jobs > 1 and len(reports) > 1:
        yield from workers.each(_make, [(report, output, making) for report in reports], jobs, _died)
        return
    for report in reports:
        yield _make(report, output, making)


def _make(report: Report, output: Path, making: Path) -> Result:
    """Run one notebook and render its page; every failure becomes a result."""
    executed = making / f"{report.name}.ipynb"
    made = making / f"{report.name}.html"
    page = output / made.name
    try:
        made.write_text(_execute_and_render(report, executed), encoding="utf-8")
        os.replace(executed, output / NOTEBOOKS / executed.name)
        os.replace(made, page)
    except Exception:
        return _failure(report, output, making, traceback.format_exc())
    _forget_failure(report, output)
    return Result(report, page)


def _died(report: Report, output: Path, making: Path) -> Result:
    """What becomes of the report whose worker process died."""
    return _failure(report, output, making, "The worker process died (out of memory?).\n")


def _execute_and_render(report: Report, executed: Path) -> str:
    import papermill

    from brapkg.reports import render

    with _environment():
        book = papermill.execute_notebook(
            str(report.notebook),
            str(executed),
            parameters=report.parameters,
            kernel_name=KERNEL,
            language="python",  # a notebook saved by hand need not say so
            progress_bar=False,
            cwd=str(paths.home()),
            extra_arguments=QUIET,
            # A kernel that is asked politely takes half a second, and prints a traceback on Ctrl-C.
            shutdown_kernel="immediate",
        )
    nbformat.write(_without_run(book), executed)
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


def _without_run(book: NotebookNode) -> NotebookNode:
    """The notebook without what differs between runs: times, durations, paths, cell ids."""
    book.metadata.pop("papermill", None)
    for number, cell in enumerate(book.cells):
        cell.id = f"cell-{number}"
        for key in ("papermill", "execution"):
            cell.metadata.pop(key, None)
    return book


def _failure(report: Report, output: Path, making: Path, told: str) -> Result:
    """Put the traceback and the notebook as far as it came in ``failed/``."""
    executed = making / f"{report.name}.ipynb"
    with contextlib.suppress(OSError):  # a full disk must not hide what failed
        folder = output / FAILED
        folder.mkdir(exist_ok=True)
        (folder / f"{report.name}.txt").write_text(told, encoding="utf-8")
        if executed.exists():
            os.replace(executed, folder / executed.name)
    return Result(report, None, told)


def _forget_failure(report: Report, output: Path) -> None:
    """Take away what an earlier failure left; the page that was made now is what counts."""
    with contextlib.suppress(OSError):
        for ending in (".txt", ".ipynb"):
            (output / FAILED / f"{report.name}{ending}").unlink(missing_ok=True)
        (output / FAILED).rmdir()


def front_page_name(language: str) -> str:
    """``index.html`` in Swedish, ``index-en.html`` in English."""
    return "index.html" if language == "sv" else f"index-{language}.html"


def write_front_page(output: Path, *, period: int, language: str, preliminary: bool, results: Sequence[Result]) -> Path:
    """Write the front page over all counties: those with a page of this period are links.

    Raises ``DataError`` when it cannot be written; the old one is still there.
    """
    from brapkg.reports import site

    failed = {result.report.area.code for result in results if result.error}
    entries = []
    for county in areas.counties():
        page = output / f"{name_of(county.code, period, language)}.html"
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
    try:
        beside.write_text(text, encoding="utf-8")
        os.replace(beside, index)
    except OSError as error:
        with contextlib.suppress(OSError):
            beside.unlink(missing_ok=True)
        raise DataError(
            f"{index}: cannot be written ({error.strerror or error}); the counties' pages are whole. "
            "Make room or mend the rights, and run again."
        ) from None
    return index
