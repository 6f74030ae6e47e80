"""What the workflow needs before it can plan, in one piece that the next planning finds ready.

To check the config, ask each experiment for its parameters and hash the code that each rule reaches
takes longer than all else that a planning does. It depends on the package's source, the config,
its schema and Python alone, so it is kept under a digest of these.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from relearn.files import whole

# What the rules call beside the experiments' own functions: a name for the rules, the definition.
STEPS = {
    "normalise": ("relearn.data.images", "normalise"),
    "record": ("relearn.runs.record", "write"),
    "verdicts": ("relearn.runs.evidence", "verdicts"),
    "seal": ("relearn.runs.manifest", "seal"),
    "track": ("relearn.runs.tracking", "track"),
    "report": ("relearn.report.page", "build"),
}


def plan(
    config: Mapping[str, Any], files: Iterable[Path], schema: Path, kept: Path
) -> dict[str, Any]:
    """Return the plan, read from `kept` if that was made of the same source and config.

    Args:
        config: the merged config.
        files: the config files that were merged, first to last.
        schema: the JSON Schema's file.
        kept: where the plan is kept.

    Returns:
        {"records", "arrays": names of the files of a run and of a data set,
        "code": {step: fingerprint},
        "experiments": {name: {"listing": whether it re-runs one, "seed_runs": whether a seed is a
        run of its own, "code": {function: fingerprint}, "variants": {name: parameters}}}}.

    Raises:
        ConfigError: one line with the place, the value and the remedy.
    """
    files = [Path(path) for path in files]
    key = _digest(config, [*files, schema])
    try:
        found = json.loads(kept.read_text())
    except (OSError, ValueError):
        found = {}
    if found.get("key") != key:
        text = json.dumps({"key": key, "plan": _made(config, files, schema)})
        with whole(kept) as temporary:
            temporary.write_text(text)
        found = json.loads(text)  # the same types, made or kept
    return found["plan"]


def _digest(config: Mapping[str, Any], files: Iterable[Path]) -> str:
    digest = hashlib.sha256(json.dumps([sys.version, config], default=str).encode())
    for path in [*sorted(Path(__file__).parent.rglob("*.py")), *files]:
        content = path.read_bytes()
        digest.update(f"{path} {len(content)}\n".encode() + content)
    return digest.hexdigest()


def _made(config: Mapping[str, Any], files: Iterable[Path], schema: Path) -> dict[str, Any]:
    from relearn.data.images import ARRAYS
    from relearn.experiments import catalogue, configuration
    from relearn.runs.fingerprint import fingerprint
    from relearn.runs.record import NAMES

    for path in files:
        configuration.check_keys(path)
    configuration.check(config, schema, [path.name for path in reversed(files)])
    experiments = {}
    for name, block in config["experiments"].items():
        module = catalogue.module(name)
        listing = hasattr(module, "LISTING")
        functions = ("run", "draw", "judge", *(["publish"] if listing else []))
        experiments[name] = {
            "listing": listing,
            "seed_runs": module.SEED_RUNS,
            "code": {each: fingerprint(module.__name__, each) for each in functions},
            "variants": {
                variant: catalogue.parameters(name, block, variant).model_dump(mode="json")
                for variant in block["variants"]
            },
        }
    return {
        "records": NAMES,
        "arrays": ARRAYS,
        "code": {step: fingerprint(*definition) for step, definition in STEPS.items()},
        "experiments": experiments,
    }
