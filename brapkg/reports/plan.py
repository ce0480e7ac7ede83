"""The plan: which reports to make and why, checked before any kernel starts.

Papermill only warns about a parameter that a notebook does not have, and would then quietly make
the default county's report under another name. Here the notebook's own parameters cell says which
parameters there are and of which type; anything else is refused. A report whose inputs are those
its page was made from is not made again.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from brapkg import areas, paths, reads, store
from brapkg.errors import DataError, UsageError
from brapkg.reports import fingerprint, made

LANGUAGES = fingerprint.LANGUAGES
TAG = "parameters"
FAILED = "failed"
# So many reports with the same reason get a line each; more share one.
EACH = 3


@dataclass(frozen=True)
class Report:
    """One report to make."""

    notebook: Path
    area: areas.Area
    period: int
    language: str

    @property
    def kind(self) -> str:
        """What the notebook is about: "region"."""
        return self.notebook.stem

    @property
    def name(self) -> str:
        """File name without its ending: ``20-2016-sv``."""
        return name_of(self.area.code, self.period, self.language)

    @property
    def parameters(self) -> dict[str, object]:
        """What the notebook is given. Codes are text: 01 as a number would be another thing."""
        return {"region": self.area.code, "period": self.period, "language": self.language}


@dataclass(frozen=True)
class Step:
    """One report of a plan: its inputs with their hashes, and ``why`` it is made (empty: it is unchanged).

    ``before`` is what its page was made from, where there is one.
    """

    report: Report
    inputs: dict[str, str]
    fingerprint: str
    why: str
    before: made.Made | None = None


def name_of(code: str, period: int, language: str) -> str:
    """What a report's files are called, without their endings."""
    return f"{code}-{period}-{language}"


# --- which reports -------------------------------------------------------------------------------


def all_levels(languages: Sequence[str] = LANGUAGES, period: int | None = None) -> list[Report]:
    """Every report there is to make; parameters and errors as in ``region_reports``."""
    return [*region_reports(None, period, languages)]


def region_reports(
    area: str | None = None, period: int | None = None, languages: Sequence[str] = ("sv",)
) -> list[Report]:
    """The reports of all counties, or of one, language by language.

    Parameters
    ----------
    area : code or name of a county; all 21 where it is None
    period : the year; the latest there is
    languages : "sv", "en" or both

    Raises
    ------
    UsageError
        An unknown county, period or language, or a notebook that lacks one of the parameters.
    DataError
        The store has not been built, or under other settings, or the notebook is missing.
    """
    _check_languages(languages)
    chosen = areas.counties() if area is None else [areas.find(area, "county")]
    year = _period(period)
    notebook = paths.notebooks() / "region.ipynb"
    reports = [Report(notebook, county, year, language) for language in dict.fromkeys(languages) for county in chosen]
    check_parameters(notebook, reports[0].parameters)
    return reports


def _check_languages(languages: Sequence[str]) -> None:
    if not languages:
        raise UsageError(f"No language was given; there are {' and '.join(LANGUAGES)}.")
    if unknown := [language for language in languages if language not in LANGUAGES]:
        from brapkg.wording import check_language  # loads numpy, which a plan can do without

        check_language(unknown[0])


def _period(period: int | None) -> int:
    """The year in question, or the latest, where a report can be made for it."""
    store.check_settings()
    allowed = list(store.periods())
    if not allowed:
        raise DataError("No year has figures for every municipality. Run `brapkg build` on whole years.")
    if period is None:
        return allowed[-1]
    if isinstance(period, bool) or not isinstance(period, int) or period not in allowed:
        raise UsageError(
            f"No report can be made for period {period!r}. There are figures for all municipalities "
            f"for {', '.join(map(str, allowed))}."
        )
    return period


# --- parameters ----------------------------------------------------------------------------------


def check_parameters(notebook: Path, given: dict[str, object]) -> None:
    """Refuse parameters that the notebook does not have, or of another type than its own."""
    known = notebook_parameters(notebook)
    problems = [
        f"{notebook.name} has no parameter {name!r}; it has {', '.join(known) or 'none'}."
        for name in given
        if name not in known
    ]
    problems += [
        f"{notebook.name}: {name} must be of type {type(known[name]).__name__} (as {known[name]!r}), not {value!r}."
        for name, value in given.items()
        if name in known and type(value) is not type(known[name])
    ]
    if problems:
        raise UsageError("\n".join(problems))


def notebook_parameters(notebook: Path) -> dict[str, object]:
    """The literals of the cell tagged ``parameters``, by name.

    Raises ``DataError`` when there is no notebook, not exactly one such cell, or a value is not a literal.
    """
    book = fingerprint.read_notebook(notebook)
    cells = [fingerprint.source(cell) for cell in book["cells"] if TAG in fingerprint.tags(cell)]
    if len(cells) != 1:
        raise DataError(f"{notebook}: has {len(cells)} cells tagged {TAG!r}; exactly one is needed.")
    values = {}
    for statement in _statements(cells[0], notebook):
        try:
            [target] = statement.targets
            values[target.id] = ast.literal_eval(statement.value)
        except (AttributeError, TypeError, ValueError):
            raise DataError(
                f"{notebook}: the cell tagged {TAG!r} holds {ast.unparse(statement)!r}; only lines "
                'such as name = "literal" are allowed, since papermill works nothing out anew.'
            ) from None
    return values


def _statements(source: str, notebook: Path) -> list[ast.stmt]:
    try:
        return ast.parse(source).body
    except SyntaxError as error:
        told = f"line {error.lineno}: {error.msg}"
    except (ValueError, MemoryError, RecursionError) as error:  # null bytes, brackets without end
        told = f"{type(error).__name__}: {error}"
    raise DataError(f"{notebook}: the cell tagged {TAG!r} is no Python ({told}).")


# --- what to make, and why -----------------------------------------------------------------------


def steps(reports: Sequence[Report], output: Path, *, again: bool = False) -> list[Step]:
    """Which of the reports to make, and why.

    Parameters
    ----------
    reports : the reports that are wanted
    output : the folder of their pages; it need not exist
    again : make them all, changed or not

    Returns
    -------
    list of Step, in the order of ``reports``

    Raises
    ------
    DataError
        The store is not built, not as it was built or built under other settings; a notebook cannot be read.
    """
    store.check_settings()
    known = made.read(output)
    planned = []
    for report, inputs in fingerprint.inputs(reports, output).items():
        before = known.get(report.name)
        reasons = _reasons(report, inputs, before, output)
        if again:
            reasons.insert(0, "asked for (--again)")
        planned.append(Step(report, inputs, fingerprint.of(inputs), "; ".join(reasons), before))
    return planned


def _reasons(report: Report, inputs: dict[str, str], before: made.Made | None, output: Path) -> list[str]:
    failed = ["failed last time"] if (output / FAILED / f"{report.name}.txt").exists() else []
    if before is None:
        return failed or ["never made"]
    damage = made.outputs_whole(output, before)
    return [*failed, *([damage] if damage else []), *_changes(before.inputs, inputs)]


def _changes(before: dict[str, str], now: dict[str, str]) -> list[str]:
    """What changed, in words: "notebook changed", "data changed: trend (own)"."""
    changed = [name for name in {**now, **before} if before.get(name) != now.get(name)]
    data, libraries, others = [], [], []
    for name in changed:
        kind, _, rest = name.partition(" ")
        if kind == "data":
            table, _, scope = rest.partition(" ")
            data.append(f"{table} ({scope}{': a national comparison' if scope in reads.NATIONAL else ''})")
        elif kind == "library":
            libraries.append(rest)
        elif kind == "record":
            record, _, language = rest.partition(" ")
            others.append(f"{record} ({language}) changed")
        else:
            others.append(f"{name} changed")
    if data:
        others.append(f"data changed: {', '.join(data)}")
    if libraries:
        others.append(f"libraries changed: {', '.join(_with_version(name) for name in libraries)}")
    return others


def _with_version(library: str) -> str:
    return f"{library} (now {fingerprint.versions().get(library, 'not used')})"


def told(steps: Sequence[Step]) -> str:
    """The plan as text: what would be made and why, by reason, and how many reports are unchanged."""
    groups: dict[str, list[str]] = defaultdict(list)
    for step in steps:
        groups[step.why].append(step.report.name)
    unchanged = len(groups.pop("", []))
    if not groups:
        return f"Nothing to do: {_reports(unchanged)} unchanged."
    lines = []
    for why, names in groups.items():
        if len(names) <= EACH:
            lines += [f"{name}: {why}" for name in names]
        else:
            lines.append(f"{_reports(len(names))} ({names[0]} … {names[-1]}): {why}")
    return "\n".join([*lines, f"{_reports(len(steps) - unchanged)} to make, {unchanged} unchanged."])


def _reports(number: int) -> str:
    return f"{number} report{'' if number == 1 else 's'}"
