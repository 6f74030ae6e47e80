"""Checks the whole config against a JSON Schema; experiments' blocks come from their `Params`."""

from __future__ import annotations

import difflib
import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pydantic
import yaml
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError, best_match

from relearn.errors import ConfigError
from relearn.experiments import catalogue
from relearn.runs.registration import LOADER

DEEPEST = 20  # levels of a config; ours has eight
LARGEST = 10**300  # of a whole number, which a float has to hold
# Names become wildcards and paths. Python's $ alone admits a line's end after it.
NAME = r"^[a-z][a-z0-9_]*$(?!\n)"
EXPONENT = re.compile(r"[-+]?\d+(\.\d*)?[eE][-+]?\d+")


def schema(base: Path) -> dict[str, Any]:
    """Return the schema at `base` with a block for every experiment in the catalogue."""
    document = json.loads(Path(base).read_text(encoding="utf-8"))
    blocks = {name: block_schema(name) for name in catalogue.names()}
    document["properties"]["experiments"]["properties"] = blocks
    return document


def block_schema(experiment: str) -> dict[str, Any]:
    """Return the schema of one experiment's block.

    A variant may override any parameter, and together they must give every one: that part is
    checked on the merged values, so the block itself requires only what is shared by all.
    """
    properties = catalogue.module(experiment).Params.model_json_schema()["properties"]
    variant = {"type": "object", "properties": properties, "additionalProperties": False}
    return {
        "type": "object",
        "properties": properties
        | {
            "variants": {
                "type": "object",
                "minProperties": 1,
                "propertyNames": {"pattern": NAME},
                "additionalProperties": variant,
            },
            "claims": {
                "type": "object",
                "minProperties": 1,  # the first says to which chapter the experiment belongs
                "propertyNames": {"pattern": r"^[0-9]+[a-z]$(?!\n)"},
                "additionalProperties": {"$ref": "#/$defs/claim"},
            },
        },
        "required": ["seeds", "variants", "claims"],
        "additionalProperties": False,
    }


def check(config: Mapping[str, Any], base: Path, files: Iterable[str] = ()) -> None:
    """Check the config.

    Args:
        config: the merged config.
        base: the JSON Schema's file.
        files: the config files that were merged, for the message.

    Raises:
        ConfigError: one line with the place, the value and the remedy.
    """
    where = " + ".join(files) or "config"
    for place, value in leaves(config):
        if isinstance(value, float) and not math.isfinite(value):
            raise ConfigError(f"{where}: {place}: {value} is not finite; write a number")
        if isinstance(value, int) and abs(value) >= LARGEST:
            raise ConfigError(f"{where}: {place}: 300 digits or more; write fewer")
    document = schema(base)
    error = best_match(Draft202012Validator(document).iter_errors(config))
    if error is not None:
        raise ConfigError(f"{where}: {explain(error)}")
    owners: dict[str, str] = {}
    for name, block in config["experiments"].items():
        for claim in block["claims"]:
            if owners.setdefault(claim, name) != name:
                both = f"{owners[claim]} and {name}"
                raise ConfigError(f"{where}: claim {claim}: stands in {both}; keep it in one")
        for variant in block["variants"]:
            place = f"{where}: experiments.{name}.variants.{variant}"
            try:
                params = catalogue.parameters(name, block, variant)
            except pydantic.ValidationError as error:
                first = error.errors()[0]
                key = ".".join(str(part) for part in first["loc"])
                wrong = f"'{key}': {first['msg']}" if key else str(first["ctx"]["error"])
                raise ConfigError(f"{place}: {wrong} (here or in experiments.{name})") from error
            dataset = getattr(params, "dataset", None)
            if dataset is not None and dataset not in config["datasets"]:
                known = suggestion(dataset, config["datasets"])
                raise ConfigError(f"{place}: dataset '{dataset}' is unknown; {known}")


class UniqueKeys(LOADER):
    """Refuses a mapping that gives a key twice: YAML would silently keep the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict:
        """Return the mapping; raise ConfigError with the place of a repeated key."""
        seen = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.tag != "tag:yaml.org,2002:merge":
                if key.value in seen:
                    place = f"{key.start_mark.name}:{key.start_mark.line + 1}"
                    raise ConfigError(f"{place}: '{key.value}' stands here a second time; keep one")
                seen.add(key.value)
        return super().construct_mapping(node, deep)


def check_file(path: Path) -> None:
    """Raise ConfigError where a config file is no YAML, nests deep or gives one key twice."""
    try:
        with open(path, encoding="utf-8") as stream:
            _check_depth(path, yaml.parse(stream, LOADER))
            stream.seek(0)
            yaml.load(stream, UniqueKeys)
    except ConfigError:
        raise
    except Exception as error:  # PyYAML lets through whatever a date or a number fails with
        raise ConfigError(f"{path}: {error}; write YAML") from error


def _check_depth(path: Path, events: Iterable[yaml.Event]) -> None:
    """Raise ConfigError where a file nests deep: libyaml's loader would end the process."""
    depth = 0
    for event in events:
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST:
            place = f"{path}:{event.start_mark.line + 1}"
            raise ConfigError(f"{place}: nested more than {DEEPEST} deep; write it flatter")


def leaves(value: Any, place: str = "") -> Iterator[tuple[str, Any]]:
    """Yield every value of nested mappings and lists with its dotted place.

    Raises:
        ConfigError: a key is no text.
    """
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if not isinstance(key, str):
                raise ConfigError(f"{place or 'top level'}: {key!r} is no name; put it in quotes")
            yield from leaves(inner, f"{place}.{key}" if place else str(key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from leaves(inner, f"{place}.{index}")
    else:
        yield place, value


def explain(error: ValidationError) -> str:
    """Return one line: where the value stands, what is wrong with it, what to write instead."""
    place = ".".join(str(part) for part in error.absolute_path) or "top level"
    if error.validator == "additionalProperties":
        known = error.schema.get("properties", {})
        unknown = next(key for key in error.instance if key not in known)
        kind = "experiment" if place == "experiments" else "key"
        return f"{place}: unknown {kind} '{unknown}'; {suggestion(unknown, known)}"
    if error.validator == "required":
        missing = next(key for key in error.validator_value if key not in error.instance)
        return f"{place}: '{missing}' is missing; add it"
    if isinstance(error.instance, str) and EXPONENT.fullmatch(error.instance):
        return (
            f"{place}: '{error.instance}' is text to YAML; "
            f"write it with a point and a sign, as in 1.0e-3"
        )
    shown = str(error.message)
    return f"{place}: {shown if len(shown) < 300 else shown[:300] + ' …'}"


def suggestion(word: Any, known: Iterable[str]) -> str:
    """Return the nearest known word as a question, or the list of them."""
    known = sorted(known)
    near = difflib.get_close_matches(str(word), known, n=1)
    return f"did you mean '{near[0]}'?" if near else f"known: {', '.join(known)}"
