"""One Snakemake job: its output goes to its log, its failure is one line on the terminal."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

from relearn.errors import RelearnError
from relearn.runs import failures


@contextmanager
def job(snakemake: Any, show_progress: bool = False) -> Iterator[None]:
    """Run the block as a job.

    Args:
        snakemake: the object that Snakemake gives to a script.
        show_progress: leave standard error on the terminal, for a bar that a person follows.

    Raises:
        SystemExit: status 1, after one line that names the job, the reason and the log.
    """
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
    failures.clear(rule, wildcards)
