"""Reports made by the workers of a Dask cluster: the same plan, on other machines.

This process hands a report to each worker that is free (``daskworker``), and writes what comes
back. A worker makes nothing from other data, code or libraries than are here: one that differs says
in what, and is given nothing more. The notebook is sent along, so that one which is committed
nowhere can be run too.
"""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import json
import logging
import pickle
import queue
import re
import threading
import time
import uuid
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from brapkg.errors import DataError, UsageError
from brapkg.reports import daskworker, fingerprint
from brapkg.reports.place import Lost

if TYPE_CHECKING:
    from distributed import Client, Future

log = logging.getLogger(__name__)
ADDRESS = re.compile(r"(tcp|tls)://[^\s/]+:\d+")
# Seconds: to reach the scheduler, for a first worker to come, for another one when all have gone.
CONNECT, FIRST, ALONE = 10, 20, 60
# Seconds between two looks at who is there; to fetch a page that is made; to tell workers to stop.
LOOK, FETCH, GOODBYE = 2, 60, 1.5
# A report is lost when so many Dask workers ended while they made it.
DEATHS = 3


def each(
    scheduler: str,
    do: str,
    tasks: Sequence[tuple],
    *,
    seconds: float | None = None,
    started: Callable[[int], None] = lambda number: None,
) -> Iterator[tuple[int, object]]:
    """Have every task done by a cluster's workers, and yield (its number, its result) as they end.

    Parameters
    ----------
    scheduler : address of the Dask scheduler, "tcp://host:port" or "tls://host:port"
    do : "module:function", which lets no exception out
    tasks : its arguments, the first of which is a ``plan.Report``
    seconds : longest time for one task, after which the process that does it is ended
    started : called with a task's number when it is handed to a worker

    Raises
    ------
    UsageError
        The address is none.
    DataError
        Dask is not installed, the scheduler cannot be reached or goes away, there is no worker, or
        none that has the same code, libraries, settings and store.

    Notes
    -----
    A task whose worker was lost goes to another one; after three, and when it took too long, its
    result is ``place.Lost``. Each number comes once.
    """
    with _client(scheduler) as client:
        run = _Run(client, scheduler, do, tasks, seconds, started)
        try:
            yield from run.results()
        finally:
            run.leave()


@contextlib.contextmanager
def _client(scheduler: str) -> Iterator[Client]:
    if not ADDRESS.fullmatch(scheduler):
        raise UsageError(f"--scheduler {scheduler}: is no address of a Dask scheduler, such as tcp://10.0.0.5:8786.")
    try:
        import distributed
    except ImportError:
        raise DataError(
            '--scheduler needs Dask, which is not installed here. Run `pip install -e ".[cluster]"` in the clone.'
        ) from None
    # What it would say of a lost connection is told below, once and without a traceback.
    for name in [name for name in logging.root.manager.loggerDict if name.split(".")[0] == "distributed"]:
        logging.getLogger(name).setLevel(logging.CRITICAL)
    try:
        client = distributed.Client(scheduler, timeout=CONNECT, set_as_default=False)
    except (OSError, ValueError, RuntimeError, ImportError) as error:
        told = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise DataError(
            f"{scheduler}: no Dask scheduler answers there within {CONNECT} s ({told}). Start one with "
            "`dask scheduler`, or mend the address."
        ) from None
    try:
        with contextlib.suppress(TimeoutError):
            client.wait_for_workers(1, timeout=FIRST)
        yield client
    finally:
        with contextlib.suppress(Exception):
            client.close(timeout=GOODBYE)


@dataclasses.dataclass(frozen=True)
class _Given:
    """A task that a worker has: its number, how often it was given, to whom, when."""

    number: int
    tries: int
    worker: str
    since: float


class _Run:
    """The tasks of one run and who has them."""

    def __init__(self, client: Client, scheduler: str, do: str, tasks: Sequence[tuple], seconds, started):
        self.client, self.scheduler, self.do, self.tasks = client, scheduler, do, tasks
        self.seconds, self.started = seconds, started
        self.id = uuid.uuid4().hex
        self.wanted = daskworker.state()
        self.books: dict[Path, bytes] = {}
        self.todo = deque((number, 1) for number in range(len(tasks)))
        self.busy: dict[Future, _Given] = {}
        self.ended: queue.SimpleQueue[Future] = queue.SimpleQueue()
        self.there: dict[str, int] = {}
        self.refusing: dict[str, str] = {}
        self.keys = itertools.count()
        self.worked = False
        self.alone_since: float | None = None
        self.looked = 0.0

    def results(self) -> Iterator[tuple[int, object]]:
        """As ``each`` yields them."""
        while self.todo or self.busy:
            if time.monotonic() - self.looked > LOOK:
                yield from self._look()
            self._give()
            try:
                future = self.ended.get(timeout=LOOK)
            except queue.Empty:
                continue
            if given := self.busy.pop(future, None):
                yield from self._take(future, given)
            del future  # else the workers would keep the page

    def _look(self) -> Iterator[tuple[int, Lost]]:
        """See which workers there are, and take back what was given to one that is lost."""
        try:
            self.there = self.client.ncores()
        except (OSError, RuntimeError, ValueError, AttributeError):
            raise self._scheduler_lost() from None
        self.looked = time.monotonic()
        for future, given in list(self.busy.items()):
            if given.worker not in self.there:
                del self.busy[future]
                self.client.cancel([future], force=True)
                yield from self._again(given)
        if self.busy or self.there.keys() - self.refusing.keys():
            self.alone_since = None
        else:
            self._nobody()

    def _nobody(self) -> None:
        """Wait a while for a worker that can make the reports; then give up."""
        self.alone_since = self.alone_since or time.monotonic()
        if time.monotonic() - self.alone_since < (ALONE if self.worked else 0):
            return
        if self.refusing.keys() & self.there.keys():
            told = [f"{worker} cannot make these reports: {why}" for worker, why in self.refusing.items()]
            raise DataError([*told, "What was made is whole. Mend the workers; the same command then goes on."])
        raise DataError(
            f"{self.scheduler}: has no workers. What was made is whole. Start some with `dask worker "
            f"{self.scheduler}`, each in a workspace with this store; the same command then goes on."
        )

    def _give(self) -> None:
        """Hand a task to every worker that is free. It is asked for by name: a lost one is noticed at once.

        What a lost worker had is tried again with no other task beside it: of two, one may be to blame.
        """
        held: Counter[str] = Counter()
        for given in self.busy.values():
            held[given.worker] += self.there.get(given.worker, 1) if given.tries > 1 else 1
        for worker, threads in self.there.items():
            while self.todo and worker not in self.refusing and held[worker] < threads:
                number, tries = self.todo[0]
                if tries > 1 and held[worker]:
                    break
                held[worker] += threads if tries > 1 else 1
                self.todo.popleft()
                self._submit(number, tries, worker)

    def _submit(self, number: int, tries: int, worker: str) -> None:
        report, *rest = self.tasks[number]
        future = self.client.submit(
            daskworker.work,
            self.wanted,
            self.id,
            self.do,
            (report.notebook.name, self._book(report.notebook), pickle.dumps((report, *rest))),
            self.seconds,
            workers=[worker],
            key=f"brapkg-{self.id}-{next(self.keys)}",
            pure=False,
        )
        self.busy[future] = _Given(number, tries, worker, time.monotonic())
        self.started(number)
        future.add_done_callback(self.ended.put)

    def _book(self, notebook: Path) -> bytes:
        """The notebook without its stored outputs, which no run looks at."""
        if notebook not in self.books:
            book = fingerprint.read_notebook(notebook)
            for cell in book["cells"]:
                if cell["cell_type"] == "code":
                    cell |= {"outputs": [], "execution_count": None}
            self.books[notebook] = json.dumps(book, ensure_ascii=False).encode()
        return self.books[notebook]

    def _take(self, future: Future, given: _Given) -> Iterator[tuple[int, object]]:
        """What came of a task: its result, or another try."""
        from distributed import CancelledError, KilledWorker

        try:
            refused, result, tries = future.result(timeout=FETCH)
        except (CancelledError, KilledWorker, TimeoutError, OSError):
            if self.client.status != "running":
                raise self._scheduler_lost() from None
            yield from self._again(given)
            return
        except Exception as error:  # it has another brapkg, or none
            refused = f"{type(error).__name__}: {error}"
        if not refused:
            self.worked = True
            tries += given.tries - 1
            made = pickle.loads(result)
            yield given.number, dataclasses.replace(made, tries=tries) if tries > 1 else made
            return
        self.todo.appendleft((given.number, given.tries))
        if given.worker not in self.refusing:
            self.refusing[given.worker] = refused
            log.warning("brapkg: %s cannot make these reports: %s", given.worker, refused)
            self.looked = 0.0

    def _again(self, given: _Given) -> Iterator[tuple[int, Lost]]:
        self.worked = True  # one that could; Dask's nanny may be starting it anew
        self.looked = 0.0
        if given.tries < DEATHS:
            self.todo.appendleft((given.number, given.tries + 1))
            return
        error = f"Each of the {DEATHS} Dask workers that it was given to was lost, last {given.worker}.\n"
        yield given.number, Lost(error, time.monotonic() - given.since, given.tries)

    def _scheduler_lost(self) -> DataError:
        return DataError(
            f"{self.scheduler}: the scheduler has gone away. What was made is whole, the rest is as it was. Start it "
            "and its workers again; the same command then goes on."
        )

    def leave(self) -> None:
        """Take back what has not begun, and end what has: the workers are free for others at once."""
        if not self.busy:
            return
        futures = list(self.busy)
        self.busy.clear()
        ending = threading.Thread(target=self._end, args=(futures,), daemon=True)
        ending.start()
        ending.join(GOODBYE)  # a scheduler that does not answer must not keep Ctrl-C waiting

    def _end(self, futures: list[Future]) -> None:
        with contextlib.suppress(Exception):
            self.client.cancel(futures, force=True)
            self.client.run(daskworker.stop, self.id, on_error="ignore")
