"""What each page in an output folder was made from: ``runs/made/NAME.json``, one for each report.

It is written last, after page and notebook are in place. A page without it, or with one that is not
whole, counts as never made.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, fields
from pathlib import Path, PurePosixPath

from brapkg import files
from brapkg.reports import fingerprint

FOLDER = Path("runs") / "made"
TYPES = {
    "report": str,
    "kind": str,
    "about": str,
    "period": (int, type(None)),
    "language": str,
    "parameters": dict,
    "fingerprint": str,
    "inputs": dict,
    "outputs": dict,
    "key_figures": list,
    "warnings": list,
    "seconds": (int, float),
    "peak_memory": (int, type(None)),
    "run": str,
}


@dataclass(frozen=True)
class Made:
    """One report that was made.

    ``inputs`` are hashes by name and ``fingerprint`` that of them all, from ``plan.Step``;
    ``outputs`` are "sha256", "bytes" and "mtime_ns" of each file by its path in the output folder;
    ``seconds`` and ``peak_memory`` (bytes) tell what it cost, ``run`` which run made it.
    """

    report: str
    kind: str
    about: str
    period: int | None
    language: str
    parameters: dict
    fingerprint: str
    inputs: dict[str, str]
    outputs: dict[str, dict]
    key_figures: list[dict]
    warnings: list[str]
    seconds: float
    peak_memory: int | None
    run: str


def path(output: Path, report: str) -> Path:
    """Where it is written what a report's page was made from."""
    return output / FOLDER / f"{report}.json"


def read(output: Path) -> dict[str, Made]:
    """What was made in an output folder, by the report's name; what is damaged is left out."""
    found = (_read(path) for path in sorted((output / FOLDER).glob("*.json")))
    return {made.report: made for made in found if made}


def _read(path: Path) -> Made | None:
    try:
        told = json.loads(path.read_bytes())
        made = Made(**{field.name: told[field.name] for field in fields(Made)})
        whole = made.report == path.stem and fingerprint.of(made.inputs) == made.fingerprint
        return made if whole and _sound(made) else None
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None


def _sound(made: Made) -> bool:
    """Whether every field is of its type, and every output lies inside the folder."""
    kinds = all(isinstance(getattr(made, name), kind) for name, kind in TYPES.items())
    inside = all(not (path := PurePosixPath(name)).is_absolute() and ".." not in path.parts for name in made.outputs)
    outputs = all(
        isinstance(told["sha256"], str) and isinstance(told["bytes"], int) and isinstance(told["mtime_ns"], int)
        for told in made.outputs.values()
    )
    return kinds and inside and outputs and bool(made.outputs)


def write(output: Path, made: Made) -> None:
    """Write what a page was made from, whole or not at all.

    Raises ``OSError`` when it cannot be written; the page then counts as made before, or never.
    """
    text = json.dumps({field.name: getattr(made, field.name) for field in fields(Made)}, ensure_ascii=False) + "\n"
    files.write(path(output, made.report), text)


def outputs_whole(output: Path, made: Made) -> str:
    """Why a page cannot stay as it is: a file of it is missing or was changed. Empty where all are whole."""
    for name, told in made.outputs.items():
        what = {".html": "page", ".ipynb": "notebook"}.get(Path(name).suffix, "file")
        path = output / name
        try:
            found = path.stat()
            same_time = found.st_mtime_ns == told["mtime_ns"]
            if found.st_size != told["bytes"] or not (same_time or _hash(path) == told["sha256"]):
                return f"the {what} was changed since it was made"
        except OSError:
            return f"the {what} is missing"
    return ""


def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
