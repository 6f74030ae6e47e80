import hashlib
import json
import os
import shlex
import subprocess
import sys
from os.path import relpath
from pathlib import Path

import relearn.report
from relearn import forkserver, slurm, takeover
from relearn.errors import RelearnError
from relearn.planning import plan
from relearn.runs import altered

# What Snakemake knows of each output: the code, parameters and inputs that made it.
METADATA = ".snakemake/metadata"
if shlex.quote(sys.executable) != sys.executable:
    sys.exit(
        f"relearn: {sys.executable}: Snakemake cannot start jobs with a Python whose path has "
        "spaces or quotes; move the checkout to a path without them"
    )
if workflow.is_main_process and os.path.isdir("results/runs") and not os.path.isdir(METADATA):
    sys.exit(
        f"relearn: {METADATA}: is missing, so nothing tells whether results/ is of this code and "
        "config; bring .snakemake along with results, or begin anew with make clean"
    )
if workflow.is_main_process and takeover.arrive():
    for path in altered.set_aside(Path("results/usage"), Path("results/manifest.sha256")):
        print(
            f"relearn: {path}: is not what its job wrote; it is made again, and what was there is "
            f"{path}{altered.ASIDE}",
            file=sys.stderr,
        )
try:
    PLAN = plan(
        config,
        workflow.configfiles,
        Path(workflow.basedir, "workflow/schemas/config.schema.json"),
        Path(".snakemake/relearn_plan.json"),
    )
except RelearnError as error:
    sys.exit(f"relearn: {error}")

# Snakemake would import pandas, for a quarter of a second, to see that no parameter is a data frame.
# So `lookup` with a query, which wants pandas, has no place in these rules.
sys.modules.setdefault("pandas", None)

CODE = PLAN["code"]
EXPERIMENTS = list(PLAN["experiments"])
LISTINGS = [name for name, facts in PLAN["experiments"].items() if facts["listing"]]
RUN_FILES = [f"results/runs/{{experiment}}/{{variant}}/{name}" for name in PLAN["records"]]
FIGURE_FILES = [f"results/figures/{{experiment}}.{kind}" for kind in ("svg", "csv", "txt")]
# Prose, template and style: not code, so no fingerprint sees them.
REPORT_SOURCES = sorted(
    relpath(path)
    for path in Path(relearn.report.__file__).parent.rglob("*")
    if path.suffix in {".md", ".yaml", ".j2", ".css", ".js", ".woff2"}
)
# `make bench` makes it; the report shows it where it is.
BENCH = [path for path in ["results/bench/bench.json"] if os.path.exists(path)]
for name in EXPERIMENTS:
    if not any(Path(source).name == f"{name}.md" for source in REPORT_SOURCES):
        sys.exit(f"relearn: prose/en/{name}.md is missing: write what experiment {name} shows")


wildcard_constraints:
    experiment="|".join(EXPERIMENTS),
    variant="[a-z][a-z0-9_]*",
    dataset="|".join(config["datasets"]),


def variants(experiment):
    return list(PLAN["experiments"][experiment]["variants"])


def parameters(experiment, variant):
    return PLAN["experiments"][experiment]["variants"][variant]


def datasets(experiment, variant):
    """The names of the data sets that a variant reads: one, or none if it makes its own data."""
    name = parameters(experiment, variant).get("dataset")
    return [] if name is None else [name]


def normalised(names):
    """The files of data sets that are ready for use, the facts first."""
    files = ["normalisation.json", *(f"{array}.npy" for array in PLAN["arrays"])]
    return [f"data/{name}/{file}" for name in names for file in files]


def code(function):
    """The fingerprint of an experiment's `function`, as a params entry."""
    return lambda wildcards: PLAN["experiments"][wildcards.experiment]["code"][function]


def codes(function, experiments):
    """The fingerprints of one function of several experiments."""
    return [PLAN["experiments"][name]["code"][function] for name in experiments]


def runs_of(experiment):
    return expand(RUN_FILES, experiment=experiment, variant=variants(experiment))


def every(pattern, experiments=EXPERIMENTS):
    return [
        path
        for name in experiments
        for path in expand(pattern, experiment=name, variant=variants(name))
    ]


def chapter(wildcards):
    """The article's section that an experiment belongs to, as `--report` names it and sorts by it."""
    from relearn.experiments import catalogue

    number, title = catalogue.chapter(config["experiments"][wildcards.experiment])
    return f"{number:0>2} {title}"


def shown(path, caption, kind, variant="all", category=chapter, subcategory="{experiment}"):
    """A file that `snakemake --report` shows."""
    return report(
        path,
        caption=f"../report/{caption}.rst",
        category=category,
        subcategory=subcategory,
        labels={"variant": variant, "kind": kind},
    )


def shown_first(path, kind):
    """A file over all experiments, which `snakemake --report` shows before theirs."""
    return shown(path, kind, kind, category="00 All experiments", subcategory=None)


# The store is no output of `track`, which adds to it; an index is none if its store is gone or is no
# database, or was made in another folder.
TRACKING_URI = os.environ.get("MLFLOW_TRACKING_URI", "")
MADE_IN = Path("results/mlflow/made-in")
AT_HOME = MADE_IN.is_file() and MADE_IN.read_bytes() == os.fsencode(MADE_IN.parent.resolve())
STORE = Path("results/mlflow/mlflow.db")
IS_STORE = STORE.is_file() and STORE.open("rb").read(15) == b"SQLite format 3"
if not TRACKING_URI and not (AT_HOME and IS_STORE):
    Path("results/mlflow/runs.json").unlink(missing_ok=True)
