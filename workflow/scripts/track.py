"""Bring MLflow up to date with the results."""

from pathlib import Path

from relearn.runs.job import job

with job(snakemake):
    from relearn.runs import store, tracking

    results = Path("results")
    with store.answering(results):
        tracking.track(
            snakemake.params.experiments,
            Path(snakemake.output[0]),
            results,
            snakemake.config["scale"],
        )
