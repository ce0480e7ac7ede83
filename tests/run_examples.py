"""Made-up runs: results as the runner hands them over, and their manifests in a folder."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from pathlib import Path

from brapkg import areas, keyfigures
from brapkg.reports import manifest
from brapkg.reports.made import Made
from brapkg.reports.place import Result
from brapkg.reports.plan import Report

NOW = datetime(2026, 11, 23, 0, 12, 5, 123456, tzinfo=UTC)
INPUTS = {
    "notebook": "a" * 16,
    "package": "b" * 16,
    "data rates own": "c" * 16,
    "data peers own municipalities": "d" * 16,
}


def figure(offence: str = "violence", value: float | None = 1165.688, **more: object) -> dict:
    """A key figure of Gotland's."""
    row = {
        "area": "09",
        "name": "Gotland",
        "period": 2016,
        "offence": offence,
        "figure": "rate",
        "value": value,
        "lower": None if value is None else value * 0.9,
        "upper": None if value is None else value * 1.1,
        "level": None if value is None else 0.95,
        "unit": "per 100 000 residents",
        "count": 669,
        "population": 57391,
        "method": "byar",
        "status": "preliminary",
        "missing": "" if value is not None else "few",
        "source": "Brå, SCB; own calculations",
    }
    assert tuple(row) == keyfigures.FIELDS
    return row | more


def result(
    area: str = "09",
    status: str = "made",
    page: str = "page",
    figures: list[dict] | None = None,
    inputs: dict[str, str] | None = None,
    **more: object,
) -> Result:
    """What became of a county's report; ``page`` stands for its content."""
    report = Report(Path("notebooks/region.ipynb"), areas.get(area), 2016, "sv")
    inputs = INPUTS if inputs is None else inputs
    made = None
    if status != "failed":
        files = {f"{report.name}.html": page, f"notebooks/{report.name}.ipynb": page + " in cells"}
        made = Made(
            report=report.name,
            kind="region",
            about=area,
            period=2016,
            language="sv",
            parameters=report.parameters,
            fingerprint="f" * 16,
            inputs=inputs,
            outputs={
                path: {"sha256": hashlib.sha256(text.encode()).hexdigest(), "bytes": len(text), "mtime_ns": 0}
                for path, text in files.items()
            },
            key_figures=[figure()] if figures is None else figures,
            warnings=[],
            seconds=1.25,
            peak_memory=120_000_000,
            run="20261123T001205Z",
        )
    told = {"why": "never made", "seconds": 1.2504, "peak_memory": 120_000_000, "tries": 1}
    if status == "unchanged":
        told = {"why": "", "tries": 0}
    if status == "failed":
        told["error"] = "Traceback (most recent call last):\n  File …\nZeroDivisionError: division by zero\n"
    return Result(report, status, inputs=inputs, fingerprint="f" * 16, made=made, **(told | more))


def run(
    output: Path,
    *results: Result,
    at: datetime = NOW,
    planned: int | None = None,
    stopped: bool = False,
    **changed: object,
) -> manifest.Run:
    """Write the manifest of a run that began at a time and took 31.2 seconds; and the pages it names."""
    told = manifest.begin(
        output,
        command=["brapkg", "report", "region", "--all"],
        planned=len(results) if planned is None else planned,
        jobs=2,
        way="forked kernels",
        now=at,
    )
    for name, value in changed.items():
        setattr(told, name, value)
    for one in results:
        told.add(one)
        for path in one.made.outputs if one.made else ():
            (output / path).parent.mkdir(parents=True, exist_ok=True)
            (output / path).write_text("page", encoding="utf-8")
    manifest.write(output, told, stopped=stopped, now=at + timedelta(seconds=31.2))
    return told
