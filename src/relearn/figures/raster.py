"""The images inside a figure's SVG: small, and in colours that a page can exchange."""

from __future__ import annotations

import base64
import io
from xml.etree import ElementTree

import numpy as np
from PIL import Image

SVG, XLINK = "{http://www.w3.org/2000/svg}", "{http://www.w3.org/1999/xlink}"
PLACE = ("x", "y", "width", "height")


def settle(root: ElementTree.Element) -> None:
    """Put each image into a group that has its id.

    An image of one colour becomes an area of that colour, given as in any other mark's style, under
    a mask that is as opaque as the image was. All images lose what their few colours do not need.
    """
    count = 0
    for parent in list(root.iter()):
        for index, child in enumerate(parent):
            if child.tag == f"{SVG}image":
                parent[index] = _group(child, f"mask-{count}")
                count += 1


def _group(image: ElementTree.Element, mask_name: str) -> ElementTree.Element:
    group = ElementTree.Element(f"{SVG}g", {"id": image.attrib.pop("id")})
    _, data = image.get(f"{XLINK}href").split(",")
    pixels = np.asarray(Image.open(io.BytesIO(base64.b64decode(data))).convert("RGBA"))
    colours = np.unique(pixels[pixels[..., 3] > 0][:, :3], axis=0)
    if len(colours) != 1:
        image.set(f"{XLINK}href", _png(pixels))
        group.append(image)
        return group
    fill = f"fill: #{bytes(colours[0]).hex()}; mask: url(#{mask_name})"
    place = {name: image.get(name) for name in PLACE if image.get(name)}
    area = place | {"transform": image.attrib.pop("transform"), "style": fill}
    opaque = np.full_like(pixels, 255)
    opaque[..., :3] = pixels[..., 3:]
    image.set(f"{XLINK}href", _png(opaque))
    mask = ElementTree.SubElement(group, f"{SVG}mask", {"id": mask_name})
    mask.append(image)
    ElementTree.SubElement(group, f"{SVG}rect", area)
    return group


def _png(pixels: np.ndarray) -> str:
    """Return pixels (H, W, 4) as a data address, with a palette if 256 colours are enough."""
    picture = Image.fromarray(pixels)
    colours, numbers = np.unique(pixels.reshape(-1, 4), axis=0, return_inverse=True)
    options = {}
    if len(colours) <= 256:
        picture = Image.fromarray(numbers.reshape(pixels.shape[:2]).astype(np.uint8), "P")
        picture.putpalette(colours[:, :3].tobytes())
        if (colours[:, 3] < 255).any():
            options["transparency"] = colours[:, 3].tobytes()
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", optimize=True, **options)
    return f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"
