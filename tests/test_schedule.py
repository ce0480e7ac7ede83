"""The ready files: right for their programs, whatever the paths hold, and never over somebody's own."""

from __future__ import annotations

import ast
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path, PureWindowsPath
from xml.etree import ElementTree

import pytest
import yaml

from brapkg import areas, paths, schedule
from brapkg.cli import main
from brapkg.errors import DataError, UsageError

# What the formats, the shell and Python take for something else than a part of a name.
HOSTILE = "Å %h 100% $HOME `id` \"x' \\n; #&|>*=é"
PLAIN = "brapkg"
TASK = "{http://schemas.microsoft.com/windows/2004/02/mit/task}"
# Writes down what it was given into the workspace it was given; speaks where brapkg speaks.
RECORDER = """#!{python}
import json, os, sys
from pathlib import Path
home = Path(os.environ["BRAPKG_HOME"])
with (home / "calls").open("a") as file:
    print(json.dumps(sys.argv[1:]), file=file)
if sys.argv[1] == "build":
    print("Built 30 tables")
print('{{"event": "end"}}', file=sys.stderr)
sys.exit(int((home / "status").read_text()) if sys.argv[1] == "report" else 0)
"""


def workspace(tmp_path: Path, name: str, status: int = 0) -> dict[str, Path]:
    """A workspace of this name, with a program beside it that records how it is called."""
    home = tmp_path / name
    (home / "data").mkdir(parents=True)
    (home / "status").write_text(str(status))
    program = home / "bin" / "brapkg"
    program.parent.mkdir()
    program.write_text(RECORDER.format(python=sys.executable))
    program.chmod(0o755)
    return {"home": home, "program": program, "output": home / "out put"}


def windows(home: str = r"C:\Länet\R&D 'x' 5%") -> dict[str, PureWindowsPath]:
    return {
        "home": PureWindowsPath(home),
        "program": PureWindowsPath(home, ".venv", "Scripts", "brapkg.exe"),
        "output": PureWindowsPath(home, "reports"),
    }


def report_call(where: dict) -> list[str]:
    return ["report", "--all-levels", "--output", str(where["output"]), "--jobs", "2", "--log-json", "--wait"]


# --- systemd -------------------------------------------------------------------------------------


def verified(folder: Path) -> subprocess.CompletedProcess:
    if not shutil.which("systemd-analyze"):
        pytest.skip("systemd-analyze is not on this machine (Debian: apt-get install systemd)")
    units = sorted(map(str, [*folder.glob("*.service"), *folder.glob("*.timer")]))
    return subprocess.run(["systemd-analyze", "verify", "--man=no", *units], capture_output=True, text=True)


@pytest.mark.parametrize("name", [PLAIN, HOSTILE, HOSTILE.translate({ord(mark): None for mark in "\"'\\"})])
def test_systemd_itself_finds_no_fault(tmp_path, name):
    where = workspace(tmp_path, name)
    folder = tmp_path / "units"
    schedule.write(schedule.files("systemd", **where), folder)
    result = verified(folder)
    assert (result.returncode, result.stderr) == (0, "")


@pytest.mark.parametrize(
    ("file", "line", "instead", "told"),
    [
        ("brapkg.timer", "OnCalendar=*-*-05", "OnCalendar=*-*-45", "calendar spec"),
        ("brapkg.service", "ProtectSystem=strict", "ProtectSytem=strict", "ProtectSytem"),
        ("brapkg.service", 'ReadWritePaths="', 'ReadWritePaths=x"', "ReadWritePaths"),
    ],
)
def test_systemd_would_find_a_fault(tmp_path, file, line, instead, told):
    ready = schedule.files("systemd", **workspace(tmp_path, PLAIN))
    assert line in ready[file].decode()
    ready[file] = ready[file].decode().replace(line, instead).encode()
    schedule.write(ready, tmp_path / "units")
    assert told in verified(tmp_path / "units").stderr


def test_systemd_looks_for_the_program_under_its_true_name(tmp_path):
    where = workspace(tmp_path, "Å %h 100% $HOME")
    schedule.write(schedule.files("systemd", **where), tmp_path / "units")
    where["program"].unlink()
    assert f"{where['program']} is not executable" in verified(tmp_path / "units").stderr


def words(line: str) -> list[str]:
    """A line of a unit file as systemd reads it: quotes, escapes, then specifiers."""
    return [word.replace("%%", "%") for word in shlex.split(line)]


@pytest.mark.parametrize("name", [PLAIN, HOSTILE])
def test_units_name_the_paths_as_they_are(tmp_path, name):
    where = workspace(tmp_path, name)
    unit = schedule.files("systemd", **where)["brapkg.service"].decode()
    values: dict[str, list[str]] = {}
    for key, value in re.findall(r"^(\w+)=(.*)$", unit, re.M):
        values.setdefault(key, []).append(value)
    # ":" keeps systemd from taking $HOME for a variable; it refuses quotes in a program's own name.
    assert all(line.startswith(":") for line in values["ExecStart"])
    calls = [words(line[1:]) for line in values["ExecStart"]]
    start = ["/usr/bin/env"] if name == HOSTILE else []
    assert calls == [[*start, str(where["program"]), *rest] for rest in (["build"], report_call(where))]
    assert words(values["Environment"][0]) == [f"BRAPKG_HOME={where['home']}"]
    assert words(values["ReadWritePaths"][0]) == [str(where["home"] / "data"), str(where["output"])]
    assert values["User"] == [where["home"].owner()]
    unescaped = re.sub("%%", "", unit)
    assert set(re.findall("%.", unescaped)) == {"%C"}


def test_a_timer_makes_up_for_a_missed_month(tmp_path):
    timer = schedule.files("systemd", **workspace(tmp_path, PLAIN), day=28, time="23:05")["brapkg.timer"].decode()
    assert "\nOnCalendar=*-*-28 23:05:00\n" in timer and "\nPersistent=true\n" in timer


# --- cron ----------------------------------------------------------------------------------------


def cron_job(text: str) -> tuple[dict[str, str], list[str]]:
    """The variables and the six fields with the command, read as cron does: values are literal."""
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    *variables, job = lines
    assert all(re.match(r"[A-Z_]+=[^\"']", line) for line in variables)
    return dict(line.split("=", 1) for line in variables), job.split(" ", 6)


@pytest.mark.parametrize("name", [PLAIN, HOSTILE])
@pytest.mark.parametrize("status", [0, 1])
def test_cron_runs_both_commands_and_speaks_only_of_failures(tmp_path, name, status):
    where = workspace(tmp_path, name, status)
    text = schedule.files("cron", **where, day=9, time="00:07")["brapkg.cron"].decode()
    variables, [*fields, command] = cron_job(text)
    assert fields == ["7", "0", "9", "*", "*", where["home"].owner()]
    assert "%" not in command  # cron would make a line break of it
    given = variables | {"PATH": "/usr/bin:/bin", "HOME": "/"}
    for _ in range(2):
        ran = subprocess.run([variables["SHELL"], "-c", command], env=given, cwd="/", capture_output=True, text=True)
    calls = [json.loads(line) for line in (where["home"] / "calls").read_text().splitlines()]
    assert calls == [["build"], report_call(where)] * 2
    assert ran.stderr == "" and bool(ran.stdout) == bool(status)
    if status:
        assert "exit status 1" in ran.stdout and '{"event": "end"}' in ran.stdout
    log = (where["output"] / "schedule.log").read_text()
    assert log == '{"event": "end"}\n' * 2  # of one run: build and report, nothing of the run before


def test_cron_stops_where_the_build_fails(tmp_path):
    where = workspace(tmp_path, PLAIN)
    where["program"].write_text('#!/bin/sh\necho "$1" >> "$BRAPKG_HOME/calls"; echo broken >&2; exit 1\n')
    variables, [*_, command] = cron_job(schedule.files("cron", **where)["brapkg.cron"].decode())
    ran = subprocess.run(["/bin/sh", "-c", command], env=variables | {"PATH": "/usr/bin:/bin"}, capture_output=True)
    assert (where["home"] / "calls").read_text() == "build\n"
    assert b"exit status 1" in ran.stdout and b"broken" in ran.stdout


@pytest.mark.parametrize("name", [PLAIN, HOSTILE])
def test_crontab_itself_finds_no_fault(tmp_path, name):
    where = workspace(tmp_path, name)
    text = schedule.files("cron", **where)["brapkg.cron"].decode()
    if not shutil.which("crontab"):
        pytest.skip("crontab is not on this machine (Debian: apt-get install cron)")
    own = tmp_path / "crontab"
    own.write_text(text.replace(f"* * {where['home'].owner()} ", "* * "))  # a user's own has no user field
    result = subprocess.run(["crontab", "-n", own], capture_output=True, text=True)
    if "usage" in result.stderr.lower():
        pytest.skip("this crontab cannot check a file without installing it")
    assert result.returncode == 0, result.stderr


# --- Windows -------------------------------------------------------------------------------------


def names(element: ElementTree.Element) -> list[str]:
    return [child.tag.removeprefix(TASK) for child in element]


def test_task_scheduler_gets_its_own_form():
    content = schedule.files("windows", **windows(), day=7, time="05:45")["brapkg.xml"]
    assert content[:2] in (b"\xff\xfe", b"\xfe\xff")  # UTF-16 with its mark, as schtasks exports
    task = ElementTree.fromstring(content)
    assert task.tag == f"{TASK}Task" and task.get("version") == "1.2"
    assert all(element.tag.startswith(TASK) for element in task.iter())
    assert names(task) == ["RegistrationInfo", "Triggers", "Principals", "Settings", "Actions"]
    [trigger] = task.find(f"{TASK}Triggers")
    # The schema's sequence; what stands in another order is refused.
    assert names(trigger) == ["Enabled", "StartBoundary", "RandomDelay", "ScheduleByMonth"]
    assert trigger.find(f"{TASK}StartBoundary").text.endswith("T05:45:00")
    assert trigger.find(f".//{TASK}Day").text == "7" and len(trigger.find(f".//{TASK}Months")) == 12
    settings = {child.tag.removeprefix(TASK): child.text for child in task.find(f"{TASK}Settings")}
    assert settings["StartWhenAvailable"] == "true" and settings["MultipleInstancesPolicy"] == "IgnoreNew"
    [principal] = task.find(f"{TASK}Principals")
    assert task.find(f"{TASK}Actions").get("Context") == principal.get("id")


def test_task_scheduler_runs_both_commands():
    where = windows(r"\\srv\Länet\R&D 'x' (5%)")
    task = ElementTree.fromstring(schedule.files("windows", **where)["brapkg.xml"])
    [action] = task.find(f"{TASK}Actions")
    assert [child.text for child in action][0] == "cmd.exe"
    # With /s, cmd takes off the first and the last quote and leaves the rest.
    start, command = action.find(f"{TASK}Arguments").text.split(' "', 1)
    assert start == "/d /v:off /s /c" and command.endswith('"')
    command = command[:-1]
    assert command.count('"') % 2 == 0
    outside = re.sub('"[^"]*"', "Q", command)  # & ( ) > mean something only outside the quotes
    assert outside == (
        "set Q && set Q && (if not exist Q mkdir Q) && (Q build && Q report --all-levels --output Q --jobs 2 "
        "--log-json --wait) > Q 2>&1"
    )
    quoted = re.findall('"([^"]*)"', command)
    program, output = str(where["program"]), str(where["output"])
    assert quoted == [
        *("PYTHONUTF8=1", f"BRAPKG_HOME={where['home']}", output, output),
        *(program, program, output, rf"{output}\schedule.log"),
    ]


def test_a_drive_as_output_does_not_swallow_its_quote():
    where = windows() | {"output": PureWindowsPath("D:\\")}
    assert r'--output "D:\\" --jobs' in schedule.text(schedule.files("windows", **where)).replace("&#34;", '"')


# --- GitHub --------------------------------------------------------------------------------------


def test_the_workflow_is_least_and_keeps_what_was_made():
    where = dict.fromkeys(("home", "program", "output"), Path("unused"))
    text = schedule.files("github", **where, jobs=4, day=3, time="04:20")["brapkg-reports.yml"].decode()
    workflow = yaml.safe_load(text)
    when = workflow[True]  # YAML 1.1 takes the key "on" for true
    assert when == {"schedule": [{"cron": "20 4 3 * *"}], "workflow_dispatch": None}
    assert workflow["permissions"] == {"contents": "read"}
    assert workflow["concurrency"]["cancel-in-progress"] is False
    [job] = workflow["jobs"].values()
    runs = [step["run"] for step in job["steps"] if "run" in step]
    assert runs[0] == "make build"
    assert runs[1] == ".venv/bin/brapkg report --all-levels --output reports --jobs 4 --log-json"
    assert runs[2] == ".venv/bin/brapkg status --max-age 35d --output reports"
    assert all(re.search(r"@v\d+$", step["uses"]) for step in job["steps"] if "uses" in step)
    upload = job["steps"][-1]
    assert upload["if"] == "${{ !cancelled() }}" and upload["with"]["path"] == "reports/"
    assert job["steps"][1]["with"]["python-version"] == "3.11"  # as a number it would be 3.1 for 3.10
    assert re.search(r"^build:", (paths.CLONE / "Makefile").read_text(), re.M)


# --- Airflow -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [PLAIN, HOSTILE])
def test_the_dag_is_python_and_its_codes_are_text(tmp_path, name):
    where = workspace(tmp_path, name)
    source = schedule.files("airflow", **where)["brapkg_dag.py"].decode()
    compile(source, "brapkg_dag.py", "exec")
    constants = {
        statement.targets[0].id: ast.literal_eval(statement.value)
        for statement in ast.parse(source).body
        if isinstance(statement, ast.Assign) and statement.targets[0].id != "ENVIRONMENT"
    }
    for constant, path in (("HOME", where["home"]), ("PROGRAM", where["program"]), ("OUTPUT", where["output"])):
        assert constants[constant] == str(path)
    assert constants["COUNTIES"] == {county.code: county.name for county in areas.counties()}
    assert Path(constants["NOTEBOOK"]).is_file()


IMPORTED = """
import json, sys
from airflow.dag_processing.dagbag import DagBag
bag = DagBag(sys.argv[1])
assert not bag.import_errors, bag.import_errors
[dag] = bag.dags.values()
first = dag.get_task("notebooks.region_01")
first.render_template_fields({})
pages = dag.get_task("pages")
pages.render_template_fields({})
print(json.dumps({
    "before": {task.task_id: sorted(task.upstream_task_ids) for task in dag.tasks},
    "parameters": first.parameters, "output": first.output_nb, "kernel": first.kernel_name,
    "environment": pages.env, "catchup": dag.catchup, "schedule": dag.timetable.expression,
    "at_once": [dag.max_active_runs, dag.max_active_tasks], "retries": pages.retries,
}))
"""


@pytest.mark.parametrize("name", [PLAIN, HOSTILE])
def test_airflow_itself_imports_the_dag(tmp_path, name):
    python = os.environ.get("BRAPKG_AIRFLOW_PYTHON")
    if not python:
        pytest.skip("Airflow has an environment of its own: name its python in BRAPKG_AIRFLOW_PYTHON")
    where = workspace(tmp_path, name)
    schedule.write(schedule.files("airflow", **where, day=3, time="04:20"), tmp_path / "dags")
    result = subprocess.run(
        [python, "-c", IMPORTED, tmp_path / "dags"],
        env=os.environ | {"AIRFLOW_HOME": str(tmp_path / "airflow"), "AIRFLOW__CORE__LOAD_EXAMPLES": "False"},
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stderr
    told = json.loads(result.stdout.splitlines()[-1])
    notebooks = {f"notebooks.region_{county.code}": ["build"] for county in areas.counties()}
    assert told["before"] == {"build": [], "pages": ["build"], "status": ["pages"]} | notebooks
    assert told["parameters"] == {"region": "01", "language": "sv"}
    assert told["output"] == f"{where['output']}/airflow/region-01.ipynb" and told["kernel"] == "brapkg"
    assert told["environment"]["BRAPKG_PROGRAM"] == str(where["program"])
    assert told["schedule"] == "20 4 3 * *" and told["catchup"] is False
    assert told["at_once"] == [1, 1] and told["retries"] == 1


# --- wrong calls ---------------------------------------------------------------------------------


def test_all_problems_are_told_at_once(tmp_path):
    where = workspace(tmp_path, PLAIN) | {"output": Path("reports"), "program": Path("/bin/bra\npkg")}
    with pytest.raises(UsageError) as caught:
        schedule.files("cron", **where, jobs=0, day=29, time="24:00")
    told = str(caught.value).splitlines()
    assert len(told) == 5
    for part in ("Day 29", "'24:00'", "0 reports", "'reports' is no full path", r"'/bin/bra\npkg' has a line break"):
        assert any(part in line for line in told)


@pytest.mark.parametrize("time", ["6:30", "06.30", "24:00", "12:60", "", "06:30\n", "٠٦:٣٠", "-1:00"])
def test_times_are_hours_and_minutes(tmp_path, time):
    with pytest.raises(UsageError, match="no time of the day"):
        schedule.files("cron", **workspace(tmp_path, PLAIN), time=time)


@pytest.mark.parametrize("day", [0, 29, 31, -1])
def test_days_are_in_every_month(tmp_path, day):
    with pytest.raises(UsageError, match="not in every month"):
        schedule.files("systemd", **workspace(tmp_path, PLAIN), day=day)


@pytest.mark.parametrize(
    ("kind", "path", "told"),
    [
        ("cron", "/srv/a\nb", "line break"),
        ("cron", "/srv/a ", "blank at an end"),
        ("systemd", "/srv/\udcff", "not UTF-8"),
        ("systemd", r"C:\brapkg", "no full path on Linux"),
        ("airflow", "/srv/{{ds}}", "take for a place to fill in"),
        ("windows", "/srv/brapkg", "no full path on Windows"),
        ("windows", r"\brapkg", "no full path on Windows"),
        ("windows", r"C:\%TEMP%\x", "takes for a variable"),
    ],
)
def test_paths_that_cannot_be_written_are_refused(tmp_path, kind, path, told):
    where = windows() if kind == "windows" else workspace(tmp_path, PLAIN)
    with pytest.raises(UsageError, match=told):
        schedule.files(kind, **where | {"output": PureWindowsPath(path) if kind == "windows" else Path(path)})


def test_unknown_kinds_and_workspaces_are_refused(tmp_path):
    where = workspace(tmp_path, PLAIN)
    with pytest.raises(UsageError, match="there are systemd, cron, windows, github, airflow"):
        schedule.files("launchd", **where)
    with pytest.raises(UsageError, match="BRAPKG_HOME"):
        schedule.files("cron", **where | {"home": tmp_path / "gone"})


# --- writing -------------------------------------------------------------------------------------


def test_files_of_somebody_are_never_overwritten(tmp_path):
    ready = schedule.files("systemd", **workspace(tmp_path, PLAIN))
    folder = tmp_path / "new" / "units"
    assert [path.name for path in schedule.write(ready, folder)] == list(schedule.KINDS["systemd"])
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == ready
    before = {path: path.stat().st_mtime_ns for path in folder.iterdir()}
    schedule.write(ready, folder)  # the same again
    assert {path: path.stat().st_mtime_ns for path in folder.iterdir()} == before
    (folder / "brapkg.timer").write_text("mine")
    (folder / "brapkg-failed.service").unlink()
    (folder / "brapkg-failed.service").mkdir()
    (folder / "brapkg.service").unlink()
    with pytest.raises(UsageError) as caught:
        schedule.write(ready, folder)
    assert "brapkg.timer: is there" in str(caught.value) and "brapkg-failed.service: is there" in str(caught.value)
    assert sorted(path.name for path in folder.iterdir()) == ["brapkg-failed.service", "brapkg.timer"]
    assert (folder / "brapkg.timer").read_text() == "mine"


def test_a_link_to_nowhere_is_somebodys_too(tmp_path):
    (tmp_path / "brapkg.cron").symlink_to(tmp_path / "gone")
    with pytest.raises((UsageError, DataError)):
        schedule.write({"brapkg.cron": b"new"}, tmp_path)
    assert (tmp_path / "brapkg.cron").is_symlink() and not (tmp_path / "gone").exists()


def test_a_folder_that_is_a_file_is_told(tmp_path):
    (tmp_path / "units").write_text("mine")
    with pytest.raises(DataError, match="cannot be written"):
        schedule.write({"brapkg.cron": b"new"}, tmp_path / "units")
    assert (tmp_path / "units").read_text() == "mine"


# --- in step with the rest -----------------------------------------------------------------------


def test_the_commands_have_the_options_that_are_used():
    def options(command: str) -> set[str]:
        return {option for parameter in main.commands[command].params for option in parameter.opts}

    assert {"--all-levels", "--output", "--jobs", "--log-json", "--wait"} <= options("report")
    assert {"--max-age", "--output"} <= options("status")


def test_the_instructions_name_every_file():
    guide = schedule.GUIDE.read_text(encoding="utf-8")
    for kind, names in schedule.KINDS.items():
        assert f"brapkg schedule {kind} --to" in guide
        assert all(name.removesuffix("_dag.py") in guide for name in names)


def test_the_program_is_the_one_beside_python():
    assert schedule.program() == Path(sys.executable).parent / "brapkg"


def test_several_files_are_shown_under_their_names(tmp_path):
    where = workspace(tmp_path, PLAIN)
    assert schedule.text(schedule.files("cron", **where)).startswith("# Made by")
    assert schedule.text(schedule.files("systemd", **where)).count("# =====") == 3
    assert schedule.text(schedule.files("windows", **windows())).startswith("<?xml")
