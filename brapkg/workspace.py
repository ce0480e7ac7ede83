"""A new workspace for a county, a municipality or the whole country: what ``brapkg init`` makes."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from brapkg import areas, paths, settings
from brapkg.errors import DataError, UsageError

SCHEMA = settings.SCHEMA.name
README = "README.md"
# What lies in a workspace, in the order it is put there: the first tells two that make the same one apart.
PARTS = ("data", settings.FILE, SCHEMA, README)
# The line that the areas take the place of.
NO_AREAS = "areas = []\n"
GUIDE = """\
# {place}: arbetsyta för brapkg

Här görs sidor om lokal brottsförebyggande verksamhet, av officiella siffror. Öppna en terminal i den
här mappen och kör:

```
brapkg build
brapkg report --all-levels
brapkg status
```

Den första läser siffrorna, den andra gör sidorna och den tredje säger om allt är som det ska. Öppna
sedan `reports/index.html` i en webbläsare. Kör de två första igen när något har ändrats: bara det som
berörs görs om.

| var | vad |
|---|---|
| `settings.toml` | inställningar: områden, språk, avsändare, gränser. Ändra dem i en textredigerare |
| `settings.schema.json` | hjälper textredigeraren att visa vad som är tillåtet |
| `data/raw/` | siffrorna, med källa i `.meta.json`. Ändra dem inte |
| `data/raw/bra/` | lägg Brås månadsfiler ("databasfil", .txt) här |
| `data/raw/plans/` | lägg ifyllda åtgärdsplaner (Excel) här |
| `data/raw/measures.template.csv` | mall för lokala åtgärder. Fyll i och spara som `measures.csv` |
| `data/raw/structure.template.xlsx` | mall för lagens uppgifter per kommun. Fyll i och spara som `structure.xlsx` |
| `data/processed/` | tabeller som `brapkg build` gör |
| `reports/` | sidorna |

## In English

A workspace for brapkg: pages on local crime prevention, from official figures. The three commands
above build the tables, make the pages and tell whether all is well; run them in this folder, then open
`reports/index.html`.

| where | what |
|---|---|
| `settings.toml` | settings: areas, languages, sender, thresholds |
| `settings.schema.json` | lets a text editor show what is allowed |
| `data/raw/` | the figures, their sources in `.meta.json`. Leave them as they are |
| `data/raw/bra/` | for Brå's monthly exports ("databasfil", .txt) |
| `data/raw/plans/` | for action plans that have been filled in (Excel) |
| `data/raw/measures.template.csv` | template for local measures. Fill it in and save it as `measures.csv` |
| `data/raw/structure.template.xlsx` | template for the law's duties by municipality; save it as `structure.xlsx` |
| `data/processed/` | tables that `brapkg build` makes |
| `reports/` | the pages |
"""


def make(folder: Path, area: str | None = None) -> list[Path]:
    """Make a workspace: settings, the project's own figures, templates and a guide.

    Parameters
    ----------
    folder : Path
        Need not exist; one with other files in it is added to, and nothing there is changed.
    area : str, optional
        Code or name of a county (its settings name the county and its municipalities) or of a
        municipality (it and its county). The whole country where it is None.

    Returns
    -------
    list of Path
        What was made, in ``folder``: files and empty folders.

    Raises
    ------
    UsageError
        An unknown area or one of another kind, a path that is a file, a folder that holds a
        workspace or a part of one.
    DataError
        The clone's figures are not whole, or the folder cannot be written. Nothing is left of it.
    """
    about = None if area is None else areas.find(area)
    if about is not None and about.kind not in settings.LEVELS:
        kind = about.kind.replace("_", " ")
        raise UsageError(f"{about.code} {about.name} is a {kind}: a workspace is for a county or a municipality.")
    folder = folder.absolute()
    try:
        _refuse(folder)
        files = _files(_pages(about), about)
        with _beside(folder) as beside:
            _write(beside, files)
            made = sorted(path.relative_to(beside) for path in beside.rglob("*") if path.is_file() or _is_empty(path))
            _put(beside, folder)
    except OSError as error:
        raise DataError(
            f"{folder}: no workspace can be made there ({error.strerror or error}). Nothing was left; check the "
            "folder's rights and the space on the disk, or choose another folder."
        ) from None
    return [folder / path for path in made]


def _refuse(folder: Path) -> None:
    if not folder.is_dir() and os.path.lexists(folder):
        raise UsageError(f"{folder}: is no folder. Name a new folder, or one without a workspace.")
    there = [name for name in PARTS if os.path.lexists(folder / name)]
    if there:
        raise UsageError(
            f"{folder}: there is already {', '.join(there)}, and nothing is overwritten. Name another folder; "
            f"settings that are there are changed in {settings.FILE}."
        )


# --- what it holds -------------------------------------------------------------------------------


def _pages(about: areas.Area | None) -> list[areas.Area]:
    """The areas whose pages the workspace makes; none where it is all of them."""
    if about is None or about.kind == "nation":
        return []
    if about.kind == "county":
        return [about, *areas.municipalities(about.code)]
    return [areas.get(about.county), about]


def _files(pages: Sequence[areas.Area], about: areas.Area | None) -> dict[str, bytes]:
    """The content of every file by its path; an empty folder ends in "/"."""
    from brapkg import structure

    municipalities = [one for one in pages if one.kind == "municipality"] or areas.municipalities()
    return _raw() | {
        "data/raw/structure.template.xlsx": structure.template(municipalities, "sv"),
        "data/raw/bra/": b"",
        "data/raw/plans/": b"",
        "data/processed/": b"",
        settings.FILE: settings_text(pages).encode(),
        SCHEMA: settings.SCHEMA.read_bytes(),
        README: GUIDE.format(place=about.name if about else "Sverige").encode(),
    }


def settings_text(pages: Sequence[areas.Area]) -> str:
    """A workspace's ``settings.toml``: the project's own, with the areas that get pages."""
    text = settings.RECORDS.read_text(encoding="utf-8")
    lines = "".join(f'  "{area.code}",  # {area.name}\n' for area in pages)
    return f"#:schema ./{SCHEMA}\n{text}".replace(NO_AREAS, f"areas = [\n{lines}]\n" if pages else NO_AREAS, 1)


def _raw() -> dict[str, bytes]:
    """The clone's own tables with their sidecars, the register's template and the folders' guides."""
    from brapkg.sources import shipped, snapshot

    clone, problems = paths.CLONE / "data" / "raw", []
    found: dict[str, bytes] = {}
    for name in shipped.TABLES:
        path = clone / f"{name}.csv"
        try:
            snapshot.verify(path)
        except DataError as error:
            problems += error.problems
            continue
        for file in (path, snapshot.sidecar_of(path)):
            found[f"data/raw/{file.name}"] = file.read_bytes()
    if problems:
        raise DataError(problems)
    for path in (clone / "measures.template.csv", clone / "bra" / README, clone / "plans" / README):
        if path.is_file():
            found[f"data/raw/{path.relative_to(clone).as_posix()}"] = path.read_bytes()
    return found


# --- putting it there ----------------------------------------------------------------------------


@contextlib.contextmanager
def _beside(folder: Path) -> Iterator[Path]:
    """A new folder on the same disk, gone afterwards; after an error so are those above that were made for it."""
    above = folder if folder.exists() else folder.parent
    made = [one for one in (above, *above.parents) if not one.exists()]
    try:
        above.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=above, prefix=".brapkg-", ignore_cleanup_errors=True) as hidden:
            beside = Path(hidden) / "workspace"  # with the rights of any folder, which a hidden one has not
            beside.mkdir()
            yield beside
    except BaseException:
        for one in made:
            with contextlib.suppress(OSError):
                one.rmdir()
        raise


def _write(beside: Path, files: dict[str, bytes]) -> None:
    for name, content in files.items():
        path = beside / name
        if name.endswith("/"):
            path.mkdir(parents=True, exist_ok=True)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)


def _put(beside: Path, folder: Path) -> None:
    """Move the whole, or into a folder with other files every part, to its place."""
    if not folder.exists():
        os.rename(beside, folder)
        return
    moved: list[str] = []
    try:
        for name in PARTS:
            if moved and os.path.lexists(folder / name):  # a file in its place would be replaced
                raise FileExistsError(None, f"{name} was put there meanwhile")
            os.rename(beside / name, folder / name)
            moved.append(name)
    except BaseException:
        for name in reversed(moved):
            os.rename(folder / name, beside / name)
        raise


def _is_empty(path: Path) -> bool:
    return path.is_dir() and not any(path.iterdir())
