"""Assemble the report from the results."""

from pathlib import Path

from relearn.runs.job import job

with job(snakemake):
    from relearn.files import whole
    from relearn.report import page
    from relearn.runs.registration import of

    config = snakemake.params.config
    built = page.build(Path("results"), config, Path(), registered=of(config))
    for path, text in zip(snakemake.output, (built.html, built.captions), strict=True):
        with whole(path) as temporary:
            temporary.write_text(text, encoding="utf-8")
