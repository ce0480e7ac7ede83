"""What a Dask worker does for a cluster's run: it keeps a warm process, and makes reports in processes forked from it.

The Dask worker itself hands bytes on and loads neither papermill nor pandas. What it keeps is made
anew when the code, the libraries, the settings or the store have changed.
"""

from __future__ import annotations

import contextlib
import dataclasses
import importlib
import multiprocessing
import pickle
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from brapkg import files, paths, store
from brapkg.errors import BrapkgError
from brapkg.kernels import warm
from brapkg.reports import fingerprint, workers
from brapkg.reports.place import Lost
from brapkg.reports.slices import short

# --- what must be the same here and there --------------------------------------------------------


def state() -> dict[str, str]:
    """What a report is made with and from on this machine, by name: versions and hashes.

    Raises ``DataError`` where the store has not been built or a setting cannot be used.
    """
    store.hashes()  # proves that the tables are as they were built
    records = {path.name: short(path.read_bytes()) for path in (fingerprint.PACKAGE / "records").glob("*.*")}
    return {
        "brapkg's code": fingerprint.package(),
        "its records": short(records),
        "its templates": fingerprint.templates(),
        "the settings": fingerprint.chosen(),
        "the store in data/processed": short((paths.processed() / store.PACKAGE).read_bytes()),
        **fingerprint.versions(),
    }


def _differs(wanted: dict[str, str]) -> str:
    """In what this machine differs from what is wanted; "" where in nothing."""
    try:
        here = state()
    except (BrapkgError, OSError) as error:
        return str(error)
    names = [name for name in {**wanted, **here} if wanted.get(name) != here.get(name)]
    told = ", ".join(f"{n} ({here.get(n, 'missing')} there, {wanted.get(n, 'missing')} wanted)" for n in names)
    return f"it has another version of: {told}" if told else ""


# --- on a Dask worker ----------------------------------------------------------------------------

_lock = threading.Lock()
_home: _Home | None = None
_busy: set[tuple[str, workers.Worker]] = set()
_stopped: set[str] = set()


class _Home:
    """A warm process and the workers forked from it, kept by a Dask worker for the next report."""

    def __init__(self, made_for: dict[str, str]):
        self.made_for = made_for
        # Dask's nanny calls its worker a daemon, which may have no children; ours end with their pipes.
        multiprocessing.current_process()._config["daemon"] = False
        self.warm = warm.Warm() if warm.supported() else None
        self.at = self.warm.address if self.warm and self.warm.hello else None
        self.idle: list[workers.Worker] = []
        self.guests = 0

    def fits(self, wanted: dict[str, str]) -> bool:
        """Whether it has what is wanted, and its warm process lives."""
        return self.made_for == wanted and (self.at is None or self.warm.process.poll() is None)

    def close(self) -> None:
        for worker in self.idle:
            worker.end()
        if self.warm:
            self.warm.close()


@contextlib.contextmanager
def _at_home(wanted: dict[str, str]) -> Iterator[_Home]:
    """The home for what is wanted; one for something else is left, and closed when its last report is done."""
    global _home
    with _lock:
        if _home is None or not _home.fits(wanted):
            if _home is not None and not _home.guests:
                _home.close()
            _home = _Home(wanted)
        home = _home
        home.guests += 1
    try:
        yield home
    finally:
        with _lock:
            home.guests -= 1
            if home is not _home and not home.guests:
                home.close()


def work(wanted: dict[str, str], run: str, do: str, sent: tuple[str, bytes, bytes], seconds: float | None):
    """Do a task here.

    Parameters
    ----------
    wanted : from ``state``, on the client
    run : id of the client's run
    do : "module:function"
    sent : file name and content of the notebook, and the task, pickled
    seconds : longest time

    Returns
    -------
    (str, bytes, int)
        Why it is refused; or "", the task's result, pickled, and how many processes it took.
    """
    if why := _differs(wanted):
        return why, b"", 0
    with _at_home(wanted) as home:
        name, book, task = sent
        return "", *_done(home, run, (do, str(_written(name, book)), task), seconds)


def _written(name: str, book: bytes) -> Path:
    """The notebook as a file, in the folder that Dask clears when the worker ends."""
    from distributed import get_worker

    path = Path(get_worker().local_directory) / f"notebook-{short(book)}" / name
    with _lock:
        if not path.exists():
            files.write(path, book)
    return path


def _done(home: _Home, run: str, task: tuple, seconds: float | None) -> tuple[bytes, int]:
    """The result of a task, pickled: this process may have loaded an older version of its class. And its tries."""
    since, tries = time.monotonic(), 0
    while tries < 2 and run not in _stopped:
        tries += 1
        with _lock:
            worker = workers.living(home.idle)
        worker = worker or workers.Worker(DO, home.at)
        _busy.add((run, worker))
        try:
            worker.give(task)
            if not worker.pipe.poll(seconds):
                worker.end()
                return _lost(f"Not done after {seconds:.0f} seconds.\n", since, tries)
            result = worker.pipe.recv_bytes()
        except (EOFError, OSError):
            worker.end()
        else:
            home.idle.append(worker)
            return result, tries
        finally:
            _busy.discard((run, worker))
    return _lost("The worker process died twice (out of memory?).\n", since, tries)


def _lost(error: str, since: float, tries: int) -> tuple[bytes, int]:
    return pickle.dumps(Lost(error, time.monotonic() - since, tries)), tries


def stop(run: str) -> None:
    """End what is done here for a run."""
    _stopped.add(run)
    for its, worker in list(_busy):
        if its == run:
            worker.ask_to_end()


# --- in a process forked from a Dask worker's warm process ---------------------------------------

DO = f"{__name__}:make_sent"


def make_sent(do: str, notebook: str, task: bytes) -> object:
    """Do a task with the notebook that was sent along."""
    report, *rest = pickle.loads(task)
    module, _, function = do.partition(":")
    return getattr(importlib.import_module(module), function)(
        dataclasses.replace(report, notebook=Path(notebook)), *rest
    )
