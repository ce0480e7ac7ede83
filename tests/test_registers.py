"""What people fill in reaches the pages that show it and no other; faults are told at once and stop nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner
from test_fingerprint import put

from brapkg import areas, cli, structure
from brapkg.plans import documents, filed
from brapkg.plans.draft import Candidate, Draft, Indicator, Row
from brapkg.plans.values import Value
from brapkg.reports import batch, fingerprint, plan, registers
from brapkg.wording import Words

HEADS = [column.id for column in structure.columns()]
BJURHOLM = {"municipality": "Bjurholm", "as_of": "2026-09-01", "picture": "finns", "picture_date": "2024-09-01"}
UMEA = {"municipality": "Umeå", "as_of": "2026-09-01", "council": "finns"}


@pytest.fixture(autouse=True)
def still(monkeypatch):
    """Code and texts as they are: an editor at work beside the tests remakes nothing."""
    for part in ("package", "templates"):
        monkeypatch.setattr(fingerprint, part, lambda: "0" * 16)
    monkeypatch.setattr(fingerprint, "records", lambda language: {})


@pytest.fixture
def raw(workspace) -> Path:
    folder = workspace / "data" / "raw"
    (folder / "plans").mkdir(parents=True)
    (workspace / "reports").mkdir()
    return folder


def reports() -> list[plan.Report]:
    """The nation, two counties, and municipalities of both."""
    wanted = (("national", "00"), ("region", "24"), ("region", "22"), ("municipality", "24"), ("municipality", "2284"))
    return [one for kind, code in wanted for one in plan.area_reports(kind, code if code != "00" else None)]


def made(raw: Path) -> dict[str, str]:
    """Make what the plan says: the areas whose pages were made, with the reasons."""
    output = raw.parents[1] / "reports"
    steps = [step for step in plan.steps(reports(), output) if step.why]
    for step in steps:
        put(output, step)
    return {step.report.about.code: step.why for step in steps}


def fill(raw: Path, *rows: dict) -> None:
    lines = [";".join(HEADS), *(";".join(row.get(id, "") for id in HEADS) for row in rows)]
    (raw / "structure.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")


def file_plan(raw: Path, code: str, *, period: int = 2015, name: str = "plan.xlsx", measure: str = "Märkning") -> None:
    row = Row(
        1,
        "Stöldbrott",
        "theft",
        measures=(Candidate(measure),),
        indicator=Indicator("", Value(2014, 2015, 100.0, 9800.0)),
    )
    draft = Draft(areas.get(code), period, str(period), "Källa: Brå.", (row,))
    (raw / "plans" / name).write_bytes(documents.excel(draft, Words("sv")))


# --- the register of structure -------------------------------------------------------------------


def test_a_row_of_the_register_reaches_its_municipality_county_and_nation(raw):
    assert set(made(raw).values()) == {"never made"} and made(raw) == {}
    fill(raw, BJURHOLM)
    reached = dict.fromkeys(("00", "24", "2403"), "structure changed")
    assert made(raw) == reached
    fill(raw, BJURHOLM | {"picture_date": "2025-09-01"})
    assert made(raw) == reached
    fill(raw, BJURHOLM | {"picture_date": "2025-09-01", "note": "Gemensam med Vindeln"})
    assert made(raw) == reached
    fill(raw)
    assert made(raw) == reached and made(raw) == {}


def test_another_row_and_another_form_of_the_register_reach_nobody_else(raw):
    fill(raw, BJURHOLM)
    made(raw)
    fill(raw, UMEA, BJURHOLM)
    assert set(made(raw)) == {"00", "24", "2480"}, "Bjurholm's row is the same, one line further down"
    fill(raw, UMEA, BJURHOLM, {"municipality": "Mora", "as_of": "2026-09-01", "council": "finns"})
    assert set(made(raw)) == {"00"}, "no page of Mora's county is planned"
    fill(
        raw,
        UMEA,
        BJURHOLM,
        {"municipality": "Mora", "as_of": "2026-09-01", "council": "finns"},
        {"municipality": "Åsele"},
    )
    assert made(raw) == {}, "a row that tells nothing"


# --- filed plans ---------------------------------------------------------------------------------


@pytest.mark.parametrize("code", ["2403", "24"])
def test_a_filed_plan_reaches_its_own_area_alone(raw, code):
    made(raw)
    file_plan(raw, code)
    assert filed.read().problems == () and made(raw) == {code: "plan changed"}
    assert made(raw) == {}
    file_plan(raw, code, measure="Grannsamverkan")
    assert made(raw) == {code: "plan changed"}
    (raw / "plans" / "plan.xlsx").unlink()
    assert made(raw) == {code: "plan changed"}


def test_a_plan_of_a_later_year_reaches_no_page_of_an_earlier_one(raw):
    made(raw)
    file_plan(raw, "2403", period=2017)
    assert made(raw) == {}


# --- faults --------------------------------------------------------------------------------------


def test_every_fault_is_told_and_the_other_rows_are_used(raw):
    fill(raw, BJURHOLM | {"picture": "kanske"}, UMEA | {"as_of": "igår"}, {"municipality": "Ankeborg"})
    (raw / "plans" / "plan.docx").write_bytes(b"PK")
    (raw / "plans" / "other.xlsx").write_bytes(b"no workbook")
    told = registers.problems({"region"})
    for part in ("kanske", "igår", "Ankeborg", "plan.docx", "other.xlsx"):
        assert sum(part in problem for problem in told) == 1, part
    assert all("structure.csv" in one or "plan.docx" in one or "other.xlsx" in one for one in told)
    assert set(registers.problems({"national"})) == {one for one in told if "structure.csv" in one}
    assert registers.problems({"problem", "knowledge"}) == registers.problems(set()) == []


@pytest.fixture
def ran(monkeypatch):
    """Runs that make nothing: the names of the reports that each was asked for."""
    asked: list[list[str]] = []

    def run(reports, output, *_, **__):
        asked.append([report.name for report in reports])
        return batch.Outcome("run", "good", [], [output / "index.html"])

    monkeypatch.setattr(batch, "run", run)
    return asked


@pytest.mark.parametrize(
    "call",
    [
        ["region", "--area", "24"],
        ["municipality", "--area", "2403"],
        ["national"],
        ["--all-levels", "--language", "sv"],
    ],
)
def test_faults_are_told_at_once_with_exit_status_1_and_the_rest_is_made(raw, ran, call):
    fill(raw, BJURHOLM | {"picture": "kanske"}, UMEA | {"as_of": "igår"})
    done = CliRunner().invoke(cli.main, ["report", *call, "--output", str(raw.parents[1] / "reports")])
    assert done.exit_code == 1 and len(ran) == 1 and ran[0]
    assert "kanske" in done.stderr and "igår" in done.stderr and "Traceback" not in done.output


def test_without_a_fault_nothing_is_told(raw, ran):
    fill(raw, BJURHOLM)
    file_plan(raw, "2403")
    done = CliRunner().invoke(cli.main, ["report", "municipality", "--area", "2403"])
    assert (done.exit_code, done.stderr, len(ran)) == (0, "", 1)


def test_faults_of_the_registers_concern_no_page_of_the_knowledge_base(raw, ran):
    fill(raw, BJURHOLM | {"picture": "kanske"})
    done = CliRunner().invoke(cli.main, ["report", "knowledge"])
    assert (done.exit_code, done.stderr) == (0, "")
