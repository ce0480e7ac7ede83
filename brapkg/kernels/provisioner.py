"""The kernel provisioner ``brapkg``: kernels are forked from the warm process where there is one.

Jupyter finds it by the entry point group ``jupyter_client.kernel_provisioners``; a kernel
specification asks for it in its metadata: ``{"kernel_provisioner": {"provisioner_name": "brapkg"}}``.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import Any

from jupyter_client.provisioning import LocalProvisioner
from traitlets import Int

from brapkg.kernels import child, warm

LAUNCHER = "ipykernel_launcher"
# Seconds for a forked kernel to say that it is up; the client asks again in any case.
PATIENCE = 30


class WarmProvisioner(LocalProvisioner):
    """Forks IPython kernels of this Python; every other kernel is started the ordinary way."""

    memory = Int(0, help="Bytes a kernel may take beyond what it starts with; 0 for no limit.").tag(config=True)
    # The most memory the kernel held at a time, in bytes, known when it has ended; None elsewhere than on Linux.
    peak: int | None = None

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> dict:
        """Fork a kernel, or start one as ever; see ``LocalProvisioner``."""
        self.peak = None
        env = kwargs.get("env") or dict(os.environ)
        cwd = str(kwargs.get("cwd") or os.getcwd())
        if LAUNCHER in cmd and Path(cmd[0]).resolve() == Path(sys.executable).resolve():
            self.process = warm.kernel(cmd[cmd.index(LAUNCHER) + 1 :], env, cwd, self.memory or None)
        if self.process is None:
            if self.memory and sys.platform == "linux":
                kwargs["preexec_fn"] = self._limit
            await super().launch_kernel(cmd, **kwargs)
            child.KERNELS.add(self.pgid)
            return self.connection_info
        self.pid = self.pgid = self.process.pid
        child.KERNELS.add(self.pgid)
        self.cwd = cwd
        await self._told(PATIENCE)
        return self.connection_info

    def _limit(self) -> None:
        child.limit_memory(self.memory)

    async def send_signal(self, signum: int) -> None:
        """Send it a signal; no Ctrl-C on its way out, of which an idle kernel would complain on standard error."""
        if signum != signal.SIGINT or not getattr(self.parent, "shutting_down", False):
            await super().send_signal(signum)

    async def shutdown_requested(self, restart: bool = False) -> None:
        """It was asked to end: note how much memory it held."""
        self.peak = _peak(self.pid)

    async def kill(self, restart: bool = False) -> None:
        """End it at once, and note how much memory it held."""
        self.peak = _peak(self.pid) or self.peak
        await super().kill(restart)
        if isinstance(self.process, warm.Forked):
            # Nothing survives that signal; the warm process sees it end, and nobody waits for it here.
            self.process.returncode = -signal.SIGKILL

    async def wait(self) -> int | None:
        """Wait for its end, which a forked kernel tells: nobody looks ten times a second."""
        if isinstance(self.process, warm.Forked):
            while self.process.poll() is None:
                await self._told(None)
        ended = await super().wait()
        child.KERNELS.discard(self.pgid)
        return ended

    async def _told(self, timeout: float | None) -> None:
        """Wait until the forked kernel says something: that it is up, or has ended."""
        loop, process = asyncio.get_running_loop(), self.process
        readable = asyncio.Event()
        loop.add_reader(process.fileno(), readable.set)
        try:
            await asyncio.wait_for(readable.wait(), timeout)
        except asyncio.TimeoutError:
            pass
        finally:
            loop.remove_reader(process.fileno())


def _peak(process: int | None) -> int | None:
    try:
        status = Path(f"/proc/{process}/status").read_text()
        return int(status.split("VmHWM:")[1].split()[0]) * 1024
    except (OSError, IndexError, ValueError):
        return None
