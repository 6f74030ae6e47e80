"""A region of a plane: its places, its size in words, its colour."""

import numpy as np
import pytest

from relearn.figures.canvas import Figure
from relearn.figures.plane import Plane

GRID = np.linspace(-2, 2, 41)


@pytest.fixture
def panel():
    figure = Figure(columns=1)
    panel = figure.panel("plane", Plane)
    panel.points([0.5], [0.5], label="class 1")
    panel.points([1.5], [0.5], label="class −1")
    return panel


def test_a_region_ends_where_the_values_are_zero(panel):
    x, y = np.meshgrid(GRID, GRID)
    panel.regions(1 - (x**2 + (y - 0.5) ** 2), 2.0, label="inside", like="class 1")
    edge = panel.parts[-1]
    assert set(edge["series"]) == {"inside"} and len(edge) > 40
    np.testing.assert_allclose(np.hypot(edge["x"], edge["y"] - 0.5), 1, atol=0.01)


def test_a_region_says_how_much_of_the_square_it_fills(panel):
    below = np.tile(1.5 - np.arange(4)[:, None], 4)  # rows upwards: two of four are above zero
    panel.regions(below, 2.0, label="inside", like="class 1")
    assert panel.parts[-1]["y"].max() == pytest.approx(0)
    assert panel.description()[-1] == "inside: 50% of the square."


@pytest.mark.parametrize(("value", "share"), [(-1.0, "0%"), (127.0, "100%")])
def test_a_region_may_be_nothing_or_everything(panel, value, share):
    panel.regions(np.full((4, 4), value), 2.0, label="inside", like="class 1")
    assert panel.description()[-1] == f"inside: {share} of the square."


def test_a_region_has_the_colour_of_its_class(tmp_path):
    figure = Figure(columns=1)
    panel = figure.panel("plane", Plane)
    panel.points([1.5], [0.5], label="class −1")
    panel.points([0.5], [0.5], label="class 1")
    panel.regions(np.ones((4, 4)), 2.0, label="inside", like="class 1")
    figure.save(tmp_path / "a.svg", tmp_path / "a.csv", salt="a")
    svg = (tmp_path / "a.svg").read_text()
    assert "fill: #c85200; opacity: 0.25" in svg and "fill: #0072b2; opacity: 0.25" not in svg
