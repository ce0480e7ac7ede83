"""Ready files for making all reports once a month without anybody there.

Templates lie in ``templates/``; ``README.md`` tells how to install, test, watch and remove each kind.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import sys
import tempfile
import unicodedata
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePath, PurePosixPath, PureWindowsPath

from brapkg import areas, paths
from brapkg.errors import DataError, UsageError

FOLDER = Path(__file__).parent
GUIDE = FOLDER / "README.md"
TEMPLATES = FOLDER / "templates"
KINDS = {
    "systemd": ("brapkg.service", "brapkg.timer", "brapkg-failed.service"),
    "cron": ("brapkg.cron",),
    "windows": ("brapkg.xml",),
    "github": ("brapkg-reports.yml",),
    "airflow": ("brapkg_dag.py",),
}
# Task Scheduler exports and imports its tasks in this encoding; Python puts the byte order mark first.
ENCODINGS = {"brapkg.xml": "utf-16"}
# The 29th to 31st are not in every month.
DAYS = range(1, 29)
JOBS = range(1, 65)
TIME = re.compile(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]")
# Control characters, halves of characters (file names that are not UTF-8), separators of lines.
UNWRITABLE = {"Cc", "Cs", "Zl", "Zp"}


def files(
    kind: str, *, home: PurePath, program: PurePath, output: PurePath, jobs: int = 2, day: int = 5, time: str = "06:30"
) -> dict[str, bytes]:
    """The ready files of one kind.

    Parameters
    ----------
    kind : "systemd", "cron", "windows", "github" or "airflow"
    home : the workspace's folder; for systemd and cron its owner is who the run belongs to
    program : the executable ``brapkg``
    output : folder for the pages
    jobs : how many reports at once, 1 to 64
    day : of the month, 1 to 28
    time : of the day, "HH:MM"; the machine's own time, in Airflow Swedish time, at GitHub UTC

    ``home``, ``program`` and ``output`` are absolute paths on the machine that makes the reports;
    GitHub uses none of them, since its workflow runs in a clone of its own.

    Returns
    -------
    dict of bytes by file name; the same arguments give the same bytes

    Raises
    ------
    UsageError
        With every argument that cannot be used.
    """
    if kind not in KINDS:
        raise UsageError(f"There is no schedule {kind!r}; there are {', '.join(KINDS)}.")
    named = {} if kind == "github" else {"workspace": home, "program": program, "output folder": output}
    if kind == "airflow":
        named["notebook"] = paths.notebooks() / "region.ipynb"
    problems = [*_unusable(day, time, jobs)]
    for name, path in named.items():
        problems += [f"The {name} {str(path)!r} {problem}" for problem in _path_problems(kind, path)]
    if problems:
        raise UsageError("\n".join(problems))
    flavour = PureWindowsPath if kind == "windows" else PurePosixPath
    hour, minute = time.split(":")
    given = {
        "home": flavour(home),
        "program": flavour(program),
        "output": flavour(output),
        "notebook": named.get("notebook"),
        "user": _owner(home) if kind in ("systemd", "cron") else None,
        "jobs": jobs,
        "day": day,
        "hour": hour,
        "minute": minute,
        "counties": {county.code: county.name for county in areas.counties()},
    }
    templates = _templates()
    return {
        name: templates.get_template(f"{name}.j2").render(given).encode(ENCODINGS.get(name, "utf-8"))
        for name in KINDS[kind]
    }


def text(ready: Mapping[str, bytes]) -> str:
    """The files as one text for reading, each under its name where there are several."""
    parts = {name: content.decode(ENCODINGS.get(name, "utf-8")) for name, content in ready.items()}
    if len(parts) == 1:
        return next(iter(parts.values()))
    return "\n".join(f"# ===== {name} =====\n{part}" for name, part in parts.items())


def write(ready: Mapping[str, bytes], folder: Path) -> list[Path]:
    """Write the files into ``folder``, which is made if it is missing; all of them or none.

    Returns the files' paths. A file that holds the same already is left as it is.

    Raises
    ------
    UsageError
        With every file that is there and holds something else; nothing was written.
    DataError
        The folder cannot be written.
    """
    targets = {folder / name: content for name, content in ready.items()}
    try:
        missing = {path: content for path, content in targets.items() if not os.path.lexists(path)}
        other = [path for path, content in targets.items() if path not in missing and not _holds(path, content)]
        if other:
            raise UsageError(
                "\n".join(f"{path}: is there already and holds something else." for path in other)
                + "\nNothing was written. Move it away, or name another folder with --to."
            )
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".schedule-", dir=folder) as beside:
            for path, content in missing.items():
                (Path(beside) / path.name).write_bytes(content)
            for path in missing:
                os.replace(Path(beside) / path.name, path)
    except OSError as error:
        raise DataError(
            f"{folder}: cannot be written ({error.strerror or error}). Name another folder with --to, or mend "
            "its rights."
        ) from None
    return list(targets)


def program() -> Path:
    """The executable ``brapkg`` of the Python that runs this. Raises ``DataError`` where there is none."""
    folder = Path(sys.executable).absolute().parent
    found = shutil.which("brapkg", path=str(folder))
    if found is None:
        raise DataError(
            f"{folder}: holds no program brapkg. Install it with `{sys.executable} -m pip install --editable .`"
        )
    return Path(found)


def _unusable(day: int, time: str, jobs: int) -> Iterator[str]:
    if day not in DAYS:
        yield f"Day {day} is not in every month; give one from {DAYS[0]} to {DAYS[-1]}."
    if not TIME.fullmatch(time):
        yield f"{time!r} is no time of the day; give hours and minutes as 00:00 to 23:59, such as 06:30."
    if jobs not in JOBS:
        yield f"{jobs} reports at once is not possible; give {JOBS[0]} to {JOBS[-1]}."


def _path_problems(kind: str, path: PurePath) -> Iterator[str]:
    """Why a path cannot stand in a file of this kind."""
    written = str(path)
    if kind == "windows" and not PureWindowsPath(written).is_absolute():
        yield "is no full path on Windows. Run this on the Windows computer that makes the reports."
    if kind != "windows" and not PurePosixPath(written).is_absolute():
        yield "is no full path on Linux. Run this on the machine that makes the reports."
    if any(unicodedata.category(character) in UNWRITABLE for character in written) or written != written.strip():
        yield "has a line break, a control character, a blank at an end, or is not UTF-8. Rename it."
    if kind == "windows" and written.count("%") > 1:
        yield "holds %…%, which Windows takes for a variable, and cannot be told not to. Rename it."
    if kind == "airflow" and set("{}") & set(written):
        yield "holds { or }, which Airflow and papermill take for a place to fill in. Rename it."


def _owner(home: PurePath) -> str:
    """Who owns the workspace: what a run makes must stay this user's."""
    try:
        return Path(home).owner()
    except (OSError, KeyError) as error:
        raise UsageError(
            f"The workspace '{home}' has no owner to run as ({error}). Name one that is there with "
            f"BRAPKG_HOME, and give it to a user of this machine with chown."
        ) from None


def _holds(path: Path, content: bytes) -> bool:
    with contextlib.suppress(IsADirectoryError):
        return path.read_bytes() == content
    return False


def _templates():
    import jinja2

    templates = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        undefined=jinja2.StrictUndefined,
        autoescape=False,  # each format has its own rule, named where a path stands
        keep_trailing_newline=True,
        trim_blocks=True,
    )
    templates.filters |= {"systemd": _systemd, "systemd_program": _systemd_program, "cmd": _cmd, "python": repr}
    return templates


def _systemd(value: object) -> str:
    """One word of a unit file: quoted, with % doubled so that it names no specifier."""
    quoted = str(value).replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    return f'"{quoted}"'


def _systemd_program(path: PurePath) -> str:
    """systemd refuses quotes and backslashes in a program's name, but not in what a program is given."""
    return f"/usr/bin/env {_systemd(path)}" if set("\"'\\") & set(str(path)) else _systemd(path)


def _cmd(path: PureWindowsPath) -> str:
    """One word of a Windows command line. A backslash last would take the quote for a part of the name."""
    written = str(path)
    return f'"{written}\\"' if written.endswith("\\") else f'"{written}"'
