"""The plan: what cannot be made is refused before any kernel starts, with what could be instead."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from brapkg import paths
from brapkg.errors import DataError, UsageError
from brapkg.reports import plan

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
        reports = plan.region_reports()
        assert len(reports) == len({report.name for report in reports}) == 21
        assert reports[0].name == "01-2016-sv"
        assert reports[0].parameters == {"region": "01", "period": 2016, "language": "sv"}
        assert reports[0].notebook == paths.notebooks() / "region.ipynb"

    @pytest.mark.parametrize("area", ["20", "Dalarna", "Dalarnas län", "DALARNAS LÄN", "Dalarna County"])
    def test_a_county_answers_to_its_code_and_names(self, area):
        [report] = plan.region_reports(area, 2015, "en")
        assert report.name == "20-2015-en"

    def test_gotland_is_a_county_here_though_a_municipality_has_its_name(self):
        [report] = plan.region_reports("Gotland")
        assert report.area.code == "09"

    def test_an_unknown_county_is_refused_with_the_nearest(self):
        with pytest.raises(UsageError, match="No county is called 'Dalarma'.*20 Dalarnas län"):
            plan.region_reports("Dalarma")

    @pytest.mark.parametrize("area", ["1780", "Karlstad", "Karlstads kommun"])
    def test_a_municipality_is_refused_with_its_county(self, area):
        with pytest.raises(UsageError, match="17 Värmlands län: use --area 17"):
            plan.region_reports(area)

    @pytest.mark.parametrize("area", ["", "00", "26", "1", "P01", "A1", "20 ; rm", "../etc", "\N{COMBINING DIAERESIS}"])
    def test_what_is_no_county_is_refused(self, area):
        with pytest.raises(UsageError):
            plan.region_reports(area)

    @pytest.mark.parametrize("period", [1999, 2099, -1, 0, True, "2016", 2016.0])
    def test_a_year_without_figures_is_refused_with_those_there_are(self, period):
        with pytest.raises(UsageError, match=f"period {period!r}.*2016"):
            plan.region_reports("20", period)

    @pytest.mark.parametrize("language", ["no", "SV", "", "sv-SE", None])
    def test_an_unknown_language_is_refused_with_those_there_are(self, language):
        with pytest.raises(UsageError, match="there are sv and en"):
            plan.region_reports("20", None, language)

    def test_a_missing_notebook_is_told_with_the_remedy(self, monkeypatch, tmp_path):
        monkeypatch.setattr(paths, "notebooks", lambda: tmp_path)
        with pytest.raises(DataError, match="region.ipynb: is missing.*git checkout"):
            plan.region_reports("20")

    def test_a_notebook_without_a_parameter_is_refused(self, monkeypatch, tmp_path):
        """Papermill would warn, and make the same county 21 times."""
        notebook(tmp_path, "period = 2016\nlanguage = 'sv'")
        monkeypatch.setattr(paths, "notebooks", lambda: tmp_path)
        with pytest.raises(UsageError, match="has no parameter 'region'; it has period, language"):
            plan.region_reports("20")


def test_without_a_store_the_remedy_is_told(monkeypatch, tmp_path):
    monkeypatch.setenv("BRAPKG_HOME", str(tmp_path))
    with pytest.raises(DataError, match="Run `brapkg build` first"):
        plan.region_reports("20")


# --- the notebook's parameters -------------------------------------------------------------------


def test_the_notebook_that_comes_with_the_project_takes_what_it_is_given():
    plan.check_parameters(paths.notebooks() / "region.ipynb", GIVEN)


def test_parameters_are_read_as_they_stand(tmp_path):
    path = notebook(tmp_path, GOOD + "\nlimit = -1.5\nareas = ['01', '20']\nnothing = None")
    assert plan.notebook_parameters(path) == {
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
        plan.check_parameters(notebook(tmp_path, GOOD), given)


def test_every_fault_is_told_at_once(tmp_path):
    with pytest.raises(UsageError) as refused:
        plan.check_parameters(notebook(tmp_path, GOOD), {"region": 1, "period": "x", "regoin": "20"})
    assert len(str(refused.value).splitlines()) == 3


@pytest.mark.parametrize("cells", [(), (GOOD, GOOD)], ids=["none", "two"])
def test_exactly_one_parameters_cell(tmp_path, cells):
    """Without one, papermill puts the values at the top, where the notebook overwrites them."""
    with pytest.raises(DataError, match=f"has {len(cells)} cells tagged 'parameters'; exactly one"):
        plan.notebook_parameters(notebook(tmp_path, *cells))


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
        plan.notebook_parameters(notebook(tmp_path, f"{GOOD}\n{line}"))


@pytest.mark.parametrize("line", ["%matplotlib inline", "period = ", "!ls", "region = '20"])
def test_a_parameters_cell_that_is_no_python_is_told(tmp_path, line):
    with pytest.raises(DataError, match="is no Python .line 4"):
        plan.notebook_parameters(notebook(tmp_path, f"{GOOD}\n{line}"))


@pytest.mark.parametrize("content", [b"", b"{}", b"not json", b"[1]", b"\xff\xfe\x00", b'{"cells": 1}'])
def test_a_file_that_is_no_notebook_is_told(tmp_path, content):
    path = tmp_path / "region.ipynb"
    path.write_bytes(content)
    with pytest.raises(DataError, match="region.ipynb: "):
        plan.notebook_parameters(path)
