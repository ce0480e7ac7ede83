"""More than one machine: a scheduler and workers on this one, as processes of their own."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import psutil
import pytest
from conftest import use
from nbformat.v4 import new_code_cell, new_notebook
from test_batch import PAGE, PARAMETERS

from brapkg import areas, store
from brapkg.errors import DataError, UsageError
from brapkg.pages.links import Links
from brapkg.reports import batch, cluster
from brapkg.reports.batch import Way
from brapkg.reports.place import Lost
from brapkg.reports.plan import Report
from brapkg.reports.watch import Watcher
from brapkg.settings import settings

SLOW = "import time\ntime.sleep(0.4)"
ASLEEP = "import time\ntime.sleep(300)"
# Seconds that a busy machine may take to start a Dask process.
START = 60


def reports(folder: Path, cell: str, number: int) -> list[Report]:
    first = new_code_cell(PARAMETERS, metadata={"tags": ["parameters"]})
    path = folder / "region.ipynb"
    nbformat.write(new_notebook(cells=[first, new_code_cell(cell), new_code_cell(PAGE)]), path)
    return [Report(path, county, 2016, "sv") for county in areas.counties()[:number]]


def tasks(folder: Path, cell: str, number: int) -> list[tuple]:
    return [(report, settings().limits, Links()) for report in reports(folder, cell, number)]


def pages(output: Path) -> dict[str, bytes]:
    found = [*output.glob("*.html"), *output.glob("notebooks/*")]
    return {path.relative_to(output).as_posix(): path.read_bytes() for path in found}


def wait_for(what, seconds: float = START) -> object:
    ends = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < ends, "waited in vain"
        time.sleep(0.1)
    return found


class Cluster:
    """A scheduler, and what was started for it."""

    def __init__(self, folder: Path):
        self.folder, self.processes = folder, []
        told = folder / "scheduler.json"
        self._dask("scheduler", "--host=127.0.0.1", "--port=0", "--no-dashboard", f"--scheduler-file={told}")
        wait_for(lambda: told.exists() and told.read_text().endswith("}"))
        self.address = json.loads(told.read_text())["address"]

    def worker(self, home: Path, threads: int = 1) -> psutil.Process:
        """Start a worker in a workspace; it is this process and one below it."""
        folder = f"--local-directory={self.folder}"
        return self._dask("worker", self.address, f"--nthreads={threads}", "--no-dashboard", folder, home=home)

    def _dask(self, *command: str, home: Path | None = None) -> psutil.Process:
        env = os.environ | {"BRAPKG_HOME": str(home)}
        process = subprocess.Popen([sys.executable, "-m", "dask", *command], env=env, stderr=subprocess.DEVNULL)
        self.processes.append(process)
        return psutil.Process(process.pid)

    def there(self) -> int:
        from distributed import Client

        with Client(self.address, set_as_default=False) as client:
            return len(client.ncores())

    def close(self) -> None:
        for process in reversed(self.processes):
            process.terminate()
        for process in self.processes:
            process.wait(START)


@pytest.fixture(scope="module")
def home(processed, tmp_path_factory):
    """A workspace with a store of its own."""
    copy = shutil.copytree(processed, tmp_path_factory.mktemp("store") / "processed")
    with pytest.MonkeyPatch.context() as patch:
        yield use(patch, copy, tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="module")
def dask(home, tmp_path_factory):
    """A cluster of two workers, one with two threads."""
    dask = Cluster(tmp_path_factory.mktemp("dask"))
    dask.workers = [dask.worker(home), dask.worker(home, threads=2)]
    wait_for(lambda: dask.there() == 2)
    yield dask
    below = [process for worker in dask.processes for process in _below(psutil.Process(worker.pid))]
    dask.close()
    wait_for(lambda: not any(_alive(process) for process in below), 20)


def _below(process: psutil.Process) -> list[psutil.Process]:
    return process.children(recursive=True)


def _alive(process: psutil.Process) -> bool:
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE


def _command(process: psutil.Process) -> str:
    """Its command line; nothing of one that ended meanwhile."""
    with contextlib.suppress(psutil.Error):
        return " ".join(process.cmdline())
    return ""


def _warm(process: psutil.Process) -> psutil.Process:
    """The warm process below a worker; what was forked from it has its command line."""
    found = [one for one in _below(process) if "brapkg.kernels.server" in _command(one)]
    [first] = [one for one in found if one.parent() not in found]
    return first


class Killer(Watcher):
    """Kills a worker as the system would, when three reports are there."""

    def __init__(self, worker: psutil.Process):
        self.worker, self.left, self.begun_by = worker, 3, []

    def started(self, report):
        self.begun_by.append(report.name)

    def ended(self, result):
        self.left -= 1
        if not self.left:
            below = _below(self.worker)
            [daskworker] = [one for one in self.worker.children() if "spawn_main" in _command(one)]
            self.orphans = [one for one in below if one != daskworker]
            for process in (self.worker, daskworker):
                process.kill()


def test_a_worker_that_is_killed_loses_no_report(dask, tmp_path):
    wanted = reports(tmp_path, SLOW, 12)
    killer = Killer(dask.workers[0])
    made = batch.run(wanted, tmp_path / "far", Way(scheduler=dask.address), watcher=killer)
    assert [(result.report, result.status) for result in made.results] == [(report, "made") for report in wanted]
    assert len(killer.begun_by) > len(wanted) == len(set(killer.begun_by))

    local = batch.run(wanted, tmp_path / "near", Way(jobs=2))
    assert local.status == made.status == "good"
    assert pages(tmp_path / "far") == pages(tmp_path / "near")
    assert len(pages(tmp_path / "near")) == 25

    assert len(killer.orphans) >= 2  # the warm process, and the worker forked from it
    wait_for(lambda: not any(_alive(process) for process in killer.orphans), 20)


def test_a_report_that_fails_or_hangs_is_one_report(dask, tmp_path):
    cell = 'if region == "03":\n    raise RuntimeError("Uppsala is away")\nif region == "04":\n    import time; time.sleep(300)'
    told = dict(cluster.each(dask.address, batch.DO, tasks(tmp_path, cell, 4), seconds=8))
    assert "Uppsala is away" in told[1].error and told[1].page is None
    assert isinstance(told[2], Lost) and "Not done after 8 seconds" in told[2].error
    assert told[0].page and told[3].page


def test_ctrl_c_frees_the_workers(dask, tmp_path):
    begun = []

    def started(number: int) -> None:
        begun.append(number)
        if len(begun) == 2:
            time.sleep(1)  # let them begin
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(cluster.each(dask.address, batch.DO, tasks(tmp_path, ASLEEP, 9), started=started))
    since = time.monotonic()
    told = dict(cluster.each(dask.address, batch.DO, tasks(tmp_path, "", 3), seconds=60))
    assert all(attempt.page for attempt in told.values())
    assert time.monotonic() - since < 30


def test_a_worker_that_differs_refuses_and_the_others_do_the_work(dask, tmp_path, caplog):
    before = dask.there()
    other = dask.worker(tmp_path)
    wait_for(lambda: dask.there() > before)
    told = dict(cluster.each(dask.address, batch.DO, tasks(tmp_path, SLOW, 6)))
    other.terminate()
    assert sorted(told) == list(range(6)) and all(attempt.page for attempt in told.values())
    assert f"{tmp_path}" in caplog.text and "holds no tables yet" in caplog.text
    wait_for(lambda: dask.there() == before)


def test_a_report_that_kills_its_dask_workers_is_lost_and_the_others_are_made(dask, tmp_path, monkeypatch):
    monkeypatch.setattr(cluster, "DEATHS", 2)
    cell = 'if region == "03":\n    import psutil\n    psutil.Process().parents()[1].kill()'
    told = dict(cluster.each(dask.address, batch.DO, tasks(tmp_path, cell, 4)))
    lost = told.pop(1)
    assert isinstance(lost, Lost) and "2 Dask workers" in lost.error
    assert sorted(told) == [0, 2, 3] and all(attempt.page for attempt in told.values())


def test_another_store_takes_another_warm_process(dask, home, tmp_path):
    def make():
        told = dict(cluster.each(dask.address, batch.DO, tasks(tmp_path, "", 4)))
        assert all(attempt.page for attempt in told.values())
        return _warm(dask.workers[1])

    before = make()
    assert make() == before
    package = home / "data/processed" / store.PACKAGE
    package.write_text(package.read_text() + "\n")
    assert make() != before and not _alive(before)


def test_where_every_worker_differs_nothing_is_made(home, tmp_path):
    """The same tables, built under another rule for small counts, in a workspace with other settings."""
    there = tmp_path / "there"
    shutil.copytree(home / "data/processed", there / "data/processed")
    package = there / "data/processed" / store.PACKAGE
    package.write_text(package.read_text() + " ")
    (there / "settings.toml").write_text("[signals]\nfalse_share = 0.2\n")
    dask = Cluster(tmp_path)
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(cluster, "FIRST", 0.5)
            with pytest.raises(DataError, match="has no workers.*dask worker"):
                list(cluster.each(dask.address, batch.DO, tasks(tmp_path, "", 1)))
        dask.worker(there)
        wait_for(lambda: dask.there() == 1)
        with pytest.raises(DataError) as told:
            batch.run(reports(tmp_path, "", 3), tmp_path / "out", Way(scheduler=dask.address))
        [line, end] = told.value.problems
        assert "the settings (" in line and "the store in data/processed (" in line and "pandas" not in line
        assert "goes on" in end
        assert not pages(tmp_path / "out") and not (tmp_path / "out/failed").exists()
    finally:
        dask.close()


@pytest.mark.parametrize(
    "address", ["", "nonsense", "localhost:8786", "tcp://host", "http://host:8786", "tcp://h:1/x y"]
)
def test_what_is_no_address_is_a_wrong_call(address):
    with pytest.raises(UsageError, match="is no address of a Dask scheduler"):
        list(cluster.each(address, batch.DO, []))


def test_nobody_at_the_address(monkeypatch):
    monkeypatch.setattr(cluster, "CONNECT", 1)
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{nobody.getsockname()[1]}"
        with pytest.raises(DataError, match=f"{address}: no Dask scheduler answers there"):
            list(cluster.each(address, batch.DO, []))


def test_without_dask_the_remedy_is_told(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(DataError, match=r"\.\[cluster\]"):
        list(cluster.each("tcp://127.0.0.1:1", batch.DO, []))
