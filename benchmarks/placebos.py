"""Does calibration keep its promises? Made-up measures where nothing was done, and effects laid on them.

    python benchmarks/placebos.py FOLDER [--write]

FOLDER holds Brå's monthly exports of 2013-2016. Every area, offence and stretch of months is a measure
that never was. Each is judged by placebos of other counties and of the other side of the break of
January 2015 alone: neither its area nor its months are used for calibrating. Told are, for every
design and size class, how often 5 per cent tests cry effect: naive (the design's Poisson variance),
with an overdispersion factor from the monthly residuals, and calibrated; how often 95 per cent
intervals hold effects of -10, -25 and -50 per cent, laid on by thinning the treated area's events
after the start; and how often the smallest visible fall, laid on in the same way, is seen.

--write puts the table into data/raw/placebo_study.csv, by which pages withhold p-values. Seeded: the
same exports give the same bytes.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import tomllib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import stats

from brapkg import paths, tidy
from brapkg.effects import null
from brapkg.effects.estimators import DESIGNS, LOCAL, Window, estimates
from brapkg.indicators import placebos
from brapkg.sources import shipped, snapshot
from brapkg.stats.effect import calibration
from brapkg.stats.thin import TooThin

# Months before, run-in and after, and comparison areas; the last for the designs that it changes.
SHAPES = ((12, 0, 12, 0), (12, 0, 6, 0), (12, 0, 12, 1))
COMPARED = ("comparison", "displacement", LOCAL)
EFFECTS = (10, 25, 50)
FOLDS = 5
SEED = 2016
NAMES = (*DESIGNS, LOCAL)
KEY = ["kind", "shape", "design", "start", "area", "offence"]
# What a design must reach in a size class, per cent.
FALSE, COVER, POWER, NEAR = (3, 7), (93, 97), 80, 3
Z = stats.norm.isf(0.025)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--write", action="store_true", help="write data/raw/placebo_study.csv")
    asked = parser.parse_args()
    rows = judged(*tables(asked.folder))
    study = summary(rows)
    print(study[study["offence"] == null.ALL].to_string(index=False))
    print("\nBy shape (before, run-in, after, comparison areas):")
    print(by(rows, ["shape", "design", "size"]).to_string())
    print("\nBy offence, where something is withheld:")
    print(study[(study["offence"] != null.ALL) & (study["usable"] == "no")].to_string(index=False))
    if asked.write:
        with shipped.RECORDS.open("rb") as file:
            record = tomllib.load(file)["placebo_study"]
        snapshot.write(null.STUDY, study[list(record["columns"])], record)
    return 0


def tables(folder: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Months and residents, as a build reads them with the exports in place."""
    with tempfile.TemporaryDirectory() as made:
        raw = Path(made)
        (raw / "bra").mkdir()
        for path in (paths.CLONE / "data" / "raw").glob("*.csv*"):
            shutil.copy(path, raw)
        for path in folder.resolve().glob("*.txt"):
            (raw / "bra" / path.name).symlink_to(path)
        told = tidy.read(raw).tables
    return told["offences_month"], told["population"]


# --- the made-up measures ------------------------------------------------------------------------


def judged(months: pd.DataFrame, population: pd.DataFrame) -> pd.DataFrame:
    """Every made-up measure with what each test says of it, and of the effects laid on it."""
    parts = []
    for panel in placebos.panels(months, population):
        for shape in SHAPES:
            rows = crossed(estimated(panel, shape))
            parts.append(seen(panel, shape, rows))
    return pd.concat(parts, ignore_index=True)


def stretches(panel, shape):
    """Each design and stretch of months: its labels, windows, and a generator of its own."""
    for first in placebos.firsts(panel.at, shape):
        for design, labels, window in placebos.windows(panel, shape, first):
            if shape[3] and design not in COMPARED:
                continue
            start = int(panel.at[first]) + shape[0]
            rng = np.random.default_rng([SEED, start, SHAPES.index(shape), NAMES.index(design), len(panel.codes)])
            named = labels.assign(kind=panel.kind, shape=str(shape), design=design, start=start)
            yield design, named, window, rng


def estimated(panel, shape) -> pd.DataFrame:
    """Estimates of every made-up measure: as it is, and with each effect laid on."""
    parts = []
    for design, labels, window, rng in stretches(panel, shape):
        named = pd.MultiIndex.from_frame(labels[["area", "offence"]])
        if design == "comparison":  # the first of each stretch; every design sees the same events taken away
            laid, everyone = {effect: thinned(window, effect / 100, rng).treated for effect in EFFECTS}, named
        place = everyone.get_indexer(named)
        plain = by_design(design, window)
        rows = labels.join(plain).assign(monthly=overdispersion(window))
        for effect in EFFECTS:
            found = by_design(design, replace(window, treated=laid[effect][place]))
            rows[[f"value_{effect}", f"events_{effect}"]] = found[["value", "events"]]
        parts.append(rows[plain["missing"] == ""])
    return pd.concat(parts, ignore_index=True)


def by_design(design: str, window: Window) -> pd.DataFrame:
    return estimates("displacement" if design == LOCAL else design, window)


def thinned(window: Window, share, rng) -> Window:
    """The window with each event of the treated area after the start taken away with a chance."""
    counts = window.treated.copy()
    after = counts[:, window.before + window.run_in :]
    after[:] = rng.binomial(after.astype(int), 1 - np.broadcast_to(share, len(counts))[:, np.newaxis])
    return replace(window, treated=counts)


def thickened(window: Window, share, rng) -> Window:
    """The window with events added in proportion to those of each month after."""
    counts = window.treated.copy()
    after = counts[:, window.before + window.run_in :]
    after += rng.poisson(after * np.broadcast_to(share, len(counts))[:, np.newaxis])
    return replace(window, treated=counts)


def overdispersion(window: Window) -> np.ndarray:
    """Pearson's factor of the treated area's months around the comparison's, before and after apart."""
    chi, months = 0.0, 0
    for part in (slice(None, window.before), slice(window.before + window.run_in, None)):
        own, other = window.treated[:, part], window.comparison[:, part] + 0.5
        mean = other * (own.sum(axis=1) / other.sum(axis=1))[:, np.newaxis]
        chi = chi + np.divide((own - mean) ** 2, mean, out=np.zeros_like(mean), where=mean > 0).sum(axis=1)
        months += own.shape[1] - 1
    return np.maximum(1.0, chi / months)


# --- calibrated on other areas and months --------------------------------------------------------


def crossed(rows: pd.DataFrame) -> pd.DataFrame:
    """Each measure judged by the placebos of other folds of counties, on the other side of the break."""
    counties = {code: i % FOLDS for i, code in enumerate(sorted(rows["area"].str[:2].unique()))}
    rows = rows.assign(fold=rows["area"].str[:2].map(counties), size=null.size_classes(rows))
    rows["side"] = rows["start"] >= 2015 * 12
    found = []
    for (design, side, fold, size), mine in rows.groupby(["design", "side", "fold", "size"]):
        others = rows[(rows["design"] == design) & (rows["side"] != side) & (rows["fold"] != fold)]
        nulls = null.Nulls.of(others, size)
        for offence, own in mine.groupby("offence"):
            try:
                found.append(told(own, nulls.of_offence(offence), design))
            except TooThin:
                continue
    return pd.concat(found)


def told(rows: pd.DataFrame, own: null.Null, design: str) -> pd.DataFrame:
    """What the tests say of measures of one offence and size class."""
    scale, chance = null.SCALES[design], null.chances(rows, design)
    error = own.spread.scale(**chance)
    plain = rows["value"].abs() / np.sqrt(rows["variance"])
    given = (rows["expected"].to_numpy(), chance["swing"], own.spread, own.everyone)
    parts = {"variance": chance["variance"], "aside": rows["aside"].to_numpy()}
    fall, rise = calibration.detectable(*given, scale=scale, **parts)
    columns = {
        "naive": plain > Z,
        "overdispersed": plain / np.sqrt(rows["monthly"]) > Z,
        "calibrated": calibration.p_values(rows["value"] / error, own.everyone) <= 1 - null.LEVEL,
        "fall": fall,
        "rise": rise,
        "critical": own.critical,
        "phi": own.spread.phi,
        "tau2": own.spread.tau2,
    }
    rows = rows.assign(value_0=rows["value"], events_0=rows["events"])
    for effect in (0, *EFFECTS):
        truth = np.log1p(-effect / 100) if scale == "log" else -effect / 100
        laid = rows.assign(value=rows[f"value_{effect}"], events=rows[f"events_{effect}"])
        there = laid["value"].notna().to_numpy()
        lower, upper, inside = (np.full(len(rows), np.nan) for _ in range(3))
        lower[there], upper[there] = calibration.interval(
            laid["value"][there].to_numpy(), spread=own.spread, far=own.critical, scale=scale,
            **null.chances(laid[there], design),
        )  # fmt: skip
        inside[there] = ((lower <= truth) & (truth <= upper))[there]
        columns |= {f"cover_{effect}": inside, f"lower_{effect}": lower, f"upper_{effect}": upper}
    return rows.assign(**columns)


def seen(panel, shape, rows: pd.DataFrame) -> pd.DataFrame:
    """Whether each measure's smallest visible fall, and rise, laid on it, is seen; NaN where it has none."""
    parts = []
    for design, labels, window, rng in stretches(panel, shape):
        mine = labels.merge(rows, how="left", on=list(labels.columns))
        for name, lay in (("fall", thinned), ("rise", thickened)):
            laid = by_design(design, lay(window, mine[name].fillna(0).to_numpy(), rng))
            chance = null.chances(laid, design)
            error = np.sqrt(mine["phi"] * chance["variance"] + mine["tau2"] * chance["swing"] + chance["moved"])
            hit = laid["value"].abs() > mine["critical"] * error
            mine[f"power_{name}"] = np.where(mine[name].isna() | error.isna(), np.nan, hit)
        parts.append(mine)
    return pd.concat(parts).dropna(subset="naive")


# --- the table -----------------------------------------------------------------------------------


def by(rows: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    """Shares in per cent, how many made-up measures they rest on, and in how many a fall is visible."""
    tests, effects = ["naive", "overdispersed", "calibrated"], [f"cover_{effect}" for effect in EFFECTS]
    grouped = rows.astype(dict.fromkeys(tests, float)).groupby(columns)
    table = (100 * grouped[[*tests, *effects, "power_fall", "power_rise"]].mean()).round(1)
    table.insert(0, "placebos", grouped.size())
    table["smallest_fall"] = (100 * grouped["fall"].median()).round(0)
    return table.assign(with_fall=grouped["power_fall"].count())


def summary(rows: pd.DataFrame) -> pd.DataFrame:
    """One row per design, size class and offence, with what can be used. No cell is empty: -1 for no measure."""
    everything = by(rows.assign(offence=null.ALL), ["design", "size", "offence"])
    table = pd.concat([everything, by(rows, ["design", "size", "offence"])]).reset_index()
    table["reason"] = [reason(row) for row in table.itertuples()]
    table["usable"] = np.where(table["reason"] == "none", "yes", "no")
    table["visible"] = np.where([foreseen(row) for row in table.itertuples()], "yes", "no")
    order = {name: i for i, name in enumerate((*NAMES, *null.SIZES))}
    keys = [table["design"].map(order), table["size"].map(order), table["offence"] != null.ALL, table["offence"]]
    return table.fillna(-1).iloc[np.lexsort(keys[::-1])].reset_index(drop=True)


def reason(row) -> str:
    """Why a design cannot be used there, or "none".

    A size class must reach the targets of false alarms and coverage. An offence in it, with fewer
    measures, is refused where false alarms are beyond the target and chance would not bring so
    many at 5 per cent.
    """
    if row.offence != null.ALL:
        alarms = round(row.calibrated * row.placebos / 100)
        beyond = row.calibrated > FALSE[1] and stats.binom.sf(alarms - 1, row.placebos, 0.05) < 0.05
        return "false alarms" if beyond else "none"
    if not FALSE[0] <= row.calibrated <= FALSE[1]:
        return "false alarms"
    covered = [getattr(row, f"cover_{effect}") for effect in EFFECTS]
    return "none" if all(COVER[0] <= one <= COVER[1] for one in covered) else "coverage"


def foreseen(row) -> bool:
    """Whether the smallest visible effects are seen as often as they should be."""
    return abs(row.power_fall - POWER) <= NEAR and abs(row.power_rise - POWER) <= NEAR


if __name__ == "__main__":
    sys.exit(main())
