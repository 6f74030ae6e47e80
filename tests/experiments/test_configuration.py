"""Every mistake in the config is one line: the place, the value, the remedy."""

import copy

import pytest
from tests_support import ROOT

from relearn.errors import ConfigError
from relearn.experiments import configuration

SCHEMA = ROOT / "workflow/schemas/config.schema.json"


def change(config, place, value):
    changed = copy.deepcopy(config)
    *path, last = place.split("/")
    target = changed
    for key in path:
        target = target[key]
    if value is KeyError:
        del target[last]
    else:
        target[last] = value
    return changed


def test_the_default_config_is_good(config):
    configuration.check(config, SCHEMA)


BLOCK = "experiments/linear_regression"
PACKAGE = {"kind": "package", "member": "all.pkl"}
MISTAKES = [
    ("sede_base", 1, "top level: unknown key 'sede_base'; did you mean 'seed_base'?"),
    ("experiments/linear_regresion", {}, "unknown experiment 'linear_regresion'; did you mean"),
    (f"{BLOCK}/samplse", 3, "unknown key 'samplse'; did you mean 'samples'?"),
    (f"{BLOCK}/variants/larger_rate/raet", 0.1, "unknown key 'raet'; did you mean 'rate'?"),
    (f"{BLOCK}/samples", "100", "experiments.linear_regression.samples: '100' is not of type"),
    (f"{BLOCK}/samples", 2, "experiments.linear_regression.samples: 2 is less than the minimum"),
    (f"{BLOCK}/rate", "1e-3", "'1e-3' is text to YAML; write it with a point and a sign"),
    (f"{BLOCK}/seeds", 2.5, "experiments.linear_regression.seeds: 2.5 is not of type 'integer'"),
    (f"{BLOCK}/seeds", KeyError, "experiments.linear_regression: 'seeds' is missing; add it"),
    (f"{BLOCK}/noise", KeyError, "variants.published: 'noise': Field required"),
    (f"{BLOCK}/claims/10a/treshold", 1, "unknown key 'treshold'; did you mean 'threshold'?"),
    (f"{BLOCK}/variants/Bad-Name", {}, "'Bad-Name' does not match"),
    (
        "experiments/augmentation/dataset",
        "mnits",
        "dataset 'mnits' is unknown; did you mean 'mnist'",
    ),
    ("datasets/mnist/sources", [], "datasets.mnist.sources: [] "),
    (
        "datasets/mnist/files/test_labels",
        KeyError,
        "datasets.mnist.files: 'test_labels' is missing",
    ),
    (f"{BLOCK}/rate", float("nan"), "experiments.linear_regression.rate: nan is not finite"),
    (f"{BLOCK}/seeds", 10**20, "is greater than the maximum of 1000000"),
    (f"{BLOCK}/claims/10a/threshold", float("inf"), "claims.10a.threshold: inf is not finite"),
    ("experiments/multilayer_perceptron/hidden", [0], "0 is less than the minimum of 1"),
    ("experiments/multilayer_perceptron/train_samples", -5, "multilayer_perceptron.train_samples"),
    ("experiments/gradient_descent/rates/bgd", -0.1, "-0.1 is less than or equal to the minimum"),
    ("datasets/mnist/sources", [{"kind": "mirror"}], "sources.0: 'url' is missing; add it"),
    ("datasets/mnist/files/test_labels/name", "..", "'..' does not match"),
    ("datasets/mnist\n", {}, r"datasets: 'mnist\n' does not match"),
    ("datasets/..", {}, "'..' does not match"),
    ("datasets/a b;c", {}, "'a b;c' does not match"),
    (f"{BLOCK}/variants/tuned\n", {}, "does not match"),
    (f"{BLOCK}/claims/10a\n", {}, "does not match"),
    ("datasets/mnist/files/test_labels/name", "labels\n", "does not match"),
    ("datasets/mnist/sources", [PACKAGE | {"requirement": "./here"}], "'./here' does not match"),
    ("datasets/mnist/sources", [PACKAGE | {"requirement": "-rx==1"}], "'-rx==1' does not match"),
    (f"{BLOCK}/claims", {}, "experiments.linear_regression.claims: {} "),
    ("seed_base", 10**300, "seed_base: 300 digits or more; write fewer"),
    ("scale", "huge", "scale: 'huge' is not one of ['smoke', 'default', 'full']"),
]


@pytest.mark.parametrize("place, value, message", MISTAKES)
def test_mistake(config, place, value, message):
    with pytest.raises(ConfigError) as caught:
        configuration.check(change(config, place, value), SCHEMA, ["config.yaml"])
    assert message in str(caught.value)
    assert str(caught.value).startswith("config.yaml: ")
    assert "\n" not in str(caught.value)


def test_a_claim_stands_in_one_experiment(config):
    claim = config["experiments"]["linear_regression"]["claims"]["10a"]
    changed = change(config, "experiments/ridge_regression/claims", {"10a": claim})
    with pytest.raises(ConfigError, match="ridge_regression and linear_regression; keep it in one"):
        configuration.check(changed, SCHEMA)


NETWORK = "experiments/multilayer_perceptron"
TOGETHER = [
    (f"{NETWORK}/mean", 0.1, "mean and std go together"),
    (f"{NETWORK}/variants/published/seeds", 2, "listing_seed fixes every draw: set seeds to 1"),
    (
        "experiments/data_quality/size",
        "huge",
        "size 'huge' is not in train_samples .some.: add it there",
    ),
    ("experiments/dropout_and_weight_decay/variants/dropout_few/strengths", [1.0], "stay below 1"),
    ("experiments/augmentation/variants/scaling_few/strengths", [5.0], "beyond 1; take less"),
    ("experiments/generative_adversarial_network/shares", [0.5], "3 strengths and 1 shares"),
    ("experiments/generative_adversarial_network/batch_size", 4, "leave none"),
    ("experiments/learning_curves/neighbours", 101, "neighbours: 101, of 100 images"),
    ("experiments/bias_and_variance/samples", 15, "degrees below samples"),
    ("experiments/vanishing_gradients/depths", [6, 2], "do not grow; sort them"),
    ("experiments/penalty_paths/informative", 51, "informative: 51 of 50 features"),
    ("experiments/penalty_paths/weakest", 20.0, "weakest: 20.0 is not below strongest"),
    ("experiments/gradient_descent/batch_size", 100, "batch_size is not below samples"),
]


@pytest.mark.parametrize("place, value, message", TOGETHER)
def test_values_that_do_not_go_together(config, place, value, message):
    with pytest.raises(ConfigError, match=message) as caught:
        configuration.check(change(config, place, value), SCHEMA, ["config.yaml"])
    assert "\n" not in str(caught.value) and "variants." in str(caught.value)


def test_a_key_given_twice_is_named_with_its_line(tmp_path):
    path = tmp_path / "own.yaml"
    path.write_text("base: &base {a: 1}\nother:\n  <<: *base\n  <<: *base\n  a: 2\n")
    configuration.check_file(path)  # a merge may be repeated and overridden
    path.write_text("scale: smoke\nexperiments:\n  line: {seeds: 1, seeds: 2}\n")
    with pytest.raises(ConfigError, match=r"own.yaml:3: 'seeds' stands here a second time"):
        configuration.check_file(path)


# libyaml would end the process over the last.
FILES = {
    "b: [": "write YAML",
    "b: !!python/object/apply:os.mkdir [harm]": "could not determine a constructor",
    "b: 2001-99-99": "month must be in 1..12",
    "b: !!int ''": "string index out of range",
    "? [b, c]\n: 1": "found unhashable key",
    "b: \0": "control characters are not allowed",
    "b: " + 21 * "[" + 21 * "]": ":1: nested more than 20 deep; write it flatter",
    "b: " + 200_000 * "[": ":1: nested more than 20 deep; write it flatter",
}


@pytest.mark.parametrize("text", FILES, ids=range(len(FILES)))
def test_a_file_that_is_no_config_is_one_line(tmp_path, text):
    path = tmp_path / "own.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        configuration.check_file(path)
    assert FILES[text] in str(caught.value) and str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)


def test_a_name_that_is_no_text_is_refused(config):
    with pytest.raises(ConfigError, match="datasets: 1 is no name; put it in quotes"):
        configuration.check(change(config, "datasets", {1: {}}), SCHEMA)


@pytest.mark.parametrize("scale", ["smoke", "full"])
def test_the_other_scales_are_good(config, scale):
    import yaml
    from tests_support import merge

    over = yaml.safe_load((ROOT / f"config/{scale}.yaml").read_text())
    configuration.check(merge(config, over), SCHEMA)
