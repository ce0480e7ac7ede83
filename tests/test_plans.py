"""Action plans: the draft's words and figures, what is read back, and what became of an indicator."""

from __future__ import annotations

import io
import math
from datetime import date
from pathlib import Path
from types import SimpleNamespace

import openpyxl
import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from brapkg import areas, catalogue, shown
from brapkg.outcomes import outcome, outcomes
from brapkg.plans import documents, draft, filed, values
from brapkg.plans.draft import Candidate, Draft, Indicator, Row
from brapkg.plans.excel import columns
from brapkg.plans.filed import FiledPlan, FiledRow
from brapkg.plans.values import Value
from brapkg.priorities import YEARS_AFTER, Priority, known
from brapkg.sheets import writing
from brapkg.stats.comparison import change
from brapkg.stats.two_rates import rate_ratio_exact
from brapkg.wording import Words

SV, EN = Words("sv"), Words("en")
VIOLENCE = Value(2015, 2016, 33.0, 4905.0)
GROUPS = list(catalogue.offences("groups"))


def priority(offence: str = "violence", falls: dict | None = None) -> Priority:
    falls = {1: 0.62, 4: 0.4471} if falls is None else falls
    return Priority(SimpleNamespace(offence=offence, certainty="low"), known(offence), falls)


def told(offence: str) -> Indicator:
    return Indicator(values.told(VIOLENCE, offence, SV), VIOLENCE)


def made(rows, area: str = "2403", period: int = 2016) -> Draft:
    return Draft(areas.get(area), period, f"{period} (preliminärt)", "Källa: Brå.", tuple(rows))


def row(measure: Candidate | None = None, offence: str = "violence", value: Value | None = VIOLENCE, **more) -> Row:
    return Row(
        1, "Våldsbrott", offence, measures=(measure or Candidate("Krogar"),), indicator=Indicator("", value), **more
    )


def put(folder: Path, plan: Draft, name: str = "plan.xlsx", words: Words = SV) -> Path:
    path = folder / name
    path.write_bytes(documents.excel(plan, words))
    return path


def change_cells(path: Path, **cells) -> None:
    """Fill in cells as a spreadsheet would."""
    book = openpyxl.load_workbook(path)
    for cell, value in cells.items():
        book.worksheets[0][cell] = value
    book.save(path)


def letter(id: str) -> str:
    return openpyxl.utils.get_column_letter([column.id for column in columns()].index(id) + 1)


@pytest.fixture(autouse=True)
def short(monkeypatch):
    """Sheets without the hundreds of empty rows for people: they take most of the time."""
    monkeypatch.setattr(writing, "SPARE", 3)


# --- the draft -----------------------------------------------------------------------------------


def test_a_priority_becomes_a_row_with_questions_measures_indicator_and_smallest_change():
    (one,) = draft.rows([priority()], told, SV)
    assert (one.priority, one.problem, one.offence) == (1, "Våldsbrott", "violence")
    assert one.certainty == "Låg säkerhet"
    assert len(one.questions) == len(known("violence").questions) > 3
    assert [measure.name.split(" (")[0] for measure in one.measures][0] == "Polisnärvaro på brottstäta platser"
    assert all("säkerhet" in measure.evidence for measure in one.measures)
    assert one.smallest == (
        "En minskning med minst 45 procent efter fyra år syns fyra gånger av fem. "
        "Tidigare än efter fyra år syns inte ens en halvering säkert."
    )
    assert not any(measure.owner or measure.start or measure.end or measure.status for measure in one.measures)


def test_what_was_found_without_effect_is_told_with_the_problem_it_was_tried_on():
    (one,) = draft.rows([priority()], told, SV)
    without = next(text for text in one.cautions if text.startswith("Prövat utan visad effekt"))
    assert "kamerabevakning (mot våld på offentlig plats)" in without


def test_measures_to_avoid_are_named_and_never_offered():
    for offence in GROUPS:
        for one in draft.rows([priority(offence)], told, SV):
            names = {measure.name.split(" (mot")[0] for measure in one.measures}
            for _, rating in known(offence).avoid:
                assert rating.measure.sv not in names
                assert any(text.startswith("Undvik") and rating.measure.lower_sv in text for text in one.cautions)


def test_where_nothing_stands_out_the_plan_holds_the_laws_own_lines():
    rows = draft.rows([], told, SV)
    assert [one.problem for one in rows] == ["Håll lägesbilden aktuell", "Behåll det som fungerar", "Följ upp planen"]
    assert [one.offence for one in rows] == ["", "", "total"]
    assert made(rows).law_alone and not made(draft.rows([priority()], told, SV)).law_alone
    paragraphs = " ".join(measure.evidence for one in rows for measure in one.measures)
    assert all(f"{number}" in paragraphs for number in (4, 5, 6))


@pytest.mark.parametrize(
    ("falls", "sv"),
    [
        ({1: 0.2, 3: 0.12}, "En minskning med minst 20 procent efter ett år och minst 12 procent efter tre år syns"),
        ({1: 0.201}, "minst 21 procent efter ett år"),  # upwards: 20 per cent would not be seen so often
        ({1: 0.3, 2: 0.2, 4: 0.1}, "minst 30 procent efter ett år och minst 10 procent efter fyra år"),
        ({1: math.nan, 3: math.nan}, "Inte ens en halvering skulle synas säkert efter tre år"),
        ({1: 0.8, 3: 0.6}, "Inte ens en halvering"),
        ({1: None, 3: None}, "Går inte att räkna ut"),
        ({}, "Går inte att räkna ut"),
    ],
)
def test_the_smallest_change_is_told_from_the_first_year_that_shows_one(falls, sv):
    assert sv in draft.smallest(falls, SV)
    assert draft.smallest(falls, EN) != draft.smallest(falls, SV)


def test_values_are_told_with_interval_few_without_rate_and_hidden_not_at_all():
    assert values.told(Value(2013, 2016, 66, 9778), "violence", SV) == (
        "Våldsbrott: 66 anmälda 2013–2016. Det är 675 per 100\u00a0000 invånare och år "
        "(osäkerhet av enbart slump 522–859)."
    )
    few = values.told(Value(2016, 2016, 3, 2453, True), "drugs", SV)
    assert few == "Alkohol och narkotika: 3 anmälda 2016. Så få säger inget om en utveckling. Siffran är preliminär."
    hidden = values.told(Value(2016, 2016, math.nan, 2453), "drugs", SV)
    assert "visas" in hidden and "nan" not in hidden
    assert values.told(None, "drugs", SV) == "Det saknas siffror."


def test_a_value_is_the_sum_of_the_stores_own_years(built):
    tables = shown.tables()
    rows = tables.rows("rates", area="2403", offence="violence")
    one = values.value(tables, "2403", "violence", 2013, 2016)
    assert one.count == rows["count"].sum() == 66
    assert one.residents == pytest.approx(rows["population"].sum())
    assert one.preliminary and not values.value(tables, "2403", "violence", 2013, 2015).preliminary
    assert values.value(tables, "2403", "violence", 2012, 2016) is None
    assert values.value(tables, "2403", "violence", 2016, 2015) is None


def test_a_value_kept_back_in_one_year_is_kept_back_in_the_sum():
    rows = pd.DataFrame(
        {"year": [2015, 2016], "count": [math.nan, 9], "population": [2445.0, 2453.0], "status": "final"}
    )
    tables = SimpleNamespace(rows=lambda *_, **__: rows)
    assert not values.value(tables, "2403", "vehicle", 2015, 2016).told
    assert values.value(tables, "2403", "vehicle", 2016, 2016).count == 9


# --- read back -----------------------------------------------------------------------------------


def test_a_filled_in_plan_is_read_as_it_was_written(tmp_path):
    rows = draft.rows([priority("violence"), priority("vehicle")], told, SV)
    path = put(tmp_path, made(rows))
    change_cells(
        path,
        **{
            f"{letter('owner')}2": "Säkerhetssamordnaren",
            f"{letter('start')}2": date(2027, 3, 1),
            f"{letter('end')}2": "2028-12-31",
            f"{letter('status')}2": "pågår",
            f"{letter('done')}2": "Två möten.\nSedan vår.",
        },
    )
    found = filed.read(tmp_path)
    assert found.problems == ()
    (plan,) = found.plans["2403"]
    assert (plan.area, plan.period, plan.file) == ("2403", 2016, "plan.xlsx")
    assert [one.measure.name for one in plan.rows] == [measure.name for one in rows for measure in one.measures]
    first = plan.rows[0].measure
    assert (first.owner, first.start, first.end, first.status, first.done) == (
        "Säkerhetssamordnaren",
        date(2027, 3, 1),
        date(2028, 12, 31),
        "ongoing",
        "Två möten.\nSedan vår.",
    )
    assert plan.baselines == {"violence": VIOLENCE, "vehicle": VIOLENCE}


def test_a_plan_of_the_law_alone_is_read_with_its_one_indicator(tmp_path):
    put(tmp_path, made(draft.rows([], told, EN)), words=EN)
    found = filed.read(tmp_path)
    assert found.problems == ()
    assert found.plans["2403"][0].baselines == {"total": VIOLENCE}


TEXTS = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Zs")), max_size=60)
MEASURES = st.builds(
    Candidate,
    TEXTS,
    TEXTS,
    TEXTS,
    st.none() | st.dates(date(2020, 1, 1), date(2024, 12, 31)),
    st.none() | st.dates(date(2025, 1, 1), date(2030, 12, 31)),
    st.sampled_from(["", *draft.STATUSES]),
    TEXTS,
)
FIGURES = st.builds(
    Value,
    st.just(2014),
    st.just(2016),
    st.integers(0, 900).map(float),
    st.integers(2_000, 2_000_000).map(lambda n: n / 2),
)


def spaced(text: str) -> str:
    return " ".join(text.split())


@settings(
    max_examples=25, deadline=None, phases=[Phase.generate], suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    measures=st.lists(st.tuples(st.sampled_from(GROUPS), MEASURES), max_size=6),
    figures=st.fixed_dictionaries({id: FIGURES for id in GROUPS}),
    area=st.sampled_from(["2403", "0180", "1280", "14", "0980", "1482"]),
    language=st.sampled_from(["sv", "en"]),
)
def test_documents_are_read_back_as_they_were(tmp_path, measures, figures, area, language):
    """Whatever people write: what is read is what was written, or the cell is told."""
    rows = [
        Row(n, f"P {n}", offence, measures=(measure,), indicator=Indicator("", figures[offence]))
        for n, (offence, measure) in enumerate(measures, 1)
    ]
    put(tmp_path, made(rows, area), words=Words(language))
    found = filed.read(tmp_path)
    (tmp_path / "plan.xlsx").unlink()
    read = {one.priority: one for plan in found.plans.get(area, ()) for one in plan.rows}
    refused = {n for n, (_, one) in enumerate(measures, 1) if any(text.strip()[:1] == "=" for text in texts_of(one))}
    for n, (offence, measure) in enumerate(measures, 1):
        if n not in read:  # a text that looks like a formula or an error of the spreadsheet is told
            assert n in refused or any(text.lstrip().startswith("#") for text in texts_of(measure)), found.problems
            assert any(f"{n + 1} (" in problem for problem in found.problems)
            continue
        one = read[n]
        assert (one.offence, one.value) == (offence, figures[offence])
        assert (one.measure.start, one.measure.end, one.measure.status) == (measure.start, measure.end, measure.status)
        for is_read, written in zip(texts_of(one.measure), texts_of(measure), strict=True):
            assert spaced(is_read) == spaced(normal(written))


def texts_of(one: Candidate) -> tuple[str, ...]:
    return one.name, one.evidence, one.owner, one.done


def normal(text: str) -> str:
    import unicodedata

    return unicodedata.normalize("NFC", text)


def test_every_fault_of_every_file_is_told_with_its_cell_and_the_rest_is_used(tmp_path):
    rows = [row(Candidate(f"Åtgärd {n}")) for n in range(1, 7)]
    path = put(tmp_path, made(rows))
    change_cells(
        path,
        **{
            f"{letter('status')}2": "klar",
            f"{letter('start')}3": "i vår",
            f"{letter('count')}4": -3,
            f"{letter('area')}5": "Bjurhlm",
            f"{letter('start')}6": "2027-05-01",
            f"{letter('end')}6": "2027-01-01",
        },
    )
    (tmp_path / "ord.docx").write_bytes(b"PK")
    (tmp_path / "trasig.xlsx").write_bytes(b"PK\x03\x04trasig")
    (tmp_path / "~$plan.xlsx").write_bytes(b"lock")
    (tmp_path / "README.md").write_text("x")
    found = filed.read(tmp_path)
    (plan,) = found.plans["2403"]
    assert [one.measure.name for one in plan.rows] == ["Åtgärd 6"] and plan.refused == 5
    told = "\n".join(found.problems)
    for cell in (
        f"{letter('status')}2",
        f"{letter('start')}3",
        f"{letter('count')}4",
        f"{letter('area')}5",
        f"{letter('end')}6",
    ):
        assert f"plan.xlsx, sheet Plan, cell {cell}" in told
    assert (
        "Bjurholm" in told and "genomförd" in told and "ord.docx: is a Word document" in told and "trasig.xlsx" in told
    )
    assert len(found.problems) == 7


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        ({"first": None}, "all four"),
        ({"first": 2019}, "lies after the baseline's last year 2016"),
        ({"last": 2018}, "lies after the plan's year 2016"),
        ({"count": 2.5}, "whole number"),
        ({"residents": 0}, "above 0"),
        ({"count": 10**9}, "cannot be"),
        ({"offence": None}, "needs its offence group"),
        ({"period": 2016.5}, "must be a year"),
        ({"period": None}, "filled in"),
        ({"priority": -1}, "whole number from 1"),
        ({"area": "riket"}, "municipality or a county"),
        ({"period": "tjugohundra"}, "no number"),
    ],
)
def test_a_baseline_that_cannot_be_is_told_and_its_row_left_out(tmp_path, cells, words):
    path = put(tmp_path, made([row()]))
    change_cells(path, **{f"{letter(id)}2": value for id, value in cells.items()})
    found = filed.read(tmp_path)
    assert not found.plans
    assert any(words in problem and f"cell {letter(next(iter(cells)))}2" in problem for problem in found.problems)


def test_baselines_of_one_group_that_differ_are_told_and_not_followed(tmp_path):
    path = put(tmp_path, made([row(Candidate("A")), row(Candidate("B")), row(Candidate("C"), "drugs")]))
    change_cells(path, **{f"{letter('count')}3": 3})
    found = filed.read(tmp_path)
    (plan,) = found.plans["2403"]
    assert plan.baselines == {"violence": None, "drugs": VIOLENCE} and len(plan.rows) == 3
    assert plan.apart == ("violence",) and plan.refused == 0
    (problem,) = found.problems
    assert (
        f"cell {letter('measure')}2" in problem and f"cell {letter('measure')}3" in problem and "'Våldsbrott" in problem
    )


def test_two_plans_of_one_area_and_year_are_told_and_neither_is_used(tmp_path):
    put(tmp_path, made([row()]), "en.xlsx")
    put(tmp_path, made([row()]), "två.xlsx")
    put(tmp_path, made([row(value=Value(2015, 2015, 12, 2450))], period=2015), "förra.xlsx")
    found = filed.read(tmp_path)
    assert [(one.period, one.file) for one in found.plans["2403"]] == [(2015, "förra.xlsx")]
    (problem,) = found.problems
    assert all(word in problem for word in ("en.xlsx", "två.xlsx", "Bjurholms kommun", "2016"))


def test_the_plan_that_a_page_shows_is_the_latest_that_is_not_newer_than_its_figures():
    plans = tuple(FiledPlan("2403", period, f"{period}", ()) for period in (2016, 2014))
    found = filed.Filed({"2403": plans})
    assert [found.plan("2403", year).period for year in (2014, 2015, 2016, 2020)] == [2014, 2014, 2016, 2016]
    assert found.plan("2403", 2013) is None and found.plan("0180", 2016) is None


def test_nothing_is_there_to_read(tmp_path):
    assert filed.read(tmp_path / "no") == filed.read(tmp_path) == filed.Filed()


def test_a_csv_of_the_sheet_is_read_too_and_the_files_are_left_alone(tmp_path):
    sheet = openpyxl.load_workbook(io.BytesIO(documents.excel(made([row()]), SV))).worksheets[0]
    lines = [
        ";".join("" if cell.value is None else str(cell.value) for cell in line) for line in sheet.iter_rows(max_row=2)
    ]
    path = tmp_path / "plan.csv"
    path.write_text("\r\n".join(lines), encoding="cp1252")
    before = path.read_bytes()
    found = filed.read(tmp_path)
    assert found.problems == () and found.plans["2403"][0].baselines == {"violence": VIOLENCE}
    assert path.read_bytes() == before and [one.name for one in tmp_path.iterdir()] == ["plan.csv"]


def test_a_plan_that_was_changed_is_read_anew(tmp_path):
    path = put(tmp_path, made([row()]))
    assert filed.read(tmp_path).plans["2403"][0].rows[0].measure.owner == ""
    change_cells(path, **{f"{letter('owner')}2": "Anna"})
    assert filed.read(tmp_path).plans["2403"][0].rows[0].measure.owner == "Anna"


# --- what became of it ---------------------------------------------------------------------------


# A rest of the country that did not move, and so large that chance does not move it either.
STILL = (Value(2015, 2016, 1e10, 1e12), Value(2017, 2018, 1e10, 1e12))


def after(count: float, residents: float = 4905.0) -> Value:
    return Value(2017, 2018, count, residents)


def test_the_areas_change_is_set_against_that_of_the_rest_of_the_country():
    before, later, sd = Value(2013, 2016, 200, 10_000), Value(2017, 2018, 75, 5_000), 0.1
    rest = (Value(2013, 2016, 80_000, 4e6), Value(2017, 2018, 50_000, 2e6))
    one = outcome("theft", before, later, sd, rest)
    # 15 a thousand after 20 here; 25 after 20 there.
    assert one.ratio == pytest.approx((15 / 20) / (25 / 20)) and one.verdict == "fell"
    variance = 1 / 200 + 1 / 75 + 1 / 80_000 + 1 / 50_000 + sd**2 * (1 / 4 + 1 / 2)
    for limit, sign in ((one.lower, -1), (one.upper, 1)):
        assert limit == pytest.approx(0.6 * math.exp(sign * 1.959964 * math.sqrt(variance)), rel=1e-6)
    # What hits all places alike cancels, and so does a break that does: a change of neither is claimed.
    alike = (rest[0], Value(2017, 2018, 30_000, 2e6))
    assert outcome("theft", before, later, sd, alike).ratio == pytest.approx(1)
    assert outcome("theft", before, later, sd, alike).verdict == "unclear"


def test_a_rest_of_few_offences_makes_the_interval_wider():
    few = (Value(2015, 2016, 40, 1e5), Value(2017, 2018, 40, 1e5))
    one = outcome("drugs", VIOLENCE, after(25), 0.0, few)
    variance = 1 / 33 + 1 / 25 + 1 / 40 + 1 / 40
    assert math.log(one.upper / one.lower) == pytest.approx(2 * 1.959964 * math.sqrt(variance), rel=1e-6)


def test_few_offences_are_compared_exactly_with_what_the_rests_rates_would_give():
    rest = (Value(2015, 2016, 20_000, 1e6), Value(2017, 2018, 30_000, 1e6))
    one = outcome("theft", VIOLENCE, after(8), 0.0, rest)
    # Half as many again were to be expected of the later years.
    exact = rate_ratio_exact([8], [1.5], [33], [1.0]).iloc[0]
    assert one.ratio == pytest.approx(8 / 33 / 1.5)
    widened = math.hypot(math.log(exact["upper"] / one.ratio), 1.959964 * math.sqrt(1 / 20_000 + 1 / 30_000))
    assert math.log(one.upper / one.ratio) == pytest.approx(widened, rel=1e-6)


def test_many_offences_are_compared_with_the_swings_of_both_periods():
    before, later, sd = Value(2016, 2016, 400, 50_000), Value(2017, 2018, 600, 100_000), 0.2
    one = outcome("theft", before, later, sd, STILL)
    variance = 1 / 400 + 1 / 600 + sd**2 * (1 + 1 / 2)
    assert one.ratio == pytest.approx(0.75)
    assert math.log(one.upper / one.ratio) == pytest.approx(1.95996 * math.sqrt(variance), rel=1e-4)
    assert one.verdict == "unclear"  # chance alone would have called it a fall
    assert outcome("theft", before, later, 0.0, STILL).verdict == "fell"


def test_without_swings_the_interval_is_that_of_the_two_rates():
    one = outcome("theft", VIOLENCE, after(25), 0.0, STILL)
    row = change([33], [4905], [25], [4905], minimum=20, levels=(0.95,)).iloc[0]
    assert (one.lower, one.upper) == pytest.approx((row["lower"], row["upper"]))
    few = outcome("theft", VIOLENCE, after(8), 0.0, STILL)
    exact = rate_ratio_exact([8], [4905], [33], [4905]).iloc[0]
    assert (few.lower, few.upper) == pytest.approx((exact["lower"], exact["upper"])) and few.verdict == "fell"


@given(
    before=st.integers(0, 300),
    later=st.integers(0, 300),
    sd=st.floats(0, 0.5),
    years=st.integers(1, 4),
)
@settings(max_examples=150, deadline=None)
def test_no_change_is_claimed_whose_interval_spans_none(before, later, sd, years):
    one = outcome("drugs", Value(2016, 2016, before, 5_000), Value(2017, 2016 + years, later, 5_000 * years), sd, STILL)
    plain = outcome(
        "drugs", Value(2016, 2016, before, 5_000), Value(2017, 2016 + years, later, 5_000 * years), 0.0, STILL
    )
    if one.verdict in ("rose", "fell"):
        assert not one.lower <= 1 <= one.upper
        assert (one.verdict == "rose") == (one.ratio > 1)
    if one.verdict != "few":
        assert one.lower <= one.ratio <= one.upper
        assert one.lower <= plain.lower * (1 + 1e-9) and one.upper >= plain.upper * (1 - 1e-9)


def test_what_cannot_be_compared_is_said_so():
    assert outcome("drugs", None, after(3), 0.1, STILL).verdict == "none"
    assert outcome("drugs", VIOLENCE, None, 0.1, STILL).verdict == "same"
    assert outcome("drugs", VIOLENCE, VIOLENCE, 0.1, STILL).verdict == "same"
    assert outcome("drugs", VIOLENCE, Value(2016, 2017, 9, 4905), 0.1, STILL).verdict == "same"  # shares a year with it
    assert outcome("drugs", VIOLENCE, after(math.nan), 0.1, STILL).verdict == "withheld"
    assert outcome("drugs", VIOLENCE, after(9), math.nan, STILL).verdict == "unknown"
    assert outcome("drugs", Value(2016, 2016, 0, 2453), after(0), 0.1, STILL).verdict == "few"
    assert outcome("drugs", VIOLENCE, after(9), 0.1, None).verdict == "unknown"
    across = Value(2014, 2014, 300, 2453), Value(2015, 2015, 10, 2453)
    broken = outcome("drugs", *across, 0.0, None)
    assert broken.verdict == "break" and broken.broken.id == "police-2015" and math.isnan(broken.ratio)
    answered = outcome("drugs", *across, 0.0, STILL)
    assert answered.verdict == "fell" and answered.broken.id == "police-2015"
    pooled = outcome("drugs", Value(2013, 2016, 300, 9800), Value(2017, 2018, 40, 4900), 0.0, STILL)
    assert pooled.verdict == "fell" and pooled.broken.id == "police-2015"
    assert outcome("drugs", VIOLENCE, after(9), 0.1, STILL).broken is None
    assert outcome("drugs", Value(2015, 2015, 300, 2453), Value(2016, 2016, 10, 2453), 0.0, STILL).verdict == "fell"


def test_a_tiny_change_of_very_many_offences_is_no_change():
    assert outcome("total", Value(2015, 2015, 1e6, 1e7), Value(2016, 2016, 1.01e6, 1e7), 0.0, STILL).verdict == "level"


def test_outcomes_follow_every_group_of_the_plan_with_the_stores_years(built):
    tables = shown.tables()
    before = values.value(tables, "0180", "violence", 2015, 2015)
    rows = (
        FiledRow(1, "V", "violence", Candidate("A"), before),
        FiledRow(1, "V", "violence", Candidate("B"), None),
        FiledRow(2, "D", "drugs", Candidate("C"), None),
        FiledRow(3, "Lagen", "", Candidate("D"), None),
    )
    plan = FiledPlan("0180", 2015, "x.xlsx", rows)
    violence, drugs = outcomes(plan, tables, 2016)
    assert violence.after == values.value(tables, "0180", "violence", 2016, 2016)
    # Stockholm swings as the largest municipalities do.
    swings = tables.built_rows("wobble", kind="municipality", offence="violence")
    sd = swings.loc[swings["residents"].idxmax(), "sd"]
    counts = tables.built_rows("rates", area="00", offence="violence").set_index("year")
    rest = [
        Value(year, year, counts["count"][year] - own.count, counts["population"][year] - own.residents)
        for year, own in ((2015, before), (2016, violence.after))
    ]
    by_hand = (violence.after.count / violence.after.residents) / (before.count / before.residents)
    by_hand /= (rest[1].count / rest[1].residents) / (rest[0].count / rest[0].residents)
    assert violence.ratio == pytest.approx(by_hand)
    variance = sum(1 / one.count for one in (before, violence.after, *rest)) + 2 * sd**2
    assert math.log(violence.upper / violence.ratio) == pytest.approx(1.959964 * math.sqrt(variance), rel=1e-6)
    assert drugs.verdict == "none"
    assert [one.verdict for one in outcomes(plan, tables, 2015)] == ["same", "none"]


def test_as_many_years_are_compared_as_the_plan_told_of(built, monkeypatch):
    tables = shown.tables()
    plan = FiledPlan("2403", 2014, "x", (FiledRow(1, "", "theft", Candidate("A"), Value(2013, 2013, 40, 2400)),))
    (one,) = outcomes(plan, tables, 2016)
    assert (one.after.first, one.after.last) == (2014, 2016) and one.after.years < YEARS_AFTER["municipality"][-1]
    monkeypatch.setitem(YEARS_AFTER, "municipality", (1, 2))
    (one,) = outcomes(plan, tables, 2016)
    assert (one.after.first, one.after.last) == (2015, 2016)
    pooled = FiledPlan("2403", 2014, "x", (FiledRow(1, "", "theft", Candidate("A"), Value(2013, 2014, 80, 4800)),))
    (one,) = outcomes(pooled, tables, 2016)
    assert (one.after.first, one.after.last) == (2015, 2016)


def started(*starts: date | None, period: int = 2014) -> FiledPlan:
    rows = [FiledRow(1, "", "theft", Candidate("A", start=start), Value(2013, 2014, 80, 4800)) for start in starts]
    return FiledPlan("2403", period, "x", tuple(rows))


@pytest.mark.parametrize(
    ("starts", "first"),
    [
        ((None,), 2015),
        ((date(2015, 1, 1),), 2015),
        ((date(2015, 1, 2),), 2016),  # the year that holds the start belongs to neither side
        ((None, date(2026, 1, 1), date(2016, 1, 1)), 2016),
        ((date(2012, 5, 1),), 2015),
    ],
)
def test_only_whole_years_since_the_first_measure_started_are_compared(built, starts, first):
    (one,) = outcomes(started(*starts), shown.tables(), 2016)
    assert (one.after.first, one.after.last) == (first, 2016) and math.isfinite(one.ratio)


@pytest.mark.parametrize(("start", "verdict"), [(date(2026, 1, 1), "not_started"), (date(2016, 2, 1), "too_soon")])
def test_what_has_not_started_is_not_judged(built, start, verdict):
    (one,) = outcomes(started(start, None), shown.tables(), 2016)
    assert (one.verdict, one.start, one.after) == (verdict, start, None) and math.isnan(one.ratio)


def test_baselines_that_disagree_are_no_missing_baseline(built):
    plan = FiledPlan("2403", 2014, "x", started(None).rows[:0] + (FiledRow(1, "", "theft", Candidate("A"), None),))
    assert [one.verdict for one in outcomes(plan, shown.tables(), 2016)] == ["none"]
    plan = FiledPlan("2403", 2014, "x", plan.rows, apart=("theft",))
    assert [one.verdict for one in outcomes(plan, shown.tables(), 2016)] == ["apart"]


def test_without_the_nations_figures_a_break_stays_and_else_nothing_is_known(built):
    whole = shown.tables()

    def rows(name, **wanted):
        found = whole.rows(name, **wanted)
        return found.assign(population=math.nan) if wanted.get("area") == "00" else found

    tables = SimpleNamespace(rows=rows, built=whole.built, built_rows=whole.built_rows, keep=whole.keep)
    (one,) = outcomes(started(None), tables, 2016)
    assert one.verdict == "break"
    later = FiledPlan("2403", 2015, "x", (FiledRow(1, "", "theft", Candidate("A"), Value(2015, 2015, 40, 2445)),))
    (one,) = outcomes(later, tables, 2016)
    assert one.verdict == "unknown"


def test_the_plans_own_promise_is_kept_where_the_baseline_spans_the_break(built):
    """What is said to be seen four times of five is seen: years drawn beside a country that a break moves."""
    import numpy as np

    b, n, k, sd, fall = 400, 4, 2, 0.1, 0.3
    draw, seen, times = np.random.default_rng(7), 0, 400
    level = np.array([1, 1, 1.3, 1.3, 1.3, 1.3])  # counted anew from the third year on, everywhere
    for _ in range(times):
        own = draw.poisson(b / n * level * np.exp(draw.normal(0, sd, 6)) * np.array([1, 1, 1, 1, 1 - fall, 1 - fall]))
        there = draw.poisson(50_000 * level)
        sums = [(Value(2013, 2016, x[:4].sum(), 4e5), Value(2017, 2018, x[4:].sum(), 2e5)) for x in (own, there)]
        seen += outcome("theft", *sums[0], sd, sums[1]).verdict == "fell"
    z = -math.log(1 - fall) / math.sqrt(1 / 460 + 1 / 182 + sd**2 * (1 / n + 1 / k)) - 1.96
    assert seen / times == pytest.approx(0.5 * math.erfc(-z / math.sqrt(2)), abs=0.06)
    assert seen / times > 0.8


def test_rows_that_cannot_be_read_are_counted_wherever_they_fail(tmp_path):
    path = put(tmp_path, made([row(Candidate(f"Åtgärd {n}")) for n in range(1, 7)]))
    cells = {f"{letter('start')}3": "i vår", f"{letter('start')}4": "sen", f"{letter('end')}4": "sen"}
    change_cells(path, **cells, **{f"{letter('count')}5": -3, f"{letter('area')}6": None})
    (plan,) = filed.read(tmp_path).plans["2403"]
    assert (len(plan.rows), plan.refused) == (2, 4)
