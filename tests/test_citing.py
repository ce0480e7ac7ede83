"""How a source is named in a sentence."""

from __future__ import annotations

from dataclasses import replace

import pytest

from brapkg import catalogue, evidence
from brapkg.evidence import citing
from brapkg.priorities import known
from brapkg.wording import Words

SV, EN = Words("sv"), Words("en")


def study(citation: str, **changes):
    return replace(evidence.studies()[0], citation=citation, citation_en="", **changes)


@pytest.mark.parametrize(
    ("citation", "year", "told"),
    [
        ("Welsh & Farrington (2008), Effects of improved street lighting, Campbell", 2008, "Welsh & Farrington (2008)"),
        ("SBU 2023, Insatser", 2023, "SBU 2023"),
        (f"Ek, {', '.join(map(str, 'ABCDEFGHIJKLMNOPQRSTUVX'))} & Alm (2014), Titel", 2014, "Ek m.fl. 2014"),
        ("En titel som inte har något år alls, Förlaget", 2019, "En titel som inte har något år alls 2019"),
    ],
)
def test_authors_and_year_of_a_citation(citation, year, told):
    assert citing.short(study(citation, year=year), SV) == told


def test_a_year_that_is_not_known_is_not_told():
    told = citing.short(study("Mentor, rapport (year not known)", year=2024), EN)
    assert "2024" not in told and told.startswith("Mentor ")


def test_every_source_that_is_proposed_has_a_short_name_in_both_languages():
    for offence in catalogue.offences("groups"):
        for _, rating in known(offence).tried:
            row = citing.leading(rating)
            assert row.studies is None or all((other.studies or 0) <= row.studies for other in rating.rows)
            for words in (SV, EN):
                name = citing.short(row, words)
                assert 3 < len(name) <= citing.LONGEST + 12 and "\n" not in name, name
