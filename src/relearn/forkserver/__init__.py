"""One warm process a build, of which its jobs are forked, so that a library is imported once.

To start Python and import torch or scikit-learn takes a second and more, which most jobs spend on
nothing else. `server` is the warm process. `client` takes the place of Python in a job's shell: it
hands the script to the server and waits for it; if there is no server, or it will not have the
script, the client becomes Python. So a job is a process of its own in both cases.
"""

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

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


def start() -> str | None:
    """Start a server that ends when this process does, for jobs of one thread.

    Returns:
        What `shell.prefix` of Snakemake is to put before every command, lest Python be started: a
        function of bash in Python's name, before Snakemake's own prefix. None if there is no
        server, because system or shell are others, or after a line that says why.
    """
    if sys.platform != "linux" or not shutil.which("bash"):
        return None
    try:
        address = Path(tempfile.mkdtemp(prefix="relearn-"), "socket")
        # This process keeps the pipe's other end open as long as it lives, and no longer.
        ends, _ = os.pipe()
        server = subprocess.Popen(
            [sys.executable, _FOLDER / "server.py", address],
            stdin=ends,
            stdout=subprocess.PIPE,
            env=os.environ | _ONE_THREAD | _NO_THREAD_OF_ITS_OWN,
        )
        os.close(ends)
    except OSError as error:
        print(f"relearn: no fork server, each job starts by itself: {error}", file=sys.stderr)
        return None
    if not server.stdout.readline():
        return None
    client = [sys.executable, "-I", "-S", _FOLDER / "client.py", address, sys.executable]
    function = f'function {sys.executable} {{ command {shlex.join(map(str, client))} "$@"; }}'
    # Snakemake fills in what stands in braces.
    return f"set -euo pipefail; {function}; ".replace("{", "{{").replace("}", "}}")
