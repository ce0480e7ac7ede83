"""The three lists of packages agree: pyproject.toml, requirements.lock and environment.yml."""

from __future__ import annotations

import ast
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
import yaml
from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def declared() -> dict[str, SpecifierSet]:
    """Direct dependencies, those of the tests included, as pyproject.toml has them."""
    lines = [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["test"]]
    wanted = [Requirement(line) for line in lines]
    return {canonicalize_name(one.name): one.specifier for one in wanted}


def locked() -> dict[str, str]:
    lines = (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines()
    return dict(pin(line) for line in lines if line.strip() and not line.startswith("#"))


def conda() -> tuple[list[str], list[str]]:
    """What conda installs, and what it hands to pip."""
    lines = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))["dependencies"]
    [by_pip] = [line["pip"] for line in lines if isinstance(line, dict)]
    return [line for line in lines if isinstance(line, str)], by_pip


def pin(line: str) -> tuple[str, str]:
    """ "Jinja2==3.1.6" as name and version; anything that leaves a choice, or is no name, is refused."""
    try:
        wanted = Requirement(line)
    except InvalidRequirement:
        raise ValueError(f"{line!r} is no name and version") from None
    exact = [one for one in wanted.specifier if one.operator == "==" and "*" not in one.version]
    if wanted.url or wanted.extras or wanted.marker or len(wanted.specifier) != 1 or not exact:
        raise ValueError(f"{line!r} is not pinned with == to one version on every machine")
    return canonicalize_name(wanted.name), exact[0].version


@pytest.mark.parametrize(
    "line",
    [
        "numpy",
        "numpy>=2",
        "numpy==2.*",
        "numpy>=2,==2.4.6",
        "numpy @ https://example.org/numpy.whl",
        "numpy @ file:///tmp/numpy.whl",
        "-e .",
        "./numpy",
        "numpy==2.4.6; python_version < '4'",
    ],
)
def test_a_line_that_is_not_pinned_is_refused(line):
    with pytest.raises(ValueError, match="is no"):
        pin(line)


def test_the_lock_holds_names_and_exact_versions_each_once():
    lines = [x for x in (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines() if x]
    assert len(locked()) == len(lines) > len(declared())


def test_the_lock_gives_what_pyproject_asks_for():
    lock = locked()
    assert not set(declared()) - set(lock)
    assert not [name for name, wanted in declared().items() if lock[name] not in wanted]


def test_conda_gets_the_direct_dependencies_in_the_locks_versions():
    _, by_pip = conda()
    pinned = dict(pin(line) for line in by_pip if not line.startswith("-"))
    assert pinned == {name: locked()[name] for name in declared()}


def test_conda_takes_the_rest_from_the_lock_and_the_package_from_the_clone():
    by_conda, by_pip = conda()
    options = [line for line in by_pip if line.startswith("-")]
    assert options == ["--constraint requirements.lock", "--editable ."]
    [python] = [line.partition("=")[2] for line in by_conda if line.startswith("python")]
    assert python in SpecifierSet(PROJECT["requires-python"])
    assert "pip" in by_conda  # else conda warns, and takes a pip that nobody chose


def imported() -> dict[str, str]:
    """Third-party modules that the package imports, each with a file that does."""
    found: dict[str, str] = {}
    for path in sorted((ROOT / "brapkg").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = []
            if isinstance(node, ast.Import):
                names = [name.name for name in node.names]
            elif isinstance(node, ast.ImportFrom) and not node.level:
                names = [node.module]
            for name in names:
                found[name.partition(".")[0]] = str(path.relative_to(ROOT))
    return {name: file for name, file in found.items() if name not in sys.stdlib_module_names | {"brapkg"}}


def test_what_the_package_imports_is_declared():
    """Else it comes with another package by luck, until that one does without it."""
    homes = packages_distributions()
    extras = [line for name, lines in PROJECT["optional-dependencies"].items() if name != "test" for line in lines]
    runtime = {canonicalize_name(Requirement(line).name) for line in [*PROJECT["dependencies"], *extras]}
    undeclared = {
        name: file
        for name, file in imported().items()
        if not runtime & {canonicalize_name(home) for home in homes.get(name, ())}
    }
    assert undeclared == {}
