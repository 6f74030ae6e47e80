"""Write the manifest of every scientific result."""

from relearn.runs.job import USAGE, job

with job(snakemake):
    from relearn.runs.manifest import seal

    seal(snakemake.input, snakemake.output[0], USAGE)
