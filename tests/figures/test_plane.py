from xml.etree import ElementTree

import numpy as np

from relearn.figures.canvas import Figure
from relearn.figures.plane import Plane

SVG = "{http://www.w3.org/2000/svg}"
SQUARE = np.array([[0.0, 2.0], [2.0, 0.0], [0.0, -2.0], [-2.0, 0.0], [0.0, 2.0]])


def texts(figure, folder):
    """Return each text of a figure and its place, in points from the left and from above."""
    figure.save(folder / "a.svg", folder / "a.csv", salt="a")
    found = {}
    for text in ElementTree.parse(folder / "a.svg").getroot().iter(f"{SVG}text"):
        found["".join(text.itertext())] = (float(text.get("x")), float(text.get("y")))
    return found


def test_rings_are_kept_whole_and_named_where_they_are_seen(tmp_path):
    figure = Figure(columns=1)
    plane = figure.panel("plane", Plane)
    rings = {"1": SQUARE, "2": 2 * SQUARE, "9": 9 * SQUARE}
    plane.rings(rings, x=(-3, 3), y=(-3, 3), name="loss")
    plane.axes("w", "b")
    table = figure.table()
    assert table[table["series"] == "loss 9"][["x", "y"]].to_numpy().tolist() == [
        [0, 18],
        [18, 0],
        [0, -18],
        [-18, 0],
        [0, 18],
    ]
    assert figure.description().splitlines() == [
        "Panel “plane”, b against w.",
        "loss 1: a ring, -2 to 2 across and -2 to 2 up.",
        "loss 2: a ring, -4 to 4 across and -4 to 4 up.",
        "loss 9: a ring, -18 to 18 across and -18 to 18 up.",
    ]
    found = texts(figure, tmp_path)
    assert "9" not in found  # it passes around the window
    # The second leaves the window at the top, at (-1, 3), left of where the first is highest.
    assert found["2"][0] < found["1"][0] and found["2"][1] < found["1"][1]


def test_a_path_is_named_at_its_start_and_has_the_first_colour(tmp_path):
    figure = Figure(columns=1)
    plane = figure.panel("plane", Plane)
    plane.rings({"1": SQUARE}, x=(-3, 3), y=(-3, 3), name="loss")
    plane.line([-2.5, 0], [0, 0], label="down")
    plane.line([2.5, 0], [0, 0], label="back")
    found = texts(figure, tmp_path)
    assert found["down"][0] < found["1"][0] < found["back"][0]
    assert "#0072b2" in (tmp_path / "a.svg").read_text()


def test_points_are_read_out_by_both_coordinates():
    figure = Figure(columns=1)
    plane = figure.panel("plane", Plane)
    for frame in figure.frames("updates", ["0", "10"], shown=0):
        plane.points([[0.013, 3][frame]], [[1.45, -0.0][frame]], label="batch")
    plane.points([-1, 1, 0.5, 2, -0.25], [4, 3, 0, 1, 2], label="class 1")
    assert figure.description().splitlines()[2:] == [
        "At 0: batch: at (0.013, 1.45).",
        "At 10: batch: at (3, 0).",
        "class 1: 5 points, -1 to 2 across and 0 to 4 up.",
    ]
