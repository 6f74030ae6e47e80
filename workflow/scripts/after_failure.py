"""After a failed build: record the failures in MLflow and show the gaps in the report.

Called by the Snakefile's onerror, with the config as JSON on standard input, once no job runs.
"""

import contextlib
import json
import logging
import os
import sys
from pathlib import Path

from relearn import takeover
from relearn.errors import RelearnError
from relearn.files import whole
from relearn.report import page
from relearn.runs import failures, tracking
from relearn.runs.registration import of

REPORT = Path("results/report/index.html")
logging.getLogger("mlflow").setLevel(logging.CRITICAL)  # it would add a traceback to its error

try:
    takeover.work()  # should the build be killed now, the next one waits for what is written here
except RelearnError as error:
    sys.exit(f"relearn: {error}")
with contextlib.suppress(RelearnError):  # a spoilt note, which is said below
    for note in failures.notes():  # the jobs' own lines may be far above, or in a cluster's logs
        told = f"{failures.job(note)}: {note['error']} (log: {note['log']})"
        print(f"relearn: failed: {told}", file=sys.stderr)
try:
    tracking.track_failures(Path("results"))
except Exception as error:  # the build's own failure is the news; this one is a line beside it
    said = " ".join(str(error).split())
    print(f"relearn: the failure is not in MLflow: {said[:300]}", file=sys.stderr)
try:
    with whole(REPORT) as temporary:
        config = json.load(sys.stdin)
        built = page.build(Path("results"), config, Path(), registered=of(config))
        temporary.write_text(built.html, encoding="utf-8")
    os.utime(REPORT, (0, 0))  # older than any result, so that the next build makes it again
    print(f"relearn: the report with what is there: {REPORT}", file=sys.stderr)
except (RelearnError, OSError) as error:
    state = "the report is as it was" if REPORT.exists() else "there is no report"
    print(f"relearn: {state}: {error}", file=sys.stderr)
# Without its index the next build tracks again, and so clears what has succeeded by then.
Path("results/mlflow/runs.json").unlink(missing_ok=True)
