"""A judge whose cells are inside Docker containers (`sandbox.backend: docker`).

The image has bubblewrap and the toolchains that the language files name (deploy/Dockerfile, target
`sandbox`), so this machine needs Docker only. A container holds one worker, which makes a cell of
its own for every program, as outside. The container has no network, no capabilities, a read-only
root and a private /tmp; Docker's system call filter and masks of /proc are off, since they forbid
the namespaces that the cells are made of, and cells have a filter of their own. Without control
groups inside, limits are kept by watching the process tree.
"""

from __future__ import annotations

import json
import os
import subprocess
import uuid
from collections.abc import Sequence
from pathlib import Path

import oorl
from oorl.errors import IsolationUnavailable
from oorl.params.sandbox import SandboxParams
from oorl.sandbox.elsewhere import error_of
from oorl.sandbox.judge import WORKER, Judge, _Connection, settings_of
from oorl.sandbox.prepared import cache_folder

BUILD = "docker build -f deploy/Dockerfile --target sandbox -t {image} --build-arg LANGUAGES=all ."
USER = 1000
"""Who runs in the container if we are root; the image's own user."""


class DockerJudge(Judge):
    """A `Judge` with `params.workers` containers of `params.image`.

    Raises `IsolationUnavailable` without Docker or the image, or if the container cannot make
    namespaces, and `ToolchainMissing` for a language that the image does not have.
    """

    def __init__(self, params: SandboxParams, *, use_warm: bool = True, cache_size: int = 0
                 ) -> None:
        super().__init__(params, use_warm=use_warm, cache_size=cache_size)
        self._bwrap = ""
        self._known: set[str] = set()

    def _check(self, languages: Sequence[str]) -> None:
        new = [name for name in languages if name not in self._known]
        if self._bwrap and not new:
            return
        command = [*docker_run(self.params, f"oorl-{uuid.uuid4().hex}"),
                   "python3", "-m", "oorl.sandbox.inside", *new]
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=False)
        except FileNotFoundError:
            raise IsolationUnavailable("sandbox.backend is docker, but there is no `docker` here.",
                                       "Install Docker, or use backend local.") from None
        if done.returncode:
            raise IsolationUnavailable(
                f"image {self.params.image} does not run: {done.stderr.strip()[-300:]}",
                BUILD.format(image=self.params.image))
        found = json.loads(done.stdout.splitlines()[-1])
        if "bwrap" not in found:
            kind, problem, _ = found["fault"]
            raise error_of((kind, f"in image {self.params.image}: {problem}",
                            BUILD.format(image=self.params.image)))
        self._bwrap = found["bwrap"]
        self._known.update(new)

    def _start(self) -> None:
        if not self._workers:
            self._check([])
            for settings in settings_of(self.params, self._bwrap, self.use_cgroups,
                                        self.use_warm):
                name = f"oorl-{uuid.uuid4().hex}"
                self._workers.append(_Connection(settings, [
                    *docker_run(self.params, name), "python3", *WORKER]))


def docker_run(params: SandboxParams, name: str) -> list[str]:
    """How to start a container that judges, up to its command. It ends with its stdin."""
    package = Path(oorl.__file__).parent
    cache = Path(f"{cache_folder()}-docker")
    cache.mkdir(parents=True, exist_ok=True)
    user, group = os.getuid(), os.getgid()
    if not user:
        user = group = USER
        os.chown(cache, user, group)
    memory = max(params.memory_bytes, 2**30) + 3 * 2**30  # compile servers and warm parents too
    return ["docker", "run", "--rm", "--interactive", "--init", "--name", name,
            "--pull", "never",
            "--network", "none", "--cap-drop", "ALL", "--read-only", "--tmpfs", "/tmp",
            "--security-opt", "no-new-privileges", "--security-opt", "seccomp=unconfined",
            "--security-opt", "apparmor=unconfined", "--security-opt", "systempaths=unconfined",
            "--pids-limit", "4096", "--memory", str(memory), "--memory-swap", str(memory),
            "--user", f"{user}:{group}", "--env", "XDG_CACHE_HOME=/cache",
            "--volume", f"{cache}:/cache", "--volume", f"{package}:/project/src/oorl:ro",
            params.image]
