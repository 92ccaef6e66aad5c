"""Can this machine isolate programs? There is no fallback: without isolation nothing runs."""

from __future__ import annotations

import os
import re
import subprocess
from functools import cache
from pathlib import Path

from oorl.errors import IsolationUnavailable
from oorl.languages.base import find_tool
from oorl.sandbox.cell import NOBODY, base_arguments

OLDEST = (0, 6)
"""The first bubblewrap with `--size`, without which a private /tmp has no limit."""


@cache
def require_bubblewrap() -> str:
    """The path of a bubblewrap that works here. Raises `IsolationUnavailable` with the remedy."""
    path = find_tool(("bwrap",))
    if path is None:
        raise IsolationUnavailable("bubblewrap is not installed, and programs of models are never "
                                   "run without isolation.", "sudo apt-get install -y bubblewrap")
    found = bubblewrap_version(path)
    if found < OLDEST:
        raise IsolationUnavailable(
            f"bubblewrap {'.'.join(map(str, found))} at {path} is too old (0.6 is needed).",
            "Upgrade the bubblewrap package, or use Debian 12 / Ubuntu 22.04 or newer.")
    error = try_namespaces(path)
    if error is not None:
        raise IsolationUnavailable(f"bubblewrap cannot create namespaces here: {error}", remedy())
    return path


def bubblewrap_version(path: str) -> tuple[int, ...]:
    """Its version as numbers."""
    text = subprocess.run([path, "--version"], capture_output=True, text=True, check=False).stdout
    return tuple(map(int, re.findall(r"\d+", text)[:2]))


def try_namespaces(path: str) -> str | None:
    """Run `true` in a cell's namespaces, as the uid cells get. None if it works, else why not."""
    drop = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}
    done = subprocess.run(  # type: ignore[call-overload]
        [*base_arguments(path), "--size", "65536", "--tmpfs", "/tmp", "--remount-ro", "/",
         "--", "/bin/sh", "-c", ":"],
        capture_output=True, check=False, stdin=subprocess.DEVNULL, env={}, **drop)
    if done.returncode == 0:
        return None
    return done.stderr.decode("utf-8", "replace").strip()[:300] or f"exit {done.returncode}"


def remedy() -> str:
    """The most likely way out on this kernel."""
    if _setting("kernel/apparmor_restrict_unprivileged_userns") == "1":
        return ("sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0   (Ubuntu 24.04 "
                "restricts user namespaces by AppArmor; or load an AppArmor profile for bwrap)")
    if _setting("kernel/unprivileged_userns_clone") == "0":
        return "sudo sysctl -w kernel.unprivileged_userns_clone=1"
    if _setting("user/max_user_namespaces") == "0":
        return "sudo sysctl -w user.max_user_namespaces=15000"
    if Path("/.dockerenv").exists():
        return ("Start the container with --security-opt seccomp=unconfined --security-opt "
                "apparmor=unconfined --security-opt systempaths=unconfined")
    return "Run `bwrap --unshare-all --ro-bind / / true` and remove what it complains about."


def _setting(name: str) -> str:
    try:
        return Path("/proc/sys", name).read_text().strip()
    except OSError:
        return ""
