"""Normalisation measures the training split, stores bytes, and trusts no file unchecked."""

import io
import json

import numpy as np
import pytest

from relearn.data import idx, images
from relearn.errors import DataError


def small_arrays():
    rng = np.random.default_rng(0)
    return {
        "train_images": rng.integers(0, 256, (50, 5, 4), np.uint8),
        "train_labels": rng.integers(0, 10, 50, np.uint8),
        "test_images": rng.integers(0, 256, (20, 5, 4), np.uint8),
        "test_labels": rng.integers(0, 10, 20, np.uint8),
    }


def write_raw(folder, arrays):
    """Write the arrays as raw IDX files; returns their pins."""
    folder.mkdir(exist_ok=True)
    pins = {}
    for key, array in arrays.items():
        (folder / f"{key}.idx").write_bytes(idx.encode(array))
        pins[key] = {"name": key, "sha256": idx.digest(idx.encode(array))}
    return pins


@pytest.fixture
def dataset(tmp_path):
    """Folder of a normalised small dataset, whose raw files lie in raw/."""
    pins = write_raw(tmp_path / "raw", small_arrays())
    images.normalise(tmp_path / "raw", pins, tmp_path)
    return tmp_path


def test_arrays_come_back_as_memory_mapped_bytes(dataset):
    loaded = images.load(dataset)
    for key, array in small_arrays().items():
        mapped = getattr(loaded, key)
        assert isinstance(mapped, np.memmap) and mapped.dtype == np.uint8
        assert not mapped.flags.writeable
        np.testing.assert_array_equal(mapped, array)


def test_mean_and_deviation_are_those_of_the_training_pixels_in_0_to_1(dataset):
    pixels = small_arrays()["train_images"] / 255
    loaded = images.load(dataset)
    assert loaded.mean == pytest.approx(pixels.mean(), abs=1e-15)
    assert loaded.std == pytest.approx(pixels.std(), abs=1e-15)


def test_mean_and_deviation_by_hand():
    mean, std = images.mean_and_std(np.array([[[0, 255], [0, 255]]], np.uint8))
    assert (mean, std) == (0.5, 0.5)


def test_mean_and_deviation_do_not_depend_on_the_order_or_the_block():
    pixels = np.random.default_rng(1).integers(0, 256, (2 * images.BLOCK + 3, 2, 2), np.uint8)
    assert images.mean_and_std(pixels) == images.mean_and_std(pixels[::-1])
    assert images.mean_and_std(pixels)[1] == pytest.approx((pixels / 255).std(), abs=1e-14)


def test_standardised_training_images_have_mean_0_and_deviation_1(dataset):
    loaded = images.load(dataset)
    standard = loaded.standardise(loaded.train_images)
    assert standard.dtype == np.float32 and standard.shape == (50, 20)
    assert standard.mean() == pytest.approx(0, abs=1e-6)
    assert standard.std() == pytest.approx(1, abs=1e-6)


def test_standardise_follows_its_formula_and_leaves_its_argument(dataset):
    loaded = images.load(dataset)
    batch = np.array(loaded.test_images[:3])
    expected = (batch.reshape(3, 20) / 255 - loaded.mean) / loaded.std
    np.testing.assert_allclose(loaded.standardise(batch), expected, rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(batch, loaded.test_images[:3])


def test_normalisation_json_says_what_was_stored(dataset):
    summary = json.loads((dataset / "normalisation.json").read_text())
    assert sorted(summary) == ["mean", "sha256", "shapes", "std"]
    assert summary["shapes"]["train_images"] == [50, 5, 4]
    stored = (dataset / "test_labels.npy").read_bytes()
    assert summary["sha256"]["test_labels"] == idx.digest(stored)


def test_normalising_again_gives_the_same_bytes_and_nothing_else(dataset):
    before = {path.name: path.read_bytes() for path in dataset.iterdir() if path.is_file()}
    images.normalise(dataset / "raw", write_raw(dataset / "raw", small_arrays()), dataset)
    after = {path.name: path.read_bytes() for path in dataset.iterdir() if path.is_file()}
    assert after == before
    assert len(after) == 5


def test_the_digest_follows_the_content(dataset, tmp_path):
    arrays = small_arrays()
    arrays["test_labels"][0] ^= 1
    images.normalise(tmp_path / "raw2", write_raw(tmp_path / "raw2", arrays), tmp_path / "other")
    assert images.load(dataset).digest == images.load(dataset).digest
    assert images.load(dataset).digest != images.load(tmp_path / "other").digest


@pytest.mark.parametrize("key", images.ARRAYS)
def test_a_flipped_byte_is_found_on_the_next_load(dataset, key):
    path = dataset / f"{key}.npy"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(DataError, match=rf"{key}\.npy: SHA-256 is .* delete it and run again$"):
        images.load(dataset)


@pytest.mark.parametrize("name", ["train_images.npy", "normalisation.json"])
def test_a_missing_file_is_one_line(dataset, name):
    (dataset / name).unlink()
    with pytest.raises(DataError, match=f"{name}: .*run again$"):
        images.load(dataset)


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "{}", '{"mean": 0, "std": 1, "sha256": {}}', "[" * 10_000]
)
def test_a_broken_summary_is_one_line(dataset, text):
    (dataset / "normalisation.json").write_text(text)
    with pytest.raises(DataError, match=r"normalisation\.json: .*delete it and run again$"):
        images.load(dataset)


GOOD_DIGESTS = {key: "0" * 64 for key in small_arrays()}


@pytest.mark.parametrize(
    "change",
    [
        {"mean": "x"},
        {"std": 0},
        {"mean": float("nan")},
        {"sha256": GOOD_DIGESTS | {"test_labels": 5}},
    ],
)
def test_a_summary_of_other_values_is_one_line(dataset, change):
    summary = {"mean": 0.1, "std": 0.3, "sha256": GOOD_DIGESTS} | change
    (dataset / "normalisation.json").write_text(json.dumps(summary))
    with pytest.raises(DataError, match=r"normalisation\.json: .*delete it and run again$"):
        images.load(dataset)


def archive():
    stream = io.BytesIO()
    np.savez(stream, np.zeros(3, np.uint8))
    return stream.getvalue()


def saved(array):
    stream = io.BytesIO()
    np.save(stream, array)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "EOF"),
        (archive(), "magic string"),  # `np.load` would open it
        (saved(np.zeros((50, 5, 4))), "holds float64, not uint8"),
        (saved(np.zeros((50, 20), np.uint8)), "do not pair"),
        (saved(np.zeros(3, np.uint8))[:60] + b"(" * 90, "magic|header|EOF"),
    ],
)
def test_a_file_that_holds_other_arrays_is_one_line(dataset, content, reason):
    (dataset / "train_images.npy").write_bytes(content)
    summary = json.loads((dataset / "normalisation.json").read_text())
    summary["sha256"]["train_images"] = idx.digest(content)
    (dataset / "normalisation.json").write_text(json.dumps(summary))
    with pytest.raises(DataError, match=reason):
        images.load(dataset)


def test_a_raw_file_that_is_not_the_pinned_one_is_refused(dataset, tmp_path):
    pins = write_raw(dataset / "raw", small_arrays())
    raw = dataset / "raw" / "train_labels.idx"
    raw.write_bytes(raw.read_bytes()[:-1])
    with pytest.raises(DataError, match=r"train_labels\.idx.*pinned is"):
        images.normalise(dataset / "raw", pins, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("key", "array", "reason"),
    [
        ("train_labels", np.zeros(49, np.uint8), "do not pair"),
        ("test_labels", np.zeros((20, 1), np.uint8), "do not pair"),
        ("test_images", np.zeros((20, 20), np.uint8), "do not pair"),
        ("test_images", np.zeros((20, 4, 5), np.uint8), "test images \\(4, 5\\)"),
        ("train_images", np.full((50, 5, 4), 7, np.uint8), "all training pixels are equal"),
    ],
)
def test_files_that_do_not_belong_together_are_refused(tmp_path, key, array, reason):
    pins = write_raw(tmp_path, small_arrays() | {key: array})
    with pytest.raises(DataError, match=reason):
        images.normalise(tmp_path, pins, tmp_path / "out")
    assert not (tmp_path / "out").exists()
