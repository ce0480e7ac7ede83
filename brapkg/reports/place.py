"""Put into place what a worker handed back: a whole page, or what is left of one that failed."""

from __future__ import annotations

import contextlib
import hashlib
from dataclasses import dataclass, field
from pathlib import Path

from brapkg import files
from brapkg.errors import DataError
from brapkg.reports import made as made_files
from brapkg.reports.made import Made
from brapkg.reports.plan import Report, Step
from brapkg.reports.reasons import FAILED

NOTEBOOKS = "notebooks"


@dataclass(frozen=True)
class Result:
    """What became of one report of the plan.

    Attributes
    ----------
    report : Report
    status : {"made", "unchanged", "failed"}
    why : str
        Why it was run; "" where it was not.
    inputs, fingerprint
        As in ``plan.Step``.
    made : Made or None
        What it was made from and what came of it; None where it failed.
    error : str
        The traceback where it failed.
    seconds, peak_memory, warnings, tries
        As in ``making.Attempt``.
    """

    report: Report
    status: str
    why: str
    inputs: dict[str, str]
    fingerprint: str
    made: Made | None = None
    error: str = ""
    seconds: float = 0.0
    peak_memory: int | None = None
    warnings: tuple[str, ...] = ()
    tries: int = 0


@dataclass(frozen=True)
class Lost:
    """In place of an attempt: the worker died again and again, or took too long."""

    error: str
    seconds: float
    tries: int
    page: None = None
    notebook: None = None
    warnings: tuple[str, ...] = field(default=())
    peak_memory: None = None


def prepare(output: Path) -> None:
    """Make the folders, and prove that they can be written before any work is done.

    Raises ``DataError`` where they cannot.
    """
    try:
        for folder in (output, output / NOTEBOOKS, output / made_files.FOLDER):
            files.prove(folder)
    except OSError as error:
        raise unwritable(output, error) from None


def clear(output: Path) -> None:
    """Remove what a run that was killed left half written. The folder's lock must be held."""
    for folder in (output, output / NOTEBOOKS, output / FAILED, output / made_files.FOLDER, output / "runs"):
        files.clear(folder)


def put(step: Step, attempt, output: Path, run: str) -> Result:
    """Write what came of a step of the plan.

    Parameters
    ----------
    step : the step
    attempt : ``making.Attempt`` or ``Lost``
    output : the folder of the pages
    run : id of the run

    Returns
    -------
    Result

    Raises
    ------
    DataError
        It cannot be written; what was there before is there still.
    """
    try:
        return (_failed if attempt.page is None else _made)(step, attempt, output, run)
    except OSError as error:
        raise unwritable(output, error) from None


def _made(step: Step, attempt, output: Path, run: str) -> Result:
    report = step.report
    outputs = {}
    for name, content in (
        (f"{report.name}.html", attempt.page),
        (f"{NOTEBOOKS}/{report.name}.ipynb", attempt.notebook),
    ):
        files.write(output / name, content)
        there = (output / name).stat()
        outputs[name] = {
            "sha256": hashlib.sha256(content).hexdigest(),
            "bytes": there.st_size,
            "mtime_ns": there.st_mtime_ns,
        }
    record = Made(
        report=report.name,
        kind=report.kind,
        about=report.about.code,
        period=report.period,
        language=report.language,
        parameters=report.parameters,
        fingerprint=step.fingerprint,
        inputs=step.inputs,
        outputs=outputs,
        key_figures=list(attempt.key_figures),
        warnings=list(attempt.warnings),
        seconds=attempt.seconds,
        peak_memory=attempt.peak_memory,
        run=run,
    )
    # Last: a page without it, or with an older one, counts as not made.
    made_files.write(output, record)
    _forget_failure(report, output)
    return _result(step, attempt, "made", made=record)


def _failed(step: Step, attempt, output: Path, run: str) -> Result:
    """The old page stays; the traceback, and the notebook as far as it came, go to ``failed/``."""
    text, notebook = (output / FAILED / f"{step.report.name}{ending}" for ending in (".txt", ".ipynb"))
    # First, so that a run that is killed here does not leave a notebook that no later run takes away.
    files.write(text, attempt.error)
    if attempt.notebook is None:
        notebook.unlink(missing_ok=True)  # an earlier failure's
    else:
        files.write(notebook, attempt.notebook)
    return _result(step, attempt, "failed", error=attempt.error)


def _result(step: Step, attempt, status: str, **more: object) -> Result:
    return Result(
        step.report,
        status,
        step.why,
        step.inputs,
        step.fingerprint,
        seconds=attempt.seconds,
        peak_memory=attempt.peak_memory,
        warnings=attempt.warnings,
        tries=attempt.tries,
        **more,
    )


def _forget_failure(report: Report, output: Path) -> None:
    """Take away what an earlier failure left; the page that was made now is what counts."""
    with contextlib.suppress(OSError):
        for ending in (".ipynb", ".txt"):  # the text last: while it is there, the report counts as failed
            (output / FAILED / f"{report.name}{ending}").unlink(missing_ok=True)
        (output / FAILED).rmdir()


def unwritable(output: Path, error: OSError) -> DataError:
    """The error of a folder that cannot be written."""
    return DataError(
        f"{error.filename or output}: cannot be written ({error.strerror or error}). What was made is whole, the rest "
        "is as it was. Make room on the disk, mend the folder's rights, or choose another folder with --output; the "
        "same command then goes on."
    )
