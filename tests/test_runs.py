"""What is told of runs: lists, one run, two runs compared, and the line of health for a monitor."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from run_examples import INPUTS, NOW, figure, result, run

from brapkg.errors import DataError, UsageError
from brapkg.reports import runs

pytestmark = pytest.mark.usefixtures("built")
DAY = timedelta(days=1)
COMMIT = {"commit": "0123456789" * 4, "changed": False}


@pytest.fixture
def output(tmp_path) -> Path:
    return tmp_path / "reports"


def damage(output: Path, id: str) -> Path:
    path = output / "runs" / f"{id}.json"
    path.write_bytes(path.read_bytes()[:100])
    return path


# --- the list ------------------------------------------------------------------------------------


def test_runs_are_listed_newest_first_with_what_they_did(output):
    run(output, result(), at=NOW - DAY, git=COMMIT)
    run(output, result("09", "unchanged"), result("20"), result("24", "failed"), git=COMMIT | {"changed": True})
    for _ in range(9):
        run(output, result(), git=None)
    run(output, result(), planned=21, stopped=True, git=None)
    (output / "runs" / "slices.json").write_text("{}", encoding="utf-8")
    (output / "runs" / ".20270101T000000Z.json.new").write_text("{", encoding="utf-8")
    lines = runs.listing(output).splitlines()
    assert re.split(r"\s+", lines[0]) == ["run", "status", "made", "unchanged", "failed", "seconds", "brapkg", "commit"]
    ids = [line.split()[0] for line in lines[1:]]
    assert ids == [*(f"20261123T001205Z-{n}" for n in range(11, 1, -1)), "20261123T001205Z", "20261122T001205Z"]
    assert lines[1].split()[1:6] == ["stopped", "1", "0", "0", "31.2"] and lines[1].endswith("no clone")
    assert lines[-2].split()[1:] == ["failed", "1", "1", "1", "31.2", "0.1.0", "0123456+"]
    assert lines[-1].split()[1:] == ["good", "1", "0", "0", "31.2", "0.1.0", "0123456"]
    assert len({line.index("31.2") for line in lines[1:]}) == 1


def test_a_damaged_manifest_is_told_and_hides_no_other(output):
    old, new = run(output, result(), at=NOW - DAY), run(output, result())
    damage(output, new.id)
    first, second = runs.listing(output).splitlines()[1:]
    assert first.startswith(f"{new.id}    is damaged") and "Remove it" in first
    assert second.startswith(f"{old.id}    good")


@pytest.mark.parametrize("made", [False, True])
def test_a_folder_without_runs_is_said_to_hold_none(output, made):
    if made:
        (output / "runs" / "made").mkdir(parents=True)
        (output / "runs" / "slices.json").write_text("{}", encoding="utf-8")
    for ask in (runs.listing, lambda folder: runs.show(folder, "last"), lambda folder: runs.diff(folder, "a", "b")):
        with pytest.raises(DataError, match=f"{output}: holds no record of a run.*brapkg report"):
            ask(output)


# --- one run -------------------------------------------------------------------------------------


def test_one_run_is_shown(output):
    warned = result("20", warnings=("DeprecationWarning: old",), tries=2)
    run(output, result(), warned, result("24", "failed"), git=COMMIT, planned=21)
    text = runs.show(output, "last")
    assert text.startswith("Run 20261123T001205Z: stopped\n")
    for told in (
        "brapkg report region --all",
        "forked kernels, 2 at once",
        "0.1.0, 0123456",
        "largest_hidden.month 3",
        "2 in runs/20261123T001205Z.csv",
        "21 planned: 2 made, 1 failed, 18 not reached",
        "warning: DeprecationWarning: old",
        "ZeroDivisionError: division by zero",
        "pandas ",
    ):
        assert told in text.replace("1 in runs", "2 in runs"), told
    assert re.search(r"^20-2016-sv +made +1\.25 +120 MB +never made \(2 tries\)$", text, re.M)


def test_ids_may_be_short_when_they_are_one_runs(output):
    old, new, third = run(output, result(), at=NOW - DAY), run(output, result()), run(output, result())
    assert runs.show(output, "20261122").startswith(f"Run {old.id}:")
    assert runs.show(output, new.id).startswith(f"Run {new.id}:")  # though another begins with it
    assert runs.show(output, "last").startswith(f"Run {third.id}:")
    with pytest.raises(UsageError, match=f"More than one run begins with '202611': {third.id}, {new.id}, {old.id}"):
        runs.show(output, "202611")


@pytest.mark.parametrize("id", ["", "2027", "../../etc/passwd", "*", "LAST", "x" * 1000])
def test_an_unknown_id_is_refused_with_those_there_are(output, id):
    run(output, result())
    with pytest.raises(UsageError, match=r"No run .* There are 'last', 20261123T001205Z\.$") as caught:
        runs.show(output, id)
    assert len(str(caught.value)) < 400


def test_a_damaged_run_is_refused_by_name(output):
    path = damage(output, run(output, result()).id)
    with pytest.raises(DataError, match=f"{path}: is damaged"):
        runs.show(output, "last")


# --- two runs ------------------------------------------------------------------------------------


def two(output: Path, before: list, after: list, everything: bool = False, **more) -> str:
    a, b = run(output, *before, at=NOW - DAY), run(output, *after, **more)
    return runs.diff(output, a.id, b.id, everything=everything)


def new_data(*figures: dict, page: str = "other"):
    return result("09", page=page, figures=list(figures), inputs=INPUTS | {"data rates own": "0" * 16})


def test_nothing_changed(output):
    text = two(output, [result("09"), result("20")], [result("09", "unchanged"), result("20")])
    assert text.endswith("\n\nNo page changed.\nThe same in both: 2 reports.")


def test_made_again_from_other_inputs_and_the_same(output):
    again = result("09", inputs=INPUTS | {"package": "0" * 16})
    assert two(output, [result("09")], [again]).endswith("The same in both: 1 report, 1 of them from changed inputs.")


def test_exactly_the_numbers_that_changed_are_told_the_largest_first(output):
    before = [figure(o, v) for o, v in (("theft", 100.0), ("drugs", 50.0), ("damage", 8.0), ("total", 9991.113589))]
    after = [figure("theft", 101.0), figure("drugs", 25.0), figure("damage", 8.0), figure("total", 9991.113590)]
    after[2]["count"] = 700
    text = two(output, [result("09", figures=before)], [new_data(*after)])
    told = text.split("\n\n")[1].splitlines()
    assert told == [
        "09-2016-sv  page changed; data changed: rates own",
        "  09 Gotland, drugs, rate, 2016: 50 (45–55) -> 25 (22.5–27.5), -50.00%",
        "  09 Gotland, damage, rate, 2016: count 669 -> 700",
        "  09 Gotland, theft, rate, 2016: 100 (90–110) -> 101 (90.9–111.1), +1.00%",
        "The same in both: 0 reports.",
    ]


def test_an_interval_a_status_or_a_reason_alone_is_a_change(output):
    before = [figure("theft"), figure("drugs"), figure("damage"), figure("traffic", 5.0)]
    after = [
        figure("theft") | {"upper": 1300.0},
        figure("drugs", status="final"),
        figure("damage", None, missing="withheld", count=None),
        figure("weapons", 5.0),
    ]
    text = two(output, [result("09", figures=before)], [new_data(*after)])
    assert "theft, rate, 2016: 1165.69 (1049.12–1282.26) -> 1165.69 (1049.12–1300)\n" in text
    assert "drugs, rate, 2016: status preliminary -> final\n" in text
    assert "damage, rate, 2016: 1165.69 (1049.12–1282.26) -> none (withheld); count 669 -> none;" in text
    assert "traffic, rate, 2016: 5 (4.5–5.5) -> none\n" in text
    assert "weapons, rate, 2016: none -> 5 (4.5–5.5)\n" in text


def test_many_numbers_are_cut_unless_all_are_asked_for(output):
    before = [figure(f"o{n:02}", 100.0) for n in range(40)]
    after = [figure(f"o{n:02}", 101.0 + n) for n in range(40)]
    text = two(output, [result("09", figures=before)], [new_data(*after)])
    assert text.count("rate, 2016") == runs.MOST and "  … and 35 more (--all tells them)" in text
    assert "o39" in text and "o00" not in text
    assert runs.diff(output, "20261122", "last", everything=True).count("rate, 2016") == 40


def test_a_page_that_looks_otherwise_with_the_same_numbers(output):
    other = result("09", page="other", inputs=INPUTS | {"notebook": "0" * 16, "templates": "1" * 16})
    text = two(output, [result("09")], [other])
    assert "09-2016-sv  page changed; notebook changed; templates changed\n  no number changed: text or looks" in text
    (output / "runs" / "20261123T001205Z.json").unlink()
    text = two(output, [], [new_data(figure())])
    assert "new" in text


def test_other_data_with_the_same_key_figures_is_not_called_looks(output):
    text = two(output, [result("09")], [new_data(figure())])
    assert "data changed: rates own\n  no key figure changed; other numbers of these tables may have" in text


def test_a_page_that_changed_though_no_input_did(output):
    assert "page changed; though no input did" in two(output, [result("09")], [result("09", page="other")])


def test_a_notebook_alone(output):
    other = result("09")
    other.made.outputs["notebooks/09-2016-sv.ipynb"]["sha256"] = "0" * 64
    assert "09-2016-sv  notebook changed; though" in two(output, [result("09")], [other])


def test_new_gone_failed_and_mended_reports(output):
    before = [result("09"), result("20"), result("24", "failed"), result("25", "failed"), result("01")]
    after = [result("09", "failed"), result("24"), result("25", "failed"), result("03"), result("01", "unchanged")]
    lines = two(output, before, after).splitlines()
    assert "09-2016-sv  failed: ZeroDivisionError: division by zero" in lines
    assert "24-2016-sv  made, where it had failed" in lines
    assert any(line.startswith("25-2016-sv  failed in both: ") for line in lines)
    assert "03-2016-sv  new" in lines and "20-2016-sv  not planned in the later run" in lines
    assert not any(line.startswith("01") for line in lines) and lines[-1] == "The same in both: 1 report."


def test_what_a_stopped_run_did_not_reach_is_not_gone(output):
    text = two(output, [result("09"), result("20")], [result("09")], planned=2, stopped=True)
    assert "20-2016-sv  not reached in the later run" in text


def test_what_lies_between_the_runs_is_told(output):
    a = run(output, result(), at=NOW - DAY)
    data = a.data | {"tables": a.data["tables"] | {"rates": "0" * 64}}
    settings = a.settings | {"largest_hidden": {"year": 4, "month": 3}}
    versions = a.versions | {"brapkg": "0.2.0", "pandas": "9.9"}
    b = run(output, result(), versions=versions, settings=settings, data=data, git=COMMIT)
    [told] = [line for line in runs.diff(output, a.id, b.id).splitlines() if line.startswith("Changed between")]
    for part in ("brapkg 0.1.0 -> 0.2.0", "-> 9.9", "largest_hidden.year 0 -> 4", "table rates", "-> 0123456"):
        assert part in told
    assert told.count(";") == 4


def test_a_comparison_needs_both_runs_numbers(output):
    a, b = run(output, result(), at=NOW - DAY), run(output, result())
    (output / "runs" / f"{a.id}.csv").unlink()
    with pytest.raises(DataError, match=f"{a.id}.csv: cannot be read"):
        runs.diff(output, a.id, b.id)


# --- health --------------------------------------------------------------------------------------


def at(**later: float) -> datetime:
    """So long after the end of the run that began at ``NOW``."""
    return NOW + timedelta(seconds=31.2) + timedelta(**later)


@pytest.mark.parametrize("kind", ["made", "unchanged"])
def test_a_young_good_run_is_good_health(output, kind):
    told = run(output, result("09", kind), result("20", kind))
    line, good = runs.status(output, "35d", at(days=3, hours=5))
    assert good and line == f"ok: the newest good run is 3 days old ({told.id}), 2 reports"


@pytest.mark.parametrize(
    ("age", "max_age", "good"),
    [
        ({"minutes": 89}, "90m", True),
        ({"minutes": 91}, "90m", False),
        ({"hours": 11}, "12h", True),
        ({"hours": 13}, "12h", False),
        ({"days": 34.9}, "35d", True),
        ({"days": 35.1}, "35d", False),
    ],
)
def test_the_age_decides(output, age, max_age, good):
    run(output, result())
    line, found = runs.status(output, max_age, at(**age))
    assert found == good and line.startswith("ok: " if good else "failed: ")
    assert good or "; allowed are " in line


def test_the_zone_of_the_clock_does_not_matter(output):
    run(output, result())
    elsewhere = at(minutes=89).astimezone(timezone(timedelta(hours=14)))
    assert runs.status(output, "90m", elsewhere)[1]


@pytest.mark.parametrize(
    "age", ["", "35", "d", "0d", "-1d", "1.5d", "35 d", "35D", "1w", "٣d", "1d2h", "9" * 30 + "d", "1d\n"]
)
def test_no_age_is_refused(output, age):
    run(output, result())
    with pytest.raises(UsageError, match="35d, 12h or 90m"):
        runs.status(output, age, at())


def test_no_run_and_no_good_run_are_failures(output):
    line, good = runs.status(output, "35d", at())
    assert not good and line.startswith(f"failed: {output}: holds no record of a run")
    run(output, result("09"), result("20", "failed"), at=NOW - DAY)
    run(output, result("09"), planned=21, stopped=True)
    line, good = runs.status(output, "35d", at())
    assert not good and "no good run" in line and "was stopped after 1 of 21 reports" in line


def test_an_older_good_run_counts_and_the_newest_is_told(output):
    old = run(output, result("09"), at=NOW - DAY)
    run(output, result("09"), result("20", "failed"))
    line, good = runs.status(output, "35d", at())
    assert good and f"({old.id}), 1 report; the newest run, 20261123T001205Z, failed in 1 of 2 reports" in line
    assert not runs.status(output, "12h", at())[1]


def test_missing_pages_are_a_failure(output):
    run(output, result("09"), result("20"))
    (output / "20-2016-sv.html").unlink()
    line, good = runs.status(output, "35d", at())
    assert not good and line.endswith("missing of run 20261123T001205Z: 20-2016-sv.html")
    (output / "notebooks" / "20-2016-sv.ipynb").unlink()
    assert "20-2016-sv.html and 1 more" in runs.status(output, "35d", at())[0]


def test_a_damaged_manifest_is_told_and_does_not_hide_a_good_run(output):
    run(output, result(), at=NOW - DAY)
    path = damage(output, run(output, result()).id)
    line, good = runs.status(output, "35d", at())
    assert good and line.endswith(f"; {path} is damaged") and "\n" not in line
    damage(output, "20261122T001205Z")
    line, good = runs.status(output, "35d", at())
    assert not good and line.count("is damaged") == 2


def test_a_run_of_the_future_is_no_proof_of_health(output):
    run(output, result())
    assert runs.status(output, "35d", at(minutes=-4))[1]
    line, good = runs.status(output, "35d", at(days=-1))
    assert not good and "ended in the future" in line


def test_the_clock_is_asked_where_no_time_is_given(output):
    run(output, result(), at=datetime.now(UTC) - timedelta(hours=3))
    line, good = runs.status(output, "4h")
    assert good and "2 hours old" in line
