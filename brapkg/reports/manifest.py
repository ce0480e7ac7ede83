"""The manifest of a run: with what it was made, from which data, and what became of every report.

``runs/ID.json`` is described by ``records/manifest.schema.json``; ``runs/ID.csv`` holds the key
figures of the run's reports. The JSON is written last: where it is, the run's record is whole.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from brapkg import files, keyfigures, settings
from brapkg.errors import DataError
from brapkg.reports import form, provenance

if TYPE_CHECKING:
    from brapkg.reports.place import Result

RUNS = Path("runs")
# To be raised, here and in the schema, when a manifest of before can no longer be read as one of now.
FORMAT = 1
ID = re.compile(r"\d{8}T\d{6}Z(-[1-9]\d*)?", re.ASCII)
# A report that warns of thousands of things has told enough with these.
WARNINGS, LENGTH = 20, 300
# Lines of a traceback that tell nothing alone: places in code, headings, rules, a class without a message.
NOTHING = re.compile(r"\s|Traceback |\W*$|[\w.]+:?\s*$")


@dataclass
class Run:
    """One run, as its manifest tells it; see ``records/manifest.schema.json`` for every field.

    ``figures`` are the key figures so far, each with the names of the reports that rest on it; they
    are written to the CSV, which ``key_figures`` describes.
    """

    id: str
    started: str
    ended: str
    seconds: float
    status: str
    command: list[str]
    planned: int
    jobs: int
    way: str
    versions: dict[str, str]
    git: dict | None
    platform: dict[str, str]
    settings: dict
    data: dict[str, dict]
    key_figures: dict
    reports: list[dict] = field(default_factory=list)
    figures: dict[tuple, list[str]] = field(default_factory=dict, repr=False, compare=False)

    def add(self, result: Result) -> None:
        """Take in what became of one report."""
        entry = _entry(result)
        self.reports.append(entry)
        rows = result.made.key_figures if result.made else []
        if wrong := keyfigures.problem(rows):
            entry["warnings"].append(_line(f"its key figures {wrong}; they are left out"))
            rows = []
        for row in rows:
            self.figures.setdefault(tuple(row[name] for name in keyfigures.FIELDS), []).append(entry["name"])

    def count(self, status: str) -> int:
        """How many reports were "made", "unchanged" or "failed"."""
        return sum(report["status"] == status for report in self.reports)


def begin(
    output: Path, *, command: Sequence[str], planned: int, jobs: int, way: str, now: datetime | None = None
) -> Run:
    """A run that begins: what it is made with and from. Nothing is written yet.

    Parameters
    ----------
    output : folder of the pages
    command : the command as the user gave it
    planned : number of reports in the plan
    jobs : how many run at once
    way : "forked kernels", "ordinary kernels" or a scheduler's address
    now : the time, with its zone; that of the clock

    Raises
    ------
    DataError
        The store has not been built, or a setting cannot be used.
    """
    now = (now or datetime.now(UTC)).astimezone(UTC)
    return Run(
        id=_free_id(output, now),
        started=_told(now),
        ended=_told(now),
        seconds=0.0,
        status="stopped",
        command=list(command),
        planned=planned,
        jobs=jobs,
        way=way,
        versions=provenance.versions(),
        git=provenance.git(),
        platform=provenance.machine(),
        settings=settings.told(),
        data=provenance.data(),
        key_figures={},
    )


def write(output: Path, run: Run, *, stopped: bool = False, now: datetime | None = None) -> Path:
    """End a run and write its manifest and key figures, each whole or not at all.

    Parameters
    ----------
    output : folder of the pages
    run : from ``begin``; its end, status and key figures are filled in
    stopped : whether something (Ctrl-C) ended it before all reports were done
    now : the time, with its zone; that of the clock

    Returns
    -------
    Path of the manifest

    Raises
    ------
    DataError
        It cannot be written; the pages are as the run left them.
    """
    now = (now or datetime.now(UTC)).astimezone(UTC)
    run.ended = _told(now)
    run.seconds = max(0.0, round((now - moment(run.started)).total_seconds(), 3))
    short = stopped or len(run.reports) < run.planned
    run.status = "stopped" if short else "failed" if run.count("failed") else "good"
    table = keyfigures.to_csv(run.figures)
    run.key_figures = {
        "path": f"{run.id}.csv",
        "rows": len(run.figures),
        "sha256": hashlib.sha256(table).hexdigest(),
    }
    path = output / RUNS / f"{run.id}.json"
    try:
        files.write(path.with_suffix(".csv"), table)
        files.write(path, _text(run))
    except OSError as error:
        raise DataError(
            f"{path}: the run's manifest cannot be written ({error.strerror or error}); the pages are whole. "
            "Make room or mend the folder's rights, and run again."
        ) from None
    return path


def read(path: Path) -> Run:
    """A manifest.

    Raises
    ------
    DataError
        It cannot be read, is damaged, or of another format; the message says what to do.
    """
    try:
        content = json.loads(path.read_bytes(), parse_constant=_refuse)
        told = content.pop("format", None)
        if isinstance(told, int) and told > FORMAT:
            raise DataError(
                f"{path}: was written by a newer version of brapkg (format {told}). Use that one to read it."
            )
        if wrong := form.problem({"format": told, **content}, "manifest"):
            raise ValueError(wrong)
        run = Run(**content)
        if run.id != path.stem:
            raise ValueError(f"it is of run {run.id}")
        moment(run.started), moment(run.ended)
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror or error}). Mend its rights.") from None
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise DataError(f"{path}: is damaged ({_line(str(error))[:100]}). Remove it; no page hangs on it.") from None
    return run


def read_figures(output: Path, run: Run) -> dict[str, dict[tuple, dict]]:
    """The key figures of a run's reports.

    Parameters
    ----------
    output : folder of the pages
    run : from ``read``

    Returns
    -------
    dict by the report's name of dict by ``keyfigures.KEY`` of rows: numbers as float or None, all else as text

    Raises
    ------
    DataError
        The file is missing or not as the run wrote it.
    """
    path = output / RUNS / f"{run.id}.csv"
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror or error}); it holds the run's numbers.") from None
    try:
        if hashlib.sha256(content).hexdigest() != run.key_figures["sha256"]:
            raise ValueError("another hash")
        return keyfigures.from_csv(content)
    except (ValueError, KeyError, AttributeError):
        raise DataError(
            f"{path}: was changed since the run wrote it. Bring it back from a copy, or compare another run."
        ) from None


def moment(text: str) -> datetime:
    """A time of a manifest. Raises ``ValueError`` where it is none in UTC."""
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)


# --- what a run is told by -----------------------------------------------------------------------


def _entry(result: Result) -> dict:
    report, made = result.report, result.made
    return {
        "name": report.name,
        "kind": report.kind,
        "about": report.about.code,
        "period": report.period,
        "language": report.language,
        "parameters": report.parameters,
        "fingerprint": result.fingerprint,
        "inputs": result.inputs,
        "status": result.status,
        "why": result.why,
        "tries": result.tries,
        "seconds": round(result.seconds, 3),
        "peak_memory": result.peak_memory,
        "warnings": [_line(text) for text in result.warnings[:WARNINGS]],
        "outputs": {path: told["sha256"] for path, told in made.outputs.items()} if made else {},
        "error": in_one_line(result.error),
        "made_by": made.run if made else "",
    }


def in_one_line(traceback: str) -> str:
    """A traceback's first and last lines that say something; the whole lies in ``failed/``."""
    lines = [text for text in traceback.splitlines() if text.strip()]
    outer = [text for text in lines if not NOTHING.match(text)] or lines[-1:]
    return " … ".join(dict.fromkeys(_line(text) for text in (*outer[:1], *outer[-1:])))


def _line(text: str) -> str:
    """Text on one line that a terminal can show, without the user's folder."""
    plain = re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", text)
    plain = "".join(c if c.isprintable() else " " for c in plain).strip()
    home = str(Path.home())
    return (plain.replace(home, "~") if len(home) > 1 else plain)[:LENGTH]


def _free_id(output: Path, now: datetime) -> str:
    stem, number = now.strftime("%Y%m%dT%H%M%SZ"), 1
    id = stem
    while (output / RUNS / f"{id}.json").exists():
        number += 1
        id = f"{stem}-{number}"
    return id


def _told(now: datetime) -> str:
    return now.strftime("%Y-%m-%dT%H:%M:%S.") + f"{now.microsecond // 1000:03d}Z"


# --- the files -----------------------------------------------------------------------------------


def _text(run: Run) -> str:
    """The manifest as JSON with a line for each field and each report: compact, and good to search."""

    def line(value: object) -> str:
        return json.dumps(value, ensure_ascii=False, allow_nan=False)

    told = {"format": FORMAT} | {f.name: getattr(run, f.name) for f in fields(run)}
    lines = [f" {line(name)}: {line(value)}" for name, value in told.items() if name not in ("reports", "figures")]
    reports = ",\n".join(f"  {line(report)}" for report in run.reports)
    return "{\n" + ",\n".join(lines) + f',\n "reports": [\n{reports}\n ]\n}}\n'


def _refuse(constant: str) -> None:
    raise ValueError(f"holds {constant}, which is no number")
