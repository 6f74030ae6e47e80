"""Assemble the report from the results."""

from pathlib import Path

from relearn.runs.job import job

with job(snakemake):
    from relearn.files import whole
    from relearn.report import page
    from relearn.runs.registration import of

    config = snakemake.params.config
    html = page.build(Path("results"), config, Path(), registered=of(config))
    with whole(snakemake.output[0]) as temporary:
        temporary.write_text(html)
