"""One Snakemake job: its output goes to its log, its failure is one line on the terminal.

What it cost is kept, too. Snakemake's `benchmark` would measure the process that it started itself,
which only waits for the job (see `forkserver`).
"""

from __future__ import annotations

import json
import resource
import sys
import time
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

from relearn.errors import RelearnError
from relearn.files import whole
from relearn.runs import failures

USAGE = Path("results/usage")
RSS_PER_MIB = 2**20 if sys.platform == "darwin" else 2**10  # ru_maxrss: bytes there, KiB elsewhere


@contextmanager
def job(snakemake: Any, show_progress: bool = False) -> Iterator[None]:
    """Run the block as a job.

    Args:
        snakemake: the object that Snakemake gives to a script.
        show_progress: leave standard error on the terminal, for a bar that a person follows.

    Raises:
        SystemExit: status 1, after one line that names the job, the reason and the log.
    """
    start = time.perf_counter()
    rule, log = snakemake.rule, str(snakemake.log)
    wildcards = dict(snakemake.wildcards.items())
    terminal = sys.stderr
    Path(log).parent.mkdir(parents=True, exist_ok=True)
    failures.write(
        rule, wildcards, log, "was killed, or its machine stopped, before it could say why"
    )
    with open(log, "w", buffering=1) as stream:
        try:
            with redirect_stdout(stream), redirect_stderr(terminal if show_progress else stream):
                yield
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
            terminal.write(f"relearn: {place}: {message} (log: {log})\n")
            raise SystemExit(1) from None
    _keep_usage(rule, wildcards, time.perf_counter() - start)
    failures.clear(rule, wildcards)


def _keep_usage(rule: str, wildcards: Mapping[str, str], seconds: float) -> None:
    """Write a job's seconds, those of its processors, and its peak of memory, by getrusage(2).

    The memory counts the libraries that a forked job shares with the server, as if it had loaded
    them itself.
    """
    own, others = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    spent = {
        "seconds": seconds,
        "cpu_seconds": own.ru_utime + own.ru_stime + others.ru_utime + others.ru_stime,
        "peak_mib": max(own.ru_maxrss, others.ru_maxrss) / RSS_PER_MIB,
    }
    with whole(failures.path(rule, wildcards, USAGE)) as temporary:
        temporary.write_text(json.dumps(spent))
