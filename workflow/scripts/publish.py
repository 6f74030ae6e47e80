"""Gather the six listings' numbers as printed."""

import json

from relearn.runs.job import job

with job(snakemake):
    from relearn.experiments import catalogue
    from relearn.files import whole
    from relearn.runs import record

    numbers = {}
    for experiment in snakemake.params.listings:
        module = catalogue.module(experiment)
        records = record.read(f"results/runs/{experiment}/published")
        numbers[module.LISTING] = module.publish(records)
    with whole(snakemake.output[0]) as temporary:
        ordered = dict(sorted(numbers.items()))
        temporary.write_text(json.dumps(ordered, indent=1, allow_nan=False), encoding="utf-8")
