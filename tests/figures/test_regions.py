import numpy as np

from relearn.figures.canvas import Figure


def test_a_region_keeps_the_places_of_its_cells():
    figure = Figure(columns=1)
    positive = np.zeros((3, 3), dtype=bool)
    positive[0, 2] = positive[2, 1] = True  # rows go upwards
    figure.panel("plane").regions(positive, 2.0, label="inside")
    table = figure.table()
    assert table[["x", "y"]].to_numpy().tolist() == [[2, -2], [0, 2]]
    assert set(table["series"]) == {"inside"}
