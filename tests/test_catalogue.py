"""The catalogue: every record whole, in both languages, and named once."""

from __future__ import annotations

from dataclasses import fields

import pytest

from brapkg import catalogue
from brapkg.errors import DataError, UsageError

GROUPS = [
    "total",
    "violence",
    "threats",
    "negligence",
    "theft",
    "vehicle",
    "damage",
    "traffic",
    "drugs",
    "weapons",
]


def test_the_ten_groups_stand_in_the_order_of_bras_exports():
    assert list(catalogue.offences("groups")) == GROUPS


@pytest.mark.parametrize("scheme", catalogue.SCHEMES)
def test_a_scheme_has_series_and_only_its_own(scheme):
    assert {o.scheme for o in catalogue.offences(scheme).values()} == {scheme}


def test_the_schemes_hold_every_series():
    together = [id for scheme in catalogue.SCHEMES for id in catalogue.offences(scheme)]
    assert sorted(together) == sorted(catalogue.offences())


@pytest.mark.parametrize("language", ["sv", "en"])
@pytest.mark.parametrize("field", ["name", "short", "lower", "ask"])
def test_every_group_is_worded_in_both_languages(field, language):
    texts = [o.text(field, language) for o in catalogue.offences("groups").values()]
    assert all(text and text == text.strip() for text in texts)
    assert len(set(texts)) == len(texts)


@pytest.mark.parametrize("language", ["sv", "en"])
def test_every_series_has_a_name_in_both_languages(language):
    assert all(o.text("name", language) for o in catalogue.offences().values())


@pytest.mark.parametrize("language", ["sv", "en"])
@pytest.mark.parametrize("field", ["lower", "ask"])
def test_texts_for_the_inside_of_a_sentence_neither_begin_nor_end_one(field, language):
    for o in catalogue.offences("groups").values():
        text = o.text(field, language)
        assert text[0].islower() and text[-1] not in ".?", o.id


def test_labels_of_figures_are_short():
    for o in catalogue.offences("groups").values():
        assert len(o.short_sv) <= 24 and len(o.short_en) <= 24, o.id


def test_series_that_follow_police_work_are_marked():
    groups = catalogue.offences("groups").values()
    assert [o.id for o in groups if o.driven == "control"] == ["traffic", "drugs", "weapons"]


def test_every_group_says_what_drives_its_count():
    assert {o.driven for o in catalogue.offences("groups").values()} == {"control", "reporting"}


@pytest.mark.parametrize("scheme", catalogue.SCHEMES)
def test_names_of_a_scheme_mean_one_series_each(scheme):
    names = [n.strip().casefold() for o in catalogue.offences(scheme).values() for n in o.names]
    assert len(set(names)) == len(names) == len(catalogue.names(scheme))


def test_names_of_the_schemes_that_exports_mix_do_not_collide():
    apart = len(catalogue.names("groups")) + len(catalogue.names("chapters"))
    assert len(catalogue.names("groups", "chapters")) == apart


def test_names_are_looked_up_without_spaces_and_case():
    assert catalogue.names("groups")["våldsbrott"] == "violence"


def test_the_same_words_mean_another_series_in_another_scheme():
    assert catalogue.names("groups")["totalt antal brott"] == "total"
    assert catalogue.names("nation")["totalt antal brott"] == "nation_total"


def test_a_series_is_found_by_its_id():
    assert catalogue.offence("violence").sv == "Våldsbrott"


def test_an_unknown_series_is_refused_with_those_there_are():
    with pytest.raises(UsageError, match="No offence series 'murder'. There are: total, violence"):
        catalogue.offence("murder")


def test_breaks_are_worded_in_both_languages():
    for found in catalogue.breaks():
        for language in ("sv", "en"):
            assert all(found.text(field, language) for field in ("title", "label", "text")), found.id


def test_breaks_stand_in_order_of_time_and_name_their_source():
    months = [(b.year, b.month) for b in catalogue.breaks()]
    assert months == sorted(months) and all(1 <= month <= 12 for _, month in months)
    assert all(b.source for b in catalogue.breaks())


def test_breaks_concern_series_that_exist():
    for found in catalogue.breaks():
        assert found.offences == "all" or set(found.offences) <= set(catalogue.offences()), found.id


def test_the_new_police_organisation_of_2015_concerns_every_series():
    (found,) = [b for b in catalogue.breaks() if b.id == "police-2015"]
    assert (found.year, found.month) == (2015, 1)
    assert all(found.concerns(id) for id in GROUPS)


def test_a_break_of_one_series_does_not_concern_another():
    rest = {f.name: "" for f in fields(catalogue.Break)}
    one = catalogue.Break(**{**rest, "offences": ("drugs",)})
    assert one.concerns("drugs") and not one.concerns("theft")


def test_faulty_records_are_all_named_in_one_error(monkeypatch, tmp_path):
    monkeypatch.setattr(catalogue, "RECORDS", tmp_path)
    (tmp_path / "offences.toml").write_text(
        """
        [[offence]]
        id = "a"
        colour = "red"
        [[offence]]
        id = "b"
        [[offence]]
        id = "c"
        scheme = "groups"
        names = ["C"]
        sv = "C"
        en = "C"
        [[offence]]
        id = "c"
        scheme = "groups"
        names = ["D"]
        sv = "D"
        en = "D"
        """,
        encoding="utf-8",
    )
    with pytest.raises(DataError) as error:
        catalogue._load("offence", catalogue.Offence)
    unknown, lacking, twice = error.value.problems
    assert "a: unknown fields ['colour']" in unknown
    assert "b: " in lacking and "missing" in lacking
    assert "'c' is used twice" in twice
