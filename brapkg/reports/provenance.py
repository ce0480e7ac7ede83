"""With what and from which data a run is made: versions, commit, machine, snapshots, tables."""

from __future__ import annotations

import json
import os
import platform
import re
import subprocess
from pathlib import Path

from brapkg import __version__, paths, store
from brapkg.reports import fingerprint

# Seconds that git gets; a run does not wait for a slow disk to be told its commit.
PATIENCE = 5


def versions() -> dict[str, str]:
    """The versions of the package, of Python and of the libraries that the package names as its own."""
    return {"brapkg": __version__} | fingerprint.versions() | {"python": platform.python_version()}


def machine() -> dict[str, str]:
    """System, release and kind of machine; not its name, which may be a person's: manifests are handed on."""
    return {"system": platform.system(), "release": platform.release(), "machine": platform.machine()}


def git() -> dict | None:
    """The clone's ``commit``, and whether package or notebooks are ``changed`` since; None outside a clone."""
    if not (paths.CLONE / ".git").exists():  # a clone around it may be anybody's
        return None
    command = ["git", "--no-optional-locks", "-C", str(paths.CLONE), "status", "--porcelain=v2", "--branch", "--"]
    # A hook's own variables would make git tell of another clone.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    try:
        told = subprocess.run(
            [*command, "brapkg", "notebooks"], capture_output=True, text=True, env=environment, timeout=PATIENCE
        )
    except (OSError, subprocess.SubprocessError):
        return None
    lines = told.stdout.splitlines()
    commit = [line.removeprefix("# branch.oid ") for line in lines if line.startswith("# branch.oid ")]
    if told.returncode or not commit or not re.fullmatch(r"[0-9a-f]{40,64}", commit[0]):
        return None
    return {"commit": commit[0], "changed": any(not line.startswith("#") for line in lines)}


def data() -> dict[str, dict]:
    """The files of ``data/raw``, what the tables were built from, and the tables, each with its SHA-256.

    Raises
    ------
    DataError
        The store has not been built, or is not as it was built.
    """
    package = store.package()
    return {
        "raw": _snapshots(paths.raw()),
        "built_from": {source["path"]: source.get("sha256") for source in package.get("sources", ())},
        "tables": {table["name"]: table["hash"].removeprefix("sha256:") for table in package["resources"]},
    }


def _snapshots(raw: Path) -> dict[str, dict]:
    """Files by their size, and by the hash in their sidecar where they have one (exports have none)."""
    return {
        path.relative_to(raw).as_posix(): {"sha256": _known(path), "bytes": path.stat().st_size}
        for path in sorted((*raw.glob("*.csv"), *(raw / "bra").glob("*.txt")))
    }


def _known(path: Path) -> str | None:
    try:
        return str(json.loads(path.with_name(f"{path.name}.meta.json").read_bytes())["sha256"])
    except (OSError, ValueError, TypeError, KeyError):  # `brapkg build` says what is wrong with it
        return None
