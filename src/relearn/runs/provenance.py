"""Where a result comes from: code, config, data, versions, commit, machine and time."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import subprocess
import sys
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from relearn.files import whole
from relearn.runs import strict, versions


def key(identity: Mapping[str, Any]) -> str:
    """Return a run's key: a hash over all that decides its numbers, code and versions included."""
    text = json.dumps(identity, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def command(scale: str, rule: str, target: str) -> str:
    """Return the exact command that remakes a target by running its rule again."""
    overlay = "" if scale == "default" else f"--configfile config/{scale}.yaml "
    mode = f"{strict.COMMAND} " if strict.active() else ""
    return f"{mode}.venv/bin/snakemake --cores 1 {overlay}--forcerun {rule} -- {target}"


def git(folder: Path, *arguments: str) -> str | None:
    """Return what git prints about a checkout; None outside one, or without git."""
    command = ["git", "-C", str(folder), *arguments]
    try:
        answer = subprocess.run(
            command, capture_output=True, encoding="utf-8", check=True, timeout=10
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return answer.stdout.strip()


def commit(folder: Path = Path()) -> tuple[str | None, bool | None]:
    """Return the checkout's commit and whether tracked files differ; None outside git."""
    revision = git(folder, "rev-parse", "HEAD")
    changed = git(folder, "status", "--porcelain", "-uno")
    return revision, None if changed is None else bool(changed)


def processor() -> str:
    """Return the processor's name, as the system gives it."""
    path = Path("/proc/cpuinfo")
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


def memory_gib() -> int:
    """Return the machine's memory, rounded to GiB."""
    return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30)


def gpu() -> str | None:
    """Return the name of the GPU that this job used, if it used one."""
    torch = sys.modules.get("torch")  # a forked job may have it without any use of it
    return torch.cuda.get_device_name() if torch and torch.cuda.is_initialized() else None


def write(
    path: Path,
    identity: Mapping[str, Any],
    started: datetime,
    finished: datetime,
    threads: int,
    remade_by: str,
) -> None:
    """Write one variant's provenance beside, never in, its scientific results."""
    revision, dirty = commit()
    facts = dict(identity) | {
        "key": key(identity),
        "started": started.isoformat(),
        "finished": finished.isoformat(),
        "seconds": (finished - started).total_seconds(),
        "host": platform.node(),
        "platform": platform.platform(),
        "python": sys.version.split()[0],
        "processor": f"{processor()}, {os.cpu_count()} cores, {memory_gib()} GiB",
        "gpu": gpu(),
        "versions": versions.installed(),
        "commit": revision,
        "dirty": dirty,
        "threads": threads,
        "omp_num_threads": os.environ.get("OMP_NUM_THREADS"),
        "command": remade_by,
    }
    with whole(path) as temporary:
        temporary.write_text(json.dumps(facts, indent=2, ensure_ascii=False), encoding="utf-8")
