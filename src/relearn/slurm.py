"""A build through Slurm: what a killed one left there, and what Slurm's absence must not end."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from relearn.errors import RelearnError

PREFIX = "relearn_"  # of a job's name, by profiles/slurm
FIELDS = "%i|%j|%Z"  # its id, its name, the folder that it was submitted from
PAUSE = 10.0  # seconds until Slurm is asked again


def mend(executor: Any) -> None:
    """Keep Snakemake's executor for Slurm, as of version 2.8.0, from waiting for ever.

    - Unanswered `status_attempts` times, it forgets its jobs
      (https://github.com/snakemake/snakemake-executor-plugin-slurm/issues/207). Here it asks again
      until Slurm is back.
    - Whatever it is told to ask, it asks sacct while Slurm is away, also where there are no
      accounts.
    - What it refuses to submit, such as a batch on an account that is not there, it loses: it would
      name the rule, and a batch has none. Here that is the job's failure.
    """
    plugin = sys.modules.get("snakemake_executor_plugin_slurm")
    if plugin is None or not isinstance(executor, plugin.Executor):
        return
    submit = executor.run_job

    def submitted(job: Any) -> None:
        try:
            submit(job)
        except AttributeError as error:
            reason = " ".join(str(error.__context__ or error).split())
            print(f"relearn: not submitted: {reason}", file=sys.stderr, flush=True)
            executor._report_job_error_threadsafe(plugin.SubmittedJobInfo(job), reason)

    executor.run_job = submitted
    ask, age, known = plugin.query_job_status, plugin.get_min_job_age, plugin.get_min_job_age()

    async def answered(command: str, logger: Any) -> tuple:
        while True:
            found = await ask(command, logger)
            if found[0] is not None or not executor.wait:
                return found
            await asyncio.sleep(PAUSE)

    plugin.query_job_status = answered
    plugin.get_min_job_age = lambda: age() or known


def cancel_left(folder: Path) -> None:
    """Cancel this user's jobs that were submitted from `folder`; return once they have ended.

    Another build would compute the same anew, and both would write to the same files.

    Raises:
        RelearnError: Slurm does not answer, or does not cancel them.
    """
    if not shutil.which("squeue"):
        return
    jobs = _jobs(folder)
    if not jobs:
        return
    print(f"relearn: cancelling {len(jobs)} jobs that a killed build left", file=sys.stderr)
    _call("scancel", *jobs)
    while _jobs(folder):
        time.sleep(1)


def _jobs(folder: Path) -> list[str]:
    lines = _call("squeue", "--me", "--noheader", "--format", FIELDS).splitlines()
    found = [line.split("|", 2) for line in lines]
    return [job for job, name, where in found if name.startswith(PREFIX) and where == str(folder)]


def _call(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        said = " ".join(done.stderr.split()) or f"status {done.returncode}"
        raise RelearnError(f"{command[0]}: {said}; see that Slurm is up, then build again")
    return done.stdout
