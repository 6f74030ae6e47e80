"""Whatever stands in a results tmp_path, of another build or spoilt: results, or one line."""

from __future__ import annotations

import copy
import io
import json
import math
import zipfile

import numpy as np
from fuzz_support import answer, fuzzed, mutated
from hypothesis import example, given
from hypothesis import strategies as st

from relearn.errors import DataError
from relearn.report import comparison_claims, context, origin, sections
from relearn.report.comparison import _causes, _listings, _settings, published
from relearn.report.results import Results
from relearn.runs import record

TABLE = b"seed,epoch,loss\n0,1,0.5\n0,2,\n1,1,-1e-3\n1,2,inf\n"
CELLS = st.one_of(
    st.floats().map(repr),
    st.integers().map(str),
    st.text(max_size=4),
    st.sampled_from(["", "nan", "1e999", "9" * 400, '"', '"a\nb"', "=1+1", "True", "\0"]),
)
ROWS = st.lists(st.lists(CELLS, max_size=4).map(",".join), max_size=5).map("\n".join)
TABLES = st.one_of(
    mutated(TABLE), ROWS.map(lambda rows: f"seed,w\n{rows}".encode()), st.binary(max_size=40)
)


def npz(**members):
    """An archive of npy files, the members being arrays or the bytes of a file."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, member in members.items():
            content = io.BytesIO()
            if isinstance(member, bytes):
                content.write(member)
            else:
                np.lib.format.write_array(content, member, allow_pickle=True)
            archive.writestr(f"{name}.npy", content.getvalue())
    return stream.getvalue()


ARRAY = np.arange(6.0).reshape(2, 3)
NPY = npz(a=ARRAY)
HUGE = b"\x93NUMPY\x01\0\x4a\0{'descr': '<f8', 'fortran_order': False, 'shape': (%d,), }"
MEMBERS = st.one_of(
    st.sampled_from([ARRAY, np.array([None, {}]), np.array(["a"]), np.zeros(0)]),
    st.integers(-1, 2**62).map(lambda size: HUGE % size),
    st.binary(max_size=30),
)
ARCHIVES = st.one_of(
    mutated(NPY),
    st.dictionaries(st.text("ab./\\", min_size=1, max_size=4), MEMBERS).map(lambda m: npz(**m)),
    st.binary(max_size=40),
)


@fuzzed
@given(
    st.one_of(
        st.tuples(TABLES, st.just(TABLE), st.just(NPY)),
        st.tuples(st.just(TABLE), TABLES, st.just(NPY)),
        st.tuples(st.just(TABLE), st.just(TABLE), ARCHIVES),
    )
)
@example((TABLE, TABLE, NPY))
def test_records(tmp_path, contents):
    for name, content in zip(record.NAMES, contents, strict=True):
        (tmp_path / name).write_bytes(content)
    found = answer(record.read, tmp_path, error=DataError)
    if found is not None:
        for frame in (found.scalars, found.curves):
            assert frame.columns[0] == "seed"
            frame.to_numpy(float)
        assert all(array.dtype.kind in "biuf" for array in found.arrays.values())


@fuzzed
@given(TABLES)
def test_tables_of_the_report(tmp_path, content):
    (tmp_path / "runs/e/v").mkdir(parents=True, exist_ok=True)
    (tmp_path / "runs/e/v/scalars.csv").write_bytes(content)
    words = context.Context("e", None, Results.found(tmp_path))
    answer(lambda: words.value("v", "w").mean)


EFFECT = {"name": "gain", "unit": "points", "estimate": 1.2, "low": 1.1, "high": 1.3}
PART = {"kind": "mean", "verdict": "supported", "seeds": 4, "note": "Above."}
PART |= {"effect": EFFECT | {"threshold": 0.5}}
CONDITION = PART | {"name": "few", "condition": "few images"}
CLAIM = PART | {"id": "1a", "section": "1", "claim": "It rises.", "experiment": "e"}
CLAIMS = [CLAIM | {"weakest": "few", "conditions": [CONDITION]}]
PUBLISHED = {"10.1": {"w": 3.2, "loss": [2.0, None, 1.0]}}
VALUES = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=4),
        st.sampled_from([1e308, -1e308, 5e-324, 10**400, float("nan"), "<script>", "a\nb"]),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=4,
)  # fmt: skip


def places(value, path=()):
    """Every place of nested mappings and lists."""
    yield path
    inner = value.items() if isinstance(value, dict) else ()
    for key, each in enumerate(value) if isinstance(value, list) else inner:
        yield from places(each, (*path, key))


@st.composite
def changed(draw, original):
    """JSON in which a value or two are others, or gone."""
    document = {"all": copy.deepcopy(original)}
    everywhere = [("all", *path) for path in places(original)]
    for _ in range(draw(st.integers(1, 2))):
        *path, last = draw(st.sampled_from(everywhere))
        target = document
        try:
            for key in path:
                target = target[key]
            if draw(st.integers(0, 3)):
                target[last] = draw(VALUES)
            else:
                del target[last]
        except (LookupError, TypeError):
            pass  # the first change took the place of the second away
    return json.dumps(document.get("all")).encode()


def good(original):
    return json.dumps(original).encode()


DEEP = st.integers(1, 100_000).map(lambda depth: b"[" * depth)


@fuzzed
@given(st.one_of(changed(CLAIMS), mutated(good(CLAIMS)), DEEP, st.binary(max_size=20)))
@example(good(CLAIMS))
@example(
    good([CLAIM | {"conditions": [], "weakest": "", "effect": PART["effect"] | {"low": math.nan}}])
)
def test_claims(tmp_path, content):
    (tmp_path / "claims.json").write_bytes(content)
    claims = answer(comparison_claims.judged, Results(tmp_path, {}))
    for claim in (claims or {}).values():
        for each in (claim, *claim["conditions"]):
            sections.part(claim["id"], each)
        comparison_claims.compared(claim, CLAIMS[0])


@fuzzed
@given(st.one_of(changed(PUBLISHED), mutated(good(PUBLISHED)), DEEP))
@example(good(PUBLISHED))
def test_published(tmp_path, content):
    (tmp_path / "published.json").write_bytes(content)
    numbers = answer(published, Results(tmp_path, {}))
    if numbers is not None:
        _listings(numbers, {name: np.append(own, 1.0) for name, own in numbers.items()})


NOTE = {"rule": "run", "wildcards": {"experiment": "e", "variant": "v"}, "error": "no room"}
NOTE |= {"log": "results/logs/run.log", "tail": "a\nb", "ended": "2026-01-02T03:04:05+00:00"}


@fuzzed
@given(st.one_of(changed(NOTE), mutated(good(NOTE)), DEEP, st.binary(max_size=20)))
@example(good(NOTE))
def test_notes_of_failures(tmp_path, content):
    (tmp_path / "failures").mkdir(exist_ok=True)
    (tmp_path / "failures/run.json").write_bytes(content)
    results = Results(tmp_path, {})
    if answer(lambda: results.notes, error=DataError) is not None:
        results.reason("e", "run", "v")


PROVENANCE = {
    "params": {"seeds": 4, "rate": 0.1, "layers": [3, 2]},
    **{"seed_base": 1, "fingerprint": "f00d", "libraries": {"numpy": "2.4"}, "data": None},
    **{"key": "beef", "seconds": 1.5, "threads": 2, "started": "2031", "finished": "2032"},
    **{"versions": {"numpy": "2.4.6"}, "commit": "c0ffee", "dirty": False, "gpu": None},
    "command": ".venv/bin/snakemake --cores 1 -- results/runs/e/v/scalars.csv",
}


@fuzzed
@given(st.one_of(changed(PROVENANCE), mutated(good(PROVENANCE)), DEEP, st.binary(max_size=20)))
@example(good(PROVENANCE))
def test_provenance(tmp_path, content):
    (tmp_path / "provenance/e").mkdir(parents=True, exist_ok=True)
    (tmp_path / "provenance/e/v.json").write_bytes(content)
    found = answer(Results(tmp_path, {}).needed, "provenance/e/v.json")
    if found is not None:
        hash(_causes(found, PROVENANCE))
        _settings({("e", "v"): [found["params"], PROVENANCE["params"]]})
        assert origin.facts([found, PROVENANCE])["runs"] == 2


SENSITIVE = {"runs": {"e/v": {"w": 0.01, "loss": float("inf")}}, "listings": {"10.1 w": 0.2}}


@fuzzed
@given(st.one_of(changed(SENSITIVE), mutated(good(SENSITIVE)), DEEP, st.binary(max_size=20)))
@example(good(SENSITIVE))
def test_sensitive(tmp_path, content):
    (tmp_path / "sensitive.json").write_bytes(content)
    found = answer(Results(tmp_path, {}).needed, "sensitive.json")
    if found is not None:
        numbers = [found["listings"], *found["runs"].values()]
        assert all(isinstance(each, int | float) for own in numbers for each in own.values())


MANIFEST = b"".join(
    b"%064x  results/%s\n" % (number, path)
    for number, path in enumerate((b"claims.json", b"runs/e/v/scalars.csv", b"figures/e.svg"))
)


@fuzzed
@given(st.one_of(mutated(MANIFEST), st.binary(max_size=90)))
@example(MANIFEST)
def test_manifests(tmp_path, content):
    (tmp_path / "manifest.sha256").write_bytes(content)
    sealed = answer(Results(tmp_path, {}).manifest, "manifest.sha256")
    for path, digest in (sealed or {}).items():
        assert len(digest) == 64 and (tmp_path / path).resolve().is_relative_to(tmp_path.resolve())
        assert not (tmp_path / path).is_file()  # asked of the system, whatever the name
