"""A panel of small images, drawn in ink, or in two colours where their values have signs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib
import numpy as np

from relearn.figures.palette import INK, PALETTE
from relearn.figures.panel import Panel

POSITIVE, NEGATIVE = PALETTE[0], PALETTE[1]
GAP, CAPTION, BAR = 2, 9, 6  # pixels of an image: between two, below one, the scale's height
SHADES = 15  # steps from paper to full colour: as many as four bits of a PNG hold


class Pictures(Panel):
    """Rows of small images of one size; the table says what they show, not their pixels."""

    def images(
        self,
        images: np.ndarray,
        kept: Mapping[str, Sequence],
        names: tuple[str, str],
        rows: Sequence[str] = (),
        columns: Sequence[str] = (),
        captions: Sequence[str] = (),
        scale: float | None = None,
    ) -> None:
        """Draw images (rows, columns, H, W); where they are 0, the paper shows.

        Args:
            kept: series to what the table says of the images: x, y and, if there are, low and high.
            names: of x and y.
            rows, columns: names at the left and below; there may be none.
            captions: a text below each image, row by row; may be fewer.
            scale: the images run from −scale to scale, beyond which the colour stays, and a bar
                says so; absent, from 0 to 1.
        """
        for name, values in kept.items():
            if len(values[0]):
                self._record(name, *values)
        self._names = names
        down, across, height, width = images.shape
        room = GAP + (CAPTION if captions else 0)
        padded = np.pad(images, ((0, 0), (0, 0), (0, room), (0, GAP)))
        sheet = np.concatenate([np.concatenate(list(row), axis=1) for row in padded])
        self._shade(sheet / (scale or 1), (0.0, 0.0), signed=scale is not None)
        lefts = (width + GAP) * np.arange(across) + width / 2
        tops = (height + room) * np.arange(down)
        for number, text in enumerate(captions):
            row, column = divmod(number, across)
            self._write(lefts[column], tops[row] + height + 1, text)
        bottom, right = sheet.shape
        if scale is not None:
            self._bar(scale, right / 2, bottom + GAP)
            bottom += GAP + BAR + CAPTION
        self._axes.set(xlim=(0, right), ylim=(bottom, 0))
        self._axes.set_yticks(tops[: len(rows)] + height / 2, list(rows))
        self._axes.set_xticks(lefts[: len(columns)], list(columns))
        self._axes.set_anchor("N")
        self._axes.grid(False)
        self._axes.tick_params(left=False, bottom=False)
        self._axes.spines[:].set_visible(False)

    def _bar(self, scale: float, middle: float, top: float) -> None:
        half = middle / 2
        values = np.tile(np.linspace(-1, 1, round(2 * half)), (BAR, 1))
        self._shade(values, (middle - half, top), signed=True)
        for share in (-1, 0, 1):
            text = f"{share * scale:.2g}".replace("-", "\N{MINUS SIGN}")
            self._write(middle + share * half, top + BAR + 1, text)

    def _write(self, x: float, y: float, text: str) -> None:
        self._axes.text(x, y, text, ha="center", va="top", fontsize=9)

    def _shade(self, values: np.ndarray, corner: tuple[float, float], signed: bool) -> None:
        """Draw values (H, W), of which 1 is a colour in full and −1 the other, at a corner."""
        (left, top), (height, width) = corner, values.shape
        parts = {POSITIVE: values, NEGATIVE: -values} if signed else {INK: values}
        for colour, part in parts.items():
            picture = np.empty((height, width, 4), np.uint8)
            picture[:] = np.round(255 * np.array(matplotlib.colors.to_rgba(colour)))
            picture[..., 3] = np.round(np.clip(part, 0, 1) * SHADES) * (255 // SHADES)
            # "none" keeps a pixel of the image one of the file; any other way resamples it.
            extent = (left, left + width, top + height, top)
            self._axes.imshow(picture, extent=extent, interpolation="none")
