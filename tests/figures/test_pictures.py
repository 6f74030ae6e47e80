"""Images in a figure: what the table and the words say of them, and how the SVG holds them."""

import base64
import io
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from relearn.figures.canvas import Figure
from relearn.figures.palette import INK, PALETTE
from relearn.figures.pictures import Pictures

SVG, XLINK = "{http://www.w3.org/2000/svg}", "{http://www.w3.org/1999/xlink}"
CORNER = np.zeros((1, 2, 3, 3))  # two images of 3 × 3 pixels, side by side
CORNER[0, 0, 0, 0] = 1  # the first has one pixel, left and above
KEPT = {"label": (["7", "9"], [4, 5])}


@pytest.fixture
def saved(tmp_path):
    def save(figure):
        figure.save(tmp_path / "a.svg", tmp_path / "a.csv", salt="a")
        return ElementTree.parse(tmp_path / "a.svg").getroot()

    return save


def pixels(image):
    _, data = image.get(f"{XLINK}href").split(",")
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(data))).convert("RGBA"))


def styles(root):
    return [
        each.get("style") for each in root.iter(f"{SVG}rect") if "mask" in each.get("style", "")
    ]


def test_the_table_and_the_words_say_what_the_images_show():
    figure = Figure(columns=1)
    panel = figure.panel("Misread", Pictures)
    panel.images(CORNER, KEPT, ("number of the image", "digit"))
    table = figure.table()
    assert table[["series", "x", "y"]].to_numpy().tolist() == [["label", "7", 4], ["label", "9", 5]]
    assert figure.description().splitlines() == [
        "Panel “Misread”, digit against number of the image.",
        "label: values 7 4, 9 5.",
    ]


def test_a_pixel_of_an_image_is_one_of_the_svg(saved):
    figure = Figure(columns=1)
    figure.panel("Two", Pictures).images(CORNER, KEPT, ("x", "y"))
    (image,) = saved(figure).iter(f"{SVG}image")
    shown = pixels(image)[..., 0]
    assert shown.shape == (5, 10)  # with the gaps
    assert shown[0, 0] == 255 and shown.sum() == 255


def test_ink_is_a_colour_under_a_mask_so_that_a_page_can_exchange_it(saved):
    figure = Figure(columns=1)
    figure.panel("Two", Pictures).images(CORNER, KEPT, ("x", "y"))
    root = saved(figure)
    (mask,) = root.iter(f"{SVG}mask")
    assert styles(root) == [f"fill: {INK}; mask: url(#{mask.get('id')})"]


def test_signs_have_a_colour_each_and_stay_at_the_ends_of_their_scale(saved):
    figure = Figure(columns=1)
    signed = np.array([0.5, -0.5, 2, -2, 0, 0, 0, 0, 0]).reshape(1, 1, 3, 3)
    figure.panel("Weights", Pictures).images(signed, KEPT, ("x", "y"), scale=1.0)
    root = saved(figure)
    first, second, *bar = root.iter(f"{SVG}image")
    assert pixels(first)[0, :3, 0].tolist() == [136, 0, 255]
    assert pixels(second)[:2, :3, 0].tolist() == [[0, 136, 0], [255, 0, 0]]
    assert [style[6:13] for style in styles(root)] == [PALETTE[0], PALETTE[1]] * 2
    assert len(bar) == 2
    texts = {"".join(text.itertext()) for text in root.iter(f"{SVG}text")}
    assert {"−1", "0", "1"} <= texts


def test_images_belong_to_the_frames_of_their_panel(saved):
    figure = Figure(columns=2)
    panels = [figure.panel(title, Pictures) for title in ("left", "right")]
    for frame in figure.frames("updates", ["10", "20"], shown=1):
        for panel in panels:
            panel.images(CORNER, {"row": (["0", "1"], [frame, frame])}, ("x", "y"))
    root = saved(figure)
    shown = [
        (group.get("data-frame"), group.get("display"), len(list(group.iter(f"{SVG}image"))))
        for group in root.iter(f"{SVG}g")
        if group.get("data-frame")
    ]
    assert shown == [("0", "none", 1), ("1", None, 1)] * 2
    masks = [mask.get("id") for mask in root.iter(f"{SVG}mask")]
    assert len(set(masks)) == 4
    assert figure.table()["frame"].tolist() == ["10", "10", "20", "20"] * 2


def test_an_image_of_few_colours_loses_nothing_but_its_size(saved):
    figure = Figure(columns=1)
    figure.panel("Counts", Pictures).grid([0, 1], {"a": np.array([0.0, 1.0])}, 0, 1)
    (image,) = saved(figure).iter(f"{SVG}image")
    light, dark = pixels(image)[0, [0, -1], :3]
    assert light.tolist() == [247, 251, 255] and dark.tolist() == [8, 48, 107]  # the ends of Blues
    _, data = image.get(f"{XLINK}href").split(",")
    assert Image.open(io.BytesIO(base64.b64decode(data))).mode == "P"


def test_the_lines_of_a_title_begin_where_the_images_do(saved):
    figure = Figure(columns=2)
    tall = np.ones((4, 1, 3, 3))
    figure.panel("a title of many words that takes two lines and more", Pictures).images(
        tall, KEPT, ("x", "y")
    )
    root = saved(figure)
    (cell,) = [group.get("data-cell") for group in root.iter(f"{SVG}g") if group.get("data-cell")]
    left, _, width, _ = map(float, cell.split())
    starts = {float(text.get("x")) for text in root.iter(f"{SVG}text")}
    assert len(starts) == 1 and left <= min(starts) < left + 5 and width < 300
