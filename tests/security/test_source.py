"""The source calls nothing that would run what it reads: no open pickle, YAML or shell."""

from __future__ import annotations

import ast
import re

import pytest
import yaml
from tests_support import ROOT

from relearn.runs.registration import LOADER

FILES = sorted([*ROOT.glob("src/**/*.py"), *ROOT.glob("workflow/scripts/*.py")])
RULES = sorted([ROOT / "Snakefile", *ROOT.glob("workflow/**/*.smk")])
ROOMS = ("common", "data", "experiments", "results")
PICKLERS = {"pickle", "pickletools", "cloudpickle", "dill", "joblib", "marshal", "shelve"}
CALLS = {
    "eval", "exec", "compile", "__import__", "os.system", "os.popen", "torch.load",
    "yaml.unsafe_load", "yaml.full_load", "yaml.load_all", "yaml.unsafe_load_all", "np.fromregex",
    "tempfile.mktemp", "pickle.load", "pickle.loads", "pickle.Unpickler",
}  # fmt: skip
# What stands in this list does so for a reason that its module gives.
ADMITTED = {
    ("src/relearn/data/array_pickle.py", "import pickle"),
    ("src/relearn/data/array_pickle.py", "import pickletools"),
    ("src/relearn/forkserver/server.py", "exec"),  # the script that Snakemake made for a job
    ("src/relearn/forkserver/server.py", "compile"),
}


def findings(path):
    """Yield what a module does that may run what it reads, as a few words."""
    for node in ast.walk(ast.parse(path.read_text())):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        yield from (
            f"import {name}" for name in names if name.split(".")[0] in PICKLERS | {"pickletools"}
        )
        if not isinstance(node, ast.Call):
            continue
        called = ast.unparse(node.func)
        given = {word.arg: ast.unparse(word.value) for word in node.keywords}
        if called in CALLS:
            yield called
        if called.endswith(".read_pickle") or given.get("allow_pickle") == "True":
            yield called
        if called in ("np.load", "numpy.load") and given.get("allow_pickle") != "False":
            yield f"{called} without allow_pickle=False"
        if called == "yaml.load" and ast.unparse(node.args[1]) not in ("LOADER", "UniqueKeys"):
            yield "yaml.load with another loader"
        if "shell" in given:
            yield f"{called} with a shell"


def test_nothing_runs_what_it_reads():
    assert len(FILES) > 100
    found = {(str(path.relative_to(ROOT)), each) for path in FILES for each in findings(path)}
    assert found == ADMITTED


def test_the_scan_finds_what_it_looks_for(tmp_path):
    bad = tmp_path / "bad.py"
    bad.write_text(
        "import joblib.x\nfrom pickle import loads\nnp.load(f)\nnp.load(f, allow_pickle=True)\n"
        "yaml.load(f, yaml.Loader)\nsubprocess.run(c, shell=True)\neval(x)\ntorch.load(f)\n"
    )
    assert set(findings(bad)) == {
        "import joblib.x",
        "import pickle",
        "np.load",
        "np.load without allow_pickle=False",
        "yaml.load with another loader",
        "subprocess.run with a shell",
        "eval",
        "torch.load",
    }


def test_the_yaml_loaders_are_safe_ones():
    assert LOADER in (yaml.SafeLoader, getattr(yaml, "CSafeLoader", None))


@pytest.mark.parametrize("path", RULES, ids=[path.name for path in RULES])
def test_no_rule_has_a_shell_command_to_quote(path):
    text = path.read_text()
    assert not re.search(r"^\s+(shell|run|notebook|wrapper):", text, re.MULTILINE)
    assert "shell(" not in text


def test_every_wildcard_is_constrained():
    common, *rules = (ROOT / f"workflow/rules/{name}.smk" for name in ROOMS)
    block = re.search(r"^wildcard_constraints:\n((?:    .*\n)+)", common.read_text(), re.MULTILINE)
    constrained = set(re.findall(r"^    (\w+)=", block[1], re.MULTILINE))
    used = set(re.findall(r"\{(\w+)\}", "".join(path.read_text() for path in rules)))
    assert constrained == {"experiment", "variant", "dataset"}
    assert used - {"name"} == constrained  # `expand` fills in the name
