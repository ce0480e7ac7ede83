"""The duties of the Act (2023:196) that the register asks about, and the register's columns."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from brapkg.settings import settings
from brapkg.sheets import Column

RECORDS = Path(__file__).parents[1] / "records" / "duties.toml"
STATES = ("in_place", "under_way", "absent")


@dataclass(frozen=True)
class Duty:
    """One duty, as its record in ``records/duties.toml`` tells it.

    ``law`` is the number of months that the Act allows, None where it says none; ``after`` is the duty whose
    date counts where it is later than this one's own, or where there is none; ``work_for`` tells that the
    duty is to work for it, not to reach it.
    """

    id: str
    paragraph: str
    sv: str
    en: str
    states_sv: tuple[str, ...]
    states_en: tuple[str, ...]
    help_sv: str
    help_en: str
    date_sv: str
    date_en: str
    law: int | None = None
    after: str = ""
    link: bool = False
    work_for: bool = False

    def name(self, language: str) -> str:
        return self.en if language == "en" else self.sv

    def state(self, state: str, language: str) -> str:
        """The word for one of ``STATES``: "finns", "beslutad", …"""
        return (self.states_en if language == "en" else self.states_sv)[STATES.index(state)]


@cache
def duties() -> tuple[Duty, ...]:
    """Every duty, in the order of the Act."""
    records = tomllib.loads(RECORDS.read_text(encoding="utf-8"))["duty"]
    return tuple(
        Duty(**{key: tuple(told) if isinstance(told, list) else told for key, told in record.items()})
        for record in records
    )


def limits() -> dict[str, int]:
    """Months after which each duty is told as old, by its id: the settings in use."""
    return settings().structure


@cache
def columns() -> tuple[Column, ...]:
    """The register's columns, in order."""
    told = [
        Column(
            "municipality",
            "Kommun",
            "Municipality",
            "area",
            (("municipality", "", ""),),
            required=True,
            width=24,
            help_sv="Kommunens namn eller kod. En rad för varje kommun.",
            help_en="The municipality's name or code. One row for each municipality.",
        ),
        Column(
            "as_of",
            "Uppgift per",
            "As of",
            "date",
            width=13,
            help_sv="Dagen då uppgifterna gäller. Åldern på lägesbild, plan och uppföljning räknas till den dagen.",
            help_en="The day that the facts hold for. Ages are counted to that day.",
        ),
    ]
    for duty in duties():
        choices = tuple(zip(STATES, duty.states_sv, duty.states_en, strict=True))
        sv, en = f"{duty.sv} ({duty.paragraph} §)", f"{duty.en} (section {duty.paragraph})"
        told += [
            Column(duty.id, sv, en, "choice", choices, width=18, help_sv=duty.help_sv, help_en=duty.help_en),
            Column(
                f"{duty.id}_date",
                f"{duty.sv}: datum",
                f"{duty.en}: date",
                "date",
                width=13,
                help_sv=duty.date_sv,
                help_en=duty.date_en,
            ),
        ]
        if duty.link:
            told.append(
                Column(
                    f"{duty.id}_link",
                    f"{duty.sv}: länk",
                    f"{duty.en}: link",
                    width=24,
                    help_sv="Adressen till dokumentet, om det är publicerat: https://…",
                    help_en="The document's address, where it is published: https://…",
                )
            )
    note = {
        "help_sv": "Fritt. Texten visas på sidan. Skriv inga personuppgifter.",
        "help_en": "Free text, shown on the page. Write no personal data.",
    }
    origin = {
        "help_sv": "Vem som lämnat uppgifterna, till exempel kommunens säkerhetsenhet. Inga personnamn.",
        "help_en": "Who gave the facts, such as the municipality's safety unit. No names of persons.",
    }
    told += [
        Column("origin", "Uppgift från", "Told by", width=24, **origin),
        Column("note", "Anteckning", "Note", width=40, **note),
    ]
    return tuple(told)
