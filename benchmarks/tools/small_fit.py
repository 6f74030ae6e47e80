"""One small run, a ridge regression on drawn data: small_fit.py NUMBER CSV."""

import sys

import numpy as np

SAMPLES, FEATURES, ALPHA = 200, 10, 1.0


def fit(number: int) -> dict[str, float]:
    """Return the error and the size of the coefficients fitted to the data drawn from `number`."""
    generator = np.random.default_rng(number)
    x = generator.normal(size=(SAMPLES, FEATURES))
    y = x.sum(axis=1) + generator.normal(size=SAMPLES)
    w = np.linalg.solve(x.T @ x + ALPHA * np.eye(FEATURES), x.T @ y)
    return {"mse": float(np.mean((x @ w - y) ** 2)), "norm": float(np.linalg.norm(w))}


if __name__ == "__main__":
    found = fit(int(sys.argv[1]))
    with open(sys.argv[2], "w", encoding="utf-8") as stream:
        stream.write(f"seed,{','.join(found)}\n0,{','.join(map(repr, found.values()))}\n")
