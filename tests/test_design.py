"""The layout of a measure: its months and areas, and every reason to refuse it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from brapkg import areas, shown
from brapkg.effects import design, refusals
from brapkg.effects.register import Measure
from brapkg.errors import DataError
from brapkg.indicators import placebos

GOOD = Measure("prov", "Prov", "vandalism", ("10",), ("04", "06"), (2014, 1), "damage", nearby=("07",))


@pytest.fixture
def tables(built) -> shown.Tables:
    return shown.tables()


@pytest.fixture
def refused(tables):
    """The reasons why a changed measure is refused."""

    def reasons(**changed) -> list[str]:
        with pytest.raises(DataError) as error:
            design.of(replace(GOOD, **changed), tables)
        assert all(text.startswith("measure prov: ") for text in error.value.problems)
        return error.value.problems

    return reasons


def test_a_year_before_and_a_year_after(tables):
    found = design.of(GOOD, tables)
    assert (found.length("before"), found.length("run-in"), found.length("after")) == (12, 0, 12)
    assert (found.first, found.last) == (2013 * 12, 2014 * 12 + 11)
    months = tables.built_rows("offences_month", area="10", offence="damage")
    assert found.events("treated", "before") == months.loc[months["year"] == 2013, "count"].sum()
    assert found.events("treated", "after") == months.loc[months["year"] == 2014, "count"].sum()
    parts = [tables.built_rows("offences_month", area=code, offence="damage") for code in ("04", "06")]
    assert found.events("comparison", "after") == sum(p.loc[p["year"] == 2014, "count"].sum() for p in parts)


def test_rates_are_per_resident_and_year(tables):
    found = design.of(GOOD, tables)
    assert 150_000 < found.residents("treated") < 155_000
    assert found.rate("treated", "before") == pytest.approx(
        found.events("treated", "before") / found.residents("treated") * 100_000, rel=2e-3
    )


def test_run_in_and_end_shape_the_window(tables):
    found = design.of(replace(GOOD, run_in=2, end=(2014, 10)), tables)
    assert (found.length("before"), found.length("run-in"), found.length("after")) == (12, 2, 8)
    assert found.last == 2014 * 12 + 9


def test_the_window_reaches_the_estimators_whole(tables):
    found = design.of(replace(GOOD, run_in=1, end=(2014, 12)), tables)
    window = found.estimation()
    assert len(window.treated) == 24 == window.before + window.run_in + window.after
    assert window.treated.sum() == found.window["treated"].sum()
    swapped = found.estimation("nearby")
    assert swapped.nearby is None and swapped.treated.sum() == found.window["nearby"].sum()
    assert design.of(replace(GOOD, nearby=()), tables).estimation().nearby is None


def test_donors_are_those_of_the_placebos_but_for_nearby_areas(tables):
    """Calibration fits only where the mixture is made by the same rule."""
    found = design.of(GOOD, tables)
    (panel,) = placebos.panels(tables.built("offences_month"), tables.built("population"), ("county",))
    assert set(found.donors) == {code for code in placebos.donors("10", panel.residents) if code != "07"}
    assert not {"10", "07"} & set(found.donors) and {"04", "06", "08"} <= set(found.donors)
    assert found.donor_events.shape == (len(found.donors), 24) == found.donor_exposure.shape
    assert np.isfinite(found.donor_events).all()


@pytest.mark.parametrize("code", ["2403", "0980", "2583"])
def test_donors_of_a_municipality_are_those_of_its_placebos(built_whole, code):
    tables = shown.tables()
    others = [one.code for one in areas.municipalities(areas.get(code).county) if one.code != code][:3] or ["0580"]
    measure = replace(GOOD, treated=(code,), comparison=tuple(others), nearby=(), outcome="total")
    (panel,) = placebos.panels(tables.built("offences_month"), tables.built("population"), ("municipality",))
    known = placebos.donors(code, panel.residents)
    found = design.of(measure, tables).donors
    assert len(found) == placebos.DONORS and len(set(found) & set(known)) >= placebos.DONORS - 1
    near = replace(measure, nearby=(known[0],))
    assert known[0] not in design.of(near, tables).donors and len(design.of(near, tables).donors) == placebos.DONORS


def test_several_treated_areas_take_the_donors_of_the_largest(tables):
    both = design.of(replace(GOOD, treated=("10", "09")), tables)
    assert set(both.donors) == set(design.of(GOOD, tables).donors) - {"09"}


def test_preliminary_years_are_known(tables):
    assert design.of(replace(GOOD, start=(2016, 1)), tables).preliminary == (2016,)
    assert design.of(GOOD, tables).preliminary == ()


# --- refusals


def test_a_comparison_that_is_treated(refused):
    (told,) = refused(comparison=("10", "04"))
    assert "10 Blekinge län is both treated and comparison" in told


@pytest.mark.parametrize("changed", [{"comparison": ("0764", "1080")}, {"treated": ("10", "0764")}])
def test_counties_and_municipalities_are_not_mixed(refused, changed):
    assert any("one kind" in text for text in refused(**changed))


OTHER = replace(GOOD, id="annan", treated=("04",), comparison=("12",), nearby=())


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({}, True),
        ({"start": (2014, 12)}, True),
        ({"start": (2015, 1)}, False),  # after the window
        ({"start": (2012, 1), "end": (2012, 12)}, False),  # before it
        ({"start": (2012, 1), "end": (2013, 1)}, True),
        ({"start": (2012, 1)}, True),  # goes on
        ({"outcome": "theft"}, False),
        ({"placebo": True}, False),
        ({"treated": ("12",)}, False),
    ],
)
def test_a_comparison_area_that_another_measure_treats(changed, told):
    found = refusals.treated_elsewhere(GOOD, [GOOD, replace(OTHER, **changed)])
    assert bool(found) == told
    assert not told or ("04 Södermanlands län" in found[0] and "annan" in found[0])


def test_nearby_that_is_treated_or_comparison(refused):
    assert len(refused(nearby=("10", "04"))) == 2


def test_a_county_and_its_municipality(refused):
    told = refused(comparison=("1080",))
    assert any("1080 Karlskrona kommun lies in 10 Blekinge län" in text for text in told)
    assert any("lies in" in text for text in refused(treated=("10", "1080")))


def test_municipal_months_that_are_not_there_say_how_to_get_them(refused):
    (told,) = refused(treated=("2403",), comparison=("2418", "2425"), nearby=())
    assert "2403 Bjurholms kommun" in told and "data/raw/bra" in told and "brapkg build" in told


@pytest.mark.parametrize("start", [(2012, 12), (2017, 1), (2020, 1)])
def test_a_start_outside_the_figures(refused, start):
    (told,) = refused(start=start)
    assert "outside the figures" in told and "2013-01 to 2016-12" in told


@pytest.mark.parametrize(("start", "months"), [((2013, 1), 0), ((2013, 12), 11)])
def test_fewer_than_twelve_months_before(refused, start, months):
    told = refused(start=start, end=(2014, 12))
    assert any(f"there are {months} months before" in text and "12 are needed" in text for text in told)
    assert not any("lacks" in text for text in told)


@pytest.mark.parametrize("changed", [{"start": (2016, 10)}, {"end": (2014, 5)}, {"run_in": 8, "end": (2014, 12)}])
def test_too_few_months_after(refused, changed):
    assert any("months after the run-in, and 6 are needed" in text for text in refused(**changed))


@pytest.mark.parametrize("changed", [{"start": (2014, 2)}, {"start": (2015, 1)}, {"start": (2015, 12)}, {"run_in": 1}])
def test_a_break_in_the_window(refused, changed):
    (told,) = refused(**changed)
    assert "from 2015-01" in told


@pytest.mark.parametrize("start", [(2014, 1), (2016, 1)])
def test_windows_on_one_side_of_the_break(tables, start):
    assert design.of(replace(GOOD, start=start), tables).length("after") == 12


def test_an_end_before_the_break_saves_a_later_start(tables):
    assert design.of(replace(GOOD, start=(2014, 3), end=(2014, 12)), tables).length("after") == 10


def test_an_unknown_offence_and_other_reasons_come_together(refused):
    told = refused(outcome="klotter", comparison=("10",), treated=("10",))
    assert len(told) == 2 and "No offence series" in told[1]


def test_all_reasons_at_once(refused):
    told = refused(comparison=("10", "1080"), nearby=("10",), start=(2015, 3))
    assert len(told) >= 4 and any("2015-01" in text for text in told)


def test_a_series_without_months(refused):
    assert any("no months of nation_theft" in text for text in refused(outcome="nation_theft"))


def test_small_years_that_are_kept_back_are_not_evaluated(tables, refused, monkeypatch):
    monkeypatch.setitem(vars(tables), "withheld", frozenset({("07", "damage", 2014, 0)}))
    (told,) = refused()
    assert "Kronobergs län are kept back" in told


def test_months_that_may_not_be_shown_are_known(tables, monkeypatch):
    assert not design.of(GOOD, tables).withheld
    monkeypatch.setitem(vars(tables), "withheld", frozenset({("04", "damage", 2014, 5)}))
    assert design.of(GOOD, tables).withheld
