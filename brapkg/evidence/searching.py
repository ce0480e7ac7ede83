"""Finds problems, measures and studies by words, however they are inflected or spelt.

A text is cut into words without case and accents (å and ä as a, ö as o), and each word freed of its
ending. A word of the question meets a word of a record

* fully (1) when they are the same, or nearly (0.97) when only the endings differ;
* in part (0.6 and up) when one is the beginning or end of the other, as in compounds: "kamera" in
  "kameraövervakning"; the larger the shared part, the nearer to 1;
* in part (0.6 to 0.9) when they share most of their letter pairs, as misspelt words do.

Each field of a record has a weight: its name counts fully, its search words nearly (0.95), its
description and the names of its problems less. The **score** of a record, from 0 to 1, is the mean over the question's
words of the best such meeting, where rare words count more than common ones. Records below 0.45
are not given. Two words written apart are also tried as one ("kamera bevakning"). On equal scores
problems go before measures and measures before studies, then the order of the records.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from brapkg.errors import UsageError
from brapkg.wording import LANGUAGES, check_language

if TYPE_CHECKING:
    from brapkg.evidence.kinds import Measure, Problem
    from brapkg.evidence.load import Base

LEAST = 0.45
MOST_WORDS = 12
KINDS = ("problem", "measure", "study")
# What a kind's scores are taken times, so that a problem goes before the measures that name it.
_RANK = {"problem": 1.0, "measure": 0.97, "study": 0.9}
_ENDINGS = tuple(
    sorted(
        "ernas arnas ornas erna arna orna ningar ningen ning heten het ande ens ets ers ars en et er ar or an na ta "
        "s e a n t ies ings ing ed es y".split(),
        key=lambda ending: -len(ending),
    )
)
_STEM = 3
_EMPTY_WORDS = frozenset(
    "och i pa av for med mot som till vid en ett den det de att om hur man vad eller ar fran inom under vi kan "
    "the of in on at and or to for from by with against a an how what we can do is are".split()
)


@dataclass(frozen=True)
class Hit:
    """A record that answers: ``kind`` is one of ``KINDS``, ``score`` lies from 0 to 1, and ``why`` holds
    the words of the record that were met."""

    kind: str
    id: str
    title: str
    score: float
    why: tuple[str, ...]


@dataclass(frozen=True)
class _Entry:
    """A record in the index: its words with weight and language."""

    kind: str
    id: str
    titles: dict[str, str]
    words: dict[str, tuple[float, str]]


@dataclass(frozen=True)
class _Index:
    entries: tuple[_Entry, ...]
    where: dict[str, list[int]]
    stems: dict[str, str]
    pairs: dict[str, list[str]]


def found(base: Base, text: str, language: str | None = None) -> list[Hit]:
    """Records that answer to the text, best first.

    Parameters
    ----------
    base : Base
        The knowledge base.
    text : str
        Words in Swedish or English, an id or a DOI. Words after the twelfth are not read.
    language : {"sv", "en"}, optional
        Language of the titles; otherwise that of the word that was met. Both are always searched.

    Returns
    -------
    list of Hit
        Empty where nothing answers. An exact id or DOI gives that record alone.

    Raises
    ------
    UsageError
        The text is no text, or there is no such language.
    """
    if not isinstance(text, str):
        raise UsageError(f"A search needs a text; found {text!r}.")
    if language is not None:
        check_language(language)
    index = _indexed(base)
    if exact := _exact(base, index, text, language):
        return exact
    words = [word for word in _words(text) if word not in _EMPTY_WORDS][:MOST_WORDS]
    if not words:
        return []
    best: dict[int, tuple[float, tuple[str, ...], str]] = {}
    for question in (words, _joined(words)) if len(words) > 1 else (words,):
        for place, answer in _answers(index, question).items():
            best[place] = max(best.get(place, answer), answer, key=lambda one: one[0])
    hits = [
        (index.entries[place], score * _RANK[index.entries[place].kind], why, spoken)
        for place, (score, why, spoken) in best.items()
    ]
    hits = [hit for hit in hits if hit[1] >= LEAST]
    order = {id(entry): n for n, entry in enumerate(index.entries)}
    hits.sort(key=lambda hit: (-round(hit[1], 6), KINDS.index(hit[0].kind), order[id(hit[0])]))
    return [Hit(e.kind, e.id, e.titles[language or spoken], round(score, 3), why) for e, score, why, spoken in hits]


def _exact(base: Base, index: _Index, text: str, language: str | None) -> list[Hit]:
    asked = re.sub(r"^(problem|measure|study|åtgärd|studie)\s+", "", text.strip().casefold())
    doi = re.sub(r"^(https?://(dx\.)?doi\.org/|doi:\s*)", "", asked)
    dois = {row.id for row in base.studies.values() if row.doi and row.doi.casefold() == doi}
    return [
        Hit(entry.kind, entry.id, entry.titles[language or "sv"], 1.0, (entry.id,))
        for entry in index.entries
        if entry.id == asked or entry.id in dois
    ]


# --- the index


@lru_cache(maxsize=4)
def _indexed(base: Base) -> _Index:
    entries = []
    for one in base.problems.values():
        fields = _named(one)
        fields += [(0.35, [one.text("what", s)], s) for s in LANGUAGES]
        entries.append(_entry("problem", one.id, {s: one.text("name", s) for s in LANGUAGES}, fields))
    for one in base.measures.values():
        fields = _named(one)
        against = [base.problems[id] for id in one.problems]
        fields += [(0.7, [w for p in against for w in (p.text("name", s), *p.text("words", s))], s) for s in LANGUAGES]
        fields += [(0.4, [one.text("what", s)], s) for s in LANGUAGES]
        entries.append(_entry("measure", one.id, {s: one.text("name", s) for s in LANGUAGES}, fields))
    for one in base.studies.values():
        of = base.measures[one.measure]
        fields = [(1.0, [one.id, one.citation, one.citation_en], "en")]
        fields += [(0.7, [of.text("name", s), *of.text("words", s)], s) for s in LANGUAGES]
        fields += [(0.5, [one.text("outcome", s)], s) for s in LANGUAGES]
        entries.append(_entry("study", one.id, {s: one.cited(s) for s in LANGUAGES}, fields))
    where, pairs = defaultdict(list), defaultdict(list)
    for place, entry in enumerate(entries):
        for word in entry.words:
            where[word].append(place)
    for word in where:
        for pair in _pairs(word):
            pairs[pair].append(word)
    return _Index(tuple(entries), dict(where), {word: _stem(word) for word in where}, dict(pairs))


def _named(one: Problem | Measure) -> list[tuple[float, list[str], str]]:
    """Names count more than search words, so that "grannsamverkan" is the measure before the problem it is against."""
    names = [(1.0, [one.text("name", s)], s) for s in LANGUAGES] + [(1.0, [one.id], "en")]
    return names + [(0.95, list(one.text("words", s)), s) for s in LANGUAGES]


def _entry(kind: str, id: str, titles: dict[str, str], fields: Iterable[tuple[float, list[str], str]]) -> _Entry:
    words: dict[str, tuple[float, str]] = {}
    for weight, texts, language in fields:
        for text in texts:
            for word in _words(text):
                if word not in _EMPTY_WORDS and words.get(word, (0.0, ""))[0] < weight:
                    words[word] = (weight, language)
    return _Entry(kind, id, titles, words)


# --- words


def _words(text: str) -> list[str]:
    """The words of a text, without case, accents and signs; single letters are none."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    return re.findall(r"[a-z0-9]{2,}", "".join(c for c in plain if not unicodedata.combining(c)))


def _joined(words: list[str]) -> list[str]:
    """Words written apart as one, two and two."""
    return [first + second for first, second in zip(words, words[1:], strict=False)]


def _stem(word: str) -> str:
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= _STEM:
            return word[: -len(ending)]
    return word


def _pairs(word: str) -> set[str]:
    edged = f"^{word}$"
    return {edged[n : n + 2] for n in range(len(edged) - 1)}


def _met(index: _Index, word: str) -> dict[str, float]:
    """The words of the index that a word of the question meets, and how well."""
    stem, own = _stem(word), _pairs(word)
    shared: dict[str, int] = defaultdict(int)
    for pair in own:
        for other in index.pairs.get(pair, ()):
            shared[other] += 1
    return {
        other: near for other, n in shared.items() if (near := _near(word, stem, own, other, index.stems[other], n))
    }


def _near(word: str, stem: str, own: set[str], other: str, other_stem: str, shared: int) -> float:
    if word == other:
        return 1.0
    if stem == other_stem:
        return 0.97
    short, long = sorted((stem, other_stem), key=len)
    if len(short) >= 4 and (long.startswith(short) or long.endswith(short)):
        return 0.6 + 0.35 * len(short) / len(long)
    alike = 2 * shared / (len(own) + len(_pairs(other)))
    return alike if alike >= 0.6 and min(len(word), len(other)) >= 4 else 0.0


def _answers(index: _Index, question: list[str]) -> dict[int, tuple[float, tuple[str, ...], str]]:
    """Score, words met and language by the place of the record."""
    total = 0.0
    sums: dict[int, float] = defaultdict(float)
    why: dict[int, list[tuple[float, str, str]]] = defaultdict(list)
    for word in question:
        best: dict[int, tuple[float, str, str]] = {}
        for other, near in _met(index, word).items():
            for place in index.where[other]:
                weight, language = index.entries[place].words[other]
                if near * weight > best.get(place, (0.0, "", ""))[0]:
                    best[place] = (near * weight, other, language)
        common = sum(score >= 0.6 for score, _, _ in best.values())
        rare = math.log(1 + len(index.entries) / max(1, common))
        total += rare
        for place, met in best.items():
            sums[place] += rare * met[0]
            why[place].append(met)
    return {
        place: (score / total, tuple(word for _, word, _ in why[place]), max(why[place])[2])
        for place, score in sums.items()
    }
