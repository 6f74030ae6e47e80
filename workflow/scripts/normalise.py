"""Measure mean and standard deviation; store the images for memory mapping."""

from pathlib import Path

from relearn.runs.job import job

with job(snakemake):
    from relearn.data import images

    folder = Path(snakemake.output.facts).parent
    images.normalise(folder / "raw", snakemake.params.files, folder)
