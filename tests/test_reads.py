"""What a kind of report says it reads is all it reads: pages come out the same from those rows alone."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from conftest import use

from brapkg import areas, blocks, catalogue, paths, profile, reads, store
from brapkg.effects import register
from brapkg.evaluation import Evaluation
from brapkg.region import Region
from brapkg.reports.slices import Rows

CELLS = (
    "head",
    "brief",
    "facts",
    "level",
    "development",
    "municipalities",
    "stands_out",
    "priorities",
    "law",
    "limits",
    "sources",
)


def page(code: str, period: int, language: str) -> list[dict]:
    """Everything that the cells of a page publish, pictures and key figures included."""
    shown: list[dict] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blocks, "_publish", shown.extend)
        made = Region(code, period, language)
        for cell in CELLS:
            getattr(made, cell)()._ipython_display_()
    return shown


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
    return reads.of("region", areas.get(code), period, ())


@pytest.mark.parametrize("case", [("20", 2016, "sv"), ("09", 2016, "en"), ("12", 2014, "sv"), ("20", 2013, "en")])
def test_a_page_needs_no_row_that_is_not_declared(processed, tmp_path, case):
    assert reduced(declared(*case[:2]), processed, tmp_path / "less", case) == whole(processed, tmp_path / "all", case)


def test_a_page_with_the_months_of_municipalities_needs_no_other_row_either(processed_whole, tmp_path):
    case = ("20", 2015, "sv")
    shown = whole(processed_whole, tmp_path / "all", case)
    assert reduced(declared("20", 2015), processed_whole, tmp_path / "less", case) == shown


@pytest.mark.parametrize(
    ("table", "scope"),
    [("trend_line", "own"), ("offences_month", "all counties"), ("comparison", "all areas"), ("rates", "all years")],
)
def test_a_read_that_is_not_declared_is_found_out(processed, tmp_path, table, scope):
    """The tests above can fail: without the rows of one read the page is another, or none."""
    case = ("20", 2014, "sv")
    less = [read for read in declared("20", 2014) if (read.table, read.scope) != (table, scope)]
    assert len(less) == len(declared("20", 2014)) - 1
    try:
        found = reduced(less, processed, tmp_path / "less", case)
    except Exception:  # whatever lacking rows end in
        return
    assert found != whole(processed, tmp_path / "all", case)


def test_table_and_scope_name_a_read(tables):
    for code in ("09", "20"):
        names = [(read.table, read.scope) for read in declared(code, 2016)]
        assert len(set(names)) == len(names)
        assert {table for table, _ in names} <= set(tables)


def test_names_taken_over_from_elsewhere_are_still_those():
    assert (reads.TOTAL, reads.FUNNEL_OFFENCE) == (catalogue.TOTAL, profile.FUNNEL_OFFENCE)
    assert reads.NATION == profile.NATION == store.NATION


def test_a_kind_that_declares_nothing_reads_everything():
    found = reads.of("essay", areas.get("20"), 2016, ["rates", "areas"])
    assert [(read.table, read.where, read.columns) for read in found] == [("areas", {}, ()), ("rates", {}, ())]


def test_a_county_shows_its_own_municipalities_and_everyone_larger():
    codes = {area.code for area in reads.shown_areas("09")}
    assert {"00", "01", "09", "0980", "P01", "A1"} <= codes
    assert {code for code in codes if len(code) == 4} == {"0980"}
    assert {area.code for area in reads.shown_areas("")} == set(areas.all_areas())


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
