"""Bring MLflow up to date with the results."""

from pathlib import Path

from relearn.runs.job import job

with job(snakemake):
    from relearn.runs import tracking

    tracking.track(
        snakemake.params.experiments,
        Path(snakemake.output[0]),
        Path("results"),
        snakemake.config["scale"],
    )
