"""Assemble the report from the results."""

from pathlib import Path

from relearn.runs.job import job

with job(snakemake):
    from relearn.files import whole
    from relearn.report import page
    from relearn.runs.registration import registrations

    config = snakemake.params.config
    experiments = config["experiments"] if config["scale"] == "default" else None
    registered = registrations(Path(), experiments)
    html = page.build(Path("results"), config, Path(), registered=registered)
    with whole(snakemake.output[0]) as temporary:
        temporary.write_text(html)
