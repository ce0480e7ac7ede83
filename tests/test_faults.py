"""Faults of every kind, hundreds of them at random moments: no torn page, none lost, one failure stays one.

Chance has a fixed seed; when a signal arrives within the moment that was drawn, it has not. Two hundred
kills take minutes: they are made with BRAPKG_THOROUGH set, as `.ci/run` does, otherwise a quarter of them.
"""

from __future__ import annotations

import contextlib
import json
import multiprocessing
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import nbformat
import pytest
import test_batch
from test_batch import MARK, built_notebook, manifests, pages, plan
from test_workers import until

from brapkg import areas
from brapkg.errors import DataError
from brapkg.reports import batch, made
from brapkg.reports.batch import Way
from brapkg.reports.making import Attempt
from brapkg.settings import Limits

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="finds processes in /proc")
warm_process, way, quick_start = test_batch.warm_process, test_batch.way, test_batch.quick_start

# How many times a process is killed: the runner while it writes, the runner amid reports, and
# kernels, workers and warm processes under it.
WRITING, RUNNING, BELOW = (150, 6, 45) if os.environ.get("BRAPKG_THOROUGH") else (38, 3, 11)
COUNTIES = [county.code for county in areas.counties()]
# A page that tells at its beginning and its end in which round it was made.
ROUND = """
from IPython.display import display

MIME = "application/vnd.brapkg.page+html"
display({{MIME: '<div class="head"><h1>begins {0}</h1></div>' + '<p>{0}</p>' * 2000}}, raw=True)
display({{MIME: '<section id="kort-sagt"><h2>ends {0}</h2></section>'}}, raw=True)
"""


def processes(mark: str) -> dict[int, str]:
    """Commands by process id of all that were started with a mark in their environment."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, IndexError):
            dead = (folder / "stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
            command = (folder / "cmdline").read_text().replace("\0", " ")
            ours = f"{MARK}={mark}\0".encode() in (folder / "environ").read_bytes()
            if ours and not dead and "resource_tracker" not in command:  # Python's own, which ends with the tests
                found[int(folder.name)] = command
    return found


def children(process: int) -> list[int]:
    """Process ids of its children."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, IndexError):
            if int((folder / "stat").read_text().rsplit(")", 1)[1].split()[1]) == process:
                found.append(int(folder.name))
    return found


def nobody_left(mark: str, but: tuple[int, ...] = ()) -> None:
    until(lambda: not processes(mark).keys() - set(but), 20)


@pytest.fixture
def mark(request, monkeypatch) -> str:
    """Marks every process that the test starts."""
    monkeypatch.setenv(MARK, f"{request.node.name} {os.getpid()}")
    yield os.environ[MARK]
    for process in processes(os.environ[MARK]):
        with contextlib.suppress(OSError):
            os.kill(process, signal.SIGKILL)


def check_whole(output: Path, rounds: range, there: set[str]) -> set[str]:
    """Every file is whole and of one round, and none is gone; return the names that are there now."""
    now = {path.name for path in output.glob("*-2016-*.html")}
    assert there <= now
    for name in now:
        text = (output / name).read_text()
        assert text.startswith("<!") and text.rstrip().endswith("</html>"), name
        [its] = [n for n in rounds if f"begins {n}<" in text]
        assert f"ends {its}<" in text and text.count(f"<p>{its}</p>") == 2000, name
    for path in (output / "notebooks").glob("*.ipynb"):
        nbformat.validate(nbformat.reads(path.read_text(), as_version=4))
    for path in [*output.glob("runs/*.json"), *output.glob("runs/made/*.json")]:
        json.loads(path.read_text())
    for path in output.glob("index*.html"):
        assert path.read_text().rstrip().endswith("</html>")
    # What is told to be made is there as it was told, or another round's was being put in its place.
    assert len(made.read(output)) == len(list(output.glob("runs/made/*.json")))
    return now


def of_round(output: Path, number: int) -> int:
    """How many pages are of a round."""
    return sum(f"begins {number}<" in page.read_text() for page in output.glob("*-2016-*.html"))


# --- the runner is killed while it writes ---------------------------------------------------------


def toy_page(report, number: int) -> bytes:
    return (
        f"<!doctype html><p>begins {number}<" + f"<p>{number}</p>" * 2000 + f"{report.name} ends {number}</html>\n"
    ).encode()


def toy_book(number: int) -> bytes:
    cells = [nbformat.v4.new_markdown_cell(f"{number}" * 50_000, id="cell-0")]
    return nbformat.writes(nbformat.v4.new_notebook(cells=cells)).encode()


def write_at_once(home: str, output: str, number: int) -> None:
    """A run whose reports cost nothing, so that it does little but write. Runs in a process of its own."""
    os.environ["BRAPKG_HOME"] = home

    def each(tasks, way, early, seconds, started):
        for place_in_plan, (report, *_) in enumerate(tasks):
            started(place_in_plan)
            if report.about.code == COUNTIES[number % 21]:  # one of them fails, each time another
                yield place_in_plan, Attempt(None, toy_book(number), "Traceback: it is its turn\n")
            else:
                yield place_in_plan, Attempt(toy_page(report, number), toy_book(number))

    batch._each = each
    with open(os.devnull, "w") as quiet, contextlib.redirect_stderr(quiet):
        batch.run(plan(Path(home) / "region.ipynb", *COUNTIES), Path(output), Way(cold=True), again=True)


def test_the_runner_is_killed_while_it_writes(built, tmp_path, monkeypatch):
    chance = random.Random(2016)
    output = tmp_path / "reports"
    built_notebook(built, "1")
    # One process imports what a run needs; each run is forked from it.
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))
    start = multiprocessing.get_context("forkserver")
    start.set_forkserver_preload(["test_faults", "brapkg.pages.site"])

    def run(number: int, moment=None, seconds: float = 0.0) -> int:
        """Start a run; kill it so many seconds after ``moment`` has come."""
        runner = start.Process(target=write_at_once, args=(str(built), str(output), number))
        runner.start()
        if moment is not None:
            until(lambda: moment(runner.pid) or not runner.is_alive())
            runner.join(seconds)
            runner.kill()
        runner.join()
        return runner.exitcode

    def holds_lock(process: int) -> bool:
        with contextlib.suppress(OSError):
            return json.loads((output / ".lock-holder.json").read_text())["process"] == process
        return False

    def first_page(number: int):
        first = output / f"{COUNTIES[not number % 21]}-2016-sv.html"
        return lambda process: f"begins {number}<" in text_of(first)

    assert run(0) == 0
    there = check_whole(output, range(1), set())
    killed, number, amid = 0, 0, 0
    while killed < WRITING:
        number += 1
        if chance.random() < 0.3:  # it reads, plans and begins
            ended = run(number, holds_lock, chance.uniform(0, 0.3))
        else:
            ended = run(number, first_page(number), chance.uniform(0, 0.06))
        killed += ended == -signal.SIGKILL
        there = check_whole(output, range(number + 1), there)
        amid += 0 < of_round(output, number) < 20
    assert number < 3 * WRITING
    assert amid > WRITING // 8, amid  # so many were killed when they had put some pages in place
    # The first run that is left alone leaves what it would have left in a new folder.
    assert run(number + 1) == 0
    check_whole(output, range(number + 2), there)
    untouched, output = output, tmp_path / "new"
    assert run(number + 1) == 0
    late = f"{COUNTIES[(number + 1) % 21]}-2016-sv"
    old = {f"{late}.html", f"notebooks/{late}.ipynb", "index.html"}  # the failed one's page of before stays
    expected = {name: text for name, text in pages(output).items() if name not in old}
    assert {name: text for name, text in pages(untouched).items() if name not in old} == expected
    assert f"failed/{late}.txt" in expected and len([name for name in expected if name.startswith("failed/")]) == 2
    assert not list(untouched.rglob("*.new"))


# --- processes are killed amid reports ------------------------------------------------------------

RUNNER = """
import os, sys
from pathlib import Path

sys.path.insert(0, os.environ["TESTS"])
from brapkg.kernels import warm

start = warm.Warm
warm.Warm = lambda notebooks: start(())  # nothing is rehearsed
from brapkg.reports import batch
from test_faults import COUNTIES, plan

if __name__ == "__main__":
    reports = plan(Path(sys.argv[1]), *COUNTIES[:10])
    batch.run(reports, Path(sys.argv[2]), batch.Way(2, cold=sys.argv[3] == "cold"))
"""


@pytest.fixture
def runner(tmp_path, monkeypatch):
    """Start a run of ten reports, in a process of its own."""
    monkeypatch.setenv("TESTS", str(Path(__file__).parent))
    script = tmp_path / "runner.py"
    script.write_text(RUNNER)

    def start(book: Path, output: Path, cold: bool = False) -> subprocess.Popen:
        command = [sys.executable, str(script), str(book), str(output), "cold" if cold else "warm"]
        return subprocess.Popen(command, stderr=subprocess.DEVNULL)

    return start


def test_the_runner_is_killed_amid_reports(built, tmp_path, runner, mark):
    chance = random.Random(312)
    output, there = tmp_path / "reports", set()
    killed = number = 0
    progress = []
    while killed < RUNNING or not any(0 < done < 10 for done in progress):
        assert killed < 5 * RUNNING, progress  # some are killed amid their reports
        book = built_notebook(built, ROUND.format(number))
        process = runner(book, output, cold=killed % 4 == 3)
        before = of_round(output, number)
        if chance.random() < 0.7:  # else while it still starts
            until(lambda p=process, n=number, b=before: p.poll() is not None or of_round(output, n) > b, 60)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(chance.uniform(0, 1.5))
        process.kill()
        ended = process.wait()
        killed += ended == -signal.SIGKILL
        there = check_whole(output, range(number + 1), there)
        nobody_left(mark)
        progress.append(of_round(output, number))
        # Two times in three the same is run again, and goes on where it stopped.
        number += killed % 3 == 0
    book = built_notebook(built, ROUND.format(number))
    for folder in (output, tmp_path / "new"):
        assert runner(book, folder).wait(120) == 0
    assert 10 == len(check_whole(output, range(number, number + 1), there))
    assert pages(output) == pages(tmp_path / "new")
    assert not list(output.rglob("*.new"))
    nobody_left(mark)


def test_the_next_run_goes_on_where_a_killed_one_stopped(built, tmp_path, runner, mark):
    output = tmp_path / "reports"
    book = built_notebook(built, ROUND.format(0))
    process = runner(book, output)
    until(lambda: len(made.read(output)) >= 3, 60)
    process.kill()
    process.wait()
    nobody_left(mark)
    done = made.read(output)
    assert 3 <= len(done) < 10 and (output / ".lock-holder.json").exists()  # whose lock has fallen
    assert runner(book, output).wait(120) == 0
    kept = {name: record.run for name, record in made.read(output).items()}
    assert {name: kept[name] for name in done} == {name: record.run for name, record in done.items()}
    assert len(kept) == 10 and len(set(kept.values())) == 2
    [last] = manifests(output)  # a killed run leaves none
    assert [last["status"], sum(report["status"] == "unchanged" for report in last["reports"])] == ["good", len(done)]


class Killer(threading.Thread):
    """Kills something below a runner again and again."""

    def __init__(self, mark: str, chance: random.Random, wanted: int, before: list[str]):
        super().__init__(daemon=True)
        self.mark, self.chance, self.wanted, self.before = mark, chance, wanted, before
        self.killed: list[str] = []
        self.over = threading.Event()

    def run(self):
        while not self.over.wait(self.chance.uniform(0.05, 0.5)) and len(self.killed) < self.wanted:
            found = processes(self.mark)
            alike = [process for process, command in found.items() if SERVER in command]
            forked = [child for process in alike for child in children(process) if child in alike]
            servers = [process for process in alike if process not in forked]
            others = [process for process in found if process not in (*servers, *forked)]
            # The warm process not too soon: without it the rest of a run has ordinary kernels.
            enough = (self.before + self.killed).count("forked") > 20
            victims = servers if servers and enough and self.chance.random() < 0.25 else forked + others
            if victims:
                victim = self.chance.choice(sorted(victims))
                with contextlib.suppress(OSError):
                    os.kill(victim, signal.SIGKILL)
                    self.killed.append("warm" if victim in servers else "forked" if victim in forked else "ordinary")


SERVER = "brapkg.kernels.server"


def test_kernels_workers_and_warm_processes_are_killed(built, tmp_path, mark, quick_start):
    chance = random.Random(3120)
    output, there, killed = tmp_path / "reports", set(), []
    number = 0
    while len(killed) < BELOW or "warm" not in killed:
        assert len(killed) < 3 * BELOW, killed
        book = built_notebook(built, ROUND.format(number))
        reports = [*plan(book, *COUNTIES), *plan(book, *COUNTIES, language="en")]
        killer = Killer(mark, chance, max(BELOW - len(killed), 5), killed)
        killer.start()
        done = batch.run(reports, output, Way(2))
        killer.over.set()
        killer.join()
        killed += killer.killed
        there = check_whole(output, range(number + 1), there)
        nobody_left(mark)
        for result in done.results:
            new = f"begins {number}<" in text_of(output / f"{result.report.name}.html")
            assert new == (result.status == "made"), result
            assert (output / f"failed/{result.report.name}.txt").exists() == (result.status == "failed")
            assert result.status == "made" or "died" in result.error or "Kernel" in result.error, result.error
            assert result.tries in (1, 2)
        # One at a time was killed, and what died was tried again: few reports met two of them.
        assert sum(result.status == "made" for result in done.results) > 21
        number += 1
    assert killed.count("forked") > BELOW // 3, killed
    number -= 1
    assert batch.run(reports, output, Way(2)).status == "good"
    assert not (output / "failed").exists()
    assert batch.run(reports, tmp_path / "new", Way(2)).status == "good"
    assert pages(output) == pages(tmp_path / "new")


def text_of(path: Path) -> str:
    return path.read_text() if path.exists() else ""


# --- what a notebook can do -----------------------------------------------------------------------

HOG = "blocks = []\nwhile True: blocks.append(bytearray(20_000_000))"
DEAF = "import signal, time\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True: time.sleep(1)"
STARTS = """
import subprocess, threading, time
subprocess.Popen(["sleep", "600"])
threading.Thread(target=time.sleep, args=(600,)).start()
"""
ONCE = """
import os, pathlib
if not pathlib.Path("once-{0}").exists():
    pathlib.Path("once-{0}").touch()
    os.kill(os.getpid(), 11)
"""
SHOUTS = "while True:\n    try: print('x' * 10_000)\n    except BaseException: pass"
# Each fault: the cell, how the report ends (what its traceback tells, or None where it is made), how many tries.
FAULTS = {
    "raises": ("raise RuntimeError('Uppsala is away')", "RuntimeError: Uppsala is away", 1),
    "os._exit": ("import os; os._exit(9)", "Kernel died", 2),
    "os._exit(0)": ("import os; os._exit(0)", "Kernel died", 2),
    "kills itself": ("import os; os.kill(os.getpid(), 9)", "Kernel died", 2),
    "segmentation fault": ("import ctypes; ctypes.string_at(0)", "Kernel died", 2),
    "kills its group": ("import os; os.killpg(0, 9)", "Kernel died", 2),
    "dies once": (ONCE, None, 2),
    "hangs": ("import time; time.sleep(600)", "timed out", 1),
    "hangs and is deaf": (DEAF, "timed out", 1),
    "hangs in C": ("import re; re.match(r'(a+)+$', 'a' * 60 + 'b')", "timed out", 1),
    "shouts and is deaf": (SHOUTS, "put out more than", 1),
    "eats memory": (HOG, ("MemoryError", "Kernel died"), (1, 2)),
    "prints 100 MB": ("for _ in range(100): print('x' * 1_000_000)", "put out more than", 1),
    # Its traceback is output too: which of the two limits it meets first hangs on which message comes first.
    "raises 5 MB": ("raise ValueError('x' * 5_000_000)", ("ValueError", "put out more than"), 1),
    # The stream cannot be sent. Mostly that passes; now and then the kernel's output thread misses a wake-up
    # over it, and the cell waits for longer than its limit here (ipykernel's flush waits for 10 seconds).
    "prints no UTF-8": ("print('\\ud800')", (None, "timed out"), 1),
    "raises no UTF-8": ("raise ValueError('\\ud800')", "Exception encountered", 1),
    "exit": ("exit()", "left by exit", 1),
    "quit": ("quit()", "left by exit", 1),
    "sys.exit": ("import sys; sys.exit()", "SystemExit", 1),
    "SystemExit": ("raise SystemExit('leaves early')", "leaves early", 1),
    "closes its stdout": ("import sys, os; sys.stdout.close(); os.close(1)", (None, "Error"), 1),
    "starts what outlives it": (STARTS, None, 1),
    "writes into the output": ("open(OUTPUT + '/01-2016-sv.html', 'w').write('mine')", None, 1),
    "no page": ("import sys; region = None; display = None; del region", "NameError", 1),
}
COLD = ("raises", "os._exit", "dies once", "hangs and is deaf", "eats memory", "exit", "starts what outlives it")


@pytest.mark.parametrize("way", [Way(2), Way(2, cold=True)], ids=["forked", "ordinary"])
def test_what_a_notebook_does_fails_its_own_report_alone(
    built, tmp_path, mark, monkeypatch, quick_start, capfd, way
):  # fmt: skip
    limits = Limits(seconds=20 if way.cold else 8, memory=1_200_000_000, output=1_000_000)
    monkeypatch.setattr(batch, "settings", lambda: type("Settings", (), {"limits": limits}))
    output = tmp_path / "reports"
    names = [name for name in FAULTS if not way.cold or name in COLD]
    places = [(code, language) for code in COUNTIES[1:] for language in ("sv", "en")][: len(names)]
    cells = [f"OUTPUT = {str(output)!r}"]
    for name, (code, language) in zip(names, places, strict=True):
        body = FAULTS[name][0].format(f"{tmp_path.name}-{code}").replace("\n", "\n    ").strip()
        cells.append(f"if (region, language) == ({code!r}, {language!r}):\n    {body}")
    book = built_notebook(built, "print('so far')", *cells, test_batch.PAGE)
    reports = [*plan(book, *COUNTIES[:1])]
    reports += [plan(book, code, language=language)[0] for code, language in places]
    reports += plan(book, *COUNTIES[-2:])
    done = batch.run(reports, output, way)
    good = [done.results[0], *done.results[-2:]]
    assert [result.status for result in good] == ["made"] * 3
    assert done.status == "failed"
    problems = []
    for name, result in zip(names, done.results[1:-2], strict=True):
        _, told, tries = FAULTS[name]
        told, tries = (one if isinstance(one, tuple) else (one,) for one in (told, tries))
        fine = result.tries in tries and (
            None in told if result.status == "made" else any(text and text in result.error for text in told)
        )
        # Who put out too much is not told to have died, though that is how it was ended.
        fine &= not ("put out more than" in result.error and "Kernel died" in result.error)
        stem = output / "failed" / result.report.name
        if result.status == "failed":
            fine &= stem.with_suffix(".txt").read_text() == result.error and len(result.error) < 200_000
            kept = nbformat.read(stem.with_suffix(".ipynb"), as_version=4)
            fine &= "so far" in str(kept.cells)
            fine &= not (output / f"{result.report.name}.html").exists()
        else:
            fine &= not list(output.glob(f"failed/{result.report.name}.*"))
        if not fine:
            problems.append(f"{name}: {result.status}, {result.tries} tries, {result.error[-300:]}")
    assert not problems, "\n\n".join(problems)
    # Each is told once, by who leads the run: nothing of it stands among the lines of a log.
    assert "waiting for execute reply" not in capfd.readouterr().err
    listed = {report["name"]: report for report in manifests(output)[-1]["reports"]}
    assert {name for name, report in listed.items() if report["status"] == "failed"} == {
        path.stem for path in output.glob("failed/*.txt")
    }
    nobody_left(mark)


# --- what can befall a run from outside -----------------------------------------------------------

COMMAND = """
import os, sys
from pathlib import Path

from brapkg import cli, paths
from brapkg.kernels import warm

start = warm.Warm
warm.Warm = lambda notebooks: start(())  # nothing is rehearsed
paths.notebooks = lambda: Path(os.environ["NOTEBOOKS"])
if __name__ == "__main__":
    cli.main()
"""
SLOW = "import time; time.sleep(0 if region in ('01', '03') else 30)"


@pytest.fixture
def command(built, tmp_path, monkeypatch, mark):
    """Start ``brapkg report region --all`` with a notebook of the test's own."""
    script = tmp_path / "brapkg.command.py"
    script.write_text(COMMAND)
    monkeypatch.setenv("NOTEBOOKS", str(tmp_path))

    def start(output: Path, *options: str, **more) -> subprocess.Popen:
        return subprocess.Popen(
            [sys.executable, str(script), "report", "region", "--all", "--jobs", "2", "--output", str(output), *options],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
            # Where the tests run in the background the shell has turned Ctrl-C off, for children too.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL), **more,
        )  # fmt: skip

    return start


@pytest.mark.parametrize("options", [(), ("--cold",)], ids=["forked", "ordinary"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])
def test_a_run_that_is_stopped_ends_within_three_seconds_and_goes_on_later(tmp_path, command, mark, options, number):
    """Ctrl-C goes to all processes of the group, as a terminal sends it; SIGTERM to the one that was started."""
    output = tmp_path / "reports"
    built_notebook(tmp_path, SLOW, test_batch.PAGE)
    started = command(output, *options)
    until(lambda: len(made.read(output)) == 2, 120)
    time.sleep(0.5)  # a slow one has begun
    begun = time.monotonic()
    (os.killpg if number == signal.SIGINT else os.kill)(started.pid, number)
    stdout, stderr = started.communicate(timeout=60)
    assert time.monotonic() - begun < 3
    assert (started.returncode, stdout) == (130, "")
    assert stderr.startswith("brapkg: stopped.") and "the same command goes on" in stderr
    assert len(stderr.splitlines()) == 1
    nobody_left(mark)
    [told] = manifests(output)
    assert (told["status"], told["planned"], len(told["reports"])) == ("stopped", 21, 2)
    assert set(pages(output)) == {
        "01-2016-sv.html", "03-2016-sv.html", "notebooks/01-2016-sv.ipynb", "notebooks/03-2016-sv.ipynb"
    }  # fmt: skip


def test_two_runs_at_once(tmp_path, command, mark):
    """The second says who holds the folder, or waits, and finds nothing to do."""
    output = tmp_path / "reports"
    built_notebook(tmp_path, "import time; time.sleep(0.5)", test_batch.PAGE)
    first = command(output)
    until(lambda: len(made.read(output)) >= 1, 120)
    second, third = command(output), command(output, "--wait")
    _, told = second.communicate(timeout=60)
    assert second.returncode == 1 and "Traceback" not in told
    assert f"another run is writing there (process {first.pid} on " in told and "--wait" in told
    assert first.wait(120) == 0 and third.wait(120) == 0
    before, after = manifests(output)
    assert {report["status"] for report in before["reports"]} == {"made"}
    assert {report["status"] for report in after["reports"]} == {"unchanged"}
    nobody_left(mark)


@pytest.fixture
def small_disk(tmp_path):
    """A disk of 700 kB, where this user may mount one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=700k", "none", str(folder)]
    try:
        if subprocess.run(mount, capture_output=True).returncode:
            pytest.skip("mounting a small disk takes a superuser")
    except FileNotFoundError:
        pytest.skip("there is no mount command")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_disk_that_is_full_ends_the_run_clearly(tmp_path, small_disk, command, mark):
    output = small_disk / "reports"
    built_notebook(tmp_path, ROUND.format(0))
    started = command(output)
    _, told = started.communicate(timeout=120)
    assert started.returncode == 1 and "Traceback" not in told, told
    assert "cannot be written (No space left on device)" in told and "goes on" in told
    there = check_whole(output, range(1), set())
    assert 3 < len(there) < 21
    nobody_left(mark)
    # With more room the same command goes on, and what was there is not made again.
    before = {name: record.run for name, record in made.read(output).items()}
    subprocess.run(["mount", "-o", "remount,size=20m", str(small_disk)], check=True)
    assert command(output).wait(120) == 0
    assert len(check_whole(output, range(1), there)) == 21
    assert before.items() <= {name: record.run for name, record in made.read(output).items()}.items()


def test_a_disk_that_can_only_be_read(tmp_path, small_disk, command):
    output = small_disk / "reports"
    output.mkdir()
    (output / "01-2016-sv.html").write_text("the old page")
    built_notebook(tmp_path, test_batch.PAGE)
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    started = command(output)
    _, told = started.communicate(timeout=120)
    assert started.returncode == 1 and "cannot be written (Read-only file system)" in told
    assert "Traceback" not in told and (output / "01-2016-sv.html").read_text() == "the old page"


@pytest.mark.parametrize("what", ["removed", "changed"])
def test_a_notebook_that_goes_during_the_run(built, tmp_path, way, what):
    output = tmp_path / "reports"
    book = built_notebook(tmp_path, ROUND.format(0))
    reports = plan(book, "01", "03", "04")

    class Meddles(batch.Watcher):
        def ended(self, result):
            if what == "removed":
                book.unlink(missing_ok=True)
            else:
                built_notebook(tmp_path, ROUND.format(1))

    done = batch.run(reports, output, way, watcher=Meddles())
    check_whole(output, range(2), {"01-2016-sv.html"})
    if what == "removed":
        assert [result.status for result in done.results] == ["made", "failed", "failed"]
        assert all("region.ipynb" in result.error for result in done.results[1:])
    else:  # what was planned is not what was made: the next run makes it again
        assert "ends 1<" in text_of(output / "04-2016-sv.html")
        again = batch.run(reports, output, way)
        assert all("notebook changed" in result.why for result in again.results)
        assert "ends 1<" in text_of(output / "01-2016-sv.html")


@pytest.mark.parametrize("when", ["before", "during"])
def test_figures_that_vanish(processed, tmp_path, way, monkeypatch, when):
    shutil.copytree(processed, tmp_path / "home/data/processed")
    monkeypatch.setenv("BRAPKG_HOME", str(tmp_path / "home"))
    output = tmp_path / "reports"
    (output / "notebooks").mkdir(parents=True)
    (output / "04-2016-sv.html").write_text("the old page")
    book = built_notebook(tmp_path, "from brapkg import store; store.load('rates')", test_batch.PAGE)

    class Takes(batch.Watcher):
        def ended(self, result):
            shutil.rmtree(tmp_path / "home/data", ignore_errors=True)

    if when == "before":
        shutil.rmtree(tmp_path / "home/data")
    with pytest.raises(DataError, match="brapkg build"):
        batch.run(plan(book, "01", "03"), output, way, watcher=Takes())
    assert (output / "04-2016-sv.html").read_text() == "the old page"
    assert set(made.read(output)) == (set() if when == "before" else {"01-2016-sv"})
    if when == "during":
        assert "brapkg build" in (output / "failed/03-2016-sv.txt").read_text()
