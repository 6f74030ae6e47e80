"""What several tests need: config, small images, a built project, torchvision beside any torch."""

from __future__ import annotations

import os

# One thread, as in the pipeline: two would compete for the same cores and give other bits.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import shutil
import signal

import pytest
import yaml
from filelock import FileLock
from tests_support import ROOT, SECRETS, Project, write_images

from benchmarks.project import copy
from relearn.data import images

# As in a terminal: a shell's background ignores them, and so would all that the tests start there.
for number, usual in ((signal.SIGINT, signal.default_int_handler), (signal.SIGHUP, signal.SIG_DFL)):
    if signal.getsignal(number) == signal.SIG_IGN:
        signal.signal(number, usual)


@pytest.fixture(scope="session")
def config() -> dict:
    """The default config, as YAML gives it."""
    return yaml.safe_load((ROOT / "config/config.yaml").read_text())


@pytest.fixture(scope="session")
def small_images(tmp_path_factory) -> images.Images:
    """400 training and 200 test images that a network learns quickly."""
    folder = tmp_path_factory.mktemp("images")
    images.normalise(folder / "raw", write_images(folder / "raw"), folder)
    return images.load(folder)


@pytest.fixture(scope="session")
def torchvision_functional():
    """torchvision's transforms, also where its wheel was built for another torch build.

    Beside a CPU build of torch the index's wheel fails at import because two operators of its
    compiled part are not declared; the transforms need neither, so declaring them is enough.
    """
    import torch

    try:
        import torchvision  # noqa: F401
    except RuntimeError:
        library = torch.library.Library("torchvision", "DEF")
        library.define("nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        library.define("qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    from torchvision.transforms.v2 import functional

    return functional


@pytest.fixture(scope="session")
def built(tmp_path_factory, worker_id) -> Project:
    """The project after one build, for all of pytest's workers; read it, do not change it."""
    own = tmp_path_factory.getbasetemp()
    shared = own if worker_id == "master" else own.parent
    project = Project(shared / "a folder with spaces/relearn")
    said = shared / "built"
    with FileLock(shared / "lock"):
        if not said.exists():
            copy(project.folder)
            if (ROOT / "data").exists():  # spares the network: the digests are checked all the same
                shutil.copytree(ROOT / "data", project.folder / "data")
            answer = project.snakemake(**SECRETS)
            assert answer.returncode == 0, answer.stdout
            said.write_text(answer.stdout)
    project.output = said.read_text()
    return project
