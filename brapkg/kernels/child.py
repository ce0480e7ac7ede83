"""What a forked child does before it becomes a kernel or a worker: it lets go of its parent.

A child must be what a new process would have been. Environment, working folder, signals, standard
input and numpy's old random state are set anew; everything else is as the warm process left it,
which has run no notebook.
"""

from __future__ import annotations

import atexit
import contextlib
import importlib
import importlib.util
import os
import select
import signal
import sys
import tempfile
import threading
import time
import traceback
from multiprocessing.connection import Connection

# The process groups of this process's kernels, which must not outlive it.
KERNELS: set[int] = set()


def run(request: dict, caller: Connection) -> None:
    """Become what the request asks for, and end this process. Does not return."""
    code = 1
    try:
        become_new(request)
        try:
            caller.send({"pid": os.getpid()})
        except OSError:  # the caller has gone meanwhile
            os._exit(0)
        {"kernel": _kernel, "worker": _worker}[request["kind"]](request, caller)
        code = 0
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except BaseException:
        traceback.print_exc(file=sys.__stderr__)
    finally:
        with contextlib.suppress(BaseException):
            atexit._run_exitfuncs()
            sys.__stderr__.flush()
        os._exit(code)


def become_new(request: dict) -> None:
    """Let go of what is the parent's. ``request`` holds "env", "cwd" and perhaps "memory" (bytes)."""
    os.setsid()  # a group of its own, so that it can be ended with all that it starts
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in (signal.SIGTERM, signal.SIGCHLD):
        signal.signal(number, signal.SIG_DFL)
    os.environ.clear()
    os.environ.update(request["env"])
    time.tzset()
    os.chdir(request["cwd"])
    if "numpy" in sys.modules:
        # Else every child would draw the same numbers; the random module sees to itself.
        sys.modules["numpy"].random.seed()
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    if request.get("memory"):
        limit_memory(request["memory"])


def limit_memory(more: int) -> None:
    """Let this process take so many bytes more than it has now; beyond that is a ``MemoryError``."""
    import resource  # not on Windows, where this module is imported too

    allowed = _data() + more
    hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
    if hard != resource.RLIM_INFINITY:
        allowed = min(allowed, hard)
    resource.setrlimit(resource.RLIMIT_DATA, (allowed, hard))


def _data() -> int:
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmData")) * 1024


def _kernel(request: dict, caller: Connection) -> None:
    from ipykernel.kernelapp import IPKernelApp

    sys.argv = [importlib.util.find_spec("ipykernel_launcher").origin, *request["argv"]]
    app = IPKernelApp.instance(parent_handle=os.getppid())
    app.initialize(request["argv"])
    # Its sockets are there: who connects now need not try twice.
    caller.send({"up": True})
    caller.close()
    app.start()


def _worker(request: dict, caller: Connection) -> None:
    module, _, function = request["do"].partition(":")
    serve(caller, getattr(importlib.import_module(module), function))


def serve(caller: Connection, do) -> None:
    """Do task after task for the caller, until it hangs up or sends SIGHUP; then end, even amid a task."""
    if hasattr(select, "poll"):  # Windows ends kernels with their parent
        signal.signal(signal.SIGHUP, lambda *_: _leave())
        threading.Thread(target=_leave_with, args=(caller.fileno(),), daemon=True).start()
    with contextlib.suppress(EOFError, BrokenPipeError, ConnectionResetError):
        while True:
            caller.send(do(*caller.recv()))


def _leave_with(caller: int) -> None:
    poll = select.poll()
    poll.register(caller, 0)  # nothing but its end
    poll.poll()
    _leave()


def _leave() -> None:
    for group in list(KERNELS):
        with contextlib.suppress(OSError):
            os.killpg(group, signal.SIGKILL)
    os._exit(1)


def modules_of_a_kernel() -> list[str]:
    """What a kernel imports while it starts: one is started in a child and thrown away."""
    ours, theirs = os.pipe()
    process = os.fork()
    if not process:
        _tell_modules(theirs)
    os.close(theirs)
    with open(ours) as told:
        names = told.read().split()
    os.waitpid(process, 0)
    return names


def _tell_modules(pipe: int) -> None:
    try:
        quiet = os.open(os.devnull, os.O_RDWR)
        os.dup2(quiet, 1)
        os.dup2(quiet, 2)
        before = set(sys.modules)
        from ipykernel.kernelapp import IPKernelApp

        with tempfile.TemporaryDirectory() as folder:
            IPKernelApp.instance().initialize(["-f", f"{folder}/kernel.json", "--HistoryManager.hist_file=:memory:"])
        os.write(pipe, "\n".join(name for name in list(sys.modules) if name not in before).encode())
    finally:
        os._exit(0)
