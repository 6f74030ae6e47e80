"""One Snakemake job: its output goes to its log, its failure is one line on the terminal.

What it cost is kept, too. Snakemake's `benchmark` would measure the process that it started itself,
which only waits for the job (see `forkserver`).
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from relearn import takeover
from relearn.errors import RelearnError
from relearn.files import whole
from relearn.runs import failures

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
    terminal = os.dup(2)
    Path(log).parent.mkdir(parents=True, exist_ok=True)
    failures.write(
        rule, wildcards, log, "was killed, or its machine stopped, before it could say why"
    )
    with open(log, "w", buffering=1) as stream:
        sys.stdout.reconfigure(line_buffering=True)
        # The descriptors, not `sys.stderr`: libraries that were loaded before hold on to theirs.
        for number in (1,) if show_progress else (1, 2):
            os.dup2(stream.fileno(), number)
        try:
            yield
            _keep_usage(rule, wildcards, time.perf_counter() - start)
        except KeyboardInterrupt:  # the person's own doing is no failure
            failures.clear(rule, wildcards)
            raise SystemExit(1) from None
        except BaseException as error:
            if isinstance(error, RelearnError):
                message = str(error)
                stream.write(f"{message}\n")
            else:
                message = f"{type(error).__name__}: {error}"
                stream.write(traceback.format_exc())
            # A job over several things says by a note which of them it was at.
            message = ": ".join([*getattr(error, "__notes__", ()), message]).replace("\n", " ")
            failures.write(rule, wildcards, log, message)
            place = "/".join([rule, *wildcards.values()])
            # One write, line end and all: other jobs print to the same terminal.
            os.write(terminal, f"relearn: {place}: {message} (log: {log})\n".encode())
            raise SystemExit(1) from None
    failures.clear(rule, wildcards)


def _keep_usage(rule: str, wildcards: Mapping[str, str], seconds: float) -> None:
    """Write a job's seconds, those of its processors, and its peak of memory.

    The seconds are from the script's first line on. The memory is what the process can reach, so
    that of a forked job counts all libraries that the server had loaded by then.
    """
    usage = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    spent = {
        "seconds": seconds,
        "cpu_seconds": sum(each.ru_utime + each.ru_stime for each in usage),
        "peak_mib": _peak_mib(),
    }
    with whole(failures.path(rule, wildcards, USAGE)) as temporary:
        temporary.write_text(json.dumps(spent))


def _peak_mib() -> float:
    """Return the most memory that this process held.

    Linux hands `ru_maxrss` on from the process that started this one, so there it is no answer.
    """
    status = Path("/proc/self/status")
    if status.exists():
        (peak,) = [line for line in status.read_text().splitlines() if line.startswith("VmHWM:")]
        return int(peak.split()[1]) / 2**10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20  # bytes, on macOS
