"""What a kind of report says it reads is all it reads: pages come out the same from those rows alone."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import tomllib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from conftest import use

from brapkg import areas, blocks, catalogue, context, paths, profile, reads, store
from brapkg.effects import register
from brapkg.evaluation import Evaluation
from brapkg.municipality import Municipality
from brapkg.nation import National
from brapkg.plans import documents
from brapkg.plans.draft import Candidate, Draft, Indicator, Row
from brapkg.plans.values import Value
from brapkg.region import Region
from brapkg.reports.plan import LEVELS
from brapkg.reports.slices import Rows
from brapkg.wording import Words

PAGES = {"national": lambda code, *rest: National(*rest), "region": Region, "municipality": Municipality}


def kind_of(code: str) -> str:
    """The kind of page that is about an area."""
    return next(kind for kind, level in LEVELS.items() if level == areas.get(code).kind)


def cells(kind: str) -> list[str]:
    """The cells of a kind of page, as its notebook has them."""
    book = json.loads((paths.notebooks() / f"{kind}.ipynb").read_text(encoding="utf-8"))
    code = ("".join(cell["source"]) for cell in book["cells"] if cell["cell_type"] == "code")
    found = [name for source in code for name in re.findall(r"^page\.(\w+)\(\)$", source, re.M)]
    assert len(found) > 10
    return found


def page(code: str, period: int, language: str) -> list[dict]:
    """Everything that the cells of a page publish, pictures, documents and key figures included."""
    shown: list[dict] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blocks, "_publish", shown.extend)
        made = PAGES[kind_of(code)](code, period, language)
        for cell in cells(kind_of(code)):
            getattr(made, cell)()._ipython_display_()
    return shown


@pytest.fixture(scope="module")
def fed(processed, tmp_path_factory) -> Path:
    """The store with context and survey figures of every area and three years."""
    folder = tmp_path_factory.mktemp("fed") / "processed"
    shutil.copytree(processed, folder)
    places = [area.code for area in areas.all_areas().values() if area.kind in LEVELS.values()]
    known = context.figures().values()
    rows = [(place, one, year) for place in places for one in known for year in (2014, 2015, 2016)]
    value = np.random.default_rng(1).uniform(0.2, 0.6, len(rows))
    told = pd.DataFrame(
        {
            "area": [place for place, *_ in rows],
            "figure": [one.id for _, one, _ in rows],
            "question": [one.id for _, one, _ in rows],
            "year": [year for *_, year in rows],
            "value": value,
            "lower": value - 0.05,
            "upper": value + 0.05,
            "margin": 0.05,
            "respondents": np.nan,
            "missing": "",
            "source": "kolada",
        }
    )
    asked = np.array([one.kind == "survey" for _, one, _ in rows])
    put(folder, "context", told[~asked])
    put(folder, "survey", told[asked])
    return folder


def put(folder: Path, name: str, table: pd.DataFrame) -> None:
    """Put a table in the place of a store's own, with the columns that it has there."""
    package = json.loads((folder / store.PACKAGE).read_text(encoding="utf-8"))
    [resource] = (one for one in package["resources"] if one["name"] == name)
    path = folder / resource["path"]
    table[list(pd.read_parquet(path).columns)].reset_index(drop=True).to_parquet(path, index=False)
    resource["hash"] = "sha256:" + hashlib.sha256(path.read_bytes()).hexdigest()
    (folder / store.PACKAGE).write_text(json.dumps(package), encoding="utf-8")


def garbled(values: pd.Series) -> pd.Series:
    return values * 3 + 1 if pd.api.types.is_numeric_dtype(values) else pd.Series("garbled", values.index, dtype="str")


def only(declared: list[reads.Read], source: Path, folder: Path) -> None:
    """Copy a store without the rows that nobody declared, and with nonsense in other columns of those kept."""
    folder.mkdir(parents=True)
    package = json.loads((source / store.PACKAGE).read_text(encoding="utf-8"))
    for resource in package["resources"]:
        table = pd.read_parquet(source / resource["path"])
        kept = np.zeros(table.shape, dtype=bool)
        for read in declared:
            if read.table == resource["name"]:
                columns = table.columns.isin(read.columns or table.columns)
                kept[np.ix_(Rows(table).positions(read), columns)] = True
        table = pd.DataFrame({c: table[c].where(kept[:, n], garbled(table[c])) for n, c in enumerate(table)})
        path = folder / resource["path"]
        table[kept.any(axis=1)].to_parquet(path, index=False)
        resource["hash"] = "sha256:" + hashlib.sha256(path.read_bytes()).hexdigest()
    (folder / store.PACKAGE).write_text(json.dumps(package), encoding="utf-8")


def reduced(declared: list[reads.Read], source: Path, folder: Path, case: tuple[str, int, str]) -> list[dict]:
    """The page from a store that holds the declared rows alone."""
    only(declared, source, folder / "store")
    with pytest.MonkeyPatch.context() as patch:
        use(patch, folder / "store", folder / "home")
        return page(*case)


def whole(source: Path, folder: Path, case: tuple[str, int, str]) -> list[dict]:
    with pytest.MonkeyPatch.context() as patch:
        use(patch, source, folder)
        return page(*case)


def declared(code: str, period: int) -> list[reads.Read]:
    return reads.of(kind_of(code), areas.get(code), period, ())


CASES = [
    ("20", 2016, "sv"),
    ("09", 2016, "en"),
    ("12", 2014, "sv"),
    ("20", 2013, "en"),
    ("2403", 2016, "sv"),
    ("0980", 2016, "en"),
    ("0180", 2015, "sv"),
    ("2403", 2013, "en"),
    ("00", 2016, "sv"),
    ("00", 2013, "en"),
]


@pytest.mark.parametrize("case", CASES)
def test_a_page_needs_no_row_that_is_not_declared(fed, tmp_path, case):
    assert reduced(declared(*case[:2]), fed, tmp_path / "less", case) == whole(fed, tmp_path / "all", case)


@pytest.mark.parametrize("case", [("20", 2015, "sv"), ("0180", 2016, "en"), ("00", 2016, "sv")])
def test_a_page_with_the_months_of_municipalities_needs_no_other_row_either(processed_whole, tmp_path, case):
    shown = whole(processed_whole, tmp_path / "all", case)
    assert reduced(declared(*case[:2]), processed_whole, tmp_path / "less", case) == shown


@pytest.mark.parametrize("code", ["20", "2403"])
def test_what_became_of_a_filed_plan_needs_no_row_that_is_not_declared(processed, tmp_path, code):
    """Two years after the plan's two are added up, which no other part of the page does."""
    case = (code, 2016, "sv")
    less, more = tmp_path / "less", tmp_path / "all"
    for folder in (less / "home", more):
        file_plan(folder / "data/raw/plans", code)
    shown = whole(processed, more, case)
    assert "2015–2016" in json.dumps(shown, ensure_ascii=False).split("Vad blev det av planen")[1]
    assert reduced(declared(code, 2016), processed, less, case) == shown


def file_plan(folder: Path, code: str) -> None:
    """File a plan whose baseline are the years 2013 and 2014 together."""
    before = Value(2013, 2014, 1000.0, 200_000.0)
    row = Row(1, "Stöldbrott", "theft", measures=(Candidate("Märkning"),), indicator=Indicator("", before))
    folder.mkdir(parents=True)
    draft = Draft(areas.get(code), 2014, "2014", "Källa: Brå.", (row,))
    (folder / "plan.xlsx").write_bytes(documents.excel(draft, Words("sv")))


@pytest.mark.parametrize(
    ("code", "table", "scope"),
    [
        ("20", "trend_line", "own"),
        ("20", "offences_month", "all counties"),
        ("20", "comparison", "all areas"),
        ("20", "rates", "all years"),
        ("20", "context", "all municipalities"),
        ("2403", "against", "own"),
        ("2403", "rates", "own"),
        ("2403", "season", "own county"),
        ("2403", "pooled", "all municipalities"),
        ("2403", "survey", "own"),
        ("00", "peers", "all areas"),
        ("00", "trend", "all counties"),
        ("00", "official_totals", "nation"),
    ],
)
def test_a_read_that_is_not_declared_is_found_out(fed, tmp_path, code, table, scope):
    """The tests above can fail: without the rows of one read the page is another, or none."""
    case = (code, 2014, "sv")
    less = [read for read in declared(code, 2014) if (read.table, read.scope) != (table, scope)]
    assert len(less) == len(declared(code, 2014)) - 1
    try:
        found = reduced(less, fed, tmp_path / "less", case)
    except Exception:  # whatever lacking rows end in
        return
    assert found != whole(fed, tmp_path / "all", case)


def test_table_and_scope_name_a_read(tables):
    for code in ("09", "20", "0980", "2403", "00"):
        names = [(read.table, read.scope) for read in declared(code, 2016)]
        assert len(set(names)) == len(names)
        assert {table for table, _ in names} <= set(tables)


@pytest.mark.usefixtures("built")
@pytest.mark.parametrize("code", ["00", "09", "20", "2403", "0980", "0180"])
def test_a_page_says_nothing_from_a_text_file_that_is_said_not_to_reach_it(monkeypatch, code):
    said: set[str] = set()
    written = Words.__call__
    monkeypatch.setattr(Words, "__call__", lambda w, name, /, **told: said.add(name) or written(w, name, **told))
    for period in (2013, 2016):
        page(code, period, "sv")
    elsewhere = [name for name, kinds in reads.RECORDS_OF.items() if kind_of(code) not in kinds]
    assert len(said) > 150 and "texts/problem" in elsewhere
    for name in elsewhere:
        path = paths.CLONE / "brapkg/records" / f"{name}.toml"
        assert not said & set(tomllib.loads(path.read_text(encoding="utf-8"))), name


def test_names_taken_over_from_elsewhere_are_still_those():
    assert (reads.TOTAL, reads.FUNNEL_OFFENCE) == (catalogue.TOTAL, profile.FUNNEL_OFFENCE)
    assert reads.NATION == profile.NATION == store.building.NATION


def test_a_kind_that_declares_nothing_reads_everything():
    found = reads.of("essay", areas.get("20"), 2016, ["rates", "areas"])
    assert [(read.table, read.where, read.columns) for read in found] == [("areas", {}, ()), ("rates", {}, ())]


def test_a_county_shows_its_own_municipalities_and_everyone_larger():
    codes = {area.code for area in reads.shown_areas("09")}
    assert {"00", "01", "09", "0980", "P01", "A1"} <= codes
    assert {code for code in codes if len(code) == 4} == {"0980"}
    assert {area.code for area in reads.shown_areas("")} == set(areas.all_areas())
    assert {area.code for area in reads.shown_areas("00")} == set(areas.all_areas())


def evaluated(source: Path, folder: Path, language: str) -> list[dict]:
    """Everything that the cells of an evaluation publish."""
    shown: list[dict] = []
    book = json.loads((paths.notebooks() / "evaluation.ipynb").read_text(encoding="utf-8"))
    cells = re.findall(r"page\.(\w+)\(\)", "".join(line for cell in book["cells"] for line in cell["source"]))
    with pytest.MonkeyPatch.context() as patch:
        shutil.copy(paths.CLONE / "data/raw/measures.csv", use(patch, source, folder) / "data/raw")
        patch.setattr(blocks, "_publish", shown.extend)
        made = Evaluation(register.read().measures[0].id, language)
        for cell in cells:
            getattr(made, cell)()._ipython_display_()
    assert len(cells) > 10
    return shown


def test_an_evaluation_needs_no_row_that_is_not_declared(processed, tmp_path):
    only(reads.of("evaluation", None, None, ()), processed, tmp_path / "store")
    less = evaluated(tmp_path / "store", tmp_path / "less", "sv")
    assert less == evaluated(processed, tmp_path / "all", "sv")
