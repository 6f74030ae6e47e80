"""One warm process a build, of which its jobs are forked, so that a library is imported once.

To start Python and import torch or scikit-learn takes a second and more, which most jobs spend on
nothing else. `server` is the warm process. Every command of a job goes through `client`, which
hands a script to the server and waits for it; where there is no server, or the server will not
have it, the client becomes the command, which then runs as if neither were there. So a job is a
process of its own, with its own log, exit status and end, in both cases.
"""

import os
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

ADDRESS = "RELEARN_FORKSERVER"  # the variable that tells the jobs where the server listens
# As Snakemake sets them for a job of one thread.
_ONE_THREAD = dict.fromkeys(
    (
        "OMP_NUM_THREADS",
        "GOTO_NUM_THREADS",
        "OPENBLAS_NUM_THREADS",
        "MKL_NUM_THREADS",
        "VECLIB_MAXIMUM_THREADS",
        "NUMEXPR_NUM_THREADS",
    ),
    "1",
)
# pandas loads Arrow, whose allocator would start a thread, and no forked process would have it.
_NO_THREAD_OF_ITS_OWN = {"JE_ARROW_MALLOC_CONF": "background_thread:false"}
_FOLDER = Path(__file__).resolve().parent
# Elsewhere than on Linux system libraries break in a process that was forked.
_AVAILABLE = sys.platform == "linux"
_CLIENT = shlex.join([sys.executable, "-I", "-S", str(_FOLDER / "client.py")])
# What Snakemake is to put before a job's command in the shell; it fills in what stands in braces.
PREFIX = "set -euo pipefail; " + (
    f"exec {_CLIENT} ".replace("{", "{{").replace("}", "}}") if _AVAILABLE else ""
)


def start() -> None:
    """Start a server that ends when this process does, for jobs of one thread."""
    if not _AVAILABLE:
        return
    path = Path(tempfile.mkdtemp(prefix="relearn-"), "socket")
    environment = os.environ | _ONE_THREAD | _NO_THREAD_OF_ITS_OWN
    # This process keeps the pipe's other end open as long as it lives, and no longer.
    ends, _ = os.pipe()
    server = subprocess.Popen(
        [sys.executable, "-P", _FOLDER / "server.py", path],
        stdin=ends,
        stdout=subprocess.PIPE,
        env=environment,
    )
    os.close(ends)
    if server.stdout.readline():  # else it has said why not, and each job starts by itself
        os.environ[ADDRESS] = str(path)
