"""The page's section: the draft as a table, documents to save, and what became of the plan before."""

from __future__ import annotations

import base64
import html
import re
from datetime import date
from types import SimpleNamespace

import pytest
from test_plans import VIOLENCE, priority
from test_wording import BANNED

from brapkg import areas, catalogue, shown
from brapkg import profile as profiles
from brapkg.errors import DataError
from brapkg.outcomes import Outcome
from brapkg.plans import filed, values
from brapkg.plans.draft import Candidate
from brapkg.plans.filed import Filed, FiledPlan, FiledRow
from brapkg.plans.values import Value
from brapkg.priorities import priorities
from brapkg.sections import plan as section
from brapkg.sections.area import AreaPage
from brapkg.sheets import writing
from brapkg.wording import Words, texts

NONE = Filed()
LINK = re.compile(r'href="data:([^;]+);base64,([^"]+)" download="([^"]+)"')


@pytest.fixture(autouse=True)
def short(monkeypatch):
    monkeypatch.setattr(writing, "SPARE", 3)


@pytest.fixture(autouse=True)
def store(built):
    return built


def page(area: str = "2403", language: str = "sv", period: int = 2016) -> AreaPage:
    levels = {id: {"first_year": period - 1} for id in catalogue.offences("groups")}
    profile = SimpleNamespace(
        area=areas.get(area),
        period=period,
        tables=shown.tables(),
        status="preliminary",
        first_year=2013,
        level_rows=levels,
    )
    return AreaPage(profile, Words(language))


def text(section) -> str:
    return html.unescape(re.sub(r"<[^>]+>", "\n", re.sub(r'href="data[^"]+"', "", section.html())))


def plan_of(area: str, period: int, *rows: FiledRow) -> Filed:
    return Filed({area: (FiledPlan(area, period, "vår plan.xlsx", rows),)})


def became(found: Filed, **more) -> str:
    return text(section.plan(page(**more), [], filed_plans=found))


def test_the_draft_is_a_table_that_stacks_on_a_phone():
    shown_page = section.plan(page(), [priority("violence"), priority("threats")], filed_plans=NONE)
    told = text(shown_page)
    assert 'class="stack"' in shown_page.html() and shown_page.id == "atgardsplan"
    assert "Utkast till åtgärdsplan (5 §)" in told and "1. Våldsbrott (låg säkerhet)" in told and "fylls i" in told
    one = values.value(shown.tables(), "2403", "violence", 2015, 2016)
    assert f"Våldsbrott: {one.count:.0f} anmälda 2015–2016" in told
    assert "Vad blev det av planen" not in told


@pytest.mark.parametrize("area", ["2403", "0180", "0980", "24"])
@pytest.mark.parametrize("language", ["sv", "en"])
def test_every_kind_of_area_gets_both_documents_as_links_that_hold_them(area, language):
    shown_page = section.plan(page(area, language), [priority("theft")], filed_plans=NONE)
    links = LINK.findall(shown_page.html())
    stem = "atgardsplan" if language == "sv" else "action-plan"
    assert [name for *_, name in links] == [f"{stem}-{area}-2016.docx", f"{stem}-{area}-2016.xlsx"]
    assert [kind.rsplit(".", 1)[-1] for kind, *_ in links] == ["document", "sheet"]
    assert all(base64.b64decode(content).startswith(b"PK") for _, content, _ in links)


def test_what_a_page_links_to_is_read_back(tmp_path):
    links = LINK.findall(section.plan(page(), [priority("violence")], filed_plans=NONE).html())
    (tmp_path / links[1][2]).write_bytes(base64.b64decode(links[1][1]))
    found = filed.read(tmp_path)
    assert found.problems == ()
    one = values.value(shown.tables(), "2403", "violence", 2015, 2016)
    assert found.plans["2403"][0].baselines == {"violence": Value(2015, 2016, one.count, one.residents)}
    assert "Inga nyare siffror än planens" in became(found)


def test_a_notebook_is_told_how_to_save_the_documents():
    shown_page = section.plan(page(), [], filed_plans=NONE)
    told = "\n".join(bundle.get("text/markdown", "") for bundle in shown_page.bundles())
    assert "`page.plan_documents()`" in told and "atgardsplan-2403-2016.docx" in told and "base64" not in told


def test_documents_are_saved_once_and_never_over_another(tmp_path):
    paths = section.save(page(), [priority()], tmp_path)
    assert sorted(path.name for path in paths) == ["atgardsplan-2403-2016.docx", "atgardsplan-2403-2016.xlsx"]
    paths[0].write_text("ifylld")
    paths[1].unlink()
    with pytest.raises(DataError, match="not overwritten"):
        section.save(page(), [priority()], tmp_path)
    assert paths[0].read_text() == "ifylld" and not paths[1].exists()


def test_what_became_of_a_plan_is_told_with_both_values_and_never_as_an_effect():
    before = values.value(shown.tables(), "0180", "violence", 2015, 2015)
    found = plan_of(
        "0180",
        2015,
        FiledRow(1, "Våldsbrott", "violence", Candidate("A", status="done"), before),
        FiledRow(1, "Våldsbrott", "violence", Candidate("B"), None),
        FiledRow(2, "Bil", "vehicle", Candidate(""), Value(2013, 2014, 50, 1_800_000)),
        FiledRow(3, "Skada", "damage", Candidate("C", status="ongoing"), None),
    )
    told = became(found, area="0180")
    assert "Planen från 2015 är inläst ur filen vår plan.xlsx. Genomförda åtgärder: 1 av 3." in told
    assert "Den säger inte att planen är orsaken." in told
    assert f"2015: {Words('sv').number(before.count)} anmälda" in told
    assert "genomförd: 1, utan status: 1" in told
    assert "Inget utgångsvärde i planen" in told
    assert "resten av landet: " in told and "Serien räknas på ett annat sätt från januari 2015." in told
    assert "tidsseriebrottet 2015 träffade inte alla kommuner lika" in told


@pytest.mark.parametrize("language", ["sv", "en"])
@pytest.mark.parametrize(
    "verdict", ["rose", "fell", "level", "unclear", "few", "unknown", "withheld", "same", "none", "apart"]
)
def test_every_outcome_has_words_without_holes(verdict, language):
    words = Words(language)
    told = section.changed(Outcome("drugs", VIOLENCE, VIOLENCE, verdict, 1.5, 1.2, 1.9), words)
    assert told and "{" not in told and "nan" not in told.casefold()
    assert ("%" in told) == (verdict in ("rose", "fell", "level", "unclear"))
    if verdict in ("rose", "fell", "level", "unclear"):
        assert ("resten av landet" if language == "sv" else "the rest of the country") in told
    if verdict in ("few", "unknown", "withheld"):
        assert told.startswith("Går inte att avgöra" if language == "sv" else "Cannot be determined")


def test_from_nothing_there_is_no_percentage():
    nought = Value(2016, 2016, 0, 2453)
    for verdict, sv in (
        ("rose", "Ökade jämfört med resten av landet: från 0 till 33"),
        ("unclear", "Går inte att avgöra: för få brott"),
    ):
        one = Outcome("drugs", nought, VIOLENCE, verdict, float("inf"), 1.2, float("inf"))
        assert section.changed(one, Words("sv")) == sv


def test_measures_that_have_not_started_are_told_with_their_start():
    measure = Candidate("A", start=date(2026, 1, 1))
    told = became(plan_of("2403", 2015, FiledRow(1, "V", "violence", measure, Value(2015, 2015, 13, 2444))))
    assert "Åtgärderna har inte börjat än; start 2026-01-01" in told and "jämfört med resten" not in told


@pytest.mark.parametrize(("refused", "sv"), [(4, "4 rader i planens fil kunde"), (1, "1 rad i planens fil kunde")])
@pytest.mark.parametrize("offence", ["violence", ""])
def test_rows_that_were_refused_are_told(refused, sv, offence):
    rows = (FiledRow(1, "V", offence, Candidate("A", status="done"), None),)
    told = became(Filed({"2403": (FiledPlan("2403", 2015, "x.xlsx", rows, refused),)}))
    assert sv in told and "står i körningens utskrift" in told
    assert "kunde inte läsas" not in became(Filed({"2403": (FiledPlan("2403", 2015, "x.xlsx", rows),)}))


def test_baselines_that_disagree_are_told_as_such():
    rows = (FiledRow(1, "V", "violence", Candidate("A"), None),)
    told = became(Filed({"2403": (FiledPlan("2403", 2015, "x.xlsx", rows, apart=("violence",)),)}))
    assert "Utgångsvärdena i planen är olika" in told and "Inget utgångsvärde" not in told


def test_a_small_places_years_across_the_break_are_answered():
    before = values.value(shown.tables(), "2403", "violence", 2013, 2014)
    told = became(plan_of("2403", 2014, FiledRow(1, "V", "violence", Candidate("A"), before)))
    later = values.value(shown.tables(), "2403", "violence", 2015, 2016)
    assert f"2013–2014: {before.count:.0f} anmälda" in told and f"2015–2016: {later.count:.0f} anmälda" in told
    assert "resten av landet: " in told and "träffade inte alla kommuner lika" in told


def test_a_plan_made_from_newer_figures_is_not_shown():
    found = plan_of("2403", 2017, FiledRow(1, "V", "violence", Candidate("A"), VIOLENCE))
    assert "Vad blev det av planen" not in became(found)


def test_a_plan_of_another_area_is_not_shown():
    found = plan_of("2404", 2015, FiledRow(1, "V", "violence", Candidate("A"), VIOLENCE))
    assert "Vad blev det av planen" not in became(found)


def test_a_filed_plan_without_an_offence_group_says_that_nothing_is_compared():
    found = plan_of("2403", 2015, FiledRow(1, "Lagen", "", Candidate("A", status="done"), None))
    assert "så inga siffror jämförs" in became(found)


def test_the_workspaces_own_plans_are_shown(tmp_path, monkeypatch):
    (tmp_path / "plans").mkdir()
    links = LINK.findall(section.plan(page(), [priority("violence")], filed_plans=NONE).html())
    (tmp_path / "plans" / "x.xlsx").write_bytes(base64.b64decode(links[1][1]))
    monkeypatch.setattr(filed.paths, "raw", lambda: tmp_path)
    assert "är inläst ur filen x.xlsx" in text(section.plan(page(), []))


def test_hostile_words_of_a_filed_plan_are_text_on_the_page():
    rows = (FiledRow(1, "<script>", "violence", Candidate("<b>A</b>"), VIOLENCE),)
    found = Filed({"2403": (FiledPlan("2403", 2015, "<img src=x>.xlsx", rows),)})
    assert "<img" not in section.plan(page(), [], filed_plans=found).html()


# --- words ---------------------------------------------------------------------------------------

OWN = {name: both for name, both in texts().items() if name.startswith("plan_")}


def sentences(told: str) -> list[str]:
    return re.split(r"(?<=[.?!:])\s+|\n+", told)


@pytest.mark.parametrize("language", ["sv", "en"])
def test_the_texts_are_short_and_hold_no_banned_word(language):
    assert len(OWN) > 100
    for name, both in OWN.items():
        told = both[language]
        assert not [word for word in BANNED if word in told.casefold()], name
        assert all(len(sentence.split()) <= 35 for sentence in sentences(told)), name
        assert set(re.findall(r"\{(\w+)\}", both["sv"])) == set(re.findall(r"\{(\w+)\}", both["en"])), name


@pytest.mark.parametrize("language", ["sv", "en"])
@pytest.mark.parametrize("falls", [{1: 0.2, 3: 0.1}, {1: None, 3: None}, {1: float("nan"), 3: 0.4}])
def test_no_sentence_of_the_section_is_too_long_or_holds_a_hole(language, falls):
    found = plan_of("2403", 2015, FiledRow(1, "V", "violence", Candidate("A"), Value(2015, 2015, 13, 2444)))
    for offences in (["violence", "threats", "drugs"], []):
        told = text(section.plan(page(language=language), [priority(o, falls) for o in offences], filed_plans=found))
        assert "nan" not in told.casefold().split() and "none" not in told.split() and "{" not in told
        long = [one for one in sentences(told) if len(one.split()) > 35]
        assert not long
        if language == "sv":
            assert not re.search(r"\d\.\d", told)


def test_every_text_is_used():
    from pathlib import Path

    folder = Path(section.__file__).parents[1]
    source = "\n".join(
        path.read_text(encoding="utf-8") for path in [*(folder / "plans").glob("*.py"), Path(section.__file__)]
    )
    stems = {re.sub(r"\{[^}]*\}", "*", name) for name in re.findall(r'"(plan_[\w{}.\[\]]+)"', source)}
    patterns = [re.compile(re.escape(stem).replace(r"\*", r"\w+")) for stem in stems]
    assert not [name for name in OWN if not any(pattern.fullmatch(name) for pattern in patterns)]


# --- real areas ----------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["sv", "en"])
@pytest.mark.parametrize(("kind", "code"), [("municipality", "2403"), ("municipality", "0180"), ("county", "24")])
def test_real_areas_tell_the_same_value_as_their_own_level(kind, code, language):
    profile = getattr(profiles, kind)(code)
    found = priorities(profile)
    whole = AreaPage(profile, Words(language))
    drafted = section.drafted(whole, found)
    assert [row.offence for row in drafted.rows if row.offence != "total"] in (
        [one.finding.offence for one in found],
        [""] * 2,
    )
    for row in drafted.rows:
        if not row.offence:
            continue
        level, one = profile.level_rows[row.offence], row.indicator.value
        assert (one.count, one.first) == (level["count"], level.get("first_year", 2016))
        if one.count >= 10:
            assert (one.rate, *one.limits) == pytest.approx((level["value"], level["lower"], level["upper"]))
    assert 2 == len(LINK.findall(section.plan(whole, found, filed_plans=NONE).html()))
