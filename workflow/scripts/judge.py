"""Turn every experiment's results into effects, one value a seed, and these into verdicts."""

import json

from relearn.runs.job import job

with job(snakemake):
    from relearn.experiments import catalogue
    from relearn.files import whole
    from relearn.runs import evidence, record

    effects = {}
    for experiment, variants in snakemake.params.variants.items():
        folder = f"results/runs/{experiment}"
        try:
            results = {name: record.read(f"{folder}/{name}") for name in variants}
            effects |= catalogue.module(experiment).judge(results)
        except Exception as error:
            error.add_note(experiment)
            raise
    claims = {
        name: claim | {"experiment": experiment}
        for experiment, block in snakemake.params.claims.items()
        for name, claim in block.items()
    }
    with whole(snakemake.output[0]) as temporary:
        verdicts = evidence.verdicts(claims, effects)
        temporary.write_text(
            json.dumps(verdicts, indent=2, ensure_ascii=False, allow_nan=False), encoding="utf-8"
        )
