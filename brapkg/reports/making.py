"""Make one report: run its notebook, render its page. This is what a worker does, wherever it is.

A worker writes nothing into the folder of reports. It hands back the page and the notebook as bytes,
and the one process that leads the run puts them in their places.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import time
import traceback
from collections.abc import Iterator
from dataclasses import dataclass

import nbformat
import papermill
from nbclient.exceptions import DeadKernelError
from nbformat import NotebookNode

from brapkg import keyfigures, paths
from brapkg.kernels.engine import Engine
from brapkg.kernels.warm import THREADS
from brapkg.pages import render
from brapkg.pages.links import Links
from brapkg.reports.plan import Report
from brapkg.settings import Limits

ENGINE = "brapkg"
KERNEL = "python3"
# The kernels listen on this machine only; their warning about it would drown everything else.
QUIET = ["--IPKernelApp.log_level=40"]
# Characters of a traceback; a message may hold a whole table.
LONGEST = 100_000


@dataclass(frozen=True)
class Attempt:
    """What came of one report.

    Attributes
    ----------
    page, notebook : bytes or None
        The page, None where it failed; the executed notebook, as far as it came.
    error : str
        The traceback; "" where all went well.
    key_figures : list of dict
        What the notebook tells of its figures; see ``brapkg.keyfigures``.
    warnings : tuple of str
        What the notebook wrote to standard error.
    seconds : float
    peak_memory : int or None
        The most its kernel held at a time, in bytes (known on Linux).
    tries : int
        2 where the kernel died once.
    """

    page: bytes | None
    notebook: bytes | None
    error: str = ""
    key_figures: tuple[dict, ...] = ()
    warnings: tuple[str, ...] = ()
    seconds: float = 0.0
    peak_memory: int | None = None
    tries: int = 1


def make(report: Report, limits: Limits, links: Links) -> Attempt:
    """Make a report; every failure becomes part of what is returned.

    Parameters
    ----------
    report : which
    limits : what it may take
    links : where its page leads

    Returns
    -------
    Attempt
    """
    started = time.monotonic()
    for tries in (1, 2):
        try:
            book = _execute(report, limits, limits.seconds - (time.monotonic() - started))
            page = render.render(book, title=report.title, language=report.language, links=links)
            figures = tuple(keyfigures.read(book))
            json.dumps(figures, ensure_ascii=False).encode()  # a text that no file can hold is found here
            told = {"page": page.encode(), "key_figures": figures}
            told |= _kept(book)
        except Exception as error:
            if tries == 1 and _kernel_died(error):
                continue  # the machine may have been short of memory for a moment
            told = {"page": None, "notebook": None, "error": _shortened(traceback.format_exc())}
            with contextlib.suppress(Exception):
                told |= _kept(Engine.latest)
        break
    return Attempt(**told, seconds=round(time.monotonic() - started, 3), tries=tries)


def _kept(book: NotebookNode) -> dict:
    """What is told of an executed notebook, whether or not it came to its end."""
    told = {
        "peak_memory": book.metadata.get("papermill", {}).get("peak_memory"),
        "warnings": tuple(_warnings(book)),
    }
    return told | {"notebook": nbformat.writes(_without_run(book)).encode(errors="backslashreplace")}


def _shortened(error: str) -> str:
    """A traceback as UTF-8 can hold it, without the middle of one that is a novel."""
    plain = error.encode(errors="backslashreplace").decode()
    return plain if len(plain) <= LONGEST else f"{plain[: LONGEST // 2]}\n[…]\n{plain[-LONGEST // 2 :]}"


def _execute(report: Report, limits: Limits, seconds: float) -> NotebookNode:
    Engine.latest = None
    with _environment(), _quiet():
        return papermill.execute_notebook(
            str(report.notebook),
            None,  # nothing of a report that fails lies about on a disk
            parameters=report.parameters,
            engine_name=ENGINE,
            kernel_name=KERNEL,
            language="python",  # a notebook saved by hand need not say so
            progress_bar=False,
            cwd=str(paths.home()),
            extra_arguments=QUIET,
            # A kernel that is asked politely takes half a second, and prints a traceback on Ctrl-C.
            shutdown_kernel="immediate",
            time_limit=max(1.0, seconds),
            memory_limit=limits.memory,
            output_limit=limits.output,
        )


def _kernel_died(error: Exception) -> bool:
    """Whether the kernel died, or never answered: another run's kernel can take its port as it starts."""
    told = str(error)
    return isinstance(error, DeadKernelError) or "Kernel died" in told or "Kernel didn't respond" in told


@contextlib.contextmanager
def _environment() -> Iterator[None]:
    """One thread for each kernel, and this workspace, whatever folder the kernel starts in."""
    wanted = THREADS | {"BRAPKG_HOME": str(paths.home())}
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


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """What papermill would log of a failure is told by the traceback; a run's own log has one form of line."""
    log = logging.getLogger("papermill")
    before, log.disabled = log.disabled, True
    try:
        yield
    finally:
        log.disabled = before


def _without_run(book: NotebookNode) -> NotebookNode:
    """The notebook without what differs between runs: times, durations, paths, cell ids."""
    book.metadata.pop("papermill", None)
    for number, cell in enumerate(book.cells):
        cell.id = f"cell-{number}"
        for key in ("papermill", "execution"):
            cell.metadata.pop(key, None)
    return book


def _warnings(book: NotebookNode) -> list[str]:
    """What cells wrote to standard error, one text a cell, shortened."""
    told = []
    for number, cell in enumerate(book.cells, start=1):
        for output in cell.get("outputs", ()):
            if output.output_type == "stream" and output.name == "stderr":
                told.append(f"cell {number}: {_shortened(output.text.strip()[:500])}")
    return told
