"""Placebos of the whole country, judgements against them, and the study that says when they hold."""

from __future__ import annotations

import importlib.util
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from brapkg import areas, catalogue, paths, schemas
from brapkg.effects import null
from brapkg.effects.estimators import DESIGNS, LOCAL, Window, estimate
from brapkg.errors import DataError
from brapkg.indicators import placebos
from brapkg.indicators.time import monthly_exposure
from brapkg.sources import snapshot
from brapkg.stats.effect import calibration

STARTS = {2014 * 12, 2016 * 12}
BREAK = 2015 * 12
BJURHOLM, GOTLAND = "2403", "0980"


@pytest.fixture(scope="module")
def counties(tables):
    return placebos.table(tables["offences_month"], tables["population"])


@pytest.fixture(scope="module")
def municipal(months, tables):
    return placebos.table(months[0], tables["population"], kinds=("municipality",))


def window_of(months, population, treated, comparison, offence, first, lengths=(12, 0, 12)):
    """A window of two sets of areas, put together in the plainest way."""
    at = np.arange(first, first + sum(lengths))
    mine = months[months["offence"] == offence]
    mine = mine.assign(at=mine["year"] * 12 + mine["month"] - 1)
    wide = mine.pivot(index="area", columns="at", values="count")[at]
    days = [
        sum(monthly_exposure(population, area, at // 12, at % 12 + 1) for area in group)
        for group in (treated, comparison)
    ]
    counts = [wide.loc[list(group)].sum().to_numpy() for group in (treated, comparison)]
    return Window(counts[0], days[0], counts[1], days[1], *lengths)


# --- the table -----------------------------------------------------------------------------------


def test_the_table_of_the_build_fits_its_schema_and_no_window_holds_the_break(counties):
    checked = schemas.check("placebos", counties)
    assert len(checked) == len(counties) > 2000
    begin, end = counties["start"] - counties["before"], counties["start"] + counties["run_in"] + counties["after"]
    assert not ((begin < BREAK) & (end > BREAK)).any() and set(counties["start"]) == STARTS
    assert set(counties["design"]) == {*DESIGNS, LOCAL} and set(counties["offence"]) == set(
        catalogue.offences("groups")
    )


def test_every_county_is_there_and_gotland_has_no_neighbours(counties):
    sizes = counties[counties["offence"] == "total"].groupby("design")["area"].nunique()
    assert sizes.drop("displacement").eq(21).all() and sizes["displacement"] == 20


def test_a_county_s_placebo_is_the_estimate_against_all_other_counties(counties, tables):
    others = [county.code for county in areas.counties() if county.code != "09"]
    window = window_of(tables["offences_month"], tables["population"], ["09"], others, "violence", 2015 * 12)
    row = counties.query("area == '09' and offence == 'violence' and start == 2016 * 12")
    for design, name in (("comparison", "comparison"), ("interrupted", "interrupted"), ("displacement", LOCAL)):
        found, (_, told) = estimate(design, window), *row[row["design"] == name].iterrows()
        assert told["value"] == pytest.approx(found.value) and told["expected"] == pytest.approx(found.expected)


def test_a_municipality_s_placebo_is_the_estimate_against_the_rest_of_its_county(municipal, months, tables):
    rest = [one.code for one in areas.municipalities("24") if one.code != BJURHOLM]
    window = window_of(months[0], tables["population"], [BJURHOLM], rest, "total", 2013 * 12)
    row = municipal.query(
        "area == @BJURHOLM and offence == 'total' and start == 2014 * 12 and design == 'comparison'"
    ).iloc[0]
    found = estimate("comparison", window)
    assert row["value"] == pytest.approx(found.value) and row["variance"] == pytest.approx(found.variance)


def test_the_municipalities_naive_false_alarms_are_those_known(municipal):
    """A plain two-by-two rate ratio: 43–62 % of all offences, 17–53 % of vandalism, 20–27 % of violence."""
    rows = municipal[municipal["design"] == "comparison"]
    rows = rows.assign(size=null.size_classes(rows))
    rows["alarm"] = rows["value"].abs() > 1.96 * np.sqrt(rows["variance"])
    alarms = rows.groupby(["offence", "size"])["alarm"].mean()
    for offence, low, high in (("total", 0.38, 0.62), ("damage", 0.17, 0.53), ("violence", 0.18, 0.28)):
        assert alarms[offence].between(low, high).all(), offence


def test_comparison_areas_are_the_rest_or_the_nearest_in_residents_and_never_nearby(months, tables):
    (panel,) = placebos.panels(months[0], tables["population"], ("municipality",))
    place = {code: i for i, code in enumerate(panel.codes)}
    whole, one = panel.compared(0), panel.compared(1)
    county = {m.code for m in areas.municipalities("24")} - {BJURHOLM}
    assert {panel.codes[i] for i in np.flatnonzero(whole[place[BJURHOLM]])} == county
    nearest = min(county, key=lambda code: abs(np.log(panel.residents[code] / panel.residents[BJURHOLM])))
    assert [panel.codes[i] for i in np.flatnonzero(one[place[BJURHOLM]])] == [nearest]
    apart = panel.compared(0, without=panel.nearby)
    assert not (apart * panel.nearby).any() and not np.diag(apart).any() and (apart.sum(axis=1) > 0).all()
    alone = {panel.codes[i] for i in np.flatnonzero(whole[place[GOTLAND]])}
    assert alone == set(placebos.donors(GOTLAND, panel.residents)) and len(alone) == placebos.DONORS


def test_donors_are_of_the_same_kind_and_of_another_county(tables):
    residents = tables["population"].query("year == 2014").set_index("area")["residents"]
    residents = residents[residents.index.str.len() == 4]
    found = placebos.donors(BJURHOLM, residents)
    assert len(found) == placebos.DONORS and not any(code.startswith("24") for code in found)
    kinds = [areas.get(code).group_2017 == areas.get(BJURHOLM).group_2017 for code in found]
    assert kinds == sorted(kinds, reverse=True)


def test_windows_do_not_cross_breaks_or_gaps_nor_share_months_after():
    at = np.arange(2013 * 12, 2017 * 12)
    assert placebos.firsts(at, (12, 0, 12, 0)) == [0, 24]
    assert placebos.firsts(at, (12, 0, 6, 0)) == [0, 6, 24, 30]
    assert placebos.firsts(at, (12, 3, 12, 0)) == []
    assert placebos.firsts(np.delete(at, 5), (12, 0, 6, 0)) == [5, 23, 29]


def test_where_no_window_fits_there_are_no_placebos_but_the_columns(tables):
    found = placebos.table(tables["offences_month"], tables["population"], [(24, 6, 12, 0)])
    assert found.empty and list(found.columns) == list(schemas.tables()["placebos"]["columns"])
    assert schemas.check("placebos", found).empty


def test_a_kind_with_a_gap_has_only_the_months_that_all_have(tables):
    months = tables["offences_month"]
    short = months[~((months["area"] == "09") & (months["year"] == 2013) & (months["month"] == 5))]
    found = placebos.table(short, tables["population"])
    assert set(found["start"]) == {2016 * 12}


def test_other_shapes_are_made_when_asked_for(counties, tables):
    given = (counties, tables["offences_month"], tables["population"], "county")
    assert placebos.fitting(*given, placebos.STANDARD).equals(counties)
    other = placebos.fitting(*given, placebos.shape_of(12, 3, 6, 2))
    assert len(other) and set(other["compared"]) == {2} and set(other["run_in"]) == {3}
    assert placebos.shape_of(12, 0, 12, 14) == placebos.STANDARD


def test_the_same_figures_give_the_same_placebos(counties, tables):
    again = placebos.table(tables["offences_month"], tables["population"])
    pd.testing.assert_frame_equal(again, counties, check_exact=True)


# --- the judgement -------------------------------------------------------------------------------


@pytest.fixture
def trusting(monkeypatch):
    """A study in which every design holds everywhere."""
    monkeypatch.setattr(null, "_studied", lambda *_: True)


def measure(tables, design="comparison", offence="total", county="17", factor=1.0):
    """An estimate for a county in 2016, with the events after changed, and the placebos it may use."""
    others = [one.code for one in areas.counties() if one.code != county]
    window = window_of(tables["offences_month"], tables["population"], [county], others, offence, 2015 * 12)
    treated = window.treated.copy()
    treated[12:] = np.round(treated[12:] * factor)
    donors = {"donors": np.tile(window.comparison / 20, (3, 1)), "donors_exposure": np.full((3, 24), 1e7)}
    return estimate(design, replace(window, treated=treated, **donors)), others


def fresh(counties, county, others):
    return null.others(counties, [county], others, 2015 * 12, 2017 * 12 - 1)


@pytest.mark.parametrize("design", DESIGNS)
@pytest.mark.parametrize("factor", [0.4, 0.9, 1.0, 2.0])
def test_a_judgement_holds_together(design, factor, counties, tables, trusting):
    found, others = measure(tables, design, factor=factor)
    judged = null.judge(found, fresh(counties, "17", others), "total", "county")
    nothing = 0 if design == "displacement" else 1
    assert judged.missing == "" and judged.lower <= judged.value <= judged.upper
    assert (judged.p_value <= 0.05) == (not judged.lower <= nothing <= judged.upper)
    assert judged.placebos >= null.FEWEST and 0 <= judged.position <= 1
    assert (judged.position < 0.5) == (judged.value < np.median(judged.null)) or 0.3 < judged.position < 0.7
    assert 0 < judged.detectable_fall < 100 and 0 < judged.detectable_rise < 900
    assert len(judged.null) and (np.diff(judged.null) >= 0).all()
    if factor in (0.4, 2.0):
        assert judged.p_value < 0.05 and (judged.value < nothing) == (factor < 1)


def test_the_interval_is_wider_than_poisson_chance(counties, tables, trusting):
    found, others = measure(tables)
    judged = null.judge(found, fresh(counties, "17", others), "total", "county")
    assert np.log(judged.upper / judged.lower) > 2 * 2 * 1.96 * np.sqrt(found.variance)


def test_what_could_be_seen_does_not_rest_on_what_came_after(counties, tables, trusting):
    seen = []
    for factor in (0.5, 1.5):
        found, others = measure(tables, factor=factor)
        judged = null.judge(found, fresh(counties, "17", others), "total", "county")
        seen.append((judged.detectable_fall, judged.detectable_rise))
    assert seen[0] == pytest.approx(seen[1])


def test_the_measure_s_own_area_never_judges_itself_nor_its_comparison_in_the_same_months(counties):
    left = null.others(counties, {"17"}, {"20", "21"}, 2015 * 12, 2017 * 12 - 1)
    assert not (left["area"] == "17").any()
    assert set(left[left["area"] == "20"]["start"]) == {2014 * 12}
    assert set(left[left["area"] == "22"]["start"]) == STARTS
    touching = null.others(counties, (), {"20"}, 2014 * 12 + 11, 2014 * 12 + 11)
    assert set(touching[touching["area"] == "20"]["start"]) == {2016 * 12}


def test_few_placebos_and_unknown_offences_are_said(counties, tables, trusting):
    found, others = measure(tables)
    rows = fresh(counties, "17", others)
    for some, offence in (
        (rows[rows["area"].isin(["20", "21"])], "total"),
        (rows[rows["offence"] != "total"], "total"),
        (rows.iloc[:0], "total"),
    ):
        judged = null.judge(found, some, offence, "county")
        assert judged.missing == "few placebos" and np.isnan([judged.lower, judged.p_value]).all()
        assert np.isfinite(judged.value)


def test_an_estimate_without_a_value_has_no_judgement_and_keeps_its_reason(counties, tables, trusting):
    found, others = measure(tables, "synthetic")
    lost = replace(found, value=np.nan, variance=np.nan, missing="few")
    judged = null.judge(lost, fresh(counties, "17", others), "total", "county")
    assert judged.missing == "few" and np.isnan(judged.value) and not len(judged.null)


def test_where_the_study_failed_the_value_stands_and_the_rest_is_withheld(counties, tables, monkeypatch):
    found, others = measure(tables)
    monkeypatch.setattr(null, "_studied", lambda design, size, offences, column: column != "usable")
    judged = null.judge(found, fresh(counties, "17", others), "total", "county")
    assert judged.missing == "not calibrated" and np.isfinite(judged.value)
    assert np.isnan([judged.lower, judged.upper, judged.p_value, judged.position, judged.detectable_fall]).all()
    monkeypatch.setattr(null, "_studied", lambda design, size, offences, column: column != "visible")
    judged = null.judge(found, fresh(counties, "17", others), "total", "county")
    assert judged.missing == "" and np.isnan(judged.detectable_fall) and np.isfinite(judged.p_value)


def test_size_classes_are_thirds_of_the_municipalities(tables):
    residents = tables["population"].query("year == 2014 and area.str.len() == 4")["residents"]
    sizes = pd.Series([null.size_class("municipality", one) for one in residents]).value_counts(normalize=True)
    assert sizes.between(0.3, 0.37).all() and set(sizes.index) == {"small", "middle", "large"}
    assert null.size_class("county", 100) == "county"
    edge = pd.DataFrame({"kind": ["municipality"] * 2 + ["county"], "population": [11_499.0, 11_500, 9]})
    assert null.size_classes(edge).tolist() == ["small", "middle", "county"]


# --- the study -----------------------------------------------------------------------------------


def test_the_study_tells_every_design_and_size_and_refuses_what_misses_the_target():
    found = null.study()
    whole = found[found["offence"] == null.ALL]
    assert len(whole) == 5 * 4 and not found.duplicated(["design", "size", "offence"]).any()
    assert whole[whole["size"] != "county"]["placebos"].ge(2000).all()
    kept = whole[whole["usable"] == "yes"]
    assert (
        kept["calibrated"].between(3, 7).all()
        and kept[["cover_10", "cover_25", "cover_50"]].stack().between(93, 97).all()
    )
    seen = whole[whole["visible"] == "yes"]
    assert seen[["power_fall", "power_rise"]].sub(80).abs().le(3).all(axis=None)
    lost = whole[whole["usable"] == "no"]
    assert (~lost["calibrated"].between(3, 7) | ~lost[["cover_10", "cover_25", "cover_50"]].apply(
        lambda column: column.between(93, 97)
    ).all(axis=1)).all()  # fmt: skip
    assert (whole["naive"] > 20).all()


def test_every_design_reaches_the_target_of_false_alarms_in_every_size_class_of_municipalities():
    whole = null.study().query("offence == 'all' and size != 'county'")
    assert whole["calibrated"].between(3, 7).all() and (whole["usable"] == "yes").all()


def test_the_study_s_word_is_kept_by_design_size_and_offence(monkeypatch):
    rows = [("comparison", "small", "all", "yes", "no"), ("comparison", "small", "drugs", "no", "yes")]
    rows.append(("comparison", "large", "all", "no", "no"))
    made = pd.DataFrame(rows, columns=["design", "size", "offence", "usable", "visible"])
    monkeypatch.setattr(null, "study", lambda: made)
    assert null.usable("comparison", "small", "total") and not null.usable("comparison", "small", "drugs")
    assert not null.usable("comparison", "large", "total") and not null.usable("synthetic", "small", "total")
    assert not null.foreseen("comparison", "small")


def test_a_study_that_was_changed_is_refused_by_name(tmp_path, monkeypatch):
    for path in null.STUDY.parent.glob("placebo_study.csv*"):
        (tmp_path / path.name).write_bytes(path.read_bytes().replace(b"no", b"yes", 1))
    monkeypatch.setattr(null, "STUDY", tmp_path / "placebo_study.csv")
    null.study.cache_clear()
    with pytest.raises(DataError, match="placebo_study.csv: does not match"):
        null.usable("comparison", "small", "total")
    null.study.cache_clear()


@pytest.fixture(scope="module")
def benchmark():
    spec = importlib.util.spec_from_file_location("placebo_study", paths.CLONE / "benchmarks" / "placebos.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_study_never_judges_a_measure_by_its_own_area_or_months(benchmark, tables, monkeypatch):
    monkeypatch.setattr(benchmark, "SHAPES", ((12, 0, 12, 0),))
    used = []
    true = null.Nulls.of.__func__

    def of(cls, others, size):
        used.append((set(others["area"]), set(others["start"])))
        return true(cls, others, size)

    monkeypatch.setattr(null.Nulls, "of", classmethod(of))
    monkeypatch.setattr(benchmark, "EFFECTS", (25,))
    given = (tables["offences_month"], tables["population"])
    first = benchmark.judged(*given)
    folds = first.groupby(["design", "side", "fold"])["area"].agg(set)
    assert len(used) == len(folds)
    for (areas_used, starts), ((_, side, _), tested) in zip(used, folds.items(), strict=True):
        assert not areas_used & tested and starts == {2014 * 12 if side else 2016 * 12}
    alarms = benchmark.by(first, ["design"])
    assert (alarms["naive"] > 3 * alarms["calibrated"]).all()


def test_the_study_is_the_same_every_time(benchmark, tables):
    (panel,) = placebos.panels(tables["offences_month"], tables["population"])
    first, second = (benchmark.estimated(panel, (12, 0, 6, 0)) for _ in range(2))
    pd.testing.assert_frame_equal(first, second, check_exact=True)
    assert (first["events_25"] <= first["events"]).all() and (first["events_50"] < first["events"]).any()


def test_effects_are_laid_on_event_by_event_after_the_start_only(benchmark):
    counts = np.full((400, 24), 50.0)
    window = Window(counts, counts, counts, counts, 12, 3, 9)
    rng = np.random.default_rng(3)
    for lay, mean in ((benchmark.thinned, 35), (benchmark.thickened, 65)):
        laid = lay(window, 0.3, rng).treated
        assert (laid[:, :15] == 50).all() and laid[:, 15:].mean() == pytest.approx(mean, rel=0.01)
    assert (window.treated == 50).all()


def test_the_overdispersion_of_poisson_months_is_one(benchmark):
    rng = np.random.default_rng(4)
    own, other = rng.poisson(40, (500, 24)), rng.poisson(4000, (500, 24))
    window = Window(own, np.ones_like(own), other, np.ones_like(own), 12, 0, 12)
    assert benchmark.overdispersion(window).mean() == pytest.approx(1.12, abs=0.05)  # floored at 1
    twice = replace(window, treated=own * 3)
    assert benchmark.overdispersion(twice).mean() == pytest.approx(3, abs=0.15)


def test_every_design_sees_the_same_events_taken_away(benchmark, tables):
    """Or the designs of one measure would agree less than they do on a page."""
    (panel,) = placebos.panels(tables["offences_month"], tables["population"])
    rows = benchmark.estimated(panel, (12, 0, 12, 0)).set_index(["start", "area", "offence"])
    left = {design: mine["events_25"] for design, mine in rows.groupby("design")}
    for design, events in left.items():
        both = left["comparison"].index.intersection(events.index)
        assert len(both) > 300 and (events[both] == left["comparison"][both]).all(), design


@pytest.fixture(scope="module")
def rule_study():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(paths.CLONE / "benchmarks"))
        spec = importlib.util.spec_from_file_location("verdict_study", paths.CLONE / "benchmarks" / "verdicts.py")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        yield module


def test_the_rule_of_the_page_is_that_of_its_study(rule_study):
    """Four designs of one measure, put by hand: what each fall laid on and the study's refusals make of them."""
    base = {"kind": "county", "shape": "s", "start": 1, "area": "10", "offence": "total", "size": "large"}
    log = {f"{name}_{laid}": np.log(ratio) for laid in (0, 25, 50) for name, ratio in
           (("value", 0.5), ("lower", 0.4), ("upper", 0.6 if laid else 1.2))}  # fmt: skip
    plain = {name: np.exp(one) - 1 for name, one in log.items()}
    rows = [base | log | {"design": name} for name in ("comparison", "interrupted", "synthetic")]
    rows += [base | plain | {"design": name} for name in ("displacement", LOCAL)]
    rows = pd.DataFrame(rows).assign(usable=True, differs=False)
    found = {laid: rule_study.verdicts_of(rows[rows["design"] != LOCAL], laid).iloc[0] for laid in (0, 25)}
    assert (found[0]["word"], found[0]["counted"]) == ("undecided", 4) and found[25]["word"] == "clear_fall"
    weaker = rule_study.verdicts_of(rows[rows["design"] != LOCAL].assign(differs=True), 25)
    assert weaker["word"].item() == "probable_fall"
    alone = rows[rows["design"] != LOCAL].assign(usable=lambda t: t["design"] == "interrupted")
    assert rule_study.verdicts_of(alone, 25)["counted"].item() == 1


def test_each_measure_of_the_study_of_verdicts_has_one_way_to_treat_nearby_areas(rule_study, monkeypatch):
    taken = []
    monkeypatch.setattr(null, "usable", lambda design, size, offence: (design, size) != ("displacement", "county"))
    monkeypatch.setattr(rule_study, "verdicts_of", lambda rows, laid: taken.append(list(rows["design"])) or rows)
    names = [*DESIGNS, LOCAL]
    for size, expected in (("county", {"no": LOCAL, "yes": LOCAL}), ("small", {"no": LOCAL, "yes": "displacement"})):
        taken.clear()
        rows = pd.DataFrame({"design": names, "size": size, "offence": "total"})
        made = list(rule_study.judged(rows))
        for designs, told in zip(taken, made, strict=True):
            assert set(designs) & {"displacement", LOCAL} == {expected[told["nearby"].iloc[0]]} and len(designs) == 4


def test_shares_of_the_study_of_verdicts_add_up(rule_study):
    given = pd.DataFrame(
        {
            "size": "small",
            "nearby": "no",
            "laid": 0,
            "word": ["rise"] + ["undecided"] * 3,
            "differs": [True] + [False] * 3,
        }
    )
    (row,) = rule_study.summary(given).to_dict("records")
    assert (row["placebos"], row["rise"], row["undecided"], row["clear_fall"], row["trends"]) == (4, 25, 75, 0, 25)


def test_the_sidecars_of_the_studies_are_right():
    assert snapshot.verify(null.STUDY)["rows"] == len(null.study())
    assert snapshot.verify(null.VERDICTS)["rows"] == len(null.verdicts()) == 4 * 2 * 3
    assert calibration.SCALES == ("log", "difference", "share")
