"""Records of the knowledge base in words: names, values and sources, as more than one page tells them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from urllib.parse import urlsplit

from brapkg import evidence
from brapkg.blocks import Reference
from brapkg.evidence.kinds import Study
from brapkg.evidence.ratings import Rating
from brapkg.wording import Words, capital

# In the order of the pages: what is proposed, what is open, and what did not help.
EFFECTS = ("effective", "promising", "mixed", "no_shown_effect", "harmful", "unknown")
# What a page proposes: never a measure that harms or has no shown effect.
SUPPORTED = ("effective", "promising")
# The year, with what surrounds it, ends the authors' names in a citation.
_YEAR = re.compile(r"[,(\s]*\b(?:19|20)\d\d\b")
_MANY = re.compile(r"\s*(?:,|&| and | och | et al| m\.fl)")


def effect(rating: Rating, words: Words) -> str:
    """A rating's effect: "Lovande"."""
    return words(f"problem_rating_{rating.effect}")


def certainty(grade: str, words: Words) -> str:
    """A grade inside a sentence: "låg säkerhet"."""
    return words(f"problem_certainty_short_{grade}")


def rows(rating: Rating) -> list[Study]:
    """The verified rows on a measure against the problem: those that carry the rating first."""
    return [*rating.rows, *rating.opposing, *rating.others]


def reasons(rating: Rating, words: Words) -> str:
    """Why the certainty is what it is, in sentences."""
    return " ".join(words(f"evidence_reason_{name}") for name in rating.reasons)


def day(iso: str, words: Words) -> str:
    """ "2026-11-22" as "22 november 2026"."""
    year, month, number = iso.split("-")
    return words("problem_date", day=int(number), month=words.month(int(month)), year=year)


def checked(words: Words) -> str:
    """The day that the youngest row of the knowledge base was checked."""
    return day(max(row.checked for row in evidence.studies()), words)


def short(study: Study, words: Words) -> str:
    """A source by its first author and year: "Piza m.fl. 2019"."""
    authors = _YEAR.split(study.cited(words.language))[0].strip(" ,.(")
    # Where the authors are not known the citation begins with a title.
    first, *others = [authors.split(":")[0]] if ":" in authors else _MANY.split(authors)
    many = f" {words('problem_et_al')}" if others else ""
    return f"{first.strip()}{many} {study.year if study.dated else words('problem_undated')}"


def value(study: Study, words: Words, estimate: float | None = None) -> str:
    """The study's estimate in its own metric: "−13 %", "1,53"."""
    number = study.estimate if estimate is None else estimate
    if number is None:
        return ""
    if study.metric == "relative change":
        return (
            words.deviation(1 + number) if _whole(100 * number) else _signed(100 * number, words, 1) + _percent(words)
        )
    return words.number(number, _decimals(number))


def interval(study: Study, words: Words) -> str:
    """The interval in the study's own metric, or "" where none is verified."""
    if study.lower is None or study.upper is None:
        return ""
    if study.metric == "relative change":
        return words.signed_range(1 + study.lower, 1 + study.upper)
    decimals = max(_decimals(study.lower), _decimals(study.upper))
    return words.range(words.number(study.lower, decimals), words.number(study.upper, decimals))


def on_axis(study: Study, number: float | None) -> float:
    """A value where the forest draws it: a relative change as a ratio, others as they are."""
    if number is None:
        return float("nan")
    return 1 + number if study.metric == "relative change" else number


def _whole(number: float) -> bool:
    return abs(number - round(number)) < 0.05


def _decimals(number: float) -> int:
    """As many decimals as the source gives, two at least, three at most."""
    return 2 if abs(number * 100 - round(number * 100)) < 1e-9 else 3


def _signed(number: float, words: Words, decimals: int) -> str:
    return ("+" if number > 0 else "") + words.number(number, decimals)


def _percent(words: Words) -> str:
    return words.percent(0)[1:]


def superseded(row: Study, words: Words) -> str:
    """That a row's studies are counted in another publication, by name; "" for a row that counts itself."""
    if not row.superseded_by:
        return ""
    return words("problem_superseded", source=short(evidence.study(row.superseded_by), words))


def ground(rows: Sequence[Study], words: Words) -> str:
    """What a rating rests on: "Två forskningsöversikter, en enskild studie"; the superseded are not counted."""
    rows = [row for row in rows if not row.superseded_by]
    if not rows:
        return words("problem_ground_none")
    parts = []
    for kind, one, many in (
        ("review", "problem_ground_review", "problem_ground_reviews"),
        ("study", "problem_ground_study", "problem_ground_studies"),
        ("practice", "problem_ground_practice", "problem_ground_practices"),
    ):
        count = len({row.source for row in rows if row.kind == kind})
        if count:
            parts.append(words(one) if count == 1 else words(many, n=words.count_word(count)))
    told = capital("; ".join(parts))
    most = max((row.studies or 0 for row in rows if row.kind == "review"), default=0)
    return told + (f" ({words('problem_ground_evaluations', n=words.number(most))})" if most > 1 else "")


def named(names: Sequence[str], words: Words, most: int = 5) -> str:
    """Names in the order given; beyond ``most`` "… och fyra till"."""
    if len(names) > most:
        rest = words("and_more", n=words.count_word(len(names) - most + 1))
        return ", ".join(names[: most - 1]) + f" {rest}"
    return words.listed(names)


def place(study: Study) -> str:
    """The id of a study's source on the page; rows of one publication share it."""
    return "kalla-" + re.sub(r"[^a-z0-9]+", "-", study.source.casefold()).strip("-")


def references(rows: Iterable[Study], words: Words) -> list[Reference]:
    """Each publication once, by name: citation, link, and how its rows were verified."""
    sources: dict[str, list[Study]] = {}
    for row in rows:
        sources.setdefault(place(row), []).append(row)
    made = []
    for id, group in sources.items():
        first = group[0]
        address = f"https://doi.org/{first.doi}" if first.doi else first.url
        shown = f"doi.org/{first.doi}" if first.doi else words("problem_link", host=urlsplit(first.url).hostname)
        how = [words(f"problem_verified_{way}") for way in dict.fromkeys(row.verified for row in group)]
        checked = words("problem_checked", date=day(max(row.checked for row in group), words))
        made.append(
            Reference(id, first.cited(words.language).rstrip(".") + ".", address, shown, " ".join([*how, checked]))
        )
    return sorted(made, key=lambda one: (one.text.casefold(), one.id))
