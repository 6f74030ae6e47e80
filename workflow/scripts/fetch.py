"""Fetch one data set from the first source that gives the pinned bytes."""

from relearn.runs.job import job

with job(snakemake, show_progress=True):
    from relearn.data import sources

    name = snakemake.wildcards.dataset
    dataset = snakemake.config["datasets"][name]
    sources.fetch(name, dataset["files"], dataset["sources"], f"data/{name}/raw")
