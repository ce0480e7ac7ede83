"""Workers: processes that do task after task, each of which may die without taking others' work along.

``concurrent.futures`` gives up a whole pool when one process dies, and runs on for a while after
Ctrl-C. Here each worker has a pipe of its own: its end tells that the worker died, and only the task
it held is lost. Workers are forked from the warm process; where there is none they are new
interpreters.
"""

from __future__ import annotations

import contextlib
import dataclasses
import importlib
import multiprocessing
import os
import signal
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from multiprocessing import connection

from brapkg.kernels import child, warm
from brapkg.reports.place import Lost

# Seconds that workers get to end their kernels and themselves before they are killed.
PATIENCE = 1.0
# A fresh interpreter for each: nothing of this process can reach into a report.
CONTEXT = multiprocessing.get_context("spawn")


def each(
    do: str,
    tasks: Sequence[tuple],
    jobs: int,
    *,
    at: str | None = None,
    seconds: float | None = None,
    started: Callable[[int], None] = lambda number: None,
) -> Iterator[tuple[int, object]]:
    """Do every task, ``jobs`` at a time, and yield (its number, its result) as they end.

    Parameters
    ----------
    do : "module:function", which lets no exception out
    tasks : its arguments, which can be pickled
    jobs : how many workers
    at : the warm process's socket; None to start every worker anew
    seconds : longest time for one task, after which its worker is ended
    started : called with a task's number when a worker begins it

    Notes
    -----
    A task whose worker died is given to another one, once; then, and when it took too long, its
    result is ``place.Lost``.
    """
    todo = deque((number, 1) for number in range(len(tasks)))
    idle: list[Worker] = []
    busy: dict[connection.Connection, tuple[Worker, int, int, float]] = {}
    try:
        while todo or busy:
            while todo and len(busy) < jobs:
                worker = living(idle) or Worker(do, at)
                number, tries = todo.popleft()
                started(number)
                worker.give(tasks[number])
                busy[worker.pipe] = worker, number, tries, time.monotonic()
            ready = connection.wait(list(busy), _patience(busy.values(), seconds))
            for pipe in ready:
                worker, number, tries, since = busy.pop(pipe)
                try:
                    result = pipe.recv()
                    idle.append(worker)
                    if tries > 1 and hasattr(result, "tries"):
                        result = dataclasses.replace(result, tries=tries)
                except (EOFError, OSError):
                    worker.end()
                    if tries == 1:
                        todo.appendleft((number, 2))
                        continue
                    result = Lost("The worker process died twice (out of memory?).\n", time.monotonic() - since, tries)
                yield number, result
            for pipe, (worker, number, tries, since) in list(busy.items()):
                if seconds is not None and time.monotonic() - since > seconds:
                    del busy[pipe]
                    worker.end()
                    yield number, Lost(f"Not done after {seconds:.0f} seconds.\n", time.monotonic() - since, tries)
    finally:
        everyone = [*idle, *(worker for worker, *_ in busy.values())]
        for worker in everyone:
            worker.ask_to_end()  # all before any is waited for: they shut down at once
        ends = time.monotonic() + PATIENCE
        for worker in everyone:
            worker.end(max(0.0, ends - time.monotonic()))


def living(idle: list[Worker]) -> Worker | None:
    """A worker that waits for work; one that died meanwhile must not cost a task one of its tries."""
    while idle:
        worker = idle.pop()
        if not connection.wait([worker.pipe], 0):  # who waits says nothing; its end can be read
            return worker
        worker.end()
    return None


def _patience(busy, seconds: float | None) -> float | None:
    """Seconds until the first task has taken too long."""
    if seconds is None:
        return None
    return max(0.0, min(since for *_, since in busy) + seconds - time.monotonic()) + 0.01


class Worker:
    """A process that does one task at a time.

    Parameters
    ----------
    do : "module:function"
    at : the warm process's socket, or None
    """

    def __init__(self, do: str, at: str | None):
        self.process = None
        forked = warm.worker(at, do) if at else None
        if forked is not None:
            self.pid, self.pipe = forked
            return
        self.pipe, theirs = CONTEXT.Pipe()
        self.process = CONTEXT.Process(target=_serve, args=(theirs, do), daemon=True)
        # A Ctrl-C while the new interpreter loads must not end it with a traceback.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT}) if POSIX else None
        try:
            self.process.start()
        finally:
            if POSIX:
                signal.pthread_sigmask(signal.SIG_SETMASK, before)
        self.pid = self.process.pid
        theirs.close()  # else the pipe would not end with the worker

    def give(self, task: tuple) -> None:
        """Hand over a task; a worker that has died is noticed when its pipe is read."""
        with contextlib.suppress(OSError):
            self.pipe.send(task)

    def ask_to_end(self) -> None:
        """Tell it to end, with its kernels, and go on."""
        with contextlib.suppress(OSError):
            if POSIX:
                os.kill(self.pid, signal.SIGHUP)  # ``child.serve`` answers it
            else:
                self.process.terminate()

    def end(self, patience: float = PATIENCE) -> None:
        """End it, and see it end; one that has not within ``patience`` seconds is killed."""
        self.ask_to_end()
        if self.process is None:
            if not self._hangs_up(patience):
                with contextlib.suppress(OSError):
                    os.killpg(self.pid, signal.SIGKILL)
        else:
            self.process.join(patience)
            if self.process.is_alive():
                self.process.kill()
                self.process.join()
        self.pipe.close()

    def _hangs_up(self, patience: float) -> bool:
        """Whether its end of the pipe closes in time; what it had still to say is lost."""
        ends = time.monotonic() + patience
        with contextlib.suppress(OSError):
            while connection.wait([self.pipe], max(0.0, ends - time.monotonic())):
                if not os.read(self.pipe.fileno(), 1 << 16):
                    return True
            return False
        return True


POSIX = hasattr(signal, "pthread_sigmask")


def _serve(pipe: connection.Connection, do: str) -> None:
    """What a worker does that was not forked."""
    os.environ[warm.COLD] = "1"
    # Ctrl-C reaches every process of the terminal; the parent answers it, and ends this one. To ignore
    # it is not enough: nbclient sets its own answer while a notebook runs, and none afterwards.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if POSIX:
        os.setsid()
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    module, _, function = do.partition(":")
    child.serve(pipe, getattr(importlib.import_module(module), function))
