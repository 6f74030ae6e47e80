"""What a figure's SVG says of itself, for a page to use."""

import json
from xml.etree import ElementTree

import numpy as np

from relearn.figures.canvas import Figure

SVG = "{http://www.w3.org/2000/svg}"


def saved(figure, folder):
    figure.save(folder / "a.svg", folder / "a.csv", salt="a")
    return ElementTree.parse(folder / "a.svg").getroot()


def groups(root, name):
    return [group for group in root.iter(f"{SVG}g") if group.get(name) is not None]


def test_words_stay_words_unbroken_and_aligned(tmp_path):
    figure = Figure(columns=3)
    panel = figure.panel("A title so long that it takes more than one line")
    panel.line([0, 1], [2, 3], label="loss")
    panel.axes("step", "loss, nats")
    root = saved(figure, tmp_path)
    words = {group.get("data-label"): group for group in groups(root, "data-label")}
    assert {"step", "loss, nats"} < set(words)
    title = words["A title so long that it takes more than one line"]
    lines = title.findall(f"{SVG}text")
    assert len(lines) == 2 and len({line.get("x") for line in lines}) == 1


def test_the_lines_of_a_centred_name_share_their_middle(tmp_path):
    figure = Figure(columns=3)
    panel = figure.panel("loss")
    panel.line([0, 1], [2, 3], label="loss")
    panel.axes("a name of an axis that is far too long for it", "y")
    (name,) = [
        group
        for group in groups(saved(figure, tmp_path), "data-label")
        if group.get("data-label").startswith("a name")
    ]
    lines = name.findall(f"{SVG}text")
    assert len(lines) == 2 and len({line.get("x") for line in lines}) == 1
    assert all("text-anchor: middle" in line.get("style") for line in lines)


def test_each_panel_has_a_box_within_the_figure(tmp_path):
    figure = Figure(columns=2)
    for title in ("left", "right"):
        figure.panel(title).line([0, 1], [2, 3], label="y")
    boxes = [
        group.get("data-cell").split() for group in groups(saved(figure, tmp_path), "data-cell")
    ]
    (left, top, width, height), (other, *_) = [map(float, box) for box in boxes]
    assert 0 <= left < left + width <= other and 0 <= top < top + height <= 3.1 * 72 + 5


def test_a_slider_shows_one_frame_and_keeps_the_data_of_all(tmp_path):
    figure = Figure(columns=1)
    panel = figure.panel("descent")
    panel.line([0, 1], [0, 0], label="zero")
    for frame in figure.frames("rate", ["0.1", "0.5"], shown=1):
        panel.line([0, 1], [1, frame], label="loss")
    root = saved(figure, tmp_path)
    assert root.get("data-slider") == "rate" and json.loads(root.get("data-stops")) == [
        "0.1",
        "0.5",
    ]
    shown = {group.get("data-frame"): group.get("display") for group in groups(root, "data-frame")}
    assert shown == {"0": "none", "1": None}
    assert figure.table()["frame"].tolist() == ["", "", "0.1", "0.1", "0.5", "0.5"]
    assert figure.description().splitlines() == [
        "A slider sets rate, 0.1 to 0.5.",
        "Panel “descent”.",
        "zero: from 0 at 0 to 0 at 1, between 0 and 0.",
        "At 0.1: loss: from 1 at 0 to 0 at 1, between 0 and 1.",
        "At 0.5: loss: from 1 at 0 to 1 at 1, between 1 and 1.",
    ]


def test_a_slider_moves_every_panel_and_leaves_names_at_the_ends_of_lines(tmp_path):
    figure = Figure(columns=2)
    left, right = figure.panel("path"), figure.panel("loss")
    for label, end in (("one", 1), ("two", 3)):
        right.line([0, 1], [0, end], label=label)
    for frame in figure.frames("update", ["0", "1"], shown=0):
        left.line([0, 1], [0, frame], label="path")
        right.points([frame], [frame], label="one")
    root = saved(figure, tmp_path)
    panels = [axes for axes in root.iter(f"{SVG}g") if axes.get("data-cell")]
    assert [
        {group.get("data-frame"): group.get("display") for group in groups(panel, "data-frame")}
        for panel in panels
    ] == [{"0": None, "1": "none"}] * 2
    ids = [group.get("id") for group in root.iter(f"{SVG}g") if group.get("id")]
    assert len(ids) == len(set(ids))
    assert not [each for each in ids if each.startswith("legend")]


def test_marks_of_one_look_say_so_once(tmp_path):
    figure = Figure(columns=1)
    figure.panel("loss").line([0, 1, 2], [0, 1, 2], label="y", marker=True)
    root = saved(figure, tmp_path)
    (dots,) = [group for group in root.iter(f"{SVG}g") if len(group.findall(f"{SVG}use")) == 3]
    assert dots.get("style") == "fill: #0072b2; stroke: #0072b2"
    assert [dot.get("style") for dot in dots] == [None] * 3


def test_powers_of_ten_are_written_in_plain_characters(tmp_path):
    figure = Figure(columns=1)
    panel = figure.panel("loss")
    panel.line([0, 1], [1e-3, 1e3], label="y")
    panel.axes("x", "y", log=True)
    texts = {"".join(text.itertext()) for text in saved(figure, tmp_path).iter(f"{SVG}text")}
    assert "10⁻³" in texts and not any("$" in text for text in texts)


def test_less_than_a_decade_is_written_without_a_power(tmp_path):
    figure = Figure(columns=1)
    panel = figure.panel("loss")
    panel.line([0, 1], [2.1, 2.3], label="y")
    panel.axes("x", "y", log=True)
    texts = {"".join(text.itertext()) for text in saved(figure, tmp_path).iter(f"{SVG}text")}
    assert "2.2" in texts and not any("×" in text for text in texts)


def test_an_axis_may_end_before_the_data_do(tmp_path):
    figure = Figure(columns=1)
    panel = figure.panel("fit")
    panel.line([0, 1], [-1, 1000], label="y")
    panel.axes("x", "y", ends=(-2, 4))
    texts = {"".join(text.itertext()) for text in saved(figure, tmp_path).iter(f"{SVG}text")}
    assert {"−2", "4"} <= texts and "1000" not in texts
    assert figure.table()["y"].tolist() == [-1, 1000]


def test_points_at_one_place_are_read_out_each():
    figure = Figure(columns=1)
    panel = figure.panel("paths")
    for frame in figure.frames("λ", ["0.1", "1"], shown=0):
        panel.points([[0.1, 1][frame]] * 3, [-0.0, -0.25, [1.5, 0.5][frame]], label="weight")
    assert figure.description().splitlines()[2:] == [
        "At 0.1: weight: values 0, -0.25, 1.5.",
        "At 1: weight: values 0, -0.25, 0.5.",
    ]


def test_paths_are_read_out_as_what_they_range_over_at_both_ends():
    figure = Figure(columns=1)
    figure.panel("weights").paths([0.1, 1.0], np.array([[-1, -0.0], [3, 0.5], [2, 9]]), "true: 0")
    figure.panels[0].axes("λ", "weight")
    assert figure.description().splitlines() == [
        "Panel “weights”, weight against λ.",
        "true: 0: 3 paths, -1 to 3 at 0.1 and 0 to 9 at 1, between -1 and 9.",
    ]


def test_a_name_pushed_aside_is_led_to_past_the_other_names(tmp_path):
    figure = Figure(columns=1)
    panel = figure.panel("level")
    for label, level in (("low", 0), ("one", 98), ("two", 99), ("three", 100)):
        panel.line([0, 1], [0, level], label=label)
    root = saved(figure, tmp_path)
    texts = {"".join(text.itertext()): float(text.get("x")) for text in root.iter(f"{SVG}text")}
    leaders = [path.get("d").split() for path in root.iter(f"{SVG}path") if "Q" in path.get("d")]
    assert len(leaders) == 4
    for _, begin, _, _, _, _, end, _ in leaders:  # M x y Q x y x y
        assert float(end) < float(begin) < min(texts[name] for name in ("low", "one", "three"))
