"""The store as pages see it: parts that are the same as looked up the plain way, and kept unspoilt."""

from __future__ import annotations

import os
import shutil

import numpy as np
import pandas as pd
import pytest
from conftest import use

from brapkg import areas, profile, schemas, series, shown, store
from brapkg.errors import DataError
from brapkg.indicators.time import monthly_exposure
from brapkg.region import Region

COLUMNS = ("area", "offence", "year")


@pytest.fixture
def tables(workspace):
    return shown.tables()


@pytest.fixture
def own(processed, tmp_path, monkeypatch):
    """A store of the test's own, which it may change."""
    shutil.copytree(processed, tmp_path / "data" / "processed")
    monkeypatch.setenv("BRAPKG_HOME", str(tmp_path))
    return tmp_path / "data" / "processed"


def plain(table: pd.DataFrame, **wanted) -> pd.DataFrame:
    for column, value in wanted.items():
        table = table[table[column] == value]
    return table


@pytest.mark.parametrize("name", [name for name in schemas.tables() if name != "areas"])
def test_every_part_of_every_table_is_as_looked_up_the_plain_way(tables, name):
    for form, whole in ((tables.rows, tables.table(name)), (tables.built_rows, store.load(name))):
        keys = [column for column in COLUMNS if column in whole]
        for columns in ([key] for key in keys) if len(keys) == 1 else (keys, keys[:1], keys[1:]):
            kinds = whole[columns].drop_duplicates()
            for kind in kinds.sample(min(12, len(kinds)), random_state=1).to_dict("records"):
                pd.testing.assert_frame_equal(form(name, **kind), plain(whole, **kind))


def test_the_municipalities_of_a_county_are_a_part(tables):
    found = tables.rows("rates", county="20", offence="theft", year=2016)
    members = [place.code for place in areas.municipalities("20")]
    whole = plain(tables.table("rates"), offence="theft", year=2016)
    pd.testing.assert_frame_equal(found, whole[whole["area"].isin(members)])
    assert tables.rows("comparison", county="20", year=2016).empty


@pytest.mark.parametrize("wanted", [{"area": "99"}, {"area": "20", "year": 1999}, {"offence": "no such thing"}])
def test_what_is_not_there_is_an_empty_table_with_its_columns(tables, wanted):
    found = tables.rows("rates", **wanted)
    assert found.empty and list(found) == list(tables.table("rates"))


def test_writing_into_a_table_spoils_nothing(tables):
    def looked_up() -> list[pd.DataFrame]:
        mine = profile.county("20", 2016)
        return [
            tables.table("rates"),
            tables.rows("rates", area="20", year=2016),
            tables.built_rows("season", area="20", offence="theft", year=2016),
            mine.peers("theft"),
            mine.months("theft"),
            mine.months("theft", "00"),
            pd.DataFrame({"rolling": mine.rolling("theft")}),
            mine.newer_rates,
        ]

    before = [table.copy() for table in looked_up()]
    for table in looked_up():
        for column in table.select_dtypes("number"):
            table[column] = -1
            table.loc[table.index[0], column] = -2
        table.iloc[0, 0] = table.iloc[-1, 0]
    rolling = profile.county("20", 2016).rolling("theft")
    rolling[:] = 0
    for table, again in zip(before, looked_up(), strict=True):
        pd.testing.assert_frame_equal(table, again)


def test_a_store_built_anew_is_seen_and_one_page_never_mixes_two(own):
    before = profile.county("20", 2016)
    assert before.level.loc["total", "count"] == 28862
    later = (own / store.PACKAGE).stat().st_mtime_ns + 1
    os.utime(own / store.PACKAGE, ns=(later, later))
    assert shown.tables() is not before.tables and profile.county("20", 2016).tables is shown.tables()
    assert before.counties is not None  # of a table that was loaded already
    with pytest.raises(DataError, match="built anew since this page was begun"):
        before.season("total")


def test_the_store_in_use_is_the_workspace_s_own(own, tmp_path, processed, monkeypatch):
    _replace(own, "rates", lambda table: table.assign(value=table["value"] * 2))
    mine = profile.county("20", 2016).level["value"]
    use(monkeypatch, processed, tmp_path / "another")
    assert np.allclose(mine, 2 * profile.county("20", 2016).level["value"])
    monkeypatch.setenv("BRAPKG_HOME", str(tmp_path / "elsewhere"))
    with pytest.raises(DataError, match="no tables"):
        shown.tables()


def test_the_order_of_pages_changes_none(workspace):
    def told() -> list[str]:
        return [profile.county(code, year).level.to_json() for code, year in order]

    order = [("20", 2016), ("09", 2013), ("20", 2014), ("01", 2016)]
    first = dict(zip(order, told(), strict=True))
    shown._tables.cache_clear()
    order.reverse()
    assert dict(zip(order, told(), strict=True)) == first


# --- months --------------------------------------------------------------------------------------


@pytest.mark.parametrize("area", ["20", "00"])
@pytest.mark.parametrize("period", [2013, 2016])
def test_months_and_rolling_years_are_as_worked_out_the_plain_way(tables, area, period):
    known = plain(store.load("offences_month"), offence="violence")
    known = known[known["area"].str.len() == 2] if area == "00" else known[known["area"] == area]
    count = known[known["year"] <= period].groupby(["year", "month"])["count"].sum()
    exposure = monthly_exposure(
        store.load("population"), area, count.index.get_level_values("year"), count.index.get_level_values("month")
    )
    found = series.months(tables, area, "violence", period)
    assert found["count"].tolist() == count.tolist() and len(count) == 12 * (period - 2012)
    assert np.array_equal(found["exposure"], exposure)
    rolled = pd.Series(count.to_numpy()).rolling(12).sum() / pd.Series(exposure).rolling(12).sum() * 365.25 * 100_000
    assert np.array_equal(series.rolling(tables, area, "violence", period), rolled.to_numpy()[11:])


def test_fewer_than_twelve_months_have_no_rolling_year(own):
    _replace(own, "offences_month", lambda table: table[(table["year"] > 2013) | (table["month"] < 12)])
    assert len(profile.county("20", 2013).months("total")) == 11
    assert len(profile.county("20", 2013).rolling("total")) == 0


def test_months_stand_in_order_of_time_however_the_table_is_sorted(own):
    plainly = profile.county("20", 2016).rolling("theft")
    _replace(own, "offences_month", lambda table: table.sample(frac=1, random_state=3))
    months = profile.county("20", 2016).months("theft")
    assert (months["year"] * 12 + months["month"]).is_monotonic_increasing
    assert np.array_equal(profile.county("20", 2016).rolling("theft"), plainly)


def _replace(folder, name: str, change) -> None:
    """Write a table of the store anew, as a build would have."""
    kept = store.load(name, folder)
    package = (folder / store.PACKAGE).read_text(encoding="utf-8")
    path = folder / f"{name}.parquet"
    was = store.reading.hash_of(path)
    change(kept).to_parquet(path, index=False)
    (folder / store.PACKAGE).write_text(package.replace(was, store.reading.hash_of(path)), encoding="utf-8")


def test_a_month_that_no_page_shows_has_a_value_but_no_count(tables):
    back = [key for key in tables.withheld if key[3] and len(key[0]) == 2 and key[0] != "00"]
    area, offence, year, month = sorted(back)[0]
    row = plain(series.months(tables, area, offence, year), year=year, month=month).iloc[0]
    assert np.isnan(row["shown"]) and row["count"] > 0 and np.isfinite(row["value"])


def test_a_page_made_twice_is_the_same(workspace, undrawn):
    pages = [[section().html() for section in _sections()] for _ in range(2)]
    shown._tables.cache_clear()
    assert pages[0] == pages[1] == [section().html() for section in _sections()]


def _sections() -> list:
    page = Region("09", 2016, "en")
    return [page.brief, page.facts, page.level, page.development, page.municipalities, page.stands_out, page.sources]
