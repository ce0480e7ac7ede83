"""The commands: what they say where, what they end with, and that a wrong call changes nothing."""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner
from test_batch import RAISES, notebook, tree

from brapkg import __version__, paths
from brapkg.cli import main
from brapkg.reports import plan

REGION = ("report", "region")


@pytest.fixture
def two(workspace, monkeypatch) -> Path:
    """``--all`` means two counties here, and the notebook fails for the second."""
    everyone = plan.region_reports
    monkeypatch.setattr(plan, "region_reports", lambda *given: everyone(*given)[:2])
    monkeypatch.setattr(paths, "notebooks", lambda: workspace)
    notebook(workspace, RAISES)
    return workspace


def run(*arguments: str):
    return CliRunner().invoke(main, [*map(str, arguments)])


# --- wrong calls ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((), "either --all or --area"),
        (("--all", "--area", "20"), "either --all or --area"),
        (("--all", "--area", ""), "either --all or --area"),
        (("--area", "Karlstad"), "17 Värmlands län: use --area 17"),
        (("--area", "Dalarma"), "20 Dalarnas län"),
        (("--area", ""), "No county is called ''"),
        (("--area", "20", "--period", "1999"), "2016"),
        (("--area", "20", "--period", "last"), "'last' is not a valid integer"),
        (("--area", "20", "--language", "no"), "there are sv and en"),
        (("--area", "20", "--jobs", "0"), "0 is not in the range"),
        (("--area", "20", "--areas", "21"), "No such option"),
        (("20",), "unexpected extra argument"),
    ],
)
def test_a_wrong_call_is_told_and_changes_nothing(workspace, arguments, told):
    before = tree(workspace)
    result = run(*REGION, *arguments)
    assert result.exit_code == 2
    assert told in result.stderr and not result.stdout
    assert "Traceback" not in result.stderr
    assert tree(workspace) == before and not (workspace / "reports").exists()


def test_an_output_that_is_a_file_is_refused(workspace):
    (workspace / "mine").write_text("mine")
    result = run(*REGION, "--area", "20", "--output", workspace / "mine")
    assert result.exit_code == 2 and "is a file" in result.stderr
    assert (workspace / "mine").read_text() == "mine"


def test_unknown_commands_are_refused():
    assert run("bulid").exit_code == 2
    assert run("report", "municipality").exit_code == 2


# --- work that fails -----------------------------------------------------------------------------


def test_a_report_before_the_build_tells_the_remedy(tmp_path, monkeypatch):
    monkeypatch.setenv("BRAPKG_HOME", str(tmp_path))
    result = run(*REGION, "--all")
    assert result.exit_code == 1
    assert "Run `brapkg build` first" in result.stderr and "Traceback" not in result.stderr
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("present", [True, False], ids=["empty", "missing"])
def test_a_build_without_raw_data_tells_the_remedy(tmp_path, monkeypatch, present):
    monkeypatch.setenv("BRAPKG_HOME", str(tmp_path))
    if present:
        (tmp_path / "data/raw").mkdir(parents=True)
    result = run("build")
    assert result.exit_code == 1
    assert "git checkout -- data/raw" in result.stderr
    assert "Traceback" not in result.stderr and not result.stdout
    assert not (tmp_path / "data/processed").exists()


def test_one_failed_report_is_shown_and_the_others_are_made(two):
    result = run(*REGION, "--all", "--output", two / "out")
    assert result.exit_code == 1
    assert "03 Uppsala län failed:" in result.stderr
    assert "RuntimeError: Uppsala is away" in result.stderr
    assert f"1 failed; what they left is in {two / 'out/failed'}" in result.stderr
    assert result.stdout == f"1 of 2 reports made. Open {two / 'out/index.html'}\n"
    assert set(tree(two / "out")) == {
        "01-2016-sv.html", "failed/03-2016-sv.ipynb", "failed/03-2016-sv.txt",
        "index.html", "notebooks/01-2016-sv.ipynb",
    }  # fmt: skip
    assert "rapporten gick inte att framställa" in (two / "out/index.html").read_text()

    notebook(two)
    result = run(*REGION, "--all", "--output", two / "out")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == f"2 of 2 reports made. Open {two / 'out/index.html'}\n"
    assert not (two / "out/failed").exists()


def test_a_full_disk_at_the_front_page_is_one_message_after_the_failures(two, monkeypatch):
    write = Path.write_text

    def full(path, *args, **more):
        if "index" in path.name:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(path, *args, **more)

    monkeypatch.setattr(Path, "write_text", full)
    result = run(*REGION, "--all", "--output", two / "out")
    assert result.exit_code == 1
    assert "Uppsala is away" in result.stderr  # what failed is told all the same
    last = result.stderr.strip().splitlines()[-1]
    assert last.startswith("brapkg: ") and "No space left on device" in last
    assert (two / "out/01-2016-sv.html").exists() and not list((two / "out").glob(".*"))


def test_an_output_that_cannot_be_written_is_told(workspace, monkeypatch):
    def refuse(*_args, **_more):
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(Path, "mkdir", refuse)
    result = run(*REGION, "--area", "20")
    assert result.exit_code == 1 and "Traceback" not in result.stderr
    assert "cannot be written (Read-only file system)" in result.stderr


# --- Ctrl-C --------------------------------------------------------------------------------------


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_ctrl_c_ends_with_one_line_and_no_half_pages(workspace, jobs):
    """The signal goes to all processes of the group, as a terminal sends it."""
    out = workspace / "out"
    command = [sys.executable, "-c", "from brapkg.cli import main; main()", *REGION, "--all"]
    started = subprocess.Popen(
        [*command, "--jobs", jobs, "--output", out],
        start_new_session=True, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        # Where the tests run in the background the shell has turned Ctrl-C off, for children too.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip
    try:
        until(lambda: list(out.glob(".making-*/*.ipynb")))  # a notebook is about to be run
        if sys.platform == "linux":  # where a kernel can be seen
            until(lambda: any("ipykernel" in command for command in processes_of(workspace)))
        os.killpg(started.pid, signal.SIGINT)
        stdout, stderr = started.communicate(timeout=30)
    finally:
        started.kill()
    assert started.returncode == 130
    assert stdout == ""
    assert stderr == "brapkg: stopped. What was made is whole; the rest is as it was.\n"
    assert tree(out) == {}
    until(lambda: not processes_of(workspace))


def processes_of(workspace: Path) -> list[str]:
    """Commands that run with this workspace; Linux tells, elsewhere there is nothing to see."""
    wanted = f"BRAPKG_HOME={workspace}".encode()
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it ended meanwhile
            if wanted in (process / "environ").read_bytes() and process.name != str(os.getpid()):
                found.append((process / "cmdline").read_text())
    return found


def until(true, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)


# --- help ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", [(), ("build",), ("snapshot",), ("report",), REGION])
def test_every_command_has_help(command):
    result = run(*command, "--help")
    assert result.exit_code == 0 and result.stdout.startswith("Usage:")


def test_the_help_tells_the_exit_statuses():
    assert "0 all well, 1 some work failed, 2 wrong call" in " ".join(run("--help").stdout.split())


def test_version():
    assert __version__ in run("--version").stdout
