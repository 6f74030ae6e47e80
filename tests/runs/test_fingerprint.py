"""An edit changes the fingerprint of each function that can reach it, and of no other."""

import shutil
from pathlib import Path
from textwrap import dedent

import pytest
from tests_support import fresh_python

from relearn.errors import ConfigError
from relearn.runs.fingerprint import fingerprint

PACKAGE = {
    "__init__.py": "",
    "experiments/__init__.py": "",
    "experiments/waves.py": '''
        """The experiment."""
        import math

        from relearn.learning import fit, networks as nets
        from relearn.runs.record import Record

        DEGREES = (1, 3)
        COLOURS = {"test": "red"}

        class Params:
            """What a run needs."""
            noise: float = 0.1

            def scaled(self):
                return self.noise * 2

        def run(params: Params, seeds):
            """Fits; see `draw`."""
            from relearn.data.synthetic import wave
            x = wave(params.scaled(), DEGREES)
            return [Record(fit(x)), nets.train(x)]

        def draw(results):
            import relearn.figures.style as style

            return style.axes(results, math.pi, COLOURS)

        def judge(results):
            import relearn.data.images
            return relearn.data.images.turn(results)
    ''',
    "learning/__init__.py": "from relearn.learning.descent import fit\n",
    "learning/descent.py": """
        from .steps import step as one_step

        def timed(function):
            return function

        @timed
        def fit(x, rate=0.1):
            return fit(one_step(x, rate)) if x else x
    """,
    "learning/steps.py": """
        SIZE = 3

        def step(x, rate):
            return x - rate * SIZE

        def unrelated(x):
            return x
    """,
    "learning/networks.py": """
        from relearn.learning import descent

        def train(x):
            return helper(x)

        def helper(x):
            return descent.fit(x)

        def prune(x):
            return x
    """,
    "data/__init__.py": "",
    "data/synthetic.py": """
        import relearn.data.noise as noise

        def wave(x, degrees):
            return noise.add(x)

        def spiral(x):
            return x
    """,
    "data/noise.py": """
        from relearn.data import synthetic

        def add(x):
            return synthetic.wave(x, ()) if x else again(x)

        def again(x):
            return add(x)
    """,
    "data/images.py": """
        LIMITS = {}
        LIMITS["turn"] = 90

        def turn(x):
            return x

        def crop(x):
            return x
    """,
    "figures/__init__.py": "",
    "figures/style.py": """
        from numpy import cos as shape

        settings = {}
        if True:
            settings.update(width=1)

        def axes(*args):
            return shape(legend(args))

        def legend(x):
            return x
    """,
    "runs/__init__.py": "",
    "runs/record.py": """
        class Base:
            def write(self):
                return 1

        class Record(Base):
            def rows(self):
                return 2
    """,
}
FUNCTIONS = ("run", "draw", "judge")
EXPERIMENT = "relearn.experiments.waves"


@pytest.fixture
def root(tmp_path) -> Path:
    folder = tmp_path / "relearn"
    for name, text in PACKAGE.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(dedent(text))
    return folder


def edit(root: Path, file: str, old: str, new: str) -> None:
    text = (root / file).read_text()
    assert text.count(old) == 1, f"{old!r} must stand once in {file}"
    (root / file).write_text(text.replace(old, new))


def prints(root: Path) -> dict[str, str]:
    return {name: fingerprint(EXPERIMENT, name, root).code for name in FUNCTIONS}


WAVES, STEPS = "experiments/waves.py", "learning/steps.py"
EDITS = {
    "in run": (WAVES, "[Record(fit(x))", "[2, Record(fit(x))", "run"),
    "in draw": (WAVES, "return style.axes(results", "return style.axes(1", "draw"),
    "in judge": (WAVES, "turn(results)", "turn(1)", "judge"),
    "a constant": (WAVES, "(1, 3)", "(1, 4)", "run"),
    "a constant of draw": (WAVES, '"red"', '"blue"', "draw"),
    "a constant's type": (STEPS, "SIZE = 3", "SIZE = 3.0", "run"),
    "a method of a class": (WAVES, "self.noise * 2", "self.noise * 3", "run"),
    "a default of a class": (WAVES, "noise: float = 0.1", "noise: float = 0.2", "run"),
    "a method that nobody calls": ("runs/record.py", "return 2", "return 3", "run"),
    "a base class": ("runs/record.py", "return 1", "return 0", "run"),
    "a decorator added": ("learning/networks.py", "def helper", "@cache\ndef helper", "run"),
    "a decorator's body": ("learning/descent.py", "return function", "return None", "run"),
    "a default argument": ("learning/descent.py", "rate=0.1", "rate=0.2", "run"),
    "a helper's helper, through a relative import": (STEPS, "x - rate", "x + rate", "run"),
    "a helper through a module's alias": ("learning/networks.py", "descent.fit(x)", "x", "run"),
    "a function imported lazily": ("data/synthetic.py", "noise.add(x)", "noise.add(-x)", "run"),
    "a cycle of two modules": ("data/noise.py", "return add(x)", "return add(-x)", "run"),
    "a module imported lazily": ("figures/style.py", "return x", "return -x", "draw"),
    "a full path imported lazily": ("data/images.py", "turn(x):", "turn(x, y=0):", "judge"),
    "what another package's name means": ("figures/style.py", "import cos", "import sin", "draw"),
    "a re-export": ("learning/__init__.py", "descent import fit", "networks import train as fit")
    + ("run",),
    "a statement that runs on import": ("figures/style.py", "width=1", "width=2", "draw"),
    "an entry set on import": ("data/images.py", "= 90", "= 180", "judge"),
    "a statement in the package above": ("figures/__init__.py", "", "print(1)", "draw"),
    "a comment": (WAVES, "DEGREES = (1, 3)", "# why\nDEGREES = (1, 3)  # odd", ""),
    "blank lines and layout": (WAVES, "DEGREES = (1, 3)", "\n\nDEGREES = (\n    1,\n    3,\n)", ""),
    "the module's docstring": (WAVES, "The experiment.", "Another.", ""),
    "a function's docstring": (WAVES, "Fits; see `draw`.", "Fits.", ""),
    "a docstring removed": (WAVES, '"""What a run needs."""', "", ""),
    "an import nobody reaches": (WAVES, "import math", "import json\nimport math", ""),
    "an unrelated function": (STEPS, "return x\n", "return -x\n", ""),
    "another unrelated function": ("data/images.py", "def crop(x)", "def crop(x, y)", ""),
    "a new function": (STEPS, "SIZE = 3", "SIZE = 3\ndef new(): pass", ""),
    "an unrelated function of a module": ("learning/networks.py", "def prune(x)", "def cut(x)", ""),
}


@pytest.mark.parametrize("file, old, new, changed", EDITS.values(), ids=EDITS.keys())
def test_an_edit_changes_what_can_reach_it(root, file, old, new, changed):
    before = prints(root)
    if old:
        edit(root, file, old, new)
    else:
        (root / file).write_text(new)
    after = prints(root)
    assert [name for name in FUNCTIONS if before[name] != after[name]] == changed.split()


def test_packages_are_those_that_the_reached_code_imports(root):
    edit(root, "learning/steps.py", "SIZE = 3", "import scipy.special as special\nSIZE = 3")
    edit(root, "learning/steps.py", "rate * SIZE", "special.expit(rate)")
    edit(
        root,
        "data/images.py",
        "    return x\n\ndef crop",
        "    import PIL.Image\n    return PIL.Image.new(x)\n\ndef crop",
    )
    found = {name: set(fingerprint(EXPERIMENT, name, root).packages) for name in FUNCTIONS}
    assert found == {"run": {"scipy"}, "draw": {"numpy"}, "judge": {"PIL"}}


def test_functions_may_change_places(root):
    before = prints(root)
    text = (root / "learning/networks.py").read_text()
    first, second, third = (text.index(f"def {name}") for name in ("train", "helper", "prune"))
    moved = text[:first] + text[second:third] + text[first:second] + text[third:]
    (root / "learning/networks.py").write_text(moved)
    assert prints(root) == before


def test_a_module_as_a_bare_value_is_reached_whole(root):
    edit(root, WAVES, "nets.train(x)", "getattr(nets, 'train')(x)")
    before = prints(root)
    edit(root, "learning/networks.py", "def prune(x)", "def cut(x)")
    after = prints(root)
    assert [name for name in FUNCTIONS if before[name] != after[name]] == ["run"]


def test_an_import_for_its_side_effect_counts(root):
    edit(root, WAVES, "import math", "import math\nfrom relearn.figures import style as _")
    before = prints(root)
    edit(root, "figures/style.py", "width=1", "width=2")
    after = prints(root)
    assert all(before[name] != after[name] for name in FUNCTIONS)


def test_a_lazy_import_for_its_side_effect_counts(root):
    lazy = "import relearn.data.images"
    edit(root, WAVES, lazy, f"{lazy}\n    from relearn.figures import style as _")
    before = prints(root)
    edit(root, "figures/style.py", "width=1", "width=2")
    after = prints(root)
    assert [name for name in FUNCTIONS if before[name] != after[name]] == ["draw", "judge"]


def test_the_order_of_assignments_counts(root):
    edit(root, STEPS, "SIZE = 3", "SIZE = 3\nSIZE = 4")
    before = prints(root)
    edit(root, STEPS, "SIZE = 3\nSIZE = 4", "SIZE = 4\nSIZE = 3")
    assert prints(root)["run"] != before["run"]


def test_a_package_that_imports_its_own_module_by_name(root):
    edit(root, "learning/__init__.py", "import fit", "import fit\nfrom . import networks")
    before = prints(root)
    edit(root, "learning/networks.py", "descent.fit(x)", "x")
    assert prints(root)["run"] != before["run"]


def test_the_folder_does_not_count(root, tmp_path):
    shutil.copytree(root, tmp_path / "elsewhere" / "relearn")
    assert prints(tmp_path / "elsewhere" / "relearn") == prints(root)


def test_every_process_and_hash_seed_agrees_and_nothing_is_imported(root):
    code = (
        "import sys; from pathlib import Path; from relearn.runs.fingerprint import fingerprint\n"
        f"root = Path(sys.argv[1]); names = {FUNCTIONS!r}\n"
        f"print(*[fingerprint({EXPERIMENT!r}, name, root).code for name in names])\n"
        "assert not {'numpy', 'relearn.experiments.waves'} & set(sys.modules)"
    )
    expected = " ".join(prints(root).values())
    for seed in ("0", "1", "12345"):
        assert fresh_python(code, root, PYTHONHASHSEED=seed) == expected


def test_it_is_a_sha256_and_names_the_real_package_by_default():
    own = fingerprint("relearn.runs.fingerprint", "fingerprint").code
    assert len(own) == 64 and set(own) <= set("0123456789abcdef")


@pytest.mark.parametrize(
    "module, name, message",
    [
        ("relearn.experiments.wave", "run", "relearn.experiments.wave: no such module"),
        ("numpy.linalg", "norm", "numpy.linalg: no such module in relearn"),
        (EXPERIMENT, "runs", "no definition 'runs'"),
    ],
)
def test_what_does_not_exist_is_one_line(root, module, name, message):
    with pytest.raises(ConfigError, match=message) as error:
        fingerprint(module, name, root)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "old, new, message",
    [
        ("import fit", "import fitt as fit", "has no 'fitt'"),
        ("learning.descent", "learning.decent", "no such module as relearn.learning.decent"),
        ("import fit", "import *", "star import"),
    ],
)
def test_an_import_that_cannot_be_followed_is_one_line(root, old, new, message):
    edit(root, "learning/__init__.py", old, new)
    with pytest.raises(ConfigError, match=message):
        fingerprint(EXPERIMENT, "run", root)
