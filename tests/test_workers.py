"""Worker processes: one may die, hang or be stopped without touching the others' work."""

from __future__ import annotations

import contextlib
import os
import signal
import time

import pytest

from brapkg.reports import workers


def work(number: int) -> object:
    """What the tests' workers do; negative numbers are the hostile ones."""
    if number == -1:
        os._exit(1)
    if number == -2:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        time.sleep(60)
    return number, os.getpid()


def died(number: int) -> object:
    return number, "died"


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_worker_that_dies_takes_only_its_own_task_along():
    told = dict(workers.each(work, [(n,) for n in (0, -1, 1, -1, 2, 3)], 2, died))
    assert told.pop(-1) == "died"
    assert sorted(told) == [0, 1, 2, 3]
    assert os.getpid() not in told.values()


def test_a_task_that_is_killed_from_outside_is_told(monkeypatch):
    """As the system does when memory runs out."""
    given = workers.Worker.give

    def give_and_kill(self, task):
        self.process.kill()
        self.process.join()
        given(self, task)

    monkeypatch.setattr(workers.Worker, "give", give_and_kill)
    assert list(workers.each(work, [(1,), (2,)], 2, died)) == [(1, "died"), (2, "died")]


def test_stopping_early_ends_every_worker(monkeypatch):
    """Even one that does not listen."""
    monkeypatch.setattr(workers, "PATIENCE", 0.5)
    with contextlib.closing(workers.each(work, [(-2,), (1,), (2,)], 2, died)) as made:
        _, pid = next(made)
        started = time.monotonic()
    assert time.monotonic() - started < 5
    assert not alive(pid)


def test_no_more_workers_than_tasks(monkeypatch):
    made = []
    start = workers.Worker.__init__
    monkeypatch.setattr(workers.Worker, "__init__", lambda self, do: made.append(1) or start(self, do))
    assert [number for number, _ in workers.each(work, [(1,)], 8, died)] == [1]
    assert len(made) == 1


def test_nothing_to_do_starts_nothing():
    assert list(workers.each(work, [], 2, died)) == []


def test_ctrl_c_is_the_parents_to_answer():
    """A worker does not end by SIGINT, which a terminal sends to all of them."""
    worker = workers.Worker(work)
    try:
        os.kill(worker.process.pid, signal.SIGINT)  # before the interpreter has loaded
        worker.give((1,))
        assert worker.pipe.recv() == (1, worker.process.pid)
        os.kill(worker.process.pid, signal.SIGINT)
        worker.give((2,))
        assert worker.pipe.recv() == (2, worker.process.pid)
    finally:
        worker.process.terminate()
        worker.stop()
    with pytest.raises(OSError):
        worker.pipe.recv()
