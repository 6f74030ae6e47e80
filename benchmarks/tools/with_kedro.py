"""kedro, threads that start the processes: with_kedro.py COUNT JOBS COMMAND…"""

import subprocess
import sys
from functools import partial

from kedro.io import DataCatalog
from kedro.pipeline import Pipeline, node
from kedro.runner import ThreadRunner


def run(number: int) -> int:
    """Run one process and return its exit status, for a node has to give something."""
    command = [*sys.argv[3:], str(number), f"{number}.csv"]
    return subprocess.run(command, check=True).returncode


nodes = [
    node(partial(run, number), None, f"fit_{number}", name=f"fit_{number}")
    for number in range(int(sys.argv[1]))
]
ThreadRunner(max_workers=int(sys.argv[2])).run(Pipeline(nodes), DataCatalog())
