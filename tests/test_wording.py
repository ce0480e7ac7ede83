"""Words and numbers: each language's own rules, and texts that an authority could print."""

from __future__ import annotations

import math
import random
import re
import string

import pytest
from babel.numbers import format_decimal

from brapkg.errors import UsageError
from brapkg.wording import MINUS, Words, capital, swedish_order, texts

SV, EN = Words("sv"), Words("en")
S = "\u00a0"
VERDICTS = {
    "clearly_higher": ("tydligt högre", "clearly higher"),
    "probably_higher": ("sannolikt högre", "probably higher"),
    "level": ("i nivå", "level"),
    "unclear": ("går inte att skilja", "cannot be told apart"),
    "probably_lower": ("sannolikt lägre", "probably lower"),
    "clearly_lower": ("tydligt lägre", "clearly lower"),
    "few": ("för få att bedöma", "too few to judge"),
}
# Look, section 8: what is not written, in any form.
BANNED = (
    "signifikan",
    "significan",
    "kraftig",
    "brottsligheten",
    "utsatta",
    "beprövad",
    "värst",
    "worst",
    "brottet i serien",
    "p-värde",
    "p-value",
    "mörkare",
    "darker",
    "blå ",
    "blue",
    "röd",
    "skenat",
    "explo",
)


# --- numbers


@pytest.mark.parametrize(
    ("value", "decimals", "sv", "en"),
    [
        (0, 0, "0", "0"),
        (999, 0, "999", "999"),
        (1000, 0, f"1{S}000", "1,000"),
        (28862, 0, f"28{S}862", "28,862"),
        (1234567.5, 1, f"1{S}234{S}567,5", "1,234,567.5"),
        (2.25, 2, "2,25", "2.25"),
        (3, 1, "3,0", "3.0"),
        (-12.3, 0, f"{MINUS}12", f"{MINUS}12"),
        (-0.2, 0, "0", "0"),
        (-0.0, 0, "0", "0"),
        (-0.04, 1, "0,0", "0.0"),
    ],
)
def test_numbers(value, decimals, sv, en):
    assert SV.number(value, decimals) == sv
    assert EN.number(value, decimals) == en


@pytest.mark.parametrize(("words", "locale"), [(SV, "sv"), (EN, "en")])
def test_numbers_are_written_as_babel_writes_them(words, locale):
    draw = random.Random(1)
    for size in (2, 1e3, 1e5, 1e9, 1e12):
        for decimals in (0, 1, 2):
            for value in (draw.uniform(-size, size), draw.randint(0, int(size)) + 0.5, -size, size):
                rounded = round(float(value), decimals) + 0.0
                pattern = "#,##0" + ("." + "0" * decimals if decimals else "")
                expected = format_decimal(rounded, pattern, locale=locale).replace("-", MINUS)
                assert words.number(value, decimals) == expected


@pytest.mark.parametrize("value", [None, math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("words", [SV, EN])
def test_a_missing_number_is_a_dash(words, value):
    assert words.number(value) == "–"
    assert words.deviation(value) == "–"


def test_a_range_with_a_missing_end_is_a_dash():
    for method in (SV.deviation_range, SV.signed_range):
        assert method(math.nan, 1.2) == method(0.9, math.inf) == "–"


def test_percent():
    assert SV.percent(0.8564) == f"86{S}%" and EN.percent(0.8564) == "86%"
    assert SV.percent(0.998, 1) == f"99,8{S}%" and EN.percent(0.998, 1) == "99.8%"
    assert SV.hundredths(0.7707) == "77"


@pytest.mark.parametrize(
    ("ratio", "sv", "en"),
    [
        (1, f"0{S}%", "0%"),
        (1.004, f"0{S}%", "0%"),
        (0.996, f"0{S}%", "0%"),
        (1.006, f"+1{S}%", "+1%"),
        (0.994, f"{MINUS}1{S}%", f"{MINUS}1%"),
        (0.81, f"{MINUS}19{S}%", f"{MINUS}19%"),
        (12.5, f"+1{S}150{S}%", "+1,150%"),
    ],
)
def test_deviations_carry_their_sign_and_zero_has_none(ratio, sv, en):
    assert SV.deviation(ratio) == sv and EN.deviation(ratio) == en


@pytest.mark.parametrize(("ratio", "told"), [(0.81, "19"), (1.19, "19"), (0.996, "0"), (1, "0")])
def test_distances_have_neither_sign_nor_unit(ratio, told):
    assert SV.distance(ratio) == told


@pytest.mark.parametrize(
    ("ratio", "sv", "en"),
    [
        (1.09, "9 procent högre", "9 per cent higher"),
        (0.98, "2 procent lägre", "2 per cent lower"),
        (1.0049, "oförändrat", "unchanged"),
        (0.9951, "oförändrat", "unchanged"),
        (1.0051, "1 procent högre", "1 per cent higher"),
    ],
)
def test_comparisons_in_a_sentence(ratio, sv, en):
    assert SV.compared(ratio) == sv and EN.compared(ratio) == en


@pytest.mark.parametrize(
    ("ratio", "sv", "en"),
    [
        (1.09, "ökade det med 9 procent", "it rose by 9 per cent"),
        (0.91, "minskade det med 9 procent", "it fell by 9 per cent"),
        (1.001, "var det oförändrat", "it did not change"),
    ],
)
def test_changes_in_a_sentence(ratio, sv, en):
    assert SV.changed(ratio, SV("it")) == sv and EN.changed(ratio, EN("it")) == en


@pytest.mark.parametrize(
    ("limits", "told", "signed"),
    [
        ((1.13, 1.25), f"13–25{S}%", f"13–25{S}%"),
        ((0.75, 0.87), f"13–25{S}%", f"{MINUS}25{S}till{S}{MINUS}13{S}%"),
        ((0.83, 1.10), f"{MINUS}17{S}till{S}10{S}%", f"{MINUS}17{S}till{S}10{S}%"),
        ((0.75, 0.9996), f"0–25{S}%", f"{MINUS}25{S}till{S}0{S}%"),
        # Near zero a decimal tells on which side the limit lies.
        ((0.75, 0.997), f"0,3–25{S}%", f"{MINUS}25{S}till{S}{MINUS}0,3{S}%"),
        ((0.75, 1.003), f"{MINUS}25{S}till{S}0,3{S}%", f"{MINUS}25{S}till{S}0,3{S}%"),
        ((0.997, 1.2), f"{MINUS}0,3{S}till{S}20{S}%", f"{MINUS}0,3{S}till{S}20{S}%"),
        ((1.003, 1.2), f"0,3–20{S}%", f"0,3–20{S}%"),
    ],
)
def test_ranges_with_a_negative_end_have_a_word_between(limits, told, signed):
    assert SV.deviation_range(*limits) == told
    assert SV.signed_range(*limits) == signed
    english = signed.replace("till", "to").replace(f"{S}%", "%").replace(",", ".")
    assert EN.signed_range(*limits) == english
    assert "-" not in told + signed


def test_ranges_of_rates_and_years():
    assert SV.rate_range(995.4, 1004.6) == f"995–1{S}005"
    assert EN.rate_range(995.4, 1004.6) == "995–1,005"
    assert SV.years(2013, 2016) == "2013–2016" and SV.years(2013, 2013) == "2013"


# --- words


def test_small_counts_are_words_and_large_ones_digits():
    assert [SV.count_word(n) for n in (0, 1, 5, 12, 13)] == ["ingen", "en", "fem", "tolv", "13"]
    assert [EN.count_word(n) for n in (0, 1, 5, 12, 13)] == ["none", "one", "five", "twelve", "13"]
    assert SV.count_word(1, neuter=True) == "ett" and SV.count_word(0, neuter=True) == "inget"
    assert SV.count_word(1234) == f"1{S}234"


def test_words_and_digits_are_not_mixed_in_one_sentence():
    assert SV.count_words(3, 0, 9) == ["tre", "ingen", "nio"]
    assert SV.count_words(3, 0, 26) == ["3", "ingen", "26"]


def test_the_verb_follows_the_count_in_english():
    assert [EN.verb(n) for n in (0, 1, 2)] == ["is", "is", "are"]
    assert {SV.verb(n) for n in range(3)} == {"ligger"}


@pytest.mark.parametrize("verdict", VERDICTS)
def test_every_verdict_has_its_fixed_words(verdict):
    assert (SV.verdict(verdict), EN.verdict(verdict)) == VERDICTS[verdict]


def test_names_stand_in_swedish_order_with_å_ä_ö_last():
    names = ["Örebro", "Ängelholm", "Åre", "Malung-Sälen", "Malmö", "Arboga", "Zinkgruvan"]
    assert SV.names(names, most=9) == "Arboga, Malmö, Malung-Sälen, Zinkgruvan, Åre, Ängelholm och Örebro"
    assert sorted(names, key=swedish_order)[-3:] == ["Åre", "Ängelholm", "Örebro"]


def test_lists_of_names():
    assert SV.names([]) == ""
    assert SV.names(["Falun"]) == "Falun"
    assert SV.names(["Mora", "Falun"]) == "Falun och Mora"
    assert EN.names(["Mora", "Falun", "Avesta"]) == "Avesta, Falun and Mora"


def test_long_lists_of_names_end_with_how_many_more():
    names = [f"Ort{letter}" for letter in "ABCDEFG"]
    assert SV.names(names[:6]) == "OrtA, OrtB, OrtC, OrtD, OrtE och OrtF"
    assert SV.names(names) == "OrtA, OrtB, OrtC, OrtD, OrtE och två till"
    assert EN.names(names, most=3) == "OrtA, OrtB and five more"
    assert SV.names([f"Ort{n:02d}" for n in range(40)]).endswith(" och 35 till")


def test_lists_of_things_that_hold_an_and():
    things = ["stöldbrott", "alkohol- och narkotikabrott", "vapenbrott"]
    assert SV.listed(things) == "stöldbrott, alkohol- och narkotikabrott samt vapenbrott"
    assert EN.listed(["thefts", "alcohol and drug offences"]) == "thefts, and alcohol and drug offences"
    assert SV.listed(["b", "a"]) == "b och a"


def test_months_and_periods():
    assert [SV.month(n) for n in (1, 12)] == ["januari", "december"]
    assert [EN.month(n, short=True) for n in (5, 10)] == ["May", "Oct"]
    assert all(
        len(texts()[name][language].split()) == 12 for name in ("months", "months_short") for language in ("sv", "en")
    )
    assert SV.period(2016, "preliminary") == "2016 (preliminärt)" and SV.period(2015, "final") == "2015"
    assert EN.period(2016, "preliminary") == "2016 (preliminary)"


def test_capital_letters():
    assert capital("över") == "Över" and capital("") == "" and capital("SKR") == "SKR"


@pytest.mark.parametrize("language", ["de", "SV", "", None, 1])
def test_an_unknown_language_is_refused(language):
    with pytest.raises(UsageError, match="sv and en"):
        Words(language)


# --- the texts themselves


def placeholders(text: str) -> set[str]:
    return {field for _, field, _, _ in string.Formatter().parse(text) if field is not None}


@pytest.mark.parametrize("name", texts())
def test_a_text_is_whole_in_both_languages(name):
    text = texts()[name]
    assert set(text) == {"sv", "en"}
    assert placeholders(text["sv"]) == placeholders(text["en"]), name
    for told in text.values():
        assert told and told == told.strip() and "  " not in told
        assert "..." not in told and '"' not in told and "--" not in told
    assert text["sv"].count("|") == text["en"].count("|") <= 1


@pytest.mark.parametrize("name", texts())
def test_a_text_uses_none_of_the_words_that_are_not_written(name):
    for told in texts()[name].values():
        found = [word for word in BANNED if word in told.casefold()]
        assert not found, told


@pytest.mark.parametrize("name", texts())
def test_numbers_in_a_text_never_break_over_lines(name):
    for told in texts()[name].values():
        assert not re.search(r"\d \d{3}\b|\d %|\d-\d", told), told
    assert f"100{S}000" not in texts()[name]["en"], "English writes 100,000"
