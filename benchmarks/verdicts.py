"""How often the verdict is wrong: the page's rule on made-up measures where nothing was done.

    python benchmarks/verdicts.py FOLDER [--write]

FOLDER holds Brå's monthly exports of 2013-2016. The made-up measures, and the intervals of their designs, are
those of ``placebos.py``: calibrated on other counties and on the other side of the break alone, and with
falls of 25 and 50 per cent laid on by thinning, the same events for every design. Each gets the
verdict of ``brapkg.effects.verdict`` as a page would give it: designs that the study withholds are left
out, the trends before the start are compared, and a fall of 25 per cent is taken to have been expected.
Told is, by size class and with or without nearby areas, the share of each verdict.

--write puts the table into data/raw/verdict_study.csv, which pages print beside the rule. Seeded: the
same exports give the same bytes.
"""

from __future__ import annotations

import argparse
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import placebos as study

from brapkg.effects import null, trends, verdict
from brapkg.effects.estimators import LOCAL
from brapkg.indicators import placebos
from brapkg.sources import shipped, snapshot

# The shapes in which every design is made.
SHAPES = tuple(shape for shape in study.SHAPES if not shape[3])
LAID = (0, 25, 50)
EXPECTED = 0.75
MEASURE = ["kind", "shape", "start", "area", "offence"]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--write", action="store_true", help="write data/raw/verdict_study.csv")
    asked = parser.parse_args()
    given = verdicts(*study.tables(asked.folder))
    found = summary(given)
    print(found.to_string(index=False))
    print("\nBy number of designs counted, nothing done:")
    print(shares(given[given["laid"] == 0], ["nearby", "counted"]).to_string())
    print("\nBy number of designs counted, a fall of 50 per cent, counties:")
    print(shares(given[(given["laid"] == 50) & (given["size"] == "county")], ["nearby", "counted"]).to_string())
    print("\nBy shape, nothing done:")
    print(shares(given[given["laid"] == 0], ["shape", "size", "nearby"]).to_string())
    if asked.write:
        with shipped.RECORDS.open("rb") as file:
            record = tomllib.load(file)["verdict_study"]
        snapshot.write(null.VERDICTS, found[list(record["columns"])], record)
    return 0


def verdicts(months: pd.DataFrame, population: pd.DataFrame) -> pd.DataFrame:
    """The verdict on every made-up measure: as it is and with each fall laid on, with and without nearby areas."""
    parts = []
    for panel in placebos.panels(months, population):
        for shape in SHAPES:
            rows = study.crossed(study.estimated(panel, shape))
            parts += judged(rows.join(trends_of(panel, shape), on=["start", "area", "offence"]))
    return pd.concat(parts, ignore_index=True)


def trends_of(panel, shape) -> pd.Series:
    """Whether the areas went different ways before the start, by start, area and offence."""
    found = {}
    for design, labels, window, _ in study.stretches(panel, shape):
        if design == "comparison":
            before = slice(None, window.before)
            parts = (window.treated, window.exposure, window.comparison, window.comparison_exposure)
            for row, label in enumerate(labels.itertuples()):
                told = trends.parallel(*(part[row, before] for part in parts))
                found[label.start, label.area, label.offence] = told.differs
    return pd.Series(found, name="differs").rename_axis(["start", "area", "offence"])


def judged(rows: pd.DataFrame) -> Iterator[pd.DataFrame]:
    """The verdicts on measures, a table for each fall laid on and each way to treat nearby areas.

    With nearby areas their sum is judged where the study lets it; else, as without them, the difference alone.
    """
    whole = allowed(rows.assign(design="displacement"))
    rows = rows.assign(usable=allowed(rows))
    for nearby in ("no", "yes"):
        mine = rows[rows["design"] != np.where(whole & (nearby == "yes"), LOCAL, "displacement")]
        for laid in LAID:
            yield verdicts_of(mine, laid).assign(nearby=nearby, laid=laid)


def allowed(rows: pd.DataFrame) -> np.ndarray:
    """Whether the study lets each design be used for such areas and offences."""
    told = rows[["design", "size", "offence"]].drop_duplicates()
    told["usable"] = [null.usable(*one) for one in told.itertuples(index=False)]
    return rows[["design", "size", "offence"]].merge(told, how="left")["usable"].to_numpy()


def verdicts_of(rows: pd.DataFrame, laid: int) -> pd.DataFrame:
    """The verdict on each measure with a fall of so many per cent laid on."""
    limits = rows[[f"{name}_{laid}" for name in ("value", "lower", "upper")]].to_numpy()
    log = (rows["design"].map(null.SCALES) == "log").to_numpy()
    with np.errstate(over="ignore"):  # of the differences, which are not taken
        limits = np.where(log[:, np.newaxis], np.exp(limits), 1 + limits).tolist()
    told = zip(rows["design"].replace(LOCAL, "displacement"), limits, rows["usable"], strict=True)
    results = [verdict.Result(name, *ratios, "" if usable else "not calibrated") for name, ratios, usable in told]
    found = []
    for key, mine in rows.assign(result=results).groupby([*MEASURE, "size"]):
        one = verdict.of(mine["result"], EXPECTED, trends_differ=bool(mine["differs"].iloc[0]))
        found.append((*key, one.word, len(one.counted), mine["differs"].iloc[0]))
    return pd.DataFrame(found, columns=[*MEASURE, "size", "word", "counted", "differs"])


def shares(given: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    """How many made-up measures, and in per cent the share of each verdict and of different trends before."""
    table = given.groupby([*columns, "word"]).size().unstack(fill_value=0).reindex(columns=verdict.SCALE, fill_value=0)
    number = table.sum(axis=1)
    table = (100 * table.div(number, axis=0)).round(1)
    table.insert(0, "placebos", number)
    return table.assign(trends=(100 * given.astype({"differs": float}).groupby(columns)["differs"].mean()).round(1))


def summary(given: pd.DataFrame) -> pd.DataFrame:
    """One row per size class, with and without nearby areas, and fall laid on."""
    table = shares(given, ["size", "nearby", "laid"]).reset_index()
    order = table["size"].map(null.SIZES.index)
    return table.iloc[np.lexsort([table["laid"], table["nearby"], order])].reset_index(drop=True)


if __name__ == "__main__":
    sys.exit(main())
