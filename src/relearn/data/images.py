"""A dataset's images as memory-mapped bytes, with the training split's mean and deviation."""

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from relearn.data import idx
from relearn.errors import DataError
from relearn.files import whole

ARRAYS = ("train_images", "train_labels", "test_images", "test_labels")
BLOCK = 4096  # images counted at once, so that measuring needs little memory


@dataclass(frozen=True, eq=False)
class Images:
    """The two splits of a dataset of n training and m test images, read-only.

    `train_images` (n, height, width) and `test_images` (m, height, width) are uint8, 0 to 255;
    `train_labels` (n,) and `test_labels` (m,) are uint8. `mean` and `std` are those of the
    training pixels scaled to [0, 1]. `digest` stands for the content of all four arrays.
    """

    train_images: np.ndarray
    train_labels: np.ndarray
    test_images: np.ndarray
    test_labels: np.ndarray
    mean: float
    std: float
    digest: str

    def standardise(self, images: np.ndarray) -> np.ndarray:
        """(x / 255 - mean) / std in float32: uint8 (k, height, width) to (k, height * width)."""
        result = images.reshape(len(images), -1).astype(np.float32)
        result /= np.float32(255)
        result -= np.float32(self.mean)
        result /= np.float32(self.std)
        return result


def normalise(raw_folder: Path, files: Mapping[str, Mapping[str, str]], out_folder: Path) -> None:
    """Write the four arrays of `raw_folder`/<key>.idx as .npy, and normalisation.json.

    `files` holds the pins, as for `sources.fetch`. Raises DataError if a raw file is not what was
    pinned, or if the four do not belong together.
    """
    arrays = {
        key: idx.read(Path(raw_folder) / f"{key}.idx", files[key]["sha256"]) for key in ARRAYS
    }
    _require_agreement(raw_folder, arrays)
    mean, std = mean_and_std(arrays["train_images"])
    if std == 0:
        raise DataError(f"{raw_folder}: all training pixels are equal; give other images")
    digests = {}
    for key, array in arrays.items():
        with whole(Path(out_folder) / f"{key}.npy") as partial:
            np.save(partial, array)
            digests[key] = _digest(partial)
    summary = {
        "mean": mean,
        "std": std,
        "shapes": {key: list(array.shape) for key, array in arrays.items()},
        "sha256": digests,
    }
    with whole(Path(out_folder) / "normalisation.json") as partial:
        partial.write_text(json.dumps(summary, indent=2) + "\n", encoding="utf-8")


def load(folder: Path) -> Images:
    """The dataset that `normalise` wrote into `folder`, memory-mapped.

    Raises DataError if a file is missing or is not, byte for byte, what was written.
    """
    summary_path = Path(folder) / "normalisation.json"
    try:
        summary = json.loads(summary_path.read_bytes())
        mean, std, digests = summary["mean"], summary["std"], summary["sha256"]
        pinned = {key: digests[key] for key in ARRAYS}
        if not (0 <= mean <= 1 and 0 < std <= 1):
            raise ValueError(f"mean {mean} and deviation {std} are not those of pixels in [0, 1]")
        content = "".join(pinned.values()).encode()
    except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
        raise DataError(f"{summary_path}: {error!r}; delete it and run again") from error
    arrays = {key: _map(Path(folder) / f"{key}.npy", sha256) for key, sha256 in pinned.items()}
    _require_agreement(folder, arrays)
    return Images(**arrays, mean=mean, std=std, digest=idx.digest(content))


def mean_and_std(images: np.ndarray) -> tuple[float, float]:
    """Mean and population standard deviation of uint8 pixels of any shape, scaled to [0, 1].

    Computed from the pixel counts in integers, so the order of the images does not matter.
    """
    counts = np.zeros(256, np.int64)
    for start in range(0, len(images), BLOCK):
        counts += np.bincount(images[start : start + BLOCK].ravel(), minlength=256)
    number = int(counts.sum())
    first = sum(value * int(count) for value, count in enumerate(counts))
    second = sum(value**2 * int(count) for value, count in enumerate(counts))
    variance = (number * second - first**2) / number**2
    return first / (number * 255), math.sqrt(variance) / 255


def _require_agreement(folder: Path, arrays: Mapping[str, np.ndarray]) -> None:
    for split in ("train", "test"):
        images, labels = arrays[f"{split}_images"], arrays[f"{split}_labels"]
        if images.ndim != 3 or labels.ndim != 1 or len(images) != len(labels):
            raise DataError(
                f"{folder}: {split}_images {images.shape} and {split}_labels {labels.shape} do not "
                "pair (n, height, width) with (n,); give the files of one dataset"
            )
    train, test = arrays["train_images"].shape[1:], arrays["test_images"].shape[1:]
    if train != test:
        raise DataError(
            f"{folder}: training images are {train}, test images {test}; give images of one size"
        )


def _map(path: Path, sha256: str) -> np.ndarray:
    try:
        found = _digest(path)
        if found != sha256:
            raise DataError(f"SHA-256 is {found[:12]}…, written was {sha256[:12]}…")
        # Not `np.load`, which opens an archive or a pickle under this name, too.
        array = np.lib.format.open_memmap(path, mode="r")
        if array.dtype != np.uint8:
            raise DataError(f"holds {array.dtype}, not uint8")
        return array
    except Exception as error:  # NumPy's reader lets through whatever a spoilt header fails with
        raise DataError(f"{path}: {error}; delete it and run again") from error


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
