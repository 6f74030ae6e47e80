"""Turn one experiment's results into effects, one value a seed."""

import json

from relearn.runs.job import job

with job(snakemake):
    from relearn.experiments import catalogue
    from relearn.files import whole
    from relearn.runs import record

    experiment = snakemake.wildcards.experiment
    folder = f"results/runs/{experiment}"
    results = {name: record.read(f"{folder}/{name}") for name in snakemake.params.variants}
    effects = {
        claim: {condition: values.tolist() for condition, values in parts.items()}
        for claim, parts in catalogue.module(experiment).judge(results).items()
    }
    with whole(snakemake.output[0]) as temporary:
        temporary.write_text(json.dumps(effects, indent=1))
