"""What the workflow needs before it can plan, in one piece that the next planning finds ready.

To check the config, ask each experiment for its parameters and hash the code that each rule reaches
adds nearly half to the time of a planning. It depends on the package's source, the config,
its schema, Python and the packages' versions alone, so it is kept under a digest of these.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterable, Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

from relearn.errors import ConfigError
from relearn.files import whole
from relearn.runs import costs, versions

PACKAGE = Path(__file__).resolve().parent
MOST = 100_000  # values of a config; ours has three thousand
CHECKERS = ("pydantic", "jsonschema", "pyyaml")
# What the scripts of an experiment's jobs call beside its own function.
SEEDS = ("relearn.runs.seeds", "seeds")
LOAD = ("relearn.data.images", "load")
WRITE = ("relearn.runs.record", "write")
READ = ("relearn.runs.record", "read")
# What the other rules' scripts call: a name for the rules, the definition.
STEPS = {
    "normalise": ("relearn.data.images", "normalise"),
    "verdicts": ("relearn.runs.evidence", "verdicts"),
    "seal": ("relearn.runs.manifest", "seal"),
    "track": ("relearn.runs.tracking", "track"),
    "report": ("relearn.report.page", "build"),
}


def plan(
    config: Mapping[str, Any],
    files: Iterable[Path],
    schema: Path,
    kept: Path,
    table: Path = costs.TABLE,
) -> dict[str, Any]:
    """Return the plan, read from `kept` if that was made of the same source and config.

    Args:
        config: the merged config.
        files: the config files that were merged, first to last.
        schema: the JSON Schema's file.
        kept: where the plan is kept.
        table: what jobs cost when they were measured; there may be none.

    Returns:
        {"records", "arrays": names of the files of a run and of a data set,
        "code": {step: {"code": fingerprint, "versions": {package: version}}},
        "experiments": {name: {"listing": whether it re-runs one, "question": what it asks,
        "seed_runs": whether a seed is a run of its own, "code": {function: the same as of a step},
        "variants": {name: parameters}, "costs": {variant: of its run, the
        fields of a `costs.Cost`}}}}.

    Raises:
        ConfigError: one line with the place, the value and the remedy.
        DataError: the same, of `table`.
    """
    files = [Path(path) for path in files]
    _require_small(config)
    read = [*files, schema, *(path for path in [table] if path.exists())]
    key = digest(config, read)
    try:
        found_key, found = json.loads(kept.read_text(encoding="utf-8"))
        if found_key == key:
            return found
    except (OSError, ValueError, TypeError):
        pass  # there is none yet, or it is spoilt
    text = json.dumps([key, _made(config, files, schema, costs.read(table))])
    if digest(config, read) == key:  # else the source was edited meanwhile
        with whole(kept) as temporary:
            temporary.write_text(text, encoding="utf-8")
    return json.loads(text)[1]  # the same types, made or kept


def digest(
    config: Mapping[str, Any],
    files: Iterable[Path],
    package: Path = PACKAGE,
) -> str:
    """Return a SHA-256 (64 hex digits) of all that a plan depends on."""
    found_versions = [sys.version, *map(metadata.version, CHECKERS), versions.installed()]
    found = hashlib.sha256(json.dumps([found_versions, config], default=str).encode())
    for path in [*sorted(package.rglob("*.py")), *files]:
        content = path.read_bytes()
        found.update(f"{path} {len(content)}\n".encode() + content)
    return found.hexdigest()


def _require_small(config: Mapping[str, Any]) -> None:
    """Raise ConfigError for a config that is too large to hash, each alias taken as it expands.

    A few lines of aliases can stand for more values than memory holds, or for one within itself.
    """
    count, level = 0, [config]
    while level:
        below: list[Any] = []
        for value in level:
            below += value.values() if isinstance(value, Mapping) else ()
            below += value if isinstance(value, list) else ()
            if count + len(below) > MOST:
                raise ConfigError(f"config: more than {MOST} values, aliases expanded; take less")
        count, level = count + len(below), below


def _made(
    config: Mapping[str, Any], files: Iterable[Path], schema: Path, measured: costs.Costs
) -> dict[str, Any]:
    from relearn.data.images import ARRAYS
    from relearn.experiments import catalogue, configuration
    from relearn.runs.record import NAMES

    for path in files:
        configuration.check_file(path)
    configuration.check(config, schema, [path.name for path in reversed(files)])
    experiments = {}
    for name, block in config["experiments"].items():
        module = catalogue.module(name)
        listing = hasattr(module, "LISTING")
        loads = [LOAD] if "dataset" in module.Params.model_fields else []
        beside = {"run": [SEEDS, *loads, WRITE], "draw": [READ], "judge": [READ]}
        beside |= {"publish": [READ]} if listing else {}
        variants = {
            variant: catalogue.parameters(name, block, variant).model_dump(mode="json")
            for variant in block["variants"]
        }
        experiments[name] = {
            "listing": listing,
            "question": module.__doc__.splitlines()[0],
            "seed_runs": module.SEED_RUNS,
            "code": {each: _code((module.__name__, each), *more) for each, more in beside.items()},
            "variants": variants,
            "costs": {
                variant: measured.estimate(
                    config["scale"], "run", name, variant, each["seeds"]
                )._asdict()
                for variant, each in variants.items()
            },
        }
    return {
        "records": NAMES,
        "arrays": ARRAYS,
        "code": {step: _code(definition) for step, definition in STEPS.items()},
        "experiments": experiments,
    }


def _code(definition: tuple[str, str], *beside: tuple[str, str]) -> dict[str, Any]:
    """Return the code that a job reaches, and the versions that its own definition rests on.

    The rest adds no version: every experiment reaches NumPy and pandas by itself, and a seed makes
    PyTorch's generator only for who imports PyTorch.
    """
    from relearn.runs.fingerprint import fingerprint

    found = [fingerprint(*each) for each in (definition, *beside)]
    reached = hashlib.sha256("".join(each.code for each in found).encode()).hexdigest()
    return {"code": reached, "versions": versions.used(found[0].packages)}
