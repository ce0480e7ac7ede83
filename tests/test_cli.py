"""The commands: what they say where, what they end with, and that a wrong call changes nothing."""

from __future__ import annotations

import errno
import json
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
    everyone = plan.area_reports
    monkeypatch.setattr(plan, "area_reports", lambda *given: [r for r in everyone(*given) if r.about.code < "04"])
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
    assert result.exit_code == 1 and "mine: cannot be written" in result.stderr
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
    [what, where] = result.stderr.splitlines()
    assert what.startswith("Uppsala län 2016 (03-2016-sv) failed: ")
    assert what.endswith("RuntimeError: Uppsala is away")
    assert where == f"1 failed; tracebacks and notebooks are in {two / 'out/failed'}."
    assert "Traceback (most recent call last)" in (two / "out/failed/03-2016-sv.txt").read_text()
    assert result.stdout == ""
    assert {name for name in tree(two / "out") if not name.startswith((".lock", "runs/"))} == {
        "01-2016-sv.html", "failed/03-2016-sv.ipynb", "failed/03-2016-sv.txt",
        "index.html", "notebooks/01-2016-sv.ipynb",
    }  # fmt: skip
    assert "rapporten gick inte att framställa" in (two / "out/index.html").read_text()

    notebook(two)
    result = run(*REGION, "--all", "--output", two / "out")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "")
    assert not (two / "out/failed").exists()


def test_a_full_disk_at_the_front_page_is_one_message(two, monkeypatch):
    write = Path.write_bytes

    def full(path, *args, **more):
        if "index" in path.name:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(path, *args, **more)

    monkeypatch.setattr(Path, "write_bytes", full)
    result = run(*REGION, "--all", "--output", two / "out")
    assert result.exit_code == 1
    last = result.stderr.strip().splitlines()[-1]
    assert last.startswith("brapkg: ") and "No space left on device" in last
    assert (two / "out/01-2016-sv.html").exists() and not list((two / "out").glob(".*.new"))


def test_an_output_that_cannot_be_written_is_told(workspace, monkeypatch):
    def refuse(*_args, **_more):
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(Path, "mkdir", refuse)
    result = run(*REGION, "--area", "20")
    assert result.exit_code == 1 and "Traceback" not in result.stderr
    assert "cannot be written (Read-only file system)" in result.stderr


# --- what is told, and to whom -------------------------------------------------------------------


def test_a_run_without_a_terminal_is_silent_and_the_next_has_nothing_to_do(two):
    notebook(two)
    planned = run(*REGION, "--all", "--dry-run")
    assert (planned.exit_code, planned.stderr) == (0, "")
    assert "01-2016-sv: never made" in planned.stdout and "2 reports to make, 0 unchanged" in planned.stdout
    assert not list((two / "reports").glob("*.html"))

    first = run(*REGION, "--all")
    assert (first.exit_code, first.stdout, first.stderr) == (0, "", "")
    before = tree(two / "reports")
    assert "Nothing to do" in run(*REGION, "--all", "--dry-run").stdout
    second = run(*REGION, "--all")
    assert (second.exit_code, second.stdout, second.stderr) == (0, "", "")
    after = tree(two / "reports")
    new = set(after) - set(before)
    assert all(after[name] == before[name] for name in before)
    assert len(new) == 2 and all(name.startswith("runs/2") for name in new)  # its manifest and key figures

    assert "asked for (--again)" in run(*REGION, "--all", "--again", "--dry-run").stdout


def test_the_log_is_a_line_of_json_for_each_event(two):
    result = run(*REGION, "--all", "--log-json")
    assert result.exit_code == 1
    lines = [json.loads(line) for line in result.stderr.splitlines()]
    assert [line["event"] for line in lines] == [
        "run started", "report started", "report made", "report started", "report failed", "run ended",
    ]  # fmt: skip
    assert lines[0]["to_make"] == 2 and lines[-1]["status"] == "failed"
    assert lines[2]["report"] == "01-2016-sv" and lines[2]["seconds"] > 0
    assert "Uppsala is away" in lines[4]["error"]
    assert len({line["run"] for line in lines}) == 1


def test_runs_are_listed_shown_and_compared_and_health_is_told(two):
    assert run("status").exit_code == 1
    notebook(two)
    assert run(*REGION, "--all").exit_code == 0
    notebook(two, "1 + 1")
    assert run(*REGION, "--all").exit_code == 0
    listed = run("runs").stdout.splitlines()
    first, second = sorted(path.stem for path in (two / "reports/runs").glob("2*.json"))
    assert any(first in line for line in listed) and any(second in line for line in listed)
    assert "notebook changed" in run("runs", "show", "last").stdout
    compared = run("runs", "diff", first, second)
    assert compared.exit_code == 0 and "notebook changed" in compared.stdout
    healthy = run("status", "--max-age", "2d")
    assert healthy.exit_code == 0 and second in healthy.stdout
    assert run("status", "--max-age", "two days").exit_code == 2
    (two / "reports/01-2016-sv.html").unlink()
    assert run("status", "--max-age", "2d").exit_code == 1


def test_everything_is_made_in_both_languages(two, monkeypatch):
    notebook(two)
    monkeypatch.setattr(plan, "TOPICAL", ())
    monkeypatch.setattr(plan, "LEVELS", {"region": "county"})
    assert run("report", "--all-levels").exit_code == 0
    pages = {path.name for path in (two / "reports").glob("*.html")}
    assert pages == {f"{code}-2016-{way}.html" for code in ("01", "03") for way in ("sv", "en")} | {
        "index.html", "index-en.html",
    }  # fmt: skip


def test_an_empty_register_leaves_nothing_to_do(workspace):
    result = run("report", "evaluation", "--all")
    assert result.exit_code == 0 and not result.stderr and not (workspace / "reports").exists()


def test_a_wrong_row_of_the_register_is_told_and_the_others_are_made(workspace):
    rows = (paths.CLONE / "data/raw/measures.csv").read_text(encoding="utf-8-sig").splitlines()
    (workspace / "data/raw").mkdir()
    register = workspace / "data/raw/measures.csv"
    wrong = rows[1].replace("2014-01", "sommaren").replace("pahittad", "annan")
    register.write_text("\n".join([*rows[:2], wrong]), "utf-8")
    result = run("report", "evaluation", "--all")
    assert result.exit_code == 1 and "Traceback" not in result.stderr
    assert f"{register}, line 3" in result.stderr and "sommaren" in result.stderr
    assert len(list((workspace / "reports").glob("evaluation-*-sv.html"))) == 1


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("problem",), "either --all or --problem"),
        (("problem", "--problem", "bicycle-thefts"), "bicycle-theft"),
        (("problem", "--all", "--period", "2016"), "not about a year"),
        (("evaluation",), "either --all or --measure"),
        (("evaluation", "--all", "--measure", "x"), "either --all or --measure"),
        (("evaluation", "--measure", "nothing"), "measures.csv: there are no measures yet"),
        (("knowledge", "--language", "no"), "there are sv and en"),
    ],
)
def test_a_wrong_call_for_a_topic_is_told(workspace, arguments, told):
    result = run("report", *arguments)
    assert result.exit_code == 2 and told in result.stderr and "Traceback" not in result.stderr
    assert not (workspace / "reports").exists()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("report",), "Say which reports"),
        (("report", "--dry-run"), "Say which reports"),
        (("report", "--dry-run", "region", "--all"), "stand after its name"),
        (("report", "--all-levels", "--language", "no"), "there are sv and en"),
        (("schedule", "systemd", "--day", "31"), "28"),
        (("schedule", "cron", "--output", "s3://county/pages"), "for a folder"),
        (("runs", "diff"), "Missing argument"),
        (("report", "--all-levels", "--scheduler", "tcp://127.0.0.1:1", "--jobs", "2"), "for this machine"),
    ],
)
def test_other_wrong_calls_are_told(workspace, arguments, told):
    result = run(*arguments)
    assert result.exit_code == 2 and told in result.stderr and "Traceback" not in result.stderr


# --- help ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "command",
    [(), ("build",), ("snapshot",), ("report",), REGION, ("runs",), ("runs", "diff"), ("status",), ("schedule",)],
)
def test_every_command_has_help(command):
    result = run(*command, "--help")
    assert result.exit_code == 0 and result.stdout.startswith("Usage:")


def test_the_help_tells_the_exit_statuses():
    assert "0 all well or nothing to do, 1 some work failed, 2 wrong call" in " ".join(run("--help").stdout.split())


def test_version():
    assert __version__ in run("--version").stdout
