"""Draw one experiment's figure, with its data and its description."""

from relearn.runs.job import job

with job(snakemake):
    from relearn.experiments import catalogue
    from relearn.files import whole
    from relearn.runs import record

    experiment = snakemake.wildcards.experiment
    folder = f"results/runs/{experiment}"
    results = {name: record.read(f"{folder}/{name}") for name in snakemake.params.variants}
    figure = catalogue.module(experiment).draw(results)
    svg, csv, text = snakemake.output
    figure.save(svg, csv, salt=experiment)
    with whole(text) as temporary:
        temporary.write_text(figure.description(), encoding="utf-8")
