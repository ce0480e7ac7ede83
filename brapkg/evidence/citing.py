"""A source as a sentence names it: authors and year, of a long list of authors the first alone."""

from __future__ import annotations

import re

from brapkg.evidence.kinds import Study
from brapkg.evidence.ratings import Rating
from brapkg.wording import Words

# Characters of authors and year; more would hide the sentence they stand in.
LONGEST = 60
# The beginning of a citation: authors and year.
_AUTHORS = re.compile(r"^.*?\b(?:19|20)\d\d\b\)?")


def leading(rating: Rating) -> Study:
    """The largest of the sources that carry a rating, of equally large ones the latest.

    Raises
    ------
    ValueError
        No source carries it.
    """
    return max(rating.rows, key=lambda row: (row.studies or 0, row.year, row.id))


def short(row: Study, words: Words) -> str:
    """Authors and year of a citation; of one that is long or has no year only the first name.

    "Welsh & Farrington (2008)", "Cassidy m.fl. 2014", "Mentor utan årtal".
    """
    cited = row.cited(words.language)
    authors = _AUTHORS.match(cited)
    if authors and len(authors[0]) <= LONGEST:
        return authors[0]
    name = "priority_source_many" if authors and "&" in authors[0] else "priority_source"
    return words(name, first=cited.split(",")[0], year=row.year if row.dated else words("problem_undated"))
