"""Worker processes: one may die, hang or be stopped without touching the others' work."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import signal
import sys
import time
from pathlib import Path

import pytest

from brapkg.kernels import warm
from brapkg.reports import workers
from brapkg.reports.place import Lost

DO = "test_workers:work"
WAYS = [
    "ordinary",
    pytest.param("forked", marks=pytest.mark.skipif(not warm.supported(), reason="forks on Linux only")),
]


@dataclasses.dataclass(frozen=True)
class Done:
    """What the tests' workers give back, with the number of tries as a report has it."""

    number: int
    pid: int
    tries: int = 1


def work(number: int, once: str = "") -> object:
    """What the tests' workers do; negative numbers are the hostile ones."""
    if number == -1:
        os._exit(1)
    if number == -2:
        for name in ("SIGTERM", "SIGHUP", "SIGINT"):
            if hasattr(signal, name):
                signal.signal(getattr(signal, name), signal.SIG_IGN)
        time.sleep(60)
    if number == -3:
        raise ValueError("what a worker does lets no exception out")
    if number == -4 and not Path(once).exists():
        Path(once).touch()
        os._exit(1)
    return Done(number, os.getpid())


@pytest.fixture(scope="module")
def warm_process():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(Path(__file__).parent))
        process = warm.Warm((), modules=())
        assert process.hello
        yield process
        process.close()


@pytest.fixture(params=WAYS)
def at(request) -> str | None:
    """How workers are started: the warm process's socket, or None."""
    return request.getfixturevalue("warm_process").address if request.param == "forked" else None


def numbers(done: list) -> dict[int, int]:
    return {number: result.number for number, result in done}


def alive(pid: int) -> bool:
    """Whether any thread of a process is there; one that has ended and is not yet asked for its status is not."""
    for stat in Path(f"/proc/{pid}/task").glob("*/stat"):
        with contextlib.suppress(OSError, IndexError):
            if stat.read_text().rsplit(")", 1)[1].split()[0] not in "ZX":
                return True
    return False


def until(true, seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


def test_every_task_is_done_once_by_other_processes(at):
    done = list(workers.each(DO, [(n,) for n in range(9)], 3, at=at))
    assert numbers(done) == {n: n for n in range(9)}
    assert len(done) == 9 and os.getpid() not in {result.pid for _, result in done}
    assert len({result.pid for _, result in done}) <= 3
    assert {result.tries for _, result in done} == {1}


@pytest.mark.parametrize("hostile", [-1, -3], ids=["dies", "raises"])
def test_a_worker_that_dies_takes_only_its_own_task_along(at, hostile):
    begun = []
    tasks = [(n,) for n in (0, hostile, 1, hostile, 2, 3)]
    done = dict(workers.each(DO, tasks, 2, at=at, started=begun.append))
    assert sorted(done) == list(range(6))
    assert [done[n].number for n in (0, 2, 4, 5)] == [0, 1, 2, 3]
    for number in (1, 3):
        assert isinstance(done[number], Lost) and done[number].tries == 2
        assert "died twice" in done[number].error and done[number].page is None
    assert sorted(begun) == [0, 1, 1, 2, 3, 3, 4, 5]


def test_a_task_whose_worker_died_once_is_done_by_another(at, tmp_path):
    [(_, result)] = workers.each(DO, [(-4, str(tmp_path / "once"))], 1, at=at)
    assert (result.number, result.tries) == (-4, 2)


def test_a_task_is_killed_from_outside(at):
    """As the system does when memory runs out."""
    done, killed = {}, []
    for number, result in workers.each(DO, [(n,) for n in range(5)], 1, at=at):
        done[number] = result
        if not killed:  # it is idle now, and the only one
            os.kill(result.pid, signal.SIGKILL)
            until(lambda pid=result.pid: not alive(pid))
            killed.append(result.pid)
    assert numbers(done.items()) == {n: n for n in range(5)}
    assert {result.tries for result in done.values()} == {1}  # no task was lost with it


def test_idle_workers_that_died_cost_no_task_a_try(at):
    """Two of them, one after the other, would else use up both tries of a task that never ran."""
    made = workers.each(DO, [(n,) for n in range(4)], 2, at=at)
    pids = {next(made)[1].pid, next(made)[1].pid}
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    until(lambda: not any(map(alive, pids)))
    rest = list(made)
    assert len(rest) == 2 and all(isinstance(result, Done) for _, result in rest)


def test_a_task_that_takes_too_long_is_ended_and_told(at):
    done = dict(workers.each(DO, [(-2,), (1,), (2,)], 2, at=at, seconds=2))
    assert isinstance(done[0], Lost) and "Not done after 2 seconds" in done[0].error and done[0].tries == 1
    assert (done[1].number, done[2].number) == (1, 2)


def test_stopping_early_ends_every_worker_even_one_that_does_not_listen(at):
    seen = []
    begin = workers.Worker.__init__

    def remembered(self, *given):
        begin(self, *given)
        seen.append(self.pid)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(workers.Worker, "__init__", remembered)
        with contextlib.closing(workers.each(DO, [(-2,), (1,), (2,)], 2, at=at)) as made:
            next(made)
            time.sleep(0.3)  # the other one stops its ears
    assert len(seen) == 2
    until(lambda: not any(map(alive, seen)))


def test_no_more_workers_than_tasks(at):
    done = list(workers.each(DO, [(1,)], 8, at=at))
    assert [result.number for _, result in done] == [1]


def test_nothing_to_do_starts_nothing(monkeypatch):
    monkeypatch.setattr(workers, "Worker", None)
    assert list(workers.each(DO, [], 2)) == []


def test_without_the_warm_process_workers_are_ordinary(tmp_path):
    [(_, result)] = workers.each(DO, [(1,)], 1, at=str(tmp_path / "nobody"))
    assert result.number == 1


@pytest.mark.skipif(not workers.POSIX, reason="Windows has no such signals")
def test_ctrl_c_is_the_parents_to_answer():
    """A worker does not end by SIGINT, which a terminal sends to all of its processes."""
    worker = workers.Worker(DO, None)
    try:
        os.kill(worker.pid, signal.SIGINT)  # before the interpreter has loaded
        worker.give((1,))
        assert worker.pipe.recv() == Done(1, worker.pid)
        os.kill(worker.pid, signal.SIGINT)
        worker.give((2,))
        assert worker.pipe.recv() == Done(2, worker.pid)
        assert os.getpgid(worker.pid) != os.getpgid(0)
    finally:
        worker.end()
    assert not alive(worker.pid)


KILLED = """
import sys, time
from brapkg.reports import workers
if __name__ == "__main__":
    begun = [workers.Worker("time:sleep", sys.argv[1] if len(sys.argv) > 1 else None) for _ in range(2)]
    for worker in begun:
        worker.give((600,))
    print(*(worker.pid for worker in begun), flush=True)
    time.sleep(600)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")
def test_workers_end_amid_a_task_when_their_parent_is_killed(at, tmp_path):
    """They would else go on to the end of a report that nobody takes."""
    import subprocess

    script = tmp_path / "runner.py"
    script.write_text(KILLED)
    command = [sys.executable, str(script), *([at] if at else [])]
    runner = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    pids = [int(text) for text in runner.stdout.readline().split()]
    try:
        time.sleep(1.5)  # the interpreters load
        assert len(pids) == 2 and all(map(alive, pids))
    finally:
        runner.kill()
        runner.communicate()
    until(lambda: not any(map(alive, pids)))
