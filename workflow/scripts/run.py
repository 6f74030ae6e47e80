"""Run one variant of one experiment, all its seeds; keep its records and their provenance."""

from datetime import UTC, datetime
from pathlib import Path

from relearn.runs.job import job

with job(snakemake):
    from relearn.data import images
    from relearn.experiments import catalogue
    from relearn.runs import provenance, record
    from relearn.runs.seeds import seeds

    experiment, variant = snakemake.wildcards.experiment, snakemake.wildcards.variant
    started = datetime.now(UTC)
    params = catalogue.module(experiment).Params(**snakemake.params.parameters)
    data = images.load(Path(snakemake.input[0]).parent) if snakemake.input else None
    replicates = seeds(snakemake.params.seed_base, experiment, params.seeds)
    records = catalogue.module(experiment).run(params, replicates, data)
    record.write(Path(snakemake.output[0]).parent, records)
    identity = {
        "experiment": experiment,
        "variant": variant,
        "params": params.model_dump(),
        "seed_base": snakemake.params.seed_base,
        "fingerprint": snakemake.params.code["code"],
        "libraries": snakemake.params.code["versions"],
        "data": data.digest if data else None,
    }
    command = provenance.command(snakemake.config["scale"], "run", snakemake.output[0])
    provenance.write(
        Path(snakemake.output.provenance),
        identity,
        started,
        datetime.now(UTC),
        snakemake.threads,
        command,
    )
