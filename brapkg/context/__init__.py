"""Context and surveys: figures that lead to questions on causes, and what people themselves tell.

``records`` reads which figures there are (``records/context.toml``), ``tables`` turns what lies in
``data/raw`` into tidy tables, ``pooled`` joins the years of a survey, ``fetching`` gets them from Kolada. Neither kind says why offences
happen: context figures are shown as questions, and survey answers with their margins.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from brapkg.context.pooled import Pooled, pooled
from brapkg.context.records import Figure, figures
from brapkg.context.tables import read

__all__ = ["Figure", "Pooled", "fetch", "figures", "pooled", "read"]


def fetch(folder: Path, years: Sequence[int], *, retrieved: str, base: str | None = None) -> list[Path]:
    """Fetch every figure of Kolada's in the records to ``context.csv`` in a folder.

    Arguments, return and errors as ``context.fetching.fetch``. What Kolada did not have is in the
    sidecar's ``notices``.
    """
    from brapkg.context import fetching  # needs a network library, which nothing else does

    wanted = [fetching.Wanted(one.kolada, one.title, one.margin) for one in figures().values() if one.kolada]
    return fetching.fetch(folder, years, wanted, retrieved=retrieved, base=base)
