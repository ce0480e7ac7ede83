"""Kolada's open interface, version 3: indicators of all areas.

One call asks for up to 25 indicators and 25 years and gives every area; further pages follow
``next_url``. A value of null is missing, never 0. Rows marked as deleted, rows split by sex and
groups of municipalities (whose values are unweighted means) are left out.

Rules: https://api.kolada.se/v3/docs. No key is needed; name the source ("Källa: Kolada").
"""

from __future__ import annotations

import math
import re
import time
from collections.abc import Callable, Iterator, Sequence
from urllib.parse import urlsplit

import pandas as pd
import requests
import tenacity

from brapkg import areas
from brapkg.errors import DataError, UsageError

BASE = "https://api.kolada.se/v3"
PER_PAGE, PER_SEGMENT, MOST_PAGES = 5000, 25, 1000
ATTEMPTS, FIRST_WAIT, LONGEST_WAIT = 6, 1, 120
# Seconds: to connect and to wait for an answer; between calls, since none says how many are allowed.
TIMEOUT, PAUSE = (10, 60), 0.2
COLUMNS = ["area", "kpi", "year", "value", "status"]
_ID = re.compile(r"[A-Z][0-9]{5}")


class Client:
    """Kolada's interface at one address; what fails for a while is asked for again.

    Parameters
    ----------
    base : address, without a slash at the end
    sleep : function that waits for so many seconds
    """

    def __init__(self, base: str = BASE, *, sleep: Callable[[float], None] = time.sleep):
        self.base = base.rstrip("/")
        if urlsplit(self.base).scheme not in ("http", "https"):
            raise UsageError(f"{base!r} is no address of Kolada; it begins with https://, as {BASE}.")
        self._sleep, self._session = sleep, requests.Session()
        self._session.headers["User-Agent"] = "brapkg"

    def titles(self, ids: Sequence[str]) -> dict[str, str]:
        """The titles of the indicators that Kolada has, by id. Raises ``DataError``."""
        found = {}
        for part in _parts(_checked(ids)):
            for address, row in self._rows(f"{self.base}/kpi/{','.join(part)}"):
                id, title = row.get("id"), row.get("title")
                if not isinstance(id, str) or not isinstance(title, str):
                    raise DataError(f"{address}: an indicator without id or title. {_LATER}")
                found[id] = title
        return found

    def values(self, ids: Sequence[str], years: Sequence[int]) -> pd.DataFrame:
        """The values of both sexes together, of municipalities, counties and the nation.

        Parameters
        ----------
        ids : ids of indicators, as N02797
        years : years

        Returns
        -------
        DataFrame
            ``area`` (code), ``kpi``, ``year``, ``value`` (NaN where missing), ``status``; sorted,
            one row per area, indicator and year.

        Raises
        ------
        DataError
        """
        found: dict[tuple, tuple] = {}
        for some in _parts(_checked(ids)):
            for span in _parts([str(year) for year in years]):
                for address, row in self._rows(f"{self.base}/data/kpi/{','.join(some)}/year/{','.join(span)}"):
                    for key, value in _cells(address, row, some, span):
                        if found.setdefault(key, value) != value:
                            raise DataError(f"{address}: {key[1]} of {key[0]} in {key[2]} has two values. {_LATER}")
        rows = [(*key, float("nan") if value is None else value, status) for key, (value, status) in found.items()]
        return pd.DataFrame(sorted(rows, key=lambda row: row[:3]), columns=COLUMNS)

    # --- pages and calls

    def _rows(self, address: str) -> Iterator[tuple[str, dict]]:
        """The rows of every page, each with the address it came from."""
        following, seen = f"{address}?per_page={PER_PAGE}", set()
        while following:
            if following in seen or len(seen) == MOST_PAGES:
                raise DataError(f"{following}: the pages have no end. {_LATER}")
            seen.add(following)
            answer = self._answer(following)
            for row in answer["values"]:
                if not isinstance(row, dict):
                    raise DataError(f"{following}: found {row!r} for a row. {_LATER}")
                yield following, row
            following = self._next(following, answer.get("next_url"))

    def _next(self, address: str, following: object) -> str:
        if not following:
            return ""
        if not isinstance(following, str) or urlsplit(following).netloc != urlsplit(self.base).netloc:
            raise DataError(f"{address}: the next page is {following!r}, on another server. It was not asked for.")
        # Behind some proxies the next page is told with http.
        return urlsplit(following)._replace(scheme=urlsplit(self.base).scheme).geturl()

    def _answer(self, address: str) -> dict:
        self._sleep(PAUSE)
        tries = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(_Again),
            stop=tenacity.stop_after_attempt(ATTEMPTS),
            wait=_wait,
            sleep=self._sleep,
            reraise=True,
        )
        try:
            answer = tries(self._once, address)
        except _Again as error:
            raise DataError(f"{address}: {error} ({ATTEMPTS} attempts). {_LATER}") from None
        if not isinstance(answer, dict) or not isinstance(answer.get("values"), list):
            raise DataError(f"{address}: the answer has no list of values. {_LATER}")
        return answer

    def _once(self, address: str) -> object:
        try:
            answer = self._session.get(address, timeout=TIMEOUT)
        except (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError) as error:
            raise _Again(f"no answer ({type(error).__name__}); is there a connection to the internet?") from None
        except requests.RequestException as error:
            raise DataError(f"{address}: cannot be asked ({type(error).__name__}). Mend the address.") from None
        if answer.status_code == 429 or answer.status_code >= 500:
            raise _Again(f"the server answers {answer.status_code}", _seconds(answer.headers.get("Retry-After")))
        if answer.status_code != 200:
            raise DataError(
                f"{address}: the server answers {answer.status_code}. An indicator may have been taken away, "
                "or the interface has changed; see https://api.kolada.se/v3/docs."
            )
        try:
            return answer.json()
        except requests.JSONDecodeError:
            raise DataError(f'{address}: no JSON, but "{answer.text[:60].strip()}". {_LATER}') from None


_LATER = "Try again later; nothing was changed."


class _Again(Exception):
    """What may pass: ``after`` is how many seconds the server asks to wait, 0 where it does not say."""

    def __init__(self, told: str, after: float = 0):
        super().__init__(told)
        self.after = after


def _wait(state: tenacity.RetryCallState) -> float:
    error = state.outcome.exception()
    return min(error.after or FIRST_WAIT * 2 ** (state.attempt_number - 1), LONGEST_WAIT)


def _seconds(told: str | None) -> float:
    """Retry-After in seconds; a date, which would need a clock, is answered with a minute."""
    if not told:
        return 0
    return float(told) if told.strip().isdigit() else 60


def _parts(items: Sequence[str]) -> list[list[str]]:
    return [list(items[start : start + PER_SEGMENT]) for start in range(0, len(items), PER_SEGMENT)]


def _checked(ids: Sequence[str]) -> list[str]:
    wrong = [one for one in ids if not _ID.fullmatch(one)]
    if wrong:
        raise DataError(f"{', '.join(map(repr, wrong))}: no id of Kolada; one is a letter and five digits.")
    return sorted(set(ids))


# --- from an answer to rows ----------------------------------------------------------------------


def _cells(address: str, row: dict, ids: list[str], years: list[str]) -> Iterator[tuple[tuple, tuple]]:
    """Area, indicator and year with value and status, of both sexes together."""
    kpi, year, inner = row.get("kpi"), row.get("period"), row.get("values")
    if kpi not in ids or isinstance(year, bool) or str(year) not in years or not isinstance(inner, list):
        raise DataError(f"{address}: a row of {kpi!r}, {year!r} was not asked for or has no values. {_LATER}")
    area = area_code(row.get("municipality"))
    if area is None:
        return
    for cell in inner:
        if not isinstance(cell, dict) or not isinstance(cell.get("isdeleted", False), bool):
            raise DataError(f"{address}: found {cell!r} for a value of {kpi}, {area}, {year}. {_LATER}")
        if cell.get("isdeleted", False) or cell.get("gender") != "T":
            continue
        yield (area, kpi, int(year)), (_number(address, cell.get("value")), str(cell.get("status") or ""))


def _number(address: str, value: object) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise DataError(f"{address}: found {value!r} for a value; a number or null is allowed. {_LATER}")
    return float(value)


def area_code(id: object) -> str | None:
    """The code of an area by Kolada's id: 0000 is the nation, 0001–0025 counties; None for groups and others."""
    if not isinstance(id, str) or len(id) != 4:
        return None
    code = id.removeprefix("00")
    known = areas.all_areas().get(code)
    return code if known and known.kind in ("nation", "county", "municipality") else None
