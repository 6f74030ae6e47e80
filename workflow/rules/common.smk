import hashlib
import json
import os
import shlex
import sys
from os.path import relpath
from pathlib import Path

import relearn.report
from relearn.data.images import ARRAYS
from relearn.errors import RelearnError
from relearn.experiments import catalogue, configuration
from relearn.runs.fingerprint import fingerprint
from relearn.runs.record import NAMES

if shlex.quote(sys.executable) != sys.executable:
    sys.exit(
        f"relearn: {sys.executable}: Snakemake cannot start jobs with a Python whose path has "
        "spaces or quotes; move the checkout to a path without them"
    )
try:
    for path in workflow.configfiles:
        configuration.check_keys(path)
    configuration.check(
        config,
        Path(workflow.basedir, "workflow/schemas/config.schema.json"),
        [Path(path).name for path in reversed(workflow.configfiles)],
    )
except RelearnError as error:
    sys.exit(f"relearn: {error}")

EXPERIMENTS = list(config["experiments"])
LISTINGS = [name for name in EXPERIMENTS if hasattr(catalogue.module(name), "LISTING")]
RUN_FILES = [f"results/runs/{{experiment}}/{{variant}}/{name}" for name in NAMES]
FIGURE_FILES = [f"results/figures/{{experiment}}.{kind}" for kind in ("svg", "csv", "txt")]
TRACKED = {
    name: {
        "variants": list(config["experiments"][name]["variants"]),
        "seed_runs": catalogue.module(name).SEED_RUNS,
    }
    for name in EXPERIMENTS
}
# Prose, template and style: not code, so no fingerprint sees them.
REPORT_SOURCES = sorted(
    relpath(path)
    for path in Path(relearn.report.__file__).parent.rglob("*")
    if path.suffix in {".md", ".j2", ".css"}
)
for name in EXPERIMENTS:
    if not any(Path(source).name == f"{name}.md" for source in REPORT_SOURCES):
        sys.exit(f"relearn: prose/en/{name}.md is missing: write what experiment {name} shows")


wildcard_constraints:
    experiment="|".join(EXPERIMENTS),
    variant="[a-z][a-z0-9_]*",
    dataset="|".join(config["datasets"]),


def variants(experiment):
    return list(config["experiments"][experiment]["variants"])


def parameters(experiment, variant):
    return catalogue.parameters(experiment, config["experiments"][experiment], variant)


def datasets(experiment, variant):
    """The names of the data sets that a variant reads: one, or none if it makes its own data."""
    values = parameters(experiment, variant).model_dump()
    return [values["dataset"]] if "dataset" in values else []


def normalised(names):
    """The files of data sets that are ready for use, the facts first."""
    files = ["normalisation.json", *(f"{array}.npy" for array in ARRAYS)]
    return [f"data/{name}/{file}" for name in names for file in files]


def code(function):
    """The fingerprint of an experiment's `function`, as a params entry."""
    return lambda wildcards: fingerprint(f"relearn.experiments.{wildcards.experiment}", function)


def runs_of(experiment):
    return expand(RUN_FILES, experiment=experiment, variant=variants(experiment))


def every(pattern, experiments=EXPERIMENTS):
    return [
        path
        for name in experiments
        for path in expand(pattern, experiment=name, variant=variants(name))
    ]


AFTER_FAILURE = "{} {} {}".format(
    shlex.quote(sys.executable),
    shlex.quote(str(Path(workflow.basedir, "workflow/scripts/after_failure.py"))),
    shlex.quote(json.dumps(config)).replace("{", "{{").replace("}", "}}"),
)

# The store is no output of `track`, which adds to it; an index is none if its store is gone, or was
# made in another folder.
TRACKING_URI = os.environ.get("MLFLOW_TRACKING_URI", "")
MADE_IN = Path("results/mlflow/made-in")
AT_HOME = MADE_IN.exists() and MADE_IN.read_text() == str(MADE_IN.parent.resolve())
if not TRACKING_URI and not (AT_HOME and os.path.exists("results/mlflow/mlflow.db")):
    Path("results/mlflow/runs.json").unlink(missing_ok=True)
