"""The figures with a slider draw what was fitted, at each stop."""

from functools import cache

import numpy as np
import pytest
from tests_support import config

from relearn.experiments import catalogue, penalty_paths, xor_and_circles
from relearn.learning import polynomials
from relearn.runs.seeds import seeds

CONFIG = config("smoke")


def run(experiment, variant, **changes):
    params = catalogue.parameters(experiment, CONFIG["experiments"][experiment], variant)
    params = params.model_copy(update=changes)
    module = catalogue.module(experiment)
    return module.run(params, seeds(3, experiment, params.seeds), None)


@cache
def drawn(experiment):
    variants = CONFIG["experiments"][experiment]["variants"]
    results = {variant: run(experiment, variant) for variant in variants}
    return catalogue.module(experiment).draw(results).table()


@pytest.mark.parametrize("kind", ["train", "test"])
def test_the_kept_polynomials_have_the_errors_of_the_table(kind):
    records = run("polynomial_regression", "few_samples")
    weights, x, y = (records.arrays[name] for name in ("weights", f"x_{kind}", f"y_{kind}"))
    for seed, stated in records.curves.groupby("seed")[f"{kind}_mse"]:
        columns = polynomials.chebyshev_columns(x[seed], weights.shape[-1] - 1)
        errors = np.mean((columns @ weights[seed].T - y[seed][:, None]) ** 2, axis=0)
        np.testing.assert_allclose(errors, stated, rtol=1e-6)


def test_the_fit_of_degree_one_is_drawn_as_a_line_and_its_errors_are_marked():
    table = drawn("polynomial_regression").query("frame == '1'")
    fit = table[table["series"] == "first seed's fit"]
    np.testing.assert_allclose(np.diff(fit["y"], n=2), 0, atol=1e-12)
    errors = table[table["panel"].str.endswith("errors")]
    assert errors["series"].tolist() == ["training error", "test error"]
    assert errors["x"].tolist() == [1, 1]


def test_the_marked_weights_are_the_paths_where_both_have_the_same_penalty():
    arrays = run("penalty_paths", "independent").arrays
    for name in ("l2", "l1"):
        for penalty, place in ((0.001, 0), (0.1, 2), (10.0, 4)):  # of the path's five at this scale
            np.testing.assert_allclose(arrays["strengths"][0, place], penalty)
            stop = penalty_paths.DRAWN.index(penalty)
            marks, path = arrays[f"{name}_drawn"][:, stop], arrays[f"{name}_path"][:, place]
            np.testing.assert_allclose(marks, path, atol=1e-6)


def test_weights_are_marked_at_their_penalty():
    table = drawn("penalty_paths").query("panel == 'L1, first seed' and frame == '10'")
    assert table["series"].tolist() == ["true: ±1"] * 5 + ["true: 0"] * 5
    assert set(table["x"]) == {10.0} and set(table["y"]) == {0.0}


def test_a_penalty_and_nothing_else_tells_the_bases_apart():
    table = drawn("penalty_paths")
    bases = [table[table["panel"].str.contains(name)] for name in ("powers", "orthonormal")]
    without, slight = (
        [basis.query(f"series == '{name}' and frame == '{frame}'")["y"] for basis in bases]
        for name, frame in (("without", ""), ("with L2", "0.001"))
    )
    np.testing.assert_allclose(without[0], without[1], rtol=1e-4)
    assert np.abs(np.subtract(*map(np.array, slight))).max() > 0.05


def test_the_curves_leave_the_points_as_the_penalty_grows():
    arrays = run("penalty_paths", "legendre").arrays
    weights, constants = arrays["weights"][0], arrays["constants"][0]
    columns = polynomials.basis_columns(arrays["x"][0], weights.shape[1], "legendre")
    errors = np.mean((columns @ weights.T + constants - arrays["y"][0][:, None]) ** 2, axis=0)
    assert len(errors) == 1 + len(penalty_paths.DRAWN) and (np.diff(errors) > 0).all()


def test_a_network_without_an_error_has_each_class_on_its_side_of_the_drawn_edge():
    records = run("xor_and_circles", "circles", hidden=[3, 8], steps=1000, samples=20)
    arrays, solved = records.arrays, records.curves.groupby("seed")["solved"]
    assert records.curves["solved"].sum() >= 5
    step = 2 * xor_and_circles.EXTENT / xor_and_circles.CELLS
    for seed, ended in solved:
        across, up = np.rint((arrays["x"][seed] + xor_and_circles.EXTENT) / step).astype(int).T
        for scores in arrays["scores"][seed][ended == 1]:
            assert np.mean(np.sign(scores[up, across]) == arrays["y"][seed]) > 0.9


@pytest.mark.parametrize("condition", ["well", "ill"])
def test_at_half_the_limit_the_steepest_direction_is_done_in_one_step(condition):
    results = {
        variant: run("learning_rate", variant, sweep=[0.3, 0.5]) for variant in ("round", "narrow")
    }
    table = catalogue.module("learning_rate").draw(results).table()
    path = table.query(f"panel == 'Path, {condition} conditioned' and frame == '0.5'")
    assert path["y"].tolist() == [1.0] + [0.0] * 20


@pytest.mark.parametrize("width", ["1", "2", "3", "4", "8"])
def test_each_width_has_a_region_of_each_problem_and_its_shares_marked(width):
    table = drawn("xor_and_circles").query("frame == @width")
    regions = table[table["series"] == "network says 1"]
    assert regions["panel"].unique().tolist() == ["XOR, one network", "Two circles, one network"]
    marks = table[table["panel"] == "Starts that come to zero errors"]
    assert marks["series"].tolist() == ["XOR", "XOR, larger start", "circles"]
    assert set(marks["x"]) == {int(width)}
