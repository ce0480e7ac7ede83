"""Kolada's interface: a server of the test's own gives answers in the recorded shapes, good and bad."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pandas as pd
import pytest

from brapkg.context import fetching
from brapkg.context.fetching import Wanted, fetch
from brapkg.errors import DataError, UsageError
from brapkg.sources import kolada_api, snapshot
from brapkg.sources.kolada_api import Client, area_code

TITLE = "Medborgarundersökningen - Trygg när det är mörkt ute, andel(%)"
SAFE = Wanted("N00610", TITLE, "U01610")
DEBT = Wanted("N00989", "Skuldsatta invånare 18+ hos Kronofogden, andel (%)")
TITLES = {
    "N00610": TITLE,
    "U01610": "Osäkerhetstal - Trygg när det är mörkt ute, andel (%)",
    "N00989": DEBT.title,
}
DAY = "2026-11-22"


def cell(value, gender="T", deleted=False, status="") -> dict:
    return {"gender": gender, "count": 1, "status": status, "value": value, "isdeleted": deleted}


def row(kpi, area, year, *cells) -> dict:
    return {"kpi": kpi, "municipality": area, "period": year, "values": list(cells)}


ROWS = [
    row("N00610", "2403", 2024, cell(80.1), cell(70.0, "K"), cell(90.0, "M")),
    row("U01610", "2403", 2024, cell(4.2)),
    row("N00989", "0000", 2024, cell(4.0)),
    row("N00989", "0020", 2024, cell(None)),
    row("N00989", "2403", 2024, cell(99.0, deleted=True), cell(5.5)),
    row("N00989", "G12345", 2024, cell(1.0)),
]


class Kolada(ThreadingHTTPServer):
    """Answers with ``titles`` and ``rows``; ``first`` are answers given before: status, headers, body."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.titles, self.rows, self.first, self.asked = dict(TITLES), list(ROWS), [], []
        self.page_size, self.next_of = 5000, lambda address: address

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v3"

    def answer(self, path: str) -> dict:
        parts = urlsplit(path)
        words, query = parts.path.split("/"), parse_qs(parts.query)
        if words[2] == "kpi":
            found = [{"id": id, "title": self.titles[id]} for id in words[3].split(",") if id in self.titles]
        else:
            ids, years = words[4].split(","), words[6].split(",")
            assert len(ids) <= 25 and len(years) <= 25
            found = [one for one in self.rows if one["kpi"] in ids and str(one["period"]) in years]
        page = int(query.get("page", ["1"])[0])
        start = (page - 1) * self.page_size
        more = start + self.page_size < len(found)
        following = self.next_of(f"{self.base}{parts.path.removeprefix('/v3')}?per_page=5000&page={page + 1}")
        shown = found[start : start + self.page_size]
        return {"values": shown, "next_url": following if more else None, "previous_url": None, "count": len(shown)}


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.asked.append(self.path)
        if self.server.first:
            status, headers, body = self.server.first.pop(0)
        else:
            status, headers, body = 200, {}, json.dumps(self.server.answer(self.path))
        content = body.encode()
        self.send_response(status)
        for name, value in {"Content-Length": str(len(content)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_):
        pass


@pytest.fixture
def server():
    made = Kolada()
    thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield made
    made.shutdown()
    made.server_close()


@pytest.fixture
def waits():
    return []


def take(server, folder, waits, wanted=(SAFE, DEBT), years=(2024,)):
    return fetch(folder, years, wanted, retrieved=DAY, base=server.base, sleep=waits.append)


# --- what is written


def test_a_fetch_writes_a_table_and_its_sidecar(server, tmp_path, waits):
    made = take(server, tmp_path, waits)
    assert [path.name for path in made] == ["context.csv", "context.csv.meta.json"]
    assert made[0].read_text(encoding="utf-8") == (
        "area,kpi,year,value,status\n00,N00989,2024,4.0,\n20,N00989,2024,,\n"
        "2403,N00610,2024,80.1,\n2403,N00989,2024,5.5,\n2403,U01610,2024,4.2,\n"
    )
    record = snapshot.verify(made[0])
    assert record["retrieved"] == DAY and record["address"] == server.base and record["notices"] == []
    assert "Kolada" in record["licence"] and record["rows"] == 5
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(path.name for path in made)


def test_the_same_answer_gives_the_same_bytes_in_whatever_order_it_comes(server, tmp_path, waits):
    first = [path.read_bytes() for path in take(server, tmp_path / "a", waits)]
    server.rows.reverse()
    assert [path.read_bytes() for path in take(server, tmp_path / "b", waits)] == first


def test_one_call_asks_for_all_areas_and_five_thousand_rows(server, tmp_path, waits):
    take(server, tmp_path, waits, years=(2023, 2024))
    assert server.asked == [
        "/v3/kpi/N00610,N00989,U01610?per_page=5000",
        "/v3/data/kpi/N00610,N00989,U01610/year/2023,2024?per_page=5000",
    ]


def test_every_page_is_followed(server, waits):
    server.page_size = 2
    table = Client(server.base, sleep=waits.append).values(list(TITLES), [2024])
    assert len(table) == 5 and len(server.asked) == 3


def test_more_than_25_ids_or_years_are_asked_for_in_parts(server, waits):
    ids = [f"N{number:05d}" for number in range(30)]
    server.rows = [row(id, "2403", year, cell(1.0)) for id in ids for year in range(1995, 2025)]
    table = Client(server.base, sleep=waits.append).values(ids, list(range(1995, 2025)))
    assert len(table) == 30 * 30 and len(server.asked) == 4


def test_null_is_missing_and_zero_is_zero(server, waits):
    server.rows = [row("N00989", "2403", 2024, cell(0)), row("N00989", "2425", 2024, cell(None))]
    values = Client(server.base, sleep=waits.append).values(["N00989"], [2024]).set_index("area")["value"]
    assert values["2403"] == 0 and pd.isna(values["2425"])


@pytest.mark.parametrize(
    ("id", "code"),
    [("0000", "00"), ("0001", "01"), ("0025", "25"), ("0009", "09"), ("0180", "0180"), ("2403", "2403")]
    + [(id, None) for id in ("0002", "0026", "9999", "G85500", "01", "", None, 180)],
)
def test_areas_by_koladas_ids(id, code):
    assert area_code(id) == code


def test_every_area_of_koladas_own_list_has_a_code(shared_data):
    listed = pd.read_csv(shared_data / "kolada/areas_2026-03.csv", dtype=str)
    codes = [area_code(id) for id in listed["id"]]
    assert None not in codes and len(set(codes)) == 312


def test_the_recorded_shapes_are_read(shared_data, server, waits):
    for name, ids, years, expected in (
        ("v3_data_shape.json", ["N79173"], [2025], {"14": 93.05, "13": None}),
        ("v3_envelope_koladapy_test.json", ["N00001"], [2022], {"1480": 42.5}),
    ):
        server.first = [(200, {}, (shared_data / "kolada" / name).read_text(encoding="utf-8"))]
        table = Client(server.base, sleep=waits.append).values(ids, years)
        found = {
            area: None if pd.isna(value) else value for area, value in zip(table["area"], table["value"], strict=True)
        }
        assert found == expected


# --- what is left out, and said


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"N00610": "Trygg på jobbet, andel (%)"}, 'N00610: left out, since Kolada calls N00610 "Trygg på jobbet'),
        (
            {"U01610": "Osäkerhetstal - Trygg när det är ljust ute, andel (%)"},
            "N00610: left out, since Kolada calls U01610",
        ),
        ({"U01610": None}, "N00610: left out, since Kolada has no U01610"),
        ({"N00610": None}, "N00610: left out, since Kolada has no N00610"),
    ],
)
def test_a_figure_that_may_have_changed_its_meaning_is_left_out_by_name(server, tmp_path, waits, change, told):
    server.titles = {id: title for id, title in {**TITLES, **change}.items() if title}
    path, _ = take(server, tmp_path, waits)
    assert set(pd.read_csv(path)["kpi"]) == {"N00989"}
    assert any(one.startswith(told) for one in snapshot.verify(path)["notices"])


def test_an_ended_series_and_one_without_values_are_told(server, tmp_path, waits):
    server.titles["N00989"] = DEBT.title + " (-2024)"
    server.rows = [one for one in ROWS if one["kpi"] != "U01610"]
    notices = snapshot.verify(take(server, tmp_path, waits)[0])["notices"]
    assert any("N00989: has ended" in one for one in notices) and "U01610: no value for 2024." in notices


def test_none_left_is_an_error_with_every_reason(server, tmp_path, waits):
    server.titles = {}
    with pytest.raises(DataError) as error:
        take(server, tmp_path, waits)
    assert len(error.value.problems) == 4 and not list(tmp_path.iterdir())


# --- what fails


@pytest.fixture
def old(server, tmp_path, waits):
    made = take(server, tmp_path, waits)
    waits.clear()
    return {path: path.read_bytes() for path in made}


def kept(old) -> bool:
    folder = next(iter(old)).parent
    return set(folder.iterdir()) == set(old) and all(path.read_bytes() == content for path, content in old.items())


BAD = [
    ((404, {}, "{}"), "answers 404"),
    ((403, {}, "no"), "answers 403"),
    ((200, {}, "<html>Maintenance</html>"), 'no JSON, but "<html>Maintenance'),
    ((200, {}, "[]"), "no list of values"),
    ((200, {}, '{"values": null}'), "no list of values"),
    ((200, {}, '{"values": [1], "next_url": null}'), "for a row"),
]


@pytest.mark.parametrize(("answer", "told"), BAD)
@pytest.mark.parametrize("before", [0, 1])
def test_a_bad_answer_is_told_with_its_address_and_the_old_file_stays(
    server, tmp_path, waits, old, answer, told, before
):
    good = [(200, {}, json.dumps({"values": [{"id": id, "title": t} for id, t in TITLES.items()], "next_url": ""}))]
    server.first = good[:before] + [answer]
    with pytest.raises(DataError, match=f"{server.base}.*{told}"):
        take(server, tmp_path, waits)
    assert kept(old)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (row("N99999", "2403", 2024, cell(1.0)), "was not asked for"),
        (row("N00989", "2403", 1999, cell(1.0)), "was not asked for"),
        (row("N00989", "2403", 2024, cell("5,5")), "a number or null"),
        (row("N00989", "2403", 2024, cell(True)), "a number or null"),
        (row("N00989", "2403", 2024, cell(float("nan"))), "a number or null"),
        (row("N00989", "2403", 2024, cell(1.0, deleted="no")), "for a value of"),
        (row("N00989", "2403", 2024, "5.5"), "for a value of"),
        ({"kpi": "N00989", "municipality": "2403", "period": 2024}, "has no values"),
        (row("N00989", "2403", 2024, cell(6.6)), "has two values"),
    ],
)
def test_a_row_that_is_none_stops_everything(server, tmp_path, waits, old, wrong, told):
    titles = json.dumps({"values": [{"id": id, "title": t} for id, t in TITLES.items()], "next_url": None})
    server.first = [(200, {}, titles), (200, {}, json.dumps({"values": [*ROWS, wrong], "next_url": None}))]
    with pytest.raises(DataError, match=told):
        take(server, tmp_path, waits)
    assert kept(old)


def test_a_later_page_that_fails_leaves_nothing_half_written(server, tmp_path, waits, old):
    titles = json.dumps({"values": [{"id": id, "title": t} for id, t in TITLES.items()], "next_url": None})
    page = json.dumps({"values": ROWS[:2], "next_url": f"{server.base}/data/page/2"})
    server.first = [(200, {}, titles), (200, {}, page), (404, {}, "gone")]
    with pytest.raises(DataError, match="data/page/2: the server answers 404"):
        take(server, tmp_path, waits)
    assert kept(old)


@pytest.mark.parametrize("elsewhere", ["http://example.invalid/v3/data?page=2", "/v3/data?page=2", 7])
def test_a_next_page_on_another_server_is_not_asked_for(server, waits, elsewhere):
    server.page_size, server.next_of = 2, lambda address: elsewhere
    with pytest.raises(DataError, match="on another server"):
        Client(server.base, sleep=waits.append).values(list(TITLES), [2024])


def test_pages_that_lead_round_in_a_circle_end(server, waits):
    server.page_size, server.next_of = 2, lambda address: address.replace("&page=2", "")
    with pytest.raises(DataError, match="have no end"):
        Client(server.base, sleep=waits.append).values(list(TITLES), [2024])


# --- what passes


def test_too_many_calls_wait_as_long_as_the_server_asks(server, tmp_path, waits):
    server.first = [(429, {"Retry-After": "7"}, ""), (429, {}, ""), (429, {"Retry-After": "soon"}, "")]
    assert take(server, tmp_path, waits)
    assert [wait for wait in waits if wait != kolada_api.PAUSE] == [7, 2, 60]


def test_an_endless_wait_is_cut(server, tmp_path, waits):
    server.first = [(429, {"Retry-After": "86400"}, "")]
    assert take(server, tmp_path, waits)
    assert max(waits) == kolada_api.LONGEST_WAIT


@pytest.mark.parametrize("status", [429, 500, 502, 503])
def test_a_server_that_stays_ill_is_given_up_and_named(server, tmp_path, waits, old, status):
    server.first = [(status, {}, "")] * 99
    with pytest.raises(DataError, match=rf"{server.base}/kpi.*answers {status} \(6 attempts\)\. Try again later"):
        take(server, tmp_path, waits)
    assert kept(old) and len(server.asked) - 2 == kolada_api.ATTEMPTS
    assert [wait for wait in waits if wait != kolada_api.PAUSE] == [1, 2, 4, 8, 16]


def test_no_connection_is_told_without_a_traceback(tmp_path, waits):
    with pytest.raises(DataError, match="no answer.*connection to the internet"):
        fetch(tmp_path, [2024], [DEBT], retrieved=DAY, base="http://127.0.0.1:9/v3", sleep=waits.append)


@pytest.mark.parametrize(
    "wrong",
    [
        {"years": []},
        {"years": [24]},
        {"years": ["2024"]},
        {"retrieved": "today"},
        {"base": "api.kolada.se"},
    ],
)
def test_a_wrong_call_is_refused_before_anything_is_asked(server, tmp_path, waits, wrong):
    call = {"years": [2024], "retrieved": DAY, "base": server.base} | wrong
    with pytest.raises(UsageError):
        fetch(tmp_path, call["years"], [DEBT], retrieved=call["retrieved"], base=call["base"], sleep=waits.append)
    assert not server.asked and not list(tmp_path.iterdir())


def test_an_id_cannot_carry_an_address(server, waits):
    with pytest.raises(DataError, match="a letter and five digits"):
        Client(server.base, sleep=waits.append).values(["N00989/../ou"], [2024])


def test_the_address_can_be_set_from_outside(server, tmp_path, waits, monkeypatch):
    monkeypatch.setenv(fetching.ENVIRONMENT, server.base + "/")
    assert fetch(tmp_path, [2024], [DEBT], retrieved=DAY, sleep=waits.append)
    assert server.asked


def test_a_folder_that_cannot_be_written_is_named(server, tmp_path, waits):
    (tmp_path / "raw").write_text("a file")
    with pytest.raises(DataError, match=r"raw/context\.csv: cannot be written"):
        take(server, tmp_path / "raw", waits)
