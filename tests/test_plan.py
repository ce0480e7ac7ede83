"""The plan: what cannot be made is refused before any kernel starts, with what could be instead."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from brapkg import areas, evidence, paths, store, wording
from brapkg.effects import register
from brapkg.errors import DataError, UsageError
from brapkg.reports import parameters, plan

GOOD = 'region = "20"  # a county\nperiod = 2016\nlanguage = "sv"'
GIVEN = {"region": "01", "period": 2016, "language": "en"}


def notebook(folder: Path, *parameters: str) -> Path:
    """A notebook with a tagged cell for each text."""
    tagged = [new_code_cell(text, metadata={"tags": ["parameters"]}) for text in parameters]
    path = folder / "region.ipynb"
    nbformat.write(new_notebook(cells=[new_markdown_cell("Text"), *tagged, new_code_cell("1")]), path)
    return path


# --- which reports -------------------------------------------------------------------------------


@pytest.mark.usefixtures("workspace")
class TestRegionReports:
    def test_all_are_the_21_counties_in_the_latest_year(self):
        reports = plan.area_reports("region")
        assert len(reports) == len({report.name for report in reports}) == 21
        assert reports[0].name == "01-2016-sv"
        assert reports[0].parameters == {"region": "01", "period": 2016, "language": "sv"}
        assert reports[0].notebook == paths.notebooks() / "region.ipynb"

    @pytest.mark.parametrize("area", ["20", "Dalarna", "Dalarnas län", "DALARNAS LÄN", "Dalarna County"])
    def test_a_county_answers_to_its_code_and_names(self, area):
        [report] = plan.area_reports("region", area, 2015, ["en"])
        assert report.name == "20-2015-en"

    def test_gotland_is_a_county_here_though_a_municipality_has_its_name(self):
        [report] = plan.area_reports("region", "Gotland")
        assert report.about.code == "09"

    def test_an_unknown_county_is_refused_with_the_nearest(self):
        with pytest.raises(UsageError, match="No county is called 'Dalarma'.*20 Dalarnas län"):
            plan.area_reports("region", "Dalarma")

    @pytest.mark.parametrize("area", ["1780", "Karlstad", "Karlstads kommun"])
    def test_a_municipality_is_refused_with_its_county(self, area):
        with pytest.raises(UsageError, match="17 Värmlands län: use --area 17"):
            plan.area_reports("region", area)

    @pytest.mark.parametrize("area", ["", "00", "26", "1", "P01", "A1", "20 ; rm", "../etc", "\N{COMBINING DIAERESIS}"])
    def test_what_is_no_county_is_refused(self, area):
        with pytest.raises(UsageError):
            plan.area_reports("region", area)

    @pytest.mark.parametrize("period", [1999, 2099, -1, 0, True, "2016", 2016.0])
    def test_a_year_without_figures_is_refused_with_those_there_are(self, period):
        with pytest.raises(UsageError, match=f"period {period!r}.*2016"):
            plan.area_reports("region", "20", period)

    @pytest.mark.parametrize("language", ["no", "SV", "", "sv-SE", None])
    def test_an_unknown_language_is_refused_with_those_there_are(self, language):
        with pytest.raises(UsageError, match="there are sv and en"):
            plan.area_reports("region", "20", None, ["sv", language])

    def test_languages_follow_each_other_and_none_is_made_twice(self):
        names = [report.name for report in plan.area_reports("region", "20", None, ["en", "sv", "en"])]
        assert names == ["20-2016-en", "20-2016-sv"]

    def test_no_language_is_refused(self):
        with pytest.raises(UsageError, match="No language was given"):
            plan.area_reports("region", "20", None, [])

    def test_all_levels_are_every_area_every_problem_the_knowledge_map_and_local_measures_in_both_languages(self):
        names = [report.name for report in plan.all_levels()]
        assert len(names) == len(set(names))
        places = [area for area in areas.all_areas().values() if area.kind in plan.LEVELS.values()]
        assert len(places) == 1 + 21 + 290
        wanted = {f"{area.code}-2016" for area in places} | {"knowledge"}
        wanted |= {f"problem-{problem}" for problem in evidence.problems()}
        wanted |= {f"evaluation-{measure.id}" for measure in register.read().measures}
        assert set(names) == {f"{name}-{language}" for name in wanted for language in ("sv", "en")}
        assert {report.period for report in plan.all_levels(["sv"], 2014)} == {2014, None}

    @pytest.mark.parametrize("kind", plan.TOPICAL)
    def test_a_topic_is_given_to_its_notebook_by_the_name_that_it_calls_it(self, kind):
        for report in plan.topic_reports(kind, None, ("sv", "en")):
            parameters.check(report.notebook, report.parameters)
            assert report.parameters["language"] in report.name and "period" not in report.parameters

    @pytest.mark.parametrize("kind", ["problem", "evaluation"])
    def test_an_unknown_topic_is_refused_with_those_there_are(self, workspace, kind):
        (workspace / "data/raw").mkdir()
        shutil.copy(paths.CLONE / "data/raw/measures.csv", workspace / "data/raw")
        known = plan.topics(kind)[0].code
        with pytest.raises(UsageError, match=known):
            plan.topic_reports(kind, known[:-1])

    def test_a_missing_notebook_is_told_with_the_remedy(self, monkeypatch, tmp_path):
        monkeypatch.setattr(paths, "notebooks", lambda: tmp_path)
        with pytest.raises(DataError, match="region.ipynb: is missing.*git checkout"):
            plan.area_reports("region", "20")

    def test_a_notebook_without_a_parameter_is_refused(self, monkeypatch, tmp_path):
        """Papermill would warn, and make the same county 21 times."""
        notebook(tmp_path, "period = 2016\nlanguage = 'sv'")
        monkeypatch.setattr(paths, "notebooks", lambda: tmp_path)
        with pytest.raises(UsageError, match="has no parameter 'region'; it has period, language"):
            plan.area_reports("region", "20")


def test_the_languages_are_those_of_the_pages():
    assert plan.fingerprint.LANGUAGES == wording.LANGUAGES


def test_without_a_store_the_remedy_is_told(monkeypatch, tmp_path):
    monkeypatch.setenv("BRAPKG_HOME", str(tmp_path))
    with pytest.raises(DataError, match="Run `brapkg build` first"):
        plan.area_reports("region", "20")


def test_a_store_of_an_older_version_is_to_be_built(processed, tmp_path, monkeypatch):
    shutil.copytree(processed, tmp_path / "data/processed")
    monkeypatch.setenv("BRAPKG_HOME", str(tmp_path))
    path = tmp_path / "data/processed" / store.PACKAGE
    told = json.loads(path.read_text(encoding="utf-8"))
    del told["periods"]
    path.write_text(json.dumps(told), encoding="utf-8")
    with pytest.raises(DataError, match="does not tell which years it holds. Run `brapkg build`"):
        plan.area_reports("region", "20")


# --- the notebook's parameters -------------------------------------------------------------------


def test_the_notebook_that_comes_with_the_project_takes_what_it_is_given():
    parameters.check(paths.notebooks() / "region.ipynb", GIVEN)


def test_parameters_are_read_as_they_stand(tmp_path):
    path = notebook(tmp_path, GOOD + "\nlimit = -1.5\nareas = ['01', '20']\nnothing = None")
    assert parameters.of(path) == {
        "region": "20", "period": 2016, "language": "sv",
        "limit": -1.5, "areas": ["01", "20"], "nothing": None,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"region": 1}, "region must be of type str .as '20'., not 1"),
        ({"region": b"01"}, "region must be of type str"),
        ({"period": "2016"}, "period must be of type int .as 2016., not '2016'"),
        ({"period": 2016.0}, "period must be of type int"),
        ({"period": True}, "period must be of type int"),
        ({"language": None}, "language must be of type str"),
        ({"regoin": "20"}, "no parameter 'regoin'; it has region, period, language"),
    ],
)
def test_a_wrong_type_or_name_is_refused(tmp_path, given, told):
    with pytest.raises(UsageError, match=told):
        parameters.check(notebook(tmp_path, GOOD), given)


def test_every_fault_is_told_at_once(tmp_path):
    with pytest.raises(UsageError) as refused:
        parameters.check(notebook(tmp_path, GOOD), {"region": 1, "period": "x", "regoin": "20"})
    assert len(str(refused.value).splitlines()) == 3


@pytest.mark.parametrize("cells", [(), (GOOD, GOOD)], ids=["none", "two"])
def test_exactly_one_parameters_cell(tmp_path, cells):
    """Without one, papermill puts the values at the top, where the notebook overwrites them."""
    with pytest.raises(DataError, match=f"has {len(cells)} cells tagged 'parameters'; exactly one"):
        parameters.of(notebook(tmp_path, *cells))


@pytest.mark.parametrize(
    "line",
    [
        "last = period - 1",
        "name = areas.get(region)",
        "title = f'{region}'",
        "a = b = 2016",
        "a, b = 1, 2",
        "page.year = 2016",
        "period += 1",
        "year: int = 2016",
        "import os",
        "print(1)",
        "if True:\n    x = 1",
        "odd = {[]: 1}",
    ],
)
def test_only_literals_may_be_parameters(tmp_path, line):
    """Papermill adds its values in a cell after this one: what was worked out here stays as it was."""
    with pytest.raises(DataError, match="only lines such as name = "):
        parameters.of(notebook(tmp_path, f"{GOOD}\n{line}"))


@pytest.mark.parametrize("line", ["%matplotlib inline", "period = ", "!ls", "region = '20"])
def test_a_parameters_cell_that_is_no_python_is_told(tmp_path, line):
    with pytest.raises(DataError, match="is no Python .line 4"):
        parameters.of(notebook(tmp_path, f"{GOOD}\n{line}"))


@pytest.mark.parametrize("source", [GOOD + "\nx = '\0'", "x = " + "(" * 999, "x = " + "-" * 99_999 + "1"])
def test_a_parameters_cell_that_breaks_the_parser_is_told(tmp_path, source):
    with pytest.raises(DataError, match="the cell tagged 'parameters' "):
        parameters.of(notebook(tmp_path, source))


CELL = {"cell_type": "code", "metadata": {"tags": ["parameters"]}, "source": "region = '20'"}


def book(**changes: object) -> bytes:
    """A notebook with one cell, of which some parts are changed."""
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [CELL]} | changes).encode()


@pytest.mark.parametrize(
    "content",
    [
        b"", b"{}", b"not json", b"[1]", b"\xff\xfe\x00", b'{"cells": 1}', b"null", b"[" * 99_999,
        book(nbformat=3), book(nbformat=None), book(metadata=None), book(metadata=[]),
        book(cells=None), book(cells={"a": 1}), book(cells=[1]), book(cells=[{}]),
        book(cells=[CELL | {"source": 1}]), book(cells=[CELL | {"source": [1]}]), book(cells=[CELL | {"cell_type": 1}]),
        book(cells=[CELL | {"metadata": 1}]), book(cells=[CELL | {"metadata": {"tags": [1, "a"]}}]),
        book(cells=[CELL | {"metadata": {"tags": "parameters"}}]),
    ],
)  # fmt: skip
def test_a_file_that_is_no_notebook_is_told(tmp_path, content):
    path = tmp_path / "region.ipynb"
    path.write_bytes(content)
    with pytest.raises(DataError, match="region.ipynb: is no readable notebook"):
        parameters.of(path)


def test_a_folder_in_the_notebook_s_place_is_told(tmp_path):
    (tmp_path / "region.ipynb").mkdir()
    with pytest.raises(DataError, match="region.ipynb: is no readable notebook"):
        parameters.of(tmp_path / "region.ipynb")


@pytest.mark.parametrize("source", ["region = '20'\nperiod = 1", ["region = '20'\n", "period = 1"]])
def test_a_cell_is_read_as_text_or_as_lines(tmp_path, source):
    path = tmp_path / "region.ipynb"
    path.write_bytes(book(cells=[CELL | {"source": source}]))
    assert parameters.of(path) == {"region": "20", "period": 1}


# --- why, in words -------------------------------------------------------------------------------


def planned(workspace, *, again: bool = False, areas: tuple[str, ...] = ("20",)) -> list[plan.Step]:
    reports = [report for area in areas for report in plan.area_reports("region", area)]
    return plan.steps(reports, workspace / "reports", again=again)


def test_what_was_never_made_is_made(workspace):
    [step] = planned(workspace)
    assert (step.report.name, step.why) == ("20-2016-sv", "never made")


def test_what_failed_last_time_is_tried_again(workspace):
    failed = workspace / "reports/failed/20-2016-sv.txt"
    failed.parent.mkdir(parents=True)
    failed.write_text("Traceback", encoding="utf-8")
    assert [step.why for step in planned(workspace, areas=("20", "12"))] == ["failed last time", "never made"]


def test_what_is_asked_for_is_made_whatever_it_is(workspace):
    [step] = planned(workspace, again=True)
    assert step.why == "asked for (--again); never made"


def test_the_order_is_that_of_the_reports(workspace):
    assert [step.report.about.code for step in planned(workspace, areas=("20", "01", "12"))] == ["20", "01", "12"]


def as_planned(**why: str) -> list[plan.Step]:
    """Steps of 2016 in Swedish by county, each with its reason."""
    report = {c: plan.Report(Path("region.ipynb"), areas.get(c[1:]), 2016, "sv") for c in why}
    return [plan.Step(report[code], {}, "", reason) for code, reason in why.items()]


def test_a_plan_without_work_says_so():
    assert plan.told(as_planned(c01="", c20="")) == "Nothing to do: 2 reports unchanged."
    assert plan.told(as_planned(c01="")) == "Nothing to do: 1 report unchanged."


def test_a_plan_says_why_report_by_report():
    assert plan.told(as_planned(c01="never made", c12="", c20="notebook changed")).splitlines() == [
        "01-2016-sv: never made",
        "20-2016-sv: notebook changed",
        "2 reports to make, 1 unchanged.",
    ]


def test_many_reports_with_one_reason_share_a_line():
    codes = dict.fromkeys(("c01", "c03", "c04", "c05", "c06"), "package changed")
    assert plan.told(as_planned(**codes, c20="the page is missing", c21="")).splitlines() == [
        "5 reports (01-2016-sv … 06-2016-sv): package changed",
        "20-2016-sv: the page is missing",
        "6 reports to make, 1 unchanged.",
    ]
