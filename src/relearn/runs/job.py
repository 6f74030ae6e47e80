"""One Snakemake job: its output goes to its log, its failure is one line on the terminal.

What it cost and what it made are kept, too. Snakemake's `benchmark` would measure the process that
it started itself, which only waits for the job (see `forkserver`).
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import resource
import sys
import time
import traceback
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from relearn import takeover
from relearn.errors import RelearnError
from relearn.files import whole
from relearn.runs import altered, failures

USAGE = Path("results/usage")


@contextmanager
def job(snakemake: Any, show_progress: bool = False) -> Iterator[None]:
    """Run the block as a job.

    Args:
        snakemake: the object that Snakemake gives to a script.
        show_progress: leave standard error on the terminal, for a bar that a person follows.

    Raises:
        SystemExit: status 1, after one line that names the job, the reason and the log; or says
            that another build has taken over.
    """
    try:
        takeover.work()
    except RelearnError as error:
        sys.exit(f"relearn: {error}")
    start = time.perf_counter()
    rule, log = snakemake.rule, str(snakemake.log)
    wildcards = dict(snakemake.wildcards.items())
    place = "/".join([rule, *wildcards.values()])
    terminal = os.dup(2)
    try:
        Path(log).parent.mkdir(parents=True, exist_ok=True)
        failures.write(
            rule, wildcards, log, "was killed, or its machine stopped, before it could say why"
        )
        stream = open(log, "w", buffering=1, encoding="utf-8")
    except OSError as error:  # the disk has no room even for the log, or may not be written to
        sys.exit(f"relearn: {place}: {_said(error)}")
    try:
        sys.stdout.reconfigure(encoding="utf-8", line_buffering=True)
        # The descriptors, not `sys.stderr`: libraries that were loaded before hold on to theirs.
        for number in (1,) if show_progress else (1, 2):
            os.dup2(stream.fileno(), number)
        yield
        _keep_usage(rule, wildcards, time.perf_counter() - start, snakemake.output)
    except KeyboardInterrupt:  # the person's own doing is no failure
        failures.clear(rule, wildcards)
        raise SystemExit(1) from None
    except BaseException as error:
        message = _said(error)
        with contextlib.suppress(OSError):  # on a full disk there is only the terminal
            expected = isinstance(error, RelearnError)
            stream.write(f"{message}\n" if expected else traceback.format_exc())
            failures.write(rule, wildcards, log, message)
        # One write, line end and all: other jobs print to the same terminal.
        os.write(terminal, f"relearn: {place}: {message} (log: {log})\n".encode())
        raise SystemExit(1) from None
    finally:
        with contextlib.suppress(OSError):
            stream.close()
    failures.clear(rule, wildcards)


def _said(error: BaseException) -> str:
    """Return an error in one line; a job over several things says by a note which it was at."""
    message = str(error) if isinstance(error, RelearnError) else f"{type(error).__name__}: {error}"
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        message += "; make room and build again"
    return ": ".join([*getattr(error, "__notes__", ()), message]).replace("\n", " ")


def _keep_usage(
    rule: str, wildcards: Mapping[str, str], seconds: float, outputs: Iterable[str]
) -> None:
    """Write a job's seconds, those of its processors, its peak of memory, its outputs' digests.

    The seconds are from the script's first line on. The memory is what the process can reach, so
    that of a forked job counts all libraries that the server had loaded by then.
    """
    usage = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    spent = {
        "seconds": seconds,
        "cpu_seconds": sum(each.ru_utime + each.ru_stime for each in usage),
        "peak_mib": _peak_mib(),
        "outputs": altered.digests(outputs),
    }
    with whole(failures.path(rule, wildcards, USAGE)) as temporary:
        temporary.write_text(json.dumps(spent), encoding="utf-8")


def _peak_mib() -> float:
    """Return the most memory that this process held.

    Linux hands `ru_maxrss` on from the process that started this one, so there it is no answer.
    """
    status = Path("/proc/self/status")
    if status.exists():
        lines = status.read_text(encoding="utf-8").splitlines()
        (peak,) = [line for line in lines if line.startswith("VmHWM:")]
        return int(peak.split()[1]) / 2**10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20  # bytes, on macOS
