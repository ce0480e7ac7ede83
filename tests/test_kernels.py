"""Warm kernels: as fresh as any, the same output as papermill alone, and ordinary ones where there is no fork."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import papermill
import pytest
from jupyter_client import KernelManager
from nbformat.v4 import new_code_cell, new_notebook

from brapkg import paths
from brapkg.figures.letters import text_width
from brapkg.kernels import engine, warm
from brapkg.reports import workers

forks = pytest.mark.skipif(not warm.supported(), reason="kernels are forked on Linux only")

# What a report could leave behind, each as a cell.
SPOILS = [
    "import builtins; builtins.print = lambda *a: None; builtins.left = 1; left = 2",
    "import matplotlib as mpl; mpl.rcParams['figure.dpi'] = 7; mpl.rcParams['font.size'] = 55; mpl.use('svg')",
    "import numpy as np, random; np.random.seed(1); random.seed(1); np.seterr(all='raise')",
    "import os, tempfile; os.environ['LEFT'] = 'behind'; os.environ.pop('HOME', None); os.chdir(tempfile.gettempdir())",
    "files = [open(os.devnull) for _ in range(50)]; os.umask(0)",
    "import pandas as pd; pd.DataFrame.sum = lambda *a, **k: 'patched'; pd.set_option('display.precision', 1)",
    "from brapkg import store, catalogue; store.load('rates').loc[:, 'value'] = -1; store.load = None",
    "import sys; sys.path.insert(0, '/left'); sys.modules['json'] = None; sys.setrecursionlimit(99999)",
    "import warnings, logging, signal; warnings.simplefilter('error'); logging.disable(50)",
    "signal.signal(signal.SIGUSR1, signal.SIG_IGN); sys.stdout.write('x'); sys.argv.append('left')",
    "import threading, time; threading.Thread(target=time.sleep, args=(60,)).start()",
    "import locale, decimal; decimal.getcontext().prec = 3; locale.setlocale(locale.LC_ALL, 'C')",
    "import subprocess; subprocess.Popen(['sleep', '60'])",
]
# What would tell that something was left behind.
PROBE = """
import builtins, decimal, json, locale, logging, os, random, signal, sys, threading, warnings
import matplotlib as mpl, numpy as np, pandas as pd
from brapkg import store
# Set by the debugger, which is not loaded here, or named after the kernel's starter.
OWN = ("BRAPKG_WARM", "JPY_PARENT_PID", "JPY_SESSION_NAME", "PYDEVD_USE_FRAME_EVAL")
rates = store.load("rates")
print(json.dumps({
    "names": [hasattr(builtins, "left"), "left" in globals(), builtins.print.__module__],
    "style": [mpl.rcParams["figure.dpi"], mpl.rcParams["font.size"], mpl.rcParams["backend"]],
    "numpy": str(np.geterr()),
    "folder": os.getcwd(),
    "umask": os.umask(0o22),
    "environment": sorted(k for k in os.environ if k not in OWN),
    "widths": [pd.get_option("display.max_columns"), pd.get_option("display.width")],
    "pandas": [str(pd.DataFrame({"a": [1]}).sum().iloc[0]), pd.get_option("display.precision")],
    "store": [float(rates["value"].min()), len(rates)],
    "python": [sys.path, sys.getrecursionlimit(), sys.argv[:1], len(sys.argv)],
    # Libraries add filters for warnings of their own when they are imported.
    "warnings": sorted(str(f) for f in warnings.filters if f[1] is None and f[2].__module__ == "builtins"),
    "logging": logging.root.manager.disable,
    "signals": [str(signal.getsignal(n)) for n in (signal.SIGUSR1, signal.SIGTERM, signal.SIGCHLD)],
    "threads": sorted(t.name for t in threading.enumerate()),
    "numbers": [decimal.getcontext().prec, locale.setlocale(locale.LC_ALL)],
    "sleepers": os.popen("ps -o comm= --ppid %d" % os.getpid()).read().count("sleep"),
}))
"""
BARS = "from tqdm.auto import tqdm; print(tqdm.__module__)"
DRAWS = """
import matplotlib.pyplot as plt
plt.plot([1, 2, 3]); plt.show()
"""
UNUSED = ["debugpy", "rfc3987_syntax"]
RANDOM = "import numpy as np, random; print(np.random.random(), random.random())"


def book(path: Path, *cells: str) -> Path:
    nbformat.write(new_notebook(cells=[new_code_cell(cell) for cell in cells]), path)
    return path


def run(path: Path, engine_name: str | None = "brapkg", **options):
    """The executed notebook, run as papermill runs it."""
    return papermill.execute_notebook(
        path, None, kernel_name="python3", language="python", engine_name=engine_name, progress_bar=False,
        **{"parameters": {}, "cwd": str(paths.home())} | options,
    )  # fmt: skip


def printed(done) -> str:
    return "".join(out.text for cell in done.cells for out in cell.outputs if out.output_type == "stream")


def cells(done) -> list:
    """The notebook's cells without what differs between any two runs: times and ids."""
    kept = []
    for cell in done.cells:
        metadata = {k: v for k, v in cell.metadata.items() if k not in ("papermill", "execution")}
        kept.append((cell.cell_type, cell.source, metadata, cell.get("execution_count"), cell.get("outputs")))
    return kept


@pytest.fixture(autouse=True)
def one_warm_process(built, monkeypatch):
    """Tests share the warm process of this one; each sees the store."""
    monkeypatch.delenv(warm.ADDRESS, raising=False)


# --- the same output -----------------------------------------------------------------------------


@forks
@pytest.mark.parametrize(("county", "language"), [("24", "sv"), ("09", "en")])
def test_the_region_notebook_gives_the_same_as_with_papermill_alone(county, language):
    given = {"region": county, "period": 2016, "language": language}
    notebook = paths.notebooks() / "region.ipynb"
    ours, plain = (run(notebook, name, parameters=given) for name in ("brapkg", None))
    assert len(cells(plain)) > 12
    for one, other in zip(cells(ours), cells(plain), strict=True):
        assert one == other
    pictures = sum("image/png" in out.get("data", {}) for cell in ours.cells for out in cell.get("outputs", ()))
    assert pictures >= 8
    assert ours.metadata.language_info == plain.metadata.language_info
    assert ours.metadata.kernelspec == plain.metadata.kernelspec


@forks
def test_a_researchers_own_figure_is_drawn(tmp_path):
    """Where the inline backend is imported before the fork, every figure is lost without an error."""
    path = book(tmp_path / "draws.ipynb", DRAWS)
    ours, plain = run(path), run(path, None)
    assert [out.output_type for out in ours.cells[0].outputs] == ["display_data"]
    assert cells(ours) == cells(plain)


def test_without_fork_the_output_is_the_same(tmp_path, monkeypatch):
    path = book(tmp_path / "probe.ipynb", "print('hej'); 1 + 1", "import sys; sys.stderr.write('oj')", DRAWS, BARS)
    warmly = run(path)
    monkeypatch.setenv(warm.COLD, "1")
    parent = book(tmp_path / "parent.ipynb", "import os; print(os.getppid())")
    assert int(printed(run(parent))) == os.getpid()
    assert cells(run(path)) == cells(run(path, None)) == cells(warmly)


# --- nothing is left behind ----------------------------------------------------------------------


@forks
def test_a_report_leaves_nothing_behind(tmp_path):
    probe = book(tmp_path / "probe.ipynb", PROBE)
    before = json.loads(printed(run(probe)))
    spoiled = run(book(tmp_path / "spoils.ipynb", *SPOILS))
    assert all(cell.metadata.papermill.status == "completed" for cell in spoiled.cells)
    after = json.loads(printed(run(probe)))
    assert after == before


@forks
def test_a_forked_kernel_is_what_an_ordinary_one_is(tmp_path):
    probe = book(tmp_path / "probe.ipynb", PROBE)
    forked, ordinary = (json.loads(printed(run(probe, name))) for name in ("brapkg", None))
    assert forked.pop("python")[1:] == ordinary.pop("python")[1:]
    assert forked == ordinary


@forks
def test_kernels_draw_different_random_numbers(tmp_path):
    path = book(tmp_path / "random.ipynb", RANDOM)
    drawn = {printed(run(path)) for _ in range(3)}
    assert len(drawn) == 3


@forks
def test_the_warm_process_has_one_thread_and_has_read_the_store():
    assert warm.address()
    assert warm._started.hello["threads"] == 1
    assert warm._started.hello["trouble"] == []


@forks
def test_kernels_and_the_warm_process_read_no_file_at_a_common_place():
    # A file that was opened before a fork has one place, which every reader moves. A data base is read by offset.
    assert warm.address()
    descriptors = Path(f"/proc/{warm._started.hello['pid']}/fd")
    opened = [os.path.realpath(file) for file in descriptors.iterdir()]
    assert [file for file in opened if os.path.isfile(file) and os.path.basename(file) != "proj.db"] == []


@forks
def test_letters_that_no_rehearsal_needed_are_read_by_many_at_once():
    texts = ["".join(map(chr, range(first, first + 16))) for first in range(0x410, 0x500, 16)] * 4
    found = dict(
        workers.each("brapkg.figures.letters:text_width", [(text, 10.0) for text in texts], 4, at=warm.address())
    )
    assert [found[number] for number in range(len(texts))] == [text_width(text, 10.0) for text in texts]


@forks
def test_what_no_report_uses_is_not_loaded(tmp_path):
    path = book(
        tmp_path / "modules.ipynb", "import sys, jsonschema; print([name in sys.modules for name in %r])" % UNUSED
    )
    assert printed(run(path)) == "[False, False]\n"


# --- the extension points ------------------------------------------------------------------------


@forks
def test_papermills_own_command_line_finds_the_engine(tmp_path):
    made = tmp_path / "made.ipynb"
    command = [sys.executable, "-m", "papermill", str(paths.notebooks() / "region.ipynb"), str(made)]
    command += ["-r", "region", "01", "--engine", "brapkg", "-k", "python3"]
    told = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert told.returncode == 0, told.stderr
    done = nbformat.read(made, as_version=4)
    assert 'region = "01"' in done.cells[2].source
    assert any("Stockholms län" in str(out) for cell in done.cells for out in cell.get("outputs", ()))
    assert done.metadata.papermill.peak_memory > 50e6


@forks
def test_jupyters_own_manager_starts_a_warm_kernel_by_the_specification():
    manager = KernelManager(kernel_name="python3")
    manager.kernel_spec.metadata["kernel_provisioner"] = {"provisioner_name": "brapkg"}
    manager.start_kernel()
    try:
        assert isinstance(manager.provisioner.process, warm.Forked)
        client = manager.client()
        client.start_channels()
        client.wait_for_ready(timeout=60)
        replies = []
        client.execute_interactive(
            "print(40 + 2)", timeout=60, output_hook=lambda told: replies.append(told["content"].get("text"))
        )
        assert "42\n" in replies
        client.stop_channels()
    finally:
        process = manager.provisioner.process
        manager.shutdown_kernel()
    assert process.poll() is not None


# --- limits --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cell", "limit", "told"),
    [
        ("exit()", {}, "left by exit"),
        ("quit()", {}, "left by exit"),
        ("print('x' * 5_000_000)", {"output_limit": 1_000_000}, "more than the 1,000,000 characters"),
        ("import time; time.sleep(60)", {"time_limit": 2}, "timed out"),
        ("x = bytearray(900_000_000)", {"memory_limit": 500_000_000}, "MemoryError"),
    ],
)
def test_what_ends_a_report(tmp_path, cell, limit, told):
    if "memory_limit" in limit and sys.platform != "linux":
        pytest.skip("memory is limited on Linux only")
    path = book(tmp_path / "limit.ipynb", "print('so far')", cell, "print('never')")
    with pytest.raises(Exception, match=told):
        run(path, **limit)
    run(book(tmp_path / "good.ipynb", "print(1)"), **limit)  # the limit alone stops nothing


# --- when the warm process is away ---------------------------------------------------------------


@forks
def test_a_kernel_of_another_environment_is_an_ordinary_one(tmp_path, monkeypatch):
    path = book(tmp_path / "seed.ipynb", "import os; print(os.environ['PYTHONHASHSEED'], hash('a'))")
    assert warm.address()
    monkeypatch.setenv("PYTHONHASHSEED", "5")
    expected = subprocess.run([sys.executable, "-c", "print(hash('a'))"], capture_output=True, text=True).stdout
    assert printed(run(path)) == f"5 {expected}"


@forks
def test_without_its_warm_process_a_report_is_still_made(tmp_path):
    path = book(tmp_path / "pid.ipynb", "import os; print(os.getppid())")
    process = warm._started.hello["pid"] if warm.address() else None
    assert int(printed(run(path))) == process
    os.kill(process, signal.SIGKILL)
    warm._started.process.wait()
    assert int(printed(run(path))) == os.getpid()
    warm._started.close()
    warm._started = None  # the next test gets a new one


STARTS = """
import sys, time
from brapkg.kernels import warm
process = warm.Warm((), modules=())
process.hello
kernel = warm.kernel(["-f", sys.argv[1]], dict(__import__("os").environ), ".") if len(sys.argv) > 2 else None
pid, pipe = warm.worker(process.address, "time:sleep")
pipe.send((60,))
print(process.hello["pid"], pid, flush=True)
time.sleep(60)
"""


@forks
def test_nothing_outlives_a_process_that_is_killed():
    starter = subprocess.Popen([sys.executable, "-c", STARTS], stdout=subprocess.PIPE, text=True)
    processes = [int(number) for number in starter.stdout.readline().split()]
    assert len(processes) == 2 and all(alive(process) for process in processes)
    starter.kill()
    starter.wait()
    ends = time.monotonic() + 20
    while any(alive(process) for process in processes) and time.monotonic() < ends:
        time.sleep(0.05)
    assert not any(alive(process) for process in processes)


def alive(process: int) -> bool:
    try:
        return not re.search(r"^State:\s+[ZX]", Path(f"/proc/{process}/status").read_text(), flags=re.M)
    except OSError:
        return False


def test_the_engine_is_registered_with_papermill():
    from papermill.engines import papermill_engines

    assert papermill_engines.get_engine("brapkg") is engine.Engine
