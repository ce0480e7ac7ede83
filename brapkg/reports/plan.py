"""The plan: which reports to make and why, checked before any kernel starts.

What a notebook cannot be given is refused (``parameters``). A report whose inputs are those its page
was made from is not made again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from brapkg import areas, paths, store
from brapkg.errors import UsageError
from brapkg.pages.links import Links
from brapkg.reports import fingerprint, links, made, parameters, reasons
from brapkg.reports.slices import short
from brapkg.settings import settings
from brapkg.wording import check_language

LANGUAGES = fingerprint.LANGUAGES
# What each kind of notebook calls that which it is about.
PARAMETERS = {
    "national": "",
    "region": "region",
    "municipality": "municipality",
    "problem": "problem",
    "knowledge": "",
    "evaluation": "measure",
}
# The kind of area that each kind of report is about, largest first.
LEVELS = {"national": "nation", "region": "county", "municipality": "municipality"}
TOPICAL = ("problem", "knowledge", "evaluation")
# Where on the front page they are found; what is found at the same place stands there in this order.
SHELVES = {"knowledge": "knowledge", "problem": "knowledge", "evaluation": "evaluations"}
# So many reports with the same reason get a line each; more share one.
EACH = 3


@dataclass(frozen=True)
class Topic:
    """What a report is about that is no area: a problem, a local measure, the whole knowledge base.

    ``code`` is its id, empty where there is but one such report.
    """

    code: str
    sv: str
    en: str

    def label(self, language: str) -> str:
        """Its name in a language."""
        return self.en if language == "en" else self.sv


@dataclass(frozen=True)
class Report:
    """One report to make; ``period`` is None where it is not about a year."""

    notebook: Path
    about: areas.Area | Topic
    period: int | None
    language: str

    @property
    def kind(self) -> str:
        """What the notebook is about: "national", "region", "municipality", "problem", "knowledge", "evaluation"."""
        return self.notebook.stem

    @property
    def name(self) -> str:
        """File name without its ending: ``20-2016-sv``, ``problem-arson-sv``."""
        return name_of(self.kind, self.about.code, self.period, self.language)

    @property
    def title(self) -> str:
        """Name and year, as people call it."""
        return " ".join(str(part) for part in (self.about.label(self.language), self.period) if part is not None)

    @property
    def parameters(self) -> dict[str, object]:
        """What the notebook is given. Codes are text: 01 as a number would be another thing."""
        given = {PARAMETERS[self.kind]: self.about.code, "period": self.period, "language": self.language}
        return {name: value for name, value in given.items() if name and value is not None}


@dataclass(frozen=True)
class Step:
    """One report of a plan: its inputs with their hashes, and ``why`` it is made (empty: it is unchanged).

    ``links`` are those in its frame; ``before`` is what its page was made from, where there is one.
    """

    report: Report
    inputs: dict[str, str]
    fingerprint: str
    why: str
    links: Links = Links()
    before: made.Made | None = None


def name_of(kind: str, code: str, period: int | None, language: str) -> str:
    """What a report's files are called, without their endings."""
    parts = (code, str(period)) if period is not None else (kind, code)
    return "-".join(part for part in (*parts, language) if part)


# --- which reports -------------------------------------------------------------------------------


def all_levels(languages: Sequence[str] = (), period: int | None = None) -> list[Report]:
    """Every report that the settings want; parameters and errors as in ``area_reports``.

    Languages and period are the settings' where none is given.
    """
    wanted = settings().reports
    languages, period = languages or wanted.languages, period or wanted.period or None
    local = (report for kind in LEVELS for report in area_reports(kind, None, period, languages))
    topics = (kind for kind in TOPICAL if SHELVES[kind] in wanted.levels)
    return [
        *(report for report in local if wanted.wanted(report.about)),
        *(report for kind in topics for report in topic_reports(kind, None, languages)),
    ]


def area_reports(
    kind: str, area: str | None = None, period: int | None = None, languages: Sequence[str] = ("sv",)
) -> list[Report]:
    """The reports of all areas of a kind, or of one, language by language.

    Parameters
    ----------
    kind : "national", "region" or "municipality"
    area : code or name; all of the kind where it is None. A county's code stands for all of its
        municipalities where these are asked for
    period : the year; the latest there is
    languages : "sv", "en" or both

    Raises
    ------
    UsageError
        An unknown area, period or language, or a notebook that lacks one of the parameters.
    DataError
        The store has not been built, or under other settings, or the notebook is missing.
    """
    _check_languages(languages)
    chosen = _areas(LEVELS[kind], area)
    year = store.chosen_period(period)
    notebook = paths.notebooks() / f"{kind}.ipynb"
    reports = [Report(notebook, one, year, language) for language in dict.fromkeys(languages) for one in chosen]
    parameters.check(notebook, reports[0].parameters)
    return reports


def _areas(kind: str, area: str | None) -> list[areas.Area]:
    if area is None:
        return [one for one in areas.all_areas().values() if one.kind == kind]
    if kind == "municipality" and area in {county.code for county in areas.counties()}:
        return areas.municipalities(area)
    return [areas.find(area, kind)]


def topic_reports(kind: str, code: str | None = None, languages: Sequence[str] = ("sv",)) -> list[Report]:
    """The reports of a kind that is not about areas: all of them, or one.

    Parameters
    ----------
    kind : "problem", "knowledge" or "evaluation"
    code : id of a problem or of a local measure; all where it is None
    languages : "sv", "en" or both

    Raises
    ------
    UsageError
        An unknown problem, measure or language, or a notebook that lacks one of the parameters.
    DataError
        A record cannot be read, the one row of the register that was asked for is wrong, or the
        notebook is missing.
    """
    _check_languages(languages)
    notebook = paths.notebooks() / f"{kind}.ipynb"
    chosen = topics(kind, code)
    reports = [Report(notebook, topic, None, language) for language in dict.fromkeys(languages) for topic in chosen]
    for report in reports[:1]:
        parameters.check(notebook, report.parameters)
    return reports


def topics(kind: str, code: str | None = None) -> list[Topic]:
    """What the reports of a kind are about; parameters and errors as in ``topic_reports``."""
    if kind == "problem":
        from brapkg import evidence

        problems = evidence.problems().values() if code is None else [evidence.problem(code)]
        return [Topic(problem.id, problem.sv, problem.en) for problem in problems]
    if kind == "evaluation":
        from brapkg.effects import register

        measures = register.read().measures if code is None else [register.measure(code)]
        return [Topic(measure.id, measure.label("sv"), measure.label("en")) for measure in measures]
    return [Topic("", "Kunskapskarta", "Knowledge map")]


def _check_languages(languages: Sequence[str]) -> None:
    if not languages:
        raise UsageError(f"No language was given; there are {' and '.join(LANGUAGES)}.")
    if unknown := [language for language in languages if language not in LANGUAGES]:
        check_language(unknown[0])


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
    leading = links.between(reports, output)
    for report, inputs in fingerprint.inputs(reports, output).items():
        inputs |= {"links": short(repr(leading[report]))}
        before = known.get(report.name)
        why = reasons.of(report.name, inputs, before, output)
        if again:
            why.insert(0, "asked for (--again)")
        planned.append(Step(report, inputs, fingerprint.of(inputs), "; ".join(why), leading[report], before))
    return planned


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
