"""Both bases fit the same polynomials while the powers of x are well-conditioned."""

import numpy as np
import pytest

from relearn.learning import polynomials


@pytest.fixture
def data():
    rng = np.random.default_rng(0)
    x = np.linspace(0, 2 * np.pi, 60)
    y = np.sin(x) + rng.normal(0, 0.1, 60)
    return x[::2], y[::2], x[1::2], y[1::2]


@pytest.mark.parametrize("degree", [1, 3, 5])
def test_low_degrees_agree(data, degree):
    powers = polynomials.monomial_fit(*data, degree)
    chebyshev = polynomials.chebyshev_fit(*data, degree)
    np.testing.assert_allclose(powers.train_mse, chebyshev.train_mse, rtol=1e-6)
    np.testing.assert_allclose(powers.test_mse, chebyshev.test_mse, rtol=1e-6)
    assert powers.rank == chebyshev.rank == powers.columns == degree + 1


def test_the_weights_are_those_of_the_basis(data):
    x, y, _, _ = data
    cubic = 2 - x + 0.5 * x**3
    fits = [fit(x, cubic, x, y, 3) for fit in polynomials.FITS.values()]
    np.testing.assert_allclose(fits[0].weights, [2, -1, 0, 0.5], atol=1e-6)
    np.testing.assert_allclose(polynomials.chebyshev_columns(x, 3) @ fits[1].weights, cubic)


def test_high_degrees_lose_rank_in_powers_of_x_only(data):
    assert polynomials.monomial_fit(*data, 15).rank < 16
    assert polynomials.monomial_fit(*data, 15, cutoff=1e-15).rank > 10
    assert polynomials.chebyshev_fit(*data, 15).rank == 16


def test_training_error_never_rises_in_the_chebyshev_basis(data):
    errors = [polynomials.chebyshev_fit(*data, degree).train_mse for degree in range(1, 16)]
    assert (np.diff(errors) <= 1e-12).all()


def test_nested_errors_are_those_of_separate_fits():
    rng = np.random.default_rng(1)
    x, y = rng.uniform(-1, 1, (2, 40)), rng.normal(size=(2, 40))
    x_test = np.linspace(-1, 1, 25)
    degrees = [1, 4, 9]
    train, distance = polynomials.nested_errors(x, y, x_test, np.cos(x_test), degrees)
    for seed in range(2):
        for column, degree in enumerate(degrees):
            fit = np.polynomial.Polynomial.fit(x[seed], y[seed], degree)
            expected = np.mean((fit(x[seed]) - y[seed]) ** 2)
            np.testing.assert_allclose(train[seed, column], expected, rtol=1e-8)
            expected = np.mean((fit(x_test) - np.cos(x_test)) ** 2)
            np.testing.assert_allclose(distance[seed, column], expected, rtol=1e-6)


def test_noise_costs_a_coefficient_each_its_share_of_the_variance():
    rng = np.random.default_rng(2)
    x = np.tile(np.linspace(-1, 1, 20), (4000, 1))
    train, _ = polynomials.nested_errors(x, rng.normal(size=x.shape), x[0], 0 * x[0], [1, 5, 15])
    np.testing.assert_allclose(train.mean(axis=0), [18 / 20, 14 / 20, 4 / 20], rtol=0.02)


def test_legendre_powers_are_orthonormal_for_uniform_inputs_and_span_the_powers():
    nodes, weights = np.polynomial.legendre.leggauss(8)
    columns = polynomials.legendre_powers(np.stack([nodes, nodes / 2], axis=1), 4)
    first = columns[:, :4]
    np.testing.assert_allclose((first.T * weights / 2) @ first, np.eye(4), atol=1e-12)
    np.testing.assert_allclose(columns[:, 1], np.sqrt(5) * (3 * nodes**2 - 1) / 2)
    np.testing.assert_allclose(columns[:, 4], np.sqrt(3) * nodes / 2)


def test_basis_columns_are_the_powers_and_the_legendre_polynomials():
    x = np.linspace(-1, 1, 7)
    np.testing.assert_allclose(
        polynomials.basis_columns(x, 3, "powers"), np.stack([x, x**2, x**3], 1)
    )
    columns = polynomials.basis_columns(x, 5, "legendre")
    np.testing.assert_allclose(columns, polynomials.legendre_powers(x[:, None], 5), atol=1e-12)


def test_roughness_is_the_integral_of_the_squared_second_derivative():
    np.testing.assert_allclose(polynomials.roughness(np.array([5.0, 1.5]), "powers"), 2 * 3**2)
    np.testing.assert_allclose(polynomials.roughness(np.array([[0.0, 0.0, 2.0]]), "powers"), [96])
    weights = np.array([0.3, -1.0, 0.5, 0.2])
    x = np.linspace(-1, 1, 20_001)
    second = np.gradient(np.gradient(polynomials.basis_columns(x, 4, "legendre") @ weights, x), x)
    expected = np.trapezoid(second[2:-2] ** 2, x[2:-2])
    np.testing.assert_allclose(polynomials.roughness(weights, "legendre"), expected, rtol=1e-2)
