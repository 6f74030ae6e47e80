"""Whatever stands in a config: a checked config, or a ConfigError of one line."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest
import yaml
from fuzz_support import answer, fuzzed, mutated
from hypothesis import example, given
from hypothesis import strategies as st
from tests_support import ROOT

from relearn.errors import ConfigError
from relearn.experiments import catalogue, configuration
from relearn.planning import _require_small

SCHEMA = ROOT / "workflow/schemas/config.schema.json"
WHOLE = yaml.safe_load((ROOT / "config/config.yaml").read_text())
NAMES = ("linear_regression", "perceptron", "multilayer_perceptron")
CONFIG = {**WHOLE, "experiments": {name: WHOLE["experiments"][name] for name in NAMES}}
TEXT = yaml.safe_dump(CONFIG, allow_unicode=True).encode()
HOSTILE = [
    float("nan"), float("inf"), float("-inf"), 10**400, -(10**4000), 2**63, 1e308, -0.0,
    "../..", "$(touch harm)", "`touch harm`", "<script>alert(1)</script>", '"onload=', "a\nb",
    "mnist\n", "\0", "\u202e", "é" * 3, "x" * 10_000, "1e-3", "{{ 7 * 7 }}", "", None, True, [], {},
]  # fmt: skip
KEYS = st.one_of(st.text(max_size=5), st.integers(), st.none())
VALUES = st.recursive(
    st.one_of(
        st.sampled_from(HOSTILE), st.integers(), st.floats(), st.text(max_size=8), st.dates()
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.one_of(st.text(max_size=5), st.integers(), st.none()), inner, max_size=3
        ),
    ),
    max_leaves=5,
)
LINES = st.sampled_from([
    "a: !!python/object/apply:os.mkdir [harm]", "a: !!python/name:os.system", "a: !!int ''",
    "a: 2001-99-99", "a: &a [*a]", "a: *b", "<<: {a: 1}", "? [a]\n: 1", "a: [[[[", "a: 1\na: 2",
    "a: .nan", "a: 1e999", "a: 0x" + "f" * 5000, "a: " + "9" * 5000, "---", "...", "%YAML 9.9",
    "a: |\n <script>", "\ta: 1", "a: !!set {b}", "a: !!binary '='", "a: !!float x", "a: 1:99:99",
])  # fmt: skip


def places(value, path=()):
    """Every place of nested mappings and lists."""
    yield path
    inner = value.items() if isinstance(value, dict) else ()
    inner = enumerate(value) if isinstance(value, list) else inner
    for key, each in inner:
        yield from places(each, (*path, key))


PLACES = [path for path in places(CONFIG) if path]


@st.composite
def configs(draw):
    """The config with one or two values replaced, removed, or given beside a hostile name."""
    changed = copy.deepcopy(CONFIG)
    for _ in range(draw(st.integers(1, 2))):
        *path, last = draw(st.sampled_from(PLACES))
        target = changed
        try:
            for key in path:
                target = target[key]
            if isinstance(target, dict) and draw(st.booleans()):
                last = draw(
                    st.one_of(
                        st.sampled_from(["../x", "a b", "x;y", "é", "a\n", 1, None]),
                        st.text(max_size=5),
                        st.just(last),
                    )
                )
            target[last] = draw(VALUES)
        except (LookupError, TypeError):
            pass  # the first change took the place of the second away
    return changed


@pytest.fixture(scope="module", autouse=True)
def one_schema():
    """The schema of all experiments, made once: to make it takes most of a check's time."""
    made = configuration.schema(SCHEMA)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(configuration, "schema", lambda base: made)
        yield


@fuzzed
@given(configs())
@example(CONFIG)
def test_a_checked_config_can_be_used(config):
    if answer(checked, config, error=ConfigError) is None:
        return
    for name in config["datasets"]:
        assert name.isidentifier() and name.isascii()
    for name, block in config["experiments"].items():
        assert name in NAMES and catalogue.chapter(block)
        for variant in block["variants"]:
            assert variant.isidentifier() and variant.isascii()
            catalogue.parameters(name, block, variant).model_dump_json()


def checked(config):
    configuration.check(config, SCHEMA, ["own.yaml"])
    return config


@fuzzed
@given(
    st.one_of(
        mutated(TEXT, b"a: &a {b: 1}\nc:\n  <<: *a\n"),
        st.binary(max_size=60),
        st.lists(LINES, max_size=4).map(lambda lines: "\n".join(lines).encode()),
        st.integers(0, 100_000).map(lambda n: b"a: " + b"[" * n),
        st.integers(0, 100_000).map(lambda n: b"{a: " * n),
        st.integers(0, 5_000).map(lambda n: b"- " * n),
    )
)
@example(TEXT)
def test_a_file_is_yaml_without_surprises(tmp_path, content):
    path = tmp_path / "own.yaml"
    path.write_bytes(content)
    answer(configuration.check_file, path, error=ConfigError)
    assert list(Path(path.parent).iterdir()) == [path] and not Path("harm").exists()


@fuzzed
@given(st.integers(0, 80), st.integers(0, 9), st.sampled_from([list, dict]))
def test_aliases_are_counted_as_they_expand(depth, width, kind):
    value = 1
    for _ in range(depth):
        value = [value] * width if kind is list else dict.fromkeys("abcdefghi"[:width], value)
    answer(_require_small, {"scale": value}, error=ConfigError)
