"""The kinds of records in the knowledge base, and what each field may hold.

A field without a default is required. A text may be empty only where ``EMPTY`` says so. What the
fields mean is told in CONTRIBUTING.md.
"""

from __future__ import annotations

from dataclasses import dataclass

QUESTIONS = ("offender", "victim", "place", "situational", "social")
DESIGNS = ("randomised", "natural", "controlled", "mixed", "before-after", "survey", "process", "none")
METRICS = ("relative change", "odds ratio", "rate ratio", "d", "words")
RATIOS = ("odds ratio", "rate ratio")
UNVERIFIED = "unverified"
VERIFIED = ("read", "second-hand", "recomputed", UNVERIFIED)


class Texts:
    """A record with texts in two languages."""

    def text(self, field: str, language: str) -> str:
        """A field in a language, as ``text("lower", "sv")``; ``"name"`` is the heading."""
        return getattr(self, language if field == "name" else f"{field}_{language}")


@dataclass(frozen=True)
class Question(Texts):
    """A question for the analysis of causes; ``kind`` is one of ``QUESTIONS``."""

    kind: str
    sv: str
    en: str


@dataclass(frozen=True)
class Indicator(Texts):
    """Something to follow; ``source`` is who holds it, ``offence`` a series of the catalogue, or empty."""

    sv: str
    en: str
    source_sv: str
    source_en: str
    offence: str = ""


@dataclass(frozen=True)
class Problem(Texts):
    """A crime problem as local work meets it."""

    id: str
    sv: str
    en: str
    lower_sv: str
    lower_en: str
    words_sv: tuple[str, ...]
    words_en: tuple[str, ...]
    offences: tuple[str, ...]
    share: str
    series_sv: str
    series_en: str
    what_sv: str
    what_en: str
    where_sv: str
    where_en: str
    when_sv: str
    when_en: str
    harm_sv: str
    harm_en: str
    sources_sv: tuple[str, ...]
    sources_en: tuple[str, ...]
    question: tuple[Question, ...]
    indicator: tuple[Indicator, ...]


@dataclass(frozen=True)
class Measure(Texts):
    """Something that can be done; ``basis`` names the fields that rest on a cited study."""

    id: str
    kind: str
    sv: str
    en: str
    lower_sv: str
    lower_en: str
    words_sv: tuple[str, ...]
    words_en: tuple[str, ...]
    problems: tuple[str, ...]
    what_sv: str
    what_en: str
    mechanism_sv: str
    mechanism_en: str
    moderators_sv: str
    moderators_en: str
    needs_sv: str
    needs_en: str
    owner_sv: str
    owner_en: str
    cost_sv: str
    cost_en: str
    time_sv: str
    time_en: str
    risks_sv: str
    risks_en: str
    basis: tuple[str, ...]


@dataclass(frozen=True)
class Study(Texts):
    """What one review or study found of one measure on one outcome.

    ``estimate``, ``lower`` and ``upper`` (95 %) are in the unit of ``metric``, a relative change as
    a fraction; ``favourable`` is the side of no effect that is good. ``sure`` tells whether the
    source calls the result larger than chance, None where it does not say. ``superseded_by`` is the
    row of another publication that holds the same studies: a newer version, or the fuller of two.
    ``citation_en`` is there only where the citation holds words that are no title.
    """

    id: str
    measure: str
    problems: tuple[str, ...]
    kind: str
    swedish: bool
    citation: str
    year: int
    doi: str
    url: str
    countries_sv: str
    countries_en: str
    design: str
    outcome_sv: str
    outcome_en: str
    outcome_kind: str
    metric: str
    favourable: str
    direction: str
    result_sv: str
    result_en: str
    displacement: str
    place_sv: str
    place_en: str
    economics_sv: str
    economics_en: str
    verified: str
    checked: str
    note_sv: str
    note_en: str
    studies: int | None = None
    years: str = ""
    estimate: float | None = None
    lower: float | None = None
    upper: float | None = None
    sure: bool | None = None
    heterogeneity: str = ""
    superseded_by: str = ""
    citation_en: str = ""

    def cited(self, language: str) -> str:
        """The citation as a page in the language gives it."""
        return self.citation_en or self.citation if language == "en" else self.citation

    @property
    def dated(self) -> bool:
        """Whether the year is that of the study; where it is not known, it is that of the reading."""
        return "year not known" not in self.cited("en")

    @property
    def null(self) -> float:
        """The value that means no effect."""
        return 1.0 if self.metric in RATIOS else 0.0

    @property
    def source(self) -> str:
        """What rows of the same publication share."""
        return self.doi.casefold() or self.citation


@dataclass(frozen=True)
class Trial:
    """One trial as counts; ``study`` is the row it is pooled for."""

    study: str
    name: str
    treated_events: int
    treated_total: int
    control_events: int
    control_total: int
    source: str


@dataclass(frozen=True)
class TrialSet(Texts):
    """What the trials of a row count, and where they come from."""

    study: str
    event_sv: str
    event_en: str
    favourable: str
    source: str
    url: str
    note_sv: str = ""
    note_en: str = ""


@dataclass(frozen=True)
class Disagreement(Texts):
    """A question that sources answer in different ways."""

    id: str
    measures: tuple[str, ...]
    question_sv: str
    question_en: str
    one_sv: str
    one_en: str
    other_sv: str
    other_en: str
    studies: tuple[str, ...]


@dataclass(frozen=True)
class LawItem(Texts):
    """A paragraph, or an item of one, and what the page gives towards it."""

    id: str
    act: str
    paragraph: str
    item: str
    heading_sv: str
    heading_en: str
    text_sv: str
    text_en: str
    url: str
    status: str
    duty: bool
    on_page: bool
    fed: str
    how_sv: str
    how_en: str


# What a file is called (a pattern), the name of its tables, and what a table becomes.
FILES = (
    ("problems.toml", "problem", Problem),
    ("measures_*.toml", "measure", Measure),
    ("studies_*.toml", "study", Study),
    ("trials.toml", "trial", Trial),
    ("disagreements.toml", "disagreement", Disagreement),
    ("law.toml", "item", LawItem),
)
NESTED = {"question": Question, "indicator": Indicator}
EMPTY = {
    Problem: {"offences"},
    Measure: {"moderators", "cost", "basis"},
    Study: {"problems", "doi", "countries", "favourable", "place", "economics", "note", "years"}
    | {"heterogeneity", "superseded_by"},
    LawItem: {"item"},
    Indicator: {"offence"},
    TrialSet: {"note"},
}
ALLOWED = {
    Problem: {"share": ("whole", "part", "none")},
    Question: {"kind": QUESTIONS},
    Measure: {
        "kind": ("situational", "police", "social", "treatment"),
        "basis": ("what", "mechanism", "moderators", "needs", "owner", "cost", "time", "risks"),
    },
    Study: {
        "kind": ("review", "study", "practice"),
        "design": DESIGNS,
        "outcome_kind": ("crime", "reoffending", "victimisation", "fear", "behaviour", "proxy"),
        "metric": METRICS,
        "favourable": ("below", "above", ""),
        "direction": ("reduces", "none", "harmful", "mixed", "unknown"),
        "displacement": ("none", "diffusion", "displacement", "mixed", "unknown"),
        "verified": VERIFIED,
    },
    TrialSet: {"favourable": ("below", "above")},
    LawItem: {"status": VERIFIED, "fed": ("summary", "partly", "people")},
}
