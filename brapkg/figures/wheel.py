"""The year as a round: which months recurring peaks fall in, and when the law's dates fall due.

A round because the year closes on itself and only months are read off, not sizes: deviations and their
intervals belong in the strip of twelve months (``dots.year_wheel``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from brapkg.figures.canvas import above
from brapkg.figures.drawing import NARROW, WIDE, Canvas, Margins, Picture, picture, text_width
from brapkg.wording import EN_DASH, HARD_SPACE, Words

SIZE = 8.0
LINE = 0.145  # height of a line of the key
AIR = 0.05  # after each of its items
INDENT = 0.2
# Radii in inches, wide and narrow: of the innermost and outermost arc, of the months' names and the rim.
INNER, OUTER, NAMES, RIM = (0.3, 0.28), (1.34, 1.1), (1.5, 1.245), (1.68, 1.4)
# From the rim outwards: the mark of a date, and the middle of its letter.
MARK, LETTER = 0.1, 0.2
EDGE = 0.3  # from the rim to the picture's edge
THICKEST = 0.22  # an arc, with the space to the next
NUMBER, THIN = 7.5, 0.13  # letters in an arc, and an arc that is hardly higher than they
STEP = 3  # degrees between the points of an arc
MONTH = 30  # degrees


@dataclass(frozen=True)
class Peak:
    """A series with months (1–12) whose 95 % interval lies above the mean month."""

    label: str
    months: tuple[int, ...]


@dataclass(frozen=True)
class Due:
    """Something that falls due in a month (1–12); ``year`` is told beside it where there is one."""

    label: str
    month: int
    year: int | None = None


def year(
    peaks: Sequence[Peak], dates: Sequence[Due], words: Words, *, name: str, title: str, description: str
) -> Picture:
    """The round year: an arc for each series over the months that lie above its mean, a mark for each date.

    Arcs have numbers and marks letters, which the key tells; nothing is told by colour. It is made for up to
    nine series and six dates; more make the key longer and the arcs thinner. The caller gives the
    data as a table.

    Parameters
    ----------
    peaks : from the rim inwards; those without months are left out
    dates : in any order; the key has them by year and month
    """
    peaks = [peak for peak in peaks if peak.months]
    dates = sorted(dates, key=lambda due: (due.year or 0, due.month, due.label))
    keys = [_key(peaks, dates, words, _room(narrow)) for narrow in (False, True)]
    tall = [2 * (RIM[narrow] + EDGE) for narrow in (False, True)]
    heights = (max(tall[0], _height(keys[0]) + 0.2), tall[1] + _height(keys[1]) + 0.1)

    def draw(canvas: Canvas, narrow: bool) -> None:
        middle = canvas.width / 2 if narrow else RIM[False] + EDGE
        centre = np.array([middle, tall[narrow] / 2])
        _ground(canvas, centre, words, narrow)
        _arcs(canvas, centre, peaks, narrow)
        _dates(canvas, centre, dates, narrow)
        if narrow:
            _write(canvas, keys[1], 0.06, tall[1])
        else:
            _write(canvas, keys[0], 2 * middle + 0.2, max((heights[0] - _height(keys[0])) / 2, 0.1))

    none = Margins(0, 0, 0, 0)
    return picture(draw, name=name, title=title, description=description, heights=heights, margins=(none, none))


def month_names(months: Sequence[int], words: Words) -> str:
    """Months in a row as ranges, also over the turn of the year: "november–januari, juni"."""
    if len(set(months)) == 12:
        return f"{words.month(1)}{EN_DASH}{words.month(12)}"
    told = [
        words.month(first) if first == last else f"{words.month(first)}{EN_DASH}{words.month(last)}"
        for first, last in _runs(months)
    ]
    return ", ".join(told)


def _runs(months: Sequence[int]) -> list[tuple[int, int]]:
    """First and last month of each run; the run over the turn of the year comes last."""
    known = sorted(set(months))
    if len(known) == 12:
        return [(1, 12)]
    starts = [month for month in known if (month - 2) % 12 + 1 not in known]
    runs = []
    for first in starts:
        last = first
        while last % 12 + 1 in known:
            last = last % 12 + 1
        runs.append((first, last))
    return runs


# --- the round -----------------------------------------------------------------------------------


def _at(centre: np.ndarray, radius, degrees) -> np.ndarray:
    """Points at so many degrees clockwise from the top."""
    turn = np.radians(np.asarray(degrees, dtype=float))
    return centre + np.column_stack([np.sin(turn), -np.cos(turn)]) * np.reshape(radius, (-1, 1))


def _ground(canvas: Canvas, centre: np.ndarray, words: Words, narrow: bool) -> None:
    """Spokes between the months, the rim, and the months' names."""
    spokes = [_at(centre, [INNER[narrow] - 0.06, RIM[narrow]], [turn, turn]) for turn in range(0, 360, MONTH)]
    canvas.lines(spokes[1:], "grid", 0.8)
    canvas.lines(spokes[:1], "muted", 1.0)  # where the year begins
    whole = np.arange(0, 360, STEP)
    canvas.areas([_at(centre, INNER[narrow] - 0.06, whole)], "", "grid", 0.8)
    canvas.areas([_at(centre, OUTER[narrow] + 0.03, whole)], "", "grid", 0.8)
    canvas.areas([_at(centre, RIM[narrow], whole)], "", "context", 1.0)
    for month in range(1, 13):
        (x, y) = _at(centre, NAMES[narrow], [(month - 0.5) * MONTH])[0]
        canvas.text(x, y + above(SIZE) / 2, words.month(month, short=True), SIZE, "muted", align="center")


def _arcs(canvas: Canvas, centre: np.ndarray, peaks: Sequence[Peak], narrow: bool) -> None:
    """An arc with its number for each run of months; series without a month in common may share a track."""
    if not peaks:
        return
    tracks = _tracks(peaks)
    pitch = min((OUTER[narrow] - INNER[narrow]) / (max(tracks) + 1), THICKEST)
    texts = []
    for number, (peak, track) in enumerate(zip(peaks, tracks, strict=True), 1):
        outer = OUTER[narrow] - track * pitch
        inner = outer - pitch * 0.86
        for first, last in _runs(peak.months):
            begin, end = (first - 1) * MONTH + 1, (last if last >= first else last + 12) * MONTH - 1
            turns = np.linspace(begin, end, (end - begin) // STEP + 1)
            band = np.vstack([_at(centre, outer, turns), _at(centre, inner, turns[::-1])])
            canvas.areas([band], "soft", "accent", 1.0)
            # In thin arcs numbers stand by turns, or those above each other would touch.
            share = 0.5 if pitch > THIN else (1 + track % 2) / 3
            texts.append((*_at(centre, (outer + inner) / 2, [begin + share * (end - begin)])[0], str(number)))
    for x, y, number in texts:
        canvas.text(x, y + above(NUMBER) / 2, number, NUMBER, bold=True, align="center")


def _tracks(peaks: Sequence[Peak]) -> list[int]:
    """The track of each series, from the rim: the first whose other series have none of its months."""
    taken: list[set[int]] = []
    tracks = []
    for peak in peaks:
        track = next((n for n, months in enumerate(taken) if not months & set(peak.months)), len(taken))
        taken[track : track + 1] = [(taken[track] if track < len(taken) else set()) | set(peak.months)]
        tracks.append(track)
    return tracks


def _dates(canvas: Canvas, centre: np.ndarray, dates: Sequence[Due], narrow: bool) -> None:
    """A mark on the rim with its letter; those of one month stand beside each other."""
    for month in sorted({due.month for due in dates}):
        told = [number for number, due in enumerate(dates) if due.month == month]
        for place, number in enumerate(told, 1):
            turn = (month - 1 + place / (len(told) + 1)) * MONTH
            rim = RIM[narrow]
            tip, base = _at(centre, rim, [turn])[0], _at(centre, rim + MARK, [turn - 2.2, turn + 2.2])
            canvas.areas([np.vstack([tip, base])], "ink")
            x, y = _at(centre, rim + LETTER, [turn])[0]
            canvas.text(x, y + above(SIZE) / 2, _letter(number), SIZE, bold=True, align="center")


def _letter(number: int) -> str:
    return chr(ord("A") + number)


# --- the key -------------------------------------------------------------------------------------

# A heading or an item: its mark ("" of a heading) and its lines.
Item = tuple[str, list[str]]


def _room(narrow: bool) -> float:
    """Width for the key's texts, in inches."""
    whole = NARROW if narrow else WIDE - 2 * (RIM[False] + EDGE) - 0.2
    return whole - INDENT - 0.12


def _key(peaks: Sequence[Peak], dates: Sequence[Due], words: Words, room: float) -> list[Item]:
    items: list[Item] = [("", _wrapped(words("round_peaks" if peaks else "round_no_peaks"), room + INDENT))]
    for number, peak in enumerate(peaks, 1):
        items.append((str(number), _wrapped(f"{peak.label}: {month_names(peak.months, words)}", room)))
    items.append(("", _wrapped(words("round_dates" if dates else "round_no_dates"), room + INDENT)))
    for number, due in enumerate(dates):
        when = words.month(due.month) + (f"{HARD_SPACE}{due.year}" if due.year else "")
        items.append((_letter(number), _wrapped(f"{due.label}: {when}", room)))
    return items


def _wrapped(text: str, room: float) -> list[str]:
    """The text in lines that fit; a single word that does not stands alone."""
    lines: list[str] = []
    for word in text.split(" "):
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and text_width(longer, SIZE, "bold") > room:
            lines.append(word)
        else:
            lines[-1:] = [longer]
    return lines


def _height(items: Sequence[Item]) -> float:
    gaps = sum(0 if mark or not number else 2 * AIR for number, (mark, _) in enumerate(items))
    return gaps + sum(len(lines) * LINE + AIR for _, lines in items)


def _write(canvas: Canvas, items: Sequence[Item], left: float, top: float) -> None:
    y = top
    for number, (mark, lines) in enumerate(items):
        y += 0 if mark or not number else 2 * AIR
        for place, line in enumerate(lines):
            y += LINE
            if mark and not place:
                canvas.text(left, y, mark, SIZE, bold=True)
            canvas.text(left + (INDENT if mark else 0), y, line, SIZE, "ink" if mark else "muted", bold=not mark)
        y += AIR
