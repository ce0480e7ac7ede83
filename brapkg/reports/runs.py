"""What runs were made, what one did, how two differ, and whether all is well: texts for the command line."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from brapkg.errors import DataError, UsageError
from brapkg.reports import compare, manifest
from brapkg.reports.manifest import Run

LAST = "last"
STATUSES = ("made", "unchanged", "failed")
# Lines of a report in a comparison where all are not asked for.
MOST = 5
UNITS = {"d": "days", "h": "hours", "m": "minutes"}
AGE = re.compile(r"([1-9]\d{0,5})([dhm])", re.ASCII)
# Clocks of two machines that share a folder may differ by as much.
TOLERANCE = timedelta(minutes=5)


def listing(output: Path) -> str:
    """All runs, the newest first: id, status, reports by status, seconds, version, commit.

    A damaged manifest is told on its own line. Raises ``DataError`` where there is no run.
    """
    lines = [f"{'run':<20}{'status':<9}{'made':>5}{'unchanged':>11}{'failed':>8}{'seconds':>10}  brapkg  commit"]
    for path in _paths(output):
        try:
            run = manifest.read(path)
        except DataError as error:
            lines.append(f"{path.stem:<20}{str(error).removeprefix(f'{path}: ')}")
            continue
        counts = f"{run.count('made'):>5}{run.count('unchanged'):>11}{run.count('failed'):>8}"
        version = run.versions.get("brapkg", "?")
        lines.append(f"{run.id:<20}{run.status:<9}{counts}{run.seconds:>10.1f}  {version:<6}  {_commit(run)}")
    return "\n".join(lines)


def show(output: Path, id: str) -> str:
    """One run.

    Parameters
    ----------
    output : folder of the pages
    id : of a run, the beginning of one, or "last"

    Raises
    ------
    UsageError
        No run, or more than one, goes by that id.
    DataError
        There is no run, or its manifest is damaged.
    """
    run = manifest.read(_find(output, id))
    libraries = ", ".join(f"{name} {version}" for name, version in run.versions.items() if name != "brapkg")
    told = {
        "started": f"{run.started}, {run.seconds:.1f} s",
        "command": " ".join(run.command),
        "way": f"{run.way}, {run.jobs} at once",
        "brapkg": f"{run.versions.get('brapkg', '?')}, {_commit(run)}",
        "machine": " ".join(run.platform.values()),
        "versions": libraries,
        "settings": ", ".join(f"{name} {value}" for name, value in _flat(run.settings).items()),
        "raw data": ", ".join(f"{name} {_short(file['sha256'])}" for name, file in run.data["raw"].items()) or "none",
        "tables": ", ".join(f"{name} {_short(known)}" for name, known in run.data["tables"].items()),
        "figures": f"{run.key_figures['rows']} in {manifest.RUNS / run.key_figures['path']}",
        "reports": f"{run.planned} planned: {_counts(run)}",
    }
    lines = [f"Run {run.id}: {run.status}", *(f"  {name:<10}{text}" for name, text in told.items()), ""]
    lines.append(f"{'report':<16}{'status':<11}{'seconds':>8}{'memory':>9}  why")
    for report in run.reports:
        memory = "–" if report["peak_memory"] is None else f"{report['peak_memory'] / 1e6:.0f} MB"
        why = report["error"] or report["why"]
        tries = f" ({report['tries']} tries)" if report["tries"] > 1 else ""
        lines.append(
            f"{report['name']:<16}{report['status']:<11}{report['seconds']:>8.2f}{memory:>9}  {why}{tries}".rstrip()
        )
        lines += [f"{'':<16}warning: {text}" for text in report["warnings"]]
    return "\n".join(lines)


def status(output: Path, max_age: str, now: datetime | None = None) -> tuple[str, bool]:
    """The line of health for a monitor, and whether all is well.

    Parameters
    ----------
    output : folder of the pages
    max_age : how old the newest good run may be: "35d", "12h", "90m"
    now : the time, with its zone; that of the clock

    Raises
    ------
    UsageError
        The age is none.
    """
    allowed = _age(max_age)
    try:
        paths = _paths(output)
    except DataError as error:
        return f"failed: {error}", False
    newest, notes, run = "", [], None
    for path in paths:
        try:
            run = manifest.read(path)
        except DataError:
            notes.append(f"{path} is damaged")
            continue
        if run.status == "good":
            break
        newest = newest or f"the newest run, {run.id}, {_ended(run)}"
        run = None
    notes = [newest] * bool(newest) + notes
    if run is None:
        return "failed: " + "; ".join(["there is no good run", *notes]), False
    age = (now or datetime.now(UTC)).astimezone(UTC) - manifest.moment(run.ended)
    told = f"the newest good run is {_told_age(age)} old ({run.id}), {_reports(len(run.reports))}"
    missing = [name for report in run.reports for name in report["outputs"] if not (output / name).is_file()]
    if age < -TOLERANCE:
        wrong = [f"the newest good run, {run.id}, ended in the future ({run.ended}); check the clock"]
    else:
        wrong = [f"{told}; allowed are {_told_age(allowed)}"] if age > allowed else []
        if missing:
            more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
            wrong.append(f"missing of run {run.id}: {missing[0]}{more}")
    return ("failed: " if wrong else "ok: ") + "; ".join([*(wrong or [told]), *notes]), not wrong


def diff(output: Path, a: str, b: str, *, everything: bool = False) -> str:
    """How one run differs from another: which reports changed, why, and in which numbers.

    Parameters
    ----------
    output : folder of the pages
    a, b : the earlier and the later run, as in ``show``
    everything : tell every number; else the five of each report that changed most

    Raises
    ------
    UsageError
        No run, or more than one, goes by an id.
    DataError
        A manifest, or the table of its key figures, is missing or damaged.
    """
    before, after = (manifest.read(_find(output, id)) for id in (a, b))
    numbers = [manifest.read_figures(output, run) for run in (before, after)]
    old, new = ({report["name"]: report for report in run.reports} for run in (before, after))
    parts: list[str] = []
    same = again = 0
    for name in sorted(old.keys() & new.keys()):
        if new[name]["status"] == "failed":
            also = " in both" if old[name]["status"] == "failed" else ""
            parts.append(f"{name}  failed{also}: {new[name]['error']}")
        elif old[name]["status"] == "failed":
            parts.append(f"{name}  made, where it had failed")
        elif old[name]["outputs"] == new[name]["outputs"]:
            same += 1
            again += old[name]["inputs"] != new[name]["inputs"]
        else:
            found = compare.numbers(*(figures.get(name, {}) for figures in numbers))
            parts += _changed(name, old[name], new[name], found, everything)
    parts += [f"{name}  new" for name in sorted(new.keys() - old.keys())]
    gone = "not reached" if after.status == "stopped" else "not planned"
    parts += [f"{name}  {gone} in the later run" for name in sorted(old.keys() - new.keys())]
    heads = [f"{letter} {run.id}  {run.status}, {_counts(run)}" for letter, run in (("A", before), ("B", after))]
    made = f", {again} of them from changed inputs" if again else ""
    rest = f"The same in both: {_reports(same)}{made}."
    lines = [*heads, *_between(before, after), "", *parts]
    return "\n".join([*lines, rest] if parts else [*heads, *_between(before, after), "", "No page changed.", rest])


# --- runs ----------------------------------------------------------------------------------------


def _paths(output: Path) -> list[Path]:
    """The manifests, the newest run's first."""
    found = [path for path in (output / manifest.RUNS).glob("*.json") if manifest.ID.fullmatch(path.stem)]
    if not found:
        raise DataError(
            f"{output}: holds no record of a run. Make reports with `brapkg report`, or name another folder."
        )
    return sorted(found, key=lambda path: (path.stem[:16], int(path.stem[17:] or 1)), reverse=True)


def _find(output: Path, id: str) -> Path:
    paths = _paths(output)
    if id == LAST:
        return paths[0]
    found = [path for path in paths if path.stem == id] or [path for path in paths if id and path.stem.startswith(id)]
    if len(found) == 1:
        return found[0]
    known = ", ".join(path.stem for path in (found or paths)[:MOST])
    more = f" and {len(found or paths) - MOST} older" if len(found or paths) > MOST else ""
    if found:
        raise UsageError(f"More than one run begins with {id!r}: {known}{more}. Give more of the id.")
    raise UsageError(f"No run {id!r:.60} in {output}. There are {LAST!r}, {known}{more}.")


def _counts(run: Run) -> str:
    told = ", ".join(f"{run.count(status)} {status}" for status in STATUSES if run.count(status))
    left = run.planned - len(run.reports)
    return (told or "no report") + (f", {left} not reached" if left > 0 else "")


def _commit(run: Run) -> str:
    if run.git is None:
        return "no clone"
    return run.git["commit"][:7] + ("+" if run.git["changed"] else "")


def _ended(run: Run) -> str:
    if run.status == "stopped":
        return f"was stopped after {len(run.reports)} of {run.planned} reports"
    return f"failed in {run.count('failed')} of {_reports(run.planned)}"


def _reports(number: int) -> str:
    return f"{number} report{'' if number == 1 else 's'}"


def _short(known: str | None) -> str:
    return known[:12] if known else "without a hash"


def _flat(settings: dict, prefix: str = "") -> dict[str, object]:
    found: dict[str, object] = {}
    for name, value in settings.items():
        found |= _flat(value, f"{prefix}{name}.") if isinstance(value, dict) else {f"{prefix}{name}": value}
    return found


def _age(text: str) -> timedelta:
    found = AGE.fullmatch(text)
    if not found:
        raise UsageError(f"An age is a whole number with d, h or m, such as 35d, 12h or 90m, not {text!r:.40}.")
    return timedelta(**{UNITS[found[2]]: int(found[1])})


def _told_age(age: timedelta) -> str:
    seconds = max(0, age.total_seconds())
    for unit, size in (("day", 86400), ("hour", 3600)):
        if seconds >= 2 * size:
            return f"{seconds // size:.0f} {unit}s"
    minutes = seconds // 60
    return f"{minutes:.0f} minute{'' if minutes == 1 else 's'}"


# --- two runs ------------------------------------------------------------------------------------


def _between(before: Run, after: Run) -> list[str]:
    """What lies between two runs beside their reports: versions, commit, settings, data."""
    old, new = _flat(before.settings), _flat(after.settings)
    told = [f"{name} {was} -> {now}" for name, was, now in _pairs(before.versions, after.versions)]
    told += [f"commit {_commit(before)} -> {_commit(after)}"] if _commit(before) != _commit(after) else []
    told += [f"setting {name} {was} -> {now}" for name, was, now in _pairs(old, new)]
    told += [f"raw data {name}" for name, *_ in _pairs(before.data["raw"], after.data["raw"])]
    told += [f"table {name}" for name, *_ in _pairs(before.data["tables"], after.data["tables"])]
    return [f"Changed between them: {'; '.join(told)}."] if told else []


def _pairs(old: dict, new: dict) -> Iterable[tuple[str, object, object]]:
    """Names whose values differ, with both; "–" where there is none."""
    for name in sorted(old.keys() | new.keys()):
        was, now = old.get(name, "–"), new.get(name, "–")
        if was != now:
            yield name, was, now


def _changed(name: str, old: dict, new: dict, found: list[tuple[float, str]], everything: bool) -> list[str]:
    """The lines of a report that was made anew and came out otherwise."""
    inputs = [input for input, *_ in _pairs(old["inputs"], new["inputs"])]
    data = [input.removeprefix("data ") for input in inputs if input.startswith("data ")]
    why = [f"data changed: {', '.join(data)}"] if data else []
    why += [f"{input} changed" for input in inputs if not input.startswith("data ")]
    pages = [path for path in new["outputs"] if not path.endswith(".ipynb")]
    page = any(old["outputs"].get(path) != new["outputs"][path] for path in pages)
    lines = [f"{name}  {'page' if page else 'notebook'} changed; {'; '.join(why) or 'though no input did'}"]
    if not found:
        looks = "no key figure changed; other numbers of these tables may have, such as months"
        return [*lines, f"  {looks if data else 'no number changed: text or looks of figures only'}"]
    told = [text for _, text in sorted(found, key=lambda one: -one[0])]
    shown = told if everything else told[:MOST]
    more = [f"  … and {len(told) - len(shown)} more (--all tells them)"] if len(told) > len(shown) else []
    return [*lines, *(f"  {text}" for text in shown), *more]
