"""Turn every effect into a verdict."""

import json
from pathlib import Path

from relearn.runs.job import job

with job(snakemake):
    from relearn.files import whole
    from relearn.runs import evidence

    effects = {}
    for path in snakemake.input:
        effects |= json.loads(Path(path).read_text())
    claims = {
        name: claim | {"experiment": experiment}
        for experiment, block in snakemake.params.claims.items()
        for name, claim in block.items()
    }
    with whole(snakemake.output[0]) as temporary:
        verdicts = evidence.verdicts(claims, effects)
        temporary.write_text(json.dumps(verdicts, indent=2, ensure_ascii=False, allow_nan=False))
