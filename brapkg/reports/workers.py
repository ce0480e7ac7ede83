"""Worker processes, each of which may die without taking the others' work along.

``concurrent.futures`` gives up a whole pool when one process dies, and runs on for a while after
Ctrl-C. Here each worker has a pipe of its own: its end tells that the worker died, and only the task
it held is lost.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from multiprocessing import connection
from typing import TypeVar

T = TypeVar("T")
# Seconds a worker gets to shut its kernel down before it is killed.
PATIENCE = 10
# A fresh interpreter for each: nothing of this process can reach into a report.
CONTEXT = multiprocessing.get_context("spawn")


def each(do: Callable[..., T], tasks: Sequence[tuple], jobs: int, died: Callable[..., T]) -> Iterator[T]:
    """Yield ``do(*task)`` for every task, as they end, ``jobs`` at a time.

    Parameters
    ----------
    do : a function of a module, which lets no exception out
    tasks : its arguments, which can be pickled
    jobs : how many workers
    died : called here with the task's arguments, in place of ``do``, when its worker died
    """
    todo = list(reversed(tasks))
    idle: list[Worker] = []
    busy: dict[connection.Connection, tuple[Worker, tuple]] = {}
    everyone: list[Worker] = []
    try:
        while todo or busy:
            while todo and len(busy) < jobs:
                if not idle:
                    idle.append(Worker(do))
                    everyone.append(idle[-1])
                worker, task = idle.pop(), todo.pop()
                worker.give(task)
                busy[worker.pipe] = worker, task
            for pipe in connection.wait(list(busy)):
                worker, task = busy.pop(pipe)
                try:
                    result = pipe.recv()
                    idle.append(worker)
                except (EOFError, OSError):
                    result = died(*task)
                yield result
    finally:
        for worker in everyone:
            worker.process.terminate()  # all before any is waited for: they shut down at once
        for worker in everyone:
            worker.stop()


class Worker:
    """A process that does one task at a time."""

    def __init__(self, do: Callable):
        self.pipe, theirs = CONTEXT.Pipe()
        self.process = CONTEXT.Process(target=_serve, args=(theirs, do), daemon=True)
        # A Ctrl-C while the new interpreter loads must not end it with a traceback.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            self.process.start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        theirs.close()  # else the pipe would not end with the worker

    def give(self, task: tuple) -> None:
        """Hand over a task; a worker that has died is noticed when its pipe is read."""
        with contextlib.suppress(OSError):
            self.pipe.send(task)

    def stop(self) -> None:
        """See the process end that was told to; one that does not is killed."""
        self.process.join(PATIENCE)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()
        self.pipe.close()


def _serve(pipe: connection.Connection, do: Callable) -> None:
    # Ctrl-C reaches every process of the terminal; the parent answers it, and ends this one by
    # SIGTERM, which here passes through every ``finally``, so that the kernel is shut down too.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    with contextlib.suppress(EOFError):  # the parent is gone
        while True:
            pipe.send(do(*pipe.recv()))
